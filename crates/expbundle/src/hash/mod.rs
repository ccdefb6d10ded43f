//! Hashing files on disk: BLAKE3 and SHA-256 in one go, on all cores.

mod error;
mod list;
mod read;
mod tree;

#[cfg(test)]
mod tests;

use std::fs::{File, Metadata};
use std::io;

use camino::Utf8Path;
use expbundle_format::{ArtifactDigests, Blake3, DigestSet, Sha256};
use expbundle_lineage::parallel::prelude::*;

pub use crate::skipped::{Leads, Skipped, WhySkipped};
pub use error::HashError;
pub use list::{Found, ListedFile, is_file_of, list_files};
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
    let describe = |source: io::Error| match source.kind() {
        // Whoever reads by position sees the end of the file too early if it shrank.
        io::ErrorKind::UnexpectedEof => HashError::Changed { path: path.to_owned() },
        _ => HashError::Read { path: path.to_owned(), source },
    };
    // Opening a pipe would wait for a writer, so what it is comes first.
    if !std::fs::metadata(path).map_err(describe)?.is_file() {
        return Err(HashError::NotAFile { path: path.to_owned() });
    }
    let file = File::open(path).map_err(describe)?;
    let before = file.metadata().map_err(describe)?;
    let hashed = match wanted {
        Wanted::Blake3Only => read::tree_wise(&file, before.len(), progress),
        Wanted::Both => read::chain_wise(&file, before.len(), progress),
    }
    .map_err(describe)?;
    let after = file.metadata().map_err(describe)?;
    if stamp(&before) != stamp(&after) {
        return Err(HashError::Changed { path: path.to_owned() });
    }
    Ok(hashed)
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

/// What of a file changes when somebody writes to it.
fn stamp(metadata: &Metadata) -> (u64, Option<std::time::SystemTime>) {
    (metadata.len(), metadata.modified().ok())
}
