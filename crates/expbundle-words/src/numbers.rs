//! Sizes, counts and durations.

use std::time::Duration;

use expbundle_format::number::Number;

/// Bytes in words, decimal as disks and hubs count.
pub fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 999.5 {
            return if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1000.0;
    }
    format!("{value:.1} TB")
}

/// A number with its noun: `1 record`, `2 records`.
pub fn count(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// The first of many, and how many more there are.
pub fn some_of(all: &[String], shown: usize, separator: &str) -> String {
    let first = all.get(..shown.min(all.len())).unwrap_or_default().join(separator);
    match all.len().saturating_sub(shown) {
        0 => first,
        more => format!("{first}{separator}{} more", grouped(more as u64)),
    }
}

/// Digits in groups of three.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number in six significant digits; whole numbers below 10^15 have all of theirs. JSON has the
/// exact number.
pub fn rounded(number: Number) -> String {
    let value = number.0;
    if !value.is_finite() || value == 0.0 {
        return number.to_string();
    }
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return value.to_string();
    }
    let short: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    if (1e-4..1e15).contains(&short.abs()) { short.to_string() } else { format!("{short:e}") }
}

/// The beginning of a digest, as people read it where there is no name.
pub fn brief_digest(digests: &impl ToString) -> String {
    digests.to_string().chars().take(19).collect()
}

/// A duration in words.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, _) if seconds < 10 => format!("{:.1} s", duration.as_secs_f64()),
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, hours, _, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_words() {
        assert_eq!([size(999), size(1_000), size(2_147_483_648)], ["999 B", "1.0 kB", "2.1 GB"]);
        assert_eq!([count(1, "record"), count(1_234_567, "point")], ["1 record", "1,234,567 points"]);
        let rounded = |value| rounded(Number(value));
        assert_eq!([rounded(0.973_333_333_333_333_4), rounded(39.0), rounded(0.0001)], ["0.973333", "39", "0.0001"]);
        assert_eq!([rounded(0.000_012_345_678), rounded(-1e300), rounded(0.0)], ["1.23457e-5", "-1e300", "0"]);
        assert_eq!([rounded(1_234_567.0), rounded(1_234_567.8), rounded(f64::NAN)], ["1234567", "1234570", "NaN"]);
        assert_eq!(duration(Duration::from_secs(3725)), "1 h 2 min");
    }
}
