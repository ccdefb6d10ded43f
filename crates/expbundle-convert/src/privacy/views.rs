//! A text as it is, and decoded: what is written `%2Fhome%2Fada` or `Jos\u00e9` is found too.

use std::borrow::Cow;

use super::Part;
use super::look::count;
use crate::secrets::control_sequence;

/// How often a text may be encoded over itself.
const MOST_TIMES: usize = 3;

/// A text that may be decoded, and where its bytes stand in the source.
pub struct View<'a> {
    text: Cow<'a, str>,
    /// For each byte of the text, where in the source begins and ends what it stands for; none if
    /// they are the same.
    places: Option<Vec<(usize, usize)>>,
}

impl View<'_> {
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The part where it stands in the source.
    pub fn of_source(&self, part: Part) -> Part {
        let Some(places) = &self.places else { return part };
        let place = |at: usize| places.get(at).copied().unwrap_or_default();
        let (start, end) = (place(part.start).0, part.end.checked_sub(1).map_or(0, |last| place(last).1));
        Part { start, end: end.max(start), kind: part.kind }
    }

    /// Decodes, where `decode` gives the bytes that stand for those at a place, and how many of
    /// them it read.
    fn decoded(&self, decode: impl Fn(&[u8]) -> Option<(Vec<u8>, usize)>) -> Option<View<'static>> {
        let bytes = self.text.as_bytes();
        let place = |at: usize| match &self.places {
            Some(places) => places.get(at).copied().unwrap_or_default(),
            None => (at, at + 1),
        };
        let (mut out, mut places, mut at, mut changed) = (Vec::with_capacity(bytes.len()), Vec::new(), 0, false);
        while let Some(byte) = bytes.get(at) {
            let found = bytes.get(at..).and_then(&decode);
            let (decoded, read) = found.unwrap_or_else(|| (vec![*byte], 1));
            changed |= read > 1;
            count(read);
            let stands_for = (place(at).0, place(at + read - 1).1);
            places.extend(decoded.iter().map(|_| stands_for));
            out.extend(decoded);
            at += read;
        }
        // What is not UTF-8 when decoded was not text.
        changed
            .then(|| String::from_utf8(out).ok())
            .flatten()
            .map(|text| View { text: text.into(), places: Some(places) })
    }
}

/// The most bytes of a long text that are decoded at once, unless they are one word.
const PIECE_BYTES: usize = 1 << 20;

/// A text in pieces that end with a space, and where each begins: so that the views of a long one
/// do not take many times its memory.
pub fn pieces(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let is_space = |byte: &u8| byte.is_ascii_whitespace();
        let bytes = rest.as_bytes();
        let end = match bytes.get(..PIECE_BYTES) {
            None => rest.len(),
            Some(head) => match head.iter().rposition(is_space) {
                Some(space) => space + 1,
                None => bytes.iter().position(is_space).map_or(rest.len(), |space| space + 1),
            },
        };
        let start = at;
        at += end;
        Some((start, rest.get(..end)?))
    })
}

/// The views of a text, the plain one first.
pub fn of(text: &str) -> Vec<View<'_>> {
    let mut views = vec![View { text: text.into(), places: None }];
    if text.contains('%') {
        for _ in 0..MOST_TIMES {
            let last = views.last().expect("one at least");
            let next = last
                .decoded(percent)
                .or_else(|| last.decoded(|bytes| percent(bytes).filter(|(byte, _)| byte.is_ascii())));
            let Some(next) = next else { break };
            views.push(next);
        }
    }
    colours(&mut views);
    if text.contains('\\') {
        for _ in 0..MOST_TIMES {
            let Some(next) = views.last().and_then(|view| view.decoded(escape)) else { break };
            views.push(next);
        }
    }
    if text.contains('&') {
        views.extend(views.last().and_then(|view| view.decoded(entity)));
    }
    colours(&mut views);
    views
}

/// Without what a terminal takes for itself; and with a sign in its place, for where it stands
/// between two words.
fn colours(views: &mut Vec<View<'_>>) {
    let is_coloured = |view: &&View<'_>| view.text.contains(|letter| matches!(letter, '\u{1b}' | '\u{80}'..='\u{9f}'));
    let Some(last) = views.last().filter(is_coloured) else { return };
    let apart = last.decoded(|bytes| Some((b"\x1b".to_vec(), control_sequence(bytes)?)));
    let without = last.decoded(|bytes| Some((Vec::new(), control_sequence(bytes)?)));
    views.extend(without);
    views.extend(apart);
}

fn hex(digits: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u32::from_str_radix(text, 16).ok()
}

/// `%2F`
fn percent(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let [b'%', high, low, ..] = bytes else { return None };
    let byte = u8::try_from(hex(&[*high, *low])?).ok().filter(|byte| *byte != 0)?;
    Some((vec![byte], 3))
}

fn letter(code: u32, read: usize) -> Option<(Vec<u8>, usize)> {
    let letter = char::from_u32(code).filter(|letter| *letter != '\0')?;
    Some((letter.to_string().into_bytes(), read))
}

/// `\u00e9`, a pair of surrogates, `\x2f`, `\/`, `\n`
fn escape(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    match bytes {
        [b'\\', sign @ (b'/' | b'\\' | b'"' | b'\''), ..] => Some((vec![*sign], 2)),
        [b'\\', b'n' | b'r', ..] => Some((vec![b'\n'], 2)),
        [b'\\', b't', ..] => Some((vec![b'\t'], 2)),
        [b'\\', b'x', high, low, ..] => letter(hex(&[*high, *low])?, 4),
        [b'\\', b'u', rest @ ..] => {
            let code = hex(rest.get(..4)?)?;
            if let (0xd800..=0xdbff, Some([b'\\', b'u', low @ ..])) = (code, rest.get(4..10)) {
                let low = hex(low)?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                return letter(0x10000 + ((code - 0xd800) << 10) + low, 12);
            }
            letter(code, 6)
        }
        _ => None,
    }
}

/// `&#47;`, `&#x2f;`, `&quot;`
fn entity(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    const MOST_BYTES: usize = 12;
    const NAMED: &[(&[u8], u8)] =
        &[(b"&quot;", b'"'), (b"&apos;", b'\''), (b"&lt;", b'<'), (b"&gt;", b'>'), (b"&amp;", b'&')];
    if let Some((name, sign)) = NAMED.iter().find(|(name, _)| bytes.starts_with(name)) {
        return Some((vec![*sign], name.len()));
    }
    let rest = bytes.strip_prefix(b"&#")?;
    let end = rest.iter().take(MOST_BYTES).position(|byte| *byte == b';')?;
    let digits = std::str::from_utf8(rest.get(..end)?).ok()?;
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(digits) => hex(digits.as_bytes())?,
        None => digits.parse().ok()?,
    };
    letter(code, end + 3)
}
