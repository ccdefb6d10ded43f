//! What a path may be: a bundle, several, a folder of them, a model in the Hub's cache, a tracker's
//! source whose tool is found out, standard input and output; and whom `--trust` takes.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use crate::support::{Bench, fixture, json, valid};

/// A bench with three bundles in a folder: one by each key, and one that nobody signed.
fn with_folder() -> Bench {
    let bench = Bench::with_bundle();
    bench.ok(&["keygen", "-o", "other"]);
    fs::create_dir(bench.path("bundles")).expect("room");
    for (name, key) in [("1.expb", Some("key")), ("2.expb", Some("other")), ("3.expb", None)] {
        let path = format!("bundles/{name}");
        bench.ok(&["create", "--title", name, "--output", "weights.bin", "-o", &path]);
        if let Some(key) = key {
            bench.ok(&["sign", &path, "--key", key]);
        }
    }
    bench
}

/// Runs with something on standard input.
fn piped(bench: &Bench, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_expbundle"));
    let command = command.args(arguments).current_dir(bench.folder.path());
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    child.stdin.take().expect("a pipe").write_all(input).expect("it reads");
    child.wait_with_output().expect("it ends")
}

#[test]
fn of_several_bundles_each_has_a_line_and_the_worst_is_the_exit_status() {
    let bench = with_folder();
    let said = bench.ok(&["verify", "bundles"]);
    assert_eq!(said.lines().count(), 4, "{said}");
    let (said, _) = bench.fails(3, "policy.state", &["verify", "bundles", "--require", "signed"]);
    assert!(said.starts_with("✗ NOT SIGNED: bundles/3.expb\n  intact, but"), "{said}");
    let unchecked = |number| format!("! intact and signed (signers not checked): bundles/{number}.expb\n");
    let table = format!("\n{}{}✗ NOT SIGNED: bundles/3.expb", unchecked(1), unchecked(2));
    assert!(said.contains(&table), "{said}");
    // What is broken weighs more than what is not there, and that more than what is not trusted.
    fs::write(bench.path("text"), "hello").expect("room");
    let order = ["verify", "bundles", "text", "--trust", "key.pub"];
    bench.fails(2, "container.not-a-bundle", &order);
    let mut bytes = fs::read(bench.path("bundles/2.expb")).expect("a bundle");
    bytes.pop();
    fs::write(bench.path("bundles/2.expb"), bytes).expect("room");
    bench.fails(1, "container.truncated", &order);
    bench.fails(1, "cli.io", &["verify", "no-such-file", "bundles"]);
}

#[test]
fn json_of_several_is_an_array_and_of_one_a_report() {
    let bench = with_folder();
    let reports = json(&bench.ok(&["verify", "bundles", "a.expb", "--json"]));
    let reports = reports.as_array().expect("an array");
    assert_eq!(reports.len(), 4);
    for report in reports {
        valid("report", report);
    }
    valid("report", &json(&bench.ok(&["verify", "a.expb", "--json"])));
    // A script that gives a folder gets an array, however many bundles it has.
    for name in ["2.expb", "3.expb"] {
        fs::remove_file(bench.path("bundles").join(name)).expect("it was there");
    }
    assert!(json(&bench.ok(&["verify", "bundles", "--json"])).is_array());
}

#[test]
fn bundles_of_a_folder_with_other_files_do_not_speak_for_these() {
    let bench = with_folder();
    fs::write(bench.path("bundles/model.safetensors"), "weights").expect("room");
    bench.fails(2, "directory.no-bundle", &["verify", "bundles"]);
    bench.ok(&["attach", "bundles", "a.expb", "--yes", "--key", "key"]);
    let said = bench.ok(&["verify", "bundles", "--trust", "key.pub"]);
    assert!(said.contains("released by"), "{said}");
}

#[test]
fn several_are_signed_at_once_and_what_fails_keeps_none_from_it() {
    let bench = with_folder();
    bench.ok(&["sign", "a.expb", "bundles/3.expb", "--key", "key"]);
    bench.ok(&["verify", "a.expb", "bundles/3.expb", "--require", "signed"]);
    bench.ok(&["note", "bundles", "seen", "--key", "key"]);
    assert!(bench.ok(&["log", "bundles/2.expb"]).contains("seen"));
    fs::write(bench.path("bundles/2.expb"), "PK\u{3}\u{4}").expect("room");
    bench.fails(1, "container.truncated", &["note", "bundles", "again", "--key", "key"]);
    for name in ["bundles/1.expb", "bundles/3.expb"] {
        assert!(bench.ok(&["log", name]).contains("again"), "{name}");
    }
    for option in [["--out", "x.expb"], ["--record", "0123"]] {
        bench.fails(2, "cli.usage", &[&["sign", "bundles", "--key", "key"], option.as_slice()].concat());
    }
}

#[test]
fn quiet_is_the_exit_status_alone() {
    let bench = with_folder();
    for arguments in [
        &["verify", "a.expb"][..],
        &["verify", "bundles"],
        &["sign", "a.expb", "--key", "key"],
        &["convert", &fixture("mlflow/sqlite"), "--all", "-o", "out"],
    ] {
        let output = bench.output(&[arguments, &["-q"]].concat());
        assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    }
    let output = bench.output(&["-q", "verify", "bundles", "--require", "signed"]);
    assert_eq!((output.status.code(), output.stdout.len(), output.stderr.len()), (Some(3), 0, 0));
    let output = bench.output(&["-q", "verify", "nowhere"]);
    assert!(output.status.code() == Some(2) && !output.stderr.is_empty(), "an error is not a message");
    assert!(!bench.output(&["-q", "verify", "a.expb", "--json"]).stdout.is_empty());
}

#[test]
fn a_dash_is_standard_input_and_output() {
    let bench = Bench::with_bundle();
    let bundle = fs::read(bench.path("a.expb")).expect("a bundle");
    for verb in ["verify", "show", "log", "why", "lineage", "inspect"] {
        let output = piped(&bench, &[verb, "-"], &bundle);
        assert!(output.status.success(), "{verb}: {output:?}");
    }
    assert_eq!(piped(&bench, &["verify", "-"], b"hello").status.code(), Some(2));
    assert_eq!(piped(&bench, &["verify", "-"], &bundle[..bundle.len() - 1]).status.code(), Some(1));
    let signed = piped(&bench, &["sign", "-", "--key", "key"], &bundle);
    assert!(signed.status.success(), "{signed:?}");
    let trusted = piped(&bench, &["verify", "-", "--trust", "key.pub"], &signed.stdout);
    assert!(trusted.status.success(), "{trusted:?}");
    // The same bytes as in a file.
    for arguments in [
        &["create", "--title", "a run", "--output", "weights.bin", "-o", "-"][..],
        &["merge", "a.expb", "-o", "-"],
        &["convert", &fixture("wandb/finetune"), "-o", "-"],
    ] {
        let output = bench.output(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        let [before @ .., _] = arguments else { unreachable!("there are some") };
        bench.ok(&[before, &["out.expb"]].concat());
        assert!(fs::read(bench.path("out.expb")).expect("written") == output.stdout, "{arguments:?}");
        assert!(!bench.path("-").exists());
        fs::remove_file(bench.path("out.expb")).expect("it was there");
    }
    let section = bench.ok(&["extract", "a.expb", "--section", "context", "-o", "-"]);
    assert!(section.contains("a run"), "{section}");
}

#[test]
fn a_model_in_the_hubs_cache_is_a_model_by_its_name() {
    let bench = Bench::with_bundle();
    fs::create_dir(bench.path("model")).expect("room");
    fs::copy(bench.path("weights.bin"), bench.path("model/weights.bin")).expect("room");
    bench.ok(&["attach", "model", "a.expb", "--yes", "--key", "key"]);
    let commit = "0123456789012345678901234567890123456789";
    let repository = bench.path("hub/models--acme--digits");
    let snapshot = repository.join("snapshots").join(commit);
    fs::create_dir_all(&snapshot).expect("room");
    fs::create_dir_all(repository.join("refs")).expect("room");
    fs::write(repository.join("refs/main"), commit).expect("room");
    for name in ["experiment.expb", "weights.bin"] {
        fs::copy(bench.path("model").join(name), snapshot.join(name)).expect("room");
    }
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_expbundle"));
        command.args(arguments).current_dir(bench.folder.path()).env("HF_HUB_CACHE", "hub").stdin(Stdio::null());
        command.output().expect("the program runs")
    };
    for name in ["hf:acme/digits", "hf:acme/digits@main", "hf:acme/digits@0123"] {
        for arguments in [&["verify", name, "--trust", "key.pub"][..], &["show", name], &["why", name], &["log", name]]
        {
            let output = run(arguments);
            assert!(output.status.success(), "{arguments:?}: {output:?}");
        }
    }
    for name in ["hf:acme/other", "hf:acme/digits@v2", "hf:../x"] {
        let output = run(&["verify", name]);
        assert_eq!(output.status.code(), Some(2), "{name}: {output:?}");
    }
    let said = String::from_utf8(run(&["verify", "hf:acme/other"]).stderr).expect("UTF-8");
    assert!(said.contains("hf download acme/other"), "{said}");
}

#[test]
fn the_tool_of_a_source_is_found_out() {
    let bench = Bench::new();
    let store = fixture("mlflow/sqlite");
    let named = bench.ok(&["convert", "mlflow", &store, "--list"]);
    assert_eq!(bench.ok(&["convert", &store, "--list"]), named);
    for source in [fixture("wandb/finetune"), fixture("clearml/offline-2.1")] {
        if fs::metadata(&source).is_ok() {
            assert!(!bench.ok(&["convert", &source, "--list"]).is_empty(), "{source}");
        }
    }
    // The current folder, with and without the tool; a file of the tool's name is a source.
    let here = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_expbundle"));
        command.args(arguments).current_dir(&store).stdin(Stdio::null());
        String::from_utf8(command.output().expect("the program runs").stdout).expect("UTF-8")
    };
    assert_eq!(here(&["convert", "--list"]), named);
    assert_eq!(here(&["convert", "mlflow", "--list"]), named);
    bench.fails(2, "cli.usage", &["convert", "bogus", &store]);
    let (_, said) = bench.fails(2, "cli.source", &["convert", "."]);
    assert!(said.contains("mlflow: ") && said.contains("wandb: "), "{said}");
}

/// Since MLflow 3 the runs are in `mlflow.db`, and `mlruns` beside it has artifacts alone.
#[test]
fn mlruns_beside_a_database_leads_to_it() {
    let bench = Bench::new();
    let store = fixture("mlflow/sqlite");
    let database = fs::read_dir(&store).expect("a fixture").map(|entry| entry.expect("an entry").path());
    let mut database = database.filter(|path| path.extension().is_some_and(|extension| extension == "db"));
    fs::copy(database.next().expect("a database"), bench.path("mlflow.db")).expect("room");
    fs::create_dir_all(bench.path("mlruns/1/abc/artifacts")).expect("room");
    let named = bench.ok(&["convert", "mlflow", "mlflow.db", "--list"]);
    assert_eq!(bench.ok(&["convert", "mlflow", "./mlruns", "--list"]), named);
    assert_eq!(bench.ok(&["convert", "mlruns", "--list"]), named);
    // Whether a run has artifacts is not known where their folder is not here.
    let warned = |source: &str| {
        let output = bench.output(&["convert", "mlflow", source, "--run", "hidden-16", "-o", "-"]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).expect("UTF-8").contains("source.missing")
    };
    assert!(warned("mlflow.db") && !warned(&store));
    fs::rename(bench.path("mlruns"), bench.path("artifacts")).expect("room");
    bench.fails(2, "cli.source", &["convert", "mlflow", "artifacts", "--list"]);
}

#[test]
fn a_run_is_named_by_the_beginning_of_its_id_or_by_its_name() {
    let bench = Bench::new();
    let store = fixture("mlflow/file-store");
    let runs = json(&bench.ok(&["convert", &store, "--list", "--json"]));
    let runs = runs.as_array().expect("runs");
    let text = |run: &serde_json::Value, member: &str| run[member].as_str().unwrap_or_default().to_owned();
    let names: Vec<String> = runs.iter().map(|run| text(run, "name")).collect();
    let unique = runs.iter().find(|run| names.iter().filter(|name| **name == text(run, "name")).count() == 1);
    let unique = unique.expect("a run with a name of its own");
    bench.ok(&["convert", &store, "--run", &text(unique, "key"), "-o", "key.expb"]);
    bench.ok(&["convert", &store, "--run", &text(unique, "name"), "-o", "name.expb"]);
    bench.ok(&["convert", &store, "--run", &text(unique, "key")[..12], "-o", "beginning.expb"]);
    let bytes = |name: &str| fs::read(bench.path(name)).expect("a bundle");
    assert!(bytes("key.expb") == bytes("name.expb") && bytes("key.expb") == bytes("beginning.expb"));
    bench.ok(&["show", &store, "--run", &text(unique, "key")[..12]]);
    bench.ok(&["diff", &store, "--run", &text(&runs[0], "key"), "--run", &text(&runs[1], "key")]);
    bench.fails(2, "cli.source", &["convert", &store, "--run", "nowhere"]);
    bench.fails(2, "cli.source", &["convert", &store, "--run", ""]);
}

#[test]
fn trust_takes_public_keys_as_they_come() {
    let bench = Bench::with_bundle();
    bench.ok(&["sign", "a.expb", "--key", "key"]);
    let key = fs::read_to_string(bench.path("key.pub")).expect("a key");
    let other = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAAAEAQIDBA==";
    let words: Vec<&str> = key.split_whitespace().take(2).collect();
    fs::write(bench.path("ada.keys"), format!("# of a forge\n{other}\n\n{}\n", words.join(" "))).expect("room");
    fs::write(bench.path("signers"), format!("ada@example.org {key}")).expect("room");
    for trust in ["key.pub", "ada.keys", "signers", key.trim()] {
        let said = bench.ok(&["verify", "a.expb", "--trust", trust]);
        assert!(said.starts_with("✓ intact, signed and trusted: a.expb"), "{said}");
    }
    assert!(bench.ok(&["verify", "a.expb", "--trust", "ada.keys"]).contains("trusted as a key in ada.keys "));
    // Whoever made a key wrote its comment, and knows how a file could be called like it.
    fs::write(bench.path("ada.pub"), format!("{} boss@example.org\n", words.join(" "))).expect("room");
    assert!(bench.ok(&["verify", "a.expb", "--trust", "ada.pub"]).contains("trusted as the key in ada.pub "));
    let stranger = bench.path("key.pub").with_file_name("ssh-ed25519 AAAA");
    fs::write(stranger, format!("ada@example.org {key}")).expect("room");
    bench.fails(2, "trust.signers", &["verify", "a.expb", "--trust", "ssh-ed25519 AAAA"]);
    // Nor in any other form that a key has.
    let blob = key.split_whitespace().nth(1).expect("a key").to_owned();
    for text in [
        other.to_owned(),
        format!("ssh-ed25519\t{blob}"),
        format!("SSH-ED25519 {blob}"),
        blob.clone(),
        format!("ada {blob}"),
    ] {
        let planted = bench.path(&text);
        fs::create_dir_all(planted.parent().expect("a folder")).expect("room");
        fs::write(&planted, format!("ada@example.org {key}")).expect("room");
        let output = bench.output(&["verify", "a.expb", "--trust", &text]);
        let is_this_key = text.contains('\t') && output.status.success();
        assert!(is_this_key || output.status.code() == Some(2), "{text}: {output:?}");
    }
    // A signers file stays one: only the name of a file makes it a list of keys.
    fs::write(bench.path("bare"), &key).expect("room");
    bench.fails(2, "trust.signers", &["verify", "a.expb", "--trust", "bare"]);
    fs::write(bench.path("broken.pub"), "ssh-ed25519 AAAA").expect("room");
    bench.fails(2, "trust.signers", &["verify", "a.expb", "--trust", "broken.pub"]);
    let (_, said) = bench.fails(2, "trust.signers", &["verify", "a.expb", "--trust", "key"]);
    assert!(said.contains("private key"), "{said}");
    let (_, said) = bench.fails(3, "policy.state", &["verify", "a.expb", "--require", "trusted"]);
    assert!(said.contains("without `--trust`"), "{said}");
    // A signers file that is made line by line.
    bench.ok(&["trust", "add", "made", "key.pub", "--as", "ada@example.org", "--until", "2100-01-01"]);
    bench.ok(&["trust", "add", "made", "ada.keys", "--as", "ada", "--from", "2020-01-01T10:00:00Z"]);
    let made = fs::read_to_string(bench.path("made")).expect("a file");
    let key = words.join(" ");
    let first = format!("ada@example.org namespaces=\"expbundle\",valid-before=\"21000101000000Z\" {key}\n");
    let second = format!("ada namespaces=\"expbundle\",valid-after=\"20200101100000Z\" {key}\n");
    assert_eq!(made, first + &second);
    bench.ok(&["verify", "a.expb", "--trust", "made"]);
    let listed = bench.ok(&["trust", "list", "made"]);
    assert!(listed.contains("until 2100-01-01") && listed.contains("from 2020-01-01 10:00 UTC"), "{listed}");
    bench.ok(&["trust", "add", "made", "ada.keys", "--as", "ada", "--from", "2020-01-01T10:00:00Z"]);
    assert_eq!(fs::read_to_string(bench.path("made")).expect("a file"), made, "it was there already");
    for name in ["a,b", "*@example.org", "\"", "", "#x"] {
        bench.fails(2, "cli.usage", &["trust", "add", "made", "key.pub", "--as", name]);
    }
    bench.fails(
        2,
        "cli.usage",
        &["trust", "add", "made", "key.pub", "--as", "me", "--from", "2020-01-02", "--until", "2020-01-01"],
    );
    bench.fails(2, "trust.signers", &["trust", "add", "made", "key", "--as", "me"]);
    for keys in ["ada.pub", "new.keys", other] {
        bench.fails(2, "cli.usage", &["trust", "add", keys, "key.pub", "--as", "me"]);
    }
    assert_eq!(fs::read_to_string(bench.path("made")).expect("a file"), made, "what is refused is not written");
    // Of a key that nobody was asked about nothing is said.
    for verb in ["verify", "why", "log", "lineage"] {
        let said = bench.ok(&[verb, "a.expb"]);
        assert!(
            !said.contains("unknown key") && (said.contains("not checked") || said.contains("unchecked")),
            "{verb}: {said}"
        );
    }
}

/// What is about one record, and what is about all, takes a folder of bundles as their merge.
#[test]
fn a_folder_of_bundles_is_taken_as_one() {
    let bench = Bench::new();
    bench.ok(&["keygen", "-o", "k"]);
    fs::create_dir(bench.path("runs")).expect("room");
    for name in ["a", "b"] {
        let bundle = format!("runs/{name}.expb");
        bench.ok(&["create", "--title", name, "--param", &format!("x={name}"), "-o", &bundle]);
        bench.ok(&["sign", &bundle, "--key", "k"]);
    }
    let log = json(&bench.ok(&["log", "runs", "--json"]));
    let records: Vec<&str> =
        log.as_array().expect("statements").iter().filter_map(|one| one["record"].as_str()).collect();
    let [one, other] = records.as_slice() else { panic!("{log}") };
    let differences = bench.ok(&["diff", "runs", "--record", one, "--record", other]);
    assert!(differences.contains('a') && differences.contains('b'), "{differences}");
    assert_eq!(json(&bench.ok(&["show", "runs", "--record", one, "--json"]))["id"], **one);
    bench.fails(2, "cli.usage", &["show", "runs", "--json"]);
    let table = bench.ok(&["show", "runs"]);
    assert!(table.contains("\n\"a\"  ") && table.contains("\n\"b\"  ") && table.lines().count() == 5, "{table}");
    bench.ok(&["inspect", "runs"]);
}

#[test]
fn runs_that_ended_and_are_here_are_not_read_again() {
    let bench = Bench::new();
    let store = fixture("mlflow/sqlite");
    let begun = ["convert", "mlflow", &store, "--all", "--jobs", "2", "-o"];
    bench.ok(&[&begun[..], &["bundles"]].concat());
    let said = bench.said(&[&begun[..], &["bundles", "--skip-existing"]].concat());
    assert!(said.contains(" skipped, since their bundles are here"), "{said}");
    let runs = json(&bench.ok(&[&begun[..], &["bundles", "--skip-existing", "--json"]].concat()));
    valid("convert", &runs);
    let states = runs.as_array().expect("runs").iter().map(|run| run["state"].as_str().expect("a state").to_owned());
    assert!(states.into_iter().any(|state| state == "skipped"), "{runs}");
    for place in ["all.expb", "-"] {
        let (_, said) = bench.fails(2, "cli.usage", &[&begun[..], &[place, "--skip-existing"]].concat());
        assert!(said.contains("needs a folder"), "{said}");
    }
    assert_eq!(bench.output(&["convert", "mlflow", &store, "--skip-existing"]).status.code(), Some(2));
}

/// Where no run can be converted there is no bundle, and the cause is told.
#[test]
fn a_bundle_of_no_run_is_not_written() {
    let bench = Bench::new();
    let store = fixture("mlflow/file-store/mlruns");
    let session = fixture("clearml/baseline-zip");
    for (tool, source) in [("mlflow", &store), ("clearml", &session)] {
        for out in ["runs.expb", "runs", "-"] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_expbundle"));
            command.args(["convert", tool, source, "--all", "-o", out]).current_dir(bench.path("."));
            let output = command.env("TMPDIR", bench.path("none")).output().expect("the program runs");
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{tool} {out}: {said}");
            assert!(output.stdout.is_empty(), "{tool} {out}: {said}");
            assert!(said.contains("not found") || said.contains("No such file"), "{tool} {out}: {said}");
            assert!(said.contains("temporary"), "{tool} {out}: {said}");
            assert_eq!(fs::read_dir(bench.path(".")).expect("a folder").count(), 0, "{tool} {out}: {said}");
        }
    }
}

/// What somebody unpacked and was killed over goes with the next look at a session.
#[test]
fn an_archive_that_nobody_reads_any_more_is_removed() {
    let bench = Bench::new();
    let left = bench.path(".expbundle-aaaaaa.part");
    fs::create_dir(&left).expect("room");
    fs::write(left.join("task.json"), "{}").expect("room");
    let session = fixture("clearml/baseline-zip/offline-6ce6d6ee9e824f3f8372f255f7000b1b.zip");
    let mut command = Command::new(env!("CARGO_BIN_EXE_expbundle"));
    command.args(["convert", "clearml", &session, "--list"]).current_dir(bench.path("."));
    let output = command.env("TMPDIR", bench.path(".")).output().expect("the program runs");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(fs::read_dir(bench.path(".")).expect("a folder").count(), 0, "nothing stays");
}

/// The same of a tracker's database, which is copied if it has a journal.
#[test]
fn a_copy_that_nobody_reads_any_more_is_removed() {
    let bench = Bench::new();
    fs::copy(fixture("mlflow/sqlite/mlflow.db"), bench.path("mlflow.db")).expect("room");
    fs::write(bench.path("mlflow.db-wal"), "x").expect("room");
    let left = bench.path("tmp/.expbundle-aaaaaa.part");
    fs::create_dir_all(&left).expect("room");
    fs::write(left.join("copy.db"), "runs").expect("room");
    let mut command = Command::new(env!("CARGO_BIN_EXE_expbundle"));
    command.args(["convert", "mlflow", "mlflow.db", "--list"]).current_dir(bench.path("."));
    let output = command.env("TMPDIR", bench.path("tmp")).output().expect("the program runs");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(fs::read_dir(bench.path("tmp")).expect("a folder").count(), 0, "nothing stays");
}

/// `-` is standard output for every command that writes a bundle.
#[test]
fn repacking_writes_to_standard_output() {
    let bench = Bench::with_bundle();
    let output = bench.output(&["repack", "a.expb", "-o", "-"]);
    assert!(output.stdout == fs::read(bench.path("a.expb")).expect("a bundle") && !bench.path("-").exists());
}

/// A run that was killed before its first record left the head of a log.
#[test]
fn a_log_without_a_record_is_said_to_be_cut() {
    let bench = Bench::new();
    fs::write(bench.path("run-abcdefgh.wandb"), b"\x3a\x57\x26\x42\xe1\xbe\x00").expect("room");
    let said = bench.said(&["convert", "wandb", "run-abcdefgh.wandb", "-o", "run.expb"]);
    assert!(said.contains("source.truncated") && said.contains("before it wrote one"), "{said}");
}
