//! Git repositories, as far as a tracker keeps its runs in them: refs, commits, folders and files.
//!
//! Objects are read loose and from packs, within bounds. Their digests are not computed again: what
//! a commit is worth is told by whoever has the repository, not by us (docs/decisions/0038).

mod bases;
mod loose;
mod object;
mod pack;
mod reader;
mod refs;

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use walkdir::WalkDir;

pub use self::object::Commit;
pub(crate) use self::object::{TreeEntry, TreeEntryKind};
use self::pack::Packs;
pub(crate) use self::reader::Reader;
use crate::finding::{SourceCode, SourceFinding};
use crate::text::read_text;
use crate::work::Work;

/// A file that a tracker keeps in git has less; one of more is named and not read.
const MOST_OBJECT_BYTES: u64 = 256 << 20;
/// What a repository of any size may unpack to.
const UNPACKED_BYTES: u64 = 256 << 20;
/// Bytes that may be unpacked more for each byte of its objects.
const UNPACKED_PER_BYTE: u64 = 128;
/// More files are data, which DVC keeps elsewhere.
const MOST_FILES: usize = 500_000;
/// Files of a commit in a repository of any size.
const LEAST_FILES: u64 = 10_000;
/// Bytes of the objects for each file more.
const BYTES_PER_FILE: u64 = 20;

/// The name of an object: SHA-1, or SHA-256 in repositories that are made so.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Box<[u8]>);

impl Id {
    /// Reads 40 or 64 hex digits.
    pub(crate) fn parse(hex: &str) -> Option<Self> {
        let digits: Vec<u8> =
            hex.bytes().map(|byte| char::from(byte).to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
        if !matches!(digits.len(), 40 | 64) {
            return None;
        }
        let pair = |pair: &[u8]| pair.iter().fold(0, |byte, digit| byte << 4 | digit);
        Some(Self(digits.chunks(2).map(pair).collect()))
    }

    fn of(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(to, "{byte:02x}"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, to)
    }
}

/// Why an object cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GitError {
    /// No file and no pack has it.
    #[error("the repository does not have the object {0}")]
    Missing(Id),
    /// It is broken, or not of the kind that it should be.
    #[error("the object {0} is damaged: {1}")]
    Damaged(Id, String),
    /// More would be unpacked than the size of the repository allows.
    #[error("{0} is not read: the repository unpacks to far more than its size allows")]
    Limit(String),
}

/// A repository.
#[derive(Debug)]
pub(crate) struct Repository {
    folder: Utf8PathBuf,
    /// The size of all objects as they are stored.
    bytes: u64,
    packs: Packs,
    /// Refs by their full names, with what they name; of an annotated tag, the tag.
    refs: BTreeMap<String, Id>,
    /// The branch that is checked out, and the commit.
    head: (Option<String>, Option<Id>),
    /// What could not be read.
    pub findings: Vec<SourceFinding>,
}

impl Repository {
    /// Opens the repository whose work tree is a folder; `None` if there is no repository in it.
    pub fn open(work_tree: &Utf8Path) -> Option<Self> {
        let folder = work_tree.join(".git");
        let metadata = std::fs::symlink_metadata(&folder).ok()?;
        let mut findings = Vec::new();
        if !metadata.is_dir() {
            return None;
        }
        if folder.join("objects/info/alternates").exists() {
            let detail = "the repository borrows objects from another one, which is not read";
            findings.push(SourceFinding::new(SourceCode::Outside, ".git/objects/info/alternates", detail));
        }
        let packs = Packs::open(&folder.join("objects/pack"), &mut findings);
        let bytes = size(&folder.join("objects"));
        let refs = refs::all(&folder, &mut findings);
        let head = refs::head(&folder, &refs);
        Some(Self { folder, bytes, packs, refs, head, findings })
    }

    /// Refs by their full names, with what they name.
    pub fn refs(&self) -> &BTreeMap<String, Id> {
        &self.refs
    }

    /// The commit that is checked out.
    pub fn head(&self) -> Option<&Id> {
        self.head.1.as_ref()
    }

    /// The branch that is checked out.
    pub fn branch(&self) -> Option<&str> {
        self.head.0.as_deref()
    }

    /// The text of the repository's own settings.
    pub fn config(&self) -> Option<String> {
        read_text(&self.folder.join("config")).ok()?
    }

    /// Bytes that may be unpacked to read all of it: in proportion to the size of its objects.
    pub fn most_bytes(&self) -> u64 {
        UNPACKED_BYTES.saturating_add(self.bytes.saturating_mul(UNPACKED_PER_BYTE))
    }

    /// Files that one commit may have. Each takes at least the bytes of its digest, unless several names
    /// share one.
    pub fn most_files(&self) -> usize {
        let most = LEAST_FILES.saturating_add(self.bytes / BYTES_PER_FILE);
        usize::try_from(most).map_or(MOST_FILES, |most| most.min(MOST_FILES))
    }
}

/// The size of the files of objects.
fn size(objects: &Utf8Path) -> u64 {
    let entries = WalkDir::new(objects).follow_links(false).into_iter().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_file());
    files.filter_map(|entry| Some(entry.metadata().ok()?.len())).fold(0, u64::saturating_add)
}

/// The error for bytes that are not what they should be.
fn broken(detail: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, detail)
}

/// Takes bytes that are going to be unpacked.
fn take(work: &Work, bytes: u64) -> io::Result<()> {
    if work.take(bytes) { Ok(()) } else { Err(io::ErrorKind::QuotaExceeded.into()) }
}
