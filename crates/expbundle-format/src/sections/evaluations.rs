//! `evaluations.json`: results by task, data set, split, metric and slice.

use serde::{Deserialize, Serialize};

use crate::digest::ArtifactDigests;
use crate::number::Number;
use crate::time::Time;

/// Results.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Evaluations {
    /// One at a time.
    pub evaluations: Vec<Evaluation>,
    /// Salt of a blinded section: 64 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
}

/// One result.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// What was done, like `image-classification`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Name of the data set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// Digests of the data set, where its bytes were here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset_digest: Option<ArtifactDigests>,
    /// The data set's digest in the source, which proves nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset_foreign_digest: Option<String>,
    /// Part of the data set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// What was measured.
    pub metric: String,
    /// Part of the data that the result is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slice: Option<String>,
    /// The result, if a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Number>,
    /// The result in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judgement: Option<String>,
    /// Which model was evaluated, by its name or id in the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Which model was evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_digest: Option<ArtifactDigests>,
    /// Who or what evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluator: Option<String>,
    /// At which step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<i64>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Time>,
}
