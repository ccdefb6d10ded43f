//! What a newcomer sees in the first minutes with runs of their own.

use std::fs;

use crate::support::{Bench, fixture, json, valid};

/// A run with one logged model, whose id no other run has.
fn run_with_model(bench: &Bench, name: &str, rate: f64, accuracy: f64) {
    let id = format!("m-{name}5ad1f0c2b94e7d8a6b3c");
    let write = |section: &str, text: String| fs::write(bench.path(section), text).expect("room");
    write("recipe.json", format!(r#"{{"parameters": {{"lr": {rate}}}}}"#));
    write(
        "artifacts.json",
        format!(
            r#"{{"artifacts": [{{"direction": "output", "role": "model", "name": "net", "model": {{"id": "{id}"}}}}]}}"#
        ),
    );
    write(
        "evaluations.json",
        format!(
            r#"{{"evaluations": [
            {{"metric": "val_acc", "model": "{id}", "step": 0, "value": 0.9333}},
            {{"metric": "training_accuracy_score", "dataset": "digits", "split": "train", "model": "{id}", "step": 0,
            "value": {accuracy}}}]}}"#
        ),
    );
    write("points.csv", format!("step,val_acc,loss\n0,0.9333,{rate}\n"));
    let sections = ["recipe", "artifacts", "evaluations"].map(|section| format!("--section={section}={section}.json"));
    let [a, b, c] = sections.each_ref().map(String::as_str);
    let out = format!("{name}.expb");
    bench.ok(&["create", "--title", name, a, b, c, "--metrics", "points.csv", "-o", &out]);
}

#[test]
fn results_of_two_runs_are_compared_although_their_models_have_other_ids() {
    let bench = Bench::new();
    run_with_model(&bench, "a", 0.1, 0.9);
    run_with_model(&bench, "b", 0.2, 0.95);
    let said = bench.ok(&["diff", "a.expb", "b.expb"]);
    let result = "evaluation\n  \"training_accuracy_score, digits, train, step 0\"\n    - 0.9\n    + 0.95\n";
    assert!(said.contains(result) && !said.contains("val_acc") && !said.contains("more letters"), "{said}");
    let wanted =
        "parameter\n  lr\n    - 0.1\n    + 0.2\nmetric\n  loss\n    - 1 point, last 0.1\n    + 1 point, last 0.2\n";
    assert!(said.contains(wanted), "{said}");
    let answer = json(&bench.ok(&["diff", "a.expb", "b.expb", "--json"]));
    valid("diff", &answer);
    let parts: Vec<_> = answer["differences"].as_array().expect("a list").iter().map(|one| &one["part"]).collect();
    assert_eq!(parts, ["parameter", "metric", "evaluation", "context"]);
}

#[test]
fn signing_says_what_was_signed_and_with_which_key() {
    let bench = Bench::with_bundle();
    let said = bench.said(&["sign", "a.expb", "--key", "key"]);
    assert!(
        said.starts_with("signed ") && said.contains(" \"a run\" with SHA256:") && said.lines().count() == 1,
        "{said}"
    );
    // Who adds to it sees who signed it.
    bench.ok(&["keygen", "-o", "other"]);
    let said = bench.said(&["note", "a.expb", "seen", "--key", "other"]);
    let wanted = ["comment of record ", " \"a run\" signed with SHA256:", "\n  the record is also signed by SHA256:"];
    assert!(wanted.iter().all(|words| said.contains(words)), "{said}");
}

#[test]
fn a_signature_by_the_wrong_key_can_be_revoked_and_made_anew() {
    let bench = Bench::with_bundle();
    bench.ok(&["keygen", "-o", "wrong"]);
    let id = bench.ok(&["sign", "a.expb", "--key", "wrong"]);
    bench.fails(2, "cli.usage", &["sign", "a.expb", "--key", "key"]);
    bench.ok(&["revoke", "a.expb", "--statement", id.trim(), "--key", "wrong", "--reason", "wrong key"]);
    let output = bench.output(&["sign", "a.expb", "--key", "key"]);
    let (id, said) = [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("UTF-8")).into();
    assert!(said.starts_with("signed ") && !said.contains("also signed"), "{said}");
    // A revocation by anybody else frees nothing.
    bench.ok(&["keygen", "-o", "third"]);
    bench.ok(&["revoke", "a.expb", "--statement", id.trim(), "--key", "third"]);
    bench.fails(2, "cli.usage", &["sign", "a.expb", "--key", "third"]);
}

/// Writes a run into a store of MLflow: its parent, whether it ended, and its losses.
fn logged(bench: &Bench, id: &str, parent: Option<&str>, has_ended: bool, losses: &[f64]) {
    let run = bench.path("mlruns/1").join(id);
    for folder in ["metrics", "params", "tags", "artifacts"] {
        fs::create_dir_all(run.join(folder)).expect("room");
    }
    let write = |path: &str, text: &str| fs::write(run.join(path), text).expect("room");
    fs::write(bench.path("mlruns/1/meta.yaml"), "experiment_id: '1'\nname: sweep\nlifecycle_stage: active\n")
        .expect("room");
    let (status, end) = if has_ended { (3, "1764500060000") } else { (1, "null") };
    let meta =
        format!("run_id: {id}\nrun_name: run {id}\nexperiment_id: '1'\nstatus: {status}\nlifecycle_stage: active\n");
    write("meta.yaml", &format!("{meta}start_time: 1764500000000\nend_time: {end}\n"));
    let points = losses.iter().enumerate().map(|(step, loss)| format!("{} {loss} {step}\n", 1_764_500_000_000 + step));
    write("metrics/loss", &points.collect::<String>());
    write("params/lr", &format!("0.{id}"));
    write("artifacts/config.yaml", &format!("run: {id}\n"));
    if let Some(parent) = parent {
        write("tags/mlflow.parentRunId", parent);
    }
}

#[test]
fn a_run_that_went_on_is_told_from_another_run() {
    let bench = Bench::new();
    logged(&bench, "11", None, false, &[0.5]);
    bench.ok(&["convert", "mlruns", "-o", "g.expb"]);
    logged(&bench, "11", None, true, &[0.5, 0.4]);
    let said = bench.said(&["convert", "mlruns", "-o", "g.expb"]);
    assert!(said.contains("nobody had signed: `g.expb` has an earlier state of this run (running, 1 point)"), "{said}");
    assert!(bench.ok(&["show", "g.expb"]).contains("finished"));
    // With fewer points something would be lost.
    logged(&bench, "11", None, true, &[0.5]);
    let (_, said) = bench.fails(2, "cli.usage", &["convert", "mlruns", "-o", "g.expb"]);
    assert!(said.contains("nobody signed it, so remove g.expb first"), "{said}");
    logged(&bench, "11", None, false, &[0.5]);
    fs::remove_file(bench.path("g.expb")).expect("a file");
    bench.ok(&["convert", "mlruns", "-o", "g.expb"]);
    logged(&bench, "11", None, true, &[0.5, 0.4]);
    bench.ok(&["keygen", "-o", "key"]);
    bench.ok(&["sign", "g.expb", "--key", "key"]);
    let (_, said) = bench.fails(2, "cli.usage", &["convert", "mlruns", "-o", "g.expb"]);
    assert!(said.contains("`expbundle supersede g.expb --by NEW --key KEY`"), "{said}");
    // Many runs: the file is named, and what is there already is unchanged.
    let all = ["convert", "mlruns", "--all", "-o", "out"];
    logged(&bench, "11", None, false, &[0.5]);
    bench.ok(&all);
    logged(&bench, "11", None, true, &[0.5, 0.4]);
    let said = bench.said(&all);
    assert!(
        said.contains("note: `out/11.expb` has an earlier state of this run (running, 1 point) and was left alone"),
        "{said}"
    );
    assert!(said.contains("written out/11.") && said.ends_with("done out: 1 written\n"), "{said}");
    let said = bench.said(&all);
    assert!(
        said.ends_with("done out: 1 unchanged\n") && !said.contains("written") && !said.contains("config.yaml"),
        "{said}"
    );
}

#[test]
fn many_runs_are_a_few_lines_and_a_table() {
    let bench = Bench::new();
    logged(&bench, "10", None, true, &[0.9]);
    for id in ["11", "12", "13"] {
        logged(&bench, id, Some("10"), true, &[0.5, 0.4]);
    }
    logged(&bench, "20", None, true, &[0.7]);
    let list = bench.ok(&["convert", "mlruns", "--list"]);
    let keys: Vec<&str> =
        list.lines().skip(1).filter_map(|line| line.split("finished").next()).map(str::trim_end).collect();
    assert_eq!(keys, ["10", "  11", "  12", "  13", "20"], "{list}");
    let said = bench.said(&["convert", "mlruns", "--all", "-o", "out"]);
    assert!(said.contains("\n  config.yaml of 5 runs (5 files, 40 bytes)\n"), "{said}");
    assert!(
        said.contains("written out/12.expb: \"run 12\", record ") && said.ends_with("done out: 5 written\n"),
        "{said}"
    );
    let answer = json(&bench.ok(&["convert", "mlruns", "--all", "--json", "-o", "out"]));
    valid("convert", &answer);
    let runs: Vec<_> =
        answer.as_array().expect("runs").iter().map(|run| (&run["run"], &run["file"], &run["state"])).collect();
    assert_eq!(runs[0], (&"10".into(), &"out/10.expb".into(), &"unchanged".into()));
    assert!(runs.len() == 5 && answer[0]["record"].is_string(), "{answer}");
    let table = bench.ok(&["show", "out"]);
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("TITLE") && lines[0].contains("  lr ") && lines[0].ends_with("  loss"), "{table}");
    assert!(lines[1].starts_with("\"run 10\"") && lines[2].starts_with("  \"run 11\"") && lines.len() == 8, "{table}");
    let record = answer[0]["record"].as_str().expect("an id");
    let parent = bench.ok(&["show", "out", "--record", record]);
    assert!(parent.contains("  parts: ") && parent.contains("\"run 13\""), "{parent}");
    assert!(parent.contains("mlflow run 10 · finished") && !parent.contains("experiment \"experiment"), "{parent}");
    // Two runs of a tracker's folder need no bundle.
    let (_, said) = bench.fails(2, "cli.usage", &["diff", "mlruns"]);
    assert!(said.contains("name two of its runs with `--run` given twice"), "{said}");
    let said = bench.ok(&["diff", "mlruns", "--run", "11", "--run", "12"]);
    assert!(said.contains("\nparameter\n  lr\n    - 0.11\n    + 0.12\n"), "{said}");
}

#[test]
fn what_holds_for_the_whole_store_is_said_once() {
    let bench = Bench::new();
    fs::copy(fixture("mlflow/sqlite-server/mlflow.db"), bench.path("mlflow.db")).expect("a database");
    let said = bench.said(&["convert", "mlflow.db", "--all", "-o", "out"]);
    let told =
        said.lines().filter(|line| line.contains("may have artifacts that are missing here: mlflow-artifacts:/1/"));
    assert_eq!(told.count(), 1, "{said}");
    assert!(said.contains("  --> 7 runs: "), "{said}");
}

#[test]
fn who_shares_a_part_hears_of_salts_in_time() {
    let bench = Bench::new();
    let run = fixture("wandb/finetune/offline-run-20261123_095528-pjclsy9c");
    let said = bench.said(&["convert", "wandb", &run, "-o", "run.expb"]);
    let shown = bench.ok(&["inspect", "run.expb"]);
    let (salts, command) =
        (shown.find("Convert again with `--blind` before signing"), shown.find("expbundle withhold"));
    assert!(salts.is_some() && salts < command, "{shown}");
    bench.ok(&["convert", "wandb", &run, "--blind", "-o", "blind.expb"]);
    let shown = bench.ok(&["inspect", "blind.expb"]);
    assert!(shown.contains("expbundle withhold blind.expb") && !shown.contains("not blind"), "{shown}");
    // Files whose bytes are elsewhere are named.
    assert!(
        said.contains("the bytes of `") && said.contains("--files ~/.local/share/wandb/artifacts/staging"),
        "{said}"
    );
}
