//! Opens a source by the name of its tracker.

use camino::Utf8Path;
use expbundle_convert::tracker::{self, Source};

/// Opens what must be there.
#[track_caller]
pub fn open(tracker: &str, path: &Utf8Path) -> Box<dyn Source> {
    tracker::open(tracker::named(tracker).expect("a tracker"), path).expect("a source")
}
