//! The files of a tree.

use std::cmp::Ordering;
use std::ops::Deref;
use std::sync::Arc;

use expbundle_format::ArtifactDigests;

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
pub struct Listing(Arc<[FileFact]>);

impl Listing {
    /// Which of the shared lists it is.
    pub(crate) fn key(&self) -> usize {
        self.0.as_ptr().addr()
    }
}

impl FromIterator<FileFact> for Listing {
    fn from_iter<I: IntoIterator<Item = FileFact>>(files: I) -> Self {
        let mut files: Vec<FileFact> = files.into_iter().collect();
        files.sort_unstable();
        files.dedup();
        Self(files.into())
    }
}

impl Deref for Listing {
    type Target = [FileFact];

    fn deref(&self) -> &[FileFact] {
        &self.0
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
        if Arc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.0.cmp(&other.0) }
    }
}
