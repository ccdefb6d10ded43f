//! Labels as they may be shown.

use expbundle_format::foreign::is_unseen;

/// Replaces what is not seen (`is_unseen` of `expbundle-format`), by which a label could pretend to be another.
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

/// The text in rows of so many columns: cut, what stands behind a long name would be lost.
pub(crate) fn rows(text: &str, most: usize) -> Vec<String> {
    let (mut rows, mut row, mut taken) = (Vec::new(), String::new(), 0);
    for c in text.chars() {
        let wide = columns(c.encode_utf8(&mut [0; 4]));
        if taken + wide > most {
            rows.push(std::mem::take(&mut row));
            taken = 0;
        }
        taken += wide;
        row.push(c);
    }
    rows.push(row);
    rows
}

/// Columns that a text takes: East Asian wide characters and emoji take two.
pub(crate) fn columns(text: &str) -> usize {
    let wide = |c: char| matches!(u32::from(c), 0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0x1F300..=0x1FAFF | 0x20000..=0x3FFFD);
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}
