//! What the whole ancestry of a record cost, in words.

use std::fmt::Write as _;

use expbundle::costs::FamilyCosts;
use expbundle::judge::State;
use expbundle_format::RecordId;
use expbundle_query::{Relations, short};

use super::tree::listed;
use crate::show::basis_word;
use crate::{Tone, cell, count, grouped, paint, table};

/// Figures that are in no sum and shown beside it.
const FIGURES: usize = 20;

/// A sum as people read it: three digits behind the point, unless it is very small or very large.
fn amount(sum: f64) -> String {
    if sum == 0.0 || (0.001..1e15).contains(&sum) { format!("{sum:.3}") } else { format!("{sum:.2e}") }
}

/// Whose word the figures are.
fn whose(relations: &Relations, counted: &[RecordId]) -> String {
    let number = |state| counted.iter().filter(|id| relations.state(**id) == state).count() as u64;
    let by = [(State::Trusted, "trusted"), (State::Signed, "signed by unchecked keys"), (State::Intact, "unsigned")];
    let parts: Vec<String> = by
        .into_iter()
        .filter(|(state, _)| number(*state) > 0)
        .map(|(state, words)| format!("{} {words}", grouped(number(state))))
        .collect();
    if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) }
}

pub fn words(relations: &Relations, cost: &FamilyCosts) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for one in &cost.sums.resources {
        let model = one.model.as_deref().map(|model| format!(" {}", cell(model))).unwrap_or_default();
        let amount = format!("{} {}", amount(one.amount.0), cell(&one.unit));
        let resource = format!("{}{model}", cell(&one.resource));
        rows.push(vec!["resource".to_owned(), resource, amount, basis_word(one.basis).to_owned()]);
    }
    for one in &cost.sums.charges {
        let amount = format!("{} {}", one.amount, cell(&one.currency));
        rows.push(vec!["charge".to_owned(), String::new(), amount, basis_word(one.basis).to_owned()]);
    }
    let mut text = table(&rows);
    let counted = count(cost.counted.len() as u64, "record");
    _ = writeln!(text, "counted: {counted}, each once{}", whose(relations, &cost.counted));
    if !cost.seen_twice.is_empty() {
        let what = paint(Tone::Doubt, "may be of one run that several tools recorded");
        let which =
            format!("{} that {what}: {}", count(cost.seen_twice.len() as u64, "record"), listed(&cost.seen_twice));
        _ = writeln!(text, "counted for each: {which}; `expbundle supersede` says which of them counts");
    }
    for (which, one, several) in [
        (&cost.revoked, "was revoked", "were revoked"),
        (&cost.unknown, "states no cost that could be added", "state no cost that could be added"),
        (&cost.withheld, "withholds its cost", "withhold their cost"),
        (&cost.superseded, "was superseded by another record here", "were superseded by other records here"),
        (&cost.repeated, "is of a run that is already counted", "are of runs that are already counted"),
        (&cost.absent, "was not found", "were not found"),
        (&cost.possible, "may be an ancestor", "may be ancestors"),
    ] {
        if !which.is_empty() {
            let why = paint(Tone::Doubt, if which.len() == 1 { one } else { several });
            _ = writeln!(text, "not counted: {} that {why}: {}", count(which.len() as u64, "record"), listed(which));
        }
    }
    if !cost.unaccounted.is_empty() {
        let who = count(cost.unaccounted.len() as u64, "record");
        let what = paint(Tone::Doubt, "what made the inputs of unknown origin");
        _ = writeln!(text, "not counted: {what} of {who}: {}", listed(&cost.unaccounted));
    }
    for one in cost.sums.not_added.iter().take(FIGURES) {
        let model = one.model.as_deref().map(|model| format!(" {}", cell(model))).unwrap_or_default();
        let what = match &one.resource {
            Some(resource) => format!("resource {}{model}", cell(resource)),
            None => "charge".to_owned(),
        };
        let amount = format!("{} {}", cell(&one.amount), cell(&one.unit));
        _ = writeln!(text, "not added: {what} {amount} of record {}: {}", short(&one.record), one.why);
    }
    let more = cost.sums.not_added.len().saturating_sub(FIGURES) as u64;
    if more > 0 {
        _ = writeln!(text, "not added: {}; `--json` has all", count(more, "more figure"));
    }
    text
}
