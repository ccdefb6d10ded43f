//! The fixture of Transformers' Trainer becomes a bundle that verifies and agrees with what its
//! script logged; and folders with checkpoints, adapters, cut and damaged states.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_convert::tracker::named;
use expbundle_format::Code;
use expbundle_format::record::{Status, role};
use expbundle_format::sections::{Artifacts, Context, Direction, Recipe, SourceSection, Summary};
use serde_json::{Value, json};

use crate::support::converted;
use converted::{Opened, assert_detection, fixtures, truth};

const STATE: &str = "trainer_state.json";

fn checkpoint() -> Utf8PathBuf {
    fixtures("transformers").join("checkpoint-880")
}

/// A folder for an output of the Trainer.
fn output() -> (tempfile::TempDir, Utf8PathBuf) {
    let folder = tempfile::tempdir().expect("room");
    let path = Utf8Path::from_path(folder.path()).expect("UTF-8").join("out");
    fs::create_dir(&path).expect("room");
    (folder, path)
}

/// Writes a state of so many steps, with a row of history for each.
fn write_state(folder: &Utf8Path, losses: &[f64], more: &[Value]) {
    fs::create_dir_all(folder).expect("room");
    let row = |(step, loss): (usize, &f64)| json!({"epoch": 0.5, "loss": loss, "step": step + 1});
    let rows: Vec<Value> = losses.iter().enumerate().map(row).chain(more.iter().cloned()).collect();
    let state = json!({"global_step": losses.len(), "log_history": rows, "max_steps": 9});
    fs::write(folder.join(STATE), serde_json::to_string_pretty(&state).expect("JSON")).expect("room");
}

#[test]
fn the_fixture_agrees_with_what_its_script_logged() {
    let truth = truth(&fixtures("transformers").join("expected.json"));
    let opened = Opened::new("transformers", &checkpoint(), None);
    let body = opened.intact.records()[&opened.converted.record()].body().clone();
    assert_eq!(body.source.map(|source| source.run).as_deref(), Some("checkpoint-880"));
    assert_eq!((body.started, body.ended, body.status), (None, None, Some(Status::Finished)));
    opened.assert_metrics(&truth["metrics"]);
    let recipe: Recipe = opened.section();
    for (name, want) in truth["params_in_state"].as_object().expect("settings") {
        assert_eq!(&recipe.parameters[name], want, "{name}");
    }
    let summary: Summary = opened.section();
    for (name, want) in truth["summary"].as_object().expect("a summary") {
        if name != "step" {
            assert_eq!(summary.declared[name].as_f64(), want.as_f64(), "{name}");
        }
    }
    for name in ["best_metric", "best_model_checkpoint", "global_step", "total_flos"] {
        assert_eq!(summary.declared[name], truth[name], "{name}");
    }
    let source: SourceSection = opened.section();
    assert_eq!(source.raw["state field"]["is_world_process_zero"], true);
    // The run may be named by its folder or its file, too.
    for path in [fixtures("transformers"), checkpoint().join(STATE)] {
        assert_eq!(Opened::new("transformers", &path, None).count(), opened.count(), "{path}");
    }
    assert_detection(named("transformers").expect("listed"), &checkpoint());
}

#[test]
fn a_folder_of_checkpoints_is_one_run() {
    let (_folder, out) = output();
    write_state(&out.join("checkpoint-2"), &[0.5, 0.25], &[]);
    write_state(
        &out.join("checkpoint-10"),
        &[0.5, 0.25, 0.125],
        &[json!({"train_runtime": 2.5, "step": 3, "epoch": 1.0})],
    );
    for (name, bytes) in [
        ("model.safetensors", &b"weights"[..]),
        ("optimizer.pt", b"moments"),
        ("training_args.bin", b"PK pickle"),
        ("config.json", br#"{"_name_or_path": "team-a/base", "hidden": 8, "nan": NaN}"#),
        ("rng_state.pth", b"random"),
    ] {
        fs::write(out.join("checkpoint-10").join(name), bytes).expect("room");
    }
    fs::create_dir(out.join("runs")).expect("room");
    fs::write(out.join("runs/events.out.tfevents.1.ada-ws"), b"").expect("room");
    let opened = Opened::new("transformers", &out, None);
    assert_eq!(opened.points["loss"].len(), 3);
    let context: Context = opened.section();
    assert_eq!(context.title, "out");
    assert_eq!(opened.line("earlier state").1, 1);
    let artifacts: Artifacts = opened.section();
    let of = |path: &str| artifacts.artifacts.iter().find(|one| one.path.as_deref() == Some(path)).expect("listed");
    assert_eq!(of("checkpoint-10/model.safetensors").role.as_str(), role::CHECKPOINT);
    assert_eq!(of("checkpoint-10/training_args.bin").role.as_str(), role::FILE);
    let base = artifacts.artifacts.iter().find(|one| one.direction == Direction::Input).expect("a base model");
    assert_eq!((base.name.as_deref(), base.digest), (Some("team-a/base"), None));
    assert!(opened.codes().contains(&Code::SourceUnsupported), "the pickle is named");
    let told: Vec<&str> = opened.converted.findings.iter().map(|finding| finding.message.as_str()).collect();
    assert!(
        told.iter().any(|message| message.contains("pickle")) && told.iter().any(|message| message.contains("`runs`"))
    );
    let source: SourceSection = opened.section();
    assert_eq!(source.raw["configuration"]["checkpoint-10/config.json"]["hidden"], 8);
}

#[test]
fn adapters_cards_and_arguments_are_read() {
    let (_folder, out) = output();
    write_state(&out, &[0.5], &[]);
    let adapter = json!({"base_model_name_or_path": "team-a/base", "r": 8});
    fs::write(out.join("adapter_config.json"), adapter.to_string()).expect("room");
    fs::write(out.join("adapter_model.safetensors"), b"low rank").expect("room");
    fs::write(out.join("training_args.json"), r#"{"learning_rate": 0.1, "seed": 7}"#).expect("room");
    fs::write(out.join("eval_results.json"), r#"{"eval_loss": 0.5}"#).expect("room");
    fs::write(out.join("README.md"), "---\nbase_model: team-a/base\ndatasets:\n- team-a/digits\n---\n# A model\n")
        .expect("room");
    let opened = Opened::new("transformers", &out, None);
    let body = opened.intact.records()[&opened.converted.record()].body().clone();
    assert_eq!(body.status, Some(Status::Unknown), "no last row: nothing proves the end");
    let recipe: Recipe = opened.section();
    assert_eq!((&recipe.parameters["learning_rate"], &recipe.seeds["seed"]), (&json!(0.1), &json!(7)));
    let summary: Summary = opened.section();
    assert_eq!(summary.declared["eval_results.json"]["eval_loss"], 0.5);
    let artifacts: Artifacts = opened.section();
    let inputs: Vec<&str> = artifacts
        .artifacts
        .iter()
        .filter(|one| one.direction == Direction::Input)
        .filter_map(|one| one.name.as_deref())
        .collect();
    assert_eq!(inputs, ["team-a/digits", "team-a/base"]);
    assert!(artifacts.artifacts.iter().any(|one| one.role.as_str() == role::ADAPTER));
}

#[test]
fn rows_that_only_an_earlier_state_has_are_kept() {
    let (_folder, out) = output();
    write_state(&out.join("checkpoint-2"), &[0.5, 0.75], &[]);
    write_state(&out.join("checkpoint-3"), &[0.5, 0.25, 0.125], &[]);
    let opened = Opened::new("transformers", &out, None);
    assert_eq!(opened.line("row left behind"), (1, 0, 1, 0));
    assert_eq!(opened.points["loss"].len(), 3);
    // A state that was cut has lost the rows that an earlier one still has.
    let path = out.join("checkpoint-3").join(STATE);
    let text = fs::read_to_string(&path).expect("readable");
    fs::write(&path, &text[..text.find("0.25").expect("a row")]).expect("room");
    let opened = Opened::new("transformers", &out, None);
    assert_eq!(opened.points["loss"].len(), 2);
    assert!(opened.codes().contains(&Code::SourceTruncated));
}

#[test]
fn every_truncation_keeps_what_came_before() {
    let text = fs::read_to_string(checkpoint().join(STATE)).expect("readable");
    let whole = Opened::new("transformers", &checkpoint(), None);
    for length in (0..text.len()).step_by(1403) {
        let (_folder, out) = output();
        fs::write(out.join(STATE), &text[..length]).expect("room");
        let cut = Opened::new("transformers", &out, None);
        for (key, points) in &cut.points {
            assert!(whole.points[key].starts_with(points), "{key} of {length} bytes");
        }
        let rows = text[..length].matches("\n    }").count();
        assert!(cut.points.get("epoch").map_or(0, Vec::len) + 1 >= rows, "{length}: {rows}");
        let codes = cut.codes();
        assert!(codes.contains(&Code::SourceTruncated) || codes.contains(&Code::SourceDamaged), "{length}");
    }
}

#[test]
fn a_damaged_byte_costs_one_row() {
    let text = fs::read_to_string(checkpoint().join(STATE)).expect("readable");
    let whole = Opened::new("transformers", &checkpoint(), None).points["epoch"].len();
    let start = text.find("log_history").expect("a history") + 20;
    for at in (start..text.len() - 600).step_by(1601) {
        for byte in [b'x', b'"', b'{', b'}', 0xff] {
            let (_folder, out) = output();
            let mut damaged = text.clone().into_bytes();
            damaged[at] = byte;
            fs::write(out.join(STATE), &damaged).expect("room");
            let opened = Opened::new("transformers", &out, None);
            let rows = opened.points["epoch"].len();
            assert!(rows + 2 >= whole, "{byte} at byte {at}: {rows} of {whole}");
        }
    }
}

#[test]
fn numbers_that_json_lacks_are_numbers() {
    let (_folder, out) = output();
    let state = r#"{"global_step": 2, "log_history": [{"step": 1, "loss": NaN, "note": "ok", "big": 9007199254740993},
        {"step": 2, "loss": -Infinity}], "trial_params": {"lr": 1e-05}, "trial_name": "t", "odd": [1, {"a": Infinity}]}"#;
    fs::write(out.join(STATE), state).expect("room");
    let opened = Opened::new("transformers", &out, None);
    let loss: Vec<f64> = opened.points["loss"].iter().filter_map(|point| point.value).collect();
    assert!(loss[0].is_nan() && loss[1] == f64::NEG_INFINITY);
    assert_eq!(opened.points["note"][0].text.as_deref(), Some("ok"));
    assert_eq!(opened.points["big"][0].text.as_deref(), Some("9007199254740993"));
    let recipe: Recipe = opened.section();
    assert_eq!(recipe.parameters["lr"], json!(1e-5));
    let source: SourceSection = opened.section();
    assert_eq!(source.raw["state field"]["odd"], json!([1, {"a": {"$float": "Infinity"}}]));
    fs::write(out.join(STATE), "[1]").expect("room");
    assert!(Opened::new("transformers", &out, None).codes().contains(&Code::SourceDamaged));
}
