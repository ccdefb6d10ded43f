//! What a record took in: it did not produce what it was given (spec/lineage.md, "Same bytes", 4).

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use expbundle_format::{ArtifactDigests, Blake3, Sha256};

use crate::facts::{ArtifactFact, RecordFacts};
use crate::listing::Listing;

/// How often files of listings are looked at again, because a further record names the listing
/// (spec/lineage.md, "Cost").
pub(crate) const MOST_AGAIN: usize = 1 << 22;

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

/// A listing that was put out, and those that were taken in, in order.
type Compared = (usize, Vec<usize>);

/// The files of trees that records took in, each listing put in order once.
#[derive(Debug, Default)]
pub struct InputListings {
    digests: HashMap<usize, Digests>,
    /// Of a listing that was put out, the files of its own that are in none of some listings that
    /// were taken in: asked of each two once, however many records it is of.
    left: RefCell<HashMap<Compared, Rc<[u32]>>>,
    /// Listings that were put out and compared with others before.
    compared: RefCell<HashSet<usize>>,
    again: Cell<usize>,
}

impl InputListings {
    /// Of each listing that some record took in and put something out besides.
    pub fn of<'r>(records: impl IntoIterator<Item = &'r RecordFacts>) -> Self {
        let makers = records.into_iter().filter(|facts| !facts.outputs.is_empty());
        let mut listings = HashMap::new();
        for artifact in makers.flat_map(|facts| &facts.inputs).filter(|artifact| !artifact.files.is_empty()) {
            let digests = || artifact.files.iter().map(|file| file.digests).collect::<Vec<_>>();
            listings.entry(artifact.files.key()).or_insert_with(|| Digests::new(&digests()));
        }
        Self { digests: listings, ..Self::default() }
    }

    /// Which files of a listing that are its own are in none of these, which are in order. Where
    /// too many were looked at that is not known, and nothing is left.
    pub(crate) fn left_of(&self, put_out: &Listing, taken_in: &[usize]) -> Rc<[u32]> {
        let key = (put_out.key(), taken_in.to_vec());
        if let Some(known) = self.left.borrow().get(&key) {
            return Rc::clone(known);
        }
        if !self.compared.borrow_mut().insert(put_out.key()) {
            self.again.set(self.again.get() + put_out.len());
        }
        let listings: Vec<&Digests> = taken_in.iter().filter_map(|listing| self.digests.get(listing)).collect();
        let is_left = |digests: &ArtifactDigests| !listings.iter().any(|listing| listing.has(digests));
        let own = put_out.own().iter().filter(|_| self.again.get() <= MOST_AGAIN);
        let left: Rc<[u32]> = own.copied().filter(|file| is_left(&put_out[*file as usize].digests)).collect();
        self.left.borrow_mut().insert(key, Rc::clone(&left));
        left
    }

    /// How many files of listings that were put out were looked at again, for other listings that
    /// were taken in.
    pub(crate) fn again(&self) -> usize {
        self.again.get()
    }
}

/// What one record took in.
pub(crate) struct Taken<'a> {
    own: Digests,
    listings: Vec<&'a Digests>,
    /// The files of the listings, where searching them one by one would take longer.
    together: Option<Digests>,
    /// Which listings it took in, in order.
    pub(crate) trees: Vec<usize>,
}

impl<'a> Taken<'a> {
    /// `known` are listings of which the digests are in order already. So many questions will be
    /// asked: files that many records took in are not put in order for each of them if it asks
    /// about a few.
    pub(crate) fn by(inputs: &[ArtifactFact], questions: usize, known: &'a InputListings) -> Self {
        let own: Vec<ArtifactDigests> = inputs.iter().filter_map(|input| input.digests).collect();
        let mut trees: Vec<_> = inputs.iter().map(|input| &input.files).filter(|files| !files.is_empty()).collect();
        trees.sort_unstable_by_key(|files| files.key());
        trees.dedup_by_key(|files| files.key());
        let listings: Option<Vec<&Digests>> = trees.iter().map(|files| known.digests.get(&files.key())).collect();
        let files: usize = trees.iter().map(|files| files.len()).sum();
        let is_little = |listings: usize| listings <= ONE_BY_ONE || listings.saturating_mul(questions) <= files;
        let listings = listings.filter(|listings| is_little(listings.len()));
        let together = listings.is_none().then(|| {
            let files = trees.iter().flat_map(|files| files.iter()).map(|file| file.digests);
            Digests::new(&files.collect::<Vec<_>>())
        });
        let trees = trees.iter().map(|files| files.key()).collect();
        Self { own: Digests::new(&own), listings: listings.unwrap_or_default(), together, trees }
    }

    /// Whether it is an input by itself, and no file of a tree.
    pub(crate) fn has_itself(&self, digests: &ArtifactDigests) -> bool {
        self.own.has(digests)
    }

    /// One digest in common is enough: in doubt a record did not produce what it may have been
    /// given.
    pub(crate) fn has(&self, digests: &ArtifactDigests) -> bool {
        self.each().any(|some| some.has(digests))
    }

    /// Whether all that was taken in can be compared with these bytes: digests of different
    /// algorithms cannot.
    pub(crate) fn can_tell(&self, digests: &ArtifactDigests) -> bool {
        self.each().all(|some| some.can_tell(digests))
    }

    fn each(&self) -> impl Iterator<Item = &Digests> {
        std::iter::once(&self.own).chain(&self.together).chain(self.listings.iter().copied())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;

    use expbundle_format::DigestSet;
    use expbundle_format::record::{Form, Kind};

    use super::*;
    use crate::evidence::{Maker, Origin};
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
    fn a_tree_that_was_put_out_is_compared_with_the_same_trees_once() {
        let all = listing("file", 1000);
        let some: Listing = all.iter().take(500).cloned().collect();
        let record = |number: usize, taken: &[ArtifactFact]| RecordFacts {
            inputs: taken.to_vec(),
            outputs: vec![tree("some", &some)],
            ..RecordFacts::new(DigestSet::of(format!("{number}").as_bytes()), Kind::Run)
        };
        let again = |records: &[RecordFacts]| {
            let known = InputListings::of(records);
            for facts in records {
                let output = &facts.outputs[0];
                let origin = Maker::new(facts, facts.put_out(), &known).origin_of_whole(output, &digests("some"));
                assert_eq!(origin, Origin::PassedOn);
            }
            known.again()
        };
        let alike: Vec<RecordFacts> = (0..100).map(|number| record(number, &[tree("all", &all)])).collect();
        assert_eq!(again(&alike), 0);
        // With each other tree it is compared anew, and that counts.
        let more = tree("more", &listing("more", 1));
        let others: Vec<RecordFacts> = alike.into_iter().chain([record(100, &[tree("all", &all), more])]).collect();
        assert_eq!(again(&others), 500);
    }

    #[test]
    fn a_tree_that_has_bytes_at_many_paths_is_one_use() {
        let same = |number: usize| FileFact { path: format!("{number}.bin"), digests: digests("same"), size_bytes: 9 };
        let lineage = family(50, &[tree("tree", &(0..1000).map(same).collect())]);
        assert_eq!(lineage.why(&digests("same"), None).takers.len(), 50);
    }
}
