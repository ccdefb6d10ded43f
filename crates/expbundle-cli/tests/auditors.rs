//! What an auditor with a folder and a signers file reads, and what a script decides by.

use std::fs;

use crate::support::{Bench, json, valid};

/// A folder `m` whose weights Ada made and released; her key and those of two others.
fn bench() -> Bench {
    let bench = Bench::new();
    fs::create_dir(bench.path("m")).expect("room");
    fs::write(bench.path("m/model.safetensors"), vec![7; 5000]).expect("room");
    for (name, person) in [("key", "ada"), ("board", "board"), ("stranger", "eve")] {
        bench.ok(&["keygen", "-o", name]);
        if name != "stranger" {
            bench.ok(&["trust", "add", "signers", &format!("{name}.pub"), "--as", &format!("{person}@example.org")]);
        }
    }
    bench.ok(&["create", "--title", "base", "--output", "model=m/model.safetensors", "-o", "a.expb"]);
    bench.ok(&["sign", "a.expb", "--key", "key"]);
    bench
}

fn attached() -> Bench {
    let bench = bench();
    bench.ok(&["attach", "m", "a.expb", "--key", "key", "--yes", "-q"]);
    bench
}

/// Other weights, and a record in `b.expb` by which they derive from those in `m`.
fn tune(bench: &Bench) {
    fs::write(bench.path("tuned.safetensors"), vec![8; 5000]).expect("room");
    bench.ok(&[
        "create",
        "--title",
        "tuned",
        "--input",
        "model=m/model.safetensors",
        "--derive-from",
        "a.expb",
        "--relation",
        "fine-tuned-from",
        "--output",
        "model=tuned.safetensors",
        "-o",
        "b.expb",
    ]);
}

/// Standard output and the exit status, whatever it is.
fn run(bench: &Bench, arguments: &[&str]) -> (String, Option<i32>) {
    let output = bench.output(arguments);
    (String::from_utf8(output.stdout).expect("UTF-8"), output.status.code())
}

fn verify(bench: &Bench, more: &[&str]) -> (String, Option<i32>) {
    run(bench, &[&["verify"], more, &["--trust", "signers"]].concat())
}

#[test]
fn weights_of_a_key_that_is_not_trusted_are_told_apart_from_changed_ones() {
    let bench = bench();
    tune(&bench);
    bench.ok(&["sign", "b.expb", "--key", "stranger"]);
    fs::create_dir(bench.path("n")).expect("room");
    fs::rename(bench.path("tuned.safetensors"), bench.path("n/model.safetensors")).expect("room");
    bench.ok(&["merge", "a.expb", "b.expb", "-o", "n/experiment.expb"]);
    let (said, status) = verify(&bench, &["n"]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("model.safetensors is an output of record ") && said.contains(", which SHA256:"), "{said}");
    assert!(said.contains("put out other bytes under this name: expected blake3:"), "{said}");
    let report = json(&verify(&bench, &["n", "--json"]).0);
    valid("report", &report);
    assert_eq!(report["apart"]["files"][0]["path"], "model.safetensors");
    // Whoever nobody knows makes no file right: what a stranger adds changes no verdict.
    fs::copy(bench.path("a.expb"), bench.path("n/experiment.expb")).expect("room");
    let (alone, status) = verify(&bench, &["n"]);
    assert_eq!(status, Some(1), "{alone}");
    assert_eq!(alone.lines().next(), said.lines().next());
}

#[test]
fn an_objection_stands_in_the_headline_and_can_decide() {
    let bench = attached();
    let (said, status) = verify(&bench, &["m", "--no-objections"]);
    assert!(status == Some(0) && said.starts_with("✓ trusted, released by"), "{said}");
    bench.ok(&["review", "m", "--verdict", "rejected", "--reason", "leaked test data", "--key", "board"]);
    let (said, status) = verify(&bench, &["m"]);
    assert!(
        status == Some(0) && said.starts_with("! trusted, released by") && said.contains("but 1 record was rejected"),
        "{said}"
    );
    let (said, status) = verify(&bench, &["m", "--no-objections"]);
    assert!(
        status == Some(3)
            && said.starts_with("✗ OBJECTED TO: board@example.org rejected \"base\": m\n")
            && said.contains("NOT WITHOUT OBJECTIONS as asked, otherwise trusted, released by ada@example.org"),
        "{said}"
    );
    let (said, status) = verify(&bench, &["m/experiment.expb", "--no-objections"]);
    assert!(status == Some(3) && said.contains("board@example.org rejected \"base\""), "{said}");
    let report = json(&verify(&bench, &["m", "--no-objections", "--json"]).0);
    valid("report", &report);
    assert!(report["holds"] == false && report["unlessObjected"] == true && report["state"] == "trusted", "{report}");
    assert_eq!(report["line"], "✗ OBJECTED TO: board@example.org rejected \"base\": m");
    let findings = report["findings"].as_array().expect("findings");
    let finding = findings.iter().find(|one| one["code"] == "policy.objection").expect("the reason");
    let message = finding["message"].as_str().expect("words");
    assert!(message.starts_with("rejected by board@example.org, dated 20"), "{message}");
    assert!(message.ends_with(": \"leaked test data\""), "{message}");
    let (said, _) = run(&bench, &["why", "m", "--trust", "signers"]);
    assert!(said.contains("rejected") && said.contains("`expbundle verify` checks files"), "{said}");
}

#[test]
fn an_objection_to_an_ancestor_decides_too() {
    let bench = bench();
    tune(&bench);
    bench.ok(&["sign", "b.expb", "--key", "key"]);
    bench.ok(&["review", "a.expb", "--verdict", "rejected", "--key", "board"]);
    bench.ok(&["merge", "a.expb", "b.expb", "-o", "c.expb"]);
    assert_eq!(verify(&bench, &["c.expb"]).1, Some(0));
    assert_eq!(verify(&bench, &["c.expb", "--no-objections"]).1, Some(3));
    let (picture, _) = run(&bench, &["lineage", "c.expb", "--trust", "signers", "--svg"]);
    assert!(picture.contains("! an ancestor: rejected"), "{picture}");
    assert!(picture.contains("an ancestor was objected to") && picture.contains("objected to</text>"), "{picture}");
}

#[test]
fn a_bundle_that_is_verified_alone_does_not_speak_for_its_folder() {
    let bench = attached();
    fs::write(bench.path("m/model.safetensors"), vec![9; 5000]).expect("room");
    let (said, status) = verify(&bench, &["m/experiment.expb"]);
    assert!(status == Some(0) && said.lines().next().is_some_and(|line| line.contains("not its folder")), "{said}");
    let (said, status) = verify(&bench, &["m/experiment.expb", "a.expb"]);
    assert!(status == Some(0) && said.lines().next().is_some_and(|line| line.contains("not its folder")), "{said}");
    let (said, _) = run(&bench, &["why", "m/model.safetensors", "--trust", "signers"]);
    assert!(said.contains("This is not the model.safetensors that ada@example.org released"), "{said}");
}

#[test]
fn what_was_signed_after_the_moment_that_is_judged_is_not_told_as_if_it_had_been_there() {
    let bench = attached();
    let (said, status) = verify(&bench, &["m", "--at", "2020-01-01"]);
    assert_eq!(status, Some(0));
    let first = said.lines().next().expect("a headline");
    assert!(first.starts_with("! trusted as of 2020-01-01, by ") && first.contains("dated after that"), "{said}");
}

#[test]
fn a_record_that_nobody_signed_is_not_laid_on_strangers() {
    let bench = Bench::with_bundle();
    bench.ok(&["trust", "add", "signers", "key.pub", "--as", "ada@example.org"]);
    let (said, status) = verify(&bench, &["a.expb"]);
    assert!(status == Some(3) && said.contains("set apart, signed by nobody: 1 record"), "{said}");
    assert!(said.contains("expbundle sign") && !said.contains("By keys that are not trusted"), "{said}");
}

#[test]
fn what_statements_say_has_members_in_json() {
    let bench = attached();
    bench.ok(&[
        "review",
        "m",
        "--verdict",
        "approved",
        "--scope",
        "internal use",
        "--role",
        "safety",
        "--key",
        "board",
    ]);
    bench.ok(&["evaluation", "m", "--result", "accuracy=0.5", "--dataset", "d", "--key", "board"]);
    let report = json(&verify(&bench, &["m", "--json"]).0);
    valid("report", &report);
    let of = |kind: &str| {
        let statements = report["statements"].as_array().expect("statements");
        statements.iter().find(|one| one["kind"] == kind).expect("it is there")["members"].clone()
    };
    assert_eq!(of("review"), serde_json::json!({"verdict": "approved", "scope": "internal use", "role": "safety"}));
    assert_eq!(of("evaluation")["evaluations"][0]["value"], 0.5);
    assert_eq!(of("release"), serde_json::json!({}));
}

#[test]
fn people_are_removed_from_a_signers_file_by_name_or_key() {
    let bench = bench();
    let text = fs::read_to_string(bench.path("signers")).expect("it is there");
    fs::write(bench.path("signers"), format!("# ours\n{text}")).expect("room");
    let removed = bench.ok(&["trust", "remove", "signers", "board@example.org"]);
    assert!(removed.starts_with("removed line 3: board@example.org SHA256:"), "{removed}");
    let left = fs::read_to_string(bench.path("signers")).expect("it is there");
    assert!(left.starts_with("# ours\nada@example.org") && left.lines().count() == 2, "{left}");
    bench.fails(2, "cli.usage", &["trust", "remove", "signers", "board@example.org"]);
    // A bound beside a line without one would change nothing: then it is not done either.
    let (_, said) = bench.fails(
        2,
        "cli.usage",
        &["trust", "add", "signers", "key.pub", "--as", "ada@example.org", "--until", "2030-01-01"],
    );
    assert!(said.contains("line 2 trusts this key at any time") && said.contains("trust remove"), "{said}");
    bench.ok(&["trust", "remove", "signers", "key.pub"]);
    bench.ok(&["trust", "add", "signers", "key.pub", "--as", "ada@example.org", "--until", "2020-01-01"]);
    let said = bench.said(&["trust", "add", "signers", "key.pub", "--as", "ada@example.org"]);
    assert!(said.contains("trusted only until 2020-01-01 (line 2); from now on it is trusted at any time"), "{said}");
    // A line that names others too is not for this program to rewrite.
    let line = fs::read_to_string(bench.path("signers")).expect("it is there");
    let key = line.lines().last().and_then(|line| line.split_once(' ')).expect("a line").1;
    fs::write(bench.path("signers"), format!("ada@example.org,ben@example.org {key}\n")).expect("room");
    bench.fails(2, "cli.usage", &["trust", "remove", "signers", "ben@example.org"]);
    bench.ok(&["trust", "remove", "signers", "key.pub"]);
    assert_eq!(fs::read_to_string(bench.path("signers")).expect("it is there"), "");
}

#[test]
fn what_is_said_of_other_records_changes_no_verdict() {
    let bench = attached();
    bench.ok(&["create", "--title", "unrelated", "-o", "other.expb"]);
    bench.ok(&["sign", "other.expb", "--key", "stranger"]);
    bench.ok(&["review", "other.expb", "--verdict", "rejected", "--key", "board"]);
    bench.ok(&["merge", "a.expb", "other.expb", "-o", "both.expb"]);
    // Ada's record has nothing to do with what the board rejected, and anybody may put the two together.
    let (said, status) = verify(&bench, &["both.expb", "--no-objections"]);
    assert!(status == Some(0) && said.starts_with("✓ intact, signed and trusted: both.expb"), "{said}");
    assert!(said.contains("(not a record that counts here): rejected by"), "{said}");
}

#[test]
fn a_release_of_these_files_that_was_revoked_is_an_objection() {
    let bench = attached();
    let report = json(&verify(&bench, &["m", "--json"]).0);
    let release = report["folder"]["releases"][0]["statement"].as_str().expect("an id").to_owned();
    // Somebody else stands by the same files.
    bench.ok(&["release", "m", "--key", "board", "--yes"]);
    bench.ok(&["revoke", "m", "--statement", &release, "--reason", "backdoor", "--key", "key"]);
    let (said, status) = verify(&bench, &["m"]);
    assert!(status == Some(0) && said.starts_with("! trusted, released by") && said.contains("REVOKED"), "{said}");
    assert_eq!(verify(&bench, &["m", "--no-objections"]).1, Some(3));
}

#[test]
fn whoever_signs_a_record_hears_what_was_said_against_it() {
    let bench = bench();
    bench.ok(&["review", "a.expb", "--verdict", "rejected", "--reason", "leaked", "--key", "board"]);
    let (out, said) = bench.fails(2, "cli.usage", &["sign", "a.expb", "--key", "stranger"]);
    assert!(format!("{out}{said}").contains("! rejected by an unchecked key"), "{out}{said}");
    let said = bench.said(&["review", "a.expb", "--verdict", "approved", "--key", "stranger"]);
    assert!(said.contains("! rejected by an unchecked key"), "{said}");
}

/// The id of the one record of a bundle.
fn id(bench: &Bench, bundle: &str) -> String {
    json(&bench.ok(&["show", bundle, "--json"]))["id"].as_str().expect("an id").to_owned()
}

#[test]
fn what_was_said_against_a_child_stands_above_the_descendants_whoever_signed_it() {
    let bench = bench();
    tune(&bench);
    fs::copy(bench.path("b.expb"), bench.path("unsigned.expb")).expect("room");
    bench.ok(&["sign", "b.expb", "--key", "key"]);
    bench.ok(&["create", "--title", "better", "-o", "new.expb"]);
    let base = id(&bench, "a.expb");
    // The second time the authorship of the child is left out.
    for (name, child) in [("whole.expb", "b.expb"), ("part.expb", "unsigned.expb")] {
        for (says, word, status) in [
            (vec!["review", child, "--verdict", "rejected", "--reason", "poison"], "rejected by board@", 0),
            (vec!["supersede", child, "--by", "new.expb"], "superseded by record", 0),
            (vec!["revoke", child, "--whole-record", "--yes", "--reason", "made up"], "revoked by board@", 3),
        ] {
            let said = format!("{}-{child}", says[0]);
            bench.ok(&[&says[..], &["--key", "board", "-o", &said]].concat());
            bench.ok(&["merge", "a.expb", &said, "-o", name, "--force"]);
            for start in [vec![], vec!["--record", &base]] {
                let ask = |form: &[&str]| {
                    run(&bench, &[&["lineage", name, "--down", "--trust", "signers"], &start[..], form].concat())
                };
                let (tree, ended) = ask(&[]);
                let first = tree.lines().next().expect("a line");
                assert!(
                    first.contains('!') && first.contains(word) && ended == Some(status),
                    "{name} {ended:?}: {tree}"
                );
                let report = json(&ask(&["--json"]).0);
                valid("lineage", &report);
                assert_eq!(report["objected"][0]["id"], id(&bench, child), "{report}");
                let kind = word.split(' ').next().expect("a word");
                assert!(ask(&["--svg"]).0.contains(kind) && ask(&["--mermaid"]).0.contains(kind), "{name}");
            }
        }
    }
}

#[test]
fn what_was_said_against_whoever_took_a_file_in_stands_where_it_is_named() {
    let bench = bench();
    tune(&bench);
    fs::copy(bench.path("b.expb"), bench.path("unsigned.expb")).expect("room");
    bench.ok(&["sign", "b.expb", "--key", "key"]);
    for child in ["b.expb", "unsigned.expb"] {
        bench.ok(&["review", child, "--verdict", "rejected", "--reason", "poison", "--key", "board"]);
        let (said, _) = run(&bench, &["why", "m/model.safetensors", "--with", child, "--trust", "signers"]);
        let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(" (rejected by board@example.org: \"poison\")."), "{flat}");
        let ask = ["why", "m/model.safetensors", "--with", child, "--with", "a.expb", "--trust", "signers"];
        let report = json(&run(&bench, &[&ask[..], &["--json"]].concat()).0);
        valid("why", &report);
        assert_eq!(report["objectedTakers"][0]["id"], id(&bench, child), "{report}");
        // The file itself is as good as it was.
        assert_eq!((&report["objected"], &report["state"]), (&serde_json::json!([]), &"trusted".into()));
        assert_eq!(run(&bench, &ask).1, Some(0));
    }
}

#[test]
fn show_judges_as_verify_does_and_says_what_it_leaves_out() {
    let bench = bench();
    tune(&bench);
    bench.ok(&["sign", "b.expb", "--key", "stranger"]);
    bench.ok(&["note", "a.expb", "mine", "--key", "stranger"]);
    bench.ok(&["merge", "a.expb", "b.expb", "-o", "c.expb"]);
    assert!(bench.ok(&["show", "c.expb"]).contains("\"tuned\""));
    let said = bench.ok(&["show", "c.expb", "--trust", "signers"]);
    assert!(said.starts_with("\"base\"") && !said.contains("tuned") && !said.contains("mine"), "{said}");
    assert!(said.contains("(trusted as ada@example.org): "), "{said}");
    assert!(
        said.contains("set apart, by keys that are not trusted: 1 record and 2 statements; `expbundle verify`"),
        "{said}"
    );
    let stranger = id(&bench, "b.expb");
    let said = bench.ok(&["show", "c.expb", "--trust", "signers", "--record", &stranger]);
    assert!(said.contains("does not count: no trusted key vouches for this record"), "{said}");
    let report = json(&bench.ok(&["show", "c.expb", "--trust", "signers", "--json"]));
    valid("show", &report);
    assert_eq!((&report["state"], &report["apart"]["statements"]), (&"trusted".into(), &2.into()));
    // A trusted objection to what has no screen is not lost.
    bench.ok(&["review", "c.expb", "--record", &stranger, "--verdict", "rejected", "--key", "board"]);
    let said = bench.ok(&["show", "c.expb", "--trust", "signers"]);
    assert!(said.lines().next().is_some_and(|line| line.contains("rejected by board@example.org")), "{said}");
}

#[test]
fn whose_record_is_meant_is_asked_where_others_signed_some() {
    let bench = bench();
    tune(&bench);
    bench.ok(&["sign", "b.expb", "--key", "stranger"]);
    bench.ok(&["merge", "a.expb", "b.expb", "-o", "c.expb"]);
    let base = id(&bench, "a.expb");
    bench.ok(&["create", "--title", "better", "-o", "new.expb"]);
    for words in [
        &["review", "c.expb", "--verdict", "approved"][..],
        &["review", "c.expb", "--verdict", "rejected"],
        &["supersede", "c.expb", "--by", "new.expb"],
        &["revoke", "c.expb", "--whole-record", "--yes"],
        &["deployment", "c.expb", "--environment", "production"],
        &["evaluation", "c.expb", "--result", "accuracy=0.5"],
        &["note", "c.expb", "seen"],
    ] {
        for key in ["key", "board"] {
            let (_, said) = bench.fails(2, "cli.usage", &[words, &["--key", key]].concat());
            assert!(said.contains("which record do you mean?") && said.contains("--record ID"), "{said}");
            assert!(said.contains("\"base\"") && said.contains("signed by another key"), "{said}");
        }
        bench.ok(&[words, &["--key", "board", "--record", &base, "-o", "out.expb"]].concat());
        // Whoever signed the last one means it, and where all are of the same people it is plain.
        bench.ok(&[words, &["--key", "stranger", "-o", "out.expb"]].concat());
    }
    bench.ok(&["sign", "b.expb", "--record", &id(&bench, "b.expb"), "--key", "key"]);
    bench.ok(&["merge", "a.expb", "b.expb", "-o", "c.expb", "--force"]);
    bench.ok(&["review", "c.expb", "--verdict", "approved", "--key", "board"]);
    bench.ok(&["review", "a.expb", "--verdict", "approved", "--key", "board"]);
}

#[test]
fn a_key_that_is_still_trusted_under_another_name_is_said_to_be() {
    let bench = bench();
    bench.ok(&["trust", "add", "signers", "board.pub", "--as", "chair@example.org"]);
    let said = bench.ok(&["trust", "remove", "signers", "board@example.org"]);
    assert!(said.contains("note: still trusted with the same key: line 2 (chair@example.org SHA256:"), "{said}");
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(!bench.ok(&["trust", "remove", "signers", "ada@example.org"]).contains("note:"));
}

#[test]
fn what_one_place_says_against_a_record_of_another_is_told() {
    let bench = bench();
    tune(&bench);
    bench.ok(&["sign", "b.expb", "--key", "key"]);
    let ask = |paths: &[&str], more: &[&str]| verify(&bench, &[paths, more].concat());
    assert_eq!(ask(&["a.expb", "b.expb"], &[]).1, Some(0));
    bench.ok(&["review", "a.expb", "--verdict", "rejected", "--reason", "leak", "--key", "board", "-o", "said.expb"]);
    for paths in [["a.expb", "said.expb"], ["said.expb", "a.expb"]] {
        let (said, status) = ask(&paths, &[]);
        assert!(
            status == Some(0) && said.contains(" of a.expb: rejected by board@example.org: \"leak\", in said.expb;"),
            "{said}"
        );
        assert_eq!(ask(&paths, &["--no-objections"]).1, Some(3));
        let reports = json(&ask(&paths, &["--json"]).0);
        valid("report", &reports[1]);
        let across = &reports[1]["across"][0];
        assert_eq!((&across["place"], &across["saidIn"]), (&"a.expb".into(), &"said.expb".into()), "{reports}");
        assert_eq!(reports[0]["across"], serde_json::json!([]), "{reports}");
    }
    // What both say is said in each.
    let (said, _) = ask(&["said.expb", "said.expb"], &[]);
    assert!(!said.contains("joins what is judged apart"), "{said}");
    bench.ok(&["revoke", "b.expb", "--revoked-key", "key.pub", "--key", "board", "-o", "gone.expb"]);
    let (said, status) = ask(&["a.expb", "gone.expb"], &[]);
    assert!(
        status == Some(3) && said.contains(" of a.expb: signed by SHA256:") && said.contains("revoked, in gone.expb"),
        "{said}"
    );
    // A stranger's word is no news.
    bench.ok(&["review", "a.expb", "--verdict", "rejected", "--key", "stranger", "-o", "strange.expb"]);
    let (said, status) = ask(&["a.expb", "strange.expb"], &["--no-objections"]);
    assert!(status == Some(0) && !said.contains("joins what is judged apart"), "{said}");
}

#[test]
fn what_only_a_later_version_can_read_is_counted_in_every_view() {
    let bench = Bench::new();
    let case = crate::support::root().join("conformance/cases/statement/version-2-of-a-revocation.expb");
    fs::copy(case, bench.path("a.expb")).expect("room");
    for view in ["show", "why", "lineage", "log"] {
        let (said, _) = run(&bench, &[view, "a.expb"]);
        let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains("set aside, since only a later version can read them: 1 statement;"), "{view}: {said}");
    }
    for view in ["show", "why", "lineage"] {
        let report = json(&run(&bench, &[view, "a.expb", "--json"]).0);
        valid(view, &report);
        assert_eq!(report["setAside"], 1, "{report}");
    }
}

/// The signers file with a bound on the key of a person.
fn bound(bench: &Bench, name: &str, person: &str, bounds: &[&str]) {
    bench.ok(&["trust", "remove", "signers", &format!("{person}@example.org")]);
    let owner = format!("{person}@example.org");
    bench.ok(&[&["trust", "add", "signers", &format!("{name}.pub"), "--as", &owner], bounds].concat());
}

#[test]
fn what_was_said_after_the_moment_counts_for_whoever_asks_for_no_objections() {
    let bench = attached();
    let past = ["--at", "2020-01-01", "--no-objections"];
    let (said, status) = verify(&bench, &[&["m"], &past[..]].concat());
    assert!(status == Some(0) && said.starts_with("! trusted as of 2020-01-01"), "{said}");
    // A reviewer who was not yet trusted then was when it was said.
    bound(&bench, "board", "board", &["--from", "2021-01-01"]);
    bench.ok(&["review", "m", "--verdict", "rejected", "--reason", "leaked", "--key", "board"]);
    let (said, status) = verify(&bench, &[&["m"], &past[..]].concat());
    assert!(
        status == Some(3) && said.starts_with("✗ OBJECTED TO: board@example.org rejected \"base\" on 20"),
        "{said}"
    );
    let (said, status) = verify(&bench, &["m", "--at", "2020-01-01"]);
    let first = said.lines().next().expect("a headline");
    assert!(status == Some(0) && first.contains(", but 1 record was since rejected on 20"), "{said}");
    assert!(!said.contains("typing error"), "{said}");
    bench.ok(&["revoke", "m", "--whole-record", "--yes", "--reason", "made up", "--key", "key"]);
    let (said, status) = verify(&bench, &[&["m"], &past[..]].concat());
    assert!(status == Some(3) && said.starts_with("✗ OBJECTED TO: ada@example.org revoked \"base\" on 20"), "{said}");
    let report = json(&verify(&bench, &["m", "--json", "--at", "2020-01-01"]).0);
    valid("report", &report);
    assert_eq!(report["state"], "trusted", "what was said later changes no state");
    assert_eq!(report["objectedSince"][0]["objections"].as_array().expect("both").len(), 2, "{report}");
    // A release that was revoked later is found too.
    let release = report["folder"]["releases"][0]["statement"].as_str().expect("an id");
    bench.ok(&["revoke", "m", "--statement", release, "--reason", "backdoor", "--key", "key"]);
    let (said, status) = verify(&bench, &[&["m"], &past[..]].concat());
    let first = "✗ OBJECTED TO: ada@example.org revoked a release of just these files on 20";
    assert!(status == Some(3) && said.starts_with(first), "{said}");
}

#[test]
fn what_was_signed_when_the_key_was_no_longer_trusted_has_no_hint_to_an_earlier_moment() {
    let bench = attached();
    bound(&bench, "key", "ada", &["--until", "2020-01-31"]);
    let (said, status) = verify(&bench, &["m"]);
    assert!(status == Some(3) && !said.contains("--at"), "{said}");
    assert!(said.contains(" days after the key of ada@example.org expired in the signers file"), "{said}");
    assert!(!said.contains("remove it") && !said.contains("add the key"), "{said}");
    let (said, status) = verify(&bench, &["m", "--at", "2020-01-01"]);
    assert!(
        status == Some(0) && said.starts_with("! trusted as of 2020-01-01, by 2 statements dated after that, when")
    );
    let (said, status) = verify(&bench, &["m", "--at", "2020-01-01", "--no-objections"]);
    assert!(
        status == Some(3) && said.starts_with("✗ OBJECTIONS CANNOT BE RULED OUT: 2 signatures are dated"),
        "{said}"
    );
    // What was signed while it was trusted is judged as of just then.
    bench.ok(&["create", "--title", "dated", "-o", "d.expb"]);
    bench.ok(&["sign", "d.expb", "--key", "key", "--at", "2020-01-05T10:00:00Z"]);
    let (said, status) = verify(&bench, &["d.expb"]);
    assert!(status == Some(3) && said.contains("with `--at 2020-01-05T10:00:00Z`"), "{said}");
    let (said, status) = verify(&bench, &["d.expb", "--at", "2020-01-05T10:00:00Z", "--no-objections"]);
    assert!(status == Some(0) && said.starts_with("✓ intact, signed and trusted"), "{said}");
}

#[test]
fn a_parent_of_which_nothing_is_known_stands_in_the_headline_and_can_decide() {
    let bench = bench();
    tune(&bench);
    bench.ok(&["sign", "b.expb", "--key", "key"]);
    let (said, status) = verify(&bench, &["b.expb"]);
    assert!(
        status == Some(0) && said.starts_with("! intact, signed and trusted, but 1 parent is not here: b.expb"),
        "{said}"
    );
    let parent = bench.ok(&["show", "a.expb", "--json"]);
    let id = json(&parent)["id"].as_str().expect("an id")[..12].to_owned();
    assert!(said.contains(&format!("1 parent record is not here: {id}")), "{said}");
    let (said, status) = verify(&bench, &["b.expb", "--no-objections"]);
    let first = "✗ OBJECTIONS CANNOT BE RULED OUT: 1 parent is not here: b.expb\n";
    assert!(status == Some(3) && said.starts_with(first), "{said}");
    // One that is here and that no trusted key signed is told apart.
    bench.ok(&["create", "--title", "base", "--output", "model=m/model.safetensors", "-o", "a.expb", "--force"]);
    bench.ok(&["sign", "a.expb", "--key", "stranger"]);
    bench.ok(&["merge", "a.expb", "b.expb", "-o", "c.expb"]);
    let (said, status) = verify(&bench, &["c.expb"]);
    assert!(status == Some(0) && said.contains("but 1 parent is not signed by a trusted key"), "{said}");
    assert!(said.contains(&format!("1 parent record is here, and not signed by a trusted key: {id}")), "{said}");
    assert_eq!(verify(&bench, &["c.expb", "--no-objections"]).1, Some(3));
}

#[test]
fn a_signature_that_nobody_looked_at_is_not_a_check_mark() {
    let bench = bench();
    bench.ok(&["create", "--title", "strange", "-o", "s.expb"]);
    bench.ok(&["sign", "s.expb", "--key", "stranger"]);
    let (said, status) = run(&bench, &["verify", "s.expb"]);
    assert!(status == Some(0) && said.starts_with("! intact and signed (signers not checked): s.expb"), "{said}");
    let (said, status) = verify(&bench, &["s.expb", "--require", "signed"]);
    assert!(status == Some(3) && said.starts_with("✗ NOT SIGNED BY A KEY YOU TRUST: s.expb\n"), "{said}");
}

#[test]
fn of_several_the_table_comes_last_with_reasons_and_a_count() {
    let bench = attached();
    bench.ok(&["review", "m", "--verdict", "rejected", "--key", "board"]);
    bench.ok(&["create", "--title", "strange", "-o", "s.expb"]);
    bench.ok(&["sign", "s.expb", "--key", "stranger"]);
    let (said, status) = verify(&bench, &["m", "nope", "s.expb"]);
    assert_eq!(status, Some(2), "{said}");
    let last: Vec<&str> = said.lines().rev().take(4).collect();
    assert_eq!(last[0], "1 of 3 hold, 1 with a reservation (`!`)", "{said}");
    assert_eq!(last[1], "✗ NOT TRUSTED: s.expb (signed by a key that is not in signers)");
    assert!(last[2].starts_with("✗ no bundle here: nope (cannot read the bundle: "), "{said}");
    assert!(
        last[3].starts_with("! trusted, released by ada@example.org, but 1 record was rejected by board@"),
        "{said}"
    );
    let (said, status) = verify(&bench, &["m", "nope", "--json"]);
    let reports = json(&said);
    assert_eq!((status, reports.as_array().map(Vec::len)), (Some(2), Some(2)));
    assert!(reports[1]["path"] == "nope" && reports[1]["state"] == "refused" && reports[1]["holds"] == false);
    valid("report", &reports[1]);
}

#[test]
fn a_pickle_that_was_added_is_not_a_key_that_is_missing() {
    let bench = attached();
    fs::write(bench.path("m/extra.pkl"), b"cos\nsystem\n").expect("room");
    let (said, status) = verify(&bench, &["m"]);
    assert!(status == Some(3) && said.contains("do not load it: a pickle can run any code"), "{said}");
    assert!(!said.contains("add the key of a signer"), "{said}");
}

#[test]
fn an_objection_comes_first_in_why_and_lineage_and_can_decide_there() {
    let bench = attached();
    let file = ["m/model.safetensors", "--trust", "signers", "--no-objections"];
    let (said, status) = run(&bench, &[&["why"], &file[..]].concat());
    assert!(status == Some(0) && !said.starts_with("  !"), "{said}");
    bench.ok(&["evaluation", "m", "--result", "accuracy=0.5", "--dataset", "d", "--key", "board"]);
    bench.ok(&["review", "m", "--verdict", "rejected", "--reason", "leaked", "--key", "board"]);
    for command in ["why", "lineage"] {
        let (said, status) = run(&bench, &[&[command], &file[..3]].concat());
        assert!(status == Some(0) && said.starts_with("  ! "), "{command}: {said}");
        assert!(said.lines().next().is_some_and(|line| line.contains("rejected by board@example.org: \"leaked\"")));
        let output = bench.output(&[&[command], &file[..]].concat());
        let note = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{command}: {note}");
        assert!(note.contains("✗ NOT WITHOUT OBJECTIONS as asked: 1 record is objected to"), "{note}");
        // What was said after the moment is in hand.
        let past = [&[command], &file[..], &["--at", "2020-01-01"]].concat();
        let (said, status) = run(&bench, &past);
        assert!(status == Some(3) && said.contains("after 2020-01-01 00:00 UTC: rejected by board@"), "{said}");
    }
    let (said, _) = run(&bench, &[&["why"], &file[..3]].concat());
    assert!(said.contains("evaluated by board@example.org"), "{said}");
    let (said, _) = run(&bench, &["why", "m/model.safetensors", "--trust", "signers", "--json"]);
    valid("why", &json(&said));
    assert_eq!(json(&said)["told"][0]["statements"].as_array().map(Vec::len), Some(2), "{said}");
}

#[test]
fn a_parent_that_is_missing_decides_in_why_and_lineage_too() {
    let bench = bench();
    tune(&bench);
    bench.ok(&["sign", "b.expb", "--key", "key"]);
    for command in ["why", "lineage"] {
        let output = bench.output(&[command, "b.expb", "--trust", "signers", "--no-objections"]);
        let note = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(3) && note.contains("1 parent is not here"), "{command}: {note}");
    }
    let (picture, _) = run(&bench, &["lineage", "b.expb", "--trust", "signers", "--svg"]);
    assert!(picture.contains("not here or not trusted</text>"), "{picture}");
    assert!(!picture.contains(">suggested</text>"), "a legend of what is drawn: {picture}");
}

#[test]
fn a_key_that_was_revoked_is_to_leave_the_signers_file() {
    let bench = bench();
    bench.ok(&["sign", "a.expb", "--key", "key"]);
    bench.ok(&["revoke", "a.expb", "--revoked-key", "board.pub", "--reason", "stolen", "--key", "board"]);
    let (said, status) = verify(&bench, &["a.expb"]);
    assert!(status == Some(0) && said.contains("note: the key of board@example.org was revoked on 20"), "{said}");
    let command = said.split('`').find(|part| part.starts_with("expbundle trust remove signers SHA256:"));
    let words: Vec<&str> = command.expect("what to do").split(' ').skip(1).collect();
    let (said, _) = verify(&bench, &["a.expb", "a.expb"]);
    assert_eq!(said.matches("was revoked on").count(), 1, "{said}");
    bench.ok(&words);
    let (said, _) = verify(&bench, &["a.expb"]);
    assert!(!said.contains("was revoked on"), "{said}");
}

#[test]
fn a_signers_file_tells_of_other_names_other_purposes_and_bounds() {
    let bench = bench();
    let said = bench.said(&["trust", "add", "signers", "key.pub", "--as", "Ada"]);
    assert!(said.contains("note: line 1 has the same key under another name, ada@example.org"), "{said}");
    let key = fs::read_to_string(bench.path("stranger.pub")).expect("a key");
    fs::write(bench.path("git"), format!("git@example.org namespaces=\"git\" {key}")).expect("room");
    let said = bench.ok(&["trust", "list", "git"]);
    assert!(said.contains("only for \"git\", not for statements"), "{said}");
    let add = ["trust", "add", "other", "key.pub", "--as", "ada", "--from", "2027-01-01", "--until", "2026-01-01"];
    let (_, said) = bench.fails(2, "cli.usage", &add);
    assert!(said.contains("`--from` is not before `--until`"), "{said}");
}

#[test]
fn a_byte_of_a_bundle_is_no_word_of_a_stranger() {
    let bench = bench();
    let bytes = fs::read(bench.path("a.expb")).expect("a bundle");
    fs::write(bench.path("a.expb"), &bytes[..bytes.len() / 2]).expect("room");
    let (said, status) = verify(&bench, &["a.expb"]);
    assert!(status == Some(1) && said.contains("--> byte "), "{said}");
}

#[test]
fn a_release_of_the_file_that_was_revoked_stands_first() {
    let bench = bench();
    let ask = |more: &[&str]| {
        run(&bench, &[&["why", "m/model.safetensors", "--with", "a.expb", "--trust", "signers"], more].concat())
    };
    bench.ok(&["attach", "m", "a.expb", "--key", "key", "--yes"]);
    assert_eq!(ask(&["--no-objections"]).1, Some(0));
    let report = json(&bench.ok(&["verify", "m", "--trust", "signers", "--json"]));
    let release = report["folder"]["releases"][0]["statement"].as_str().expect("an id").to_owned();
    bench.ok(&["revoke", "m", "--statement", &release, "--reason", "backdoor", "--key", "board"]);
    let (said, status) = ask(&[]);
    let first = said.lines().next().expect("a line");
    assert!(first.starts_with("! a release of this file was revoked by board@example.org on "), "{said}");
    assert!(first.ends_with(": \"backdoor\"") && status == Some(0), "{said}");
    assert_eq!(ask(&["--no-objections"]).1, Some(3));
    // Nor does it help to release the same anew: what another person said stays.
    let release = ["release", "m", "--key", "key", "--trust", "signers", "--yes"];
    bench.ok(&release);
    assert_eq!(ask(&["--no-objections"]).1, Some(3));
    assert_eq!(verify(&bench, &["m", "--no-objections"]).1, Some(3));
}

#[test]
fn who_takes_their_own_release_back_and_releases_anew_objects_to_nothing() {
    let bench = attached();
    let report = json(&bench.ok(&["verify", "m", "--trust", "signers", "--json"]));
    let release = report["folder"]["releases"][0]["statement"].as_str().expect("an id").to_owned();
    bench.ok(&["revoke", "m", "--statement", &release, "--reason", "wrong title", "--key", "key"]);
    let why = ["why", "m/model.safetensors", "--trust", "signers", "--no-objections"];
    assert_eq!((verify(&bench, &["m", "--no-objections"]).1, run(&bench, &why).1), (Some(3), Some(3)));
    bench.ok(&["release", "m", "--key", "key", "--title", "1.0", "--yes"]);
    assert_eq!((verify(&bench, &["m", "--no-objections"]).1, run(&bench, &why).1), (Some(0), Some(0)));
}
