//! Where points go as they are read.

/// When a value was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// The step.
    pub step: Option<i64>,
    /// Nanoseconds since 1970.
    pub time_ns: Option<i64>,
}

/// Takes the points of a run in the order in which they were written.
pub trait Series {
    /// The number of a series; `None` if there is no room for its name.
    fn key(&mut self, name: &str) -> Option<u32>;
    /// A number of a series, with its digits if no float is equal to it.
    fn number(&mut self, key: Option<u32>, at: At, value: f64, digits: Option<&str>);
    /// A text of a series.
    fn text(&mut self, name: &str, at: At, text: &str);
    /// Called with the number of bytes just read.
    fn progress(&mut self, bytes: u64);
}

/// The number of a series, once it was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Number {
    #[default]
    Unasked,
    Asked(Option<u32>),
}

impl Number {
    /// The number; it is asked for once.
    pub fn get(&mut self, ask: impl FnOnce() -> Option<u32>) -> Option<u32> {
        let number = match self {
            Self::Asked(number) => *number,
            Self::Unasked => ask(),
        };
        *self = Self::Asked(number);
        number
    }
}
