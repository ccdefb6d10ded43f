//! What is about to change in a model folder.

use expbundle_format::RecordId;
use expbundle_format::container::SectionName;
use expbundle_format::sections::{Identity, JsonSection as _};
use expbundle_query::short;

use crate::{Tone, count, paint, printable};

/// Says which sections are there again because one copy has what another withholds: names and hosts before anything else.
pub fn comes_back(sections: &[(RecordId, SectionName)]) -> Vec<String> {
    const SHOWN: usize = 8;
    let mut sections: Vec<&(RecordId, SectionName)> = sections.iter().collect();
    sections.sort_by_key(|(_, name)| name.as_str() != Identity::NAME);
    let line = |(id, name): &&(RecordId, SectionName)| {
        format!("{name} of record {} comes back: one copy withholds it, and another has it", short(id))
    };
    let mut lines: Vec<String> = sections.iter().take(SHOWN).map(line).collect();
    if sections.len() > SHOWN {
        lines.push(format!("{} come back", count((sections.len() - SHOWN) as u64, "more withheld section")));
    }
    lines
}

/// A unified diff, its lines in colours.
pub fn coloured(diff: &str) -> String {
    let paint_line = |line: &str| match line.as_bytes().first() {
        Some(b'+') => paint(Tone::Good, line),
        Some(b'-') => paint(Tone::Bad, line),
        _ => line.to_owned(),
    };
    printable(diff).lines().map(|line| paint_line(line) + "\n").collect()
}
