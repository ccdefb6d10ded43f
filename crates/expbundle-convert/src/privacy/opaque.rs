//! Looks into whole files: what cannot be looked into is not shared.

use super::{Kind, Private};

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

/// The first bytes of files that hold packed or encrypted text: archives, packed streams, and documents made of such.
const PACKED: &[&[u8]] = &[
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"\x28\xb5\x2f\xfd",
    b"\xfd7zXZ\x00",
    b"BZh",
    b"7z\xbc\xaf\x27\x1c",
    b"\x04\x22\x4d\x18",
    b"Rar!",
    b"%PDF-",
    b"LZIP",
    b"\x5d\x00\x00",
    b"Salted__",
    b"\x89HDF",
];

/// Shorter runs of letters than this, in a file that is not text, are chance.
const SHORTEST_RUN: usize = 8;
/// Shorter words than this, in letters, are found in every file that is not text.
const SHORTEST_WORD: usize = 4;

/// Looks into a file for private parts.
pub fn look_into(private: &Private, bytes: &[u8]) -> Look {
    if PACKED.iter().any(|start| bytes.starts_with(start)) || has_packed_png_text(bytes) {
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
    if let Ok(text) = std::str::from_utf8(bytes) {
        return parts(text);
    }
    let texts = runs(bytes).chain(wide_runs(bytes)).chain(png_texts(bytes));
    texts.flat_map(|text| parts(&text)).chain(words(private, bytes)).collect()
}

/// Known words that stand between the bytes that are no text.
fn words(private: &Private, bytes: &[u8]) -> Vec<(Kind, String)> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    private.words.find(&text, &mut found);
    let words = found.iter().filter_map(|part| Some((part.kind, text.get(part.start..part.end)?.to_owned())));
    words.filter(|(_, word)| word.chars().count() >= SHORTEST_WORD).collect()
}

/// The chunks of a PNG: kind and content.
fn png_chunks(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n").unwrap_or_default();
    std::iter::from_fn(move || {
        let ([l0, l1, l2, l3, kind @ ..], after) = rest.split_first_chunk::<8>()?;
        let size = u32::from_be_bytes([*l0, *l1, *l2, *l3]) as usize;
        let content = after.get(..size)?;
        rest = after.get(size.checked_add(4)?..).unwrap_or_default();
        Some((*kind, content))
    })
}

fn has_packed_png_text(bytes: &[u8]) -> bool {
    png_chunks(bytes).any(|(kind, content)| kind == *b"zTXt" || (kind == *b"iTXt" && is_packed_itxt(content)))
}

/// Keywords and texts, which are too short to be told from chance.
fn png_texts(bytes: &[u8]) -> impl Iterator<Item = String> {
    let texts = png_chunks(bytes).filter(|(kind, _)| kind == b"tEXt" || kind == b"iTXt");
    texts.map(|(_, content)| String::from_utf8_lossy(content).replace('\0', "\n"))
}

/// `keyword NUL flag …`
fn is_packed_itxt(chunk: &[u8]) -> bool {
    let end = chunk.iter().take(80).position(|byte| *byte == 0);
    end.and_then(|end| chunk.get(end + 1)).is_some_and(|flag| *flag != 0)
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

/// Runs of printable ASCII in UTF-16, either end first, at even and odd places.
fn wide_runs(bytes: &[u8]) -> impl Iterator<Item = String> + '_ {
    let mut all: Vec<String> = Vec::new();
    for start in 0..2 {
        let mut run = String::new();
        for pair in bytes.get(start..).unwrap_or_default().chunks(2) {
            match pair {
                [byte, 0] | [0, byte] if is_printable(*byte) => run.push(char::from(*byte)),
                _ => {
                    if run.len() >= SHORTEST_RUN {
                        all.push(std::mem::take(&mut run));
                    }
                    run.clear();
                }
            }
        }
        all.extend(Some(run).filter(|run| run.len() >= SHORTEST_RUN));
    }
    all.into_iter()
}
