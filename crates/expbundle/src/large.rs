//! Large JSON texts are read one at a time (spec/security.md).
//!
//! In memory a text of small objects may take 80 times its size, and every core would read one.

use std::sync::{Mutex, PoisonError};

/// Texts of more bytes are large.
const LARGE_BYTES: u64 = 1 << 20;

static TURN: Mutex<()> = Mutex::new(());

/// Reads, and uses what was read, while no other large text is in memory. What it runs must not
/// wait for other threads.
pub(crate) fn in_turn<T>(size_bytes: u64, read: impl FnOnce() -> T) -> T {
    let _turn = (size_bytes > LARGE_BYTES).then(|| TURN.lock().unwrap_or_else(PoisonError::into_inner));
    read()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use expbundle_lineage::parallel::prelude::*;

    use super::*;

    #[test]
    fn only_one_large_text_is_read_at_a_time() {
        let reading = AtomicUsize::new(0);
        let read = || {
            let others = reading.fetch_add(1, Ordering::SeqCst);
            std::thread::yield_now();
            reading.fetch_sub(1, Ordering::SeqCst);
            others
        };
        let most = (0..1000).into_par_iter().map(|_| in_turn(LARGE_BYTES + 1, read)).max();
        assert_eq!(most, Some(0));
        // A small one waits for nobody, not even for a large one that is being read.
        assert_eq!(in_turn(LARGE_BYTES + 1, || in_turn(LARGE_BYTES, || 7)), 7);
    }
}
