//! Writes the one byte sequence that a set of entries has (spec/container.md).
//!
//! Streams: a large entry is read once for its CRC and once for its bytes, and no part of it is kept.

use std::io::{self, Read, Seek, SeekFrom, Write};

use super::layout::{Fields, MIMETYPE, MIMETYPE_NAME, end};
use super::name::EntryName;

/// Bytes of a content that are held at once; one that is smaller is read once.
const ROOM: usize = 256 * 1024;

/// Writes a bundle, entry by entry in the order of their names.
#[derive(Debug)]
pub struct Writer<W> {
    output: W,
    offset: u64,
    directory: Vec<u8>,
    entries: u64,
    last: Option<EntryName>,
    /// The last small content; its room is used again, since bundles have many of them.
    small: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Begins a bundle.
    pub fn new(output: W) -> io::Result<Self> {
        let mut writer = Self { output, offset: 0, directory: Vec::new(), entries: 0, last: None, small: Vec::new() };
        writer.whole(MIMETYPE_NAME, MIMETYPE.as_bytes())?;
        Ok(writer)
    }

    /// Writes an entry of that size. `content` is read from its start, and twice if it is large,
    /// for the header comes first and holds the CRC.
    ///
    /// Entries out of order, two of one name, and a content of another size than announced are
    /// errors.
    pub fn entry(&mut self, name: &EntryName, size: u64, content: &mut (impl Read + Seek)) -> io::Result<()> {
        if self.last.as_ref().is_some_and(|last| last >= name) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("`{name}` comes too late or twice")));
        }
        content.seek(SeekFrom::Start(0))?;
        if size < ROOM as u64 {
            let mut small = std::mem::take(&mut self.small);
            small.clear();
            content.by_ref().take(size + 1).read_to_end(&mut small)?;
            if small.len() as u64 != size {
                return Err(changed());
            }
            self.whole(&name.to_string(), &small)?;
            self.small = small;
        } else {
            let crc32 = each_piece(content, size, |_| Ok(()))?;
            content.seek(SeekFrom::Start(0))?;
            self.header(&name.to_string(), crc32, size)?;
            if each_piece(content, size, |piece| self.output.write_all(piece))? != crc32 {
                return Err(changed());
            }
        }
        self.last = Some(name.clone());
        Ok(())
    }

    /// Writes the directory, and gives the output back.
    pub fn finish(mut self) -> io::Result<W> {
        self.output.write_all(&self.directory)?;
        self.output.write_all(&end(self.entries, self.offset, self.directory.len() as u64))?;
        self.output.flush()?;
        Ok(self.output)
    }

    fn whole(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.header(name, crc32fast::hash(bytes), bytes.len() as u64)?;
        self.output.write_all(bytes)
    }

    /// Writes what stands before the bytes of an entry.
    fn header(&mut self, name: &str, crc32: u32, size: u64) -> io::Result<()> {
        let fields = Fields { crc32, size, offset: self.offset };
        let local = fields.local(name);
        self.output.write_all(&local)?;
        self.offset += local.len() as u64 + size;
        self.directory.extend(fields.central(name));
        self.entries += 1;
        Ok(())
    }
}

/// Gives all pieces of a content, which must have exactly that size, and its CRC-32.
fn each_piece(content: &mut impl Read, size: u64, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<u32> {
    // And a byte that should not be there.
    let room = usize::try_from(size).unwrap_or(usize::MAX).saturating_add(1).min(ROOM);
    let mut buffer = vec![0; room];
    let mut crc32 = crc32fast::Hasher::new();
    let mut left = size;
    loop {
        let count = match content.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if count == 0 && left == 0 {
            return Ok(crc32.finalize());
        }
        left = left.checked_sub(count as u64).filter(|_| count > 0).ok_or_else(changed)?;
        let piece = buffer.get(..count).expect("a reader fills at most the buffer");
        crc32.update(piece);
        take(piece)?;
    }
}

fn changed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the content changed while it was written")
}
