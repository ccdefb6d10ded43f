//! Questions about a few records: which statements are verified for them, and what false ones do.

use std::collections::BTreeSet;

use expbundle::draft::Draft;
use expbundle::history::History;
use expbundle::verify::Unverified;
use expbundle::{Bundle, Content};
use expbundle_format::record::{ArtifactRef, Form, Kind, RecordBody};
use expbundle_format::sections::Context;
use expbundle_format::{Code, DigestSet, RecordId};
use expbundle_statement::{Authorship, Predicate, Revocation, Revoked, Signing, SigningKey, sign};

/// Record `number` takes in what the one before it put out.
fn record(number: u8) -> (Bundle, RecordId, DigestSet) {
    let weights = |number: u8| {
        ArtifactRef::new("model".parse().expect("a word"), DigestSet::of(&[b'w', number]).into(), 1 << 20, Form::File)
    };
    let mut body = RecordBody::new(Kind::Run);
    if number > 0 {
        body.inputs.push(weights(number - 1));
    }
    body.outputs.push(weights(number));
    let mut draft = Draft::new(body);
    draft.json_section(&Context { title: format!("record {number}"), ..Context::default() }).expect("JSON");
    let bundle = draft.finish().expect("a bundle").into_bundle();
    let (id, content) = bundle.records().next().expect("a record");
    let digest = content.digest().expect("memory");
    (bundle, id, digest)
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

fn says(predicate: &Predicate, about: DigestSet) -> Vec<u8> {
    let created = "2026-11-23T10:00:00Z".parse().expect("a time");
    sign(predicate, about, &Signing::new(&key(), created)).expect("a statement")
}

/// A statement whose signature is another's.
fn forged(about: DigestSet) -> Vec<u8> {
    let text = String::from_utf8(says(&Predicate::Authorship(Authorship::default()), about)).expect("text");
    let at = text.find("\"sig\": \"").expect("a signature") + "\"sig\": \"".len();
    let other = if text[at..].starts_with('A') { "B" } else { "A" };
    (text[..at].to_owned() + other + &text[at + 1..]).into_bytes()
}

fn now() -> jiff::Timestamp {
    "2026-12-01T00:00:00Z".parse().expect("a time")
}

fn history(bundle: &Bundle) -> History {
    let mut bytes = Vec::new();
    bundle.write(&mut bytes).expect("memory");
    let checked = Unverified::new(Content::bytes(bytes)).check_history();
    checked.unwrap_or_else(|wrong| panic!("{:?}", wrong.findings())).intact
}

#[test]
fn only_statements_about_what_was_asked_are_verified() {
    let parts: Vec<(Bundle, RecordId, DigestSet)> = (0..3).map(record).collect();
    let histories = || {
        let signed = parts.iter().enumerate().map(|(number, (bundle, _, about))| {
            let mut bundle = bundle.clone();
            // The last one is forged.
            let authorship = Predicate::Authorship(Authorship::default());
            bundle.insert_statement_unchecked(if number == 2 { forged(*about) } else { says(&authorship, *about) });
            history(&bundle)
        });
        History::union(signed.collect::<Vec<_>>()).expect("three parts")
    };
    let (child, grandchild) = (parts[1].1, parts[2].1);

    let (intact, _) = histories()
        .settle(None, now(), |graph| {
            assert_eq!(graph.len(), 3, "every record is there to join");
            Some(graph.ancestors(&[child]).into_iter().chain([child]).collect())
        })
        .expect("the forged one is about no ancestor");
    assert_eq!(intact.statements().len(), 2);
    assert_eq!(intact.statements_about(child).len(), 1);

    for chosen in [Some(BTreeSet::from([grandchild])), None] {
        let wrong = histories().settle(None, now(), |_| chosen).expect_err("it is about this one");
        let said: Vec<_> = wrong.iter().map(|(part, finding)| (*part, finding.code)).collect();
        assert_eq!(said, [(2, Code::SignatureInvalid)]);
    }
}

#[test]
fn what_takes_back_is_always_verified() {
    let (mut bundle, id, about) = record(0);
    let (other, ..) = record(9);
    bundle.merge(&other);
    let authorship = says(&Predicate::Authorship(Authorship::default()), about);
    bundle.insert_statement_unchecked(authorship);
    let revocation = Revocation { revoked: Revoked::Record(id), since: None, reason: Some("wrong data".to_owned()) };
    bundle.insert_statement_unchecked(says(&Predicate::Revocation(revocation), about));
    let settled = history(&bundle).settle(None, now(), |_| Some(BTreeSet::new()));
    let (_, verdict) = settled.expect("signatures hold");
    assert!(verdict.standing.records.contains(&id), "its author may revoke it, so who that is was asked");
}

#[test]
fn the_union_of_nothing_is_nothing() {
    assert!(History::union([]).is_none());
}
