//! Damaged, hostile and odd MLflow sources: everything intact is read, and what is not is a
//! finding.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_trackers::finding::SourceCode;
use expbundle_trackers::mlflow::{Place, Run, Source, Status};
use rusqlite::Connection;
use tempfile::TempDir;

const EXPERIMENT: &str = "675227971811684035";
const RUN: &str = "971d882522b546f6bc44c3ee5b26c9be";
const SERVER_RUN: &str = "6e3c2c7646664bb78abccb5e0103537a";

/// A copy of a fixture that a test may break.
struct Copy {
    _folder: TempDir,
    path: Utf8PathBuf,
}

impl Copy {
    fn of(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = Utf8PathBuf::from_path_buf(folder.path().join("source")).expect("UTF-8");
        copy(&Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/mlflow").join(name), &path);
        Self { _folder: folder, path }
    }

    /// A file of the run in the copy of `file-store-v3`.
    fn run(&self, path: &str) -> Utf8PathBuf {
        self.path.join("mlruns").join(EXPERIMENT).join(RUN).join(path)
    }

    fn read(&self, run_id: &str) -> Run {
        Source::open(&self.path).expect("opens").read(run_id).expect("is there")
    }

    fn database(&self) -> Connection {
        Connection::open(self.path.join("mlflow.db")).expect("a database")
    }
}

fn copy(from: &Utf8Path, to: &Utf8Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in from.read_dir_utf8().expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(entry.path(), &target);
        } else {
            // Not `fs::copy`, which would copy a read-only mode too.
            fs::write(&target, fs::read(entry.path()).expect("a file")).expect("room");
        }
    }
}

#[track_caller]
fn assert_finding(run: &Run, code: SourceCode, place: &str) {
    let found = run.findings.iter().any(|finding| finding.code == code && finding.place.contains(place));
    assert!(found, "{code:?} at {place}: {:?}", run.findings);
}

#[test]
fn an_intact_copy_has_no_findings() {
    assert_eq!(Copy::of("file-store-v3").read(RUN).findings, []);
    assert_eq!(Copy::of("sqlite-server").read(SERVER_RUN).findings, []);
}

#[test]
fn a_cut_metric_file_loses_its_last_line_only() {
    let source = Copy::of("file-store-v3");
    let path = source.run("metrics/train_loss");
    let bytes = fs::read(&path).expect("a series");
    for cut in 1..30 {
        fs::write(&path, &bytes[..bytes.len() - cut]).expect("room");
        let run = source.read(RUN);
        let loss = run.metrics.iter().find(|metric| metric.key == "train_loss").expect("a loss");
        assert_eq!(loss.points.len(), 41, "cut by {cut}");
        assert_finding(&run, SourceCode::Truncated, "metrics/train_loss");
    }
}

#[test]
fn a_broken_meta_file_costs_what_stands_in_it() {
    let source = Copy::of("file-store-v3");
    let path = source.run("meta.yaml");
    for broken in ["", "run_id: [", "a: &a [b]\nc: *a\n", "name: !!python/object:os.system x", "\u{0}\u{1}"] {
        fs::write(&path, broken).expect("room");
        let run = source.read(RUN);
        assert_eq!(run.metrics.len(), 14, "{broken}");
        assert_eq!(run.params.len(), 5);
        assert_eq!(run.artifacts.files.len(), 2, "the layout says where they are");
        assert_eq!(run.info.run_id, RUN);
        let listed = Source::open(&source.path).expect("opens").list().expect("a list");
        assert_eq!(listed.runs.len(), 8);
    }
    fs::remove_file(&path).expect("is there");
    let run = source.read(RUN);
    assert_finding(&run, SourceCode::Missing, "meta.yaml");
    assert_eq!(run.tags["mlflow.runName"], "base-64");
    assert_eq!(run.info.name.as_deref(), Some("base-64"));
}

#[test]
fn one_broken_time_is_not_the_run() {
    let source = Copy::of("file-store-v3");
    let path = source.run("meta.yaml");
    let text = fs::read_to_string(&path).expect("a meta file");
    let text = text.replace("end_time: 1795426057446", "end_time: yesterday").replace("status: 3", "status: 9");
    fs::write(&path, text.replace("run_name: base-64", "run_name: 007")).expect("room");
    let run = source.read(RUN);
    assert_eq!((run.info.end_ms, run.info.start_ms), (None, Some(1_795_426_039_315)));
    assert_eq!(run.info.status, None);
    assert_eq!(run.info.extra["status"], 9);
    assert_eq!(run.info.name.as_deref(), Some("007"));
    assert_finding(&run, SourceCode::Damaged, "meta.yaml");
}

#[test]
fn names_and_values_of_every_kind() {
    let source = Copy::of("file-store-v3");
    let long = "x".repeat(6_000);
    fs::create_dir_all(source.run("params/a/b")).expect("a folder");
    for (name, value) in
        [("long", long.as_str()), ("a/b/c d", "1\n2\n"), ("empty", ""), ("bell\u{7}", "\u{0}\u{1b}[31m")]
    {
        fs::write(source.run("params").join(name), value).expect("room");
    }
    fs::write(source.run("params/latin"), b"\xe9").expect("room");
    let run = source.read(RUN);
    assert_eq!(run.params["long"], long);
    assert_eq!(run.params["a/b/c d"], "1\n2\n");
    assert_eq!(run.params["empty"], "");
    assert_eq!(run.params["bell\u{7}"], "\u{0}\u{1b}[31m");
    assert!(!run.params.contains_key("latin"));
    assert_finding(&run, SourceCode::Damaged, "params/latin");
}

#[cfg(unix)]
#[test]
fn symlinks_do_not_lead_out() {
    use std::os::unix::fs::symlink;

    let source = Copy::of("file-store-v3");
    let secret = source.path.parent().expect("a folder").join("secret");
    fs::create_dir_all(&secret).expect("a folder");
    fs::write(secret.join("key"), "secret").expect("room");
    symlink(secret.join("key"), source.run("artifacts/key")).expect("a link");
    symlink(&secret, source.run("artifacts/folder")).expect("a link");
    symlink(secret.join("key"), source.run("params/key")).expect("a link");
    symlink(source.run("artifacts/weights/config.json"), source.run("artifacts/inner.json")).expect("a link");
    symlink("loop", source.run("artifacts/loop")).expect("a link");
    let run = source.read(RUN);
    let paths: Vec<&str> = run.artifacts.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["inner.json", "weights/config.json", "weights/model.safetensors"]);
    assert!(!run.params.contains_key("key"));
    assert_finding(&run, SourceCode::Outside, "artifacts/key");
    assert_finding(&run, SourceCode::Outside, "artifacts/folder");
    assert_finding(&run, SourceCode::Outside, "params/key");
    for finding in &run.findings {
        assert!(!finding.place.contains(source.path.as_str()) && !finding.detail.contains(source.path.as_str()));
    }
}

#[test]
fn edges_that_lead_nowhere() {
    let source = Copy::of("file-store-v3");
    let meta = "source_id: ../../../../../etc\nsource_type: DATASET\ndestination_type: RUN\ntags: {}\n";
    fs::create_dir_all(source.run("inputs/evil")).expect("a folder");
    fs::write(source.run("inputs/evil/meta.yaml"), meta).expect("room");
    fs::create_dir_all(source.run("outputs/m-none")).expect("a folder");
    fs::write(source.run("outputs/m-none/meta.yaml"), "destination_id: m-none\nstep: 3\n").expect("room");
    let run = source.read(RUN);
    assert_eq!(run.datasets.len(), 3, "the edge is there, the data set is not");
    assert_eq!(run.model_outputs.len(), 3);
    assert_eq!(run.logged_models.len(), 2);
    assert_finding(&run, SourceCode::Missing, "m-none");
}

#[test]
fn remote_and_moved_artifacts() {
    let source = Copy::of("file-store-v3");
    let text = fs::read_to_string(source.run("meta.yaml")).expect("a meta file");
    let with = |uri: &str| {
        let lines = text.lines().map(|line| match line.strip_prefix("artifact_uri:") {
            Some(_) => format!("artifact_uri: {uri}\n"),
            None => format!("{line}\n"),
        });
        fs::write(source.run("meta.yaml"), lines.collect::<String>()).expect("room");
        source.read(RUN)
    };
    let run = with(&format!("s3://bucket/{EXPERIMENT}/{RUN}/artifacts"));
    assert_eq!(run.artifacts.place, Place::Remote);
    assert_finding(&run, SourceCode::Missing, RUN);
    let run = with(&format!("/gone/{RUN}/artifacts"));
    assert_eq!(run.artifacts.files.len(), 2, "the layout says where they are");
    let run = with(&format!("'/../{RUN}/artifacts'"));
    assert_finding(&run, SourceCode::Outside, RUN);
}

#[test]
fn artifacts_far_from_the_database_are_found_where_the_caller_says() {
    let source = Copy::of("sqlite-server");
    let far = source.path.parent().expect("a folder").join("far");
    fs::rename(source.path.join("mlartifacts"), &far).expect("moved");
    let opened = Source::open(&source.path).expect("opens");
    let run = opened.read(SERVER_RUN).expect("the run");
    assert_eq!((run.artifacts.place.clone(), run.artifacts.files.len()), (Place::Absent, 0));
    assert_finding(&run, SourceCode::Missing, "m-9cdf1fe6e8334c6292fce8de9f50362e");
    let run = opened.read_with(SERVER_RUN, &[far]).expect("the run");
    assert_eq!((run.artifacts.files.len(), run.findings.len()), (2, 0));
}

#[test]
fn a_write_ahead_log_is_read_and_nothing_is_written_beside_it() {
    let source = Copy::of("sqlite-server");
    let connection = source.database();
    connection.pragma_update(None, "journal_mode", "wal").expect("a log");
    connection.pragma_update(None, "wal_autocheckpoint", 0).expect("no checkpoint");
    connection.execute("UPDATE runs SET status = 'KILLED' WHERE run_uuid = ?1", [SERVER_RUN]).expect("an update");
    let names = || {
        let mut names: Vec<_> = source
            .path
            .read_dir_utf8()
            .expect("a folder")
            .map(|entry| {
                let entry = entry.expect("an entry");
                (entry.file_name().to_owned(), fs::metadata(entry.path()).expect("facts").len())
            })
            .collect();
        names.sort();
        names
    };
    let before = names();
    assert_eq!(source.read(SERVER_RUN).info.status, Some(Status::Killed));
    assert_eq!(names(), before);
    drop(connection);
}

#[test]
fn a_locked_database_is_read() {
    let source = Copy::of("sqlite");
    let connection = source.database();
    connection.execute_batch("BEGIN EXCLUSIVE").expect("a lock");
    assert_eq!(Source::open(&source.path).expect("opens").list().expect("a list").runs.len(), 8);
    drop(connection);
}

#[test]
fn older_and_foreign_schemas() {
    let source = Copy::of("sqlite");
    let connection = source.database();
    for table in ["inputs", "input_tags", "datasets", "logged_model_metrics", "logged_models", "spans", "trace_info"] {
        connection.execute_batch(&format!("PRAGMA foreign_keys=OFF; DROP TABLE {table}")).expect("a table less");
    }
    connection.execute_batch("ALTER TABLE experiments DROP COLUMN workspace").ok();
    drop(connection);
    let run = source.read("86572905b6b54b7fa082dbc572eba49d");
    assert_eq!((run.params.len(), run.datasets.len(), run.logged_models.len()), (6, 0, 0));
    assert_eq!(run.findings, []);

    let other = tempfile::tempdir().expect("a temporary folder");
    let path = Utf8PathBuf::from_path_buf(other.path().join("mlflow.db")).expect("UTF-8");
    Connection::open(&path).and_then(|db| db.execute_batch("CREATE TABLE t (a)")).expect("a database");
    assert!(Source::open(&path).is_err(), "not MLflow's");
    let view = "CREATE TABLE experiments (experiment_id); CREATE VIEW runs AS SELECT 1 AS run_uuid";
    Connection::open(&path).and_then(|db| db.execute_batch(view)).expect("a database");
    assert!(Source::open(&path).is_err(), "a view is not a table of MLflow's");
}

#[test]
fn odd_values_in_a_database() {
    let source = Copy::of("sqlite-server");
    let connection = source.database();
    let insert = "INSERT INTO metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let big = 9_007_199_254_740_993_i64;
    connection.execute(insert, ("odd", 1.5, 1, big, 0, SERVER_RUN)).expect("a row");
    connection.execute(insert, ("odd", f64::MAX, 2, -5, 0, SERVER_RUN)).expect("a row");
    connection.execute(insert, ("odd", 0.0, 3, 0, 1, SERVER_RUN)).expect("a row");
    connection.execute(insert, ("odd", "text", 4, 0, 0, SERVER_RUN)).expect("a row");
    connection.execute("UPDATE runs SET start_time = 'x' WHERE run_uuid = ?1", [SERVER_RUN]).expect("an update");
    drop(connection);
    let run = source.read(SERVER_RUN);
    let odd = run.metrics.iter().find(|metric| metric.key == "odd").expect("a series");
    assert_eq!(odd.points.iter().map(|point| point.step).collect::<Vec<_>>(), [big, -5, 0]);
    assert!(odd.points[2].value.is_nan());
    assert_eq!(run.info.start_ms, None);
    assert_finding(&run, SourceCode::Loss, "metrics");
    assert_finding(&run, SourceCode::Damaged, "metrics");
}

#[test]
fn any_damaged_page_of_a_database() {
    let source = Copy::of("sqlite-server");
    let path = source.path.join("mlflow.db");
    let bytes = fs::read(&path).expect("a database");
    let whole = source.read(SERVER_RUN);
    let mut damaged = 0;
    for page in (1..bytes.len() / 4096).step_by(2) {
        let mut broken = bytes.clone();
        broken[page * 4096..(page + 1) * 4096].fill(0xa5);
        fs::write(&path, broken).expect("room");
        let Ok(opened) = Source::open(&path) else { continue };
        let Ok(run) = opened.read(SERVER_RUN) else { continue };
        if !run.findings.is_empty() {
            damaged += 1;
            assert!(run.metrics.len() <= whole.metrics.len());
        }
    }
    assert!(damaged > 5, "only {damaged} pages mattered");
    fs::write(&path, &bytes[..bytes.len() / 2]).expect("room");
    if let Ok(opened) = Source::open(&path) {
        opened.read(SERVER_RUN).ok();
    }
}

#[test]
fn a_cut_export_keeps_what_came_before() {
    let source = Copy::of("export-import-v3");
    let path = source.path.join("run/run.json");
    let bytes = fs::read(&path).expect("a run");
    let opened = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("room");
        Source::open(&source.path.join("run")).ok().and_then(|source| source.read(SERVER_RUN).ok())
    };
    let whole = opened(&bytes).expect("a run");
    let half = opened(&bytes[..bytes.len() / 2]).expect("a run");
    assert_eq!(half.params, whole.params);
    assert!(half.found.points > 10 && half.found.points < whole.found.points);
    assert_finding(&half, SourceCode::Truncated, "run.json");
    assert!(half.tags.is_empty());
    for cut in (0..bytes.len()).step_by(997) {
        opened(&bytes[..cut]);
    }
    for position in (0..bytes.len()).step_by(499) {
        let mut flipped = bytes.clone();
        flipped[position] ^= 0x20;
        opened(&flipped);
    }
}

#[test]
fn a_damaged_value_of_an_export_takes_no_other_with_it() {
    let source = Copy::of("export-import-v3");
    let path = source.path.join("run/run.json");
    let text = fs::read_to_string(&path).expect("a run");
    let read = |text: &str| {
        fs::write(&path, text).expect("room");
        Source::open(&source.path.join("run")).expect("an export").read(SERVER_RUN).expect("a run")
    };
    let whole = read(&text);

    let point = read(&text.replacen("\"step\": ", "\"step\": 0x", 1));
    assert_eq!((point.found.points, &point.tags), (whole.found.points - 1, &whole.tags));
    assert_eq!(point.found.unread.points, 1);

    let params = read(&text.replacen("\"params\": {", "\"params\": {nope, ", 1));
    assert_eq!((params.found.points, &params.tags), (whole.found.points, &whole.tags));
    assert!(params.params.is_empty());
    assert_finding(&params, SourceCode::Damaged, "run.json");

    let many = "0,".repeat(1 << 18);
    let tags = read(&text.replacen("\"tags\": {", &format!("\"tags\": {{\"many\": [{many} 0], "), 1));
    assert_eq!((tags.found.points, &tags.params), (whole.found.points, &whole.params));
    assert_finding(&tags, SourceCode::Damaged, "run.json");
}

#[test]
fn a_run_that_the_exporter_failed_on_is_there() {
    let source = Copy::of("export-import");
    let path = source.path.join("experiment/experiment.json");
    let text = fs::read_to_string(&path).expect("an experiment");
    let run_id = "388b28512d354845a189ec595620eb02";
    let text = text.replace("\"failed_runs\": []", &format!("\"failed_runs\": [\"{run_id}\"]"));
    fs::write(&path, text).expect("room");
    assert_finding(&source.read(run_id), SourceCode::Missing, run_id);
}
