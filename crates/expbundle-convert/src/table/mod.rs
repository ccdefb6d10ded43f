//! Tables of points that anybody may have written: CSV, JSON lines and Parquet.
//!
//! [`Table`] gives the rows of a file, whichever format it has, and [`points`] makes points of
//! them: of one row for each point, as `extract` writes them, or of one column for each metric.
//! What was guessed, passed over and left out is in the [`Reading`].
//!
//! Files are untrusted. Rows are read one after the other, and memory is bounded: by the longest
//! row that is read, or by the pages of Parquet that lie side by side.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::ops::ControlFlow;
use std::sync::Arc;

use expbundle::Content;
use expbundle_format::container::MIMETYPE;
use expbundle_series::{SeriesError, SeriesReader};

mod cell;
mod csv;
mod json_lines;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(not(feature = "parquet"))]
#[path = "no_parquet.rs"]
mod parquet;
mod points;
mod reading;
mod row;
pub(crate) mod tool;

pub use cell::{Cell, NO_OFFSET};
pub use points::{Columns, points};
pub use reading::{Fault, FaultKind, Form, Reading, TimeColumn, TimeUnit, WhyPassedOver};
pub use row::{Broken, Row};

use crate::points::is_plausible;
use crate::series::Section;

/// Bytes of a row of a text file. A text of a point has at most 1 MiB.
const MOST_ROW_BYTES: usize = 8 << 20;
/// Columns of a table.
const MOST_COLUMNS: usize = 65_536;
/// Bytes that show which format a file has.
const HEAD_BYTES: u64 = 4096;

/// The format of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header (RFC 4180).
    Csv,
    /// A JSON object a line.
    JsonLines,
    /// Parquet, as any program writes it.
    Parquet,
    /// A Parquet section of a bundle, as `extract --parquet` writes it.
    Section,
    /// None: rows that a program holds.
    Memory,
}

/// Why a table cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is empty.
    #[error("the file is empty")]
    Empty,
    /// A format that is not read: how it looks, and what to do.
    #[error("the file is {what}")]
    Format {
        /// What it looks like.
        what: &'static str,
        /// What to do about it.
        help: &'static str,
    },
    /// A CSV file whose first line is not a header.
    #[error("the first line has numbers where the names of the columns are expected")]
    NoHeader,
    /// A header that is not UTF-8.
    #[error("the names of the columns are not UTF-8")]
    Header,
    /// Two columns of one name.
    #[error("two columns are called `{0}`")]
    Twice(String),
    /// Too many columns.
    #[error("more than {MOST_COLUMNS} columns")]
    TooManyColumns,
    /// A row that is too long to be one.
    #[error("the row that begins in line {line} has more than {} MiB", MOST_ROW_BYTES >> 20)]
    RowTooLong {
        /// Where it begins, from 1.
        line: u64,
    },
    /// There is no column of the name that was given.
    #[error("no column is called `{name}`")]
    NoColumn {
        /// The name.
        name: String,
        /// The columns that there are.
        columns: Vec<String>,
    },
    /// A step shows up after another column was taken for it.
    #[error("the column `{name}` first appears in row {row}, after `{taken}` was taken for the step")]
    LateStep {
        /// The column.
        name: String,
        /// The row, from 1.
        row: u64,
        /// What was taken for it.
        taken: String,
    },
    /// Rows of several runs, whose points would be one series.
    #[error("this table has several runs: column `{column}` has `{}`, `{}`, …", .runs[0], .runs[1])]
    SeveralRuns {
        /// The column that names the run.
        column: String,
        /// The first two.
        runs: [String; 2],
        /// The format of the file.
        format: Format,
    },
    /// No row gives a point.
    #[error("no point was found in {} rows", .0.rows)]
    NoPoints(Box<Reading>),
    /// A point that the format has no room for.
    #[error("the point in row {row} cannot be kept: {source}")]
    Point {
        /// The row: a line of a text file, from 1.
        row: u64,
        /// What is wrong.
        source: SeriesError,
    },
    /// Parquet with a compression that is left out of the build.
    #[error("the Parquet file is compressed with {0}")]
    Codec(String),
    /// Parquet that cannot be read.
    #[error("the Parquet file cannot be read: {0}")]
    Parquet(String),
}

/// A table of points.
pub struct Table {
    format: Format,
    source: Source,
    only: Option<Only>,
}

/// Which rows are given, and without which column.
struct Only {
    column: Option<String>,
    wants: Box<Wants>,
}

/// Whether a row is given.
type Wants = dyn FnMut(&[String], &Row) -> bool;

enum Source {
    Csv(csv::Csv),
    JsonLines(json_lines::JsonLines),
    Parquet(parquet::Parquet),
    Section(SeriesReader),
    Kept(Kept),
    Given(Box<dyn Rows>),
}

/// Rows that a program holds, such as a data frame.
pub trait Rows {
    /// The names of the columns.
    fn columns(&self) -> &[String];

    /// Columns that are not read, and why.
    fn passed_over(&self) -> Vec<(String, WhyPassedOver)>;

    /// Gives each row with the names of the columns, until `take` returns false.
    ///
    /// # Errors
    /// The rows cannot be read.
    fn rows(self: Box<Self>, take: &mut dyn FnMut(&[String], &Row) -> bool) -> Result<(), TableError>;
}

/// Rows of a run that were read before, so that a file is not read once for each run.
struct Kept {
    head: Head,
    names: Vec<String>,
    rows: Arc<KeptRows>,
}

/// What a table is before its rows are read.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    format: Format,
    columns: Vec<String>,
    passed_over: Vec<(String, WhyPassedOver)>,
}

/// Rows, each with the number of columns that were known by then.
pub(crate) type KeptRows = Vec<(usize, Row)>;

/// What is given each row, with the names of the columns so far. It returns whether to go on.
type Take<'a> = &'a mut dyn FnMut(&[String], &Row) -> bool;

impl Table {
    /// Opens a table. Its format is told by its first bytes, not by its name.
    pub fn open(mut file: File) -> Result<Self, TableError> {
        let mut head = Vec::new();
        file.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
        if head.starts_with(b"PAR1") {
            file.seek(SeekFrom::Start(0))?;
            return Self::parquet(file);
        }
        Self::text(head, file)
    }

    fn parquet(file: File) -> Result<Self, TableError> {
        let content = Content::file(file.try_clone()?)?;
        if let Ok(reader) = SeriesReader::open(Section(content.clone())) {
            if !is_plausible(&reader, &content) {
                let claim = format!("it claims to have {} points in {} bytes", reader.rows(), content.size());
                return Err(TableError::Parquet(claim));
            }
            return Ok(Self { format: Format::Section, source: Source::Section(reader), only: None });
        }
        Ok(Self { format: Format::Parquet, source: Source::Parquet(parquet::Parquet::open(file)?), only: None })
    }

    fn text(mut head: Vec<u8>, file: File) -> Result<Self, TableError> {
        if let Some((what, help)) = other_format(&head) {
            return Err(TableError::Format { what, help });
        }
        if head.starts_with(b"\xef\xbb\xbf") {
            head.drain(..3);
        }
        let Some(first) = head.iter().find(|byte| !byte.is_ascii_whitespace()).copied() else {
            return Err(TableError::Empty);
        };
        let input: Input = io::Cursor::new(head).chain(file);
        if first == b'{' {
            return Ok(Self {
                format: Format::JsonLines,
                source: Source::JsonLines(json_lines::JsonLines::new(input)),
                only: None,
            });
        }
        if first == b'[' {
            let help = "write one object a line, e.g. with `jq -c '.[]'`";
            return Err(TableError::Format { what: "a JSON list", help });
        }
        Ok(Self { format: Format::Csv, source: Source::Csv(csv::Csv::open(input)?), only: None })
    }

    /// The same table with only those of its rows that are wanted, and with no cell in one of its
    /// columns. Rows that cannot be read are of no run, so they are given only if there is no such
    /// column.
    #[must_use]
    pub fn only(self, column: Option<String>, wants: impl FnMut(&[String], &Row) -> bool + 'static) -> Self {
        Self { only: Some(Only { column, wants: Box::new(wants) }), ..self }
    }

    /// Rows that a program holds.
    ///
    /// # Errors
    /// [`TableError::Twice`], [`TableError::TooManyColumns`]
    pub fn given(rows: impl Rows + 'static) -> Result<Self, TableError> {
        let mut names = HashSet::new();
        if rows.columns().len() > MOST_COLUMNS {
            return Err(TableError::TooManyColumns);
        }
        if let Some(twice) = rows.columns().iter().find(|name| !names.insert(name.as_str())) {
            return Err(TableError::Twice(twice.clone()));
        }
        Ok(Self { format: Format::Memory, source: Source::Given(Box::new(rows)), only: None })
    }

    /// What it is before its rows are read.
    pub(crate) fn head(&self) -> Head {
        Head { format: self.format, columns: self.columns(), passed_over: self.passed_over() }
    }

    /// Some rows of a table that was read before; `names` are those of its columns.
    pub(crate) fn of_rows(head: Head, names: Vec<String>, rows: Arc<KeptRows>) -> Self {
        Self { format: head.format, source: Source::Kept(Kept { head, names, rows }), only: None }
    }

    /// The format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The names of its columns; those of JSON lines come with the rows.
    pub fn columns(&self) -> Vec<String> {
        match &self.source {
            Source::Csv(csv) => csv.columns().to_vec(),
            Source::JsonLines(_) => Vec::new(),
            Source::Parquet(parquet) => parquet.columns().to_vec(),
            Source::Section(_) => SECTION.map(str::to_owned).to_vec(),
            Source::Kept(kept) => kept.head.columns.clone(),
            Source::Given(rows) => rows.columns().to_vec(),
        }
    }

    /// Columns that are not read, and why.
    pub fn passed_over(&self) -> Vec<(String, WhyPassedOver)> {
        match &self.source {
            Source::Parquet(parquet) => parquet.passed_over().to_vec(),
            Source::Kept(kept) => kept.head.passed_over.clone(),
            Source::Given(rows) => rows.passed_over(),
            _ => Vec::new(),
        }
    }

    /// Gives each row to `take` with the names of the columns so far, until `take` ends it.
    pub fn try_for_each<B>(
        self,
        mut take: impl FnMut(&[String], &Row) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, TableError> {
        let mut broken_off = None;
        let mut only = self.only;
        let mut part = Row::default();
        let mut give = |columns: &[String], row: &Row| {
            let mut without = None;
            if let Some(only) = &mut only {
                if !(only.wants)(columns, row) {
                    return true;
                }
                without = columns.iter().position(|name| Some(name) == only.column.as_ref());
            }
            if let Some(column) = without {
                part.set_without(row, column);
            }
            match take(columns, if without.is_some() { &part } else { row }) {
                ControlFlow::Continue(()) => true,
                ControlFlow::Break(value) => {
                    broken_off = Some(value);
                    false
                }
            }
        };
        match self.source {
            Source::Csv(csv) => csv.rows(&mut give)?,
            Source::JsonLines(lines) => lines.rows(&mut give)?,
            Source::Parquet(parquet) => parquet.rows(&mut give)?,
            Source::Section(reader) => section(&reader, &mut give)?,
            Source::Given(rows) => rows.rows(&mut give)?,
            Source::Kept(kept) => {
                let names = |count: usize| kept.names.get(..count).unwrap_or(&kept.names);
                let _ = kept.rows.iter().all(|(count, row)| give(names(*count), row));
            }
        }
        Ok(broken_off.map_or(ControlFlow::Continue(()), ControlFlow::Break))
    }
}

/// A text file, the bytes that showed its format first.
type Input = io::Chain<io::Cursor<Vec<u8>>, File>;

/// Formats that people may take for one of ours.
fn other_format(head: &[u8]) -> Option<(&'static str, &'static str)> {
    const SIGNS: [(&[u8], &str, &str); 5] = [
        (b"\x1f\x8b", "compressed with gzip", "unpack it first, e.g. with `gunzip`"),
        (b"\x28\xb5\x2f\xfd", "compressed with Zstandard", "unpack it first, e.g. with `unzstd`"),
        (b"PK\x03\x04", "a ZIP archive", "unpack it, or save a spreadsheet as CSV"),
        (b"\xff\xfe", "UTF-16", "save it as UTF-8"),
        (b"\xfe\xff", "UTF-16", "save it as UTF-8"),
    ];
    // The first entry of the archive is stored, and tells what it is.
    if head.starts_with(b"PK\x03\x04") && memchr::memmem::find(head, MIMETYPE.as_bytes()).is_some() {
        return Some(("an experiment bundle", "`expbundle extract --csv` writes its points as such a table"));
    }
    SIGNS.iter().find(|(sign, ..)| head.starts_with(sign)).map(|(_, what, help)| (*what, *help))
}

/// The columns of a section, as `extract --csv` writes them.
const SECTION: [&str; 5] = ["key", "step", "time", "value", "text"];

/// The points of a section as rows.
fn section(reader: &SeriesReader, take: Take<'_>) -> Result<(), TableError> {
    let columns = SECTION.map(str::to_owned);
    let mut row = Row::default();
    let read = reader.try_for_each(|point| {
        row.next();
        row.push(0, Cell::Text(&point.key));
        let cells = [
            point.step.map(Cell::Integer),
            point.time_ns.map(Cell::Time),
            point.value.map(Cell::Float),
            point.text.as_deref().map(Cell::Text),
        ];
        for (column, cell) in (1..).zip(cells) {
            if let Some(cell) = cell {
                row.push(column, cell);
            }
        }
        if take(&columns, &row) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    read.map(|_| ()).map_err(|error| TableError::Parquet(error.to_string()))
}
