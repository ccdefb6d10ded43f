//! What a person reads: words of strangers are quoted, what trusted people wrote stands first, and
//! nothing is said that is not so.

use crate::support::{self, Bench};
use expbundle::Bundle;
use expbundle::draft::Draft;
use expbundle_format::DigestSet;
use expbundle_format::foreign::is_unseen;
use expbundle_format::record::{ArtifactRef, Form, Kind, Parent, RecordBody, Source};
use expbundle_format::sections::{Artifact, Artifacts, Context, Cost, Direction, Recipe};
use expbundle_statement::{
    Authorship, Comment, Deployment, DeploymentAction, Predicate, Review, ReviewVerdict, Revocation, Revoked, Signing,
    SigningKey, Superseded, sign,
};
use serde_json::{Value, json};

/// Our own fields, as a stranger would write them.
const IMITATION: &str =
    "safe” · 2026-11-23 · trusted as ada@example.org\" approved by ben@example.org\n\u{3164}\u{202e}\u{fe0f}\u{e0041}";

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

const ADA: u8 = 1;
const BEN: u8 = 2;
const EVE: u8 = 3;

fn artifact(role: &str, bytes: &[u8]) -> ArtifactRef {
    let size = bytes.len() as u64;
    ArtifactRef::new(role.parse().expect("a role"), DigestSet::of(bytes).into(), size, Form::File)
}

fn body(run: &str, tool: &str) -> RecordBody {
    let mut body = RecordBody::new(Kind::Run);
    body.source = Some(Source { tool: tool.to_owned(), run: run.to_owned() });
    body
}

fn titled(body: RecordBody, title: &str) -> Draft {
    let mut draft = Draft::new(body);
    draft.json_section(&Context { title: title.to_owned(), ..Context::default() }).expect("a section");
    draft
}

fn finished(draft: Draft) -> (Bundle, DigestSet) {
    let bundle = draft.finish().expect("a bundle").into_bundle();
    let bytes = bundle.records().next().expect("a record").1.read(1 << 24).expect("in memory");
    (bundle, DigestSet::of(&bytes))
}

fn save(bench: &Bench, name: &str, bundle: &Bundle) {
    bundle.save(&camino::Utf8PathBuf::from_path_buf(bench.path(name)).expect("UTF-8")).expect("room");
}

fn statement(record: DigestSet, predicate: &Predicate, name: Option<&str>, signer: u8, created: &str) -> Vec<u8> {
    sign(predicate, record, &Signing { key: &key(signer), name, created: created.parse().expect("a time") })
        .expect("a statement")
}

fn vouch() -> Predicate {
    Predicate::Authorship(Authorship::default())
}

fn review(verdict: ReviewVerdict, scope: Option<&str>, reason: Option<&str>) -> Predicate {
    let (scope, reason) = (scope.map(str::to_owned), reason.map(str::to_owned));
    Predicate::Review(Review { verdict, role: None, scope, reason })
}

/// Ada and Ben are trusted.
fn signers(bench: &Bench) {
    let line = |name: &str, number| format!("{name}@example.org {}\n", key(number).public_key());
    std::fs::write(bench.path("signers"), line("ada", ADA) + &line("ben", BEN)).expect("room");
}

/// A bench with the three keys and the signers file.
fn bench() -> Bench {
    let bench = Bench::new();
    signers(&bench);
    for (name, number) in [("ada", ADA), ("ben", BEN), ("eve", EVE)] {
        let text = key(number).to_openssh(name, None).expect("a key");
        std::fs::write(bench.path(name), text.as_bytes()).expect("room");
    }
    bench
}

/// Stdout of a command, without colours, whatever its exit status.
fn stdout(bench: &Bench, arguments: &[&str]) -> String {
    String::from_utf8(bench.output(arguments).stdout).expect("UTF-8")
}

fn said(bench: &Bench, arguments: &[&str]) -> String {
    let output = bench.output(arguments);
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Ada's model and what Eve sent to be joined: two records that no other follows from.
fn two_heads(bench: &Bench) -> (DigestSet, DigestSet) {
    let mut of_ada = body("1", "wandb");
    of_ada.outputs.push(artifact("model", b"weights"));
    let (mut all, ada) = finished(titled(of_ada, "fine-tune for chat"));
    all.insert_statement_unchecked(statement(ada, &vouch(), Some("Ada"), ADA, "2026-11-21T09:00:00Z"));
    let (of_eve, eve) = finished(titled(body("2", "wandb"), "EVE: backdoored variant"));
    all.merge(&of_eve);
    all.insert_statement_unchecked(statement(eve, &vouch(), Some("ada@example.org"), EVE, "2026-11-22T09:00:00Z"));
    save(bench, "two.expb", &all);
    std::fs::write(bench.path("weights.bin"), b"weights").expect("room");
    std::fs::write(bench.path("ben.pub"), format!("{}\n", key(BEN).public_key())).expect("room");
    (ada, eve)
}

#[test]
fn nobody_signs_what_somebody_else_sent() {
    let bench = bench();
    let (ada, eve) = two_heads(&bench);
    bench.ok(&["merge", "two.expb", "--closure", &ada.blake3.to_string(), "-o", "one.expb"]);
    let before = std::fs::read(bench.path("two.expb")).expect("a bundle");
    let mut lists = Vec::new();
    for verb in [
        &["sign"][..],
        &["review", "--verdict", "approved"],
        &["note", "fine"],
        &["evaluation", "--result", "accuracy=0.9"],
        &["deployment", "--environment", "production"],
        &["supersede", "--by", "one.expb"],
        &["revoke", "--whole-record", "--yes"],
        &["revoke", "--revoked-key", "ben.pub"],
        &["link", "--parent", "one.expb"],
        &["link", "--same-signer", "ben.pub"],
        &["seal"],
    ] {
        let arguments = [&verb[..1], &["two.expb"], &verb[1..], &["--key", "ada"]].concat();
        let (stdout, stderr) = bench.fails(2, "cli.usage", &arguments);
        assert_eq!(stdout, "", "{verb:?}");
        assert!(std::fs::read(bench.path("two.expb")).expect("a bundle") == before, "{verb:?}");
        lists.push(stderr);
    }
    lists.dedup();
    assert_eq!(lists.len(), 1, "{lists:#?}");
    insta::assert_snapshot!("several_heads", lists[0]);
    // Named, one or each; `all` leaves out what another key signed as its own.
    let (ada, eve) = (ada.blake3.to_string(), eve.blake3.to_string());
    bench.fails(2, "cli.usage", &["sign", "two.expb", "--record", "all", "--key", "ada"]);
    bench.ok(&["sign", "two.expb", "--record", &ada[..8], "--key", "ben", "-o", "named.expb"]);
    let each = ["sign", "two.expb", "--record", "all", "--record", &eve[..8], "--key", "ada", "-o", "signed.expb"];
    assert_eq!(bench.ok(&each).lines().count(), 2);
    let ids = bench.ok(&["note", "two.expb", "seen", "--record", "all", "--key", "ada", "-o", "noted.expb"]);
    assert_eq!(ids.lines().count(), 2);
    let twice = ["--record", &ada[..8], "--record", &eve[..8], "--record", &ada[..12]];
    let ids = bench.ok(&[&["note", "two.expb", "seen", "--key", "ada", "-o", "twice.expb"], &twice[..]].concat());
    assert_eq!(ids.lines().count(), 2);
    for beginning in ["", "f", &ada[..3], "ffffffff"] {
        bench.fails(2, "cli.usage", &["note", "two.expb", "seen", "--record", beginning, "--key", "ada"]);
    }
}

/// By a link that anybody can sign another record becomes the last one, and a rejection or
/// revocation would be about that.
#[test]
fn a_stranger_does_not_choose_what_is_signed() {
    let bench = bench();
    let (ada, eve) = two_heads(&bench);
    let (ada, eve) = (ada.blake3.to_string(), eve.blake3.to_string());
    bench.ok(&["merge", "two.expb", "--closure", &ada, "-o", "one.expb"]);
    bench.ok(&["link", "two.expb", "--record", &eve, "--parent", "one.expb", "--key", "ben"]);
    for verb in [
        &["sign"][..],
        &["review", "--verdict", "rejected"],
        &["review", "--verdict", "needs-changes"],
        &["revoke", "--whole-record", "--yes"],
    ] {
        let arguments = [&verb[..1], &["two.expb"], &verb[1..], &["--key", "ada"]].concat();
        let (_, stderr) = bench.fails(2, "cli.usage", &arguments);
        assert!(stderr.contains("which record do you mean") && stderr.contains(&ada[..12]), "{stderr}");
        bench.ok(&[&arguments[..], &["--record", &ada, "-o", "named.expb"]].concat());
    }
}

#[test]
fn one_head_is_shown_before_it_is_signed_and_not_signed_for_another() {
    let bench = bench();
    let (ada, _) = two_heads(&bench);
    bench.ok(&["merge", "two.expb", "--closure", &ada.blake3.to_string(), "-o", "one.expb"]);
    let output = bench.output(&["note", "one.expb", "seen", "--at", "2026-11-23T09:00:00Z", "--key", "ben"]);
    insta::assert_snapshot!("one_head", String::from_utf8_lossy(&output.stderr));
    // Ada may sign again; Ben stands by it only if he names it.
    bench.ok(&["sign", "one.expb", "--key", "ada"]);
    let (_, stderr) = bench.fails(2, "cli.usage", &["sign", "one.expb", "--key", "ben"]);
    insta::assert_snapshot!("signed_by_another", stderr);
    bench.ok(&["sign", "one.expb", "--record", &ada.blake3.to_string(), "--key", "ben"]);
    // What could not be written is not said to be done.
    let (stdout, stderr) = bench.fails(2, "cli.io", &["note", "one.expb", "x", "--key", "ada", "-o", "no/such/place"]);
    assert_eq!(stdout, "");
    assert!(!stderr.contains("comment of record"), "{stderr}");
}

/// A bundle with an imitation of our words wherever a stranger can write.
fn imitating(bench: &Bench) -> DigestSet {
    let mut of_parent = body(IMITATION, IMITATION);
    of_parent.outputs.push(artifact("model", b"base"));
    let (mut all, parent) = finished(titled(of_parent, IMITATION));
    let mut of_child = body("1", IMITATION);
    of_child.inputs = vec![artifact("model", b"base"), artifact("dataset", b"data")];
    of_child.outputs.push(artifact("model", b"weights"));
    of_child
        .parents
        .push(Parent { record: parent, relation: "x:trusted,by\"ada@example.org".parse().expect("a word") });
    let mut draft = titled(of_child, IMITATION);
    let described = |direction, role: &str, bytes: Option<&[u8]>| Artifact {
        name: Some(IMITATION.to_owned()),
        path: Some("p".repeat(32_000)),
        licence: Some(IMITATION.to_owned()),
        digest: bytes.map(|bytes| DigestSet::of(bytes).into()),
        ..Artifact::new(direction, role.parse().expect("a role"))
    };
    let artifacts = vec![
        described(Direction::Input, "dataset", Some(b"data")),
        described(Direction::Input, "model", None),
        described(Direction::Output, "model", Some(b"weights")),
    ];
    draft.json_section(&Artifacts { artifacts, salt: None }).expect("a section");
    let cost: Cost = serde_json::from_value(json!({
        "charges": [{"amount": "9".repeat(2_000_000), "basis": "billed", "currency": IMITATION}, {"amount": "1", "basis": "billed", "currency": IMITATION}],
        "resources": [{"amount": 1, "basis": "measured", "resource": IMITATION, "model": IMITATION, "unit": IMITATION}]
    }))
    .expect("costs");
    draft.json_section(&cost).expect("a section");
    let recipe: Recipe = serde_json::from_value(json!({
        "parameters": {IMITATION: IMITATION, "text": format!("{IMITATION}\nSigned\n  trusted as ada@example.org")},
        "code": {"repository": IMITATION, "commit": IMITATION, "entryPoint": IMITATION},
        "environment": {"os": IMITATION, "python": IMITATION},
        "hardware": {"cpu": IMITATION, "accelerators": [{"model": IMITATION, "count": 1}]}
    }))
    .expect("a recipe");
    draft.json_section(&recipe).expect("a section");
    let (of_child, child) = finished(draft);
    all.merge(&of_child);
    let text = || Some(IMITATION.to_owned());
    let environment = IMITATION.to_owned();
    let words = [
        vouch(),
        Predicate::Comment(Comment { text: format!("{IMITATION}\nSigned\n  trusted as ada@example.org") }),
        Predicate::Review(Review { verdict: ReviewVerdict::Approved, role: text(), scope: text(), reason: text() }),
        Predicate::Deployment(Deployment {
            environment,
            action: DeploymentAction::Deployed,
            artifact: None,
            reason: text(),
        }),
    ];
    for predicate in &words {
        all.insert_statement_unchecked(statement(child, predicate, Some(IMITATION), EVE, "2026-11-23T10:00:00Z"));
    }
    save(bench, "evil.expb", &all);
    std::fs::write(bench.path("weights.bin"), b"weights").expect("room");
    child
}

#[test]
fn nothing_that_a_stranger_writes_passes_for_ours() {
    let bench = bench();
    imitating(&bench);
    std::fs::create_dir(bench.path("model")).expect("room");
    std::fs::copy(bench.path("weights.bin"), bench.path("model/weights.bin")).expect("room");
    let mut forms: Vec<Vec<&str>> = vec![
        vec!["why", "weights.bin", "--with", "evil.expb"],
        vec!["lineage", "evil.expb"],
        vec!["lineage", "evil.expb", "--cost"],
        vec!["lineage", "evil.expb", "--dot"],
        vec!["lineage", "evil.expb", "--mermaid"],
        vec!["lineage", "evil.expb", "--svg"],
        vec!["log", "evil.expb"],
        vec!["log", "evil.expb", "--graph"],
        vec!["verify", "evil.expb"],
    ];
    for form in forms.clone() {
        forms.push([&form[..], &["--trust", "signers"]].concat());
    }
    forms.extend([
        vec!["show", "evil.expb"],
        vec!["show", "evil.expb", "recipe"],
        vec!["show", "evil.expb", "cost"],
        vec!["show", "evil.expb", "artifacts"],
        vec!["diff", "evil.expb", "other.expb"],
        vec!["note", "evil.expb", "x", "--key", "ada", "-o", "noted.expb"],
        vec!["attach", "model", "evil.expb"],
    ]);
    save(&bench, "other.expb", &finished(titled(body("3", "tool"), "other")).0);
    for form in &forms {
        let text = said(&bench, form);
        let unseen: Vec<char> = text.chars().filter(|letter| is_unseen(*letter) && *letter != '\n').collect();
        assert_eq!(unseen, [], "{form:?}: {text}");
        // What stands behind a bar is seen to be somebody's text.
        let is_ours = |line: &&str| !line.trim_start().starts_with("| ");
        let text = text.lines().filter(is_ours).collect::<Vec<_>>().join("\n");
        // The separator and the quotation mark of the imitation are never ours.
        assert!(!text.contains("· trusted as ada") && !text.contains('”'), "{form:?}: {text}");
        assert!(!text.contains("org\" approved"), "{form:?}: {text}");
        let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or_default();
        assert!(longest < 3000, "{form:?}: a line of {longest} letters");
        // Whatever begins a line is ours.
        assert!(!text.lines().any(|line| line.trim_start() == "trusted as ada@example.org"), "{form:?}: {text}");
    }
    insta::assert_snapshot!("imitation_why", stdout(&bench, &forms[0]));
    insta::assert_snapshot!("imitation_lineage", stdout(&bench, &forms[1]));
    insta::assert_snapshot!("imitation_verify", stdout(&bench, &["verify", "evil.expb", "--trust", "signers"]));
    insta::assert_snapshot!("imitation_log", stdout(&bench, &["log", "evil.expb"]));
}

/// Ada's model, rejected by Ben; and what Eve wrote about it, dated earlier.
fn flooded(bench: &Bench) -> Bundle {
    let mut of_ada = body("1", "wandb");
    of_ada.outputs.push(artifact("model", b"weights"));
    let (mut all, ada) = finished(titled(of_ada, "fine-tune for chat"));
    all.insert_statement_unchecked(statement(ada, &vouch(), Some("Ada"), ADA, "2026-11-21T09:00:00Z"));
    for day in 1..=9 {
        let words = review(ReviewVerdict::Approved, Some("medical use"), None);
        all.insert_statement_unchecked(statement(
            ada,
            &words,
            Some("ben@example.org"),
            EVE,
            &format!("2026-11-0{day}T09:00:00Z"),
        ));
    }
    let words = review(ReviewVerdict::Rejected, None, Some("backdoor found"));
    let rejected = statement(ada, &words, None, BEN, "2026-11-25T09:00:00Z");
    // The same statement in another envelope is the same statement.
    let mut again: Value = serde_json::from_slice(&rejected).expect("JSON");
    again["dsseEnvelope"]["signatures"][0].as_object_mut().expect("a signature").remove("keyid");
    all.insert_statement_unchecked(expbundle_format::json::to_bytes(&again).expect("JSON"));
    all.insert_statement_unchecked(rejected);
    std::fs::write(bench.path("weights.bin"), b"weights").expect("room");
    all
}

#[test]
fn no_number_of_statements_hides_what_a_trusted_person_wrote() {
    let bench = bench();
    save(&bench, "flood.expb", &flooded(&bench));
    insta::assert_snapshot!("flood_verify", stdout(&bench, &["verify", "flood.expb", "--trust", "signers"]));
    insta::assert_snapshot!("flood_verify_without_signers", stdout(&bench, &["verify", "flood.expb"]));
    let why = ["why", "weights.bin", "--with", "flood.expb"];
    insta::assert_snapshot!("flood_why", stdout(&bench, &[&why[..], &["--trust", "signers"]].concat()));
    insta::assert_snapshot!("flood_why_without_signers", stdout(&bench, &why));
    let log = ["log", "flood.expb", "--trust", "signers"];
    insta::assert_snapshot!("flood_log_begins", beginning(&stdout(&bench, &log)));
    insta::assert_snapshot!("flood_log_graph_begins", beginning(&stdout(&bench, &[&log[..], &["--graph"]].concat())));
    insta::assert_snapshot!("flood_log_without_signers_begins", beginning(&stdout(&bench, &log[..2])));
    let log = support::json(&stdout(&bench, &[&log[..], &["--json"]].concat()));
    support::valid("log", &log);
    let rejections = log.as_array().expect("statements").iter().filter(|one| one["against"] == true).count();
    assert_eq!((log.as_array().map(Vec::len), rejections), (Some(11), 1));
}

/// The lines that a person sees first.
fn beginning(text: &str) -> String {
    text.split_inclusive('\n').take(4).collect()
}

#[test]
fn a_log_begins_with_all_that_trusted_people_wrote_against_records() {
    let bench = bench();
    let (mut all, base) = finished(titled(body("1", "wandb"), "base"));
    let mut derived = body("2", "wandb");
    derived.parents = vec![Parent { record: base, relation: "fine-tuned-from".parse().expect("a word") }];
    let (child, tuned) = finished(titled(derived, "tuned"));
    all.merge(&child);
    let gone = DigestSet::of(b"a record that is not here");
    for (record, words, signer) in [
        (base, vouch(), ADA),
        (tuned, vouch(), ADA),
        (base, review(ReviewVerdict::NeedsChanges, None, Some("no seed")), BEN),
        (base, Predicate::Supersession(Superseded { successor: tuned, reason: Some("retrained".to_owned()) }), ADA),
        (gone, review(ReviewVerdict::Rejected, None, Some("leaked data")), BEN),
    ] {
        all.insert_statement_unchecked(statement(record, &words, None, signer, "2026-11-21T09:00:00Z"));
    }
    // More than a log shows of unknown keys.
    for number in 10..20 {
        let words = review(ReviewVerdict::Rejected, None, Some("noise"));
        all.insert_statement_unchecked(statement(base, &words, None, number, "2026-11-22T09:00:00Z"));
    }
    save(&bench, "a.expb", &all);
    for view in [&["log", "a.expb", "--trust", "signers"][..], &["log", "a.expb", "--trust", "signers", "--graph"]] {
        let text = stdout(&bench, view);
        let (first, _) = text.split_once("\n\n").expect("an empty line before the statements");
        let mut lines: Vec<&str> = first.lines().collect();
        lines.sort_unstable_by_key(|line| !line.contains("base"));
        assert!(matches!(lines.as_slice(), [_, _]), "{text}");
        let said = [
            "sent back for changes by ben@example.org: \"no seed\"; superseded by record",
            "(not a record that counts here): rejected by ben@example.org: \"leaked data\"",
        ];
        for (line, words) in lines.iter().zip(said) {
            assert!(line.contains(words) && !line.contains("noise"), "{line}");
        }
        // What strangers wrote stands apart, below all that counts.
        let (counting, apart) =
            text.split_once("By keys that are not trusted (10 statements do not count):").expect("a heading");
        assert!(!counting.contains("noise") && counting.contains("leaked data"), "{text}");
        assert_eq!((apart.matches("noise").count(), apart.matches("trusted as").count()), (10, 0), "{text}");
    }
    // Without a signers file each is by an unknown key, and of these a few are enough.
    let text = stdout(&bench, &["log", "a.expb"]);
    let (first, _) = text.split_once("\n\n").expect("an empty line before the statements");
    assert!(first.contains("superseded by record") && first.contains("retrained"), "{text}");
    assert!(first.contains("; objected to in 11 statements by 11 unknown keys"), "{text}");
}

#[test]
fn a_revocation_of_the_year_9999_is_not_silent() {
    let bench = bench();
    let (mut all, ada) = finished(titled(body("1", "wandb"), "fine-tune"));
    let authorship = statement(ada, &vouch(), None, ADA, "2026-11-21T09:00:00Z");
    all.insert_statement_unchecked(authorship);
    save(&bench, "a.expb", &all);
    let far = [
        "revoke",
        "a.expb",
        "--whole-record",
        "--yes",
        "--at",
        "9999-11-23T09:00:00Z",
        "--key",
        "ada",
        "-o",
        "far.expb",
    ];
    assert!(said(&bench, &far).contains("after now; until then a revocation"), "{}", said(&bench, &far));
    let since = [
        "revoke",
        "a.expb",
        "--whole-record",
        "--yes",
        "--since",
        "2926-11-23T00:00:00Z",
        "--key",
        "ada",
        "-o",
        "b.expb",
    ];
    assert!(said(&bench, &since).contains("counts from 2926"), "{}", said(&bench, &since));
    let old = ["note", "a.expb", "x", "--at", "0000-01-01T00:00:00Z", "--key", "ada", "-o", "old.expb"];
    assert!(said(&bench, &old).contains("long before now"), "{}", said(&bench, &old));
    let now = ["note", "a.expb", "x", "--key", "ada", "-o", "now.expb"];
    assert!(!said(&bench, &now).contains(" now;"));
    for bundle in ["far.expb", "b.expb"] {
        let verify = ["verify", bundle, "--trust", "signers"];
        assert!(said(&bench, &verify).contains("info[statement.future]"), "{}", said(&bench, &verify));
        let report = support::json(&stdout(&bench, &[&verify[..], &["--json"]].concat()));
        support::valid("report", &report);
    }
    let later = ["verify", "far.expb", "--trust", "signers", "--at", "9999-12-01T00:00:00Z"];
    let text = said(&bench, &later);
    assert!(text.contains("trust.revoked") && !text.contains("statement.future"), "{text}");
}

#[test]
fn a_key_that_takes_itself_back_is_heard() {
    let bench = bench();
    let (mut all, ada) = finished(titled(body("1", "wandb"), "fine-tune"));
    all.insert_statement_unchecked(statement(ada, &vouch(), None, EVE, "2026-11-21T09:00:00Z"));
    let revoked = Revoked::Signer(key(EVE).identity());
    let words = Predicate::Revocation(Revocation { revoked, since: None, reason: Some("stolen".to_owned()) });
    all.insert_statement_unchecked(statement(ada, &words, None, EVE, "2026-11-22T09:00:00Z"));
    save(&bench, "a.expb", &all);
    let log = support::json(&stdout(&bench, &["log", "a.expb", "--json"]));
    let states: Vec<_> =
        log.as_array().expect("statements").iter().map(|one| (&one["kind"], &one["revoked"])).collect();
    assert_eq!(states, [(&json!("revocation"), &json!(false)), (&json!("authorship"), &json!(true))]);
    let text = stdout(&bench, &["log", "a.expb"]);
    assert_eq!(text.matches("no longer counts").count(), 1, "{text}");
    assert!(text.contains("revokes its own key"), "{text}");
}

#[test]
fn runs_on_data_of_different_names_do_not_repeat_each_other() {
    let bench = Bench::new();
    let run = |name: &str, data: &str, md5: &str, recipe: &str| {
        let artifacts =
            json!({"artifacts": [{"direction": "input", "role": "dataset", "name": data, "foreign": {"md5": md5}}]});
        std::fs::write(bench.path("artifacts.json"), artifacts.to_string()).expect("room");
        std::fs::write(bench.path("recipe.json"), recipe).expect("room");
        let sections = ["--section", "artifacts=artifacts.json", "--section", "recipe=recipe.json"];
        bench.ok(&[&["create", "--title", name], &sections[..], &["-o", &format!("{name}.expb")]].concat());
    };
    let recipe = "{\"parameters\": {\"lr\": 0.1, \"seed\": 1}}";
    run("a", "data-A", "aa", recipe);
    run("b", "data-B", "bb", recipe);
    run("c", "data-A", "aa", recipe);
    run("d", "data-D", "dd", "{\"parameters\": {}, \"code\": {}}");
    run("e", "data-D", "dd", "{\"parameters\": {}, \"code\": {}}");
    bench.ok(&["merge", "a.expb", "b.expb", "c.expb", "d.expb", "e.expb", "-o", "all.expb"]);
    let report = support::json(&bench.ok(&["lineage", "all.expb", "--duplicates", "--json"]));
    support::valid("lineage", &report);
    let groups = report["duplicates"].as_array().expect("groups");
    assert_eq!((groups.len(), groups[0]["records"].as_array().map(Vec::len)), (1, Some(2)), "{report}");
    let words = bench.ok(&["lineage", "all.expb", "--duplicates"]);
    insta::assert_snapshot!("duplicates", words);
    // Whoever leaves the names out makes no two runs alike.
    bench.ok(&["withhold", "all.expb", "--section", "artifacts", "-o", "part.expb"]);
    assert!(bench.ok(&["lineage", "part.expb", "--duplicates"]).starts_with("no two runs here"));
}

#[test]
fn figures_that_would_spoil_a_sum_stand_beside_it() {
    let bench = Bench::new();
    let cost = json!({
        "charges": [
            {"amount": "50.50", "basis": "billed", "currency": "EUR"},
            {"amount": "-4999", "basis": "billed", "currency": "EUR"},
            {"amount": "a lot", "basis": "billed", "currency": "EUR · trusted"},
            {"amount": format!("0.{}1", "0".repeat(35)), "basis": "billed", "currency": "EUR"}
        ],
        "resources": [
            {"amount": 10, "basis": "measured", "resource": "accelerator", "unit": "h"},
            {"amount": -990, "basis": "measured", "resource": "accelerator", "unit": "h"},
            {"amount": "NaN", "basis": "measured", "resource": "accelerator", "unit": "h"},
            {"amount": "Infinity", "basis": "measured", "resource": "accelerator", "unit": "h"},
            {"amount": 1.7e308, "basis": "measured", "resource": "accelerator", "unit": "h"}
        ]
    });
    std::fs::write(bench.path("cost.json"), cost.to_string()).expect("room");
    bench.ok(&["create", "--title", "x", "--section", "cost=cost.json", "-o", "a.expb"]);
    insta::assert_snapshot!("figures", bench.ok(&["lineage", "a.expb", "--cost"]));
    let report = support::json(&bench.ok(&["lineage", "a.expb", "--cost", "--json"]));
    support::valid("lineage", &report);
    assert_eq!(report["cost"]["notAdded"].as_array().map(Vec::len), Some(7));
}
