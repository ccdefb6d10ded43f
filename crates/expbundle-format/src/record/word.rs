//! Words of open registries.

use std::str::FromStr;

#[cfg(feature = "schema")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::Foreign;

/// A word of an open registry (a role, a relation): lower-case letters, digits and hyphens, or a
/// URI for extensions.
///
/// It has no `Display`: a word that the format does not know was chosen by a stranger, so whoever puts
/// one into a sentence uses [`Word::told`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Word(String);

impl Word {
    /// The longest word, in bytes.
    pub const MAX_BYTES: usize = 128;

    /// The text, for documents and comparisons.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The word for people: as it is if it is one of these, which the format knows, else in quotation
    /// marks.
    pub fn told(&self, known: &[&str]) -> String {
        if known.contains(&self.as_str()) { self.0.clone() } else { Foreign::new(&self.0).to_string() }
    }
}

/// The text is neither a word nor a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a word has lower-case letters, digits and hyphens, at most {} of them; an extension is a URI",
    Word::MAX_BYTES
)]
pub struct WordError;

impl FromStr for Word {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        let simple = text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
        let extension = text.contains(':') && text.bytes().all(|c| c.is_ascii_graphic());
        if (simple || extension) && text.len() <= Self::MAX_BYTES { Ok(Self(text.to_owned())) } else { Err(WordError) }
    }
}

impl TryFrom<String> for Word {
    type Error = WordError;

    fn try_from(text: String) -> Result<Self, WordError> {
        text.parse()
    }
}

impl From<Word> for String {
    fn from(word: Word) -> String {
        word.0
    }
}

#[cfg(feature = "schema")]
impl JsonSchema for Word {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Word".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "maxLength": 128,
            "pattern": "^([a-z][a-z0-9-]*|[!-~]*:[!-~]*)$",
            "description": "A word of an open registry, or the URI of an extension"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_lower_case_or_a_uri() {
        let longest = "a".repeat(Word::MAX_BYTES);
        for good in ["model", "a", "step-2", "a-", "urn:x", "https://example.org/Role#1", ":", &longest] {
            assert_eq!(good.parse::<Word>().expect(good).as_str(), good);
        }
        let longer = "a".repeat(Word::MAX_BYTES + 1);
        for bad in ["", "Model", "2nd", "-a", "a b", "a_b", "aB", "urn:a b", "é:x", "urn:é", "no-\u{7f}:", &longer] {
            bad.parse::<Word>().expect_err(bad);
        }
    }
}
