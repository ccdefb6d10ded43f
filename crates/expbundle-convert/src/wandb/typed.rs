//! W&B's values as typed trees of the format.

use expbundle_format::number::typed as format;
use expbundle_trackers::wandb::Value;
use serde_json::{Map, Value as Json};

use crate::ledger::Foreign;

impl Foreign for Value {
    fn tree(&self) -> Json {
        typed(self)
    }
}

/// A value as a typed tree. It is no deeper than a tree may be, for what is deeper was not taken
/// apart.
pub(crate) fn typed(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Integer(digits) => format::integer(digits).unwrap_or_else(|| digits.clone().into()),
        Value::Float(value) => format::float(*value),
        Value::Text(text) => text.clone().into(),
        Value::List(items) => items.iter().map(typed).collect(),
        Value::Object(members) => {
            let members: Map<String, Json> = members.iter().map(|(key, value)| (key.clone(), typed(value))).collect();
            format::object(members)
        }
        Value::Json(text) => format::text(text),
    }
}

/// The members of an object, each as a typed tree.
pub(crate) fn members(value: &Value) -> impl ExactSizeIterator<Item = (&str, Json)> {
    let members = match value {
        Value::Object(members) => Some(members.iter()),
        _ => None,
    };
    members.unwrap_or_default().map(|(key, value)| (key.as_str(), typed(value)))
}
