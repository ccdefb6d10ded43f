//! Histories as text: JSON lines, and CSV of data frames and charts.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek as _, SeekFrom};

use camino::Utf8Path;
use csv::StringRecord;

use super::super::value::Value;
use super::python;
use crate::text::open_file;

/// A row of a history has fewer bytes than this.
const MOST_ROW_BYTES: u64 = 64 << 20;

/// Rows of JSON lines. Gives the numbers of lines that are no object.
pub(super) fn json_lines(path: &Utf8Path, take: &mut dyn FnMut(Vec<(String, Value)>)) -> Result<Vec<u64>, String> {
    let mut lines = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
    let (mut bad, mut number, mut line) = (Vec::new(), 0, Vec::new());
    loop {
        line.clear();
        let read = (&mut lines).take(MOST_ROW_BYTES).read_until(b'\n', &mut line).map_err(|error| error.to_string())?;
        if read == 0 {
            return Ok(bad);
        }
        number += 1;
        let text = String::from_utf8_lossy(&line);
        match Value::parse(&text) {
            Some(Value::Object(members)) => take((*members).into_iter().collect()),
            None if text.trim().is_empty() => {}
            _ => bad.push(number),
        }
    }
}

/// Which end of a file has the names of its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    First,
    Last,
}

/// Whether a file has columns that every history has: JSON lines in its first rows, Parquet in its
/// footer, where names stand as they are. Any program may write such files.
pub(super) fn is_history(path: &Utf8Path, end: End) -> bool {
    const BYTES: u64 = 1 << 20;
    let read = || {
        let mut file = open_file(path).ok()??;
        let size = file.metadata().ok()?.len();
        if end == End::Last {
            file.seek(SeekFrom::Start(size.saturating_sub(BYTES))).ok()?;
        }
        let mut bytes = Vec::new();
        file.take(BYTES).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    };
    let bytes = read().unwrap_or_default();
    // Without its end nobody can tell; what is wrong with it is said when it is read.
    if end == End::Last && !bytes.ends_with(b"PAR1") {
        return true;
    }
    ["_step", "_timestamp"].into_iter().any(|name| {
        let name = name.as_bytes();
        bytes.windows(name.len() + 1).any(|part| part.ends_with(name) && !part[0].is_ascii_alphanumeric())
    })
}

/// Why a CSV is neither a history nor a list of runs; `None` if it is the latter.
pub(super) fn why_no_export(path: &Utf8Path) -> Option<&'static str> {
    let header = csv(path).map(|table| table.header).unwrap_or_default();
    let has = |name: &str| header.iter().any(|column| column == name);
    match header.as_slice() {
        _ if has("name") && has("config") && has("summary") => None,
        [] => Some("not read: it has no header"),
        [lone] if lone.contains(';') => Some("not read: its cells are not separated by commas"),
        _ => Some("not read: it has no column `_step` or `_timestamp`, as every history has"),
    }
}

/// Whether JSON is a history, all rows in one array.
pub(super) fn is_array_of_rows(value: &Value) -> bool {
    let Value::List(rows) = value else { return false };
    rows.first().is_some_and(|row| row.get("_step").is_some() || row.get("_timestamp").is_some())
}

/// Whether all columns of a chart end in the same two parts: then either the last one is the key, or
/// both are.
pub(super) fn shares_two_ends(header: &[String]) -> bool {
    let mut ends = header.iter().filter(|column| column.contains(" - ")).map(|column| {
        let mut parts = column.rsplitn(3, " - ");
        let key = parts.next()?;
        let key = key.strip_suffix("__MIN").or(key.strip_suffix("__MAX")).unwrap_or(key);
        parts.next().filter(|_| parts.next().is_some()).map(|before| (before, key))
    });
    let first = ends.next().flatten();
    first.is_some() && ends.all(|end| end == first)
}

/// The header of a CSV and its rows, each as long as the header; numbers of rows that cannot be
/// read.
#[derive(Debug)]
pub(super) struct Csv {
    pub header: Vec<String>,
    pub rows: Vec<StringRecord>,
    pub bad: Vec<u64>,
}

pub(super) fn csv(path: &Utf8Path) -> Result<Csv, String> {
    let mut reader = csv::ReaderBuilder::new().from_path(path).map_err(|error| error.to_string())?;
    let header = reader.byte_headers().map_err(|error| error.to_string())?;
    let header = header.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    let (mut rows, mut bad) = (Vec::new(), Vec::new());
    for (number, row) in (1..).zip(reader.byte_records()) {
        match row {
            Ok(row) => rows.push(StringRecord::from_byte_record_lossy(row)),
            Err(_) => bad.push(number),
        }
    }
    Ok(Csv { header, rows, bad })
}

/// What a cell says; `None` if it is empty.
pub(super) fn cell(text: &str) -> Option<Value> {
    Some(match text.trim() {
        "" => return None,
        "True" => Value::Bool(true),
        "False" => Value::Bool(false),
        "None" => Value::Null,
        "nan" => Value::Float(f64::NAN),
        "inf" => Value::Float(f64::INFINITY),
        "-inf" => Value::Float(f64::NEG_INFINITY),
        trimmed if trimmed.starts_with(['{', '[']) => {
            Value::parse(trimmed).or_else(|| python::parse(trimmed)).unwrap_or_else(|| Value::Text(text.to_owned()))
        }
        trimmed => match Value::parse(trimmed) {
            Some(number @ (Value::Integer(_) | Value::Float(_))) => number,
            _ => Value::Text(text.to_owned()),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_say_what_they_hold() {
        assert_eq!(cell(""), None);
        assert_eq!(cell("3"), Some(Value::Integer("3".to_owned())));
        assert_eq!(cell("9007199254740993"), Some(Value::Integer("9007199254740993".to_owned())));
        assert_eq!(cell("3.0").and_then(|value| value.as_i64()), Some(3));
        assert_eq!(cell("-inf"), Some(Value::Float(f64::NEG_INFINITY)));
        assert!(matches!(cell("NaN"), Some(Value::Float(value)) if value.is_nan()));
        assert_eq!(cell("007 James"), Some(Value::Text("007 James".to_owned())));
        assert_eq!(cell("{'a"), Some(Value::Text("{'a".to_owned())));
        assert!(cell("{'_type': 'x', 'b': True}").is_some_and(|value| value.get("b") == Some(&Value::Bool(true))));
    }
}
