//! Bytes that are not UTF-8, as the texts that they may be: both who looks for secrets and who looks
//! for names reads files through this.

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, ISO_8859_2, KOI8_R, SHIFT_JIS, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252,
    WINDOWS_1254,
};

/// Encodings of one byte a letter or two that people still write files in.
const OLDER: &[&Encoding] = &[
    WINDOWS_1252,
    WINDOWS_1250,
    WINDOWS_1251,
    WINDOWS_1254,
    ISO_8859_2,
    KOI8_R,
    GB18030,
    BIG5,
    SHIFT_JIS,
    EUC_JP,
    EUC_KR,
];

/// Shorter runs of letters are chance.
const SHORTEST: usize = 4;

/// The texts of two and four bytes a letter (UTF-16, UTF-32), either end first, at any place: all of
/// a file with a mark, and runs of Latin, Greek and Cyrillic letters of others.
pub(crate) fn wide(bytes: &[u8]) -> Vec<String> {
    let little = bytes.strip_prefix(&[0xff, 0xfe]).map(|rest| (rest, u16::from_le_bytes as fn([u8; 2]) -> u16));
    let big = bytes.strip_prefix(&[0xfe, 0xff]).map(|rest| (rest, u16::from_be_bytes as fn([u8; 2]) -> u16));
    let mut all: Vec<String> = Vec::new();
    if let Some((rest, unit)) = little.or(big) {
        let units: Vec<u16> = rest.as_chunks::<2>().0.iter().map(|pair| unit(*pair)).collect();
        all.push(String::from_utf16_lossy(&units));
    }
    for (width, start) in [(2, 0), (2, 1), (4, 0), (4, 1), (4, 2), (4, 3)] {
        let mut run = String::new();
        let mut end = |run: &mut String| {
            if run.chars().count() >= SHORTEST {
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

/// A printable letter of ASCII or a blank, or a letter of Latin, Greek or Cyrillic, of two or four
/// bytes. Of other scripts, bytes that are no text look like letters.
fn wide_letter(unit: &[u8]) -> Option<char> {
    const LAST: u32 = 0x52f;
    let code = match unit {
        [low, high] | [low, high, 0, 0] if *high <= 5 => u32::from(u16::from_le_bytes([*low, *high])),
        [high, low] | [0, 0, high, low] => u32::from(u16::from_be_bytes([*high, *low])),
        _ => return None,
    };
    let letter = char::from_u32(code).filter(|_| code <= LAST)?;
    let is_ascii = |byte: u8| byte == b' ' || byte.is_ascii_graphic() || b"\t\r\n".contains(&byte);
    (u8::try_from(code).is_ok_and(is_ascii) || code > 0x7f && letter.is_alphabetic()).then_some(letter)
}

/// The texts of older encodings that a file may be, if it is text but not UTF-8.
pub(crate) fn older(bytes: &[u8]) -> Vec<String> {
    let is_control = |byte: &u8| byte.is_ascii_control() && !b"\t\r\n\x0c\x1b\x08\x07".contains(byte);
    if std::str::from_utf8(bytes).is_ok() || bytes.iter().any(is_control) {
        return Vec::new();
    }
    OLDER.iter().map(|encoding| encoding.decode_without_bom_handling(bytes).0.into_owned()).collect()
}

/// A word that has letters beyond ASCII, in the bytes of other encodings than UTF-8.
pub(crate) fn spellings(word: &str) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = OLDER
        .iter()
        .filter_map(|encoding| {
            let (bytes, _, has_unknown) = encoding.encode(word);
            (!has_unknown).then(|| bytes.into_owned())
        })
        .collect();
    all.push(word.encode_utf16().flat_map(u16::to_le_bytes).collect());
    all.push(word.encode_utf16().flat_map(u16::to_be_bytes).collect());
    all.retain(|bytes| bytes.len() >= SHORTEST && bytes.as_slice() != word.as_bytes());
    all.sort();
    all.dedup();
    all
}
