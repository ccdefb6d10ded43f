//! Roll-ups: what an ancestry adds up to, and the weakest of it.
//!
//! Values are the caller's: hours, charges, states. Each ancestor counts once however many ways
//! lead to it, and each source once however many records have it.

use std::collections::{BTreeMap, HashSet};

use expbundle_format::RecordId;

use crate::adjacency::Adjacency;
use crate::components::Components;
use crate::lineage::Lineage;

/// A sum over an ancestry, and how far it reaches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rollup<T> {
    /// The sum; `None` if no record has a value.
    pub total: Option<T>,
    /// Records that were counted.
    pub counted: Vec<RecordId>,
    /// Records of which no value is known, so that the true sum may be larger.
    pub unknown: Vec<RecordId>,
    /// Records that are not counted because another record of the same source stands for it.
    pub repeated: Vec<RecordId>,
    /// Records whose place another record here took, which the caller did not leave out.
    pub superseded: Vec<RecordId>,
    /// Records that the caller left out.
    pub left_out: Vec<RecordId>,
    /// Parents that are named and not here; what they would add is unknown too.
    pub absent: Vec<RecordId>,
}

impl Lineage {
    /// Adds up a value over records and all their ancestors, each once.
    ///
    /// What `is_left_out` stands for no source and takes nobody's place. Then what was superseded
    /// goes, of whatever source it is. Of several records of one source that are left that of the
    /// lowest `rank` counts, then one that has a value, then the first by id (spec/family.md,
    /// "Sums"). Every record is in one list.
    pub fn rollup<T, R: Ord>(
        &self,
        of: &[RecordId],
        is_left_out: impl Fn(RecordId) -> bool,
        rank: impl Fn(RecordId) -> R,
        value: impl Fn(RecordId) -> Option<T>,
        mut add: impl FnMut(T, T) -> T,
    ) -> Rollup<T> {
        let family = self.family(of);
        let (left_out, standing): (Vec<RecordId>, Vec<RecordId>) = family.iter().partition(|id| is_left_out(**id));
        let replaced = self.superseded_by(&standing);
        let (superseded, standing): (Vec<RecordId>, Vec<RecordId>) =
            standing.into_iter().partition(|id| replaced.contains(id));
        let (counted, unknown, repeated) = (vec![], vec![], vec![]);
        let mut absent: Vec<RecordId> = family.iter().flat_map(|&id| self.absent_parents(id)).collect();
        absent.sort_unstable();
        absent.dedup();
        let mut sum = Rollup { total: None, counted, unknown, repeated, superseded, left_out, absent };
        let mut known: Vec<(RecordId, Option<T>)> = standing.into_iter().map(|id| (id, value(id))).collect();
        // Best first, so that the first of each source is the one that counts.
        known.sort_by_cached_key(|(id, value)| (rank(*id), value.is_none(), *id));
        let mut sources: HashSet<u32> = HashSet::new();
        for (id, value) in known {
            if self.source_of(id).is_some_and(|source| !sources.insert(source)) {
                sum.repeated.push(id);
                continue;
            }
            match value {
                Some(value) => {
                    sum.counted.push(id);
                    sum.total = Some(match sum.total.take() {
                        Some(total) => add(total, value),
                        None => value,
                    });
                }
                None => sum.unknown.push(id),
            }
        }
        for list in [&mut sum.counted, &mut sum.unknown, &mut sum.repeated] {
            list.sort_unstable();
        }
        sum
    }

    /// The lowest state among records and all their ancestors, and which of them have it.
    ///
    /// A family is as good as its weakest needed part,
    /// [possible ancestors](Lineage::possible_ancestors) among them. A parent that is named and not
    /// here is asked for too, by its id.
    pub fn weakest<S: Ord>(&self, of: &[RecordId], state: impl Fn(RecordId) -> S) -> Option<(S, Vec<RecordId>)> {
        let mut family = self.possible_ancestors(of);
        family.extend(of.iter().filter(|&&id| self.record(id).is_some()));
        family.sort_unstable();
        family.dedup();
        let absent: Vec<RecordId> = family.iter().flat_map(|&id| self.absent_parents(id)).collect();
        family.extend(absent);
        family.sort_unstable();
        family.dedup();
        let mut weakest: Option<(S, Vec<RecordId>)> = None;
        for id in family {
            let state = state(id);
            match &mut weakest {
                Some((lowest, which)) if *lowest == state => which.push(id),
                Some((lowest, _)) if *lowest < state => {}
                _ => weakest = Some((state, vec![id])),
            }
        }
        weakest
    }

    /// Records that repeat each other by the caller's fingerprint, each group in the order of ids.
    pub fn duplicates<F: Ord>(&self, fingerprint: impl Fn(RecordId) -> Option<F>) -> Vec<Vec<RecordId>> {
        let mut groups: BTreeMap<F, Vec<RecordId>> = BTreeMap::new();
        for facts in self.records() {
            if let Some(fingerprint) = fingerprint(facts.id()) {
                groups.entry(fingerprint).or_default().push(facts.id());
            }
        }
        let mut groups: Vec<_> = groups.into_values().filter(|group| group.len() > 1).collect();
        groups.sort_unstable();
        groups
    }

    /// Records that are here, with all their ancestors, in the order of ids.
    fn family(&self, of: &[RecordId]) -> Vec<RecordId> {
        let mut family = self.ancestors(of);
        family.extend(of.iter().filter(|&&id| self.record(id).is_some()));
        family.sort_unstable();
        family.dedup();
        family
    }

    /// Every record whose place one of these took, by way of whatever other records. `standing` is
    /// sorted.
    ///
    /// Of records that supersede each other in a circle none took the place of another.
    fn superseded_by(&self, standing: &[RecordId]) -> HashSet<RecordId> {
        let mut olds: Vec<RecordId> = self.supersessions.iter().map(|one| one.superseded).collect();
        olds.dedup();
        let said: Vec<(RecordId, RecordId)> =
            olds.into_iter().flat_map(|old| self.successors(old).map(move |new| (old, new))).collect();
        let mut ids: Vec<RecordId> = said.iter().flat_map(|(old, new)| [*old, *new]).collect();
        ids.sort_unstable();
        ids.dedup();
        let vertex = |id: RecordId| {
            u32::try_from(ids.binary_search(&id).expect("all are here")).expect("statements are numbered by u32")
        };
        let arcs: Vec<(u32, u32)> = said.iter().map(|(old, new)| (vertex(*old), vertex(*new))).collect();
        let graph = Adjacency::new(ids.len(), &arcs);
        let Components { of, count } = Components::new(&graph);
        let mut stands = vec![false; count as usize];
        for (id, circle) in ids.iter().zip(&of) {
            stands[*circle as usize] |= standing.binary_search(id).is_ok();
        }
        let mut by_circle: Vec<u32> = (0..graph.len()).collect();
        by_circle.sort_unstable_by_key(|vertex| of[*vertex as usize]);
        let mut replaced = vec![false; count as usize];
        // Successors have lower numbers, so what became of them is known.
        for vertex in by_circle {
            let own = of[vertex as usize];
            let others = graph.of(vertex).iter().map(|next| of[*next as usize]).filter(|other| *other != own);
            if others.into_iter().any(|other| stands[other as usize] || replaced[other as usize]) {
                replaced[own as usize] = true;
            }
        }
        ids.iter().zip(of).filter(|(_, circle)| replaced[*circle as usize]).map(|(id, _)| *id).collect()
    }
}
