//! Sections that are given as files: held to what the format has.

use expbundle::Content;
use expbundle_convert::series::Section;
use expbundle_format::json;
use expbundle_format::limits::Limits;
use expbundle_format::sections::{self, JsonSection};
use expbundle_series::{ConsoleReader, SeriesError, SeriesReader};
use serde_json::Value;

use crate::error::RunError;

/// Reads a section that the run goes on with. What it has no place for would be lost, and is an
/// error.
pub(crate) fn given<S: JsonSection>(section: &mut S, bytes: &[u8]) -> Result<(), RunError> {
    let limits = Limits::default();
    let wrong = |source| RunError::Section { name: S::NAME.to_owned(), source };
    let value = json::parse(bytes, &limits).map_err(wrong)?;
    *section = json::from_bytes(bytes, &limits).map_err(wrong)?;
    let kept = json::parse(&json::to_bytes(section).map_err(wrong)?, &limits).map_err(wrong)?;
    let mut lost = Vec::new();
    members_lost(&value, &kept, String::new(), &mut lost);
    if lost.is_empty() { Ok(()) } else { Err(RunError::UnknownMembers { name: S::NAME.to_owned(), members: lost }) }
}

/// The members of a value that another one lacks. Those that say nothing are not written again.
fn members_lost(given: &Value, kept: &Value, place: String, lost: &mut Vec<String>) {
    let says_nothing = match given {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) => false,
    };
    match (given, kept) {
        (Value::Object(given), Value::Object(kept)) => {
            for (name, value) in given {
                let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                members_lost(value, kept.get(name).unwrap_or(&Value::Null), place, lost);
            }
        }
        (Value::Array(given), Value::Array(kept)) if given.len() == kept.len() => {
            for (at, (given, kept)) in given.iter().zip(kept).enumerate() {
                members_lost(given, kept, format!("{place}[{at}]"), lost);
            }
        }
        (_, Value::Null) if !says_nothing => lost.push(place),
        _ => {}
    }
}

pub(crate) fn readable(name: &str, content: &Content) -> Result<(), SeriesError> {
    let section = Section(content.clone());
    match name {
        sections::METRICS | sections::TELEMETRY => SeriesReader::open(section)?.for_each(|_| ()),
        sections::CONSOLE => ConsoleReader::open(section)?.for_each(|_| ()),
        _ => Ok(()),
    }
}
