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
    let why = lineage.why(&bytes("file 42"), None);
    let records = |uses: &[(expbundle_format::RecordId, expbundle_lineage::Side)]| {
        uses.iter().map(|(id, _)| *id).collect::<Vec<_>>()
    };
    assert_eq!(records(&why.producers), ids(&["m1", "m2", "m3"]));
    assert_eq!(records(&why.takers), ids(&["t1", "t2", "t3"]));
}

/// What holds for the first record that names a listing holds for those after it, and for one that
/// names a listing of the same files.
#[test]
fn takers_of_one_listing_are_found_wanting_alike() {
    let names = || ["a", "b", "c"].map(str::to_owned);
    let (shared, own) = (listing(names()), listing(names()));
    let early = |name: &str| record(name).at("2026-11-20T09:00:00Z", "2026-11-20T10:00:00Z");
    let makers = [("one", "a", "2026-11-21"), ("two", "b", "2026-11-22"), ("three", "c", "2026-11-19")];
    let makers = makers.map(|(name, content, day)| {
        record(name).puts("dataset", content).at(&format!("{day}T09:00:00Z"), &format!("{day}T10:00:00Z"))
    });
    let takers = [("t1", &shared), ("t2", &shared), ("t3", &shared), ("t4", &own)]
        .map(|(name, files)| early(name).input(tree("data", files)));
    // The role does not carry lineage, so nothing follows from the listing here.
    let config = early("config").input(ArtifactFact {
        form: Form::Tree,
        files: shared.clone(),
        ..artifact("config", bytes("data"))
    });
    let lineage = lineage(&takers.into_iter().chain(makers).chain([config]).collect::<Vec<_>>());
    for name in ["t1", "t2", "t3", "t4"] {
        assert_eq!(lineage.ancestors(&[id(name)]), ids(&["one", "three", "two"]), "{name}");
        assert_eq!(lineage.gaps_of(id(name)), Vec::<usize>::new(), "{name}");
        let place = format!("records/{}/record.json", id(name));
        let late = lineage.findings().iter().filter(|finding| {
            finding.code == Code::LineageChildBeforeParent && finding.place.entry.as_deref() == Some(&*place)
        });
        // The latest of both stands for them.
        let late: Vec<&str> = late.map(|finding| finding.message.as_str()).collect();
        assert_eq!(late.len(), 1, "{name}");
        assert!(late[0].ends_with("ended at 2026-11-22T10:00:00Z"), "{late:?}");
    }
    assert_eq!(lineage.ancestors(&[id("config")]), []);
    assert_eq!(number_of(&lineage, Code::LineageChildBeforeParent), 4);
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
    assert_eq!(lineage.why(&bytes("b"), None).passed_on.len(), 1);
}

#[test]
fn a_listing_of_many_files_is_not_multiplied_by_those_who_name_it() {
    let files = listing((0..20_000).map(|number| format!("file {number}")));
    let takers = (0..500).map(|number| record(&format!("run {number}")).input(tree("data", &files)));
    let lineage = lineage(&takers.chain([record("bakes").puts("dataset", "file 9")]).collect::<Vec<_>>());
    assert_eq!(lineage.descendants(&[id("bakes")]).len(), 500);
}

/// Each file of the listing is a whole artifact too, and each record that names it would have to be
/// joined to each file.
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

/// Nobody made what it was given, so a record's own word accounts for no input of its own; that of
/// another does.
#[test]
fn what_a_record_says_it_made_accounts_for_the_listings_of_others() {
    let files = listing(["a".to_owned(), "b".to_owned()]);
    let claimed = |file: &str| ArtifactFact { passed_on: Some(false), ..artifact("dataset", bytes(file)) };
    let claims = record("claims").input(tree("data", &files)).output(claimed("a")).output(claimed("b"));
    let takes = |name: &str| record(name).input(tree("data", &files));
    let lineage = lineage(&[takes("one"), claims, takes("two")]);
    let gaps = |name: &str| lineage.gaps_of(id(name));
    assert_eq!((gaps("one"), gaps("claims"), gaps("two")), (vec![], vec![0], vec![]));
}
