//! The members of `record.json`.

use serde::{Deserialize, Serialize};

use super::{ArtifactRef, Kind, SPEC, SectionList, SpecVersion, Status, Word};
use crate::digest::DigestSet;
use crate::time::Time;

/// A record that this one follows from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Parent {
    /// The parent's record, by the digests of its `record.json`.
    pub record: DigestSet,
    /// How: `fine-tuned-from`, `part-of`, … (open registry, spec/relations.toml).
    pub relation: Word,
}

/// The run's identity in the tool that tracked it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Source {
    /// The tool, like `mlflow`.
    pub tool: String,
    /// Its own id of the run.
    pub run: String,
}

/// What `record.json` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(title = "record.json"))]
pub struct RecordBody {
    /// Version of the format.
    pub spec: SpecVersion,
    /// A run, or an origin.
    pub kind: Kind,
    /// When the run started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Time>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Time>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Who it was in its tracker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// What it took in.
    pub inputs: Vec<ArtifactRef>,
    /// What it put out.
    pub outputs: Vec<ArtifactRef>,
    /// Records that it follows from.
    pub parents: Vec<Parent>,
    /// Its sections by file name.
    pub sections: SectionList,
    /// Whether every section holds a salt of its own, so that a withheld one cannot be guessed from
    /// its digest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blinded: bool,
    /// URIs of extensions that a reader must understand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub critical: Vec<String>,
}

impl RecordBody {
    /// A record of that kind which says nothing yet.
    pub fn new(kind: Kind) -> Self {
        Self {
            spec: SPEC,
            kind,
            started: None,
            ended: None,
            status: None,
            source: None,
            inputs: Vec::new(),
            outputs: Vec::new(),
            parents: Vec::new(),
            sections: SectionList::default(),
            blinded: false,
            critical: Vec::new(),
        }
    }

    /// Brings lists into the one order of writers: sorted, each item once.
    pub(super) fn normalize(&mut self) {
        self.inputs.sort();
        self.inputs.dedup();
        self.outputs.sort();
        self.outputs.dedup();
        self.parents.sort();
        self.parents.dedup();
        self.critical.sort();
        self.critical.dedup();
    }
}
