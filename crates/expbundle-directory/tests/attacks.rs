//! Attacks on the verdict on a folder (spec/directory.md): whatever is changed in a released
//! folder, and whatever strangers add or take away, it is not trusted for what no trusted signer
//! released or made.
//!
//! Single layouts are conformance cases, `directory/*`. These are the laws behind them.

use std::collections::BTreeMap;
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Bundle;
use expbundle::draft::Draft;
use expbundle::hash::{ListedFile, list_files};
use expbundle::judge::State;
use expbundle::report::Question;
use expbundle::report::Report;
use expbundle::verify::Digests;
use expbundle_directory::audit;
use expbundle_format::container::EntryName;
use expbundle_format::limits::Limits;
use expbundle_format::record::{ArtifactRef, Form, Kind, RecordBody};
use expbundle_format::sections::{Artifact, Artifacts, Context, Direction};
use expbundle_format::tree::{Tree, TreeFile, TreePath};
use expbundle_format::{ArtifactDigests, DigestSet, Sha256};
use expbundle_statement::{
    Authorship, Folder, Predicate, Release, Review, ReviewVerdict, Signing, SigningKey, TrustPolicy, sign, sign_release,
};
use proptest::prelude::*;

const NOW: &str = "2026-11-23T10:00:00Z";
const CHECKPOINT: &[u8] = b"an older checkpoint of the same signer";
const ADA: u8 = 1;
const EVE: u8 = 9;

type Files = BTreeMap<String, Vec<u8>>;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn trust(folder: &Utf8Path) -> Report {
    let policy = TrustPolicy::parse(format!("ada@example.org {}\n", key(ADA).public_key())).expect("signers");
    let at = NOW.parse().expect("a time");
    let (required, digests, limits) = (State::Trusted, Digests::Blake3, Limits::default());
    let question = Question { policy: Some(&policy), required, at, digests, limits };
    audit(folder, question, &|_| ()).expect("readable")
}

fn artifact(bytes: &[u8]) -> ArtifactRef {
    let digest: ArtifactDigests = DigestSet::of(bytes).into();
    ArtifactRef::new("model".parse().expect("a role"), digest, bytes.len() as u64, Form::File)
}

/// A run that put these out, each at its path, signed by a key.
fn run(title: &str, outputs: &[(&str, &[u8])], by: u8) -> Bundle {
    let mut body = RecordBody::new(Kind::Run);
    body.outputs = outputs.iter().map(|(_, bytes)| artifact(bytes)).collect();
    let named = |(path, bytes): &(&str, &[u8])| Artifact {
        digest: Some(DigestSet::of(bytes).into()),
        path: Some((*path).to_owned()),
        ..Artifact::new(Direction::Output, "model".parse().expect("a role"))
    };
    let mut draft = Draft::new(body);
    draft.json_section(&Context { title: title.to_owned(), ..Context::default() }).expect("JSON");
    draft.json_section(&Artifacts { artifacts: outputs.iter().map(named).collect(), salt: None }).expect("JSON");
    let mut bundle = draft.finish().expect("a bundle").into_bundle();
    say(&mut bundle, &Predicate::Authorship(Authorship::default()), by);
    bundle
}

/// Says something about the first record.
fn say(bundle: &mut Bundle, predicate: &Predicate, by: u8) {
    let record = bundle.records().next().expect("a record").1.digest().expect("memory");
    let created = NOW.parse().expect("a time");
    bundle.insert_statement_unchecked(sign(predicate, record, &Signing::new(&key(by), created)).expect("a statement"));
}

fn tree(files: &Files) -> Tree {
    let file = |(path, bytes): (&String, &Vec<u8>)| TreeFile {
        path: TreePath::from_plain(path).expect("a path"),
        digest: DigestSet::of(bytes),
        size: bytes.len() as u64,
    };
    Tree::new(files.iter().map(file).collect()).expect("files")
}

fn release(bundle: &mut Bundle, files: &Files, by: u8) {
    let tree = tree(files);
    let created = NOW.parse().expect("a time");
    let statement = sign_release(
        &Release::default(),
        Folder { listing: tree.digest(), weights: &[], previous: &[] },
        &Signing::new(&key(by), created),
    );
    bundle.insert_statement_unchecked(statement.expect("a statement"));
    bundle.insert_artifact_unchecked(tree.to_bytes());
}

/// A folder on disk.
fn folder(files: &Files, bundle: &Bundle) -> (tempfile::TempDir, Utf8PathBuf) {
    let guard = tempfile::tempdir().expect("a temporary folder");
    let path = Utf8PathBuf::from_path_buf(guard.path().to_owned()).expect("a UTF-8 path");
    for (name, bytes) in files {
        let file = path.join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("room");
        fs::write(file, bytes).expect("room");
    }
    bundle.save(&path.join("experiment.expb")).expect("room");
    (guard, path)
}

/// A folder of a model: weights, and files of all kinds around them.
fn models() -> impl Strategy<Value = Files> {
    let name = "[a-z]{1,6}(/[a-z]{1,5})?\\.(json|py|txt|bin|md|safetensors)";
    let bytes = || prop::collection::vec(any::<u8>(), 0..40);
    (prop::collection::btree_map(name, bytes(), 1..6), prop::collection::vec(any::<u8>(), 1..80)).prop_map(
        |(mut files, weights)| {
            files.insert("model.safetensors".to_owned(), weights);
            files
        },
    )
}

/// One change to a counted file.
#[derive(Clone, Debug)]
enum Change {
    Flip(usize, usize),
    Truncate(usize),
    Append(usize),
    Rename(usize),
    Swap(usize, usize),
    Add(Vec<u8>),
    AddCheckpoint,
    Remove(usize),
    Link(usize, usize),
    AddLink(usize),
    Pointer(usize),
    Checkpoint(usize),
}

fn changes() -> impl Strategy<Value = Change> {
    let n = any::<usize>;
    prop_oneof![
        (n(), n()).prop_map(|(file, bit)| Change::Flip(file, bit)),
        n().prop_map(Change::Truncate),
        n().prop_map(Change::Append),
        n().prop_map(Change::Rename),
        (n(), n()).prop_map(|(one, other)| Change::Swap(one, other)),
        prop::collection::vec(any::<u8>(), 0..9).prop_map(Change::Add),
        Just(Change::AddCheckpoint),
        n().prop_map(Change::Remove),
        (n(), n()).prop_map(|(file, to)| Change::Link(file, to)),
        n().prop_map(Change::AddLink),
        n().prop_map(Change::Pointer),
        n().prop_map(Change::Checkpoint),
    ]
}

/// Makes the change; `false` if it changes nothing, as where two files that are alike are swapped.
fn change(folder: &Utf8Path, files: &Files, change: &Change) -> bool {
    let nth = |number: usize| files.iter().nth(number % files.len()).expect("files");
    let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).expect("room");
    match change {
        Change::Flip(file, bit) => {
            let (name, bytes) = nth(*file);
            let mut bytes = bytes.clone();
            if bytes.is_empty() {
                return false;
            }
            let at = bit % (8 * bytes.len());
            bytes[at / 8] ^= 1 << (at % 8);
            write(name, &bytes);
        }
        Change::Truncate(file) => {
            let (name, bytes) = nth(*file);
            let Some((_, rest)) = bytes.split_last() else { return false };
            write(name, rest);
        }
        Change::Append(file) => {
            let (name, bytes) = nth(*file);
            write(name, &[bytes, &b"!"[..]].concat());
        }
        Change::Rename(file) => {
            let (name, _) = nth(*file);
            fs::rename(folder.join(name), folder.join(format!("{name}.bak"))).expect("room");
        }
        Change::Swap(one, other) => {
            let ((one, a), (other, b)) = (nth(*one), nth(*other));
            write(one, b);
            write(other, a);
            return a != b;
        }
        Change::Add(bytes) => write("added.py", bytes),
        Change::AddCheckpoint => write("pytorch_model.bin", CHECKPOINT),
        Change::Remove(file) => fs::remove_file(folder.join(nth(*file).0)).expect("there"),
        Change::Link(file, to) => {
            let (name, _) = nth(*file);
            let target = folder.canonicalize_utf8().expect("there").join(nth(*to).0);
            fs::remove_file(folder.join(name)).expect("there");
            link(&target, &folder.join(name));
        }
        Change::AddLink(to) => {
            link(&folder.canonicalize_utf8().expect("there").join(nth(*to).0), &folder.join("link.bin"));
        }
        Change::Pointer(file) => {
            let (name, bytes) = nth(*file);
            write(name, pointer(bytes).as_bytes());
        }
        Change::Checkpoint(file) => write(nth(*file).0, CHECKPOINT),
    }
    true
}

fn pointer(bytes: &[u8]) -> String {
    let (sha256, size) = (Sha256::of(bytes), bytes.len());
    format!("version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n")
}

#[cfg(unix)]
fn link(target: &Utf8Path, link: &Utf8Path) {
    std::os::unix::fs::symlink(target, link).expect("room");
}

#[cfg(not(unix))]
fn link(_: &Utf8Path, link: &Utf8Path) {
    fs::write(link, b"where there are no links").expect("room");
}

/// What somebody without a trusted key may do to a bundle.
#[derive(Clone, Debug)]
enum Meddling {
    /// A record of what lies in the folder, signed by Eve.
    Record,
    /// A release of the folder as it lies there, by Eve.
    Release,
    /// Praise of the record, and its opposite.
    Review(bool),
    /// Another record of Ada's that she signed for something else.
    OldRecord,
    /// Every section of that position is left out.
    WithoutSection(usize),
    /// The embedded artifact of that position, such as a listing, is left out.
    WithoutArtifact(usize),
}

fn meddlings() -> impl Strategy<Value = Vec<Meddling>> {
    let one = prop_oneof![
        Just(Meddling::Record),
        Just(Meddling::Release),
        any::<bool>().prop_map(Meddling::Review),
        Just(Meddling::OldRecord),
        any::<usize>().prop_map(Meddling::WithoutSection),
        any::<usize>().prop_map(Meddling::WithoutArtifact),
    ];
    prop::collection::vec(one, 1..5)
}

fn meddle(bundle: &mut Bundle, here: &Files, meddling: &Meddling) {
    let drop = |bundle: &mut Bundle, names: Vec<EntryName>, number: usize| {
        if let Some(name) = names.get(number % names.len().max(1)) {
            bundle.remove(name);
        }
    };
    match meddling {
        Meddling::Record => {
            let outputs: Vec<_> = here.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
            bundle.merge(&run("what lies here", &outputs, EVE));
        }
        Meddling::Release => release(bundle, here, EVE),
        Meddling::Review(good) => {
            let verdict = if *good { ReviewVerdict::Approved } else { ReviewVerdict::Rejected };
            let review = Review { verdict, role: None, scope: None, reason: None };
            say(bundle, &Predicate::Review(review), EVE);
        }
        Meddling::OldRecord => bundle.merge(&run("an old one", &[("old/model.safetensors", CHECKPOINT)], ADA)),
        Meddling::WithoutSection(number) => {
            let section = |(record, section, _): (_, &expbundle_format::container::SectionName, _)| {
                EntryName::Section { record, section: section.clone() }
            };
            let names = bundle.sections().map(section).collect();
            drop(bundle, names, *number);
        }
        Meddling::WithoutArtifact(number) => {
            let names = bundle.artifacts().map(|(digest, _)| EntryName::Artifact(digest)).collect();
            drop(bundle, names, *number);
        }
    }
}

fn counted(folder: &Utf8Path) -> Files {
    let files = walkdir_of(folder);
    files.into_iter().filter(|(name, _)| name != "experiment.expb").collect()
}

fn walkdir_of(folder: &Utf8Path) -> Files {
    let (listed, _) = list_files(folder, &|_, _| false).expect("readable");
    let read = |file: ListedFile| {
        let path = file.path.to_plain();
        let bytes = fs::read(folder.join(&path)).expect("readable");
        (path, bytes)
    };
    listed.into_iter().map(read).collect()
}

/// The bundle of a released model, its run, and an older checkpoint of the same signer.
fn released(files: &Files) -> Bundle {
    let weights = files.get("model.safetensors").expect("weights");
    let mut bundle = run("the model", &[("model.safetensors", weights)], ADA);
    bundle.merge(&run("an older one", &[("checkpoint/model.safetensors", CHECKPOINT)], ADA));
    release(&mut bundle, files, ADA);
    bundle
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever is changed in a released folder, it is no longer trusted.
    #[test]
    fn any_change_of_a_released_folder_is_found(files in models(), what in changes()) {
        let (_guard, path) = folder(&files, &released(&files));
        let before = trust(&path);
        prop_assert!(before.holds && before.state == State::Trusted, "{:#?}", before.findings);
        if change(&path, &files, &what) {
            let after = trust(&path);
            prop_assert!(!after.holds && after.state < State::Trusted, "{what:?}: {:#?}", after.files);
        }
    }

    /// Whatever strangers add and anybody leaves out, a changed folder is never trusted, and what
    /// strangers add changes no state.
    #[test]
    fn strangers_raise_nothing(files in models(), what in changes(), meddlings in meddlings(), is_released in any::<bool>()) {
        let weights = files.get("model.safetensors").expect("weights").clone();
        let mut bundle = if is_released { released(&files) } else { run("the model", &[("model.safetensors", &weights)], ADA) };
        let (_guard, path) = folder(&files, &bundle);
        if !change(&path, &files, &what) {
            return Ok(());
        }
        let before = trust(&path);
        let here = counted(&path);
        for meddling in &meddlings {
            meddle(&mut bundle, &here, meddling);
        }
        bundle.save_over(&path.join("experiment.expb")).expect("room");
        let after = trust(&path);
        if before.state < State::Trusted {
            // Ada's older checkpoint may be brought along with its record; then she made it, and it
            // is said that nobody released it.
            let made_by_ada = !is_released && after.files.iter().all(|file| file.made.as_ref().is_some_and(|made| made.by == ["ada@example.org"]));
            prop_assert!(after.state < State::Trusted || made_by_ada, "{meddlings:?}: {:#?}", after.files);
        }
        let only_strangers = meddlings.iter().all(|one| matches!(one, Meddling::Record | Meddling::Release | Meddling::Review(_)));
        if only_strangers {
            prop_assert_eq!(after.state, before.state, "{:#?}", after.findings);
        }
    }
}

/// What a good folder is called does not depend on strangers either.
#[test]
fn strangers_lower_nothing() {
    let files = Files::from([
        ("model.safetensors".to_owned(), b"weights".to_vec()),
        ("config.json".to_owned(), b"{}".to_vec()),
    ]);
    let evil = Files::from([("model.safetensors".to_owned(), b"evil".to_vec())]);
    for meddling in [Meddling::Record, Meddling::Release, Meddling::Review(false), Meddling::Review(true)] {
        let mut bundle = released(&files);
        meddle(&mut bundle, &evil, &meddling);
        let (_guard, path) = folder(&files, &bundle);
        let report = trust(&path);
        assert_eq!(report.state, State::Trusted, "{meddling:?}: {:#?}", report.findings);
    }
}

/// Of two names that are one on some machines neither is covered, nor the one by what is released
/// under the other.
#[cfg(unix)]
#[test]
fn names_that_are_alike_are_covered_by_nothing() {
    for (one, other) in
        [("model.bin", "Model.bin"), ("mod\u{e9}.bin", "mode\u{301}.bin"), ("a/model.bin", "A/model.bin")]
    {
        let files = Files::from([(one.to_owned(), b"weights".to_vec()), (other.to_owned(), b"evil".to_vec())]);
        let (_guard, path) = folder(&files, &run("both", &[(one, b"weights"), (other, b"evil")], ADA));
        if counted(&path).len() < 2 {
            // The file system of this machine is one of those.
            continue;
        }
        let report = trust(&path);
        assert!(report.state == State::Intact, "{:#?}", report.findings);
        let codes: Vec<&str> = report.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes.iter().filter(|code| **code == "directory.alike").count(), 2, "{codes:?}");
        let renamed = Files::from([(other.to_owned(), b"weights".to_vec())]);
        let mut bundle = Bundle::new();
        release(&mut bundle, &Files::from([(one.to_owned(), b"weights".to_vec())]), ADA);
        let (_guard, path) = folder(&renamed, &bundle);
        assert_eq!(trust(&path).state, State::Malformed, "{other} is not the path {one}");
    }
}

/// What keeps a folder from being trusted, or trusted for more, is named.
#[test]
fn what_is_not_known_of_a_folder_is_said() {
    #[track_caller]
    fn said(files: &Files, bundle: &Bundle, state: State, code: &str) {
        let (_guard, path) = folder(files, bundle);
        let report = trust(&path);
        let codes: Vec<&str> = report.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert!(codes.contains(&code), "{codes:?}");
        assert_eq!(report.state, state, "{codes:?}");
    }
    let weights = b"weights".to_vec();
    let of = |name: &str, bytes: &[u8]| Files::from([(name.to_owned(), bytes.to_vec())]);
    let model = || run("the model", &[("model.safetensors", b"weights")], ADA);
    said(&of("model.safetensors", &weights), &model(), State::Trusted, "directory.not-released");
    said(&of("model.safetensors", pointer(&weights).as_bytes()), &model(), State::Intact, "artifact.pointer");
    let vocabulary = of("vocab.txt", b"one two");
    let mut bundle = Bundle::new();
    release(&mut bundle, &vocabulary, ADA);
    said(&vocabulary, &bundle, State::Intact, "directory.no-weights");
    let mut files = of("model.safetensors", &weights);
    let index = br#"{"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}"#;
    files.insert("model.safetensors.index.json".to_owned(), index.to_vec());
    let mut bundle = model();
    release(&mut bundle, &files, ADA);
    said(&files, &bundle, State::Intact, "directory.shard");
    let listing = bundle.artifacts().next().expect("the listing").0;
    bundle.remove(&EntryName::Artifact(listing));
    said(&files, &bundle, State::Malformed, "directory.no-listing");
}
