//! Comet and Neptune recognize their own fixtures, and no others; and no other tracker takes theirs.

use expbundle_convert::tracker::TRACKERS;

#[path = "support/fixtures.rs"]
mod fixtures;

const OURS: [&str; 2] = ["comet", "neptune"];

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
