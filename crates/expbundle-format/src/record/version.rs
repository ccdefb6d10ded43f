//! The version of the format that a record is written in.

use std::fmt;
use std::str::FromStr;

#[cfg(feature = "schema")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// The version of the format that this crate writes.
pub const SPEC: SpecVersion = SpecVersion { major: 1, minor: 0 };

/// `major.minor`: another major is another format, a later minor adds members that may be ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SpecVersion {
    /// Changes when old readers would go wrong.
    pub major: u32,
    /// Changes when members are added.
    pub minor: u32,
}

/// The text is not a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a version is written `major.minor`")]
pub struct SpecVersionError;

impl FromStr for SpecVersion {
    type Err = SpecVersionError;

    fn from_str(text: &str) -> Result<Self, SpecVersionError> {
        let number = |digits: &str| {
            let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
            let minimal = digits == "0" || !digits.starts_with('0');
            (plain && minimal).then(|| digits.parse().ok()).flatten()
        };
        text.split_once('.')
            .and_then(|(major, minor)| Some(Self { major: number(major)?, minor: number(minor)? }))
            .ok_or(SpecVersionError)
    }
}

impl TryFrom<String> for SpecVersion {
    type Error = SpecVersionError;

    fn try_from(text: String) -> Result<Self, SpecVersionError> {
        text.parse()
    }
}

impl fmt::Display for SpecVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl From<SpecVersion> for String {
    fn from(version: SpecVersion) -> String {
        version.to_string()
    }
}

#[cfg(feature = "schema")]
impl JsonSchema for SpecVersion {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SpecVersion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)$" })
    }
}
