//! What newcomers ran into: an answer that left something out, or advice that did not help.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Bench, json};

/// A run of MLflow's file store, of which the data set and the run have names that read as floats.
fn mlflow(bench: &Bench) -> String {
    let run = "0123456789abcdef0123456789abcdef";
    let folder = bench.path(&format!("mlruns/0/{run}"));
    let data = bench.path("mlruns/0/datasets/d1");
    for folder in [&folder.join("artifacts"), &folder.join("inputs/i1"), &data] {
        fs::create_dir_all(folder).expect("room");
    }
    let write = |path: &Path, text: &str| fs::write(path, text).expect("room");
    write(
        &bench.path("mlruns/0/meta.yaml"),
        "artifact_location: mlruns/0\nexperiment_id: '0'\nlifecycle_stage: active\nname: Default\n",
    );
    let meta = format!(
        "artifact_uri: mlruns/0/{run}/artifacts\nend_time: 1795424400000\nexperiment_id: '0'\nlifecycle_stage: active\n\
         run_id: {run}\nrun_name: 123e456\nrun_uuid: {run}\nstart_time: 1795424300000\nstatus: 3\nuser_id: ada\n"
    );
    write(&folder.join("meta.yaml"), &meta);
    write(&data.join("meta.yaml"), "digest: 883e1818\nname: digits\nsource: '{}'\nsource_type: local\n");
    let edge = "destination_id: 0123456789abcdef0123456789abcdef\ndestination_type: RUN\nsource_id: d1\nsource_type: DATASET\n\
                tags: {}\n";
    write(&folder.join("inputs/i1/meta.yaml"), edge);
    fs::write(folder.join("artifacts/notes.txt"), "notes").expect("room");
    run.to_owned()
}

#[test]
fn text_of_mlflow_that_reads_as_a_float_stays_text() {
    let bench = Bench::new();
    let run = mlflow(&bench);
    let said = bench.said(&["convert", "mlflow", "mlruns", "--run", &run, "-o", "a.expb"]);
    assert!(!said.contains("damaged"), "{said}");
    let shown = bench.ok(&["show", "a.expb", "--json"]);
    assert!(shown.contains("\"123e456\"") && shown.contains("883e1818"), "{shown}");
}

#[test]
fn unchanged_is_said_only_where_nothing_changed() {
    let bench = Bench::new();
    mlflow(&bench);
    let convert = |more: &[&str]| bench.said(&[&["convert", "mlflow", "mlruns", "--all", "-o", "out"], more].concat());
    let bundles = || fs::read_dir(bench.path("out")).expect("a folder").count();
    assert!(convert(&[]).contains(": 1 written\n"));
    assert!(convert(&[]).contains(": 1 unchanged\n"));
    // The embedded notes are not wanted any more: what is there is not what was asked for.
    let said = convert(&["--no-embed"]);
    assert!(said.contains(": 1 written\n") && said.contains("and was left alone"), "{said}");
    // A parameter that was added late.
    fs::create_dir_all(bench.path("mlruns/0/0123456789abcdef0123456789abcdef/params")).expect("room");
    fs::write(bench.path("mlruns/0/0123456789abcdef0123456789abcdef/params/lr"), "0.1").expect("room");
    let before = bundles();
    let said = convert(&[]);
    assert!(said.contains(": 1 written\n") && bundles() == before + 1, "{said}");
    // Salts alone make no other bundle.
    convert(&["--blind"]);
    let before = bundles();
    convert(&["--blind"]);
    assert_eq!(bundles(), before);
    let blind = ["convert", "mlflow", "mlruns", "--blind", "-o", "blind.expb"];
    bench.ok(&blind);
    assert!(bench.said(&blind).contains("unchanged blind.expb"));
}

#[test]
fn a_pointer_in_place_of_a_bundle_is_named() {
    let bench = Bench::with_bundle();
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 9\n", "0".repeat(64));
    fs::create_dir(bench.path("model")).expect("room");
    fs::write(bench.path("model/experiment.expb"), pointer).expect("room");
    fs::write(bench.path("model/weights.bin"), "weights").expect("room");
    for arguments in [
        &["verify", "model"][..],
        &["verify", "model/experiment.expb"],
        &["show", "model"],
        &["log", "model"],
        &["why", "model"],
        &["lineage", "model"],
        &["attach", "model", "a.expb", "--yes"],
    ] {
        let output = bench.output(arguments);
        let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8");
        let is_told =
            ["model/experiment.expb", "Git LFS pointer", "`git lfs pull`"].iter().all(|words| said.contains(words));
        assert!(is_told && !output.status.success() && !said.contains("make a bundle"), "{arguments:?}: {said}");
    }
}

#[test]
fn what_is_known_only_by_name_differs_too() {
    let bench = Bench::new();
    let artifacts = |name: &str, version: &str| {
        let one = format!(
            r#"{{"artifacts": [{{"direction": "input", "role": "dataset", "name": "digits", "version": "{version}",
            "foreign": {{"md5": "{version}"}}}}]}}"#
        );
        let context = format!(
            r#"{{"title": "a run", "jobType": "{name}", "groups": [{{"kind": "group", "name": "{name}"}}],
            "labels": {{"team": "{name}"}}}}"#
        );
        fs::write(bench.path("artifacts.json"), one).expect("room");
        fs::write(bench.path("context.json"), context).expect("room");
        let value = if name == "train" { 0.9 } else { 0.8 };
        let results =
            format!(r#"{{"evaluations": [{{"metric": "accuracy", "dataset": "digits", "value": {value}}}]}}"#);
        fs::write(bench.path("evaluations.json"), results).expect("room");
        let out = format!("{name}.expb");
        let sections = ["artifacts", "context", "evaluations"].map(|section| format!("{section}={section}.json"));
        let [a, b, c] = &sections;
        bench.ok(&["create", "--section", a, "--section", b, "--section", c, "-o", &out]);
    };
    artifacts("train", "v1");
    artifacts("tune", "v2");
    let said = bench.ok(&["diff", "train.expb", "tune.expb"]);
    for words in [
        "- \"dataset, bytes unknown, version v1, md5 v1\"\n    + \"dataset, bytes unknown, version v2, md5 v2\"",
        "  groups\n    - \"group train\"\n    + \"group tune\"",
        "  \"job type\"\n    - train\n    + tune",
        "  \"accuracy, digits\"\n    - 0.9\n    + 0.8",
        "  \"label team\"\n    - train\n    + tune",
    ] {
        assert!(said.contains(words), "no {words:?} in {said}");
    }
}

#[test]
fn the_size_of_a_folder_is_that_of_its_files() {
    let bench = Bench::new();
    fs::create_dir(bench.path("data")).expect("room");
    fs::write(bench.path("data/a.bin"), vec![1; 70_000]).expect("room");
    fs::write(bench.path("data/b.bin"), vec![2; 30_000]).expect("room");
    bench.ok(&["create", "--title", "base", "--output", "dataset=data", "-o", "base.expb"]);
    let shown = bench.ok(&["show", "base.expb"]);
    assert!(shown.contains("100.0 kB") && !shown.contains(" B\n"), "{shown}");
    bench.ok(&["create", "--title", "next", "--input", "dataset=data", "-o", "next.expb"]);
    let tree = bench.ok(&["lineage", "next.expb", "--with", "base.expb"]);
    assert!(tree.contains("[proven by \"data\", 100,000 B]"), "{tree}");
}

#[test]
fn a_list_that_is_cut_begins_with_the_model() {
    let bench = Bench::new();
    let mut arguments = vec!["create".to_owned(), "--title".to_owned(), "many files".to_owned()];
    for number in 0..20 {
        fs::write(bench.path(&format!("a{number}.txt")), format!("{number}")).expect("room");
        arguments.extend(["--output".to_owned(), format!("file=a{number}.txt")]);
    }
    fs::write(bench.path("zz.safetensors"), "weights").expect("room");
    arguments.extend(["--output", "zz.safetensors", "-o", "a.expb"].map(str::to_owned));
    bench.ok(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let shown = bench.ok(&["show", "a.expb"]);
    let outputs = shown.split("Outputs\n").nth(1).expect("a list");
    assert!(outputs.lines().next().is_some_and(|line| line.contains("zz.safetensors")), "{shown}");
}

#[test]
fn what_is_set_apart_is_counted_everywhere() {
    let bench = Bench::with_bundle();
    bench.ok(&["sign", "a.expb", "--key", "key"]);
    bench.ok(&["keygen", "-o", "other"]);
    bench.ok(&["trust", "add", "signers", "other.pub", "--as", "ben@example.org"]);
    let run = |arguments: &[&str]| {
        let output = bench.output(&[arguments, &["--trust", "signers"]].concat());
        String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8")
    };
    for form in ["--svg", "--dot", "--mermaid"] {
        let said = run(&["lineage", "a.expb", form]);
        let is_told =
            said.contains("set apart, by keys that are not trusted") && said.contains("1 record and 1 statement");
        assert!(is_told, "{form}: {said}");
    }
    for arguments in [&["lineage", "a.expb", "--json"], &["why", "a.expb", "--json"]] {
        let said = bench.output(&[&arguments[..], &["--trust", "signers"]].concat()).stdout;
        let apart = &json(&String::from_utf8(said).expect("UTF-8"))["apart"];
        assert_eq!(*apart, serde_json::json!({"records": 1, "statements": 1}), "{arguments:?}");
    }
}

/// Two records of which neither follows from the other.
fn of_two() -> Bench {
    let bench = Bench::with_bundle();
    bench.ok(&["create", "--title", "another", "-o", "b.expb"]);
    bench.ok(&["merge", "a.expb", "b.expb", "-o", "both.expb"]);
    bench
}

#[test]
fn a_parent_among_several_has_a_way_out() {
    let bench = of_two();
    let create =
        ["create", "--title", "next", "--derive-from", "both.expb", "--relation", "fine-tuned-from", "-o", "n.expb"];
    let (_, said) = bench.fails(2, "cli.usage", &create);
    assert!(said.contains("`expbundle merge --closure ID`") && !said.contains("--record"), "{said}");
}

#[test]
fn other_records_are_told_of() {
    let bench = Bench::with_bundle();
    let next =
        ["create", "--title", "next", "--derive-from", "a.expb", "--relation", "fine-tuned-from", "-o", "n.expb"];
    bench.ok(&next);
    bench.ok(&["merge", "a.expb", "n.expb", "-o", "both.expb"]);
    let shown = bench.ok(&["show", "both.expb"]);
    assert!(shown.contains("and 1 more record; `expbundle lineage` shows how"), "{shown}");
    assert!(!bench.ok(&["show", "a.expb"]).contains("more record"));
}

#[test]
fn every_path_that_is_read_may_be_in_the_hub_cache() {
    let bench = Bench::with_bundle();
    let cache = bench.path("cache");
    let sign = ["--key", "key"];
    for arguments in [
        &["lineage", "a.expb", "--with", "hf:acme/other"][..],
        &["why", "a.expb", "--with", "hf:acme/other"],
        &["create", "--title", "t", "--input", "hf:acme/other", "-o", "n.expb"],
        &["create", "--title", "t", "--output", "dataset=hf:acme/other", "-o", "n.expb"],
        &["create", "--title", "t", "--derive-from", "hf:acme/other", "--relation", "r", "-o", "n.expb"],
        &["create", "--title", "t", "--from", "hf:acme/other", "-o", "n.expb"],
        &["create", "--title", "t", "--metrics", "hf:acme/other", "-o", "n.expb"],
        &["attach", "model", "hf:acme/other"],
        &["inspect", "a.expb", "--names-of", "hf:acme/other"],
        &[&["supersede", "a.expb", "--by", "hf:acme/other"][..], &sign].concat(),
        &[&["link", "a.expb", "--parent", "hf:acme/other", "--relation", "r"][..], &sign].concat(),
        &["convert", "huggingface", "x", "--files", "hf:acme/other"],
        &["repack", "hf:acme/other"],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_expbundle"));
        let output = command.args(arguments).current_dir(bench.folder.path()).env("HF_HUB_CACHE", &cache).output();
        let said = String::from_utf8(output.expect("it runs").stderr).expect("UTF-8");
        assert!(said.contains("download it first: `hf download acme/other`"), "{arguments:?}: {said}");
    }
}

#[test]
fn advice_fits_what_was_given() {
    let bench = of_two();
    fs::create_dir(bench.path("model")).expect("room");
    fs::write(bench.path("model/weights.bin"), "weights").expect("room");
    let (_, said) = bench.fails(2, "cli.usage", &["why", "model", "--with", "both.expb"]);
    assert!(said.contains("name a file in this folder") && !said.contains("with `--with`"), "{said}");
    // A folder of bundles and something else.
    fs::create_dir(bench.path("mixed")).expect("room");
    for (from, to) in [("a.expb", "a.expb"), ("b.expb", "b.expb"), ("weights.bin", "notes.bin")] {
        fs::copy(bench.path(from), bench.path("mixed").join(to)).expect("room");
    }
    let (said, _) = bench.fails(2, "directory.no-bundle", &["verify", "mixed"]);
    assert!(said.contains("taken for a model folder") && said.contains("`a.expb`, `b.expb`"), "{said}");
    let (_, said) = bench.fails(2, "cli.usage", &["trust", "add", "signers", "key.pub", "--as", ""]);
    assert!(said.contains("the name of the signer is empty"), "{said}");
    fs::create_dir(bench.path("empty")).expect("room");
    let output = bench.output(&["convert", "mlflow", "empty", "-o", "x.expb"]);
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(!said.contains("--help` lists") && said.contains("has no mlflow data"), "{said}");
    // A key that the signers file has for other purposes.
    bench.ok(&["sign", "a.expb", "--key", "key"]);
    let key = fs::read_to_string(bench.path("key.pub")).expect("a key");
    fs::write(bench.path("git-only"), format!("ada@example.org namespaces=\"git\" {key}")).expect("room");
    let said = String::from_utf8(bench.output(&["verify", "a.expb", "--trust", "git-only"]).stdout).expect("UTF-8");
    assert!(said.contains("add the namespace `expbundle`") && !said.contains("`--at`"), "{said}");
}

#[test]
fn a_statement_may_be_named_by_its_file() {
    let bench = Bench::with_bundle();
    bench.ok(&["sign", "a.expb", "--key", "key"]);
    // The names of entries stand in the archive as they are.
    let archive = String::from_utf8_lossy(&fs::read(bench.path("a.expb")).expect("a bundle")).into_owned();
    let (start, name) = archive.match_indices("statements/").next().expect("a statement");
    let end = archive[start..].find(".json").expect("a name") + start + ".json".len();
    let file = &archive[start..end];
    assert_eq!(file.len(), name.len() + 64 + 5, "{file}");
    bench.ok(&["revoke", "a.expb", "--statement", file, "--key", "key"]);
    // A warning names it as `log` does, and as options take it.
    let log = json(&bench.ok(&["log", "a.expb", "--json"]));
    let id = &log[0]["id"].as_str().expect("an id")[..12];
    let said = String::from_utf8(bench.output(&["verify", "a.expb"]).stdout).expect("UTF-8");
    assert!(said.contains(&format!("--> statement {id}\n")) && !said.contains("statements/"), "{said}");
    bench.fails(2, "cli.usage", &["revoke", "a.expb", "--statement", "statements/", "--key", "key"]);
}

#[test]
fn a_card_that_names_its_model_keeps_the_name() {
    let bench = Bench::with_bundle();
    fs::create_dir(bench.path("folder")).expect("room");
    fs::copy(bench.path("weights.bin"), bench.path("folder/weights.bin")).expect("room");
    fs::write(bench.path("folder/README.md"), "---\nmodel_name: tiny digits\n---\n# A\n").expect("room");
    bench.ok(&["sign", "a.expb", "--key", "key"]);
    bench.ok(&[
        "evaluation",
        "a.expb",
        "--task",
        "image-classification",
        "--dataset",
        "digits",
        "--result",
        "accuracy=0.9",
        "--key",
        "key",
    ]);
    bench.ok(&["attach", "folder", "a.expb", "--yes"]);
    let card = fs::read_to_string(bench.path("folder/README.md")).expect("a card");
    assert!(card.contains("name: tiny digits") && !card.contains("name: folder"), "{card}");
}

#[test]
fn large_numbers_have_few_digits() {
    let bench = Bench::new();
    fs::write(bench.path("points.csv"), "step,loss\n0,1e300\n1,2.5e-7\n2,0.5\n").expect("room");
    bench.ok(&["create", "--title", "t", "--metrics", "points.csv", "-o", "a.expb"]);
    let csv = bench.ok(&["extract", "a.expb", "--csv"]);
    assert!(csv.contains("1e300") && csv.contains("2.5e-7") && csv.contains(",0.5,"), "{csv}");
    fs::write(bench.path("again.csv"), &csv).expect("room");
    bench.ok(&["create", "--title", "t", "--metrics", "again.csv", "-o", "b.expb"]);
    assert_eq!(bench.ok(&["extract", "b.expb", "--csv"]), csv);
}

#[test]
fn a_file_that_changed_takes_no_other_with_it() {
    let bench = Bench::new();
    let (card, weights) = ("5dd2199ad68327cc76d583b057aee7d5", "63f4f1e9b725370f459720575cd5f953");
    let listing = format!(
        "[{{\"md5\": \"{card}\", \"relpath\": \"README.md\"}}, {{\"md5\": \"{weights}\", \"relpath\": \"model.safetensors\"}}]"
    );
    let write = |path: &str, text: &str| {
        let path = bench.path(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("room");
        fs::write(path, text).expect("room");
    };
    write("p/.dvc/cache/9e/844a2173b2a01caf9e0a34e36db720.dir", &listing);
    write("p/.dvc/cache/63/f4f1e9b725370f459720575cd5f953", "weights");
    write("p/model/README.md", "card, changed since");
    write(
        "p/dvc.lock",
        "schema: '2.0'\nstages:\n  train:\n    cmd: python train.py\n    outs:\n    - path: model\n      \
         md5: 9e844a2173b2a01caf9e0a34e36db720.dir\n      size: 11\n      nfiles: 2\n",
    );
    let said = bench.said(&["convert", "dvc", "p", "-o", "run.expb"]);
    assert!(said.contains("it is incomplete: the bytes of 1 of its files are not here"), "{said}");
    assert!(said.contains("1 (its bytes are not here; its path, size and digest are kept)"), "{said}");
    let shown = bench.ok(&["show", "run.expb"]);
    assert!(shown.contains("  model  model.safetensors"), "{shown}");
    bench.ok(&["keygen", "-o", "key"]);
    bench.ok(&["sign", "run.expb", "--key", "key"]);
    write("got.safetensors", "weights");
    let why = bench.ok(&["why", "got.safetensors", "--with", "run.expb"]);
    assert!(why.contains("was made by"), "{why}");
}

#[test]
fn who_signs_anew_after_a_mistake_objects_to_nothing() {
    let bench = Bench::with_bundle();
    let wrong = bench.ok(&["sign", "a.expb", "--key", "key", "--name", "Anna Corp"]);
    bench.ok(&["revoke", "a.expb", "--statement", wrong.trim(), "--reason", "wrong name", "--key", "key"]);
    assert_eq!(bench.output(&["verify", "a.expb", "--no-objections"]).status.code(), Some(3));
    bench.ok(&["sign", "a.expb", "--key", "key", "--name", "Anna"]);
    for trust in [&[][..], &["--trust", "key.pub"]] {
        let said = bench.ok(&[&["verify", "a.expb", "--no-objections"], trust].concat());
        assert!(!said.contains("partly revoked") && said.contains("[trust.revoked]"), "{said}");
    }
    // Of somebody else it stays an objection that they took back what they had signed.
    bench.ok(&["keygen", "-o", "other"]);
    let id = bench.ok(&["sign", "a.expb", "--key", "other", "--record", &record(&bench, "a.expb")]);
    bench.ok(&["revoke", "a.expb", "--statement", id.trim(), "--key", "other"]);
    assert_eq!(bench.output(&["verify", "a.expb", "--no-objections"]).status.code(), Some(3));
}

fn record(bench: &Bench, path: &str) -> String {
    json(&bench.ok(&["show", path, "--json"]))["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_record_whose_successor_is_here_is_not_objected_to() {
    let bench = Bench::with_bundle();
    bench.ok(&["create", "--title", "a run, whole", "--output", "weights.bin", "-o", "b.expb"]);
    for bundle in ["a.expb", "b.expb"] {
        bench.ok(&["sign", bundle, "--key", "key"]);
    }
    bench.ok(&["supersede", "a.expb", "--by", "b.expb", "--key", "key"]);
    let verify = |bundle| bench.output(&["verify", bundle, "--trust", "key.pub", "--no-objections"]).status.code();
    assert_eq!(verify("a.expb"), Some(3), "nobody knows what the successor says");
    bench.ok(&["merge", "a.expb", "b.expb", "-o", "both.expb"]);
    assert_eq!(verify("both.expb"), Some(0));
    assert!(bench.ok(&["verify", "both.expb"]).contains("\"a run\"  superseded by "));
    // What is looked at is the successor, and the other is named.
    let shown = bench.ok(&["show", "both.expb"]);
    let first = shown.lines().next().expect("a line");
    assert!(first.contains("\"a run\" (`--record` shows it): superseded by record "), "{shown}");
    assert!(shown.lines().nth(2).expect("a title").starts_with("\"a run, whole\""), "{shown}");
    assert_eq!(record(&bench, "both.expb"), record(&bench, "b.expb"));
    assert!(bench.said(&["show", "both.expb", "context"]).contains("superseded by record "));
    // To sign is for good, so there the person says which.
    bench.fails(2, "cli.usage", &["note", "both.expb", "seen", "--key", "key"]);
    // In a circle nothing took the place of the other in the end.
    bench.ok(&["supersede", "both.expb", "--record", &record(&bench, "b.expb"), "--by", "a.expb", "--key", "key"]);
    assert_eq!(verify("both.expb"), Some(3));
}

#[test]
fn a_revoked_record_is_not_signed_again() {
    let bench = Bench::with_bundle();
    bench.ok(&["sign", "a.expb", "--key", "key"]);
    // Nobody is there to be asked.
    let (_, said) = bench.fails(2, "cli.usage", &["revoke", "a.expb", "--whole-record", "--key", "key"]);
    assert!(said.contains("\"a run\" for good, and there is no terminal") && said.contains("`--yes`"), "{said}");
    bench.ok(&["revoke", "a.expb", "--whole-record", "--yes", "--key", "key"]);
    let (_, said) = bench.fails(2, "cli.usage", &["sign", "a.expb", "--key", "key"]);
    assert!(said.contains("is revoked: a signature of it no longer counts"), "{said}");
}

#[test]
fn results_are_told_how_they_get_into_the_card() {
    let bench = Bench::with_bundle();
    fs::create_dir(bench.path("model")).expect("room");
    fs::rename(bench.path("weights.bin"), bench.path("model/weights.bin")).expect("a file");
    bench.ok(&["sign", "a.expb", "--key", "key"]);
    bench.ok(&["attach", "model", "a.expb", "--key", "key", "--title", "1.0", "--yes"]);
    let result = ["evaluation", "model", "--result", "accuracy=0.9", "--dataset", "digits", "--key", "key"];
    let said = bench.said(&result);
    assert!(
        said.contains("only results with a task") && said.contains("`expbundle attach model` updates it"),
        "{said}"
    );
    bench.ok(&[&result[..], &["--task", "image-classification"]].concat());
    let said = bench.said(&["attach", "model", "--key", "key", "--yes"]);
    let card = fs::read_to_string(bench.path("model/README.md")).expect("a card");
    assert!(card.contains("value: 0.9"), "{card}");
    // Nothing was changed, so the release keeps its title.
    assert!(said.contains("already released by") && said.contains("as \"1.0\""), "{said}");
    // Other weights: the card still tells of those before.
    fs::write(bench.path("model/weights.bin"), "other weights").expect("room");
    let said = bench.said(&["release", "model", "--key", "key", "--yes"]);
    assert!(said.contains("results of other weights: `expbundle attach model` updates it"), "{said}");
    let said = bench.said(&["detach", "model", "--yes"]);
    assert!(said.contains("`experiment.expb` is deleted with 1 record, "), "{said}");
}

#[test]
fn a_difference_says_which_side_is_which() {
    let bench = Bench::with_bundle();
    let context = r#"{"title": "another", "labels": {"a": "b"}}"#;
    fs::write(bench.path("context.json"), context).expect("room");
    let recipe =
        r#"{"environment": {"packages": [{"name": "numpy", "version": "2.0"}, {"name": "torch", "version": "3"}]}}"#;
    fs::write(bench.path("recipe.json"), recipe).expect("room");
    bench.ok(&["create", "--section", "context=context.json", "--section", "recipe=recipe.json", "-o", "b.expb"]);
    let said = bench.ok(&["diff", "b.expb", "a.expb"]);
    let (b, a) = (&record(&bench, "b.expb")[..12], &record(&bench, "a.expb")[..12]);
    assert!(said.starts_with(&format!("- {b} \"another\"\n+ {a} \"a run\"\n")), "{said}");
    assert!(said.contains("package\n  not recorded in the second record; 2 in the first\n"), "{said}");
    assert!(!said.contains("numpy"), "{said}");
}

/// What a command that fails says.
#[track_caller]
fn refused(bench: &Bench, arguments: &[&str]) -> String {
    let output = bench.output(arguments);
    let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8");
    assert!(!output.status.success() && !said.contains("panicked"), "{arguments:?}: {said}");
    said
}

#[test]
fn a_run_of_another_tracker_is_told_in_one_command() {
    let bench = Bench::new();
    let write = |name: &str, text: &str| fs::write(bench.path(name), text).expect("room");
    write(
        "events.json",
        r#"{"events": [{"kind": "restart", "severity": "error"}, {"kind": "save", "severity": "info"}]}"#,
    );
    write("context.json", r#"{"labels": {"area": "search"}}"#);
    let told = [
        "--tag",
        "small",
        "--status",
        "failed",
        "--started",
        "2026-11-28T03:00:00Z",
        "--ended",
        "2026-11-28T04:00:00Z",
    ];
    let sections = ["--section", "context=context.json", "--section", "events=events.json"];
    bench.ok(&[&["create", "--title", "a run", "-o", "run.expb"][..], &told, &sections].concat());
    let shown = bench.ok(&["show", "run.expb"]);
    for part in ["failed", "1 h", "#small", "area=search", "2 events: 1 restart, 1 save (1 error)"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let said = refused(&bench, &["create", "--title", "a", "--status", "done", "-o", "x.expb"]);
    assert!(said.contains("`done` is not a status: scheduled, running, finished, failed,"), "{said}");
    // A member that is wrong is named.
    write("context.json", r#"{"labels": {"area": 3}}"#);
    let said = refused(&bench, &["create", "--title", "a", "--section", "context=context.json", "-o", "x.expb"]);
    assert!(
        said.contains("\"context.json\": member `/labels/area`: invalid type") && said.contains("--> context.json"),
        "{said}"
    );
}

#[test]
fn what_is_not_the_table_that_was_named_is_told_apart() {
    let bench = Bench::new();
    let write = |name: &str, text: &str| fs::write(bench.path(name), text).expect("room");
    write("log.jsonl", "{\"step\": 0, \"loss\": 0.5}\n{\"step\": 1, \"loss\": 0.25}\n");
    write("points.csv", "step,loss\n0,0.5\n1,0.25\n");
    bench.ok(&["create", "--title", "a run", "-o", "run.expb"]);
    for (arguments, parts) in [
        (&["convert", "csv", "nofile.csv"][..], &["cli.io", "No such file", "check the path"][..]),
        (&["convert", "csv", "-"], &["the file is empty"]),
        (
            &["convert", "csv", "log.jsonl"],
            &["looks like jsonl, and not like csv", "`expbundle convert jsonl log.jsonl`"],
        ),
        (&["convert", "jsonl", "points.csv"], &["`expbundle convert csv points.csv`"]),
        (
            &["create", "--title", "a", "--metrics", "run.expb", "-o", "x.expb"],
            &["the file is an experiment bundle", "`expbundle extract --csv`"],
        ),
        (&["create", "--title", "a", "--metrics", "points.csv", "-o", "none/x.expb"], &["there is no folder `none`"]),
    ] {
        let said = refused(&bench, arguments);
        assert!(parts.iter().all(|part| said.contains(part)), "{arguments:?}: {said}");
    }
    // Nothing is lost of such a table, so nothing is said.
    let said = bench.said(&["convert", "csv", "points.csv", "-o", "p.expb"]);
    assert!(!said.contains("source.loss") && said.contains("every item is accounted for"), "{said}");
    write("run.expj", "{\"expbundle-journal\": 1}\n");
    let said = refused(&bench, &["verify", "run.expj"]);
    assert!(said.contains("if it is the journal of a run: `expbundle create --from run.expj"), "{said}");
}

#[test]
fn what_a_program_left_in_a_folder_is_called_that() {
    let bench = Bench::with_bundle();
    fs::create_dir(bench.path("model")).expect("room");
    fs::rename(bench.path("weights.bin"), bench.path("model/weights.bin")).expect("a file");
    bench.ok(&["sign", "a.expb", "--key", "key"]);
    bench.ok(&["attach", "model", "a.expb", "--key", "key", "--yes"]);
    fs::write(bench.path("model/.DS_Store"), "").expect("room");
    let text = String::from_utf8(bench.output(&["verify", "model", "--trust", "key.pub"]).stdout).expect("UTF-8");
    assert!(text.contains("NOT TRUSTED"), "{text}");
    assert!(text.contains("1 file added: .DS_Store (files left by macOS can be deleted)"), "{text}");
}

#[test]
fn parameters_are_shown_as_they_are_compared() {
    let bench = Bench::new();
    let recipe = r#"{"parameters": {"optimizer": {"betas": [0.9, 0.999], "name": "adam"}}}"#;
    fs::write(bench.path("recipe.json"), recipe).expect("room");
    bench.ok(&["create", "--title", "a run", "--section", "recipe=recipe.json", "-o", "a.expb"]);
    let shown = bench.ok(&["show", "a.expb"]);
    assert!(shown.contains("  optimizer.name   adam\n") && !shown.contains('\\'), "{shown}");
}

#[test]
fn a_name_that_is_mistyped_is_told_what_may_be_meant() {
    let bench = Bench::with_bundle();
    let says = |arguments: &[&str], meant: &str| {
        let (_, said) = bench.fails(2, "cli.usage", arguments);
        assert!(said.contains(meant), "{arguments:?}: {said}");
    };
    says(&["show", "a.expb", "artefacts"], "did you mean \"artifacts\"?");
    says(&["show", "a.expb", "--record", "a-run"], "\"a run\"\n");
    says(&["convert", "mlfow", ".", "--list"], "did you mean \"mlflow\"?");
    fs::write(bench.path("t.csv"), "run,step,loss\nfirst,0,1\nsecond,0,2\n").expect("room");
    let (_, said) = bench.fails(2, "cli.source", &["convert", "csv", "t.csv", "--run", "frist", "-o", "x.expb"]);
    assert!(said.contains("did you mean \"first\"?"), "{said}");
    fs::write(bench.path("u.csv"), "step,loss\n0,1\n").expect("room");
    let (_, said) = bench.fails(2, "cli.source", &["convert", "csv", "u.csv", "--step-column", "setp", "-o", "x.expb"]);
    assert!(said.contains("did you mean \"step\"?"), "{said}");
    says(&["schema", "recipes"], "did you mean \"recipe\"");
}

#[test]
fn a_table_on_standard_input_is_converted_and_events_are_told_by_hand() {
    let bench = Bench::with_bundle();
    let table = "step,loss\n0,1\n1,0.5\n";
    fs::write(bench.path("stdin"), table).expect("room");
    bench.ok(&["convert", "csv", "stdin", "-o", "file.expb"]);
    let piped = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_expbundle"));
        let file = fs::File::open(bench.path("stdin")).expect("a file");
        command.args(arguments).current_dir(bench.path(".")).stdin(file).output().expect("the program runs")
    };
    let output = piped(&["convert", "csv", "-", "-o", "piped.expb"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // The same bytes, wherever they come from.
    let read = |name| fs::read(bench.path(name)).expect("a bundle");
    assert!(read("piped.expb") == read("file.expb"));
    bench.ok(&["create", "--title", "by hand", "--event", "restart@2026-11-28T03:00:00Z=drained", "-o", "b.expb"]);
    let event = &json(&bench.ok(&["show", "b.expb", "events", "--json"]))["events"][0];
    assert_eq!((event["kind"].as_str(), event["text"].as_str()), (Some("restart"), Some("drained")));
    let noon = bench.output(&["create", "--title", "x", "--event", "restart@noon", "-o", "c.expb"]);
    assert_eq!(noon.status.code(), Some(2));
}
