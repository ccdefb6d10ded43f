//! Lines of a signers file that trust nobody.

use camino::Utf8Path;
use expbundle_statement::SkippedLine;

use crate::one_line;

/// How many lines were skipped, and the first of them; nothing if none were.
pub fn skipped(path: &Utf8Path, lines: &[SkippedLine]) -> String {
    const SHOWN: usize = 5;
    if lines.is_empty() {
        return String::new();
    }
    let (count, noun) = (lines.len(), if lines.len() == 1 { "line" } else { "lines" });
    let mut text =
        format!("note: {count} {noun} of {} skipped, because they make no key trusted here\n", one_line(path.as_str()));
    for line in lines.iter().take(SHOWN) {
        text += &format!("  {}\n", one_line(&line.to_string()));
    }
    if count > SHOWN {
        text += &format!("  and {} more\n", count - SHOWN);
    }
    text
}
