//! Findings about a lineage (spec/lineage.md, "Findings").
//!
//! Each costs no more than the facts it is about, and says what it saw of which records; long lists
//! are cut.

use std::collections::{BTreeMap, BTreeSet};

use crate::parallel::prelude::*;
use expbundle_format::record::{Source, Word, role};
use expbundle_format::time::Time;
use expbundle_format::{ArtifactDigests, Code, DigestSet, Finding, Foreign, Place, RecordId};

use crate::contents::{Content, proving_whole};
use crate::evidence::carries_proof;
use crate::facts::{ArtifactFact, RecordFacts};
use crate::licence;
use crate::lineage::Lineage;
use crate::relation::{After, after, after_role};

/// How many records a message names before it says how many more there are.
const NAMED: usize = 4;

/// Every finding, in the order of codes, then of records.
pub(crate) fn all(lineage: &Lineage) -> Vec<Finding> {
    const LOOKS: [fn(&Lineage, &mut Vec<Finding>); 9] = [
        children_before_parents,
        unaccounted,
        digest_conflicts,
        parents,
        two_records,
        seen_twice,
        cycles,
        licence::findings,
        too_many_listings,
    ];
    let found = LOOKS.par_iter().with_max_len(1).map(|look| {
        let mut findings = Vec::new();
        look(lineage, &mut findings);
        findings
    });
    let mut findings: Vec<Finding> = found.flatten_iter().collect();
    findings.sort_unstable();
    findings.dedup();
    findings
}

pub(crate) fn place(record: RecordId) -> Place {
    Place::entry(format!("records/{record}/record.json"))
}

/// The first digits, which are enough to find it among those that a report names in full.
pub(crate) fn short(id: RecordId) -> String {
    id.to_string().chars().take(12).collect()
}

pub(crate) fn named(ids: impl IntoIterator<Item = RecordId>) -> String {
    let ids: BTreeSet<RecordId> = ids.into_iter().collect();
    let first: Vec<String> = ids.iter().take(NAMED).map(|&id| short(id)).collect();
    match ids.len().saturating_sub(NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

fn too_many_listings(lineage: &Lineage, findings: &mut Vec<Finding>) {
    if let Some(record) = lineage.contents.left_out {
        let message = "its listings, and those of records after it, are too many to follow";
        findings.push(Finding::new(Code::ContainerLimit, place(lineage.id(record)), message));
    }
}

fn digest_conflicts(lineage: &Lineage, findings: &mut Vec<Finding>) {
    for conflict in lineage.contents.conflicts() {
        let users = || {
            let uses = |class| lineage.contents.outputs.of(class).iter().chain(lineage.contents.inputs.of(class));
            let classes = conflict.classes.iter().flat_map(|first| lineage.contents.of_every_size(*first));
            classes.flat_map(uses).map(|used| lineage.id(used.record))
        };
        let Some(first) = users().min() else { continue };
        let shared = conflict.classes.first().zip(conflict.classes.last()).map(|(&a, &b)| {
            let (a, b) = (lineage.contents.digests(a), lineage.contents.digests(b));
            if a.blake3() == b.blake3() {
                a.to_string()
            } else {
                a.sha256().map_or(a, ArtifactDigests::from).to_string()
            }
        });
        let (shared, users) = (shared.unwrap_or_default(), named(users()));
        let message = if conflict.of_sizes {
            format!("{shared} has different sizes in records {users}")
        } else {
            let count = conflict.classes.len();
            format!("{count} descriptions share {shared} and differ in the other digest, in records {users}")
        };
        findings.push(Finding::new(Code::ArtifactDigestConflict, place(first), message));
    }
}

/// Parents that are not here, and parents whose two digests contradict each other.
fn parents(lineage: &Lineage, findings: &mut Vec<Finding>) {
    let mut absent: BTreeMap<RecordId, Vec<RecordId>> = BTreeMap::new();
    for facts in &lineage.records {
        for parent in &facts.parents {
            let id = RecordId(parent.record.blake3);
            if lineage.position(id).is_none() {
                absent.entry(id).or_default().push(facts.id());
            } else if lineage.named(&parent.record).is_none() {
                let message = format!("the SHA-256 of parent {} differs from the one in the record", short(id));
                let place = place(facts.id()).at_pointer("/parents");
                findings.push(Finding::new(Code::ArtifactDigestConflict, place, message));
            }
        }
    }
    // What statements name is held to both digests, as what records name is.
    let mut contradicts = |about: RecordId, named: &DigestSet, what: &str| {
        let id = RecordId(named.blake3);
        if lineage.position(id).is_some() && lineage.named(named).is_none() {
            let message = format!("the SHA-256 of {what} {} differs from the one in a statement", short(id));
            findings.push(Finding::new(Code::ArtifactDigestConflict, place(about), message));
        }
    };
    for link in lineage.asserted.iter().filter(|link| lineage.position(link.child).is_some()) {
        contradicts(link.child, &link.parent, "parent");
        let parent = RecordId(link.parent.blake3);
        if lineage.position(parent).is_none() {
            absent.entry(parent).or_default().push(link.child);
        }
    }
    for supersession in lineage.supersessions.iter().filter(|one| lineage.position(one.superseded).is_some()) {
        contradicts(supersession.superseded, &supersession.successor, "successor");
    }
    for (parent, children) in absent {
        let Some(&first) = children.iter().min() else { continue };
        let message = format!("record {parent}, parent of {}, is not here", named(children));
        findings.push(Finding::new(Code::LineageParentAbsent, place(first).at_pointer("/parents"), message));
    }
}

/// Records of one source run of which no statement and no relation says how they follow each other.
fn two_records(lineage: &Lineage, findings: &mut Vec<Finding>) {
    let mut runs: BTreeMap<&Source, Vec<u32>> = BTreeMap::new();
    for (record, facts) in (0_u32..).zip(&lineage.records) {
        if let Some(source) = &facts.source {
            runs.entry(source).or_default().push(record);
        }
    }
    for (source, records) in runs {
        if records.len() < 2 {
            continue;
        }
        let ids: BTreeSet<RecordId> = records.iter().map(|&record| lineage.id(record)).collect();
        let mut settled: BTreeSet<RecordId> = BTreeSet::new();
        for &id in &ids {
            if lineage.successors(id).any(|successor| successor != id && ids.contains(&successor)) {
                settled.insert(id);
            }
        }
        for &record in &records {
            let parents = &lineage.records[record as usize].parents;
            let resumed = parents.iter().filter(|parent| parent.relation.as_str() == "resumed-from");
            let named = resumed.filter_map(|parent| lineage.named(&parent.record));
            settled.extend(named.map(|parent| lineage.id(parent)).filter(|id| ids.contains(id)));
        }
        let open: Vec<RecordId> = ids.difference(&settled).copied().collect();
        if let (Some(&first), true) = (open.first(), open.len() > 1) {
            let (tool, run) = (Foreign::new(&source.tool), Foreign::new(&source.run));
            let message = format!("{} records are of {tool} run {run}: {}", open.len(), named(open));
            findings.push(Finding::new(Code::LineageTwoRecords, place(first).at_pointer("/source"), message));
        }
    }
}

/// Records of one run that several tools saw.
fn seen_twice(lineage: &Lineage, findings: &mut Vec<Finding>) {
    for records in &lineage.runs.seen_twice {
        let ids = || records.iter().map(|&record| lineage.id(record));
        let sources = records.iter().filter_map(|&record| lineage.records[record as usize].source.as_ref());
        let tools: BTreeSet<&str> = sources.map(|source| source.tool.as_str()).collect();
        let tools: Vec<String> = tools.into_iter().take(NAMED).map(|tool| Foreign::new(tool).to_string()).collect();
        if let Some(first) = ids().min() {
            let message = format!("one run was recorded by {}: {}", tools.join(" and "), named(ids()));
            findings.push(Finding::new(Code::LineageSeenTwice, place(first).at_pointer("/source"), message));
        }
    }
}

fn cycles(lineage: &Lineage, findings: &mut Vec<Finding>) {
    let mut members: Vec<(u32, RecordId)> =
        lineage.components.of.iter().copied().zip(lineage.records.iter().map(RecordFacts::id)).collect();
    members.sort_unstable();
    for (record, facts) in (0_u32..).zip(&lineage.records) {
        if lineage.up.of(record).contains(&record) {
            let message = format!("record {} is its own parent", short(facts.id()));
            findings.push(Finding::new(Code::LineageCycle, place(facts.id()), message));
        }
    }
    for circle in members.chunk_by(|(a, _), (b, _)| a == b).filter(|circle| circle.len() > 1) {
        let ids = circle.iter().map(|(_, id)| *id);
        if let Some(first) = ids.clone().min() {
            let message = format!("{} records descend from each other: {}", circle.len(), named(ids));
            findings.push(Finding::new(Code::LineageCycle, place(first), message));
        }
    }
}

fn children_before_parents(lineage: &Lineage, findings: &mut Vec<Finding>) {
    let earliest = Earliest::of(lineage);
    let mut of_listings = BTreeMap::new();
    for (record, facts) in (0_u32..).zip(&lineage.records) {
        let Some(started) = facts.started else { continue };
        let mut found = |parent: u32, after: After| {
            let parent = &lineage.records[parent as usize];
            let (moment, verb) = match after {
                After::Start => (parent.started, "started"),
                After::End => (parent.ended.or(parent.started), "ended"),
            };
            if let Some(moment) = moment.filter(|&moment| started < moment) {
                let message =
                    format!("started at {started}, before its parent {} {verb} at {moment}", short(parent.id()));
                findings.push(Finding::new(Code::LineageChildBeforeParent, place(facts.id()), message));
            }
        };
        // What the record or a statement says of a parent decides; the bytes only speak where
        // nobody did.
        let mut said: BTreeMap<u32, BTreeSet<After>> = BTreeMap::new();
        let mut say = |parent: Option<u32>, relation: Option<&Word>| {
            if let Some(parent) = parent.filter(|&parent| parent != record) {
                said.entry(parent).or_default().insert(relation.map_or(After::End, after));
            }
        };
        for parent in &facts.parents {
            say(lineage.named(&parent.record), Some(&parent.relation));
        }
        for link in lineage.asserted_of(facts.id()) {
            say(lineage.named(&link.parent), link.relation.as_ref());
        }
        for (&parent, afters) in &said {
            for after in afters {
                found(parent, *after);
            }
        }
        let is_unsaid = |producer: u32| producer != record && !said.contains_key(&producer);
        for input in &facts.inputs {
            let after = after_role(&input.role);
            let whole = proving_whole(input).and_then(|content| earliest.ready(lineage, &content, false, after));
            if let Some((_, producer)) = whole.filter(|(_, producer)| is_unsaid(*producer)) {
                found(producer, after);
            }
            if input.files.is_empty() || !carries_proof(input) {
                continue;
            }
            let ready = of_listings
                .entry((input.files.key(), after))
                .or_insert_with(|| earliest.of_listing(lineage, input, after));
            // The latest stands for all: so many files times so many takers would be too many to
            // report.
            let mut late = ready.iter().take_while(|(moment, _)| started < *moment);
            if let Some((_, producer)) = late.find(|(_, producer)| is_unsaid(*producer)) {
                found(*producer, after);
            }
        }
    }
}

/// When a producer was ready, if that is known, and which it is.
type Ready = (Option<Time>, u32);

/// Of each content, the producer that was ready first. Others are alternatives: a child that came
/// after one of them came in time.
struct Earliest {
    /// By class: by start and by end, whole artifacts only or files of trees too.
    by_class: Vec<[Option<Ready>; 4]>,
}

impl Earliest {
    fn of(lineage: &Lineage) -> Self {
        let first = |class: u32, after: After, trees: bool| {
            let outputs = lineage.contents.outputs.of(class).iter();
            let producers = outputs.filter(|output| output.links && (trees || !output.in_tree)).map(|output| {
                let facts = &lineage.records[output.record as usize];
                let moment = match after {
                    After::Start => facts.started,
                    After::End => facts.ended.or(facts.started),
                };
                (moment, output.record)
            });
            // `None` sorts first: a producer of unknown time may have been early enough.
            producers.min()
        };
        let by_class = (0..lineage.contents.len()).map(|class| {
            [(After::Start, false), (After::Start, true), (After::End, false), (After::End, true)]
                .map(|(after, trees)| first(class, after, trees))
        });
        Self { by_class: by_class.collect() }
    }

    fn ready(&self, lineage: &Lineage, content: &Content, in_tree: bool, after: After) -> Option<Ready> {
        let slot = 2 * usize::from(after == After::End) + usize::from(!in_tree);
        let classes = lineage.contents.agreeing(content).iter();
        classes.filter_map(|class| self.by_class[*class as usize][slot]).min()
    }

    /// The first producers of the files of a tree, the latest first: only those can be later than a
    /// taker of the tree.
    fn of_listing(&self, lineage: &Lineage, tree: &ArtifactFact, after: After) -> Vec<(Time, u32)> {
        let files = lineage.contents.proving_files(tree);
        let ready = files.filter_map(|(_, content)| self.ready(lineage, &content, true, after));
        let mut known: Vec<(Time, u32)> = ready.filter_map(|(moment, producer)| Some((moment?, producer))).collect();
        known.sort_unstable_by(|one, other| other.cmp(one));
        known.dedup();
        known
    }
}

/// One finding for each content, however many records take it in.
fn unaccounted(lineage: &Lineage, findings: &mut Vec<Finding>) {
    for gap in lineage.gaps() {
        let Some(&first) = gap.takers.first() else { continue };
        let (role, label) = (role::told(&gap.role), gap.label());
        let message = format!("{role} {} of unknown origin, an input of {}", Foreign::new(&label), named(gap.takers));
        findings.push(Finding::new(Code::LineageUnaccountedInput, place(first).at_pointer("/inputs"), message));
    }
}
