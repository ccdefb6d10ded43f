//! Why a question has no answer.

use std::io;

use camino::Utf8PathBuf;
use expbundle::hash::HashError;
use expbundle_directory::BUNDLE_NAME;
use expbundle_format::container::SectionName;
use expbundle_format::{Finding, RecordId};

use crate::{Refused, short};

/// Why a question has no answer.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// So few digits name a record by chance.
    #[error("`{beginning}` is too short for an id: give at least {fewest} digits")]
    TooShort {
        /// What was given.
        beginning: String,
        /// How many digits there must be.
        fewest: usize,
    },
    /// No record has an id that begins so.
    #[error("no record here has an id that begins with `{0}`")]
    NoRecord(String),
    /// Several records have one.
    #[error("{count} records have an id that begins with `{beginning}`")]
    Ambiguous {
        /// What was given.
        beginning: String,
        /// How many.
        count: usize,
    },
    /// No statement has an id that begins so, or several have.
    #[error("{count} statements have an id that begins with `{beginning}`")]
    NotOneStatement {
        /// What was given.
        beginning: String,
        /// How many.
        count: usize,
    },
    /// The bundle holds no record.
    #[error("the bundle has no record")]
    Empty,
    /// There are several records that no other follows from, and one is needed.
    #[error("the bundle has {} records that no other record derives from", .0.len())]
    WhichRecord(Vec<RecordId>),
    /// No record was named, and the last one has not all authors of the others: one that may be
    /// meant, the last one, and the rest that may be meant.
    #[error("the last record of the bundle and others in it have different authors")]
    WhoseRecord(Vec<RecordId>),
    /// They would be signed as the signer's own, and another key signed them as its own.
    #[error("{} records are signed by another key", .0.len())]
    SignedByOthers(Vec<RecordId>),
    /// A record that is to be signed was revoked, by this signer or by all who signed it.
    #[error("record {} is revoked: a signature of it no longer counts", short(.0))]
    Revoked(RecordId),
    /// A record was taken out of the bundle since it was read.
    #[error("the bundle changed in the meantime: record {} is gone", short(record))]
    Gone {
        /// The bundle.
        path: Utf8PathBuf,
        /// The record.
        record: RecordId,
    },
    /// A record lists no section of this name.
    #[error("the record has no section `{wanted}`")]
    NoSection {
        /// What was given.
        wanted: String,
        /// The sections that it lists.
        listed: Vec<SectionName>,
    },
    /// No record of the bundle lists a section of this name, nor does the format know it.
    #[error("no record here has a section `{wanted}`")]
    NoSectionHere {
        /// What was given.
        wanted: String,
        /// The sections of all records.
        listed: Vec<SectionName>,
    },
    /// The copy leaves the section out.
    #[error("the section `{0}` is withheld")]
    Withheld(SectionName),
    /// No embedded artifact is called so.
    #[error("there is no embedded artifact `{wanted}`")]
    NoArtifact {
        /// What was given.
        wanted: String,
        /// Whether the record lists it, by digest.
        is_listed: bool,
    },
    /// Several embedded artifacts have a digest that begins so.
    #[error("several embedded artifacts begin with `{0}`")]
    AmbiguousArtifact(String),
    /// A folder holds no bundle, nor does any below it.
    #[error("there is no bundle in the folder `{0}`")]
    NoBundle(Utf8PathBuf),
    /// A model folder has none of its own.
    #[error("the folder has no `{BUNDLE_NAME}`")]
    NoBundleOf(Utf8PathBuf),
    /// There was nothing to look at.
    #[error("there is no bundle to look at")]
    Nothing,
    /// A folder cannot be read.
    #[error("the folder `{path}` cannot be read")]
    Folder {
        /// Its path.
        path: Utf8PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// None of the bundles can be looked at; this is the first of them.
    #[error("the bundle `{}` is refused", .0.path)]
    Refused(Box<Refused>),
    /// The question is beyond the limits of this reader.
    #[error("{0}")]
    Limit(Box<Finding>),
    /// The file that is asked about has no digest.
    #[error(transparent)]
    Hash(#[from] HashError),
}

expbundle_format::debug_with_causes!(QueryError);
