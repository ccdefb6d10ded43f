//! Every MLflow fixture becomes a bundle that agrees with what MLflow's own client said of it, read
//! back through the bundle.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use expbundle_convert::many::Many;
use expbundle_convert::tracker::{Listed, Wanted};
use expbundle_convert::{ConvertError, Converted, Options, RunState, tracker};
use expbundle_format::record::{Form, Status};
use expbundle_format::sections::{Account, Artifact, Direction, Goal, SourceSection};
use serde_json::Value;

use crate::support::mlflow::{Opened, STORES, convert, copy_of, expected_runs, fixture, member};
use crate::support::sources::open;

const BASE_64: &str = "971d882522b546f6bc44c3ee5b26c9be";

fn texts(value: &Value) -> BTreeMap<String, String> {
    let members = value.as_object().expect("an object");
    members.iter().map(|(name, text)| (name.clone(), text.as_str().expect("text").to_owned())).collect()
}

/// Puts the tags of a run together again from the places that they went to.
fn tags(opened: &Opened) -> BTreeMap<String, String> {
    let restored = |text: &String| opened.identity.restored(text);
    let mut tags: BTreeMap<String, String> =
        opened.context.labels.iter().map(|(name, text)| (restored(name), restored(text))).collect();
    let mut put = |name: &str, text: Option<&String>| {
        if let Some(text) = text {
            tags.insert(opened.identity.restored(name), opened.identity.restored(text));
        }
    };
    let code = opened.recipe.code.clone().unwrap_or_default();
    put("mlflow.note.content", opened.context.notes.as_ref());
    put("mlflow.source.git.commit", code.commit.as_ref());
    put("mlflow.source.git.branch", code.branch.as_ref());
    put("mlflow.source.git.repoURL", code.repository.as_ref());
    put("mlflow.source.name", opened.identity.paths.get("program").or(code.entry_point.as_ref()));
    for (name, value) in opened.source.raw.get("tag").into_iter().flatten() {
        put(name, value.as_str().map(str::to_owned).as_ref());
    }
    tags
}

fn check_run(opened: &Opened, want: &Value, is_store: bool) {
    let id = want["run_id"].as_str().expect("an id");
    let body = opened.record.body();
    assert_eq!(body.source.as_ref().expect("a source").run, id);
    let time_ms = |time: Option<expbundle_format::time::Time>| time.map(|time| time.timestamp().as_millisecond());
    assert_eq!(time_ms(body.started), want["start_ms"].as_i64(), "start of {id}");
    assert_eq!(time_ms(body.ended), want["end_ms"].as_i64(), "end of {id}");
    assert_eq!(body.status.map(Status::as_str).map(str::to_uppercase).as_deref(), want["status"].as_str());
    assert_eq!(opened.context.title, want["name"].as_str().expect("a name"));

    let parameters: BTreeMap<String, String> = opened
        .recipe
        .parameters
        .iter()
        .map(|(name, value)| {
            (opened.identity.restored(name), opened.identity.restored(value.as_str().expect("parameters are texts")))
        })
        .collect();
    assert_eq!(parameters, texts(&want["params"]), "parameters of {id}");

    let mut wanted = texts(&want["tags"]);
    // The name is the title, the user is in the identity, the parent is in the record.
    assert_eq!(wanted.remove("mlflow.runName").as_ref(), Some(&opened.context.title));
    if let Some(user) = wanted.remove("mlflow.user") {
        assert_eq!(opened.identity.user.as_ref(), Some(&user));
    }
    let parent = wanted.remove("mlflow.parentRunId");
    let is_nested = body.parents.iter().any(|parent| parent.relation.as_str() == "part-of");
    let mut ours = tags(opened);
    let raw_parent = ours.remove("mlflow.parentRunId");
    assert_eq!(parent.is_some(), is_nested || raw_parent.is_some(), "parent of {id}");
    assert_eq!(ours, wanted, "tags of {id}");

    check_files(opened, &want["artifacts"]);
    if is_store {
        check_datasets(opened, member(want, &["inputs", "datasets"]));
    }
    check_account(&opened.source.account, want, is_store);
    check_series(opened, &want["metrics"]);
}

/// Every series has as many points as the client counted, and ends as it said.
fn check_series(opened: &Opened, want: &Value) {
    let mut ours = opened.series("metrics.parquet");
    let summarised: BTreeSet<&String> = opened.summary.series.keys().collect();
    assert_eq!(summarised, ours.keys().collect::<BTreeSet<_>>());
    let telemetry = opened.series("telemetry.parquet");
    assert!(telemetry.keys().all(|key| key.starts_with("system/")));
    ours.extend(telemetry);
    let want = want.as_object().expect("metrics");
    assert_eq!(ours.keys().collect::<Vec<_>>(), want.keys().collect::<Vec<_>>());
    for (key, points) in &ours {
        let want = &want[key];
        assert_eq!(points.len() as u64, want["count"].as_u64().expect("a count"), "points of {key}");
        assert!(points.iter().all(|point| point.step.is_some() && point.time_ns.is_some() && point.text.is_none()));
        let latest = points
            .iter()
            .max_by(|a, b| {
                let order = (a.step, a.time_ns).cmp(&(b.step, b.time_ns));
                order.then(a.value.expect("a number").total_cmp(&b.value.expect("a number")))
            })
            .and_then(|point| point.value)
            .expect("a point");
        let wanted = match want["latest"].as_str() {
            Some("Infinity") => f64::INFINITY,
            Some("-Infinity") => f64::NEG_INFINITY,
            Some("NaN") => f64::NAN,
            _ => want["latest"].as_f64().expect("a number"),
        };
        let same = latest.to_bits() == wanted.to_bits() || (latest.is_nan() && wanted.is_nan());
        assert!(same, "last of {key}: {latest}, expected {wanted}");
        if let Some(last_ms) = want["last_ts_ms"].as_i64() {
            assert_eq!(points.iter().filter_map(|point| point.time_ns).max(), Some(last_ms * 1_000_000));
        }
        let finite = points.iter().filter(|point| point.value.is_some_and(f64::is_finite)).count() as u64;
        let non_finite = points.len() as u64 - finite;
        assert_eq!(want["finite"].as_u64().unwrap_or(finite), finite);
        assert_eq!(want["non_finite"].as_u64().unwrap_or(non_finite), non_finite);
        if let Some(summary) = opened.summary.series.get(key) {
            assert_eq!((summary.count, summary.non_finite), (points.len() as u64, non_finite));
            assert!(summary.goal.is_none() || key == "val_accuracy");
        }
    }
}

/// Every file that the client listed is there by path, size and SHA-256: alone, or in a tree.
fn check_files(opened: &Opened, want: &Value) {
    let mut ours: BTreeMap<String, (u64, String)> = BTreeMap::new();
    for artifact in &opened.artifacts.artifacts {
        let is_of_a_logged_model = artifact.model.as_ref().is_some_and(|model| model.id.is_some())
            || artifact.metadata.get("model").and_then(Value::as_str).is_some_and(|model| model.starts_with("m-"));
        let Some(digest) = artifact.digest.filter(|_| artifact.direction == Direction::Output) else { continue };
        if is_of_a_logged_model {
            continue;
        }
        match (artifact.form, &artifact.path) {
            (Form::File, Some(path)) => {
                let sha256 = digest.sha256().expect("the bytes were here").to_string();
                ours.insert(path.clone(), (artifact.size.expect("a size"), sha256));
            }
            (Form::Tree, path) => {
                let listing = opened.tree(digest.blake3().expect("the bytes were here"));
                for file in listing.files() {
                    let name = file.path.to_plain();
                    let path = path.as_ref().map_or_else(|| name.clone(), |folder| format!("{folder}/{name}"));
                    ours.insert(path, (file.size, file.digest.sha256.to_string()));
                }
            }
            (Form::File, None) => {}
        }
    }
    let theirs = want.as_array().expect("a list").iter().map(|file| {
        let sha256 = file["sha256"].as_str().expect("a digest").to_owned();
        (file["path"].as_str().expect("a path").to_owned(), (file["size"].as_u64().expect("a size"), sha256))
    });
    assert_eq!(ours, theirs.collect());
}

fn check_datasets(opened: &Opened, want: &Value) {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let theirs: BTreeSet<_> = want
        .as_array()
        .expect("a list")
        .iter()
        .map(|input| {
            (text(&input["name"]), text(&input["digest"]), text(&input["context"]), text(&input["source_type"]))
        })
        .collect();
    let datasets = opened.artifacts.artifacts.iter().filter(|artifact| artifact.role.as_str() == "dataset");
    let ours: BTreeSet<_> = datasets
        .filter_map(|artifact| {
            let facts = artifact.dataset.clone()?;
            let digest = artifact.foreign.get("mlflow-dataset").cloned();
            Some((artifact.name.clone(), digest, facts.context, facts.source_type))
        })
        .collect();
    assert_eq!(ours, theirs);
    assert_eq!(opened.recipe.data.len(), theirs.len());
}

fn total(account: &Account, kind: &str) -> u64 {
    account.items.get(kind).map_or(0, |line| line.total)
}

/// The account adds up, and to what the client counted.
fn check_account(account: &Account, want: &Value, is_store: bool) {
    assert!(account.adds_up(), "{account:#?}");
    let length =
        |value: &Value| value.as_object().map_or_else(|| value.as_array().map_or(0, Vec::len), serde_json::Map::len);
    assert_eq!(total(account, "parameter"), length(&want["params"]) as u64);
    assert_eq!(total(account, "tag"), length(&want["tags"]) as u64);
    assert_eq!(total(account, "artifact file"), length(&want["artifacts"]) as u64);
    if is_store {
        assert_eq!(total(account, "dataset"), length(member(want, &["inputs", "datasets"])) as u64);
    }
    let points: u64 =
        want["metrics"].as_object().expect("metrics").values().filter_map(|one| one["count"].as_u64()).sum();
    assert_eq!(total(account, "metric point") + total(account, "system metric point"), points);
    let (total, mapped, raw, dropped) = account.totals();
    assert_eq!(total, mapped + raw + dropped);
}

#[test]
fn every_fixture_agrees_with_its_expectations() {
    for (name, is_store) in STORES {
        let source = open("mlflow", &fixture(name));
        let mut count = 0;
        for want in expected_runs(name) {
            let id = want["run_id"].as_str().expect("an id");
            let Ok(converted) = source.convert(id, &Options::default()) else {
                assert!(!is_store, "{name}: {id} is in the store");
                continue;
            };
            assert!(converted.findings.iter().all(|finding| !finding.is_error()));
            let opened = Opened::new(&converted);
            assert_eq!(opened.source.account, converted.account);
            check_run(&opened, &want, *is_store);
            count += 1;
        }
        assert!(count >= 7, "{name}: {count} runs");
    }
}

#[test]
fn a_run_has_one_id_wherever_it_lies() {
    for (name, _) in STORES {
        let (copy, here) = (copy_of(name), fixture(name));
        let list = open("mlflow", &here).runs().expect(name);
        for listed in list.runs {
            let bytes = |converted: &Converted| {
                let mut bytes = Vec::new();
                converted.bundle.write(&mut bytes).expect("memory");
                bytes
            };
            let first = convert(&here, &listed.key);
            let second = convert(copy.path(), &listed.key);
            assert_eq!(first.record(), second.record());
            assert_eq!(bytes(&first), bytes(&second), "{name}: {}", listed.key);
        }
    }
}

#[test]
fn nobody_is_named_outside_of_the_identity() {
    for (name, _) in STORES {
        let list = open("mlflow", &fixture(name)).runs().expect(name);
        for listed in list.runs {
            let converted = convert(&fixture(name), &listed.key);
            nobody_is_named(&converted, name);
        }
    }
}

#[track_caller]
fn nobody_is_named(converted: &Converted, name: &str) {
    for (entry, content) in converted.bundle.entries() {
        let entry = entry.to_string();
        if entry.ends_with("/identity.json") {
            continue;
        }
        let bytes = content.read(1 << 30).expect("small");
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        for word in ["ada", "digits-lab"] {
            for (at, _) in text.match_indices(word) {
                let before = text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
                let after = text[at + word.len()..].chars().next().is_some_and(char::is_alphanumeric);
                let start = text[..at].char_indices().rev().nth(60).map_or(0, |(start, _)| start);
                assert!(before || after, "{name}: `{word}` in {entry} after `{}`", &text[start..at]);
            }
        }
        assert!(!text.contains("/home/"), "{name}: a path in {entry}");
    }
}

#[test]
fn nested_runs_are_part_of_their_parent() {
    let source = fixture("file-store-v3");
    let parent = convert(&source, "2772f9799bd4437f97ca515bfe6cd598");
    for child in ["8e5d3099a0e84bf594159e53d7eb0070", "2480dd2e6d244da5a0f648489d6b5511"] {
        let converted = convert(&source, child);
        let opened = Opened::new(&converted);
        let parents = &opened.record.body().parents;
        assert_eq!(parents.len(), 1);
        assert_eq!(parents[0].record.blake3, parent.record().0);
        assert_eq!(converted.bundle.records().count(), 1, "the parent does not travel");
    }
}

#[test]
fn a_circle_of_runs_is_said_and_everyone_keeps_one_id() {
    let copy = copy_of("file-store-v3");
    let folder = copy.path().join("mlruns/675227971811684035");
    let (top, child) = ("2772f9799bd4437f97ca515bfe6cd598", "8e5d3099a0e84bf594159e53d7eb0070");
    std::fs::write(folder.join(top).join("tags/mlflow.parentRunId"), child).expect("room");
    let one = convert(copy.path(), top);
    let other = convert(copy.path(), child);
    for converted in [&one, &other] {
        let opened = Opened::new(converted);
        assert!(opened.record.body().parents.is_empty());
        assert!(opened.source.raw["tag"].contains_key("mlflow.parentRunId"));
        assert!(converted.findings.iter().any(|finding| finding.code.as_str() == "source.missing"));
    }
    // One who is nested in the circle has a parent all the same, and nobody's id depends on who was
    // converted first.
    let outside = "2480dd2e6d244da5a0f648489d6b5511";
    let source = open("mlflow", copy.path());
    let shared = |id| source.convert(id, &Options::default()).expect("a run");
    assert_eq!(Opened::new(&shared(outside)).record.body().parents[0].record.blake3, one.record().0);
    assert_eq!(shared(child).record(), other.record());
    assert_eq!(shared(top).record(), one.record());

    std::fs::write(folder.join(top).join("tags/mlflow.parentRunId"), "gone").expect("room");
    let lost = convert(copy.path(), top);
    assert!(lost.findings.iter().any(|finding| finding.message.contains("not in this source")));
}

fn artifact<'a>(opened: &'a Opened, role: &str, name: &str) -> Vec<&'a Artifact> {
    let all = opened.artifacts.artifacts.iter();
    all.filter(|one| one.role.as_str() == role && one.name.as_deref() == Some(name)).collect()
}

#[test]
fn logged_models_are_trees_with_their_versions() {
    for (name, id) in [("file-store-v3", BASE_64), ("sqlite-server", "6e3c2c7646664bb78abccb5e0103537a")] {
        let opened = Opened::new(&convert(&fixture(name), id));
        let models = artifact(&opened, "model", "reader");
        assert_eq!(models.len(), 2);
        for model in &models {
            assert_eq!((model.direction, model.form), (Direction::Output, Form::Tree));
            let facts = model.model.as_ref().expect("facts");
            assert_eq!(facts.flavors, ["python_function", "sklearn"]);
            assert_eq!(facts.registered.len(), 1);
            let listing = opened.tree(model.digest.and_then(|digest| digest.blake3()).expect("bytes"));
            assert!(listing.files().iter().any(|file| file.path.as_str() == "MLmodel"));
            let listed = |one: &expbundle_format::record::ArtifactRef| Some(one.digest) == model.digest;
            assert!(opened.record.body().outputs.iter().any(listed));
            assert!(!opened.record.body().inputs.iter().any(listed), "what it made it did not take in");
        }
        let signed = models.iter().filter(|model| model.model.as_ref().is_some_and(|facts| facts.signature.is_some()));
        assert_eq!(signed.count(), 1);
        let champion = models.iter().flat_map(|model| &model.model.as_ref().expect("facts").registered);
        let champion: Vec<_> = champion.filter(|version| version.aliases == ["champion"]).collect();
        assert_eq!((champion.len(), champion[0].version.as_str()), (1, "2"));
        assert!(champion[0].labels["approved_by"].starts_with("[person "), "{:?}", champion[0].labels);
        let on_data: Vec<_> = opened
            .evaluations
            .evaluations
            .iter()
            .filter(|one| one.dataset.as_deref() == Some("digits-val") && one.model.is_some())
            .collect();
        assert_eq!(on_data.len(), 2);
        assert_eq!(on_data[0].split.as_deref(), Some("validation"));
        assert!(opened.recipe.environment.expect("an environment").python.is_some());
    }
}

#[test]
fn a_model_folder_of_mlflow_2_is_a_tree_too() {
    let opened = Opened::new(&convert(&fixture("file-store"), "388b28512d354845a189ec595620eb02"));
    let models = artifact(&opened, "model", "reader");
    assert_eq!(models.len(), 1);
    let facts = models[0].model.as_ref().expect("facts");
    assert_eq!(facts.registered[0].name, "digit-reader");
    assert_eq!(facts.registered[0].aliases, ["champion"]);
    assert_eq!(artifact(&opened, "model", "model.pkl").len(), 1);
    assert_eq!(artifact(&opened, "model", "model.safetensors").len(), 1);
    assert_eq!(opened.recipe.seeds["seed"], "11");
    assert!(opened.recipe.environment.expect("packages").packages.iter().any(|package| package.name == "scikit-learn"));
}

#[test]
fn the_goal_of_the_experiment_stands_with_its_series() {
    for (name, id) in [("file-store-v3", BASE_64), ("export-import-v3", "6e3c2c7646664bb78abccb5e0103537a")] {
        let opened = Opened::new(&convert(&fixture(name), id));
        assert_eq!(opened.summary.series["val_accuracy"].goal, Some(Goal::Maximize));
        let notes = opened.context.groups[0].notes.as_deref().expect("notes");
        assert_eq!(opened.identity.restored(notes), "Base models for the digit readers.\n\nOwner: team A.");
        assert_eq!(opened.context.groups[0].labels["team"], "A");
    }
}

#[test]
fn pictures_have_keys_and_steps() {
    let opened = Opened::new(&convert(&fixture("file-store-v3"), "0f721a15b0cf4b62b450603fa1d658cb"));
    let steps: Vec<_> =
        opened.media.media.iter().filter(|item| item.key == "samples/first").map(|item| item.step).collect();
    assert_eq!(steps, [Some(0), Some(0), Some(29), Some(29)], "each picture has a compressed twin");
    assert!(opened.media.media.iter().any(|item| item.kind == "table" && item.key == "eval/mistakes.json"));
}

/// The map is stable: a change of these texts changes the ids of everyone's runs.
#[test]
fn a_run_has_the_id_that_it_always_had() {
    let opened = Opened::new(&convert(&fixture("file-store"), "388b28512d354845a189ec595620eb02"));
    insta::assert_snapshot!("mlflow_record", String::from_utf8_lossy(opened.record.bytes()));
    let text = serde_json::to_string_pretty(&opened.source).expect("JSON");
    insta::assert_snapshot!("mlflow_source", text);
}

#[test]
fn a_deleted_run_says_so() {
    let opened = Opened::new(&convert(&fixture("file-store"), "7734c1d4f9a84e24b259f418ee0fd2ef"));
    assert_eq!(opened.source.raw["run field"]["lifecycle_stage"], "deleted");
}

#[test]
fn a_damaged_store_gives_everything_intact_and_says_what_is_not() {
    let copy = copy_of("file-store-v3");
    let run = copy.path().join("mlruns/675227971811684035").join(BASE_64);
    let loss = run.join("metrics/train_loss");
    let bytes = std::fs::read(&loss).expect("a series");
    std::fs::write(&loss, &bytes[..bytes.len() - 5]).expect("room");
    std::fs::write(run.join("params/bad"), b"\xff").expect("room");
    let converted = convert(copy.path(), BASE_64);
    let opened = Opened::new(&converted);
    let SourceSection { damage, account, .. } = &opened.source;
    let codes: BTreeSet<&str> = damage.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(codes, BTreeSet::from(["source.damaged", "source.truncated"]));
    assert_eq!(converted.findings.len(), damage.len());
    assert!(account.adds_up());
    assert_eq!(opened.recipe.parameters.len(), 5);
    let whole = convert(&fixture("file-store-v3"), BASE_64);
    // The cut line and the bad parameter are counted, and dropped.
    assert_eq!(total(account, "metric point"), total(&whole.account, "metric point"));
    assert_eq!(total(account, "parameter"), total(&whole.account, "parameter") + 1);
    for kind in ["metric point", "parameter"] {
        assert_eq!(account.items[kind].dropped_count(), 1, "{kind}");
    }
}

#[test]
fn many_runs_are_written_once_and_what_goes_wrong_with_one_is_told() {
    let copy = copy_of("file-store-v3");
    let source = open("mlflow", copy.path());
    let listing = source.runs().expect("readable");
    let mut runs = listing.chosen(Wanted::All).expect("all of them");
    let none = Listed::new("none");
    runs.push(&none);
    let wrong = AtomicUsize::new(0);
    let done = |error: Option<&ConvertError>| _ = wrong.fetch_add(usize::from(error.is_some()), Ordering::Relaxed);
    let options = Options::default();
    let many = Many { source: &*source, options: &options, salt: None, jobs: None, skip_existing: false, done: &done };
    let folder = copy.path().join("bundles");
    let written = runs.len() - 1;
    for state in [RunState::Written, RunState::Unchanged] {
        let summary = many.into_folder(&runs, &folder).expect("room");
        assert_eq!(summary.of_state(state).count(), written);
        assert_eq!(summary.failed(), ["none"]);
        // As they were asked for.
        assert!(summary.runs.iter().map(|run| &run.run).eq(runs.iter().map(|run| &run.key)));
    }
    let (summary, family) = many.family(&runs).expect("threads");
    let records = family.expect("a bundle").records().count();
    assert_eq!((summary.of_state(RunState::Written).count(), records), (written, written));
    let (summary, family) = many.family(&[&none]).expect("threads");
    assert!(family.is_none() && summary.failed() == ["none"], "of no run there is no bundle");
    assert_eq!(wrong.load(Ordering::Relaxed), 4);
    // What had ended is not read again, and may be gone; what goes on is.
    let jobs = NonZeroUsize::new(3);
    let many = Many { jobs, skip_existing: true, ..many };
    let summary = many.into_folder(&runs, &folder).expect("room");
    let has_ended = |run: &&Listed| !matches!(run.status, Status::Running | Status::Scheduled | Status::Unknown);
    let ended: Vec<&str> = runs.iter().copied().filter(has_ended).map(|run| run.key.as_str()).collect();
    let skipped = summary.of_state(RunState::Skipped).map(|run| run.run.as_str());
    assert!(!ended.is_empty() && skipped.eq(ended.iter().copied()));
    assert_eq!(summary.of_state(RunState::Unchanged).count(), written - ended.len());
    assert!(summary.of_state(RunState::Skipped).all(|run| run.record.is_some() && run.title.is_some()));
    let wanted = Wanted::Experiment("none");
    assert!(matches!(listing.chosen(wanted), Err(ConvertError::NoExperiment { .. })));
}

#[test]
fn a_damaged_database_gives_a_bundle_that_is_whole() {
    let copy = copy_of("sqlite-server");
    let path = copy.path().join("mlflow.db");
    let bytes = std::fs::read(&path).expect("a database");
    let mut damaged = 0;
    for page in (1..bytes.len() / 4096).step_by(5) {
        let mut broken = bytes.clone();
        broken[page * 4096..(page + 1) * 4096].fill(0xa5);
        std::fs::write(&path, broken).expect("room");
        let mlflow = tracker::named("mlflow").expect("a tracker");
        let Ok(source) = tracker::open(mlflow, &path) else { continue };
        let Ok(converted) = source.convert("6e3c2c7646664bb78abccb5e0103537a", &Options::default()) else { continue };
        let opened = Opened::new(&converted);
        assert!(opened.source.account.adds_up(), "{:#?}", opened.source.account);
        assert_eq!(opened.source.damage.len(), converted.findings.len());
        damaged += usize::from(!converted.findings.is_empty());
    }
    assert!(damaged > 2, "only {damaged} pages mattered");
}

#[test]
fn what_names_somebody_goes_to_the_identity_and_is_counted() {
    let copy = copy_of("file-store-v3");
    let run = copy.path().join("mlruns/675227971811684035").join(BASE_64);
    std::fs::write(run.join("params/data"), "/home/ada/data.csv").expect("room");
    std::fs::write(run.join("params/optimizer"), "adam").expect("room");
    std::fs::write(run.join("tags/reviewer"), "Ada Lovelace").expect("room");
    std::fs::write(run.join("tags/mlflow.source.git.repoURL"), "https://ada:token@example.org/lab.git").expect("room");
    std::fs::write(run.join("artifacts/notes.txt"), "trained by ada").expect("room");
    std::fs::create_dir(run.join("artifacts/ada")).expect("a folder");
    std::fs::write(run.join("artifacts/ada/weights.pt"), "weights").expect("room");
    std::fs::write(run.join("metrics/score of Ada"), "1 0.5 0 digits-val d7b9d9d1\n").expect("room");
    let registered = copy.path().join("mlruns/models/digit-reader/meta.yaml");
    let text = std::fs::read_to_string(&registered).expect("a registered model");
    std::fs::write(&registered, text.replace("name: digit-reader", "name: reader of ada")).expect("room");
    let converted = convert(copy.path(), BASE_64);
    let opened = Opened::new(&converted);
    let restored = |text: &str| opened.identity.restored(text);
    assert_eq!(restored(opened.recipe.parameters["data"].as_str().expect("a text")), "/home/ada/data.csv");
    assert_eq!(opened.recipe.parameters["data"], "[path 1]");
    assert_eq!(opened.recipe.parameters["optimizer"], "adam");
    assert_eq!(restored(&opened.context.labels["reviewer"]), "Ada Lovelace");
    let code = opened.recipe.code.as_ref().expect("code");
    assert_eq!(code.repository.as_deref(), Some("https://example.org/lab.git"));
    assert!(opened.source.account.adds_up());
    let notes = artifact(&opened, "file", "notes.txt");
    let digest = notes[0].digest.and_then(|digest| digest.blake3()).expect("bytes");
    assert!(!converted.bundle.artifacts().any(|(embedded, _)| embedded == digest), "it stays outside");
    for (_, content) in converted.bundle.entries() {
        assert!(!String::from_utf8_lossy(&content.read(1 << 30).expect("small")).contains("token"));
    }
    let key = opened.series("metrics.parquet").into_keys().find(|key| restored(key) == "score of Ada").expect("a key");
    assert!(key.starts_with("score of [person "), "{key}");
    assert!(opened.evaluations.evaluations.iter().any(|one| one.metric == key));
    assert!(opened.summary.series.contains_key(&key));
    assert_eq!(opened.source.account.items["embedded file"].dropped.len(), 1);
    assert!(opened.source.account.replaced["person"] > 3 && opened.source.account.replaced["path"] > 0);
    nobody_is_named(&converted, "a run that names people everywhere");
}
