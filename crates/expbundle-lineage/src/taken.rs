//! What a record took in: it did not produce what it was given (spec/lineage.md, "Same bytes", 4).

use std::collections::HashMap;

use expbundle_format::{ArtifactDigests, Blake3, Sha256};

use crate::facts::{ArtifactFact, RecordFacts};

/// So many listings of one record are searched one by one; of more, one list is made if that is
/// less work.
const ONE_BY_ONE: usize = 8;

/// Digests by each algorithm, in order.
#[derive(Debug, Default)]
pub(crate) struct Digests {
    blake3: Vec<Blake3>,
    sha256: Vec<Sha256>,
    /// Whether something is known by one of the two only, so that it can be compared with nothing
    /// that is known by the other only.
    only_blake3: bool,
    only_sha256: bool,
}

impl Digests {
    pub(crate) fn new(all: &[ArtifactDigests]) -> Self {
        #[cfg(test)]
        tests::ORDERED.with(|ordered| ordered.set(ordered.get() + all.len()));
        let mut blake3: Vec<Blake3> = all.iter().filter_map(ArtifactDigests::blake3).collect();
        let mut sha256: Vec<Sha256> = all.iter().filter_map(ArtifactDigests::sha256).collect();
        blake3.sort_unstable();
        sha256.sort_unstable();
        // What is empty is known by both.
        let mut partial = all.iter().filter(|digests| digests.both().is_none() && !digests.is_of_nothing());
        let only_blake3 = partial.clone().any(|digests| digests.blake3().is_some());
        let only_sha256 = partial.any(|digests| digests.sha256().is_some());
        Self { blake3, sha256, only_blake3, only_sha256 }
    }

    /// Of each listing that some record took in and put something out besides.
    pub(crate) fn of_input_listings<'a>(records: impl IntoIterator<Item = &'a RecordFacts>) -> HashMap<usize, Self> {
        let makers = records.into_iter().filter(|facts| !facts.outputs.is_empty());
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

impl Digests {
    /// Whether it can be told of everything here that it is, or is not, these bytes.
    fn can_tell(&self, digests: &ArtifactDigests) -> bool {
        (digests.blake3().is_some() || !self.only_blake3) && (digests.sha256().is_some() || !self.only_sha256)
    }
}

/// What one record took in.
pub(crate) struct Taken<'a> {
    own: Digests,
    listings: Vec<&'a Digests>,
}

impl<'a> Taken<'a> {
    /// `known` are listings of which the digests are in order already. So many questions will be
    /// asked: files that many records took in are not put in order for each of them if it asks
    /// about a few.
    pub(crate) fn by(inputs: &[ArtifactFact], questions: usize, known: &'a HashMap<usize, Digests>) -> Self {
        let mut own: Vec<ArtifactDigests> = inputs.iter().filter_map(|input| input.digests).collect();
        let mut trees: Vec<_> = inputs.iter().map(|input| &input.files).filter(|files| !files.is_empty()).collect();
        trees.sort_unstable_by_key(|files| files.key());
        trees.dedup_by_key(|files| files.key());
        let listings: Option<Vec<&Digests>> = trees.iter().map(|files| known.get(&files.key())).collect();
        let files: usize = trees.iter().map(|files| files.len()).sum();
        let is_little = |listings: usize| listings <= ONE_BY_ONE || listings.saturating_mul(questions) <= files;
        let listings = listings.filter(|listings| is_little(listings.len())).unwrap_or_else(|| {
            own.extend(trees.iter().flat_map(|files| files.iter()).map(|file| file.digests));
            Vec::new()
        });
        Self { own: Digests::new(&own), listings }
    }

    /// One digest in common is enough: in doubt a record did not produce what it may have been
    /// given.
    pub(crate) fn has(&self, digests: &ArtifactDigests) -> bool {
        self.own.has(digests) || self.listings.iter().any(|listing| listing.has(digests))
    }

    /// Whether all that was taken in can be compared with these bytes: digests of different
    /// algorithms cannot.
    pub(crate) fn can_tell(&self, digests: &ArtifactDigests) -> bool {
        self.own.can_tell(digests) && self.listings.iter().all(|listing| listing.can_tell(digests))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;

    use expbundle_format::DigestSet;
    use expbundle_format::record::{Form, Kind};

    use super::*;
    use crate::facts::Facts;
    use crate::lineage::Lineage;
    use crate::listing::{FileFact, Listing};

    thread_local! {
        /// Digests that were put in order on this thread.
        pub(crate) static ORDERED: Cell<usize> = const { Cell::new(0) };
    }

    fn digests(text: &str) -> ArtifactDigests {
        DigestSet::of(text.as_bytes()).into()
    }

    fn tree(name: &str, files: &Listing) -> ArtifactFact {
        let tree = ArtifactFact::new("dataset".parse().expect("a role"), digests(name), 9);
        ArtifactFact { form: Form::Tree, files: files.clone(), ..tree }
    }

    fn listing(name: &str, count: usize) -> Listing {
        let file = |number: usize| digests(&format!("{name} {number}"));
        (0..count)
            .map(|number| FileFact { path: format!("{number}.bin"), digests: file(number), size_bytes: 9 })
            .collect()
    }

    /// So many records took in all these trees and put out one thing under several roles.
    fn family(records: usize, trees: &[ArtifactFact]) -> Lineage {
        let output = |role: usize| {
            ArtifactFact::new(format!("https://example.org/{role}").parse().expect("a role"), digests("output"), 9)
        };
        let record = |number: usize| RecordFacts {
            inputs: trees.to_vec(),
            outputs: (0..20).map(output).collect(),
            ..RecordFacts::new(DigestSet::of(format!("{number}").as_bytes()), Kind::Run)
        };
        Lineage::build(Facts { records: (0..records).map(record).collect(), ..Facts::default() })
    }

    fn ordered(ask: impl FnOnce()) -> usize {
        ORDERED.with(|ordered| ordered.set(0));
        ask();
        ORDERED.with(Cell::get)
    }

    #[test]
    fn where_a_file_comes_from_is_asked_of_each_record_once() {
        let lineage = family(100, &[tree("tree", &listing("file", 1000))]);
        let ordered = ordered(|| assert_eq!(lineage.why(&digests("output"), None).producers.len(), 2000));
        // The listing once, and of each record what it lists and what it took in.
        assert!(ordered <= 1000 + 2 * 100, "{ordered}");
    }

    #[test]
    fn many_listings_are_not_put_in_order_for_each_record_that_took_them_in() {
        let trees: Vec<ArtifactFact> =
            (0..20).map(|number| tree(&format!("tree {number}"), &listing(&format!("file {number}"), 1000))).collect();
        let lineage = family(100, &trees);
        let ordered = ordered(|| assert_eq!(lineage.why(&digests("output"), None).producers.len(), 2000));
        assert!(ordered <= 20 * 1000 + 2 * 20 * 100, "{ordered}");
    }

    #[test]
    fn a_tree_that_has_bytes_at_many_paths_is_one_use() {
        let same = |number: usize| FileFact { path: format!("{number}.bin"), digests: digests("same"), size_bytes: 9 };
        let lineage = family(50, &[tree("tree", &(0..1000).map(same).collect())]);
        assert_eq!(lineage.why(&digests("same"), None).takers.len(), 50);
    }
}
