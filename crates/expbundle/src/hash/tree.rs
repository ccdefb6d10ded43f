//! A folder as its listing.

use camino::Utf8Path;
use expbundle_format::tree::{Tree, TreeFile};
use expbundle_lineage::parallel::prelude::*;

use super::{HashError, Progress, Wanted, hash_file, list_files};
use crate::write_file::is_unfinished_path;

/// Hashes a folder into its listing, several files at a time, without what a writer of ours left
/// unfinished in it.
///
/// # Errors
/// The folder holds no files, or something that a listing cannot hold: it is listed as it is, or
/// not at all.
pub fn hash_tree(folder: &Utf8Path, progress: Progress<'_>) -> Result<Tree, HashError> {
    let (listed, skipped) = list_files(folder, &|path, _| is_unfinished_path(path))?;
    let more = skipped.len().saturating_sub(1);
    if let Some(first) = skipped.into_iter().next() {
        return Err(HashError::LeftOut { folder: folder.to_owned(), first, more });
    }
    if listed.is_empty() {
        return Err(HashError::Empty { path: folder.to_owned() });
    }
    let files: Result<Vec<TreeFile>, HashError> = listed
        .into_par_iter()
        .map(|file| {
            let hashed = hash_file(&file.on_disk(folder), Wanted::Both, progress)?;
            let digest = hashed.both().expect("both were wanted");
            Ok(TreeFile { path: file.path, digest, size: hashed.size })
        })
        .collect();
    Tree::new(files?).map_err(|source| HashError::Tree { path: folder.to_owned(), source })
}
