//! Temporary folders for what is taken out of other files, and what the program left unfinished in
//! the folders that are read.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use camino::Utf8Path;
use tempfile::TempDir;

/// Names of what `expbundle` has not finished: a beginning, ASCII letters and digits at random, an
/// end. `expbundle::write_file` gives the same ones.
const BEGINNING: &str = ".expbundle-";
const RANDOM: usize = 6;
const END: &str = ".part";

/// Whether this is the name of a file or folder that `expbundle` has not finished, or never will.
pub(crate) fn is_unfinished(name: &str) -> bool {
    let random = name.strip_prefix(BEGINNING).and_then(|rest| rest.strip_suffix(END));
    random.is_some_and(|text| text.len() == RANDOM && text.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Whether an entry of a folder that is read may be part of a run: what `expbundle` has not
/// finished is not.
pub(crate) fn may_be_of_run(entry: &walkdir::DirEntry) -> bool {
    entry.depth() == 0 || !entry.file_name().to_str().is_some_and(is_unfinished)
}

/// A folder that is removed when nobody needs it any more.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
    /// Says that it is being used, where there are locks.
    _lock: Option<File>,
}

impl Scratch {
    /// Makes a folder, named and locked as what `expbundle::lock::sweep` removes once nobody works
    /// on it. One that was taken for left over before it was locked is gone, and another one is
    /// made.
    pub fn new() -> io::Result<Self> {
        loop {
            let folder = tempfile::Builder::new().prefix(BEGINNING).rand_bytes(RANDOM).suffix(END).tempdir()?;
            let lock = match File::open(folder.path()) {
                Ok(lock) => lock,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) if cfg!(unix) => return Err(error),
                // Folders cannot be opened on all systems. Nobody locks or removes them there.
                Err(_) => return Ok(Self { folder, _lock: None }),
            };
            if !matches!(lock.try_lock(), Err(TryLockError::WouldBlock)) && folder.path().exists() {
                return Ok(Self { folder, _lock: Some(lock) });
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where it is; `None` where temporary folders have names that are not UTF-8.
    pub fn utf8_path(&self) -> Option<&Utf8Path> {
        Utf8Path::from_path(self.folder.path())
    }
}
