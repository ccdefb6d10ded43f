//! JSON documents that are too long to be held: walked through from member to member, and only
//! single values are held.
//!
//! A value that is wrong in itself takes no other with it, as long as its brackets and quotes
//! close. As in [`python_json`](crate::python_json), `NaN`, `Infinity` and `-Infinity` become texts.

use std::io::{self, Read};

use serde::de::DeserializeOwned;

use crate::python_json;
use crate::text::has_few_values;

/// The file is read in pieces of this size.
const PIECE_BYTES: usize = 256 << 10;

/// A longer value is passed over.
const MOST_VALUE_BYTES: usize = 64 << 20;

/// Why there is no next value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WalkError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The document ends too early.
    #[error("it ends in the middle, in line {line}")]
    Cut {
        /// Number of the last line, from 1.
        line: u64,
    },
    /// Something else stands there.
    #[error("expected {expected} in line {line}")]
    Other {
        /// What should be there.
        expected: &'static str,
        /// Number of the line, from 1.
        line: u64,
    },
}

/// Why a value is not handed out. What stands behind it can be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ValueError {
    /// It is too long.
    #[error("it has more than {} MiB", MOST_VALUE_BYTES >> 20)]
    TooLong,
    /// It has more values than are taken apart.
    #[error("it has more values than are taken apart")]
    TooMany,
    /// It is not JSON, or not what is asked for.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// A place in a document.
#[derive(Debug)]
pub(crate) struct Walk<R> {
    input: R,
    window: Vec<u8>,
    /// What is before it was taken.
    at: usize,
    /// Line breaks before the window.
    lines: u64,
    /// Whether nothing of the innermost object or array was taken yet.
    is_first: bool,
}

impl<R: Read> Walk<R> {
    pub fn new(input: R) -> Self {
        Self { input, window: Vec::new(), at: 0, lines: 0, is_first: true }
    }

    /// The first byte of what comes next.
    pub fn peek(&mut self) -> Result<u8, WalkError> {
        self.next_byte()?.ok_or_else(|| WalkError::Cut { line: self.line() })
    }

    /// Goes into an object.
    pub fn object(&mut self) -> Result<(), WalkError> {
        self.take(b'{', "an object")?;
        self.is_first = true;
        Ok(())
    }

    /// Goes into an array.
    pub fn array(&mut self) -> Result<(), WalkError> {
        self.take(b'[', "an array")?;
        self.is_first = true;
        Ok(())
    }

    /// Goes to the next member of the object, whose value comes next; leaves the object behind the
    /// last one.
    pub fn member(&mut self) -> Result<Option<String>, WalkError> {
        if !self.has_next(b'}')? {
            return Ok(None);
        }
        let wrong = WalkError::Other { expected: "the name of a member", line: self.line() };
        if self.peek()? != b'"' {
            return Err(wrong);
        }
        let name: String = self.value()?.map_err(|_| wrong)?;
        self.take(b':', "a colon")?;
        Ok(Some(name))
    }

    /// Goes to the next item of the array; leaves the array behind the last one.
    pub fn item(&mut self) -> Result<bool, WalkError> {
        self.has_next(b']')
    }

    /// Takes the value that comes next. If it is not what is asked for, it is behind us all the same.
    pub fn value<T: DeserializeOwned>(&mut self) -> Result<Result<T, ValueError>, WalkError> {
        self.peek()?;
        let Some(length) = self.extent()? else { return Ok(Err(ValueError::TooLong)) };
        let text = self.window.get(self.at..self.at + length).unwrap_or_default();
        let value = read(text);
        self.at += length;
        Ok(value)
    }

    /// Passes over the value that comes next, however long it is.
    pub fn skip(&mut self) -> Result<(), WalkError> {
        self.peek()?;
        if let Some(length) = self.extent()? {
            self.at += length;
        }
        Ok(())
    }

    /// Nothing but white space is left.
    pub fn end(&mut self) -> Result<(), WalkError> {
        match self.next_byte()? {
            None => Ok(()),
            Some(_) => Err(WalkError::Other { expected: "the end", line: self.line() }),
        }
    }

    fn take(&mut self, byte: u8, expected: &'static str) -> Result<(), WalkError> {
        if self.peek()? != byte {
            return Err(WalkError::Other { expected, line: self.line() });
        }
        self.at += 1;
        Ok(())
    }

    /// Whether the object or array goes on; takes the comma or the end.
    fn has_next(&mut self, end: u8) -> Result<bool, WalkError> {
        if self.peek()? == end {
            self.at += 1;
            self.is_first = false;
            return Ok(false);
        }
        if !std::mem::take(&mut self.is_first) {
            self.take(b',', "a comma or the end of the list")?;
        }
        Ok(true)
    }

    /// The next byte other than white space.
    fn next_byte(&mut self) -> Result<Option<u8>, WalkError> {
        loop {
            let rest = self.window.get(self.at..).unwrap_or_default();
            if let Some(blanks) = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
                self.at += blanks;
                return Ok(self.window.get(self.at).copied());
            }
            self.at = self.window.len();
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// How many bytes the value has that begins here. One that is too long is behind us then.
    fn extent(&mut self) -> Result<Option<usize>, WalkError> {
        let (mut scan, mut length, mut is_long) = (Scan::default(), 0, false);
        loop {
            let rest = self.window.get(self.at + length..).unwrap_or_default();
            let end = scan.end(rest);
            length += end.unwrap_or(rest.len());
            if length > MOST_VALUE_BYTES {
                is_long = true;
            }
            if is_long {
                self.at += length;
                length = 0;
            }
            if end.is_some() {
                return Ok((!is_long).then_some(length));
            }
            if !self.fill()? {
                let is_whole = scan.ends_with_the_document();
                return if is_whole {
                    Ok((!is_long).then_some(length))
                } else {
                    Err(WalkError::Cut { line: self.line() })
                };
            }
        }
    }

    /// Reads a further piece; forgets what was taken.
    fn fill(&mut self) -> io::Result<bool> {
        self.lines += line_breaks(self.window.get(..self.at).unwrap_or_default());
        self.window.drain(..self.at);
        self.at = 0;
        Ok(self.input.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut self.window)? > 0)
    }

    /// The number of the line, from 1.
    fn line(&self) -> u64 {
        1 + self.lines + line_breaks(self.window.get(..self.at).unwrap_or_default())
    }
}

fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, ValueError> {
    if !has_few_values(text) {
        return Err(ValueError::TooMany);
    }
    let value = serde_json::from_slice(text).or_else(|error| {
        // The words are rare; those inside a text only cost a second look.
        let has_words = memchr::memchr2(b'N', b'I', text).is_some();
        if has_words { python_json::read(text) } else { Err(error) }
    });
    value.map_err(ValueError::Json)
}

fn line_breaks(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// Finds where a value ends, piece by piece, by its brackets and quotes alone.
#[derive(Debug, Default)]
struct Scan {
    depth: usize,
    is_in_text: bool,
    is_escaped: bool,
    has_begun: bool,
}

impl Scan {
    /// How many bytes of the piece belong to the value, if it ends there.
    fn end(&mut self, piece: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(&byte) = piece.get(at) {
            if self.is_in_text {
                at += self.text(piece.get(at..).unwrap_or_default());
                if !self.is_in_text && self.depth == 0 {
                    return Some(at);
                }
                continue;
            }
            match byte {
                b'"' if self.depth == 0 && self.has_begun => return Some(at),
                b'"' => self.is_in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth > 1 => self.depth -= 1,
                b'}' | b']' if self.depth == 1 => return Some(at + 1),
                b'}' | b']' | b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 => return Some(at),
                _ => {}
            }
            self.has_begun = true;
            at += 1;
        }
        None
    }

    /// How many bytes of a text there are, the quote at its end included.
    fn text(&mut self, piece: &[u8]) -> usize {
        let mut at = 0;
        while let Some(&byte) = piece.get(at) {
            at += 1;
            if std::mem::take(&mut self.is_escaped) {
                continue;
            }
            match byte {
                b'\\' => self.is_escaped = true,
                b'"' => {
                    self.is_in_text = false;
                    break;
                }
                _ => {}
            }
        }
        at
    }

    /// Whether the document may end here: only numbers and words have no end of their own.
    fn ends_with_the_document(&self) -> bool {
        self.depth == 0 && !self.is_in_text && self.has_begun
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// Gives a byte at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let length = out.len().min(1);
            self.0.read(out.get_mut(..length).unwrap_or_default())
        }
    }

    /// The document, taken apart as deep as its objects and arrays go.
    fn whole<R: Read>(walk: &mut Walk<R>) -> Result<Value, WalkError> {
        Ok(match walk.peek()? {
            b'{' => {
                walk.object()?;
                let mut members = serde_json::Map::new();
                while let Some(name) = walk.member()? {
                    members.insert(name, whole(walk)?);
                }
                Value::Object(members)
            }
            b'[' => {
                walk.array()?;
                let mut items = Vec::new();
                while walk.item()? {
                    items.push(whole(walk)?);
                }
                Value::Array(items)
            }
            _ => walk.value()?.unwrap_or_else(|error| json!({"wrong": error.to_string()})),
        })
    }

    fn walked(text: &str) -> Result<Value, WalkError> {
        let mut walk = Walk::new(text.as_bytes());
        let value = whole(&mut walk)?;
        walk.end()?;
        let mut slowly = Walk::new(Slow(text.as_bytes()));
        assert_eq!(whole(&mut slowly).expect("the same in small pieces"), value);
        Ok(value)
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::btree_map(".{0,4}", inner, 0..5).prop_map(|members| json!(members)),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_document_is_walked_through(value in any_value(), is_pretty: bool) {
            let text = if is_pretty { format!("{value:#}\n") } else { value.to_string() };
            prop_assert_eq!(walked(&text).expect("JSON"), value);
        }

        #[test]
        fn no_document_is_taken_that_is_none(text in "[\\[\\]{}:,\" ntrue0-9\\\\]{0,24}") {
            let strict = serde_json::from_str::<Value>(&text);
            if let Ok(value) = walked(&text) && !value.to_string().contains("wrong") {
                prop_assert!(strict.is_ok(), "{text}");
            }
        }
    }

    #[test]
    fn words_of_python_become_texts() {
        let value = walked(r#"{"N": [NaN, -Infinity, {"I": Infinity}, "NaN"]}"#).expect("JSON of Python");
        assert_eq!(value, json!({"N": ["NaN", "-Infinity", {"I": "Infinity"}, "NaN"]}));
    }

    #[test]
    fn a_wrong_value_takes_no_other_with_it() {
        let mut walk = Walk::new(&br#"[1, 0x1, {"a": nope, "b": [x]}, 2]"#[..]);
        walk.array().expect("an array");
        let mut read = Vec::new();
        while walk.item().expect("goes on") {
            read.push(walk.value::<Value>().expect("it ends").ok());
        }
        assert_eq!(read, [Some(json!(1)), None, None, Some(json!(2))]);
    }

    #[test]
    fn a_long_value_is_passed_over() {
        let long = " ".repeat(MOST_VALUE_BYTES);
        let text = format!("[[{long}], \"{long}\", 7]");
        let mut walk = Walk::new(text.as_bytes());
        walk.array().expect("an array");
        for _ in 0..2 {
            assert!(walk.item().expect("goes on"));
            assert!(matches!(walk.value::<Value>().expect("it ends"), Err(ValueError::TooLong)));
        }
        assert!(walk.item().expect("goes on"));
        assert_eq!(walk.value::<u8>().expect("it ends").expect("a number"), 7);
        assert!(!walk.item().expect("ends"));
    }

    #[test]
    fn what_is_wrong_has_a_line() {
        let said = |text: &str| walked(text).map_err(|error| error.to_string()).expect_err("it is wrong");
        assert_eq!(said("{\n\"a\": [1,\n"), "it ends in the middle, in line 3");
        assert_eq!(said("{\n\"a\"\n1}"), "expected a colon in line 3");
        assert_eq!(said("[1\n2]"), "expected a comma or the end of the list in line 2");
        assert_eq!(said("{1: 2}"), "expected the name of a member in line 1");
        assert_eq!(said("[] []"), "expected the end in line 1");
    }
}
