//! What the service exports is read as the expectations say, form by form.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_trackers::At;
use expbundle_trackers::finding::SourceCode;
use expbundle_trackers::wandb::{Points, RunFiles, Source, State, Value};

/// Counts points, and keeps the last number of each series.
#[derive(Default)]
struct Counter {
    names: Vec<String>,
    numbers: BTreeMap<String, (u64, f64, At)>,
    others: u64,
    media: Vec<(String, At)>,
}

impl Points for Counter {
    fn key(&mut self, path: &[String]) -> Option<u32> {
        self.names.push(path.join("."));
        Some(u32::try_from(self.names.len() - 1).expect("few"))
    }

    fn no_room(&mut self) {
        panic!("there is room for every series");
    }

    fn number(&mut self, key: u32, at: At, value: f64, _: Option<&str>) {
        let name = self.names[key as usize].clone();
        let count = self.numbers.get(&name).map_or(0, |(count, ..)| *count);
        self.numbers.insert(name, (count + 1, value, at));
    }

    fn other(&mut self, _: u32, _: At, _: &Value) {
        self.others += 1;
    }

    fn media(&mut self, path: &[String], at: At, _: Value) {
        self.media.push((path.join("."), at));
    }

    fn system(&mut self, _: &[String], _: Option<i64>, _: &Value) {
        panic!("an export has no system metrics");
    }
}

fn fixture() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/wandb/api-export")
}

fn truth() -> serde_json::Value {
    let text = std::fs::read_to_string(fixture().join("expected.json")).expect("the truth");
    serde_json::from_str(&text).expect("JSON")
}

fn read(path: &Utf8Path) -> (RunFiles, Counter) {
    let source = Source::open(path).expect("a source");
    let keys = source.keys();
    assert_eq!(keys.len(), 1, "{path}");
    let mut points = Counter::default();
    let files = source.read(&keys[0], &mut points, &|_| {}).expect("a run");
    (files, points)
}

fn has(files: &RunFiles, code: SourceCode, words: &str) -> bool {
    files.run.findings.iter().any(|found| found.code == code && found.detail.contains(words))
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Integer(digits) => digits.parse::<i64>().expect("small").into(),
        Value::Float(value) => (*value).into(),
        Value::Text(text) => text.clone().into(),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), json(value))).collect(),
        Value::Json(text) => panic!("not taken apart: {text}"),
    }
}

/// Series of numbers that the truth has at the top level, against those that were read.
fn numbers_agree(points: &Counter, truth: &serde_json::Value, but_for: &[&str]) {
    let keys = truth["history"]["keys"].as_object().expect("keys");
    let mut seen = 0;
    for (name, expected) in keys.iter().filter(|(name, _)| !name.contains('\u{241f}')) {
        if ["_step", "_timestamp"].contains(&name.as_str()) || but_for.contains(&name.as_str()) {
            continue;
        }
        let (count, last, _) = points.numbers.get(name).unwrap_or_else(|| panic!("{name} is read"));
        assert_eq!(Some(*count), expected["count"].as_u64(), "{name}");
        assert_eq!(Some(*last), expected["last"].as_f64(), "{name}");
        seen += 1;
    }
    assert_eq!(points.numbers.len(), seen);
}

#[test]
fn the_folder_is_one_run_with_its_best_history() {
    let truth = truth();
    let (files, points) = read(&fixture());
    let run = &files.run;
    assert_eq!(files.id, truth["run"]["id"].as_str().expect("text"));
    for (member, expected) in [
        ("entity", "entity"),
        ("project", "project"),
        ("display_name", "name"),
        ("notes", "notes"),
        ("run_group", "group"),
        ("job_type", "job_type"),
    ] {
        assert_eq!(run.text(member), truth["run"][expected].as_str(), "{member}");
    }
    assert_eq!(json(run.run.get("tags").expect("tags")), truth["run"]["tags"]);
    assert_eq!(json(run.run.get("git").and_then(|git| git.get("commit")).expect("git")), truth["run"]["git_commit"]);
    assert_eq!(run.state(), State::Finished);
    assert_eq!(run.started_ns(), Some(1_795_427_729_000_000_000));
    let mut config = json(&run.config);
    config.as_object_mut().expect("an object").remove("_wandb");
    assert_eq!(config, truth["config"]);
    assert_eq!(json(&run.summary), truth["summary"]);
    assert_eq!(json(run.run.get("systemMetrics").expect("last values")), truth["system_last"]);
    assert_eq!(Some(run.history.rows), truth["history"]["rows"].as_u64());
    numbers_agree(&points, &truth, &[]);
    let media: Vec<_> = points.media.iter().map(|(name, at)| (name.as_str(), at.step)).collect();
    assert_eq!(media, [("sample", Some(21)), ("weights/W1", Some(21)), ("confusion", Some(41))]);
    let (_, _, at) = points.numbers["epoch"];
    assert_eq!(at, At { step: Some(40), time_ns: Some(1_795_427_753_498_098_612) });
    assert!(has(&files, SourceCode::Loss, "no series of system metrics"));
    let unused: Vec<_> =
        run.findings.iter().filter(|found| found.detail.starts_with("not read")).map(|found| &found.place).collect();
    assert_eq!(unused.len(), 8, "{unused:?}");
}

#[test]
fn every_history_alone_agrees() {
    let truth = truth();
    for (name, media) in [("scan_history.jsonl", 3), ("history.csv", 3), ("history.parquet", 0)] {
        let (files, points) = read(&fixture().join(name));
        assert_eq!(files.run.findings.iter().filter(|found| found.code != SourceCode::Loss).count(), 0, "{files:?}");
        assert_eq!(Some(files.run.history.rows), truth["history"]["rows"].as_u64(), "{name}");
        numbers_agree(&points, &truth, &[]);
        assert_eq!(points.media.len(), media, "{name}");
        assert_eq!(files.run.state(), State::Unknown);
        assert_eq!(has(&files, SourceCode::Loss, "500 rows"), !name.starts_with("scan"), "{name}");
    }
    let (files, points) = read(&fixture().join("history-exports"));
    assert_eq!((files.id.as_str(), files.run.history.rows), ("pjclsy9c", 42));
    numbers_agree(&points, &truth, &[]);
    let (files, points) = read(&fixture().join("chart.csv"));
    assert_eq!(files.run.text("display_name"), Some("finetune-slow"));
    assert_eq!(points.numbers.len(), 3);
    assert_eq!(points.numbers["val/accuracy"].0, 40);
}

#[test]
fn every_run_file_alone_agrees() {
    let truth = truth();
    for name in ["run.json", "run-attrs.json", "run-small.json", "project.csv"] {
        let (files, points) = read(&fixture().join(name));
        assert_eq!(files.run.text("display_name"), truth["run"]["name"].as_str(), "{name}");
        let mut config = json(&files.run.config);
        config.as_object_mut().expect("an object").remove("_wandb");
        assert_eq!(config, truth["config"], "{name}");
        assert_eq!(json(&files.run.summary), truth["summary"], "{name}");
        assert!(has(&files, SourceCode::Missing, "no history"), "{name}");
        assert!(points.numbers.is_empty());
        let state = if name == "project.csv" { State::Unknown } else { State::Finished };
        assert_eq!(files.run.state(), state, "{name}");
    }
}

#[test]
fn damaged_files_are_errors_or_findings() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
    for name in ["run.json", "scan_history.jsonl", "history.csv", "history.parquet", "chart.csv", "project.csv"] {
        let whole = std::fs::read(fixture().join(name)).expect("a fixture");
        let path = folder.join(name);
        for step in 0..40 {
            let cut = whole.len() * step / 40;
            let mut turned = whole.clone();
            for at in (cut..whole.len()).step_by(97) {
                turned[at] ^= 0x5a;
            }
            for bytes in [&whole[..cut], &turned] {
                std::fs::write(&path, bytes).expect("a file");
                let Ok(source) = Source::open(&path) else { continue };
                for key in source.keys() {
                    source.read(&key, &mut Counter::default(), &|_| {}).expect("a run with findings");
                }
            }
        }
        std::fs::remove_file(&path).expect("it is there");
    }
    let path = folder.join("history.parquet");
    std::fs::write(&path, b"PAR1 this is no Parquet").expect("a file");
    assert!(has(&read(&path).0, SourceCode::Unreadable, ""));
    let path = folder.join("rows.jsonl");
    std::fs::write(
        &path,
        "{\"_step\": 0, \"a\": 9007199254740993}\n[1]\n{\"_step\": 1, \"a\": null, \"b\": 1.5}\n{\"_st",
    )
    .expect("a file");
    let (files, points) = read(&path);
    assert_eq!(files.run.history.rows, 2);
    assert_eq!(points.others, 1);
    assert!(has(&files, SourceCode::Damaged, "line 2") && has(&files, SourceCode::Damaged, "line 4"));
}

#[test]
fn a_cut_run_beside_a_history_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = Utf8Path::from_path(folder.path()).expect("UTF-8");
    std::fs::write(path.join("run.json"), "{\"name\": \"abc\", \"displayNa").expect("room");
    std::fs::write(path.join("history.jsonl"), "{\"_step\": 0, \"loss\": 1.5}\n").expect("room");
    let (files, points) = read(path);
    assert!((points.numbers["loss"].1 - 1.5).abs() < f64::EPSILON);
    let found = files.run.findings.iter().find(|found| found.code == SourceCode::Damaged).expect("said");
    assert_eq!(found.place, "run.json");
}

#[test]
fn parts_of_two_runs_are_two_runs() {
    let part = fixture().join("history-exports");
    let part = part
        .read_dir_utf8()
        .expect("there")
        .filter_map(Result::ok)
        .find(|entry| entry.file_name().ends_with(".runhistory.parquet"));
    let part = part.expect("a part in the fixture");
    let folder = tempfile::tempdir().expect("a folder");
    let path = Utf8Path::from_path(folder.path()).expect("UTF-8");
    for run in ["one", "two"] {
        std::fs::copy(part.path(), path.join(format!("team_project_{run}_000000.runhistory.parquet"))).expect("room");
    }
    let source = Source::open(path).expect("a source");
    assert_eq!(source.keys(), ["one", "two"]);
}
