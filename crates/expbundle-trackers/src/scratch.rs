//! Temporary folders for what is taken out of other files.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use camino::Utf8Path;
use tempfile::TempDir;

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
            let folder = tempfile::Builder::new().prefix(".expbundle-").rand_bytes(6).suffix(".part").tempdir()?;
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
