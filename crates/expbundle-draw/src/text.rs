//! Labels as they may be shown.

use expbundle_format::foreign::is_unseen;
use unicode_width::UnicodeWidthStr as _;

/// Replaces what is not seen (`is_unseen` of `expbundle-format`), by which a label could pretend to
/// be another.
pub(crate) fn visible(text: &str) -> String {
    text.chars().map(|c| if is_unseen(c) { '\u{FFFD}' } else { c }).collect()
}

/// The text, cut to so many characters with an ellipsis.
pub(crate) fn clipped(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_owned(),
        Some(_) => text.chars().take(characters.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// The text in rows of so many columns, between words where a row has some: cut, what stands behind
/// a long name would be lost.
pub(crate) fn rows(text: &str, most: usize) -> Vec<String> {
    let (mut rows, mut row, mut taken) = (Vec::new(), String::new(), 0);
    for c in text.chars() {
        let wide = columns(c.encode_utf8(&mut [0; 4]));
        if taken + wide > most {
            let at = row.rfind(' ').map_or(row.len(), |blank| blank + 1);
            let next = row.split_off(at);
            rows.push(std::mem::replace(&mut row, next).trim_end().to_owned());
            taken = columns(&row);
        }
        taken += wide;
        row.push(c);
    }
    rows.push(row);
    rows
}

/// Columns that a text takes: East Asian wide characters and emoji take two.
pub(crate) fn columns(text: &str) -> usize {
    text.width()
}
