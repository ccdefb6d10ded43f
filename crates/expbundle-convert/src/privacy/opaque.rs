//! Looks into whole files: what cannot be looked into is not shared.

use super::packed::{Form, form_of, png_chunks};
use super::{Kind, Learned, Private};
use crate::secrets::without_lengths;

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
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.contains('\0')
    {
        return parts(text).into_iter().chain(members(text)).collect();
    }
    let wide = wide_runs(bytes);
    let long = wide.iter().filter(|run| run.chars().count() >= SHORTEST_RUN).cloned();
    let apart = without_lengths(bytes).unwrap_or_default();
    let texts = runs(bytes).chain(runs(&apart)).chain(long).chain(png_texts(bytes));
    let mut found: Vec<(Kind, String)> = texts.flat_map(|text| parts(&text)).chain(words(private, bytes)).collect();
    let wide = wide.join("\n");
    found.extend(words(private, wide.as_bytes()).into_iter().chain(members(&wide)));
    found
}

/// What the members of a text that is JSON or YAML say, by the rules by which those of a section
/// do.
fn members(text: &str) -> Vec<(Kind, String)> {
    let mut learned = Learned::default();
    learned.members(text);
    let words = learned.words().iter();
    words.map(|(word, kind)| (*kind, word.clone())).collect()
}

/// Known words that stand between the bytes that are no text.
fn words(private: &Private, bytes: &[u8]) -> Vec<(Kind, String)> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    private.words.find(&text, &mut found);
    let words = found.iter().filter_map(|part| Some((part.kind, text.get(part.start..part.end)?.to_owned())));
    words.filter(|(_, word)| word.chars().count() >= SHORTEST_WORD).collect()
}

/// Keywords and texts, which are too short to be told from chance.
fn png_texts(bytes: &[u8]) -> impl Iterator<Item = String> {
    let texts = png_chunks(bytes).filter(|(kind, _)| kind == b"tEXt" || kind == b"iTXt");
    texts.map(|(_, content)| String::from_utf8_lossy(content).replace('\0', "\n"))
}

fn is_printable(byte: u8) -> bool {
    byte == b' ' || byte.is_ascii_graphic()
}

/// Runs of printable ASCII.
fn runs(bytes: &[u8]) -> impl Iterator<Item = String> + '_ {
    bytes
        .split(|byte| !is_printable(*byte))
        .filter(|run| run.len() >= SHORTEST_RUN)
        .map(|run| String::from_utf8_lossy(run).into_owned())
}

/// Runs of letters in UTF-16 and UTF-32, either end first, at any place.
fn wide_runs(bytes: &[u8]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for (width, start) in [(2, 0), (2, 1), (4, 0), (4, 1), (4, 2), (4, 3)] {
        let mut run = String::new();
        let mut end = |run: &mut String| {
            if run.chars().count() >= SHORTEST_WORD {
                all.push(std::mem::take(run));
            }
            run.clear();
        };
        for unit in bytes.get(start..).unwrap_or_default().chunks_exact(width) {
            match wide_letter(unit) {
                Some(letter) => run.push(letter),
                None => end(&mut run),
            }
        }
        end(&mut run);
    }
    all
}

/// A printable letter of ASCII, or one of Latin, Greek or Cyrillic, of two or four bytes. Of other
/// scripts, bytes that are no text look like letters.
fn wide_letter(unit: &[u8]) -> Option<char> {
    const LAST: u32 = 0x52f;
    let code = match unit {
        [low, high] | [low, high, 0, 0] if *high <= 5 => u32::from(u16::from_le_bytes([*low, *high])),
        [high, low] | [0, 0, high, low] => u32::from(u16::from_be_bytes([*high, *low])),
        _ => return None,
    };
    let letter = char::from_u32(code).filter(|_| code <= LAST)?;
    (u8::try_from(code).is_ok_and(is_printable) || code > 0x7f && letter.is_alphabetic()).then_some(letter)
}
