//! Strict I-JSON in, one fixed form out (spec/json.md).
//!
//! What two readers could understand differently is refused: duplicate keys, numbers that lose
//! digits, text that is not Unicode. Nothing is ever written again in order to be hashed; the fixed
//! form only makes equal content equal bytes.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use crate::finding::{Code, Place};
use crate::limits::Limits;

mod parse;
mod refused;
mod strict;
#[cfg(test)]
mod tests;
mod write;

pub use write::{to_bytes, value_to_bytes};

/// Why a text is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// A byte order mark, or bytes that are no UTF-8, or an escape that is half a character.
    #[error("{problem} at byte {offset}")]
    Encoding {
        /// What it is.
        problem: &'static str,
        /// The offset.
        offset: u64,
    },
    /// Not the grammar of RFC 8259.
    #[error("expected {expected} at byte {offset}")]
    Syntax {
        /// What should stand there.
        expected: &'static str,
        /// The offset.
        offset: u64,
    },
    /// Two members of one name in one object.
    #[error("the key {key:?} occurs twice, again at byte {offset}")]
    DuplicateKey {
        /// The name, unescaped.
        key: String,
        /// Where the second one begins.
        offset: u64,
    },
    /// A number that readers would understand differently.
    #[error("the number {text} at byte {offset} {problem}")]
    Number {
        /// As it is written.
        text: String,
        /// What is wrong with it.
        problem: &'static str,
        /// The offset.
        offset: u64,
    },
    /// Something after the end.
    #[error("more text after the end, at byte {offset}")]
    Trailing {
        /// Where it begins.
        offset: u64,
    },
    /// Larger or deeper than the format allows.
    #[error("the JSON has more than {limit} {what}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: u64,
    },
    /// Well-formed, but not the members that were asked for.
    #[error("{message}")]
    Schema {
        /// JSON pointer to the member.
        pointer: String,
        /// What is wrong.
        message: String,
    },
    /// A value that JSON cannot hold, found while writing.
    #[error("{0}")]
    Unwritable(String),
}

impl JsonError {
    /// Its stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Encoding { .. } => Code::JsonEncoding,
            Self::Syntax { .. } => Code::JsonSyntax,
            Self::DuplicateKey { .. } => Code::JsonDuplicateKey,
            Self::Number { .. } => Code::JsonNumber,
            Self::Trailing { .. } => Code::JsonTrailing,
            Self::Limit { .. } => Code::JsonLimit,
            Self::Schema { .. } | Self::Unwritable(_) => Code::SchemaInvalid,
        }
    }

    /// The place, within that entry.
    pub fn place(&self, entry: &str) -> Place {
        let place = Place::entry(entry);
        match self {
            Self::Encoding { offset, .. }
            | Self::Syntax { offset, .. }
            | Self::DuplicateKey { offset, .. }
            | Self::Number { offset, .. }
            | Self::Trailing { offset } => place.at_byte(*offset),
            Self::Schema { pointer, .. } if !pointer.is_empty() => place.at_pointer(pointer.clone()),
            Self::Schema { .. } | Self::Limit { .. } | Self::Unwritable(_) => place,
        }
    }
}

/// Reads one JSON text.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Value, JsonError> {
    Ok(strict::read(bytes, limits)?)
}

/// Checks one JSON text, and keeps nothing of it: small objects take a hundred times the memory of
/// their text.
pub fn check(bytes: &[u8], limits: &Limits) -> Result<(), JsonError> {
    Ok(strict::read::<IgnoredAny>(bytes, limits).map(drop)?)
}

/// Reads one JSON text into a type; where it does not fit, the error has a JSON pointer.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8], limits: &Limits) -> Result<T, JsonError> {
    let read = strict::read(bytes, limits).map_err(JsonError::from);
    if let Err(JsonError::Schema { .. }) = read {
        // What is wrong with the text, wherever it stands, is said before what does not fit.
        check(bytes, limits)?;
    }
    read
}

/// Reads a value into a type, as its text would be read.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, JsonError> {
    from_bytes(&value_to_bytes(value)?, &Limits::default())
}
