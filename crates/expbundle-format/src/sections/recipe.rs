//! `recipe.json`: what it takes to run it again, and what a re-run would lack.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use serde_json::Value;

use crate::digest::{ArtifactDigests, Blake3};

/// Code, environment, hardware, parameters, data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Recipe {
    /// The code that ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The software around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// The machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hardware: Option<Hardware>,
    /// Parameters as a typed tree (spec/json.md). Texts stay texts: `"007"` is not a number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, Value>,
    /// Seeds of random numbers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub seeds: BTreeMap<String, Value>,
    /// Flags that make results repeatable, like `cudnn.deterministic`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub determinism: BTreeMap<String, Value>,
    /// Data that was used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<DataUse>,
    /// What a re-run lacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// Salt of a blinded section: 64 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
}

/// Where the code came from and how it was called.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Code {
    /// Address of the repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Commit that was checked out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Branch that was checked out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Program, relative to the repository or the working folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_point: Option<String>,
    /// Arguments of the program.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// Uncommitted changes, as an embedded patch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<Blake3>,
    /// Which kinds of change were captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
}

/// Which kinds of change beyond the commit were captured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Changes {
    /// In the index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staged: Option<Captured>,
    /// In tracked files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unstaged: Option<Captured>,
    /// New files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untracked: Option<Captured>,
    /// Commits that the repository's address did not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unpushed: Option<Captured>,
    /// In submodules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submodules: Option<Captured>,
}

/// Whether one kind of change is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Captured {
    /// There were changes, and the patch has them.
    Captured,
    /// There were none.
    None,
    /// Nobody looked.
    NotCaptured,
    /// There were too many to keep.
    TooLarge,
}

/// Software.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Environment {
    /// Operating system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// Version of Python.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub python: Option<String>,
    /// Packages, in the order of their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
    /// Container image, by digest where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_image: Option<String>,
    /// Other versions that matter, like `cuda`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub versions: BTreeMap<String, String>,
}

/// A package and its version.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Package {
    /// Name.
    pub name: String,
    /// Version, if one is pinned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The source's own line, where it is more than name and version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
}

/// The machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Hardware {
    /// Model of the processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// Cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_cores: Option<u64>,
    /// Hardware threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_threads: Option<u64>,
    /// Memory in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Accelerators.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accelerators: Vec<Accelerator>,
}

/// Accelerators of one model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Accelerator {
    /// Model, like `NVIDIA H100 80GB HBM3`.
    pub model: String,
    /// How many.
    pub count: u64,
    /// Memory of each, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Further facts as the source has them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, Value>,
}

/// Data that was used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DataUse {
    /// Name in the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it was used for: `training`, `validation`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Strong digests, where the bytes were here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<ArtifactDigests>,
    /// Digests of other kinds, which can suggest a link and prove none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub foreign: BTreeMap<String, String>,
}

/// Something that a re-run lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Gap {
    /// `code`, `environment`, `data`, `seed`, …
    pub what: String,
    /// What exactly, and how it could be mended.
    pub detail: String,
}
