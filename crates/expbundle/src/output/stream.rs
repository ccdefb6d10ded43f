//! Streams that are written to.

use std::io::{self, ErrorKind, Write};
use std::thread::sleep;
use std::time::Duration;

/// How long to wait before a stream that takes nothing is tried again.
const WAIT: Duration = Duration::from_millis(5);

/// Writes all of it, and waits for a stream that does not: whoever shares a pipe may have made it one
/// that refuses what it cannot take at once.
pub fn write_patiently(stream: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = patiently(|| stream.write(bytes))?;
        bytes = bytes.get(written..).filter(|_| written > 0).ok_or(ErrorKind::WriteZero)?;
    }
    patiently(|| stream.flush())
}

fn patiently<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match attempt() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => sleep(WAIT),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes three bytes at a time, and every other time nothing.
    #[derive(Default)]
    struct Slow {
        taken: Vec<u8>,
        is_busy: bool,
    }

    impl Slow {
        fn busy(&mut self) -> io::Result<()> {
            self.is_busy = !self.is_busy;
            if self.is_busy { Err(ErrorKind::WouldBlock.into()) } else { Ok(()) }
        }
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.busy()?;
            let some = bytes.get(..3).unwrap_or(bytes);
            self.taken.extend_from_slice(some);
            Ok(some.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            self.busy()
        }
    }

    #[test]
    fn nothing_is_lost_by_who_takes_little() {
        let mut slow = Slow::default();
        write_patiently(&mut slow, b"all that there is").expect("it takes all");
        assert_eq!(slow.taken, b"all that there is");
        let mut full: &mut [u8] = &mut [0; 4];
        let error = write_patiently(&mut full, b"too much").expect_err("it takes no more");
        assert_eq!(error.kind(), ErrorKind::WriteZero);
    }
}
