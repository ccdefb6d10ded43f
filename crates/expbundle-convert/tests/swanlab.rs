//! The `SwanLab` fixture becomes a bundle that verifies and agrees with what its training script
//! logged, and so does what is left of it when it is cut.

use camino::Utf8Path;
use expbundle_format::Code;
use expbundle_format::record::Status;
use expbundle_format::sections::{self, Artifacts, Context, Events, Identity, Media, Recipe};
use serde_json::json;

use crate::support::sources;
use crate::support::truth as support;
use sources::open;
use support::{Opened, copy, fixture, folder, is_only_of, truth};

const FOLDER: &str = "run-20261123_090344-quk2w020";

#[test]
fn the_run_agrees_with_what_its_script_logged() {
    let truth = truth("swanlab/digits-mlp/expected.json");
    let path = fixture("swanlab/digits-mlp");
    let source = open("swanlab", &path);
    let listing = source.runs().expect("a list");
    let [run] = listing.runs.as_slice() else { panic!("{listing:?}") };
    assert_eq!((run.key.as_str(), Some(run.id.as_str())), (FOLDER, truth["run_id"].as_str()));
    assert_eq!((run.status, run.experiment.as_deref()), (Status::Finished, truth["project"].as_str()));
    let opened = Opened::new(&*source, FOLDER);
    let body = opened.body();
    assert_eq!(body.source.map(|source| source.run).as_deref(), truth["run_id"].as_str());
    assert_eq!(body.status, Some(Status::Finished));
    for (time, member) in [(body.started, "started"), (body.ended, "ended")] {
        let time = time.expect("a time").to_string();
        assert!(time.starts_with(truth[member].as_str().expect("a time").get(..16).expect("minutes")), "{time}");
    }
    let context: Context = opened.section();
    assert_eq!(Some(context.title.as_str()), truth["name"].as_str());
    assert_eq!(context.notes.as_deref(), truth["notes"].as_str());
    assert_eq!(json!(context.tags), truth["tags"]);
    let groups: Vec<(&str, &str)> = context.groups.iter().map(|one| (&*one.kind, &*one.name)).collect();
    assert_eq!(groups, [("project", "digits"), ("group", "family")]);
    let recipe: Recipe = opened.section();
    assert_eq!(json!(recipe.parameters), truth["params"]);
    assert_eq!(json!(recipe.seeds), json!({"seed": 7}));
    let code = recipe.code.expect("code");
    assert_eq!(code.commit.as_deref(), truth["git"]["commit"].as_str());
    assert_eq!(code.branch.as_deref(), truth["git"]["branch"].as_str());
    let remote = truth["git"]["remote"].as_str().expect("an address");
    let identity: Identity = opened.section();
    // The address has the name of the person whose folders are named.
    let repository = identity.restored(&code.repository.expect("an address"));
    assert_eq!(Some(repository.as_str()), remote.strip_suffix(".git"));
    assert_eq!(code.entry_point.as_deref(), truth["environment"]["argv"][0].as_str());
    assert_eq!(json!(code.arguments), json!(["a"]));
    let environment = recipe.environment.expect("an environment");
    assert_eq!(environment.python.as_deref(), truth["environment"]["python"].as_str());
    assert_eq!(environment.packages.len(), 43);
    for (name, version) in truth["environment"]["packages"].as_object().expect("packages") {
        let found = environment.packages.iter().find(|package| package.name == *name).expect("listed");
        assert_eq!(found.version.as_deref(), version.as_str());
    }
    let hardware = recipe.hardware.expect("a machine");
    assert_eq!((hardware.cpu_cores, hardware.memory_bytes), (Some(2), Some(23 << 30)));
    opened.agrees_on_metrics(&truth["metrics"], &[]);
    let console = opened.console();
    for line in truth["console"].as_array().expect("lines") {
        assert!(console.iter().any(|one| Some(one.as_str()) == line.as_str()), "{line}");
    }
    let media: Media = opened.section();
    let [text] = media.media.as_slice() else { panic!("{media:?}") };
    let want = &truth["media"][0];
    assert_eq!((Some(text.key.as_str()), text.step), (want["name"].as_str(), want["step"].as_i64()));
    assert_eq!((Some(text.kind.as_str()), text.value.as_ref()), (want["kind"].as_str(), Some(&want["text"])));
    let artifacts: Artifacts = opened.section();
    assert!(artifacts.artifacts.iter().any(|one| one.digest == text.artifact));
    assert_eq!(identity.host.as_deref(), truth["environment"]["hostname"].as_str());
    assert!(identity.paths.values().any(|path| path.starts_with("/home/ada")));
    assert!(opened.codes().is_empty(), "{:?}", opened.converted.findings);
}

#[test]
fn a_run_is_found_by_its_log_its_folder_and_the_folders_above() {
    let path = fixture("swanlab/digits-mlp");
    let folder = path.join("swanlog").join(FOLDER);
    for path in [path.clone(), path.join("swanlog"), folder.clone(), folder.join("run-quk2w020.swanlab")] {
        let source = open("swanlab", &path);
        assert_eq!(source.lone_run().as_deref(), Some(FOLDER), "{path}");
        is_only_of(&path, &["swanlab"]);
        let opened = Opened::new(&*source, FOLDER);
        assert!(opened.codes().is_empty(), "{:?}", opened.converted.findings);
        assert_eq!(opened.line("package").0, 43, "{path}");
    }
}

/// The log of the fixture, cut at every place of a few bytes: what came before is kept, and it is
/// said that it is cut.
#[test]
fn a_log_that_was_cut_gives_what_came_before() {
    let (_folder, path) = folder();
    let run = path.join(FOLDER);
    copy(&fixture("swanlab/digits-mlp/swanlog").join(FOLDER), &run);
    let log = run.join("run-quk2w020.swanlab");
    let whole = std::fs::read(&log).expect("a log");
    let mut before = 0;
    for length in (0..whole.len()).step_by(397).chain([1, 6, 7, whole.len() - 1]) {
        std::fs::write(&log, &whole[..length]).expect("room");
        let opened = Opened::new(&*open("swanlab", &path), FOLDER);
        assert_eq!(opened.body().status, Some(Status::Unknown), "{length}");
        let codes = opened.codes();
        assert!(codes.contains(&Code::SourceLoss), "{length}: the end is not known");
        let points = opened.line("metric point").0;
        assert!(points <= 160 && (length < 1000 || points >= before || length >= whole.len() - 1), "{length}");
        before = if length < whole.len() - 1 { points } else { before };
        assert_eq!(opened.line("config value").0, 5);
    }
    std::fs::write(&log, &whole[..whole.len() / 2]).expect("room");
    let opened = Opened::new(&*open("swanlab", &path), FOLDER);
    assert!(opened.codes().contains(&Code::SourceTruncated));
}

#[test]
fn a_damaged_byte_takes_one_record_with_it() {
    let (_folder, path) = folder();
    let run = path.join(FOLDER);
    copy(&fixture("swanlab/digits-mlp/swanlog").join(FOLDER), &run);
    let log = run.join("run-quk2w020.swanlab");
    let whole = std::fs::read(&log).expect("a log");
    for at in (7..whole.len()).step_by(997) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        std::fs::write(&log, damaged).expect("room");
        let opened = Opened::new(&*open("swanlab", &path), FOLDER);
        assert!(opened.codes().contains(&Code::SourceDamaged) || opened.codes().contains(&Code::SourceTruncated));
    }
}

/// A message of protobuf, field by field.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let tag = u16::from(number) << 3 | 2;
    let low = u8::try_from(tag & 0x7f).expect("seven bits");
    let tag = if tag < 0x80 { vec![low] } else { vec![low | 0x80, 1] };
    [tag.as_slice(), &[u8::try_from(bytes.len()).expect("short")], bytes].concat()
}

fn scalar(key: &str, step: u8, value: f64) -> Vec<u8> {
    let value = [vec![0x09], value.to_le_bytes().to_vec()].concat();
    field(13, &[field(1, key.as_bytes()), vec![0x10, step], field(5, &value)].concat())
}

/// A log of these records, all of one block.
fn log(version: u8, records: &[Vec<u8>]) -> Vec<u8> {
    let mut log = b":SWL\xd6\xe1".to_vec();
    log.push(version);
    for record in records {
        let covered = [&[1], record.as_slice()].concat();
        log.extend(crc32fast::hash(&covered).to_le_bytes());
        log.extend(u16::try_from(record.len()).expect("within a block").to_le_bytes());
        log.extend(covered);
    }
    log
}

fn run_of(records: &[Vec<u8>]) -> Opened {
    let (_folder, path) = folder();
    std::fs::write(path.join("run-x.swanlab"), log(2, records)).expect("room");
    Opened::new(&*open("swanlab", &path.join("run-x.swanlab")), "run-x")
}

#[test]
fn odd_records_are_kept_or_counted() {
    let finish = |state: u8| field(11, &[vec![0x08, state], field(2, b"it broke")].concat());
    let records = [
        field(10, &[field(4, b"odd"), field(2, b"ada-team"), vec![0x58, 1]].concat()),
        scalar("loss", 0, f64::NAN),
        scalar("loss", 1, f64::INFINITY),
        scalar("loss", 2, f64::NEG_INFINITY),
        scalar("__swanlab__.cpu", 1, 50.0),
        field(12, &[vec![0x08, 1], field(3, b"loss"), field(13, b"epoch")].concat()),
        field(14, &[field(1, b"img"), vec![0x18, 2], field(5, &field(1, &field(1, b"../../x.png")))].concat()),
        field(16, &[field(1, b"a line"), vec![0x10, 1]].concat()),
        field(20, &field(1, b"m.pt")),
        field(30, b""),
        vec![0x6a, 0x7f],
        finish(2),
    ];
    let opened = run_of(&records);
    let loss: Vec<f64> = opened.series(sections::METRICS)["loss"].iter().filter_map(|point| point.value).collect();
    assert!(loss[0].is_nan() && loss[1..] == [f64::INFINITY, f64::NEG_INFINITY]);
    assert_eq!(opened.series(sections::TELEMETRY).len(), 1);
    assert_eq!((opened.line("column"), opened.line("log record")), ((1, 0, 1, 0), (2, 0, 0, 2)));
    assert_eq!((opened.line("saved file"), opened.line("media item")), ((1, 0, 1, 0), (1, 1, 0, 0)));
    assert_eq!(opened.console(), ["a line"]);
    let codes = opened.codes();
    for code in [Code::SourceDamaged, Code::SourceUnsupported, Code::SourceMissing, Code::SourceOutside] {
        assert!(codes.contains(&code), "{code:?} in {codes:?}");
    }
    assert_eq!(opened.body().status, Some(Status::Crashed));
    let events: Events = opened.section();
    assert_eq!(events.events[0].text.as_deref(), Some("it broke"));
    let identity: Identity = opened.section();
    assert_eq!(identity.organisation.as_deref(), Some("ada-team"));
    for (state, status) in [(0, Status::Unknown), (1, Status::Finished), (3, Status::Killed), (9, Status::Unknown)] {
        assert_eq!(run_of(&[finish(state)]).body().status, Some(status));
    }
}

#[test]
fn other_versions_are_named_and_resumed_runs_follow_each_other() {
    let (_folder, path) = folder();
    let make = |name: &str, bytes: &[u8], file: &str| {
        let folder = path.join(name);
        std::fs::create_dir(&folder).expect("room");
        std::fs::write(folder.join(file), bytes).expect("room");
    };
    make("run-20260101_000000-a", &log(2, &[scalar("x", 0, 1.0)]), "run-a.swanlab");
    make("run-20260102_000000-a", &log(2, &[scalar("x", 1, 2.0)]), "run-a.swanlab");
    make("run-20260103_000000-b", &log(3, &[]), "run-b.swanlab");
    make("run-20260104_000000-c", b"", "backup.swanlab");
    make("run-20260105_000000-d", b"", "run-d.swanlab");
    let source = open("swanlab", &path);
    let listing = source.runs().expect("a list");
    assert_eq!((listing.runs.len(), listing.unread.len()), (3, 2), "{listing:?}");
    let keys: Vec<&str> = listing.runs.iter().map(|run| run.key.as_str()).collect();
    let [first, second, empty] = keys.as_slice() else { panic!("{keys:?}") };
    let (first, second) = (Opened::new(&*source, first), Opened::new(&*source, second));
    assert!(first.body().parents.is_empty());
    let [parent] = second.body().parents.try_into().expect("one parent");
    assert_eq!(
        (parent.record.blake3, parent.relation.as_str()),
        (first.converted.bundle.record().digest().blake3, "resumed-from")
    );
    assert!(Opened::new(&*source, empty).codes().contains(&Code::SourceTruncated));
}

#[test]
fn no_other_folder_is_taken_for_one() {
    let is_none = |path: &Utf8Path| {
        let tracker = expbundle_convert::tracker::named("swanlab").expect("listed");
        assert!(tracker.open(path).expect("readable").is_none(), "{path}");
    };
    for path in ["wandb", "mlflow/sqlite", "clearml/baseline-zip", "trackio/trackio", "huggingface", "csv/runs"] {
        is_none(&fixture(path));
    }
}
