//! Times as people read them: short, and in their own zone.

use std::sync::{LazyLock, OnceLock};

use expbundle_format::time::Time;
use jiff::tz::TimeZone;

static FIND: OnceLock<fn() -> TimeZone> = OnceLock::new();
static ZONE: LazyLock<TimeZone> = LazyLock::new(|| FIND.get().map_or(TimeZone::UTC, |find| find()));

/// Shows all times in this zone from now on, in place of UTC. The first call counts: one program
/// speaks of one zone. It is asked for with the first time that is shown: a system may have to read
/// a hundred folders to tell.
pub fn show_times_in(find: fn() -> TimeZone) {
    // A second zone would contradict what was printed before.
    _ = FIND.set(find);
}

/// The day of a moment.
pub fn day(time: Time) -> String {
    format(time, "%Y-%m-%d")
}

/// A moment to the minute, with its zone: `2026-11-23 10:55 CET`.
pub fn moment(time: Time) -> String {
    format(time, "%Y-%m-%d %H:%M %Z")
}

fn format(time: Time, form: &str) -> String {
    time.timestamp().to_zoned(ZONE.clone()).strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_short_and_names_its_zone() {
        let time: Time = "2026-11-23T09:55:29.213168Z".parse().expect("a time");
        assert_eq!([moment(time), day(time)], ["2026-11-23 09:55 UTC", "2026-11-23"]);
    }
}
