//! The unit of times: the coarsest in which every time of a file is a whole number.

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

impl Unit {
    /// Nanoseconds of one.
    pub fn nanoseconds(self) -> i64 {
        match self {
            Self::Milliseconds => 1_000_000,
            Self::Microseconds => 1_000,
            Self::Nanoseconds => 1,
        }
    }

    /// The name that Parquet's schema language has for it.
    pub fn parquet_name(self) -> &'static str {
        match self {
            Self::Milliseconds => "MILLIS",
            Self::Microseconds => "MICROS",
            Self::Nanoseconds => "NANOS",
        }
    }

    /// The coarsest unit that holds a time exactly.
    pub fn of(time_ns: i64) -> Self {
        if time_ns % 1_000_000 == 0 {
            Self::Milliseconds
        } else if time_ns % 1_000 == 0 {
            Self::Microseconds
        } else {
            Self::Nanoseconds
        }
    }

    /// The coarsest unit that holds every one of them; milliseconds if there is none.
    pub fn of_all(times: impl IntoIterator<Item = i64>) -> Self {
        times.into_iter().map(Self::of).max().unwrap_or(Self::Milliseconds)
    }
}
