//! Reads the objects of a repository, as many as its size allows.

use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use super::bases::{Bases, Place};
use super::object::{Commit, Kind, Object, TreeEntry};
use super::{GitError, Id, Repository, loose, take};
use crate::work::Work;

/// A tag may name a tag.
const MOST_TAGS: usize = 8;
/// What an object takes beside its bytes.
const OBJECT_BYTES: u64 = 128;
/// What an entry of a folder takes beside the bytes of its object.
const ENTRY_BYTES: u64 = 64;
/// What a visit of an entry takes beside the bytes of its path.
const VISIT_BYTES: u64 = 32;

/// A reader of a repository's objects. What it reads is the same each time, since nobody else takes
/// of its work.
#[derive(Debug)]
pub(crate) struct Reader {
    repository: Arc<Repository>,
    /// Bytes that may still be unpacked and visited.
    work: Work,
    bases: Mutex<Bases>,
}

impl Deref for Reader {
    type Target = Repository;

    fn deref(&self) -> &Repository {
        &self.repository
    }
}

impl Reader {
    /// A reader that unpacks and visits at most so many bytes.
    pub fn new(repository: &Arc<Repository>, most_bytes: u64) -> Self {
        Self { repository: Arc::clone(repository), work: Work::new(most_bytes), bases: Mutex::default() }
    }

    /// Takes what a visit of a path takes; `false` where less is left.
    pub fn visit(&self, path_bytes: usize) -> bool {
        self.work.take(VISIT_BYTES + path_bytes as u64)
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
        let entries = object.entries(id.0.len());
        let entries = entries.ok_or_else(|| GitError::Damaged(id.clone(), "it is not a folder".to_owned()))?;
        let is_within = self.work.take(ENTRY_BYTES * entries.len() as u64);
        is_within.then_some(entries).ok_or_else(|| limit(id))
    }

    /// Reads a file.
    pub fn blob(&self, id: &Id) -> Result<Vec<u8>, GitError> {
        let object = self.read(id)?;
        let is_blob = object.kind == Kind::Blob;
        let bytes = is_blob.then(|| Arc::unwrap_or_clone(object.bytes));
        bytes.ok_or_else(|| GitError::Damaged(id.clone(), "it is not a file".to_owned()))
    }

    fn read(&self, id: &Id) -> Result<Object, GitError> {
        self.unpacked(id)
            .map_err(|error| match error.kind() {
                io::ErrorKind::QuotaExceeded => limit(id),
                _ => GitError::Damaged(id.clone(), error.to_string()),
            })?
            .ok_or_else(|| GitError::Missing(id.clone()))
    }

    fn unpacked(&self, id: &Id) -> io::Result<Option<Object>> {
        take(&self.work, OBJECT_BYTES)?;
        let mut bases = self.bases.lock().unwrap_or_else(PoisonError::into_inner);
        let packed = self.repository.packs.read(id, &self.work, &mut bases);
        if !matches!(packed, Ok(None)) {
            return packed;
        }
        let place = Place::Loose(id.clone());
        if let Some(known) = bases.get(&place) {
            return take(&self.work, known.bytes.len() as u64).map(|()| Some(known));
        }
        let loose = loose::read(&self.repository.folder.join("objects"), id, &self.work)?;
        if let Some(object) = &loose {
            bases.keep(place, object);
        }
        Ok(loose)
    }
}

fn limit(id: &Id) -> GitError {
    GitError::Limit(format!("the object {id}"))
}
