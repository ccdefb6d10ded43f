//! A name that is no text takes nothing else with it, whoever's folder it is in.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use camino::Utf8Path;
use expbundle_convert::tracker::{Source, TRACKERS, open_any};
use expbundle_format::sections::{Recipe, Summary};

use crate::support::converted::Opened;
use crate::support::fixtures::fixtures;

/// Copies a folder, and puts a file, a folder and a bundle of such a name into each folder.
fn copy(from: &Utf8Path, to: &Utf8Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in from.read_dir_utf8().expect("a folder").map(|entry| entry.expect("an entry")) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(entry.path(), &target);
        } else {
            fs::write(&target, fs::read(entry.path()).expect("a file")).expect("room");
        }
    }
    let odd = |name: &[u8]| to.as_std_path().join(OsStr::from_bytes(name));
    fs::write(odd(b"\xff.json"), b"{}").expect("room");
    fs::write(odd(b"0\xff.expb"), b"").expect("room");
    fs::create_dir(odd(b"\xff")).expect("room");
}

fn keys(source: &dyn Source) -> Vec<String> {
    source.runs().expect("a list").runs.into_iter().map(|run| run.key).collect()
}

#[test]
fn every_run_is_there_beside_names_that_are_no_text() {
    let mut runs = 0;
    for tracker in TRACKERS {
        for fixture in fixtures(tracker.name()) {
            let Some(source) = tracker.open(&fixture).expect("a fixture") else { continue };
            let folder = tempfile::tempdir().expect("a folder");
            let here = Utf8Path::from_path(folder.path()).expect("UTF-8").join(fixture.file_name().expect("a name"));
            copy(&fixture, &here);
            let opened = tracker.open(&here).expect("readable").unwrap_or_else(|| panic!("{fixture} is nobody's"));
            let wanted = keys(&*source);
            assert_eq!(keys(&*opened), wanted, "{fixture}");
            for key in wanted {
                let [before, after] = [&fixture, &here].map(|path| Opened::new(tracker.name(), path, Some(&key)));
                let parameters = |opened: &Opened| opened.section::<Recipe>().parameters;
                assert_eq!(parameters(&after), parameters(&before), "{fixture} {key}");
                assert_eq!(after.section::<Summary>(), before.section::<Summary>(), "{fixture} {key}");
                // As text, since a value may be NaN.
                let points = |opened: &Opened| format!("{:?}", opened.points);
                assert!(points(&after) == points(&before), "{fixture} {key}");
                runs += 1;
            }
        }
    }
    assert!(runs > 20, "{runs}");
}

#[test]
fn a_folder_with_such_names_is_of_no_tracker() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = Utf8Path::from_path(folder.path()).expect("UTF-8");
    let bundles = here.join("bundles");
    fs::create_dir(&bundles).expect("room");
    copy(&bundles, &here.join("only-odd"));
    assert!(open_any(&here.join("only-odd")).expect("nothing to fail at").is_none());
}
