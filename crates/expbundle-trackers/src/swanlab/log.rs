//! The log: W&B's framing with another beginning.

use std::io::{self, Read};

use crate::wandb::log::{Log, Start};

/// `:SWL`, 0xE1D6 in little-endian order, and the version that is known.
const MAGIC: [u8; 7] = [b':', b'S', b'W', b'L', 0xd6, 0xe1, 2];

/// What a log is, before its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A log of the known version.
    Known,
    /// No byte at all: the run died at once.
    Empty,
    /// A log of another version.
    Version(u8),
    /// Anything else.
    Foreign,
}

/// Begins to read a log.
pub(super) fn open<R: Read>(source: R, place: &str) -> io::Result<(Kind, Log<R>)> {
    let (start, log) = Log::with_magic(source, place, MAGIC)?;
    let kind = match (start, log.head()) {
        (Start::Log, _) => Kind::Known,
        (Start::Empty, _) => Kind::Empty,
        (Start::Foreign, [head @ .., version]) if MAGIC.starts_with(head) && head.len() == MAGIC.len() - 1 => {
            Kind::Version(*version)
        }
        (Start::Foreign, head) if !head.is_empty() && MAGIC.starts_with(head) => Kind::Empty,
        (Start::Foreign, _) => Kind::Foreign,
    };
    Ok((kind, log))
}
