//! Runs that repeat each other, in words.

use std::fmt::Write as _;

use expbundle_query::{Duplicates, Relations};

use super::tree::{listed, record};
use crate::{Tone, count, paint};

pub fn words(relations: &Relations) -> String {
    let duplicates = Duplicates::among(relations);
    let mut text = String::new();
    if duplicates.is_empty() {
        text += "no two runs here have the same recipe, as far as known\n";
    }
    for group in &duplicates {
        let seeds = if group.same_seeds { "including the seeds" } else { "except for the seeds" };
        _ = writeln!(text, "{}", paint(Tone::Strong, &format!("the same recipe, as far as known, {seeds}")));
        for id in &group.records {
            _ = writeln!(text, "  {}", record(relations, *id));
        }
        let not: Vec<&str> = group.not_compared.iter().map(|one| one.as_str()).collect();
        _ = writeln!(text, "  {} {}", paint(Tone::Doubt, "not compared:"), not.join(", "));
    }
    let withheld = Duplicates::not_compared(relations);
    if !withheld.is_empty() {
        let records = count(withheld.len() as u64, "record");
        let why = paint(Tone::Doubt, "their recipe or inputs are withheld");
        _ = writeln!(text, "not compared at all: {records}, because {why}: {}", listed(&withheld));
    }
    text
}
