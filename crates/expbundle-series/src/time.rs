//! Times: microseconds, and apart what is below one.

/// Nanoseconds of a microsecond.
const NANOSECONDS: i64 = 1_000;

/// The microseconds of a time in nanoseconds, and the nanoseconds that are left: none of 0 to 999.
pub fn split(time_ns: i64) -> (i64, i64) {
    (time_ns.div_euclid(NANOSECONDS), time_ns.rem_euclid(NANOSECONDS))
}

/// The inverse of [`split`]; none for a time that 64 bits of nanoseconds do not reach.
pub fn join(microseconds: i64, nanoseconds: i64) -> Option<i64> {
    // The least times are reached from below only: their microseconds alone are beyond.
    let time_ns = i128::from(microseconds) * i128::from(NANOSECONDS) + i128::from(nanoseconds);
    i64::try_from(time_ns).ok()
}

/// Whether a number of [`split`]'s nanoseconds.
pub fn is_rest(nanoseconds: i64) -> bool {
    (0..NANOSECONDS).contains(&nanoseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_put_together_again() {
        for time_ns in [0, 1, -1, 999, 1000, -1000, -1001, 1_795_427_696_021_838_417, i64::MAX, i64::MIN] {
            let (microseconds, nanoseconds) = split(time_ns);
            assert!(is_rest(nanoseconds));
            assert_eq!(join(microseconds, nanoseconds), Some(time_ns));
        }
        assert_eq!(split(-1), (-1, 999));
        assert_eq!(join(i64::MAX, 0), None);
        assert!(!is_rest(1000) && !is_rest(-1));
    }
}
