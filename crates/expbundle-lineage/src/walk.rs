//! Walks through the graph, from record to record: a content between two records is not a step.
//!
//! However many records a walk begins with, each vertex is visited once.

use std::collections::{HashSet, VecDeque};

use expbundle_format::RecordId;

use crate::adjacency::Adjacency;
use crate::lineage::Lineage;
use crate::query::{Direction, Reached};

const UNSEEN: u32 = u32::MAX;

/// From whom one is a parent of a vertex, as far as it matters whether that is another than
/// somebody.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Nobody,
    One(u32),
    Several,
}

impl From {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nobody, one) | (one, Self::Nobody) => one,
            (one, other) if one == other => one,
            _ => Self::Several,
        }
    }
}

/// Shortest ways up to one record.
#[derive(Debug)]
pub struct Ways<'a> {
    lineage: &'a Lineage,
    /// Of each vertex the next on the way; itself at the end.
    next: Vec<u32>,
}

impl Ways<'_> {
    /// A shortest way from a record, both ends included, or `None` if there is no way.
    pub fn of(&self, from: RecordId) -> Option<Vec<RecordId>> {
        let start = self.lineage.position(from)?;
        let mut way = Vec::new();
        self.follow(start, |record| {
            way.push(self.lineage.id(record));
            true
        })?;
        Some(way)
    }

    /// The records on the ways from all of these, in the order of ids.
    pub fn of_all(&self, from: &[RecordId]) -> Vec<RecordId> {
        let mut seen = HashSet::new();
        for start in from.iter().filter_map(|id| self.lineage.position(*id)) {
            // From where ways meet they go on together.
            self.follow(start, |record| seen.insert(record));
        }
        let mut records: Vec<RecordId> = seen.into_iter().map(|record| self.lineage.id(record)).collect();
        records.sort_unstable();
        records
    }

    /// Visits the records of a way, as long as they are wanted.
    fn follow(&self, start: u32, mut visit: impl FnMut(u32) -> bool) -> Option<()> {
        let mut vertex = start;
        loop {
            let next = self.next[vertex as usize];
            if next == UNSEEN {
                return None;
            }
            if (self.lineage.is_record(vertex) && !visit(vertex)) || next == vertex {
                return Some(());
            }
            vertex = next;
        }
    }
}

impl Lineage {
    /// The records within so many links of any of these, these first, then by distance and id.
    pub fn walk(&self, from: &[RecordId], direction: Direction, depth: usize) -> Vec<Reached> {
        let graph = self.graph(direction);
        let mut seen = vec![false; graph.len() as usize];
        let mut level: Vec<u32> = from.iter().filter_map(|id| self.position(*id)).collect();
        let mut reached = Vec::new();
        for distance in 0..=depth {
            level.retain(|&record| !std::mem::replace(&mut seen[record as usize], true));
            level.sort_unstable();
            if level.is_empty() {
                break;
            }
            reached.extend(level.iter().map(|&record| Reached { record: self.id(record), distance }));
            level = self.next_records(&level, graph, &mut seen);
        }
        reached
    }

    /// These records with all that they derive from, or all that derives from them, in the order of
    /// ids; within so many links, if that is said.
    pub fn relatives(&self, of: &[RecordId], direction: Direction, depth: Option<usize>) -> Vec<RecordId> {
        let mut records: Vec<RecordId> = match (depth, direction) {
            (Some(depth), _) => self.walk(of, direction, depth).into_iter().map(|reached| reached.record).collect(),
            (None, Direction::Up) => self.ancestors(of),
            (None, Direction::Down) => self.descendants(of),
        };
        records.extend(of.iter().filter(|id| self.record(**id).is_some()));
        records.sort_unstable();
        records.dedup();
        records
    }

    /// Of these records and all that they derive from those that have no parent here: a tree
    /// downwards begins with them. These records themselves, if all derive from each other.
    pub fn beginnings(&self, of: &[RecordId]) -> Vec<RecordId> {
        let mut first = self.relatives(of, Direction::Up, None);
        first.retain(|id| self.is_beginning(*id));
        if first.is_empty() { of.to_vec() } else { first }
    }

    /// Parents that these records name and that are not here, in the order of ids.
    pub fn absent_parents_of(&self, records: &[RecordId]) -> Vec<RecordId> {
        let mut absent: Vec<RecordId> = records.iter().flat_map(|id| self.absent_parents(*id)).collect();
        absent.sort_unstable();
        absent.dedup();
        absent
    }

    /// The records right below one, in the order of ids, without itself.
    pub fn children(&self, parent: RecordId) -> Vec<RecordId> {
        let Some(parent) = self.position(parent) else { return Vec::new() };
        let (mut seen, mut open, mut children) = (HashSet::from([parent]), vec![parent], Vec::new());
        while let Some(vertex) = open.pop() {
            for &next in self.down.of(vertex) {
                if seen.insert(next) {
                    if self.is_record(next) { children.push(next) } else { open.push(next) }
                }
            }
        }
        children.sort_unstable();
        children.into_iter().map(|child| self.id(child)).collect()
    }

    /// The parents of all these records, in the order of ids. Bytes make no record its own parent.
    pub fn parents_of_all(&self, children: &[RecordId]) -> Vec<RecordId> {
        let mut from = vec![From::Nobody; self.up.len() as usize];
        let mut is_parent = vec![false; self.records.len()];
        let mut level: Vec<u32> = children.iter().filter_map(|id| self.position(*id)).collect();
        level.sort_unstable();
        level.dedup();
        let mut is_start = true;
        // A way from a record to its parent leads through a listing, what was taken in and what was
        // put out.
        while !level.is_empty() {
            let mut next_level = Vec::new();
            for &vertex in &level {
                let own = if is_start { From::One(vertex) } else { from[vertex as usize] };
                for &next in self.up.of(vertex) {
                    if self.is_record(next) {
                        is_parent[next as usize] |= is_start || own != From::One(next);
                    } else {
                        let known = &mut from[next as usize];
                        if known.and(own) != *known {
                            *known = known.and(own);
                            next_level.push(next);
                        }
                    }
                }
            }
            next_level.sort_unstable();
            next_level.dedup();
            level = next_level;
            is_start = false;
        }
        (0_u32..).zip(is_parent).filter(|(_, is)| *is).map(|(record, _)| self.id(record)).collect()
    }

    /// Whether a record has no parent here.
    pub fn is_beginning(&self, id: RecordId) -> bool {
        let Some(record) = self.position(id) else { return false };
        self.links_by_word(record).next().is_none()
            && !self.records[record as usize].inputs.iter().any(|input| self.contents.has_maker(input, record))
    }

    /// Shortest ways up to a record from everything that derives from it; `None` if it is not here.
    pub fn ways_to(&self, ancestor: RecordId) -> Option<Ways<'_>> {
        let goal = self.position(ancestor)?;
        let mut next = vec![UNSEEN; self.down.len() as usize];
        let mut queue = VecDeque::from([goal]);
        next[goal as usize] = goal;
        while let Some(vertex) = queue.pop_front() {
            for &below in self.down.of(vertex) {
                if next[below as usize] == UNSEEN {
                    next[below as usize] = vertex;
                    // A link through a content is as long as a declared one, so contents are passed
                    // at once.
                    if self.is_record(below) { queue.push_back(below) } else { queue.push_front(below) }
                }
            }
        }
        Some(Ways { lineage: self, next })
    }

    /// A shortest way from a record to one of its ancestors, both included, or `None` if it is not
    /// an ancestor.
    pub fn path(&self, from: RecordId, to: RecordId) -> Option<Vec<RecordId>> {
        self.ways_to(to)?.of(from)
    }

    /// The records next to these that were not seen, looking through contents.
    fn next_records(&self, level: &[u32], graph: &Adjacency, seen: &mut [bool]) -> Vec<u32> {
        let mut next = Vec::new();
        let mut open = level.to_vec();
        while let Some(vertex) = open.pop() {
            for &neighbour in graph.of(vertex) {
                if self.is_record(neighbour) {
                    if !seen[neighbour as usize] {
                        next.push(neighbour);
                    }
                } else if !std::mem::replace(&mut seen[neighbour as usize], true) {
                    open.push(neighbour);
                }
            }
        }
        next
    }
}
