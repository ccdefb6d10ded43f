//! The first look at a file: which column names the run, which runs there are, and whether each of
//! them is a row.

use std::collections::{HashMap, HashSet};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::ControlFlow;
use std::sync::Arc;

use camino::Utf8Path;
use expbundle_format::{Code, Finding, Place};

use super::Chosen;
use crate::table::points::{EPOCH, RUNS, STEPS, named, words};
use crate::table::{Cell, Format, Head, KeptRows, Row, Table, TableError};

/// Runs of one file.
const MOST_RUNS: usize = 100_000;
/// Rows that are kept, in bytes.
const MOST_ROW_BYTES: usize = 64 << 20;

/// What a file has.
#[derive(Clone, Debug, Default)]
pub(super) struct Scanned {
    /// The column that names the run; without one the file is one run.
    pub run_column: Option<String>,
    /// The runs, in the order in which they came.
    pub runs: Vec<String>,
    /// Whether each run is a row.
    pub is_row_each: bool,
    /// The names of the columns.
    pub names: Vec<String>,
    /// What the table is beside its rows.
    pub head: Option<Head>,
    /// The rows of each run, unless all of them are too large to be kept: then the file is read again
    /// for each run.
    pub rows: HashMap<String, Arc<KeptRows>>,
    /// Columns of which most cells are numbers.
    pub numeric: HashSet<String>,
    /// Rows that name no run.
    pub rows_without_run: u64,
    /// Rows that cannot be read.
    pub broken_rows: u64,
    /// Whether there are more runs than are read.
    pub is_over: bool,
    /// Why reading ended before the end.
    pub trouble: Option<String>,
    /// Whether a text does not end with the end of a line.
    pub is_cut: bool,
}

/// Looks at every row.
pub(super) fn scan(table: Table, chosen: &Chosen, path: &Utf8Path) -> Result<Scanned, TableError> {
    let format = table.format();
    let mut names = table.columns();
    let mut column = find(&names, chosen);
    let mut scanned = Scanned { head: Some(table.head()), ..Scanned::default() };
    let mut rows: HashMap<String, u64> = HashMap::new();
    let mut kept = Kept::default();
    let mut kinds = Kinds::default();
    let read = table.try_for_each(|columns, row| {
        if columns.len() > names.len() {
            names = columns.to_vec();
            column = column.or_else(|| find(&names, chosen));
        }
        let Some(column) = column else {
            // JSON lines may have it later; the columns of other tables are known.
            return if format == Format::JsonLines { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        };
        if row.broken().is_some() {
            scanned.broken_rows += 1;
            return ControlFlow::Continue(());
        }
        let run = row.cell(column).and_then(words).filter(|run| !run.is_empty());
        let Some(run) = run else {
            scanned.rows_without_run += 1;
            return ControlFlow::Continue(());
        };
        if let Some(count) = rows.get_mut(run.as_ref()) {
            *count += 1;
        } else if rows.len() < MOST_RUNS {
            scanned.runs.push(run.to_string());
            rows.insert(run.to_string(), 1);
        } else {
            scanned.is_over = true;
            return ControlFlow::Continue(());
        }
        kept.keep(&run, columns.len(), row);
        kinds.row(row);
        ControlFlow::Continue(())
    });
    match read {
        Ok(_) => {}
        // What came before is kept.
        Err(error) if !scanned.runs.is_empty() || column.is_none() && !names.is_empty() => {
            scanned.trouble = Some(error.to_string());
        }
        Err(error) => return Err(error),
    }
    if let (Some(name), None) = (&chosen.run, column) {
        return Err(TableError::NoColumn { name: name.clone(), columns: names });
    }
    if let Some(name) = chosen.params.iter().find(|name| !names.contains(name)) {
        return Err(TableError::NoColumn { name: name.clone(), columns: names });
    }
    scanned.run_column = column.and_then(|column| names.get(column).cloned());
    if scanned.run_column.is_none() {
        scanned.runs = vec![path.file_stem().unwrap_or("table").to_owned()];
    }
    scanned.is_row_each = is_row_each(&names, chosen, &rows);
    scanned.rows = kept.rows.into_iter().map(|(run, rows)| (run, Arc::new(rows))).collect();
    scanned.numeric = kinds.numeric(&names);
    scanned.names = names;
    scanned.is_cut = format == Format::Csv && ends_within_a_line(path);
    Ok(scanned)
}

/// The rows of each run, as long as there is room for all.
#[derive(Default)]
struct Kept {
    rows: HashMap<String, KeptRows>,
    bytes: usize,
}

impl Kept {
    fn keep(&mut self, run: &str, columns: usize, row: &Row) {
        if self.bytes > MOST_ROW_BYTES {
            return;
        }
        self.bytes += row.bytes();
        if self.bytes > MOST_ROW_BYTES {
            self.rows = HashMap::new();
        } else if let Some(rows) = self.rows.get_mut(run) {
            rows.push((columns, row.clone()));
        } else {
            self.rows.insert(run.to_owned(), vec![(columns, row.clone())]);
        }
    }
}

/// How many cells of each column are numbers, and how many are something else.
#[derive(Default)]
struct Kinds(Vec<(u64, u64)>);

impl Kinds {
    fn row(&mut self, row: &Row) {
        for (column, cell) in row.cells() {
            if self.0.len() <= column {
                self.0.resize(column + 1, (0, 0));
            }
            let Some((numbers, others)) = self.0.get_mut(column) else { continue };
            if cell.number().is_some() {
                *numbers += 1;
            } else if !matches!(cell, Cell::Text(text) if text.trim_ascii().is_empty()) {
                *others += 1;
            }
        }
    }

    fn numeric(&self, names: &[String]) -> HashSet<String> {
        let columns = names.iter().zip(&self.0);
        columns.filter(|(_, (numbers, others))| numbers > others).map(|(name, _)| name.clone()).collect()
    }
}

fn find(names: &[String], chosen: &Chosen) -> Option<usize> {
    match &chosen.run {
        Some(name) => names.iter().position(|one| one == name),
        None => named(names, &RUNS),
    }
}

/// Points need a step or several rows; a table that has neither tells of each run in one row.
fn is_row_each(names: &[String], chosen: &Chosen, rows: &HashMap<String, u64>) -> bool {
    let has_step = chosen.step.is_some() || named(names, &STEPS).or_else(|| named(names, &[EPOCH])).is_some();
    let has = |name: &str| named(names, &[name]).is_some();
    let is_long = has("key") && (has("value") || has("text"));
    !rows.is_empty() && !has_step && !is_long && rows.values().all(|count| *count == 1)
}

fn ends_within_a_line(path: &Utf8Path) -> bool {
    let last = || {
        let mut file = std::fs::File::open(path).ok()?;
        file.seek(SeekFrom::End(-1)).ok()?;
        let mut last = [0];
        file.read_exact(&mut last).ok()?;
        Some(last[0])
    };
    last().is_some_and(|byte| byte != b'\n')
}

impl Scanned {
    /// What was found, at a place.
    pub fn findings(&self, place: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut say = |code, message: String| findings.push(Finding::new(code, Place::entry(place), message));
        if self.rows_without_run > 0 {
            say(Code::SourceLoss, format!("{} rows name no run, and are passed over", self.rows_without_run));
        }
        if self.broken_rows > 0 {
            say(Code::SourceDamaged, format!("{} rows cannot be read, so they belong to no run", self.broken_rows));
        }
        if self.is_over {
            say(Code::SourceUnsupported, format!("only the first {MOST_RUNS} runs of the table are read"));
        }
        if let Some(trouble) = &self.trouble {
            say(Code::SourceDamaged, format!("the table could not be read to its end: {trouble}"));
        }
        if self.is_cut {
            say(Code::SourceTruncated, "the last line has no end, so it may be cut".to_owned());
        }
        findings
    }
}
