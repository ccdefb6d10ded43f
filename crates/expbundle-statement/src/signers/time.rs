//! Times of windows, always UTC.

use jiff::civil::DateTime;

/// The moment that OpenSSH reads as "no time".
const ZERO: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Reads `YYYYMMDD`, `YYYYMMDDhhmm` or `YYYYMMDDhhmmss`, with `Z` or without, if there is such a
/// time after the first moment of 1970.
pub fn parse(text: &str) -> Option<DateTime> {
    let digits = text.strip_suffix('Z').unwrap_or(text);
    if !matches!(digits.len(), 8 | 12 | 14) || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    // Two digits fit; a part that is not there is 0.
    let part = |from: usize| digits.get(from..from + 2).map_or(Some(0), |part| part.parse::<i8>().ok());
    let year = digits.get(..4)?.parse().ok()?;
    let time = DateTime::new(year, part(4)?, part(6)?, part(8)?, part(10)?, part(12)?, 0).ok()?;
    (time > ZERO).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_exist() {
        for (text, time) in [
            ("20261123", DateTime::constant(2026, 11, 23, 0, 0, 0, 0)),
            ("20261123Z", DateTime::constant(2026, 11, 23, 0, 0, 0, 0)),
            ("202611230930", DateTime::constant(2026, 11, 23, 9, 30, 0, 0)),
            ("20261123093059Z", DateTime::constant(2026, 11, 23, 9, 30, 59, 0)),
            ("20240229", DateTime::constant(2024, 2, 29, 0, 0, 0, 0)),
            ("19700101000001", DateTime::constant(1970, 1, 1, 0, 0, 1, 0)),
            ("99991231235959", DateTime::constant(9999, 12, 31, 23, 59, 59, 0)),
        ] {
            assert_eq!(parse(text), Some(time), "{text}");
        }
    }

    #[test]
    fn times_that_do_not() {
        for text in [
            "",
            "Z",
            "2026",
            "202611",
            "2026112309",
            "2026112309305",
            "202611230930590",
            "20261123z",
            "20261123ZZ",
            "20261123 ",
            " 20261123",
            "+2026112",
            "2026-11-23",
            "20261301",
            "20260001",
            "20260230",
            "20250229",
            "20260100",
            "202601012400",
            "202601010060",
            "20260101000060",
            "20260101000061",
            "00000101",
            "19691231",
            "19700101",
            "19700101000000",
            "２０２６１１２３",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
