//! Archives of other tools, and broken ones, made by hand.

use std::io::{Cursor, Seek, Write};
use std::iter;

use expbundle_format::container::MIMETYPE;
use expbundle_format::record::{ArtifactRef, Form, Kind, RecordBody};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;
use crate::draft::Draft;
use crate::verify::{Digests, Unverified};

/// `tests/fixtures/repack/README.md` says which tools wrote these.
const SMALLEST: &[u8] = include_bytes!("../../tests/fixtures/repack/smallest.expb");
const REZIPPED: [&[u8]; 3] = [
    include_bytes!("../../tests/fixtures/repack/info-zip-folder.zip"),
    include_bytes!("../../tests/fixtures/repack/info-zip-streamed.zip"),
    include_bytes!("../../tests/fixtures/repack/python-streamed.zip"),
];

fn repacked(bytes: &[u8]) -> Result<Repacked, RepackError> {
    repack(&Content::bytes(bytes), &Limits::default())
}

fn written(bundle: &Bundle) -> Vec<u8> {
    let mut bytes = Vec::new();
    bundle.write(&mut bytes).expect("memory");
    bytes
}

/// It gives the smallest bundle, to the byte, and drops things for those reasons.
#[track_caller]
fn restored(bytes: &[u8], codes: &[Code]) {
    let repacked = repacked(bytes).expect("objects of a bundle");
    assert_eq!(written(&repacked.bundle), SMALLEST);
    assert_eq!(
        repacked.dropped.iter().chain(&repacked.outside).map(|finding| finding.code).collect::<Vec<_>>(),
        codes,
        "{repacked:?}"
    );
}

/// A local header and the data behind it: all that this module reads.
fn entry(name: &str, method: u16, flags: u16, data: &[u8]) -> Vec<u8> {
    let size = u32::try_from(data.len()).expect("small").to_le_bytes();
    let name_bytes = u16::try_from(name.len()).expect("short").to_le_bytes();
    let mut bytes = b"PK\x03\x04\x14\0".to_vec();
    bytes.extend(flags.to_le_bytes());
    bytes.extend(method.to_le_bytes());
    bytes.extend([0; 8]);
    bytes.extend(size);
    bytes.extend(size);
    bytes.extend(name_bytes);
    bytes.extend([0; 2]);
    bytes.extend(name.as_bytes());
    bytes.extend(data);
    bytes
}

fn deflated(data: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).expect("memory");
    encoder.finish().expect("memory")
}

/// A record that puts out `weights` and embeds it.
fn with_artifact() -> Bundle {
    let mut body = RecordBody::new(Kind::Run);
    let weights = Content::bytes(*b"weights");
    body.outputs.push(ArtifactRef::new(
        "model".parse().expect("a role"),
        weights.digest().expect("memory").into(),
        weights.size(),
        Form::File,
    ));
    let mut draft = Draft::new(body);
    draft.embed(weights).expect("memory");
    draft.finish().expect("a record").into_bundle()
}

#[test]
fn what_other_tools_zipped_again_becomes_the_same_bytes() {
    for rezipped in REZIPPED {
        restored(rezipped, &[]);
    }
}

#[test]
fn bytes_before_between_and_after_are_dropped_and_named() {
    let second = SMALLEST.windows(4).skip(4).position(|window| window == b"PK\x03\x04").expect("entries") + 4;
    restored(SMALLEST, &[]);
    restored(&[b"#!/bin/sh\n", SMALLEST].concat(), &[Code::ContainerGap]);
    restored(&[SMALLEST, b"\0"].concat(), &[Code::ContainerTrailingBytes]);
    restored(&[SMALLEST, SMALLEST].concat(), &[]);
    restored(&[SMALLEST, b"mine", SMALLEST].concat(), &[Code::ContainerTrailingBytes]);
    restored(&[&SMALLEST[..second], &b"PK\x03"[..], &SMALLEST[second..]].concat(), &[Code::ContainerGap]);
    restored(&[&vec![b'P'; 600_000], SMALLEST].concat(), &[Code::ContainerGap]);
    // A comment of the archive, and one of an entry.
    let mut commented = [SMALLEST, b"mine"].concat();
    commented[SMALLEST.len() - 2] = 4;
    restored(&commented, &[Code::ContainerComment]);
    let mut zip = ZipWriter::new_append(Cursor::new(SMALLEST.to_vec())).expect("an archive");
    zip.start_file("mine/", SimpleFileOptions::default().compression_method(CompressionMethod::Stored))
        .expect("memory");
    zip.write_all(b"my own").expect("memory");
    restored(&zip.finish().expect("memory").into_inner(), &[Code::ContainerName]);
    let end = last(*b"PK\x05\x06");
    let listed = last(*b"PK\x01\x02");
    let mut of_entry = [&SMALLEST[..end], b"mine", &SMALLEST[end..]].concat();
    of_entry[listed + 32] = 4;
    of_entry[end + 4 + 12] += 4;
    restored(&of_entry, &[Code::ContainerComment]);
}

/// Whatever the name of an entry promises, what is in it decides.
#[test]
fn nothing_is_taken_for_a_folder_or_for_clutter_by_its_name_alone() {
    let (bundle, statement) = with_statement();
    let objects = |bundle: &Bundle| -> Vec<(String, Vec<u8>)> {
        let read = |content: &Content| content.memory().expect("in memory").to_vec();
        bundle.entries().map(|(name, content)| (name.to_string(), read(content))).collect()
    };
    let names =
        ["notes/", "notes\\", "mimetype", ".DS_Store", "a/Thumbs.db", "desktop.ini", "__MACOSX/._x", "__MACOSX/x/"];
    let zip = |renamed: &str, called: &str, method: CompressionMethod| {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in objects(&bundle) {
            let name = if name == renamed { called.to_owned() } else { name };
            zip.start_file(name, SimpleFileOptions::default().compression_method(method)).expect("memory");
            zip.write_all(&bytes).expect("memory");
        }
        zip.finish().expect("memory").into_inner()
    };
    for (object, _) in objects(&bundle) {
        let is_statement = object.starts_with("statements/");
        for called in names {
            // Only a statement is known by itself; the rest is known by what is left of the bundle.
            let is_clutter = !called.ends_with(['/', '\\']) && called != "mimetype";
            for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
                let repacked = repacked(&zip(&object, called, method)).expect("objects");
                if is_statement || is_clutter {
                    assert_eq!(written(&repacked.bundle), written(&bundle), "{object} as {called}");
                    assert_eq!((repacked.renamed, repacked.clutter), (1, 0), "{object} as {called}");
                    assert_eq!(repacked.dropped, [], "{object} as {called}");
                } else {
                    assert!(!repacked.dropped.is_empty(), "{object} as {called}");
                }
            }
        }
    }
    // Something else under such a name is left out and named, and of clutter it does not count as a loss.
    for (called, codes) in [("mine/", 1), ("mimetype", 1), (".DS_Store", 0), ("statements/", 1)] {
        let extra = entry(called, 0, 0, &statement[1..]);
        let repacked = repacked(&[&extra, &written(&bundle)[..]].concat()).expect("objects");
        assert_eq!((repacked.dropped.len(), written(&repacked.bundle) == written(&bundle)), (codes, true), "{called}");
    }
}

/// Entries without the name of an object may lie within each other, and all are hashed together
/// once.
#[test]
fn stored_entries_within_each_other_are_not_hashed_again_and_again() {
    let mut nested = Vec::new();
    for _ in 0..20_000 {
        let mut header = entry("Thumbs.db", 0, 0, b"");
        header[18..22].copy_from_slice(&700_000_u32.to_le_bytes());
        nested.extend(header);
    }
    nested.extend(vec![0; 700_000]);
    let found = salvage(&Content::bytes(nested), &Limits::default(), 0).expect("within the limit");
    assert!(found.clutter.len() <= 2, "{} of 20,000", found.clutter.len());
    assert!(found.dropped.len() > 19_000, "the rest is reported");
}

/// Where a signature stands in the smallest bundle, the last of them.
fn last(signature: [u8; 4]) -> usize {
    SMALLEST.windows(4).rposition(|window| window == signature).expect("it has one")
}

#[test]
fn without_its_end_an_archive_gives_what_is_there_and_says_that_more_may_be_gone() {
    let directory = SMALLEST.windows(4).position(|window| window == b"PK\x01\x02").expect("a directory");
    for length in [directory, last(*b"PK\x01\x02"), last(*b"PK\x05\x06"), SMALLEST.len() - 1] {
        restored(&SMALLEST[..length], &[Code::ContainerTruncated]);
    }
}

#[test]
fn what_the_archive_lists_and_nobody_can_find_is_reported() {
    // The local header of the section, the second entry, is not a header any more.
    let second = |signature: &[u8; 4]| {
        let mut found = SMALLEST.windows(4).enumerate().filter(|(_, window)| window == signature).map(|(at, _)| at);
        found.nth(1).expect("it has three")
    };
    let mut lost = SMALLEST.to_vec();
    lost[second(b"PK\x03\x04")] ^= 1;
    let section = repacked(&lost).expect("the record is intact");
    assert_eq!(section.bundle.entries().count(), 1);
    let [finding] = &section.dropped[..] else { panic!("{:?}", section.dropped) };
    assert_eq!(finding.code, Code::ContainerHeaderMismatch);
    assert!(finding.place.to_string().ends_with("context.json"), "{finding:?}");
    // Nor is its line in the directory.
    lost[second(b"PK\x01\x02")] ^= 1;
    let codes: Vec<_> = repacked(&lost).expect("the record").dropped.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::ContainerEntryCount]);
    // An end record that an entry holds is of another archive.
    let mut nested = with_artifact();
    nested.insert_artifact_unchecked(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec());
    let bytes = written(&nested);
    let end = bytes.windows(4).position(|window| window == b"PK\x01\x02").expect("a directory");
    let codes: Vec<_> = repacked(&bytes[..end]).expect("objects").dropped.iter().map(|finding| finding.code).collect();
    assert!(codes.contains(&Code::ContainerTruncated), "{codes:?}");
}

/// A bundle with a signed note, and the bytes of the note.
fn with_statement() -> (Bundle, Vec<u8>) {
    let mut bundle = with_artifact();
    let (id, content) = bundle.records().next().expect("a record");
    let key = expbundle_statement::SigningKey::from_seed(&[7; 32]);
    let predicate =
        expbundle_statement::Predicate::Comment(expbundle_statement::Comment { text: "rejected".to_owned() });
    let record = content.digest().expect("memory");
    assert_eq!(record.blake3, id.0);
    let at = "2026-11-28T12:00:00Z".parse().expect("a time");
    let bytes = expbundle_statement::sign(&predicate, record, &expbundle_statement::Signing::new(&key, at))
        .expect("a statement");
    bundle.insert_statement_unchecked(bytes.clone());
    (bundle, bytes)
}

#[test]
fn a_statement_is_known_by_its_bytes_whatever_its_entry_is_called() {
    let (bundle, statement) = with_statement();
    let others: Vec<u8> = bundle
        .entries()
        .filter(|(name, _)| !matches!(name, EntryName::Statement(_)))
        .flat_map(|(name, content)| entry(&name.to_string(), 0, 0, content.memory().expect("in memory")))
        .collect();
    let zeros = format!("statements/{}.json", Blake3::from_bytes([0; 32]));
    for name in [&*zeros, "statements/no.json", "rejection (1).json", "a\\b", "\u{fffd}"] {
        for (method, data) in [(0, statement.clone()), (8, deflated(&statement))] {
            let repacked = repacked(&[&others[..], &entry(name, method, 0, &data)].concat()).expect("objects");
            assert_eq!(written(&repacked.bundle), written(&bundle), "{name}");
            assert_eq!(repacked.renamed, 1, "{name}");
            assert_eq!(repacked.dropped.len(), 1, "it has no end, and that is all: {:?}", repacked.dropped);
        }
    }
    // A damaged one is lost, and that is reported under the name that it had.
    let mut damaged = statement;
    let at = damaged.windows(4).position(|window| window == b"\"sig").expect("a signature") + 8;
    damaged[at] = if damaged[at] == b'A' { b'B' } else { b'A' };
    for (name, code) in [(&*zeros, Code::DigestStatement), ("no.json", Code::ContainerName)] {
        let repacked = repacked(&[&others[..], &entry(name, 0, 0, &damaged)].concat()).expect("objects");
        assert_eq!(repacked.bundle.statements().count(), 0);
        assert!(repacked.dropped.iter().any(|finding| finding.code == code && finding.place.to_string() == name));
    }
}

/// How somebody zips a bundle again, with a tool of these days.
#[derive(Clone, Debug)]
struct Zipping {
    /// To an output that cannot seek, so that sizes and checksums stand behind the contents.
    streamed: bool,
    /// Of the entries by turns, whether they are deflated, and whether they have fields of ZIP64.
    entries: Vec<(bool, bool)>,
    /// The folder that they lie in; empty, or with a slash at its end.
    folder: &'static str,
    reversed: bool,
    alignment: u16,
    comment: String,
}

fn zippings() -> impl Strategy<Value = Zipping> {
    let entries = prop::collection::vec(any::<(bool, bool)>(), 1..4);
    let folder = prop_oneof![Just(""), Just("run/"), Just("Ausgaben über Nacht/a/")];
    let alignment = prop_oneof![Just(1), Just(4), Just(4096)];
    (any::<bool>(), entries, folder, any::<bool>(), alignment, "[ -~]{0,20}").prop_map(
        |(streamed, entries, folder, reversed, alignment, comment)| Zipping {
            streamed,
            entries,
            folder,
            reversed,
            alignment,
            comment,
        },
    )
}

impl Zipping {
    fn zip(&self, bundle: &Bundle) -> Vec<u8> {
        if self.streamed {
            self.fill(bundle, ZipWriter::new_stream(Vec::new())).into_inner()
        } else {
            self.fill(bundle, ZipWriter::new(Cursor::new(Vec::new()))).into_inner()
        }
    }

    fn fill<W: Write + Seek>(&self, bundle: &Bundle, mut zip: ZipWriter<W>) -> W {
        let mimetype = ("mimetype".to_owned(), MIMETYPE.as_bytes().to_vec());
        let entries =
            bundle.entries().map(|(name, content)| (name.to_string(), content.memory().expect("in memory").to_vec()));
        let mut contents: Vec<_> = iter::once(mimetype).chain(entries).collect();
        if self.reversed {
            contents.reverse();
        }
        if !self.folder.is_empty() {
            zip.add_directory(self.folder, SimpleFileOptions::default()).expect("memory");
        }
        for ((name, content), (deflated, large)) in contents.into_iter().zip(self.entries.iter().cycle()) {
            let method = if *deflated { CompressionMethod::Deflated } else { CompressionMethod::Stored };
            let options = SimpleFileOptions::default().compression_method(method).large_file(*large);
            zip.start_file(format!("{}{name}", self.folder), options.with_alignment(self.alignment)).expect("memory");
            zip.write_all(&content).expect("memory");
        }
        zip.set_comment(&*self.comment).expect("short");
        zip.finish().expect("memory")
    }
}

#[test]
fn clutter_of_an_operating_system_is_no_loss() {
    let clutter = [
        entry("__MACOSX/run/records/._x.json", 0, 0, b"\0\x05\x16\x07"),
        entry("run/.DS_Store", 0, 0, b"Bud1"),
        entry("run\\Thumbs.db", 0, 0, b"x"),
    ];
    let repacked = repacked(&[&clutter.concat(), SMALLEST].concat()).expect("a bundle");
    assert_eq!((repacked.clutter, repacked.dropped.len(), written(&repacked.bundle) == SMALLEST), (3, 0, true));
}

#[test]
fn folders_and_backslashes_are_understood_and_other_files_reported() {
    let bundle = with_artifact();
    let zipped: Vec<u8> = bundle
        .entries()
        .flat_map(|(name, content)| {
            let name = format!("my run\\{name}").replace('/', "\\");
            entry(&name, 0, 0, content.memory().expect("in memory"))
        })
        .collect();
    let zipped = [entry("my run\\", 0, 0, b""), entry("my run\\readme.md", 0, 0, b"x"), zipped].concat();
    let repacked = repacked(&zipped).expect("objects");
    assert_eq!(written(&repacked.bundle), written(&bundle));
    let [finding, end] = &repacked.dropped[..] else { panic!("{:?}", repacked.dropped) };
    assert_eq!((finding.code, finding.place.to_string().as_str()), (Code::ContainerName, r#""my run\\readme.md""#));
    assert_eq!(end.code, Code::ContainerTruncated);
}

#[test]
fn digests_decide_what_is_kept() {
    let bundle = with_artifact();
    let plain = written(&bundle);
    let case = |extra: &[u8], code: Code| {
        let repacked = repacked(&[extra, &plain].concat()).expect("objects");
        assert_eq!(written(&repacked.bundle), plain);
        assert_eq!(repacked.dropped.iter().map(|finding| finding.code).collect::<Vec<_>>(), [code]);
    };
    let other = Blake3::of(b"other");
    let (id, _) = bundle.records().next().expect("a record");
    case(&entry(&format!("artifacts/{other}"), 0, 0, b"another"), Code::DigestArtifact);
    case(&entry(&format!("artifacts/{other}"), 0, 0, b"other"), Code::ContainerUnlisted);
    case(&entry(&format!("statements/{other}.json"), 0, 0, b"{}"), Code::DigestStatement);
    case(&entry(&format!("records/{other}/record.json"), 0, 0, b"{}"), Code::DigestRecord);
    case(&entry(&format!("records/{other}/record.json"), 0, 0, b"other"), Code::JsonSyntax);
    case(&entry(&format!("records/{other}/context.json"), 0, 0, b"{}"), Code::ContainerUnlisted);
    case(&entry(&format!("records/{id}/context.json"), 0, 0, b"{}"), Code::ContainerUnlisted);
}

#[test]
fn a_changed_section_goes_and_its_record_stays() {
    let at = SMALLEST.windows(5).position(|window| window == b"title").expect("a section");
    let mut changed = SMALLEST.to_vec();
    changed[at] = b'T';
    let repacked = repacked(&changed).expect("a record");
    assert_eq!(repacked.bundle.entries().count(), 1);
    assert_eq!(repacked.dropped[0].code, Code::DigestSection);
    // An intact copy is kept beside the broken one, whose bytes are nowhere else.
    restored(&[&changed, SMALLEST].concat(), &[Code::DigestSection]);
}

#[test]
fn entries_that_cannot_be_read_are_reported() {
    let name = format!("artifacts/{}", Blake3::of(b"x"));
    let mut long = entry(&name, 0, 0, b"x");
    long[20] = 0xff;
    for (broken, code) in [
        (entry(&name, 0, 1, b"x"), Code::ContainerFlags),
        (entry(&name, 93, 0, b"x"), Code::ContainerNotStored),
        (entry(&name, 8, 0, b"\xff\xff\xff"), Code::ContainerCrc),
        (entry(&name, 0, 8, b""), Code::ContainerFlags),
        (long, Code::ContainerTruncated),
    ] {
        // Behind the bundle, where one byte too many is past the end of the file.
        restored(&[SMALLEST, &broken].concat(), &[code]);
    }
}

#[test]
fn what_is_no_bundle_is_an_error() {
    for bytes in [&b""[..], b"PK", b"PK\x03\x04", b"hello, world", &entry("readme.md", 0, 0, b"hello")] {
        let error = repacked(bytes).expect_err("nothing in it");
        assert_eq!(error.code(), Some(Code::ContainerNotABundle));
    }
}

#[test]
fn a_bomb_is_refused_before_it_is_inflated() {
    let name = format!("artifacts/{}", Blake3::of(b""));
    let bomb = [SMALLEST, &entry(&name, 8, 0, &deflated(&vec![0; 3_000_000]))].concat();
    let inflate = |limit| salvage(&Content::bytes(&bomb[..]), &Limits::default(), limit);
    assert_eq!(inflate(3_000_000).map(|found| found.objects.len()).ok(), Some(3));
    let error = inflate(2_999_999).err().expect("too large");
    assert!(matches!(error, RepackError::Bomb { limit: 2_999_999 }));
    assert_eq!(error.code(), Some(Code::ContainerLimit));
    assert_eq!(inflated_limit(1 << 20), (1 << 30) + (20 << 20));
    assert_eq!(inflated_limit(u64::MAX), u64::MAX);
}

/// Each header begins a compressed stream that swallows the rest of the file and is damaged at its
/// end. Taken from every header, that would be the square of the size; what was inflated once is
/// not inflated again.
#[test]
fn streams_within_streams_cost_no_more_than_one() {
    let name = format!("artifacts/{}", Blake3::of(b""));
    let header = entry(&name, 8, 8, b"");
    let length = u16::try_from(header.len()).expect("short");
    // Behind each header a stored block of DEFLATE, whose content is the next header.
    let one = [&header[..], &[0], &length.to_le_bytes(), &(!length).to_le_bytes()].concat().repeat(200);
    let found = salvage(&Content::bytes(one), &Limits::default(), 100_000).expect("within the limit");
    assert_eq!(
        (found.objects.len(), found.dropped.len() + found.not_met.len()),
        (0, 2),
        "the stream, and the end that is missing"
    );
}

#[test]
fn too_many_entries_are_refused() {
    let limits = Limits { entries: 2, ..Limits::default() };
    let many: Vec<u8> = (0..5).flat_map(|_| entry("x", 0, 0, b"")).collect();
    let error = repack(&Content::bytes(many), &limits).expect_err("too many");
    assert!(matches!(error, RepackError::Entries { limit: 2 }));
}

proptest! {
    #[test]
    fn a_bundle_that_was_zipped_again_is_restored_without_a_loss(zipping in zippings()) {
        let (bundle, _) = with_statement();
        let repacked = repacked(&zipping.zip(&bundle)).expect("objects");
        prop_assert_eq!(repacked.dropped.len(), 0);
        let codes: Vec<Code> = repacked.outside.iter().map(|finding| finding.code).collect();
        let expected = if zipping.comment.is_empty() { vec![] } else { vec![Code::ContainerComment] };
        prop_assert_eq!(codes, expected);
        prop_assert_eq!((repacked.renamed, repacked.clutter), (0, 0));
        prop_assert_eq!(written(&repacked.bundle), written(&bundle));
    }

    /// Whatever was done to an archive, what is kept of it is intact.
    #[test]
    fn what_is_kept_is_intact(
        which in 0..4_usize,
        at in any::<prop::sample::Index>(),
        removed in 0..60_usize,
        bytes in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut damaged = REZIPPED.get(which).copied().unwrap_or(SMALLEST).to_vec();
        let start = at.index(damaged.len());
        damaged.splice(start..(start + removed).min(damaged.len()), bytes);
        if let Ok(kept) = repacked(&damaged) {
            let bytes = written(&kept.bundle);
            let checked = Unverified::new(Content::bytes(&bytes[..])).check(Digests::All);
            prop_assert!(checked.is_ok(), "{checked:?}");
            let again = repack(&Content::bytes(&bytes[..]), &Limits::default());
            prop_assert_eq!(written(&again.expect("a bundle").bundle), bytes);
        }
    }
}
