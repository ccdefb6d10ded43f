//! Small text files of a source.

use std::fs::{self, File};
use std::io::{self, BufRead, Read};

use camino::Utf8Path;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::finding::{SourceCode, SourceFinding};
use crate::python_json;
use crate::yaml::{self, Floats};

/// The mark of an encoding.
const MARK: char = '\u{feff}';

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
pub fn has_few_values(text: &[u8]) -> bool {
    let marks = || text.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
    text.len() <= MOST_VALUES || marks() <= MOST_VALUES
}

/// Reads JSON of a foreign source, if it has not too many values. Python writes `NaN`, `Infinity`
/// and `-Infinity` into it; these become texts.
pub fn read_json(text: &str) -> Json {
    let text = text.strip_prefix(MARK).unwrap_or(text);
    if has_few_values(text.as_bytes()) {
        serde_json::from_str(text).or_else(|_| python_json::read(text.as_bytes())).map_or(Json::None, Json::Value)
    } else if serde_json::from_str::<IgnoredAny>(text).is_ok()
        || python_json::read::<IgnoredAny>(text.as_bytes()).is_ok()
    {
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

/// What aliases and merge keys of a document of any size may repeat, in values, and more for each
/// byte of it.
const REPEATED: usize = 1 << 13;
const REPEATED_PER_BYTE: usize = 4;
/// Bytes of texts that aliases repeat, for each byte of the document.
const SCALAR_BYTES_PER_BYTE: usize = 64;

/// The same with anchors, aliases and merge keys, which people write in the settings of pipelines.
/// What they repeat is bounded in proportion to the document, and by what the caller allows.
pub(crate) fn read_yaml_with_anchors(text: &str, most_repeated: usize) -> Yaml {
    let repeated = REPEATED.saturating_add(text.len().saturating_mul(REPEATED_PER_BYTE)).min(most_repeated);
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_anchors: 1000,
            max_aliases: 10_000,
            max_merge_keys: 1000,
            max_documents: 1,
            max_depth: 64,
            max_nodes: MOST_VALUES,
            max_total_scalar_bytes: text.len().saturating_mul(SCALAR_BYTES_PER_BYTE),
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: repeated.min(MOST_VALUES),
            max_replay_stack_depth: 16,
        },
        strict_booleans: true,
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::LastWins,
        with_snippet: false,
    };
    match yaml::values(text, options, Floats::Finite) {
        Ok(value) => Yaml::Value(value),
        Err(error) if yaml::is_over(&error) => Yaml::TooMany { repeated },
        Err(_) => Yaml::None,
    }
}

/// What a text is as YAML.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Yaml {
    /// Taken apart.
    Value(Value),
    /// It has more values or levels than are taken apart, or repeats more than it may.
    TooMany {
        /// What it may repeat, in values.
        repeated: usize,
    },
    /// None, or it is damaged.
    None,
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

/// A text file, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// What it says.
    pub text: String,
    /// Whether some of it is in no encoding that is known, and was replaced.
    pub is_lossy: bool,
}

/// Bytes as text: UTF-8, or UTF-16 if its mark stands in front. No mark is left in the text.
pub fn decode(bytes: Vec<u8>) -> Text {
    let utf16 = |of: fn([u8; 2]) -> u16| {
        let (units, rest) = bytes.get(2..).unwrap_or_default().as_chunks::<2>();
        let units: Vec<u16> = units.iter().map(|unit| of(*unit)).collect();
        let whole = String::from_utf16(&units).ok().filter(|_| rest.is_empty());
        let is_lossy = whole.is_none();
        Text { text: whole.unwrap_or_else(|| String::from_utf16_lossy(&units)), is_lossy }
    };
    match bytes.as_slice() {
        [0xff, 0xfe, ..] => return utf16(u16::from_le_bytes),
        [0xfe, 0xff, ..] => return utf16(u16::from_be_bytes),
        _ => {}
    }
    let (mut text, is_lossy) = match String::from_utf8(bytes) {
        Ok(text) => (text, false),
        Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), true),
    };
    if text.starts_with(MARK) {
        text.drain(..MARK.len_utf8());
    }
    Text { text, is_lossy }
}

/// Skips the mark that editors on Windows put before UTF-8.
pub fn skip_mark(input: &mut impl BufRead) -> io::Result<()> {
    let mut mark = [0; 4];
    let mark = MARK.encode_utf8(&mut mark).as_bytes();
    if input.fill_buf()?.starts_with(mark) {
        input.consume(mark.len());
    }
    Ok(())
}

/// The text of a file, where what is in no known encoding is replaced; [`read_decoded`] tells of it.
pub fn read_text(path: &Utf8Path) -> io::Result<Option<String>> {
    Ok(read_decoded(path)?.map(|decoded| decoded.text))
}

/// A text file of a bearable size; `None` if it is not there or a link.
pub fn read_decoded(path: &Utf8Path) -> io::Result<Option<Text>> {
    let Some(file) = open_file(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(MOST_TEXT_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_TEXT_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the text has more than 16 MiB"));
    }
    Ok(Some(decode(bytes)))
}

/// A text file of a source; why it is not read, and that some of it could not be, are findings at
/// its place.
pub fn text_at(path: &Utf8Path, place: &str, findings: &mut Vec<SourceFinding>) -> Option<String> {
    match read_decoded(path) {
        Ok(Some(Text { text, is_lossy })) => {
            if is_lossy {
                let detail = "some of the text is not UTF-8, and was replaced";
                findings.push(SourceFinding::new(SourceCode::Damaged, place, detail));
            }
            Some(text)
        }
        Ok(None) => None,
        Err(error) => {
            findings.push(SourceFinding::new(SourceCode::Unreadable, place, error.to_string()));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_decoded_by_their_mark() {
        let case = |bytes: &[u8], text: &str, is_lossy| {
            assert_eq!(decode(bytes.to_vec()), Text { text: text.to_owned(), is_lossy }, "{bytes:?}");
        };
        case(b"abc", "abc", false);
        case("\u{feff}\u{e9}".as_bytes(), "\u{e9}", false);
        case(b"Jos\xe9", "Jos\u{fffd}", true);
        case(b"\xff\xfea\0\xe9\0", "a\u{e9}", false);
        case(b"\xfe\xff\0a\0\xe9", "a\u{e9}", false);
        case(b"\xff\xfea\0b", "a", true);
        case(b"\xff\xfe\0\xd8", "\u{fffd}", true);
    }

    #[test]
    fn json_of_python_is_read() {
        let value = serde_json::json!({"a": ["NaN", "-Infinity", 1], "b": "NaN"});
        assert_eq!(read_json("\u{feff}{\"a\": [NaN, -Infinity, 1], \"b\": \"NaN\"}"), Json::Value(value));
        assert_eq!(read_json("{\"a\": Nan}"), Json::None);
    }

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
