//! The family tree in words.

use std::collections::HashMap;
use std::fmt::Write as _;

use expbundle::judge::State;
use expbundle_draw::{TreeItem, TreeLimits};
use expbundle_format::RecordId;
use expbundle_format::record::{Form, role};
use expbundle_lineage::{ArtifactFact, Direction, Edge, Folded, Grade, Link, relation};
use expbundle_query::{Absence, Relations, Relative, short};

use super::SIGNERS;
use crate::{Tone, brief_digest, count, day, grouped, named, objections, one_line, paint, quoted, relations, some_of};

/// Ways to an ancestor that are shown.
const WAYS: usize = 20;

/// The tree, line by line, and the records that stand in it.
pub fn tree(
    relations: &Relations,
    start: &[RecordId],
    direction: Direction,
    depth: Option<usize>,
) -> (String, Vec<RecordId>) {
    let limits = TreeLimits { depth: depth.unwrap_or(usize::MAX), ..TreeLimits::default() };
    let mut text = String::new();
    let mut records = RecordWords { relations, known: HashMap::new() };
    for line in expbundle_draw::tree(relations.graph(), start, direction, limits) {
        text += &line.prefix();
        text += &item_words(&mut records, &line.item, line.edge.as_ref());
        text.push('\n');
    }
    (text, records.known.into_keys().collect())
}

/// The ways to one ancestor.
pub fn ways(relations: &Relations, start: &[RecordId], to: RecordId) -> String {
    let mut text = String::new();
    let ways = relations.graph().ways_to(to);
    let mut ways = start.iter().filter_map(|id| ways.as_ref()?.of(*id));
    ways.by_ref().take(WAYS).for_each(|way| text += &way_words(relations, &way));
    let more = ways.count() as u64;
    if more > 0 {
        _ = writeln!(text, "… and {}; `--record` chooses one, `--json` has all", count(more, "more way"));
    }
    text
}

/// How many more outputs join an input to records that are not shown.
pub fn folded(folded: Folded) -> String {
    let outputs = count(folded.count as u64, "more output");
    match folded.grade {
        Grade::Proven => format!("and {outputs} with the same bytes"),
        _ => format!("and {outputs} with something in common"),
    }
}

/// What an input is called: its name, or else the beginning of its digest.
pub fn gap_name(artifact: &ArtifactFact) -> String {
    let digest = || artifact.digests.as_ref().map(brief_digest).unwrap_or_default();
    quoted(&artifact.name.clone().unwrap_or_else(digest))
}

/// What of a record is withheld, or not here, that could change the answer.
pub fn withheld(relations: &Relations, id: RecordId) -> Option<String> {
    let facts = relations.graph().record(id)?;
    let mut parts = Vec::new();
    if facts.description_withheld {
        parts.push("inputs known only by name are withheld".to_owned());
    }
    match facts.hidden_listings() as u64 {
        0 => {}
        trees => parts.push(format!("the files of {} are missing", count(trees, "input tree"))),
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Records in words, each put into words once: reading its context is the most of the work.
struct RecordWords<'a> {
    relations: &'a Relations,
    known: HashMap<RecordId, String>,
}

impl RecordWords<'_> {
    fn get(&mut self, id: RecordId) -> &str {
        self.known.entry(id).or_insert_with(|| record(self.relations, id))
    }
}

/// A record in one line: id, title, tool, date, who vouches. What was said against it stands at the
/// top, and here no more than a mark: a record may have a thousand objections and a thousand
/// places.
pub fn record(relations: &Relations, id: RecordId) -> String {
    let one = Relative::of(relations, id);
    let title = objections::title(one.title.as_deref());
    let mut text = format!("{} {}", short(&id), paint(Tone::Strong, &title));
    if let Some(tool) = &one.tool {
        _ = write!(text, " · {}", named(tool));
    }
    if let Some(started) = one.started {
        _ = write!(text, " · {}", day(started));
    }
    let signers = one_line(&some_of(&one.signers, SIGNERS, ", "));
    text += &match one.state {
        _ if one.revoked => String::new(),
        State::Trusted => format!(" · {}", paint(Tone::Good, &format!("trusted, by {signers}"))),
        State::Signed => {
            let keys = if one.signers.len() == 1 { "an unchecked key" } else { "unchecked keys" };
            format!(" · {}", paint(Tone::Doubt, &format!("signed by {keys}: {signers}")))
        }
        State::Intact | State::Malformed | State::Refused => format!(" · {}", paint(Tone::Doubt, "unsigned")),
    };
    if !one.objections.is_empty() {
        _ = write!(text, " · {}", paint(Tone::Bad, &objections::mark(one.objections.iter().map(|one| one.kind))));
    }
    if let Some(withheld) = withheld(relations, id) {
        _ = write!(text, " · {}", paint(Tone::Doubt, &withheld));
    }
    text
}

/// The bytes that prove a link: what the child calls them, and how large they are.
fn proof(relations: &Relations, edge: &Edge) -> Option<String> {
    let Link::SameBytes { input, .. } = edge.links.first()? else { return None };
    let artifact = relations.graph().record(edge.child)?.inputs.get(input.artifact)?;
    let file = input.file.and_then(|file| artifact.files.get(file));
    let name = file.map(|file| file.path.as_str()).or(artifact.name.as_deref());
    let size = match (file, artifact.form) {
        (Some(file), _) => Some(file.size_bytes),
        (None, Form::File) => artifact.size_bytes,
        // What the record has is the size of the listing.
        (None, Form::Tree) if artifact.files.is_empty() => None,
        (None, Form::Tree) => Some(artifact.files.size_bytes()),
    };
    let parts: Vec<String> =
        name.map(quoted).into_iter().chain(size.map(|size| format!("{} B", grouped(size)))).collect();
    (!parts.is_empty()).then(|| format!(" by {}", parts.join(", ")))
}

fn edge_words(relations: &Relations, edge: &Edge) -> String {
    let tone = match edge.grade() {
        Grade::Proven => Tone::Good,
        Grade::Declared | Grade::Asserted => Tone::Doubt,
        Grade::Suggested => Tone::Hint,
    };
    let relation = edge.relation().map(|relation| format!(" {}", relation::told(relation))).unwrap_or_default();
    let by = relations.stated_by(edge).map(|by| format!(", said by {by}")).unwrap_or_default();
    let proof = proof(relations, edge).unwrap_or_default();
    format!("[{}{relation}{proof}{by}]", paint(tone, edge.grade().as_str()))
}

fn item_words(records: &mut RecordWords<'_>, item: &TreeItem, edge: Option<&Edge>) -> String {
    let edge = edge.map(|edge| edge_words(records.relations, edge) + " ").unwrap_or_default();
    match item {
        TreeItem::Record { record, again } => {
            let again = if *again { " · shown above" } else { "" };
            format!("{edge}{}{again}", records.get(*record))
        }
        TreeItem::Absent { record, of } => {
            let why = relations::absent(records.relations, Some(*of), *record);
            let against = match records.relations.against(*record) {
                [] => String::new(),
                objections => {
                    format!(" · {}", paint(Tone::Bad, &objections::mark(objections.iter().map(|one| one.kind))))
                }
            };
            let relation = records.relations.graph().relation_to_absent(*of, *record);
            let relation = relation.map(|relation| format!(" ({})", relation::told(relation))).unwrap_or_default();
            let named = paint(Tone::Bad, &format!("is named as a parent{relation}, {why}"));
            format!("{edge}{} {named}{against}", short(record))
        }
        TreeItem::Gap { record, input } => {
            let named = records
                .relations
                .input(*record, *input)
                .map(|artifact| format!("{} {}", role::told(&artifact.role), gap_name(artifact)))
                .unwrap_or_default();
            format!("{} {named}", paint(Tone::Bad, "unknown origin:"))
        }
        TreeItem::Suggested { record } => format!("{edge}{}", records.get(*record)),
        TreeItem::Folded { folded: more, .. } => format!("… {}", folded(*more)),
        TreeItem::More { count: left } => format!("… and {}", count(*left as u64, "more line")),
        TreeItem::MoreStarts { count: left } => {
            format!("… and {} to start from; `--record` chooses one", count(*left as u64, "more record"))
        }
    }
}

/// How well the family holds: with all that it derives from, or of what came from it, all that is
/// shown.
pub fn family(relations: &Relations, start: &[RecordId], shown: &[RecordId], direction: Direction) -> String {
    let size = shown.len();
    let mut text = format!("\n{}: ", count(size as u64, "record"));
    let weakest = match direction {
        Direction::Up => relations.graph().weakest(start, |id| relations.present_state(id)),
        Direction::Down => None,
    };
    // What may be an ancestor, may have made the file, or was taken back, can be weaker than what
    // is known to be one.
    let (here, which) = match direction {
        Direction::Up => relations.weakest_here(start),
        Direction::Down => relations.weakest_below(start, shown),
    };
    let weakest = match weakest {
        Some((None, absent)) => Some((None, absent)),
        _ => here.map(|state| (Some(state), which)),
    };
    match weakest {
        Some((None, which)) => {
            let are_here = which.iter().all(|id| relations.absence(*id) != Absence::NotFound);
            let verb = match (which.len(), are_here) {
                (1, false) => "was not found",
                (_, false) => "were not found",
                (1, true) => "does not count here",
                (_, true) => "do not count here",
            };
            _ = writeln!(
                text,
                "{}: {} {verb}; {}{}",
                paint(Tone::Bad, "the family is incomplete"),
                listed(&which),
                weakest_here(relations, start),
                but(relations, start)
            );
        }
        Some((Some(state), which)) => {
            let most = relations.concluded(start, shown);
            if most < state {
                let state = paint(Tone::Doubt, most.as_str());
                let but = but(relations, start);
                _ = writeln!(text, "at most {state}{but}");
                return text + &unknown_maker(relations);
            }
            let tone = if state == State::Trusted { Tone::Good } else { Tone::Doubt };
            let state = paint(tone, state.as_str());
            let but = but(relations, start);
            _ = if which.len() >= size && which.iter().all(|id| shown.contains(id)) {
                writeln!(text, "{}{state}{but}", if size > 1 { "all " } else { "" })
            } else {
                writeln!(text, "lowest state among them: {state} ({}){but}", listed(&which))
            };
        }
        None => text.push('\n'),
    }
    text + &unknown_maker(relations)
}

/// That nobody is known to have made the file that is asked about, if so.
fn unknown_maker(relations: &Relations) -> String {
    let mut text = String::new();
    if relations.is_of_unknown_maker() {
        let line = "no record here is known to have made the file: it may be an input, or a file too common to trace";
        _ = writeln!(text, "{}", paint(Tone::Bad, line));
    }
    text
}

/// The weakest of what is here, where parents are not.
fn weakest_here(relations: &Relations, start: &[RecordId]) -> String {
    let (state, which) = relations.weakest_here(start);
    match state {
        Some(state) => format!("lowest state among the others: {state} ({})", listed(&which)),
        None => "nothing is known of the others".to_owned(),
    }
}

/// What the last line adds where somebody objects, or a bundle was not read.
fn but(relations: &Relations, start: &[RecordId]) -> String {
    let mut family = relations.family(start);
    family.extend(relations.graph().absent_parents_of(&family));
    family.retain(|id| !relations.against(*id).is_empty());
    let objected = match family.len() as u64 {
        0 => String::new(),
        number => paint(Tone::Bad, &format!("; somebody objects to {}", count(number, "record"))),
    };
    objected + &paint(Tone::Bad, &relations::not_read(relations))
}

pub fn listed(ids: &[RecordId]) -> String {
    const SHOWN: usize = 6;
    let first: Vec<String> = ids.iter().take(SHOWN).map(short).collect();
    match ids.len().saturating_sub(SHOWN) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

fn way_words(relations: &Relations, way: &[RecordId]) -> String {
    let mut text = String::new();
    let mut child: Option<RecordId> = None;
    for id in way {
        if let Some(child) = child {
            let edge = relations.graph().edge(child, *id);
            _ = writeln!(text, "  ↑ {}", edge.map(|edge| edge_words(relations, &edge)).unwrap_or_default());
        }
        _ = writeln!(text, "{}", record(relations, *id));
        child = Some(*id);
    }
    text
}
