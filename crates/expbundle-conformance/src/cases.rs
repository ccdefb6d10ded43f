//! Cases: a file or folder with one defect or one virtue, and what is to be said of it
//! (`conformance/case.schema.json`).

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a kind of implementation promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Container, JSON, records, digests of sections, statements: what a bundle is.
    Core,
    /// Schemas of sections, lineage, signers files and model directories too.
    Full,
    /// Core, without BLAKE3.
    Sha256,
    /// Writes the one bundle that a set of objects is.
    Writer,
}

/// A case as its file describes it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "A conformance case")]
pub struct Manifest {
    /// Why it matters.
    pub why: String,
    /// The page, and where it has one the heading, that decides.
    pub clause: String,
    /// Tiers that have to get it right.
    pub tiers: Vec<Tier>,
    /// The bundle or folder beside this file.
    pub input: String,
    /// A signers file beside this file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signers: Option<String>,
    /// The moment of the judgement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The state that is required; `trusted` where there is a signers file, else `intact`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require: Option<State>,
    /// `all` if SHA-256 is recomputed too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digests: Option<Digests>,
    /// The bundle that a writer has to make of the input, to the byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// What is to be said.
    pub expect: Expected,
}

/// What is to be said of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The state; `null` if there is no report.
    pub state: Option<State>,
    /// Codes of severity `error`, each once, in the order of bytes. If absent, any codes will do,
    /// and `also` is not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<BTreeSet<String>>,
    /// The code of the first error, where `errors` has several: two verifiers report the same one
    /// first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// Codes of severity `warning` and `info`. The full tier says these and no others; the rest may
    /// say fewer.
    pub also: BTreeSet<String>,
    /// The exit status.
    pub exit: i32,
}

/// The states of spec/report.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is beyond the limits of the reader, which are those that every reader has.
    Refused,
    /// Something is not what it claims to be.
    Malformed,
    /// Everything is what it claims to be.
    Intact,
    /// And somebody vouches for each record.
    Signed,
    /// And the signers file trusts them.
    Trusted,
}

impl State {
    /// The word of the protocol.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Malformed => "malformed",
            Self::Intact => "intact",
            Self::Signed => "signed",
            Self::Trusted => "trusted",
        }
    }
}

/// Which digests are recomputed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Digests {
    /// SHA-256 too.
    All,
}

/// A case with its place.
#[derive(Clone, Debug)]
pub struct Case {
    /// Folder of the case.
    pub layer: String,
    /// Its name in the layer.
    pub name: String,
    /// Folder that the paths of the manifest are relative to.
    pub folder: PathBuf,
    /// What the file says.
    pub manifest: Manifest,
}

impl Case {
    /// Layer and name: how lists of expected failures name it.
    pub fn id(&self) -> String {
        format!("{}/{}", self.layer, self.name)
    }

    /// The bundle or folder to verify.
    pub fn input(&self) -> PathBuf {
        self.folder.join(&self.manifest.input)
    }

    /// The signers file, if the case has one.
    pub fn signers(&self) -> Option<PathBuf> {
        self.manifest.signers.as_ref().map(|name| self.folder.join(name))
    }
}

/// Why cases cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CasesError {
    /// A file or folder that is not there or cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Read {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A manifest of another form.
    #[error("{path}: {source}", path = path.display())]
    Manifest {
        /// The path.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// Reads all cases of a folder of layers, in the order of their ids.
pub fn read(folder: &Path) -> Result<Vec<Case>, CasesError> {
    let mut cases = Vec::new();
    for layer in list(folder)?.into_iter().filter(|path| path.is_dir()) {
        for path in list(&layer)?.into_iter().filter(|path| path.extension().is_some_and(|end| end == "json")) {
            let text = fs::read(&path).map_err(|source| CasesError::Read { path: path.clone(), source })?;
            let manifest =
                serde_json::from_slice(&text).map_err(|source| CasesError::Manifest { path: path.clone(), source })?;
            let name = |path: &Path| path.file_stem().map(|name| name.to_string_lossy().into_owned());
            cases.push(Case {
                layer: name(&layer).unwrap_or_default(),
                name: name(&path).unwrap_or_default(),
                folder: layer.clone(),
                manifest,
            });
        }
    }
    Ok(cases)
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, CasesError> {
    let describe = |source| CasesError::Read { path: folder.to_owned(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(describe)? {
        paths.push(entry.map_err(describe)?.path());
    }
    paths.sort();
    Ok(paths)
}
