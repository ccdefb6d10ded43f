//! Trees that many records name: each listing is looked at once, and nothing is lost by that.

mod family;

use expbundle_format::Code;
use expbundle_format::record::Form;
use expbundle_lineage::{ArtifactFact, FileFact, Grade, Lineage, Listing};
use family::{SIZE, Story, artifact, bytes, facts, id, ids, lineage, record};

fn listing(files: impl IntoIterator<Item = String>) -> Listing {
    let file =
        |content: String| FileFact { digests: bytes(&content), size_bytes: SIZE, path: format!("{content}.bin") };
    files.into_iter().map(file).collect()
}

fn tree(name: &str, files: &Listing) -> ArtifactFact {
    ArtifactFact { form: Form::Tree, files: files.clone(), ..artifact("dataset", bytes(name)) }
}

fn number_of(lineage: &Lineage, code: Code) -> usize {
    lineage.findings().iter().filter(|finding| finding.code == code).count()
}

#[test]
fn every_record_that_names_a_listing_is_joined_through_it() {
    let files = listing((0..100).map(|number| format!("file {number}")));
    let makers = ["m1", "m2", "m3"].map(|name| record(name).output(tree("data", &files)));
    let takers = ["t1", "t2", "t3"].map(|name| record(name).input(tree("other data", &files)));
    let stories: Vec<Story> = makers
        .into_iter()
        .chain(takers)
        .chain([record("eats").takes("dataset", "file 7"), record("bakes").puts("dataset", "file 9")])
        .collect();
    let lineage = lineage(&stories);
    let parents =
        |name: &str| lineage.parents(id(name)).iter().map(|edge| (edge.parent, edge.grade())).collect::<Vec<_>>();
    let proven = |names: &[&str]| ids(names).into_iter().map(|id| (id, Grade::Proven)).collect::<Vec<_>>();
    assert_eq!(parents("eats"), proven(&["m1", "m2", "m3"]));
    for name in ["t1", "t2", "t3"] {
        assert_eq!(parents(name), proven(&["bakes"]), "{name}");
    }
    // A file that is nowhere a whole artifact: who made it, and who took it in.
    let why = lineage.why(&bytes("file 42"));
    let records = |uses: &[(expbundle_format::RecordId, expbundle_lineage::Side)]| {
        uses.iter().map(|(id, _)| *id).collect::<Vec<_>>()
    };
    assert_eq!(records(&why.producers), ids(&["m1", "m2", "m3"]));
    assert_eq!(records(&why.takers), ids(&["t1", "t2", "t3"]));
}

#[test]
fn what_a_record_took_in_by_a_listing_it_passed_on() {
    let files = listing(["a".to_owned(), "b".to_owned()]);
    let stories = [
        record("copies").input(tree("data", &files)).output(tree("data again", &files)).puts("dataset", "a"),
        record("takes").takes("dataset", "a").takes("dataset", "b"),
    ];
    let lineage = lineage(&stories);
    assert!(lineage.parents(id("takes")).is_empty());
    assert_eq!(lineage.why(&bytes("b")).passed_on.len(), 1);
}

#[test]
fn a_listing_of_many_files_is_not_multiplied_by_those_who_name_it() {
    let files = listing((0..20_000).map(|number| format!("file {number}")));
    let takers = (0..500).map(|number| record(&format!("run {number}")).input(tree("data", &files)));
    let lineage = lineage(&takers.chain([record("bakes").puts("dataset", "file 9")]).collect::<Vec<_>>());
    assert_eq!(lineage.descendants(&[id("bakes")]).len(), 500);
}

/// Each file of the listing is a whole artifact too, and each record that names it would have to be joined to each file.
#[test]
fn more_than_can_be_followed_is_refused_and_not_followed() {
    let names: Vec<String> = (0..2_100).map(|number| format!("file {number}")).collect();
    let files = listing(names.iter().cloned());
    let whole = names.iter().fold(record("makes"), |story, name| story.puts("dataset", name));
    let takers = |count: usize| (0..count).map(|number| record(&format!("run {number}")).input(tree("data", &files)));
    let few = Lineage::build(facts(&takers(10).chain([whole.clone()]).collect::<Vec<_>>()));
    assert_eq!(number_of(&few, Code::ContainerLimit), 0);
    let many = Lineage::build(facts(&takers(2_000).chain([whole]).collect::<Vec<_>>()));
    assert_eq!(number_of(&many, Code::ContainerLimit), 1);
}
