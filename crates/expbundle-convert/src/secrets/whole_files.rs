//! Files as a whole: of one word, of two bytes a character, of texts with their lengths.

use super::{Found, files, joined, scan_bytes, whole};

/// The kind of secret that a file of one word is by its name: `token` with a token in it.
pub fn file_of_one_word(path: &str, bytes: &[u8]) -> Option<&'static str> {
    const LONGEST: usize = 4096;
    let word = std::str::from_utf8(bytes.get(..bytes.len().min(LONGEST + 1))?).ok()?.trim();
    let is_word = !word.is_empty() && word.len() <= LONGEST && !word.contains(char::is_whitespace);
    files::class_of_file(path).filter(|_| is_word).and_then(|class| whole(class, word))
}

/// Finds the secrets in the bytes of a file. Texts of two bytes a character (UTF-16) are read too; then places are not exact. So are texts
/// before which their length stands.
pub fn scan_file(bytes: &[u8]) -> Vec<Found> {
    let wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || {
        let zeros = bytes.iter().take(4096).filter(|byte| **byte == 0).count();
        zeros * 3 > bytes.len().min(4096)
    };
    let mut found = scan_bytes(bytes);
    if wide {
        let narrow: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
        found.extend(scan_bytes(&narrow));
    }
    if let Some(apart) = without_lengths(bytes) {
        found.extend(scan_bytes(&apart));
    }
    joined(found)
}

/// The bytes of a file that is not text, with a zero for each byte that is a letter by chance and says how long the text behind it is, as in
/// pickles, protocol buffers, `MessagePack` and CBOR: `8gsk_…` is then no word. Nothing if there is none.
fn without_lengths(bytes: &[u8]) -> Option<Vec<u8>> {
    /// Shorter texts are words.
    const SHORTEST: usize = 16;
    /// A sign of the type may stand before the length; elsewhere it must end with the text.
    const BEFORE: usize = 3;
    let is_text = |byte: u8| (b' '..0x7f).contains(&byte);
    let is_of_text = |byte: &u8| is_text(*byte) || *byte >= 0x80 || b"\t\n\r\x0c\x1b".contains(byte);
    if bytes.iter().all(is_of_text) && std::str::from_utf8(bytes).is_ok() {
        return None;
    }
    let mut apart = None;
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let run = rest.iter().take_while(|byte| is_text(**byte)).count();
        for (before, length) in rest.iter().take(run).enumerate() {
            let end = before + 1 + usize::from(*length);
            if usize::from(*length) >= SHORTEST && (end == run || end < run && before < BEFORE) {
                let apart = apart.get_or_insert_with(|| bytes.to_vec());
                if let Some(byte) = apart.get_mut(at + before) {
                    *byte = 0;
                }
            }
        }
        at += run.max(1);
    }
    apart
}
