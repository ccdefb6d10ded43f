//! `metrics.csv`: a row for each step, a column for each metric. An empty cell was not logged.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use camino::Utf8Path;
use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};

use crate::finding::{SourceCode, SourceFinding};
use crate::series::{At, Number, Series};
use crate::text::open_file;

/// The column that is not a metric.
const STEP: &str = "step";
/// A quote that is never closed would have the rest of the file.
const MOST_ROW_BYTES: usize = 16 << 20;
const MOST_COLUMNS: usize = 100_000;
/// Rows of another length that are kept as they are, and findings of one kind.
const MOST_ODD_ROWS: usize = 1000;
const PROGRESS_ROWS: u64 = 4096;
/// From 16 digits on an integer may be no float.
const SAFE_DIGITS: usize = 15;

/// What was read of a file.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Rows, odd ones among them.
    pub count: u64,
    /// Cells that are numbers.
    pub numbers: u64,
    /// Cells that are something else.
    pub texts: u64,
    /// Cells that were cut.
    pub cut: u64,
    /// Rows that have another number of cells than there are columns.
    pub odd: u64,
    /// Those of them that are kept.
    pub odd_rows: Vec<OddRow>,
}

/// A row that has another number of cells than there are columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OddRow {
    /// Its number, the first after the header is 1.
    pub number: u64,
    /// Its cells.
    pub cells: Vec<String>,
}

/// Whether a file begins with a header that has a step.
pub(super) fn has_step(path: &Utf8Path) -> bool {
    let Ok(Some(file)) = open_file(path) else { return false };
    let mut record = ByteRecord::new();
    let mut reader = reader(file);
    matches!(next(&mut reader, &mut record), Ok(true)) && record.iter().any(|name| name == STEP.as_bytes())
}

impl Rows {
    /// Reads a file. What cannot be read is a finding.
    pub(super) fn read(
        path: &Utf8Path,
        place: &str,
        series: &mut (dyn Series + '_),
        findings: &mut Vec<SourceFinding>,
    ) -> Self {
        let mut rows = Self::default();
        let mut find = |code, detail: String| findings.push(SourceFinding::new(code, place, detail));
        match open_file(path).and_then(|file| rows.all(file.ok_or(io::ErrorKind::NotFound)?, series)) {
            Ok(Ended::Whole) => {}
            Ok(Ended::Cut) => {
                let detail = "the last row was cut; its last cell, of which nobody knows the end, was left out";
                find(SourceCode::Truncated, detail.to_owned());
            }
            Ok(Ended::Empty) => find(SourceCode::Truncated, "the file has no header".to_owned()),
            Ok(Ended::TooLong) => {
                let detail = format!("row {} has more than 16 MiB; the rest is not read", rows.count + 1);
                find(SourceCode::Unsupported, detail);
            }
            Ok(Ended::TooWide) => find(SourceCode::Unsupported, "the file has too many columns".to_owned()),
            Err(error) => find(SourceCode::Unreadable, error.to_string()),
        }
        if rows.odd > 0 {
            let first = rows.odd_rows.first().map_or(0, |row| row.number);
            let detail =
                format!("{} rows have more or fewer cells than the header; the first is row {first}", rows.odd);
            find(SourceCode::Damaged, detail);
        }
        rows
    }

    fn all(&mut self, mut file: File, series: &mut (dyn Series + '_)) -> io::Result<Ended> {
        let ends_with_line = ends_with_line(&mut file)?;
        let mut reader = reader(file);
        let (mut record, mut following) = (ByteRecord::new(), ByteRecord::new());
        match next(&mut reader, &mut record)? {
            true if record.len() > MOST_COLUMNS => return Ok(Ended::TooWide),
            true => {}
            false => return Ok(Ended::Empty),
        }
        let mut columns = Columns::of(&record);
        let (mut told, mut has_row) = (0, next(&mut reader, &mut record)?);
        if !has_row && !ends_with_line {
            return Ok(Ended::Cut);
        }
        while has_row {
            let has_more = match next(&mut reader, &mut following) {
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                    self.row(&mut columns, &record, false, series);
                    return Ok(Ended::TooLong);
                }
                other => other?,
            };
            self.row(&mut columns, &record, !has_more && !ends_with_line, series);
            std::mem::swap(&mut record, &mut following);
            has_row = has_more;
            if self.count.is_multiple_of(PROGRESS_ROWS) || !has_row {
                let position = reader.position().byte();
                series.progress(position.saturating_sub(told));
                told = position;
            }
        }
        Ok(if ends_with_line { Ended::Whole } else { Ended::Cut })
    }

    fn row(&mut self, columns: &mut Columns, record: &ByteRecord, is_cut: bool, series: &mut (dyn Series + '_)) {
        self.count += 1;
        let is_whole = record.len() == columns.names.len();
        if !(is_whole || is_cut && record.len() < columns.names.len()) {
            self.odd += 1;
            if self.odd_rows.len() < MOST_ODD_ROWS {
                let cells = record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
                self.odd_rows.push(OddRow { number: self.count, cells });
            }
            return;
        }
        let cells = record.len() - usize::from(is_cut);
        if is_cut && record.iter().next_back().is_some_and(|cell| !cell.is_empty()) {
            self.cut += 1;
        }
        let step = columns.step.filter(|column| *column < cells).and_then(|column| whole(record.get(column)?));
        let at = At { step, time_ns: None };
        for (column, cell) in record.iter().enumerate().take(cells) {
            let is_step = columns.step == Some(column) && step.is_some();
            if cell.is_empty() || is_step {
                continue;
            }
            let text = str::from_utf8(cell).ok();
            if let Some((text, value)) = text.and_then(|text| Some((text, text.trim_ascii().parse().ok()?))) {
                self.numbers += 1;
                let key = columns.key(column, series);
                series.number(key, at, value, digits(text.trim_ascii(), value));
            } else {
                self.texts += 1;
                series.text(columns.name(column), at, &String::from_utf8_lossy(cell));
            }
        }
    }
}

enum Ended {
    Whole,
    Cut,
    Empty,
    TooLong,
    TooWide,
}

/// The names of the columns. Where two are alike, the later one has its place behind it.
struct Columns {
    names: Vec<String>,
    step: Option<usize>,
    numbers: Vec<Number>,
}

impl Columns {
    fn of(header: &ByteRecord) -> Self {
        let mut names: Vec<String> = Vec::with_capacity(header.len());
        let mut seen = std::collections::HashSet::new();
        for (column, name) in header.iter().enumerate() {
            let name = String::from_utf8_lossy(name);
            let name = name.strip_prefix('\u{feff}').unwrap_or(&name).to_owned();
            let is_new = seen.insert(name.clone());
            names.push(if is_new { name } else { format!("{name}\u{241f}{column}") });
        }
        let step = names.iter().position(|name| name == STEP);
        let numbers = vec![Number::default(); names.len()];
        Self { names, step, numbers }
    }

    fn name(&self, column: usize) -> &str {
        self.names.get(column).map_or("", String::as_str)
    }

    /// The series of a column, once it has a number.
    fn key(&mut self, column: usize, series: &mut (dyn Series + '_)) -> Option<u32> {
        let name = self.names.get(column)?;
        self.numbers.get_mut(column)?.get(|| series.key(name))
    }
}

/// The digits of an integer that may be no float.
fn digits(text: &str, value: f64) -> Option<&str> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let is_long = unsigned.len() > SAFE_DIGITS && unsigned.bytes().all(|digit| digit.is_ascii_digit());
    (is_long && value.to_string() != text).then_some(text)
}

/// A whole number, also one that is written with a point.
fn whole(cell: &[u8]) -> Option<i64> {
    let text = str::from_utf8(cell).ok()?.trim_ascii();
    text.parse().ok().or_else(|| {
        let value: f64 = text.parse().ok()?;
        #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
        (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64)
    })
}

fn ends_with_line(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    file.rewind()?;
    Ok(matches!(last, [b'\n' | b'\r']))
}

/// Ends with an error where a row takes more bytes than it may.
struct Bounded {
    file: File,
    left: usize,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let most = buffer.len().min(self.left);
        let read = self.file.read(buffer.get_mut(..most).unwrap_or_default())?;
        self.left -= read;
        Ok(read)
    }
}

fn reader(file: File) -> Reader<Bounded> {
    let bounded = Bounded { file, left: MOST_ROW_BYTES };
    ReaderBuilder::new().has_headers(false).flexible(true).buffer_capacity(1 << 16).from_reader(bounded)
}

fn next(reader: &mut Reader<Bounded>, record: &mut ByteRecord) -> io::Result<bool> {
    reader.get_mut().left = MOST_ROW_BYTES;
    reader.read_byte_record(record).map_err(|error| {
        let said = error.to_string();
        match error.into_kind() {
            ErrorKind::Io(error) => error,
            _ => io::Error::other(said),
        }
    })
}
