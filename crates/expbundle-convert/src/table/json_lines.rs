//! Rows of JSON lines: an object a line, with the NaN and infinities that Python writes.

use std::collections::HashMap;
use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _};

use expbundle_trackers::skip_mark;
use expbundle_trackers::wandb::Value;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::cell::Cell;
use super::row::{Broken, Row};
use super::{Input, MOST_COLUMNS, MOST_ROW_BYTES, TableError, Take};

/// From here on a float may be an integer whose digits are lost.
const LARGE: f64 = 9_007_199_254_740_992.0;

/// A file of JSON lines.
pub(super) struct JsonLines {
    input: BufReader<Input>,
}

/// The columns so far, in the order in which they came.
#[derive(Default)]
struct Columns {
    names: Vec<String>,
    numbers: HashMap<String, usize>,
    /// The last turn in which each was seen: a member that comes twice is found in constant time.
    last: Vec<u64>,
    /// Counts objects that are begun.
    turn: u64,
    bytes: usize,
    is_full: bool,
}

impl Columns {
    /// The number of a column; `None` if the object has it already, or there is no room.
    fn number(&mut self, name: &str) -> Option<usize> {
        let number = if let Some(number) = self.numbers.get(name) {
            *number
        } else {
            self.bytes += name.len();
            if self.names.len() == MOST_COLUMNS || self.bytes > MOST_ROW_BYTES {
                self.is_full = true;
                return None;
            }
            self.names.push(name.to_owned());
            self.numbers.insert(name.to_owned(), self.last.len());
            self.last.push(0);
            self.last.len() - 1
        };
        let last = self.last.get_mut(number)?;
        (std::mem::replace(last, self.turn) != self.turn).then_some(number)
    }
}

impl JsonLines {
    pub fn new(input: Input) -> Self {
        Self { input: BufReader::with_capacity(1 << 16, input) }
    }

    /// Gives each row to `take`.
    pub fn rows(mut self, take: Take<'_>) -> Result<(), TableError> {
        let (mut columns, mut row, mut line) = (Columns::default(), Row::default(), Vec::new());
        skip_mark(&mut self.input)?;
        loop {
            line.clear();
            row.next();
            let read = (&mut self.input).take(MOST_ROW_BYTES as u64 + 1).read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(());
            }
            if read > MOST_ROW_BYTES {
                return Err(TableError::RowTooLong { line: row.number() });
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            if let Err(why) = object(&line, &mut columns, &mut row) {
                row.set_broken(why);
            }
            if columns.is_full {
                return Err(TableError::TooManyColumns);
            }
            if !take(&columns.names, &row) {
                return Ok(());
            }
        }
    }
}

/// Reads a line. What `serde_json` cannot read is read again as W&B's dialect, which has NaN and
/// integers of any length.
fn object(line: &[u8], columns: &mut Columns, row: &mut Row) -> Result<(), Broken> {
    let mut twice = false;
    columns.turn += 1;
    let mut deserializer = serde_json::Deserializer::from_slice(line);
    let members = Members { columns, row, twice: &mut twice };
    if members.deserialize(&mut deserializer).is_ok() && deserializer.end().is_ok() {
        return Ok(());
    }
    if twice {
        return Err(Broken::Twice);
    }
    row.begin(row.number());
    let text = str::from_utf8(line).map_err(|_| Broken::NotJson)?;
    let Value::Object(members) = Value::parse(text).ok_or(Broken::NotJson)? else { return Err(Broken::NotAnObject) };
    columns.turn += 1;
    for (name, value) in &*members {
        let column = columns.number(name).ok_or(Broken::Twice)?;
        match value {
            Value::Null => {}
            Value::Bool(value) => row.push(column, Cell::Bool(*value)),
            Value::Integer(digits) => row.push(column, Cell::Text(digits)),
            Value::Float(value) => row.push(column, Cell::Float(*value)),
            Value::Text(text) => row.push(column, Cell::Text(text)),
            Value::List(_) => row.push(column, Cell::Other("a list")),
            Value::Object(_) | Value::Json(_) => row.push(column, Cell::Other("an object")),
        }
    }
    Ok(())
}

/// Reads the members of an object into a row.
struct Members<'a> {
    columns: &'a mut Columns,
    row: &'a mut Row,
    twice: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(column) = map.next_key_seed(Name(&mut *self.columns))? {
            let Some(column) = column else {
                *self.twice = !self.columns.is_full;
                return Err(A::Error::custom("a member twice"));
            };
            map.next_value_seed(Member { row: &mut *self.row, column })?;
        }
        Ok(())
    }
}

/// Reads the name of a member as the number of a column.
struct Name<'a>(&'a mut Columns);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<usize>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<usize>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.number(name))
    }
}

/// Reads the value of a member into a row.
struct Member<'a> {
    row: &'a mut Row,
    column: usize,
}

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.row.push(self.column, Cell::Bool(value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.row.push(self.column, Cell::Integer(value));
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.visit_i64(i64::try_from(value).map_err(|_| E::custom("digits"))?)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        if value.abs() >= LARGE {
            return Err(E::custom("digits"));
        }
        self.row.push(self.column, Cell::Float(value));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.row.push(self.column, Cell::Text(text));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        self.row.push(self.column, Cell::Other("a list"));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.row.push(self.column, Cell::Other("an object"));
        Ok(())
    }
}
