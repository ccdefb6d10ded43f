//! A cell of a table, and what it is as a number, a step or a time.

use std::borrow::Cow;

use jiff::{Timestamp, civil};

use super::reading::TimeUnit;

/// A cell that is not empty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// A truth value of JSON or Parquet.
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// A float.
    Float(f64),
    /// A time in nanoseconds since 1970.
    Time(i64),
    /// A text. It may read as a number: CSV has nothing else.
    Text(&'a str),
    /// Something that is not read, in words: `an object`.
    Other(&'static str),
}

/// What a time without an offset from UTC is called.
pub const NO_OFFSET: &str = "a time without an offset from UTC";

/// A number of a cell, with its digits where a float cannot hold them.
pub struct Number<'a> {
    pub value: f64,
    pub digits: Option<Cow<'a, str>>,
}

/// Up to this many digits every integer is a float.
const SAFE_DIGITS: usize = 15;

impl<'a> Cell<'a> {
    /// The cell as a number.
    pub(super) fn number(self) -> Option<Number<'a>> {
        match self {
            Self::Integer(integer) => {
                let value = integer as f64;
                let digits = || Cow::from(integer.to_string());
                Some(Number { value, digits: Some(integer).filter(|_| !holds(value, integer)).map(|_| digits()) })
            }
            Self::Float(value) => Some(Number { value, digits: None }),
            Self::Text(text) => {
                let text = text.trim_ascii();
                let value: f64 = text.parse().ok()?;
                let has_digits = text.len() > SAFE_DIGITS && is_integer(text);
                // A float is named by its shortest digits, or by all that it has.
                let is_exact = || value.to_string() == text || format!("{value:.0}") == text;
                let is_beyond = value.is_infinite() && text.contains(|letter: char| letter.is_ascii_digit());
                let digits = (has_digits && !is_exact() || is_beyond).then(|| Cow::from(text));
                Some(Number { value, digits })
            }
            Self::Bool(_) | Self::Time(_) | Self::Other(_) => None,
        }
    }

    /// The cell as a whole number.
    pub(super) fn whole(self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(value),
            Self::Float(value) => whole(value),
            Self::Text(text) => {
                let text = text.trim_ascii();
                text.parse().ok().or_else(|| if is_integer(text) { None } else { whole(text.parse().ok()?) })
            }
            Self::Bool(_) | Self::Time(_) | Self::Other(_) => None,
        }
    }

    /// What kind of time it is.
    pub(super) fn moment(self) -> Moment {
        match self {
            Self::Time(time_ns) => Moment::At(time_ns),
            Self::Integer(value) => Moment::Number(value as f64),
            Self::Float(value) => Moment::Number(value),
            Self::Other(NO_OFFSET) => Moment::NoOffset,
            Self::Text(text) => {
                let text = text.trim_ascii();
                if let Ok(value) = text.parse() {
                    return Moment::Number(value);
                }
                match text.parse::<Timestamp>() {
                    Ok(time) => i64::try_from(time.as_nanosecond()).map_or(Moment::None, Moment::At),
                    Err(_) if text.parse::<civil::DateTime>().is_ok() => Moment::NoOffset,
                    Err(_) => Moment::None,
                }
            }
            Self::Bool(_) | Self::Other(_) => Moment::None,
        }
    }

    /// The cell as a time, if numbers are of this unit.
    pub(super) fn time_ns(self, unit: Option<TimeUnit>) -> Option<i64> {
        match (self, unit) {
            (Self::Integer(value), Some(unit)) => value.checked_mul(unit.nanoseconds()),
            (Self::Text(text), Some(unit)) if is_integer(text.trim_ascii()) => {
                text.trim_ascii().parse::<i64>().ok()?.checked_mul(unit.nanoseconds())
            }
            _ => match self.moment() {
                Moment::At(time_ns) => Some(time_ns),
                Moment::Number(value) => nanoseconds(value, unit?),
                Moment::NoOffset | Moment::None => None,
            },
        }
    }
}

/// What a cell may be as a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moment {
    /// A time, in nanoseconds since 1970.
    At(i64),
    /// A number of some unit.
    Number(f64),
    /// A date and a time of day somewhere on earth.
    NoOffset,
    /// None that can be read.
    None,
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[expect(clippy::cast_possible_truncation, reason = "wider than any 64-bit integer as a float")]
fn holds(value: f64, integer: i64) -> bool {
    value as i128 == i128::from(integer)
}

/// Up to 2^53 a whole float is one integer.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0).then_some(value as i64)
}

/// A number since 1970 in whole nanoseconds, the nearest to its decimal digits: 1795424400.02 seconds
/// are not those of the float next to it, 1795424400.019999981.
fn nanoseconds(value: f64, unit: TimeUnit) -> Option<i64> {
    if !value.is_finite() {
        return None;
    }
    // The shortest digits that are this float, without an exponent.
    decimal(&value.to_string(), unit.nanoseconds())
}

/// Digits with a fraction times a power of ten.
fn decimal(text: &str, each: i64) -> Option<i64> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut value = whole.parse::<i64>().ok()?.checked_mul(each)?;
    let mut place = each;
    for digit in fraction.bytes() {
        let digit = i64::from(digit - b'0');
        if place == 1 {
            value = value.checked_add(i64::from(digit >= 5))?;
            break;
        }
        place /= 10;
        value = value.checked_add(digit * place)?;
    }
    Some(if is_negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_digits_that_a_float_has_no_room_for() {
        let case = |cell: Cell<'_>, value: f64, digits: Option<&str>| {
            let number = cell.number().expect("a number");
            assert_eq!((number.value, number.digits.as_deref()), (value, digits), "{cell:?}");
        };
        case(Cell::Text(" 0.5 "), 0.5, None);
        case(Cell::Text("1e-3"), 0.001, None);
        case(Cell::Text("-inf"), f64::NEG_INFINITY, None);
        case(Cell::Text("1e400"), f64::INFINITY, Some("1e400"));
        case(Cell::Text("9007199254740993"), 9_007_199_254_740_992.0, Some("9007199254740993"));
        case(Cell::Integer(9_007_199_254_740_993), 9_007_199_254_740_992.0, Some("9007199254740993"));
        case(Cell::Integer(i64::MAX), 9_223_372_036_854_775_807.0, Some("9223372036854775807"));
        case(Cell::Text("9007199254740992"), 9_007_199_254_740_992.0, None);
        case(Cell::Text("1152921504606846976"), 1_152_921_504_606_846_976.0, None);
        case(Cell::Text(&1e300.to_string()), 1e300, None);
        assert!(Cell::Text("NaN").number().is_some_and(|number| number.value.is_nan()));
        for text in ["", "0,5", "1_000", "12 %", "true", "0x10", "None"] {
            assert!(Cell::Text(text).number().is_none(), "{text}");
        }
    }

    #[test]
    fn steps_are_whole() {
        for (text, step) in [("7", Some(7)), ("7.0", Some(7)), ("-1", Some(-1)), ("0.5", None), ("x", None)] {
            assert_eq!(Cell::Text(text).whole(), step, "{text}");
        }
        // As a float it would be another step.
        assert_eq!(Cell::Text("9223372036854775808").whole(), None);
        assert_eq!(Cell::Text("9223372036854775807").whole(), Some(i64::MAX));
        assert_eq!(Cell::Float(f64::NAN).whole(), None);
    }

    #[test]
    fn times_have_an_offset() {
        let at = Moment::At(1_795_424_400_250_000_000);
        for text in ["2026-11-23T09:00:00.25Z", "2026-11-23T10:00:00.25+01:00", "2026-11-23 09:00:00.25+00:00"] {
            assert_eq!(Cell::Text(text).moment(), at, "{text}");
        }
        assert_eq!(Cell::Text("2026-11-23 09:00:00").moment(), Moment::NoOffset);
        assert_eq!(Cell::Text("00:12").moment(), Moment::None);
        assert_eq!(Cell::Text("1795424400.25").time_ns(Some(TimeUnit::Seconds)), Some(1_795_424_400_250_000_000));
        assert_eq!(
            Cell::Integer(1_795_424_400_250).time_ns(Some(TimeUnit::Milliseconds)),
            Some(1_795_424_400_250_000_000)
        );
        assert_eq!(
            Cell::Text("1795424400250000001").time_ns(Some(TimeUnit::Nanoseconds)),
            Some(1_795_424_400_250_000_001)
        );
        for (seconds, time_ns) in
            [(1.5, 1_500_000_000), (-1.5, -1_500_000_000), (0.02, 20_000_000), (1e-10, 0), (6e-10, 1)]
        {
            assert_eq!(Cell::Float(seconds).time_ns(Some(TimeUnit::Seconds)), Some(time_ns), "{seconds}");
        }
        assert_eq!(Cell::Text("1795427696.02").time_ns(Some(TimeUnit::Seconds)), Some(1_795_427_696_020_000_000));
        assert_eq!(Cell::Float(f64::NAN).time_ns(Some(TimeUnit::Seconds)), None);
        assert_eq!(Cell::Float(1e300).time_ns(Some(TimeUnit::Seconds)), None);
        assert_eq!(Cell::Integer(i64::MAX).time_ns(Some(TimeUnit::Seconds)), None);
    }
}
