//! What was said against anything that the answer is about. It comes first, and is collected before a depth, a way or a number of lines chooses
//! what is shown: whoever makes a family chooses its shape and the order of its ids.

use std::collections::BTreeSet;

use expbundle_format::RecordId;
use expbundle_lineage::RecordFacts;

use super::Lineage;
use super::report::Objected;
use crate::objections;
use crate::relations::Relations;
use crate::statements::short;

/// What is objected to of the records that are asked about, of everything that they derive from, and of parents that are not here.
pub fn family(asked: &Lineage, relations: &Relations, start: &[RecordId]) -> BTreeSet<RecordId> {
    let against = &relations.verdict.standing.against;
    if against.is_empty() {
        return BTreeSet::new();
    }
    let graph = relations.graph();
    let mut family: Vec<RecordId> = if asked.duplicates {
        graph.records().iter().map(RecordFacts::id).collect()
    } else if asked.down {
        start.iter().copied().chain(graph.possible_descendants(start)).collect()
    } else {
        start.to_vec()
    };
    family.extend(&relations.other_makers);
    family.extend(graph.possible_ancestors(&family));
    family.extend(graph.absent_parents_of(&family));
    family.extend(&relations.without_say);
    family.into_iter().filter(|id| !relations.against(*id).is_empty()).collect()
}

/// In the order of their weight: revoked ones first.
fn by_weight(relations: &Relations, objected: BTreeSet<RecordId>) -> Vec<RecordId> {
    let mut objected: Vec<RecordId> = objected.into_iter().collect();
    objected.sort_by_key(|id| objections::weight(relations.against(*id)));
    objected
}

fn title(relations: &Relations, id: RecordId) -> String {
    match relations.graph().record(id) {
        Some(_) => objections::title(relations.title(id).as_deref()),
        None if relations.without_say.contains(&id) => objections::ELSEWHERE.to_owned(),
        None => objections::ABSENT.to_owned(),
    }
}

/// As lines at the top.
pub fn lines(relations: &Relations, objected: BTreeSet<RecordId>) -> String {
    let objected = by_weight(relations, objected).into_iter();
    objections::lines(objected.map(|id| (id, title(relations, id), relations.against(id))))
}

/// As lines of a picture.
pub fn warnings(relations: &Relations, objected: BTreeSet<RecordId>) -> Vec<String> {
    let objected = by_weight(relations, objected).into_iter();
    let line = |id| format!("! {} {}: {}", short(&id), title(relations, id), objections::all(relations.against(id)));
    objected.map(line).collect()
}

/// As a list of its own.
pub fn report(relations: &Relations, objected: BTreeSet<RecordId>) -> Vec<Objected> {
    let objected = by_weight(relations, objected).into_iter();
    let one = |id| Objected { id, title: relations.title(id), objections: relations.against(id).to_vec() };
    objected.map(one).collect()
}
