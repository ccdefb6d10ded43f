//! Roll-ups: what an ancestry adds up to, and the weakest of it.
//!
//! Values are the caller's: hours, charges, states. Each ancestor counts once however many ways lead to it, and each
//! source run once however many records speak of it.

use std::collections::{BTreeMap, HashSet};

use expbundle_format::RecordId;
use expbundle_format::record::Source;

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
    /// Records left out because another record of the same run was counted.
    pub repeated: Vec<RecordId>,
    /// Records that the caller left out.
    pub left_out: Vec<RecordId>,
    /// Parents that are named and not here; what they would add is unknown too.
    pub absent: Vec<RecordId>,
}

impl Lineage {
    /// Adds up a value over records and all their ancestors, each once.
    ///
    /// Of several records of one source run one counts that no other record here supersedes, then that of the lowest `rank`, then the
    /// first by id that has a value (spec/family.md, "Sums"). What `is_left_out` stands for no run.
    pub fn rollup<T, R: Ord>(
        &self,
        of: &[RecordId],
        is_left_out: impl Fn(RecordId) -> bool,
        rank: impl Fn(RecordId) -> R,
        value: impl Fn(RecordId) -> Option<T>,
        mut add: impl FnMut(T, T) -> T,
    ) -> Rollup<T> {
        let family = self.family(of);
        let left_out = family.iter().copied().filter(|id| is_left_out(*id)).collect();
        let mut sum =
            Rollup { total: None, counted: vec![], unknown: vec![], repeated: vec![], left_out, absent: vec![] };
        let mut absent: Vec<RecordId> = family.iter().flat_map(|&id| self.absent_parents(id)).collect();
        absent.sort_unstable();
        absent.dedup();
        sum.absent = absent;
        let mut known: Vec<(RecordId, Option<T>)> =
            family.iter().filter(|id| sum.left_out.binary_search(id).is_err()).map(|&id| (id, value(id))).collect();
        // Best first, so that the first of each run is the one that counts.
        known.sort_by_cached_key(|(id, value)| (self.is_superseded_in(*id, &family), rank(*id), value.is_none(), *id));
        let mut runs: HashSet<&Source> = HashSet::new();
        for (id, value) in known {
            let source = self.record(id).and_then(|facts| facts.source.as_ref());
            if source.is_some_and(|source| !runs.insert(source)) {
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
    /// A family is as good as its weakest needed part. A parent that is named and not here is asked for too, by its id.
    pub fn weakest<S: Ord>(&self, of: &[RecordId], state: impl Fn(RecordId) -> S) -> Option<(S, Vec<RecordId>)> {
        let mut family = self.family(of);
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

    fn is_superseded_in(&self, id: RecordId, family: &[RecordId]) -> bool {
        self.successors(id).any(|successor| successor != id && family.binary_search(&successor).is_ok())
    }
}
