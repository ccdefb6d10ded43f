//! Reports on records.

use std::collections::{BTreeSet, HashMap};

use expbundle_format::record::{Kind, Source, Status};
use expbundle_format::sections::{Context, JsonSection as _};
use expbundle_format::time::Time;
use expbundle_format::{DigestSet, RecordId};
use expbundle_lineage::parallel::prelude::*;
use expbundle_lineage::{FirstAncestors, RecordFacts};
use serde::Serialize;

use super::objected::MOST_OBJECTED;
use crate::judge::{State, Verdict};
use crate::large::in_turn;
use crate::standing::Objection;
use crate::verify::Intact;

/// One record.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RecordReport {
    /// Its id.
    pub id: RecordId,
    /// Both digests of `record.json`.
    pub digest: DigestSet,
    /// How much holds for it alone.
    pub state: State,
    /// Whether no other record here follows from it.
    pub head: bool,
    /// A run, or an origin.
    pub kind: Kind,
    /// Its title, unless `context.json` is withheld. Claimed.
    pub title: Option<String>,
    /// How the run ended. Claimed.
    pub status: Option<Status>,
    /// When it started. Claimed.
    pub started: Option<Time>,
    /// When it ended. Claimed.
    pub ended: Option<Time>,
    /// Who it was in its tracker. Claimed.
    pub source: Option<Source>,
    /// How many artifacts it took in.
    pub inputs: u64,
    /// How many it put out.
    pub outputs: u64,
    /// Records that it says it follows from.
    pub parents: Vec<ParentReport>,
    /// Its sections.
    pub sections: Vec<SectionReport>,
    /// Whether it was revoked: then nobody's word for it counts.
    pub revoked: bool,
    /// The record that took its place.
    pub superseded_by: Option<RecordId>,
    /// What was said against it by those whose word counts: revoked, rejected, sent back,
    /// superseded. The weightiest first.
    pub objections: Vec<Objection>,
    /// Ancestors against which something was said: revoked ones first, then rejected ones, those
    /// sent back and superseded ones, each in the order of their ids; the first 16 of them.
    pub ancestors_objected: Vec<RecordId>,
    /// How many more of them there are; at least so many where something was said against more than
    /// 1,024 records.
    pub ancestors_objected_more: u64,
}

/// A parent as a record declares it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ParentReport {
    /// The parent's id.
    pub record: RecordId,
    /// How the child follows from it.
    pub relation: String,
    /// Whether its record is here.
    pub present: bool,
}

/// A section.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SectionReport {
    /// Its file name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// `false` if it is withheld.
    pub present: bool,
}

pub(super) fn record_reports(intact: &Intact, verdict: &Verdict) -> Vec<RecordReport> {
    let heads: BTreeSet<RecordId> = verdict.heads.iter().copied().collect();
    let against = &verdict.standing.against;
    let ancestors = if against.is_empty() {
        Vec::new()
    } else {
        let weight = |id| against.get(&id)?.iter().map(|objection| objection.kind).min();
        verdict.lineage.ancestors_among(weight, MOST_OBJECTED)
    };
    let objected: HashMap<RecordId, FirstAncestors> =
        verdict.lineage.records().iter().map(RecordFacts::id).zip(ancestors).collect();
    // What is set apart is not here, for what counts.
    let is_here = |id| intact.records().contains_key(&id) && verdict.standing.counts(id);
    let mut reports: Vec<_> = intact
        .records()
        .par_iter()
        .map(|(id, record)| {
            let body = record.body();
            RecordReport {
                id: *id,
                digest: record.digest(),
                state: verdict.records.get(id).copied().unwrap_or(State::Intact),
                head: heads.contains(id),
                kind: body.kind,
                title: in_turn(intact.size_of(*id, &Context::name()), || {
                    intact.json_section::<Context>(*id).map(|context| context.title)
                }),
                status: body.status,
                started: body.started,
                ended: body.ended,
                source: body.source.clone(),
                inputs: body.inputs.len() as u64,
                outputs: body.outputs.len() as u64,
                parents: body
                    .parents
                    .iter()
                    .map(|parent| ParentReport {
                        record: RecordId(parent.record.blake3),
                        relation: parent.relation.to_string(),
                        present: is_here(RecordId(parent.record.blake3)),
                    })
                    .collect(),
                sections: body
                    .sections
                    .iter()
                    .map(|(name, section)| SectionReport {
                        name: name.to_string(),
                        size: section.size,
                        present: intact.section(*id, name).is_some(),
                    })
                    .collect(),
                revoked: verdict.standing.records.contains(id),
                superseded_by: verdict.standing.successors.get(id).copied(),
                objections: verdict.standing.against.get(id).cloned().unwrap_or_default(),
                ancestors_objected: objected.get(id).map(|ancestors| ancestors.first.clone()).unwrap_or_default(),
                ancestors_objected_more: objected.get(id).map_or(0, |ancestors| ancestors.more as u64),
            }
        })
        .collect();
    reports.sort_by_key(|report| (report.started, report.id));
    reports
}
