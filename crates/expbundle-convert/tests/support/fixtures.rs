//! Every run of every tracker in the list, from the folder of fixtures that has the tracker's name.

use camino::Utf8Path;
use expbundle_convert::tracker::TRACKERS;
use expbundle_convert::{Converted, Options};

/// Converts every run. A tracker without a fixture fails.
pub fn every_run(mut take: impl FnMut(String, Converted)) {
    for tracker in TRACKERS {
        let folder = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(tracker.name());
        let entries = folder.read_dir_utf8().expect("a folder of fixtures").map(|entry| entry.expect("an entry"));
        let mut paths: Vec<_> = entries.map(camino::Utf8DirEntry::into_path).filter(|path| path.is_dir()).collect();
        paths.sort();
        let mut count = 0;
        for path in paths {
            let Some(source) = tracker.open(&path).expect("a fixture") else { continue };
            for run in source.runs().expect("a list").runs {
                let converted = source.convert(&run.key, &Options::default()).expect("a run");
                assert!(converted.account.adds_up(), "{path} {}: {:#?}", run.key, converted.account);
                take(format!("{path} {}", run.key), converted);
                count += 1;
            }
        }
        assert!(count > 0, "no fixture of {}", tracker.name());
    }
}
