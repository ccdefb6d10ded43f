//! The lineage: records, and what joins them.

use std::cmp::Reverse;
use std::collections::HashSet;

use crate::parallel::prelude::*;
use expbundle_format::{DigestSet, Finding, RecordId};

use crate::adjacency::Adjacency;
use crate::components::Components;
use crate::contents::{Contents, TakenListings, Use};
use crate::facts::{AssertedLink, Facts, RecordFacts, Supersession};
use crate::findings;
use crate::hidden;
use crate::joins::Joins;
use crate::link::{Edge, Link, Side};
use crate::seen::Runs;
use crate::suggestions::Hints;

/// The graph of records, computed from facts.
///
/// Besides records the graph has vertices between them, one for each content that is produced or
/// taken in. Thus many producers and many consumers of the same bytes cost their sum and not their
/// product.
#[derive(Clone, Debug)]
pub struct Lineage {
    /// By id, each once.
    pub(crate) records: Vec<RecordFacts>,
    /// By child.
    pub(crate) asserted: Vec<AssertedLink>,
    pub(crate) supersessions: Vec<Supersession>,
    pub(crate) contents: Contents,
    pub(crate) hints: Hints,
    /// From children to parents. Vertices below `records.len()` are records.
    pub(crate) up: Adjacency,
    /// From parents to children.
    pub(crate) down: Adjacency,
    pub(crate) components: Components,
    /// The same with what may join records if what is withheld says so; only if that is more.
    pub(crate) possible: Option<(Adjacency, Components)>,
    pub(crate) runs: Runs,
    /// Of each record, its place among alternatives.
    ranks: Vec<u32>,
    findings: Vec<Finding>,
}

impl Lineage {
    /// Computes the graph. Never fails: what is wrong with the facts is among the
    /// [`Lineage::findings`].
    pub fn build(facts: Facts) -> Self {
        let Facts { records, mut links, mut supersessions } = facts;
        let records = unite(records);
        links.sort_unstable();
        links.dedup();
        supersessions.sort_unstable();
        supersessions.dedup();
        let (contents, gathered) = crate::parallel::join(|| Contents::new(&records), || Hints::gather(&records));
        let hints = Hints::new(gathered, &contents);
        let (vertices, arcs) = joints(&records, &links, &contents, |used| used.links);
        let up = Adjacency::new(vertices as usize, &arcs);
        let hidden = hidden::arcs(&records, &contents, vertices);
        let is_more = !hidden.is_empty() || contents.uses().any(|used| used.may_link && !used.links);
        let possible = is_more.then(|| {
            let (_, mut arcs) = joints(&records, &links, &contents, |used| used.may_link);
            arcs.extend(hidden);
            let up = Adjacency::new(vertices as usize + 2, &arcs);
            let components = Components::new(&up);
            (up, components)
        });
        let (down, components) = crate::parallel::join(|| up.reversed(), || Components::new(&up));
        let runs = Runs::new(&records, &links, &contents);
        let mut lineage = Self {
            records,
            asserted: links,
            supersessions,
            contents,
            hints,
            up,
            down,
            components,
            possible,
            runs,
            ranks: Vec::new(),
            findings: Vec::new(),
        };
        lineage.rank_by(|_| ());
        lineage.findings = findings::all(&lineage);
        lineage
    }

    /// Puts alternatives in order: those with the greatest trust first, then the earliest, then by
    /// id (spec/lineage.md, "Same bytes").
    ///
    /// Who trusts whom is not known here. Until it is said, all records are alike.
    pub fn rank_by<T: Ord>(&mut self, trust: impl Fn(RecordId) -> T) {
        let mut order: Vec<u32> = self.record_positions().collect();
        order.sort_by_cached_key(|&record| {
            let facts = &self.records[record as usize];
            (Reverse(trust(facts.id())), facts.started.is_none(), facts.started, record)
        });
        self.ranks = vec![0; order.len()];
        for (rank, record) in (0..).zip(order) {
            self.ranks[record as usize] = rank;
        }
    }

    /// The place of a record among alternatives: the lowest is shown first. One that is not here is
    /// last.
    pub fn rank(&self, id: RecordId) -> u32 {
        self.position(id).map_or(u32::MAX, |record| self.rank_at(record))
    }

    pub(crate) fn rank_at(&self, record: u32) -> u32 {
        self.ranks[record as usize]
    }

    /// What is wrong or worth knowing, in the order of codes, then of records.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The source that a record is of, as a number: records of one tool and run have the same. `None`
    /// if it has no source.
    pub fn source_of(&self, id: RecordId) -> Option<u32> {
        self.runs.of[self.position(id)? as usize]
    }

    /// Those of these records that are of one run with another of them, which another tool recorded.
    pub fn seen_twice_among(&self, records: &[RecordId]) -> Vec<RecordId> {
        let among: HashSet<RecordId> = records.iter().copied().collect();
        let groups = self.runs.seen_twice.iter().map(|group| {
            group.iter().map(|record| self.id(*record)).filter(|id| among.contains(id)).collect::<Vec<_>>()
        });
        let mut seen: Vec<RecordId> = groups.filter(|group| group.len() > 1).flatten().collect();
        seen.sort_unstable();
        seen
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Every record's facts, in the order of ids: united where one was given twice, each list
    /// sorted.
    pub fn records(&self) -> &[RecordFacts] {
        &self.records
    }

    /// The facts of one record.
    pub fn record(&self, id: RecordId) -> Option<&RecordFacts> {
        self.position(id).map(|record| &self.records[record as usize])
    }

    /// The records that took the place of this one, as statements declare, in the order of ids. One
    /// that is here under another SHA-256 is not meant. Which of several is shown depends on the
    /// dates of the statements, which lineage does not know.
    pub fn successors(&self, id: RecordId) -> impl Iterator<Item = RecordId> + '_ {
        let first = self.supersessions.partition_point(|supersession| supersession.superseded < id);
        let of_this = self.supersessions[first..].iter().take_while(move |supersession| supersession.superseded == id);
        of_this.map(|supersession| supersession.successor).filter_map(|successor| {
            let id = RecordId(successor.blake3);
            (self.position(id).is_none() || self.named(&successor).is_some()).then_some(id)
        })
    }

    /// From children to parents and possible parents.
    pub(crate) fn possible(&self) -> (&Adjacency, &Components) {
        self.possible.as_ref().map_or((&self.up, &self.components), |(up, components)| (up, components))
    }

    /// The position of the record that both digests name.
    pub(crate) fn named(&self, record: &DigestSet) -> Option<u32> {
        named(&self.records, record)
    }

    /// What joins a record to each of its parents, by proof, declaration or assertion, in the order
    /// of ids.
    ///
    /// Costs as much as there are alternatives: every producer of an input's bytes is an edge. For
    /// many records ask [`Joins`].
    pub fn parents(&self, child: RecordId) -> Vec<Edge> {
        Joins::all(self).parents(child).edges
    }

    /// What joins a record to one of its parents: the same as among its [`Lineage::parents`],
    /// without looking at the others.
    pub fn edge(&self, child: RecordId, parent: RecordId) -> Option<Edge> {
        let (record, position) = (self.position(child)?, self.position(parent)?);
        let by_word = self.links_by_word(record).filter(|(other, _)| *other == position).map(|(_, link)| link);
        let mut links: Vec<Link> = self.links_by_bytes(record, position).into_iter().chain(by_word).collect();
        links.sort_unstable();
        links.dedup();
        (!links.is_empty()).then_some(Edge { child, parent, links })
    }

    /// What might join a record to others and proves nothing. Never part of ancestry.
    pub fn suggestions(&self, child: RecordId) -> Vec<Edge> {
        Joins::all(self).suggestions(child).edges
    }

    pub(crate) fn id(&self, record: u32) -> RecordId {
        self.records[record as usize].id()
    }

    pub(crate) fn position(&self, id: RecordId) -> Option<u32> {
        position(&self.records, id)
    }

    /// Whether a vertex is a record and not a content between records.
    pub(crate) fn is_record(&self, vertex: u32) -> bool {
        (vertex as usize) < self.records.len()
    }

    /// Links of an asserting statement about that child.
    pub(crate) fn asserted_of(&self, child: RecordId) -> &[AssertedLink] {
        asserted_of(&self.asserted, child)
    }

    /// The bytes that join a record to one other. What it takes in a thousand times joins it once.
    pub(crate) fn links_by_bytes(&self, child: u32, parent: u32) -> Vec<Link> {
        // No record made what it was given, whatever it says of its output.
        if child == parent {
            return Vec::new();
        }
        let (mut links, mut seen) = (Vec::new(), HashSet::new());
        for (artifact, input) in self.records[child as usize].inputs.iter().enumerate() {
            for (file, content) in self.contents.proving(input) {
                let Some(class) = self.contents.class(&content) else { continue };
                if !seen.insert((class, file.is_some())) {
                    continue;
                }
                let outputs = self.contents.agreeing_with(class).iter();
                let outputs = outputs.flat_map(|class| self.contents.outputs.at(*class, parent));
                let joins = |output: &&Use| output.links && !(output.in_tree && file.is_some());
                // Whole artifacts come first, whoever else has these bytes.
                if let Some(output) = outputs.filter(joins).min_by_key(|output| output.in_tree) {
                    links.push(Link::SameBytes { input: Side { artifact, file }, output: output.side() });
                }
            }
        }
        links
    }

    pub(crate) fn links_by_word(&self, child: u32) -> impl Iterator<Item = (u32, Link)> + '_ {
        let facts = &self.records[child as usize];
        let declared = facts.parents.iter().filter_map(|parent| {
            Some((self.named(&parent.record)?, Link::Declared { relation: parent.relation.clone() }))
        });
        let asserted = self.asserted_of(facts.id()).iter().filter_map(|link| {
            let said = Link::Statement { relation: link.relation.clone(), statement: link.statement };
            Some((self.named(&link.parent)?, said))
        });
        declared.chain(asserted)
    }
}

/// Each record once, whatever the order and however often it was given.
fn unite(mut given: Vec<RecordFacts>) -> Vec<RecordFacts> {
    // Copies that differ are united in an order of their own, so that the order in which they came
    // means nothing.
    given.sort_by(|a, b| {
        (a.digest, a.started, a.ended, &a.source, &a.inputs, &a.outputs, &a.parents, a.description_withheld).cmp(&(
            b.digest,
            b.started,
            b.ended,
            &b.source,
            &b.inputs,
            &b.outputs,
            &b.parents,
            b.description_withheld,
        ))
    });
    let mut records: Vec<RecordFacts> = Vec::with_capacity(given.len());
    for facts in given {
        match records.last_mut() {
            Some(last) if last.id() == facts.id() => last.absorb(facts),
            _ => records.push(facts),
        }
    }
    records.par_iter_mut().for_each(RecordFacts::normalize);
    records
}

fn position(records: &[RecordFacts], id: RecordId) -> Option<u32> {
    let found = records.binary_search_by_key(&id, RecordFacts::id).ok()?;
    Some(u32::try_from(found).expect("records are numbered by u32"))
}

/// The record that two digests name: both must fit.
fn named(records: &[RecordFacts], record: &DigestSet) -> Option<u32> {
    let found = position(records, RecordId(record.blake3))?;
    (records[found as usize].digest == *record).then_some(found)
}

pub(crate) fn asserted_of(links: &[AssertedLink], child: RecordId) -> &[AssertedLink] {
    let first = links.partition_point(|link| link.child < child);
    let rest = &links[first..];
    &rest[..rest.partition_point(|link| link.child == child)]
}

/// The graph from children to parents, with four vertices for each content: taken in whole, taken
/// in as a file of a tree, put out whole, put out as a file of a tree.
///
/// A file of one tree and a file of another never join: every model folder has the same
/// `.gitattributes`.
///
/// Each listing that was taken in by several records is one more vertex, between those records and
/// its files. Returns how many vertices there are, and the arcs.
fn joints(
    records: &[RecordFacts],
    asserted: &[AssertedLink],
    contents: &Contents,
    links: impl Fn(&Use) -> bool,
) -> (u32, Vec<(u32, u32)>) {
    let count = u32::try_from(records.len()).expect("records are numbered by u32");
    let TakenListings { files, takers, .. } = &contents.taken_listings;
    let listings = u32::try_from(files.len()).expect("listings are numbered by u32");
    let first_listing = contents.len().checked_mul(4).and_then(|joints| joints.checked_add(count));
    let vertices = first_listing.and_then(|first| first.checked_add(listings));
    let (first_listing, vertices) =
        first_listing.zip(vertices).expect("fewer than 2^30 artifacts and listings fit into memory");
    let joint =
        |class: u32, put_out: bool, in_tree: bool| count + 4 * class + 2 * u32::from(put_out) + u32::from(in_tree);
    let mut arcs = Vec::new();
    for (child, facts) in (0_u32..).zip(records) {
        arcs.extend(facts.parents.iter().filter_map(|parent| Some((child, named(records, &parent.record)?))));
        let asserted = asserted_of(asserted, facts.id()).iter();
        arcs.extend(asserted.filter_map(|link| Some((child, named(records, &link.parent)?))));
    }
    arcs.extend(takers.iter().map(|(record, listing)| (*record, first_listing + listing)));
    let mut is_taken_in_tree = vec![false; contents.len() as usize];
    for (listing, classes) in (first_listing..).zip(files) {
        for &class in classes {
            arcs.push((listing, joint(class, false, true)));
            is_taken_in_tree[class as usize] = true;
        }
    }
    for class in 0..contents.len() {
        let outputs = contents.outputs.of(class).iter().filter(|output| links(output));
        arcs.extend(outputs.map(|output| (joint(class, true, output.in_tree), output.record)));
        let inputs = contents.inputs.of(class).iter().filter(|input| links(input));
        arcs.extend(inputs.clone().map(|input| (input.record, joint(class, false, input.in_tree))));
        if inputs.count() == 0 && !is_taken_in_tree[class as usize] {
            continue;
        }
        for &agreeing in contents.agreeing_with(class) {
            arcs.push((joint(class, false, false), joint(agreeing, true, false)));
            arcs.push((joint(class, false, false), joint(agreeing, true, true)));
            arcs.push((joint(class, false, true), joint(agreeing, true, false)));
        }
    }
    (vertices, arcs)
}
