//! What is left out, passed over or told otherwise makes no answer about a file better
//! (spec/lineage.md, "Nothing missing helps").

use camino::Utf8PathBuf;
use expbundle::draft::Draft;
use expbundle::judge::State;
use expbundle::{Bundle, Content};
use expbundle_format::container::EntryName;
use expbundle_format::record::{ArtifactRef, Form, Kind, RecordBody};
use expbundle_format::sections::{Artifact, Artifacts, Context, Direction, JsonSection as _};
use expbundle_format::tree::{Tree, TreeFile, TreePath};
use expbundle_format::{Blake3, DigestSet, RecordId};
use expbundle_query::{Question, Relations, Scope, Source, WhyReport};
use expbundle_statement::{
    Authorship, Predicate, Review, ReviewVerdict, Revocation, Revoked, Signing, SigningKey, TrustPolicy, sign,
};

const AT: &str = "2026-11-28T12:00:00Z";
const WEIGHTS: &[u8] = b"weights weights weights weights";

fn key() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

fn policy() -> Option<TrustPolicy> {
    TrustPolicy::parse(format!("ada@example.org {}\n", key().public_key())).ok()
}

fn file(role: &str, bytes: &[u8]) -> ArtifactRef {
    ArtifactRef::new(role.parse().expect("a role"), DigestSet::of(bytes).into(), bytes.len() as u64, Form::File)
}

fn described(direction: Direction, bytes: &[u8], size: u64) -> Artifact {
    Artifact {
        digest: Some(DigestSet::of(bytes).into()),
        size: Some(size),
        ..Artifact::new(direction, "model".parse().expect("a role"))
    }
}

fn listing() -> Vec<u8> {
    let path = TreePath::from_plain("model.safetensors").expect("a path");
    let size = WEIGHTS.len() as u64;
    Tree::new(vec![TreeFile { path, digest: DigestSet::of(WEIGHTS), size }]).expect("a file").to_bytes()
}

fn say(bundle: &mut Bundle, about: DigestSet, predicate: &Predicate) {
    let created = AT.parse().expect("a time");
    bundle.insert_statement_unchecked(sign(predicate, about, &Signing::new(&key(), created)).expect("a statement"));
}

/// A bundle of one signed record.
fn signed(title: &str, outputs: Vec<ArtifactRef>, items: Vec<Artifact>, embed: Option<Vec<u8>>) -> (Bundle, DigestSet) {
    let body = RecordBody { outputs, ..RecordBody::new(Kind::Run) };
    let mut draft = Draft::new(body);
    draft.json_section(&Context { title: title.to_owned(), ..Context::default() }).expect("JSON");
    draft.json_section(&Artifacts { artifacts: items, salt: None }).expect("JSON");
    if let Some(bytes) = embed {
        draft.embed(Content::bytes(bytes)).expect("memory");
    }
    let mut bundle = draft.finish().expect("a bundle").into_bundle();
    let digest = bundle.records().next().expect("a record").1.digest().expect("memory");
    say(&mut bundle, digest, &Predicate::Authorship(Authorship::default()));
    (bundle, digest)
}

fn description(of: DigestSet) -> EntryName {
    EntryName::Section { record: RecordId(of.blake3), section: Artifacts::name() }
}

/// Where the weights come from, with these bundles.
fn why(bundle: &Bundle, policy: Option<TrustPolicy>) -> WhyReport {
    let folder = tempfile::tempdir().expect("a folder");
    let about = Utf8PathBuf::from_path_buf(folder.path().join("model.bin")).expect("a plain path");
    std::fs::write(&about, WEIGHTS).expect("room");
    let mut bytes = Vec::new();
    bundle.write(&mut bytes).expect("memory");
    let with = vec![Source { path: "with.expb".into(), content: Some(Content::bytes(bytes)) }];
    let at = AT.parse().expect("a time");
    let question = Question { about: about.into(), with, policy, at, record: None, scope: Scope::Ancestors };
    WhyReport::of(&Relations::of(question).expect("an answer"))
}

fn objections(bad: DigestSet) -> [Predicate; 2] {
    let revoked = Revoked::Record(RecordId(bad.blake3));
    [
        Predicate::Revocation(Revocation { revoked, since: None, reason: None }),
        Predicate::Review(Review { verdict: ReviewVerdict::Rejected, role: None, scope: None, reason: None }),
    ]
}

#[test]
fn who_may_have_made_a_file_as_well_answers_for_what_is_wrong_with_it() {
    let (good, _) = signed("good", vec![file("model", WEIGHTS)], vec![], None);
    let items = vec![described(Direction::Output, WEIGHTS, WEIGHTS.len() as u64)];
    let (by_description, described) = signed("bad", vec![file("model", b"something else")], items, None);
    let bytes = listing();
    let tree = ArtifactRef { form: Form::Tree, ..file("model", &bytes) };
    let (by_listing, listed) = signed("bad", vec![tree], vec![], Some(bytes.clone()));
    for (bad, about, hides) in [
        (by_description, described, description(described)),
        (by_listing, listed, EntryName::Artifact(Blake3::of(&bytes))),
    ] {
        for objection in objections(about) {
            let mut whole = good.clone();
            whole.merge(&bad);
            say(&mut whole, about, &objection);
            let mut part = whole.clone();
            part.remove(&hides);
            let [before, after] = [&whole, &part].map(|bundle| why(bundle, policy()));
            assert!(after.state <= before.state, "{hides}");
            assert_eq!(after.objected.len(), 1, "{hides}");
            assert_eq!(after.other_makers, [RecordId(about.blake3)]);
        }
        // Of what nobody objects to nothing is said.
        let mut whole = good.clone();
        whole.merge(&bad);
        whole.remove(&hides);
        let after = why(&whole, policy());
        assert_eq!((after.state, after.other_makers.len()), (State::Trusted, 0));
    }
}

#[test]
fn an_unsigned_record_that_may_have_made_a_file_lowers_what_is_signed() {
    let (mut whole, good) = signed("good", vec![file("model", WEIGHTS)], vec![], None);
    let items = vec![described(Direction::Output, WEIGHTS, WEIGHTS.len() as u64)];
    let (bad, about) = signed("bad", vec![file("model", b"something else")], items, None);
    for (name, content) in bad.entries().filter(|(name, _)| !matches!(name, EntryName::Statement(_))) {
        whole.insert_unchecked(name.clone(), content.clone());
    }
    let mut part = whole.clone();
    part.remove(&description(about));
    for bundle in [&whole, &part] {
        let told = why(bundle, None);
        assert_eq!((told.state, told.made), (State::Intact, true));
        assert_eq!(told.told.iter().map(|told| told.record.id).collect::<Vec<_>>(), [RecordId(good.blake3)]);
    }
}

#[test]
fn nobody_is_known_to_have_made_what_may_have_been_passed_on() {
    let given = vec![described(Direction::Input, WEIGHTS, WEIGHTS.len() as u64)];
    let unmarked = |bundle: &Bundle| why(bundle, policy());
    let (mut bundle, digest) = signed("passes on", vec![file("model", WEIGHTS)], given, None);
    let whole = unmarked(&bundle);
    bundle.remove(&description(digest));
    let part = unmarked(&bundle);
    assert!(!whole.made || part.made <= whole.made);
    assert!(part.state <= whole.state);
    // A file of any role is made by the run that says so, though most roles join no records.
    let (other, _) = signed("packs", vec![file("file", WEIGHTS)], vec![], None);
    let told = why(&other, policy());
    assert_eq!((told.made, told.state, told.told.len()), (true, State::Trusted, 1));
}

#[test]
fn another_size_in_a_description_says_nothing_of_a_file() {
    let (mut whole, _) = signed("good", vec![file("model", WEIGHTS)], vec![], None);
    let (other, _) = signed("other", vec![], vec![described(Direction::Output, WEIGHTS, 7)], None);
    whole.merge(&other);
    let told = why(&whole, policy());
    assert_eq!((told.state, told.made, told.conflicting.len()), (State::Trusted, true, 0));
}

#[test]
#[cfg(unix)]
fn what_was_passed_over_is_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let top = Utf8PathBuf::from_path_buf(folder.path().join("family")).expect("a plain path");
    std::fs::create_dir(&top).expect("room");
    let (bundle, _) = signed("good", vec![file("model", WEIGHTS)], vec![], None);
    let mut bytes = Vec::new();
    bundle.write(&mut bytes).expect("memory");
    std::fs::write(top.join("A.EXPB"), &bytes).expect("room");
    let ask = || {
        let at = AT.parse().expect("a time");
        let about = top.clone().into();
        let question = Question { about, with: vec![], policy: policy(), at, record: None, scope: Scope::Ancestors };
        WhyReport::of(&Relations::of(question).expect("an answer"))
    };
    // Neither the case of an ending nor a link to what is here leaves anything out.
    std::os::unix::fs::symlink(top.join("A.EXPB"), top.join("b.expb")).expect("a link");
    std::os::unix::fs::symlink(&top, top.join("here")).expect("a link");
    assert_eq!((ask().state, ask().not_read), (State::Trusted, vec![]));
    std::fs::write(folder.path().join("out.expb"), &bytes).expect("room");
    std::os::unix::fs::symlink(folder.path().join("out.expb"), top.join("c.expb")).expect("a link");
    assert_eq!((ask().state, ask().not_read), (State::Intact, vec![top.join("c.expb").to_string()]));
}

#[test]
fn a_licence_is_that_of_the_file_and_of_no_other_output() {
    let licensed = |bytes: &[u8], licence: &str| Artifact {
        licence: Some(licence.to_owned()),
        ..described(Direction::Output, bytes, bytes.len() as u64)
    };
    let listing = listing();
    let tree = ArtifactRef { form: Form::Tree, ..file("model", &listing) };
    let of_tree = Artifact { form: Form::Tree, ..licensed(&listing, "mit") };
    let other = licensed(b"other weights", "cc-by-nc-4.0");
    let outputs = || vec![file("model", WEIGHTS), file("model", b"other weights")];
    for (outputs, items, embed, want) in [
        (outputs(), vec![other.clone()], None, vec![]),
        (outputs(), vec![other.clone(), licensed(WEIGHTS, "mit")], None, vec!["mit"]),
        (vec![tree, file("model", b"other weights")], vec![other, of_tree], Some(listing.clone()), vec!["mit"]),
    ] {
        let (bundle, _) = signed("a run", outputs, items, embed);
        assert_eq!(why(&bundle, policy()).told[0].licences, want);
    }
}
