//! What the whole ancestry of a record cost, in words.

use std::fmt::Write as _;

use expbundle::costs::FamilyCosts;
use expbundle_format::sections::Basis;

use super::words::listed;
use crate::statements::short;
use crate::terminal::{self, Tone, cell, count, paint};

/// Figures that are in no sum and shown beside it.
const FIGURES: usize = 20;

pub fn words(cost: &FamilyCosts) -> String {
    let basis = |basis| match basis {
        Basis::Measured => "measured",
        Basis::Estimated => "estimated",
        Basis::Billed => "billed",
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for one in &cost.sums.resources {
        let model = one.model.as_deref().map(|model| format!(" {}", cell(model))).unwrap_or_default();
        let amount = format!("{:.3} {}", one.amount.0, cell(&one.unit));
        rows.push(vec![format!("{}{model}", cell(&one.resource)), amount, basis(one.basis).to_owned()]);
    }
    for one in &cost.sums.charges {
        let amount = format!("{} {}", one.amount, cell(&one.currency));
        rows.push(vec!["charged".to_owned(), amount, basis(one.basis).to_owned()]);
    }
    let mut text = terminal::table(&rows);
    _ = writeln!(text, "counted: {}, each once", count(cost.counted.len() as u64, "record"));
    for (which, one, several) in [
        (&cost.revoked, "was revoked", "were revoked"),
        (&cost.unknown, "states no cost that could be added", "state no cost that could be added"),
        (&cost.withheld, "withholds its cost", "withhold their cost"),
        (&cost.superseded, "was superseded by another record here", "were superseded by other records here"),
        (&cost.repeated, "is of a run for which another record stands", "are of runs for which other records stand"),
        (&cost.absent, "is not here", "are not here"),
    ] {
        if !which.is_empty() {
            let why = paint(Tone::Doubt, if which.len() == 1 { one } else { several });
            _ = writeln!(text, "not counted: {} that {why}: {}", count(which.len() as u64, "record"), listed(which));
        }
    }
    for one in cost.sums.not_added.iter().take(FIGURES) {
        let model = one.model.as_deref().map(|model| format!(" {}", cell(model))).unwrap_or_default();
        let what = format!("{}{model}", cell(one.resource.as_deref().unwrap_or("charged")));
        let amount = format!("{} {}", cell(&one.amount), cell(&one.unit));
        _ = writeln!(text, "not added: {what} {amount} of record {}: {}", short(&one.record), one.why);
    }
    let more = cost.sums.not_added.len().saturating_sub(FIGURES) as u64;
    if more > 0 {
        _ = writeln!(text, "not added: {}; `--json` has all", count(more, "more figure"));
    }
    text
}
