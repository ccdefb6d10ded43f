//! Every `ClearML` fixture becomes a bundle that verifies and agrees with what its training script
//! logged.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Content;
use expbundle::verify::{Digests, Intact, Unverified};
use expbundle_convert::{ConvertError, Converted, Options, tracker};
use expbundle_format::Code;
use expbundle_format::record::Status;
use expbundle_format::sections::{self, Artifacts, Context, JsonSection, Media, Recipe, SourceSection, Summary};
use expbundle_series::ConsoleReader;
use serde_json::{Value, json};

use crate::support::sources;
use sources::open;

const FIXTURES: [&str; 2] = ["baseline-folder-1.16", "baseline-zip"];

fn fixture(name: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/clearml").join(name)
}

struct Opened {
    converted: Converted,
    intact: Intact,
}

impl Opened {
    fn new(path: &Utf8Path) -> Self {
        let source = open("clearml", path);
        let key = source.lone_run().expect("one session");
        let converted = source.convert(&key, &Options::default()).expect("a run");
        let mut bytes = Vec::new();
        converted.bundle.write(&mut bytes).expect("memory");
        let checked = Unverified::new(Content::bytes(bytes)).check(Digests::All);
        let intact = checked.unwrap_or_else(|wrong| panic!("{:?}", wrong.findings())).intact;
        Self { converted, intact }
    }

    fn section<S: JsonSection + Default>(&self) -> S {
        self.intact.json_section(self.converted.record()).unwrap_or_default()
    }
}

#[test]
fn sessions_agree_with_what_their_script_logged() {
    for name in FIXTURES {
        let truth = std::fs::read_to_string(fixture(name).join("expected.json")).expect("the truth");
        let truth: Value = serde_json::from_str(&truth).expect("JSON");
        let opened = Opened::new(&fixture(name));
        let body = opened.intact.records()[&opened.converted.record()].body().clone();
        assert_eq!(body.source.map(|source| source.run).as_deref(), truth["run_id"].as_str(), "{name}");
        assert!(body.started < body.ended);
        let context: Context = opened.section();
        assert_eq!(Some(context.title.as_str()), truth["name"].as_str());
        assert_eq!(context.notes.as_deref(), truth["notes"].as_str());
        let recipe: Recipe = opened.section();
        assert_eq!(json!(recipe.parameters), truth["params"], "{name}");
        assert_eq!(recipe.seeds.len(), 1);
        let code = recipe.code.expect("code");
        assert_eq!(code.commit.as_deref(), truth["git"]["commit"].as_str());
        assert!(code.patch.is_some());
        let environment = recipe.environment.expect("packages");
        assert_eq!(environment.python.as_deref(), truth["environment"]["python"].as_str());
        series(&opened.section(), &truth["metrics"], name);
        artifacts(&opened.section(), &truth["artifacts"], name);
        let media: Media = opened.section();
        assert_eq!(media.media.iter().filter(|one| one.kind == "plot" && one.value.is_some()).count(), 2);
        let source: SourceSection = opened.section();
        assert!(source.account.adds_up() && source.account == opened.converted.account);
        assert_eq!(source.raw["task field"]["parent"], truth["lineage"][0]["clearml_task"]);
    }
}

fn series(summary: &Summary, truth: &Value, name: &str) {
    for (key, want) in truth.as_object().expect("series") {
        let one = &summary.series[key];
        assert_eq!(Some(one.count), want["count"].as_u64(), "{name} {key}");
        for (number, member) in [(one.first, "first"), (one.last, "last"), (one.min, "min"), (one.max, "max")] {
            assert_eq!(number.map(|number| number.0), want[member].as_f64(), "{name} {key} {member}");
        }
    }
}

fn artifacts(section: &Artifacts, truth: &Value, name: &str) {
    let listed: BTreeMap<&str, Option<String>> = section
        .artifacts
        .iter()
        .filter_map(|one| {
            let digest = one.digest.and_then(|digest| digest.sha256()).map(|digest| digest.to_string());
            Some((one.name.as_deref()?, digest))
        })
        .collect();
    for want in truth.as_array().expect("artifacts") {
        let digest = listed.get(want["name"].as_str().expect("a name")).expect("listed");
        if let Some(sha256) = want["sha256"].as_str() {
            assert_eq!(digest.as_deref(), Some(sha256), "{name}");
        }
    }
}

#[test]
fn an_exported_task_agrees_with_what_the_server_had() {
    let folder = fixture("exported-task");
    let truth = std::fs::read_to_string(folder.join("expected.json")).expect("the truth");
    let truth: Value = serde_json::from_str(&truth).expect("JSON");
    for path in [folder.clone(), folder.join("digits-mlp-server.json")] {
        let listing = open("clearml", &path).runs().expect("a list");
        let [run] = listing.runs.as_slice() else { panic!("{listing:?}") };
        assert_eq!((run.status, run.experiment.as_deref()), (Status::Finished, truth["project"].as_str()));
        let opened = Opened::new(&path);
        let body = opened.intact.records()[&opened.converted.record()].body().clone();
        assert_eq!(body.source.map(|source| source.run).as_deref(), truth["run_id"].as_str());
        assert_eq!(body.status, Some(Status::Finished));
        for (time, member) in [(body.started, "started"), (body.ended, "ended")] {
            assert_eq!(time.map(|time| time.to_string()).as_deref(), truth[member].as_str());
        }
        let context: Context = opened.section();
        assert_eq!(
            (Some(context.title.as_str()), context.notes.as_deref()),
            (truth["name"].as_str(), truth["notes"].as_str())
        );
        assert_eq!(json!(context.tags), truth["tags"]);
        let recipe: Recipe = opened.section();
        assert_eq!(json!(recipe.parameters), truth["params"]);
        let code = recipe.code.expect("code");
        assert_eq!(
            (code.commit.as_deref(), code.branch.as_deref()),
            (truth["git"]["commit"].as_str(), truth["git"]["branch"].as_str())
        );
        assert!(code.patch.is_some());
        let environment = recipe.environment.expect("packages");
        assert_eq!(environment.container_image.as_deref(), Some("python:3.11-slim"));
        assert_eq!(environment.python.as_deref(), truth["environment"]["python"].as_str());
        let versions = environment.packages.into_iter().map(|package| (package.name, json!(package.version)));
        assert_eq!(versions.collect::<Value>(), truth["environment"]["packages"]);
        let artifacts: Artifacts = opened.section();
        let models: Vec<_> = artifacts.artifacts.iter().filter(|one| one.role.as_str() == "model").collect();
        for (model, want) in models.iter().zip([&truth["lineage"][1], &truth["lineage"][2]]) {
            assert_eq!(model.name.as_deref(), want["name"].as_str());
            assert_eq!(model.model.as_ref().and_then(|model| model.id.as_deref()), want["id"].as_str());
        }
        assert_eq!(models.len(), 2);
        let source: SourceSection = opened.section();
        assert!(source.account.adds_up());
        assert_eq!(source.raw["task field"]["parent"], truth["lineage"][0]["clearml_task"]);
        assert!(opened.converted.findings.iter().any(|finding| finding.message.contains("no series")));
    }
}

/// A task of a server, changed and cut: whatever it says, it is an export or none.
#[test]
fn exports_that_are_odd_or_cut_are_read_or_none() {
    let text = std::fs::read_to_string(fixture("exported-task/digits-mlp-server.json")).expect("a task");
    let (folder, tracker) = (tempfile::tempdir().expect("a folder"), tracker::named("clearml").expect("listed"));
    let path = Utf8Path::from_path(folder.path()).expect("UTF-8").join("task.json");
    for length in (0..text.len()).step_by(53) {
        std::fs::write(&path, text.get(..length).expect("ASCII")).expect("room");
        assert!(tracker.open(&path).expect("readable").is_none(), "{length}");
    }
    for (member, value) in [
        ("models", json!({"input": 7, "other": [1], "output": [3, {"name": "x", "model": "y", "more": 1}]})),
        ("status", json!("closed")),
        ("status", json!(7)),
        ("started", json!("never")),
        ("completed", json!([])),
        ("hyperparams", json!([1])),
        ("container", json!("text")),
        ("user", json!({"id": 1})),
        ("script", json!(null)),
    ] {
        let mut task: Value = serde_json::from_str(&text).expect("JSON");
        task[member] = value;
        std::fs::write(&path, task.to_string()).expect("room");
        let opened = Opened::new(&path);
        assert!(opened.converted.account.adds_up(), "{member}");
        let status = opened.intact.records()[&opened.converted.record()].body().status;
        assert_eq!(status, Some(if member == "status" { Status::Unknown } else { Status::Finished }));
    }
}

#[test]
fn console_lines_are_kept_in_order() {
    for name in FIXTURES {
        let opened = Opened::new(&fixture(name));
        let console = sections::CONSOLE.parse().expect("a name");
        let content = opened.intact.section(opened.converted.record(), &console).expect("a console");
        let mut lines = Vec::new();
        let reader = ConsoleReader::open(content.read(1 << 30).expect("small")).expect("Parquet");
        reader.for_each(|line| lines.push(line.line.clone())).expect("lines");
        let epochs: Vec<&String> = lines.iter().filter(|line| line.starts_with("epoch ")).collect();
        assert_eq!(epochs.len(), 40, "{name}");
        assert!(epochs.first().is_some_and(|line| *line == "epoch 0 val_acc=0.1600"));
    }
}

#[test]
fn what_is_broken_is_said_and_the_rest_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = Utf8Path::from_path(folder.path()).expect("UTF-8").join("offline-0");
    std::fs::create_dir(&path).expect("room");
    let task = json!({ "id": "offline-0", "name": "cut", "offline_folder": "/home/ada/offline-0", "execution": { "artifacts": [
        { "key": "far", "type": "custom", "uri": "s3://bucket/far.bin", "content_size": 3, "hash": "00" },
        { "key": "gone", "type": "custom", "uri": "/home/ada/offline-0/data/gone.bin" },
    ] } });
    std::fs::write(path.join("task.json"), task.to_string()).expect("room");
    let point = |step| json!({ "type": "training_stats_scalar", "timestamp": 1000 + step, "iter": step, "metric": "a", "variant": "b", "value": 1.5 });
    let lines = format!("[{}]\nnot JSON\n[{}, 7]\n[{{\"type\":", point(0), point(1));
    std::fs::write(path.join("metrics.jsonl"), lines).expect("room");
    let opened = Opened::new(&path);
    let codes: Vec<Code> = opened.converted.findings.iter().map(|finding| finding.code).collect();
    for code in [Code::SourceTruncated, Code::SourceDamaged, Code::SourceMissing, Code::SourceLoss] {
        assert!(codes.contains(&code), "{code:?} in {codes:?}");
    }
    let line = &opened.converted.account.items["event"];
    assert_eq!((line.total, line.mapped, line.raw), (3, 2, 1));
    let zip = path.with_extension("zip");
    std::fs::write(&zip, b"PK\x03\x04 and no more").expect("room");
    let source = open("clearml", &zip);
    assert!(source.runs().expect("a list").unread.len() == 1);
    assert!(matches!(source.convert("offline-0", &Options::default()), Err(ConvertError::Source { .. })));
}

/// The digest of a short secret is as good as the secret, also where only the task has it.
#[test]
fn an_artifact_that_is_a_secret_by_its_name_is_left_out() {
    let digest = "559aead08264d5795d3909718cdd05abd49572e84fe55590eef31a88a08fdffd";
    let made = std::fs::read_dir(fixture("baseline-folder-1.16")).expect("a folder").filter_map(Result::ok);
    let made = made.map(|entry| entry.path().join("task.json")).find(|path| path.is_file()).expect("a session");
    let mut task: Value = serde_json::from_slice(&std::fs::read(made).expect("a task")).expect("JSON");
    let id = task["id"].as_str().expect("an id").to_owned();
    for (key, uri) in [
        (".env", "https://files.example.org/x/.env"),
        ("settings", "https://files.example.org/x/.env?v=1"),
        ("settings", "/tmp/x/.env"),
        ("key", "s3://bucket/id_rsa"),
        (".env", ""),
    ] {
        task["execution"]["artifacts"] = json!([{"key": key, "uri": uri, "hash": digest, "content_size": 1}]);
        let folder = tempfile::tempdir().expect("a folder");
        let session = Utf8Path::from_path(folder.path()).expect("UTF-8").join(format!("offline-{id}"));
        std::fs::create_dir(&session).expect("a folder");
        std::fs::write(session.join("task.json"), task.to_string()).expect("room");
        for name in ["log.jsonl", "metrics.jsonl"] {
            std::fs::write(session.join(name), "").expect("room");
        }
        let opened = Opened::new(&session);
        let mut bytes = Vec::new();
        opened.converted.bundle.write(&mut bytes).expect("memory");
        assert!(!String::from_utf8_lossy(&bytes).contains(digest), "{key} {uri}");
        assert!(opened.converted.findings.iter().any(|finding| finding.code == Code::SourceSecret), "{key} {uri}");
        assert!(opened.converted.account.adds_up());
    }
}
