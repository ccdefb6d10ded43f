//! JSON as Python's `json.dump` writes it: with bare `NaN`, `Infinity` and `-Infinity`, which are
//! not JSON.
//!
//! A reader that puts quotes around these words lets a strict parser do the rest, as a stream: such
//! a file may be as large as it likes. `wandb::Value` reads the same dialect from memory, and keeps
//! integers of any length.

use std::io::{self, BufRead, Read};

use serde::de::DeserializeOwned;

/// Longer than every word of JSON and Python.
const MAX_WORD_BYTES: usize = 16;

/// Turns the three words into strings while it reads.
pub(crate) struct Quoting<R> {
    input: R,
    state: State,
    word: Vec<u8>,
    ready: Vec<u8>,
    given: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Plain,
    InString,
    Escaped,
    /// In a word, or after a `-` that may begin one.
    Word,
}

impl<R: BufRead> Quoting<R> {
    pub fn new(input: R) -> Self {
        Self { input, state: State::Plain, word: Vec::new(), ready: Vec::new(), given: 0 }
    }

    /// Prepares more bytes; leaves `ready` empty at the end of the input.
    fn refill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.given = 0;
        while self.ready.is_empty() {
            let buffer = match self.input.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if buffer.is_empty() {
                flush_word(&mut self.word, &mut self.ready);
                self.state = State::Plain;
                return Ok(());
            }
            for byte in buffer {
                step(&mut self.state, &mut self.word, &mut self.ready, *byte);
            }
            let used = buffer.len();
            self.input.consume(used);
        }
        Ok(())
    }
}

fn step(state: &mut State, word: &mut Vec<u8>, ready: &mut Vec<u8>, byte: u8) {
    if *state == State::Word {
        if byte.is_ascii_alphabetic() && word.len() < MAX_WORD_BYTES {
            word.push(byte);
            return;
        }
        flush_word(word, ready);
        *state = State::Plain;
    }
    *state = match (*state, byte) {
        (State::Plain, b'N' | b'I' | b'-') => {
            word.push(byte);
            *state = State::Word;
            return;
        }
        (State::InString, b'"') => State::Plain,
        (State::InString, b'\\') => State::Escaped,
        (State::Plain, b'"') | (State::Escaped, _) => State::InString,
        (state, _) => state,
    };
    ready.push(byte);
}

fn flush_word(word: &mut Vec<u8>, ready: &mut Vec<u8>) {
    let quoted = matches!(word.as_slice(), b"NaN" | b"Infinity" | b"-Infinity");
    if quoted {
        ready.push(b'"');
    }
    ready.append(word);
    if quoted {
        ready.push(b'"');
    }
}

impl<R: BufRead> Read for Quoting<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(out.len());
        if let (Some(from), Some(to)) = (available.get(..count), out.get_mut(..count)) {
            to.copy_from_slice(from);
        }
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Quoting<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.given >= self.ready.len() {
            self.refill()?;
        }
        Ok(self.ready.get(self.given..).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.given += count;
    }
}

/// Reads a small document whole.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    serde_json::from_reader(Quoting::new(text.as_bytes()))
}

/// The number that a quoted word stands for.
pub(crate) fn non_finite(word: &str) -> Option<f64> {
    match word {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    #[track_caller]
    fn case(text: &str, want: &str) {
        for capacity in [1, 2, 3, 64] {
            let mut out = String::new();
            let input = BufReader::with_capacity(capacity, text.as_bytes());
            Quoting::new(input).read_to_string(&mut out).expect("text");
            assert_eq!(out, want, "in pieces of {capacity}");
        }
    }

    #[test]
    fn only_bare_words_are_quoted() {
        case("[NaN, Infinity, -Infinity, -1, 2]", "[\"NaN\", \"Infinity\", \"-Infinity\", -1, 2]");
        case(r#"{"NaN": "-Infinity \" NaN \\"}"#, r#"{"NaN": "-Infinity \" NaN \\"}"#);
        case("NaN", "\"NaN\"");
        case("-", "-");
        case("Nonsense", "Nonsense");
        case("null true", "null true");
    }
}
