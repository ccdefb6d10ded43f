//! Bytes that may be large: in memory, or a part of a file that is read when needed.
//!
//! A bundle of 20 GB is a list of these. Cloning one copies no bytes.

use std::borrow::Cow;
#[cfg(feature = "fs")]
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use expbundle_format::{DigestSet, Hasher};

/// Some bytes, in memory or in a file.
#[derive(Clone, Debug)]
pub struct Content {
    place: Place,
    offset: u64,
    size: u64,
}

#[derive(Clone, Debug)]
enum Place {
    Memory(Arc<[u8]>),
    #[cfg(feature = "fs")]
    File(Arc<File>),
}

impl Content {
    /// Bytes in memory.
    pub fn bytes(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        let size = bytes.len() as u64;
        Self { place: Place::Memory(bytes), offset: 0, size }
    }

    /// A whole file, as long as it is now. The file is read later, by position; its own cursor is
    /// not moved.
    #[cfg(feature = "fs")]
    pub fn file(file: File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        Ok(Self { place: Place::File(Arc::new(file)), offset: 0, size })
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// A part of it. `None` if it reaches past the end.
    pub fn slice(&self, offset: u64, size: u64) -> Option<Self> {
        let end = offset.checked_add(size)?;
        (end <= self.size).then(|| Self { place: self.place.clone(), offset: self.offset + offset, size })
    }

    /// A reader from the first byte to the last. Independent readers may read at once.
    pub fn reader(&self) -> Reader<'_> {
        Reader { content: self, position: 0 }
    }

    /// All bytes, if there are at most `limit`; the caller has a reason for the number.
    pub fn read(&self, limit: u64) -> io::Result<Vec<u8>> {
        self.at_most(limit).map(Cow::into_owned)
    }

    /// The same, borrowed where the bytes are in memory.
    pub(crate) fn at_most(&self, limit: u64) -> io::Result<Cow<'_, [u8]>> {
        if self.size > limit {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("{} bytes, more than {limit}", self.size)));
        }
        if let Some(bytes) = self.memory() {
            return Ok(Cow::Borrowed(bytes));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(self.size).unwrap_or(0));
        self.reader().read_to_end(&mut bytes)?;
        Ok(Cow::Owned(bytes))
    }

    /// Whether it is not text, by its first bytes: none of a text is zero.
    pub fn is_binary(&self) -> io::Result<bool> {
        let mut head = [0; 4096];
        let read = self.read_at(0, &mut head)?;
        Ok(head.iter().take(read).any(|byte| *byte == 0))
    }

    /// The bytes, if they are in memory.
    pub fn memory(&self) -> Option<&[u8]> {
        #[cfg(feature = "fs")]
        let Place::Memory(bytes) = &self.place else { return None };
        #[cfg(not(feature = "fs"))]
        let Place::Memory(bytes) = &self.place;
        let start = usize::try_from(self.offset).ok()?;
        bytes.get(start..start.checked_add(usize::try_from(self.size).ok()?)?)
    }

    /// Both digests, in one pass.
    pub fn digest(&self) -> io::Result<DigestSet> {
        if let Some(bytes) = self.memory() {
            return Ok(DigestSet::of(bytes));
        }
        let mut hasher = Hasher::new();
        hasher.update_reader(self.reader())?;
        Ok(hasher.finish())
    }

    /// Reads at a position; as many bytes as are there, none at the end.
    pub fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(position)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let Some(buffer) = buffer.get_mut(..wanted).filter(|buffer| !buffer.is_empty()) else { return Ok(0) };
        let from = self.offset + position;
        match &self.place {
            Place::Memory(bytes) => {
                let start = usize::try_from(from).map_err(|_| io::ErrorKind::UnexpectedEof)?;
                let source = bytes.get(start..start + wanted).ok_or(io::ErrorKind::UnexpectedEof)?;
                buffer.copy_from_slice(source);
                Ok(wanted)
            }
            #[cfg(feature = "fs")]
            Place::File(file) => match read_file_at(file, from, buffer)? {
                // It was that long when it was opened, so it has shrunk.
                0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file was cut short while it was read")),
                count => Ok(count),
            },
        }
    }
}

/// Reads at a position, as much as there is at once.
#[cfg(all(feature = "fs", unix))]
pub(crate) fn read_file_at(file: &File, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, position)
}

#[cfg(all(feature = "fs", windows))]
pub(crate) fn read_file_at(file: &File, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, position)
}

/// Elsewhere, as in WebAssembly, one thread reads a file, so nobody else moves its position.
#[cfg(all(feature = "fs", not(any(unix, windows))))]
pub(crate) fn read_file_at(mut file: &File, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
    file.seek(SeekFrom::Start(position))?;
    file.read(buffer)
}

/// Reads a [`Content`].
#[derive(Debug)]
pub struct Reader<'a> {
    content: &'a Content,
    position: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read_at(self.position, buffer)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Reader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(change) => self.position.checked_add_signed(change),
            SeekFrom::End(change) => self.content.size.checked_add_signed(change),
        };
        self.position = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(all(test, feature = "fs"))]
mod tests {
    use std::io::Write;

    use super::*;

    fn both() -> [Content; 2] {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(b"0123456789").expect("room for ten bytes");
        [Content::bytes(*b"0123456789"), Content::file(file).expect("a file")]
    }

    #[test]
    fn a_slice_reads_the_same_from_memory_and_from_a_file() {
        for content in both() {
            let slice = content.slice(2, 5).and_then(|part| part.slice(1, 3)).expect("within");
            assert_eq!(slice.read(3).expect("small"), b"345");
            assert_eq!(slice.digest().expect("readable"), DigestSet::of(b"345"));
            assert!(slice.read(2).is_err());
            assert!(content.slice(8, 3).is_none());
            assert!(content.slice(u64::MAX, 2).is_none());
            let mut reader = slice.reader();
            reader.seek(SeekFrom::End(-1)).expect("within");
            let mut rest = String::new();
            reader.read_to_string(&mut rest).expect("text");
            assert_eq!(rest, "5");
        }
    }

    #[test]
    fn a_file_that_shrinks_is_an_error() {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(b"0123456789").expect("room for ten bytes");
        let content = Content::file(file.try_clone().expect("a second handle")).expect("a file");
        file.set_len(4).expect("shrinks");
        assert_eq!(content.read(10).expect_err("cut short").kind(), io::ErrorKind::UnexpectedEof);
    }
}
