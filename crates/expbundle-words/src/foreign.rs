//! Text that somebody else chose, made fit for a terminal.

use std::borrow::Cow;

use expbundle_format::foreign::is_unseen;
use expbundle_format::{Foreign, ForeignLine};
use expbundle_statement::Kind;

/// Letters of a message of ours, which may hold names as long as whoever chose them wanted.
const MOST_OF_A_MESSAGE: usize = 1000;
/// Columns of a foreign name within a line that has more in it.
const MOST_OF_A_NAME: usize = 40;
/// Columns of a foreign cell of a table.
const MOST_OF_A_CELL: usize = 60;
/// Letters in each line of a foreign text.
const MOST_OF_A_LINE: usize = 2000;

/// Text of several lines made fit for a terminal: what could forge a verdict because nobody sees it
/// is shown as escapes. Its lines are still lines, so each needs something in front of it that is
/// ours: see [`block`].
pub fn printable(text: &str) -> Cow<'_, str> {
    // Blanks of other widths are harmless in running text; what breaks a line without being seen to
    // is not.
    let is_blank = |c: char| c.is_whitespace() && !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
    let dangerous = |c: char| is_unseen(c) && c != '\n' && c != '\t' && !is_blank(c);
    if text.chars().any(dangerous) {
        text.chars().map(|c| if dangerous(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
    } else {
        Cow::Borrowed(text)
    }
}

/// A message of ours in one line. Foreign words in it are quoted where it is made.
pub fn one_line(text: &str) -> String {
    ForeignLine(text, MOST_OF_A_MESSAGE).to_string()
}

/// A foreign string between quotation marks that it cannot leave: a title, a reason, a unit.
pub fn quoted(text: &str) -> String {
    Foreign::new(text).to_string()
}

/// A foreign name within a line that has more in it: quoted, and shorter.
pub fn named(text: &str) -> String {
    Foreign::new(text).at_most(MOST_OF_A_NAME).to_string()
}

/// A key, and what its owner wants to be called.
pub(crate) fn calling_itself(key: &str, name: Option<&str>) -> String {
    name.map_or_else(|| key.to_owned(), |name| format!("{key}, calling itself {}", named(name)))
}

/// A foreign string as a cell of a table or an item of a list: quoted, unless it is one plain word.
/// Not for sentences.
pub fn cell(text: &str) -> String {
    Foreign::new(text).at_most(MOST_OF_A_CELL).bare_if_plain().to_string()
}

/// The name of a file that somebody else chose: bare if it is one plain word, else quoted, so that
/// it cannot go on with our sentence.
pub fn path(text: &str) -> String {
    Foreign::new(text).bare_if_plain().to_string()
}

/// The kind of a statement: a word of the spec, or in quotes one that this version does not know.
pub fn kind(word: &str) -> String {
    if Kind::is_known(word) { word.to_owned() } else { quoted(word) }
}

/// The first lines of a foreign text, each behind a bar, so that none of them passes for a line of
/// ours; and how many there are.
pub fn block(text: &str, indent: &str, most_lines: usize) -> (String, usize) {
    let mut shown = String::new();
    for line in text.lines().take(most_lines) {
        shown += &format!("{indent}| {}\n", ForeignLine(line, MOST_OF_A_LINE));
    }
    (shown, text.lines().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_steer_the_terminal() {
        assert_eq!(printable("plain ü\u{3000}"), "plain ü\u{3000}");
        assert_eq!(printable("a\x1b[2Kb"), "a\\u{1b}[2Kb");
        assert_eq!(printable("\u{202e}abc"), "\\u{202e}abc");
        assert_eq!(one_line("a\nb"), "a\\nb");
        for hidden in "\u{7f}\u{85}\u{ad}\u{200b}\u{2028}\u{2029}\u{feff}\u{3164}\u{fe0f}\u{e0041}".chars() {
            assert_eq!(one_line(&format!("a{hidden}b")), format!("a{}b", hidden.escape_unicode()));
        }
        for hidden in "\u{7f}\u{85}\u{ad}\u{200b}\u{2028}\u{2029}\u{feff}\u{3164}\u{fe0f}\u{e0041}".chars() {
            let shown = printable(&format!("a{hidden}b")).into_owned();
            assert_eq!(shown, format!("a{}b", hidden.escape_unicode()), "{hidden:?}");
        }
    }

    /// A stranger's word that goes on where our sentence ends would be taken for ours.
    #[test]
    fn names_of_files_and_kinds_are_bare_only_where_they_are_plain() {
        assert_eq!(["model.bin", "a/b-1_2.py"].map(path), ["model.bin", "a/b-1_2.py"]);
        for told in ["notes.txt, 0 files changed", "a b", "a\nb", "", "\u{202e}x"] {
            assert!(path(told).starts_with('"'), "{told}");
        }
        assert_eq!([kind("review"), kind("approved-by-ada")], ["review", "\"approved-by-ada\""]);
    }

    #[test]
    fn lines_of_a_foreign_text_stand_behind_a_bar() {
        assert_eq!(block("a\n\nSigned\u{1b}[2J\nb", "  ", 3), ("  | a\n  | \n  | Signed\\u{1b}[2J\n".to_owned(), 4));
    }
}
