//! The journeys of the README through the real program: what it writes, says and returns, with
//! right and wrong input.

use crate::support::{Bench, bundle_is_valid, fixture, json, root, valid};
use camino::Utf8PathBuf;
use expbundle_convert::tracker::TRACKERS;

#[test]
fn the_whole_demo_has_every_step_in_full() {
    let bench = Bench::new();
    let output = bench.output(&["demo", "--all", "-o", "demo"]);
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && talk.contains("create --from") && talk.lines().count() > 100, "{talk}");
    assert!(!talk.contains("more line"), "{talk}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("val/accuracy") && said.contains("needed to run it again"), "{said}");
}

#[test]
fn the_demo_goes_the_whole_way() {
    let bench = Bench::new();
    let output = bench.output(&["demo", "-o", "demo"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = said.lines().count() + String::from_utf8_lossy(&output.stderr).lines().count();
    assert!(output.status.success() && (50..75).contains(&lines), "{lines} lines: {said}");
    for shown in ["✓ trusted, released by team-b@example.org", "artifact.changed", "has 4 ancestors in all"] {
        assert!(said.replace('\n', " ").contains(shown), "{shown}: {said}");
    }
    for bundle in ["base.expb", "fine.expb"] {
        bundle_is_valid(&bench, &format!("demo/{bundle}"));
    }
    // The picture of the README is the one that the program draws of it.
    let picture = bench.ok(&["lineage", "demo/family.expb", "--trust", "demo/signers", "--svg"]);
    let drawn = std::fs::read_to_string(root().join("docs/lineage.svg")).expect("the picture");
    // But for the moment as of which it is judged.
    let timeless = |picture: &str| {
        let lines: Vec<&str> = picture.lines().filter(|line| !line.contains("signers: signers, as of 20")).collect();
        assert_eq!(
            lines.len() + 2,
            picture.lines().count(),
            "the moment stands below the title and in the description"
        );
        lines.join("\n")
    };
    assert!(timeless(&picture) == timeless(&drawn), "docs/lineage.svg differs from what is drawn: {picture}");
    // Everything that it did can be done again by hand, and the folder can be cleared of it.
    bench.ok(&["verify", "demo/model", "--trust", "demo/signers", "--require", "trusted", "--digests", "all"]);
    bench.ok(&["detach", "demo/model", "--yes"]);
    let examples = root().join("crates/expbundle-cli/demo/model");
    for file in ["README.md", "config.json", "model.safetensors"] {
        let restored = std::fs::read(bench.path("demo/model").join(file)).expect(file);
        assert!(restored == std::fs::read(examples.join(file)).expect(file), "{file}");
    }
    assert!(!bench.path("demo/model/experiment.expb").exists());
    bench.fails(2, "directory.no-bundle", &["verify", "demo/model"]);
    bench.fails(2, "cli.io", &["demo", "-o", "demo"]);
}

/// For each tracker in the list, the first sources in its folder of fixtures.
fn sources() -> Vec<(String, String)> {
    let mut sources = Vec::new();
    for tracker in TRACKERS {
        let folder = Utf8PathBuf::from(fixture(tracker.name()));
        let mut paths: Vec<_> =
            folder.read_dir_utf8().expect("fixtures").map(|one| one.expect("one").into_path()).collect();
        paths.sort();
        let found =
            paths.iter().filter(|path| path.is_dir() && tracker.open(path).is_ok_and(|source| source.is_some()));
        let before = sources.len();
        sources.extend(found.take(3).map(|path| (tracker.name().to_owned(), path.to_string())));
        assert!(sources.len() > before, "no fixture of {}", tracker.name());
    }
    sources
}

#[test]
fn every_run_of_every_store_becomes_a_bundle_that_is_valid_and_a_second_call_changes_nothing() {
    for (tool, source) in sources() {
        let (bench, tool, source) = (Bench::new(), tool.as_str(), source.as_str());
        let list = json(&bench.ok(&["convert", tool, source, "--list", "--json"]));
        valid("list", &list);
        bench.ok(&["convert", tool, source, "--all", "-o", "out"]);
        let read = || -> Vec<(std::path::PathBuf, Vec<u8>)> {
            let files =
                std::fs::read_dir(bench.path("out")).expect("a folder").map(|entry| entry.expect("readable").path());
            let mut files: Vec<_> = files.map(|path| (path.clone(), std::fs::read(path).expect("readable"))).collect();
            files.sort();
            files
        };
        let first = read();
        assert_eq!(first.len(), list.as_array().expect("runs").len(), "{source}");
        for (path, _) in &first {
            bundle_is_valid(&bench, path.to_str().expect("UTF-8"));
        }
        bench.ok(&["convert", tool, source, "--all", "-o", "out"]);
        assert!(first == read(), "{source}: a second call changed something");
        // One family in one file, whatever the order.
        bench.ok(&["convert", tool, source, "--all", "-o", "family.expb"]);
        let paths: Vec<&str> = first.iter().rev().map(|(path, _)| path.to_str().expect("UTF-8")).collect();
        bench.ok(&[&["merge"], paths.as_slice(), &["-o", "merged.expb"]].concat());
        assert!(
            std::fs::read(bench.path("family.expb")).expect("a file")
                == std::fs::read(bench.path("merged.expb")).expect("a file")
        );
    }
}

#[test]
fn signatures_states_and_exit_codes() {
    let bench = Bench::with_bundle();
    bench.ok(&["verify", "a.expb"]);
    bench.fails(3, "policy.state", &["verify", "a.expb", "--require", "signed"]);
    bench.ok(&["sign", "a.expb", "--key", "key", "--name", "Ada", "--at", "2026-11-23T09:00:00Z"]);
    bench.ok(&["verify", "a.expb", "--require", "signed"]);
    let key = std::fs::read_to_string(bench.path("key.pub")).expect("the key");
    std::fs::write(
        bench.path("signers"),
        format!("ada@example.org namespaces=\"expbundle\",valid-before=\"20270101Z\" {key}"),
    )
    .expect("room");
    bench.ok(&["verify", "a.expb", "--trust", "signers", "--at", "2026-12-01T00:00:00Z"]);
    bench.fails(3, "trust.not-valid", &["verify", "a.expb", "--trust", "signers", "--at", "2027-12-01T00:00:00Z"]);
    std::fs::write(bench.path("others"), format!("ada@example.org namespaces=\"git\" {key}")).expect("room");
    bench.fails(3, "trust.namespace", &["verify", "a.expb", "--trust", "others"]);
    std::fs::write(bench.path("nobody"), "# nobody\n").expect("room");
    bench.fails(3, "policy.state", &["verify", "a.expb", "--trust", "nobody"]);
    std::fs::write(bench.path("broken"), "ada\n").expect("room");
    bench.fails(2, "trust.signers", &["verify", "a.expb", "--trust", "broken"]);

    bench.ok(&["note", "a.expb", "looks *good*", "--key", "key"]);
    bench.ok(&["review", "a.expb", "--verdict", "approved", "--role", "safety", "--reason", "checked", "--key", "key"]);
    let log = json(&bench.ok(&["log", "a.expb", "--json"]));
    let kinds: Vec<&str> = log.as_array().expect("statements").iter().filter_map(|one| one["kind"].as_str()).collect();
    assert_eq!(kinds.len(), 3);
    assert!(["authorship", "comment", "review"].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    let text = bench.ok(&["log", "a.expb", "--trust", "signers"]);
    assert!(text.contains("approved as \"safety\": \"checked\"") && text.contains("looks *good*"), "{text}");
    bundle_is_valid(&bench, "a.expb");

    // The wrong key, and none.
    bench.fails(2, "cli.key", &["sign", "a.expb", "--key", "key.pub"]);
    bench.fails(2, "cli.io", &["sign", "a.expb", "--key", "no-such-key"]);
    std::fs::write(bench.path("garbage"), "garbage").expect("room");
    bench.fails(2, "cli.key", &["sign", "a.expb", "--key", "garbage"]);
    bench.fails(2, "cli.io", &["keygen", "-o", "key"]);
    bench.fails(2, "cli.usage", &["sign", "a.expb", "--key", "key", "--record", "ffff"]);
    let output = bench.output(&["sign", "a.expb", "--key", "key", "--at", "yesterday"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("write it like 2026-11-23"), "{said}");
}

#[test]
fn what_is_no_bundle_or_a_spoiled_one_is_refused_with_its_code() {
    let bench = Bench::with_bundle();
    let bytes = std::fs::read(bench.path("a.expb")).expect("a bundle");
    let spoil = |bytes: &[u8]| std::fs::write(bench.path("b.expb"), bytes).expect("room");
    bench.fails(2, "cli.io", &["verify", "no-such-file"]);
    spoil(b"hello");
    bench.fails(2, "container.not-a-bundle", &["verify", "b.expb"]);
    bench.fails(2, "container.not-a-bundle", &["show", "b.expb"]);
    spoil(&bytes[..bytes.len() - 5]);
    bench.fails(1, "container.truncated", &["verify", "b.expb"]);
    spoil(&[&bytes[..], b"\0"].concat());
    bench.fails(1, "container.trailing-bytes", &["verify", "b.expb"]);
    // Repacking keeps every id.
    bench.ok(&["repack", "b.expb"]);
    assert!(std::fs::read(bench.path("b.expb")).expect("a bundle") == bytes);
    let mut flipped = bytes.clone();
    let at = flipped.windows(5).position(|window| window == b"a run").expect("the title");
    flipped[at] ^= 0x20;
    spoil(&flipped);
    let (stdout, _) = bench.fails(1, "digest.section", &["verify", "b.expb"]);
    assert!(stdout.contains("FAILED"), "{stdout}");
    bench.fails(1, "container.crc", &["merge", "a.expb", "b.expb", "-o", "c.expb"]);
    assert!(!bench.path("c.expb").exists());
    let report = bench.output(&["verify", "b.expb", "--json"]);
    valid("report", &json(&String::from_utf8_lossy(&report.stdout)));
    assert_eq!(report.status.code(), Some(1));
}

#[test]
fn the_journal_of_a_run_that_was_killed() {
    let bench = Bench::with_bundle();
    let journal = concat!(
        "{\"expbundle-journal\":1}\n",
        "[\"set\",\"context.json\",{\"title\":\"killed\"}]\n",
        "[\"metrics\",0,1764500000000000000,\"loss\",0.5]\n",
        "[\"metrics\",1,1764500001000000000,\"lo"
    );
    std::fs::write(bench.path("run.expj"), journal).expect("room");
    let said = bench.said(&["create", "--from", "run.expj", "-o", "killed.expb"]);
    assert!(said.contains("[source.truncated]") && said.contains("run.expj:4"), "{said}");
    bundle_is_valid(&bench, "killed.expb");
    let shown = json(&bench.ok(&["show", "killed.expb", "--json"]));
    assert!(shown.to_string().contains("\"unknown\""), "{shown}");
    std::fs::write(bench.path("other.expj"), "{}\n").expect("room");
    bench.fails(2, "cli.source", &["create", "--from", "other.expj", "-o", "d.expb"]);
}

#[test]
fn bundles_by_hand() {
    let bench = Bench::with_bundle();
    // The same arguments, the same bytes.
    bench.ok(&["create", "--title", "a run", "--output", "weights.bin", "-o", "b.expb"]);
    assert!(
        std::fs::read(bench.path("a.expb")).expect("a bundle")
            == std::fs::read(bench.path("b.expb")).expect("a bundle")
    );
    std::fs::create_dir(bench.path("sections")).expect("room");
    std::fs::write(bench.path("sections/recipe.json"), "{\"parameters\": {\"lr\": 0.5}}").expect("room");
    std::fs::create_dir(bench.path("folder")).expect("room");
    std::fs::write(bench.path("folder/data.csv"), "1,2").expect("room");
    bench.ok(&["create", "--title", "b", "--from", "sections", "--input", "dataset=folder", "-o", "c.expb"]);
    bundle_is_valid(&bench, "c.expb");
    let shown = bench.ok(&["show", "c.expb"]);
    assert!(shown.contains("lr") && shown.contains("0.5") && shown.contains("dataset"), "{shown}");
    let differences = json(&bench.ok(&["diff", "a.expb", "c.expb", "--json"]));
    valid("diff", &differences);
    assert!(
        differences["differences"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|one| one["name"] == "lr" && one["after"] == "0.5")
    );
    assert_eq!(bench.ok(&["diff", "a.expb", "b.expb"]), "the same record\n");

    bench.fails(2, "cli.usage", &["create", "-o", "d.expb"]);
    bench.fails(2, "cli.io", &["create", "--title", "x", "--input", "no-such-file", "-o", "d.expb"]);
    std::fs::write(bench.path("wrong.json"), "{\"parameters\": 7}").expect("room");
    bench.fails(2, "schema.invalid", &["create", "--title", "x", "--section", "recipe=wrong.json", "-o", "d.expb"]);
    std::fs::write(bench.path("twice.json"), "{\"a\": 1, \"a\": 2}").expect("room");
    bench.fails(2, "json.duplicate-key", &["create", "--title", "x", "--section", "recipe=twice.json", "-o", "d.expb"]);
    bench.fails(2, "cli.io", &["create", "--title", "x", "-o", "no/such/folder/d.expb"]);
    bench.fails(2, "cli.io", &["create", "--title", "x", "-o", "folder"]);
    assert!(!bench.path("d.expb").exists());
}

#[test]
fn a_trackers_files_are_read_without_writing_a_bundle() {
    let bench = Bench::new();
    let log = fixture("wandb/finetune/offline-run-20261123_095528-pjclsy9c/run-pjclsy9c.wandb");
    let shown = bench.ok(&["show", &log]);
    assert!(shown.contains("finetune-slow") && shown.contains("val/accuracy"), "{shown}");
    let csv = bench.ok(&["extract", &log, "--csv"]);
    assert!(csv.starts_with("key,step,time,value,text\r\n"));
    assert_eq!(csv.lines().filter(|line| line.starts_with("val/loss,")).count(), 40);
    bench.ok(&["extract", &log, "--parquet", "-o", "points.parquet"]);
    assert!(std::fs::read(bench.path("points.parquet")).expect("a file").starts_with(b"PAR1"));
    assert!(bench.ok(&["show", &log, "metrics"]).contains("train/loss"));
    assert!(bench.ok(&["show", &log, "console"]).contains("epoch 0 loss"));
    let store = fixture("mlflow/file-store");
    let (_, stderr) = bench.fails(2, "cli.usage", &["show", &store]);
    assert!(stderr.contains("--run"), "{stderr}");
    assert!(bench.ok(&["show", &store, "--run", "388b28512d354845a189ec595620eb02"]).contains("base-64"));
    bench.ok(&["convert", "wandb", &log, "-o", "run.expb"]);
    bench.ok(&["extract", "run.expb", "--everything", "-o", "all"]);
    assert!(bench.path("all/recipe.json").is_file() && bench.path("all/record.json").is_file());
    bench.fails(2, "cli.io", &["extract", "run.expb", "--everything", "-o", "all"]);
    bench.fails(2, "cli.usage", &["extract", "run.expb", "--section", "nothing"]);
    bench.fails(2, "cli.usage", &["extract", "run.expb", "--artifact", "nothing"]);
    bench.fails(2, "cli.source", &["convert", "mlflow", "run.expb"]);
    bench.fails(2, "cli.io", &["convert", "wandb", "no-such-folder"]);
    bench.fails(2, "cli.source", &["convert", "mlflow", &store, "--run", "nothing", "-o", "x.expb"]);
    let runs = std::fs::read_dir(bench.folder.path()).expect("a folder").count();
    assert_eq!(runs, 3, "nothing else was written");
}

/// On the screen a person reads them; the JSON is for programs.
#[cfg(unix)]
#[test]
fn numbers_and_times_are_short_on_the_screen_and_exact_in_json() {
    let bench = Bench::new();
    let log = fixture("wandb/finetune/offline-run-20261123_095528-pjclsy9c/run-pjclsy9c.wandb");
    bench.ok(&["convert", "wandb", &log, "-o", "run.expb"]);
    bench.ok(&["convert", "mlflow", &fixture("mlflow/file-store"), "--all", "-o", "all.expb"]);
    let shown = bench.ok(&["show", "run.expb"]);
    assert!(shown.contains("started 2026-11-23 09:55 UTC, took 24 s"), "{shown}");
    assert!(shown.contains(" 0.973333 ") && !shown.contains("0.97333333"), "{shown}");
    let exact = bench.ok(&["show", "run.expb", "--json"]);
    assert!(exact.contains("0.9733333333333334") && exact.contains("2026-11-23T09:55:29.213168Z"), "{exact}");
    let (_, elsewhere) = shell(&bench, "TZ=JST-9 expbundle show run.expb");
    assert!(elsewhere.contains("started 2026-11-23 18:55 JST, took 24 s"), "{elsewhere}");
    let claimed = bench.ok(&["verify", "run.expb"]);
    assert!(claimed.contains("ran in \"wandb\", started 2026-11-23 09:55 UTC, took 24 s, finished"), "{claimed}");
    let many = bench.ok(&["show", "all.expb"]);
    assert!(many.contains("not signed\n\n\n\""), "records stand apart: {many}");
    let why = bench.ok(&["why", "run.expb"]);
    assert!(why.starts_with("\"finetune-slow\" (") && why.contains("is a run of 2026-11-23; it is not"), "{why}");
}

#[test]
fn attaching_asks_shows_and_can_be_undone() {
    let bench = Bench::with_bundle();
    std::fs::create_dir(bench.path("model")).expect("room");
    std::fs::copy(bench.path("weights.bin"), bench.path("model/weights.bin")).expect("room");
    let card = "---\nlicense: mit # as agreed\n---\n\n# A model\n";
    std::fs::write(bench.path("model/README.md"), card).expect("room");
    // Without a terminal there is terminal to ask on.
    bench.fails(2, "cli.usage", &["attach", "model", "a.expb"]);
    assert_eq!(std::fs::read_to_string(bench.path("model/README.md")).expect("the card"), card);
    bench.ok(&["attach", "model", "a.expb", "--yes", "--key", "key"]);
    let report = json(&bench.ok(&["verify", "model", "--json"]));
    valid("report", &report);
    let states: Vec<&str> =
        report["files"].as_array().expect("files").iter().filter_map(|file| file["state"].as_str()).collect();
    assert_eq!(states, ["covered"], "{report}");
    std::fs::write(bench.path("model/weights.bin"), b"weightz").expect("room");
    bench.fails(1, "artifact.changed", &["verify", "model"]);
    std::fs::remove_file(bench.path("model/weights.bin")).expect("it was there");
    bench.fails(1, "directory.missing", &["verify", "model"]);
    bench.ok(&["detach", "model", "--yes"]);
    assert_eq!(std::fs::read_to_string(bench.path("model/README.md")).expect("the card"), card);
    bench.fails(2, "cli.attach", &["detach", "model", "--yes"]);
    bench.fails(2, "directory.no-bundle", &["verify", "model"]);
}

#[test]
fn help_completions_manual_and_schemas_are_there() {
    let bench = Bench::new();
    let help = bench.ok(&["--help"]);
    let commands: Vec<&str> =
        help.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next()).collect();
    for command in [
        "convert",
        "create",
        "keygen",
        "sign",
        "note",
        "review",
        "log",
        "verify",
        "show",
        "extract",
        "diff",
        "attach",
        "release",
        "detach",
        "merge",
        "lineage",
        "why",
        "link",
        "supersede",
        "revoke",
        "seal",
        "evaluation",
        "deployment",
        "withhold",
        "repack",
        "schema",
        "demo",
    ] {
        assert!(commands.contains(&command), "{command} is not in the help");
        let help = bench.ok(&[command, "--help"]);
        assert!(help.contains("Example"), "{command} has no example");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(bench.ok(&["completions", shell]).contains("expbundle"));
    }
    bench.ok(&["man", "-o", "man"]);
    assert!(std::fs::read_to_string(bench.path("man/expbundle-verify.1")).expect("a page").contains("Exit status"));
    for name in bench.ok(&["schema"]).lines() {
        assert_eq!(json(&bench.ok(&["schema", name]))["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
    bench.fails(2, "cli.usage", &["schema", "nothing"]);
    assert!(bench.ok(&["--version"]).starts_with("expbundle "));
}

/// The code within the sentences of a page.
fn prose(text: &str) -> Vec<String> {
    let outside: String = text.split("```").step_by(2).collect();
    outside.split('`').skip(1).step_by(2).map(|code| code.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// The commands of the README and the guides are commands that the program has.
#[test]
fn the_commands_of_the_pages_exist() {
    let bench = Bench::new();
    let help = bench.ok(&["--help"]);
    let mut seen = 0;
    for page in [
        "README.md",
        "docs/guide/attach-to-a-model.md",
        "docs/guide/read-a-tracker.md",
        "docs/guide/your-own-tracker.md",
        "docs/guide/what-verify-proves.md",
        "docs/guide/three-teams.md",
        "docs/guide/share-a-part.md",
    ] {
        let text = std::fs::read_to_string(root().join(page)).expect(page);
        let in_prose = prose(&text);
        let of_blocks = text.lines().map(|line| line.trim_start_matches("$ "));
        let lines = of_blocks.chain(in_prose.iter().map(String::as_str));
        for line in lines.filter_map(|line| line.strip_prefix("expbundle ")) {
            let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
            let command = words.first().expect("a command");
            assert!(help.contains(&format!("  {command} ")), "{page}: {line}");
            // `trust` has commands of its own.
            let levels = if *command == "trust" { 2 } else { 1 };
            let help = bench.ok(&[words.get(..levels).expect("a command of `trust`"), &["--help"]].concat());
            for option in words.iter().filter(|word| word.starts_with("--")) {
                let option = option.split('=').next().unwrap_or(option);
                assert!(help.contains(option), "{page}: {command} has no {option}");
            }
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen}");
}

/// A command of a page, and the lines that the page shows of its output.
#[cfg(unix)]
type Step = (String, Vec<String>);

/// The commands in the blocks `console` of a page.
#[cfg(unix)]
fn steps(page: &str) -> Vec<Step> {
    let text = std::fs::read_to_string(root().join(page)).expect(page);
    let mut steps: Vec<Step> = Vec::new();
    let blocks = text.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    for line in blocks.flat_map(str::lines) {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push((command.to_owned(), Vec::new())),
            (None, Some((_, shown))) => shown.push(line.to_owned()),
            (None, None) => panic!("{page}: {line}"),
        }
    }
    steps
}

/// Runs a command of a page, as a shell does.
#[cfg(unix)]
fn shell(bench: &Bench, command: &str) -> (bool, String) {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_expbundle"));
    let folder = program.parent().expect("a folder").display();
    let output = std::process::Command::new("sh")
        .args(["-c", &format!("PATH={folder}:$PATH; {command}")])
        .current_dir(bench.folder.path())
        .env("TZ", "UTC")
        .output()
        .expect("a shell");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// Every command of every page works in a copy of `demo/`, and writes what the page shows.
#[cfg(unix)]
#[test]
fn the_walks_of_the_pages_can_be_walked() {
    for (pages, proof) in [
        (&["README.md"][..], "trusted, released by me@example.org"),
        (&["docs/guide/three-teams.md"], "revoked"),
        (&["docs/guide/share-a-part.md"], "is mine too"),
        (&["docs/guide/your-own-tracker.md"], "train/loss,1,2026-11-28T03:00:01Z,0.52,"),
        (&["docs/guide/read-a-tracker.md"], "finetune-slow"),
        (&["docs/guide/attach-to-a-model.md", "docs/guide/what-verify-proves.md"], "trusted, released by anna"),
    ] {
        let bench = Bench::new();
        copy(&root().join("crates/expbundle-cli/demo"), bench.folder.path());
        let mut all = String::new();
        for page in pages {
            let steps = steps(page);
            assert!(!steps.is_empty(), "{page}");
            for (command, shown) in steps {
                let (is_done, said) = shell(&bench, &command);
                assert!(is_done, "{page}: {command}: {said}");
                for line in shown.iter().filter(|line| !line.is_empty() && *line != "…") {
                    // What differs each time, like a key, is cut.
                    let is_shown = |one: &str| match line.strip_suffix('…') {
                        Some(beginning) => one.starts_with(beginning),
                        None => one.trim_end() == line,
                    };
                    assert!(said.lines().any(is_shown), "{page}: {command}: no {line:?} in {said}");
                }
                all += &said;
            }
        }
        assert!(all.contains(proof), "{pages:?}: {all}");
        if pages == ["README.md"] {
            claims_hold(&bench);
        }
    }
}

/// The commands of the README's claims, where its walk ended.
#[cfg(unix)]
fn claims_hold(bench: &Bench) {
    let text = std::fs::read_to_string(root().join("README.md")).expect("the page");
    let claims = text.split("| claim |").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("claims");
    let cells = claims.lines().filter_map(|row| row.split(" | ").nth(1));
    let spans = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let commands: Vec<&str> =
        spans.filter(|span| ["expbundle ", "python3 "].iter().any(|tool| span.starts_with(tool))).collect();
    assert!(commands.len() > 6, "{claims}");
    for command in commands {
        let (is_done, said) = shell(bench, command);
        assert!(is_done, "{command}: {said}");
    }
}

/// Copies a folder and everything below it.
#[cfg(unix)]
fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).expect("room");
    for entry in from.read_dir().expect("readable").map(|entry| entry.expect("an entry")) {
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            std::fs::copy(entry.path(), place).expect("room");
        }
    }
}
