//! A model directory that carries a bundle (spec/directory.md): judging its files, attaching, releasing, detaching.
//!
//! The folder is that of a Hugging Face model repository, or any other: weights, a card, perhaps Git LFS pointers. Links are neither
//! followed nor written through, but in a snapshot of the Hub's cache.

mod alike;
pub mod attach;
pub mod card;
pub mod check;
pub mod covering;
pub mod diff;
mod documentation;
pub mod front_matter;
pub mod gitattributes;
mod outputs;
pub mod plan;
pub mod release;
pub mod releases;
pub mod scan;
pub mod shards;
pub mod story;
mod yaml_lines;

use expbundle_format::ArtifactDigests;

pub use attach::{AttachError, AttachOptions, plan_attach, plan_detach};
pub use check::{CoveredBy, Folder, Made, judge, not_made_here};
pub use documentation::is_not_counted;
pub use plan::{ApplyError, ObjectedRecord, Plan};
pub use release::{ReleaseError, Releasing, plan_release};

use schemars::JsonSchema;
use serde::Serialize;

/// The name of the bundle in a directory.
pub const BUNDLE_NAME: &str = "experiment.expb";

/// What was found out about a file of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedFile {
    /// Path within the directory, with `/` between names.
    pub path: String,
    /// What is known about it.
    pub state: FileState,
    /// Its digests: computed, of the pointer, or of the file that is missing.
    pub digest: Option<ArtifactDigests>,
    /// Its size in bytes, in the same sense.
    pub size: Option<u64>,
    /// Whether the release that the folder is held to lists just these bytes at this path.
    pub released: bool,
    /// The run that made these bytes.
    pub made: Option<Made>,
    /// Whether it looks like weights, or is an output that is a model.
    pub is_weights: bool,
}

/// What is known about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileState {
    /// Its bytes are those that were released, or, where nobody released the folder, those that a run made; and that is signed.
    Covered,
    /// A Git LFS pointer names covered bytes, which are elsewhere.
    Pointer,
    /// Other bytes belong at its path.
    Changed,
    /// The release lists it, and it is not here.
    Missing,
    /// No signature that counts covers it.
    Uncovered,
    /// A link, a pipe, or a path that is not UTF-8: nothing is known about it.
    Unreadable,
}
