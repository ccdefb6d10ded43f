//! What stands in the place of a secret.

use std::borrow::Cow;

use super::{Found, kinds};

/// How what stands in the place of a secret begins.
const MARKER: &str = "[secret removed: ";
/// What stands for each of its bytes where it is to be read as one word.
const SIGN: &str = "x";

/// What stands in the place of a secret.
pub fn marker(kind: &str) -> String {
    format!("{MARKER}{kind}]")
}

/// The text with signs in place of what stands for secrets: as long, in bytes, and of one word
/// each. What a text says of people and places can then be told across them.
pub(crate) fn markers_as_words(text: &str) -> Cow<'_, str> {
    let (mut all, mut rest) = (Cow::Borrowed(text), 0);
    while let Some(at) = text.get(rest..).and_then(|text| text.find(MARKER)).map(|at| rest + at) {
        rest = at + MARKER.len();
        let after = text.get(rest..).unwrap_or_default();
        // Only what this program writes is a marker; anything else may have a name in it.
        let is_kind = |kind: &&&str| after.strip_prefix(**kind).is_some_and(|after| after.starts_with(']'));
        if let Some(kind) = kinds().iter().find(is_kind) {
            rest += kind.len() + 1;
            all.to_mut().replace_range(at..rest, &SIGN.repeat(rest - at));
        }
    }
    all
}

/// Whether a word is what [`markers_as_words`] puts in the place of a marker, which is nobody's
/// name.
pub(crate) fn is_marker_as_word(word: &str) -> bool {
    word.len() > MARKER.len() && word.split(SIGN).all(str::is_empty)
}

/// The text with a marker in the place of each secret.
pub fn redacted(text: &str, found: &[Found]) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut end = 0;
    for one in found {
        clean += text.get(end..one.range.start).unwrap_or_default();
        clean += &marker(one.kind);
        end = one.range.end;
    }
    clean + text.get(end..).unwrap_or_default()
}
