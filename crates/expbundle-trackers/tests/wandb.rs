//! Every W&B fixture, held against what W&B's own code says of it.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_trackers::At;
use expbundle_trackers::finding::SourceCode;
use expbundle_trackers::wandb::{Points, RunFiles, Source, State, Value};
use serde_json::Value as Json;

fn fixtures() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/wandb")
}

#[derive(Default)]
struct Gathered {
    keys: Vec<String>,
    series: BTreeMap<String, Vec<Option<f64>>>,
    system: BTreeMap<String, Vec<f64>>,
    media: BTreeMap<String, Vec<Value>>,
}

impl Points for Gathered {
    fn key(&mut self, path: &[String]) -> Option<u32> {
        self.keys.push(path.join("\u{241f}"));
        Some(u32::try_from(self.keys.len() - 1).expect("few"))
    }

    fn no_room(&mut self) {
        panic!("there is room for every series");
    }

    fn number(&mut self, key: u32, _: At, value: f64, _: Option<&str>) {
        self.series.entry(self.keys[key as usize].clone()).or_default().push(Some(value));
    }

    fn other(&mut self, key: u32, _: At, _: &Value) {
        self.series.entry(self.keys[key as usize].clone()).or_default().push(None);
    }

    fn media(&mut self, path: &[String], _: At, object: Value) {
        self.media.entry(path.join("\u{241f}")).or_default().push(object);
    }

    fn system(&mut self, path: &[String], _: Option<i64>, value: &Value) {
        self.system.entry(path.join(".")).or_default().push(value.as_f64().expect("a number"));
    }
}

/// A value as `expected.json` writes it: NaN and infinities as text.
fn json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Integer(digits) => serde_json::from_str(digits).expect("digits"),
        Value::Float(value) if value.is_nan() => "NaN".into(),
        Value::Float(value) if value.is_infinite() => if *value > 0.0 { "Infinity" } else { "-Infinity" }.into(),
        Value::Float(value) => (*value).into(),
        Value::Text(text) => text.clone().into(),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), json(value))).collect(),
        Value::Json(text) => panic!("not taken apart: {text}"),
    }
}

/// Equal as values: `90` and `90.0` are one number, as for W&B.
fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

#[track_caller]
fn assert_same(what: &str, ours: &Json, truth: &Json) {
    assert!(same(ours, truth), "{what}:\n ours  {ours}\n truth {truth}");
}

fn open(folder: &str, which: usize) -> (RunFiles, Gathered) {
    let source = Source::open(&fixtures().join(folder)).or_else(|_| {
        let below = fixtures().join(folder);
        Source::open(&below)
    });
    let source = source.expect("a source");
    let key = source.keys()[which].clone();
    let mut points = Gathered::default();
    let run = source.read(&key, &mut points, &|_| {}).expect("readable");
    (run, points)
}

fn agrees(folder: &str, which: usize, expected: &str) {
    let truth: Json =
        serde_json::from_str(&std::fs::read_to_string(fixtures().join(folder).join(expected)).expect("the truth"))
            .expect("JSON");
    let (files, points) = open(folder, which);
    let run = &files.run;
    let records: BTreeMap<&str, u64> = run.records.iter().map(|(kind, count)| (*kind, *count)).collect();
    assert_same("records", &serde_json::to_value(records).expect("counts"), &truth["records"]);
    assert_same("config", &json(&run.config), &truth["config"]);
    let state = match run.state() {
        State::Finished => "finished",
        State::Failed => "failed",
        State::Unknown => "crashed (no exit record)",
        other => panic!("no log says {other:?}"),
    };
    // The fixtures tell what became of the process, crashed or killed; a log without an exit record
    // cannot: it is that of a running one too.
    let truly = truth["state"].as_str().expect("a state");
    assert!(truly == state || (run.exit.is_none() && truly == "killed"), "{state} {truly}");
    assert_eq!(run.exit.map(|exit| exit.code), truth["exit_code"].as_i64());
    for (ours, theirs) in [
        ("display_name", "name"),
        ("entity", "entity"),
        ("project", "project"),
        ("notes", "notes"),
        ("run_group", "group"),
        ("job_type", "job_type"),
        ("run_id", "id"),
    ] {
        if let Some(text) = truth["run"][theirs].as_str() {
            assert_eq!(run.text(ours).unwrap_or_default(), text, "{theirs}");
        }
    }
    let tags = run.run.get("tags").map_or_else(|| Json::Array(Vec::new()), json);
    assert_same("tags", &tags, &truth["run"]["tags"]);
    history(&truth, &points, run.history.rows);
    if !truth["summary_tree"].is_null() {
        assert_same("summary", &json(&run.summary), &truth["summary_tree"]);
    }
    for (key, series) in truth["system"].as_object().expect("system metrics") {
        let ours = points.system.get(key).unwrap_or_else(|| panic!("no system metric {key}"));
        assert_eq!(ours.len() as u64, series["count"].as_u64().expect("a count"), "{key}");
        assert_eq!(ours.last().copied(), series["last"].as_f64(), "{key}");
    }
    assert_eq!(points.system.len(), truth["system"].as_object().expect("system metrics").len());
    let console: String = run.console.iter().map(|piece| piece.text.as_str()).collect();
    if let Some(pieces) = truth["console_streams"].as_object() {
        for (stream, truth) in pieces {
            let joined: String =
                run.console.iter().filter(|piece| piece.stream == stream).map(|piece| piece.text.as_str()).collect();
            assert_eq!(joined, truth["pieces_joined"].as_str().expect("text"), "{stream}");
        }
    } else if let Some(text) = truth["console"].as_str() {
        assert_eq!(console.len(), text.len(), "console");
    }
    let count = |list: &str| truth[list].as_array().map_or(0, Vec::len);
    assert_eq!(run.alerts.len(), count("alerts"));
    assert_eq!(run.artifacts.len() as u64, truth["records"]["artifact"].as_u64().unwrap_or(0));
    assert_eq!(run.used_artifacts.len(), count("used_artifacts"));
    assert_eq!(run.metrics.len() as u64, truth["records"]["metric"].as_u64().unwrap_or(0));
    let environment = json(&run.environment);
    for (name, value) in truth["environment"].as_object().into_iter().flatten() {
        if name != "started_at" && !environment[name].is_null() {
            assert_same(name, &texts(&environment[name]), &texts(value));
        }
    }
    let folder = files.folder.expect("a folder");
    let links: Vec<&str> = truth["saved_files"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|file| file["policy"] == "LIVE" || file["path"] == "extra.txt")
        .filter_map(|file| file["path"].as_str())
        .collect();
    // A link of `run.save` is a small file with its target in the fixture, for it leads to another
    // machine.
    let kept = folder.files.iter().filter(|file| !links.contains(&file.path.as_str()));
    let listed: Vec<String> = kept.map(|file| format!("files/{}", file.path)).collect();
    let theirs: Vec<&str> =
        truth["files"].as_array().expect("files").iter().filter_map(|file| file["path"].as_str()).collect();
    assert_eq!(listed, theirs);
    if let Some(packages) = truth["package_count"].as_u64() {
        assert_eq!(folder.requirements.len() as u64, packages);
    }
}

/// 64-bit integers are texts in the truth.
fn texts(value: &Json) -> Json {
    match value {
        Json::Number(number) => number.to_string().into(),
        Json::Array(items) => items.iter().map(texts).collect(),
        Json::Object(members) => members.iter().map(|(key, value)| (key.clone(), texts(value))).collect(),
        other => other.clone(),
    }
}

fn history(truth: &Json, points: &Gathered, rows: u64) {
    assert_eq!(rows, truth["history"]["rows"].as_u64().expect("rows"));
    for (key, series) in truth["history"]["keys"].as_object().expect("keys") {
        if matches!(key.as_str(), "_step" | "_timestamp") {
            continue;
        }
        let in_media = points.media.keys().any(|prefix| key == prefix || key.starts_with(&format!("{prefix}\u{241f}")));
        let Some(ours) = points.series.get(key) else {
            assert!(in_media, "no series {key}");
            continue;
        };
        assert_eq!(ours.len() as u64, series["count"].as_u64().expect("a count"), "{key}");
        let numbers: Vec<f64> = ours.iter().flatten().copied().collect();
        if let Some(count) = series["nonfinite"].as_u64() {
            assert_eq!(numbers.iter().filter(|value| !value.is_finite()).count() as u64, count, "{key}");
        }
        if let Some(count) = series["finite"].as_u64() {
            assert_eq!(numbers.iter().filter(|value| value.is_finite()).count() as u64, count, "{key}");
            assert_eq!(
                numbers.iter().filter(|value| value.is_nan()).count() as u64,
                series["nan"].as_u64().expect("nan"),
                "{key}"
            );
        }
        if let Some(last) = series["last"].as_f64() {
            assert_eq!(numbers.last().copied(), Some(last), "{key}");
        }
    }
}

#[test]
fn a_fine_tuning_with_everything_in_it() {
    agrees("finetune", 0, "expected.json");
}

#[test]
fn an_evaluation() {
    agrees("evaluate", 0, "expected.json");
}

#[test]
fn a_run_that_failed() {
    agrees("failed", 0, "expected.json");
}

#[test]
fn a_run_that_was_killed() {
    agrees("killed", 0, "expected.json");
}

#[test]
fn a_run_that_left_without_a_word() {
    agrees("os-exit", 0, "expected.json");
}

#[test]
fn the_last_version_written_by_python() {
    agrees("v0.16-train", 0, "expected.json");
}

#[test]
fn an_older_version_written_by_go() {
    agrees("v0.21-train", 0, "expected.json");
}

#[test]
fn online_runs() {
    agrees("online", 0, "expected-1.json");
    agrees("online", 1, "expected-2.json");
}

#[test]
fn a_log_cut_anywhere_is_read_as_far_as_it_goes() {
    let path = fixtures().join("finetune/offline-run-20261123_095528-pjclsy9c/run-pjclsy9c.wandb");
    let bytes = std::fs::read(path).expect("the log");
    let folder = tempfile::tempdir().expect("a folder");
    let file = Utf8PathBuf::from_path_buf(folder.path().join("run-x.wandb")).expect("a plain path");
    let mut last = 0;
    for length in (0..bytes.len()).step_by(211) {
        std::fs::write(&file, &bytes[..length]).expect("room");
        let source = Source::open(&file).expect("a source");
        let mut points = Gathered::default();
        let run = source.read("run-x.wandb", &mut points, &|_| {}).expect("readable").run;
        assert!(run.history.rows >= last, "more bytes never give fewer rows");
        last = run.history.rows;
    }
    assert!(last > 30);
}

#[test]
fn flipped_bytes_cost_little_and_never_panic() {
    let path = fixtures().join("finetune/offline-run-20261123_095528-pjclsy9c/run-pjclsy9c.wandb");
    let bytes = std::fs::read(path).expect("the log");
    let folder = tempfile::tempdir().expect("a folder");
    let file = Utf8PathBuf::from_path_buf(folder.path().join("run-x.wandb")).expect("a plain path");
    for at in (7..bytes.len()).step_by(499) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        std::fs::write(&file, &damaged).expect("room");
        let mut points = Gathered::default();
        let run =
            Source::open(&file).expect("a source").read("run-x.wandb", &mut points, &|_| {}).expect("readable").run;
        assert!(!run.findings.is_empty(), "byte {at}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_of_no_readable_name_is_said_and_the_rest_is_read() {
    use std::os::unix::ffi::OsStrExt as _;

    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("offline-run-20260101_000000-x");
    std::fs::create_dir_all(run.join("files")).expect("room");
    std::fs::write(run.join("run-x.wandb"), b"").expect("room");
    std::fs::write(run.join("files/requirements.txt"), "numpy==2.0\n").expect("room");
    std::fs::write(run.join("files").join(std::ffi::OsStr::from_bytes(b"\xff")), b"").expect("room");
    std::os::unix::fs::symlink("/etc/passwd", run.join("files/outside")).expect("room");
    let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("a plain path");
    let source = Source::open(&path).expect("a source");
    let read = source.read("x", &mut Gathered::default(), &|_| {}).expect("readable");
    let folder = read.folder.expect("a folder");
    assert_eq!(folder.requirements, ["numpy==2.0"]);
    let codes: Vec<SourceCode> = folder.findings.iter().map(|finding| finding.code).collect();
    assert!(codes.contains(&SourceCode::Unreadable) && codes.contains(&SourceCode::Outside), "{codes:?}");
    assert!(folder.files.iter().all(|file| file.path != "outside"));
}
