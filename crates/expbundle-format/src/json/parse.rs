//! Tokens of I-JSON (spec/json.md, "Reading"), read by hand, for what must be refused is what
//! others let pass.

use std::borrow::Cow;
use std::collections::HashSet;

use super::JsonError;
use crate::limits::Limits;
use crate::number::MAX_SAFE_INTEGER;

/// How much of a foreign text an error repeats.
pub const SHOWN_CHARACTERS: usize = 80;

/// The text, if it is UTF-8 without a byte order mark.
pub fn checked_text(bytes: &[u8]) -> Result<&str, JsonError> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(JsonError::Encoding { problem: "a byte order mark", offset: 0 });
    }
    std::str::from_utf8(bytes)
        .map_err(|error| JsonError::Encoding { problem: "no UTF-8", offset: error.valid_up_to() as u64 })
}

/// A value, or what one begins with.
pub enum Token<'text> {
    /// Behind its brace.
    Object,
    /// Behind its bracket.
    Array,
    Text(Cow<'text, str>),
    Number(Number),
    Bool(bool),
    Null,
}

/// A number that means one thing.
pub enum Number {
    /// Within ±(2^53 − 1).
    Integer(i64),
    /// Finite.
    Float(f64),
}

pub struct Parser<'text> {
    text: &'text str,
    position: usize,
    values: u64,
    limits: Limits,
}

impl<'text> Parser<'text> {
    pub fn new(text: &'text str, limits: &Limits) -> Self {
        Self { text, position: 0, values: 0, limits: *limits }
    }

    /// Nothing but space may follow.
    pub fn end(&mut self) -> Result<(), JsonError> {
        self.space();
        if self.position < self.text.len() { Err(JsonError::Trailing { offset: self.offset() }) } else { Ok(()) }
    }

    fn offset(&self) -> u64 {
        self.position as u64
    }

    pub fn position(&self) -> usize {
        self.position
    }

    pub fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    /// Over a byte that was looked at.
    pub fn skip(&mut self) {
        self.position += 1;
    }

    pub fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.position += 1;
        }
    }

    pub fn expected<T>(&self, expected: &'static str) -> Result<T, JsonError> {
        Err(JsonError::Syntax { expected, offset: self.offset() })
    }

    pub fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.position += usize::from(found);
        found
    }

    /// The next value. One function for all types that are read: in each of theirs it would be the
    /// largest part of the program.
    #[inline(never)]
    pub fn token(&mut self, depth: u32) -> Result<Token<'text>, JsonError> {
        Ok(match self.begin(depth)? {
            Some(b'{') => {
                self.skip();
                Token::Object
            }
            Some(b'[') => {
                self.skip();
                Token::Array
            }
            Some(b'"') => Token::Text(self.text()?),
            Some(b'-' | b'0'..=b'9') => Token::Number(self.number()?),
            _ => self.word()?.map_or(Token::Null, Token::Bool),
        })
    }

    /// Counts a value, inside so many arrays and objects, and says what it begins with.
    pub fn begin(&mut self, depth: u32) -> Result<Option<u8>, JsonError> {
        self.values += 1;
        if self.values > self.limits.json_values {
            return Err(JsonError::Limit { what: "values", limit: self.limits.json_values });
        }
        let next = self.peek();
        if matches!(next, Some(b'{' | b'[')) && depth >= self.limits.json_depth {
            return Err(JsonError::Limit { what: "levels of nesting", limit: u64::from(self.limits.json_depth) });
        }
        Ok(next)
    }

    /// `true`, `false`, or nothing for `null`.
    pub fn word(&mut self) -> Result<Option<bool>, JsonError> {
        for (word, value) in [("true", Some(true)), ("false", Some(false)), ("null", None)] {
            if self.rest().starts_with(word.as_bytes()) {
                self.position += word.len();
                return Ok(value);
            }
        }
        self.expected("a value")
    }

    fn rest(&self) -> &'text [u8] {
        self.text.as_bytes().get(self.position..).unwrap_or_default()
    }

    /// The names of the first members of an object that was read so far, from behind its brace.
    pub fn names(&self, start: usize, count: usize) -> Result<HashSet<Cow<'text, str>>, JsonError> {
        let mut again = Parser { position: start, ..*self };
        let mut names = HashSet::with_capacity(count);
        for _ in 0..count {
            again.space();
            names.insert(again.text()?);
            // To behind the comma.
            let mut depth = 0_u32;
            loop {
                match again.peek() {
                    Some(b'"') => {
                        again.text()?;
                        continue;
                    }
                    Some(b'{' | b'[') => depth += 1,
                    Some(b'}' | b']') => depth = depth.saturating_sub(1),
                    Some(b',') if depth == 0 => break,
                    Some(_) => {}
                    None => return again.expected("the end of the object"),
                }
                again.skip();
            }
            again.skip();
        }
        Ok(names)
    }

    /// A string; borrowed where nothing in it is escaped.
    pub fn text(&mut self) -> Result<Cow<'text, str>, JsonError> {
        self.position += 1;
        let mut text = Cow::Borrowed("");
        loop {
            let rest = self.rest();
            let mut plain = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
            // Looked for in all at once, for there is none in nearly every text.
            let head = rest.get(..plain).unwrap_or_default();
            if head.iter().fold(0xff, |least, byte| least.min(*byte)) < 0x20 {
                plain = head.iter().position(|byte| *byte < 0x20).unwrap_or(plain);
            }
            let run = self.text.get(self.position..self.position + plain).expect("it is cut at ASCII");
            if text.is_empty() {
                text = Cow::Borrowed(run);
            } else {
                text.to_mut().push_str(run);
            }
            self.position += plain;
            match self.peek() {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.to_mut().push(self.escape()?),
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

    pub fn number(&mut self) -> Result<Number, JsonError> {
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
        let text = self.text.get(start..self.position).unwrap_or_default();
        let refuse = |problem| {
            let text = text.chars().take(SHOWN_CHARACTERS).collect();
            Err(JsonError::Number { text, problem, offset: start as u64 })
        };
        if integer {
            return match text.parse::<i64>() {
                Ok(0) if text.starts_with('-') => refuse("is minus zero"),
                Ok(number) if number.unsigned_abs() <= MAX_SAFE_INTEGER => Ok(Number::Integer(number)),
                _ => refuse("is beyond 2^53 - 1"),
            };
        }
        match text.parse::<f64>().ok().filter(|number| number.is_finite()) {
            Some(number) => Ok(Number::Float(number)),
            None => refuse("is too large for a float"),
        }
    }
}
