//! Every DVC fixture becomes a bundle that verifies and agrees with what its training script
//! logged.

use std::collections::BTreeMap;
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_convert::tracker::{Source, TRACKERS};
use expbundle_convert::{Converted, Options};
use expbundle_format::Code;
use expbundle_format::record::{Kind, Status};
use expbundle_format::sections::{self, Direction};
use serde_json::{Value, json};

use crate::support::bundle;
use crate::support::sources;
use crate::support::tar;

use bundle::Opened;
use sources::open;

fn fixture(name: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dvc").join(name)
}

fn truth(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(fixture(name)).expect("the truth")).expect("JSON")
}

/// A folder that is removed in the end.
struct Room(tempfile::TempDir);

impl Room {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("room"))
    }

    /// With an archive of a fixture unpacked.
    fn of(archive: &str) -> Self {
        let room = Self::new();
        tar::unpack(&fixture(archive), room.path());
        room
    }

    fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.0.path()).expect("UTF-8")
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("room");
        fs::write(path, text).expect("room");
    }
}

fn convert(source: &dyn Source, run: &str) -> Opened {
    let key = source.runs().expect("a list").find(run).expect("the run").key.clone();
    opened(source.convert(&key, &Options::default()).expect("a run"))
}

fn opened(converted: Converted) -> Opened {
    assert!(converted.account.adds_up(), "{:#?}", converted.account);
    Opened::new(converted)
}

/// The only run of a folder.
fn only(path: &Utf8Path) -> Opened {
    let source = open("dvc", path);
    let runs = source.runs().expect("a list").runs;
    assert_eq!(runs.len(), 1, "{runs:?}");
    opened(source.convert(&runs[0].key, &Options::default()).expect("a run"))
}

/// Holds a run to what its script logged.
fn agrees(opened: &Opened, truth: &Value) {
    let params = truth["params"].as_object().expect("params");
    for (name, value) in params {
        assert_eq!(opened.recipe.parameters.get(name), Some(value), "{name}");
    }
    assert_eq!(opened.recipe.seeds["seed"], truth["params"]["seed"]);
    let metrics = truth["metrics"].as_object().expect("metrics");
    assert_eq!(opened.summary.series.keys().collect::<Vec<_>>(), metrics.keys().collect::<Vec<_>>());
    let series = opened.series(sections::METRICS);
    for (key, want) in metrics {
        let (one, points) = (&opened.summary.series[key], &series[key]);
        assert_eq!(Some(one.count), want["count"].as_u64(), "{key}");
        for (number, member) in [(one.first, "first"), (one.last, "last"), (one.min, "min"), (one.max, "max")] {
            assert_eq!(number.map(|number| number.0), want[member].as_f64(), "{key} {member}");
        }
        let steps = (points.first().and_then(|point| point.step), points.last().and_then(|point| point.step));
        assert_eq!(steps, (want["first_step"].as_i64(), want["last_step"].as_i64()), "{key}");
        let sum: f64 = points.iter().filter_map(|point| point.value).sum();
        assert!((sum - want["sum"].as_f64().expect("a sum")).abs() < 1e-9, "{key}");
    }
    for (key, value) in truth["summary_only"].as_object().expect("values") {
        assert_eq!(opened.summary.declared.get(key), Some(value), "{key}");
    }
    let telemetry = opened.series(sections::TELEMETRY);
    assert!(telemetry.keys().all(|key| key.starts_with("system/")) && telemetry.len() == 6, "{:?}", telemetry.keys());
    assert!(telemetry.values().flatten().all(|point| point.time_ns.is_some()));
    let matrix = opened.media.media.iter().find(|one| one.kind == "plot").expect("a plot");
    assert_eq!(confusion(matrix.value.as_ref().expect("its points")), truth["media"][0]["matrix"]);
}

/// The confusion matrix out of pairs.
fn confusion(pairs: &Value) -> Value {
    let mut matrix = vec![vec![0; 10]; 10];
    let digit = |pair: &Value, name: &str| pair[name].as_str().expect("a digit").parse::<usize>().expect("a digit");
    for pair in pairs.as_array().expect("pairs") {
        matrix[digit(pair, "actual")][digit(pair, "predicted")] += 1;
    }
    json!(matrix)
}

/// Every file that is known with both digests, by its path.
fn files(opened: &Opened) -> BTreeMap<String, (Option<String>, Option<u64>)> {
    let mut files = BTreeMap::new();
    for artifact in &opened.artifacts.artifacts {
        let path = artifact.path.clone().unwrap_or_default();
        let sha256 = artifact.digest.and_then(|digest| digest.sha256()).map(|digest| digest.to_string());
        if let Some(tree) = artifact.digest.and_then(|digest| opened.tree(digest.blake3()?)) {
            for file in tree.files() {
                let digest = Some(file.digest.sha256.to_string());
                files.insert(format!("{path}/{}", file.path.to_plain()), (digest, Some(file.size)));
            }
        } else {
            files.insert(path, (sha256, artifact.size));
        }
    }
    files
}

fn has_files(opened: &Opened, truth: &Value, but: &[&str]) {
    let files = files(opened);
    for want in truth["artifacts"].as_array().expect("artifacts") {
        let name = want["name"].as_str().expect("a name");
        if but.contains(&name) {
            continue;
        }
        let path = if name == "digit-0.png" { format!("dvclive/plots/images/{name}") } else { name.to_owned() };
        let (sha256, size) = files.get(&path).unwrap_or_else(|| panic!("{path} in {:?}", files.keys()));
        assert_eq!((sha256.as_deref(), *size), (want["sha256"].as_str(), want["size"].as_u64()), "{path}");
    }
}

#[test]
fn every_revision_agrees_with_what_its_script_logged() {
    let room = Room::of("pipeline/digits-dvc.tar.gz");
    let source = open("dvc", &room.path().join("digits-dvc"));
    let listing = source.runs().expect("a list");
    let names: Vec<_> = listing.runs.iter().filter_map(|run| run.name.as_deref()).collect();
    // The commit after `v2` changes no result, and neither does the work tree.
    assert_eq!(names, ["v1", "v2", "hidden-64"], "{:?}", listing.runs);
    let commits = [
        ("v1", "73f9e6e1d30ef9477fcdd1692000803a4bad0c63"),
        ("v2", "a3a5e35b8da03b2a4a9e802bd317174fb86380f4"),
        ("hidden-64", "463f89c2352be936dcc9be954f36e5bc5574cfe1"),
    ];
    for (name, commit) in commits {
        let file = if name == "hidden-64" { "exp-hidden-64" } else { name };
        let truth = truth(&format!("pipeline/expected-{file}.json"));
        let opened = convert(&*source, name);
        let body = opened.record.body();
        assert_eq!(body.source.as_ref().map(|source| source.run.as_str()), Some(commit), "{name}");
        assert_eq!((body.status, body.kind), (Some(Status::Finished), Kind::Run), "{name}");
        assert_eq!((body.started, body.ended, body.parents.len()), (None, None, 0));
        agrees(&opened, &truth);
        has_files(&opened, &truth, &[]);
        assert_eq!(opened.context.title, name);
        let code = opened.recipe.code.as_ref().expect("code");
        assert_eq!(code.commit.as_deref(), Some(commit));
        let repository = code.repository.as_deref().map(|address| opened.identity.restored(address));
        assert_eq!(repository.as_deref(), truth["git"]["remote"].as_str());
        assert_eq!(opened.identity.source["author of the commit"], "Ada Example <ada@example.org>");
        assert_eq!(opened.recipe.parameters["prepare.seed"], 7);
        assert_eq!(opened.recipe.parameters["train.lr"], truth["params"]["lr"]);
        let of = |direction| opened.artifacts.artifacts.iter().filter(move |one| one.direction == direction);
        let inputs: Vec<_> = of(Direction::Input).filter_map(|one| one.path.as_deref()).collect();
        assert_eq!(inputs, ["src/prepare.py", "src/train.py", "data/raw.csv"]);
        let raw = of(Direction::Input).find(|one| one.path.as_deref() == Some("data/raw.csv")).expect("the data");
        assert_eq!((raw.role.as_str(), raw.foreign["md5"].as_str()), ("dataset", "a0339c30a8a5312a1b6f9e5c719dcce5"));
        assert_eq!(
            body.outputs.iter().filter(|one| one.role.as_str() == "model").count(),
            2,
            "the folder and its weights"
        );
        if name == "hidden-64" {
            assert_eq!(opened.context.groups[0].id.as_deref(), truth["git"]["commit"].as_str());
        }
    }
}

/// All objects in a pack, some of them as differences, and all refs in one file.
#[test]
fn packs_are_read() {
    let room = Room::of("packed/packed.tar.gz");
    let source = open("dvc", &room.path().join("packed"));
    let truth = truth("packed/expected.json");
    let truth = truth["runs"].as_array().expect("runs");
    let names: Vec<_> = source.runs().expect("a list").runs.into_iter().filter_map(|run| run.name).collect();
    assert_eq!(names, truth.iter().filter_map(|run| run["name"].as_str()).collect::<Vec<_>>());
    for truth in truth {
        let name = truth["name"].as_str().expect("a name");
        let opened = convert(&*source, name);
        assert_eq!(json!(opened.recipe.parameters), truth["params"], "{name}");
        assert_eq!(opened.summary.declared["best"], json!({"$float": truth["summary_only"]["best"]}));
        for (key, want) in truth["metrics"].as_object().expect("metrics") {
            let one = &opened.summary.series[key];
            assert_eq!(Some(one.count), want["count"].as_u64(), "{name} {key}");
            for (number, member) in [(one.first, "first"), (one.last, "last"), (one.min, "min"), (one.max, "max")] {
                assert_eq!(number.map(|number| number.0), want[member].as_f64(), "{name} {key} {member}");
            }
        }
        let files = files(&opened);
        for path in ["imported/a.txt", "model.pt", "a.txt", "b.txt", "train.py"] {
            assert!(files.get(path).is_some_and(|(digest, _)| digest.is_some()), "{name} {path} {files:?}");
        }
        let import =
            opened.artifacts.artifacts.iter().find(|one| one.path.as_deref() == Some("imported")).expect("listed");
        assert_eq!(import.version.as_deref(), Some("df654642334ebe9709cf4640da76db6c4938b061"));
        assert_eq!(opened.record.body().status, Some(Status::Finished), "{name}");
    }
}

/// A pack and its index, cut and with bytes changed: no panic, and the work tree is still a run.
#[test]
fn packs_that_are_damaged_take_nothing_else_with_them() {
    let room = Room::of("packed/packed.tar.gz");
    let project = room.path().join("packed");
    for file in walkdir(&project.join(".git/objects/pack")) {
        let whole = fs::read(&file).expect("a file");
        for at in (0..whole.len()).step_by(whole.len() / 16 + 1) {
            let mut changed = whole.clone();
            changed[at] ^= 0xff;
            for bytes in [&whole[..at], &changed] {
                fs::write(&file, bytes).expect("room");
                let source = open("dvc", &project);
                for run in source.runs().expect("a list").runs {
                    opened(source.convert(&run.key, &Options::default()).expect("a run"));
                }
            }
        }
        fs::write(&file, whole).expect("room");
    }
}

/// DVC remembers runs of stages that nobody committed, and stashes those that failed.
#[test]
fn runs_that_are_passed_over_are_named() {
    let room = Room::of("pipeline/digits-dvc.tar.gz");
    let project = room.path().join("digits-dvc");
    assert!(open("dvc", &project).runs().expect("a list").findings.is_empty());
    let stage = "cmd: python src/other.py\nouts:\n- path: model\n  md5: 0000000000000000000000000000000a\n";
    room.write("digits-dvc/.dvc/cache/runs/00/0000/1111", stage);
    room.write("digits-dvc/.git/refs/exps/stash", "463f89c2352be936dcc9be954f36e5bc5574cfe1\n");
    let listing = open("dvc", &project).runs().expect("a list");
    let places: Vec<String> = listing.findings.iter().map(ToString::to_string).collect();
    assert!(places.len() == 2 && places.iter().any(|one| one.contains("src/other.py")), "{places:?}");
    let module = Room::new();
    module.write("dvc.lock", "schema: '2.0'\nstages: {}\n");
    module.write(".git", "gitdir: ../.git/modules/data\n");
    let listing = open("dvc", module.path()).runs().expect("a list");
    assert_eq!(listing.findings.iter().map(|one| one.code).collect::<Vec<_>>(), [Code::SourceOutside]);
}

#[test]
fn a_work_tree_without_git_is_a_run() {
    let opened = only(&fixture("pipeline/digits-dvc-worktree"));
    let truth = truth("pipeline/expected-v2.json");
    agrees(&opened, &truth);
    has_files(&opened, &truth, &[]);
    assert_eq!(opened.record.body().status, Some(Status::Finished));
    assert!(opened.findings.iter().any(|finding| finding.code == Code::SourceLoss && finding.message.contains("git")));
    assert!(opened.recipe.code.is_none());
}

#[test]
fn a_live_folder_is_a_run() {
    let room = Room::of("live/digits-live.tar.gz");
    let truth = truth("live/expected-live.json");
    let places = [
        room.path().join("digits-live"),
        fixture("live/digits-live-worktree"),
        fixture("live/digits-live-worktree/dvclive"),
        fixture("live/digits-live-worktree/dvclive/metrics.json"),
    ];
    for (index, place) in places.iter().enumerate() {
        let opened = only(place);
        agrees(&opened, &truth);
        // Nothing says whether it ended well.
        assert_eq!(opened.record.body().status, Some(Status::Unknown), "{place}");
        if index < 2 {
            has_files(&opened, &truth, &["digit-0.png", "model/config.json"]);
            let model = opened
                .artifacts
                .artifacts
                .iter()
                .find(|one| one.name.as_deref() == Some("digits-mlp"))
                .expect("a model");
            assert_eq!((model.role.as_str(), model.description.as_deref()), ("model", Some("MLP on digits")));
            assert_eq!(model.aliases, ["digits"]);
        }
        if index == 0 {
            let run = opened.record.body().source.as_ref().expect("a source").run.clone();
            assert_eq!(
                (run.as_str(), opened.context.title.as_str()),
                ("6248c1801163e65abc638d7f5f01b29c3782101d", "pedal-rubs")
            );
            assert_eq!(opened.context.groups[0].id.as_deref(), truth["git"]["commit"].as_str());
        }
    }
    let source = open("dvc", &fixture("live"));
    let found = source.runs().expect("a list").runs;
    assert_eq!(found.iter().map(|run| run.key.as_str()).collect::<Vec<_>>(), ["digits-live-worktree/workspace"]);
}

#[test]
fn no_fixture_of_another_tool_is_one_of_dvc() {
    for tracker in TRACKERS.iter().filter(|tracker| tracker.name() != "dvc") {
        let folder = fixture("..").join(tracker.name());
        for entry in folder.read_dir_utf8().expect("fixtures").filter_map(Result::ok) {
            let dvc = TRACKERS.iter().find(|tracker| tracker.name() == "dvc").expect("listed");
            assert!(dvc.open(entry.path()).expect("readable").is_none(), "{}", entry.path());
        }
    }
    for place in ["pipeline/digits-dvc-worktree", "live/digits-live-worktree/dvclive"] {
        for tracker in TRACKERS.iter().filter(|tracker| tracker.is_recognized() && tracker.name() != "dvc") {
            assert!(!matches!(tracker.open(&fixture(place)), Ok(Some(_))), "{place} {}", tracker.name());
        }
    }
}

/// The older layout of the cache, and MD5 of texts with other line ends.
#[test]
fn caches_of_version_2_are_read() {
    let room = Room::new();
    let (text, md5) = ("a,b\r\n1,2\r\n", "7d3c1fcbbd5dcbc45e8ac4d3d17d3b3f");
    let listing = "[{\"md5\": \"900150983cd24fb0d6963f7d28e17f72\", \"relpath\": \"x.bin\"}]";
    let folder = md5_hex(listing.as_bytes());
    let unix = md5_hex(text.replace("\r\n", "\n").as_bytes());
    assert_ne!(unix, md5);
    room.write("data.csv", text);
    room.write(&format!(".dvc/cache/{}/{}.dir", &folder[..2], &folder[2..]), listing);
    room.write(".dvc/cache/90/0150983cd24fb0d6963f7d28e17f72", "abc");
    let lock = format!(
        "schema: '2.0'\nstages:\n  train:\n    cmd: python train.py\n    deps:\n    - path: data.csv\n      md5: {unix}\n      size: {}\n    outs:\n    - path: out\n      md5: {folder}.dir\n      size: 3\n      nfiles: 1\n",
        text.len()
    );
    room.write("dvc.lock", lock);
    let opened = only(room.path());
    let files = files(&opened);
    assert!(files["data.csv"].0.is_some() && files["out/x.bin"].0.is_some(), "{files:?}");
    assert_eq!(opened.record.body().status, Some(Status::Finished));
}

fn md5_hex(bytes: &[u8]) -> String {
    use md5::{Digest as _, Md5};
    format!("{:032x}", u128::from_be_bytes(Md5::digest(bytes).into()))
}

#[test]
fn what_is_not_here_is_named_with_its_address() {
    let room = Room::new();
    room.write(".dvc/config", "[core]\n    remote = store\n['remote \"store\"']\n    url = s3://example-bucket/dvc\n");
    room.write(".dvc/config.local", "['remote \"store\"']\n    secret_access_key = abcdefgh12345678\n");
    let md5 = "900150983cd24fb0d6963f7d28e17f72";
    let lock = format!(
        "schema: '2.0'\nstages:\n  train:\n    cmd: python train.py --lr 1\n    deps:\n    - {{path: base.bin, hash: md5, md5: {md5}, size: 3}}\n    - {{path: ../outside.bin, hash: md5, md5: {md5}}}\n    - {{path: 's3://bucket/far.bin', etag: abc}}\n    params:\n      params.yaml: {{lr: 1.0, big: 123456789012345678901234567890, yes: yes}}\n    outs:\n    - {{path: .env, hash: md5, md5: 0{}, size: 3}}\n",
        &md5[1..]
    );
    room.write("dvc.lock", lock);
    room.write(
        "dvc.yaml",
        "stages:\n  train:\n    cmd: python train.py --lr ${lr}\n  test:\n    cmd: python test.py\n",
    );
    room.write("base.bin.dvc", format!(
        "frozen: true\ndeps:\n- path: base.bin\n  repo:\n    url: https://git.example.org/ada/base.git\n    rev: v3\n    rev_lock: 00185c1e1e27f13f320e9b1f5cc872792f901b05\nouts:\n- {{path: base.bin, hash: md5, md5: {md5}, size: 3}}\n"
    ));
    let opened = only(room.path());
    let missing: Vec<&str> =
        opened.findings.iter().filter(|one| one.code == Code::SourceMissing).map(|one| one.message.as_str()).collect();
    assert!(
        missing
            .iter()
            .any(|message| message.contains("s3://example-bucket/dvc/files/md5/90/0150983cd24fb0d6963f7d28e17f72")),
        "{missing:?}"
    );
    let import = opened.artifacts.artifacts.iter().find(|one| one.path.as_deref() == Some("base.bin")).expect("listed");
    assert_eq!(import.version.as_deref(), Some("00185c1e1e27f13f320e9b1f5cc872792f901b05"));
    assert!(import.uris.contains(&"https://git.example.org/ada/base.git".to_owned()));
    assert!(
        opened
            .artifacts
            .artifacts
            .iter()
            .any(|one| one.uris == ["s3://bucket/far.bin"] && one.foreign["etag"] == "abc")
    );
    // `test` has not run.
    assert_eq!(opened.record.body().status, Some(Status::Unknown));
    assert_eq!(opened.recipe.parameters["yes"], "yes");
    let bytes = String::from_utf8_lossy(&opened.bytes).into_owned();
    assert!(!bytes.contains(&format!("0{}", &md5[1..])) && !bytes.contains("abcdefgh12345678"), "secrets got in");
}

#[test]
fn a_change_after_the_run_is_told() {
    let room = Room::of("pipeline/digits-dvc.tar.gz");
    let project = room.path().join("digits-dvc");
    fs::write(project.join("data/raw.csv"), "changed").expect("room");
    fs::write(project.join("dvclive/metrics.json"), "{\"step\": 3, \"loss\": NaN}").expect("room");
    let source = open("dvc", &project);
    let names: Vec<_> = source.runs().expect("a list").runs.into_iter().map(|run| run.key).collect();
    assert_eq!(names.last().map(String::as_str), Some("workspace"), "{names:?}");
    let opened = convert(&*source, "workspace");
    assert_eq!(opened.record.body().status, Some(Status::Unknown));
    assert!(opened.findings.iter().any(|one| one.message.contains("changed after")), "{:?}", opened.findings);
    assert_eq!(opened.summary.declared["loss"], json!({"$float": "NaN"}));
    // The bytes that the stage had are in the cache.
    assert_eq!(files(&opened)["data/raw.csv"].1, Some(264_712));
}

#[test]
fn series_are_read_to_the_place_where_they_are_cut() {
    let whole = fs::read(fixture("live/digits-live-worktree/dvclive/plots/metrics/train/loss.tsv")).expect("a series");
    for length in (0..whole.len()).step_by(7) {
        let room = Room::new();
        let cut = &whole[..length];
        room.write("dvclive/plots/metrics/train/loss.tsv", cut);
        let opened = only(&room.path().join("dvclive"));
        let rows = cut.split(|byte| *byte == b'\n').count().saturating_sub(2) as u64;
        assert_eq!(opened.summary.series.get("train/loss").map_or(0, |one| one.count), rows, "{length}");
        let is_told = opened.findings.iter().any(|finding| finding.code == Code::SourceTruncated);
        assert_eq!(is_told, cut.last().is_some_and(|byte| *byte != b'\n'), "{length}");
    }
}

#[test]
fn odd_rows_take_nothing_else_with_them() {
    let room = Room::new();
    room.write(
        "dvclive/plots/metrics/a.tsv",
        "step\ta\n0\tnan\n1\t-inf\n1\t1e+308\nnot a row\n0\tTrue\n2\t9007199254740993\n3\t\"x \"\"y\"\"\"\n",
    );
    room.write(
        "dvclive/plots/metrics/a/b.tsv",
        b"timestamp\tstep\tb\n1795424239375\t-2\t5e-324\n1795424239376\t-1\t\xff\n",
    );
    room.write("dvclive/plots/metrics/step.tsv", "step\tstep\n4\t7\n");
    let opened = only(room.path());
    let series = opened.series(sections::METRICS);
    let values = |key: &str| {
        series[key]
            .iter()
            .map(|point| (point.step, point.value.map(f64::to_bits), point.text.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(series["a"].len(), 6);
    assert!(values("a").contains(&(Some(1), Some(f64::NEG_INFINITY.to_bits()), None)));
    assert!(values("a").contains(&(Some(2), None, Some("9007199254740993".to_owned()))));
    assert!(values("a").contains(&(Some(3), None, Some("x \"y\"".to_owned()))));
    assert_eq!(series["a/b"].first().map(|point| (point.step, point.value)), Some((Some(-2), Some(5e-324))));
    assert_eq!(series["step"][0].value, Some(7.0));
    assert!(opened.findings.iter().any(|one| one.code == Code::SourceDamaged && one.message.contains("line 5")));
    let line = &opened.account.items["metric point"];
    assert_eq!((line.total, line.mapped), (10, 9));
}

/// Every file of a small project, cut at many places: no panic, and what is intact is kept.
#[test]
fn cut_files_are_no_end() {
    let whole = fixture("pipeline/digits-dvc-worktree");
    for name in
        ["dvc.lock", "dvc.yaml", "data/raw.csv.dvc", ".dvc/config", "dvclive/metrics.json", "dvclive/params.yaml"]
    {
        let bytes = fs::read(whole.join(name)).expect("a file");
        for length in (0..bytes.len()).step_by(bytes.len() / 12 + 1) {
            let room = Room::new();
            for other in [
                "dvc.lock",
                "dvc.yaml",
                "data/raw.csv.dvc",
                ".dvc/config",
                "dvclive/metrics.json",
                "dvclive/params.yaml",
                "dvclive/plots/metrics/lr.tsv",
            ] {
                room.write(other, fs::read(whole.join(other)).expect("a file"));
            }
            room.write(name, &bytes[..length]);
            let opened = only(room.path());
            assert_eq!(opened.summary.series["lr"].count, 40, "{name} {length}");
        }
    }
}

#[test]
fn repositories_that_are_cut_still_give_the_work_tree() {
    let room = Room::of("live/digits-live.tar.gz");
    let project = room.path().join("digits-live");
    for entry in walkdir(&project.join(".git/objects")) {
        let bytes = fs::read(&entry).expect("an object");
        fs::write(&entry, &bytes[..bytes.len() / 2]).expect("room");
    }
    let opened = only(&project);
    assert_eq!(opened.record.body().source.as_ref().map(|source| source.run.as_str()), Some("workspace"));
    agrees(&opened, &truth("live/expected-live.json"));
    assert!(!open("dvc", &project).runs().expect("a list").findings.is_empty());
}

fn walkdir(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut files = Vec::new();
    for entry in folder.read_dir_utf8().expect("a folder").filter_map(Result::ok) {
        if entry.path().is_dir() { files.extend(walkdir(entry.path())) } else { files.push(entry.into_path()) }
    }
    files
}

/// Bombs of anchors, deep folders and climbing names are bounded.
#[test]
fn hostile_files_are_bounded() {
    let room = Room::new();
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let before = level - 1;
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![format!("*a{before}"); 10].join(", ")));
    }
    room.write("dvc.yaml", bomb);
    room.write("dvc.lock", format!("schema: '2.0'\nstages: {}1{}\n", "[".repeat(5000), "]".repeat(5000)));
    room.write("dvclive/metrics.json", "[".repeat(100_000));
    room.write("dvclive/params.yaml", "a: &x 1\nb: *x\nc: {<<: {d: 2}}\n");
    room.write("evil.dvc", "outs:\n- {path: ../../../etc/passwd, hash: md5, md5: 900150983cd24fb0d6963f7d28e17f72}\n- {path: /etc/passwd, md5: x}\n");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc", room.path().join("dvclive/link")).expect("room");
        let made =
            std::process::Command::new("mkfifo").arg(room.path().join("dvclive/plots.json")).status().expect("mkfifo");
        assert!(made.success());
    }
    let opened = only(room.path());
    assert_eq!((&opened.recipe.parameters["b"], &opened.recipe.parameters["c"]), (&json!(1), &json!({"d": 2})));
    assert!(opened.findings.iter().filter(|one| one.code == Code::SourceDamaged).count() >= 3, "{:?}", opened.findings);
    assert!(
        opened.artifacts.artifacts.iter().all(|one| one.digest.is_none() || one.path.as_deref() != Some("/etc/passwd"))
    );
}
