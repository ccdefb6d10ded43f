//! Writes the fixed form (spec/json.md, "Writing").
//!
//! Ids are digests of these bytes, so none of them is left to a library: `serde_json` has changed
//! how it prints floats before, and features that some other crate of the program turns on
//! (`preserve_order`, `arbitrary_precision`) change what it prints now.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Number, Value};

use super::JsonError;
use crate::number::MAX_SAFE_INTEGER;

/// Writes the fixed form: sorted keys, two spaces, a final newline; what Python's
/// `json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False) + "\n"` writes.
///
/// Floats that JSON lacks become `null` on their way into a [`Value`], where nothing can tell them
/// any more; types that may hold one use [`crate::number::Number`].
pub fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, JsonError> {
    value_to_bytes(&serde_json::to_value(value).map_err(|error| JsonError::Unwritable(error.to_string()))?)
}

/// The same of what is a value already, without a copy of it.
pub fn value_to_bytes(value: &Value) -> Result<Vec<u8>, JsonError> {
    let mut text = String::new();
    write_value(&mut text, value, 0)?;
    text.push('\n');
    Ok(text.into_bytes())
}

/// As deep as the value is, which `to_value` has been before.
fn write_value(text: &mut String, value: &Value, level: usize) -> Result<(), JsonError> {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => write_number(text, number)?,
        Value::String(string) => write_string(text, string),
        Value::Array(items) if items.is_empty() => text.push_str("[]"),
        Value::Array(items) => {
            for (position, item) in items.iter().enumerate() {
                text.push(if position == 0 { '[' } else { ',' });
                new_line(text, level + 1);
                write_value(text, item, level + 1)?;
            }
            new_line(text, level);
            text.push(']');
        }
        Value::Object(members) if members.is_empty() => text.push_str("{}"),
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(key, _)| *key);
            for (position, (key, member)) in members.into_iter().enumerate() {
                text.push(if position == 0 { '{' } else { ',' });
                new_line(text, level + 1);
                write_string(text, key);
                text.push_str(": ");
                write_value(text, member, level + 1)?;
            }
            new_line(text, level);
            text.push('}');
        }
    }
    Ok(())
}

fn new_line(text: &mut String, level: usize) {
    text.push('\n');
    for _ in 0..level {
        text.push_str("  ");
    }
}

fn write_string(text: &mut String, string: &str) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\0'..='\u{1f}' => write!(text, "\\u{:04x}", u32::from(character)).expect("a string takes all text"),
            _ => text.push(character),
        }
    }
    text.push('"');
}

fn write_number(text: &mut String, number: &Number) -> Result<(), JsonError> {
    let unsafe_integer = || JsonError::Unwritable(format!("the integer {number} is beyond 2^53 - 1"));
    if let Some(integer) = number.as_i64() {
        if integer.unsigned_abs() > MAX_SAFE_INTEGER {
            return Err(unsafe_integer());
        }
        text.push_str(&integer.to_string());
        return Ok(());
    }
    match number.as_f64().filter(|float| float.is_finite()) {
        Some(float) if number.is_f64() => {
            write_float(text, float);
            Ok(())
        }
        _ => Err(unsafe_integer()),
    }
}

/// As Python prints a float: the fewest digits that read back as it, and an exponent below 0.0001
/// and from 1e16 on.
fn write_float(text: &mut String, float: f64) {
    if float == 0.0 || (1e-4..1e16).contains(&float.abs()) {
        // Without an exponent Rust prints the same, whatever the size.
        let plain = float.to_string();
        text.push_str(&plain);
        if !plain.contains('.') {
            text.push_str(".0");
        }
        return;
    }
    let scientific = format!("{float:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    write!(text, "{digits}e{sign}{exponent:0>2}").expect("a string takes all text");
}
