//! Verification of whatever lies at a path: a bundle, or a model directory.

use camino::Utf8PathBuf;
use expbundle::draft::Draft;
use expbundle::judge::State;
use expbundle::report::Question;
use expbundle::verify::{Digests, Unverified};
use expbundle::{Bundle, Content};
use expbundle_directory::audit;
use expbundle_format::container::EntryName;
use expbundle_format::limits::Limits;
use expbundle_format::record::{ArtifactRef, Form, Kind, Record, RecordBody};
use expbundle_format::sections::Context;
use expbundle_format::time::Time;
use expbundle_format::{Code, DigestSet, Finding};
use expbundle_statement::{About, Authorship, Predicate, Signing, SigningKey, sign};

fn time(text: &str) -> Time {
    text.parse().expect("a time")
}

fn draft(title: &str) -> Draft {
    let mut draft = Draft::new(RecordBody::new(Kind::Run));
    draft.json_section(&Context { title: title.to_owned(), ..Context::default() }).expect("plain text");
    draft
}

fn bytes(bundle: &Bundle) -> Vec<u8> {
    let mut file = Vec::new();
    bundle.write(&mut file).expect("memory");
    file
}

/// A bundle of a run that made `weights`, signed.
fn signed() -> Bundle {
    let mut draft = draft("a run");
    let outputs = [DigestSet::of(b"weights").into()];
    draft.body_mut().outputs.push(ArtifactRef::new("model".parse().expect("a role"), outputs[0], 7, Form::File));
    let mut bundle = draft.finish().expect("plain members").into_bundle();
    let (_, content) = bundle.records().next().expect("one record");
    let record = DigestSet::of(&content.read(1 << 20).expect("small"));
    let statement = sign(
        &Predicate::Authorship(Authorship::default()),
        About { record, outputs: &outputs, previous: &[] },
        &Signing { key: &SigningKey::from_seed(&[7; 32]), name: Some("Ada"), created: time("2026-11-23T10:00:00Z") },
    );
    bundle.insert_statement_unchecked(statement.expect("plain text"));
    bundle
}

fn question(required: State) -> Question<'static> {
    let at = time("2026-11-23T12:00:00Z");
    Question { policy: None, required, at, digests: Digests::Blake3, limits: Limits::default() }
}

#[test]
fn an_audit_answers_for_bundles_and_directories() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("a plain path");
    let bundle = signed();
    let ask = |path: &Utf8PathBuf, required| {
        let report = audit(path, question(required), &|_| {}).expect("readable");
        let codes: Vec<_> = report.findings.iter().map(|finding| finding.code).collect();
        (report.state, report.holds, codes)
    };
    assert_eq!(ask(&folder, State::Intact), (State::Refused, false, vec![Code::DirectoryNoBundle]));
    bundle.save(&folder.join("experiment.expb")).expect("room");
    let path = folder.join("experiment.expb");
    assert_eq!(ask(&path, State::Signed), (State::Signed, true, vec![]));
    assert_eq!(ask(&path, State::Trusted), (State::Signed, false, vec![Code::PolicyState]));
    std::fs::write(folder.join("weights.bin"), b"weights").expect("room");
    assert_eq!(ask(&folder, State::Signed), (State::Signed, true, vec![Code::DirectoryNotReleased]));
    std::fs::write(folder.join("weights.bin"), b"weightz").expect("room");
    let foreign = vec![Code::DirectoryUncovered, Code::DirectoryNoWeights, Code::DirectoryNoOutput];
    assert_eq!(ask(&folder, State::Signed), (State::Malformed, false, foreign));
    std::fs::remove_file(folder.join("weights.bin")).expect("it was there");
    let missing = vec![Code::DirectoryNoWeights, Code::DirectoryNoOutput];
    assert_eq!(ask(&folder, State::Signed), (State::Malformed, false, missing));
    // A second bundle is a file like others.
    std::fs::write(folder.join("weights.bin"), b"weights").expect("room");
    std::fs::write(folder.join("other.expb"), b"PK").expect("room");
    let codes = vec![Code::DirectoryUncovered, Code::DirectoryNotReleased];
    assert_eq!(ask(&folder, State::Intact), (State::Intact, true, codes));
}

/// A name that is not UTF-8 can stand in no listing; the file is not read, and that is said.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_be_listed_is_said() {
    use std::os::unix::ffi::OsStrExt as _;

    let folder = tempfile::tempdir().expect("a folder");
    let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("a plain path");
    let bundle = signed();
    bundle.save(&path.join("experiment.expb")).expect("room");
    std::fs::write(path.join("weights.bin"), b"weights").expect("room");
    std::fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"\xff")), b"").expect("room");
    let report = audit(&path, question(State::Intact), &|_| {}).expect("readable");
    assert!(report.findings.iter().any(|finding| finding.code == Code::DirectoryUnreadable), "{:?}", report.findings);
}

/// Nobody writes into it, so whoever opened it would wait for ever.
#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_bundle_is_refused_and_not_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("a plain path");
    let pipe = path.join("experiment.expb");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is there");
    assert!(made.success());
    assert_eq!(Unverified::open(&pipe).expect_err("no file").kind(), std::io::ErrorKind::InvalidInput);
    let report = audit(&path, question(State::Intact), &|_| {}).expect("an answer");
    let codes: Vec<Code> = report.findings.iter().map(|finding| finding.code).collect();
    assert_eq!((report.state, codes), (State::Refused, vec![Code::DirectoryNoBundle]));
}

#[test]
fn what_is_beyond_the_limits_is_refused_and_not_malformed() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("a plain path");
    let mut body = RecordBody::new(Kind::Run);
    body.inputs = (0..6_000_u32)
        .map(|number| {
            let digest = DigestSet::of(&number.to_le_bytes()).into();
            ArtifactRef::new("data".parse().expect("a word"), digest, 4, Form::File)
        })
        .collect();
    let mut bundle = draft("a run").finish().expect("plain members").into_bundle();
    let record = Record::write(body).expect("plain members");
    bundle.insert_unchecked(EntryName::Record(record.id()), Content::bytes(record.bytes()));
    let path = folder.join("a.expb");
    bundle.save(&path).expect("room");
    let ask = |path: &Utf8PathBuf, factor| {
        let question = Question { limits: Limits::times(factor), ..question(State::Intact) };
        let report = audit(path, question, &|_| {}).expect("readable");
        (
            report.state,
            report.holds,
            report.findings.into_iter().filter(Finding::is_error).map(|found| found.code).collect(),
        )
    };
    let answer = |state, holds, codes: &[Code]| (state, holds, codes.to_vec());
    assert_eq!(ask(&path, 1), answer(State::Refused, false, &[Code::ContainerLimit]));
    assert_eq!(ask(&path, 2), answer(State::Intact, true, &[]));
    // What is wrong for certain is wrong.
    let mut spoiled = bytes(&bundle);
    let at = spoiled.windows(7).position(|window| window == b"\"a run\"").expect("the title is there");
    spoiled[at + 1] = b'b';
    std::fs::write(&path, spoiled).expect("room");
    let (state, _, codes) = ask(&path, 1);
    assert_eq!((state, codes.contains(&Code::ContainerLimit)), (State::Malformed, true));
}
