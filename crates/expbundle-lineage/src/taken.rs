//! What a record took in: it did not produce what it was given (spec/lineage.md, "Same bytes", 4).

use std::collections::HashMap;

use expbundle_format::{ArtifactDigests, Blake3, Sha256};

use crate::facts::{ArtifactFact, RecordFacts};

/// So many listings of one record are searched one by one; of more, one list is made.
const ONE_BY_ONE: usize = 8;

/// Digests by each algorithm, in order.
#[derive(Debug, Default)]
pub(crate) struct Digests {
    blake3: Vec<Blake3>,
    sha256: Vec<Sha256>,
}

impl Digests {
    pub(crate) fn new(all: &[ArtifactDigests]) -> Self {
        let mut blake3: Vec<Blake3> = all.iter().filter_map(ArtifactDigests::blake3).collect();
        let mut sha256: Vec<Sha256> = all.iter().filter_map(ArtifactDigests::sha256).collect();
        blake3.sort_unstable();
        sha256.sort_unstable();
        Self { blake3, sha256 }
    }

    /// Of each listing that some record took in and put something out besides.
    pub(crate) fn of_input_listings(records: &[RecordFacts]) -> HashMap<usize, Self> {
        let makers = records.iter().filter(|facts| !facts.outputs.is_empty());
        let mut listings = HashMap::new();
        for artifact in makers.flat_map(|facts| &facts.inputs).filter(|artifact| !artifact.files.is_empty()) {
            let digests = || artifact.files.iter().map(|file| file.digests).collect::<Vec<_>>();
            listings.entry(artifact.files.key()).or_insert_with(|| Self::new(&digests()));
        }
        listings
    }

    /// Whether one of the digests is among them.
    pub(crate) fn has(&self, digests: &ArtifactDigests) -> bool {
        digests.blake3().is_some_and(|digest| self.blake3.binary_search(&digest).is_ok())
            || digests.sha256().is_some_and(|digest| self.sha256.binary_search(&digest).is_ok())
    }
}

/// What one record took in.
pub(crate) struct Taken<'a> {
    own: Digests,
    listings: Vec<&'a Digests>,
}

impl<'a> Taken<'a> {
    /// `known` are listings of which the digests are in order already.
    pub(crate) fn by(inputs: &[ArtifactFact], known: &'a HashMap<usize, Digests>) -> Self {
        let mut own: Vec<ArtifactDigests> = inputs.iter().filter_map(|input| input.digests).collect();
        let mut trees: Vec<_> = inputs.iter().map(|input| &input.files).filter(|files| !files.is_empty()).collect();
        trees.sort_unstable_by_key(|files| files.key());
        trees.dedup_by_key(|files| files.key());
        let listings: Option<Vec<&Digests>> = trees.iter().map(|files| known.get(&files.key())).collect();
        let listings = listings.filter(|listings| listings.len() <= ONE_BY_ONE).unwrap_or_else(|| {
            own.extend(trees.iter().flat_map(|files| files.iter()).map(|file| file.digests));
            Vec::new()
        });
        Self { own: Digests::new(&own), listings }
    }

    /// One digest in common is enough: in doubt a record did not produce what it may have been given.
    pub(crate) fn has(&self, digests: &ArtifactDigests) -> bool {
        self.own.has(digests) || self.listings.iter().any(|listing| listing.has(digests))
    }
}
