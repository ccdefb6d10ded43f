//! Runs that repeat each other.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use expbundle::fingerprint::{NotCompared, Seeds};
use expbundle_format::RecordId;
use schemars::JsonSchema;
use serde::Serialize;

use super::words::{listed, record};
use crate::relations::Relations;
use crate::terminal::{Tone, count, paint};

/// Runs of one recipe.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Duplicates {
    records: Vec<RecordId>,
    /// Whether the seeds are the same too.
    same_seeds: bool,
    /// What no record has, so that they may differ in it.
    not_compared: Vec<NotCompared>,
}

pub fn duplicates(relations: &Relations) -> Vec<Duplicates> {
    let groups = |seeds| relations.graph().duplicates(|id| relations.intact.fingerprint(id, seeds));
    let same = groups(Seeds::Count);
    let known: BTreeSet<Vec<RecordId>> = same.iter().cloned().collect();
    let other = groups(Seeds::Ignored).into_iter().filter(|records| !known.contains(records));
    let groups = same.into_iter().map(|records| (records, true)).chain(other.map(|records| (records, false)));
    let duplicates = groups.map(|(records, same_seeds)| {
        // Those of one fingerprint lack the same.
        let not_compared = records.first().map(|id| relations.intact.not_compared(*id)).unwrap_or_default();
        Duplicates { records, same_seeds, not_compared }
    });
    duplicates.collect()
}

/// Records that are compared with none, because what they did is withheld.
pub fn not_compared(relations: &Relations) -> Vec<RecordId> {
    let records = relations.graph().records().iter().map(expbundle_lineage::RecordFacts::id);
    records.filter(|id| relations.intact.withholds_recipe(*id)).collect()
}

pub fn words(relations: &Relations) -> String {
    let duplicates = duplicates(relations);
    let mut text = String::new();
    if duplicates.is_empty() {
        text += "no two runs here have the same recipe, as far as known\n";
    }
    for group in &duplicates {
        let seeds = if group.same_seeds { "seeds too" } else { "but for the seeds" };
        _ = writeln!(text, "{}", paint(Tone::Strong, &format!("the same recipe, as far as known, {seeds}")));
        for id in &group.records {
            _ = writeln!(text, "  {}", record(relations, *id));
        }
        let not: Vec<&str> = group.not_compared.iter().map(|one| one.as_str()).collect();
        _ = writeln!(text, "  {} {}", paint(Tone::Doubt, "not compared:"), not.join(", "));
    }
    let withheld = not_compared(relations);
    if !withheld.is_empty() {
        let records = count(withheld.len() as u64, "record");
        let why = paint(Tone::Doubt, "what they did or took in is withheld");
        _ = writeln!(text, "compared with none: {records}, because {why}: {}", listed(&withheld));
    }
    text
}
