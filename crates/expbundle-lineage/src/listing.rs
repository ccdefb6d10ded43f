//! The files of a tree.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use expbundle_format::ArtifactDigests;

use crate::evidence::is_own_file;

/// A file of a tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileFact {
    /// Path within the tree.
    pub path: String,
    /// Strong digests.
    pub digests: ArtifactDigests,
    /// Size in bytes.
    pub size_bytes: u64,
}

/// The files of a tree in one order, each once; none if its listing is not here.
///
/// A thousand runs on one data set name one listing of a million files, so clones share it.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    files: Arc<[FileFact]>,
    /// The first file that others do not have by chance: asked for at every record that names the
    /// tree, so computed once.
    first_own: Option<u32>,
    /// All of them, each content once; computed where the first does not tell enough.
    own: Arc<OnceLock<Box<[u32]>>>,
    size_bytes: u64,
}

impl Listing {
    /// Which of the shared lists it is.
    pub(crate) fn key(&self) -> usize {
        self.files.as_ptr().addr()
    }

    /// The size of all files together, computed once like the other.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// The first file that others do not have by chance.
    pub(crate) fn first_own(&self) -> Option<&FileFact> {
        self.files.get(self.first_own? as usize)
    }

    /// The positions of all files that others do not have by chance, each content once.
    pub(crate) fn own(&self) -> &[u32] {
        self.own.get_or_init(|| {
            let mut seen = HashSet::new();
            let own = (0_u32..).zip(&*self.files).filter(|(_, file)| is_own(file) && seen.insert(file.digests));
            own.map(|(position, _)| position).collect()
        })
    }
}

pub(crate) fn is_own(file: &FileFact) -> bool {
    is_own_file(&file.path, &file.digests, file.size_bytes)
}

impl FromIterator<FileFact> for Listing {
    fn from_iter<I: IntoIterator<Item = FileFact>>(files: I) -> Self {
        let mut files: Vec<FileFact> = files.into_iter().collect();
        files.sort_unstable();
        files.dedup();
        let first_own = (0_u32..).zip(&files).find(|(_, file)| is_own(file)).map(|(position, _)| position);
        let size_bytes = files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.size_bytes));
        Self { files: files.into(), first_own, own: Arc::default(), size_bytes }
    }
}

impl Deref for Listing {
    type Target = [FileFact];

    fn deref(&self) -> &[FileFact] {
        &self.files
    }
}

impl PartialEq for Listing {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Listing {}

impl PartialOrd for Listing {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Listing {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.files, &other.files) { Ordering::Equal } else { self.files.cmp(&other.files) }
    }
}
