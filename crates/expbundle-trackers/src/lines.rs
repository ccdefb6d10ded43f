//! Lines of a log, of a bounded length each: one that is too long takes no other line with it.

use std::io::{self, BufRead, Read as _};

use crate::finding::{SourceCode, SourceFinding};

/// A longer line is not read.
pub(crate) const MOST_LINE_BYTES: u64 = 64 << 20;

/// A line of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// A line with its end.
    Whole(&'a [u8]),
    /// The last line, which has no end.
    Open(&'a [u8]),
    /// A line that is too long to be read.
    TooLong,
}

/// Reads lines.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    /// Number of the line that was read last, from 1.
    pub number: u64,
    /// Bytes that were read.
    pub bytes: u64,
}

impl<R: BufRead> Lines<R> {
    pub fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), number: 0, bytes: 0 }
    }

    /// The next line.
    pub fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        let read = self.input.by_ref().take(MOST_LINE_BYTES).read_until(b'\n', &mut self.buffer)? as u64;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.bytes += read;
        if self.buffer.last() == Some(&b'\n') {
            return Ok(Some(Line::Whole(&self.buffer)));
        }
        if read < MOST_LINE_BYTES {
            return Ok(Some(Line::Open(&self.buffer)));
        }
        self.bytes += self.input.skip_until(b'\n')? as u64;
        Ok(Some(Line::TooLong))
    }
}

/// Lines of one kind of trouble.
#[derive(Debug, Default)]
pub(crate) struct Count {
    lines: u64,
    first: u64,
}

impl Count {
    /// Adds a line by its number.
    pub fn add(&mut self, line: u64) {
        if self.lines == 0 {
            self.first = line;
        }
        self.lines += 1;
    }

    /// The finding for these lines, if there are any.
    pub fn finding(&self, code: SourceCode, what: &str, file: &str) -> Option<SourceFinding> {
        let detail = match self.lines {
            0 => return None,
            1 => what.to_owned(),
            lines => format!("{what}: this line, and {} more", lines - 1),
        };
        Some(SourceFinding::new(code, format!("{file}:{}", self.first), detail))
    }
}

/// Lines of a log that cannot be read, by the kind of trouble: one finding for each kind.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    /// The last line, which has no end.
    pub cut: Count,
    /// Those that are not what the log holds.
    pub damaged: Count,
    /// Those that are too long.
    pub too_long: Count,
    /// Those in which bytes were replaced.
    pub not_utf8: Count,
    /// Those for which memory has no room.
    pub no_room: Count,
}

impl Trouble {
    /// Adds the findings. Each line of the log should be a `kind`.
    pub fn tell(&self, file: &str, kind: &str, findings: &mut Vec<SourceFinding>) {
        let damaged = format!("not a {kind}");
        for (count, code, what) in [
            (&self.cut, SourceCode::Truncated, "the last line was cut"),
            (&self.damaged, SourceCode::Damaged, damaged.as_str()),
            (&self.too_long, SourceCode::Unsupported, "longer than 64 MiB, and not read"),
            (&self.not_utf8, SourceCode::Damaged, "not UTF-8; the bytes that are not were replaced"),
            (&self.no_room, SourceCode::Unsupported, "beyond what is held in memory, and not kept"),
        ] {
            findings.extend(count.finding(code, what, file));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let long = vec![b'x'; usize::try_from(MOST_LINE_BYTES).expect("small") + 7];
        let text = [b"a\n", long.as_slice(), b"\nb"].concat();
        let mut lines = Lines::new(text.as_slice());
        assert_eq!(lines.next().expect("memory"), Some(Line::Whole(b"a\n")));
        assert_eq!(lines.next().expect("memory"), Some(Line::TooLong));
        assert_eq!(lines.next().expect("memory"), Some(Line::Open(b"b")));
        assert_eq!(lines.next().expect("memory"), None);
        assert_eq!((lines.number, lines.bytes), (3, text.len() as u64));
    }
}
