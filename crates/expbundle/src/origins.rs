//! What records made, and what they were only given (spec/lineage.md, "Same bytes", 4).

use std::collections::BTreeMap;

use expbundle_format::container::EntryName;
use expbundle_format::{ArtifactDigests, RecordId};
pub use expbundle_lineage::ArtifactFact;
use expbundle_lineage::RecordFacts;
use expbundle_lineage::evidence::{InputListings, Maker};
pub use expbundle_lineage::evidence::{Origin, has_common_name, is_trivial};

use crate::verify::Intact;

/// What a file takes in a listing, about: two digests, a size and a path.
const BYTES_OF_A_LINE: u64 = 160;

/// What records of a bundle took in, so that they can be asked what they made, whether or not they
/// count.
pub struct Origins {
    /// With the number of files that each put out, about.
    facts: BTreeMap<RecordId, (RecordFacts, usize)>,
    listings: InputListings,
}

/// What one record made.
pub struct Made<'a> {
    facts: &'a RecordFacts,
    maker: Maker<'a>,
}

impl Intact {
    /// What these records took in.
    pub fn origins(&self, of: impl IntoIterator<Item = RecordId>) -> Origins {
        let mut facts = self.facts_of_inputs(of);
        facts.iter_mut().for_each(RecordFacts::normalize);
        let listings = InputListings::of(&facts);
        let facts = facts.into_iter().map(|facts| (facts.id(), self.sized(facts))).collect();
        Origins { facts, listings }
    }

    fn sized(&self, facts: RecordFacts) -> (RecordFacts, usize) {
        let listing = |output: &ArtifactFact| self.bundle().get(&EntryName::Artifact(output.digests?.blake3()?));
        let files = |output| listing(output).map_or(0, |listing| listing.size() / BYTES_OF_A_LINE);
        let files: u64 = facts.outputs.iter().map(|output| 1 + files(output)).sum();
        (facts, usize::try_from(files).unwrap_or(usize::MAX))
    }
}

impl Origins {
    /// What one of them made; `None` if it is none of them.
    pub fn of(&self, record: RecordId) -> Option<Made<'_>> {
        let (facts, files) = self.facts.get(&record)?;
        Some(Made { facts, maker: Maker::new(facts, *files, &self.listings) })
    }
}

impl<'a> Made<'a> {
    /// The outputs in its `record.json`, and how it came by each as a whole. Their trees have no files
    /// here.
    pub fn outputs(&self) -> impl Iterator<Item = (&'a ArtifactFact, Origin)> {
        let listed = self.facts.outputs.iter().filter(|output| output.listed);
        listed.filter_map(|output| Some((output, self.maker.origin(output.passed_on, &output.digests?))))
    }

    /// The outputs that it made, or may have made.
    pub fn own_outputs(&self) -> impl Iterator<Item = &'a ArtifactFact> {
        self.outputs().filter(|(_, origin)| *origin != Origin::PassedOn).map(|(output, _)| output)
    }

    /// How it came by a file of a tree that is an output.
    pub fn file(&self, tree: &ArtifactFact, file: &ArtifactDigests) -> Given {
        match self.maker.origin_of_file(tree, file) {
            Origin::PassedOn if self.maker.was_given_itself(file) => Given::Itself,
            Origin::PassedOn => Given::InTree,
            Origin::Made | Origin::Unknown => Given::Not,
        }
    }

    /// What names the trees that it took in, for an output: where that is the same for two records,
    /// both were given the same files in trees.
    pub fn trees(&self, output: &ArtifactFact) -> &[usize] {
        if output.passed_on.is_some() { &[] } else { self.maker.trees() }
    }
}

/// Whether a record was given a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// Not as far as is known.
    Not,
    /// As an input by itself.
    Itself,
    /// In a tree.
    InTree,
}
