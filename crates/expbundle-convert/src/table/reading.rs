//! What was read of a table: what was guessed, passed over and left out.

use std::collections::BTreeMap;

use expbundle_format::time::Time;

use super::Format;
use super::row::Broken;

/// Rows that are named for each fault.
const ROWS_NAMED: usize = 5;

/// What was read of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The format of the file.
    pub format: Format,
    /// How points lie in it.
    pub form: Form,
    /// Rows, those that cannot be read among them.
    pub rows: u64,
    /// Points that were made of them.
    pub points: u64,
    /// The column that has the step.
    pub step: Option<String>,
    /// Whether that is `epoch`, taken because there is no step.
    pub is_epoch: bool,
    /// The column that has the time.
    pub time: Option<TimeColumn>,
    /// Columns that are not the time though they are called so: their numbers are too small for
    /// times since 1970, and count from the start of the run.
    pub elapsed: Vec<String>,
    /// Columns of a wide table that have numbers.
    pub metrics: Vec<String>,
    /// Columns that gave nothing, and why.
    pub passed_over: Vec<(String, WhyPassedOver)>,
    /// Cells and rows that gave nothing, or not all that they have.
    pub faults: Vec<Fault>,
}

/// How points lie in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A row for each point: `key`, `step`, `time`, `value`, `text`.
    Long,
    /// A column for each metric.
    Wide,
}

/// The column that has the time.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeColumn {
    /// Its name.
    pub name: String,
    /// What its numbers count, if it has numbers.
    pub unit: Option<TimeUnit>,
    /// The first row with a number, and the time that it gives.
    pub example: Option<(u64, Time)>,
}

/// What a number since 1970 counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// Seconds: numbers below 10^11.
    Seconds,
    /// Milliseconds: numbers below 10^14.
    Milliseconds,
    /// Microseconds: numbers below 10^17.
    Microseconds,
    /// Nanoseconds.
    Nanoseconds,
}

impl TimeUnit {
    /// Told by the size of a number: seconds until the year 5138, milliseconds from 1973 until
    /// 5138, and so on.
    pub(super) fn of(value: f64) -> Self {
        match value.abs() {
            seconds if seconds < 1e11 => Self::Seconds,
            milliseconds if milliseconds < 1e14 => Self::Milliseconds,
            microseconds if microseconds < 1e17 => Self::Microseconds,
            _ => Self::Nanoseconds,
        }
    }

    /// Nanoseconds of one.
    pub fn nanoseconds(self) -> i64 {
        match self {
            Self::Seconds => 1_000_000_000,
            Self::Milliseconds => 1_000_000,
            Self::Microseconds => 1_000,
            Self::Nanoseconds => 1,
        }
    }

    /// Its name: `seconds`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Microseconds => "microseconds",
            Self::Nanoseconds => "nanoseconds",
        }
    }
}

/// Why a column gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyPassedOver {
    /// It has no cell.
    Empty,
    /// It has cells, and none is a number.
    NoNumbers,
    /// It has no name.
    NoName,
    /// It is an index of pandas that nobody named.
    Index,
    /// A long table has other columns.
    NotOfLong,
    /// Its kind is not read, in words: `nested`.
    Kind(&'static str),
}

/// Cells or rows that gave nothing, or not all that they have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// The column, if it is a cell.
    pub column: Option<String>,
    /// How many there are.
    pub count: u64,
    /// The first of them: lines of a text file, else rows, from 1.
    pub rows: Vec<u64>,
}

/// What is wrong with a cell or row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// The row cannot be read, and is left out.
    Row(Broken),
    /// The step is not a whole number; the row is left out.
    Step,
    /// A row of a long table has no key, and is left out.
    NoKey,
    /// A cell that is not a number is left out.
    NotANumber,
    /// A cell of a kind that is not read is left out, in words: `a list`.
    Other(&'static str),
    /// A point of a long table whose value is not a number, and which has a text besides.
    TwoTexts,
    /// A text that cannot be read; the row is left out.
    Text,
    /// A row of a long table that has no value is not a point.
    NoValue,
    /// A value of a long table that is not a number is kept as a text.
    AsText,
    /// The row has no step; its points are kept without one.
    NoStep,
    /// A time without an offset from UTC; the points are kept without a time.
    NoOffset,
    /// A time that cannot be read; the points are kept without a time.
    Time,
}

/// Counts faults.
#[derive(Debug, Default)]
pub(super) struct Faults(BTreeMap<(FaultKind, Option<usize>), (u64, Vec<u64>)>);

impl Faults {
    pub fn add(&mut self, kind: FaultKind, column: Option<usize>, row: u64) {
        let (count, rows) = self.0.entry((kind, column)).or_default();
        *count += 1;
        if rows.len() < ROWS_NAMED && rows.last() != Some(&row) {
            rows.push(row);
        }
    }

    /// All of them, with the names of their columns.
    pub fn named(self, columns: &[String]) -> Vec<Fault> {
        let named = |column: usize| columns.get(column).cloned().unwrap_or_default();
        self.0
            .into_iter()
            .map(|((kind, column), (count, rows))| Fault { kind, column: column.map(named), count, rows })
            .collect()
    }
}
