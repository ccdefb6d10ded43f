//! Times: RFC 3339 in UTC, one spelling (spec/record.md).

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
#[cfg(feature = "schema")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::foreign::Foreign;

/// A moment, as RFC 3339 text in UTC: `2026-11-23T09:00:00Z`, with up to nine digits of a second.
///
/// Offsets, lower-case letters and leap seconds are refused: one moment, one spelling. Read from
/// files and given by callers; nothing here looks at a clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Time(Timestamp);

/// Why a text is no [`Time`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is not an RFC 3339 time in UTC", Foreign::new(.0))]
pub struct TimeError(pub String);

impl Time {
    /// The moment so many nanoseconds after 1970, or `None` outside years −9999 to 9999.
    pub fn from_nanoseconds(nanoseconds: i128) -> Option<Self> {
        Timestamp::from_nanosecond(nanoseconds).ok().map(Self)
    }

    /// The moment so many milliseconds after 1970, or `None` outside years −9999 to 9999.
    pub fn from_milliseconds(milliseconds: i64) -> Option<Self> {
        Timestamp::from_millisecond(milliseconds).ok().map(Self)
    }

    /// Nanoseconds since 1970.
    pub fn as_nanoseconds(self) -> i128 {
        self.0.as_nanosecond()
    }

    /// The moment as `jiff` has it.
    pub fn timestamp(self) -> Timestamp {
        self.0
    }
}

impl From<Time> for Timestamp {
    fn from(time: Time) -> Self {
        time.0
    }
}

impl From<Timestamp> for Time {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp)
    }
}

impl FromStr for Time {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let error = || TimeError(text.chars().take(64).collect());
        let whole = text.strip_suffix('Z').ok_or_else(error)?;
        let (date_time, fraction) = whole.split_once('.').unwrap_or((whole, "0"));
        let shape = "0000-00-00T00:00:00";
        let fits = date_time.len() == shape.len()
            && date_time.bytes().zip(shape.bytes()).all(|(c, s)| if s == b'0' { c.is_ascii_digit() } else { c == s })
            // jiff would fold a leap second into the one before it.
            && !date_time.ends_with("60");
        let fraction_fits = (1..=9).contains(&fraction.len()) && fraction.bytes().all(|c| c.is_ascii_digit());
        if !fits || !fraction_fits {
            return Err(error());
        }
        text.parse().map(Self).map_err(|_| error())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // jiff prints a `Timestamp` in this very form, with as many digits of a second as it takes.
        self.0.fmt(f)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for Time {
    type Error = TimeError;

    fn try_from(text: String) -> Result<Self, TimeError> {
        text.parse()
    }
}

impl From<Time> for String {
    fn from(time: Time) -> String {
        time.to_string()
    }
}

#[cfg(feature = "schema")]
impl JsonSchema for Time {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?Z$",
            "description": "RFC 3339, in UTC"
        })
    }
}

/// A day, `2026-11-23`, as its midnight in UTC; or a moment (RFC 3339).
pub fn day_or_moment(text: &str) -> Option<Timestamp> {
    let day = text.parse::<jiff::civil::Date>().ok().filter(|_| text.len() == "2026-11-23".len());
    let midnight = day.and_then(|day| jiff::tz::Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok());
    midnight.or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling() {
        let good = |text: &str| assert_eq!(text.parse::<Time>().expect(text).to_string(), text);
        good("2026-11-23T09:00:00Z");
        good("2026-11-23T09:00:00.5Z");
        good("1969-12-31T23:59:59.999999999Z");
        let bad = |text: &str| assert!(text.parse::<Time>().is_err(), "{text}");
        bad("2026-11-23T09:00:00+00:00");
        bad("2026-11-23T09:00:00");
        bad("2026-11-23t09:00:00z");
        bad("2026-11-23 09:00:00Z");
        bad("2026-11-23T09:00:60Z");
        bad("2026-11-23T09:00:00.Z");
        bad("2026-11-23T09:00:00.1234567890Z");
        bad("2026-02-30T09:00:00Z");
        bad("+02026-11-23T09:00:00Z");
        bad("");
    }

    #[test]
    fn a_moment_is_the_same_however_it_is_counted() {
        let time: Time = "2026-11-23T09:00:00.25Z".parse().expect("a time");
        assert_eq!(time.as_nanoseconds(), 1_795_424_400_250_000_000);
        assert_eq!(Time::from_nanoseconds(time.as_nanoseconds()), Some(time));
        assert_eq!(Time::from_milliseconds(1_795_424_400_250), Some(time));
        assert_eq!(Time::from(time.timestamp()), time);
        assert_eq!((Time::from_nanoseconds(i128::MAX), Time::from_milliseconds(i64::MAX)), (None, None));
        let before: Time = "1969-12-31T23:59:59Z".parse().expect("a time");
        assert_eq!(Some(before), Time::from_milliseconds(-1000));
    }
}
