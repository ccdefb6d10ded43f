//! A model directory that carries a bundle (spec/directory.md): checking its files, attaching, detaching.
//!
//! The folder is that of a Hugging Face model repository, or any other: weights, a card, perhaps Git LFS pointers. Links
//! that lead out of it are neither followed nor written through.

pub mod attach;
pub mod card;
pub mod check;
pub mod diff;
pub mod front_matter;
pub mod gitattributes;
pub mod plan;
pub mod pointer;
pub mod story;
mod yaml_lines;

use camino::Utf8Path;
use expbundle_format::record::Word;
use expbundle_format::{ArtifactDigests, Finding, RecordId};

pub use attach::{AttachError, AttachOptions, plan_attach, plan_detach};
pub use plan::{ApplyError, Plan};

use schemars::JsonSchema;
use serde::Serialize;

use crate::hash::{HashError, Progress};
use story::Story;

/// The name of the bundle in a directory.
pub const BUNDLE_NAME: &str = "experiment.expb";

/// What was found out about a file of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedFile {
    /// Path within the directory, with `/` between names.
    pub path: String,
    /// What is known about it.
    pub state: FileState,
    /// Its digests: computed, or of the pointer.
    pub digest: Option<ArtifactDigests>,
    /// The record that speaks of it.
    pub record: Option<RecordId>,
    /// What it was to that record.
    pub role: Option<Word>,
}

/// What is known about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileState {
    /// Its bytes are those that a record names.
    Verified,
    /// A Git LFS pointer names the bytes that a record names; the bytes are elsewhere.
    Pointer,
    /// It stands where a record's file should, and is another.
    Changed,
    /// No record speaks of it.
    Unknown,
}

/// Compares the files of a folder with what the records of its bundle say, with both digests if asked.
pub fn check_directory(
    folder: &Utf8Path,
    story: &Story<'_>,
    all_digests: bool,
    progress: Progress<'_>,
) -> Result<(Vec<CheckedFile>, Vec<Finding>), HashError> {
    let claims = story.claims();
    let scan = check::scan(folder, check::wanted(&claims, all_digests), progress)?;
    Ok(check::compare(&scan, &claims))
}
