//! Where sections are read from.

use std::io::{self, Read};

use crate::error::SeriesError;

/// Something that can be read by position, like a section inside a bundle.
pub trait ReadAt: Send + Sync {
    /// Its size in bytes.
    fn size(&self) -> u64;
    /// Reads at a position; as many bytes as are there.
    fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

impl ReadAt for Vec<u8> {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(position).ok().and_then(|start| self.get(start..)).unwrap_or_default();
        (&mut &*rest).read(buffer)
    }
}

impl dyn ReadAt + '_ {
    /// Reads so many bytes. No memory is taken for what the source is too short to have.
    pub(crate) fn exactly(&self, position: u64, count: usize) -> Result<Vec<u8>, SeriesError> {
        let ended = || SeriesError::Io(io::ErrorKind::UnexpectedEof.into());
        position.checked_add(count as u64).filter(|end| *end <= self.size()).ok_or_else(ended)?;
        let mut bytes = vec![0; count];
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.read_at(position + filled as u64, rest) {
                Ok(0) => return Err(ended()),
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(bytes)
    }
}
