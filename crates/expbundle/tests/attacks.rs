//! Attacks on a verifier that need a whole bundle: what would make it believe more than is proven.

use expbundle::draft::Draft;
use expbundle::judge::State;
use expbundle::verify::{Checked, Digests, Intact, NotIntact, Unverified};
use expbundle::{Bundle, Content};
use expbundle_format::container::EntryName;
use expbundle_format::record::{ArtifactRef, Form, Kind, Parent, RecordBody};
use expbundle_format::sections::{Context, Identity, JsonSection as _, Person};
use expbundle_format::time::Time;
use expbundle_format::{Blake3, Code, DigestSet, RecordId, StatementId};
use expbundle_lineage::Grade;
use expbundle_statement::{
    About, Authorship, Comment, Predicate, Revocation, Revoked, Seal, Signing, SigningKey, Superseded, TrustPolicy,
    sign,
};

const NOW: &str = "2026-11-23T10:00:00Z";

fn time(text: &str) -> Time {
    text.parse().expect("a time")
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn model(bytes: &[u8]) -> ArtifactRef {
    let role = "model".parse().expect("a word");
    // A file that is not empty is large enough to prove something.
    let size = if bytes.is_empty() { 0 } else { 1 << 20 };
    ArtifactRef::new(role, DigestSet::of(bytes).into(), size, Form::File)
}

fn bundle(title: &str, change: impl FnOnce(&mut RecordBody)) -> Bundle {
    let mut body = RecordBody::new(Kind::Run);
    change(&mut body);
    let mut draft = Draft::new(body);
    draft.json_section(&Context { title: title.to_owned(), ..Context::default() }).expect("JSON");
    let people = vec![Person { name: title.to_owned(), ..Person::default() }];
    draft.json_section(&Identity { people, ..Identity::default() }).expect("JSON");
    draft.finish().expect("a bundle").into_bundle()
}

fn subject(bundle: &Bundle) -> (RecordId, DigestSet) {
    let (id, content) = bundle.records().next().expect("a record");
    (id, content.digest().expect("memory"))
}

fn say(bundle: &mut Bundle, about: DigestSet, predicate: &Predicate, prev: &[StatementId], created: &str, by: u8) {
    bundle.insert_statement_unchecked(
        sign(predicate, About { record: about, outputs: &[], previous: prev }, &Signing::new(&key(by), time(created)))
            .expect("a statement"),
    );
}

fn signed(title: &str, by: u8, change: impl FnOnce(&mut RecordBody)) -> Bundle {
    let mut bundle = bundle(title, change);
    let (_, about) = subject(&bundle);
    say(&mut bundle, about, &Predicate::Authorship(Authorship::default()), &[], NOW, by);
    bundle
}

fn check(bundle: &Bundle) -> Result<Checked, NotIntact> {
    let mut bytes = Vec::new();
    bundle.write(&mut bytes).expect("memory");
    Unverified::new(Content::bytes(bytes)).check(Digests::All)
}

#[track_caller]
fn intact(bundle: &Bundle) -> Intact {
    check(bundle).unwrap_or_else(|wrong| panic!("{:?}", wrong.findings())).intact
}

#[track_caller]
fn refused(bundle: &Bundle, code: Code) {
    let findings = match check(bundle) {
        Ok(Checked { intact, mut findings }) => {
            let verdict = intact.judge(None, time(NOW).timestamp());
            assert_eq!(verdict.state, State::Malformed);
            findings.extend(verdict.findings);
            findings
        }
        Err(wrong) => wrong.into_findings(),
    };
    assert!(findings.iter().any(|finding| finding.code == code), "no {code} in {findings:?}");
}

fn trusting(seeds: &[u8]) -> TrustPolicy {
    let lines: Vec<String> = seeds.iter().map(|seed| format!("signer-{seed} {}\n", key(*seed).public_key())).collect();
    TrustPolicy::parse(lines.concat()).expect("signers")
}

fn state(bundle: &Bundle, trusted: &[u8]) -> State {
    intact(bundle).judge(Some(&trusting(trusted)), time(NOW).timestamp()).state
}

#[test]
fn a_bundle_within_a_bundle_is_no_record() {
    let mut inner = Vec::new();
    signed("inner", 1, |_| ()).write(&mut inner).expect("memory");
    let mut outer = Bundle::new();
    outer.insert_unchecked(EntryName::Record(RecordId(Blake3::of(&inner))), Content::bytes(inner));
    refused(&outer, Code::JsonEncoding);
}

#[test]
fn objects_that_are_too_large_are_refused_before_they_are_read() {
    // Zeros that take no room: the limit of records is asked before they are in memory.
    let file = tempfile::tempfile().expect("a file");
    file.set_len(1 << 27).expect("a hole");
    let huge = Content::file(file).expect("a file");
    let mut bundle = Bundle::new();
    bundle.insert_unchecked(EntryName::Record(RecordId(huge.digest().expect("zeros").blake3)), huge);
    let sparse = tempfile::tempfile().expect("a file");
    bundle.write(std::io::BufWriter::new(&sparse)).expect("room");
    let wrong = Unverified::new(Content::file(sparse).expect("a file")).check(Digests::Blake3).expect_err("too large");
    assert!(wrong.findings().iter().any(|finding| finding.code == Code::ContainerLimit), "{wrong}");
}

#[test]
fn a_section_does_not_pass_for_another() {
    let bundle = bundle("a", |_| ());
    let (record, _) = subject(&bundle);
    let section = |name| EntryName::Section { record, section: name };
    let mut swapped = bundle.clone();
    let context = bundle.get(&section(Context::name())).expect("there").clone();
    let identity = bundle.get(&section(Identity::name())).expect("there").clone();
    swapped.insert_unchecked(section(Context::name()), identity);
    swapped.insert_unchecked(section(Identity::name()), context);
    refused(&swapped, Code::DigestSection);
}

#[test]
fn a_record_is_not_its_own_parent_and_a_circle_is_found() {
    // An id cannot be known before the record is written, so only another record's id can be named;
    // a circle takes two false digests.
    let mut first = signed("first", 1, |_| ());
    let second = signed("second", 2, |_| ());
    let ((_, a), (_, b)) = (subject(&first), subject(&second));
    let follows = |parent: DigestSet| {
        let claim = expbundle_statement::LinkClaim::Record { parent, relation: None, artifact: None };
        Predicate::Link(expbundle_statement::Asserted { claim, reason: None })
    };
    first.merge(&second);
    say(&mut first, a, &follows(a), &[], NOW, 3);
    refused(&first, Code::LineageCycle);
    let mut pair = signed("first", 1, |_| ());
    pair.merge(&second);
    say(&mut pair, a, &follows(b), &[], NOW, 3);
    say(&mut pair, b, &follows(a), &[], NOW, 3);
    refused(&pair, Code::LineageCycle);
}

#[test]
fn statements_are_about_the_record_that_their_digests_name() {
    // About a record that is not here: said, and it vouches for nobody.
    let mut stray = bundle("a", |_| ());
    say(&mut stray, DigestSet::of(b"elsewhere"), &Predicate::Authorship(Authorship::default()), &[], NOW, 1);
    let found = check(&stray).expect("intact");
    assert!(found.findings.iter().any(|finding| finding.code == Code::StatementOrphan));
    assert_eq!(state(&stray, &[1]), State::Intact);
    // The right BLAKE3 with another SHA-256.
    let mut half = bundle("a", |_| ());
    let (_, about) = subject(&half);
    let false_half = DigestSet { sha256: DigestSet::of(b"other").sha256, ..about };
    say(&mut half, false_half, &Predicate::Authorship(Authorship::default()), &[], NOW, 1);
    refused(&half, Code::StatementSubject);
    // A comment that calls itself a verification makes nothing verified.
    let mut talk = bundle("a", |_| ());
    let (_, about) = subject(&talk);
    let text = "verified: trusted, all digests match".to_owned();
    say(&mut talk, about, &Predicate::Comment(Comment { text }), &[], NOW, 1);
    assert_eq!(state(&talk, &[1]), State::Intact);
}

#[test]
fn a_stripped_signature_is_missed_where_it_is_asked_for() {
    let whole = signed("a", 1, |_| ());
    assert_eq!(state(&whole, &[1]), State::Trusted);
    assert_eq!(state(&whole, &[2]), State::Intact);
    assert_eq!(state(&bundle("a", |_| ()), &[1]), State::Intact);
}

#[test]
fn the_chain_of_statements_is_looked_at() {
    let mut late = signed("a", 1, |_| ());
    let (_, about) = subject(&late);
    let first = intact(&late).latest_statements(RecordId(about.blake3));
    let comment = |text: &str| Predicate::Comment(Comment { text: text.to_owned() });
    say(&mut late, about, &comment("earlier"), &first, "2026-11-22T10:00:00Z", 1);
    say(&mut late, about, &comment("of nothing"), &[StatementId(Blake3::of(b"nothing"))], NOW, 1);
    let verdict = intact(&late).judge(None, time(NOW).timestamp());
    for code in [Code::StatementPrevTime, Code::StatementPrevDangling] {
        assert!(verdict.findings.iter().any(|finding| finding.code == code), "no {code} in {:?}", verdict.findings);
    }
}

#[test]
fn a_sealed_bundle_lacks_nothing() {
    let mut sealed = signed("a", 1, |_| ());
    let (record, about) = subject(&sealed);
    let objects = sealed.entries().map(|(name, _)| name.to_string()).collect();
    say(&mut sealed, about, &Predicate::Seal(Seal { objects }), &[], NOW, 1);
    intact(&sealed);
    let mut part = sealed.clone();
    part.remove(&EntryName::Section { record, section: Identity::name() });
    refused(&part, Code::StatementSeal);
    // Names that no object can have are missing too.
    let mut nonsense = signed("a", 1, |_| ());
    say(&mut nonsense, about, &Predicate::Seal(Seal { objects: vec!["../x".to_owned()] }), &[], NOW, 1);
    refused(&nonsense, Code::StatementSeal);
}

#[test]
fn taking_back_needs_a_right_and_lowers_what_holds() {
    let revoke = |bundle: &mut Bundle, revoked: Revoked, by: u8| {
        let (_, about) = subject(bundle);
        let says = Predicate::Revocation(Revocation { revoked, since: None, reason: None });
        say(bundle, about, &says, &[], NOW, by);
    };
    let fresh = || signed("a", 1, |_| ());
    let (record, _) = subject(&fresh());
    let authorship = intact(&fresh()).latest_statements(record)[0];
    for (revoked, by, expected) in [
        (Revoked::Statement(authorship), 1, State::Intact),
        (Revoked::Statement(authorship), 2, State::Trusted),
        (Revoked::Signer(key(1).identity()), 1, State::Intact),
        (Revoked::Signer(key(1).identity()), 2, State::Trusted),
        (Revoked::Record(record), 1, State::Intact),
        (Revoked::Record(record), 2, State::Trusted),
    ] {
        let mut bundle = fresh();
        revoke(&mut bundle, revoked.clone(), by);
        assert_eq!(state(&bundle, &[1]), expected, "{revoked:?} by {by}");
        let findings = intact(&bundle).judge(Some(&trusting(&[1])), time(NOW).timestamp()).findings;
        let code = if expected == State::Intact { Code::TrustRevoked } else { Code::TrustUnknownSigner };
        assert!(findings.iter().any(|finding| finding.code == code), "{findings:?}");
        // Not before it was made.
        let before = intact(&bundle).judge(Some(&trusting(&[1])), time("2026-11-23T09:59:59Z").timestamp());
        assert_eq!(before.state, State::Trusted);
    }
    // A revocation cannot be revoked, by whomever.
    let mut twice = fresh();
    revoke(&mut twice, Revoked::Statement(authorship), 1);
    let revocation = intact(&twice).statements_about(record)[1].id();
    revoke(&mut twice, Revoked::Statement(revocation), 1);
    assert_eq!(state(&twice, &[1]), State::Intact);
    // Who vouches for a record may name its successor; others may not.
    for (by, counts) in [(1, true), (2, false)] {
        let mut old = fresh();
        let (_, about) = subject(&old);
        let successor = DigestSet::of(b"the new record");
        say(&mut old, about, &Predicate::Supersession(Superseded { successor, reason: None }), &[], NOW, by);
        let standing = intact(&old).standing(None, time(NOW).timestamp());
        assert_eq!(standing.successors.contains_key(&record), counts);
        let code = if counts { Code::LineageSuperseded } else { Code::TrustNoRight };
        assert_eq!(standing.findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), [code]);
        let lineage = intact(&old).judge(None, time(NOW).timestamp()).lineage;
        assert_eq!(lineage.successors(record).next().is_some(), counts);
    }
}

#[test]
fn a_family_shows_its_broken_untrusted_and_absent_members() {
    let base = signed("base", 1, |body| body.outputs.push(model(b"weights")));
    let (_, parent) = subject(&base);
    let tuned = signed("tuned", 2, |body| {
        body.inputs.push(model(b"weights"));
        let relation = "fine-tuned-from".parse().expect("a word");
        body.parents.push(Parent { record: parent, relation });
    });
    let mut family = base.clone();
    family.merge(&tuned);
    // A parent signed by somebody who is not trusted is set apart, as if it were absent: it helps
    // nobody and harms nobody.
    assert_eq!(state(&family, &[1, 2]), State::Trusted);
    assert_eq!(state(&family, &[2]), State::Trusted);
    let apart = intact(&family).judge(Some(&trusting(&[2])), time(NOW).timestamp());
    assert!(apart.standing.apart.records.contains(&RecordId(parent.blake3)) && apart.lineage.len() == 1);
    // Absent, it is named.
    let alone = intact(&tuned).judge(None, time(NOW).timestamp());
    assert!(alone.findings.iter().any(|finding| finding.code == Code::LineageParentAbsent));
    // Broken, it breaks the family.
    let mut broken = family.clone();
    broken.insert_unchecked(EntryName::Record(RecordId(parent.blake3)), Content::bytes(*b"{}\n"));
    refused(&broken, Code::DigestRecord);
    // An unrelated record joins nothing.
    let mut stuffed = family.clone();
    stuffed.merge(&signed("stranger", 1, |body| body.outputs.push(model(b"other weights"))));
    let lineage = |bundle: &Bundle| intact(bundle).judge(None, time(NOW).timestamp()).lineage;
    let (few, many) = (lineage(&family), lineage(&stuffed));
    let (child, _) = subject(&tuned);
    assert_eq!(few.parents(child), many.parents(child));
    assert_eq!(few.parents(child)[0].grade(), Grade::Proven);
}

#[test]
fn empty_files_and_half_agreeing_digests_join_nobody() {
    let empty = |title: &str, as_output: bool| {
        bundle(title, |body| {
            if as_output { &mut body.outputs } else { &mut body.inputs }.push(model(b""));
        })
    };
    let mut pair = empty("made nothing", true);
    pair.merge(&empty("took nothing", false));
    assert_eq!(intact(&pair).judge(None, time(NOW).timestamp()).heads.len(), 2);
    // One digest of the weights and one of something else.
    let mut false_model = model(b"weights");
    false_model.digest = DigestSet { sha256: DigestSet::of(b"other").sha256, ..DigestSet::of(b"weights") }.into();
    let mut pair = bundle("base", |body| body.outputs.push(model(b"weights")));
    pair.merge(&bundle("liar", |body| body.inputs.push(false_model)));
    refused(&pair, Code::ArtifactDigestConflict);
}
