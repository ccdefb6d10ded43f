//! Neptune's fixtures become bundles that verify and agree with what their training script logged.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_convert::Options;
use expbundle_format::Code;
use expbundle_format::record::Status;
use expbundle_format::sections::{Artifacts, Context, Identity, Media, Recipe, SourceSection, Summary};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::opened;
use crate::support::sources;
use opened::{Opened, by_name, bytes_of, fixture, same_series, same_steps, truth};
use sources::open;

fn convert(path: &Utf8Path, key: Option<&str>) -> Opened {
    Opened::new("neptune", path, key, &Options::default())
}

fn temporary() -> (TempDir, Utf8PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("UTF-8");
    (folder, path)
}

/// The folder of the run of the 1.x client.
fn offline() -> Utf8PathBuf {
    let runs = fixture("neptune/digits-mlp/.neptune/offline");
    runs.read_dir_utf8().expect("runs").next().expect("a run").expect("readable").into_path()
}

/// A copy of its files with another log.
fn offline_with(log: &[u8]) -> (TempDir, Utf8PathBuf) {
    let (folder, path) = temporary();
    let run = path.join(offline().file_name().expect("a name"));
    fs::create_dir(&run).expect("room");
    fs::copy(offline().join("metadata.json"), run.join("metadata.json")).expect("room");
    fs::write(run.join("data-1.log"), log).expect("room");
    (folder, run)
}

/// What every layout has to agree with.
fn agrees(opened: &Opened, truth: &Value, parameters_elsewhere: &[&str]) {
    let context: Context = opened.section();
    assert_eq!(Some(context.title.as_str()), truth["name"].as_str());
    assert_eq!(json!(context.tags), truth["tags"]);
    assert_eq!(context.notes.as_deref(), truth["notes"].as_str());
    if let Some(groups) = truth.get("group_tags") {
        let found = context.groups.iter().filter(|group| group.kind == "group").map(|group| group.name.as_str());
        assert_eq!(json!(found.collect::<Vec<_>>()), *groups);
    }
    let recipe: Recipe = opened.section();
    let mut want = truth["params"].clone();
    for name in parameters_elsewhere {
        want.as_object_mut().expect("parameters").remove(*name);
    }
    assert_eq!(json!(recipe.parameters), want);
    let summary: Summary = opened.section();
    let texts = truth.get("string_series").and_then(Value::as_object).cloned().unwrap_or_default();
    same_series(&summary, &truth["metrics"], |key| texts.contains_key(key));
    same_steps(opened, &truth["metrics"]);
    for (key, want) in texts.iter().filter(|(key, _)| !key.ends_with("/stdout")) {
        assert_eq!(Some(summary.series[key].texts), want["count"].as_u64());
        assert_eq!(opened.points(key).last().and_then(|point| point.text.as_deref()), want["last"].as_str());
    }
    let printed: Vec<String> = opened.console().into_iter().filter(|line| line.starts_with("epoch ")).collect();
    if truth["console"].as_array().is_some_and(|lines| !lines.is_empty()) {
        assert_eq!(json!(printed), truth["console"]);
    }
    let project = context.groups.iter().find(|group| group.kind == "project").map(|group| group.name.clone());
    let identity: Identity = opened.section();
    // The 1.x client tells its project to the service only.
    if truth["tool"] != "neptune" {
        assert_eq!(project.map(|project| identity.restored(&project)).as_deref(), truth["project"].as_str());
    }
    assert_eq!(opened.body().status.unwrap_or(Status::Unknown), Status::Unknown);
}

/// The histograms, whose counts stand under `values`.
fn same_histograms(opened: &Opened, truth: &Value, values: &str) {
    let media: Media = opened.section();
    let found: Vec<&_> = media.media.iter().filter(|one| one.kind == "histogram").collect();
    let want = truth["media"].as_array().expect("media").iter().filter(|one| one["kind"] == "histogram");
    let want: Vec<&Value> = want.collect();
    assert_eq!(found.len(), want.len());
    for (found, want) in found.into_iter().zip(want) {
        let value = found.value.as_ref().expect("bins");
        let numbers = |list: &Value| -> Vec<f64> {
            list.as_array().expect("a list").iter().map(|one| one.as_f64().expect("a number")).collect()
        };
        assert_eq!((Some(found.key.as_str()), found.step), (want["name"].as_str(), want["step"].as_i64()));
        assert_eq!(numbers(&value["edges"]), numbers(&want["edges"]));
        assert_eq!(numbers(&value["values"]), numbers(&want[values]));
    }
}

#[test]
fn an_offline_folder_agrees_with_what_its_script_logged() {
    let truth = truth("neptune/digits-mlp/expected.json");
    for path in [
        fixture("neptune/digits-mlp"),
        fixture("neptune/digits-mlp/.neptune"),
        fixture("neptune/digits-mlp/.neptune/offline"),
        offline(),
        offline().join("data-1.log"),
        offline().join("metadata.json"),
    ] {
        let opened = convert(&path, None);
        agrees(&opened, &truth, &[]);
        let body = opened.body();
        assert_eq!(body.source.expect("a source").run, "26364d50-7915-41b3-868f-8381aa70c372");
        assert_eq!(body.started.expect("a start").to_string(), "2026-11-23T08:51:32.883Z");
        assert!(body.started < body.ended);
        let identity: Identity = opened.section();
        assert_eq!(identity.host.as_deref(), truth["environment"]["hostname"].as_str());
    }
    let opened = convert(&offline(), None);
    let recipe: Recipe = opened.section();
    assert_eq!(recipe.seeds["parameters/seed"], 7);
    let code = recipe.code.expect("code");
    assert_eq!(code.entry_point.as_deref(), truth["environment"]["argv"][0].as_str());
    assert!(code.patch.is_some() && code.commit.is_none());
    let environment = recipe.environment.expect("packages");
    assert_eq!(environment.python.as_deref(), truth["environment"]["python"].as_str());
    for (name, version) in truth["environment"]["packages"].as_object().expect("packages") {
        let found = environment.packages.iter().find(|package| package.name == *name).expect("a package");
        assert_eq!(found.version.as_deref(), version.as_str());
    }
    let media: Media = opened.section();
    assert_eq!(media.media.iter().filter(|one| one.kind == "image" && one.key == "images/w").count(), 1);
    let source: SourceSection = opened.section();
    // Deleted, and replaced.
    let dropped: u64 = source.account.items["replaced value"].dropped.iter().map(|one| one.count).sum();
    assert_eq!(dropped, 2);
    assert!(source.raw["fact"].contains_key("ConfigFloatSeries monitoring/f6f1812f/cpu"));
}

#[test]
fn the_files_of_an_offline_folder_are_here_or_named() {
    let truth = truth("neptune/digits-mlp/expected.json");
    let want = truth["artifacts"].as_array().expect("artifacts");
    let opened = convert(&offline(), None);
    let artifacts: Artifacts = opened.section();
    let listed = by_name(&artifacts.artifacts);
    assert_eq!(listed["model/card"].size, Some(21 + 1));
    for one in want.iter().filter(|one| one["file"].is_string()) {
        let name = one["name"].as_str().expect("a name");
        assert!(listed[name].digest.is_none(), "{name}");
        let is_told = |entry: &str| entry.starts_with(name) || entry == name;
        let findings = &opened.converted.findings;
        let mut missing = findings.iter().filter(|finding| finding.code == Code::SourceMissing);
        assert!(missing.any(|finding| finding.place.entry.as_deref().is_some_and(is_told)), "{name}: {findings:?}");
    }
    let places = [fixture("neptune/digits-mlp/files-outside")];
    let options = Options { files: &places, ..Options::default() };
    let opened = Opened::new("neptune", &offline(), None, &options);
    let artifacts: Artifacts = opened.section();
    let listed = by_name(&artifacts.artifacts);
    for one in want.iter().filter(|one| one["file"].is_string()) {
        let name = one["name"].as_str().expect("a name");
        assert_eq!(bytes_of(listed[name]), (one["sha256"].as_str().map(str::to_owned), one["size"].as_u64()), "{name}");
    }
    assert_eq!((listed["datasets/train"].role.as_str(), listed["model/weights"].role.as_str()), ("dataset", "model"));
    assert_eq!(opened.body().inputs.iter().filter(|one| one.role.as_str() == "dataset").count(), 1);
}

#[test]
fn databases_agree_with_what_their_script_logged() {
    for name in ["digits-0007", "digits-0008"] {
        let folder = format!("neptune-scale/{name}");
        let truth = truth(&format!("{folder}/expected.json"));
        let places = [fixture(&format!("{folder}/files-outside"))];
        let options = Options { files: &places, ..Options::default() };
        let opened = Opened::new("neptune", &fixture(&folder), None, &options);
        agrees(&opened, &truth, &[]);
        same_histograms(&opened, &truth, "counts");
        let body = opened.body();
        assert_eq!(body.source.expect("a source").run, name);
        let created = truth["creation_time"].as_str().expect("a time");
        assert_eq!(body.started.map(|time| time.to_string()).as_deref(), Some(created));
        let code = opened.section::<Recipe>().code.expect("code");
        assert_eq!(code.commit.as_deref(), truth["git"]["commit"].as_str());
        assert_eq!(code.branch.as_deref(), truth["git"]["branch"].as_str());
        let repository = code.repository.map(|repository| opened.section::<Identity>().restored(&repository));
        assert_eq!(repository.as_deref(), truth["git"]["remote"].as_str());
        let artifacts: Artifacts = opened.section();
        let listed = by_name(&artifacts.artifacts);
        for want in truth["artifacts"].as_array().expect("artifacts") {
            let one = listed[want["name"].as_str().expect("a name")];
            let (sha256, size) = bytes_of(one);
            match want["text"].as_str() {
                Some(text) => assert_eq!(size, Some(text.len() as u64)),
                None => assert_eq!((sha256.as_deref(), size), (want["sha256"].as_str(), want["size"].as_u64())),
            }
            assert!(want["mime"].is_null() || one.media_type.as_deref() == want["mime"].as_str());
        }
        assert_eq!((listed["previews/p"].step, listed["previews/p"].size), (Some(39), Some(7)));
    }
}

/// What a client of tomorrow says of a run is kept as what it is, and privacy sees it.
#[test]
fn fields_without_a_name_are_values_and_no_dump_of_ours() {
    let (_folder, path) = family();
    let entries = path.read_dir_utf8().expect("a folder").map(|entry| entry.expect("an entry").into_path());
    let folder = entries.into_iter().find(|path| path.as_str().contains("digits-0008")).expect("a run");
    let database = folder.join("run_operations.sqlite3");
    let connection = rusqlite::Connection::open(&database).expect("a database");
    let create = "operation_type = 1";
    let message: Vec<u8> = connection
        .query_row(&format!("SELECT operation FROM run_operations WHERE {create}"), [], |row| row.get(0))
        .expect("a run");
    // A text, a number, and bytes that are no text.
    let whole = [&message[..], b"\x32\x12alice@corp.example", b"\x38\x05", b"\x52\x02\xff\xfe"].concat();
    connection
        .execute(&format!("UPDATE run_operations SET operation = ?1 WHERE {create}"), [&whole])
        .expect("it is writable");
    drop(connection);
    let opened = convert(&folder, None);
    let source: SourceSection = opened.section();
    let facts = &source.raw["fact"];
    assert_eq!(facts["Run field 7"], json!(5), "{facts:?}");
    let owner = facts["Run field 6"].as_str().expect("a text");
    assert_eq!(opened.section::<Identity>().restored(owner), "alice@corp.example");
    assert!(owner.starts_with('['), "{owner}");
    assert!(!facts.contains_key("Run field 10"));
    assert!(opened.codes().contains(&Code::SourceUnsupported));
}

/// A copy of both databases side by side, as the client's folder has them.
fn family() -> (TempDir, Utf8PathBuf) {
    let (folder, path) = temporary();
    for name in ["digits-0007", "digits-0008"] {
        for entry in fixture(&format!("neptune-scale/{name}")).read_dir_utf8().expect("a folder") {
            let entry = entry.expect("readable");
            if !entry.file_name().starts_with("ada_") {
                continue;
            }
            fs::create_dir(path.join(entry.file_name())).expect("room");
            for file in entry.path().read_dir_utf8().expect("a folder") {
                let file = file.expect("readable");
                fs::copy(file.path(), path.join(entry.file_name()).join(file.file_name())).expect("room");
            }
        }
    }
    (folder, path)
}

#[test]
fn a_fork_follows_from_its_parent() {
    let (_folder, path) = family();
    let source = open("neptune", &path);
    let runs = source.runs().expect("a list").runs;
    assert_eq!(runs.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), ["digits-0007", "digits-0008"]);
    let exported = fixture("neptune-exporter");
    for (path, parent, child) in [
        (&path, runs[0].key.as_str(), runs[1].key.as_str()),
        (&exported, "digits-0007-d85c0a7cd73f52a6", "digits-0008-3989997986b12551"),
    ] {
        let [parent, child] = [parent, child].map(|key| convert(path, Some(key)));
        let [link] = <[_; 1]>::try_from(child.body().parents).expect("one parent");
        assert_eq!(link.relation.as_str(), "forked-from");
        assert_eq!(link.record, parent.converted.bundle.record().digest());
        let source: SourceSection = child.section();
        assert_eq!(source.raw["fork"]["digits-0007"]["step"].as_f64(), Some(19.0));
    }
    let alone = convert(&fixture("neptune-scale/digits-0008"), None);
    assert!(alone.codes().contains(&Code::SourceMissing) && alone.body().parents.is_empty());
}

#[test]
fn exports_agree_with_what_was_written() {
    let path = fixture("neptune-exporter");
    for run in ["DIG-9-6643427d5382c9f2", "digits-0007-d85c0a7cd73f52a6", "digits-0008-3989997986b12551"] {
        let truth = truth(&format!("neptune-exporter/expected-{run}.json"));
        let part = path.join("data/ada_digits-d47bc1062a9a2c0c").join(format!("{run}_part_0.parquet"));
        for (path, key) in [(path.clone(), Some(run)), (path.join("data"), Some(run)), (part, None)] {
            let opened = convert(&path, key);
            agrees(&opened, &truth, &["source_code/git/repository/commit_id"]);
            if !truth["media"].as_array().expect("media").is_empty() {
                same_histograms(&opened, &truth, "values");
            }
            let body = opened.body();
            assert_eq!(body.source.expect("a source").run, truth["run_id"]);
            assert_eq!(body.started.map(|time| time.to_string()).as_deref(), truth["started"].as_str());
            assert!(body.ended.is_none());
            let artifacts: Artifacts = opened.section();
            let listed = by_name(&artifacts.artifacts);
            for want in truth["artifacts"].as_array().expect("artifacts") {
                let one = listed[want["name"].as_str().expect("a name")];
                assert_eq!(bytes_of(one), (want["sha256"].as_str().map(str::to_owned), want["size"].as_u64()));
                assert_eq!(one.step, want["step"].as_i64());
            }
            let commit = opened.section::<Recipe>().code.and_then(|code| code.commit);
            assert_eq!(commit.as_deref(), truth["params"]["source_code/git/repository/commit_id"].as_str());
        }
    }
    let printed = convert(&path, Some("DIG-9-6643427d5382c9f2")).console();
    assert_eq!((printed.len(), printed.last().map(String::as_str)), (30, Some("epoch 29")));
}

#[test]
fn a_log_that_was_cut_gives_what_lies_before_the_cut() {
    let whole = fs::read(offline().join("data-1.log")).expect("a log");
    for part in 0..12 {
        let cut = whole.len() * part / 12;
        let (_folder, run) = offline_with(&whole[..cut]);
        let opened = convert(&run, None);
        let operations = whole[..cut].split(|byte| *byte == b'\n').count() - 1;
        let is_told = opened.converted.findings.iter().any(|finding| {
            finding.place.entry.as_deref() == Some(&*format!("data-1.log:{}", operations + 1))
                && finding.code == Code::SourceTruncated
        });
        assert!(is_told || cut == 0, "{cut}: {:?}", opened.converted.findings);
        let summary: Summary = opened.section();
        let losses = String::from_utf8_lossy(&whole[..cut])
            .lines()
            .take(operations)
            .filter(|line| line.contains("\"train\", \"loss\""))
            .count();
        assert_eq!(summary.series.get("metrics/train/loss").map_or(0, |one| one.count), losses as u64, "{cut}");
    }
}

#[test]
fn operations_are_applied_in_their_order() {
    let log = |obj: &str, version: u64| format!("{{\"obj\": {obj}, \"version\": {version}, \"at\": 1795423892.5}}");
    let floats =
        |path: &str, values: &str| format!(r#"{{"type": "LogFloats", "path": ["{path}"], "values": [{values}]}}"#);
    let point = |value: &str, step: &str| format!(r#"{{"value": {value}, "step": {step}, "ts": 1795423892.5}}"#);
    let lines = [
        log(&floats("a", &point("1.5", "0")), 1),
        log(r#"{"type": "ClearFloatLog", "path": ["a"]}"#, 2),
        // Two on a line; the value comes after the series was cleared.
        format!(
            "{}{}",
            log(r#"{"type": "ClearFloatLog", "path": ["a"]}"#, 3),
            log(&floats("a", &point("2.5", "null")), 4)
        ),
        log(&floats("b", &format!("{}, {}, {}", point("NaN", "1.5"), point("-Infinity", "2"), point("3", "3"))), 5),
        log(&floats("b", &point("\"no number\"", "4")), 6),
        log(r#"{"type": "AssignInt", "path": ["n"], "value": 123456789012345678901234567890}"#, 7),
        log(r#"{"type": "AssignBool", "path": ["sys", "failed"], "value": true}"#, 8),
        "not an operation".to_owned(),
        log(r#"{"type": "OfTheFuture", "path": ["x"], "value": [1]}"#, 11),
        log(r#"{"type": "UploadFile", "path": ["f"], "ext": "txt", "tmp_file_name": "../metadata.json"}"#, 12),
        log(r#"{"type": "UploadFile", "path": ["g"], "ext": "txt", "file_path": "s3://user:secret@bucket/g.txt"}"#, 13),
        log(r#"{"type": "UploadFileContent", "path": ["h"], "ext": "txt", "file_content": "aGVsbG8="}"#, 14),
    ];
    let (_folder, run) = offline_with((lines.join("\n") + "\n").as_bytes());
    let opened = convert(&run, None);
    assert_eq!(opened.body().status, Some(Status::Failed));
    let values: Vec<Option<f64>> = opened.points("a").iter().map(|point| point.value).collect();
    assert_eq!(values, [Some(2.5)]);
    let points = opened.points("b");
    assert_eq!(points.iter().map(|point| point.step).collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
    assert!(points[0].value.expect("a number").is_nan());
    assert_eq!(points[1].value, Some(f64::NEG_INFINITY));
    assert_eq!(opened.points("b\u{241f}step")[0].value, Some(1.5));
    let recipe: Recipe = opened.section();
    assert_eq!(recipe.parameters["n"], json!({"$integer": "123456789012345678901234567890"}));
    let source: SourceSection = opened.section();
    assert!(source.raw["fact"].contains_key("OfTheFuture x"));
    assert_eq!(source.account.items["series value"].dropped[0].count, 1);
    let artifacts: Artifacts = opened.section();
    let listed = by_name(&artifacts.artifacts);
    assert!(listed["f"].digest.is_none() && listed["g"].digest.is_none());
    assert_eq!(bytes_of(listed["h"]).1, Some(5));
    let told = format!("{:?}", opened.converted.findings);
    assert!(
        told.contains("data-1.log:8") && told.contains("2 operations are not here") && !told.contains("secret@"),
        "{told}"
    );
}

/// After a kill the main file may be empty, with everything in the log of writes beside it.
#[test]
fn a_database_that_was_left_in_its_log_of_writes_is_read() {
    let (_folder, path) = temporary();
    let (live, killed) = (path.join("live"), path.join("killed"));
    fs::create_dir(&live).expect("room");
    fs::create_dir(&killed).expect("room");
    let original = family();
    let from = original.1.read_dir_utf8().expect("runs").next().expect("a run").expect("readable").into_path();
    let file = live.join("run_operations.sqlite3");
    let database = rusqlite::Connection::open(&file).expect("a database");
    database.pragma_update(None, "journal_mode", "wal").expect("a log");
    database.execute("attach ?1 as source", [from.join("run_operations.sqlite3").as_str()]).expect("attached");
    for table in ["metadata", "run_operations", "file_upload_requests"] {
        database.execute(&format!("create table {table} as select * from source.{table}"), []).expect("a copy");
    }
    let log = fs::read(format!("{file}-wal")).expect("a log");
    for cut in [log.len(), log.len() - 100, log.len() / 2 + 7, 40] {
        fs::copy(&file, killed.join("run_operations.sqlite3")).expect("room");
        fs::write(killed.join("run_operations.sqlite3-wal"), &log[..cut]).expect("room");
        if cut == 40 {
            // Nothing is left but the head of the log: there is nothing to be read, and that is said.
            let codes = convert(&killed, None).codes();
            assert!(codes.contains(&Code::SourceTruncated) && codes.contains(&Code::SourceMissing), "{codes:?}");
            continue;
        }
        let opened = convert(&killed, None);
        let count = opened.section::<Summary>().series.get("metrics/train/loss").map_or(0, |one| one.count);
        assert_eq!(opened.codes().contains(&Code::SourceTruncated), cut != log.len(), "{cut}");
        assert!(count == 40 || cut != log.len(), "{cut}: {count}");
    }
}

/// A field of a protobuf message whose content has a length.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut length = content.len();
    let mut bytes = vec![number << 3 | 2];
    while length > 0x7f {
        bytes.push(u8::try_from(length & 0x7f).expect("seven bits") | 0x80);
        length >>= 7;
    }
    bytes.push(u8::try_from(length).expect("seven bits"));
    [bytes, content.to_vec()].concat()
}

/// `Value` of a float.
fn float(value: f64) -> Vec<u8> {
    [vec![1 << 3 | 1], value.to_le_bytes().to_vec()].concat()
}

/// An entry of a map in field `number`.
fn entry(number: u8, key: &str, value: &[u8]) -> Vec<u8> {
    field(number, &[field(1, key.as_bytes()), field(2, value)].concat())
}

/// A database with these rows.
fn database(rows: &[(i64, Vec<u8>)]) -> (TempDir, Utf8PathBuf) {
    let (folder, path) = temporary();
    let run = path.join("ada_digits_r_1");
    fs::create_dir(&run).expect("room");
    let database = rusqlite::Connection::open(run.join("run_operations.sqlite3")).expect("a database");
    database
        .execute_batch(
            "create table metadata (id integer primary key, version text, project text, run_id text);
             create table run_operations (sequence_id integer primary key autoincrement, timestamp integer,
                 operation_type integer, operation blob, operation_size_bytes integer);
             insert into metadata (version, project, run_id) values ('v5', 'ada/digits', 'r');",
        )
        .expect("tables");
    for (kind, message) in rows {
        let sql = "insert into run_operations (timestamp, operation_type, operation) values (1795424032604, ?1, ?2)";
        database.execute(sql, rusqlite::params![kind, message]).expect("a row");
    }
    (folder, run)
}

#[test]
fn odd_values_of_a_database_are_kept_as_they_are() {
    // Whole 1, and 500,000 millionths.
    let fraction = field(1, &[1 << 3, 1, 2 << 3, 0xa0, 0xc2, 0x1e]);
    let step = |whole: u8| field(1, &[1 << 3, whole]);
    let append = |step: Vec<u8>, value: f64| (0, [step, entry(8, "a", &float(value))].concat());
    let preview = field(10, &[vec![1 << 3, 1, 2 << 3 | 5], 0.25_f32.to_le_bytes().to_vec()].concat());
    let densities = field(
        14,
        &[field(1, &[0.0_f64, 1.0].map(f64::to_le_bytes).concat()), field(5, &field(1, &2.5_f64.to_le_bytes()))]
            .concat(),
    );
    let set = |text: &str, what: u8| {
        entry(5, "sys/tags", &field(1, &field(1, &[field(1, text.as_bytes()), vec![2 << 3, what]].concat())))
    };
    let rows = [
        append(step(1), f64::NAN),
        append(step(2), f64::NEG_INFINITY),
        append(fraction, 0.5),
        (0, [step(4), preview, entry(8, "a", &float(7.0))].concat()),
        (0, [step(5), entry(8, "h", &densities)].concat()),
        (0, [set("kept", 1), set("gone", 1)].concat()),
        (0, set("gone", 2)),
        // A value of no known kind, and one after it; a row that is cut; a row of another type.
        (0, [entry(4, "x", &field(9, b"?")), entry(4, "n", &[3 << 3, 5])].concat()),
        (0, vec![8 << 3 | 2, 100, 1]),
        (7, Vec::new()),
    ];
    let (_folder, run) = database(&rows);
    let opened = convert(&run, None);
    let points = opened.points("a");
    assert_eq!(points.iter().map(|point| point.step).collect::<Vec<_>>(), [Some(1), Some(1), Some(2)]);
    assert!(points.iter().any(|point| point.value.is_some_and(f64::is_nan)));
    assert_eq!(points[2].value, Some(f64::NEG_INFINITY));
    assert_eq!(opened.points("a\u{241f}step")[0].value, Some(1.5));
    assert_eq!(opened.points("a\u{241f}preview")[0].value, Some(7.0));
    assert_eq!(opened.points("a\u{241f}completion")[0].value, Some(0.25));
    let media: Media = opened.section();
    assert_eq!(media.media[0].value.as_ref().expect("bins")["type"], "densities");
    let context: Context = opened.section();
    assert_eq!(context.tags, ["kept"]);
    assert_eq!(opened.section::<Recipe>().parameters["n"], 5);
    let source: SourceSection = opened.section();
    assert_eq!(source.account.items["unreadable item"].total, 3);
    let told = format!("{:?}", opened.converted.findings);
    assert!(told.contains("run_operations 8") && told.contains("unknown type 7"), "{told}");
}

#[test]
fn a_damaged_database_gives_the_rows_that_can_be_read() {
    let (_folder, path) = family();
    let run = path.read_dir_utf8().expect("runs").next().expect("a run").expect("readable").into_path();
    let file = run.join("run_operations.sqlite3");
    let whole = fs::read(&file).expect("a database");
    let mut most = 0;
    for page in 1..whole.len() / 4096 {
        let mut bytes = whole.clone();
        bytes[page * 4096..page * 4096 + 64].fill(0xa5);
        fs::write(&file, &bytes).expect("room");
        let source = open("neptune", &run);
        let Ok(converted) = source.convert(&source.lone_run().expect("one run"), &Options::default()) else { continue };
        assert!(converted.account.adds_up());
        let line = converted.account.items.get("series value").map_or(0, |line| line.mapped);
        most = most.max(line);
        assert!(!converted.findings.is_empty(), "{page}");
    }
    assert_eq!(most, 200);
    for part in 1..8 {
        fs::write(&file, &whole[..whole.len() * part / 8]).expect("room");
        let source = open("neptune", &run);
        // It is read, or refused as a whole: nothing panics.
        drop(source.convert(&source.lone_run().expect("one run"), &Options::default()));
    }
}

#[test]
fn an_export_that_was_not_finished_says_so() {
    let (_folder, path) = temporary();
    let project = path.join("data/ada_digits-d47bc1062a9a2c0c");
    fs::create_dir_all(&project).expect("room");
    let from = fixture("neptune-exporter/data/ada_digits-d47bc1062a9a2c0c/digits-0008-3989997986b12551_part_0.parquet");
    let whole = fs::read(&from).expect("a part");
    fs::write(project.join("r_part_1.parquet"), &whole).expect("room");
    fs::write(project.join("r_part_3.parquet"), &whole[..whole.len() / 2]).expect("room");
    fs::write(project.join("r_part_4.parquet.tmp"), &whole[..100]).expect("room");
    let opened = convert(&path, None);
    let codes = opened.codes();
    for code in [Code::SourceTruncated, Code::SourceMissing, Code::SourceDamaged] {
        assert!(codes.contains(&code), "{code:?}: {:?}", opened.converted.findings);
    }
    assert_eq!(opened.section::<Summary>().series["metrics/train/loss"].count, 20);
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_named_and_not_read() {
    let line = r#"{"obj": {"type": "UploadFile", "path": ["f"], "ext": "txt", "tmp_file_name": "NAME"}, "version": 1, "at": 1.5}"#;
    let log =
        ["link", "pipe"].map(|name| line.replace("NAME", name).replace("\"f\"", &format!("\"{name}\""))).join("\n");
    let (_folder, run) = offline_with(format!("{log}\n").as_bytes());
    let outside = run.parent().expect("a folder").join("secret");
    fs::write(&outside, "outside").expect("room");
    fs::create_dir(run.join("upload_path")).expect("room");
    std::os::unix::fs::symlink(&outside, run.join("upload_path/link")).expect("room");
    std::os::unix::fs::symlink(&outside, run.join("data-9.log")).expect("room");
    assert!(std::process::Command::new("mkfifo").arg(run.join("upload_path/pipe")).status().expect("mkfifo").success());
    let opened = convert(&run, None);
    let artifacts: Artifacts = opened.section();
    assert_eq!(artifacts.artifacts.len(), 2);
    assert!(artifacts.artifacts.iter().all(|one| one.digest.is_none()));
    assert!(opened.codes().contains(&Code::SourceOutside) && opened.codes().contains(&Code::SourceUnreadable));
}
