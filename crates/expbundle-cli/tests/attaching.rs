//! Attaching to model folders: what is refused, what is only shown, and what the card says then.

mod support;

use std::fs;

use support::{Bench, json};

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

/// All that is said, of a command that succeeds.
#[track_caller]
fn said(bench: &Bench, arguments: &[&str]) -> String {
    let output = bench.output(arguments);
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    stderr
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
    let shown = said(&bench, &["attach", "model", "a.expb", "--dry-run", "--key", "key"]);
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
