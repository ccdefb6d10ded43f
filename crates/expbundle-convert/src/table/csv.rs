//! Rows of CSV (RFC 4180), as spreadsheets and data frames write it.

use std::collections::HashSet;
use std::io::{self, Read};

use csv::{ByteRecord, ErrorKind, Position, Reader, ReaderBuilder};

use super::cell::Cell;
use super::row::{Broken, Row};
use super::{Input, MOST_COLUMNS, MOST_ROW_BYTES, TableError, Take};

/// Bytes that are read at once.
const BUFFER_BYTES: usize = 1 << 16;

/// A CSV file behind its header.
pub(super) struct Csv {
    reader: Reader<Bounded>,
    columns: Vec<String>,
    /// Whether lines end with CR LF.
    has_returns: bool,
}

impl Csv {
    pub fn open(input: Input) -> Result<Self, TableError> {
        let mut head = input.get_ref().0.get_ref().split(|byte| *byte == b'\n');
        let has_returns = head.next().is_some_and(|line| line.ends_with(b"\r"));
        let bounded = Bounded { input, left: MOST_ROW_BYTES };
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).buffer_capacity(BUFFER_BYTES).from_reader(bounded);
        let mut record = ByteRecord::new();
        if !next(&mut reader, &mut record)? {
            return Err(TableError::Empty);
        }
        let columns = header(&record)?;
        Ok(Self { reader, columns, has_returns })
    }

    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Gives each row to `take`.
    pub fn rows(mut self, take: Take<'_>) -> Result<(), TableError> {
        let (mut record, mut row) = (ByteRecord::new(), Row::default());
        while next(&mut self.reader, &mut record)? {
            row.begin(self.line(&record));
            if record.len() == self.columns.len() {
                for (column, cell) in record.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                    let cell = str::from_utf8(cell).map_or(Cell::Other("bytes that are not UTF-8"), Cell::Text);
                    row.push(column, cell);
                }
            } else {
                row.set_broken(Broken::Length);
            }
            if !take(&self.columns, &row) {
                break;
            }
        }
        Ok(())
    }

    /// The line in which a record begins. The reader knows where it was before the record, blank
    /// lines and the LF of the last line included, and where it is behind it.
    fn line(&self, record: &ByteRecord) -> u64 {
        let inside = memchr::memchr_iter(b'\n', record.as_slice()).count() as u64;
        let end = self.reader.position().line().saturating_sub(inside);
        if self.has_returns { end } else { end.saturating_sub(1).max(record.position().map_or(0, Position::line)) }
    }
}

/// Reads the next record, if it is not too long.
fn next(reader: &mut Reader<Bounded>, record: &mut ByteRecord) -> Result<bool, TableError> {
    reader.get_mut().left = MOST_ROW_BYTES;
    let line = reader.position().line();
    reader.read_byte_record(record).map_err(|error| {
        let said = error.to_string();
        match error.into_kind() {
            ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => TableError::RowTooLong { line },
            ErrorKind::Io(error) => TableError::Io(error),
            _ => TableError::Io(io::Error::other(said)),
        }
    })
}

/// The names of the columns.
fn header(record: &ByteRecord) -> Result<Vec<String>, TableError> {
    if record.len() > MOST_COLUMNS {
        return Err(TableError::TooManyColumns);
    }
    let names: Result<Vec<&str>, _> = record.iter().map(str::from_utf8).collect();
    let names = names.map_err(|_| TableError::Header)?;
    // `step, loss`
    let names: Vec<&str> = names.into_iter().map(str::trim_ascii).collect();
    if let [only] = &*names
        && let Some(mark) = [';', '\t', '|'].into_iter().find(|mark| only.contains(*mark))
    {
        let what = match mark {
            '\t' => "separated by tabs",
            ';' => "separated by semicolons",
            _ => "separated by `|`",
        };
        let help = "separate the columns by commas, and write decimals with a point: 0.5";
        return Err(TableError::Format { what, help });
    }
    if names.iter().all(|name| name.is_empty() || name.trim_ascii().parse::<f64>().is_ok()) {
        return Err(TableError::NoHeader);
    }
    let mut seen = HashSet::new();
    if let Some(twice) = names.iter().find(|name| !name.is_empty() && !seen.insert(**name)) {
        return Err(TableError::Twice((*twice).to_owned()));
    }
    Ok(names.into_iter().map(str::to_owned).collect())
}

/// Ends with an error where a row takes more bytes than it may: a quote that is never closed would
/// have the rest of the file.
struct Bounded {
    input: Input,
    left: usize,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let most = buffer.len().min(self.left);
        let read = self.input.read(buffer.get_mut(..most).unwrap_or_default())?;
        self.left -= read;
        Ok(read)
    }
}
