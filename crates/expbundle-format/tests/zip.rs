//! Two readers of one bundle see the same: whatever our reader takes, the `zip` crate reads alike.

#[path = "zip/oracle.rs"]
mod oracle;

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use expbundle_format::container::{EntryName, Writer};
use expbundle_format::{Blake3, RecordId};
use oracle::agrees;
use proptest::prelude::*;

/// All files below a folder that are archives by their name.
fn archives(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        // Not `is_dir`: links of the cases lead nowhere, or to the outside, on purpose.
        match path.symlink_metadata().expect("it is there") {
            kind if kind.is_dir() => archives(&path, found),
            kind if kind.is_file() && path.extension().is_some_and(|end| end == "expb" || end == "zip") => {
                found.push(path);
            }
            _ => {}
        }
    }
}

#[test]
fn every_conformance_case_is_read_alike() {
    let mut paths = Vec::new();
    archives(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/cases"), &mut paths);
    let taken = paths.iter().filter(|path| agrees(&fs::read(path).expect("readable"))).count();
    assert!(paths.len() >= 2000 && taken >= 1500, "{taken} of {}", paths.len());
}

fn names() -> impl Strategy<Value = EntryName> {
    let digest = || any::<[u8; 32]>().prop_map(Blake3::from_bytes);
    prop_oneof![
        digest().prop_map(|digest| EntryName::Record(RecordId(digest))),
        (digest(), "[a-z]{1,8}[.][a-z0-9]{1,8}").prop_filter_map("a section", |(digest, text)| {
            text.parse().ok().map(|section| EntryName::Section { record: RecordId(digest), section })
        }),
        digest().prop_map(EntryName::Statement),
        digest().prop_map(EntryName::Artifact),
    ]
}

/// Contents that hold what a reader of archives looks for, among others.
fn contents() -> impl Strategy<Value = Vec<u8>> {
    let signature = prop_oneof![
        Just(*b"PK\x01\x02"),
        Just(*b"PK\x03\x04"),
        Just(*b"PK\x05\x06"),
        Just(*b"PK\x06\x06"),
        Just(*b"PK\x06\x07")
    ];
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        (signature, prop::collection::vec(prop_oneof![3 => Just(0), 1 => any::<u8>()], 0..40))
            .prop_map(|(signature, rest)| [&signature[..], &rest].concat()),
    ];
    prop::collection::vec(piece, 0..3).prop_map(|pieces| pieces.concat())
}

fn written(entries: &BTreeMap<EntryName, Vec<u8>>) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new()).expect("memory");
    for (name, content) in entries {
        writer.entry(name, content.len() as u64, &mut Cursor::new(content)).expect("memory");
    }
    writer.finish().expect("memory")
}

#[derive(Clone, Debug)]
enum Change {
    Flip {
        at: prop::sample::Index,
        bit: u8,
    },
    Splice {
        at: prop::sample::Index,
        removed: usize,
        bytes: Vec<u8>,
    },
    /// A piece of it stands in another place too.
    Copy {
        from: prop::sample::Index,
        count: usize,
        to: prop::sample::Index,
    },
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Flip { at, bit } => {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            Self::Splice { at, removed, bytes: new } => {
                let start = at.index(bytes.len());
                bytes.splice(start..(start + removed).min(bytes.len()), new.iter().copied());
            }
            Self::Copy { from, count, to } => {
                let (start, to) = (from.index(bytes.len()), to.index(bytes.len()));
                let piece = bytes[start..(start + count).min(bytes.len())].to_vec();
                bytes.splice(to..to, piece);
            }
        }
    }
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let at = any::<prop::sample::Index>;
    let change = prop_oneof![
        (at(), 0..8_u8).prop_map(|(at, bit)| Change::Flip { at, bit }),
        (at(), 0..60_usize, prop::collection::vec(any::<u8>(), 0..40))
            .prop_map(|(at, removed, bytes)| Change::Splice { at, removed, bytes }),
        (at(), 0..200_usize, at()).prop_map(|(from, count, to)| Change::Copy { from, count, to }),
    ];
    prop::collection::vec(change, 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_is_written_is_read_alike_and_after_changes_too(
        entries in prop::collection::btree_map(names(), contents(), 0..6),
        changes in changes(),
    ) {
        let mut bytes = written(&entries);
        prop_assert!(agrees(&bytes));
        for change in &changes {
            if !bytes.is_empty() {
                change.apply(&mut bytes);
            }
        }
        agrees(&bytes);
    }
}

/// From 65,535 entries on, the end of an archive is ZIP64.
#[test]
fn an_archive_of_many_entries_is_read_alike() {
    for count in [0xfffd, 0xfffe, 0xffff] {
        let entries =
            (0..count).map(|number: u32| (EntryName::Artifact(Blake3::of(&number.to_le_bytes())), Vec::new()));
        assert!(agrees(&written(&entries.collect())), "{count}");
    }
}
