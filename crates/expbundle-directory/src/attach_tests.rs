use std::collections::BTreeMap;

use expbundle::content::Content;
use expbundle::draft::Draft;
use expbundle::folder::Word;
use expbundle::judge::State;
use expbundle::verify::Unverified;
use expbundle_format::record::{ArtifactRef, Form, Kind, Parent, RecordBody};
use expbundle_format::sections::{Artifact, Artifacts, Direction, Evaluation, Evaluations};
use expbundle_format::tree::{Tree, TreeFile, TreePath};
use expbundle_format::{Code, DigestSet};
use expbundle_statement::{
    Authorship, Predicate, Release, Review, ReviewVerdict, Revocation, Revoked, Signing, SigningKey, Superseded, sign,
};

use super::*;
use crate::plan_release;

const WEIGHTS: &[u8] = include_bytes!("../../../fixtures/huggingface/digits-base-64/model.safetensors");

/// A copy of one of the real model folders.
fn model_folder(name: &str) -> (tempfile::TempDir, Utf8PathBuf) {
    let guard = tempfile::tempdir().expect("a temporary folder");
    let folder = Utf8PathBuf::from_path_buf(guard.path().join("digits")).expect("a UTF-8 path");
    let source = Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/huggingface").join(name);
    for entry in walkdir::WalkDir::new(&source) {
        let entry = entry.expect("a readable fixture");
        let target = folder.as_std_path().join(entry.path().strip_prefix(&source).expect("below it"));
        if entry.file_type().is_dir() {
            fs::create_dir(target).expect("room");
        } else {
            fs::write(target, fs::read(entry.path()).expect("readable")).expect("room");
        }
    }
    (guard, folder)
}

/// The bundle of a run that put out the real weights.
fn bundle() -> Intact {
    let reference = |role: &str, bytes: &[u8]| {
        ArtifactRef::new(role.parse().expect("a role"), DigestSet::of(bytes).into(), bytes.len() as u64, Form::File)
    };
    let mut body = RecordBody::new(Kind::Run);
    body.outputs = vec![reference("model", WEIGHTS)];
    body.inputs = vec![reference("model", b"base"), reference("dataset", b"data")];
    let parent = DigestSet::of(b"the record of the base");
    body.parents = vec![Parent { record: parent, relation: "fine-tuned-from".parse().expect("a relation") }];
    let named = |direction, reference: &ArtifactRef, name: &str, uris: &[&str]| Artifact {
        digest: Some(reference.digest),
        path: Some(name.to_owned()),
        uris: uris.iter().map(|uri| (*uri).to_owned()).collect(),
        ..Artifact::new(direction, reference.role.clone())
    };
    let artifacts = Artifacts {
        artifacts: vec![
            named(Direction::Input, &body.inputs[0], "base", &["https://huggingface.co/team-a/base/resolve/main/x"]),
            Artifact {
                name: Some("data set".to_owned()),
                ..named(Direction::Input, &body.inputs[1], "data", &["hf://datasets/team-d/digits@main"])
            },
            named(Direction::Output, &body.outputs[0], "weights/model.safetensors", &[]),
        ],
        salt: None,
    };
    let evaluation = |metric: &str, slice: Option<&str>| Evaluation {
        dataset: Some("data set".to_owned()),
        split: Some("test".to_owned()),
        metric: metric.to_owned(),
        slice: slice.map(str::to_owned),
        value: Some(expbundle_format::number::Number(0.9375)),
        ..Evaluation::default()
    };
    let evaluations =
        Evaluations { evaluations: vec![evaluation("f1", None), evaluation("f1-of-8", Some("8"))], salt: None };
    let mut draft = Draft::new(body);
    draft.json_section(&artifacts).expect("a section");
    draft.json_section(&evaluations).expect("a section");
    finish(draft)
}

fn finish(draft: Draft) -> Intact {
    let mut bytes = Vec::new();
    draft.finish().expect("a bundle").write(&mut bytes).expect("memory");
    Unverified::new(Content::bytes(bytes)).check(Digests::All).expect("our own bundle").intact
}

fn options() -> AttachOptions<'static> {
    let at = "2026-11-23T10:00:00Z".parse().expect("a time");
    AttachOptions {
        base_models: Vec::new(),
        benchmarks: Vec::new(),
        keep_card: false,
        replace: false,
        unrelated: false,
        releasing: None,
        policy: None,
        at,
    }
}

fn attach(folder: &Utf8Path) -> Result<Plan, AttachError> {
    plan_attach(folder, vec![bundle()], &options(), &|_| ())
}

/// A folder as a verifier without a signers file sees it.
fn judged(folder: &Utf8Path, intact: &Intact) -> Folder {
    let scan = scan::scan(folder, Wanted::Both, &|_| ()).expect("readable");
    let verdict = intact.judge(None, options().at.timestamp());
    check::judge(&scan, intact, &verdict, false, Digests::Blake3)
}

fn contents(folder: &Utf8Path) -> BTreeMap<String, Vec<u8>> {
    let files = walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.expect("readable"));
    let files = files.filter(|entry| entry.file_type().is_file());
    files.map(|entry| (entry.path().display().to_string(), fs::read(entry.path()).expect("readable"))).collect()
}

#[test]
fn a_bundle_is_attached_checked_and_detached_without_a_trace() {
    let (_guard, folder) = model_folder("digits-base-64");
    let before = contents(&folder);
    let plan = attach(&folder).expect("a plan");
    assert_eq!(contents(&folder), before, "a plan changes nothing");
    let changed: Vec<_> = plan.changes.iter().map(|change| change.name.as_str()).collect();
    assert_eq!(changed, [".gitattributes", "README.md", "experiment.expb"]);
    let diff = plan.diff();
    let added = [
        "+# Added by `expbundle attach`, and removed by `expbundle detach`:\n+experiment.expb filter=lfs diff=lfs merge=lfs -text\n",
        "+- team-d/digits # expbundle\n",
        "+- expbundle # expbundle\n",
        "+base_model: team-a/base # expbundle\n",
        "+base_model_relation: finetune # expbundle\n",
        "+      type: team-d/digits\n+      split: test\n+    metrics:\n+    - type: f1\n",
        "+[Experiment record](experiment.expb): not signed, 1 record; check it with `expbundle verify`.\n",
    ];
    for line in added {
        assert!(diff.contains(line), "{line} in {diff}");
    }
    assert!(
        !diff.lines().any(|line| line.starts_with('-') && !line.starts_with("---")),
        "nothing is taken away: {diff}"
    );
    let id = bundle().only_record().expect("one");
    let id = &id.to_string()[..12];
    let notes = [
        &format!("record {id} is signed by nobody: `expbundle sign {} --key KEY`", name(&folder)),
        "left out of the card: \"f1-of-8\" (on a part of the data)",
        &format!("`README.md` repeats statements of record {id}, which is not signed"),
        "not covered by any signature: config.json, model.safetensors; `--key` releases the folder with all its counted files",
    ];
    assert_eq!(plan.notes, notes);
    plan.apply().expect("room");

    let found = judged(&folder, &bundle());
    let weights = found.files.iter().find(|file| file.path == "model.safetensors").expect("there");
    assert_eq!(weights.made.as_ref().map(|made| made.word), Some(Word::Unsigned));
    assert_eq!(found.report.not_counted, [".eval_results/digits.yaml", ".gitattributes", "README.md"]);
    assert!(!found.findings.iter().any(Finding::is_error), "{:?}", found.findings);

    plan_detach(&folder).expect("attached").apply().expect("room");
    assert_eq!(contents(&folder), before);
    assert!(matches!(plan_detach(&folder), Err(AttachError::NotAttached { .. })));
}

#[test]
fn attaching_twice_is_attaching_once() {
    let (_guard, folder) = model_folder("digits-base-64-pointers");
    attach(&folder).expect("a plan").apply().expect("room");
    let once = contents(&folder);
    let plan = plan_attach(&folder, vec![bundle()], &options(), &|_| ()).expect("a plan");
    assert!(plan.changes.is_empty(), "{:?}", plan.diff());
    let pointer = plan.files.iter().find(|file| file.path == "model.safetensors").map(|file| file.state);
    assert_eq!(pointer, Some(FileState::Pointer));
    plan.apply().expect("room");
    assert_eq!(contents(&folder), once);
}

#[test]
fn a_folder_without_a_card_gets_one_and_loses_it_again() {
    let (_guard, folder) = model_folder("digits-base-64");
    for name in [".gitattributes", "README.md"] {
        fs::remove_file(folder.join(name)).expect("there");
    }
    let before = contents(&folder);
    attach(&folder).expect("a plan").apply().expect("room");
    assert!(fs::read_to_string(folder.join("README.md")).expect("made").starts_with("---\n"));
    plan_detach(&folder).expect("attached").apply().expect("room");
    assert_eq!(contents(&folder), before);
}

#[test]
fn what_verification_would_refuse_is_not_attached() {
    let refused = |folder: &Utf8Path| match attach(folder) {
        Err(AttachError::WouldFail { findings }) => findings.first().map(|finding| finding.code),
        other => panic!("{other:?}"),
    };
    let (_guard, folder) = model_folder("digits-base-64");
    let weights = folder.join("model.safetensors");
    fs::write(&weights, "others").expect("room");
    assert_eq!(refused(&folder), Some(Code::ArtifactChanged));
    fs::remove_file(&weights).expect("there");
    assert_eq!(refused(&folder), Some(Code::DirectoryNoOutput));
}

/// A card that counts as it is would have to be signed again after each edit.
#[test]
fn a_card_is_not_edited_into_one_that_counts() {
    let (_guard, folder) = model_folder("digits-base-64");
    fs::write(folder.join(CARD), "x".repeat((1 << 20) - 100)).expect("room");
    let plan = attach(&folder).expect("a plan");
    assert!(plan.changes.iter().all(|change| change.name != CARD));
    assert!(plan.notes.iter().any(|note| note.contains("would be too large")), "{:?}", plan.notes);
}

#[test]
fn warnings_name_signatures_and_ignores() {
    let (_guard, folder) = model_folder("digits-base-64");
    fs::write(folder.join("model.sig"), "{}").expect("room");
    fs::write(folder.join(".gitignore"), "*.tmp\n*.expb\n").expect("room");
    let notes = attach(&folder).expect("a plan").notes.join("\n");
    assert!(notes.contains("`model.sig` signs the folder as it was"), "{notes}");
    assert!(notes.contains("`*.expb`"), "{notes}");
}

#[test]
fn what_is_not_ours_is_left_alone() {
    let (_guard, folder) = model_folder("digits-base-64");
    let path = folder.join(BUNDLE_NAME);
    for other in [&b"some notes"[..], b"PK\x03\x04 another archive", b""] {
        fs::write(&path, other).expect("room");
        assert!(matches!(attach(&folder), Err(AttachError::Open(OpenError::NotIntact { .. }))));
        assert!(matches!(plan_detach(&folder), Err(AttachError::NotOurs { .. })));
    }
    fs::remove_file(&path).expect("there");
    fs::create_dir(&path).expect("room");
    assert!(matches!(attach(&folder), Err(AttachError::NotOurs { .. })));
    fs::remove_dir(&path).expect("there");
    fs::rename(folder.join("README.md"), folder.join("readme.md")).expect("room");
    assert!(matches!(attach(&folder), Err(AttachError::Case { .. })));
    fs::rename(folder.join("readme.md"), folder.join("README.md")).expect("room");
    fs::write(folder.join("README.md"), "---\na: &x 1\n---\n").expect("room");
    assert!(matches!(attach(&folder), Err(AttachError::Card { .. })));
}

#[cfg(unix)]
#[test]
fn links_are_not_written_through() {
    let (_guard, folder) = model_folder("digits-base-64");
    let (_other_guard, other) = model_folder("digits-base-64");
    fs::remove_file(folder.join("README.md")).expect("there");
    std::os::unix::fs::symlink(other.join("README.md"), folder.join("README.md")).expect("a link");
    assert!(matches!(attach(&folder), Err(AttachError::Read { .. })));
}

#[test]
fn a_change_meanwhile_stops_everything() {
    let (_guard, folder) = model_folder("digits-base-64");
    let plan = attach(&folder).expect("a plan");
    fs::write(folder.join("README.md"), "mine\n").expect("room");
    let before = contents(&folder);
    assert!(matches!(plan.apply(), Err(crate::ApplyError::Changed { .. })));
    assert_eq!(contents(&folder), before);
}

#[test]
fn an_error_in_the_middle_puts_everything_back() {
    let (_guard, folder) = model_folder("digits-base-64");
    let mut plan = attach(&folder).expect("a plan");
    // The last of the changes cannot be made: there is nothing to remove.
    let missing = Change { name: "none".to_owned(), before: Before::Nothing, after: After::Removed };
    plan.changes.pop();
    plan.changes.push(missing);
    let before = contents(&folder);
    assert!(plan.apply().is_err());
    assert_eq!(contents(&folder), before);
}

#[test]
fn files_of_a_tree_are_known_through_its_listing() {
    let (_guard, folder) = model_folder("digits-base-64");
    let path = TreePath::from_plain("data/model.safetensors").expect("a path");
    let file = TreeFile { path, digest: DigestSet::of(WEIGHTS), size: WEIGHTS.len() as u64 };
    let tree = Tree::new(vec![file]).expect("one file");
    let mut body = RecordBody::new(Kind::Run);
    let digest = tree.digest();
    let size = tree.to_bytes().len() as u64;
    body.outputs = vec![ArtifactRef::new("model".parse().expect("a role"), digest.into(), size, Form::Tree)];
    let mut draft = Draft::new(body);
    assert_eq!(draft.embed(Content::bytes(tree.to_bytes())).expect("in memory"), digest);
    let found = judged(&folder, &finish(draft));
    let weights = found.files.iter().find(|file| file.path == "model.safetensors").expect("there");
    assert!(weights.is_weights && weights.made.is_some());
}

#[test]
fn a_release_is_made_with_the_bundle_and_followed_by_the_next() {
    let (_guard, folder) = model_folder("digits-base-64");
    let key = SigningKey::from_seed(&[1; 32]);
    let releasing = |created: &str| Releasing {
        signing: Signing::new(&key, created.parse().expect("a time")),
        release: Release { title: Some("digits 1".to_owned()), reason: None },
        policy: None,
        at: options().at,
    };
    let mut with_key = options();
    with_key.releasing = Some(releasing("2026-11-23T10:00:00Z"));
    plan_attach(&folder, vec![bundle()], &with_key, &|_| ()).expect("a plan").apply().expect("room");
    let present = || {
        let unverified = Unverified::open(folder.join(BUNDLE_NAME)).expect("there");
        unverified.check(Digests::All).expect("our own bundle").intact
    };
    let found = judged(&folder, &present());
    assert_eq!((found.state, found.report.title.as_deref()), (State::Signed, Some("digits 1")));
    assert!(found.files.iter().all(|file| file.released), "{:?}", found.files);

    fs::write(folder.join("config.json"), "{}").expect("room");
    fs::write(folder.join("added.txt"), "new").expect("room");
    assert_eq!(judged(&folder, &present()).state, State::Intact);
    let later = releasing("2026-11-24T10:00:00Z");
    let plan = plan_release(&folder, &later, &|_| ()).expect("a plan");
    let by = format!("3 files to be released by {}", key.identity());
    assert_eq!(plan.notes, [by.as_str(), "added: added.txt", "changed: config.json"]);
    plan.apply().expect("room");
    let found = judged(&folder, &present());
    assert_eq!(found.state, State::Signed);
    let states: Vec<_> = found.report.releases.iter().map(|release| release.state).collect();
    assert_eq!(states, [ReleaseState::Same, ReleaseState::Replaced]);
    // The old folder is not the one that is released now.
    fs::remove_file(folder.join("added.txt")).expect("there");
    let found = judged(&folder, &present());
    assert!(found.findings.iter().any(|finding| finding.code == Code::DirectoryMissing));

    // What comes with the release of another folder is attached without it.
    let (_other_guard, other) = model_folder("digits-finetuned");
    fs::write(other.join("model.safetensors"), WEIGHTS).expect("room");
    let plan = plan_attach(&other, vec![present()], &options(), &|_| ()).expect("a plan");
    assert!(plan.notes.iter().any(|note| note.contains("2 releases of another folder")), "{:?}", plan.notes);
    plan.apply().expect("room");
    let attached = Unverified::open(other.join(BUNDLE_NAME)).expect("there").check(Digests::All).expect("whole").intact;
    assert!(attached.statements().is_empty());
}

#[test]
fn what_was_withheld_does_not_come_back_unsaid() {
    let (_guard, folder) = model_folder("digits-base-64");
    attach(&folder).expect("a plan").apply().expect("room");
    let full = bundle();
    let (shared, _) = full.withhold(&["evaluations.json".parse().expect("a name")]);
    let mut bytes = Vec::new();
    shared.write(&mut bytes).expect("memory");
    let shared = Unverified::new(Content::bytes(bytes)).check(Digests::All).expect("whole").intact;
    // Joined, it is there again, and `returning` is how a program knows to say so.
    let returning = returning([shared.bundle(), full.bundle()]);
    assert_eq!(returning.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), ["evaluations.json"]);
    let replacing = AttachOptions { replace: true, ..options() };
    let plan = plan_attach(&folder, vec![shared.clone()], &replacing, &|_| ()).expect("a plan");
    plan.apply().expect("room");
    let now = Unverified::open(folder.join(BUNDLE_NAME)).expect("there").check(Digests::All).expect("whole").intact;
    assert_eq!(now.bundle().sections().count(), shared.bundle().sections().count());
}

#[test]
fn a_folder_with_pointers_or_links_is_not_released() {
    let (_guard, folder) = model_folder("digits-base-64-pointers");
    let key = SigningKey::from_seed(&[1; 32]);
    let releasing = releasing(&key, None, options().at);
    let refused = |folder: &Utf8Path| plan_release(folder, &releasing, &|_| ()).expect_err("not whole");
    assert!(
        matches!(refused(&folder), AttachError::Release(ReleaseError::File { path, .. }) if path == "model.safetensors")
    );
    fs::remove_file(folder.join("model.safetensors")).expect("there");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("config.json", folder.join("model.bin")).expect("a link");
        assert!(
            matches!(refused(&folder), AttachError::Release(ReleaseError::File { path, .. }) if path == "model.bin")
        );
        fs::remove_file(folder.join("model.bin")).expect("there");
    }
    fs::remove_file(folder.join("config.json")).expect("there");
    assert!(matches!(refused(&folder), AttachError::Release(ReleaseError::Empty)));
}

#[test]
fn a_card_states_nothing_of_a_record_that_was_revoked_or_rejected() {
    let author = SigningKey::from_seed(&[1; 32]);
    let reviewer = SigningKey::from_seed(&[2; 32]);
    let unsigned = bundle();
    let (id, record) = unsigned.records().iter().next().expect("a record");
    let record = record.digest();
    let revocation = Predicate::Revocation(Revocation {
        revoked: Revoked::Record(*id),
        since: None,
        reason: Some("WRONG".to_owned()),
    });
    let review =
        |verdict| Predicate::Review(Review { verdict, role: None, scope: None, reason: Some("LEAKED".to_owned()) });
    let superseded = Predicate::Supersession(Superseded { successor: DigestSet::of(b"a later one"), reason: None });
    for (predicate, key, kind, is_told) in [
        (revocation, &author, ObjectionKind::Revoked, false),
        (review(ReviewVerdict::Rejected), &reviewer, ObjectionKind::Rejected, false),
        (review(ReviewVerdict::NeedsChanges), &reviewer, ObjectionKind::NeedsChanges, true),
        (superseded, &author, ObjectionKind::Superseded, true),
    ] {
        let mut objected = unsigned.bundle().clone();
        let say = |predicate: &Predicate, key: &SigningKey| {
            let created = "2026-11-22T10:00:00Z".parse().expect("a time");
            sign(predicate, record, &Signing::new(key, created)).expect("a statement")
        };
        objected.insert_statement_unchecked(say(&Predicate::Authorship(Authorship::default()), &author));
        objected.insert_statement_unchecked(say(&predicate, key));
        let mut bytes = Vec::new();
        objected.write(&mut bytes).expect("memory");
        let objected = Unverified::new(Content::bytes(bytes)).check(Digests::All).expect("our own bundle").intact;
        // The bundle that comes may have the statement, or the one that is there.
        for (incoming, present) in [(&objected, None), (&unsigned, Some(&objected))] {
            let (_guard, folder) = model_folder("digits-base-64");
            if let Some(present) = present {
                present.bundle().save_over(&folder.join(BUNDLE_NAME)).expect("room");
            }
            let plan = plan_attach(&folder, vec![incoming.clone()], &options(), &|_| ()).expect("a plan");
            let said: Vec<_> = plan.objected.iter().map(|one| (one.id, one.objections[0].kind)).collect();
            assert_eq!(said, [(*id, kind)]);
            let diff = plan.diff();
            assert!(diff.contains("+- expbundle # expbundle"), "{diff}");
            for line in ["type: f1", "team-a/base", "team-d/digits # expbundle", "base_model_relation"] {
                assert_eq!(diff.contains(line), is_told, "{kind:?}, {line}: {diff}");
            }
            assert_eq!(plan.notes.iter().any(|note| note.contains("are not added to the card")), !is_told);
        }
    }
}

fn releasing<'a>(key: &'a SigningKey, policy: Option<&'a TrustPolicy>, at: Time) -> Releasing<'a> {
    Releasing { signing: Signing::new(key, at), release: Release::default(), policy, at }
}

/// What a stranger put into a bundle decides neither what the card says nor what a release follows,
/// where somebody said whom to trust; and is named where nobody did.
#[test]
fn strangers_fill_no_card_and_are_followed_by_no_release() {
    let (_guard, folder) = model_folder("digits-base-64");
    let (ada, eve) = (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]));
    let mut body = RecordBody::new(Kind::Run);
    let weights = DigestSet::of(WEIGHTS).into();
    body.outputs = vec![ArtifactRef::new("model".parse().expect("a role"), weights, WEIGHTS.len() as u64, Form::File)];
    let (ours, at) = (bundle(), options().at);
    let mut joined = Intact::union([ours.clone(), finish(Draft::new(body))]).expect("two");
    let own = ours.only_record().expect("one");
    joined.sign(own, &Signing::new(&ada, at)).expect("here");
    joined.save_over(folder.join(BUNDLE_NAME)).expect("room");
    let stranger = releasing(&eve, None, at);
    let plan = plan_release(&folder, &stranger, &|_| ()).expect("a plan");
    plan.apply().expect("room");
    let joined =
        Unverified::open(folder.join(BUNDLE_NAME)).expect("there").check(Digests::All).expect("our own").intact;
    let signers = format!("ada@example.org {}\n", ada.public_key());
    let policy = TrustPolicy::parse(signers).expect("a line");
    let planned = |policy: Option<&TrustPolicy>| {
        let options = AttachOptions { releasing: Some(releasing(&ada, policy, at)), policy, ..options() };
        plan_attach(&folder, vec![joined.clone()], &options, &|_| ()).expect("a plan")
    };
    let follows = |plan: &Plan| {
        let bundle = plan.changes.iter().find_map(|change| match &change.after {
            After::Bundle(bundle) => Some(bundle.clone()),
            _ => None,
        });
        let intact = bundle.expect("changed").check().expect("sound").intact;
        let own = intact.statements().iter().filter(|one| one.listing().is_some() && *one.identity() == ada.identity());
        own.map(|one| one.previous().len()).sum::<usize>()
    };
    let (open, closed) = (planned(None), planned(Some(&policy)));
    assert_eq!((follows(&open), follows(&closed)), (1, 0));
    assert!(
        open.notes.iter().any(|note| note.contains("which were not checked against a signers file")),
        "{:?}",
        open.notes
    );
    assert!(open.notes.iter().any(|note| note.contains("which is not signed")), "{:?}", open.notes);
    assert!(!closed.notes.iter().any(|note| note.contains("nobody")), "{:?}", closed.notes);
    assert!(closed.notes.iter().any(|note| note.contains("signed by ada@example.org")), "{:?}", closed.notes);
}

#[test]
fn files_that_were_empty_stay() {
    let (_guard, folder) = model_folder("digits-base-64");
    for name in [".gitattributes", CARD] {
        fs::write(folder.join(name), "").expect("room");
    }
    let before = contents(&folder);
    attach(&folder).expect("a plan").apply().expect("room");
    // Again: what was added is still known to be.
    plan_attach(&folder, vec![bundle()], &options(), &|_| ()).expect("a plan").apply().expect("room");
    plan_detach(&folder).expect("a plan").apply().expect("room");
    assert_eq!(contents(&folder), before);
}

/// Whoever is killed between two renames leaves no card that links to nothing.
#[test]
fn the_bundle_comes_before_the_card_and_an_old_one_comes_back() {
    let (_guard, folder) = model_folder("digits-base-64");
    attach(&folder).expect("a plan").apply().expect("room");
    let before = contents(&folder);
    let there = present(&folder).expect("a bundle");
    let mut plan = plan_attach(&folder, vec![bundle()], &options(), &|_| ()).expect("a plan");
    let mut larger = there.as_ref().expect("a bundle").bundle().clone();
    larger.insert_statement_unchecked(b"{}".to_vec());
    // The first cannot be removed: it is not there. By then the bundle is in its place.
    plan.changes = vec![
        Change { name: "none".to_owned(), before: Before::Nothing, after: After::Removed },
        Change { name: BUNDLE_NAME.to_owned(), before: there.as_ref().into(), after: After::Bundle(larger) },
    ];
    assert!(plan.apply().is_err());
    assert_eq!(contents(&folder), before);
}
