//! What those whose word does not count change in an answer about those whose word does: nothing.
//! And what trusted keys said against something stands where it is seen, whatever others add.

use crate::support::{Bench, json};
use expbundle::Bundle;
use expbundle::draft::Draft;
use expbundle_format::DigestSet;
use expbundle_format::record::{ArtifactRef, Form, Kind, Parent, RecordBody};
use expbundle_format::sections::{Artifact, Artifacts, Context, Direction};
use expbundle_statement::{
    Asserted, Authorship, Comment, LinkClaim, Predicate, Review, ReviewVerdict, Revocation, Revoked, Signing,
    SigningKey, sign,
};
use serde_json::Value;

/// Trusted.
const ADA: u8 = 1;
/// Trusted.
const BEN: u8 = 2;
/// In the signers file, until 10 November.
const CAL: u8 = 3;
/// Not in the signers file.
const EVE: u8 = 4;

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

fn bench() -> Bench {
    let bench = Bench::new();
    let line = |name: &str, number: u8, options: &str| format!("{name}@x {options} {}\n", key(number).public_key());
    let lines = [line("ada", ADA, ""), line("ben", BEN, ""), line("cal", CAL, "valid-before=\"20261110Z\"")];
    std::fs::write(bench.path("s"), lines.concat()).expect("room");
    bench
}

fn record(title: &str, outputs: &[&[u8]], parents: &[DigestSet]) -> (Bundle, DigestSet) {
    let mut body = RecordBody::new(Kind::Run);
    let model = |bytes: &&[u8]| {
        let size = bytes.len() as u64;
        ArtifactRef::new("model".parse().expect("a role"), DigestSet::of(bytes).into(), size, Form::File)
    };
    body.outputs = outputs.iter().map(model).collect();
    let relation = || "fine-tuned-from".parse().expect("a word");
    body.parents = parents.iter().map(|record| Parent { record: *record, relation: relation() }).collect();
    let mut draft = Draft::new(body);
    draft.json_section(&Context { title: title.to_owned(), ..Context::default() }).expect("JSON");
    let bundle = draft.finish().expect("a bundle").into_bundle();
    let digest = bundle.records().next().expect("a record").1.digest().expect("memory");
    (bundle, digest)
}

/// A record that took in these bytes, and put out nothing.
fn taking_in(bytes: &[u8]) -> (Bundle, DigestSet) {
    let mut body = RecordBody::new(Kind::Run);
    let (role, size) = ("model".parse().expect("a role"), bytes.len() as u64);
    body.inputs = vec![ArtifactRef::new(role, DigestSet::of(bytes).into(), size, Form::File)];
    let bundle = Draft::new(body).finish().expect("a bundle").into_bundle();
    let digest = bundle.records().next().expect("a record").1.digest().expect("memory");
    (bundle, digest)
}

fn say_at(bundle: &mut Bundle, about: DigestSet, predicate: &Predicate, by: u8, created: &str) {
    let created = created.parse().expect("a time");
    bundle.insert_statement_unchecked(sign(predicate, about, &Signing::new(&key(by), created)).expect("a statement"));
}

fn say(bundle: &mut Bundle, about: DigestSet, predicate: &Predicate, by: u8) {
    say_at(bundle, about, predicate, by, "2026-11-21T09:00:00Z");
}

fn signed(title: &str, outputs: &[&[u8]], parents: &[DigestSet], by: u8) -> (Bundle, DigestSet) {
    let (mut bundle, id) = record(title, outputs, parents);
    say(&mut bundle, id, &vouch(), by);
    (bundle, id)
}

fn vouch() -> Predicate {
    Predicate::Authorship(Authorship::default())
}

fn review(verdict: ReviewVerdict, reason: &str) -> Predicate {
    Predicate::Review(Review { verdict, role: None, scope: None, reason: Some(reason.to_owned()) })
}

fn revoke(revoked: Revoked, reason: &str) -> Predicate {
    Predicate::Revocation(Revocation { revoked, since: None, reason: Some(reason.to_owned()) })
}

fn record_id(digest: DigestSet) -> expbundle_format::RecordId {
    expbundle_format::RecordId(digest.blake3)
}

fn save(bench: &Bench, name: &str, bundle: &Bundle) {
    bundle.save_over(&camino::Utf8PathBuf::from_path_buf(bench.path(name)).expect("UTF-8")).expect("room");
}

/// The exit status and what is printed, judged by the signers file.
fn asked(bench: &Bench, arguments: &[&str]) -> (i32, String) {
    let output = bench.output(&[arguments, &["--trust", "s", "--at", "2026-12-01T00:00:00Z"]].concat());
    (output.status.code().expect("it ended"), String::from_utf8(output.stdout).expect("UTF-8"))
}

fn document(bench: &Bench, arguments: &[&str]) -> Value {
    json(&asked(bench, &[arguments, &["--json"]].concat()).1)
}

/// Without the line that counts what was set apart.
fn but_apart((status, text): (i32, String)) -> (i32, String) {
    (status, text.lines().filter(|line| !line.starts_with("set apart")).collect::<Vec<_>>().join("\n"))
}

#[test]
fn a_strangers_record_in_the_bundle_changes_no_answer_with_another() {
    let bench = bench();
    let (mine, _) = signed("mine", &[b"mine"], &[], ADA);
    save(&bench, "o.expb", &signed("other", &[b"other"], &[], ADA).0);
    let mut both = mine.clone();
    both.merge(&signed("EVE", &[b"eve's"], &[], EVE).0);
    for verb in ["lineage", "why"] {
        let ask = |bundle: &Bundle| {
            save(&bench, "a.expb", bundle);
            but_apart(asked(&bench, &[verb, "a.expb", "--with", "o.expb"]))
        };
        let alone = ask(&mine);
        assert_eq!(alone.0, 0, "{}", alone.1);
        assert_eq!(ask(&both), alone, "{verb}");
    }
    let told = document(&bench, &["why", "a.expb", "--with", "o.expb"]);
    assert_eq!(told["told"].as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!(document(&bench, &["lineage", "a.expb", "--with", "o.expb"])["start"].as_array().map(Vec::len), Some(1));
}

#[test]
fn an_unrelated_record_that_was_revoked_lowers_no_answer_about_another_bundle() {
    let bench = bench();
    save(&bench, "a.expb", &signed("mine", &[b"mine"], &[], ADA).0);
    let (mut other, eve) = signed("EVE", &[b"eve's"], &[], EVE);
    say(&mut other, eve, &revoke(Revoked::Record(record_id(eve)), "bad"), BEN);
    save(&bench, "o.expb", &other);
    for verb in ["lineage", "why"] {
        let (status, text) = asked(&bench, &[verb, "a.expb", "--with", "o.expb"]);
        assert!(status == 0 && !text.lines().any(|line| line.trim_start().starts_with('!')), "{verb}: {text}");
        // Who asks about the other is told.
        let (status, text) = asked(&bench, &[verb, "o.expb", "--with", "a.expb"]);
        assert!(status == 3 && text.contains("\"bad\""), "{verb}: {text}");
    }
}

#[test]
fn the_beginning_of_an_id_is_that_of_a_record_that_counts() {
    let bench = bench();
    let (mut both, mine) = signed("mine", &[b"mine"], &[], ADA);
    let beginning: String = mine.blake3.to_string().chars().take(4).collect();
    let (other, eve) = (0..1_000_000_u32)
        .map(|number| record(&format!("EVE {number}"), &[], &[]))
        .find(|(_, id)| id.blake3.to_string().starts_with(&beginning))
        .expect("one of 65,536");
    both.merge(&other);
    say(&mut both, eve, &vouch(), EVE);
    say(&mut both, eve, &review(ReviewVerdict::Rejected, "backdoored"), BEN);
    save(&bench, "a.expb", &both);
    let (status, text) = asked(&bench, &["lineage", "a.expb", "--record", &beginning]);
    assert!(status == 0 && text.contains("mine") && !text.contains("backdoored"), "{text}");
    // Its own id names the other, which has no say.
    let (status, text) = asked(&bench, &["lineage", "a.expb", "--record", &eve.blake3.to_string()]);
    assert!(status == 3 && text.contains("backdoored"), "{text}");
}

/// The parent is named, so what was said against a key that vouched for it would count.
#[test]
fn an_authorship_that_is_set_apart_turns_no_revocation_against_its_record() {
    let bench = bench();
    let (parent, of_parent) = record("parent", &[b"parent"], &[]);
    for is_here in [true, false] {
        let (mut all, _) = signed("child", &[b"child"], &[of_parent], ADA);
        let (other, of_other) = signed("other", &[b"other"], &[], ADA);
        all.merge(&other);
        if is_here {
            all.merge(&parent);
        }
        say(&mut all, of_other, &revoke(Revoked::Signer(key(CAL).identity()), "stolen"), BEN);
        let ask = |all: &Bundle| {
            save(&bench, "a.expb", all);
            ["verify", "lineage"].map(|verb| document(&bench, &[verb, "a.expb"]))
        };
        let before = ask(&all);
        say(&mut all, of_parent, &vouch(), CAL);
        for (before, after) in before.iter().zip(ask(&all)) {
            for member in ["state", "start", "records", "objected", "objectedElsewhere"] {
                assert_eq!(before[member], after[member], "{member}");
            }
        }
        // Of what counts, everything that a revoked key signed is taken back.
        say(&mut all, of_parent, &vouch(), BEN);
        say(&mut all, of_other, &revoke(Revoked::Signer(key(BEN).identity()), "lost"), ADA);
        let [report, _] = ask(&all);
        let id = Value::from(of_parent.blake3.to_string());
        let lists = ["records", "objectedElsewhere"].map(|member| report[member].as_array().expect("a list"));
        let mut of_parent = lists.into_iter().flatten().filter(|one| one["id"] == id || one["record"] == id);
        assert!(of_parent.any(|one| one["objections"][0]["reason"] == "lost"), "{report}");
    }
}

/// A statement about a record under another SHA-256 is about none that is here.
#[test]
fn an_authorship_under_another_sha256_covers_nothing_and_hides_no_revocation() {
    let bench = bench();
    let (mut all, id) = signed("made", &[b"weights"], &[], BEN);
    say(&mut all, id, &revoke(Revoked::Signer(key(BEN).identity()), "stolen"), ADA);
    say(&mut all, DigestSet { sha256: DigestSet::of(b"x").sha256, ..id }, &vouch(), ADA);
    std::fs::create_dir(bench.path("m")).expect("room");
    std::fs::write(bench.path("m/model.safetensors"), b"weights").expect("room");
    save(&bench, "m/experiment.expb", &all);
    for arguments in [["verify", "m"], ["verify", "m/experiment.expb"], ["lineage", "m"], ["why", "m"]] {
        let (status, text) = asked(&bench, &arguments);
        assert!(status == 3 && text.contains("revoked by ada@x: \"stolen\""), "{arguments:?}: {text}");
    }
}

#[test]
fn what_is_by_keys_that_are_not_trusted_stands_below_what_counts() {
    let bench = bench();
    std::fs::create_dir(bench.path("m")).expect("room");
    std::fs::write(bench.path("m/model.safetensors"), b"weights").expect("room");
    std::fs::write(bench.path("m/evil.bin"), b"evil").expect("room");
    std::fs::write(bench.path("eve"), key(EVE).to_openssh("eve", None).expect("a key").as_bytes()).expect("room");
    save(&bench, "m/experiment.expb", &signed("mine", &[b"weights"], &[], ADA).0);
    bench.ok(&["release", "m", "--key", "eve", "--yes"]);
    let (status, text) = asked(&bench, &["verify", "m"]);
    let apart = text.find("By keys that are not trusted").expect("the heading");
    assert_eq!(status, 3);
    for of_ada in ["\"mine\"", "Proven", "Absent", "trusted as ada@x", "warning["] {
        assert!(text.rfind(of_ada).is_some_and(|at| at < apart), "{of_ada}: {text}");
    }
}

#[test]
fn reviews_that_are_set_apart_are_not_among_those_that_count() {
    let bench = bench();
    let (mut all, id) = signed("mine", &[b"mine"], &[], ADA);
    say(&mut all, id, &review(ReviewVerdict::Rejected, "spam"), EVE);
    say(&mut all, id, &review(ReviewVerdict::Approved, "spam"), CAL);
    say(&mut all, id, &review(ReviewVerdict::Approved, "fine"), BEN);
    save(&bench, "a.expb", &all);
    let told = document(&bench, &["why", "a.expb"]);
    let said = told["told"][0]["statements"].as_array().expect("a list");
    assert!(said.len() == 1 && said[0]["signer"]["trustedAs"][0] == "ben@x", "{told}");
    assert_eq!(told["apart"]["statements"], 2);
    let (_, text) = asked(&bench, &["why", "a.expb"]);
    assert!(!text.contains("spam") && text.contains("set apart"), "{text}");
}

/// To leave out who signed an ancestor, or the ancestor itself, hides nothing that was said of it.
#[test]
fn an_ancestor_that_was_rejected_is_named_whatever_is_left_out() {
    let bench = bench();
    let (parent, of_parent) = record("parent", &[b"parent"], &[]);
    let (child, of_child) = signed("child", &[b"child"], &[of_parent], ADA);
    for (is_here, is_signed) in [(true, true), (true, false), (false, false)] {
        let mut all = child.clone();
        if is_here {
            all.merge(&parent);
        }
        if is_signed {
            say(&mut all, of_parent, &vouch(), ADA);
        }
        say(&mut all, of_parent, &review(ReviewVerdict::Rejected, "poison"), BEN);
        save(&bench, "a.expb", &all);
        let report = document(&bench, &["verify", "a.expb"]);
        let records = report["records"].as_array().expect("a list");
        let child = records.iter().find(|one| one["id"] == of_child.blake3.to_string()).expect("the child");
        let objected = serde_json::json!([of_parent.blake3.to_string()]);
        assert_eq!(child["ancestorsObjected"], objected, "{is_here} {is_signed}");
        assert_eq!(child["ancestorsObjectedMore"], 0);
    }
}

#[test]
fn what_a_trusted_key_revoked_is_never_folded_away() {
    let bench = bench();
    let (mut all, id) = signed("mine", &[b"mine"], &[], ADA);
    let last = "2026-11-25T00:00:00Z";
    say_at(&mut all, id, &revoke(Revoked::Statement("1".repeat(64).parse().expect("an id")), "backdoor"), BEN, last);
    say_at(&mut all, id, &revoke(Revoked::Record(record_id(id)), "expected"), BEN, "2027-01-05T00:00:00Z");
    for number in 0..20 {
        let words = Predicate::Comment(Comment { text: format!("{number}") });
        say_at(&mut all, id, &words, CAL, "2026-11-01T00:00:00Z");
        say_at(&mut all, id, &words, CAL, "2027-01-01T00:00:00Z");
    }
    let unverified = expbundle::verify::Unverified::new(expbundle::Content::bytes({
        let mut bytes = Vec::new();
        all.write(&mut bytes).expect("memory");
        bytes
    }));
    let read = unverified.check(expbundle::verify::Digests::Blake3).expect("intact").intact;
    let own = read.statements().iter().filter(|one| *one.identity() == key(CAL).identity());
    for statement in own.map(expbundle_statement::VerifiedStatement::id) {
        say_at(&mut all, id, &revoke(Revoked::Statement(statement), "typo"), CAL, "2026-11-02T00:00:00Z");
    }
    save(&bench, "a.expb", &all);
    for verb in ["verify", "lineage"] {
        let (_, text) = asked(&bench, &[verb, "a.expb"]);
        let first = text.find("warning[").expect("a warning");
        assert!(text[first..].lines().next().is_some_and(|line| line.contains("\"backdoor\"")), "{verb}: {text}");
        assert!(text.contains("more of trust.revoked"), "{verb}: {text}");
    }
    let (_, text) = asked(&bench, &["verify", "a.expb"]);
    assert!(text.contains("2027-01-05") && text.contains("more of statement.future"), "{text}");
}

#[test]
fn no_stranger_titles_a_record_that_was_objected_to() {
    let bench = bench();
    let (mut all, _) = signed("mine", &[b"mine"], &[], ADA);
    let (other, eve) = signed("production 2.0", &[b"eve's"], &[], EVE);
    all.merge(&other);
    say(&mut all, eve, &review(ReviewVerdict::Rejected, "backdoored"), BEN);
    save(&bench, "a.expb", &all);
    for verb in ["verify", "lineage", "why", "log"] {
        let output = bench.output(&[verb, "a.expb", "--trust", "s"]);
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let line = text.lines().find(|line| line.contains("backdoored")).expect("the objection");
        assert!(line.contains("(not a record that counts here)") && !text.contains("production"), "{verb}: {text}");
    }
    for verb in ["lineage", "why"] {
        assert_eq!(document(&bench, &[verb, "a.expb"])["objected"][0]["title"], Value::Null);
    }
}

#[test]
fn a_pointer_is_said_to_be_one() {
    let bench = bench();
    save(&bench, "experiment.expb", &signed("mine", &[b"weights"], &[], ADA).0);
    let pointer = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 7\n",
        DigestSet::of(b"weights").sha256
    );
    for (content, is_pointer) in [(&b"weights"[..], false), (pointer.as_bytes(), true)] {
        std::fs::write(bench.path("w.bin"), content).expect("room");
        assert_eq!(document(&bench, &["why", "w.bin"])["pointer"], is_pointer);
        let (status, text) = asked(&bench, &["lineage", "w.bin"]);
        assert!(status == 0 && text.contains("Git LFS pointer") == is_pointer, "{text}");
    }
}

/// A folder that Ada released as `title`, with one file of weights.
fn released(bench: &Bench, folder: &str, weights: &[u8], title: &str) {
    std::fs::create_dir_all(bench.path(folder)).expect("room");
    std::fs::write(bench.path(folder).join("model.safetensors"), weights).expect("room");
    std::fs::write(bench.path("ada"), key(ADA).to_openssh("", None).expect("a key").as_str()).expect("room");
    bench.ok(&["release", folder, "--key", "ada", "--title", title, "--yes", "--at", "2026-11-20T09:00:00Z"]);
}

fn bundle_of(bench: &Bench, folder: &str) -> Bundle {
    let path = camino::Utf8PathBuf::from_path_buf(bench.path(folder).join("experiment.expb")).expect("UTF-8");
    expbundle::open(&path).expect("a bundle").bundle().clone()
}

/// Revokes the only release of a folder, as Ben.
fn take_back_release(bench: &Bench, folder: &str, reason: &str) -> Bundle {
    let mut bundle = bundle_of(bench, folder);
    let intact = bundle.check().expect("intact").intact;
    let release = intact.statements().iter().find(|one| one.listing().is_some()).expect("a release");
    say(&mut bundle, release.record(), &revoke(Revoked::Statement(release.id()), reason), BEN);
    bundle
}

#[test]
fn a_revoked_release_of_these_files_is_named_first_whatever_followed_it() {
    let bench = bench();
    released(&bench, "m", b"weights", "one");
    save(&bench, "m/experiment.expb", &take_back_release(&bench, "m", "BACKDOOR"));
    // The same files are released again, and so the folder is trusted.
    bench.ok(&["release", "m", "--key", "ada", "--title", "two", "--yes", "--at", "2026-11-22T09:00:00Z"]);
    let (status, text) = asked(&bench, &["verify", "m"]);
    assert_eq!(status, 0, "{text}");
    assert!(text.lines().next().expect("a headline").contains("REVOKED"), "{text}");
    assert!(text.lines().take(3).any(|line| line.contains("by ben@x") && line.contains("BACKDOOR")), "{text}");
    released(&bench, "n", b"other", "other");
    let (_, text) = asked(&bench, &["verify", "m", "n"]);
    assert_eq!(text.matches("REVOKED").count(), 1, "{text}");
    let said = bench.said(&["release", "m", "--key", "ada", "--dry-run", "--trust", "s"]);
    assert!(said.contains("REVOKED by ben@x: \"BACKDOOR\""), "{said}");
    // Other files make another folder of it.
    std::fs::write(bench.path("m/model.safetensors"), "changed").expect("room");
    assert!(!asked(&bench, &["verify", "m"]).1.contains("REVOKED"));
}

#[test]
fn attaching_keeps_what_was_said_against_a_release_of_this_folder() {
    let bench = bench();
    released(&bench, "m", b"weights", "one");
    save(&bench, "came.expb", &take_back_release(&bench, "m", "BACKDOOR"));
    std::fs::remove_file(bench.path("m/experiment.expb")).expect("it is there");
    let said = bench.said(&["attach", "m", "came.expb", "--yes", "--trust", "s"]);
    assert!(said.contains("REVOKED by ben@x: \"BACKDOOR\"") && !said.contains("of another folder"), "{said}");
    assert!(asked(&bench, &["verify", "m"]).1.contains("RELEASE REVOKED by ben@x"));
    // Of another folder nothing stays, whoever released it.
    let mut strangers = bundle_of(&bench, "m");
    released(&bench, "n", b"other", "other");
    strangers.merge(&bundle_of(&bench, "n"));
    save(&bench, "came.expb", &strangers);
    std::fs::write(bench.path("eve"), format!("eve@x {}\n", key(EVE).public_key())).expect("room");
    for trust in [None, Some("s"), Some("eve")] {
        std::fs::remove_file(bench.path("m/experiment.expb")).expect("it is there");
        let trust = trust.map_or_else(Vec::new, |file| vec!["--trust", file]);
        bench.ok(&[&["attach", "m", "came.expb", "--yes"], trust.as_slice()].concat());
        let left = bundle_of(&bench, "m").check().expect("intact").intact;
        assert_eq!(left.statements().iter().filter(|one| one.listing().is_some()).count(), 1);
    }
}

#[test]
fn a_release_is_told_of_by_those_who_are_trusted() {
    let bench = bench();
    let (mut bundle, id) = signed("mine", &[b"weights"], &[], ADA);
    say(&mut bundle, id, &review(ReviewVerdict::Rejected, "POISONED"), BEN);
    for (number, by) in (0..3).zip(EVE..) {
        say(&mut bundle, id, &review(ReviewVerdict::NeedsChanges, &format!("noise {number}")), by);
    }
    bundle.merge(&signed("EVE", &[b"eve's"], &[], EVE).0);
    std::fs::create_dir(bench.path("m")).expect("room");
    std::fs::write(bench.path("m/model.safetensors"), "weights").expect("room");
    std::fs::write(bench.path("m/evil.safetensors"), "eve's").expect("room");
    save(&bench, "m/experiment.expb", &bundle);
    std::fs::write(bench.path("ada"), key(ADA).to_openssh("", None).expect("a key").as_str()).expect("room");
    // A date in the past is that of the release, and not when it is judged.
    for at in ["2026-11-22T09:00:00Z", "2026-11-20T09:00:00Z"] {
        let said = bench.said(&["release", "m", "--key", "ada", "--dry-run", "--trust", "s", "--at", at]);
        assert!(said.contains("POISONED") && !said.contains("noise"), "{said}");
        assert!(said.contains("not made by any record here: evil.safetensors"), "{said}");
    }
}

#[test]
fn no_stranger_stops_the_log_of_a_folder_of_bundles() {
    let bench = bench();
    std::fs::create_dir(bench.path("all")).expect("room");
    let (mine, id) = signed("mine", &[b"mine"], &[], ADA);
    save(&bench, "all/a.expb", &mine);
    // A circle through our record.
    let (mut eves, eve) = signed("EVE", &[b"eve's"], &[id], EVE);
    let claim = LinkClaim::Record { parent: eve, relation: None, artifact: None };
    say(&mut eves, id, &Predicate::Link(Asserted { claim, reason: None }), EVE);
    save(&bench, "all/b.expb", &eves);
    let output = bench.output(&["log", "all", "--trust", "s", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let log = json(&String::from_utf8(output.stdout).expect("UTF-8"));
    let apart = |one: &Value| one["apart"].as_bool().expect("told of each");
    assert_eq!(log.as_array().expect("statements").iter().filter(|one| !apart(one)).count(), 1, "{log}");
}

#[test]
fn a_rejection_comes_before_whatever_else_is_told() {
    let bench = bench();
    let parents: Vec<DigestSet> = (0_u8..5).map(|number| DigestSet::of(&[number])).collect();
    let (mut bundle, id) = signed("mine", &[b"mine"], &parents, ADA);
    for number in 0..5 {
        say(&mut bundle, id, &review(ReviewVerdict::Approved, &format!("fine {number}")), ADA);
    }
    say_at(&mut bundle, id, &review(ReviewVerdict::Rejected, "POISONED"), BEN, "2026-11-21T10:00:00Z");
    save(&bench, "a.expb", &bundle);
    let (_, text) = asked(&bench, &["why", "a.expb"]);
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("no {words}: {text}"));
    assert!(at("POISONED") < at("It was made from") && at("POISONED") < at("approved"), "{text}");
}

#[test]
fn a_stranger_takes_no_base_model_off_the_card() {
    let bench = bench();
    let (bundle, _) = signed("mine", &[b"weights"], &[], ADA);
    save(&bench, "a.expb", &bundle);
    std::fs::create_dir(bench.path("m")).expect("room");
    std::fs::write(bench.path("m/model.safetensors"), "weights").expect("room");
    bench.ok(&["attach", "m", "a.expb", "--yes", "--trust", "s", "--base-model", "team/base"]);
    let base = DigestSet::of(b"base");
    let mut body = RecordBody::new(Kind::Run);
    body.inputs = vec![ArtifactRef::new("model".parse().expect("a role"), base.into(), 4, Form::File)];
    let mut draft = Draft::new(body);
    draft.json_section(&Context { title: "EVE".to_owned(), ..Context::default() }).expect("JSON");
    let mut artifact = Artifact::new(Direction::Input, "model".parse().expect("a role"));
    artifact.digest = Some(base.into());
    artifact.uris = vec!["https://huggingface.co/team/base".to_owned()];
    let artifacts = Artifacts { artifacts: vec![artifact], ..Artifacts::default() };
    draft.json_section(&artifacts).expect("JSON");
    let mut eves = draft.finish().expect("a bundle").into_bundle();
    let eve = eves.records().next().expect("a record").1.digest().expect("memory");
    say(&mut eves, eve, &vouch(), EVE);
    eves.merge(&bundle);
    save(&bench, "b.expb", &eves);
    let said = bench.said(&["attach", "m", "b.expb", "--yes", "--trust", "s"]);
    let card = std::fs::read_to_string(bench.path("m/README.md")).expect("a card");
    assert!(card.contains("team/base"), "{said}{card}");
    assert!(!said.contains("EVE"), "{said}");
}

/// The exit statuses of `verify`, and of `why` and `lineage` for the weights, where nobody may object.
fn without_objections(bench: &Bench, at: &str) -> [Option<i32>; 3] {
    [("verify", "m"), ("why", "m/model.safetensors"), ("lineage", "m/model.safetensors")]
        .map(|(verb, path)| bench.output(&[verb, path, "--trust", "s", "--at", at, "--no-objections"]).status.code())
}

#[test]
fn what_was_said_later_is_not_hidden_by_leaving_out_who_signed() {
    let (before, last) = ("2026-11-22T00:00:00Z", "2026-11-27T00:00:00Z");
    for how in ["record", "authorship", "key"] {
        let bench = bench();
        released(&bench, "m", b"weights", "one");
        let (record, id) = record("maker", &[b"weights"], &[]);
        let mut whole = bundle_of(&bench, "m");
        whole.merge(&record);
        let signed = sign(&vouch(), id, &Signing::new(&key(BEN), before.parse().expect("a time"))).expect("signed");
        let mut with = whole.clone();
        with.insert_statement_unchecked(signed);
        let statement = with.check().expect("intact").intact;
        let statement = statement.statements().iter().find(|one| one.record() == id).expect("the authorship").id();
        let revoked = match how {
            "record" => Revoked::Record(record_id(id)),
            "authorship" => Revoked::Statement(statement),
            _ => Revoked::Signer(key(BEN).identity()),
        };
        for mut bundle in [with, whole] {
            // By Ada, who released the folder, and who may take back anything.
            say_at(&mut bundle, id, &revoke(revoked.clone(), "backdoor"), ADA, last);
            save(&bench, "m/experiment.expb", &bundle);
            let is_known = without_objections(&bench, "2026-11-23T00:00:00Z");
            assert_eq!(is_known, [Some(3); 3], "{how}");
        }
    }
}

#[test]
fn who_is_named_by_a_revocation_is_whose_authorship_it_takes_back() {
    let bench = bench();
    let (mut all, _) = signed("maker", &[b"weights"], &[], ADA);
    let authorship = all.check().expect("intact").intact.statements().first().expect("the authorship").id();
    let (other, of_other) = signed("other", &[], &[], BEN);
    all.merge(&other);
    let (child, of_child) = taking_in(b"weights");
    all.merge(&child);
    say(&mut all, of_child, &vouch(), BEN);
    // Each is about another record; the key alone is said of nobody in particular.
    say(&mut all, of_other, &revoke(Revoked::Statement(authorship), "backdoor"), BEN);
    let child = of_child.blake3.to_string();
    for revoked in [None, Some(Revoked::Signer(key(ADA).identity()))] {
        if let Some(revoked) = revoked {
            say(&mut all, of_other, &revoke(revoked, "stolen"), BEN);
        }
        save(&bench, "a.expb", &all);
        let (status, text) = asked(&bench, &["lineage", "a.expb", "--record", &child]);
        assert!(status == 3 && text.contains("revoked by ben@x: \"backdoor\""), "{text}");
    }
}

#[test]
fn what_another_record_names_changes_nothing_between_two() {
    let bench = bench();
    let (mut all, maker) = signed("maker", &[b"weights"], &[], ADA);
    let (child, child_id) = taking_in(b"weights");
    all.merge(&child);
    say(&mut all, child_id, &vouch(), BEN);
    say(&mut all, child_id, &revoke(Revoked::Signer(key(ADA).identity()), "stolen"), BEN);
    save(&bench, "without.expb", &all);
    // With a stolen key anybody signs a record of these bytes; what this one names is another matter.
    let (other, of_other) = signed("other", &[], &[maker], BEN);
    all.merge(&other);
    save(&bench, "with.expb", &all);
    let child = child_id.blake3.to_string();
    let answers = ["without.expb", "with.expb"].map(|file| {
        let (status, text) = asked(&bench, &["lineage", file, "--record", &child]);
        (status, text.replace(file, "FILE"))
    });
    assert_eq!(answers[0], answers[1]);
    let (status, text) = asked(&bench, &["lineage", "with.expb", "--record", &of_other.blake3.to_string()]);
    assert!(status == 3 && text.contains("stolen"), "{text}");
}

#[test]
fn a_strangers_record_is_not_asked_about_beside_one_that_was_taken_back() {
    let bench = bench();
    let (mut all, maker) = signed("maker", &[b"weights"], &[], ADA);
    say(&mut all, maker, &revoke(Revoked::Signer(key(ADA).identity()), "stolen"), BEN);
    save(&bench, "without.expb", &all);
    let shown = |file: &str| {
        [&["show", file][..], &["show", file, "--json"]].map(|arguments| {
            let output = bench.output(&[arguments, &["--trust", "s"]].concat());
            (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8").replace(file, "FILE"))
        })
    };
    let before = shown("without.expb");
    for title in ["one", "two", "three", "four"] {
        let mut whole = all.clone();
        whole.merge(&signed(title, &[b"weights"], &[maker], EVE).0);
        save(&bench, "with.expb", &whole);
        let after = shown("with.expb");
        let id = |(status, text): &(Option<i32>, String)| (*status, json(text)["id"].clone());
        assert_eq!(id(&after[1]), id(&before[1]), "{title}");
        assert!(after[0].0 == Some(0) && !after[0].1.contains(&format!("\"{title}\"")), "{}", after[0].1);
    }
}
