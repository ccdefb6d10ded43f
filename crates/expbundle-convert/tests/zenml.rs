//! Every `ZenML` fixture becomes bundles that verify and agree with what `ZenML`'s own client says,
//! and with what the steps logged.

use std::collections::BTreeMap;
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_convert::Options;
use expbundle_convert::embed::Choice;
use expbundle_convert::tracker::{Source, TRACKERS};
use expbundle_format::Code;
use expbundle_format::record::Status;
use expbundle_format::sections::{self, Artifact, Direction};
use serde_json::Value;

use crate::support::bundle;
use crate::support::sources;

use bundle::Opened;
use sources::open;

const FIXTURES: [&str; 2] = ["family", "older-0.75"];
const DATABASE: &str = "local_stores/default_zen_store/zenml.db";

fn fixture(name: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/zenml").join(name)
}

fn truth(name: &str) -> Vec<Value> {
    let text = fs::read_to_string(fixture(name).join("expected.json")).expect("the truth");
    let truth: Value = serde_json::from_str(&text).expect("JSON");
    truth["runs"].as_array().expect("runs").clone()
}

fn convert(source: &dyn Source, key: &str) -> Opened {
    let converted = source.convert(key, &Options::default()).expect("a run");
    assert!(converted.account.adds_up(), "{:#?}", converted.account);
    Opened::new(converted)
}

fn of<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

fn status(text: &str) -> Status {
    if text == "failed" { Status::Failed } else { Status::Finished }
}

#[test]
fn runs_agree_with_what_the_client_says() {
    for name in FIXTURES {
        let source = open("zenml", &fixture(name));
        let listing = source.runs().expect("a list");
        for truth in truth(name) {
            let id = of(&truth, "run_id");
            let listed = listing.runs.iter().find(|run| run.key == id).expect("listed");
            assert_eq!(
                (listed.name.as_deref(), listed.experiment.as_deref()),
                (truth["name"].as_str(), truth["project"].as_str())
            );
            let opened = convert(&*source, id);
            let body = opened.record.body();
            assert_eq!(body.status, Some(status(of(&truth, "status"))), "{id}");
            let time = |time: Option<_>| time.map(|time: expbundle_format::time::Time| time.to_string());
            assert_eq!(time(body.started), micros(&truth["started"]), "{id}");
            assert_eq!(time(body.ended), micros(&truth["ended"]), "{id}");
            assert_eq!(opened.context.title, of(&truth, "name"));
            let tags: Vec<&str> = opened.context.tags.iter().map(String::as_str).collect();
            assert_eq!(
                tags,
                truth["tags"].as_array().expect("tags").iter().filter_map(Value::as_str).collect::<Vec<_>>()
            );
            assert_eq!(Value::Object(opened.recipe.parameters.clone().into_iter().collect()), truth["params"], "{id}");
            assert_eq!(opened.context.labels["stack"], of(&truth, "stack"));
            for (key, value) in truth["metadata"].as_object().expect("metadata") {
                assert_eq!(
                    opened.summary.declared.get(key).map(|value| restored(&opened, value)).as_ref(),
                    Some(value),
                    "{id} {key}"
                );
            }
            model(&opened, &truth["model_version"]);
            environment(&opened, &truth);
            steps(&*source, &truth, &opened);
        }
    }
}

/// A value with the names that markers stand for.
fn restored(opened: &Opened, value: &Value) -> Value {
    match value {
        Value::String(text) => opened.identity.restored(text).into(),
        Value::Array(items) => items.iter().map(|item| restored(opened, item)).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), restored(opened, value))).collect(),
        other => other.clone(),
    }
}

/// Times without zeros at their ends, as the format writes them.
fn micros(time: &Value) -> Option<String> {
    let text = time.as_str()?;
    text.parse::<expbundle_format::time::Time>().ok().map(|time| time.to_string())
}

fn model(opened: &Opened, truth: &Value) {
    let group = opened.context.groups.iter().find(|group| group.kind == "model version");
    assert_eq!(group.is_none(), truth.is_null());
    let Some(group) = group else { return };
    assert_eq!(group.name, format!("{}:{}", of(truth, "model"), of(truth, "version")));
    assert_eq!(group.id.as_deref(), truth["version_id"].as_str());
    let labels = ["stage", "license", "audience", "use_cases", "limitations", "trade_offs", "ethics"];
    for label in labels {
        assert_eq!(group.labels.get(label).map(String::as_str), truth[label].as_str(), "{label}");
    }
    let metadata = truth["metadata"].as_object().expect("metadata");
    for (key, value) in metadata {
        let kept = &opened.source.raw["model version"][&group.name][key];
        assert_eq!(&restored(opened, kept), value, "{key}");
    }
}

fn environment(opened: &Opened, truth: &Value) {
    let commit = opened.recipe.code.as_ref().and_then(|code| code.commit.as_deref());
    assert_eq!(commit, truth["git"]["commit"].as_str());
    let environment = opened.recipe.environment.as_ref().expect("an environment");
    let want = &truth["environment"];
    assert_eq!(
        (environment.python.as_deref(), environment.os.as_deref()),
        (want["python"].as_str(), want["os"].as_str())
    );
    if environment.versions.contains_key("zenml") {
        for (name, version) in want["packages"].as_object().expect("packages") {
            let package = environment.packages.iter().find(|package| package.name == *name).expect("a package");
            assert_eq!(package.version.as_deref(), version.as_str(), "{name}");
        }
    }
}

fn steps(source: &dyn Source, truth: &Value, run: &Opened) {
    let told = &run.source.raw["step"];
    for (name, step) in truth["steps"].as_object().expect("steps") {
        let id = of(step, "step_run_id");
        let row = &told[&format!("{name} {id}")];
        assert_eq!(row["status"], step["status"]);
        assert_eq!(row.get("original_step_run_id").unwrap_or(&Value::Null), &step["original_step_run"]);
        // One of the cache did not run.
        if step["status"] == "cached" {
            assert!(!source.runs().expect("a list").runs.iter().any(|run| run.key == id));
            continue;
        }
        let opened = convert(source, id);
        let body = opened.record.body();
        assert_eq!(body.status, Some(status(of(step, "status"))), "{id}");
        assert_eq!(body.parents.len(), 1);
        assert_eq!(body.parents[0].relation.as_str(), "part-of");
        assert_eq!(body.parents[0].record, run.record.digest());
        assert_eq!(body.started.map(|time| time.to_string()), micros(&step["started"]));
        assert_eq!(
            opened.context.notes.as_deref(),
            step["docstring"].as_str().filter(|text| !text.is_empty()),
            "{name}"
        );
        assert_eq!(Value::Object(opened.recipe.parameters.clone().into_iter().collect()), step["params"], "{name}");
        for (key, value) in step["metadata"].as_object().expect("metadata") {
            let is_of_stack = key.starts_with("mlflow") || key == "experiment_tracker_url";
            let found = if is_of_stack {
                opened.context.labels.get(key).map(|text| Value::from(text.clone()))
            } else {
                opened.summary.declared.get(key).cloned()
            };
            let raw = opened.source.raw.get("metadata").and_then(|raw| raw.get(key)).cloned();
            let found = found.or(raw).map(|value| restored(&opened, &value));
            assert_eq!(found.as_ref(), Some(value), "{name} {key}");
        }
        metrics(&opened, &truth["metrics"], name);
        let code = opened.artifacts.artifacts.iter().find(|one| one.role.as_str() == "code").expect("the function");
        let sha256 = code.digest.and_then(|digest| digest.sha256()).map(|digest| digest.to_string());
        assert_eq!(sha256.as_deref(), step["source_code_sha256"].as_str(), "{name}");
        artifacts(&opened, step, truth);
    }
}

fn metrics(opened: &Opened, truth: &Value, step: &str) {
    let series = opened.series(sections::METRICS);
    let prefix = format!("{step}/");
    for (key, want) in truth.as_object().expect("metrics") {
        let Some(key) = key.strip_prefix(&prefix) else { continue };
        let one = &opened.summary.series[key];
        assert_eq!(Some(one.count), want["count"].as_u64(), "{step} {key}");
        for (number, member) in [(one.first, "first"), (one.last, "last"), (one.min, "min"), (one.max, "max")] {
            assert_eq!(number.map(|number| number.0), want[member].as_f64(), "{step} {key} {member}");
        }
        let sum: f64 = series[key].iter().filter_map(|point| point.value).sum();
        assert!((sum - want["sum"].as_f64().expect("a sum")).abs() < 1e-9, "{step} {key}");
        assert!(series[key].iter().all(|point| point.time_ns.is_some() && point.step.is_none()));
    }
}

fn artifacts(opened: &Opened, step: &Value, run: &Value) {
    let find = |direction, id: &str| {
        let is_meant = |one: &&Artifact| {
            one.direction == direction && one.metadata.get("zenml id").and_then(Value::as_str) == Some(id)
        };
        opened.artifacts.artifacts.iter().find(is_meant).unwrap_or_else(|| panic!("{id}"))
    };
    for (name, versions) in step["outputs"].as_object().expect("outputs") {
        for version in versions.as_array().expect("versions") {
            let artifact = find(Direction::Output, of(version, "artifact_version_id"));
            assert_eq!(artifact.name.as_deref(), version["artifact"].as_str());
            assert_eq!(
                (artifact.version.as_deref(), artifact.kind.as_deref()),
                (version["version"].as_str(), version["type"].as_str())
            );
            assert_eq!(
                artifact.foreign.get("zenml-content-hash").map(String::as_str),
                version["content_hash"].as_str()
            );
            for (key, value) in version["metadata"].as_object().expect("metadata") {
                assert_eq!(
                    artifact.metadata.get(key).map(|value| restored(opened, value)).as_ref(),
                    Some(value),
                    "{name} {key}"
                );
            }
            let listed = files(opened, artifact, name);
            for file in version["files"].as_array().expect("files") {
                let found = listed.get(of(file, "path")).unwrap_or_else(|| panic!("{name} {file} in {listed:?}"));
                assert_eq!(
                    (Some(found.0.as_str()), Some(found.1)),
                    (file["sha256"].as_str(), file["size"].as_u64()),
                    "{name}"
                );
            }
            if version["type"] == "ModelArtifact" {
                assert_eq!(artifact.role.as_str(), "model");
                let registered = &artifact.model.as_ref().expect("a version of a model").registered[0];
                assert_eq!(Some(registered.version.as_str()), run["model_version"]["version"].as_str());
            }
        }
    }
    for (name, versions) in step["inputs"].as_object().expect("inputs") {
        for version in versions.as_array().expect("versions") {
            let artifact = find(Direction::Input, of(version, "artifact_version_id"));
            assert!(artifact.digest.is_some(), "{name}");
            assert_eq!(artifact.metadata["zenml input_type"], version["type"]);
        }
    }
    for link in run["lineage"]
        .as_array()
        .expect("links")
        .iter()
        .filter(|link| opened.context.job_type.as_deref() == link["step"].as_str())
    {
        let artifact = find(Direction::Input, of(link, "artifact_version_id"));
        assert_eq!(artifact.metadata["zenml producer run"], link["producer_run"]);
    }
}

/// Files of an artifact with SHA-256 and size: its own, and what was drawn of it.
fn files(opened: &Opened, artifact: &Artifact, output: &str) -> BTreeMap<String, (String, u64)> {
    let mut files = BTreeMap::new();
    let mut add = |artifact: &Artifact| {
        let Some(digest) = artifact.digest else { return };
        if let Some(tree) = digest.blake3().and_then(|digest| opened.tree(digest)) {
            let inner =
                tree.files().iter().map(|file| (file.path.to_plain(), (file.digest.sha256.to_string(), file.size)));
            files.extend(inner);
        } else if let (Some(path), Some(sha256), Some(size)) = (&artifact.path, digest.sha256(), artifact.size) {
            let path = path.strip_prefix(output).unwrap_or(path).trim_start_matches('/');
            files.insert(path.to_owned(), (sha256.to_string(), size));
        }
    };
    add(artifact);
    for drawn in opened.artifacts.artifacts.iter().filter(|one| one.role.as_str() == "media") {
        if drawn.path.as_deref().is_some_and(|path| path.starts_with(&format!("{output}/"))) {
            add(drawn);
        }
    }
    files
}

#[test]
fn weights_of_another_run_are_the_same_bytes() {
    for name in FIXTURES {
        let (source, truth) = (open("zenml", &fixture(name)), truth(name));
        let step = |run: &str| {
            let run = truth.iter().find(|one| one["name"] == run).expect("a run");
            convert(&*source, of(&run["steps"]["train"], "step_run_id"))
        };
        let (baseline, tuned) = (step("digits-baseline"), step("digits-finetune"));
        let made: Vec<_> = baseline.record.body().outputs.iter().filter(|one| one.role.as_str() == "model").collect();
        let taken: Vec<_> = tuned.record.body().inputs.iter().filter(|one| one.role.as_str() == "model").collect();
        assert_eq!((made.len(), taken.len()), (1, 1), "{name}");
        assert_eq!(made[0].digest, taken[0].digest, "{name}");
    }
}

#[test]
fn logs_are_told_in_their_order() {
    let (source, truth) = (open("zenml", &fixture("family")), truth("family"));
    let train = convert(&*source, of(&truth[0]["steps"]["train"], "step_run_id"));
    let lines: Vec<String> = train.console().into_iter().map(|(_, _, line)| line).collect();
    assert!(lines.iter().any(|line| line.contains("Step `train` has started")), "{lines:?}");
    assert_eq!(lines.iter().filter(|line| line.starts_with("epoch ")).count(), 12, "{lines:?}");
    let older = open("zenml", &fixture("older-0.75"));
    let truth = self::truth("older-0.75");
    let train = convert(&*older, of(&truth[0]["steps"]["train"], "step_run_id"));
    let lines = train.console();
    let epochs: Vec<_> = lines.iter().filter(|(_, _, line)| line.starts_with("epoch ")).collect();
    assert!(epochs.len() == 8 && epochs.iter().all(|(_, time, _)| time.is_some()), "{lines:?}");
}

#[test]
fn a_failed_step_says_why() {
    let (source, truth) = (open("zenml", &fixture("family")), truth("family"));
    let failed = truth.iter().find(|run| run["status"] == "failed").expect("a failed run");
    let opened = convert(&*source, of(&failed["steps"]["evaluate"], "step_run_id"));
    assert!(String::from_utf8_lossy(&opened.bytes).contains("below 0.999"));
}

#[test]
fn a_store_is_found_where_people_point() {
    for inner in ["", "local_stores", "local_stores/default_zen_store", DATABASE] {
        let source = open("zenml", &fixture("family").join(inner));
        assert!(source.runs().expect("a list").runs.len() > 6, "{inner}");
    }
    let zenml = TRACKERS.iter().find(|tracker| tracker.name() == "zenml").expect("listed");
    for tracker in TRACKERS.iter().filter(|tracker| tracker.name() != "zenml") {
        for entry in fixture("..").join(tracker.name()).read_dir_utf8().expect("fixtures").filter_map(Result::ok) {
            assert!(zenml.open(entry.path()).expect("readable").is_none(), "{}", entry.path());
        }
        let is_taken = tracker.is_recognized() && matches!(tracker.open(&fixture("family")), Ok(Some(_)));
        assert!(!is_taken, "{}", tracker.name());
    }
}

/// A store in which everything is changed that a killed run and an odd machine may leave.
#[test]
fn odd_stores_are_read_as_far_as_they_go() {
    let folder = tempfile::tempdir().expect("room");
    let root = Utf8Path::from_path(folder.path()).expect("UTF-8");
    let database = root.join(DATABASE);
    fs::create_dir_all(database.parent().expect("a folder")).expect("room");
    fs::copy(fixture("family").join(DATABASE), &database).expect("room");
    let truth = truth("family");
    let (run, step) = (of(&truth[0], "run_id"), of(&truth[0]["steps"]["train"], "step_run_id"));
    let connection = rusqlite::Connection::open(&database).expect("a database");
    connection
        .execute_batch(&format!(
            "UPDATE pipeline_run SET status = 'running', end_time = NULL WHERE id = '{}';
             UPDATE step_run SET status = 'running', end_time = NULL WHERE id = '{}';
             UPDATE run_metadata SET value = 'NaN' WHERE id = (SELECT id FROM run_metadata WHERE key = 'train_loss' ORDER BY rowid LIMIT 1);
             UPDATE run_metadata SET value = x'ff00', type = 'odd' WHERE id = (SELECT id FROM run_metadata WHERE key = 'val_accuracy' ORDER BY rowid LIMIT 1);
             UPDATE artifact_version SET uri = 's3://example-bucket/weights?X-Amz-Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef' WHERE type = 'ModelArtifact';
             UPDATE artifact_version SET uri = '/home/ada/../../etc' WHERE type = 'DataArtifact';
             UPDATE step_configuration SET config = '{{\"broken';",
            run.replace('-', ""),
            step.replace('-', "")
        ))
        .expect("changed");
    drop(connection);
    let source = open("zenml", root);
    // What says `running` for ever proves nothing.
    for key in [run, step] {
        let opened = convert(&*source, key);
        assert_eq!((opened.record.body().status, opened.record.body().ended), (Some(Status::Unknown), None));
    }
    let opened = convert(&*source, step);
    let losses = &opened.series(sections::METRICS)["train_loss"];
    assert!(losses.len() == 12 && losses.iter().filter(|point| point.value.is_some_and(f64::is_nan)).count() == 1);
    assert_eq!(opened.summary.series["val_accuracy"].texts, 1);
    let missing: Vec<&str> =
        opened.findings.iter().filter(|one| one.code == Code::SourceMissing).map(|one| one.message.as_str()).collect();
    assert!(missing.iter().any(|message| message.contains("s3://example-bucket/weights")), "{missing:?}");
    assert!(
        !missing.iter().any(|message| message.contains("0123456789abcdef")),
        "a signature got through: {missing:?}"
    );
    assert!(opened.artifacts.artifacts.iter().any(|one| one.role.as_str() == "dataset" && one.digest.is_none()));
    assert!(!String::from_utf8_lossy(&opened.bytes).contains("X-Amz-Signature=0123456789abcdef"));
}

#[test]
fn databases_that_are_cut_are_an_error_or_are_read() {
    let bytes = fs::read(fixture("family").join(DATABASE)).expect("a database");
    for length in (0..bytes.len()).step_by(bytes.len() / 23) {
        let folder = tempfile::tempdir().expect("room");
        let database = Utf8Path::from_path(folder.path()).expect("UTF-8").join("zenml.db");
        fs::write(&database, &bytes[..length]).expect("room");
        let zenml = TRACKERS.iter().find(|tracker| tracker.name() == "zenml").expect("listed");
        let Ok(Some(source)) = zenml.open(&database) else { continue };
        let Ok(listing) = source.runs() else { continue };
        for run in listing.runs {
            if let Ok(converted) = source.convert(&run.key, &Options::default()) {
                assert!(converted.account.adds_up(), "{length}");
            }
        }
    }
}

/// `--no-embed` embeds no text of the source either, and a pattern only what fits.
#[test]
fn texts_of_the_source_are_embedded_as_asked() {
    let source = open("zenml", &fixture("family"));
    let key = source.runs().expect("a list").runs.first().expect("a run").key.clone();
    let embedded = |embed: Choice<'_>| {
        let converted = source.convert(&key, &Options { embed, ..Options::default() }).expect("a run");
        assert!(converted.account.adds_up(), "{:#?}", converted.account);
        converted.embedded.iter().map(|file| file.path.clone()).collect::<Vec<_>>()
    };
    let is_program = |path: &String| Utf8Path::new(path).extension() == Some("py");
    let small = embedded(Choice::Small);
    assert!(small.iter().any(is_program), "{small:?}");
    assert_eq!(embedded(Choice::None), [""; 0]);
    assert_eq!(embedded(Choice::Only(&["*.nothing".to_owned()])), [""; 0]);
    assert!(embedded(Choice::Only(&["*.py".to_owned()])).iter().all(is_program));
}
