//! W&B's values as typed trees of the format.

use expbundle_format::number::typed as format;
use expbundle_trackers::wandb::Value;
use serde_json::{Map, Value as Json};

/// Deeper values are kept as their JSON text: a section may be 64 deep.
const MOST_LEVELS: u32 = 40;

/// A value as a typed tree.
pub(super) fn typed(value: &Value) -> Json {
    at_level(value, 0)
}

fn at_level(value: &Value, level: u32) -> Json {
    if level > MOST_LEVELS {
        return Json::String(format!("{value:?}"));
    }
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Integer(digits) => format::integer(digits).unwrap_or_else(|| digits.clone().into()),
        Value::Float(value) => format::float(*value),
        Value::Text(text) => text.clone().into(),
        Value::List(items) => items.iter().map(|item| at_level(item, level + 1)).collect(),
        Value::Object(members) => {
            let members: Map<String, Json> =
                members.iter().map(|(key, value)| (key.clone(), at_level(value, level + 1))).collect();
            format::object(members)
        }
    }
}

/// The members of an object, each as a typed tree.
pub(super) fn members(value: &Value) -> Vec<(&str, Json)> {
    match value {
        Value::Object(members) => members.iter().map(|(key, value)| (key.as_str(), typed(value))).collect(),
        _ => Vec::new(),
    }
}
