//! `media.json`: images, tables, histograms by key and step.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use serde_json::Value;

use crate::digest::ArtifactDigests;
use crate::time::Time;

/// Everything to look at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Media {
    /// In the order of key, step and time.
    pub media: Vec<MediaItem>,
    /// Salt of a blinded section: 64 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
}

/// Something to look at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MediaItem {
    /// Name of its series.
    pub key: String,
    /// Step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<i64>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Time>,
    /// `image`, `table`, `histogram`, `audio`, `video`, `html`, …
    pub kind: String,
    /// Its file, which is among the artifacts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<ArtifactDigests>,
    /// Path of the file among the run's artifacts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What it shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Content that is not a file, like the bins of a histogram, as a typed tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Further facts, as a typed tree.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, Value>,
}
