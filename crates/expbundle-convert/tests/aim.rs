//! The Aim fixture becomes a bundle of what its database has, and the account says what is not
//! read.

use camino::Utf8Path;
use expbundle_format::Code;
use expbundle_format::record::Status;
use expbundle_format::sections::{self, Context};
use rusqlite::Connection;
use serde_json::json;

use crate::support::sources;
use crate::support::truth as support;
use sources::open;
use support::{Opened, fixture, folder, is_only_of, truth};

/// Unpacks the repository.
fn unpack(to: &Utf8Path) {
    let archive = fixture("aim/aim.tar.gz");
    let made = std::process::Command::new("tar").args(["xzf", archive.as_str(), "-C", to.as_str()]).status();
    assert!(made.expect("tar").success());
}

#[test]
fn the_run_agrees_with_what_its_script_logged_as_far_as_it_is_read() {
    let truth = truth("aim/expected.json");
    let (_folder, path) = folder();
    unpack(&path);
    for path in [path.clone(), path.join(".aim"), path.join(".aim/run_metadata.sqlite")] {
        is_only_of(&path, &["aim"]);
        let source = open("aim", &path);
        let listing = source.runs().expect("a list");
        assert!(listing.findings.is_empty() && listing.unread.is_empty(), "{listing:?}");
        let [run] = listing.runs.as_slice() else { panic!("{listing:?}") };
        assert_eq!((Some(run.key.as_str()), run.name.as_deref()), (truth["run_id"].as_str(), truth["name"].as_str()));
        let opened = Opened::new(&*source, &run.key);
        let body = opened.body();
        assert_eq!(body.source.map(|source| source.run).as_deref(), truth["run_id"].as_str());
        // The run was closed, and nothing in the database says so.
        assert_eq!((body.status, body.ended), (Some(Status::Unknown), None));
        let started = body.started.expect("a start").to_string();
        assert!(started.starts_with(truth["started"].as_str().expect("a time").get(..17).expect("minutes")));
        let context: Context = opened.section();
        assert_eq!(Some(context.title.as_str()), truth["name"].as_str());
        assert_eq!(context.notes.as_deref(), truth["notes"].as_str());
        assert_eq!(json!(context.tags), truth["tags"]);
        assert_eq!(context.groups.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["digits"]);
        assert!(opened.series(sections::METRICS).is_empty());
        assert_eq!(opened.line("RocksDB file"), (16, 0, 0, 16));
        assert_eq!(opened.line("check-in"), (2, 0, 2, 0));
        assert_eq!(opened.codes(), [Code::SourceLoss]);
    }
}

#[test]
fn notes_ends_and_runs_without_a_row_are_told() {
    let (_folder, path) = folder();
    unpack(&path);
    let aim = path.join(".aim");
    let hash = "9407976a76744f639f9a0638";
    let connection = Connection::open(aim.join("run_metadata.sqlite")).expect("a database");
    connection.pragma_update(None, "foreign_keys", false).expect("a setting");
    let sql = "UPDATE run SET finalized_at = '2026-11-23 09:04:00.5', is_archived = 1;
               INSERT INTO note VALUES (1, 'it works', 1, '2026-11-23 10:00:00', '2026-11-23 10:00:00', NULL);
               INSERT INTO note_audit_log VALUES (1, 1, '2026-11-23 10:00:00', 'Created', NULL, 'it works');
               INSERT INTO run_info VALUES (1, 1, NULL, NULL, 3);
               INSERT INTO run_tag VALUES (1, 99);
               INSERT INTO run VALUES (2, 'lost', NULL, NULL, 0, 'never', NULL, 77, NULL);
               CREATE TABLE later (a); INSERT INTO later VALUES (1)";
    connection.execute_batch(sql).expect("room");
    drop(connection);
    std::fs::write(aim.join(format!("check_ins/{hash}-0000000000000004-finished-1795424637.00-00000")), "")
        .expect("room");
    std::fs::create_dir(aim.join("meta/chunks/unknown")).expect("room");
    let source = open("aim", &path);
    let listing = source.runs().expect("a list");
    assert_eq!((listing.runs.len(), listing.findings.len()), (2, 2), "{listing:?}");
    let opened = Opened::new(&*source, hash);
    let body = opened.body();
    assert_eq!(body.status, Some(Status::Finished));
    assert_eq!(body.ended.map(|time| time.to_string()).as_deref(), Some("2026-11-23T09:04:00.5Z"));
    let context: Context = opened.section();
    assert_eq!(context.observations[0].text, "it works");
    for kind in ["note edit", "run info"] {
        assert_eq!(opened.line(kind), (1, 0, 1, 0), "{kind}");
    }
    assert_eq!(opened.line("run field").2, 2, "archived, and when it was updated");
    assert!(opened.codes().contains(&Code::SourceMissing));
    let lost = Opened::new(&*source, "lost");
    assert!(lost.codes().contains(&Code::SourceDamaged) && lost.codes().contains(&Code::SourceMissing));
}

#[test]
fn a_database_that_was_cut_gives_what_is_there() {
    let (_folder, path) = folder();
    unpack(&path);
    let database = path.join(".aim/run_metadata.sqlite");
    let whole = std::fs::read(&database).expect("a database");
    let tracker = expbundle_convert::tracker::named("aim").expect("listed");
    for part in 0..40 {
        std::fs::write(&database, &whole[..whole.len() * part / 40 + part]).expect("room");
        let Ok(Some(source)) = tracker.open(&path) else { continue };
        let Ok(listing) = source.runs() else { continue };
        for run in listing.runs {
            Opened::new(&*source, &run.key);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_a_database_elsewhere_is_not_followed() {
    let (_folder, path) = folder();
    unpack(&path);
    std::fs::create_dir_all(path.join("other/.aim")).expect("room");
    let link = path.join("other/.aim/run_metadata.sqlite");
    std::os::unix::fs::symlink(path.join(".aim/run_metadata.sqlite"), link).expect("room");
    let tracker = expbundle_convert::tracker::named("aim").expect("listed");
    assert!(tracker.open(&path.join("other")).is_err());
}
