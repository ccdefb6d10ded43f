//! How much may be done for a source: in proportion to its size, whatever its files make of each
//! other.

use std::sync::atomic::{AtomicU64, Ordering};

/// What is left to be done for a source, in units that its reader chooses.
#[derive(Debug)]
pub(crate) struct Work(AtomicU64);

impl Work {
    /// So much.
    pub fn new(most: u64) -> Self {
        Self(AtomicU64::new(most))
    }

    /// What is left.
    pub fn left(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes some of it; `false`, and nothing is taken, where less is left.
    pub fn take(&self, amount: u64) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(amount)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_taken_than_there_is() {
        let work = Work::new(10);
        assert!(work.take(7) && !work.take(4) && work.take(3) && !work.take(1));
        assert_eq!(work.left(), 0);
    }
}
