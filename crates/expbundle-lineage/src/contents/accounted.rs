//! Whether it is known who made what a record took in (spec/lineage.md, "Gaps").

use std::collections::{BTreeSet, HashMap};

use super::makers::Makers;
use super::{Content, Contents, joins, proving_whole};
use crate::evidence::carries_proof;
use crate::facts::{ArtifactFact, RecordFacts};
use crate::listing::is_own;

/// Who made the files of a listing.
#[derive(Clone, Debug, Default)]
pub(super) struct Accounted {
    any: Makers,
    /// If every file of its own was made here: who alone made one of them.
    sole: Option<BTreeSet<u32>>,
}

impl Contents {
    /// Of each listing that records took in, who made its files.
    pub(super) fn accounted_listings(&self, records: &[RecordFacts]) -> HashMap<usize, Accounted> {
        let mut known = HashMap::new();
        let inputs = records.iter().flat_map(|facts| &facts.inputs);
        for input in inputs.filter(|input| !input.files.is_empty() && carries_proof(input)) {
            known.entry(input.files.key()).or_insert_with(|| {
                let files = self.proving_files(input).map(|(_, content)| self.makers(&content, false));
                Accounted { any: files.fold(Makers::None, Makers::and), sole: self.sole_makers(input) }
            });
        }
        known
    }

    /// Who alone made a file of a tree; `None` if some file of its own has no maker, as those have none
    /// that cannot prove, or if it has no such files.
    fn sole_makers(&self, tree: &ArtifactFact) -> Option<BTreeSet<u32>> {
        tree.files.first_own()?;
        let mut sole = BTreeSet::new();
        for file in tree.files.iter().filter(|file| is_own(file)) {
            let can_prove = joins(tree, Some(file), &file.digests);
            match self.makers(&Content::of_file(file), false) {
                Makers::One(maker) if can_prove => _ = sole.insert(maker),
                Makers::Several if can_prove => {}
                _ => return None,
            }
        }
        Some(sole)
    }

    /// Whether what an input is, or every file of its tree that is its own, was made by another
    /// record than the one that took it in.
    pub(crate) fn is_accounted(&self, input: &ArtifactFact, taker: u32) -> bool {
        let every = |files: &Accounted| files.sole.as_ref().is_some_and(|sole| !sole.contains(&taker));
        self.is_made_whole(input, taker) || self.files_of(input).is_some_and(every)
    }

    /// Whether what an input is, or some file of its tree, was.
    pub(crate) fn has_maker(&self, input: &ArtifactFact, taker: u32) -> bool {
        let some = |files: &Accounted| files.any.besides(taker);
        self.is_made_whole(input, taker) || self.files_of(input).is_some_and(some)
    }

    fn is_made_whole(&self, input: &ArtifactFact, taker: u32) -> bool {
        proving_whole(input).is_some_and(|content| self.makers(&content, true).besides(taker))
    }

    fn files_of(&self, input: &ArtifactFact) -> Option<&Accounted> {
        self.accounted.get(&input.files.key()).filter(|_| carries_proof(input))
    }
}
