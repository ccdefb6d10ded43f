//! Artifacts as a record lists them.

use serde::{Deserialize, Serialize};

use super::Word;
use crate::digest::ArtifactDigests;

/// Whether an artifact is a file, or a folder known by its listing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Its digests are those of its bytes.
    #[default]
    File,
    /// Its digests are those of its listing (spec/digests.md).
    Tree,
}

impl Form {
    /// Files are the rule, so the word is left out.
    pub fn is_file(&self) -> bool {
        *self == Self::File
    }
}

/// An artifact that a run took in or put out. Its name is in `artifacts.json`, which may be
/// withheld.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ArtifactRef {
    /// What it was to the run: `model`, `dataset`, … (open registry).
    pub role: Word,
    /// At least one strong digest.
    pub digest: ArtifactDigests,
    /// Size in bytes; of the listing, for a tree.
    #[cfg_attr(feature = "schema", schemars(range(max = 9_007_199_254_740_991_u64)))]
    pub size: u64,
    /// File or tree.
    #[serde(default, skip_serializing_if = "Form::is_file")]
    pub form: Form,
    /// Of an output: whether the run had been given these bytes, so that it did not make them.
    /// Without it a reader has to compare the output with everything that the run took in, and
    /// cannot where some of that is withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed_on: Option<bool>,
    /// Whether others have the same bytes without having them from here (a licence, a tokenizer, an
    /// empty configuration): then they prove no link.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub common: bool,
}

impl ArtifactRef {
    /// A file, or a tree by its listing, of which nothing more is known.
    pub fn new(role: Word, digest: ArtifactDigests, size: u64, form: Form) -> Self {
        Self { role, digest, size, form, passed_on: None, common: false }
    }
}
