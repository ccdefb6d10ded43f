//! Listings that are not here, and licences that are not known (spec/lineage.md, "Nothing missing
//! helps"; spec/family.md, "Licences").

mod family;

use expbundle_lineage::{ArtifactFact, Lineage, RecordFacts};
use family::{Story, artifact, bytes, codes, id, ids, lineage, record, tree};

/// A tree whose listing is not here.
fn hidden(listing: &str) -> ArtifactFact {
    tree("model", listing, &[])
}

/// The possible ancestors of record `c`.
fn above(stories: &[Story]) -> Vec<expbundle_format::RecordId> {
    let lineage = lineage(stories);
    assert!(lineage.ancestors(&[id("c")]).is_empty(), "nothing is proven");
    lineage.possible_ancestors(&[id("c")])
}

#[test]
fn who_hides_what_it_put_out_may_have_made_what_others_took_in() {
    let maker = record("p").output(hidden("t"));
    let other = record("q").puts("model", "else");
    assert_eq!(above(&[maker.clone(), record("c").takes("model", "x"), other]), ids(&["p"]));
    // What nobody needs an account of comes from nowhere in particular.
    assert_eq!(above(&[maker.clone(), record("c").takes("config", "x")]), []);
    let common = ArtifactFact { common: true, ..artifact("model", bytes("x")) };
    assert_eq!(above(&[maker, record("c").input(common)]), []);
    // By its own word it only passed the tree on.
    let passed_on = ArtifactFact { passed_on: Some(true), ..hidden("t") };
    assert_eq!(above(&[record("p").output(passed_on), record("c").takes("model", "x")]), []);
}

#[test]
fn who_made_something_may_have_made_it_for_one_that_hides_what_it_took_in() {
    let child = record("c").input(hidden("t"));
    assert_eq!(above(&[record("p").puts("model", "x"), child.clone()]), ids(&["p"]));
    assert_eq!(above(&[record("p").puts("config", "x"), child.clone()]), []);
    let down = lineage(&[record("p").puts("model", "x"), child]);
    assert_eq!(down.possible_descendants(&[id("p")]), ids(&["c"]));
}

#[test]
fn who_hides_what_it_put_out_may_have_made_what_another_is_known_to_have_made() {
    let stories = [record("p").output(hidden("t")), record("q").puts("model", "x"), record("c").takes("model", "x")];
    let lineage = lineage(&stories);
    assert_eq!(lineage.ancestors(&[id("c")]), ids(&["q"]));
    assert_eq!(lineage.possible_ancestors(&[id("c")]), ids(&["p", "q"]));
}

#[test]
fn no_record_is_among_its_own_ancestors() {
    // What it puts out may be in the tree that it took in, as far as anybody can see.
    let lineage = lineage(&[record("p").puts("model", "x"), record("c").input(hidden("t")).puts("model", "y")]);
    for most in [0, 1, 2] {
        let above = lineage.ancestors_among(|_| Some(()), most);
        let of = |name: &str| {
            let at = lineage.records().iter().position(|facts| facts.id() == id(name)).expect("a record");
            (above[at].first.clone(), above[at].more)
        };
        let parents: Vec<_> = ids(&["p"]).into_iter().take(most).collect();
        let more = 1 - parents.len();
        assert_eq!(of("c"), (parents, more), "{most}");
        assert_eq!(of("p"), (vec![], 0), "{most}");
    }
}

fn licensed(story: Story, licence: &str) -> Story {
    let RecordFacts { outputs, .. } = &story.0;
    let outputs = outputs.iter().map(|output| ArtifactFact { licence: Some(licence.to_owned()), ..output.clone() });
    let outputs = outputs.collect();
    Story(RecordFacts { outputs, ..story.0 })
}

/// The codes about licences.
fn said(lineage: &Lineage) -> Vec<&'static str> {
    let mut codes = codes(lineage);
    codes.retain(|code| code.starts_with("lineage.licence"));
    codes
}

#[test]
fn a_licence_is_unknown_where_what_it_may_rest_on_is() {
    let child = || licensed(record("c").takes("model", "x").puts("model", "y"), "mit");
    let base = licensed(record("p").puts("model", "x"), "gpl-3.0");
    assert_eq!(said(&lineage(&[base, child()])), ["lineage.licence-conflict"]);
    // Without the base, or with a base that has no say, there is nothing to conflict with.
    assert_eq!(said(&lineage(&[child()])), ["lineage.licence-unknown"]);
    let named = licensed(record("c").puts("model", "y").from("fine-tuned-from", "p"), "mit");
    assert_eq!(said(&lineage(&[named])), ["lineage.licence-unknown"]);
    assert_eq!(said(&lineage(&[licensed(record("c").puts("model", "y"), "mit")])), [] as [&str; 0]);
    // Where no licence is stated none is missed.
    assert_eq!(said(&lineage(&[record("c").takes("model", "x").puts("model", "y")])), [] as [&str; 0]);
}

#[test]
fn a_hidden_listing_on_either_side_may_hide_a_licence() {
    let child = licensed(record("c").puts("model", "y"), "mit");
    for tree in [record("p").input(hidden("t")), record("p").output(hidden("t"))] {
        assert_eq!(said(&lineage(&[tree, child.clone()])), ["lineage.licence-withheld"]);
    }
}
