//! Every MLflow fixture is read and agrees, item by item, with what MLflow's own client said of it.
//!
//! `expected.json` comes in two shapes, by two generations of the script that took it.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_trackers::mlflow::{ArtifactFile, Metric, Point, Run, Source, SourceKind, Status};
use serde_json::Value;
use sha2::{Digest, Sha256};

fn fixtures() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/mlflow")
}

fn expected(name: &str) -> Value {
    let text =
        std::fs::read_to_string(fixtures().join(name).join("expected.json")).expect("a fixture has expectations");
    serde_json::from_str(&text).expect("JSON")
}

fn open(name: &str) -> Source {
    Source::open(&fixtures().join(name)).expect("a fixture opens")
}

/// What an export lacks is not expected of it.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Store,
    Export,
}

/// The first of the members that is there.
fn member<'a>(value: &'a Value, names: &[&str]) -> &'a Value {
    names.iter().find_map(|name| value.get(*name)).unwrap_or(&Value::Null)
}

fn text_map(value: &Value) -> BTreeMap<String, String> {
    let members = value.as_object().expect("an object");
    members.iter().map(|(key, value)| (key.clone(), value.as_str().expect("text").to_owned())).collect()
}

fn float(value: &Value) -> Option<f64> {
    match value.as_str() {
        Some("NaN") => Some(f64::NAN),
        Some("Infinity") => Some(f64::INFINITY),
        Some("-Infinity") => Some(f64::NEG_INFINITY),
        Some(other) => panic!("{other}"),
        None => value.as_f64(),
    }
}

#[track_caller]
fn same(ours: Option<f64>, theirs: &Value, what: &str) {
    let theirs = float(theirs);
    // The client of the SQL store gives 0.0 for -0.0; both fixtures hold none.
    let equal = match (ours, theirs) {
        (Some(a), Some(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
        (a, b) => a.is_none() && b.is_none(),
    };
    assert!(equal, "{what}: {ours:?}, expected {theirs:?}");
}

fn check_metric(metric: &Metric, want: &Value) {
    let what = &metric.key;
    assert_eq!(metric.points.len() as u64, want["count"].as_u64().expect("a count"), "points of {what}");
    let finite: Vec<f64> = metric.points.iter().map(|point| point.value).filter(|value| value.is_finite()).collect();
    let non_finite = (metric.points.len() - finite.len()) as u64;
    if let Some(want) = want["finite"].as_u64() {
        assert_eq!(finite.len() as u64, want, "finite points of {what}");
    } else {
        assert_eq!(non_finite, want["non_finite"].as_u64().expect("a count"), "non-finite points of {what}");
    }
    same(metric.latest().map(|point| point.value), &want["latest"], &format!("latest of {what}"));
    same(finite.iter().copied().reduce(f64::max), &want["max"], &format!("largest of {what}"));
    same(finite.iter().copied().reduce(f64::min), &want["min"], &format!("smallest of {what}"));
    let edge = |least: bool, pick: fn(&Point) -> i64| {
        let values = metric.points.iter().map(pick);
        if least { values.min() } else { values.max() }
    };
    if let Some(steps) = want["steps"].as_array() {
        assert_eq!(edge(true, |point| point.step), steps[0].as_i64(), "first step of {what}");
        assert_eq!(edge(false, |point| point.step), steps[1].as_i64(), "last step of {what}");
    } else {
        // MLflow's client reports step 0 for lines with a data set; the file has the right one.
        let client_is_right = want["last_step"].as_i64() != Some(0) || metric.datasets.is_empty();
        if client_is_right {
            assert_eq!(edge(true, |point| point.step), want["first_step"].as_i64(), "first step of {what}");
            assert_eq!(edge(false, |point| point.step), want["last_step"].as_i64(), "last step of {what}");
        }
        assert_eq!(edge(false, |point| point.timestamp_ms), want["last_ts_ms"].as_i64(), "last time of {what}");
        assert_eq!(edge(true, |point| point.timestamp_ms), want["first_ts_ms"].as_i64(), "first time of {what}");
    }
}

fn check_files(files: &[ArtifactFile], want: &Value, what: &str) {
    let ours: BTreeMap<String, (u64, String)> = files
        .iter()
        .map(|file| {
            let bytes = std::fs::read(&file.file).expect("an artifact that was listed");
            assert_eq!(bytes.len() as u64, file.size);
            let digest = Sha256::digest(&bytes).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
            (file.path.clone(), (file.size, digest))
        })
        .collect();
    let theirs: BTreeMap<String, (u64, String)> = want
        .as_array()
        .expect("a list")
        .iter()
        .map(|file| {
            let digest = file["sha256"].as_str().expect("a digest").to_owned();
            (file["path"].as_str().expect("a path").to_owned(), (file["size"].as_u64().expect("a size"), digest))
        })
        .collect();
    assert_eq!(ours, theirs, "files of {what}");
}

fn check_run(run: &Run, want: &Value, form: Form) {
    let id = want["run_id"].as_str().expect("an id");
    assert_eq!(run.info.run_id, id);
    assert_eq!(run.info.name.as_deref(), want["name"].as_str(), "name of {id}");
    assert_eq!(run.info.status.map(Status::as_str), want["status"].as_str(), "status of {id}");
    assert_eq!(run.info.start_ms, want["start_ms"].as_i64(), "start of {id}");
    assert_eq!(run.info.end_ms, want["end_ms"].as_i64(), "end of {id}");
    assert_eq!(Some(run.info.lifecycle.as_str()), member(want, &["lifecycle", "lifecycle_stage"]).as_str());
    assert_eq!(run.info.user.as_deref(), want["user"].as_str(), "user of {id}");
    if let Some(uri) = want.get("artifact_uri") {
        assert_eq!(run.info.artifact_uri.as_deref(), uri.as_str());
    }
    assert_eq!(run.params, text_map(&want["params"]), "parameters of {id}");
    assert_eq!(run.tags, text_map(&want["tags"]), "tags of {id}");
    assert_eq!(run.parent_run_id(), run.tags.get("mlflow.parentRunId").map(String::as_str));
    let metrics = want["metrics"].as_object().expect("metrics");
    let keys: BTreeSet<&str> = run.metrics.iter().map(|metric| metric.key.as_str()).collect();
    assert_eq!(keys, metrics.keys().map(String::as_str).collect(), "series of {id}");
    for metric in &run.metrics {
        check_metric(metric, &metrics[&metric.key]);
    }
    check_found(run);
    check_files(&run.artifacts.files, &want["artifacts"], id);
    if form == Form::Store {
        check_datasets(run, member(want, &["inputs", "datasets"]));
        for (edges, member) in [(&run.model_outputs, "model_outputs"), (&run.model_inputs, "model_inputs")] {
            let Some(want) = want.get(member).and_then(Value::as_array) else { continue };
            let ours: BTreeSet<_> = edges.iter().map(|edge| (edge.model_id.as_str(), edge.step)).collect();
            let theirs = want.iter().map(|edge| match edge.as_str() {
                Some(id) => (id, ours.iter().find(|(ours, _)| *ours == id).and_then(|(_, step)| *step)),
                None => (edge["model_id"].as_str().expect("an id"), edge["step"].as_i64()),
            });
            assert_eq!(ours, theirs.collect(), "{member} of {id}");
        }
    }
}

/// What was counted while reading is what is there.
fn check_found(run: &Run) {
    let points = |system| {
        let metrics = run.metrics.iter().filter(|metric| metric.is_system() == system);
        metrics.map(|metric| metric.points.len() as u64).sum::<u64>()
    };
    assert_eq!(run.found.params, run.params.len() as u64);
    assert_eq!(run.found.tags, run.tags.len() as u64);
    assert_eq!(run.found.points, points(false));
    assert_eq!(run.found.system_points, points(true));
    assert_eq!(run.found.datasets, run.datasets.len() as u64);
    assert_eq!(run.found.model_outputs, run.model_outputs.len() as u64);
    assert_eq!(run.found.logged_models, run.logged_models.len() as u64);
    assert_eq!(run.found.artifact_files, run.artifacts.files.len() as u64);
}

fn check_datasets(run: &Run, want: &Value) {
    let ours: BTreeSet<_> = run
        .datasets
        .iter()
        .map(|input| {
            let name = &input.name;
            (name.name.clone(), name.digest.clone(), input.context.clone(), input.source_type.clone())
        })
        .collect();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let theirs: BTreeSet<_> = want
        .as_array()
        .expect("a list")
        .iter()
        .map(|input| {
            (
                text(&input["name"]).expect("a name"),
                text(&input["digest"]).expect("a digest"),
                text(&input["context"]),
                text(&input["source_type"]),
            )
        })
        .collect();
    assert_eq!(ours, theirs, "data sets of {}", run.info.run_id);
    for input in want.as_array().expect("a list") {
        if let Some(source) = input.get("source").and_then(Value::as_str) {
            assert!(run.datasets.iter().any(|dataset| dataset.source.as_deref() == Some(source)), "{source}");
        }
    }
}

fn check_models(runs: &BTreeMap<String, Run>, want: &Value) {
    for model in want.as_array().into_iter().flatten() {
        let id = model["model_id"].as_str().expect("an id");
        let run = &runs[model["source_run_id"].as_str().expect("a run")];
        let ours = run.logged_models.iter().find(|ours| ours.model_id == id).expect("the logged model");
        assert_eq!(ours.name.as_deref(), model["name"].as_str());
        assert_eq!(ours.model_type.as_deref(), model["model_type"].as_str().filter(|text| !text.is_empty()));
        assert_eq!(ours.status.as_deref(), model["status"].as_str());
        assert_eq!(ours.created_ms, model["created_ms"].as_i64());
        assert_eq!(ours.updated_ms, model["updated_ms"].as_i64());
        assert_eq!(ours.params, text_map(&model["params"]));
        assert_eq!(ours.tags, text_map(&model["tags"]));
        check_files(&ours.artifacts.files, &model["artifacts"], id);
        let metrics = model["metrics"].as_array().expect("a list");
        assert_eq!(ours.metrics.len(), metrics.len());
        for metric in metrics {
            let point = ours.metrics.iter().find(|point| {
                Some(point.key.as_str()) == metric["key"].as_str() && Some(point.step) == metric["step"].as_i64()
            });
            let point = point.expect("the model's point");
            same(Some(point.value), &metric["value"], &point.key);
            assert_eq!(Some(point.timestamp_ms), metric["timestamp"].as_i64());
            assert_eq!(point.run_id.as_deref(), metric["run_id"].as_str());
            let dataset = point.dataset.as_ref();
            assert_eq!(dataset.map(|dataset| dataset.name.as_str()), metric["dataset_name"].as_str());
            assert_eq!(dataset.map(|dataset| dataset.digest.as_str()), metric["dataset_digest"].as_str());
        }
    }
}

fn check_registry(runs: &BTreeMap<String, Run>, want: &Value) {
    for model in want.as_array().expect("a list") {
        for version in model["versions"].as_array().expect("versions") {
            let run = &runs[version["run_id"].as_str().expect("a run")];
            let ours = run.registered_models.iter().find(|ours| Some(ours.name.as_str()) == model["name"].as_str());
            let ours = ours.expect("the registered model");
            assert_eq!(ours.description.as_deref(), model["description"].as_str());
            assert_eq!(ours.tags, text_map(&model["tags"]));
            let aliases: BTreeMap<String, String> = model["aliases"]
                .as_object()
                .expect("aliases")
                .iter()
                .map(|(alias, version)| {
                    (alias.clone(), version.as_str().map_or_else(|| version.to_string(), str::to_owned))
                })
                .collect();
            assert_eq!(ours.aliases, aliases);
            let own = ours.versions.iter().find(|own| Some(own.version.as_str()) == version["version"].as_str());
            let own = own.expect("the version");
            assert_eq!(own.description.as_deref(), version["description"].as_str());
            assert_eq!(own.source.as_deref(), version["source"].as_str());
            assert_eq!(own.stage.as_deref(), version["stage"].as_str());
            assert_eq!(own.tags, text_map(&version["tags"]));
        }
    }
}

fn read_all(source: &Source) -> BTreeMap<String, Run> {
    let list = source.list().expect("a list");
    assert_eq!(list.findings, []);
    let runs = list.runs.iter().map(|listed| {
        let run = source.read(&listed.run_id).expect("a listed run");
        assert_eq!(run.info.name, listed.name);
        assert_eq!(run.info.status, listed.status);
        assert_eq!(run.info.start_ms, listed.start_ms);
        assert_eq!(run.info.experiment_id, listed.experiment_id);
        assert_eq!(run.info.lifecycle, listed.lifecycle);
        (listed.run_id.clone(), run)
    });
    runs.collect()
}

#[track_caller]
fn check_store(name: &str, kind: SourceKind) {
    let source = open(name);
    assert_eq!(source.kind(), kind);
    let runs = read_all(&source);
    let expected = expected(name);
    let mut count = 0;
    for experiment in expected["experiments"].as_array().expect("experiments") {
        for want in experiment["runs"].as_array().expect("runs") {
            let run = &runs[want["run_id"].as_str().expect("an id")];
            check_run(run, want, Form::Store);
            let own = run.experiment.as_ref().expect("an experiment");
            assert_eq!(Some(own.id.as_str()), member(experiment, &["id", "experiment_id"]).as_str());
            assert_eq!(own.name.as_deref(), experiment["name"].as_str());
            assert_eq!(own.tags, text_map(&experiment["tags"]));
            if let Some(traces) = experiment.get("traces").and_then(Value::as_array) {
                assert_eq!(own.traces_without_run, traces.len() as u64);
            }
            count += 1;
        }
        check_models(&runs, &experiment["logged_models"]);
    }
    assert_eq!(count, runs.len(), "no run more and no run less");
    check_registry(&runs, &expected["registered_models"]);
}

#[test]
fn file_store_of_mlflow_2() {
    check_store("file-store", SourceKind::FileStore);
}

#[test]
fn file_store_of_mlflow_3() {
    check_store("file-store-v3", SourceKind::FileStore);
}

#[test]
fn database_of_mlflow_3() {
    check_store("sqlite", SourceKind::Database);
}

#[test]
fn database_of_a_tracking_server() {
    check_store("sqlite-server", SourceKind::Database);
}

#[track_caller]
fn check_export(name: &str, with_registry: bool) {
    let source = open(name);
    assert_eq!(source.kind(), SourceKind::Export);
    let runs = read_all(&source);
    let expected = expected(name);
    let experiment = expected["experiments"]
        .as_array()
        .expect("experiments")
        .iter()
        .find(|experiment| experiment["name"].as_str() == Some("digits-base"))
        .expect("the experiment that was exported");
    let wanted: Vec<&Value> = experiment["runs"]
        .as_array()
        .expect("runs")
        .iter()
        // Deleted runs are not exported.
        .filter(|run| member(run, &["lifecycle", "lifecycle_stage"]).as_str() == Some("active"))
        .collect();
    assert_eq!(wanted.len(), runs.len());
    for want in wanted {
        let run = &runs[want["run_id"].as_str().expect("an id")];
        check_run(run, want, Form::Export);
        assert_eq!(run.findings.len(), 1, "the loss that every export has");
    }
    if with_registry {
        check_registry(&runs, &expected["registered_models"]);
    }
}

#[test]
fn export_of_a_file_store() {
    // The alias was removed before this export, and is expected of the store only.
    check_export("export-import", false);
}

#[test]
fn export_of_a_server() {
    check_export("export-import-v3", true);
}

#[test]
fn whatever_path_is_given() {
    let fixtures = fixtures();
    let case = |path: &str, kind: SourceKind, runs: usize| {
        let source = Source::open(&fixtures.join(path)).expect(path);
        assert_eq!(source.kind(), kind, "{path}");
        assert_eq!(source.list().expect(path).runs.len(), runs, "{path}");
    };
    let run = "file-store-v3/mlruns/675227971811684035/971d882522b546f6bc44c3ee5b26c9be";
    case("file-store-v3/mlruns", SourceKind::FileStore, 8);
    case("file-store-v3/mlruns/675227971811684035", SourceKind::FileStore, 8);
    case(run, SourceKind::FileStore, 1);
    case(&format!("{run}/meta.yaml"), SourceKind::FileStore, 1);
    case("sqlite/mlflow.db", SourceKind::Database, 8);
    case("export-import-v3/run", SourceKind::Export, 1);
    case("export-import-v3/run/run.json", SourceKind::Export, 1);
    case("export-import-v3/experiment/experiment.json", SourceKind::Export, 8);
    case("export-import-v3/model", SourceKind::Export, 1);
    for unknown in ["sqlite/mlartifacts", "sqlite/expected.json", "nowhere"] {
        assert!(Source::open(&fixtures.join(unknown)).is_err(), "{unknown}");
    }
    let run_id = "971d882522b546f6bc44c3ee5b26c9be";
    let source = Source::open(&fixtures.join(run)).expect("a run");
    let whole = source.read(run_id).expect("the run");
    assert_eq!(whole.logged_models.len(), 2, "the store around a run is read too");
    assert!(source.read("../../../etc").is_err());
}

#[test]
fn points_of_a_step_that_was_logged_twice_are_counted() {
    let run = open("file-store-v3").read("971d882522b546f6bc44c3ee5b26c9be").expect("base-64");
    let loss = run.metrics.iter().find(|metric| metric.key == "train_loss").expect("a loss");
    assert_eq!((loss.points.len(), loss.duplicates), (42, 2));
    let accuracy = run.metrics.iter().find(|metric| metric.key == "sk/val_accuracy").expect("an accuracy");
    assert_eq!(accuracy.datasets[0].name, "digits-val");
    assert!(accuracy.points.iter().all(|point| point.dataset == Some(0)));
    // Both stores tell it alike, though they keep it in different places.
    let run = open("sqlite-server").read("6e3c2c7646664bb78abccb5e0103537a").expect("base-64");
    let accuracy = run.metrics.iter().find(|metric| metric.key == "sk/val_accuracy").expect("an accuracy");
    assert_eq!(accuracy.datasets[0].digest, "d7b9d9d1");
    assert!(accuracy.points.iter().all(|point| point.dataset == Some(0)));
}
