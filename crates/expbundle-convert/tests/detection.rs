//! What a tracker left is not taken for another's, and a path of no tracker is nobody's.

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_convert::tracker::{TRACKERS, named};

use crate::support::fixtures;

/// Trackers whose folders no other tracker takes.
const OURS: [&str; 2] = ["comet", "neptune"];

/// Trackers that say quickly of every other tool's files that they are not theirs.
const STRICT: [&str; 4] = ["trackio", "swanlab", "aim", "clearml"];

fn below(folder: &Utf8Path, depth: usize, found: &mut Vec<Utf8PathBuf>) {
    for entry in folder.read_dir_utf8().into_iter().flatten().filter_map(Result::ok) {
        found.push(entry.path().to_owned());
        if depth > 0 && entry.path().is_dir() {
            below(entry.path(), depth - 1, found);
        }
    }
}

#[test]
fn no_fixture_of_another_tool_is_taken() {
    let fixtures = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    for entry in fixtures.read_dir_utf8().expect("fixtures").filter_map(Result::ok).filter(|one| one.path().is_dir()) {
        let mut paths = vec![entry.path().to_owned()];
        below(entry.path(), 2, &mut paths);
        for tool in STRICT.into_iter().filter(|tool| *tool != entry.file_name()) {
            let tracker = named(tool).expect("listed");
            for path in &paths {
                assert!(tracker.open(path).expect("nothing to fail at").is_none(), "{tool} {path}");
            }
        }
    }
}

#[test]
fn every_tracker_opens_its_own_fixtures() {
    let fixtures = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    for tracker in TRACKERS {
        let mut paths = Vec::new();
        below(&fixtures.join(tracker.name()), 0, &mut paths);
        let opened = paths.iter().filter(|path| path.is_dir()).filter(|path| matches!(tracker.open(path), Ok(Some(_))));
        assert!(opened.count() > 0, "{}", tracker.name());
    }
}

#[test]
fn a_source_is_of_one_tracker() {
    let mut recognized = 0;
    for owner in TRACKERS {
        for path in fixtures::fixtures(owner.name()) {
            for tracker in TRACKERS.iter().filter(|tracker| tracker.is_recognized()) {
                let is_there = tracker.open(&path).is_ok_and(|source| source.is_some());
                let is_looked_at = OURS.contains(&tracker.name()) || OURS.contains(&owner.name());
                let is_own = tracker.name() == owner.name();
                assert!(!is_there || is_own || !is_looked_at, "{} takes {path}", tracker.name());
                recognized += u32::from(is_there);
            }
        }
    }
    assert!(recognized > 10, "{recognized}");
}
