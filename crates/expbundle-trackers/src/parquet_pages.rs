//! The heads of the pages of a Parquet file, read before the library takes memory for what they
//! promise.
//!
//! A head is a structure of Thrift's compact protocol (parquet.thrift, `PageHeader`). Only its
//! sizes and encodings matter here; the rest is skipped.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};

/// Bytes of a head, statistics of texts among them.
const MOST_HEAD_BYTES: usize = 1 << 20;
/// Bytes that are tried first: most heads have some twenty.
const FEW_HEAD_BYTES: usize = 1 << 10;
/// Structures in structures: real heads have four.
const MOST_LEVELS: u32 = 16;
/// `Encoding.DELTA_BYTE_ARRAY`: texts that begin like the one before, so that a page may hold far
/// more text than it has bytes.
const DELTA_BYTE_ARRAY: i64 = 7;
/// Bytes of a page, as read and as unpacked: beyond one text of the longest, tools end pages at
/// 1 MiB.
const MOST_BYTES_OF_A_PAGE: u64 = 64 << 20;
/// Bytes of the pages of a row group that lie side by side in memory, and of its dictionaries.
const MOST_BYTES_HELD: u64 = 256 << 20;

/// What the pages of a row group take of memory while it is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Held(u64);

impl Held {
    /// Adds a column. What memory should not hold is said in words.
    pub fn add(&mut self, pages: &Pages) -> Result<(), String> {
        let mib = |bytes: u64| bytes >> 20;
        let largest = pages.largest.max(pages.dictionary);
        if largest > MOST_BYTES_OF_A_PAGE {
            return Err(format!("a page has {} MiB unpacked; write it with smaller pages", mib(largest)));
        }
        self.0 = self.0.saturating_add(pages.largest).saturating_add(pages.dictionary);
        if self.0 > MOST_BYTES_HELD {
            let mib = mib(self.0);
            return Err(format!("its pages take {mib} MiB of memory side by side; write it with smaller row groups"));
        }
        Ok(())
    }
}

/// What the pages of a column chunk come to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pages {
    /// Bytes of the largest page as read and as decompressed.
    pub largest: u64,
    /// Bytes of the dictionary.
    pub dictionary: u64,
    /// Whether a page is coded as `DELTA_BYTE_ARRAY`.
    pub has_shared_beginnings: bool,
}

/// Reads the heads of the pages that lie in these bytes of a file. `None` if they cannot be read.
pub fn pages(mut file: &File, start: u64, bytes: u64) -> io::Result<Option<Pages>> {
    let mut found = Pages::default();
    let (mut position, end) = (start, start.saturating_add(bytes));
    let mut buffer = Vec::new();
    while position < end {
        let mut head = None;
        for most in [FEW_HEAD_BYTES, MOST_HEAD_BYTES] {
            buffer.clear();
            file.seek(SeekFrom::Start(position))?;
            let most = (end - position).min(most as u64);
            file.take(most).read_to_end(&mut buffer)?;
            head = Head::read(&buffer);
            if head.is_some() {
                break;
            }
        }
        let Some(head) = head else { return Ok(None) };
        let page = head.compressed.saturating_add(head.uncompressed);
        if head.is_dictionary {
            found.dictionary = found.dictionary.max(page);
        } else {
            found.largest = found.largest.max(page);
        }
        found.has_shared_beginnings |= head.encoding == Some(DELTA_BYTE_ARRAY);
        position = position.saturating_add(head.bytes).saturating_add(head.compressed);
    }
    Ok(Some(found))
}

#[derive(Debug, Default)]
struct Head {
    bytes: u64,
    uncompressed: u64,
    compressed: u64,
    is_dictionary: bool,
    encoding: Option<i64>,
}

impl Head {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut thrift = Thrift { bytes, position: 0 };
        let mut head = Self::default();
        let mut has_size = false;
        let mut id = 0;
        while let Some(kind) = thrift.field(&mut id)? {
            match (id, kind) {
                (1, I32) => head.is_dictionary = thrift.integer()? == 2,
                (2, I32) => head.uncompressed = u64::try_from(thrift.integer()?).ok()?,
                (3, I32) => {
                    head.compressed = u64::try_from(thrift.integer()?).ok()?;
                    has_size = true;
                }
                // The encoding is the second field of a data page's head, and the fourth of that of
                // version 2.
                (5, STRUCT) => head.encoding = thrift.member(2)?.or(head.encoding),
                (8, STRUCT) => head.encoding = thrift.member(4)?.or(head.encoding),
                (_, kind) => thrift.skip(kind, 0)?,
            }
        }
        head.bytes = thrift.position as u64;
        has_size.then_some(head)
    }
}

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const STRUCT: u8 = 12;

struct Thrift<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl Thrift<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.position)?;
        self.position += 1;
        Some(*byte)
    }

    fn leap(&mut self, count: u64) -> Option<()> {
        let position = self.position.checked_add(usize::try_from(count).ok()?)?;
        self.position = Some(position).filter(|position| *position <= self.bytes.len())?;
        Some(())
    }

    fn unsigned(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn integer(&mut self) -> Option<i64> {
        let zigzag = self.unsigned()?;
        Some((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
    }

    /// The kind of the next field, and its number in `id`; `Some(None)` at the end of a structure.
    #[expect(clippy::option_option, reason = "the outer one is for bytes that end too early")]
    fn field(&mut self, id: &mut i64) -> Option<Option<u8>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Some(None);
        }
        *id = match byte >> 4 {
            0 => self.integer()?,
            delta => id.checked_add(i64::from(delta))?,
        };
        Some(Some(byte & 0x0f))
    }

    /// Reads a structure for one of its members, an integer.
    #[expect(clippy::option_option, reason = "the outer one is for bytes that end too early")]
    fn member(&mut self, wanted: i64) -> Option<Option<i64>> {
        let (mut id, mut found) = (0, None);
        while let Some(kind) = self.field(&mut id)? {
            if id == wanted && kind == I32 {
                found = Some(self.integer()?);
            } else {
                self.skip(kind, 1)?;
            }
        }
        Some(found)
    }

    fn skip(&mut self, kind: u8, level: u32) -> Option<()> {
        if level > MOST_LEVELS {
            return None;
        }
        match kind {
            TRUE | FALSE => Some(()),
            BYTE => self.leap(1),
            I16 | I32 | I64 => self.unsigned().map(|_| ()),
            DOUBLE => self.leap(8),
            BINARY => {
                let count = self.unsigned()?;
                self.leap(count)
            }
            LIST | SET => {
                let head = self.byte()?;
                let count = match head >> 4 {
                    15 => self.unsigned()?,
                    few => u64::from(few),
                };
                // Each item has a byte at least, so that the loop ends with the bytes.
                match head & 0x0f {
                    TRUE | FALSE => self.leap(count),
                    kind => (0..count).try_for_each(|_| self.skip(kind, level + 1)),
                }
            }
            STRUCT => {
                let mut id = 0;
                while let Some(kind) = self.field(&mut id)? {
                    self.skip(kind, level + 1)?;
                }
                Some(())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_and_nonsense_is_not() {
        // The first data page of the worked example of spec/sections-parquet.md.
        let bytes = b"\x15\x00\x15\x04\x15\x06\x2c\x15\x04\x15\x10\x15\x06\x15\x06\x00\x00rest";
        let head = Head::read(bytes).expect("a head");
        assert_eq!((head.bytes, head.uncompressed, head.compressed, head.encoding), (17, 2, 3, Some(8)));
        assert!(!head.is_dictionary);
        let dictionary = Head::read(b"\x15\x04\x15\x10\x15\x12\x4c\x15\x02\x15\x00\x12\x00\x00").expect("a head");
        assert!(dictionary.is_dictionary && dictionary.encoding.is_none());
        for nonsense in
            [&b""[..], b"\x00", b"\x15\x00\x15\x05\x15", &[0x1c; 100], &[0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0xff]]
        {
            assert!(Head::read(nonsense).is_none(), "{nonsense:?}");
        }
    }
}
