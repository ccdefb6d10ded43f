//! Tables as sources: the runs of a file, of one row each or of many.
//!
//! A file does not say what its columns are. They are told by their names, or by the person
//! converting, and what was guessed is a finding.

mod one_row;
mod points;
mod scan;

use std::collections::HashMap;
use std::fs::File;
use std::sync::{Arc, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_format::{Code, Finding, Place};

use self::scan::{Scanned, scan};
use super::{Format, Table, TableError};
use crate::gate::Converted;
use crate::ledger::Ledger;
use crate::tracker::{self, Listed, Listing, RowColumns, Source, Tracker};
use crate::{ConvertError, Options};

/// Files of one format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TableTool {
    Csv,
    JsonLines,
    Parquet,
}

/// Files of one folder that are read.
const MOST_FILES: usize = 1000;

impl TableTool {
    fn is_of(self, format: Format) -> bool {
        match self {
            Self::Csv => format == Format::Csv,
            Self::JsonLines => format == Format::JsonLines,
            Self::Parquet => matches!(format, Format::Parquet | Format::Section),
        }
    }

    /// The files at a path: itself, or those in a folder that have the extension.
    fn files(self, path: &Utf8Path) -> Vec<Utf8PathBuf> {
        if path.is_file() {
            return vec![path.to_owned()];
        }
        let entries = path.read_dir_utf8().into_iter().flatten().filter_map(Result::ok);
        let is_file = |entry: &camino::Utf8DirEntry| entry.file_type().is_ok_and(|kind| kind.is_file());
        let files = entries.filter(is_file).map(camino::Utf8DirEntry::into_path);
        let mut files: Vec<Utf8PathBuf> = files.filter(|file| file.extension() == self.extension()).collect();
        files.sort();
        files
    }
}

impl Tracker for TableTool {
    fn name(&self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Parquet => "parquet",
        }
    }

    fn reads(&self) -> &'static str {
        match self {
            Self::Csv => ".csv file: runs in a row each, or points of runs",
            Self::JsonLines => ".jsonl file: runs in a line each, or points of runs",
            Self::Parquet => ".parquet file: runs in a row each, or points of runs",
        }
    }

    fn open(&self, path: &Utf8Path) -> Result<Option<Box<dyn Source>>, ConvertError> {
        self.open_with(path, &RowColumns::default())
    }

    fn open_with(&self, path: &Utf8Path, columns: &RowColumns<'_>) -> Result<Option<Box<dyn Source>>, ConvertError> {
        let mut opened = Opened {
            tool: *self,
            columns: Chosen::of(columns),
            files: Vec::new(),
            unread: Vec::new(),
            keys: OnceLock::new(),
        };
        let files = self.files(path);
        let mut trouble = None;
        for file in files.iter().take(MOST_FILES) {
            match self.scan(file, &opened.columns) {
                Ok(Some(scanned)) => opened.files.push((file.clone(), scanned)),
                Ok(None) => {}
                Err(error) => {
                    opened.unread.push(unread(file, error.to_string()));
                    trouble = Some(tracker::unreadable(file, error));
                }
            }
        }
        if files.len() > MOST_FILES {
            opened.unread.push(unread(path, format!("only the first {MOST_FILES} files of the folder are read")));
        }
        match trouble {
            Some(error) if opened.files.is_empty() => Err(error),
            _ if opened.files.is_empty() => Ok(None),
            _ => Ok(Some(Box::new(opened))),
        }
    }

    /// A file of another format names the tool that reads it.
    fn nothing_at(&self, path: &Utf8Path) -> ConvertError {
        let opened = File::open(path).map_err(TableError::from).and_then(Table::open);
        let format = opened.map(|table| table.format());
        let of = |tool: &&Self| format.as_ref().is_ok_and(|format| tool.is_of(*format));
        match [Self::Csv, Self::JsonLines, Self::Parquet].iter().find(of).filter(|_| path.is_file()) {
            Some(tool) => ConvertError::OtherTable { tool: self.name(), other: tool.name(), path: path.to_owned() },
            None => ConvertError::Nothing { tool: self.name(), reads: self.reads(), path: path.to_owned() },
        }
    }

    // Nearly any file is text.
    fn is_recognized(&self) -> bool {
        false
    }

    fn extension(&self) -> Option<&'static str> {
        Some(match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Parquet => "parquet",
        })
    }
}

impl TableTool {
    /// Looks at a file; `None` if it has another format.
    fn scan(self, path: &Utf8Path, chosen: &Chosen) -> Result<Option<Scanned>, TableError> {
        let table = Table::open(File::open(path)?)?;
        if !self.is_of(table.format()) {
            return Ok(None);
        }
        scan(table, chosen, path).map(Some)
    }
}

fn unread(path: &Utf8Path, message: String) -> Finding {
    Finding::new(Code::SourceUnreadable, Place::entry(path.file_name().unwrap_or("table")), message)
}

/// The columns that a person named.
#[derive(Clone, Debug, Default)]
struct Chosen {
    run: Option<String>,
    step: Option<String>,
    time: Option<String>,
    params: Vec<String>,
}

impl Chosen {
    fn of(columns: &RowColumns<'_>) -> Self {
        let owned = |name: Option<&str>| name.map(str::to_owned);
        let params = columns.params.to_vec();
        Self { run: owned(columns.run), step: owned(columns.step), time: owned(columns.time), params }
    }
}

struct Opened {
    tool: TableTool,
    columns: Chosen,
    files: Vec<(Utf8PathBuf, Scanned)>,
    unread: Vec<Finding>,
    keys: OnceLock<Keys>,
}

#[derive(Default)]
struct Keys {
    places: HashMap<String, (usize, usize)>,
    in_order: Vec<(String, usize, usize)>,
}

/// A run of one of the files.
struct Found<'a> {
    run: &'a str,
    path: &'a Utf8Path,
    scanned: &'a Scanned,
}

impl Found<'_> {
    /// The rows of the run, if they were kept, or the file again.
    fn table(&self) -> Result<Table, TableError> {
        match (&self.scanned.head, self.scanned.rows.get(self.run)) {
            (Some(head), Some(rows)) => Ok(Table::of_rows(head.clone(), self.scanned.names.clone(), Arc::clone(rows))),
            _ => Table::open(File::open(self.path)?),
        }
    }
}

impl Opened {
    /// The keys of the runs of all files, with the numbers of file and run, and the other way
    /// round. Where two runs have one name, the file's stands before it.
    fn keys(&self) -> &Keys {
        self.keys.get_or_init(|| {
            let mut counts: HashMap<&str, usize> = HashMap::new();
            for run in self.files.iter().flat_map(|(_, scanned)| &scanned.runs) {
                *counts.entry(run).or_default() += 1;
            }
            let mut keys = Keys::default();
            for (file, (path, scanned)) in self.files.iter().enumerate() {
                for (number, run) in scanned.runs.iter().enumerate() {
                    let is_alone = counts.get(run.as_str()) == Some(&1);
                    let stem = path.file_stem().unwrap_or("table");
                    let key = if is_alone { run.clone() } else { format!("{stem}/{run}") };
                    keys.places.entry(key.clone()).or_insert((file, number));
                    keys.in_order.push((key, file, number));
                }
            }
            keys
        })
    }

    fn found(&self, key: &str) -> Option<Found<'_>> {
        let (file, number) = self.keys().places.get(key)?;
        let (path, scanned) = self.files.get(*file)?;
        Some(Found { run: scanned.runs.get(*number)?, path, scanned })
    }
}

impl Source for Opened {
    fn runs(&self) -> Result<Listing, ConvertError> {
        let runs = self.keys().in_order.iter().filter_map(|(key, file, number)| {
            let id = self.files.get(*file)?.1.runs.get(*number)?.clone();
            Some(Listed { id, ..Listed::new(key.clone()) })
        });
        let mut findings = Vec::new();
        for (path, scanned) in &self.files {
            let place = path.file_name().unwrap_or("table");
            findings.extend(scanned.findings(place));
        }
        Ok(Listing { runs: runs.collect(), unread: self.unread.clone(), findings })
    }

    fn convert(&self, key: &str, options: &Options<'_>) -> Result<Converted, ConvertError> {
        let found = self.found(key).ok_or_else(|| ConvertError::no_such_run(key))?;
        let mut ledger = Ledger::new(expbundle_format::record::Kind::Run, self.tool.name(), options);
        ledger.run(found.run);
        ledger.body().status = Some(expbundle_format::record::Status::Unknown);
        let place = found.path.file_name().unwrap_or("table").to_owned();
        for finding in found.scanned.findings(&place) {
            ledger.finding(finding.code, &place, finding.message);
        }
        let table = found.table().map_err(|error| tracker::unreadable(found.path, error))?;
        if found.scanned.is_row_each {
            one_row::map(&mut ledger, table, &found, &self.columns.params, &place)?;
        } else {
            points::map(&mut ledger, table, &found, &self.columns, &place)?;
        }
        ledger.finish()
    }
}
