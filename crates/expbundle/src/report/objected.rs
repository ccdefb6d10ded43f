//! What was said against ancestors, and against records that are not listed.

use std::collections::HashSet;

use expbundle_format::RecordId;
use expbundle_lineage::RecordFacts;
use serde::Serialize;

use super::RecordReport;
use crate::judge::Verdict;
use crate::standing::Objection;

/// What was said against a record that is not here, or is set apart: whether it is changes nothing
/// in this.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ObjectedReport {
    /// The record.
    pub record: RecordId,
    /// What was said against it, the weightiest first.
    pub objections: Vec<Objection>,
    /// Whether it is here and names a counted file of the directory as its output.
    pub names_files: bool,
}

/// What was said against records that are not listed: with a signers file against whichever;
/// without one, where anybody can say anything of any record, against parents.
pub(super) fn objections_elsewhere(
    verdict: &Verdict,
    has_policy: bool,
    listed: &[RecordReport],
) -> Vec<ObjectedReport> {
    let against = &verdict.standing.against;
    if against.is_empty() {
        return Vec::new();
    }
    let listed: HashSet<RecordId> = listed.iter().map(|record| record.id).collect();
    let parents = || {
        let all: Vec<RecordId> = verdict.lineage.records().iter().map(RecordFacts::id).collect();
        verdict.lineage.absent_parents_of(&all)
    };
    let of = if has_policy { against.keys().copied().collect() } else { parents() };
    of.into_iter()
        .filter(|record| !listed.contains(record))
        .map(|record| {
            let objections = verdict.standing.objections(record).cloned().collect();
            ObjectedReport { record, objections, names_files: false }
        })
        .filter(|one| !one.objections.is_empty())
        .collect()
}

/// Ancestors with objections that the report of a record names.
pub(super) const MOST_OBJECTED: usize = 16;

/// The ancestors of a record, and the parents that it and they name and that are not here, of which
/// somebody says something against.
pub fn objected(verdict: &Verdict, record: RecordId) -> Vec<RecordId> {
    if verdict.standing.against.is_empty() {
        return Vec::new();
    }
    let ancestors = verdict.lineage.possible_ancestors(&[record]);
    let absent = ancestors.iter().chain([&record]).flat_map(|id| verdict.lineage.absent_parents(*id));
    let mut objected: Vec<RecordId> = ancestors.iter().copied().chain(absent).collect();
    objected.retain(|id| verdict.standing.objections(*id).next().is_some());
    objected.sort_unstable();
    objected.dedup();
    objected
}
