//! Pieces of the notes that go with a plan.

use expbundle_format::Foreign;

/// Items that are shown of what may be many.
const SHOWN: usize = 5;

/// A number with its noun: `1 file`, `2 files`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// The name of a file: quoted unless it is one plain word, so that it cannot go on with the note.
pub fn name(path: impl AsRef<str>) -> String {
    Foreign::new(path.as_ref()).bare_if_plain().to_string()
}

/// The first of many, and how many more there are.
pub fn listed(all: impl ExactSizeIterator<Item = String>, separator: &str) -> String {
    let more = all.len().saturating_sub(SHOWN);
    let shown = all.take(SHOWN).collect::<Vec<_>>().join(separator);
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}
