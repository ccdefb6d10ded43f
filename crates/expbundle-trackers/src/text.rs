//! Small text files of a source.

use std::fs::{self, File};
use std::io::{self, Read};

use camino::Utf8Path;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::yaml::{self, Floats};

/// Texts of more bytes are not settings.
const MOST_TEXT_BYTES: u64 = 16 << 20;

/// Values of one JSON text that are taken apart. In memory a value takes a hundred times the bytes
/// of its text.
const MOST_VALUES: usize = 1 << 18;

/// What a text is as JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// Taken apart.
    Value(Value),
    /// JSON of more values than are taken apart.
    TooMany,
    /// None, or nested more than 128 levels deep.
    None,
}

/// Whether JSON has few enough values to be taken apart: no text has more of them than these bytes,
/// and one.
pub fn has_few_values(text: &str) -> bool {
    text.bytes().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count() <= MOST_VALUES
}

/// Reads JSON of a foreign source, if it has not too many values.
pub fn read_json(text: &str) -> Json {
    if has_few_values(text) {
        serde_json::from_str(text).map_or(Json::None, Json::Value)
    } else if serde_json::from_str::<IgnoredAny>(text).is_ok() {
        Json::TooMany
    } else {
        Json::None
    }
}

/// Reads a document of YAML of a foreign source as it may be written by hand; `None` if it is none,
/// or too large or too deep. Anchors, which YAML bombs are made of, are refused.
pub fn read_yaml(text: &str) -> Option<Value> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_anchors: 0,
            max_aliases: 0,
            max_merge_keys: 0,
            max_documents: 1,
            max_depth: 64,
            max_nodes: MOST_VALUES,
        },
        strict_booleans: true,
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::LastWins,
        with_snippet: false,
    };
    yaml::values(text, options, Floats::Finite).ok()
}

/// The same with anchors, aliases and merge keys, which people write in the settings of pipelines;
/// what they unfold to is bounded.
pub fn read_yaml_with_anchors(text: &str) -> Option<Value> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_anchors: 1000,
            max_aliases: 10_000,
            max_merge_keys: 1000,
            max_documents: 1,
            max_depth: 64,
            max_nodes: MOST_VALUES,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MOST_VALUES,
            max_replay_stack_depth: 16,
        },
        strict_booleans: true,
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::LastWins,
        with_snippet: false,
    };
    yaml::values(text, options, Floats::Finite).ok()
}

/// Opens a regular file; `None` if it is not there, a link, a pipe or the like.
pub(crate) fn open_file(path: &Utf8Path) -> io::Result<Option<File>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => File::open(path).map(Some),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A text file of a bearable size, with what is not UTF-8 in it replaced; `None` if it is not there
/// or a link.
pub fn read_text(path: &Utf8Path) -> io::Result<Option<String>> {
    let Some(file) = open_file(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(MOST_TEXT_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_TEXT_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the text has more than 16 MiB"));
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_with_a_float_that_is_not_finite_is_taken_apart() {
        let value = read_yaml("clip: .inf\nby: ada\nclip: 1e999\n").expect("YAML");
        assert_eq!(value, serde_json::json!({"clip": "1e999", "by": "ada"}));
    }

    #[test]
    fn json_of_too_many_values_is_not_taken_apart() {
        for count in [MOST_VALUES / 2, MOST_VALUES, 2 * MOST_VALUES] {
            let text = format!("[{}0]", "0,".repeat(count));
            match read_json(&text) {
                Json::Value(value) => assert!(value.as_array().is_some_and(|items| items.len() <= MOST_VALUES)),
                other => assert!(other == Json::TooMany && count >= MOST_VALUES),
            }
            assert_eq!(read_json(&text.replace(']', "")), Json::None);
        }
    }
}
