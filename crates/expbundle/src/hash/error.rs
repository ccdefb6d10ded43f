//! Why a file or folder has no digest.

use std::io;

use camino::Utf8PathBuf;
use expbundle_format::tree::TreeError;

use super::Skipped;

/// Why a file has no digest.
#[derive(thiserror::Error)]
pub enum HashError {
    /// It cannot be read.
    #[error("`{path}` cannot be read")]
    Read {
        /// Which file.
        path: Utf8PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A folder, pipe or device has no digest.
    #[error("`{path}` is not a regular file")]
    NotAFile {
        /// What was named.
        path: Utf8PathBuf,
    },
    /// Another program wrote to it meanwhile.
    #[error("`{path}` changed while it was read")]
    Changed {
        /// Which file.
        path: Utf8PathBuf,
    },
    /// The files of a folder make no tree.
    #[error("`{path}` cannot be listed")]
    Tree {
        /// Which folder.
        path: Utf8PathBuf,
        /// The cause.
        source: TreeError,
    },
    /// Something in a folder has no place in a listing, and a listing without it would not be of
    /// that folder.
    #[error("`{}` cannot be recorded: {}{}", .first.path, .first.why, and_more(*.more))]
    LeftOut {
        /// Which folder.
        folder: Utf8PathBuf,
        /// The first by path.
        first: Skipped,
        /// How many others there are.
        more: usize,
    },
    /// A folder without a file.
    #[error("`{path}` holds no files")]
    Empty {
        /// Which folder.
        path: Utf8PathBuf,
    },
}

expbundle_format::debug_with_causes!(HashError);

fn and_more(more: usize) -> String {
    if more == 0 { String::new() } else { format!(" (and {more} more)") }
}
