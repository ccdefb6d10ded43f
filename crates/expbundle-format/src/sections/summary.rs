//! `summary.json`: the series of `metrics.parquet` in one line each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use serde_json::Value;

use crate::number::Number;

/// What the series come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Summary {
    /// By key, as computed from the points.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub series: BTreeMap<String, SeriesSummary>,
    /// What the source itself calls its summary, as a typed tree. Users may overwrite it, so it is
    /// a truth of its own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub declared: BTreeMap<String, Value>,
    /// Salt of a blinded section: 64 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
}

/// One series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SeriesSummary {
    /// Points, those that are no number among them.
    pub count: u64,
    /// Value of the first point by step, time and arrival, if a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Number>,
    /// Value of the last point, if a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Number>,
    /// Smallest finite value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Number>,
    /// Largest finite value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Number>,
    /// Points that are NaN or infinite.
    #[serde(default, skip_serializing_if = "crate::is_zero")]
    pub non_finite: u64,
    /// Points that are no number.
    #[serde(default, skip_serializing_if = "crate::is_zero")]
    pub texts: u64,
    /// What was aimed at, as declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal: Option<Goal>,
    /// The series whose values are this one's x axis, as declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_key: Option<String>,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Goal {
    /// Less is better.
    Minimize,
    /// More is better.
    Maximize,
}
