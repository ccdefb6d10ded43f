//! Pieces of the notes that go with a plan.

use std::collections::BTreeMap;

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

/// What has no place in a card: names by the reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut(BTreeMap<&'static str, Vec<String>>);

impl LeftOut {
    /// Leaves out something of this name, which somebody else chose.
    pub fn push(&mut self, why: &'static str, name: &str) {
        self.0.entry(why).or_default().push(Foreign::new(name).to_string());
    }

    /// Takes in what was left out elsewhere.
    pub fn extend(&mut self, other: Self) {
        for (why, names) in other.0 {
            self.0.entry(why).or_default().extend(names);
        }
    }

    /// All of it in a sentence.
    pub fn note(&self) -> Option<String> {
        let group = |(why, names): (&&str, &Vec<String>)| format!("{} ({why})", listed(names.iter().cloned(), ", "));
        let groups: Vec<String> = self.0.iter().map(group).collect();
        (!groups.is_empty()).then(|| format!("left out of the card: {}", groups.join("; ")))
    }
}
