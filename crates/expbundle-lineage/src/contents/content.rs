//! Bytes as they are described: digests and size.

use expbundle_format::ArtifactDigests;

use crate::facts::ArtifactFact;
use crate::listing::FileFact;

/// Bytes, as an artifact or a file of a tree is described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) digests: ArtifactDigests,
    /// `None` if only `artifacts.json` has them and gives none.
    pub(crate) size_bytes: Option<u64>,
}

impl Content {
    pub(super) fn of_file(file: &FileFact) -> Self {
        Self { digests: file.digests, size_bytes: Some(file.size_bytes) }
    }

    pub(crate) fn of(artifact: &ArtifactFact) -> Option<Self> {
        artifact.digests.map(|digests| Self { digests, size_bytes: artifact.size_bytes })
    }
}

/// The sizes that records and listings give for digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sizes {
    #[default]
    None,
    One(Option<u64>),
    Several,
}

impl Sizes {
    pub(super) fn and(self, size_bytes: Option<u64>) -> Self {
        match self {
            Self::None => Self::One(size_bytes),
            Self::One(known) if known == size_bytes => self,
            _ => Self::Several,
        }
    }
}
