//! Operations, of which nearly all log numbers: those are read without taking the line apart.

use std::borrow::Cow;

use serde::Deserialize;

use crate::wandb::Value;

/// A line that logs numbers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Frequent<'a> {
    #[serde(borrow)]
    pub obj: LogFloats<'a>,
    pub version: u64,
    pub at: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogFloats<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Cow<'a, str>,
    #[serde(borrow)]
    pub path: Vec<Cow<'a, str>>,
    pub values: Vec<Float>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Float {
    pub value: f64,
    pub step: Option<f64>,
    pub ts: Option<f64>,
}

/// An operation with the members around it.
pub(super) struct Operation {
    pub kind: String,
    pub path: String,
    pub object: Value,
    pub version: Option<u64>,
    /// Seconds since 1970.
    pub at: Option<f64>,
}

impl Operation {
    /// Reads an operation; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let Value::Object(mut whole) = Value::parse(text)? else { return None };
        let object = whole.swap_remove("obj")?;
        let Value::List(path) = object.get("path")? else { return None };
        let parts: Vec<&str> = path.iter().map(Value::as_str).collect::<Option<_>>()?;
        Some(Self {
            kind: object.get("type")?.as_str()?.to_owned(),
            path: parts.join("/"),
            version: whole.get("version").and_then(Value::as_i64).and_then(|version| u64::try_from(version).ok()),
            at: whole.get("at").and_then(Value::as_f64),
            object,
        })
    }

    /// A text member that is not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The members of a list; none if there is no such list.
    pub fn list(&self, name: &str) -> &[Value] {
        match self.object.get(name) {
            Some(Value::List(items)) => items,
            _ => &[],
        }
    }
}
