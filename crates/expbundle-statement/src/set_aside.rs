//! Statements that are in order as far as this version can read them, and need a later one to be
//! verified.

use std::fmt;

use expbundle_format::{Code, DigestSet, StatementId};

/// A statement that is neither verified nor refused. It counts for nothing, and is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Its id: the BLAKE3 of its payload.
    pub id: StatementId,
    /// The record that it claims to be about.
    pub record: DigestSet,
    /// What is unknown.
    pub unknown: Unknown,
}

/// What this version does not know of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unknown {
    /// The algorithm of a key that it names.
    Algorithm(String),
    /// The major version of its predicate.
    Version(u32),
}

impl Unknown {
    /// Its stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Algorithm(_) => Code::SignatureUnknownAlgorithm,
            Self::Version(_) => Code::StatementUnknownVersion,
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algorithm(name) => write!(f, "not verified: it names a key of the algorithm {name}"),
            Self::Version(major) => write!(f, "not verified: its predicate is of major version {major}"),
        }
    }
}
