//! What `lineage` and `why` conclude and never leave out: their exit status, what is withheld, and
//! what was said against whom.

use crate::support::{Bench, json, valid};
use expbundle::Bundle;
use expbundle::draft::Draft;
use expbundle_format::DigestSet;
use expbundle_format::container::EntryName;
use expbundle_format::limits::Limits;
use expbundle_format::number::Number;
use expbundle_format::record::{ArtifactRef, Form, Kind, Parent, Record, RecordBody, Source};
use expbundle_format::sections::{Artifact, Artifacts, Basis, Context, Cost, Direction, ResourceUse};
use expbundle_statement::{
    Asserted, Authorship, Comment, LinkClaim, Predicate, Review, ReviewVerdict, Revocation, Revoked, Signing,
    SigningKey, Superseded, sign,
};
use serde_json::Value;

const ADA: u8 = 1;
const BEN: u8 = 2;
const CAROL: u8 = 4;
const EVE: u8 = 3;

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

fn model(bytes: &[u8]) -> ArtifactRef {
    ArtifactRef::new("model".parse().expect("a role"), DigestSet::of(bytes).into(), bytes.len() as u64, Form::File)
}

/// A run that took in and put out these bytes, and followed from these records.
fn run(title: &str, inputs: &[&[u8]], outputs: &[&[u8]], parents: &[DigestSet]) -> Draft {
    let mut body = RecordBody::new(Kind::Run);
    body.inputs = inputs.iter().map(|bytes| model(bytes)).collect();
    body.outputs = outputs.iter().map(|bytes| model(bytes)).collect();
    let relation = || "fine-tuned-from".parse().expect("a word");
    body.parents = parents.iter().map(|record| Parent { record: *record, relation: relation() }).collect();
    let mut draft = Draft::new(body);
    draft.json_section(&Context { title: title.to_owned(), ..Context::default() }).expect("JSON");
    draft
}

fn finished(draft: Draft) -> (Bundle, DigestSet) {
    let bundle = draft.finish().expect("a bundle").into_bundle();
    let digest = bundle.records().next().expect("a record").1.digest().expect("memory");
    (bundle, digest)
}

fn say(bundle: &mut Bundle, about: DigestSet, predicate: &Predicate, by: u8) {
    let created = "2026-11-21T09:00:00Z".parse().expect("a time");
    bundle.insert_statement_unchecked(sign(predicate, about, &Signing::new(&key(by), created)).expect("a statement"));
}

fn vouch() -> Predicate {
    Predicate::Authorship(Authorship::default())
}

fn reject(reason: &str) -> Predicate {
    let reason = Some(reason.to_owned());
    Predicate::Review(Review { verdict: ReviewVerdict::Rejected, role: None, scope: None, reason })
}

fn revoke(record: DigestSet) -> Predicate {
    let revoked = Revoked::Record(expbundle_format::RecordId(record.blake3));
    Predicate::Revocation(Revocation { revoked, since: None, reason: None })
}

fn save(bench: &Bench, bundle: &Bundle) {
    bundle.save_over(&camino::Utf8PathBuf::from_path_buf(bench.path("a.expb")).expect("UTF-8")).expect("room");
}

/// A folder with a signers file that trusts Ada, and the file that the last run put out.
fn bench() -> Bench {
    let bench = Bench::new();
    let line = format!("ada@example.org {}\n", key(ADA).public_key());
    std::fs::write(bench.path("signers"), line).expect("room");
    std::fs::write(bench.path("tuned.bin"), b"tuned").expect("room");
    bench
}

/// Text in one line, so that no line break stands between its words.
fn flat(bench: &Bench, arguments: &[&str]) -> String {
    let text = String::from_utf8(bench.output(arguments).stdout).expect("UTF-8");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn report(bench: &Bench, arguments: &[&str]) -> Value {
    let output = bench.output(&[&["lineage", "a.expb", "--json"], arguments].concat());
    let report = json(&String::from_utf8(output.stdout).expect("UTF-8"));
    valid("lineage", &report);
    report
}

const VIEWS: &[&[&str]] = &[
    &["lineage", "a.expb"],
    &["lineage", "a.expb", "--down"],
    &["lineage", "a.expb", "--cost"],
    &["lineage", "a.expb", "--duplicates"],
    &["lineage", "a.expb", "--json"],
    &["lineage", "a.expb", "--svg"],
    &["lineage", "tuned.bin", "--with", "a.expb"],
    &["why", "a.expb"],
    &["why", "tuned.bin", "--with", "a.expb"],
];

#[test]
fn views_end_as_a_verification_of_what_they_show() {
    for (base_signer, tuned_signer, is_revoked, expected) in [
        (Some(ADA), Some(ADA), false, 0),
        (Some(ADA), Some(ADA), true, 3),
        (Some(EVE), Some(ADA), false, 0),
        (Some(EVE), Some(EVE), false, 3),
        (None, None, false, 3),
    ] {
        let bench = bench();
        let (mut all, base) = finished(run("base", &[], &[b"base"], &[]));
        let (tuned_bundle, tuned) = finished(run("tuned", &[b"base"], &[b"tuned"], &[]));
        all.merge(&tuned_bundle);
        for (signer, record) in [(base_signer, base), (tuned_signer, tuned)] {
            if let Some(signer) = signer {
                say(&mut all, record, &vouch(), signer);
            }
        }
        if is_revoked {
            say(&mut all, base, &revoke(base), ADA);
        }
        save(&bench, &all);
        let case = (base_signer, tuned_signer, is_revoked);
        let status = |arguments: &[&str]| bench.output(arguments).status.code();
        assert_eq!(status(&["verify", "a.expb", "--trust", "signers"]), Some(expected), "{case:?}");
        for view in VIEWS {
            assert_eq!(status(&[view, &["--trust", "signers"][..]].concat()), Some(expected), "{case:?} {view:?}");
            assert_eq!(status(view), Some(0), "{case:?} {view:?}");
        }
    }
}

#[test]
fn what_is_withheld_is_said_where_it_weakens_the_answer() {
    let bench = bench();
    let mut base = run("base", &[], &[b"base"], &[]);
    let named = Artifact {
        name: Some("llama".to_owned()),
        ..Artifact::new(Direction::Input, "model".parse().expect("a role"))
    };
    base.json_section(&Artifacts { artifacts: vec![named], salt: None }).expect("JSON");
    let (mut all, _) = finished(base);
    let (tuned, _) = finished(run("tuned", &[b"base"], &[b"tuned"], &[]));
    all.merge(&tuned);
    save(&bench, &all);
    let said = "inputs known only by name are withheld";
    assert!(!flat(&bench, &["lineage", "a.expb"]).contains(said));
    bench.ok(&["withhold", "a.expb", "--section", "artifacts", "-o", "b.expb"]);
    std::fs::rename(bench.path("b.expb"), bench.path("a.expb")).expect("a file");
    for view in [&["lineage", "a.expb"][..], &["lineage", "a.expb", "--dot"]] {
        assert!(flat(&bench, view).contains(said), "{view:?}");
    }
    let why = flat(&bench, &["why", "a.expb"]);
    assert!(why.contains("1 of its ancestors withholds inputs."), "{why}");
    let withheld: Vec<Value> =
        report(&bench, &[])["records"].as_array().expect("a list").iter().map(|one| one["withheld"].clone()).collect();
    assert!(withheld.contains(&serde_json::json!(["artifacts.json"])), "{withheld:?}");
    let duplicates = flat(&bench, &["lineage", "a.expb", "--duplicates"]);
    assert!(duplicates.contains("not compared at all: 1 record,"), "{duplicates}");
}

#[test]
fn what_is_said_against_a_parent_that_is_not_here_stands_in_every_view() {
    let bench = bench();
    let (_, base) = finished(run("base", &[], &[b"base"], &[]));
    let (middle_bundle, middle) = finished(run("middle", &[], &[b"middle"], &[base]));
    let (mut all, tuned) = finished(run("tuned", &[b"middle"], &[b"tuned"], &[]));
    all.merge(&middle_bundle);
    for record in [middle, tuned] {
        say(&mut all, record, &vouch(), ADA);
    }
    say(&mut all, base, &reject("poison"), ADA);
    save(&bench, &all);
    for trust in [&[][..], &["--trust", "signers"]] {
        for view in VIEWS.iter().filter(|view| !view.contains(&"--duplicates")) {
            let text = flat(&bench, &[view, trust].concat());
            assert!(text.contains("poison") && text.contains("rejected"), "{view:?}: {text}");
        }
        let tree = bench.output(&[&["lineage", "a.expb"], trust].concat()).stdout;
        let tree = String::from_utf8(tree).expect("UTF-8");
        assert!(tree.lines().next().expect("a line").contains("poison"), "{tree}");
        let absent = &report(&bench, trust)["absent"][0];
        assert_eq!(absent["id"], base.blake3.to_string());
        assert_eq!(absent["objections"][0]["kind"], "rejected");
    }
}

#[test]
fn keys_that_nobody_vouched_for_are_counted_and_hide_nothing_of_the_author() {
    let bench = bench();
    let (mut all, tuned) = finished(run("tuned", &[], &[b"tuned"], &[]));
    say(&mut all, tuned, &vouch(), ADA);
    say(&mut all, tuned, &reject("my own mistake"), ADA);
    for number in 10..16 {
        say(&mut all, tuned, &reject(&format!("lie {number}")), number);
    }
    save(&bench, &all);
    for view in [&["lineage", "a.expb"][..], &["lineage", "a.expb", "--dot"], &["why", "a.expb"], &["why", "tuned.bin"]]
    {
        let text = flat(&bench, view);
        assert!(text.contains("6 statements by 6 unknown keys"), "{view:?}: {text}");
        assert!(text.contains("my own mistake") && !text.contains("lie 1"), "{view:?}: {text}");
    }
    // With a signers file they count for nothing.
    let text = flat(&bench, &["lineage", "a.expb", "--trust", "signers"]);
    assert!(text.contains("my own mistake") && text.contains("set apart"), "{text}");
    let objections = report(&bench, &[])["records"][0]["objections"].clone();
    let by_author = objections.as_array().expect("a list").iter().filter(|one| one["byAuthor"] == true).count();
    assert_eq!((by_author, objections.as_array().map(Vec::len)), (1, Some(7)));
}

/// So many hours, of which those that are not figures are written `NaN`.
fn hours(amounts: &[f64]) -> Cost {
    let resource = |amount: &f64| ResourceUse {
        resource: "accelerator".to_owned(),
        model: None,
        amount: Number(*amount),
        unit: "h".to_owned(),
        basis: Basis::Measured,
        method: None,
    };
    Cost { resources: amounts.iter().map(resource).collect(), charges: Vec::new(), salt: None }
}

#[test]
fn what_a_revoked_record_cost_is_listed_and_not_added() {
    let bench = bench();
    let mut base = run("base", &[], &[b"base"], &[]);
    base.json_section(&hours(&[700.0])).expect("JSON");
    let (mut all, base) = finished(base);
    let mut tuned = run("tuned", &[b"base"], &[b"tuned"], &[]);
    tuned.json_section(&hours(&[3.0])).expect("JSON");
    let (tuned_bundle, tuned) = finished(tuned);
    all.merge(&tuned_bundle);
    for record in [base, tuned] {
        say(&mut all, record, &vouch(), ADA);
    }
    say(&mut all, base, &revoke(base), ADA);
    save(&bench, &all);
    for trust in [&["--cost"][..], &["--cost", "--trust", "signers"]] {
        let report = report(&bench, trust);
        let cost = &report["cost"];
        assert_eq!(cost["resources"][0]["amount"], 3.0);
        assert_eq!(cost["revoked"], serde_json::json!([base.blake3.to_string()]));
        assert_eq!(cost["unknown"], serde_json::json!([]));
        assert_eq!(cost["notAdded"][0]["why"], "revoked");
        let text = flat(&bench, &[&["lineage", "a.expb"], trust].concat());
        assert!(
            text.contains("1 record that was revoked")
                && text.contains("not added: resource accelerator 700 h of record"),
            "{text}"
        );
        assert!(!text.contains("no cost that could be added"), "{text}");
    }
    bench.ok(&["withhold", "a.expb", "--section", "cost", "-o", "b.expb"]);
    let text = flat(&bench, &["lineage", "b.expb", "--cost"]);
    assert!(text.contains("1 record that withholds its cost"), "{text}");
}

#[test]
fn a_withheld_cost_that_would_count_before_another_of_the_same_run_is_said() {
    let one_run = |title: &str, amount: f64| {
        let mut draft = run(title, &[], &[b"base"], &[]);
        draft.body_mut().source = Some(Source { tool: "mlflow".to_owned(), run: "1".to_owned() });
        draft.json_section(&hours(&[amount])).expect("JSON");
        finished(draft)
    };
    let mut both = [one_run("first", 700.0), one_run("second", 3.0)];
    both.sort_by_key(|(_, record)| expbundle_format::RecordId(record.blake3));
    let [(first, lower), (second, higher)] = both;
    for (whole, thin, repeated, withheld) in [(&second, &first, 0, 1), (&first, &second, 1, 0)] {
        let bench = bench();
        let signed = |bundle: &Bundle| {
            let mut bundle = bundle.clone();
            for record in [lower, higher] {
                say(&mut bundle, record, &vouch(), ADA);
            }
            bundle
        };
        save(&bench, &signed(thin));
        bench.ok(&["withhold", "a.expb", "--section", "cost", "-o", "thin.expb"]);
        save(&bench, &signed(whole));
        bench.ok(&["merge", "a.expb", "thin.expb", "-o", "both.expb"]);
        std::fs::rename(bench.path("both.expb"), bench.path("a.expb")).expect("a file");
        let report = report(&bench, &["--cost"]);
        let number = |list: &str| report["cost"][list].as_array().map(Vec::len);
        assert_eq!(
            (number("counted"), number("repeated"), number("withheld")),
            (Some(1), Some(repeated), Some(withheld))
        );
    }
}

/// Records without inputs, vouched for by Ada, in the order of their ids.
fn vouched(all: &mut Bundle, count: usize, outputs: &[&[u8]]) -> Vec<DigestSet> {
    let mut records = Vec::new();
    for number in 0..count {
        let (bundle, record) = finished(run(&format!("run {number}"), &[], outputs, &[]));
        all.merge(&bundle);
        say(all, record, &vouch(), ADA);
        records.push(record);
    }
    records.sort_by_key(|record| expbundle_format::RecordId(record.blake3));
    records
}

fn revoke_because(record: DigestSet, reason: &str) -> Predicate {
    let revoked = Revoked::Record(expbundle_format::RecordId(record.blake3));
    Predicate::Revocation(Revocation { revoked, since: None, reason: Some(reason.to_owned()) })
}

#[test]
fn no_bound_of_a_view_leaves_out_what_was_said_against_an_ancestor() {
    let bench = bench();
    let (mut all, poisoned) = finished(run("poisoned", &[], &[b"poisoned"], &[]));
    say(&mut all, poisoned, &vouch(), ADA);
    say(&mut all, poisoned, &reject("LEAKED"), ADA);
    let mut parents = vouched(&mut all, 150, &[]);
    // Under the last of so many that the tree ends before it.
    let last = (0..).map(|number| finished(run(&format!("last {number}"), &[], &[], &[poisoned])));
    let highest = parents.last().expect("a parent").blake3;
    let (last_bundle, last) =
        last.into_iter().find(|(_, record)| record.blake3 > highest).expect("ids are as good as random");
    all.merge(&last_bundle);
    say(&mut all, last, &vouch(), ADA);
    let other = parents[0].blake3.to_string();
    parents.push(last);
    let (tuned_bundle, tuned) = finished(run("tuned", &[], &[b"tuned"], &parents));
    all.merge(&tuned_bundle);
    say(&mut all, tuned, &vouch(), ADA);
    save(&bench, &all);
    let parts: [&[&str]; 4] = [&[], &["--depth", "1"], &["--to", &other[..16]], &["--record", &other[..16], "--down"]];
    for trust in [&[][..], &["--trust", "signers"]] {
        for part in parts {
            for form in [&[][..], &["--svg"], &["--dot"], &["--mermaid"]] {
                let text = flat(&bench, &[&["lineage", "a.expb"], trust, part, form].concat());
                assert!(text.contains("LEAKED"), "{part:?} {form:?}: {text}");
            }
        }
        for part in parts.into_iter().chain([&["--cost"][..], &["--duplicates"], &["--cost", "--duplicates"]]) {
            let text = bench.output(&[&["lineage", "a.expb"], trust, part].concat()).stdout;
            let text = String::from_utf8(text).expect("UTF-8");
            assert!(text.lines().next().is_some_and(|line| line.contains("LEAKED")), "{part:?}: {text}");
            let objected = &report(&bench, &[trust, part].concat())["objected"];
            assert_eq!(objected[0]["id"], poisoned.blake3.to_string(), "{part:?}");
            assert_eq!(objected[0]["objections"][0]["reason"], "LEAKED", "{part:?}");
            assert_eq!(objected.as_array().map(Vec::len), Some(1), "{part:?}");
        }
    }
}

#[test]
fn a_part_that_a_question_cannot_have_is_refused() {
    let bench = bench();
    let (all, tuned) = finished(run("tuned", &[], &[b"tuned"], &[]));
    save(&bench, &all);
    let id = tuned.blake3.to_string();
    for question in ["--cost", "--duplicates"] {
        for part in [&["--depth", "2"][..], &["--to", &id], &["--down"], &["--svg"], &["--dot"], &["--mermaid"]] {
            let output = bench.output(&[&["lineage", "a.expb", question], part].concat());
            assert_eq!(output.status.code(), Some(2), "{question} {part:?}");
        }
    }
}

#[test]
fn a_tree_has_each_objection_once_and_a_mark_at_each_place() {
    let bench = bench();
    let (mut all, base) = finished(run("base", &[], &[b"base"], &[]));
    say(&mut all, base, &vouch(), ADA);
    for number in 0..30 {
        say(&mut all, base, &revoke_because(base, &format!("reason {number} of many")), ADA);
        let (bundle, tuned) = finished(run(&format!("tuned {number}"), &[b"base"], &[], &[]));
        all.merge(&bundle);
        say(&mut all, tuned, &vouch(), ADA);
    }
    save(&bench, &all);
    let id = base.blake3.to_string();
    for part in [&[][..], &["--to", &id]] {
        let text = flat(&bench, &[&["lineage", "a.expb", "--trust", "signers"], part].concat());
        // Below stand the first five findings, whatever is shown.
        let (text, _) = text.split_once("warning[").expect("findings");
        for number in 0..30 {
            assert_eq!(text.matches(&format!("reason {number} of many")).count(), 1, "{text}");
        }
        assert!(text.matches("· ! revoked").count() >= 20, "{text}");
    }
}

#[test]
fn why_tells_first_of_makers_that_somebody_objects_to() {
    for bad in [1, 12] {
        let bench = bench();
        let mut all = Bundle::new();
        let makers = vouched(&mut all, 30, &[b"tuned"]);
        for (number, maker) in makers.iter().rev().take(bad).enumerate() {
            say(&mut all, *maker, &reject(&format!("bad {number}.")), ADA);
        }
        say(&mut all, makers[20 - bad], &revoke_because(makers[20 - bad], "WRONG"), ADA);
        save(&bench, &all);
        for view in [&["why", "tuned.bin"][..], &["why", "a.expb"]] {
            for trust in [&[][..], &["--trust", "signers"]] {
                let text = flat(&bench, &[view, trust].concat());
                for number in 0..bad {
                    assert!(text.contains(&format!("bad {number}.")), "{view:?} {trust:?}: {text}");
                }
                let (wrong, bad) = (text.find("WRONG"), text.find("bad 0."));
                assert!(wrong.is_some() && wrong < bad, "{view:?} {trust:?}: {text}");
                assert!(text.contains("20 more records"), "{text}");
            }
        }
    }
}

#[test]
fn why_tells_what_was_said_against_an_ancestor_of_a_maker_that_is_folded() {
    let bench = bench();
    let mut all = Bundle::new();
    let mut makers = Vec::new();
    for number in 0..30 {
        let (base_bundle, base) = finished(run(&format!("base {number}"), &[], &[], &[]));
        let (bundle, maker) = finished(run(&format!("run {number}"), &[], &[b"tuned"], &[base]));
        all.merge(&base_bundle);
        all.merge(&bundle);
        say(&mut all, base, &vouch(), ADA);
        say(&mut all, maker, &vouch(), ADA);
        makers.push((expbundle_format::RecordId(maker.blake3), base));
    }
    let (_, base) = makers.into_iter().max_by_key(|(id, _)| *id).expect("a maker");
    say(&mut all, base, &reject("LEAKED"), ADA);
    save(&bench, &all);
    for trust in [&[][..], &["--trust", "signers"]] {
        let text = flat(&bench, &[&["why", "tuned.bin"], trust].concat());
        assert!(text.contains("LEAKED"), "{trust:?}: {text}");
    }
}

#[test]
fn a_report_names_the_weightiest_ancestors_and_counts_the_rest() {
    let bench = bench();
    let mut all = Bundle::new();
    let parents = vouched(&mut all, 40, &[]);
    for parent in &parents {
        say(&mut all, *parent, &reject("poison"), ADA);
    }
    let last = *parents.last().expect("a parent");
    say(&mut all, last, &revoke(last), ADA);
    let (bundle, tuned) = finished(run("tuned", &[], &[], &parents));
    all.merge(&bundle);
    say(&mut all, tuned, &vouch(), ADA);
    save(&bench, &all);
    for trust in [&[][..], &["--trust", "signers"]] {
        let output = bench.output(&[&["verify", "--json", "a.expb"], trust].concat());
        let report = json(&String::from_utf8(output.stdout).expect("UTF-8"));
        valid("report", &report);
        let records = report["records"].as_array().expect("a list");
        let head = records.iter().find(|record| record["title"] == "tuned").expect("there");
        assert_eq!(head["ancestorsObjected"].as_array().map(Vec::len), Some(16));
        assert_eq!(head["ancestorsObjected"][0], last.blake3.to_string());
        assert_eq!(head["ancestorsObjectedMore"], 24);
        let others = records.iter().filter(|record| record["title"] != "tuned");
        assert!(others.into_iter().all(|record| record["ancestorsObjectedMore"] == 0));
    }
}

/// A run with a cost, of a tool's run.
fn costing(title: &str, of: Option<&str>, amounts: &[f64], inputs: &[&[u8]]) -> (Bundle, DigestSet) {
    let mut body = RecordBody::new(Kind::Run);
    body.inputs = inputs.iter().map(|bytes| model(bytes)).collect();
    body.outputs = vec![model(title.as_bytes())];
    body.source = of.map(|run| Source { tool: "wandb".to_owned(), run: run.to_owned() });
    let mut draft = Draft::new(body);
    draft.json_section(&Context { title: title.to_owned(), ..Context::default() }).expect("JSON");
    draft.json_section(&hours(amounts)).expect("JSON");
    finished(draft)
}

fn names(records: &[DigestSet]) -> Value {
    let mut names: Vec<String> = records.iter().map(|record| record.blake3.to_string()).collect();
    names.sort_unstable();
    names.into()
}

#[test]
fn a_cost_that_says_nothing_takes_no_run_from_one_that_does() {
    for (empty, not_added) in [(&[][..], 0), (&[f64::NAN], 1), (&[-1.0], 1)] {
        // Whichever has the lower id.
        for number in 0..4 {
            let bench = bench();
            let (mut all, silent) = costing(&format!("silent {number}"), Some("1"), empty, &[]);
            let (said_bundle, said) = costing("said", Some("1"), &[100.0], &[]);
            let (alone_bundle, alone) = costing("alone", None, empty, &[]);
            let inputs = [format!("silent {number}"), "said".to_owned(), "alone".to_owned()];
            let inputs: Vec<&[u8]> = inputs.iter().map(String::as_bytes).collect();
            let (last_bundle, last) = costing("tuned", None, &[1.0], &inputs);
            for other in [&said_bundle, &alone_bundle, &last_bundle] {
                all.merge(other);
            }
            save(&bench, &all);
            let cost = report(&bench, &["--cost"])["cost"].clone();
            assert_eq!(cost["resources"][0]["amount"], 101.0);
            assert_eq!(cost["counted"], names(&[said, last]));
            assert_eq!((&cost["repeated"], &cost["unknown"]), (&names(&[silent]), &names(&[alone])));
            let figures = cost["notAdded"].as_array().expect("a list");
            assert_eq!(figures.len(), not_added, "{figures:?}");
            for figure in figures {
                assert_eq!(
                    (&figure["record"], &figure["resource"]),
                    (&names(&[alone])[0], &Value::from("accelerator"))
                );
            }
            let text = flat(&bench, &["lineage", "a.expb", "--cost"]);
            assert!(text.contains("1 record that states no cost that could be added"), "{text}");
            assert!(text.contains("1 record that is of a run that is already counted"), "{text}");
        }
    }
}

#[test]
fn a_successor_that_was_not_revoked_counts_in_place_of_what_it_supersedes() {
    let supersede = |successor: DigestSet| Predicate::Supersession(Superseded { successor, reason: None });
    for (of_old, of_new, is_revoked) in
        [(Some("a"), Some("b"), false), (None, Some("b"), false), (Some("a"), Some("a"), true), (Some("a"), None, true)]
    {
        let bench = bench();
        let (mut all, old) = costing("old", of_old, &[500.0], &[]);
        let (new_bundle, new) = costing("new", of_new, &[7.0], &[]);
        let (last_bundle, last) = costing("tuned", None, &[1.0], &[b"old", b"new"]);
        all.merge(&new_bundle);
        all.merge(&last_bundle);
        for record in [old, new, last] {
            say(&mut all, record, &vouch(), ADA);
        }
        say(&mut all, old, &supersede(new), ADA);
        if is_revoked {
            say(&mut all, new, &revoke(new), ADA);
        }
        save(&bench, &all);
        let (sum, counts) = if is_revoked { (501.0, old) } else { (8.0, new) };
        for trust in [&["--cost"][..], &["--cost", "--trust", "signers"]] {
            let cost = report(&bench, trust)["cost"].clone();
            assert_eq!(cost["resources"][0]["amount"], sum, "{of_old:?} {of_new:?} {is_revoked}");
            assert_eq!(cost["counted"], names(&[counts, last]));
            let (superseded, revoked) = if is_revoked { (vec![], vec![new]) } else { (vec![old], vec![]) };
            assert_eq!((&cost["superseded"], &cost["revoked"]), (&names(&superseded), &names(&revoked)));
            assert_eq!((&cost["unknown"], &cost["repeated"]), (&names(&[]), &names(&[])));
            let text = flat(&bench, &[&["lineage", "a.expb"], trust].concat());
            assert_eq!(text.contains("1 record that was superseded by another record here"), !is_revoked, "{text}");
        }
    }
}

#[test]
fn a_parent_that_has_no_say_any_more_was_revoked_and_is_here() {
    let bench = bench();
    let (mut all, base) = costing("base", None, &[700.0], &[]);
    let (tuned_bundle, tuned) = finished(run("tuned", &[], &[b"tuned"], &[base]));
    all.merge(&tuned_bundle);
    say(&mut all, base, &vouch(), EVE);
    say(&mut all, tuned, &vouch(), ADA);
    say(&mut all, base, &revoke(base), ADA);
    save(&bench, &all);
    let cost = report(&bench, &["--cost", "--trust", "signers"])["cost"].clone();
    assert_eq!((&cost["revoked"], &cost["absent"]), (&names(&[base]), &names(&[])));
    assert_eq!(cost["notAdded"][0]["record"], base.blake3.to_string());
}

#[test]
fn who_approves_something_else_takes_back_no_rejection() {
    let review = |verdict, scope: &str, role: &str| {
        let (scope, role) = (Some(scope.to_owned()), Some(role.to_owned()));
        Predicate::Review(Review { verdict, role, scope, reason: Some("poison".to_owned()) })
    };
    for (scope, role, is_lost) in
        [("spelling", "legal", false), ("training data", "editor", false), ("training data", "legal", true)]
    {
        let bench = bench();
        let (mut all, tuned) = finished(run("tuned", &[], &[b"tuned"], &[]));
        say(&mut all, tuned, &vouch(), ADA);
        say(&mut all, tuned, &review(ReviewVerdict::Rejected, "training data", "legal"), ADA);
        let later = "2026-11-22T09:00:00Z".parse().expect("a time");
        let approved = review(ReviewVerdict::Approved, scope, role);
        all.insert_statement_unchecked(sign(&approved, tuned, &Signing::new(&key(ADA), later)).expect("a statement"));
        save(&bench, &all);
        for trust in [&[][..], &["--trust", "signers"]] {
            let objections = report(&bench, trust)["records"][0]["objections"].as_array().map_or(0, Vec::len);
            assert_eq!(objections, usize::from(!is_lost), "{scope} {role}");
            let why = flat(&bench, &[&["why", "a.expb"], trust].concat());
            assert_eq!(why.contains("rejected"), !is_lost, "{why}");
        }
    }
}

#[test]
fn what_is_withheld_hides_no_objection_to_whoever_may_be_a_parent() {
    for (said, status) in [(true, 3), (false, 0)] {
        let bench = bench();
        let mut base = run("base", &[], &[b"base"], &[]);
        base.json_section(&Artifacts { artifacts: vec![], salt: None }).expect("JSON");
        let (mut all, base) = finished(base);
        let (tuned_bundle, tuned) = finished(run("tuned", &[b"base"], &[b"tuned"], &[]));
        all.merge(&tuned_bundle);
        for record in [base, tuned] {
            say(&mut all, record, &vouch(), ADA);
        }
        say(&mut all, base, &if said { revoke(base) } else { reject("POISON") }, ADA);
        save(&bench, &all);
        bench.ok(&["withhold", "a.expb", "--section", "artifacts", "-o", "b.expb"]);
        let id = tuned.blake3.to_string();
        bench.ok(&["merge", "b.expb", "--closure", &id, "-o", "c.expb"]);
        for bundle in ["a.expb", "b.expb", "c.expb"] {
            for view in [&["why", "tuned.bin", "--with", bundle][..], &["lineage", bundle, "--record", &id]] {
                let output = bench.output(&[view, &["--trust", "signers"]].concat());
                let text = String::from_utf8(output.stdout).expect("UTF-8");
                let words = if said { "revoked" } else { "POISON" };
                assert!(output.status.code() == Some(status) && text.contains(words), "{view:?}: {text}");
            }
        }
    }
}

/// A bundle of a record by Ada and one by Ben, who is trusted too, whose key somebody else took
/// back.
fn taken_back(bench: &Bench) -> (Bundle, DigestSet) {
    let line = |name: &str, number| format!("{name}@example.org {}\n", key(number).public_key());
    std::fs::write(bench.path("signers"), line("ada", ADA) + &line("ben", BEN) + &line("carol", CAROL)).expect("room");
    let (mut all, one) = finished(run("one", &[], &[b"one"], &[]));
    let (tuned_bundle, tuned) = finished(run("tuned", &[], &[b"tuned"], &[]));
    all.merge(&tuned_bundle);
    say(&mut all, one, &vouch(), ADA);
    say(&mut all, tuned, &vouch(), BEN);
    (all, tuned)
}

fn revoke_key(number: u8, reason: &str) -> Predicate {
    let revoked = Revoked::Signer(key(number).identity());
    Predicate::Revocation(Revocation { revoked, since: None, reason: Some(reason.to_owned()) })
}

#[test]
fn what_was_taken_back_is_in_every_view_with_all_that_was_said() {
    let bench = bench();
    let (mut all, tuned) = taken_back(&bench);
    say(&mut all, tuned, &revoke_key(BEN, "STOLEN"), ADA);
    say(&mut all, tuned, &revoke_key(BEN, "ME TOO"), CAROL);
    save(&bench, &all);
    let id = tuned.blake3.to_string();
    let views: [&[&str]; 6] = [
        &["verify", "a.expb"],
        &["lineage", "a.expb"],
        &["lineage", "a.expb", "--json"],
        &["lineage", "a.expb", "--dot"],
        &["lineage", "a.expb", "--record", &id],
        &["why", "tuned.bin", "--with", "a.expb"],
    ];
    for view in views {
        let output = bench.output(&[view, &["--trust", "signers"]].concat());
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(output.status.code(), Some(3), "{view:?}: {text}");
        assert!(text.contains("STOLEN") && text.contains("ME TOO"), "{view:?}: {text}");
    }
    // Where nothing else is there, no stranger's word changes how a view ends.
    let (mut alone, tuned) = finished(run("tuned", &[], &[b"tuned"], &[]));
    say(&mut alone, tuned, &vouch(), BEN);
    say(&mut alone, tuned, &revoke_key(BEN, "STOLEN"), ADA);
    for is_stranger_here in [false, true] {
        if is_stranger_here {
            say(&mut alone, tuned, &Predicate::Comment(Comment { text: "hello".to_owned() }), EVE);
        }
        save(&bench, &alone);
        report(&bench, &["--trust", "signers"]);
        for view in views {
            let output = bench.output(&[view, &["--trust", "signers"]].concat());
            let text = String::from_utf8(output.stdout).expect("UTF-8");
            assert!(output.status.code() == Some(3) && text.contains("STOLEN"), "{view:?}: {text}");
        }
    }
}

#[test]
fn an_authorship_by_a_revoked_key_makes_nobody_elses_record_revoked() {
    let bench = bench();
    let (mut all, tuned) = taken_back(&bench);
    say(&mut all, tuned, &vouch(), ADA);
    let elsewhere = DigestSet::of(b"a record that is not here");
    say(&mut all, elsewhere, &revoke_key(BEN, "STOLEN"), CAROL);
    save(&bench, &all);
    let text = flat(&bench, &["verify", "a.expb", "--trust", "signers"]);
    assert!(text.starts_with("✓ intact, signed and trusted: a.expb"), "{text}");
    let report = report(&bench, &["--trust", "signers"]);
    assert!(report["objected"].as_array().is_some_and(Vec::is_empty), "{report}");
    // Who takes back only their own signature revoked nothing.
    say(&mut all, tuned, &revoke(tuned), BEN);
    save(&bench, &all);
    let text = flat(&bench, &["verify", "a.expb"]);
    assert!(text.contains("partly revoked by") && !text.contains("1 record was revoked"), "{text}");
}

#[test]
fn a_link_that_nobody_could_verify_any_more_is_not_written() {
    let bench = bench();
    let (mut all, one) = finished(run("one", &[], &[b"one"], &[]));
    say(&mut all, one, &vouch(), ADA);
    save(&bench, &all);
    let before = std::fs::read(bench.path("a.expb")).expect("a bundle");
    bench.ok(&["keygen", "-o", "key"]);
    bench.fails(2, "cli.usage", &["link", "a.expb", "--parent", "a.expb", "--key", "key"]);
    std::fs::write(bench.path("other.bin"), b"other").expect("room");
    bench.fails(2, "cli.usage", &["link", "a.expb", "--parent", "a.expb", "--input", "other.bin", "--key", "key"]);
    assert_eq!(std::fs::read(bench.path("a.expb")).expect("a bundle"), before);
    // Nor is what cannot be verified joined, alone or with others.
    say(
        &mut all,
        one,
        &Predicate::Link(Asserted {
            claim: LinkClaim::Record { parent: one, relation: None, artifact: None },
            reason: None,
        }),
        ADA,
    );
    save(&bench, &all);
    bench.fails(1, "lineage.cycle", &["merge", "a.expb", "-o", "b.expb"]);
}

#[test]
fn a_flood_of_statements_does_not_keep_the_owner_from_signing() {
    let (mut all, one) = finished(run("one", &[], &[b"one"], &[]));
    say(&mut all, one, &vouch(), ADA);
    for number in 0..150 {
        say(&mut all, one, &Predicate::Comment(Comment { text: format!("{number}") }), EVE);
    }
    let bytes = |bundle: &Bundle| {
        let mut bytes = Vec::new();
        bundle.write(&mut bytes).expect("memory");
        bytes
    };
    let unverified = expbundle::verify::Unverified::new(expbundle::Content::bytes(bytes(&all)));
    let mut intact = unverified.check(expbundle::verify::Digests::Blake3).expect("intact").intact;
    let ada = key(ADA);
    let own = intact.statements().iter().find(|one| *one.identity() == ada.identity()).expect("her authorship").id();
    let signing = Signing::new(&ada, "2026-11-25T09:00:00Z".parse().expect("a time"));
    let words = Predicate::Comment(Comment { text: "mine".to_owned() });
    let signed = intact.say(expbundle_format::RecordId(one.blake3), &words, &signing).expect("room");
    let previous = signed.statement().previous();
    assert!(previous.len() == 100 && previous.contains(&own), "{}", previous.len());
}

/// The bundle with a record that does not say which of its outputs it was given, as other writers
/// may leave it.
fn unmarked(bundle: &Bundle) -> (Bundle, DigestSet) {
    let limits = Limits::default();
    let (_, record) = bundle.records().next().expect("a record");
    let bytes = record.read(limits.record_bytes).expect("memory");
    let mut body = Record::parse(bytes, &limits).expect("a record").body().clone();
    body.outputs.iter_mut().for_each(|output| output.passed_on = None);
    let record = Record::write(body).expect("a record");
    let mut unmarked = Bundle::new();
    unmarked.insert_unchecked(EntryName::Record(record.id()), expbundle::Content::bytes(record.bytes()));
    for (_, name, content) in bundle.sections() {
        unmarked.insert_unchecked(EntryName::Section { record: record.id(), section: name.clone() }, content.clone());
    }
    (unmarked, record.digest())
}

#[test]
fn a_file_that_may_only_have_been_passed_on_is_not_trusted() {
    let bench = bench();
    // It was given what it put out, and only its description of artifacts says so.
    let mut given = Artifact::new(Direction::Input, "model".parse().expect("a role"));
    given.digest = Some(DigestSet::of(b"tuned").into());
    let mut draft = run("given", &[], &[b"tuned"], &[]);
    draft.json_section(&Artifacts { artifacts: vec![given], ..Artifacts::default() }).expect("a section");
    let (mut all, one) = unmarked(&finished(draft).0);
    say(&mut all, one, &vouch(), ADA);
    save(&bench, &all);
    bench.ok(&["withhold", "a.expb", "--section", "artifacts", "-o", "less.expb"]);
    for bundle in ["a.expb", "less.expb"] {
        for verb in ["why", "lineage"] {
            let ended = bench.output(&[verb, "tuned.bin", "--with", bundle, "--trust", "signers"]);
            assert_eq!(ended.status.code(), Some(3), "{verb} {bundle}");
        }
    }
}

#[test]
fn leaving_out_who_signed_a_revoked_ancestor_hides_nothing() {
    let bench = bench();
    let line = |name: &str, number| format!("{name}@example.org {}\n", key(number).public_key());
    std::fs::write(bench.path("signers"), line("ada", ADA) + &line("ben", BEN)).expect("room");
    let (mut all, base) = finished(run("base", &[], &[b"weights"], &[]));
    let (child, tuned) = finished(run("tuned", &[b"weights"], &[b"tuned"], &[]));
    all.merge(&child);
    say(&mut all, tuned, &vouch(), ADA);
    say(&mut all, base, &revoke(base), BEN);
    save(&bench, &all);
    let id = tuned.blake3.to_string();
    let trust = ["--trust", "signers"];
    for arguments in [&["lineage", "a.expb"][..], &["lineage", "a.expb", "--record", &id], &["why", "a.expb"]] {
        let ended = bench.output(&[arguments, &trust].concat());
        let text = String::from_utf8(ended.stdout).expect("UTF-8");
        assert!(ended.status.code() == Some(3) && text.contains("revoked by ben@example.org"), "{text}");
    }
    bench.ok(&["merge", "a.expb", "--closure", &id, "--trust", "signers", "-o", "closure.expb"]);
    assert_eq!(bench.output(&["verify", "closure.expb", "--trust", "signers"]).status.code(), Some(3));
}

/// The signers file of [`bench`] with a second line.
fn also_trust(bench: &Bench, line: &str) {
    let signers = std::fs::read_to_string(bench.path("signers")).expect("a file") + line + "\n";
    std::fs::write(bench.path("signers"), signers).expect("room");
}

#[test]
fn a_key_taken_back_of_a_parent_that_is_not_here_is_not_forgotten() {
    let bench = bench();
    also_trust(&bench, &format!("ben@example.org {}", key(BEN).public_key()));
    let (parent_alone, parent) = finished(run("base", &[], &[b"base"], &[]));
    let (mut child, tuned) = finished(run("tuned", &[], &[b"tuned"], &[parent]));
    say(&mut child, tuned, &vouch(), ADA);
    say(&mut child, parent, &revoke_key(BEN, "STOLEN"), ADA);
    let parts = [&child, &parent_alone].map(|bundle| bundle.check().expect("it is made right").intact);
    let mut whole = expbundle::verify::Intact::union(parts).expect("two parts").bundle().clone();
    say(&mut whole, parent, &vouch(), BEN);
    for all in [whole, child] {
        save(&bench, &all);
        for view in [&["lineage", "a.expb"][..], &["lineage", "a.expb", "--json"], &["why", "tuned.bin"]] {
            let output = bench.output(&[view, &["--trust", "signers"]].concat());
            let text = String::from_utf8(output.stdout).expect("UTF-8");
            assert!(output.status.code() == Some(3) && text.contains("STOLEN"), "{view:?}: {text}");
        }
        // The state never says more than the exit status.
        assert_eq!(report(&bench, &["--trust", "signers"])["state"], "intact");
    }
}

/// Whoever names a record as a parent could else turn what was said of a key into an objection.
#[test]
fn a_parent_that_only_strangers_name_is_objected_to_by_nobody() {
    let bench = bench();
    also_trust(&bench, &format!("ben@example.org {}", key(BEN).public_key()));
    let parent = DigestSet::of(b"a record that is not here");
    let (mut all, tuned) = finished(run("tuned", &[], &[b"tuned"], &[]));
    say(&mut all, tuned, &vouch(), ADA);
    say(&mut all, parent, &revoke_key(BEN, "STOLEN"), ADA);
    let (strange, _) = finished(run("strange", &[], &[b"strange"], &[parent]));
    all.merge(&strange);
    let claim = LinkClaim::Record { parent, relation: None, artifact: None };
    say(&mut all, tuned, &Predicate::Link(Asserted { claim, reason: None }), EVE);
    save(&bench, &all);
    let text = flat(&bench, &["verify", "a.expb", "--trust", "signers"]);
    assert!(text.starts_with("✓ intact, signed and trusted: a.expb"), "{text}");
    let report = report(&bench, &["--trust", "signers"]);
    assert_eq!((&report["state"], &report["objected"]), (&"trusted".into(), &serde_json::json!([])));
}

#[test]
fn a_key_that_is_not_trusted_now_takes_back_nothing_of_others() {
    let bench = bench();
    also_trust(&bench, &format!("dan@example.org valid-before=\"20200101Z\" {}", key(CAROL).public_key()));
    let (mut all, tuned) = finished(run("tuned", &[], &[b"tuned"], &[]));
    say(&mut all, tuned, &vouch(), ADA);
    say(&mut all, tuned, &vouch(), CAROL);
    save(&bench, &all);
    let views = [&["verify", "a.expb"][..], &["lineage", "a.expb"], &["why", "a.expb"]];
    let before = views.map(|view| bench.output(&[view, &["--trust", "signers"]].concat()).status.code());
    assert_eq!(before, [Some(0); 3]);
    say(&mut all, tuned, &revoke(tuned), CAROL);
    save(&bench, &all);
    for view in views {
        let output = bench.output(&[view, &["--trust", "signers"]].concat());
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(output.status.code(), Some(0), "{view:?}: {text}");
        assert!(!text.contains("partly revoked") && !text.contains("objects to"), "{view:?}: {text}");
    }
}

#[test]
fn a_bundle_that_was_not_read_lowers_the_answer() {
    let bench = bench();
    let (mut all, tuned) = finished(run("tuned", &[], &[b"tuned"], &[]));
    say(&mut all, tuned, &vouch(), ADA);
    save(&bench, &all);
    assert_eq!(report(&bench, &["--trust", "signers"])["state"], "trusted");
    std::fs::write(bench.path("bad.expb"), b"PK\x03\x04").expect("room");
    let with = ["--trust", "signers", "--with", "bad.expb"];
    let report = report(&bench, &with);
    assert_eq!((&report["state"], &report["notRead"]), (&"intact".into(), &serde_json::json!(["bad.expb"])));
    for view in [&["lineage", "a.expb"][..], &["lineage", "a.expb", "--svg"], &["why", "a.expb"]] {
        let output = bench.output(&[view, &with].concat());
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(output.status.code() == Some(1) && text.contains("1 bundle was not read"), "{view:?}: {text}");
    }
}

#[test]
fn a_folder_is_shown_with_what_any_of_its_bundles_says() {
    let bench = bench();
    let (mut all, tuned) = finished(run("tuned", &[], &[b"tuned"], &[]));
    std::fs::create_dir(bench.path("d")).expect("room");
    let save = |name: &str, bundle: &Bundle| {
        bundle.save(&camino::Utf8PathBuf::from_path_buf(bench.path(name)).expect("UTF-8")).expect("room");
    };
    save("d/a.expb", &all);
    say(&mut all, tuned, &vouch(), ADA);
    say(&mut all, tuned, &reject("poisoned"), BEN);
    save("d/b.expb", &all);
    let said = |path: &str| flat(&bench, &["show", path]).matches("poisoned").count();
    assert_eq!(said("d/a.expb"), 0);
    assert!(said("d/b.expb") > 0 && said("d") > 0);
}

#[test]
fn a_link_that_is_not_followed_lowers_the_answer() {
    let bench = bench();
    let (mut all, tuned) = finished(run("tuned", &[], &[b"tuned"], &[]));
    say(&mut all, tuned, &vouch(), ADA);
    save(&bench, &all);
    std::fs::create_dir(bench.path("d")).expect("room");
    std::os::unix::fs::symlink("../a.expb", bench.path("d/b.expb")).expect("a link");
    std::fs::copy(bench.path("a.expb"), bench.path("d/a.expb")).expect("room");
    let trust = ["--trust", "signers"];
    for view in [&["lineage", "d"][..], &["why", "d"], &["why", "tuned.bin", "--with", "d"]] {
        let output = bench.output(&[view, &trust].concat());
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(output.status.code() == Some(3) && text.contains("1 bundle was not read"), "{view:?}: {text}");
        assert!(!text.contains(": trusted"), "{view:?}: {text}");
    }
}
