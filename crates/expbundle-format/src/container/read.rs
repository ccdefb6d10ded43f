//! Reads the container strictly (spec/container.md, "Reading").
//!
//! The layout leaves a writer no choice. So the reader learns name, size and CRC of each entry from
//! its local header, builds the headers that these must have, and compares bytes; only when they
//! differ does it look into what differs, to say it by a code. Two passes: local headers in
//! sequence, then the central directory, which must agree.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::error::ContainerError;
use super::layout::{
    CENTRAL_BYTES, CENTRAL_SIGNATURE, END_BYTES, END_SIGNATURE, END64_SIGNATURE, EXTRA_ZIP64, FULL_16, FULL_32, Fields,
    LOCAL_BYTES, LOCAL_SIGNATURE, MIMETYPE, MIMETYPE_NAME, end,
};
use super::name::EntryName;
use crate::limits::Limits;
use crate::pointer::{MAX_POINTER_BYTES, Pointer};

/// One entry, as both directories tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: EntryName,
    /// Where its bytes begin in the file.
    pub data_offset: u64,
    /// How many bytes it has.
    pub size: u64,
    /// What the headers say of its CRC-32. Whoever reads the bytes compares.
    pub crc32: u32,
}

/// A container whose layout is as laid down. The bytes of its entries were not read yet.
#[derive(Clone, Debug)]
pub struct Container {
    entries: Vec<Entry>,
}

impl Container {
    /// Reads both directories of a bundle. Time and memory are bounded by the number of entries,
    /// not by their size.
    pub fn open(source: impl Read + Seek, limits: &Limits) -> Result<Self, ContainerError> {
        let mut reader = Scanner::new(source)?;
        reader.is_archive()?;
        let locals = reader.locals(limits)?;
        reader.directory(&locals)?;
        let entries = locals.into_iter().filter_map(Local::entry).collect();
        Ok(Self { entries })
    }

    /// The entries but `mimetype`, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// What a local header says.
struct Local {
    /// The name, or `None` for `mimetype`.
    name: Option<EntryName>,
    text: String,
    fields: Fields,
    data_offset: u64,
}

impl Local {
    fn entry(self) -> Option<Entry> {
        let Fields { crc32, size, .. } = self.fields;
        self.name.map(|name| Entry { name, data_offset: self.data_offset, size, crc32 })
    }
}

struct Scanner<R> {
    source: BufReader<R>,
    position: u64,
    length: u64,
}

impl<R: Read + Seek> Scanner<R> {
    fn new(mut source: R) -> Result<Self, ContainerError> {
        let length = source.seek(SeekFrom::End(0))?;
        source.seek(SeekFrom::Start(0))?;
        // Headers are short and the data between them is skipped, so a larger buffer would mostly
        // read what nobody asked for.
        Ok(Self { source: BufReader::with_capacity(8 * 1024, source), position: 0, length })
    }

    /// Tells what is not a bundle at all from what is a damaged one.
    fn is_archive(&mut self) -> Result<(), ContainerError> {
        if self.peek()? == Some(LOCAL_SIGNATURE) {
            return Ok(());
        }
        if self.length >= END_BYTES {
            self.seek(self.length - END_BYTES)?;
            if self.peek()? == Some(END_SIGNATURE) {
                // An archive of nothing, or one with something before it.
                return Err(if self.position == 0 {
                    ContainerError::Mimetype { offset: 0 }
                } else {
                    ContainerError::Gap { offset: 0 }
                });
            }
        }
        Err(if self.is_pointer()? { ContainerError::Pointer } else { ContainerError::NotABundle })
    }

    /// Whether it is a Git LFS pointer, as a clone without LFS holds it.
    fn is_pointer(&mut self) -> Result<bool, ContainerError> {
        self.seek(0)?;
        let mut start = Vec::new();
        self.source.by_ref().take(MAX_POINTER_BYTES).read_to_end(&mut start)?;
        Ok(matches!(Pointer::parse(&start), Ok(Some(_))))
    }

    /// The next four bytes as a number, if there are four.
    fn peek(&mut self) -> Result<Option<u32>, ContainerError> {
        if self.length.saturating_sub(self.position) < 4 {
            return Ok(None);
        }
        let mut bytes = [0; 4];
        self.source.read_exact(&mut bytes)?;
        self.source.seek_relative(-4)?;
        Ok(Some(u32::from_le_bytes(bytes)))
    }

    fn seek(&mut self, position: u64) -> Result<(), ContainerError> {
        let change = i64::try_from(i128::from(position) - i128::from(self.position))
            .map_err(|_| ContainerError::Range { offset: self.position })?;
        self.source.seek_relative(change)?;
        self.position = position;
        Ok(())
    }

    /// Appends so many bytes to `bytes`.
    fn read(&mut self, bytes: &mut Vec<u8>, count: u64) -> Result<(), ContainerError> {
        let got = (&mut self.source).take(count).read_to_end(bytes)?;
        self.position += got as u64;
        if got as u64 == count { Ok(()) } else { Err(ContainerError::Truncated { offset: self.position }) }
    }

    /// First pass: local headers in sequence, until something else begins.
    fn locals(&mut self, limits: &Limits) -> Result<Vec<Local>, ContainerError> {
        let mut locals: Vec<Local> = Vec::new();
        while self.peek()? == Some(LOCAL_SIGNATURE) {
            if locals.len() as u64 > limits.entries {
                return Err(ContainerError::Limit { what: "entries", limit: limits.entries });
            }
            let local = self.local(locals.is_empty())?;
            if let (Some(last), Some(name)) = (locals.last().and_then(|last| last.name.as_ref()), &local.name)
                && last >= name
            {
                let twice = locals.iter().any(|earlier| earlier.name.as_ref() == Some(name));
                let (name, offset) = (local.text, local.fields.offset);
                return Err(if twice {
                    ContainerError::DuplicateName { name, offset }
                } else {
                    ContainerError::Order { name, offset }
                });
            }
            let end = local.data_offset.checked_add(local.fields.size).filter(|end| *end <= self.length);
            let end = end.ok_or(ContainerError::Truncated { offset: self.length })?;
            if locals.is_empty() {
                self.mimetype(&local)?;
            }
            self.seek(end)?;
            locals.push(local);
        }
        Ok(locals)
    }

    fn local(&mut self, first: bool) -> Result<Local, ContainerError> {
        let offset = self.position;
        let mut header = Vec::with_capacity(160);
        self.read(&mut header, LOCAL_BYTES)?;
        let (name_bytes, extra_bytes) = (u64::from(u16_at(&header, 26)), u64::from(u16_at(&header, 28)));
        self.read(&mut header, name_bytes + extra_bytes)?;
        let name_end = usize::try_from(LOCAL_BYTES + name_bytes).unwrap_or(usize::MAX);
        let raw_name = header.get(30..name_end).unwrap_or_default();
        let extra = header.get(name_end..).unwrap_or_default();
        let text = match std::str::from_utf8(raw_name) {
            Ok(text) => text.to_owned(),
            Err(_) => String::from_utf8_lossy(raw_name).into_owned(),
        };
        let shown = || text.chars().take(160).collect::<String>();
        if u16_at(&header, 6) != 0 {
            return Err(ContainerError::Flags { name: shown(), flags: u16_at(&header, 6), offset });
        }
        if u16_at(&header, 8) != 0 {
            return Err(ContainerError::NotStored { name: shown(), method: u16_at(&header, 8), offset });
        }
        let name = match (first, text.as_str()) {
            (true, MIMETYPE_NAME) => None,
            (true, _) => return Err(ContainerError::Mimetype { offset }),
            (false, MIMETYPE_NAME) => return Err(ContainerError::DuplicateName { name: text, offset }),
            (false, _) => Some(text.parse().map_err(|_| ContainerError::Name { name: shown(), offset })?),
        };
        let sizes = (u32_at(&header, 18), u32_at(&header, 22));
        let size = if sizes == (FULL_32, FULL_32) {
            let values = zip64_values(extra, 2);
            values.and_then(|values| values.first().copied()).ok_or_else(|| extra_difference(extra, &text, offset))?
        } else if sizes.0 == sizes.1 {
            u64::from(sizes.0)
        } else {
            return Err(ContainerError::HeaderMismatch { name: text, field: "size", offset });
        };
        let fields = Fields { crc32: u32_at(&header, 14), size, offset };
        if header != fields.local(&text) {
            return Err(local_difference(&header, extra, &fields.local(&text), &text, offset));
        }
        Ok(Local { name, text, fields, data_offset: self.position })
    }

    /// The first entry says which format this is, and of which major version.
    fn mimetype(&mut self, local: &Local) -> Result<(), ContainerError> {
        let offset = local.data_offset;
        let mut content = Vec::new();
        if local.fields.size <= 64 {
            self.read(&mut content, local.fields.size)?;
        }
        if content == MIMETYPE.as_bytes() {
            return if local.fields.crc32 == crc32fast::hash(&content) {
                Ok(())
            } else {
                Err(ContainerError::Crc { name: MIMETYPE_NAME.to_owned(), offset: local.fields.offset })
            };
        }
        let text = String::from_utf8_lossy(&content);
        let major = text.strip_prefix("application/vnd.expbundle.v").and_then(|rest| rest.strip_suffix("+zip"));
        match major {
            Some(major) if !major.is_empty() && major.bytes().all(|digit| digit.is_ascii_digit()) => {
                Err(ContainerError::Version { major: major.to_owned(), offset })
            }
            _ => Err(ContainerError::Mimetype { offset }),
        }
    }

    /// Second pass: the central directory agrees with the local headers, entry by entry, and the
    /// end record with both.
    fn directory(&mut self, locals: &[Local]) -> Result<(), ContainerError> {
        let start = self.position;
        match self.peek()? {
            Some(CENTRAL_SIGNATURE) => {}
            None => return Err(ContainerError::Truncated { offset: self.length }),
            Some(END_SIGNATURE | END64_SIGNATURE) => {
                let name = locals.first().map(|local| local.text.clone()).unwrap_or_default();
                return Err(ContainerError::HeaderMismatch { name, field: "presence in the directory", offset: start });
            }
            Some(_) => return Err(ContainerError::Gap { offset: start }),
        }
        for local in locals {
            self.central(local)?;
        }
        if self.peek()? == Some(CENTRAL_SIGNATURE) {
            let name = "an entry of the directory".to_owned();
            return Err(ContainerError::HeaderMismatch {
                name,
                field: "presence before the directory",
                offset: self.position,
            });
        }
        let size = self.position - start;
        let expected = end(locals.len() as u64, start, size);
        self.end(&expected)
    }

    fn central(&mut self, local: &Local) -> Result<(), ContainerError> {
        let offset = self.position;
        let mismatch = |field| ContainerError::HeaderMismatch { name: local.text.clone(), field, offset };
        match self.peek()? {
            Some(CENTRAL_SIGNATURE) => {}
            None => return Err(ContainerError::Truncated { offset: self.length }),
            Some(END_SIGNATURE | END64_SIGNATURE) => return Err(mismatch("presence in the directory")),
            Some(_) => return Err(ContainerError::Gap { offset }),
        }
        let mut header = Vec::with_capacity(160);
        self.read(&mut header, CENTRAL_BYTES)?;
        let (name_bytes, extra_bytes) = (u64::from(u16_at(&header, 28)), u64::from(u16_at(&header, 30)));
        self.read(&mut header, name_bytes + extra_bytes)?;
        let expected = local.fields.central(&local.text);
        if header == expected {
            return Ok(());
        }
        let name_end = usize::try_from(CENTRAL_BYTES + name_bytes).unwrap_or(usize::MAX);
        if header.get(46..name_end) != Some(local.text.as_bytes()) {
            return Err(mismatch("name"));
        }
        if u16_at(&header, 32) != 0 {
            return Err(ContainerError::Comment { offset });
        }
        if u16_at(&header, 34) != 0 {
            return Err(ContainerError::MultiDisk { offset });
        }
        let differs = |from: usize, to: usize| header.get(from..to) != expected.get(from..to);
        for (field, from, to) in [("flags", 8, 10), ("method", 10, 12), ("CRC", 16, 20)] {
            if differs(from, to) {
                return Err(mismatch(field));
            }
        }
        for (field, from, to) in
            [("version", 4, 5), ("system", 5, 6), ("version", 6, 8), ("time", 12, 16), ("attributes", 36, 42)]
        {
            // With ZIP64 needless or missing both versions follow from that.
            if differs(from, to) && (field != "version" || header.len() == expected.len()) {
                return Err(ContainerError::FixedField { name: local.text.clone(), field, offset });
            }
        }
        if header.len() == expected.len() {
            if differs(20, 28) {
                return Err(mismatch("size"));
            }
            if differs(42, 46) {
                return Err(mismatch("offset"));
            }
            return Err(ContainerError::Zip64 { offset });
        }
        let extra = header.get(name_end..).unwrap_or_default();
        Err(extra_difference(extra, &local.text, offset))
    }

    /// What follows the directory, to the last byte of the file.
    fn end(&mut self, expected: &[u8]) -> Result<(), ContainerError> {
        let start = self.position;
        let rest = self.length - start;
        let mut bytes = Vec::new();
        self.read(&mut bytes, rest.min(expected.len() as u64))?;
        if bytes == expected {
            return match rest - expected.len() as u64 {
                0 => Ok(()),
                extra => Err(ContainerError::TrailingBytes { offset: self.position, extra }),
            };
        }
        if rest < END_BYTES {
            return Err(ContainerError::Truncated { offset: self.length });
        }
        let wants64 = expected.len() as u64 > END_BYTES;
        let signature = u32_at(&bytes, 0);
        match signature {
            END64_SIGNATURE | END_SIGNATURE => {}
            _ => return Err(ContainerError::Gap { offset: start }),
        }
        if wants64 != (signature == END64_SIGNATURE) {
            // A count that is right only modulo 65,536 is a lie about the count; anything else is a
            // matter of form.
            let counts = expected.len().checked_sub(14).and_then(|at| expected.get(at..at + 2));
            return Err(if wants64 && counts == Some(&FULL_16.to_le_bytes()) {
                ContainerError::EntryCount { offset: start }
            } else {
                ContainerError::Zip64 { offset: start }
            });
        }
        let at = bytes.len().saturating_sub(22);
        let tail = |from: usize, to: usize| bytes.get(at + from..at + to) != expected.get(at + from..at + to);
        if wants64 && bytes.get(..at) != expected.get(..at) {
            let counts = bytes.get(24..40) != expected.get(24..40);
            return Err(if counts {
                ContainerError::EntryCount { offset: start }
            } else {
                ContainerError::Zip64 { offset: start }
            });
        }
        if (bytes.len() as u64) < expected.len() as u64 {
            // The end is here, so what lacks is between.
            return Err(if u32_at(&bytes, at) == END_SIGNATURE {
                ContainerError::Zip64 { offset: start }
            } else {
                ContainerError::Truncated { offset: self.length }
            });
        }
        Err(if tail(0, 4) {
            ContainerError::Gap { offset: start }
        } else if tail(4, 8) {
            ContainerError::MultiDisk { offset: start }
        } else if tail(8, 12) {
            ContainerError::EntryCount { offset: start }
        } else if tail(12, 20) {
            ContainerError::Range { offset: start }
        } else {
            ContainerError::Comment { offset: start }
        })
    }
}

/// Says why a local header is not the one that its own name, size and CRC call for.
fn local_difference(header: &[u8], extra: &[u8], expected: &[u8], name: &str, offset: u64) -> ContainerError {
    if header.len() != expected.len() {
        return extra_difference(extra, name, offset);
    }
    let differs = |from: usize, to: usize| header.get(from..to) != expected.get(from..to);
    let field = if differs(4, 6) {
        "version"
    } else if differs(10, 14) {
        "time"
    } else {
        return ContainerError::Zip64 { offset };
    };
    ContainerError::FixedField { name: name.to_owned(), field, offset }
}

/// An extra field that should not be there, or not like this.
fn extra_difference(extra: &[u8], name: &str, offset: u64) -> ContainerError {
    if extra.is_empty() || u16_at(extra, 0) == EXTRA_ZIP64 {
        ContainerError::Zip64 { offset }
    } else {
        ContainerError::ExtraField { name: name.to_owned(), tag: u16_at(extra, 0), offset }
    }
}

/// The values of a ZIP64 extra field that is alone and has exactly so many.
fn zip64_values(extra: &[u8], count: usize) -> Option<Vec<u64>> {
    let fits =
        u16_at(extra, 0) == EXTRA_ZIP64 && usize::from(u16_at(extra, 2)) == count * 8 && extra.len() == 4 + count * 8;
    let values = extra.get(4..).filter(|_| fits)?;
    values.chunks_exact(8).map(|bytes| bytes.try_into().ok().map(u64::from_le_bytes)).collect()
}

/// The little-endian number at a place of a header; what is not there reads as the value of no
/// valid field.
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).and_then(|bytes| bytes.try_into().ok()).map_or(FULL_16, u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(FULL_32, u32::from_le_bytes)
}

impl From<io::Error> for ContainerError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated { offset: 0 },
            _ => Self::Read(error),
        }
    }
}
