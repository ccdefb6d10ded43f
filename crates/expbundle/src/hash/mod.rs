//! Hashing files on disk: BLAKE3 and SHA-256 in one go, on all cores.

mod error;
mod list;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod mapped;
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
#[path = "not_mapped.rs"]
mod mapped;
mod read;
mod regular_file;
mod tree;

#[cfg(test)]
mod tests;

use camino::Utf8Path;
use expbundle_format::{ArtifactDigests, Blake3, DigestSet, Sha256};
use expbundle_lineage::parallel::prelude::*;

pub use crate::skipped::{Leads, Skipped, WhySkipped};
pub use error::HashError;
pub use list::{Found, ListedFile, is_file_of, list_files};
pub use regular_file::RegularFile;
pub use tree::hash_tree;

/// Which digests of a file are wanted. SHA-256 cannot be computed on several cores and takes about
/// five times as long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// BLAKE3, which is identity.
    #[default]
    Blake3Only,
    /// SHA-256 as well.
    Both,
}

/// The digests of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hashed {
    /// BLAKE3 of the bytes.
    pub blake3: Blake3,
    /// SHA-256 of the bytes, if it was wanted.
    pub sha256: Option<Sha256>,
    /// Size in bytes.
    pub size: u64,
}

impl Hashed {
    /// As an artifact's digests.
    pub fn digests(&self) -> ArtifactDigests {
        ArtifactDigests::new(Some(self.blake3), self.sha256).expect("the BLAKE3 is there")
    }

    /// Both digests, if both were wanted.
    pub fn both(&self) -> Option<DigestSet> {
        self.digests().both()
    }
}

/// Called with the number of bytes just hashed, from several threads at once.
pub type Progress<'a> = &'a (dyn Fn(u64) + Sync);

/// Hashes one file, on all cores if it is large.
pub fn hash_file(path: &Utf8Path, wanted: Wanted, progress: Progress<'_>) -> Result<Hashed, HashError> {
    RegularFile::open(path)?.hash(wanted, progress)
}

/// Hashes bytes that are in memory.
pub fn hash_bytes(bytes: &[u8], wanted: Wanted) -> Hashed {
    let sha256 = (wanted == Wanted::Both).then(|| Sha256::of(bytes));
    Hashed { blake3: Blake3::of(bytes), sha256, size: bytes.len() as u64 }
}

/// Hashes many files, several at a time. Results are in the order of the paths.
pub fn hash_files<P: AsRef<Utf8Path> + Sync>(
    paths: &[P],
    wanted: Wanted,
    progress: Progress<'_>,
) -> Vec<Result<Hashed, HashError>> {
    paths.par_iter().map(|path| hash_file(path.as_ref(), wanted, progress)).collect()
}
