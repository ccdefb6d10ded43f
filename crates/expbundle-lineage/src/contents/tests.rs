//! What contents cost.

use expbundle_format::record::{Form, Kind};
use expbundle_format::{DigestSet, RecordId};

use super::*;
use crate::facts::Facts;
use crate::lineage::Lineage;
use crate::listing::Listing;

const SIZE: u64 = 1 << 20;

/// One record puts out each file of a listing by itself, and others take the listing in.
fn family(files: usize, takers: usize) -> Lineage {
    let digests = |text: String| ArtifactDigests::from(DigestSet::of(text.as_bytes()));
    let data = |digests| ArtifactFact::new("dataset".parse().expect("a role"), digests, SIZE);
    let file = |number: usize| digests(format!("file {number}"));
    let listing: Listing = (0..files)
        .map(|number| FileFact { path: format!("{number}.bin"), digests: file(number), size_bytes: SIZE })
        .collect();
    let tree = || ArtifactFact { form: Form::Tree, files: listing.clone(), ..data(digests("tree".to_owned())) };
    let record = |name: String| RecordFacts::new(DigestSet::of(name.as_bytes()), Kind::Run);
    let maker =
        RecordFacts { outputs: (0..files).map(|number| data(file(number))).collect(), ..record("maker".to_owned()) };
    let takers = (0..takers).map(|number| RecordFacts { inputs: vec![tree()], ..record(format!("taker {number}")) });
    Lineage::build(Facts { records: takers.chain([maker]).collect(), ..Facts::default() })
}

#[test]
fn files_of_a_listing_and_records_that_took_it_in_are_added_and_not_multiplied() {
    for (files, takers) in [(1000, 10), (10, 1000), (1000, 1000)] {
        let lineage = family(files, takers);
        let maker = RecordId(DigestSet::of(b"maker").blake3);
        assert_eq!(lineage.descendants(&[maker]).len(), takers);
        let arcs: usize = (0..lineage.up.len()).map(|vertex| lineage.up.of(vertex).len()).sum();
        let contents = &lineage.contents;
        let kept = contents.inputs.all.len() + contents.outputs.all.len();
        let listed = contents.taken_listings.takers.len() + contents.taken_listings.files.concat().len();
        // A file has two uses by itself, an arc to each, and those from what was taken in to what
        // was put out.
        let most = 10 * (files + takers);
        assert!(arcs + kept + listed <= most, "{files} files, {takers} takers: {arcs} + {kept} + {listed}");
    }
}
