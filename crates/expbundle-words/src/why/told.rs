//! What is known of a record, as sentences.

use std::collections::{BTreeMap, BTreeSet};

use expbundle::judge::State;
use expbundle::report::objected;
use expbundle_format::RecordId;
use expbundle_format::container::SectionName;
use expbundle_format::record::role;
use expbundle_lineage::{ArtifactFact, Edge, Grade, RecordFacts, relation};
use expbundle_query::{Relations, short};

use super::said::words_about;
use super::{SHOWN, named_record};
use crate::{
    Tone, brief_digest, cell, count, day, grouped, named, objections, one_line, paint, quoted, relations, some_of,
};

/// What is known of a record, as sentences.
pub(super) fn told(relations: &Relations, id: RecordId) -> String {
    let mut text = record(relations, id);
    let facts = relations.graph().record(id);
    let started = facts.and_then(|facts| facts.started).map(day);
    text += &match (&relations.file, started) {
        (Some(_), started) => started.map(|day| format!(" on {day}")).unwrap_or_default(),
        (None, _) if relations.is_origin(id) => " describes files that came from outside".to_owned(),
        (None, Some(day)) => format!(" is a run of {day}"),
        (None, None) => " is a record without a date".to_owned(),
    };
    text += &match (relations.state(id), relations.signers(id)) {
        _ if relations.verdict.standing.records.contains(&id) => {
            format!("; {}", paint(Tone::Bad, "the record was revoked"))
        }
        (State::Trusted, signers) => {
            format!(", signed by {}", paint(Tone::Good, &one_line(&some_of(&signers, SHOWN, " and "))))
        }
        (State::Signed, signers) => {
            let keys = if signers.len() == 1 { "an unchecked key" } else { "unchecked keys" };
            format!(", signed by {} ({})", paint(Tone::Doubt, keys), some_of(&signers, SHOWN, " and "))
        }
        _ => format!("; {}", paint(Tone::Doubt, "it is not signed")),
    };
    text.push('.');
    let against = &relations.verdict.standing.against;
    // Reviews have sentences of their own, and who says the same again says no more.
    let objections = against.get(&id).into_iter().flatten();
    let mut repeated = BTreeSet::new();
    for words in objections.filter(|one| !one.is_review()).map(objections::words) {
        if repeated.insert(words.clone()) {
            text += &format!(" It was {}.", paint(Tone::Bad, &words));
        }
    }
    let said = words_about(relations, id);
    text += &said.against;
    let ancestors: BTreeSet<RecordId> = relations.graph().ancestors(&[id]).into_iter().collect();
    for ancestor in relations.by_weight(objected(&relations.verdict, id)).into_iter().filter(|ancestor| *ancestor != id)
    {
        let is_known = ancestors.contains(&ancestor) || relations.graph().record(ancestor).is_none();
        let what = if is_known { "Its ancestor" } else { "Its possible ancestor" };
        let words = objections::all(against.get(&ancestor).map(Vec::as_slice).unwrap_or_default());
        text += &format!(" {what} {} was {}.", named_record(relations, ancestor), paint(Tone::Bad, &words));
    }
    text += &published(relations, id);
    text += &sources(relations, id);
    text += &said.others;
    if ancestors.len() > 1 {
        let state = |id| relations.graph().record(id).map(|_| relations.state(id));
        let weakest = match relations.graph().weakest(&[id], state) {
            Some((Some(state), _)) => format!("lowest state among them: {state}"),
            _ => "the state of some is unknown".to_owned(),
        };
        text += &format!(" It has {} in all; {weakest}.", count(ancestors.len() as u64, "ancestor"));
    }
    text
}

/// What it was made from.
fn sources(relations: &Relations, id: RecordId) -> String {
    let graph = relations.graph();
    let mut edges = graph.parents(id);
    edges.sort_by_key(|edge| graph.rank(edge.parent));
    let (whole, parents): (Vec<Edge>, Vec<Edge>) = edges.into_iter().partition(Edge::is_part);
    let mut parts = some(parents.iter(), parents.len(), |edge| parent(relations, edge));
    let is_part = |absent: &RecordId| graph.relation_to_absent(id, *absent).is_some_and(relation::is_part);
    let (absent_wholes, absent): (Vec<RecordId>, Vec<RecordId>) =
        graph.absent_parents(id).into_iter().partition(is_part);
    let named = |absent: &RecordId| {
        let why = format!("(named as a parent, {})", relations::absent(relations, Some(id), *absent));
        format!("{} {}", short(absent), paint(Tone::Bad, &why))
    };
    parts.extend(some(absent.iter(), absent.len(), named));
    let inputs = graph.record(id).map(|facts| facts.inputs.as_slice()).unwrap_or_default();
    parts.extend(gaps(graph.gaps_of(id).iter().filter_map(|input| inputs.get(*input))));
    let mut text = String::new();
    let mut whole =
        some(whole.iter(), whole.len(), |edge| format!("{} ({})", record(relations, edge.parent), grade(edge)));
    whole.extend(some(absent_wholes.iter(), absent_wholes.len(), named));
    if !whole.is_empty() {
        text += &format!(" It is a part of {}.", whole.join(", and of "));
    }
    if !parts.is_empty() {
        text += &format!(" It was made from {}.", parts.join(", and from "));
    }
    text + &withheld(relations, id)
}

/// Inputs that no record accounts for: of each role one in full, or several by their names.
fn gaps<'a>(inputs: impl Iterator<Item = &'a ArtifactFact>) -> Vec<String> {
    const NAMES: usize = 3;
    let mut by_role: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for artifact in inputs {
        let digest = || artifact.digests.as_ref().map(brief_digest);
        let name = artifact.name.clone().or_else(digest).unwrap_or_default();
        by_role.entry(artifact.role.as_str()).or_default().push(quoted(&name));
    }
    let group = |(role, names): (&str, &Vec<String>)| match names.as_slice() {
        [name] => format!("the {} {name} {}", cell(role), paint(Tone::Bad, "(of unknown origin)")),
        names => {
            let what = match role {
                role::MODEL | role::CHECKPOINT | role::ADAPTER | role::DATASET => count(names.len() as u64, role),
                role => format!("{} ({})", count(names.len() as u64, "input"), cell(role)),
            };
            let (shown, more) = names.split_at(names.len().min(NAMES));
            let (shown, more) = match more.split_first() {
                Some((last, [])) => (shown.join(", "), format!(" and {last}")),
                Some(_) => (shown.join(", "), format!(" and {} more", grouped(more.len() as u64))),
                None => shown
                    .split_last()
                    .map_or_else(Default::default, |(last, first)| (first.join(", "), format!(" and {last}"))),
            };
            format!("{what} {}: {shown}{more}", paint(Tone::Bad, "of unknown origin"))
        }
    };
    by_role.iter().map(|(role, names)| group((role, names))).collect()
}

/// As what an origin was published, and the licence of what a record put out.
fn published(relations: &Relations, id: RecordId) -> String {
    let mut text = String::new();
    if let Some(name) = relations.published_as(id) {
        text += &format!(" It was published as {}, it says.", quoted(name));
    }
    let licences: Vec<String> = relations.licences(id).into_iter().map(quoted).collect();
    if !licences.is_empty() {
        text += &format!(" Its licence is stated as {}.", some_of(&licences, SHOWN, " and "));
    } else if relations.is_origin(id) && !relations.graph().record(id).is_some_and(|facts| facts.description_withheld) {
        let of = if relations.file.is_some() { " for this file" } else { "" };
        text += &format!(" No licence is stated{of}.");
    }
    text
}

/// The section that has a sentence of its own.
const ARTIFACTS: &str = "artifacts.json";

/// What is withheld of a record and its ancestors that could add to the answer.
fn withheld(relations: &Relations, id: RecordId) -> String {
    let graph = relations.graph();
    let mut text = String::new();
    let facts = graph.record(id);
    if facts.is_some_and(|facts| facts.description_withheld) {
        let withheld = paint(Tone::Doubt, "Inputs known only by name are withheld");
        text += &format!(" {withheld} (`artifacts.json`), so there may be more.");
    }
    let sections = relations.intact.records().get(&id).into_iter().flat_map(|record| record.body().sections.keys());
    let is_gone = |name: &&SectionName| relations.intact.section(id, name).is_none() && name.as_str() != ARTIFACTS;
    let names: Vec<String> = sections.filter(is_gone).map(SectionName::to_string).collect();
    if !names.is_empty() {
        let is = if names.len() == 1 { "Its section" } else { "Its sections" };
        let are = if names.len() == 1 { "is" } else { "are" };
        text += &format!(" {is} {} {are} {}.", some_of(&names, SHOWN, ", "), paint(Tone::Doubt, "withheld"));
    }
    let trees = facts.map_or(0, RecordFacts::hidden_listings) as u64;
    if trees > 0 {
        let hidden = paint(Tone::Doubt, &format!("The files of {} are missing", count(trees, "input tree")));
        text += &format!(" {hidden}, so an output may also have been an input.");
    }
    let ancestors = graph.ancestors(&[id]).into_iter().filter(|ancestor| *ancestor != id);
    let hiding = ancestors.filter_map(|ancestor| graph.record(ancestor));
    let hiding = hiding.filter(|facts| facts.description_withheld || facts.hidden_listings() > 0).count() as u64;
    if hiding > 0 {
        let withhold = if hiding == 1 { "withholds" } else { "withhold" };
        let who = format!("{} of its ancestors {withhold} inputs", grouped(hiding));
        text += &format!(" {}.", paint(Tone::Doubt, &who));
    }
    text
}

/// The records that took the file in: first each one that somebody objects to, with what was said
/// against it, which says nothing of the file.
pub(super) fn takers(relations: &Relations) -> Vec<String> {
    let objected = relations.objected_takers();
    let word = |id: &RecordId| {
        let who = match relations.graph().record(*id) {
            Some(_) => record(relations, *id),
            None => format!("{} {}", short(id), objections::ELSEWHERE),
        };
        format!("{who} ({})", paint(Tone::Bad, &objections::all(relations.against(*id))))
    };
    let mut words: Vec<String> = objected.iter().map(word).collect();
    let others: BTreeSet<RecordId> = relations.why.takers.iter().map(|(id, _)| *id).collect();
    let others = others.into_iter().filter(|id| !objected.contains(id)).collect::<Vec<RecordId>>();
    words.extend(some(others.iter(), others.len(), |id| record(relations, *id)));
    words
}

/// The first of many in words, and how many more there are.
fn some<T>(all: impl Iterator<Item = T>, length: usize, word: impl Fn(T) -> String) -> Vec<String> {
    let mut words: Vec<String> = all.take(SHOWN).map(word).collect();
    if length > SHOWN {
        words.push(format!("{} more", grouped((length - SHOWN) as u64)));
    }
    words
}

fn grade(edge: &Edge) -> String {
    match edge.grade() {
        Grade::Proven => paint(Tone::Good, "proven"),
        grade => paint(Tone::Doubt, grade.as_str()),
    }
}

fn parent(relations: &Relations, edge: &Edge) -> String {
    let grade = grade(edge);
    let relation = edge.relation().map(|relation| format!("{}, ", relation::told(relation))).unwrap_or_default();
    let by = relations.stated_by(edge).map(|by| format!(", said by {by}")).unwrap_or_default();
    let parent = record(relations, edge.parent);
    let what = if relations.is_origin(edge.parent) {
        format!("what the origin record {parent} describes")
    } else if edge.grade() != Grade::Proven {
        parent
    } else {
        format!("an output of {parent}")
    };
    format!("{what} ({relation}{grade}{by})")
}

/// A record as part of a sentence.
pub(super) fn record(relations: &Relations, id: RecordId) -> String {
    let title = relations.title(id).map_or_else(|| "an untitled record".to_owned(), |title| quoted(&title));
    let tool = relations.graph().record(id).and_then(|facts| facts.source.as_ref());
    let tool = tool.map(|source| format!(", {}", named(&source.tool))).unwrap_or_default();
    format!("{title} ({}{tool})", short(&id))
}
