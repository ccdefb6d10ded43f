//! Every run of every tracker in the list, from the folders of fixtures that have its name.

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_convert::tracker::TRACKERS;
use expbundle_convert::{Converted, Options};

/// The fixtures of a tracker: what lies in the folder of its name, or in one for another layout,
/// like `neptune-scale`.
pub fn fixtures(tracker: &str) -> Vec<Utf8PathBuf> {
    let all = folders(&Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures"));
    let is_own = |folder: &&Utf8PathBuf| {
        let rest = folder.file_name().and_then(|name| name.strip_prefix(tracker));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    all.iter().filter(is_own).flat_map(|folder| folders(folder)).collect()
}

fn folders(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let entries = folder.read_dir_utf8().expect("a folder of fixtures").map(|entry| entry.expect("an entry"));
    let mut paths: Vec<_> = entries.map(camino::Utf8DirEntry::into_path).filter(|path| path.is_dir()).collect();
    paths.sort();
    paths
}

/// Converts every run. A tracker without a fixture fails.
#[allow(dead_code, reason = "not every test converts them")]
pub fn every_run(mut take: impl FnMut(String, Converted)) {
    for tracker in TRACKERS {
        let mut count = 0;
        for path in fixtures(tracker.name()) {
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
