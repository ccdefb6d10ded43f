//! Git repositories, as far as a tracker keeps its runs in them: refs, commits, folders and files.
//!
//! Objects are read loose and from packs, within bounds. Their digests are not computed again: what
//! a commit is worth is told by whoever has the repository, not by us (docs/decisions/0038).

mod loose;
mod object;
mod pack;
mod refs;

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

pub use self::object::Commit;
use self::object::{Kind, Object};
pub(crate) use self::object::{TreeEntry, TreeEntryKind};
use self::pack::Packs;
use crate::finding::{SourceCode, SourceFinding};
use crate::text::read_text;

/// A file that a tracker keeps in git has less; one of more is named and not read.
const MOST_OBJECT_BYTES: u64 = 256 << 20;
/// A tag may name a tag.
const MOST_TAGS: usize = 8;

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
}

/// A repository.
#[derive(Debug)]
pub(crate) struct Repository {
    folder: Utf8PathBuf,
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
        let refs = refs::all(&folder, &mut findings);
        let head = refs::head(&folder, &refs);
        Some(Self { folder, packs, refs, head, findings })
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

    /// The commit that an object names: itself, or through annotated tags.
    pub fn commit_of(&self, id: &Id) -> Result<Id, GitError> {
        let mut id = id.clone();
        for _ in 0..MOST_TAGS {
            let object = self.read(&id)?;
            match object.kind {
                Kind::Commit => return Ok(id),
                Kind::Tag => {
                    id = object.tagged().ok_or_else(|| GitError::Damaged(id, "no object is tagged".to_owned()))?;
                }
                _ => break,
            }
        }
        Err(GitError::Damaged(id, "it is not a commit".to_owned()))
    }

    /// Reads a commit.
    pub fn commit(&self, id: &Id) -> Result<Commit, GitError> {
        let object = self.read(id)?;
        Commit::parse(&object).ok_or_else(|| GitError::Damaged(id.clone(), "it is not a commit".to_owned()))
    }

    /// Reads a folder. Entries with names that lead out of it are left out.
    pub fn tree(&self, id: &Id) -> Result<Vec<TreeEntry>, GitError> {
        let object = self.read(id)?;
        let length = id.0.len();
        object.entries(length).ok_or_else(|| GitError::Damaged(id.clone(), "it is not a folder".to_owned()))
    }

    /// Reads a file.
    pub fn blob(&self, id: &Id) -> Result<Vec<u8>, GitError> {
        let object = self.read(id)?;
        let is_blob = object.kind == Kind::Blob;
        if is_blob { Ok(object.bytes) } else { Err(GitError::Damaged(id.clone(), "it is not a file".to_owned())) }
    }

    fn read(&self, id: &Id) -> Result<Object, GitError> {
        let damaged = |error: io::Error| GitError::Damaged(id.clone(), error.to_string());
        if let Some(object) = loose::read(&self.folder.join("objects"), id).map_err(damaged)? {
            return Ok(object);
        }
        self.packs.read(id).map_err(damaged)?.ok_or_else(|| GitError::Missing(id.clone()))
    }
}

/// The error for bytes that are not what they should be.
fn broken(detail: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, detail)
}
