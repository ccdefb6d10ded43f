//! Reports on records.

use std::collections::{BTreeSet, HashMap};

use expbundle_format::record::{Kind, Source, Status};
use expbundle_format::sections::{Context, JsonSection as _};
use expbundle_format::time::Time;
use expbundle_format::{DigestSet, RecordId};
use expbundle_lineage::parallel::prelude::*;
use expbundle_lineage::{FirstAncestors, Lineage, RecordFacts};
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

/// Of each record the ancestors, and named parents that are not here, against which something was
/// said. Those without a say are among them, so that to leave out who signed them hides nothing.
fn ancestors_objected(intact: &Intact, verdict: &Verdict) -> HashMap<RecordId, FirstAncestors> {
    let standing = &verdict.standing;
    if standing.against.is_empty() {
        return HashMap::new();
    }
    let weight = |id: &RecordId| standing.objections(*id).map(|objection| objection.kind).min();
    let of = |lineage: &Lineage, ancestors: Vec<FirstAncestors>| {
        lineage.records().iter().map(RecordFacts::id).zip(ancestors).collect::<HashMap<_, _>>()
    };
    let mut objected = of(&verdict.lineage, verdict.lineage.ancestors_among(|id| weight(&id), MOST_OBJECTED));
    let Some((silent, with)) = intact.with_objected(verdict) else { return objected };
    // What these describe falsely may cut links here, so they only add to what is known without
    // them.
    let among = |id: RecordId| silent.contains(&id).then(|| weight(&id))?;
    for (id, more) in of(&with, with.ancestors_among(among, MOST_OBJECTED)) {
        let Some(known) = objected.get_mut(&id).filter(|_| !more.first.is_empty()) else { continue };
        let all = known.first.len() + known.more;
        known.first.extend(more.first.iter().filter(|one| !known.first.contains(one)).collect::<Vec<_>>());
        let all = all.max(more.first.len() + more.more).max(known.first.len());
        known.first.sort_by_key(|id| (weight(id), *id));
        known.first.truncate(MOST_OBJECTED);
        known.more = all - known.first.len();
    }
    objected
}

pub(super) fn record_reports(intact: &Intact, verdict: &Verdict) -> Vec<RecordReport> {
    let heads: BTreeSet<RecordId> = verdict.heads.iter().copied().collect();
    let objected = ancestors_objected(intact, verdict);
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
                        relation: parent.relation.as_str().to_owned(),
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
                objections: verdict.standing.objections(*id).cloned().collect(),
                ancestors_objected: objected.get(id).map(|ancestors| ancestors.first.clone()).unwrap_or_default(),
                ancestors_objected_more: objected.get(id).map_or(0, |ancestors| ancestors.more as u64),
            }
        })
        .collect();
    reports.sort_by_key(|report| (report.started, report.id));
    reports
}
