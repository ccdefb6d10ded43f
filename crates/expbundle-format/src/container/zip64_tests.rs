//! ZIP64: where it must begin, where it must not, and its one form.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use super::*;
use crate::digest::Blake3;
use crate::finding::Code;
use crate::limits::Limits;

#[test]
fn zip64_begins_exactly_where_it_must() {
    use layout::{Fields, end};
    let at = |size, offset| {
        let fields = Fields { crc32: 0, size, offset };
        (fields.local("mimetype").len() - 38, fields.central("mimetype").len() - 54)
    };
    assert_eq!(at(0xffff_fffe, 0xffff_fffe), (0, 0));
    assert_eq!(at(0xffff_ffff, 0), (20, 20));
    assert_eq!(at(0, 0xffff_ffff), (0, 12));
    assert_eq!(at(u64::MAX, u64::MAX), (20, 28));
    assert_eq!(end(0xfffe, 0xffff_fffe, 0xffff_fffe).len(), 22);
    assert_eq!([end(0xffff, 0, 0).len(), end(0, 0xffff_ffff, 0).len(), end(0, 0, 0xffff_ffff).len()], [98; 3]);
}

#[test]
fn the_headers_of_what_lies_far_away_are_these() {
    let fields = layout::Fields { crc32: 0x0403_0201, size: 5, offset: 0x0807_0605_0403_0201 };
    let central = [
        &b"PK\x01\x02\x2d\x03\x2d\0\0\0\0\0\0\0\x21\0\x01\x02\x03\x04\x05\0\0\0\x05\0\0\0\x01\0\x0c\0"[..],
        b"\0\0\0\0\0\0\0\0\xa4\x81\xff\xff\xff\xffx\x01\0\x08\0\x01\x02\x03\x04\x05\x06\x07\x08",
    ];
    assert_eq!(fields.central("x"), central.concat());
    let local = b"PK\x03\x04\x0a\0\0\0\0\0\0\0\x21\0\x01\x02\x03\x04\x05\0\0\0\x05\0\0\0\x01\0\0\0x";
    assert_eq!(fields.local("x"), local);
    let directory = layout::end(1, 0x1_0000_0001, 2);
    let end64 = [
        &b"PK\x06\x06\x2c\0\0\0\0\0\0\0\x2d\0\x2d\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0"[..],
        b"\x02\0\0\0\0\0\0\0\x01\0\0\0\x01\0\0\0PK\x06\x07\0\0\0\0\x03\0\0\0\x01\0\0\0\x01\0\0\0",
        b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x02\0\0\0\xff\xff\xff\xff\0\0",
    ];
    assert_eq!(directory, end64.concat());
}

/// A file that is mostly zeros and keeps only what is not: larger than any memory, read and written
/// at once.
#[derive(Debug, Default)]
struct Hollow {
    /// Pieces with something in them, by position.
    parts: std::collections::BTreeMap<u64, Vec<u8>>,
    length: u64,
    position: u64,
}

impl io::Write for Hollow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        static ZEROS: [u8; 1 << 18] = [0; 1 << 18];
        if ZEROS.get(..bytes.len()).is_none_or(|zeros| zeros != bytes) {
            self.parts.insert(self.length, bytes.to_vec());
        }
        self.length += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for &mut Hollow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let count = buffer.len().min(left);
        let buffer = &mut buffer[..count];
        buffer.fill(0);
        let (start, end) = (self.position, self.position + count as u64);
        for (at, part) in self.parts.range(..end) {
            let (from, to) = (start.max(*at), end.min(at + part.len() as u64));
            if from < to {
                let within = |position: u64, base: u64| usize::try_from(position - base).expect("small");
                buffer[within(from, start)..within(to, start)]
                    .copy_from_slice(&part[within(from, *at)..within(to, *at)]);
            }
        }
        self.position = end;
        Ok(count)
    }
}

impl Seek for &mut Hollow {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(change) => self.position.checked_add_signed(change),
            SeekFrom::End(change) => self.length.checked_add_signed(change),
        };
        self.position = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

/// So many zeros.
struct Zeros {
    size: u64,
    position: u64,
}

impl Read for Zeros {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(usize::try_from(self.size - self.position).expect("64 bits"));
        buffer[..count].fill(0);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Zeros {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        assert!(matches!(to, SeekFrom::Start(0)), "the writer only starts again");
        self.position = 0;
        Ok(0)
    }
}

fn name(byte: u8) -> EntryName {
    EntryName::Artifact(Blake3::from_bytes([byte; 32]))
}

/// A bundle with one entry of that many zeros and a small one behind it.
fn bundle_with_zeros(size: u64) -> Hollow {
    let mut writer = Writer::new(Hollow::default()).expect("memory");
    writer.entry(&name(1), size, &mut Zeros { size, position: 0 }).expect("memory");
    writer.entry(&name(2), 3, &mut Cursor::new(b"abc")).expect("memory");
    writer.finish().expect("memory")
}

/// The real writer and the real reader over more than 4 GiB, whose CRC is computed too; nothing
/// here knows a smaller limit.
#[test]
fn an_entry_of_more_than_4_gib_is_written_and_read() {
    let size = u64::from(u32::MAX) + 6;
    let mut file = bundle_with_zeros(size);
    let container = Container::open(&mut file, &Limits::default()).expect("canonical");
    let [large, small] = container.entries() else { panic!("two entries") };
    // 30 + 8 + 32 bytes of `mimetype`, then 30 bytes of header, 74 of name and 20 of ZIP64.
    assert_eq!((large.data_offset, large.size), (70 + 124, size));
    // After 2^32 - 1 zeros the register of CRC-32 is where it began, so these are as good as six.
    assert_eq!(large.crc32, crc32fast::hash(&[0; 6]));
    assert_eq!((small.data_offset, small.size), (70 + 124 + size + 104, 3));
    let data = [38..70, small.data_offset..small.data_offset + 3];
    // A size that its ZIP64 says twice, and differently.
    let mut twice = bundle_with_zeros(size);
    let (at, header) =
        twice.parts.iter_mut().find(|(at, part)| (**at..*at + part.len() as u64).contains(&193)).expect("it");
    header[usize::try_from(193 - at).expect("small")] ^= 1;
    let error = Container::open(&mut twice, &Limits::default()).expect_err("two sizes");
    assert_eq!(error.code(), Code::ContainerZip64);
    // Without the ZIP64 of the end its counts are right, and its form is not.
    let mut short = bundle_with_zeros(size);
    let end = short.parts.last_entry().expect("the end");
    let (at, end) = (*end.key(), end.remove());
    assert_eq!(end.len(), 98);
    short.parts.insert(at, end[76..].to_vec());
    short.length -= 76;
    let error = Container::open(&mut short, &Limits::default()).expect_err("no ZIP64");
    assert_eq!(error.code(), Code::ContainerZip64);
    every_flipped_bit_is_refused(file, |at| !data.iter().any(|data| data.contains(&at)));
}

/// Flips each bit of the kept parts in turn; those of the data are another's to find.
fn every_flipped_bit_is_refused(mut file: Hollow, is_header: impl Fn(u64) -> bool) {
    let places: Vec<(u64, usize)> =
        file.parts.iter().flat_map(|(at, part)| (0..part.len()).map(|i| (*at, i))).collect();
    for (part, index) in places {
        if !is_header(part + index as u64) {
            continue;
        }
        for bit in 0..8 {
            let flip = |file: &mut Hollow| file.parts.get_mut(&part).expect("a part")[index] ^= 1 << bit;
            flip(&mut file);
            assert!(Container::open(&mut file, &Limits::default()).is_err(), "byte {}, bit {bit}", part + index as u64);
            flip(&mut file);
        }
    }
}

#[test]
fn the_largest_entry_without_zip64_has_none() {
    // Only its headers: the size of the data decides, and nobody reads it here.
    let size = u64::from(u32::MAX) - 1;
    let fields = layout::Fields { crc32: 0, size, offset: 70 };
    assert_eq!((fields.local(&name(1).to_string()).len(), fields.central(&name(1).to_string()).len()), (104, 120));
}

fn many_entries(count: u32) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new()).expect("memory");
    for number in 0..count {
        let mut digest = [0; 32];
        digest[..4].copy_from_slice(&number.to_be_bytes());
        writer.entry(&EntryName::Artifact(Blake3::from_bytes(digest)), 0, &mut Cursor::new(b"")).expect("memory");
    }
    writer.finish().expect("memory")
}

fn open(bytes: &[u8]) -> Result<Container, ContainerError> {
    Container::open(Cursor::new(bytes), &Limits::default())
}

#[track_caller]
fn refused(bytes: &[u8], code: Code) {
    assert_eq!(open(bytes).expect_err("should be refused").code(), code);
}

#[test]
fn from_65_535_entries_on_the_count_is_in_zip64() {
    let end = |count| {
        let bytes = many_entries(count);
        assert_eq!(open(&bytes).expect("canonical").entries().len() as u64, u64::from(count));
        bytes.len() - 70 - count as usize * (104 + 120) - 54
    };
    // `mimetype` is an entry too.
    assert_eq!(end(65_533), 22);
    assert_eq!(end(65_534), 98);
}

#[test]
fn zip64_of_the_end_has_one_form() {
    let bytes = many_entries(70_000);
    // What Python's own zipfile writes for these entries, as tests/golden/README.md says.
    assert_eq!(Blake3::of(&bytes).to_string(), "c76b9db9088fbfc5be435f01fc2d05032016469e11e310a41e036f27c71a3e0c");
    let at = bytes.len() - 98;
    let (before, end64, locator, end) =
        (&bytes[..at], &bytes[at..at + 56], &bytes[at + 56..at + 76], &bytes[at + 76..]);
    let changed = |offset: usize, value: u8| {
        let mut changed = bytes.clone();
        assert_ne!(changed[at + offset], value);
        changed[at + offset] = value;
        changed
    };
    refused(&[before, end].concat(), Code::ContainerEntryCount);
    refused(&[before, locator, end].concat(), Code::ContainerGap);
    refused(&[before, end64, end].concat(), Code::ContainerZip64);
    refused(&[before, end64, end64, locator, end].concat(), Code::ContainerZip64);
    refused(&[before, end64, locator].concat(), Code::ContainerTruncated);
    refused(&[before, end64, b"data", locator, end].concat(), Code::ContainerZip64);
    // Size of the record, version, disk, the counts, the directory; of the locator disk, offset and
    // disks.
    for offset in [4, 12, 14, 16, 20, 40, 48, 60, 64, 72] {
        refused(&changed(offset, 77), Code::ContainerZip64);
    }
    refused(&changed(24, 77), Code::ContainerEntryCount);
    refused(&changed(32, 77), Code::ContainerEntryCount);
    // The count of the short end record, right modulo 65,536, is not an excuse.
    let mut modulo = bytes.clone();
    let short = bytes.len() - 22;
    modulo[short + 8..short + 10].copy_from_slice(&(70_001_u32 % 65_536).to_le_bytes()[..2]);
    refused(&modulo, Code::ContainerEntryCount);
}

#[test]
fn zip64_is_refused_where_it_is_not_needed() {
    let mut writer = Writer::new(Vec::new()).expect("memory");
    writer.entry(&name(1), 3, &mut Cursor::new(b"abc")).expect("memory");
    let bytes = writer.finish().expect("memory");
    let directory = 70 + 104 + 3;
    let end = bytes.len() - 22;

    // An end record of ZIP64 in a small bundle.
    let directory_bytes = (end - directory) as u64;
    let mut long = layout::end(70_000, directory as u64, directory_bytes)[..76].to_vec();
    for count in [24, 32] {
        long[count..count + 8].copy_from_slice(&2_u64.to_le_bytes());
    }
    refused(&[&bytes[..end], &long, &bytes[end..]].concat(), Code::ContainerZip64);

    // A local header that says its small size by ZIP64, and one that says it twice.
    let extra = [&[1, 0, 16, 0][..], &3_u64.to_le_bytes(), &3_u64.to_le_bytes()].concat();
    let with_extra = |extra: &[u8], full: bool| {
        let mut changed = bytes.clone();
        changed[70 + 28..70 + 30].copy_from_slice(&u16::try_from(extra.len()).expect("short").to_le_bytes());
        if full {
            changed[70 + 4] = 45;
            changed[70 + 18..70 + 26].fill(0xff);
        }
        changed.splice(70 + 104..70 + 104, extra.iter().copied());
        changed
    };
    refused(&with_extra(&extra, false), Code::ContainerZip64);
    refused(&with_extra(&extra, true), Code::ContainerZip64);
    refused(&with_extra(&[&extra[..], &extra].concat(), true), Code::ContainerZip64);
    refused(&with_extra(&extra[..12], true), Code::ContainerZip64);
    refused(&with_extra(&[], true), Code::ContainerZip64);

    // The same in the directory.
    let mut central = bytes.clone();
    let second = directory + 54;
    central[second + 30] = 12;
    central.splice(end..end, [&[1, 0, 8, 0][..], &70_u64.to_le_bytes()].concat());
    refused(&central, Code::ContainerZip64);
    (central[second + 4], central[second + 6]) = (45, 45);
    refused(&central, Code::ContainerZip64);
    central[second + 12] = 1;
    refused(&central, Code::ContainerFixedField);
    let mut foreign = bytes.clone();
    foreign[second + 30] = 4;
    foreign.splice(end..end, [0x75, 0x70, 0, 0]);
    refused(&foreign, Code::ContainerExtraField);
}
