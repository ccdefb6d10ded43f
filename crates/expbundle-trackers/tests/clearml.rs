//! `ClearML` sessions at odd paths, and files that are none.

use std::fs;

use camino::Utf8Path;
use expbundle_trackers::clearml::Sessions;

fn session(folder: &Utf8Path) {
    fs::create_dir_all(folder).expect("room");
    fs::write(folder.join("task.json"), r#"{"id": "1", "offline_folder": "/x"}"#).expect("room");
}

#[test]
fn each_session_has_a_key_of_its_own() {
    let folder = tempfile::tempdir().expect("room");
    let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
    for name in ["offline-1.1", "offline-1.2", "offline-2"] {
        session(&folder.join(name));
    }
    // Of a folder and the archive of it the folder counts.
    fs::write(folder.join("offline-2.zip"), "not read").expect("room");
    fs::write(folder.join("offline-3.zip"), "not an archive").expect("room");
    let sessions = Sessions::find(folder).expect("readable");
    assert_eq!(sessions.keys().collect::<Vec<_>>(), ["offline-1.1", "offline-1.2", "offline-2", "offline-3"]);
    for key in ["offline-1.1", "offline-1.2", "offline-2"] {
        assert!(sessions.read(key).expect("a session").is_some(), "{key}");
    }
    assert!(sessions.read("offline-3").is_err() && sessions.read("none").expect("none").is_none());
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_named_and_not_read() {
    let folder = tempfile::tempdir().expect("room");
    let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
    let outside = folder.join("secret.jsonl");
    fs::write(&outside, "[{\"type\": \"log\", \"msg\": \"outside\"}]\n").expect("room");
    let inside = folder.join("offline-1");
    session(&inside);
    std::os::unix::fs::symlink(&outside, inside.join("log.jsonl")).expect("room");
    let made = std::process::Command::new("mkfifo").arg(inside.join("metrics.jsonl")).status().expect("mkfifo");
    assert!(made.success());
    let session = Sessions::find(&inside).expect("readable").read("offline-1").expect("readable").expect("there");
    assert_eq!((session.log.count, session.metrics.count, session.files.len()), (0, 0, 0));
    let places: Vec<&str> = session.findings.iter().map(|finding| finding.place.as_str()).collect();
    assert_eq!(places, ["log.jsonl", "metrics.jsonl"]);
}

/// What was unpacked may be removed while it is read: that is an error, and never a session of fewer
/// files.
#[cfg(feature = "zip")]
#[test]
fn an_archive_whose_files_vanish_is_an_error() {
    let path = Utf8Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/clearml/baseline-zip"));
    let sessions = Sessions::find(path).expect("readable");
    let key = sessions.keys().next().expect("a session").to_owned();
    let session = sessions.read(&key).expect("readable").expect("there");
    session.check_unpacked().expect("everything is there");
    let file = session.files.first().expect("a file");
    fs::remove_file(&file.on_disk).expect("ours");
    let error = session.check_unpacked().expect_err("a file is missing");
    assert!(error.to_string().contains("cannot be read"), "{error}");
}
