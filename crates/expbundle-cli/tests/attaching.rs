//! Attaching to model folders: what is refused, what is only shown, and what the card says then.

use std::fs;

use crate::support::{Bench, json};

/// A model folder, a bundle of its weights and configuration, and a key.
fn bench() -> Bench {
    let bench = Bench::new();
    fs::create_dir(bench.path("model")).expect("room");
    for (name, bytes) in [("model.safetensors", "weights"), ("config.json", "{}")] {
        fs::write(bench.path("model").join(name), bytes).expect("room");
    }
    fs::write(bench.path("model/README.md"), CARD).expect("room");
    let outputs = ["--output", "model=model/model.safetensors", "--output", "model=model/config.json"];
    bench.ok(&[&["create", "--title", "a run"][..], &outputs, &["-o", "a.expb"]].concat());
    bench.ok(&["keygen", "-o", "key"]);
    bench.ok(&["sign", "a.expb", "--key", "key", "--at", AT]);
    bench
}

const CARD: &str = "---\nlicense: mit\n---\n# A model\n";
const AT: &str = "2026-11-20T09:00:00Z";

fn card(bench: &Bench) -> String {
    fs::read_to_string(bench.path("model/README.md")).expect("the card")
}

#[test]
fn what_verification_would_refuse_is_not_attached() {
    let bench = bench();
    fs::write(bench.path("model/config.json"), "{\"edited\": true}").expect("room");
    let (_, stderr) = bench.fails(1, "artifact.changed", &["attach", "model", "a.expb", "--yes"]);
    for way in ["config.json", "restore", "`--key`", "nothing was changed"] {
        assert!(stderr.contains(way), "{way}: {stderr}");
    }
    assert!(!bench.path("model/experiment.expb").exists() && card(&bench) == CARD, "{stderr}");
    // Who edited it on purpose says so, signed.
    bench.ok(&["attach", "model", "a.expb", "--yes", "--key", "key"]);
    let report = json(&bench.ok(&["verify", "model", "--json"]));
    assert_eq!(report["state"], "signed", "{report}");
    // A later edit is one of a released file.
    fs::write(bench.path("model/config.json"), "{\"edited\": 2}").expect("room");
    bench.fails(1, "artifact.changed", &["attach", "model", "a.expb", "--yes"]);
    bench.ok(&["attach", "model", "a.expb", "--yes", "--key", "key"]);
    bench.ok(&["verify", "model"]);
}

#[test]
fn a_bundle_of_another_model_is_not_attached() {
    let bench = bench();
    fs::rename(bench.path("model"), bench.path("theirs")).expect("room");
    fs::create_dir(bench.path("model")).expect("room");
    fs::write(bench.path("model/other.bin"), "others").expect("room");
    let (_, stderr) = bench.fails(1, "directory.no-output", &["attach", "model", "a.expb", "--yes"]);
    assert!(stderr.contains("--derive-from"), "{stderr}");
    assert_eq!(fs::read_dir(bench.path("model")).expect("a folder").count(), 1, "nothing was written");
}

#[test]
fn a_dry_run_shows_everything_and_changes_nothing() {
    let bench = bench();
    let shown = bench.said(&["attach", "model", "a.expb", "--dry-run", "--key", "key"]);
    assert!(shown.contains("+++ b/README.md") && shown.contains("nothing was changed"), "{shown}");
    assert!(!bench.path("model/experiment.expb").exists() && card(&bench) == CARD, "{shown}");
    fs::write(bench.path("model/model.safetensors"), "others").expect("room");
    bench.fails(1, "artifact.changed", &["attach", "model", "a.expb", "--dry-run"]);
    assert_eq!(bench.output(&["attach", "model", "a.expb", "--dry-run", "--yes"]).status.code(), Some(2));
    bench.ok(&["release", "model", "--key", "key", "--dry-run"]);
    assert!(!bench.path("model/experiment.expb").exists());
    bench.ok(&["attach", "model", "a.expb", "--yes", "--key", "key"]);
    bench.ok(&["detach", "model", "--dry-run"]);
    bench.ok(&["verify", "model"]);
}

fn evaluate(bench: &Bench, key: &str, result: &str, at: &str) {
    let about = ["--task", "image-classification", "--dataset", "acme/digits", "--split", "test"];
    let signed = ["evaluation", "a.expb", "--key", key, "--at", at, "--result", result];
    bench.ok(&[&signed[..], &about].concat());
}

#[test]
fn signed_results_are_told_in_one_group_and_taken_back() {
    let bench = bench();
    evaluate(&bench, "key", "accuracy=0.9", "2026-11-21T09:00:00Z");
    evaluate(&bench, "key", "accuracy=0.9583", "2026-11-22T09:00:00Z");
    evaluate(&bench, "key", "f1=0.95", "2026-11-22T10:00:00Z");
    let shown = bench.said(&["attach", "model", "a.expb", "--yes"]);
    let block = "\
# expbundle: begin 4b0b4b0b
tags:
- expbundle
model-index:
- name: model
  results:
  - task:
      type: image-classification
    dataset:
      name: acme/digits
      type: acme/digits
      split: test
    metrics:
    - type: f1
      value: 0.95
      name: f1
    - type: accuracy
      value: 0.9583
      name: accuracy
# expbundle: end
";
    let now = card(&bench);
    let digits = now.split_once("begin ").expect("a block").1.get(..8).expect("digits");
    assert!(now.contains(&block.replace("4b0b4b0b", digits)), "{now}");
    // A bare `verify` would take a stranger's signature for one: the line says whose keys to ask for.
    let text = now.split_once("# A model\n").expect("its text").1;
    let line = "[Experiment record](experiment.expb): signed, 1 record; check it with `expbundle verify --trust FILE`, \
                where FILE has the public keys that you trust. Signed with SHA256:";
    let (begin, line) =
        text.split_once(" -->\n").map(|(begin, rest)| (begin, rest.strip_prefix(line))).expect("a line");
    assert!(begin.starts_with("<!-- expbundle: begin ") && line.is_some_and(|key| key.contains(".\n<!--")), "{now}");
    assert!(shown.contains("\"accuracy\" (a later signed result is there)"), "{shown}");
    bench.ok(&["attach", "model", "a.expb", "--yes"]);
    assert_eq!(card(&bench), now, "attaching twice is attaching once");
    // Taken back, it is not told any more.
    let log = json(&bench.ok(&["log", "a.expb", "--json"]));
    for statement in log.as_array().expect("statements") {
        if statement["kind"] == "evaluation" {
            let id = statement["id"].as_str().expect("an id");
            bench.ok(&["revoke", "a.expb", "--statement", id, "--key", "key"]);
        }
    }
    let shown = bench.said(&["attach", "model", "a.expb", "--yes"]);
    assert!(!card(&bench).contains("model-index"), "{}", card(&bench));
    let gone = "taken out of the card, because the records that it now tells of do not state them: accuracy 0.9583 (acme/digits, test); f1 \
                0.95 (acme/digits, test)";
    assert!(shown.contains(gone), "{shown}");
    bench.ok(&["detach", "model", "--yes"]);
    assert_eq!(card(&bench), CARD);
}

/// The bundle of a run that made other weights.
fn other_run(bench: &Bench) {
    fs::write(bench.path("other.safetensors"), "weights of another run").expect("room");
    bench.ok(&["create", "--title", "wrong", "--output", "other.safetensors", "-o", "wrong.expb"]);
    bench.ok(&["sign", "wrong.expb", "--key", "key", "--at", AT]);
}

#[test]
fn the_bundle_of_another_run_takes_no_place_in_the_card() {
    let bench = bench();
    other_run(&bench);
    evaluate(&bench, "key", "accuracy=0.9", "2026-11-21T09:00:00Z");
    bench.ok(&["attach", "model", "a.expb", "--key", "key", "--yes"]);
    let (told, bundle) = (card(&bench), fs::read(bench.path("model/experiment.expb")).expect("a bundle"));
    let (_, stderr) = bench.fails(2, "cli.attach", &["attach", "model", "wrong.expb", "--key", "key", "--yes"]);
    assert!(stderr.contains("(\"wrong\") made no file of this folder") && stderr.contains("`--unrelated`"), "{stderr}");
    assert_eq!((card(&bench), fs::read(bench.path("model/experiment.expb")).expect("a bundle")), (told, bundle));
    // Who means it keeps the results of the run that made the weights.
    bench.ok(&["attach", "model", "wrong.expb", "--key", "key", "--yes", "--unrelated"]);
    assert!(card(&bench).contains("value: 0.9\n"), "{}", card(&bench));
    assert!(card(&bench).contains("signed, 2 records"), "{}", card(&bench));
    bench.ok(&["verify", "model", "--trust", "key.pub"]);
}

#[test]
fn a_folder_without_weights_is_not_that_of_a_run_with_weights() {
    let bench = bench();
    fs::create_dir(bench.path("docs")).expect("room");
    fs::write(bench.path("docs/notes.txt"), "notes").expect("room");
    bench.fails(1, "directory.no-output", &["attach", "docs", "a.expb", "--yes"]);
    let (_, stderr) = bench.fails(2, "cli.attach", &["attach", "docs", "a.expb", "--key", "key", "--yes"]);
    assert!(stderr.contains("the folder of this one's model"), "{stderr}");
    let said = bench.said(&["attach", "docs", "a.expb", "--key", "key", "--yes", "--unrelated"]);
    assert!(said.contains("no weights in this folder: `verify` will find it neither signed nor trusted"), "{said}");
}

#[test]
fn records_that_nobody_signed_are_named_and_not_counted_as_signed() {
    let bench = bench();
    let outputs = ["--output", "model=model/model.safetensors"];
    bench.ok(&[&["create", "--title", "the same again"][..], &outputs, &["-o", "b.expb"]].concat());
    let said = bench.said(&["attach", "model", "a.expb", "b.expb", "--key", "key", "--yes"]);
    assert!(said.contains("(\"the same again\") is signed by nobody: `expbundle sign model --key KEY`"), "{said}");
    assert!(!said.contains("(\"a run\") is signed by nobody"), "{said}");
    assert!(card(&bench).contains("(experiment.expb): 1 of 2 records signed; check it"), "{}", card(&bench));
    let id = json(&bench.ok(&["show", "b.expb", "--json"]))["id"].as_str().expect("an id").to_owned();
    bench.ok(&["sign", "model", "--key", "key", "--record", &id]);
    let said = bench.said(&["attach", "model", "b.expb", "--key", "key", "--yes"]);
    assert!(!said.contains("signed by nobody"), "{said}");
    assert!(card(&bench).contains("(experiment.expb): signed, 2 records; check it"), "{}", card(&bench));
}

#[test]
fn what_is_there_already_is_not_added_again() {
    let bench = bench();
    evaluate(&bench, "key", "accuracy=0.9", "2026-11-21T09:00:00Z");
    bench.ok(&["note", "a.expb", "overlaps", "--key", "key"]);
    let bundle = fs::read(bench.path("a.expb")).expect("a bundle");
    evaluate(&bench, "key", "accuracy=0.9", "2026-11-22T09:00:00Z");
    let said = bench.said(&["note", "a.expb", "overlaps", "--key", "key"]);
    assert!(said.contains("has the same comment by this key already; nothing was added"), "{said}");
    assert_eq!(fs::read(bench.path("a.expb")).expect("a bundle"), bundle);
    let releases = || {
        let log = json(&bench.ok(&["log", "model", "--json"]));
        log.as_array().expect("statements").iter().filter(|one| one["kind"] == "release").count()
    };
    let attach = ["attach", "model", "a.expb", "--key", "key", "--yes", "--title", "1.0"];
    bench.ok(&attach);
    for again in [&attach[..], &["release", "model", "--key", "key", "--title", "1.0", "--yes"]] {
        let said = bench.said(again);
        assert!(said.contains("are already released by") && said.contains("nothing was changed"), "{said}");
        assert_eq!(releases(), 1);
    }
    // Another title, another file, and another key say something new; a release that was revoked too.
    bench.ok(&["release", "model", "--key", "key", "--title", "1.1", "--yes"]);
    fs::write(bench.path("model/config.json"), "{\"new\": 1}").expect("room");
    bench.ok(&["release", "model", "--key", "key", "--title", "1.1", "--yes"]);
    bench.ok(&["keygen", "-o", "other"]);
    bench.ok(&["release", "model", "--key", "other", "--title", "1.1", "--yes"]);
    assert_eq!(releases(), 4);
    bench.ok(&["release", "model", "--key", "key", "--title", "1.1", "--yes"]);
    let own = releases();
    bench.ok(&["release", "model", "--key", "key", "--title", "1.1", "--yes"]);
    assert_eq!(releases(), own, "what another key followed is released once more, and then again no more");
}

/// Anybody can sign a result of anybody's model.
#[test]
fn results_of_strangers_are_told_only_if_they_are_trusted() {
    let bench = bench();
    bench.ok(&["keygen", "-o", "eve"]);
    evaluate(&bench, "eve", "accuracy=1", "2026-11-21T09:00:00Z");
    let shown = bench.said(&["attach", "model", "a.expb", "--yes"]);
    assert!(!card(&bench).contains("model-index"), "{}", card(&bench));
    assert!(shown.contains("1 signed evaluation left out of the card: signed by keys that did not sign"), "{shown}");
    let signers = |names: &[&str]| {
        let line = |name: &&str| {
            let key = fs::read_to_string(bench.path(&format!("{name}.pub"))).expect("a key");
            format!("{name}@example.org namespaces=\"expbundle\" {key}")
        };
        fs::write(bench.path("signers"), names.iter().map(line).collect::<String>()).expect("room");
    };
    signers(&["key"]);
    let shown = bench.said(&["attach", "model", "a.expb", "--yes", "--trust", "signers"]);
    assert!(shown.contains("left out of the card: not signed by a trusted key"), "{shown}");
    assert!(!shown.contains("will not find the folder trusted"), "{shown}");
    fs::write(bench.path("none"), "").expect("room");
    let shown = bench.said(&["attach", "model", "a.expb", "--dry-run", "--trust", "none", "--key", "key"]);
    assert!(shown.contains("`verify` will not find the folder trusted, only intact"), "{shown}");
    assert!(!card(&bench).contains("model-index"), "{}", card(&bench));
    signers(&["key", "eve"]);
    let shown = bench.said(&["attach", "model", "a.expb", "--yes", "--trust", "signers"]);
    assert!(shown.contains("signed by key@example.org; and results signed by eve@example.org"), "{shown}");
    assert!(card(&bench).contains("value: 1.0"), "{}", card(&bench));
    // Whoever releases the folder can say what they measured.
    bench.ok(&["detach", "model", "--yes"]);
    bench.ok(&["attach", "model", "a.expb", "--yes", "--key", "eve"]);
    assert!(card(&bench).contains("value: 1.0"), "{}", card(&bench));
}

#[test]
fn a_base_model_that_was_given_stays() {
    let bench = bench();
    bench.ok(&["attach", "model", "a.expb", "--yes", "--base-model", "acme/base"]);
    let first = card(&bench);
    assert!(first.contains("base_model: acme/base"), "{first}");
    bench.ok(&["attach", "model", "a.expb", "--yes"]);
    assert_eq!(card(&bench), first);
    bench.ok(&["attach", "model", "a.expb", "--yes", "--replace", "--base-model", "acme/other"]);
    assert!(card(&bench).contains("base_model:\n- acme/base\n- acme/other\n"), "{}", card(&bench));
    bench.ok(&["detach", "model", "--yes"]);
    assert_eq!(card(&bench), CARD);
}

#[test]
fn signed_results_of_benchmarks_go_where_the_hub_shows_them() {
    let bench = bench();
    let results = bench.path("model/.eval_results/expbundle.yaml");
    evaluate(&bench, "key", "accuracy=0.9", "2026-11-21T09:00:00Z");
    evaluate(&bench, "key", "accuracy=0.9583", "2026-11-22T09:00:00Z");
    bench.ok(&["attach", "model", "a.expb", "--yes", "--benchmark", "acme/digits=default"]);
    let entry = "- dataset:\n    id: acme/digits\n    task_id: default\n  value: 0.9583\n  date: \"2026-11-22T09:00:00Z\"\n  \
                 notes: accuracy\n";
    let first = fs::read_to_string(&results).expect("written");
    assert!(first.split_once('\n').is_some_and(|(_, rest)| rest == entry), "{first}");
    // The benchmark is known from then on, and its metric.
    evaluate(&bench, "key", "f1=0.95", "2026-11-23T09:00:00Z");
    bench.ok(&["attach", "model", "a.expb", "--yes"]);
    assert_eq!(fs::read_to_string(&results).expect("there"), first);
    let shown = bench.said(&["attach", "model", "a.expb", "--yes", "--benchmark", "acme/other=default"]);
    assert!(shown.contains("\"acme/other\" (no signed result of this benchmark)"), "{shown}");
    bench.ok(&["verify", "model"]);
    bench.ok(&["detach", "model", "--yes"]);
    assert!(!results.exists() && !bench.path("model/.eval_results").exists() && card(&bench) == CARD);
    let shown = bench.said(&["attach", "model", "a.expb", "--yes", "--benchmark", "acme/digits=default"]);
    assert!(shown.contains("several metrics of this benchmark"), "{shown}");
    bench.ok(&["attach", "model", "a.expb", "--yes", "--benchmark", "acme/digits=default:f1"]);
    // Who edits the file makes it theirs.
    let edited = fs::read_to_string(&results).expect("there").replace("0.95", "1.0");
    fs::write(&results, &edited).expect("room");
    bench.ok(&["attach", "model", "a.expb", "--yes"]);
    bench.ok(&["detach", "model", "--yes"]);
    assert_eq!(fs::read_to_string(&results).expect("there"), edited);
    assert_eq!(bench.output(&["attach", "model", "a.expb", "--benchmark", "digits"]).status.code(), Some(2));
}
