//! `events.json`: what happened around the run, on its clock; and the segments of an interrupted
//! run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use serde_json::Value;

use crate::time::Time;

/// Infrastructure events, alerts, segments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Events {
    /// In the order of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// Stretches between interruptions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<Segment>,
    /// Salt of a blinded section: 64 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
}

/// How bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum EventSeverity {
    /// For the record.
    #[default]
    Info,
    /// Worth a look.
    Warning,
    /// Something broke.
    Error,
}

/// Something that happened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// When, if the source says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Time>,
    /// `preemption`, `out-of-memory`, `throttling`, `network-stall`, `restart`, `checkpoint`,
    /// `alert`, `exit`, …
    pub kind: String,
    /// How bad.
    pub severity: EventSeverity,
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Machine of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Device of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Who noticed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Further facts, as a typed tree.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, Value>,
}

/// A stretch of a run without interruption.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Segment {
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Time>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Time>,
    /// Why it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
