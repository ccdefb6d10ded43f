//! The files of a tree.

use std::cmp::Ordering;
use std::ops::Deref;
use std::sync::Arc;

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
    /// Whether some file is not one that others have by chance: asked at every record that names
    /// the tree, so computed once.
    has_own: bool,
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

    /// Whether some file is not one that others have by chance.
    pub(crate) fn has_own(&self) -> bool {
        self.has_own
    }
}

impl FromIterator<FileFact> for Listing {
    fn from_iter<I: IntoIterator<Item = FileFact>>(files: I) -> Self {
        let mut files: Vec<FileFact> = files.into_iter().collect();
        files.sort_unstable();
        files.dedup();
        let has_own = files.iter().any(|file| is_own_file(&file.path, &file.digests, file.size_bytes));
        let size_bytes = files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.size_bytes));
        Self { files: files.into(), has_own, size_bytes }
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
