//! Runs that repeat each other.

use std::collections::BTreeSet;

use expbundle::fingerprint::{NotCompared, Seeds};
use expbundle_format::RecordId;
use expbundle_lineage::RecordFacts;
use schemars::JsonSchema;
use serde::Serialize;

use crate::relations::Relations;

/// Runs of one recipe.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Duplicates {
    /// The runs.
    pub records: Vec<RecordId>,
    /// Whether the seeds are the same too.
    pub same_seeds: bool,
    /// What no record has, so that they may differ in it.
    pub not_compared: Vec<NotCompared>,
}

impl Duplicates {
    /// All groups of runs with one recipe, as far as it is known: those with the same seeds first.
    pub fn among(relations: &Relations) -> Vec<Self> {
        let groups = |seeds| relations.graph().duplicates(|id| relations.intact.fingerprint(id, seeds));
        let same = groups(Seeds::Count);
        let known: BTreeSet<Vec<RecordId>> = same.iter().cloned().collect();
        let other = groups(Seeds::Ignored).into_iter().filter(|records| !known.contains(records));
        let groups = same.into_iter().map(|records| (records, true)).chain(other.map(|records| (records, false)));
        let duplicates = groups.map(|(records, same_seeds)| {
            // Those of one fingerprint lack the same.
            let not_compared = records.first().map(|id| relations.intact.not_compared(*id)).unwrap_or_default();
            Self { records, same_seeds, not_compared }
        });
        duplicates.collect()
    }

    /// Records that are compared with none, because what they did or took in is withheld.
    pub fn not_compared(relations: &Relations) -> Vec<RecordId> {
        let records = relations.graph().records().iter().map(RecordFacts::id);
        records.filter(|id| relations.intact.withholds_recipe(*id)).collect()
    }
}
