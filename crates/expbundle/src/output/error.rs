//! Why something is not written.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

/// A path that is not written to.
#[derive(thiserror::Error)]
#[error("`{path}`: {why}")]
pub struct OutputError {
    /// The path.
    pub path: Utf8PathBuf,
    /// The cause.
    #[source]
    pub why: WhyNotWritten,
}

expbundle_format::debug_with_causes!(OutputError);

/// Why a path is not written to.
#[derive(Debug, thiserror::Error)]
pub enum WhyNotWritten {
    /// What was tried, like `write the file`, failed.
    #[error("cannot {0}: {1}")]
    Failed(&'static str, io::Error),
    /// Another writer is at work in the folder and does not end.
    #[error("cannot lock the folder of the file: {0}")]
    Locked(io::Error),
    /// It is named like a file that is being written, or lies in such a folder; what is named so
    /// may be removed at any time.
    #[error("the path is named like a file that a command left unfinished")]
    Unfinished,
    /// What is there would be lost.
    #[error("{0}")]
    Lost(Loss),
    /// Somebody else wrote there meanwhile.
    #[error("the file changed in the meantime")]
    Changed,
    /// A file is there, and keys are never written over.
    #[error("the file already exists, and keys are never overwritten")]
    KeyIsThere,
}

/// What is there, and would be lost.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum Loss {
    /// An input of the same call.
    #[error("the output is also an input, and would be overwritten")]
    Input,
    /// A file of a folder that is an input.
    #[error("the output is a file in an input folder, and would be overwritten")]
    InInput,
    /// Something else.
    #[error("the output file already exists, and its contents would be lost")]
    Taken {
        /// Whether it is written over if that is asked for.
        unless_forced: bool,
    },
}

impl WhyNotWritten {
    /// The same, with its path.
    pub(super) fn at(self, path: &Utf8Path) -> OutputError {
        OutputError { path: path.to_owned(), why: self }
    }
}

/// Names what was tried.
pub(super) fn failed(action: &'static str, path: &Utf8Path) -> impl FnOnce(io::Error) -> OutputError {
    move |error| WhyNotWritten::Failed(action, error).at(path)
}
