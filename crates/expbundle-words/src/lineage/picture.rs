//! What stands in the nodes of a picture.

use std::collections::{BTreeMap, BTreeSet};

use expbundle::judge::State;
use expbundle::standing::ObjectionKind;
use expbundle_draw::{Part, Tone as Look, ViewNode};
use expbundle_format::RecordId;
use expbundle_format::record::role;
use expbundle_lineage::{Edge, RecordFacts, relation};
use expbundle_query::{Relations, Relative, short};

use super::SIGNERS;
use super::tree::{folded, gap_name, withheld};
use crate::{count, day, named, objections, one_line, relations, some_of};

/// What stands at a link of the picture: the relation, and whose word it is.
pub fn link(relations: &Relations, edge: &Edge) -> String {
    let relation = edge.relation().map(relation::told);
    let by = relations.stated_by(edge).map(|by| format!("by {by}"));
    [relation, by].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What was said against the ancestors of each record, in a word or two: whoever looks at its box
/// alone sees it too.
pub fn above(relations: &Relations) -> BTreeMap<RecordId, String> {
    let (standing, graph) = (&relations.verdict.standing, relations.graph());
    let kinds: BTreeSet<ObjectionKind> = standing.against.values().flatten().map(|objection| objection.kind).collect();
    let mut above: BTreeMap<RecordId, BTreeSet<ObjectionKind>> = BTreeMap::new();
    for kind in kinds {
        let is_said = |id: RecordId| {
            let is_of_kind = relations.against(id).iter().any(|objection| objection.kind == kind);
            (is_of_kind && standing.objections(id).next().is_some()).then_some(())
        };
        let ids = graph.records().iter().map(RecordFacts::id);
        for (id, _) in ids.zip(graph.ancestors_among(is_said, 1)).filter(|(_, ancestors)| !ancestors.first.is_empty()) {
            above.entry(id).or_default().insert(kind);
        }
    }
    let told = |kinds| objections::mark(kinds).replacen("! ", "! an ancestor: ", 1);
    above.into_iter().map(|(id, kinds)| (id, told(kinds))).collect()
}

/// A part of the picture; `above` is what was said against ancestors.
pub fn node(relations: &Relations, above: &BTreeMap<RecordId, String>, part: Part) -> ViewNode {
    match part {
        Part::Record(id) => {
            let one = Relative::of(relations, id);
            let title = objections::title(one.title.as_deref());
            let started = one.started.map(day);
            let told: Vec<String> = [one.tool.as_deref().map(named), started].into_iter().flatten().collect();
            // A fingerprint in full is wider than everything else in the picture.
            let brief = |signer: &String| match signer.strip_prefix("SHA256:") {
                Some(_) => signer.chars().take(15).chain(['…']).collect(),
                None => signer.clone(),
            };
            let signers = some_of(&one.signers.iter().map(brief).collect::<Vec<String>>(), SIGNERS, ", ");
            let (tone, standing) = match one.state {
                _ if one.revoked => (Look::Bad, "revoked".to_owned()),
                State::Trusted => (Look::Good, format!("trusted: {}", one_line(&signers))),
                State::Signed => (Look::Plain, format!("unchecked key: {signers}")),
                State::Intact | State::Malformed | State::Refused => (Look::Doubtful, "unsigned".to_owned()),
            };
            let above = above.get(&id).cloned().unwrap_or_default();
            let tone = match (one.objections.is_empty(), above.is_empty()) {
                (false, _) => Look::Bad,
                (true, false) => Look::Below,
                (true, true) => tone,
            };
            let withheld = withheld(relations, id).unwrap_or_default();
            let against = objections::all(&one.objections);
            let lines = [title, against, above, told.join(" · "), standing, withheld, short(&id)];
            ViewNode { lines: lines.into_iter().filter(|line| !line.is_empty()).collect(), tone }
        }
        Part::Absent(id) => {
            let against = objections::all(relations.against(id));
            let tone = if against.is_empty() { Look::Missing } else { Look::Bad };
            let why = relations::absent(relations, None, id);
            let lines = [why.trim_start_matches("and ").to_owned(), against, short(&id)];
            ViewNode { lines: lines.into_iter().filter(|line| !line.is_empty()).collect(), tone }
        }
        Part::Gap(record, input) => {
            let (role, name) = relations
                .input(record, input)
                .map(|artifact| (role::told(&artifact.role), gap_name(artifact)))
                .unwrap_or_default();
            ViewNode { lines: vec![name, format!("{role}: unknown origin")], tone: Look::Missing }
        }
        Part::Gaps(_, more) => {
            let lines = vec![count(more as u64, "more input"), "unknown origin".to_owned()];
            ViewNode { lines, tone: Look::Missing }
        }
        Part::Folded(_, more) => ViewNode { lines: vec![folded(more)], tone: Look::Plain },
    }
}
