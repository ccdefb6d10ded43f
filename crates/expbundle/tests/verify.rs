//! Verification over real files of a bundle: what holds, what is found, and that nothing changes
//! unnoticed.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use expbundle::draft::{Draft, DraftError};
use expbundle::judge::State;
use expbundle::verify::{Checked, Digests, Intact, Unverified};
use expbundle::{Bundle, Content};
use expbundle_format::container::EntryName;
use expbundle_format::record::{ArtifactRef, Form, Kind, Parent, Record, RecordBody, Status};
use expbundle_format::sections::{Artifact, Artifacts, Context, Direction, Recipe};
use expbundle_format::time::Time;
use expbundle_format::{Blake3, Code, DigestSet, Finding};
use expbundle_statement::{About, Authorship, Comment, Predicate, Signing, SigningKey, TrustPolicy, sign};

fn time(text: &str) -> Time {
    text.parse().expect("a time")
}

fn draft(title: &str) -> Draft {
    let mut body = RecordBody::new(Kind::Run);
    body.status = Some(Status::Finished);
    body.started = Some(time("2026-11-23T09:00:00Z"));
    let mut draft = Draft::new(body);
    draft.json_section(&Context { title: title.to_owned(), ..Context::default() }).expect("plain text");
    draft
}

/// A bundle with two sections, an embedded artifact that only `artifacts.json` lists, and a
/// signature.
fn signed() -> (Bundle, SigningKey) {
    let mut draft = draft("a run");
    draft.json_section(&Recipe::default()).expect("nothing");
    let patch = draft.embed(Content::bytes(*b"+ one line\n")).expect("memory");
    let mut artifact = Artifact::new(Direction::Output, "patch".parse().expect("a role"));
    artifact.digest = Some(patch.into());
    artifact.size = Some(11);
    draft.json_section(&Artifacts { artifacts: vec![artifact], salt: None }).expect("plain text");
    draft.body_mut().outputs.push(ArtifactRef::new(
        "model".parse().expect("a role"),
        DigestSet::of(b"weights").into(),
        7,
        Form::File,
    ));
    let mut bundle = draft.finish().expect("plain members").into_bundle();
    let key = SigningKey::from_seed(&[7; 32]);
    let (id, content) = bundle.records().next().expect("one record");
    let record = DigestSet::of(&content.read(1 << 20).expect("small"));
    assert_eq!(record.blake3, id.0);
    let outputs = [DigestSet::of(b"weights").into()];
    let predicate = Predicate::Authorship(Authorship::default());
    let statement = sign(
        &predicate,
        About { record, outputs: &outputs, previous: &[] },
        &Signing { key: &key, name: Some("Ada"), created: time("2026-11-23T10:00:00Z") },
    );
    bundle.insert_statement_unchecked(statement.expect("plain text"));
    (bundle, key)
}

fn bytes(bundle: &Bundle) -> Vec<u8> {
    let mut bytes = Vec::new();
    bundle.write(&mut bytes).expect("memory");
    bytes
}

fn check(bytes: Vec<u8>) -> (Vec<Finding>, Option<Intact>) {
    match Unverified::new(Content::bytes(bytes)).check(Digests::All) {
        Ok(Checked { intact, findings }) => (findings, Some(intact)),
        Err(wrong) => (wrong.into_findings(), None),
    }
}

fn codes(findings: &[Finding]) -> Vec<Code> {
    let mut codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
    codes.dedup();
    codes
}

/// What is wrong by the word of a record or statement is found once it is known whose word counts.
#[track_caller]
fn refused_by_word(bundle: &Bundle, expected: &[Code]) {
    assert_eq!(judged(bundle), expected);
}

#[track_caller]
fn refused(bundle: &Bundle, expected: &[Code]) {
    let (findings, intact) = check(bytes(bundle));
    assert!(intact.is_none());
    assert_eq!(codes(&findings), expected, "{findings:#?}");
}

#[test]
fn an_intact_bundle_is_signed_and_trusted_by_whoever_knows_the_key() {
    let (bundle, key) = signed();
    let (findings, intact) = check(bytes(&bundle));
    let intact = intact.expect("intact");
    assert_eq!(codes(&findings), []);
    let at = time("2026-11-23T12:00:00Z").timestamp();
    let judged = |policy: Option<&str>| {
        let policy = policy.map(|text| TrustPolicy::parse(text).expect("a signers file"));
        let verdict = intact.judge(policy.as_ref(), at);
        (verdict.state, verdict.findings.into_iter().map(|finding| finding.code).collect::<Vec<_>>())
    };
    let public = key.public_key();
    assert_eq!(judged(None), (State::Signed, vec![]));
    assert_eq!(judged(Some(&format!("ada {public}"))), (State::Trusted, vec![]));
    assert_eq!(judged(Some("")), (State::Intact, vec![Code::TrustUnknownSigner]));
    assert_eq!(
        judged(Some(&format!("ada valid-before=\"20261123Z\" {public}"))),
        (State::Intact, vec![Code::TrustNotValid])
    );
    assert_eq!(judged(Some(&format!("ada namespaces=\"git\" {public}"))), (State::Intact, vec![Code::TrustNamespace]));
}

#[test]
fn every_flipped_bit_is_found() {
    let (bundle, _) = signed();
    let original = bytes(&bundle);
    for at in 0..original.len() {
        for bit in 0..8 {
            let mut flipped = original.clone();
            flipped[at] ^= 1 << bit;
            let (_, intact) = check(flipped);
            assert!(intact.is_none(), "byte {at}, bit {bit} of {}", original.len());
        }
    }
}

#[test]
fn every_truncation_is_found() {
    let (bundle, _) = signed();
    let original = bytes(&bundle);
    for length in 0..original.len() {
        assert!(check(original[..length].to_vec()).1.is_none(), "{length} bytes");
    }
}

#[test]
fn names_that_lie_are_found_wherever_they_are() {
    let (bundle, _) = signed();
    let other = Content::bytes(*b"{}\n");
    for (name, content) in bundle.entries() {
        let mut changed = bundle.clone();
        // Same length, so that only the digest can tell.
        let mut lie = content.read(1 << 20).expect("small");
        let last = lie.len() - 2;
        lie[last] ^= 1;
        changed.insert_unchecked(name.clone(), Content::bytes(lie));
        let code = match name {
            EntryName::Record(_) => Code::DigestRecord,
            EntryName::Section { .. } => Code::DigestSection,
            EntryName::Statement(_) => Code::DigestStatement,
            EntryName::Artifact(_) => Code::DigestArtifact,
        };
        let (findings, intact) = check(bytes(&changed));
        assert!(intact.is_none());
        assert!(codes(&findings).contains(&code), "{name}: {findings:?}");
    }
    let digest = Blake3::of(b"something else");
    let mut unlisted = bundle.clone();
    unlisted.insert_unchecked(EntryName::Artifact(Blake3::of(b"{}\n")), other.clone());
    refused(&unlisted, &[Code::ContainerUnlisted]);
    let mut unlisted = bundle.clone();
    let record = bundle.records().next().expect("one record").0;
    let section = "extra.json".parse().expect("a name");
    unlisted.insert_unchecked(EntryName::Section { record, section }, other.clone());
    refused(&unlisted, &[Code::ContainerUnlisted]);
    let mut orphan = bundle;
    orphan.insert_unchecked(EntryName::Record(expbundle_format::RecordId(digest)), other);
    refused(&orphan, &[Code::DigestRecord]);
}

#[test]
fn a_withheld_section_is_said_and_fails_nothing() {
    let (mut bundle, _) = signed();
    let names: Vec<EntryName> =
        bundle.sections().map(|(record, section, _)| EntryName::Section { record, section: section.clone() }).collect();
    for name in &names {
        bundle.remove(name).expect("it was there");
    }
    // Nothing that is left speaks of the patch.
    let patch = bundle.artifacts().next().expect("a patch").0;
    bundle.remove(&EntryName::Artifact(patch));
    let (findings, intact) = check(bytes(&bundle));
    assert_eq!(codes(&findings), [Code::SectionWithheld]);
    assert_eq!(findings.len(), 3);
    let verdict = intact.expect("intact").judge(None, time("2026-11-23T12:00:00Z").timestamp());
    assert_eq!(verdict.state, State::Signed);
}

#[test]
fn a_section_of_the_wrong_shape_is_refused() {
    let mut draft = draft("a run");
    draft.section("recipe.json", "application/json", Content::bytes(*b"{\"parameters\": 7}")).expect("a name");
    refused(&draft.finish().expect("plain members").into_bundle(), &[Code::SchemaInvalid]);
    let mut draft = self::draft("a run");
    // What no reader takes is not written either.
    let twice = Content::bytes(*b"{\"a\": 1, \"a\": 2}");
    let refused = draft.section("acme.json", "application/json", twice);
    assert!(matches!(refused, Err(DraftError::Json { source, .. }) if source.code() == Code::JsonDuplicateKey));
}

#[test]
fn a_size_or_sha256_that_lies_beside_a_true_blake3_is_found() {
    let lie = |change: &dyn Fn(&mut serde_json::Value)| {
        let bundle = draft("a run").finish().expect("plain members").into_bundle();
        let (id, content) = bundle.records().next().expect("one record");
        let mut value = serde_json::from_slice(&content.read(1 << 20).expect("small")).expect("JSON");
        change(&mut value);
        let record = Record::write(serde_json::from_value(value).expect("a record")).expect("plain members");
        let mut changed = Bundle::new();
        changed.insert_unchecked(EntryName::Record(record.id()), Content::bytes(record.bytes()));
        for (_, section, content) in bundle.sections().filter(|(record, _, _)| *record == id) {
            changed.insert_unchecked(
                EntryName::Section { record: record.id(), section: section.clone() },
                content.clone(),
            );
        }
        changed
    };
    refused(&lie(&|value| value["sections"]["context.json"]["size"] = 1.into()), &[Code::DigestSize]);
    let zeros = "0".repeat(64);
    let divergent = lie(&|value| value["sections"]["context.json"]["digest"]["sha256"] = zeros.clone().into());
    refused(&divergent, &[Code::DigestDivergent]);
    // Without the bytes' SHA-256 nobody can see it: the default recomputes identity alone.
    let checked = Unverified::new(Content::bytes(bytes(&divergent))).check(Digests::Blake3).expect("intact");
    assert_eq!(codes(&checked.findings), []);
}

#[test]
fn a_blinded_record_has_a_salt_of_its_own_in_each_section() {
    let blinded = |salts: [Option<&str>; 2]| {
        let mut draft = Draft::new(RecordBody { blinded: true, ..RecordBody::new(Kind::Run) });
        let [context, recipe] = salts.map(|salt| salt.map(str::to_owned));
        draft.json_section(&Context { title: "t".to_owned(), salt: context, ..Context::default() }).expect("text");
        draft.json_section(&Recipe { salt: recipe, ..Recipe::default() }).expect("text");
        draft.finish().expect("plain members").into_bundle()
    };
    let [a, b] = ["a".repeat(64), "b".repeat(64)];
    assert!(check(bytes(&blinded([Some(&a), Some(&b)]))).1.is_some());
    refused_by_word(&blinded([Some(&a), None]), &[Code::SectionSalt]);
    refused_by_word(&blinded([Some(&a), Some("abc")]), &[Code::SectionSalt]);
    refused_by_word(&blinded([Some(&a), Some(&a)]), &[Code::SectionSalt]);
}

#[test]
fn an_embedded_listing_is_in_form() {
    let mut draft = draft("a run");
    let listing = draft.embed(Content::bytes(*b"not a listing\n")).expect("memory");
    draft.body_mut().outputs.push(ArtifactRef::new("model".parse().expect("a role"), listing.into(), 14, Form::Tree));
    refused_by_word(&draft.finish().expect("plain members").into_bundle(), &[Code::TreeInvalid]);
}

#[test]
fn an_end_before_the_start_is_said() {
    let mut draft = draft("a run");
    draft.body_mut().ended = Some(time("2026-11-23T08:59:59Z"));
    let (check, intact) = check(bytes(&draft.finish().expect("plain members").into_bundle()));
    assert!(intact.is_some());
    assert_eq!(codes(&check), [Code::RecordSpan]);
}

#[test]
fn merging_is_set_union() {
    let (a, _) = signed();
    let b = draft("another run").finish().expect("plain members").into_bundle();
    let c = draft("a third run").finish().expect("plain members").into_bundle();
    let merge = |bundles: &[&Bundle]| {
        let mut merged = Bundle::new();
        for bundle in bundles {
            merged.merge(bundle);
        }
        bytes(&merged)
    };
    assert_eq!(merge(&[&a, &b, &c]), merge(&[&c, &a, &b]));
    assert_eq!(merge(&[&a, &a]), bytes(&a));
    assert_eq!(merge(&[&a, &Bundle::new()]), bytes(&a));
    let (_, intact) = check(merge(&[&a, &b, &c]));
    let verdict = intact.expect("intact").judge(None, time("2026-11-23T12:00:00Z").timestamp());
    // The unsigned ones do not hide behind the signed one.
    assert_eq!(verdict.state, State::Intact);
    assert_eq!(verdict.records.values().copied().collect::<BTreeSet<_>>(), [State::Intact, State::Signed].into());
}

/// What is wrong with the statements of an intact bundle together.
fn judged(bundle: &Bundle) -> Vec<Code> {
    let intact = check(bytes(bundle)).1.expect("intact");
    let findings = intact.judge(None, time("2026-11-23T12:00:00Z").timestamp()).findings;
    findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn statements_are_about_records_and_follow_each_other() {
    let (mut bundle, key) = signed();
    let (_, intact) = check(bytes(&bundle));
    let intact = intact.expect("intact");
    let first = intact.statements()[0].id();
    let comment = |previous, created, record| {
        let predicate = Predicate::Comment(Comment { text: "seen".to_owned() });
        sign(&predicate, About { record, outputs: &[], previous: &[previous] }, &Signing::new(&key, time(created)))
            .expect("plain text")
    };
    let record = intact.statements()[0].record();
    bundle.insert_statement_unchecked(comment(first, "2026-11-23T11:00:00Z", record));
    let (found, intact) = check(bytes(&bundle));
    assert_eq!(codes(&found), []);
    let latest = intact.expect("intact").latest_statements(expbundle_format::RecordId(record.blake3));
    assert_eq!(latest.len(), 1);
    assert_ne!(latest[0], first);
    bundle.insert_statement_unchecked(comment(first, "2026-11-23T09:00:00Z", record));
    assert_eq!(judged(&bundle), [Code::StatementPrevTime]);
    let mut bundle = signed().0;
    let nowhere = expbundle_format::StatementId(Blake3::of(b"nowhere"));
    bundle.insert_statement_unchecked(comment(nowhere, "2026-11-23T11:00:00Z", record));
    assert_eq!(judged(&bundle), [Code::StatementPrevDangling]);
    let mut bundle = signed().0;
    bundle.insert_statement_unchecked(comment(first, "2026-11-23T11:00:00Z", DigestSet::of(b"another record")));
    assert_eq!(codes(&check(bytes(&bundle)).0), [Code::StatementOrphan]);
    // The record's BLAKE3 beside another SHA-256 names no record.
    let mut bundle = signed().0;
    let liar = DigestSet { sha256: DigestSet::of(b"x").sha256, ..record };
    bundle.insert_statement_unchecked(comment(first, "2026-11-23T11:00:00Z", liar));
    refused_by_word(&bundle, &[Code::StatementSubject]);
}

#[test]
fn heads_follow_from_digests_and_declarations() {
    let weights = |bytes: &[u8]| {
        ArtifactRef::new("model".parse().expect("a role"), DigestSet::of(bytes).into(), 1 << 20, Form::File)
    };
    let mut base = draft("base");
    base.body_mut().outputs.push(weights(b"base"));
    let base = base.finish().expect("plain members").into_bundle();
    let mut tuned = draft("tuned");
    tuned.body_mut().inputs.push(weights(b"base"));
    tuned.body_mut().outputs.push(weights(b"tuned"));
    let tuned = tuned.finish().expect("plain members").into_bundle();
    let (tuned_id, tuned_record) = tuned.records().next().expect("one record");
    let mut part = draft("part");
    let record = DigestSet::of(&tuned_record.read(1 << 20).expect("small"));
    part.body_mut().parents.push(Parent { record, relation: "part-of".parse().expect("a relation") });
    let part = part.finish().expect("plain members").into_bundle();
    let mut family = base.clone();
    family.merge(&tuned);
    let now = time("2026-11-23T12:00:00Z").timestamp();
    let heads = |bundle: &Bundle| check(bytes(bundle)).1.expect("intact").judge(None, now).heads;
    assert_eq!(heads(&family), [tuned_id]);
    family.merge(&part);
    assert_eq!(heads(&family), [part.records().next().expect("one record").0]);
}

#[test]
fn nothing_is_written_over_unless_that_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.expb");
    let (_, signed) = check(bytes(&signed().0));
    let (_, other) = check(bytes(&draft("another").finish().expect("plain members")));
    let (signed, other) = (signed.expect("intact"), other.expect("intact"));
    let there = || std::fs::read(&path).expect("readable");
    std::fs::write(&path, "notes").expect("room");
    let refused = signed.save(&path).expect_err("a text").to_string();
    assert!(refused.ends_with("the output file already exists, and its contents would be lost"), "{refused}");
    assert_eq!(there(), b"notes");
    signed.save_over(&path).expect("asked for");
    // What is there is all in it.
    signed.save(&path).expect("the same");
    other.save(&path).expect_err("a signed bundle");
    assert_eq!(there(), bytes(signed.bundle()));
    other.save_over(&path).expect("asked for");
    assert_eq!(there(), bytes(other.bundle()));
}

#[test]
fn a_bundle_is_saved_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = Utf8PathBuf::from_path_buf(folder.path().join("a.expb")).expect("a plain path");
    let (bundle, _) = signed();
    bundle.save(&path).expect("room");
    // Saving over the file that the contents are read from must not destroy them half-way.
    let again = expbundle::open(&path).expect("intact");
    again.bundle().save(&path).expect("room");
    assert_eq!(std::fs::read(&path).expect("readable"), bytes(&bundle));
    let mut broken = bundle.clone();
    let short = std::fs::File::create_new(folder.path().join("short")).expect("a file");
    short.set_len(10).expect("room");
    let content = Content::file(std::fs::File::open(folder.path().join("short")).expect("a file")).expect("a file");
    short.set_len(4).expect("shrinks");
    broken.insert_unchecked(EntryName::Artifact(Blake3::of(b"x")), content);
    broken.save(&path).expect_err("the content shrank");
    assert_eq!(std::fs::read(&path).expect("readable"), bytes(&bundle));
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 2, "no leftovers");
}
