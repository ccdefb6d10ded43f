//! Lines, and the characters that they are made of.

use super::error::SignersProblem;

/// The blanks of the grammar. Everything else that looks like one is refused.
pub const BLANKS: [char; 2] = [' ', '\t'];

/// Splits a file at its line feeds. A last line without one is a line; nothing behind the last one
/// is none.
pub fn lines(file: &[u8]) -> impl Iterator<Item = &[u8]> {
    file.split_inclusive(|byte| *byte == b'\n').map(|line| match line {
        [start @ .., b'\r', b'\n'] | [start @ .., b'\n'] => start,
        line => line,
    })
}

/// A line as text without control characters.
pub fn text(line: &[u8], is_first: bool) -> Result<&str, SignersProblem> {
    let text = std::str::from_utf8(line).map_err(|_| SignersProblem::NotUtf8)?;
    if is_first && text.starts_with('\u{feff}') {
        return Err(SignersProblem::ByteOrderMark);
    }
    match text.chars().find(|letter| letter.is_control() && *letter != '\t') {
        Some(letter) => Err(SignersProblem::Control(letter)),
        None => Ok(text),
    }
}

/// Refuses what cannot be seen, or looks like a blank: the line would not be what it looks like.
pub fn refuse_hidden(text: &str) -> Result<(), SignersProblem> {
    text.chars().find(|letter| is_hidden(*letter)).map_or(Ok(()), |letter| Err(SignersProblem::Hidden(letter)))
}

/// `HIDDEN` of the grammar: white space but the two blanks, and what Unicode lets a display leave
/// out.
fn is_hidden(letter: char) -> bool {
    matches!(
        letter,
        '\u{a0}'
            | '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{1680}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2000}'..='\u{200f}'
            | '\u{2028}'..='\u{202f}'
            | '\u{205f}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3000}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// The first word of a text that does not begin with a blank, and the rest behind the blanks.
pub fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.find(BLANKS).map_or((text, ""), |at| text.split_at(at));
    (word, rest.trim_start_matches(BLANKS))
}
