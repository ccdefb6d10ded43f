//! Every W&B fixture becomes a bundle that verifies and says what W&B's own code says of the run.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Content;
use expbundle::verify::{Digests, Intact, Unverified};
use expbundle_convert::{Converted, Options};
use expbundle_format::record::{Record, Status};
use expbundle_format::sections::{
    Artifacts, Context, Direction, Events, Goal, Identity, JsonSection, Media, Recipe, SourceSection, Summary,
};
use expbundle_format::{Code, DigestSet};
use expbundle_series::{ConsoleReader, OwnedPoint, SeriesReader};
use serde_json::Value;

use crate::support::sources;
use sources::open;

const FIXTURES: &[(&str, usize, &str)] = &[
    ("finetune", 0, "expected.json"),
    ("evaluate", 0, "expected.json"),
    ("failed", 0, "expected.json"),
    ("killed", 0, "expected.json"),
    ("os-exit", 0, "expected.json"),
    ("v0.16-train", 0, "expected.json"),
    ("v0.21-train", 0, "expected.json"),
    ("online", 0, "expected-1.json"),
    ("online", 1, "expected-2.json"),
];

fn fixture(name: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/wandb").join(name)
}

fn convert_at(path: &Utf8Path, which: usize, options: &Options<'_>) -> Converted {
    let source = open("wandb", path);
    let key = source.runs().expect("a list").runs[which].key.clone();
    source.convert(&key, options).expect("a run")
}

fn truth(folder: &str, file: &str) -> Value {
    let text = std::fs::read_to_string(fixture(folder).join(file)).expect("the truth");
    serde_json::from_str(&text).expect("JSON")
}

struct Opened {
    record: Record,
    intact: Intact,
}

impl Opened {
    fn new(converted: &Converted) -> Self {
        let mut bytes = Vec::new();
        converted.bundle.write(&mut bytes).expect("memory");
        let checked = Unverified::new(Content::bytes(bytes)).check(Digests::All);
        let intact = checked.unwrap_or_else(|wrong| panic!("{:?}", wrong.findings())).intact;
        Self { record: intact.records()[&converted.record()].clone(), intact }
    }

    fn section<S: JsonSection + Default>(&self) -> S {
        self.intact.json_section(self.record.id()).unwrap_or_default()
    }

    fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let name = name.parse().expect("a name");
        self.intact.section(self.record.id(), &name).map(|content| content.read(1 << 30).expect("small"))
    }

    fn series(&self, name: &str) -> BTreeMap<String, Vec<OwnedPoint>> {
        let mut series: BTreeMap<String, Vec<OwnedPoint>> = BTreeMap::new();
        let Some(bytes) = self.bytes(name) else { return series };
        let reader = SeriesReader::open(bytes).expect("Parquet");
        reader.for_each(|point| series.entry(point.key.to_string()).or_default().push(point.clone())).expect("points");
        series
    }
}

/// A value with what its markers stand for.
fn restored(identity: &Identity, value: &Value) -> Value {
    match value {
        Value::String(text) => identity.restored(text).into(),
        Value::Array(items) => items.iter().map(|item| restored(identity, item)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (identity.restored(name), restored(identity, value))).collect()
        }
        other => other.clone(),
    }
}

/// Numbers of the truth, which may be written as texts, and ours, which may be wrapped.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Object(a), theirs) if a.len() == 1 && a.keys().all(|key| key == "$integer" || key == "$float") => {
            let text = a.values().next().and_then(Value::as_str).expect("text");
            let written = theirs.to_string();
            theirs.as_str() == Some(text) || written == text
        }
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => ours == theirs,
    }
}

#[test]
fn every_fixture_agrees_with_its_expectations() {
    for (folder, which, expected) in FIXTURES {
        let converted = convert_at(&fixture(folder), *which, &Options::default());
        agrees(folder, &Opened::new(&converted), &truth(folder, expected));
    }
}

fn agrees(folder: &str, opened: &Opened, truth: &Value) {
    let body = opened.record.body();
    let status = match truth["state"].as_str().expect("a state") {
        "finished" => Status::Finished,
        "failed" => Status::Failed,
        // Crashed or killed: the log of a running one looks the same.
        _ => Status::Unknown,
    };
    assert_eq!(body.status, Some(status), "{folder}");
    assert!(body.source.as_ref().is_some_and(|source| truth["run"]["id"].as_str().is_none_or(|id| source.run == id)));

    let (recipe, identity) = (opened.section::<Recipe>(), opened.section::<Identity>());
    for (key, value) in truth["config"].as_object().expect("a configuration") {
        if key == "_wandb" {
            continue;
        }
        let ours = recipe.parameters.get(key).unwrap_or_else(|| panic!("{folder}: no parameter {key}"));
        let ours = restored(&identity, ours);
        assert!(same(&ours, value), "{folder}: {key}: {ours} {value}");
    }
    let context = opened.section::<Context>();
    assert_eq!(
        identity.restored(context.notes.as_deref().unwrap_or_default()),
        truth["run"]["notes"].as_str().unwrap_or_default()
    );
    let tags: Vec<&str> = truth["run"]["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    assert_eq!(context.tags, tags, "{folder}");
    if let Some(commit) = truth["run"]["git_commit"].as_str().filter(|commit| !commit.is_empty()) {
        assert_eq!(recipe.code.as_ref().and_then(|code| code.commit.as_deref()), Some(commit));
    }
    if let Some(packages) = truth["package_count"].as_u64() {
        assert_eq!(recipe.environment.as_ref().map_or(0, |environment| environment.packages.len()) as u64, packages);
    }

    let series = opened.series("metrics.parquet");
    let media: BTreeSet<String> = opened.section::<Media>().media.into_iter().map(|item| item.key).collect();
    for (key, expected) in truth["history"]["keys"].as_object().expect("keys") {
        let name = key.replace('\u{241f}', ".");
        let in_media = media.iter().any(|prefix| name == *prefix || name.starts_with(&format!("{prefix}.")));
        if matches!(key.as_str(), "_step" | "_timestamp") || in_media {
            continue;
        }
        let points =
            series.get(&name).or_else(|| series.get(key)).unwrap_or_else(|| panic!("{folder}: no series {key}"));
        assert_eq!(points.len() as u64, expected["count"].as_u64().expect("a count"), "{folder}: {key}");
        if let Some(last) = expected["last"].as_f64() {
            let ours = points.iter().rev().find_map(|point| point.value);
            assert_eq!(ours, Some(last), "{folder}: {key}");
        }
        if let Some(text) = expected["last"].as_str().filter(|text| !["NaN", "Infinity", "-Infinity"].contains(text)) {
            assert_eq!(points.last().and_then(|point| point.text.as_deref()), Some(text), "{folder}: {key}");
        }
    }
    let telemetry = opened.series("telemetry.parquet");
    for (key, expected) in truth["system"].as_object().expect("system metrics") {
        let points = telemetry.get(key).unwrap_or_else(|| panic!("{folder}: no system metric {key}"));
        assert_eq!(points.len() as u64, expected["count"].as_u64().expect("a count"), "{folder}: {key}");
        assert!(points.iter().all(|point| point.step.is_none() && point.time_ns.is_some()));
    }
    if let Some(lines) = truth["console_lines"].as_u64().filter(|lines| *lines > 0) {
        let console = ConsoleReader::open(opened.bytes("console.parquet").expect("a console")).expect("Parquet");
        assert_eq!(console.rows(), lines, "{folder}: console");
    }
    account(folder, opened, truth);
    digests(folder, opened, truth);
}

fn account(folder: &str, opened: &Opened, truth: &Value) {
    let account = opened.section::<SourceSection>().account;
    assert!(account.adds_up(), "{folder}: {account:#?}");
    let total = |kind: &str| account.items.get(kind).map_or(0, |line| line.total);
    let records: u64 = truth["records"].as_object().expect("records").values().filter_map(Value::as_u64).sum();
    assert_eq!(total("log record"), records, "{folder}");
    assert_eq!(total("config value"), truth["config"].as_object().expect("a configuration").len() as u64, "{folder}");
    let points: u64 =
        truth["system"].as_object().expect("system").values().filter_map(|one| one["count"].as_u64()).sum();
    assert_eq!(total("system metric point"), points, "{folder}");
    assert_eq!(total("used artifact"), truth["used_artifacts"].as_array().map_or(0, Vec::len) as u64, "{folder}");
    assert_eq!(total("alert"), truth["alerts"].as_array().map_or(0, Vec::len) as u64, "{folder}");
    let leaves: u64 =
        truth["history"]["keys"].as_object().expect("keys").values().filter_map(|one| one["count"].as_u64()).sum();
    // Media that came in one piece is one item; otherwise each of its parts is one.
    assert!(
        total("history value") <= leaves && total("history value") > 0,
        "{folder}: {} {leaves}",
        total("history value")
    );
}

/// The files of the folder have the SHA-256 that the truth has.
fn digests(folder: &str, opened: &Opened, truth: &Value) {
    let artifacts = opened.section::<Artifacts>().artifacts;
    let told = ["requirements.txt", "output.log", "wandb-metadata.json", "wandb-summary.json", "config.yaml"];
    for file in truth["files"].as_array().expect("files") {
        let path = file["path"].as_str().expect("a path");
        if told.contains(&path.trim_start_matches("files/")) {
            continue;
        }
        let ours = artifacts.iter().find(|artifact| artifact.path.as_deref() == Some(path));
        let digest =
            ours.and_then(|artifact| artifact.digest?.sha256()).unwrap_or_else(|| panic!("{folder}: no {path}"));
        assert_eq!(digest.to_string(), file["sha256"].as_str().expect("a digest"), "{folder}: {path}");
    }
    for logged in truth["artifacts"].as_array().into_iter().flatten() {
        let name = logged["name"].as_str().expect("a name");
        let digest = logged["digest"].as_str().expect("a digest");
        let found = artifacts.iter().any(|artifact| {
            artifact.name.as_deref() == Some(name) && artifact.foreign.values().any(|foreign| foreign == digest)
        });
        assert!(found, "{folder}: no artifact {name}");
    }
}

fn copy(from: &Utf8Path, to: &Utf8Path) {
    std::fs::create_dir_all(to).expect("room");
    for entry in from.read_dir_utf8().expect("a folder") {
        let entry = entry.expect("readable");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(entry.path(), &target);
        } else {
            std::fs::write(&target, std::fs::read(entry.path()).expect("readable")).expect("room");
        }
    }
}

#[test]
fn a_run_has_one_id_wherever_it_lies() {
    for (folder, which, _) in FIXTURES {
        let elsewhere = tempfile::tempdir().expect("a folder");
        let elsewhere = Utf8PathBuf::from_path_buf(elsewhere.path().join("x")).expect("a plain path");
        copy(&fixture(folder), &elsewhere);
        let write = |path: &Utf8Path| {
            let mut bytes = Vec::new();
            convert_at(path, *which, &Options::default()).bundle.write(&mut bytes).expect("memory");
            bytes
        };
        assert!(write(&fixture(folder)) == write(&elsewhere), "{folder}");
    }
}

#[test]
fn nobody_is_named_outside_of_the_identity() {
    for (folder, which, _) in FIXTURES {
        let converted = convert_at(&fixture(folder), *which, &Options::default());
        let opened = Opened::new(&converted);
        let identity = opened.section::<Identity>();
        let named = [&identity.user, &identity.host, &identity.organisation].into_iter().flatten();
        let mut private: Vec<String> = named.filter(|name| name.len() > 3 && *name != "root").cloned().collect();
        private.extend(identity.people.iter().filter_map(|person| person.email.clone()));
        private.extend(["/home/".to_owned(), "/root/".to_owned()]);
        let mut looked = 0;
        for (name, content) in converted.bundle.entries() {
            let name = name.to_string();
            if name.ends_with("identity.json") {
                continue;
            }
            let bytes = content.read(1 << 30).expect("small");
            let text = String::from_utf8_lossy(&bytes).to_lowercase();
            for private in &private {
                assert!(!text.contains(&private.to_lowercase()), "{folder}: {name} names {private}");
            }
            looked += 1;
        }
        assert!(looked > 4 && !private.is_empty(), "{folder}");
    }
}

#[test]
fn a_fine_tuning_is_told_whole() {
    let files = [fixture("finetune")];
    let inputs = [("model".parse().expect("a role"), fixture("finetune/base.safetensors"))];
    let options = Options { files: &files, inputs: &inputs, ..Options::default() };
    let opened = Opened::new(&convert_at(&fixture("finetune"), 0, &options));
    let body = opened.record.body();
    let digest =
        |name: &str| DigestSet::of(&std::fs::read(fixture("finetune").join(name)).expect("the weights")).into();
    assert!(
        body.inputs.iter().any(|input| input.role.as_str() == "model" && input.digest == digest("base.safetensors"))
    );
    assert!(
        body.outputs
            .iter()
            .any(|output| output.role.as_str() == "model" && output.digest == digest("fine.safetensors"))
    );
    let recipe = opened.section::<Recipe>();
    assert_eq!(recipe.parameters["big"], serde_json::json!({"$integer": "1152921504606846976"}));
    assert_eq!(recipe.seeds["seed"], serde_json::json!(21));
    let code = recipe.code.expect("code");
    let patch = code.patch.expect("a dirty tree");
    assert!(opened.intact.bundle().artifacts().any(|(digest, _)| digest == patch));
    let series = opened.section::<Summary>().series;
    assert_eq!(series["val/loss"].step_key.as_deref(), Some("epoch"));
    assert!(
        series.values().all(|one| one.goal != Some(Goal::Maximize))
            || series["val/accuracy"].goal == Some(Goal::Maximize)
    );
    let kinds: BTreeSet<String> = opened.section::<Media>().media.into_iter().map(|item| item.kind).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["histogram", "image", "table"]);
    assert!(
        opened
            .section::<Events>()
            .events
            .iter()
            .any(|event| event.text.as_deref().is_some_and(|text| text.contains("plateau")))
    );
}

#[test]
fn without_its_bytes_an_artifact_never_links() {
    let converted = convert_at(&fixture("finetune"), 0, &Options::default());
    let opened = Opened::new(&converted);
    assert!(opened.record.body().outputs.iter().all(|output| output.role.as_str() != "model"));
    let artifacts = opened.section::<Artifacts>().artifacts;
    let model = artifacts.iter().find(|artifact| artifact.kind.as_deref() == Some("model")).expect("the model");
    assert!(model.digest.is_none() && model.foreign.contains_key("wandb-manifest-md5"));
    assert!(converted.findings.iter().any(|finding| finding.code == Code::SourceMissing));
}

#[test]
fn what_an_online_run_used_is_an_input_by_name() {
    let opened = Opened::new(&convert_at(&fixture("online"), 0, &Options::default()));
    let artifacts = opened.section::<Artifacts>().artifacts;
    let used = artifacts.iter().find(|artifact| artifact.direction == Direction::Input && artifact.version.is_some());
    let used = used.expect("a used artifact");
    assert_eq!((used.name.as_deref(), used.version.as_deref(), used.digest), (Some("digit-base"), Some("v0"), None));
}

#[test]
fn a_damaged_log_gives_everything_intact_and_says_what_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("a plain path");
    copy(&fixture("finetune"), &folder);
    let run = folder.join("offline-run-20261123_095528-pjclsy9c");
    let log = run.join("run-pjclsy9c.wandb");
    let bytes = std::fs::read(&log).expect("the log");
    std::fs::write(&log, &bytes[..bytes.len() * 2 / 3]).expect("room");
    let converted = convert_at(&folder, 0, &Options::default());
    let opened = Opened::new(&converted);
    assert!(converted.findings.iter().any(|finding| finding.code == Code::SourceTruncated));
    assert!(!opened.section::<SourceSection>().damage.is_empty());
    assert_eq!(opened.record.body().status, Some(Status::Unknown));
    assert!(opened.series("metrics.parquet")["train/loss"].len() > 15);
    let mut damaged = bytes.clone();
    damaged[20_000] ^= 0xff;
    std::fs::write(&log, damaged).expect("room");
    let converted = convert_at(&folder, 0, &Options::default());
    assert!(converted.findings.iter().any(|finding| finding.code == Code::SourceDamaged));
    assert!(Opened::new(&converted).series("metrics.parquet")["train/loss"].len() > 30);
    // A log that died at once, and one that is none.
    for (bytes, code) in [(&b""[..], Code::SourceTruncated), (b"hello, world", Code::SourceUnsupported)] {
        std::fs::write(&log, bytes).expect("room");
        let converted = convert_at(&folder, 0, &Options::default());
        assert!(converted.findings.iter().any(|finding| finding.code == code), "{:?}", converted.findings);
        Opened::new(&converted);
    }
}

#[test]
fn a_run_that_was_resumed_follows_from_its_first_part() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("a plain path");
    let run = fixture("finetune/offline-run-20261123_095528-pjclsy9c");
    copy(&run, &folder.join("offline-run-20261123_095528-pjclsy9c"));
    copy(&run, &folder.join("offline-run-20261123_105528-pjclsy9c"));
    let source = open("wandb", &folder);
    let convert = |key: &str| source.convert(key, &Options::default()).expect("a run");
    let (first, second) =
        (convert("offline-run-20261123_095528-pjclsy9c"), convert("offline-run-20261123_105528-pjclsy9c"));
    let second = Opened::new(&second);
    let parents = &second.record.body().parents;
    assert_eq!((parents.len(), parents[0].relation.as_str()), (1, "resumed-from"));
    assert_eq!(parents[0].record.blake3, first.record().0);
    assert!(source.convert("pjclsy9c", &Options::default()).is_err(), "one id, two runs: choose");
}
