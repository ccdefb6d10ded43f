//! The moments of runs, whichever tracker wrote them.

use expbundle_convert::Converted;

use crate::support::bundle::Opened;
use crate::support::fixtures::every_run;

/// The last moment at which a run measured something, in nanoseconds.
fn last_measured(opened: &Opened) -> Option<i128> {
    let series = opened.series("metrics.parquet");
    series.values().flatten().filter_map(|point| point.time_ns).max().map(i128::from)
}

/// Trackers write their ends in whole seconds, or before the last point is written.
#[test]
fn no_run_ends_before_it_measured_for_the_last_time() {
    let mut early = Vec::new();
    every_run(|name, converted: Converted| {
        let opened = Opened::new(converted);
        if let (Some(ended), Some(last)) = (opened.record.body().ended, last_measured(&opened))
            && ended.timestamp().as_nanosecond() < last
        {
            early.push(format!("{name}: {ended}, {last}"));
        }
    });
    assert!(early.is_empty(), "{early:#?}");
}
