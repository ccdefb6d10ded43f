//! Names of entries: a closed grammar (spec/container.md, "Names").

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

#[cfg(feature = "schema")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::digest::{Blake3, RecordId};

/// The file of a record itself, which no section can be named.
const RECORD_FILE: &str = "record.json";

/// A text that no entry can be named.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the name of an entry")]
pub struct NameError(pub String);

/// The file name of a section: `[a-z][a-z0-9-]{0,62}\.[a-z0-9]{1,16}`, and not `record.json`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SectionName(Cow<'static, str>);

/// Names that nearly all sections have, so that they need no memory of their own.
const USUAL: [&str; 13] = [
    "artifacts.json",
    "console.parquet",
    "context.json",
    "cost.json",
    "evaluations.json",
    "events.json",
    "identity.json",
    "media.json",
    "metrics.parquet",
    "recipe.json",
    "source.json",
    "summary.json",
    "telemetry.parquet",
];

impl SectionName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the dot.
    pub fn extension(&self) -> &str {
        self.0.split_once('.').map_or("", |(_, extension)| extension)
    }
}

impl FromStr for SectionName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if let Some(usual) = USUAL.iter().find(|usual| **usual == text) {
            return Ok(Self(Cow::Borrowed(usual)));
        }
        let word = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let fits = text.split_once('.').is_some_and(|(stem, extension)| {
            (1..=63).contains(&stem.len())
                && stem.starts_with(|c: char| c.is_ascii_lowercase())
                && stem.bytes().all(|c| word(c) || c == b'-')
                && (1..=16).contains(&extension.len())
                && extension.bytes().all(word)
        });
        if fits && text != RECORD_FILE {
            Ok(Self(Cow::Owned(text.to_owned())))
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
        name.0.into_owned()
    }
}

impl fmt::Display for SectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(feature = "schema")]
impl JsonSchema for SectionName {
    fn schema_name() -> Cow<'static, str> {
        "SectionName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[a-z][a-z0-9-]{0,62}\\.[a-z0-9]{1,16}$" })
    }
}

/// The name of an entry. Ordered as the container orders: artifacts, sections, records, statements,
/// and each of these by the bytes of the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EntryName {
    /// `records/<id>/record.json`
    Record(RecordId),
    /// `records/<id>/<section>`
    Section {
        /// Whose.
        record: RecordId,
        /// The section.
        section: SectionName,
    },
    /// `statements/<digest>.json`, by the digest of the file.
    Statement(Blake3),
    /// `artifacts/<digest>`
    Artifact(Blake3),
}

impl EntryName {
    /// Rank, digest and file. Within a rank these compare as the text does: digests are all of one
    /// length, and their hex digits stand in the order of their bytes. Half a million names are
    /// sorted without writing one of them.
    ///
    /// What is large comes first. What an index of many bundles reads (records, statements, and
    /// behind them the directory) is the end of the file, which one request for a range of bytes
    /// brings.
    fn key(&self) -> (u8, &Blake3, &str) {
        match self {
            Self::Artifact(digest) => (0, digest, ""),
            Self::Section { record, section } => (1, &record.0, section.as_str()),
            Self::Record(id) => (2, &id.0, ""),
            Self::Statement(digest) => (3, digest, ""),
        }
    }
}

impl Ord for EntryName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
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
            Self::Record(id) => write!(f, "records/{id}/{RECORD_FILE}"),
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
                RECORD_FILE => Ok(Self::Record(record)),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn section(text: &str, fits: bool) {
        assert_eq!(text.parse::<SectionName>().is_ok(), fits, "{text:?}");
    }

    #[test]
    fn sections_are_named_by_the_grammar() {
        section("context.json", true);
        section("a.b", true);
        section("x-2--.parquet", true);
        section(&format!("{}.{}", "a".repeat(63), "9".repeat(16)), true);
        section(&format!("{}.json", "a".repeat(64)), false);
        section(&format!("a.{}", "9".repeat(17)), false);
        for bad in [
            "",
            ".",
            "a",
            "a.",
            ".json",
            "1a.json",
            "-a.json",
            "A.json",
            "a.JSON",
            "a.b.c",
            "a_b.json",
            "a/b.json",
            "a b.json",
            "a.json ",
            "a.json\n",
            "\u{e9}.json",
            "record.json",
        ] {
            section(bad, false);
        }
    }

    #[test]
    fn a_section_is_called_as_it_was_named() {
        // One that is usual and kept once for all, and one that is not.
        for (text, extension) in [("metrics.parquet", "parquet"), ("of-our-own.txt", "txt")] {
            let name: SectionName = text.parse().expect("in the grammar");
            assert_eq!((name.as_str(), name.extension(), String::from(name.clone()).as_str()), (text, extension, text));
        }
    }

    fn names() -> impl Strategy<Value = EntryName> {
        // Few different bytes, so that equal digests and near ones come up.
        let digest =
            || prop_oneof![Just(0_u8), Just(9), Just(10), Just(255)].prop_map(|byte| Blake3::from_bytes([byte; 32]));
        let file =
            prop_oneof![Just("record-2.json"), Just("record.jsona"), Just("a.b"), Just("z-1.json"), Just("z1.json")]
                .prop_map(|text| text.parse::<SectionName>().expect("in the grammar"));
        prop_oneof![
            digest().prop_map(|digest| EntryName::Record(RecordId(digest))),
            (digest(), file).prop_map(|(digest, section)| EntryName::Section { record: RecordId(digest), section }),
            digest().prop_map(EntryName::Statement),
            digest().prop_map(EntryName::Artifact),
        ]
    }

    proptest! {
        #[test]
        fn names_read_back_and_compare_by_class_and_text(a in names(), b in names()) {
            prop_assert_eq!(a.to_string().parse::<EntryName>(), Ok(a.clone()));
            let class = |name: &EntryName| {
                let text = name.to_string();
                let class = ["artifacts/", "records/", "statements/"].iter().position(|folder| text.starts_with(folder));
                (class, text.ends_with("/record.json"), text)
            };
            prop_assert_eq!(a.cmp(&b), class(&a).cmp(&class(&b)));
        }
    }
}
