//! The layout against bytes that another tool wrote, and every rule against a file that breaks it.

use std::io::Cursor;

use super::*;
use crate::digest::{Blake3, RecordId};
use crate::finding::Code;
use crate::limits::Limits;

/// Written by Python's own zipfile; `tests/golden/README.md` says how.
const SMALLEST: &[u8] = include_bytes!("../../tests/golden/smallest.expb");

fn open(bytes: &[u8]) -> Result<Container, ContainerError> {
    Container::open(Cursor::new(bytes), &Limits::default())
}

#[track_caller]
fn refused(bytes: &[u8], code: Code) {
    assert_eq!(open(bytes).expect_err("should be refused").code(), code);
}

/// Changes bytes of the smallest bundle.
#[track_caller]
fn patched(at: usize, bytes: &[u8], code: Code) {
    let mut changed = SMALLEST.to_vec();
    changed[at..at + bytes.len()].copy_from_slice(bytes);
    assert_ne!(changed, SMALLEST, "nothing changed");
    refused(&changed, code);
}

fn find(signature: u32, which: usize) -> usize {
    let signature = signature.to_le_bytes();
    let mut places = SMALLEST.windows(4).enumerate().filter(|(_, window)| *window == signature).map(|(at, _)| at);
    places.nth(which).expect("a header of that kind")
}

#[test]
fn the_smallest_bundle_reads_and_writes_to_the_byte() {
    let container = open(SMALLEST).expect("canonical");
    let mut writer = Writer::new(Vec::new()).expect("memory");
    for entry in container.entries() {
        let from = usize::try_from(entry.data_offset).expect("small");
        let data = &SMALLEST[from..from + usize::try_from(entry.size).expect("small")];
        assert_eq!(crc32fast::hash(data), entry.crc32);
        writer.entry(&entry.name, entry.size, &mut Cursor::new(data)).expect("memory");
    }
    assert_eq!(writer.finish().expect("memory"), SMALLEST);
}

#[test]
fn the_writer_refuses_what_no_bundle_is() {
    /// Other bytes each time that it is read from its start. Only a large content is read twice.
    struct Restless(u8, usize);
    const LARGE: usize = 300_000;
    impl std::io::Read for Restless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = buffer.len().min(self.1);
            buffer[..count].fill(self.0);
            self.1 -= count;
            Ok(count)
        }
    }
    impl std::io::Seek for Restless {
        fn seek(&mut self, _: std::io::SeekFrom) -> std::io::Result<u64> {
            (self.0, self.1) = (self.0 + 1, LARGE);
            Ok(0)
        }
    }

    let [a, b] = [1, 2].map(|byte| EntryName::Artifact(Blake3::from_bytes([byte; 32])));
    let mut writer = Writer::new(Vec::new()).expect("memory");
    writer.entry(&b, 1, &mut Cursor::new(b"b")).expect("the first");
    for name in [&a, &b] {
        let error = writer.entry(name, 1, &mut Cursor::new(b"a")).expect_err("too late");
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    }
    let statement = EntryName::Statement(Blake3::of(b""));
    for (size, content) in [(1, &b""[..]), (1, b"xx"), (0, b"x"), (300_000, b"x")] {
        let error = writer.entry(&statement, size, &mut Cursor::new(content)).expect_err("another size");
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    }
    let error = writer.entry(&statement, LARGE as u64, &mut Restless(0, 0)).expect_err("changes");
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
}

#[test]
fn the_writer_goes_on_after_an_interruption_and_fails_with_its_source() {
    /// Fails once, each time that it is read from its start.
    struct Failing(std::io::ErrorKind, bool, Cursor<&'static [u8]>);
    impl std::io::Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if std::mem::take(&mut self.1) { Err(self.0.into()) } else { self.2.read(buffer) }
        }
    }
    impl std::io::Seek for Failing {
        fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
            self.1 = true;
            self.2.seek(to)
        }
    }

    let name = EntryName::Artifact(Blake3::of(b"abc"));
    let written = |kind| {
        let mut writer = Writer::new(Vec::new())?;
        writer.entry(&name, 3, &mut Failing(kind, true, Cursor::new(b"abc")))?;
        writer.finish()
    };
    let bytes = written(std::io::ErrorKind::Interrupted).expect("it goes on");
    assert_eq!(open(&bytes).expect("canonical").entries()[0].crc32, crc32fast::hash(b"abc"));
    let error = written(std::io::ErrorKind::TimedOut).expect_err("its source fails");
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

#[test]
fn every_flipped_bit_of_a_header_is_refused() {
    let container = open(SMALLEST).expect("canonical");
    let is_data = |at: usize| {
        container
            .entries()
            .iter()
            .any(|entry| (entry.data_offset..entry.data_offset + entry.size).contains(&(at as u64)))
    };
    for at in 0..SMALLEST.len() {
        for bit in 0..8 {
            let mut flipped = SMALLEST.to_vec();
            flipped[at] ^= 1 << bit;
            match open(&flipped) {
                Err(_) => {}
                // Whoever reads the data compares its CRC and its digest.
                Ok(read) => assert!(is_data(at) && read.entries() == container.entries(), "byte {at}, bit {bit}"),
            }
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    for length in 0..SMALLEST.len() {
        open(&SMALLEST[..length]).expect_err("cut short");
    }
}

#[test]
fn each_rule_has_its_code() {
    let local = find(layout::LOCAL_SIGNATURE, 1);
    let central = find(layout::CENTRAL_SIGNATURE, 1);
    let end = find(layout::END_SIGNATURE, 0);
    refused(b"", Code::ContainerNotABundle);
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 1\n", "a".repeat(64));
    refused(pointer.as_bytes(), Code::ContainerNotABundle);
    assert!(matches!(open(pointer.as_bytes()), Err(ContainerError::Pointer)));
    refused(&SMALLEST[end..], Code::ContainerMimetype);
    refused(&archive(&[]), Code::ContainerMimetype);
    refused(b"hello, world, this is not an archive", Code::ContainerNotABundle);
    refused(&SMALLEST[..3], Code::ContainerNotABundle);
    refused(&SMALLEST[..4], Code::ContainerTruncated);
    refused(&[b"x", SMALLEST].concat(), Code::ContainerGap);
    refused(&[SMALLEST, b"\0"].concat(), Code::ContainerTrailingBytes);
    refused(&[SMALLEST, SMALLEST].concat(), Code::ContainerTrailingBytes);
    refused(&SMALLEST[..SMALLEST.len() - 1], Code::ContainerTruncated);
    patched(local + 4, &[20], Code::ContainerFixedField);
    patched(local + 6, &[1], Code::ContainerFlags);
    patched(local + 6, &[8], Code::ContainerFlags);
    patched(local + 7, &[8], Code::ContainerFlags);
    patched(local + 8, &[8], Code::ContainerNotStored);
    patched(local + 10, &[1], Code::ContainerFixedField);
    patched(local + 14, &[SMALLEST[local + 14] ^ 1], Code::ContainerHeaderMismatch);
    patched(local + 18, &[SMALLEST[local + 18] ^ 1], Code::ContainerHeaderMismatch);
    patched(local + 30, b"R", Code::ContainerName);
    patched(central + 5, &[0], Code::ContainerFixedField);
    patched(central + 8, &[1], Code::ContainerHeaderMismatch);
    patched(central + 10, &[8], Code::ContainerHeaderMismatch);
    patched(central + 12, &[1], Code::ContainerFixedField);
    patched(central + 16, &[SMALLEST[central + 16] ^ 1], Code::ContainerHeaderMismatch);
    patched(central + 20, &[SMALLEST[central + 20] ^ 1], Code::ContainerHeaderMismatch);
    patched(central + 34, &[1], Code::ContainerMultiDisk);
    patched(central + 36, &[1], Code::ContainerFixedField);
    patched(central + 41, &[0o120], Code::ContainerFixedField);
    patched(central + 42, &[SMALLEST[central + 42] ^ 1], Code::ContainerHeaderMismatch);
    patched(central + 54, b"x", Code::ContainerHeaderMismatch);
    patched(end + 4, &[1], Code::ContainerMultiDisk);
    patched(end + 8, &[9], Code::ContainerEntryCount);
    patched(end + 10, &[9], Code::ContainerEntryCount);
    patched(end + 12, &[9], Code::ContainerRange);
    patched(end + 16, &[9], Code::ContainerRange);
    patched(end + 20, &[1], Code::ContainerComment);
    patched(30, b"Mimetype", Code::ContainerMimetype);
    patched(38 + 26, b"w", Code::ContainerMimetype);
    patched(38 + 27, b"2", Code::VersionUnsupported);
}

/// A file that somebody cuts while it is read.
#[test]
fn a_file_that_ends_before_its_end_is_truncated() {
    struct Shrinking(Cursor<&'static [u8]>);
    impl std::io::Read for Shrinking {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0.read(buffer)
        }
    }
    impl std::io::Seek for Shrinking {
        fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
            let position = self.0.seek(to)?;
            Ok(if matches!(to, std::io::SeekFrom::End(_)) { SMALLEST.len() as u64 } else { position })
        }
    }

    for length in 0..SMALLEST.len() {
        let file = Shrinking(Cursor::new(&SMALLEST[..length]));
        let error = Container::open(file, &Limits::default()).expect_err("it is shorter");
        assert!(matches!(error, ContainerError::Truncated { .. }), "{length}: {error}");
    }
}

#[test]
fn an_error_says_at_which_byte() {
    let at = |change: usize| {
        let mut changed = SMALLEST.to_vec();
        changed[change] ^= 1;
        open(&changed).expect_err("should be refused").finding().place.offset
    };
    for header in [find(layout::LOCAL_SIGNATURE, 1), find(layout::CENTRAL_SIGNATURE, 1)] {
        assert_eq!(at(header + 10), Some(header as u64));
    }
    let local = find(layout::LOCAL_SIGNATURE, 1);
    for (place, field) in [(4, "version"), (10, "time"), (12, "time")] {
        let mut changed = SMALLEST.to_vec();
        changed[local + place] ^= 1;
        let ContainerError::FixedField { field: found, .. } = open(&changed).expect_err("fixed") else { panic!() };
        assert_eq!(found, field);
    }
    assert_eq!(open(&[SMALLEST, b"x"].concat()).expect_err("more").offset(), Some(SMALLEST.len() as u64));
    assert_eq!(open(b"").expect_err("nothing").finding().place, crate::Place::unknown());
}

/// Entries that a test writes by the layout's own headers, in any order and of any size: each local
/// header with its data, and each header of the directory.
fn parts(entries: &[(&str, &[u8])]) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let mut offset = 0;
    let each = entries.iter().map(|(name, data)| {
        let fields = layout::Fields { crc32: crc32fast::hash(data), size: data.len() as u64, offset };
        let local = [&fields.local(name)[..], data].concat();
        offset += local.len() as u64;
        (local, fields.central(name))
    });
    each.unzip()
}

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (locals, directory) = parts(entries);
    let (locals, directory) = (locals.concat(), directory.concat());
    let end = layout::end(entries.len() as u64, locals.len() as u64, directory.len() as u64);
    [locals, directory, end].concat()
}

#[test]
fn names_stand_once_in_order_and_in_the_grammar() {
    let mimetype = ("mimetype", MIMETYPE.as_bytes());
    let digest = Blake3::of(b"");
    let [a, b] = [format!("artifacts/{digest}"), format!("statements/{digest}.json")];
    open(&archive(&[mimetype])).expect("a bundle of nothing");
    open(&archive(&[mimetype, (&a, b""), (&b, b"")])).expect("in order");
    refused(&archive(&[(&a, b"")]), Code::ContainerMimetype);
    refused(&archive(&[(&a, b""), mimetype]), Code::ContainerMimetype);
    refused(&archive(&[mimetype, mimetype]), Code::ContainerDuplicateName);
    refused(&archive(&[mimetype, (&b, b""), (&a, b"")]), Code::ContainerOrder);
    refused(&archive(&[mimetype, (&a, b""), (&a, b"")]), Code::ContainerDuplicateName);
    refused(&archive(&[mimetype, (&a, b""), (&b, b""), (&a, b"x")]), Code::ContainerDuplicateName);
    refused(&archive(&[("mimetype", b"application/vnd.expbundle.v1+zip\n")]), Code::ContainerMimetype);
    refused(&archive(&[("mimetype", b"application/vnd.expbundle.v10+zip")]), Code::VersionUnsupported);
    for no_version in ["", "x", "1x", "-1"] {
        let media_type = format!("application/vnd.expbundle.v{no_version}+zip");
        refused(&archive(&[("mimetype", media_type.as_bytes())]), Code::ContainerMimetype);
    }
    for bad in [
        "../x",
        "/etc/passwd",
        "C:\\x",
        "records\\x",
        "artifacts//x",
        "./artifacts/x",
        "artifacts/",
        "records/",
        "x",
        "artifacts/..",
        &format!("{a} "),
        &format!("{a}."),
        &format!("{a}/"),
        &format!("{a}\0"),
        &format!("{a}ü"),
        &a.to_uppercase(),
        &format!("records/{digest}/RECORD.JSON"),
        &format!("records/{digest}/a/b.json"),
        &format!("records/{digest}"),
        &format!("records/{digest}/-.json"),
        &format!("records/{digest}/{}.json", "a".repeat(64)),
        &"a".repeat(6000),
        "",
    ] {
        refused(&archive(&[mimetype, (bad, b"")]), Code::ContainerName);
    }
}

/// Two readers that go by different directories must not see different bundles.
#[test]
fn the_directories_agree_entry_by_entry() {
    let mimetype = ("mimetype", MIMETYPE.as_bytes());
    let digest = Blake3::of(b"");
    let names =
        [format!("artifacts/{digest}"), format!("records/{digest}/record.json"), format!("statements/{digest}.json")];
    let mut entries = vec![mimetype];
    entries.extend(names.iter().map(|name| (name.as_str(), &b"data"[..])));
    let (locals, directory) = parts(&entries);
    let with = |locals: &[Vec<u8>], directory: &[Vec<u8>]| {
        let (locals, directory) = (locals.concat(), directory.concat());
        let end = layout::end(entries.len() as u64, locals.len() as u64, directory.len() as u64);
        [locals, directory, end].concat()
    };
    let listing = |order: &[usize]| with(&locals, &order.iter().map(|at| directory[*at].clone()).collect::<Vec<_>>());
    open(&listing(&[0, 1, 2, 3])).expect("canonical");
    for order in
        [&[0, 1, 2][..], &[0, 2, 3], &[1, 2, 3], &[0, 2, 1, 3], &[0, 1, 1, 3], &[0, 1, 2, 3, 3], &[0, 1, 2, 2, 3], &[]]
    {
        refused(&listing(order), Code::ContainerHeaderMismatch);
    }
    // An entry in the directory alone.
    refused(&with(&locals[..3], &directory), Code::ContainerHeaderMismatch);
    for (before, what) in [(1, &b"x"[..]), (2, b"PK"), (4, b"PK\x03")] {
        let mut gap = locals.clone();
        gap.insert(before, what.to_vec());
        refused(&with(&gap, &directory), Code::ContainerGap);
    }
    for before in [2, 4] {
        let mut gap = directory.clone();
        gap.insert(before, b"gap!".to_vec());
        refused(&with(&locals, &gap), Code::ContainerGap);
    }
}

#[test]
fn sizes_that_lead_nowhere_are_refused() {
    let (locals, directory) = parts(&[("mimetype", MIMETYPE.as_bytes())]);
    let name = format!("artifacts/{}", Blake3::of(b""));
    for size in [1, 1 << 20, u64::from(u32::MAX) - 1, u64::from(u32::MAX), 1 << 40, u64::MAX] {
        let fields = layout::Fields { crc32: 0, size, offset: locals[0].len() as u64 };
        let before = [&locals[0][..], &fields.local(&name)].concat();
        let end = layout::end(2, before.len() as u64, 0);
        let bytes = [before, directory[0].clone(), fields.central(&name), end].concat();
        let error = open(&bytes).expect_err("past the end");
        // A small size reaches into the directory, which then begins in its middle.
        assert!(matches!(error.code(), Code::ContainerTruncated | Code::ContainerGap), "{error}");
    }
}

#[test]
fn a_second_end_is_found_wherever_it_is() {
    let end = &SMALLEST[find(layout::END_SIGNATURE, 0)..];
    refused(&[SMALLEST, end].concat(), Code::ContainerTrailingBytes);
    let mut commented = [SMALLEST, end].concat();
    commented[SMALLEST.len() - 2] = 22;
    refused(&commented, Code::ContainerComment);
}

#[test]
fn an_extra_field_is_refused() {
    let mimetype = ("mimetype", MIMETYPE.as_bytes());
    let plain = archive(&[mimetype]);
    // A Unicode Path field (0x7075) of no content behind the name.
    let mut extra = plain.clone();
    extra[28] = 4;
    extra.splice(38..38, [0x75, 0x70, 0, 0]);
    refused(&extra, Code::ContainerExtraField);
    let mut needless = plain;
    needless[28] = 4;
    needless.splice(38..38, [1, 0, 0, 0]);
    refused(&needless, Code::ContainerZip64);
}

#[test]
fn too_many_entries_are_refused_early() {
    let limits = Limits { entries: 2, ..Limits::default() };
    let names: Vec<String> =
        (0_u8..4).map(|byte| format!("artifacts/{}", RecordId(Blake3::from_bytes([byte; 32])))).collect();
    let mut entries = vec![("mimetype", MIMETYPE.as_bytes())];
    entries.extend(names.iter().map(|name| (name.as_str(), &b""[..])));
    let error = Container::open(Cursor::new(archive(&entries)), &limits).expect_err("too many");
    assert_eq!(error.code(), Code::ContainerLimit);
    Container::open(Cursor::new(archive(&entries[..3])), &limits).expect("as many as allowed");
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        let _ = open(&bytes);
    }

    #[test]
    fn any_damage_is_read_or_refused(at in 0..SMALLEST.len(), bytes in proptest::collection::vec(proptest::num::u8::ANY, 1..40)) {
        let mut damaged = SMALLEST.to_vec();
        damaged.splice(at..(at + bytes.len() / 2).min(SMALLEST.len()), bytes);
        let _ = open(&damaged);
    }
}
