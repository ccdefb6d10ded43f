//! Values of JSON as text, from a file of any size.

use std::io::{self, BufRead};

use super::pieces::{MOST_VALUE_BYTES, Piece, give};

/// How often an item that does not end is taken for damaged.
const MOST_REPAIRS: usize = 20;
/// Brackets within brackets.
const MOST_LEVELS: usize = 128;
/// How an item of the list begins, as `json.dumps` indents it.
const ITEM_START: &[u8] = b"\n    {";

/// How a value ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Whole,
    Cut,
    /// A bracket closes another one, or there are too many.
    Broken,
}

/// Reads bytes, those that were pushed back first.
pub(super) struct Scanner<'a> {
    input: &'a mut dyn BufRead,
    pushed: Vec<u8>,
    given: usize,
    /// Bytes that were read.
    pub offset: u64,
    repairs: usize,
}

impl<'a> Scanner<'a> {
    pub fn new(input: &'a mut dyn BufRead) -> Self {
        Self { input, pushed: Vec::new(), given: 0, offset: 0, repairs: 0 }
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        if let Some(byte) = self.pushed.get(self.given) {
            return Ok(Some(*byte));
        }
        loop {
            match self.input.fill_buf() {
                Ok(buffer) => return Ok(buffer.first().copied()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub fn next(&mut self) -> io::Result<Option<u8>> {
        let byte = self.peek()?;
        if byte.is_some() {
            self.offset += 1;
            if self.given < self.pushed.len() {
                self.given += 1;
            } else {
                self.input.consume(1);
            }
        }
        Ok(byte)
    }

    /// The next byte that is not white space, which is still to be read.
    pub fn after_space(&mut self) -> io::Result<Option<u8>> {
        while let Some(byte) = self.peek()? {
            if !byte.is_ascii_whitespace() {
                return Ok(Some(byte));
            }
            self.next()?;
        }
        Ok(None)
    }

    pub fn skip_to(&mut self, wanted: u8) -> io::Result<bool> {
        while let Some(byte) = self.peek()? {
            if byte == wanted {
                return Ok(true);
            }
            self.next()?;
        }
        Ok(false)
    }

    /// Skips to the next item, or to the end of the list, which is behind one.
    fn skip_to_item(&mut self) -> io::Result<bool> {
        let mut before = None;
        while let Some(byte) = self.peek()? {
            if byte == b'{' || byte == b']' && before == Some(b'}') {
                return Ok(true);
            }
            if !byte.is_ascii_whitespace() {
                before = Some(byte);
            }
            self.next()?;
        }
        Ok(false)
    }

    /// Reads a value.
    pub fn value(&mut self, text: &mut Vec<u8>) -> io::Result<Value> {
        text.clear();
        self.after_space()?;
        // The brackets that are to be closed.
        let (mut open, mut in_string, mut is_escaped) = (Vec::new(), false, false);
        while let Some(byte) = self.peek()? {
            let is_outside = open.is_empty() && !in_string;
            let is_end = matches!(byte, b',' | b'}' | b']' | b':') || byte.is_ascii_whitespace();
            if is_outside && is_end && (!text.is_empty() || !byte.is_ascii_whitespace()) {
                return Ok(Value::Whole);
            }
            self.next()?;
            // One byte more than may be kept shows that it is too long.
            if text.len() <= MOST_VALUE_BYTES {
                text.push(byte);
            }
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' if in_string => is_escaped = true,
                b'"' => in_string = !in_string,
                b'{' | b'[' if !in_string && open.len() < MOST_LEVELS => open.push(byte),
                b'{' | b'[' if !in_string => return Ok(Value::Broken),
                // The closing brackets are two behind the opening ones in ASCII.
                b'}' | b']' if !in_string && open.pop() != Some(byte - 2) => return Ok(Value::Broken),
                _ => {}
            }
            if matches!(byte, b'"' | b'}' | b']') && open.is_empty() && !in_string {
                return Ok(Value::Whole);
            }
        }
        Ok(Value::Cut)
    }

    /// Reads the items of the list, whose bracket was read; `false` if the file ends in it.
    pub fn items(&mut self, take: &mut dyn FnMut(Piece<'_>)) -> io::Result<bool> {
        let mut text = Vec::new();
        loop {
            match self.after_space()? {
                Some(b']') => {
                    self.next()?;
                    return Ok(true);
                }
                Some(b',') => {
                    self.next()?;
                }
                Some(b'{') => {
                    let start = self.offset;
                    let value = self.value(&mut text)?;
                    if value == Value::Whole && !has_swallowed(&text) {
                        give(&text, take, Piece::Item);
                        continue;
                    }
                    if !self.repair(&text) && value == Value::Cut {
                        return Ok(false);
                    }
                    take(Piece::Damaged(format!("an item of the history, at byte {start}, has a wrong end")));
                }
                Some(_) => {
                    let start = self.offset;
                    if !self.skip_to_item()? {
                        return Ok(false);
                    }
                    let lost = self.offset - start;
                    take(Piece::Damaged(format!("{lost} bytes of the history, from byte {start} on, cannot be read")));
                }
                None => return Ok(false),
            }
        }
    }

    /// An item that goes to the end of the file may only lack a bracket or a quote: the next one is
    /// where a line begins as items do.
    fn repair(&mut self, text: &[u8]) -> bool {
        let Some(start) = next_item(text).filter(|_| self.repairs < MOST_REPAIRS && text.len() <= MOST_VALUE_BYTES)
        else {
            return false;
        };
        self.repairs += 1;
        let rest = text.get(start..).unwrap_or_default();
        self.offset -= rest.len() as u64;
        self.pushed = [rest, self.pushed.get(self.given..).unwrap_or_default()].concat();
        self.given = 0;
        true
    }
}

/// Where the next item begins in the text of one.
fn next_item(text: &[u8]) -> Option<usize> {
    text.windows(ITEM_START.len()).position(|window| window == ITEM_START)
}

/// Whether an item has others in it: a bracket too many may be closed by that of the list.
fn has_swallowed(text: &[u8]) -> bool {
    next_item(text).is_some() && str::from_utf8(text).ok().and_then(crate::wandb::Value::parse).is_none()
}
