//! Strict I-JSON in, one fixed form out (spec/json.md).
//!
//! What two readers could understand differently is refused: duplicate keys, numbers that lose digits, text that is no
//! Unicode. Nothing is ever written again in order to be hashed; the fixed form only makes equal content equal bytes.

use std::io::Write as _;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

use crate::finding::{Code, Place};
use crate::limits::Limits;
use crate::number::MAX_SAFE_INTEGER;

/// Why a text is refused.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// A byte order mark, or bytes that are no UTF-8, or an escape that is half a character.
    #[error("{problem} at byte {offset}")]
    Encoding {
        /// What it is.
        problem: &'static str,
        /// Where.
        offset: u64,
    },
    /// Not the grammar of RFC 8259.
    #[error("expected {expected} at byte {offset}")]
    Syntax {
        /// What should stand there.
        expected: &'static str,
        /// Where.
        offset: u64,
    },
    /// Two members of one name in one object.
    #[error("the key {key:?} is there twice, again at byte {offset}")]
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
        /// Where.
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
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(JsonError::Encoding { problem: "a byte order mark", offset: 0 });
    }
    if let Err(error) = std::str::from_utf8(bytes) {
        return Err(JsonError::Encoding { problem: "no UTF-8", offset: error.valid_up_to() as u64 });
    }
    let mut parser = Parser { bytes, position: 0, values: 0, limits };
    parser.space();
    let value = parser.value(0)?;
    parser.space();
    if parser.position < bytes.len() {
        return Err(JsonError::Trailing { offset: parser.offset() });
    }
    Ok(value)
}

/// Reads one JSON text into a type; where it does not fit, the error has a JSON pointer.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8], limits: &Limits) -> Result<T, JsonError> {
    from_value(parse(bytes, limits)?)
}

/// Reads a value into a type; where it does not fit, the error has a JSON pointer.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, JsonError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer: String = error.path().iter().map(pointer_token).collect();
        JsonError::Schema { pointer, message: error.into_inner().to_string() }
    })
}

fn pointer_token(segment: &serde_path_to_error::Segment) -> String {
    use serde_path_to_error::Segment;

    match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    }
}

/// Writes the fixed form: sorted keys, two spaces, a final newline.
pub fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, JsonError> {
    // A `Value` sorts its keys, and turns floats that JSON lacks into `null`, which types of this crate never give.
    let value = serde_json::to_value(value).map_err(|error| JsonError::Unwritable(error.to_string()))?;
    check_numbers(&value)?;
    let mut bytes = serde_json::to_vec_pretty(&value).map_err(|error| JsonError::Unwritable(error.to_string()))?;
    bytes.write_all(b"\n").expect("a vector takes all bytes");
    Ok(bytes)
}

fn check_numbers(value: &Value) -> Result<(), JsonError> {
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Number(number) if !is_safe(number) => {
                return Err(JsonError::Unwritable(format!("the integer {number} is beyond 2^53 - 1")));
            }
            Value::Array(items) => waiting.extend(items),
            Value::Object(members) => waiting.extend(members.values()),
            _ => {}
        }
    }
    Ok(())
}

fn is_safe(number: &Number) -> bool {
    match (number.as_u64(), number.as_i64()) {
        (Some(positive), _) => positive <= MAX_SAFE_INTEGER,
        (None, Some(negative)) => negative.unsigned_abs() <= MAX_SAFE_INTEGER,
        (None, None) => true,
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    position: usize,
    values: u64,
    limits: &'a Limits,
}

impl Parser<'_> {
    fn offset(&self) -> u64 {
        self.position as u64
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.position += 1;
        }
    }

    fn expected<T>(&self, expected: &'static str) -> Result<T, JsonError> {
        Err(JsonError::Syntax { expected, offset: self.offset() })
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.position += usize::from(found);
        found
    }

    /// One value. The depth is bounded by a small limit, so recursion is too.
    fn value(&mut self, depth: u32) -> Result<Value, JsonError> {
        self.values += 1;
        if self.values > self.limits.json_values {
            return Err(JsonError::Limit { what: "values", limit: self.limits.json_values });
        }
        if depth > self.limits.json_depth {
            return Err(JsonError::Limit { what: "levels of nesting", limit: u64::from(self.limits.json_depth) });
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                for (word, value) in [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)]
                {
                    if self.bytes.get(self.position..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
                        self.position += word.len();
                        return Ok(value);
                    }
                }
                self.expected("a value")
            }
        }
    }

    fn object(&mut self, depth: u32) -> Result<Value, JsonError> {
        self.position += 1;
        let mut members = Map::new();
        self.space();
        if self.take(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.space();
            let offset = self.offset();
            if self.peek() != Some(b'"') {
                return self.expected("a key in double quotes");
            }
            let key = self.string()?;
            self.space();
            if !self.take(b':') {
                return self.expected("a colon");
            }
            self.space();
            let value = self.value(depth + 1)?;
            if members.contains_key(&key) {
                return Err(JsonError::DuplicateKey { key, offset });
            }
            members.insert(key, value);
            self.space();
            if self.take(b'}') {
                return Ok(Value::Object(members));
            }
            if !self.take(b',') {
                return self.expected("a comma or the end of the object");
            }
        }
    }

    fn array(&mut self, depth: u32) -> Result<Value, JsonError> {
        self.position += 1;
        let mut items = Vec::new();
        self.space();
        if self.take(b']') {
            return Ok(Value::Array(items));
        }
        loop {
            self.space();
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take(b']') {
                return Ok(Value::Array(items));
            }
            if !self.take(b',') {
                return self.expected("a comma or the end of the array");
            }
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.position += 1;
        let mut text = String::new();
        loop {
            let rest = self.bytes.get(self.position..).unwrap_or_default();
            let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)).unwrap_or(rest.len());
            let run = rest.get(..plain).and_then(|run| std::str::from_utf8(run).ok());
            text.push_str(run.expect("the whole text is UTF-8, and it is cut at ASCII"));
            self.position += plain;
            match self.peek() {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => return self.expected("an escape in place of the control character"),
                None => return self.expected("the end of the string"),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let start = self.offset();
        self.position += 1;
        let escaped = self.peek();
        self.position += 1;
        Ok(match escaped {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let lone = JsonError::Encoding { problem: "half a surrogate pair", offset: start };
                let first = self.hex()?;
                if !(0xd800..0xe000).contains(&first) {
                    return char::from_u32(first).ok_or(lone);
                }
                if first >= 0xdc00 || !(self.take(b'\\') && self.take(b'u')) {
                    return Err(lone);
                }
                let second = self.hex()?;
                if !(0xdc00..0xe000).contains(&second) {
                    return Err(lone);
                }
                return char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)).ok_or(lone);
            }
            _ => {
                self.position -= 1;
                return self.expected("an escape of JSON");
            }
        })
    }

    fn hex(&mut self) -> Result<u32, JsonError> {
        let mut value = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(16)) else {
                return self.expected("four hex digits");
            };
            value = value * 16 + digit;
            self.position += 1;
        }
        Ok(value)
    }

    fn digits(&mut self) -> usize {
        let start = self.position;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.position += 1;
        }
        self.position - start
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.position;
        self.take(b'-');
        if !self.take(b'0') && self.digits() == 0 {
            return self.expected("a digit");
        }
        let mut integer = true;
        if self.take(b'.') {
            integer = false;
            if self.digits() == 0 {
                return self.expected("a digit");
            }
        }
        if self.take(b'e') || self.take(b'E') {
            integer = false;
            if !self.take(b'+') {
                self.take(b'-');
            }
            if self.digits() == 0 {
                return self.expected("a digit");
            }
        }
        let text = self.bytes.get(start..self.position).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or("");
        let refuse = |problem| {
            let text = text.chars().take(40).collect();
            Err(JsonError::Number { text, problem, offset: start as u64 })
        };
        if integer {
            return match text.parse::<i64>() {
                Ok(0) if text.starts_with('-') => refuse("is minus zero"),
                Ok(number) if number.unsigned_abs() <= MAX_SAFE_INTEGER => Ok(number.into()),
                _ => refuse("is beyond 2^53 - 1"),
            };
        }
        match text.parse::<f64>().ok().and_then(Number::from_f64) {
            Some(number) => Ok(Value::Number(number)),
            None => refuse("is too large for a float"),
        }
    }
}
