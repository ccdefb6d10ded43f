//! What a person sees first: a headline never says less than what is known against a folder, and
//! names what it leaves out.

use crate::support::{Bench, fixture, json, valid};
use expbundle::verify::{Digests, Unverified};
use expbundle_statement::SigningKey;

/// Three people with keys, of whom Ada and Ben are trusted; a run whose record `a.expb` one of them
/// signed.
fn signed_by(author: &str) -> Bench {
    let bench = Bench::new();
    let mut signers = String::new();
    for (number, name) in [(1, "ada"), (2, "ben"), (3, "eve")] {
        let key = SigningKey::from_seed(&[number; 32]);
        std::fs::write(bench.path(name), key.to_openssh(name, None).expect("a key").as_bytes()).expect("room");
        set_mode(&bench, name, 0o600);
        std::fs::write(bench.path(&format!("{name}.pub")), format!("{}\n", key.public_key())).expect("room");
        if name != "eve" {
            signers += &format!("{name}@example.org {}\n", key.public_key());
        }
    }
    std::fs::write(bench.path("signers"), signers).expect("room");
    std::fs::create_dir(bench.path("model")).expect("room");
    for (file, bytes) in [("model/model.bin", "weights"), ("model/config.json", "{}"), ("model/README.md", "a card\n")]
    {
        std::fs::write(bench.path(file), bytes).expect("room");
    }
    bench.ok(&["create", "--title", "a run", "--output", "model/model.bin", "-o", "a.expb"]);
    bench.ok(&["sign", "a.expb", "--key", author, "--at", "2026-11-20T09:00:00Z"]);
    bench
}

/// Who can read a file.
fn set_mode(bench: &Bench, name: &str, mode: u32) {
    #[cfg(unix)]
    {
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(bench.path(name), permissions).expect("ours");
    }
    #[cfg(not(unix))]
    let _ = (bench, name, mode);
}

/// The same, put beside the model, whose folder Ada released.
fn released(author: &str) -> Bench {
    let bench = signed_by(author);
    bench.ok(&["attach", "model", "a.expb", "--yes", "--key", "ada", "--at", "2026-11-21T09:00:00Z"]);
    bench
}

fn verified(bench: &Bench, arguments: &[&str]) -> String {
    String::from_utf8(bench.output(&[&["verify"], arguments].concat()).stdout).expect("UTF-8")
}

/// What stands above the first blank line.
fn top(bench: &Bench, arguments: &[&str]) -> String {
    verified(bench, arguments).split("\n\n").next().expect("a part").to_owned() + "\n"
}

#[test]
fn the_headline_of_a_folder_names_what_was_said_against_its_records() {
    let bench = released("ada");
    let both = || format!("{}\n{}", top(&bench, &["model", "--trust", "signers"]), top(&bench, &["model"]));
    assert!(!both().contains("but 1 record"), "{}", both());
    let say = |words: &[&str], key: &str| bench.ok(&[words, &["--key", key, "--at", "2026-11-22T09:00:00Z"]].concat());
    say(&["review", "model", "--verdict", "needs-changes", "--reason", "no tests"], "ben");
    insta::assert_snapshot!("folder_needs_changes", both());
    bench.ok(&["create", "--title", "a better run", "-o", "better.expb"]);
    say(&["supersede", "model", "--by", "better.expb"], "ada");
    say(&["revoke", "model", "--whole-record", "--yes", "--reason", "made up"], "ada");
    insta::assert_snapshot!("folder_revoked", both());
}

#[test]
fn a_trusted_rejection_of_a_strangers_record_comes_first() {
    let bench = released("eve");
    let review = ["review", "model", "--verdict", "rejected", "--reason", "poison", "--at", "2026-11-22T09:00:00Z"];
    bench.ok(&[&review[..], &["--key", "ben"]].concat());
    insta::assert_snapshot!("folder_of_a_stranger_rejected", top(&bench, &["model", "--trust", "signers"]));
    // What a stranger says of a stranger's record is set apart with both.
    let bench = released("eve");
    bench.ok(&[&review[..], &["--key", "eve"]].concat());
    let text = verified(&bench, &["model", "--trust", "signers"]);
    assert!(text.starts_with("✓ trusted, released by ada@example.org: ") && !text.contains("poison"), "{text}");
}

#[test]
fn signers_are_checked_if_that_was_asked() {
    let bench = signed_by("ada");
    bench.ok(&["revoke", "a.expb", "--revoked-key", "ada.pub", "--key", "ada", "--at", "2026-11-22T09:00:00Z"]);
    let text = verified(&bench, &["a.expb", "--trust", "signers"]);
    assert!(text.contains("\nSigned\n"), "{text}");
    assert!(verified(&bench, &["a.expb"]).contains("\nSigned (signers not checked: no `--trust`)\n"));
    let report = json(&verified(&bench, &["a.expb", "--trust", "signers", "--json"]));
    valid("report", &report);
    assert_eq!(report["signersChecked"], true);
}

#[test]
fn what_differs_from_a_release_stands_in_the_headline() {
    let bench = released("ada");
    std::fs::write(bench.path("model/modeling.py"), b"import os").expect("room");
    insta::assert_snapshot!("folder_added", top(&bench, &["model"]));
    bench.fails(3, "directory.uncovered", &["verify", "model", "--trust", "signers"]);
    std::fs::write(bench.path("model/config.json"), b"{ }").expect("room");
    std::fs::remove_file(bench.path("model/model.bin")).expect("it was there");
    insta::assert_snapshot!("folder_changed", top(&bench, &["model"]));
}

#[test]
fn a_folder_that_nobody_stands_by_has_no_check_mark() {
    let bench = signed_by("ada");
    bench.ok(&["attach", "model", "a.expb", "--yes"]);
    insta::assert_snapshot!("folder_not_released", top(&bench, &["model"]));
    bench.ok(&["verify", "model"]);
}

#[test]
fn a_model_that_no_record_here_made_is_said_to_be_one() {
    let bench = signed_by("ada");
    let unmade = "not made by any record here: other.bin";
    std::fs::write(bench.path("model/other.bin"), b"other weights").expect("room");
    let attach = bench.output(&["attach", "model", "a.expb", "--yes", "--key", "ada", "--at", "2026-11-21T09:00:00Z"]);
    assert!(String::from_utf8_lossy(&attach.stderr).contains(&format!("note: {unmade}\n")), "{attach:?}");
    assert!(verified(&bench, &["model"]).contains(&format!("\nAbsent\n  {unmade}\n")));
    let report = json(&verified(&bench, &["model", "--trust", "signers", "--json"]));
    valid("report", &report);
    assert_eq!((&report["folder"]["notMadeHere"], &report["state"]), (&json("[\"other.bin\"]"), &"trusted".into()));
    let release = ["release", "model", "--yes", "--key", "ada", "--at", "2026-11-22T09:00:00Z"];
    assert!(String::from_utf8_lossy(&bench.output(&release).stderr).contains(&format!("note: {unmade}\n")));
    // Where there is no record at all, none made any.
    std::fs::remove_file(bench.path("model/experiment.expb")).expect("it was there");
    let said = bench.output(&release);
    assert!(
        String::from_utf8_lossy(&said.stderr).contains("not made by any record here: model.bin, other.bin"),
        "{said:?}"
    );
}

/// Words of a paragraph, however its lines are broken.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn an_origin_made_nothing() {
    let bench = signed_by("ada");
    let folder = fixture("huggingface/digits-base-64");
    bench.ok(&["convert", "huggingface", &folder, "-o", "origin.expb"]);
    bench.ok(&["sign", "origin.expb", "--key", "ada", "--at", "2026-11-20T09:00:00Z"]);
    std::fs::create_dir(bench.path("base")).expect("room");
    std::fs::copy(format!("{folder}/model.safetensors"), bench.path("base/model.safetensors")).expect("room");
    bench.ok(&["attach", "base", "origin.expb", "--yes"]);
    let text = verified(&bench, &["base", "--trust", "signers"]);
    assert!(text.starts_with("✓ trusted, described by records that ada@example.org signed: "), "{text}");
    assert!(text.contains("  1 file described by the origin record ") && !text.contains("made by"), "{text}");
    let text = flat(&bench.ok(&["why", "base/model.safetensors"]));
    assert!(
        text.contains(") came from outside and is described by the origin record ") && !text.contains("made by"),
        "{text}"
    );
    bench.ok(&[
        "create",
        "--title",
        "t",
        "--input",
        "base/model.safetensors",
        "--output",
        "model/model.bin",
        "-o",
        "t.expb",
    ]);
    let text = flat(&bench.ok(&["why", "model/model.bin", "--with", "t.expb", "--with", "origin.expb"]));
    assert!(text.contains("was made by \"t\"") && text.contains("made from what the origin record "), "{text}");
}

#[test]
fn what_was_taken_back_is_not_shown_as_if_it_held() {
    let bench = signed_by("ada");
    let review = |verdict: &str, day: &str| {
        bench.ok(&[
            "review",
            "a.expb",
            "--verdict",
            verdict,
            "--key",
            "ben",
            "--at",
            &format!("2026-11-{day}T09:00:00Z"),
        ])
    };
    review("approved", "21");
    let rejection = review("rejected", "22");
    bench.ok(&["note", "a.expb", "seen", "--key", "ben", "--at", "2026-11-22T10:00:00Z"]);
    insta::assert_snapshot!("show_rejected", record_part(&bench.ok(&["show", "a.expb"])));
    let at = ["--at", "2026-11-23T09:00:00Z"];
    bench.ok(&[&["revoke", "a.expb", "--statement", rejection.trim(), "--key", "ben"], &at[..]].concat());
    bench.ok(&[&["revoke", "a.expb", "--whole-record", "--yes", "--key", "ada"], &at[..]].concat());
    insta::assert_snapshot!("show_revoked", record_part(&bench.ok(&["show", "a.expb"])));
}

/// The lines of `show` on what was said about the record.
fn record_part(text: &str) -> String {
    let is_part = |line: &&str| line.starts_with('!') || line.starts_with("  2026-");
    text.split_inclusive('\n').filter(is_part).collect()
}

#[test]
fn why_tells_the_latest_review_whole_and_of_what_a_run_is_a_part() {
    let bench = signed_by("ada");
    let review = ["review", "a.expb", "--key", "ben", "--at"];
    let words = ["--verdict", "rejected", "--role", "safety", "--scope", "internal use", "--reason", "no tests"];
    bench.ok(&[&review[..], &["2026-11-21T09:00:00Z"], &words].concat());
    let words = ["--verdict", "approved", "--role", "safety", "--scope", "internal use", "--reason", "tests pass"];
    bench.ok(&[&review[..], &["2026-11-22T09:00:00Z"], &words].concat());
    let why = flat(&bench.ok(&["why", "model/model.bin", "--with", "a.expb", "--trust", "signers"]));
    let approved =
        "It was approved for \"internal use\" by ben@example.org as \"safety\" on 2026-11-22: \"tests pass\".";
    assert!(why.contains(approved) && !why.contains("rejected"), "{why}");
    let unchecked = flat(&bench.ok(&["why", "model/model.bin", "--with", "a.expb"]));
    assert!(unchecked.contains("approved as \"safety\"") && !unchecked.contains("rejected"), "{unchecked}");
    let input = ["--input", "config=model/config.json", "-o", "step.expb"];
    let step = ["create", "--title", "a step", "--derive-from", "a.expb", "--relation", "part-of"];
    bench.ok(&[&step[..], &input[..]].concat());
    let why = flat(&bench.ok(&["why", "step.expb", "--with", "a.expb"]));
    assert!(why.contains("It is a part of \"a run\" (") && !why.contains("part-of"), "{why}");
}

#[test]
fn a_revocation_names_what_it_takes_back_and_says_if_that_is_somebody_elses() {
    let bench = signed_by("ada");
    let id = bench.ok(&["review", "a.expb", "--verdict", "rejected", "--key", "ben", "--at", "2026-11-21T09:00:00Z"]);
    let revoke = |what: &[&str], key: &str| {
        let arguments =
            [&["revoke", "a.expb", "--key", key, "-o", "b.expb", "--at", "2026-11-22T09:00:00Z"], what].concat();
        let said = String::from_utf8(bench.output(&arguments).stderr).expect("UTF-8");
        std::fs::remove_file(bench.path("b.expb")).expect("it was written");
        said.split_inclusive('\n').filter(|line| !line.starts_with("  ")).collect::<String>()
    };
    let statement = ["--statement", id.trim()];
    let all = [
        revoke(&statement, "ben"),
        revoke(&statement, "ada"),
        revoke(&["--revoked-key", "ada.pub"], "ada"),
        revoke(&["--revoked-key", "ada.pub"], "ben"),
        revoke(&["--whole-record", "--yes"], "ada"),
        revoke(&["--whole-record", "--yes"], "ben"),
    ];
    insta::assert_snapshot!("revoked_things", all.join("\n"));
}

#[test]
fn each_row_says_of_which_record_it_is() {
    let bench = released("ada");
    bench.ok(&["create", "--title", "another run", "--input", "model/config.json", "-o", "b.expb"]);
    bench.ok(&["sign", "b.expb", "--key", "ben", "--at", "2026-11-20T09:00:00Z"]);
    // Of one date, and each follows the one before.
    for words in ["first", "second", "third", "fourth"] {
        bench.ok(&["note", "b.expb", words, "--key", "ben", "--at", "2026-11-22T09:00:00Z"]);
    }
    std::fs::write(bench.path("model/added.json"), "{}").expect("room");
    bench.ok(&["attach", "model", "b.expb", "--yes", "--key", "ada", "--at", "2026-11-23T09:00:00Z"]);
    let text = verified(&bench, &["model", "--trust", "signers"]);
    let signed = text.split("\n\n").find(|part| part.starts_with("Signed")).expect("the part");
    insta::assert_snapshot!("signed_of_several_records", signed);
}

#[test]
fn a_key_that_is_not_valid_now_has_one_line() {
    let bench = signed_by("ben");
    for day in 21..=23 {
        bench.ok(&[
            "note",
            "a.expb",
            &format!("seen on day {day}"),
            "--key",
            "ben",
            "--at",
            &format!("2026-11-{day}T09:00:00Z"),
        ]);
    }
    let line = |options: &str| {
        let key = SigningKey::from_seed(&[2; 32]).public_key();
        std::fs::write(bench.path("signers"), format!("ben@example.org {options} {key}\n")).expect("room");
        verified(&bench, &["a.expb", "--trust", "signers", "--at", "2026-12-01T00:00:00Z"])
    };
    insta::assert_snapshot!("key_not_valid_now", line("valid-before=\"20261101Z\""));
    for (options, words) in [
        ("valid-after=\"202701010930Z\"", "only from 2027-01-01T09:30:00Z [trust.not-valid]\n"),
        (
            "valid-after=\"20260101\",valid-before=\"20261121\"",
            "only from 2026-01-01 until 2026-11-21 [trust.not-valid]\n",
        ),
        ("namespaces=\"git\"", "only for other purposes than \"expbundle\" [trust.namespace]\n"),
    ] {
        let text = line(options);
        assert!(text.contains(&format!(": ben@example.org's key is trusted {words}")), "{text}");
    }
    let report = json(&verified(&bench, &["a.expb", "--trust", "signers", "--json"]));
    valid("report", &report);
    assert_eq!(report["apart"]["knownKeys"].as_array().map(Vec::len), Some(1), "{report}");
}

#[test]
fn signing_all_says_what_it_leaves_unsigned() {
    let bench = signed_by("ada");
    bench.ok(&["create", "--title", "base", "--output", "model/model.bin", "-o", "base.expb"]);
    bench.ok(&["create", "--title", "child", "--input", "model/model.bin", "-o", "child.expb"]);
    bench.ok(&["merge", "base.expb", "child.expb", "-o", "both.expb"]);
    let sign = ["sign", "both.expb", "--record", "all", "--key", "ada"];
    let said = |arguments: &[&str]| String::from_utf8(bench.output(arguments).stderr).expect("UTF-8");
    let text = said(&sign);
    let id = &bench.ok(&["show", "base.expb", "--json"]);
    let id = json(id)["id"].as_str().expect("an id").to_owned();
    assert!(text.ends_with(&format!("note: 1 record not signed: {}; name it with `--record`\n", &id[..12])), "{text}");
    assert!(!said(&[&sign[..], &["--record", &id]].concat()).contains("not signed:"));
}

#[test]
fn no_file_is_written_over_that_would_be_lost() {
    let bench = signed_by("ada");
    let read = |name: &str| std::fs::read(bench.path(name)).expect("a file");
    let signed = read("a.expb");
    let create = ["create", "--title", "a run", "--output", "model/model.bin", "-o", "a.expb"];
    let output = bench.output(&create);
    assert!(String::from_utf8_lossy(&output.stderr).contains("unchanged a.expb"), "{output:?}");
    let other = ["create", "--title", "another", "-o", "a.expb"];
    bench.fails(2, "cli.usage", &other);
    bench.ok(&["create", "--title", "another", "-o", "b.expb"]);
    for refused in [
        &["merge", "b.expb", "-o", "a.expb"][..],
        &["repack", "b.expb", "-o", "a.expb"],
        &["withhold", "b.expb", "--section", "context", "-o", "a.expb"],
        &["extract", "b.expb", "--section", "context", "-o", "a.expb"],
        &["withhold", "b.expb", "--section", "context", "-o", "model/model.bin"],
    ] {
        let (_, stderr) = bench.fails(2, "cli.usage", refused);
        assert!(stderr.contains("`--force`"), "{stderr}");
    }
    assert!(read("a.expb") == signed && read("model/model.bin") == b"weights");
    // A union that has grown loses nothing; a copy without a section does.
    bench.ok(&["merge", "a.expb", "-o", "all.expb"]);
    bench.ok(&["merge", "a.expb", "b.expb", "-o", "all.expb"]);
    bench.fails(2, "cli.usage", &["withhold", "all.expb", "--section", "context", "-o", "a.expb"]);
    bench.ok(&["withhold", "all.expb", "--section", "context", "-o", "part.expb"]);
    bench.ok(&["withhold", "all.expb", "--section", "context", "-o", "part.expb"]);
    bench.ok(&[&other[..], &["--force"]].concat());
    assert!(read("a.expb") == read("b.expb"));
    // A conversion writes to the file that was named or to none; in a folder, beside what it is not
    // of, and says which file it wrote.
    let source = fixture("huggingface/digits-base-64");
    bench.fails(2, "cli.usage", &["convert", "huggingface", &source, "-o", "a.expb"]);
    bench.ok(&["convert", "huggingface", &source, "-o", "h.expb"]);
    assert!(bench.said(&["convert", "huggingface", &source, "-o", "h.expb"]).contains("unchanged h.expb"));
    std::fs::create_dir(bench.path("runs")).expect("room");
    let name = bench.ok(&["convert", "huggingface", &source, "-o", "runs"]);
    std::fs::copy(bench.path("b.expb"), bench.path(name.trim())).expect("room");
    let output = bench.output(&["convert", "huggingface", &source, "-o", "runs"]);
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        stderr.contains(&format!("note: `{}` has another record or other files and was left alone\n", name.trim())),
        "{stderr}"
    );
    assert!(stdout != name && stderr.contains(&format!("written {}: ", stdout.trim())), "{stdout}{stderr}");
    bench.ok(&["convert", "huggingface", &source, "--all", "-o", "family.expb"]);
    let streamed = bench.output(&["convert", "huggingface", &source, "--all", "-o", "-"]);
    assert!(streamed.stdout == read("family.expb") && !bench.path("-").exists());
}

#[test]
fn a_key_is_taken_for_what_it_is() {
    let bench = signed_by("ada");
    set_mode(&bench, "ada", 0o644);
    let output = bench.output(&["note", "a.expb", "x", "--key", "ada"]);
    assert_eq!(String::from_utf8_lossy(&output.stderr).contains("warning: ada"), cfg!(unix), "{output:?}");
    let (_, stderr) = bench.fails(2, "cli.key", &["note", "a.expb", "x", "--key", "ada.pub"]);
    assert!(stderr.contains("public key") && !stderr.contains("warning"), "{stderr}");
    // The line that is printed with a new key is one of a signers file.
    let output = bench.output(&["keygen", "-o", "new"]);
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    let line = stderr.lines().find_map(|line| line.split_once("your own address: ")).expect("the line").1;
    std::fs::write(bench.path("signers"), line).expect("room");
    bench.ok(&["note", "a.expb", "x", "--key", "new"]);
    assert!(
        verified(&bench, &["a.expb", "--trust", "signers", "--require", "intact"])
            .contains("trusted as me@example.org")
    );
    std::fs::write(bench.path("signers"), line.trim_start_matches("me@example.org namespaces=\"expbundle\" "))
        .expect("room");
    let (_, stderr) = bench.fails(2, "trust.signers", &["verify", "a.expb", "--trust", "signers"]);
    assert!(stderr.contains("put the name first: me@example.org ssh-ed25519"), "{stderr}");
}

#[test]
fn a_deployment_is_of_the_output_that_it_names() {
    let bench = Bench::new();
    for (name, bytes) in [("good.bin", b"the good weights"), ("odd.bin", b"the odd weights!")] {
        std::fs::write(bench.path(name), bytes).expect("room");
    }
    bench.ok(&["create", "--title", "two", "--output", "good.bin", "--output", "odd.bin", "-o", "a.expb"]);
    bench.ok(&["keygen", "-o", "key"]);
    bench.ok(&["deployment", "a.expb", "--environment", "production", "--artifact", "good.bin", "--key", "key"]);
    assert!(bench.ok(&["why", "good.bin", "--with", "a.expb"]).contains("production"));
    assert!(!bench.ok(&["why", "odd.bin", "--with", "a.expb"]).contains("production"));
}

#[test]
fn whoever_reads_or_compares_a_record_is_told_what_was_said_against_it() {
    let bench = signed_by("ada");
    bench.ok(&["review", "a.expb", "--verdict", "rejected", "--reason", "leaked", "--key", "ben"]);
    bench.ok(&["create", "--title", "another", "-o", "b.expb"]);
    let said = |arguments: &[&str]| {
        let output = bench.output(arguments);
        (String::from_utf8(output.stdout).expect("UTF-8"), String::from_utf8(output.stderr).expect("UTF-8"))
    };
    assert!(said(&["diff", "a.expb", "b.expb"]).0.lines().next().is_some_and(|line| line.contains("rejected by")));
    let report = json(&said(&["diff", "a.expb", "b.expb", "--json"]).0);
    assert_eq!(report["against"][report["before"].as_str().expect("an id")][0]["reason"], "leaked");
    assert_eq!(json(&said(&["show", "a.expb", "--json"]).0)["objections"][0]["kind"], "rejected");
    assert!(said(&["show", "a.expb", "context"]).1.contains("\"leaked\""));
    assert!(said(&["extract", "a.expb", "--section", "context"]).1.contains("\"leaked\""));
}

/// What is set apart is not here for what counts, so a stranger's record changes no line above
/// where it is counted.
#[test]
fn a_strangers_record_that_trusted_people_speak_of_changes_nothing() {
    let bench = signed_by("ada");
    bench.ok(&["create", "--title", "ours", "-o", "theirs.expb"]);
    bench.ok(&["review", "theirs.expb", "--verdict", "rejected", "--reason", "leaked", "--key", "ben", "-o", "b.expb"]);
    let intact = |name: &str| {
        let path = camino::Utf8PathBuf::from_path_buf(bench.path(name)).expect("UTF-8");
        Unverified::open(&path).expect("there").check(Digests::Blake3).expect("whole").intact
    };
    let mut without = intact("a.expb").bundle().clone();
    for (_, content) in intact("b.expb").bundle().statements() {
        without.insert_statement_unchecked(content.read(1 << 20).expect("memory"));
    }
    without.write(&mut std::fs::File::create(bench.path("without.expb")).expect("room")).expect("room");
    bench.ok(&["merge", "without.expb", "theirs.expb", "-o", "with.expb"]);
    let report = |name: &str| {
        let text = verified(&bench, &[name, "--trust", "signers"]).replace(name, "a.expb");
        let end =
            ["\nBy keys that are not trusted", "\nSigned by nobody"].iter().filter_map(|words| text.find(words)).min();
        text.get(..end.unwrap_or(text.len())).expect("a part").trim_end().to_owned()
    };
    let (without, with) = (report("without.expb"), report("with.expb"));
    assert!(without.starts_with("✓") && without.contains("(not a record that counts here): rejected by"), "{without}");
    assert_eq!(
        with.split("\nThis does not prove").next().map(str::trim_end),
        without.split("\nThis does not prove").next().map(str::trim_end)
    );
}

/// Markers of two records may stand for different names, so that what they stand for is shown and
/// compared, as long as it is here.
#[test]
fn what_markers_stand_for_is_shown_and_compared() {
    let bench = Bench::new();
    for (name, path) in [("a", "/home/ada/train.csv"), ("b", "/home/ada/other.csv")] {
        let data = format!("data={path}");
        bench.ok(&["create", "--title", "t", "--param", &data, "-o", &format!("{name}.expb")]);
    }
    let parameter =
        |arguments: &[&str]| json(&bench.ok(arguments))["sections"]["recipe.json"]["parameters"]["data"].clone();
    assert_eq!(parameter(&["show", "a.expb", "--json"]), parameter(&["show", "b.expb", "--json"]), "both are markers");
    assert!(bench.ok(&["show", "a.expb"]).contains("/home/ada/train.csv"));
    let differences = bench.ok(&["diff", "a.expb", "b.expb"]);
    assert!(
        differences.contains("/home/ada/train.csv") && differences.contains("/home/ada/other.csv"),
        "{differences}"
    );
}

#[test]
fn a_signers_file_is_listed_as_json() {
    let bench = Bench::with_bundle();
    let key = std::fs::read_to_string(bench.path("key.pub")).expect("a key");
    let lines = format!("ada valid-before=\"20200101Z\" {key}*@example.org {key}git namespaces=\"git\" {key}");
    std::fs::write(bench.path("signers"), lines).expect("room");
    let listed = json(&bench.ok(&["trust", "list", "signers", "--json"]));
    valid("signers", &listed);
    let ada = &listed["signers"][0];
    assert_eq!((&ada["principals"][0], &ada["trustedNow"]), (&"ada".into(), &false.into()));
    assert_eq!(ada["until"], "2020-01-01T00:00:00Z");
    assert_eq!(listed["signers"][1]["forStatements"], false);
    assert_eq!((&listed["skipped"][0]["line"], &listed["skipped"][0]["reason"]), (&2.into(), &"pattern".into()));
}

#[test]
fn a_picture_says_what_it_shows_and_how_it_was_judged() {
    let bench = Bench::with_bundle();
    let draw = |more: &[&str]| bench.ok(&[&["lineage", "a.expb", "--svg"], more].concat());
    let shown = json(&bench.ok(&["show", "a.expb", "--json"]));
    let id = &shown["id"].as_str().expect("an id")[..12];
    let picture = draw(&[]);
    assert!(picture.contains(&format!("<title id=\"lineage-title\">Lineage of &quot;a run&quot; ({id})</title>")));
    assert!(picture.contains(">signers not checked, as of 20"), "{picture}");
    assert!(picture.contains(">unsigned</text>") && !picture.contains("an ancestor was"), "{picture}");
    std::fs::create_dir(bench.path("private")).expect("room");
    std::fs::copy(bench.path("key.pub"), bench.path("private/key.pub")).expect("room");
    bench.ok(&["sign", "a.expb", "--key", "key"]);
    let picture = draw(&["--trust", "private/key.pub"]);
    assert!(picture.contains(">signers: key.pub, as of 20") && !picture.contains("private/"), "{picture}");
    let what = "<desc id=\"lineage-description\">signers: key.pub, as of ";
    assert!(picture.contains(what) && picture.contains(r#"role="img""#), "{picture}");
    assert!(bench.ok(&["lineage", "a.expb", "--dot"]).contains("label=\"Lineage of \\\"a run\\\""));
}
