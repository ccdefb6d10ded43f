//! What verification has to say of a model directory (spec/directory.md). Whoever judges its files
//! fills this in; `expbundle-directory` does.

use std::collections::BTreeSet;

use expbundle_format::time::Time;
use expbundle_format::{ArtifactDigests, Blake3, Finding, RecordId, StatementId};
use serde::Serialize;

use crate::judge::State;
use crate::report::ApartFile;
use crate::skipped::WhySkipped;

/// A directory, judged by its files.
#[derive(Clone, Debug)]
pub struct Folder {
    /// How much holds if nothing has an error.
    pub state: State,
    /// Every counted file, and every one that is missing, in the order of their paths.
    pub files: Vec<FileReport>,
    /// The directory as a whole.
    pub report: FolderReport,
    /// Files that nothing covers, and the record that names each as its output, but that no trusted
    /// key signed.
    pub apart: Vec<ApartFile>,
    /// Records without a say, set apart or taken back, that somebody whose word counts objects to, and
    /// that name a counted file as their output.
    pub objected_makers: BTreeSet<RecordId>,
    /// What is wrong, at most 100 of one code.
    pub findings: Vec<Finding>,
}

/// A directory.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FolderReport {
    /// How its covered files are known: to a release, or to the records that made them.
    pub covered_by: CoveredBy,
    /// Who covers them: principals of the signers file; without one the fingerprints of keys.
    pub signers: Vec<String>,
    /// What is released, as its signer says. Claimed.
    pub title: Option<String>,
    /// Counted files in each state.
    pub counts: FileCounts,
    /// Whether weights are here, and covered.
    pub has_weights: bool,
    /// Files that look like weights and are an output of no record that may be named
    /// (spec/directory.md).
    pub not_made_here: Vec<String>,
    /// Files that are links of the Hub's cache, read as the blobs that they lead to.
    pub followed: u64,
    /// What is not counted: documentation, and what git and the Hub keep for themselves.
    pub not_counted: Vec<String>,
    /// Every release in the bundle, the latest first.
    pub releases: Vec<ReleaseReport>,
}

/// How many files are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FileCounts {
    /// See [`FileState::Covered`].
    pub covered: u64,
    /// See [`FileState::Pointer`].
    pub pointer: u64,
    /// See [`FileState::Changed`].
    pub changed: u64,
    /// See [`FileState::Missing`].
    pub missing: u64,
    /// See [`FileState::Uncovered`].
    pub uncovered: u64,
    /// See [`FileState::Unreadable`].
    pub unreadable: u64,
}

impl FileCounts {
    /// Counts them.
    pub fn of(files: &[FileReport]) -> Self {
        let mut counts = Self::default();
        for file in files {
            *match file.state {
                FileState::Covered => &mut counts.covered,
                FileState::Pointer => &mut counts.pointer,
                FileState::Changed => &mut counts.changed,
                FileState::Missing => &mut counts.missing,
                FileState::Uncovered => &mut counts.uncovered,
                FileState::Unreadable => &mut counts.unreadable,
            } += 1;
        }
        counts
    }

    /// All that are here: missing ones are not.
    pub fn here(&self) -> u64 {
        let Self { covered, pointer, changed, missing: _, uncovered, unreadable } = self;
        covered + pointer + changed + uncovered + unreadable
    }
}

/// A release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReleaseReport {
    /// The statement.
    pub statement: StatementId,
    /// What it is to the directory.
    pub state: ReleaseState,
    /// Principals of its signer, or the fingerprint of the key if it is not trusted.
    pub by: Vec<String>,
    /// When it was made, as its signer says.
    pub created: Time,
    /// What is released, as its signer says. Claimed.
    pub title: Option<String>,
    /// Whether the directory is what it lists, to the byte, whether or not it counts.
    pub same: bool,
    /// How many files it lists; null if its listing is not here, so that they may be any.
    pub listed: Option<u64>,
    /// How many of them are counted files of the directory, at whatever path.
    pub here: u64,
    /// Whether one of those is a file that others do not have by chance.
    #[serde(skip)]
    pub names_files: bool,
    /// Of one that was revoked, whether everybody who did so released just these files anew.
    #[serde(skip)]
    pub signed_anew: bool,
    /// Its listing.
    #[serde(skip)]
    pub listing: Blake3,
    /// Of one that was revoked, who did so first.
    #[serde(skip)]
    pub revoked_by: Option<RevokedBy>,
}

impl ReleaseReport {
    /// Whether it was revoked, and is or may be a release of files that are here. What everybody who
    /// revoked it has released anew is none.
    pub fn is_objection(&self) -> bool {
        let may_be_of_these = self.same || self.names_files || self.listed.is_none();
        self.state == ReleaseState::Revoked && may_be_of_these && !self.signed_anew
    }

    /// What it is to the files that are here, in words.
    pub fn what(&self) -> String {
        match self.listed {
            _ if self.same => "a release of just these files".to_owned(),
            Some(1) => "a release of one file that is here".to_owned(),
            Some(listed) => format!("a release that has {} of its {listed} files here", self.here),
            None => "a release whose list of files is not here".to_owned(),
        }
    }
}

/// Who revoked a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedBy {
    /// Principals of the signer, or the fingerprint of the key if it is not trusted.
    pub by: Vec<String>,
    /// When, as the signer says.
    pub created: Time,
    /// Why, in the signer's words.
    pub reason: Option<String>,
}

/// A file of a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FileReport {
    /// Path within the directory.
    pub path: String,
    /// What is known about it.
    pub state: FileState,
    /// Its size in bytes; of a pointer that of the file it stands for.
    pub size: Option<u64>,
    /// Its digests: computed, of the pointer, or of the file that is missing.
    pub digest: Option<ArtifactDigests>,
    /// Whether the release that the directory is held to lists just these bytes at this path.
    pub released: bool,
    /// The run that made these bytes.
    pub made: Option<Made>,
    /// Whether it looks like weights, or is an output that is a model.
    #[serde(skip)]
    pub is_weights: bool,
    /// Why nothing is known about it, if it is unreadable.
    #[serde(skip)]
    pub why_unreadable: Option<WhySkipped>,
}

/// What is known about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FileState {
    /// Its bytes are those that were released, or, where nobody released the folder, those that a
    /// run made; and that is signed.
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

/// How the files of a folder are known. They are held to a release if there is one; else each file
/// to the records that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CoveredBy {
    /// A signed listing of the folder: paths, bytes, and what is missing.
    Release,
    /// Runs that put these bytes out, whatever the path. Nobody released the folder.
    Records,
    /// No file is covered.
    Nobody,
}

/// The run that made a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Made {
    /// Its record.
    pub record: RecordId,
    /// Whether the record's word covers the file, and if not why.
    pub word: Word,
    /// Who signed the record: principals of trusted signers, or fingerprints of keys where nobody
    /// was asked for.
    pub by: Vec<String>,
}

/// Whether what a record says of its outputs covers files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// It is signed, by a trusted key where that is asked, and nothing was said against it.
    Counts,
    /// It would, but whether the record made the file or was given it is not known: what it took in is
    /// not all here.
    UnknownOrigin,
    /// A review that counts rejected it.
    Rejected,
    /// Another record took its place.
    Superseded,
    /// It was revoked, or the only authorship that counted was.
    Revoked,
    /// Nobody signed it, or nobody who is trusted.
    Unsigned,
    /// The record was given the file, and only passed it on.
    PassedOn,
}

/// What a release is to the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseState {
    /// The folder is what it lists, to the byte.
    Same,
    /// It counts, and the folder differs from what it lists.
    Differs,
    /// It counts, and what it lists is not known: the listing is not in the bundle, or is not one.
    Unlisted,
    /// A later release that counts follows it, or may, since it follows something that is not here.
    Replaced,
    /// It was revoked.
    Revoked,
}
