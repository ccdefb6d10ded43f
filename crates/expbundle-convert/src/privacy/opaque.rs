//! Looks into whole files: what cannot be looked into is not shared.

use super::packed::{Form, form_of, png_chunks};
use super::{Kind, Learned, Private};
use crate::decoded;

/// What a look into a file gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing private.
    Clean,
    /// Something private.
    Private,
    /// It is packed, so that nobody can tell.
    Packed,
}

/// Shorter runs of letters than this, in a file that is not text, are chance.
const SHORTEST_RUN: usize = 8;
/// Shorter words than this, in letters, are found in every file that is not text.
const SHORTEST_WORD: usize = 4;

/// Looks into a file for private parts.
pub fn look_into(private: &Private, bytes: &[u8]) -> Look {
    if form_of(bytes) == Form::Packed {
        return Look::Packed;
    }
    if parts_of_file(private, bytes).is_empty() { Look::Clean } else { Look::Private }
}

/// The private parts of a file: of the whole text, or of what in it looks like text.
pub fn parts_of_file(private: &Private, bytes: &[u8]) -> Vec<(Kind, String)> {
    let parts = |text: &str| -> Vec<(Kind, String)> {
        let parts = private.parts(text).into_iter().filter(|part| part.kind != Kind::Marker);
        parts.map(|part| (part.kind, text.get(part.start..part.end).unwrap_or_default().to_owned())).collect()
    };
    let mut found: Vec<(Kind, String)> = Vec::new();
    if let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0')) {
        found.extend(parts(text).into_iter().chain(members(text)));
        // Short records of protocol buffers are UTF-8, too.
        let is_of_text = |letter: char| !letter.is_ascii_control() || "\t\r\n\x0c\x1b\x08\x07".contains(letter);
        if text.chars().all(is_of_text) {
            return found;
        }
    }
    let mut wide = decoded::wide(bytes);
    wide.extend(decoded::older(bytes));
    let long = wide.iter().filter(|run| run.chars().count() >= SHORTEST_RUN).cloned();
    let apart = without_lengths(bytes);
    let texts = runs(bytes).chain(runs(&apart)).chain(long).chain(png_texts(bytes));
    found.extend(texts.flat_map(|text| parts(&text)).chain(words(private, bytes)));
    let wide = wide.join("\n");
    found.extend(words(private, wide.as_bytes()).into_iter().chain(members(&wide)));
    found
}

/// What the members of a text that is JSON or YAML say, and lines like `Author: Ada Lovelace` of any,
/// by the rules by which those of a section do.
fn members(text: &str) -> Vec<(Kind, String)> {
    let mut learned = Learned::default();
    learned.members(text);
    text.lines().for_each(|line| learned.line(line));
    let words = learned.words().iter();
    words.map(|(word, kind)| (*kind, word.clone())).collect()
}

/// Known words that stand between the bytes that are no text.
fn words(private: &Private, bytes: &[u8]) -> Vec<(Kind, String)> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    private.words.find(&text, &mut found);
    let encoded = private.words.encoded_in(bytes);
    let words = found.iter().filter_map(|part| Some((part.kind, text.get(part.start..part.end)?.to_owned())));
    words.filter(|(_, word)| word.chars().count() >= SHORTEST_WORD).chain(encoded).collect()
}

/// Keywords and texts, which are too short to be told from chance.
fn png_texts(bytes: &[u8]) -> impl Iterator<Item = String> {
    let texts = png_chunks(bytes).filter(|(kind, _)| kind == b"tEXt" || kind == b"iTXt");
    texts.map(|(_, content)| String::from_utf8_lossy(content).replace('\0', "\n"))
}

fn is_printable(byte: u8) -> bool {
    byte == b' ' || byte.is_ascii_graphic()
}

/// The bytes of a file that is not text, with a zero for each that stands before a path, is a letter or
/// sign by chance, and says how long the path is, as in pickles, protocol buffers, `MessagePack`,
/// CBOR, comments of pictures and Avro: `x/home/ada` is then no name with slashes in it.
fn without_lengths(bytes: &[u8]) -> Vec<u8> {
    /// Signs of a type that may stand before the length of a text, behind which others follow.
    const BEFORE: usize = 4;
    /// By how much a length may be more than that of the text: it counts itself, or a zero.
    const MORE: usize = 2;
    let mut apart = bytes.to_vec();
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let run = rest.iter().take_while(|byte| is_printable(**byte)).count();
        let pairs = rest.get(..run).unwrap_or_default().windows(2).enumerate();
        for (before, length) in pairs.filter_map(|(before, pair)| match pair {
            [length, b'/' | b'~' | b'\\'] => Some((before, usize::from(*length))),
            _ => None,
        }) {
            let end = before + 1 + length;
            let is_whole = (run..=run + MORE).contains(&end) || end < run && before < BEFORE;
            // Avro has twice the length.
            if is_whole || before + 1 + length / 2 == run {
                apart.get_mut(at + before).into_iter().for_each(|byte| *byte = 0);
            }
        }
        at += run.max(1);
    }
    apart
}

/// Runs of printable ASCII.
fn runs(bytes: &[u8]) -> impl Iterator<Item = String> + '_ {
    bytes
        .split(|byte| !is_printable(*byte))
        .filter(|run| run.len() >= SHORTEST_RUN)
        .map(|run| String::from_utf8_lossy(run).into_owned())
}
