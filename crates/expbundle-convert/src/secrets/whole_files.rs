//! Files as a whole: of one word, of two bytes a character, of texts with their lengths.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::text::NAME;
use super::{Found, compiled, files, joined, scan_binary, scan_bytes, settings, whole};
use crate::decoded;

/// The kind of secret that a file of one word is by its name: `token` with a token in it.
pub fn file_of_one_word(path: &str, bytes: &[u8]) -> Option<&'static str> {
    const LONGEST: usize = 4096;
    let word = std::str::from_utf8(bytes.get(..bytes.len().min(LONGEST + 1))?).ok()?.trim();
    let is_word = !word.is_empty() && word.len() <= LONGEST && !word.contains(char::is_whitespace);
    files::class_of_file(path).filter(|_| is_word).and_then(|class| whole(class, word))
}

/// Finds the secrets in the bytes of a file. Texts of two bytes a character (UTF-16) and of older
/// encodings are read too; then places are not exact. So are texts before which their length stands.
pub fn scan_file(bytes: &[u8]) -> Vec<Found> {
    let mut found = scan_as_is(bytes);
    if is_text(bytes) {
        found.extend(first_pickle(bytes).iter().flat_map(|settings| scan_bytes(settings)));
    } else {
        let texts = decoded::wide(bytes).into_iter().chain(decoded::older(bytes));
        found.extend(texts.flat_map(|text| scan_bytes(text.as_bytes())));
        found.extend(without_lengths(bytes).iter().flat_map(|apart| scan_binary(apart)));
        values_after_names(bytes, &mut found);
    }
    joined(found)
}

fn scan_as_is(bytes: &[u8]) -> Vec<Found> {
    if is_text(bytes) { scan_bytes(bytes) } else { scan_binary(bytes) }
}

fn is_text(bytes: &[u8]) -> bool {
    let is_of_text = |byte: &u8| is_printable(*byte) || *byte >= 0x80 || b"\t\n\r\x0c\x1b".contains(byte);
    bytes.iter().all(is_of_text) && std::str::from_utf8(bytes).is_ok()
}

fn is_printable(byte: u8) -> bool {
    (b' '..0x7f).contains(&byte)
}

/// Finds values that follow a telling name as the next text with its length before it, and look
/// like a secret by themselves.
fn values_after_names(bytes: &[u8], found: &mut Vec<Found>) {
    /// How many bytes of its type and length before a name look like letters, at most.
    const TYPE: usize = 4;
    /// How far the next text is, in bytes: marks of its type, and numbers that pickles give to
    /// texts.
    const BETWEEN: usize = 16;
    static NAMES: LazyLock<Regex> = LazyLock::new(|| compiled(&format!("(?i){}", *NAME)));
    for name in NAMES.find_iter(bytes) {
        let texts = (name.start()..name.end()).take(TYPE).flat_map(|at| texts_at(bytes, at));
        let told =
            texts.filter_map(|text| Some((text.end, settings::class_of(std::str::from_utf8(bytes.get(text)?).ok()?)?)));
        for (end, class) in told {
            let next = (end..end + BETWEEN).flat_map(|at| texts_at(bytes, at)).find(|text| {
                let text = bytes.get(text.clone()).and_then(|text| std::str::from_utf8(text).ok());
                text.is_some_and(|text| settings::is_drawn(class, text))
            });
            found.extend(next.map(|range| Found { kind: class.kind(), range }));
        }
    }
}

/// The texts that begin at a place, by the length before it: one byte, the last bits of one
/// (`MessagePack`, CBOR), or four (pickles).
fn texts_at(bytes: &[u8], at: usize) -> impl Iterator<Item = Range<usize>> {
    let before = |back: usize| at.checked_sub(back).and_then(|at| bytes.get(at)).copied();
    let last = before(1);
    let few = last.filter(|byte| (0x60..0x78).contains(byte) || (0xa0..0xc0).contains(byte)).map(|byte| byte & 0x1f);
    let four = before(4).filter(|_| [1, 2, 3].iter().all(|back| before(*back) == Some(0)));
    let ends = [last, few, four].into_iter().flatten().map(move |length| at + usize::from(length));
    ends.filter(move |end| {
        end - at >= 3 && bytes.get(at..*end).is_some_and(|text| text.iter().all(|byte| is_printable(*byte)))
    })
    .map(move |end| at..end)
}

/// The texts of a pickle of the first protocol, which is lines of text with a letter before each,
/// as settings: one after the other.
fn first_pickle(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.trim_end().strip_suffix('.').filter(|text| text.starts_with(['(', 'c', 'V', 'S', ']', '}']))?;
    let texts: Vec<&str> = text
        .lines()
        .map(|line| line.trim_start_matches(['(', 's', 'a', 'd', 'l', 't']))
        .filter_map(|line| line.strip_prefix('V').or_else(|| line.strip_prefix("S'")?.strip_suffix('\'')))
        .collect();
    let pairs = texts.windows(2).filter_map(|pair| match pair {
        [name, value] => Some(format!("{name}: {value}\n")),
        _ => None,
    });
    Some((texts.join("\n") + "\n" + &pairs.collect::<String>()).into_bytes())
}

/// The bytes of a file that is not text, with a zero for each byte that is a letter by chance and
/// says how long the text behind it is, as in pickles, protocol buffers, `MessagePack` and CBOR:
/// `8gsk_…` is then no word. Nothing if there is none.
fn without_lengths(bytes: &[u8]) -> Option<Vec<u8>> {
    /// Shorter texts are words.
    const SHORTEST: usize = 16;
    /// A sign of the type may stand before the length; elsewhere it must end with the text.
    const BEFORE: usize = 3;
    let mut apart = None;
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let run = rest.iter().take_while(|byte| is_printable(**byte)).count();
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
