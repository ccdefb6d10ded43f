//! `artifacts.json`: what the files of the run are, by digest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use serde_json::Value;

use crate::digest::{ArtifactDigests, DigestSet};
use crate::record::{Form, Word};
use crate::time::Time;

/// Every artifact that the source knows, also those whose bytes nobody has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Artifacts {
    /// In the order of direction, role, name, path and digest.
    pub artifacts: Vec<Artifact>,
    /// Salt of a blinded section: 64 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
}

impl Artifacts {
    /// Puts them in their order.
    pub fn sort(&mut self) {
        self.artifacts.sort_by_cached_key(|artifact| {
            (artifact.direction, artifact.role.clone(), artifact.name.clone(), artifact.path.clone(), artifact.digest)
        });
    }
}

/// Which way an artifact went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The run took it in.
    Input,
    /// The run put it out.
    #[default]
    Output,
}

/// An artifact. Without `digest` nobody had the bytes, and it can never prove a link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// In or out.
    pub direction: Direction,
    /// What it was to the run, as in the record.
    pub role: Word,
    /// Strong digests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<ArtifactDigests>,
    /// Digests of other kinds (`md5`, `mlflow-dataset`, `wandb-manifest-md5`, …): can suggest a
    /// link, prove none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub foreign: BTreeMap<String, String>,
    /// Size in bytes; of the listing, for a tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// File or tree.
    #[serde(default, skip_serializing_if = "Form::is_file")]
    pub form: Form,
    /// Name in the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Path among the run's artifacts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Addresses that do not name a machine's folders; those are in `identity.json`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uris: Vec<String>,
    /// Media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// The source's own type of it.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Version in the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Other names in the source, like `latest`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Licence, as stated; never guessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// When it was logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Time>,
    /// At which step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<i64>,
    /// Facts about a data set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetFacts>,
    /// Facts about a model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelFacts>,
    /// Its files, where only the source's own list tells them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<ArtifactFile>,
    /// Anything else that the source says of it, as a typed tree.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, Value>,
}

impl Artifact {
    /// An artifact of which only direction and role are known.
    pub fn new(direction: Direction, role: Word) -> Self {
        Self {
            direction,
            role,
            digest: None,
            foreign: BTreeMap::new(),
            size: None,
            form: Form::File,
            name: None,
            path: None,
            uris: Vec::new(),
            media_type: None,
            kind: None,
            version: None,
            aliases: Vec::new(),
            description: None,
            licence: None,
            time: None,
            step: None,
            dataset: None,
            model: None,
            files: Vec::new(),
            metadata: BTreeMap::new(),
        }
    }
}

/// Facts about a data set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DatasetFacts {
    /// What it was used for: `training`, `validation`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Kind of place it came from, like `huggingface` or `local`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_type: Option<String>,
    /// The place, as the source writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Value>,
    /// Columns and types, as the source writes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// Row counts and alike, as the source writes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Value>,
}

/// Facts about a model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ModelFacts {
    /// Its id in the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// File format, like `safetensors`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Ways to load it, like `sklearn`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flavors: Vec<String>,
    /// Number of parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<u64>,
    /// Inputs and outputs, as the source writes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<Value>,
    /// Versions in a model registry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registered: Vec<RegisteredVersion>,
}

/// A version of a registered model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegisteredVersion {
    /// Name of the registered model.
    pub name: String,
    /// Version.
    pub version: String,
    /// Aliases, like `champion`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Stage, like `Production`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Description of this version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Tags of this version.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Anything else that the source says of it, as a typed tree.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, Value>,
}

/// A file of an artifact that is known by its source's list only.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ArtifactFile {
    /// Path within the artifact.
    pub path: String,
    /// Size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Strong digests, where the bytes were here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<DigestSet>,
    /// Digests of other kinds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub foreign: BTreeMap<String, String>,
    /// Address, for a file that is only referred to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
}
