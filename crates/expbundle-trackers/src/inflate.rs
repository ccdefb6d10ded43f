//! Compressed bytes (RFC 1950), inflated within bounds.

use std::io::{self, BufRead, Read as _};

use flate2::bufread::ZlibDecoder;

/// Inflates one stream of at most so many bytes.
pub(crate) fn inflate(deflated: impl BufRead, most_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    ZlibDecoder::new(deflated).take(most_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most_bytes {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it inflates to more than it should"));
    }
    Ok(bytes)
}
