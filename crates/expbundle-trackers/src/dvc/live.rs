//! A `DVCLive` folder: series as tab-separated texts, the latest values, parameters and plots.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read as _};

use camino::Utf8Path;

use super::files::Files;
use super::pipeline::within;
use crate::text::open_file;

/// Series lie below it.
const SERIES: &str = "plots/metrics/";
/// A row has three short cells; a text that was logged may be longer.
const MOST_LINE_BYTES: u64 = 1 << 20;

/// A folder that `DVCLive` wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// Its path.
    pub folder: String,
    /// Its series, in the order of their paths.
    pub series: Vec<Series>,
    /// Other files, by their paths from the root of the project.
    pub others: Vec<String>,
}

/// A series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// Its name, with `/` between parts.
    pub key: String,
    /// Its file.
    pub path: String,
}

/// A row of a series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row<'a> {
    /// The step.
    pub step: Option<i64>,
    /// Milliseconds since 1970, where `DVCLive` was asked for them.
    pub time_ms: Option<i64>,
    /// The value as Python writes it.
    pub value: Cow<'a, str>,
}

/// What kept rows from being read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// Rows that have no step or no value.
    pub broken: u64,
    /// The first of them, counted from 1.
    pub first_broken: u64,
    /// The last row has no end, so its number may be cut.
    pub is_cut: bool,
    /// A row is too long; the rest was not read.
    pub is_too_long: bool,
    /// The first line does not name the columns.
    pub has_no_header: bool,
}

/// Finds folders that `DVCLive` wrote: they have series, or are named as its own.
pub(super) fn find(files: &Files) -> Vec<Live> {
    let mut folders = BTreeSet::new();
    for path in files.paths() {
        let is_series = Utf8Path::new(path).extension() == Some("tsv");
        match path.rfind(SERIES).filter(|_| is_series) {
            Some(0) => {
                folders.insert(String::new());
            }
            Some(at) if path.as_bytes().get(at - 1) == Some(&b'/') => {
                folders.insert(path.get(..at - 1).unwrap_or_default().to_owned());
            }
            _ => {
                let folder = path.strip_suffix("/metrics.json").or_else(|| path.strip_suffix("/params.yaml"));
                let is_own = |folder: &&str| folder.rsplit('/').next() == Some("dvclive");
                folders.extend(folder.filter(is_own).map(str::to_owned));
            }
        }
    }
    folders.into_iter().map(|folder| live(files, folder)).collect()
}

fn live(files: &Files, folder: String) -> Live {
    let series_folder = within(&folder, SERIES);
    let mut live = Live::default();
    // A folder of its own at the root would take the whole project.
    let own = ["plots/", "metrics.json", "params.yaml", "report.", "dvc.yaml"];
    for path in files.below(&folder) {
        let name = path.strip_prefix(&folder).unwrap_or(path).trim_start_matches('/');
        match path.strip_prefix(&series_folder).and_then(|name| name.strip_suffix(".tsv")) {
            Some(key) => live.series.push(Series { key: key.to_owned(), path: path.to_owned() }),
            None if !folder.is_empty() || own.iter().any(|own| name.starts_with(own)) => {
                live.others.push(path.to_owned());
            }
            None => {}
        }
    }
    live.folder = folder;
    live
}

/// Reads the rows of a series, one after the other.
pub fn read_series(path: &Utf8Path, mut row: impl FnMut(&Row<'_>)) -> io::Result<Trouble> {
    let mut trouble = Trouble::default();
    let Some(file) = open_file(path)? else { return Ok(trouble) };
    let mut lines = BufReader::with_capacity(1 << 16, file);
    let mut columns = None;
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if lines.by_ref().take(MOST_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let is_cut = line.last() != Some(&b'\n');
        if is_cut && line.len() as u64 == MOST_LINE_BYTES {
            trouble.is_too_long = true;
            break;
        }
        if is_cut {
            trouble.is_cut = true;
            break;
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\n', '\r']);
        if columns.is_none() {
            columns = Some(Columns::named(text));
            if columns != Some(None) {
                continue;
            }
            trouble.has_no_header = true;
        }
        let columns = columns.flatten().unwrap_or_default();
        match columns.row(text) {
            Some(read) => row(&read),
            None if text.is_empty() => {}
            None => {
                trouble.broken += 1;
                if trouble.broken == 1 {
                    trouble.first_broken = number;
                }
            }
        }
    }
    Ok(trouble)
}

/// Where the cells of a row are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Columns {
    time: Option<usize>,
    step: usize,
    value: usize,
}

impl Default for Columns {
    /// Those of a series without a header.
    fn default() -> Self {
        Self { time: None, step: 0, value: 1 }
    }
}

impl Columns {
    /// The columns that a header names: `step`, perhaps `timestamp`, and the value's own name.
    fn named(header: &str) -> Option<Self> {
        let names: Vec<&str> = header.split('\t').collect();
        let at = |wanted: &str| names.iter().position(|name| *name == wanted);
        let (time, step) = (at("timestamp").filter(|_| names.len() > 2), at("step")?);
        // A metric may be named `step` too: then it is the last column.
        let value = (0..names.len()).rev().find(|index| *index != step && Some(*index) != time)?;
        Some(Self { time, step, value })
    }

    fn row<'a>(&self, line: &'a str) -> Option<Row<'a>> {
        let last = self.value.max(self.step).max(self.time.unwrap_or_default());
        // A text may have tabs only in quotes, and stands at the end.
        let mut cells: [&str; 8] = [""; 8];
        let mut count = 0;
        for (cell, text) in cells.iter_mut().zip(line.splitn(last + 1, '\t')) {
            *cell = text;
            count += 1;
        }
        let cell = |index: usize| cells.get(index).copied().filter(|_| index < count);
        let step = cell(self.step)?.parse().ok()?;
        let time_ms = match self.time {
            Some(time) => Some(cell(time)?.parse().ok()?),
            None => None,
        };
        Some(Row { step: Some(step), time_ms, value: unquoted(cell(self.value)?) })
    }
}

/// A cell as the `csv` module of Python reads it.
fn unquoted(cell: &str) -> Cow<'_, str> {
    match cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\"").into(),
        None => cell.into(),
    }
}
