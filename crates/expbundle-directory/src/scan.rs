//! Reading the files of a folder, each once (spec/directory.md, "Paths").

use std::collections::BTreeSet;
use std::sync::Mutex;

use camino::Utf8Path;
use expbundle::hash::{self, Found, HashError, Hashed, ListedFile, Progress, RegularFile, Skipped, Wanted, WhySkipped};
use expbundle_format::ArtifactDigests;
use expbundle_format::pointer::{MAX_POINTER_BYTES, Pointer, PointerError};
use expbundle_format::tree::TreePath;
use rayon::prelude::*;

use crate::BUNDLE_NAME;
use crate::alike::alike;
use crate::documentation::{CARD, MOST_CARD_BYTES, is_not_counted, may_choose_files};
use crate::shards::{self, Shards};

/// What a file in the folder is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// Its bytes were read.
    Bytes {
        /// Their digests.
        digest: ArtifactDigests,
        /// Their number.
        size: u64,
    },
    /// A Git LFS pointer stands for it.
    Pointer(Pointer),
    /// It begins like a pointer and breaks the form of one.
    BrokenPointer(PointerError),
}

impl Held {
    /// Digests of the bytes, or those that the pointer names.
    pub fn digest(&self) -> Option<ArtifactDigests> {
        match self {
            Self::Bytes { digest, .. } => Some(*digest),
            Self::Pointer(pointer) => Some(pointer.sha256.into()),
            Self::BrokenPointer(_) => None,
        }
    }

    /// The pointer, if it is one in order.
    pub fn pointer(&self) -> Option<&Pointer> {
        match self {
            Self::Pointer(pointer) => Some(pointer),
            Self::Bytes { .. } | Self::BrokenPointer(_) => None,
        }
    }

    /// The number of bytes, or the one that the pointer names.
    pub fn size(&self) -> Option<u64> {
        match self {
            Self::Bytes { size, .. } => Some(*size),
            Self::Pointer(pointer) => Some(pointer.size),
            Self::BrokenPointer(_) => None,
        }
    }
}

/// The counted files of a folder with their digests.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// Sorted by path.
    pub files: Vec<(TreePath, Held)>,
    /// What was not read: links, pipes, paths that are not UTF-8.
    pub skipped: Vec<Skipped>,
    /// What is not counted, sorted by path. Of `.git` the name alone.
    pub not_counted: Vec<String>,
    /// Paths that some file systems take for one with another path here.
    pub alike: BTreeSet<String>,
    /// How many files are links of the Hub's cache, read as the blobs that they lead to.
    pub followed: usize,
    /// The shards that indexes of weights name.
    pub shards: Vec<Shards>,
}

/// Reads every counted file of a folder.
///
/// # Errors
/// The folder cannot be read, or a file changed while it was read.
pub fn scan(folder: &Utf8Path, wanted: Wanted, progress: Progress<'_>) -> Result<Scan, HashError> {
    let not_counted = Mutex::new(Vec::new());
    let skip = |path: &str, found: Found| {
        let skip = is_not_counted_in(folder, path, found);
        if skip
            && path != BUNDLE_NAME
            && let Ok(mut list) = not_counted.lock()
        {
            list.push(path.to_owned());
        }
        skip
    };
    let (listed, mut skipped) = hash::list_files(folder, &skip)?;
    let mut not_counted = not_counted.into_inner().unwrap_or_default();
    not_counted.sort();
    let plain: Vec<String> = listed.iter().map(|file| file.path.to_plain()).collect();
    let all = plain.iter().chain(&not_counted).chain(skipped.iter().map(|skipped| &skipped.path));
    let alike = alike(all.map(String::as_str).chain([BUNDLE_NAME]));
    let followed = listed.iter().filter(|file| file.followed).count();
    let read: Vec<_> = listed
        .into_par_iter()
        .map(|file| {
            let held = hold(&file, folder, wanted, progress);
            (file.path, held)
        })
        .collect();
    let (mut files, mut shards) = (Vec::with_capacity(read.len()), Vec::new());
    for (path, held) in read {
        match held {
            Ok((held, named)) => {
                shards.extend(named.map(|named| Shards { index: path.clone(), named }));
                files.push((path, held));
            }
            Err(HashError::Read { source, .. }) => {
                skipped.push(Skipped { path: path.to_plain(), why: WhySkipped::Unreadable(source.to_string()) });
            }
            Err(HashError::NotAFile { .. }) => {
                skipped.push(Skipped { path: path.to_plain(), why: WhySkipped::Special });
            }
            // Nothing can be said of bytes that never stood together.
            Err(error) => return Err(error),
        }
    }
    skipped.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Scan { files, skipped, not_counted, alike, followed, shards })
}

/// Whether a file of a folder, or a folder in it with all that is in that, is not counted: it is
/// documentation by its name, and its content tells no loader which files to read.
pub fn is_not_counted_in(folder: &Utf8Path, path: &str, found: Found) -> bool {
    is_not_counted(path, found) && !(path == CARD && is_counted_card(&folder.join(path)))
}

/// Bytes of all counted files of a folder, as far as it can be read: how long it will take.
pub fn counted_bytes(folder: &Utf8Path) -> u64 {
    let listed = hash::list_files(folder, &|path, found| is_not_counted_in(folder, path, found));
    listed.map_or(0, |(files, _)| files.iter().map(|file| file.size(folder).unwrap_or(0)).sum())
}

/// Whether a card counts, because it may choose which files are loaded. One that cannot be read
/// counts too.
pub(super) fn is_counted_card(path: &Utf8Path) -> bool {
    let card = RegularFile::open(path).ok().filter(|card| card.size() <= MOST_CARD_BYTES);
    card.and_then(|card| card.bytes().ok()).is_none_or(|card| may_choose_files(&card))
}

/// What a file is, and the shards that it names if it is an index of weights.
type Read = (Held, Option<Result<BTreeSet<String>, String>>);

fn hold(file: &ListedFile, folder: &Utf8Path, wanted: Wanted, progress: Progress<'_>) -> Result<Read, HashError> {
    let path = file.on_disk(folder);
    let is_index = shards::is_index(file.path.as_str());
    let file = RegularFile::open(&path)?;
    let is_large = file.size() > shards::MAX_INDEX_BYTES;
    if file.size() >= MAX_POINTER_BYTES && (is_large || !is_index) {
        let unread = || Err(format!("{} bytes, more than {}", file.size(), shards::MAX_INDEX_BYTES));
        return Ok((bytes(file.hash(wanted, progress)?), is_index.then(unread)));
    }
    let content = file.bytes()?;
    match Pointer::parse(&content) {
        Ok(Some(pointer)) => return Ok((Held::Pointer(pointer), None)),
        Ok(None) => {}
        Err(error) => return Ok((Held::BrokenPointer(error), None)),
    }
    progress(content.len() as u64);
    let named = is_index.then(|| shards::named(&content));
    Ok((bytes(hash::hash_bytes(&content, wanted)), named))
}

fn bytes(hashed: Hashed) -> Held {
    Held::Bytes { digest: hashed.digests(), size: hashed.size }
}
