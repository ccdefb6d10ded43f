//! What statements say: one predicate for each kind.

use std::fmt;
use std::str::FromStr;

use expbundle_format::StatementId;
use expbundle_format::json::{self, JsonError};
use expbundle_format::time::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::StatementError;

/// The kind of a statement, which its `predicateType` names: `urn:expbundle:<kind>:1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Vouches for a record.
    Authorship,
    /// A verdict on a record.
    Review,
    /// A remark.
    Comment,
    /// A kind of a later minor version. It is kept and shown, and counts for nothing.
    Other(String),
}

impl Kind {
    /// Its word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Authorship => "authorship",
            Self::Review => "review",
            Self::Comment => "comment",
            Self::Other(word) => word,
        }
    }

    /// Its predicate type.
    pub fn predicate_type(&self) -> String {
        format!("urn:expbundle:{self}:1")
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = StatementError;

    /// Reads a predicate type.
    fn from_str(text: &str) -> Result<Self, StatementError> {
        let error = || StatementError::PredicateType { found: text.chars().take(120).collect() };
        let word = text.strip_prefix("urn:expbundle:").and_then(|rest| rest.strip_suffix(":1")).ok_or_else(error)?;
        let plain = word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
        if !plain || word.len() > 64 {
            return Err(error());
        }
        Ok(match word {
            "authorship" => Self::Authorship,
            "review" => Self::Review,
            "comment" => Self::Comment,
            other => Self::Other(other.to_owned()),
        })
    }
}

/// Who signs. The key is part of what is signed, so that a signature by an unknown key can be checked and shown as that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Signer {
    /// The public key in OpenSSH form, without comment.
    pub public_key: String,
    /// What the signer wants to be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The program that wrote a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Generator {
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Vouches for a record: it is mine, or I stand by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Authorship {
    /// The program that wrote the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generator: Option<Generator>,
}

/// A verdict on a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// The verdict.
    pub verdict: ReviewVerdict,
    /// As what the reviewer speaks, like `safety` or `release manager`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// What was looked at, and for what use the verdict holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a review comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewVerdict {
    /// Good for its scope.
    Approved,
    /// Not good for its scope.
    Rejected,
    /// Not yet.
    NeedsChanges,
}

impl ReviewVerdict {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::NeedsChanges => "needs-changes",
        }
    }
}

/// A remark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Comment {
    /// What is remarked, in markdown.
    pub text: String,
}

/// What one kind of statement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// See [`Authorship`].
    Authorship(Authorship),
    /// See [`Review`].
    Review(Review),
    /// See [`Comment`].
    Comment(Comment),
    /// The predicate of a later minor version, as it is.
    Other(String, Value),
}

/// What every predicate has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Common {
    /// When the statement was made, as its signer says.
    pub created: Time,
    /// Who signs.
    pub signer: Signer,
    /// Earlier statements that this one follows, by the BLAKE3 of their payloads.
    #[serde(default)]
    pub prev: Vec<StatementId>,
}

impl Predicate {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Authorship(_) => Kind::Authorship,
            Self::Review(_) => Kind::Review,
            Self::Comment(_) => Kind::Comment,
            Self::Other(word, _) => Kind::Other(word.clone()),
        }
    }

    pub(crate) fn parse(kind: &Kind, value: Value) -> Result<(Common, Self), StatementError> {
        fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, StatementError> {
            json::from_value(value).map_err(StatementError::Predicate)
        }
        let common = read(value.clone())?;
        let predicate = match kind {
            Kind::Authorship => Self::Authorship(read(value)?),
            Kind::Review => Self::Review(read(value)?),
            Kind::Comment => Self::Comment(read(value)?),
            Kind::Other(word) => Self::Other(word.clone(), value),
        };
        Ok((common, predicate))
    }

    pub(crate) fn to_value(&self, common: &Common) -> Result<Value, JsonError> {
        let write =
            |value: Result<Value, serde_json::Error>| value.map_err(|error| JsonError::Unwritable(error.to_string()));
        let mut value = write(match self {
            Self::Authorship(authorship) => serde_json::to_value(authorship),
            Self::Review(review) => serde_json::to_value(review),
            Self::Comment(comment) => serde_json::to_value(comment),
            Self::Other(_, value) => Ok(value.clone()),
        })?;
        if let (Value::Object(members), Value::Object(common)) = (&mut value, write(serde_json::to_value(common))?) {
            members.extend(common);
        }
        Ok(value)
    }

    /// What it says, in one line.
    pub fn summary(&self) -> String {
        match self {
            Self::Authorship(Authorship { generator: Some(generator) }) => {
                let version = generator.version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
                format!("vouches for the record, written by {}{version}", generator.name)
            }
            Self::Authorship(_) => "vouches for the record".to_owned(),
            Self::Review(review) => {
                let role = review.role.as_deref().map(|role| format!(" as {role}")).unwrap_or_default();
                let scope = review.scope.as_deref().map(|scope| format!(", for {scope}")).unwrap_or_default();
                let reason = review.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
                format!("{}{role}{scope}{reason}", review.verdict.as_str())
            }
            Self::Comment(comment) => comment.text.clone(),
            Self::Other(word, _) => format!("a statement of kind {word}, which this version does not know"),
        }
    }
}
