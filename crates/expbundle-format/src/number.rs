//! Values that JSON cannot hold, written so that they survive (spec/json.md).
//!
//! JSON has no NaN, no infinity and, for many readers, no integer beyond 2^53. Trackers have all
//! three.

use std::fmt;

#[cfg(feature = "schema")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The largest integer that every JSON reader understands: 2^53 − 1.
pub const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// A 64-bit float in JSON: a number, or one of the strings `"NaN"`, `"Infinity"`, `"-Infinity"`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct Number(pub f64);

impl PartialEq for Number {
    /// Bitwise, so that NaN equals itself and −0 differs from 0: two records are equal when their
    /// bytes are.
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits() || (self.0.is_nan() && other.0.is_nan())
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Value {
        match serde_json::Number::from_f64(number.0) {
            Some(finite) => Value::Number(finite),
            None => Value::String(nonfinite_name(number.0).to_owned()),
        }
    }
}

/// The JSON value is not a number, nor the name of one that JSON has no digits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a number, \"NaN\", \"Infinity\" or \"-Infinity\"")]
pub struct NumberError;

impl TryFrom<Value> for Number {
    type Error = NumberError;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        let number = match &value {
            Value::Number(number) => number.as_f64(),
            Value::String(name) => nonfinite(name),
            _ => None,
        };
        number.map(Self).ok_or(NumberError)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.abs() {
            size if !size.is_finite() => f.write_str(nonfinite_name(self.0)),
            // Where the digits would be zeros most of all.
            size if f.precision().is_none() && size != 0.0 && !(1e-5..1e16).contains(&size) => {
                fmt::LowerExp::fmt(&self.0, f)
            }
            _ => self.0.fmt(f),
        }
    }
}

#[cfg(feature = "schema")]
impl JsonSchema for Number {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "oneOf": [{ "type": "number" }, { "enum": ["NaN", "Infinity", "-Infinity"] }],
            "description": "A 64-bit float; those that JSON lacks are strings"
        })
    }
}

fn nonfinite_name(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

fn nonfinite(name: &str) -> Option<f64> {
    match name {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// Builds a *typed tree*: free-form values from a tracker, with what JSON cannot hold wrapped in an
/// object of one member.
///
/// `{"$float": "NaN"}` is a float that JSON lacks, `{"$integer": "9007199254740993"}` an integer
/// beyond 2^53 − 1. An object of one's own whose only key starts with `$` gets a second `$`, so
/// nothing is ambiguous. `{"$json": "[[0]]"}` is a list or an object that is not taken apart, as
/// its text: a tree has [`MOST_LEVELS`](typed::MOST_LEVELS) levels, for a section has 64 in all.
pub mod typed {
    use serde_json::{Map, Value, json};

    use super::{MAX_SAFE_INTEGER, nonfinite_name};

    /// Levels of lists and objects of a typed tree; what is deeper is text.
    pub const MOST_LEVELS: u32 = 48;

    /// A free-form JSON value as a typed tree.
    pub fn tree(value: &Value) -> Value {
        below(value, MOST_LEVELS)
    }

    fn below(value: &Value, levels: u32) -> Value {
        match value {
            Value::Array(_) | Value::Object(_) if levels == 0 => text(&value.to_string()),
            Value::Array(items) => items.iter().map(|item| below(item, levels - 1)).collect(),
            Value::Object(members) => {
                object(members.iter().map(|(name, value)| (name.clone(), below(value, levels - 1))).collect())
            }
            Value::Number(number) if number.is_f64() => number.as_f64().map_or(Value::Null, float),
            Value::Number(number) => integer(&number.to_string()).unwrap_or(Value::Null),
            other => other.clone(),
        }
    }

    /// A list or an object that is not taken apart, as its JSON text.
    pub fn text(json: &str) -> Value {
        json!({ "$json": json })
    }

    /// How many values of a JSON text in the fixed form are not taken apart: in one, a name stands
    /// in these bytes and nothing else does.
    pub fn count_texts(fixed: &[u8]) -> u64 {
        memchr::memmem::find_iter(fixed, b"\"$json\": \"").count() as u64
    }

    /// A float.
    pub fn float(value: f64) -> Value {
        match serde_json::Number::from_f64(value) {
            Some(finite) => Value::Number(finite),
            None => json!({ "$float": nonfinite_name(value) }),
        }
    }

    /// An integer of any length, given as its decimal digits with an optional `-`. `None` if it is
    /// no such text.
    pub fn integer(text: &str) -> Option<Value> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        Some(match text.parse::<i64>() {
            Ok(small) if small.unsigned_abs() <= MAX_SAFE_INTEGER => Value::from(small),
            _ => json!({ "$integer": text }),
        })
    }

    /// An object, with the escape where its own key would look like a wrapper.
    pub fn object(mut members: Map<String, Value>) -> Value {
        let only = if members.len() == 1 { members.keys().next().cloned() } else { None };
        if let Some(key) = only.filter(|key| key.starts_with('$'))
            && let Some(value) = members.remove(&key)
        {
            members.insert(format!("${key}"), value);
        }
        Value::Object(members)
    }

    /// The text inside a wrapper, if the value is one: digits of an integer, the name of a float,
    /// or JSON.
    pub fn wrapped(value: &Value) -> Option<&str> {
        let members = value.as_object().filter(|members| members.len() == 1)?;
        let (key, inner) = members.iter().next()?;
        inner.as_str().filter(|_| matches!(key.as_str(), "$float" | "$integer" | "$json"))
    }

    /// The text a person would read for a value of a typed tree.
    pub fn display(value: &Value) -> String {
        match value {
            Value::String(text) => text.clone(),
            _ => wrapped(value).map_or_else(|| value.to_string(), str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn floats_that_json_lacks_are_strings() {
        for value in [0.5, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let text = serde_json::to_string(&Number(value)).expect("a number");
            assert_eq!(serde_json::from_str::<Number>(&text).expect(&text), Number(value));
        }
        assert!(serde_json::from_str::<Number>("\"nan\"").is_err());
        let written = |value| serde_json::to_string(&Number(value)).expect("a number");
        assert_eq!(written(f64::INFINITY), r#""Infinity""#);
        assert_eq!(written(f64::NEG_INFINITY), r#""-Infinity""#);
        assert_eq!(written(f64::NAN), r#""NaN""#);
    }

    #[test]
    fn numbers_are_equal_when_their_bytes_are() {
        let equal = |a, b| Number(a) == Number(b);
        assert!(equal(f64::NAN, -f64::NAN) && equal(0.5, 0.5));
        assert!(!equal(0.0, -0.0) && !equal(1.0, 2.0) && !equal(f64::NAN, 1.0) && !equal(1.0, f64::NAN));
    }

    #[test]
    fn typed_trees_keep_what_json_cannot_hold() {
        assert_eq!(typed::integer("-7"), Some(json!(-7)));
        assert_eq!(typed::integer("9007199254740992"), Some(json!({"$integer": "9007199254740992"})));
        assert_eq!(typed::integer("1e3"), None);
        assert_eq!(typed::float(f64::NAN), json!({"$float": "NaN"}));
        let own = json!({"$float": "NaN"}).as_object().expect("an object").clone();
        assert_eq!(typed::object(own), json!({"$$float": "NaN"}));
    }

    #[test]
    fn what_is_deeper_than_a_typed_tree_is_text() {
        let nested = |levels: usize| format!("{}0{}", "{\"a\":[".repeat(levels / 2), "]}".repeat(levels / 2));
        for levels in [2, 40, 48, 50, 100] {
            let value: Value = serde_json::from_str(&nested(levels)).expect("JSON");
            let tree = typed::tree(&value);
            let text = crate::json::to_bytes(&json!({ "a": { "b": { "c": tree } } })).expect("JSON");
            crate::json::check(&text, &crate::limits::Limits::default()).expect("within the limits");
            assert_eq!(typed::count_texts(&text), u64::from(levels > 48), "{levels}");
            assert_eq!(tree == value, levels <= 48);
        }
        assert_eq!(typed::display(&typed::text("[1]")), "[1]");
        // Neither a text nor an object of a tracker's own is taken for one.
        let own = typed::tree(&json!([{ "$json": "x" }, "\"$json\": \"x"]));
        assert_eq!(typed::count_texts(&crate::json::to_bytes(&own).expect("JSON")), 0);
    }

    #[test]
    fn typed_trees_are_shown_as_their_tracker_showed_them() {
        assert_eq!(typed::display(&json!("text")), "text");
        assert_eq!(typed::display(&json!({"$float": "-Infinity"})), "-Infinity");
        assert_eq!(typed::display(&json!({"$integer": "9007199254740993"})), "9007199254740993");
        for plain in [json!({"$other": "1"}), json!({"$float": "NaN", "b": 1}), json!({"$float": 1}), json!([1.5])] {
            assert_eq!(typed::wrapped(&plain), None);
            assert_eq!(typed::display(&plain), plain.to_string());
        }
    }
}
