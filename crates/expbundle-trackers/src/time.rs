//! Times that trackers write as text.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Nanoseconds since 1970 of a time with an offset from UTC, as RFC 3339 has it.
pub fn nanoseconds(text: &str) -> Option<i64> {
    i64::try_from(text.parse::<Timestamp>().ok()?.as_nanosecond()).ok()
}

/// The same of a time that is known to be in UTC and does not say so.
pub(crate) fn nanoseconds_utc(text: &str) -> Option<i64> {
    nanoseconds(text).or_else(|| {
        let time = text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?;
        i64::try_from(time.timestamp().as_nanosecond()).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_with_and_without_an_offset() {
        let at = Some(1_795_424_728_173_330_000);
        assert_eq!(nanoseconds("2026-11-23T09:05:28.173330+00:00"), at);
        assert_eq!(nanoseconds("2026-11-23 09:05:28.173330"), None);
        assert_eq!(nanoseconds_utc("2026-11-23 09:05:28.173330"), at);
        assert_eq!(nanoseconds_utc("yesterday"), None);
    }
}
