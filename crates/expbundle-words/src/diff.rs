//! What two records say differently.

use expbundle_format::Foreign;
use expbundle_query::Differences;

use crate::{Tone, cell, paint};

/// Each difference with both values, by parts of the record; and what one of them withholds.
pub fn words(differences: &Differences) -> String {
    if differences.before == differences.after {
        return "the same record\n".to_owned();
    }
    let mut text = String::new();
    let mut part = "";
    for one in &differences.differences {
        if one.part != part {
            part = &one.part;
            text += &format!("{}\n", paint(Tone::Strong, part));
        }
        text += &format!("  {}\n", cell(&one.name));
        if let Some(before) = &one.before {
            text += &format!("    {}\n", paint(Tone::Bad, &format!("- {}", value(before))));
        }
        if let Some(after) = &one.after {
            text += &format!("    {}\n", paint(Tone::Good, &format!("+ {}", value(after))));
        }
    }
    if text.is_empty() {
        text += "no differences in what was compared\n";
    }
    for one in &differences.not_compared {
        let of = match (one.before, one.after) {
            (true, true) => "both records",
            (true, false) => "the first record",
            _ => "the second record",
        };
        text += &format!("{} {}, withheld in {of}\n", paint(Tone::Doubt, "not compared:"), one.section);
    }
    text
}

/// What a record says of one thing, on a line of its own.
fn value(text: &str) -> String {
    Foreign::new(text).at_most(500).bare_if_plain().to_string()
}
