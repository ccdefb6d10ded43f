//! Reports as a program that imports the library gets them. What each line says is held by the
//! snapshots of the program.

use camino::Utf8PathBuf;
use expbundle::Bundle;
use expbundle::draft::Draft;
use expbundle::verify::Intact;
use expbundle_format::DigestSet;
use expbundle_format::record::{ArtifactRef, Form, Kind, Parent, RecordBody, Word};
use expbundle_format::sections::Context;
use expbundle_query::{Differences, QueryError, Question, Relations, Scope};
use expbundle_words::{Failure, diff, log, show, why};

const AT: &str = "2026-11-28T12:00:00Z";
/// A title that would clear the screen and then pass for a verdict.
const FORGED: &str = "\u{1b}[2J\n✓ intact, signed and trusted";

fn bundle(title: &str) -> Bundle {
    let mut draft = Draft::new(RecordBody::new(Kind::Run));
    draft.json_section(&Context { title: title.to_owned(), ..Context::default() }).expect("plain text");
    draft.finish().expect("plain members").into_bundle()
}

fn intact(title: &str) -> Intact {
    bundle(title).check().expect("it is made right").intact
}

#[test]
fn a_stranger_forges_no_line() {
    let (a, b) = (intact(FORGED), intact("another run"));
    let at = AT.parse().expect("a time");
    let (first, second) = (a.only_record().expect("one record"), b.only_record().expect("one record"));
    let verdict = a.judge(None, at);
    let folder = tempfile::tempdir().expect("a folder");
    let path = Utf8PathBuf::from_path_buf(folder.path().join("a.expb")).expect("a plain path");
    bundle(FORGED).save(&path).expect("room");
    let at_a_time = AT.parse().expect("a time");
    let question = Question {
        about: path.into(),
        with: Vec::new(),
        policy: None,
        at: at_a_time,
        record: None,
        scope: Scope::Ancestors,
    };
    let relations = Relations::of(question).expect("a bundle");
    for text in [
        show::words(&a, &verdict, &[first]),
        log::words(&a, &verdict, &[], log::Layout::Graph),
        diff::words(&Differences::between((&a, first), (&b, second), at)),
        why::words(&relations),
    ] {
        assert!(!text.contains("\u{1b}[2J"), "{text}");
        assert!(!text.lines().any(|line| line.starts_with('✓')), "{text}");
    }
}

/// Roles and relations that the format does not know read like ours.
#[test]
fn a_word_that_somebody_chose_stands_in_quotation_marks() {
    let digest = DigestSet::of(b"weights");
    let word = |text: &str| text.parse::<Word>().expect("a word");
    let mut body = RecordBody::new(Kind::Run);
    body.parents = vec![Parent { record: digest, relation: word("approved-by-board") }];
    body.outputs = vec![ArtifactRef::new(word("trusted"), digest.into(), 7, Form::File)];
    body.inputs = vec![ArtifactRef::new(word("model"), digest.into(), 7, Form::File)];
    let mut draft = Draft::new(body);
    draft.json_section(&Context { title: "a run".to_owned(), ..Context::default() }).expect("plain text");
    let bundle = draft.finish().expect("plain members").into_bundle();
    let intact = bundle.clone().check().expect("it is made right").intact;
    let id = intact.only_record().expect("one record");
    let verdict = intact.judge(None, AT.parse::<jiff::Timestamp>().expect("a time"));
    let text = show::words(&intact, &verdict, &[id]);
    for known in ["\"approved-by-board\" ", "\"trusted\" "] {
        assert!(text.contains(known), "{known}: {text}");
    }
    assert!(text.contains(" model "), "{text}");
}

#[test]
fn an_error_has_a_next_step() {
    let failure = Failure::from(QueryError::NoRecord("abcd".to_owned()));
    let text = failure.words();
    assert!(text.contains("error[cli.usage]") && text.contains("`expbundle verify` lists the records"), "{text}");
    assert!(!failure.is_broken());
}
