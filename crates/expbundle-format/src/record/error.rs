//! Why bytes are no record.

use super::{SPEC, SpecVersion};
use crate::container::SectionName;
use crate::finding::{Code, Finding, Place};
use crate::foreign::Foreign;
use crate::json::JsonError;

/// Why bytes are no record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// Not the JSON of spec/json.md, or not the members that a record has.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Written for another format.
    #[error("the record is of version {found}; this reader knows {}", SPEC.major)]
    Version {
        /// What the record says.
        found: SpecVersion,
    },
    /// An extension must be understood and is not.
    #[error("the record needs the extension {}", Foreign::new(.uri))]
    Critical {
        /// The URI.
        uri: String,
    },
    /// Two sections with one content: one could stand for the other.
    #[error("sections `{first}` and `{second}` have the same digest")]
    DuplicateSection {
        /// One of them.
        first: SectionName,
        /// The other.
        second: SectionName,
    },
}

impl RecordError {
    /// Its stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Json(error) => error.code(),
            Self::Version { .. } => Code::VersionUnsupported,
            Self::Critical { .. } => Code::RecordCritical,
            Self::DuplicateSection { .. } => Code::RecordDuplicateSection,
        }
    }

    /// The finding at that entry of a bundle.
    pub fn finding(&self, entry: &str) -> Finding {
        let place = match self {
            Self::Json(error) => error.place(entry),
            Self::Version { .. } => Place::entry(entry).at_pointer("/spec"),
            Self::Critical { .. } => Place::entry(entry).at_pointer("/critical"),
            Self::DuplicateSection { .. } => Place::entry(entry).at_pointer("/sections"),
        };
        Finding::new(self.code(), place, self.to_string())
    }
}
