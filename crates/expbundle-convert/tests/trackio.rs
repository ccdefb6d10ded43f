//! Every run of the Trackio fixture becomes a bundle that verifies and agrees with what its
//! training script logged.

use camino::Utf8Path;
use expbundle_convert::tracker::Listed;
use expbundle_format::Code;
use expbundle_format::record::Status;
use expbundle_format::sections::{
    self, Artifacts, Context, Direction, EventSeverity, Events, Identity, Media, Recipe, SourceSection,
};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::sources;
use crate::support::truth as support;
use sources::open;
use support::{Opened, copy, fixture, folder, is_only_of, truth};

const RUNS: [&str; 2] = ["digits-base", "digits-slow"];

fn listed(path: &Utf8Path) -> Vec<Listed> {
    open("trackio", path).runs().expect("a list").runs
}

#[test]
fn runs_agree_with_what_their_script_logged() {
    let path = fixture("trackio/trackio");
    let source = open("trackio", &path);
    let listing = source.runs().expect("a list");
    assert!(listing.unread.is_empty() && listing.findings.is_empty());
    assert_eq!(listing.runs.iter().filter_map(|run| run.name.as_deref()).collect::<Vec<_>>(), RUNS);
    for run in listing.runs {
        let name = run.name.expect("a name");
        let truth = truth(&format!("trackio/expected-{name}.json"));
        let opened = Opened::new(&*source, &run.key);
        let body = opened.body();
        assert_eq!(body.source.map(|source| source.run), Some(run.id.clone()));
        if let Some(id) = truth["run_id"].as_str() {
            assert_eq!(run.id, id);
        }
        // Nothing proves how it ended.
        assert_eq!(body.status, Some(Status::Unknown));
        let started = body.started.expect("a start").to_string();
        assert!(started.starts_with(truth["started"].as_str().expect("a time").get(..17).expect("minutes")));
        assert!(body.started < body.ended);
        let context: Context = opened.section();
        assert_eq!(Some(context.title.as_str()), truth["name"].as_str());
        let groups: Vec<(&str, &str)> = context.groups.iter().map(|one| (&*one.kind, &*one.name)).collect();
        assert_eq!(groups, [("project", "digits"), ("group", "family")]);
        let recipe: Recipe = opened.section();
        assert_eq!(json!(recipe.parameters), truth["params"], "{name}");
        assert_eq!(json!(recipe.seeds), json!({"seed": 7}));
        opened.agrees_on_metrics(&truth["metrics"], &[]);
        assert_eq!(opened.line("metric point"), (160, 160, 0, 0));
        assert!(opened.series(sections::TELEMETRY).contains_key("cpu/utilization"));
        opened.agrees_on_artifacts(&truth["artifacts"]);
        media(&opened.section(), &truth["media"]);
        alerts(&opened.section(), &truth["alerts"]);
        lineage(&opened.section(), &truth["lineage"]);
        let source: SourceSection = opened.section();
        assert!(source.account.adds_up() && source.account == opened.converted.account);
        assert_eq!(opened.codes(), [Code::SourceLoss], "{:?}", opened.converted.findings);
    }
}

fn media(media: &Media, truth: &Value) {
    let truth = truth.as_array().expect("media");
    assert_eq!(media.media.len(), truth.len());
    for want in truth {
        let one = media.media.iter().find(|one| Some(one.key.as_str()) == want["name"].as_str()).expect("listed");
        assert_eq!((Some(one.kind.as_str()), one.step), (want["kind"].as_str(), want["step"].as_i64()));
        let value = one.value.as_ref().expect("a value");
        if let Some(rows) = want["rows"].as_u64() {
            assert_eq!(value.as_array().map(|rows| rows.len() as u64), Some(rows));
        }
        if let Some(count) = want["values"].as_f64() {
            let counts = value["values"].as_array().expect("counts").iter().filter_map(Value::as_f64);
            assert_eq!(counts.sum::<f64>().to_bits(), count.to_bits());
        }
    }
}

fn alerts(events: &Events, truth: &Value) {
    let words: Vec<Option<&str>> = events.events.iter().map(|event| event.text.as_deref()).collect();
    let text = |want: &Value, member: &str| want[member].as_str().expect("a text").to_owned();
    let want: Vec<String> =
        truth.as_array().expect("alerts").iter().map(|one| text(one, "title") + ": " + &text(one, "text")).collect();
    assert_eq!(words, want.iter().map(|text| Some(text.as_str())).collect::<Vec<_>>());
    assert!(events.events.iter().all(|event| event.severity == EventSeverity::Info && event.time.is_some()));
}

fn lineage(artifacts: &Artifacts, truth: &Value) {
    let inputs: Vec<_> = artifacts.artifacts.iter().filter(|one| one.direction == Direction::Input).collect();
    let truth = truth.as_array().expect("links");
    assert_eq!(inputs.len(), truth.len());
    for (input, want) in inputs.iter().zip(truth) {
        assert_eq!(input.name.as_deref(), want["name"].as_str());
        assert_eq!(input.version, Some(want["version"].to_string()));
        let sha256 = input.digest.and_then(|digest| digest.sha256()).expect("a digest");
        assert_eq!(Some(sha256.to_string().as_str()), want["digest_sha256"].as_str());
        assert_eq!(input.role.as_str(), "model");
    }
}

#[test]
fn a_store_is_found_by_its_file_its_folder_and_the_folder_above() {
    let path = fixture("trackio");
    for path in [path.clone(), path.join("trackio"), path.join("trackio/digits.db")] {
        assert_eq!(listed(&path).len(), 2, "{path}");
        is_only_of(&path, &["trackio"]);
    }
}

/// A store of one's own, with the tables of the fixture.
fn made(path: &Utf8Path, fill: impl FnOnce(&Connection)) {
    copy(&fixture("trackio/trackio"), path);
    let connection = Connection::open(path.join("digits.db")).expect("a database");
    connection.pragma_update(None, "foreign_keys", false).expect("a setting");
    fill(&connection);
}

#[test]
fn odd_values_are_kept_and_broken_rows_take_nothing_with_them() {
    let (_folder, path) = folder();
    let rows = [
        r#"{"loss": "NaN", "big": 9007199254740993}"#,
        r#"{"loss": "Infinity", "ok": true, "none": null}"#,
        r#"{"loss": "-Infinity", "note": "text", "nested": {"a": [1, 2]}}"#,
        r#"{"loss": NaN, "img": {"_type": "trackio.image", "file_path": "digits/r/0/a.png", "caption": "a cat"}}"#,
        r#"{"img": {"_type": "trackio.image", "file_path": "../../../../etc/passwd", "caption": null}}"#,
        r#"{"img": {"_type": "trackio.image", "file_path": "digits/r/0/none.png", "caption": null}}"#,
        "not JSON",
        "[1]",
        r#"{"loss": 0.5}"#,
    ];
    made(&path, |connection| {
        for (step, row) in rows.iter().enumerate() {
            let time = if step == 8 { "yesterday".to_owned() } else { format!("2026-11-23T10:00:0{step}+00:00") };
            let sql =
                "INSERT INTO metrics (run_id, timestamp, run_name, step, metrics) VALUES ('odd', ?1, 'r', ?2, ?3)";
            connection.execute(sql, (time, i64::try_from(step).expect("few"), row)).expect("room");
        }
        let sql = "INSERT INTO configs (run_id, run_name, config, created_at) VALUES ('odd', 'r', ?1, '')";
        let config = r#"{"_Username": "ada-login", "_New": 1, "nan": "NaN", "deep": {"b": [1, {"c": null}]}}"#;
        connection.execute(sql, [config]).expect("room");
        let sql = "INSERT INTO traces VALUES ('t1', 'odd', '', 'r', 0, 'k', 0, '[]', '{}', 'words', NULL, NULL, '[]');
                   INSERT INTO project_metadata VALUES ('colour', 'blue');
                   INSERT INTO pending_uploads (space_id, run_id, file_path, created_at) VALUES ('s', 'odd', '/home/ada/x.png', '');
                   CREATE TABLE later (a); INSERT INTO later VALUES (1);
                   INSERT INTO artifacts (name, type, created_at) VALUES ('far', 'dataset', '');
                   INSERT INTO artifact_versions (artifact_id, version, manifest_digest, manifest, size_bytes, created_at)
                   VALUES (2, 0, 'd', '[{\"path\": \"a.bin\", \"ref\": \"s3://bucket/a.bin\", \"digest\": \"etag\", \"size\": 3}]', 3, '');
                   INSERT INTO run_artifact_links (run_id, run_name, artifact_version_id, direction, created_at)
                   VALUES ('odd', 'r', 3, 'input', ''), ('odd', 'r', 77, 'output', '')";
        connection.execute_batch(sql).expect("room");
    });
    std::fs::create_dir_all(path.join("media/digits/r/0")).expect("room");
    std::fs::write(path.join("media/digits/r/0/a.png"), b"\x89PNG of a cat").expect("room");
    let source = open("trackio", &path);
    let opened = Opened::new(&*source, "odd");
    let series = opened.series(sections::METRICS);
    let loss: Vec<Option<f64>> = series["loss"].iter().map(|point| point.value).collect();
    assert!(loss[0].is_some_and(f64::is_nan) && loss[3].is_some_and(f64::is_nan));
    assert_eq!(loss[1..3], [Some(f64::INFINITY), Some(f64::NEG_INFINITY)]);
    assert_eq!((loss[4], series["loss"][4].time_ns), (Some(0.5), None));
    assert_eq!(series["big"][0].text.as_deref(), Some("9007199254740993"));
    for (key, text) in [("ok", "true"), ("none", "null"), ("note", "text"), ("nested", r#"{"a":[1,2]}"#)] {
        assert_eq!((series[key][0].value, series[key][0].text.as_deref()), (None, Some(text)), "{key}");
    }
    assert_eq!(opened.line("row"), (9, 7, 0, 2));
    assert_eq!(opened.line("media object"), (3, 3, 0, 0));
    let media: Media = opened.section();
    assert_eq!(media.media.iter().filter(|one| one.artifact.is_some()).count(), 1);
    assert!(media.media.iter().any(|one| one.caption.as_deref() == Some("a cat")));
    let codes = opened.codes();
    for code in
        [Code::SourceDamaged, Code::SourceOutside, Code::SourceMissing, Code::SourceUnsupported, Code::SourceLoss]
    {
        assert!(codes.contains(&code), "{code:?} in {codes:?}");
    }
    let named = |words: &str| opened.converted.findings.iter().any(|finding| finding.message.contains(words));
    assert!(named("s3://bucket/a.bin") && named("version 77"));
    for kind in ["trace", "pending upload", "project metadata"] {
        assert_eq!(opened.line(kind), (1, 0, 1, 0), "{kind}");
    }
    let identity: Identity = opened.section();
    assert_eq!(identity.user.as_deref(), Some("ada-login"));
    let recipe: Recipe = opened.section();
    assert_eq!(recipe.parameters.keys().collect::<Vec<_>>(), ["deep", "nan"]);
}

/// The first versions had no ids of runs and fewer tables; two runs of one name have two ids.
#[test]
fn old_databases_and_equal_names_are_read() {
    let (_folder, path) = folder();
    let connection = Connection::open(path.join("old.db")).expect("a database");
    let sql = "CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp TEXT, run_name TEXT, step INTEGER, metrics TEXT);
               INSERT INTO metrics (timestamp, run_name, step, metrics) VALUES
               ('2025-09-01T10:00:00+00:00', 'a', 0, '{\"x\": 1}'), ('2025-09-01T10:00:01+00:00', 'b', 0, '{\"x\": 2}')";
    connection.execute_batch(sql).expect("room");
    assert_eq!(listed(&path).iter().map(|run| run.key.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let opened = Opened::new(&*open("trackio", &path), "b");
    assert_eq!(opened.series(sections::METRICS)["x"][0].value, Some(2.0));
    let (_folder, path) = folder();
    made(&path, |connection| {
        let sql = "INSERT INTO metrics (run_id, timestamp, run_name, step, metrics) VALUES ('other', '2026-11-24T00:00:00Z', 'digits-base', 0, '{\"x\": 1}')";
        connection.execute(sql, []).expect("room");
    });
    std::fs::copy(path.join("digits.db"), path.join("fork.db")).expect("room");
    let keys: Vec<String> = listed(&path).into_iter().map(|run| run.key).collect();
    assert!(keys.len() == 6 && keys.iter().any(|key| key == "fork/other"), "{keys:?}");
    let opened = Opened::new(&*open("trackio", &path), "fork/other");
    assert_eq!((opened.line("row").0, opened.body().source.map(|source| source.run)), (1, Some("other".to_owned())));
}

#[test]
fn a_database_that_was_cut_gives_what_is_there() {
    let whole = std::fs::read(fixture("trackio/trackio/digits.db")).expect("a database");
    let (_folder, path) = folder();
    copy(&fixture("trackio/trackio"), &path);
    let tracker = expbundle_convert::tracker::named("trackio").expect("listed");
    for part in 0..24 {
        let length = whole.len() * part / 24 + part;
        std::fs::write(path.join("digits.db"), &whole[..length]).expect("room");
        let Ok(Some(source)) = tracker.open(&path) else { continue };
        let Ok(listing) = source.runs() else { continue };
        for run in listing.runs {
            let opened = Opened::new(&*source, &run.key);
            let damaged = opened.codes().iter().any(|code| *code != Code::SourceLoss);
            assert!(damaged || opened.line("metric point").0 == 160, "{length}");
        }
    }
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_refused() {
    let (_folder, path) = folder();
    let outside = path.join("outside");
    std::fs::create_dir_all(&outside).expect("room");
    let store = path.join("store");
    copy(&fixture("trackio/trackio"), &store);
    let blobs = store.join("artifacts/digits/blobs/sha256");
    std::fs::rename(blobs.join("e7"), outside.join("e7")).expect("room");
    std::os::unix::fs::symlink(outside.join("e7"), blobs.join("e7")).expect("room");
    let pipe = blobs.join("4e/4ee9a44e0386e0aa7cb6cc79ed90e6fca3cfa342ace7280a54c94129b502c081");
    std::fs::remove_file(&pipe).expect("ours");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let made = std::process::Command::new("mkfifo").arg(store.join("pipe.db")).status().expect("mkfifo");
    assert!(made.success());
    let source = open("trackio", &store);
    for run in source.runs().expect("a list").runs {
        let opened = Opened::new(&*source, &run.key);
        let artifacts: Artifacts = opened.section();
        // The manifest's digest is kept, and no byte was read.
        assert!(artifacts.artifacts.iter().all(|one| one.digest.is_some_and(|digest| digest.blake3().is_none())));
        assert!(opened.codes().contains(&Code::SourceOutside));
    }
}
