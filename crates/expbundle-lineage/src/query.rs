//! Questions to a lineage: heads, ancestry, ways, origins of a file, gaps.
//!
//! Suggested links take no part in any of them. Each visits a vertex at most once and uses no
//! recursion. Answers are in a fixed order, whatever the order of the facts.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use expbundle_format::record::Word;
use expbundle_format::{ArtifactDigests, RecordId, StatementId};

use crate::adjacency::Adjacency;
use crate::components::Components;
use crate::contents::{Use, Uses};
use crate::evidence::{Maker, Origin, is_unique};
use crate::facts::{ArtifactFact, RecordFacts};
use crate::lineage::Lineage;
use crate::link::{Grade, Side};
use crate::listing::FileFact;
use crate::taken::{Digests, InputListings};
use expbundle_format::record::role::carries_lineage;

/// Up to parents, or down to children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To what a record came from.
    Up,
    /// To what came from a record.
    Down,
}

/// A record on a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The record.
    pub record: RecordId,
    /// How many links away from the start, by the shortest way.
    pub distance: usize,
}

/// The places of records in an order.
struct Ranks {
    /// How many have one.
    number: u32,
    /// Of records that are here, by position.
    own: HashMap<u32, u32>,
    /// Of the parents that a record names and that are not here, by its position.
    absent: HashMap<u32, Vec<u32>>,
}

impl Ranks {
    fn own<'a>(&'a self, members: &'a [u32]) -> impl Iterator<Item = u32> + Clone + 'a {
        members.iter().filter_map(|member| self.own.get(member)).copied()
    }

    fn absent<'a>(&'a self, members: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
        members.iter().filter_map(|member| self.absent.get(member)).flatten().copied()
    }
}

/// Some of the ancestors of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FirstAncestors {
    /// The first of them.
    pub first: Vec<RecordId>,
    /// How many more there are; at least so many where more than 1,024 records were looked for.
    pub more: usize,
}

/// Where a file comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Why {
    /// Records that made these bytes: more than one are alternatives.
    pub producers: Vec<(RecordId, Side)>,
    /// Records that made what others make as well: it may come from elsewhere.
    pub possible: Vec<(RecordId, Side)>,
    /// Records that put these bytes out and may have been given them, since what they took in is
    /// not all here or only their description has the bytes.
    pub unknown: Vec<(RecordId, Side)>,
    /// Records that took them in.
    pub takers: Vec<(RecordId, Side)>,
    /// Records that put out what they had taken in.
    pub passed_on: Vec<(RecordId, Side)>,
    /// Records that describe other bytes with one of these digests, or give these another size.
    pub conflicting: Vec<RecordId>,
}

/// An input that no record accounts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Its strong digests, if anybody had the bytes.
    pub digests: Option<ArtifactDigests>,
    /// Its name in the first taker's source.
    pub name: Option<String>,
    /// Its role at the first taker.
    pub role: Word,
    /// Who took it in, in the order of ids.
    pub takers: Vec<RecordId>,
}

impl Gap {
    /// Its name, or else its digests.
    pub fn label(&self) -> String {
        let digests = || self.digests.map(|digests| digests.to_string()).unwrap_or_default();
        self.name.clone().unwrap_or_else(digests)
    }
}

/// Whether a record gives an artifact, or a file of its tree, this size or none.
fn is_of_size(artifact: &ArtifactFact, file: Option<&FileFact>, size_bytes: Option<u64>) -> bool {
    let said = match file {
        Some(file) => Some(file.size_bytes),
        None => artifact.size_bytes,
    };
    said.zip(size_bytes).is_none_or(|(said, actual)| said == actual)
}

impl Lineage {
    /// The records that no other record derives from.
    ///
    /// Of records in a circle none is a head, unless nothing outside the circle derives from it:
    /// then all are, because each is as last as the others and none may be hidden.
    pub fn heads(&self) -> Vec<RecordId> {
        let mut derived = vec![false; self.components.count as usize];
        for vertex in 0..self.up.len() {
            if !self.leads_from_a_record(vertex) {
                continue;
            }
            for &target in self.up.of(vertex) {
                let to = self.components.of[target as usize];
                derived[to as usize] |= to != self.components.of[vertex as usize];
            }
        }
        let open = |record: &u32| !derived[self.components.of[*record as usize] as usize];
        self.record_positions().filter(open).map(|record| self.id(record)).collect()
    }

    /// Everything that these records derive from, without themselves unless one derives from
    /// another.
    pub fn ancestors(&self, of: &[RecordId]) -> Vec<RecordId> {
        self.closure(of, &self.up, &self.components)
    }

    /// Everything that these records derive from, or may derive from: what is withheld, so that
    /// nobody can tell whether a record made its output or was given it, hides no ancestor. For
    /// what is wrong with ancestors, and never for what is proven of them.
    pub fn possible_ancestors(&self, of: &[RecordId]) -> Vec<RecordId> {
        let (up, components) = self.possible();
        self.closure(of, up, components)
    }

    /// Of each record, in the order of their ids, its
    /// [possible ancestors](Lineage::possible_ancestors) without itself, and the parents that it and
    /// they name and that are not here, among those that have a weight: the first `most` in the
    /// order of weights, then of ids, and how many more there are. Costs what one walk through the
    /// graph does, times `most`, and 16 walks to count the rest.
    pub fn ancestors_among<W: Ord>(&self, weight: impl Fn(RecordId) -> Option<W>, most: usize) -> Vec<FirstAncestors> {
        let here = self.record_positions().map(|record| self.id(record));
        let named = self.record_positions().map(|record| (record, self.absent_parents(self.id(record))));
        let named: Vec<(u32, Vec<RecordId>)> = named.filter(|(_, absent)| !absent.is_empty()).collect();
        let absent: BTreeSet<RecordId> = named.iter().flat_map(|(_, absent)| absent).copied().collect();
        let mut ranked: Vec<(W, RecordId)> = here.chain(absent).filter_map(|id| Some((weight(id)?, id))).collect();
        ranked.sort_unstable();
        let ranked: Vec<RecordId> = ranked.into_iter().map(|(_, id)| id).collect();
        let ranks: HashMap<RecordId, u32> = ranked.iter().copied().zip(0..).collect();
        let own = self.record_positions().filter_map(|record| Some((record, *ranks.get(&self.id(record))?)));
        let absent = |ids: Vec<RecordId>| ids.iter().filter_map(|id| ranks.get(id).copied()).collect::<Vec<u32>>();
        let ranks = Ranks {
            number: u32::try_from(ranked.len()).unwrap_or(u32::MAX),
            own: own.collect(),
            absent: named.into_iter().map(|(record, ids)| (record, absent(ids))).collect(),
        };
        // One more than is asked for, since a record in a circle is not its own ancestor.
        let few = |ranks: &mut Vec<u32>| {
            ranks.sort_unstable();
            ranks.dedup();
            let is_cut = ranks.len() > most + 1;
            ranks.truncate(most + 1);
            is_cut
        };
        // Ancestors of the members of each component, and these with the members; and whether there
        // are more.
        let components = self.possible().1;
        let mut above: Vec<(Vec<u32>, bool)> = vec![Default::default(); components.count as usize];
        let mut up_to = above.clone();
        let mut is_circle = vec![false; components.count as usize];
        self.each_component_from_above(|at, (members, is_in_circle), targets| {
            is_circle[at] = is_in_circle;
            let own = ranks.own(members);
            let (mut found, mut is_cut) = (ranks.absent(members).collect::<Vec<u32>>(), false);
            for target in targets {
                let (theirs, is_theirs_cut) = &up_to[*target];
                found.extend(theirs);
                is_cut |= is_theirs_cut;
            }
            if is_in_circle {
                found.extend(own.clone());
            }
            is_cut |= few(&mut found);
            let mut with_own: Vec<u32> = found.iter().copied().chain(own).collect();
            let is_with_own_cut = few(&mut with_own) || is_cut;
            up_to[at] = (with_own, is_with_own_cut);
            above[at] = (found, is_cut);
        });
        drop(up_to);
        let is_any_cut = above.iter().any(|(_, is_cut)| *is_cut);
        let numbers = if is_any_cut { self.number_above(&ranks) } else { Vec::new() };
        let first = |record: u32| {
            let at = components.of[record as usize] as usize;
            let (found, is_cut) = &above[at];
            let own = ranks.own.get(&record).filter(|_| is_circle[at]);
            let others: Vec<u32> = found.iter().copied().filter(|rank| Some(rank) != own).collect();
            let first: Vec<RecordId> = others.iter().take(most).map(|rank| ranked[*rank as usize]).collect();
            let more = if *is_cut {
                numbers[at].saturating_sub(usize::from(own.is_some()) + first.len()).max(1)
            } else {
                others.len() - first.len()
            };
            FirstAncestors { first, more }
        };
        self.record_positions().map(first).collect()
    }

    /// How many of the ranked records are above each component: exactly where 1,024 or fewer have a
    /// rank, else of the first 1,024.
    fn number_above(&self, ranks: &Ranks) -> Vec<usize> {
        const MOST_COUNTED: u32 = 1024;
        let mut numbers = vec![0_usize; self.possible().1.count as usize];
        let ranked = ranks.number.min(MOST_COUNTED);
        // 64 at a time, one bit for each.
        for first in (0..ranked).step_by(64) {
            let mut up_to = vec![0_u64; numbers.len()];
            let bit = |rank: u32| rank.checked_sub(first).and_then(|bit| 1_u64.checked_shl(bit)).unwrap_or(0);
            self.each_component_from_above(|at, (members, is_circle), targets| {
                let own = ranks.own(members).fold(0, |all, rank| all | bit(rank));
                let absent = ranks.absent(members).fold(0, |all, rank| all | bit(rank));
                let mut above = targets.iter().fold(absent, |all, target| all | up_to[*target]);
                if is_circle {
                    above |= own;
                }
                numbers[at] += above.count_ones() as usize;
                up_to[at] = above | own;
            });
        }
        numbers
    }

    /// Looks at each component after those that it leads to: its number, its members and whether
    /// each derives from itself, and the numbers of those others.
    fn each_component_from_above(&self, mut look: impl FnMut(usize, (&[u32], bool), &[usize])) {
        let (up, components) = self.possible();
        let component = |vertex: u32| components.of[vertex as usize] as usize;
        let mut vertices: Vec<u32> = (0..up.len()).collect();
        vertices.sort_unstable_by_key(|vertex| component(*vertex));
        for members in vertices.chunk_by(|a, b| component(*a) == component(*b)) {
            let Some(at) = members.first().map(|first| component(*first)) else { continue };
            let targets = members.iter().flat_map(|member| up.of(*member)).map(|target| component(*target));
            let (own, targets): (Vec<usize>, Vec<usize>) = targets.partition(|target| *target == at);
            look(at, (members, !own.is_empty()), &targets);
        }
    }

    /// Everything that derives from these records, without themselves.
    pub fn descendants(&self, of: &[RecordId]) -> Vec<RecordId> {
        self.closure(of, &self.down, &self.components)
    }

    /// Everything that derives, or may derive, from these records, in the same way as
    /// [possible ancestors](Lineage::possible_ancestors).
    pub fn possible_descendants(&self, of: &[RecordId]) -> Vec<RecordId> {
        let Some((up, components)) = &self.possible else { return self.descendants(of) };
        let down: Vec<(u32, u32)> =
            (0..up.len()).flat_map(|vertex| up.of(vertex).iter().map(move |target| (*target, vertex))).collect();
        self.closure(of, &Adjacency::new(up.len() as usize, &down), components)
    }

    /// Where a file comes from, and where it went, whatever its role. If its size in bytes is
    /// known, who gives it another has nothing to do with it.
    pub fn why(&self, digests: &ArtifactDigests, size_bytes: Option<u64>) -> Why {
        let mut why = Why::default();
        let mut conflicting: BTreeSet<RecordId> = BTreeSet::new();
        if digests.is_of_nothing() {
            return why;
        }
        let same = self.contents.same_bytes(digests);
        let agreeing: Vec<u32> = same.iter().flat_map(|first| self.contents.of_every_size(*first)).collect();
        let outputs = self.every_use(&agreeing, &self.contents.outputs, |facts| &facts.outputs);
        let of_record: Vec<&[(u32, Side)]> = outputs.chunk_by(|(a, _), (b, _)| a == b).collect();
        let makers = of_record.iter().filter_map(|uses| Some(&self.records[uses.first()?.0 as usize]));
        // What a record took in is put in order once, however often it put these bytes out, and a
        // listing however many records took it in.
        let listings = InputListings::of(makers);
        for uses in of_record {
            let Some(&(record, _)) = uses.first() else { continue };
            let facts = &self.records[record as usize];
            let maker = Maker::new(facts, facts.put_out(), &listings);
            for (_, side) in uses {
                let Some(output) = facts.outputs.get(side.artifact) else { continue };
                let file = side.file.and_then(|file| output.files.get(file));
                if !is_of_size(output, file, size_bytes) {
                    // What only a description has disputes nothing.
                    conflicting.extend(output.listed.then(|| facts.id()));
                    continue;
                }
                let origin = match file {
                    Some(_) => maker.origin_of_file(output, digests),
                    None => maker.origin_of_whole(output, digests),
                };
                let list = match origin {
                    Origin::PassedOn => &mut why.passed_on,
                    Origin::Made if output.listed && is_unique(output, file) => &mut why.producers,
                    Origin::Made if output.listed => &mut why.possible,
                    // A record does not answer for outputs that only its description lists.
                    Origin::Made | Origin::Unknown => &mut why.unknown,
                };
                list.push((facts.id(), *side));
            }
        }
        let taken = self.every_use(&agreeing, &self.contents.inputs, |facts| &facts.inputs);
        for (record, side) in taken {
            let Some(input) = self.records[record as usize].inputs.get(side.artifact) else { continue };
            let file = side.file.and_then(|file| input.files.get(file));
            if is_of_size(input, file, size_bytes) {
                why.takers.push((self.id(record), side));
            } else {
                conflicting.extend(input.listed.then(|| self.id(record)));
            }
        }
        conflicting.extend(
            self.contents
                .sharing(digests)
                .filter(|class| !same.contains(class))
                .flat_map(|first| self.contents.of_every_size(first))
                .flat_map(|class| self.contents.outputs.of(class).iter().chain(self.contents.inputs.of(class)))
                .map(|used| self.id(used.record)),
        );
        why.conflicting = conflicting.into_iter().collect();
        why
    }

    /// Records that may have put out any file, as far as is known: their description, or the listing
    /// of a tree that they put out, is not here.
    pub fn hiding_outputs(&self) -> Vec<RecordId> {
        let hiding = self.records.iter().filter(|facts| facts.description_withheld || facts.hides_outputs());
        hiding.map(RecordFacts::id).collect()
    }

    /// Inputs that no record accounts for: whose role carries lineage, which nothing here put out,
    /// and of which no statement says who did. In the order of digests, then those without.
    pub fn gaps(&self) -> Vec<Gap> {
        let mut gaps: BTreeMap<_, Gap> = BTreeMap::new();
        for facts in &self.records {
            let (asserted, listed) = (self.asserted_inputs(facts.id()), facts.listed_besides());
            for input in facts.inputs.iter().filter(|input| self.is_gap(facts.id(), &asserted, &listed, input)) {
                // Bytes that nobody had can only be told apart by what they are called.
                let called = input.digests.is_none().then_some((&input.role, input.name.as_deref()));
                let key = (called, input.digests);
                let gap = gaps.entry(key).or_insert_with(|| Gap {
                    digests: input.digests,
                    name: input.name.clone(),
                    role: input.role.clone(),
                    takers: Vec::new(),
                });
                if gap.takers.last() != Some(&facts.id()) {
                    gap.takers.push(facts.id());
                }
            }
        }
        gaps.into_values().collect()
    }

    /// The inputs of one record that no record accounts for, by their position.
    pub fn gaps_of(&self, record: RecordId) -> Vec<usize> {
        let Some(facts) = self.record(record) else { return Vec::new() };
        let (asserted, listed) = (self.asserted_inputs(record), facts.listed_besides());
        let inputs = facts.inputs.iter().enumerate();
        inputs.filter(|(_, input)| self.is_gap(record, &asserted, &listed, input)).map(|(index, _)| index).collect()
    }

    /// Parents that records here name and that are not here, in the order of ids.
    pub fn absent_parents(&self, of: RecordId) -> Vec<RecordId> {
        let Some(facts) = self.record(of) else { return Vec::new() };
        let declared = facts.parents.iter().map(|parent| RecordId(parent.record.blake3));
        let asserted = self.asserted_of(of).iter().map(|link| RecordId(link.parent.blake3));
        let absent: BTreeSet<_> = declared.chain(asserted).filter(|&id| self.position(id).is_none()).collect();
        absent.into_iter().collect()
    }

    /// How well it is known that a record follows from a parent that is not here: by its own word,
    /// or by a link alone.
    pub fn grade_of_absent(&self, child: RecordId, parent: RecordId) -> Grade {
        let names = |facts: &RecordFacts| facts.parents.iter().any(|named| RecordId(named.record.blake3) == parent);
        if self.record(child).is_some_and(names) { Grade::Declared } else { Grade::Asserted }
    }

    /// How a record is said to follow from a parent that is not here: by its own word, else by a
    /// link.
    pub fn relation_to_absent(&self, child: RecordId, parent: RecordId) -> Option<&Word> {
        let mut named = self.record(child)?.parents.iter().filter(|named| RecordId(named.record.blake3) == parent);
        let mut links = self.asserted_of(child).iter().filter(|link| RecordId(link.parent.blake3) == parent);
        named.next().map(|named| &named.relation).or_else(|| links.find_map(|link| link.relation.as_ref()))
    }

    /// Links that name a parent of a record which is not here.
    pub fn links_to_absent(&self, child: RecordId, parent: RecordId) -> Vec<StatementId> {
        let links = self.asserted_of(child).iter().filter(|link| RecordId(link.parent.blake3) == parent);
        links.map(|link| link.statement).collect()
    }

    /// Every record in layers: parents in earlier layers than their children. Records of one circle
    /// share a layer.
    pub fn layers(&self) -> Vec<Vec<RecordId>> {
        let count = self.components.count;
        let belongs: Vec<(u32, u32)> = self.components.of.iter().copied().zip(0..).collect();
        let members = Adjacency::new(count as usize, &belongs);
        // A content within a circle stands for the circle's records, one outside has their level
        // plus one already.
        let holds_record: Vec<bool> =
            (0..count).map(|component| members.of(component).iter().any(|&vertex| self.is_record(vertex))).collect();
        // What arcs lead to has a lower number, so it is known when it is asked for.
        let mut level = vec![0_usize; count as usize];
        let mut layers: Vec<Vec<RecordId>> = Vec::new();
        for component in 0..count {
            let members = members.of(component);
            let above = members.iter().flat_map(|&vertex| self.up.of(vertex)).filter_map(|&target| {
                let to = self.components.of[target as usize];
                (to != component).then(|| level[to as usize] + usize::from(holds_record[to as usize]))
            });
            let own = above.max().unwrap_or(0);
            level[component as usize] = own;
            for &record in members.iter().filter(|&&vertex| self.is_record(vertex)) {
                if layers.len() <= own {
                    layers.resize_with(own + 1, Vec::new);
                }
                layers[own].push(self.id(record));
            }
        }
        for layer in &mut layers {
            layer.sort_unstable();
        }
        layers
    }

    /// Uses of these classes by every record, in their order: of a tree that has the bytes at
    /// several paths, the first. Of a listing that several records name, only one is looked at file
    /// by file, so the others are found by the listing.
    fn every_use(
        &self,
        classes: &[u32],
        uses: &Uses,
        list: impl Fn(&RecordFacts) -> &[ArtifactFact],
    ) -> Vec<(u32, Side)> {
        let artifact = |used: &Use| &list(&self.records[used.record as usize])[used.side().artifact];
        let mut every: BTreeSet<(u32, Side)> = BTreeSet::new();
        let mut first: BTreeMap<usize, (ArtifactDigests, usize)> = BTreeMap::new();
        for used in classes.iter().flat_map(|&class| uses.of(class)) {
            every.insert((used.record, used.side()));
            let Some(file) = used.side().file else { continue };
            let tree = artifact(used);
            if let Some(digests) = tree.digests {
                let (_, known) = first.entry(tree.files.key()).or_insert((digests, file));
                *known = file.min(*known);
            }
        }
        for (listing, (tree, file)) in first {
            let trees = self.contents.same_bytes(&tree).into_iter();
            let trees = trees.flat_map(|first| self.contents.of_every_size(first)).flat_map(|class| uses.of(class));
            let same = trees.filter(|other| !other.in_tree && artifact(other).files.key() == listing);
            every.extend(same.map(|other| (other.record, Side { artifact: other.side().artifact, file: Some(file) })));
        }
        let mut every: Vec<(u32, Side)> = every.into_iter().collect();
        every.dedup_by_key(|(record, side)| (*record, side.artifact, side.file.is_some()));
        every
    }

    /// First classes of contents of which a statement about the record says who produced them,
    /// where that producer is here.
    fn asserted_inputs(&self, record: RecordId) -> HashSet<u32> {
        let here = self.asserted_of(record).iter().filter(|link| self.named(&link.parent).is_some());
        here.filter_map(|link| link.artifact).flat_map(|artifact| self.contents.same_bytes(&artifact)).collect()
    }

    fn is_gap(&self, taker: RecordId, asserted: &HashSet<u32>, listed: &Digests, input: &ArtifactFact) -> bool {
        // What everybody has needs no account.
        if !carries_lineage(&input.role) || input.common {
            return false;
        }
        let (Some(digests), Some(taker)) = (input.digests, self.position(taker)) else { return true };
        !digests.is_of_nothing()
            && !self.contents.is_accounted(input, taker)
            && !self.contents.first(&digests).is_some_and(|class| asserted.contains(&class))
            && !input.is_listed_otherwise(listed)
    }

    /// Whether a vertex is a record, or a content that some record took in.
    fn leads_from_a_record(&self, vertex: u32) -> bool {
        let below = self.down.of(vertex);
        self.is_record(vertex) || below.iter().any(|&next| self.is_record(next) || !self.down.of(next).is_empty())
    }

    pub(crate) fn graph(&self, direction: Direction) -> &Adjacency {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }

    pub(crate) fn record_positions(&self) -> std::ops::Range<u32> {
        0..u32::try_from(self.records.len()).expect("records are numbered by u32")
    }

    /// The records that the arcs of a graph lead to from these. That a record takes in what it puts
    /// out leads from it to itself by its own bytes alone, and does not make it its own ancestor.
    fn closure(&self, of: &[RecordId], graph: &Adjacency, components: &Components) -> Vec<RecordId> {
        let component = |vertex: u32| components.of[vertex as usize];
        let mut number = vec![0_u32; components.count as usize];
        for record in self.record_positions() {
            number[component(record) as usize] += 1;
        }
        let is_alone = |vertex: u32| number[component(vertex) as usize] == 1;
        // One that names itself is its own ancestor, which is an error.
        let is_own = |from: u32, to: u32| from != to && component(from) == component(to) && is_alone(from);
        let mut seen = vec![false; graph.len() as usize];
        let mut is_begun = seen.clone();
        let starts: Vec<u32> = of.iter().filter_map(|&id| self.position(id)).collect();
        // The bytes of a start that it takes in and puts out, by which it reaches what is not its own.
        let mut own = starts.clone();
        for start in starts {
            is_begun[start as usize] = true;
        }
        let mut open = Vec::new();
        while let Some(vertex) = own.pop() {
            for &next in graph.of(vertex) {
                if !is_own(vertex, next) {
                    open.extend((!std::mem::replace(&mut seen[next as usize], true)).then_some(next));
                } else if !std::mem::replace(&mut is_begun[next as usize], true) {
                    own.push(next);
                }
            }
        }
        while let Some(vertex) = open.pop() {
            for &next in graph.of(vertex) {
                if !std::mem::replace(&mut seen[next as usize], true) {
                    open.push(next);
                }
            }
        }
        self.record_positions().filter(|&record| seen[record as usize]).map(|record| self.id(record)).collect()
    }
}
