//! Looks into whole files: what cannot be looked into is not shared.

use super::{Kind, Learned, Private};

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

/// The first bytes of files that hold packed or encrypted text: archives, packed streams,
/// databases, and documents made of such.
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
    b"PAR1",
    b"ORC",
    b"Obj\x01",
    b"ARROW1",
    b"FEA1",
    b"wOF",
    // The texts of a row stand in it without anything between them.
    b"SQLite format 3\0",
];

/// What archives and packed streams begin with that may stand behind something else: a program that
/// unpacks itself, a pickle. Long enough not to stand in a file by chance; of the first, more is
/// looked at.
const APPENDED: &[&[u8]] = &[
    b"\x1f\x8b\x08",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\xfd7zXZ\x00",
    b"7z\xbc\xaf\x27\x1c",
    b"BZh91AY&SY",
    b"Rar!\x1a\x07",
];

/// Shorter runs of letters than this, in a file that is not text, are chance.
const SHORTEST_RUN: usize = 8;
/// Shorter words than this, in letters, are found in every file that is not text.
const SHORTEST_WORD: usize = 4;

/// Looks into a file for private parts.
pub fn look_into(private: &Private, bytes: &[u8]) -> Look {
    if PACKED.iter().any(|start| bytes.starts_with(start))
        || bytes.get(8..).is_some_and(|rest| rest.starts_with(b"DUCK"))
        || is_deflated(bytes)
        || has_appended(bytes)
        || has_packed_png_text(bytes)
    {
        return Look::Packed;
    }
    if parts_of_file(private, bytes).is_empty() { Look::Clean } else { Look::Private }
}

/// Whether a file is a stream of zlib, or one of DEFLATE without a header: it is not text, and its
/// beginning unpacks.
fn is_deflated(bytes: &[u8]) -> bool {
    /// As much of the file, and as much of what comes of it, in bytes.
    const TRIED: usize = 4096;
    /// Less comes of a stream by chance.
    const LEAST: usize = 16;
    let head = bytes.get(..TRIED).unwrap_or(bytes);
    if is_text(head) {
        return false;
    }
    let has_header = matches!(head, [first, second, ..] if first & 0x0f == 8 && (u32::from(*first) * 256 + u32::from(*second)) % 31 == 0);
    let unpacks = |has_header: bool| {
        let mut unpacked = [0; TRIED];
        let mut stream = flate2::Decompress::new(has_header);
        match stream.decompress(head, &mut unpacked, flate2::FlushDecompress::None) {
            Ok(flate2::Status::StreamEnd) => {
                stream.total_out() > 0 && (has_header || is_whole(&stream, bytes, &unpacked))
            }
            Ok(_) => has_header && stream.total_out() >= LEAST as u64,
            Err(_) => false,
        }
    };
    has_header && unpacks(true) || unpacks(false)
}

/// Whether a stream without a header is all that a file has, and text.
fn is_whole(stream: &flate2::Decompress, bytes: &[u8], unpacked: &[u8]) -> bool {
    let text = usize::try_from(stream.total_out()).ok().and_then(|length| unpacked.get(..length));
    stream.total_in() == bytes.len() as u64 && text.is_some_and(is_text)
}

/// Whether those bytes, which may be cut off in a letter, are text.
fn is_text(bytes: &[u8]) -> bool {
    let is_utf8 = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    is_utf8 && !bytes.contains(&0)
}

/// Whether an archive or a packed stream stands behind the beginning of a file.
fn has_appended(bytes: &[u8]) -> bool {
    if is_text(bytes) {
        return false;
    }
    APPENDED.iter().enumerate().any(|(which, start)| {
        memchr::memmem::find_iter(bytes, start).any(|at| {
            // Of gzip: no flags that there are not, how well it is packed, and a system that there
            // is.
            let header = bytes.get(at..).unwrap_or_default();
            let is_gzip = || {
                matches!(header, [_, _, _, flags, _, _, _, _, level, system, ..]
                    if *flags < 0x20 && [0, 2, 4].contains(level) && (*system < 14 || *system == 255))
            };
            which > 0 || is_gzip()
        })
    })
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
    let texts = runs(bytes).chain(long).chain(png_texts(bytes));
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
