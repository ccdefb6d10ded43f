//! Names of entries: a closed grammar (spec/container.md, "Names").

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::digest::{Blake3, RecordId};

/// A text that no entry can be named.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name of an entry")]
pub struct NameError(pub String);

/// The file name of a section: `[a-z][a-z0-9-]{0,62}\.[a-z0-9]{1,16}`, and not `record.json`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SectionName(String);

impl SectionName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SectionName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let word = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let fits = text.split_once('.').is_some_and(|(stem, extension)| {
            (1..=63).contains(&stem.len())
                && stem.starts_with(|c: char| c.is_ascii_lowercase())
                && stem.bytes().all(|c| word(c) || c == b'-')
                && (1..=16).contains(&extension.len())
                && extension.bytes().all(word)
        });
        if fits && text != "record.json" {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError(text.chars().take(80).collect()))
        }
    }
}

impl TryFrom<String> for SectionName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<SectionName> for String {
    fn from(name: SectionName) -> String {
        name.0
    }
}

impl fmt::Display for SectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for SectionName {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SectionName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[a-z][a-z0-9-]{0,62}\\.[a-z0-9]{1,16}$" })
    }
}

/// The name of an entry. Ordered as the container orders: by the bytes of the text, `mimetype` apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EntryName {
    /// `records/<id>/record.json`
    Record(RecordId),
    /// `records/<id>/<section>`
    Section {
        /// Whose.
        record: RecordId,
        /// Which.
        section: SectionName,
    },
    /// `statements/<digest>.json`, by the digest of the file.
    Statement(Blake3),
    /// `artifacts/<digest>`
    Artifact(Blake3),
}

impl Ord for EntryName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.to_string().cmp(&other.to_string())
    }
}

impl PartialOrd for EntryName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(id) => write!(f, "records/{id}/record.json"),
            Self::Section { record, section } => write!(f, "records/{record}/{section}"),
            Self::Statement(digest) => write!(f, "statements/{digest}.json"),
            Self::Artifact(digest) => write!(f, "artifacts/{digest}"),
        }
    }
}

impl FromStr for EntryName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let error = || NameError(text.chars().take(120).collect());
        if let Some(rest) = text.strip_prefix("records/") {
            let (id, file) = rest.split_once('/').ok_or_else(error)?;
            let record = id.parse().map_err(|_| error())?;
            return match file {
                "record.json" => Ok(Self::Record(record)),
                file => Ok(Self::Section { record, section: file.parse().map_err(|_| error())? }),
            };
        }
        if let Some(rest) = text.strip_prefix("statements/") {
            let digest = rest.strip_suffix(".json").ok_or_else(error)?;
            return digest.parse().map(Self::Statement).map_err(|_| error());
        }
        let digest = text.strip_prefix("artifacts/").ok_or_else(error)?;
        digest.parse().map(Self::Artifact).map_err(|_| error())
    }
}
