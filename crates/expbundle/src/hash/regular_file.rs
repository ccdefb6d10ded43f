//! A file opened to be read once.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};

use camino::Utf8Path;

use super::{HashError, Hashed, Progress, Wanted, read};

/// A regular file that was just opened. What of it changes while it is read is an error.
#[derive(Debug)]
pub struct RegularFile<'a> {
    path: &'a Utf8Path,
    file: File,
    before: Metadata,
}

impl<'a> RegularFile<'a> {
    /// Opens a file, and never waits for the other end of a pipe.
    ///
    /// # Errors
    /// It cannot be read, or it is a folder, a pipe or a device.
    pub fn open(path: &'a Utf8Path) -> Result<Self, HashError> {
        let describe = |source| HashError::Read { path: path.to_owned(), source };
        let file = open(path).map_err(describe)?;
        let before = file.as_ref().map(File::metadata).transpose().map_err(describe)?;
        match (file, before) {
            (Some(file), Some(before)) if before.is_file() => Ok(Self { path, file, before }),
            _ => Err(HashError::NotAFile { path: path.to_owned() }),
        }
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.before.len()
    }

    /// Hashes it, on all cores if it is large.
    ///
    /// # Errors
    /// It cannot be read, or changed meanwhile.
    pub fn hash(&self, wanted: Wanted, progress: Progress<'_>) -> Result<Hashed, HashError> {
        let hashed = match wanted {
            Wanted::Blake3Only => read::tree_wise(&self.file, self.size(), progress),
            Wanted::Both => read::chain_wise(&self.file, self.size(), progress),
        };
        let hashed = hashed.map_err(|source| self.describe(source))?;
        let after = self.file.metadata().map_err(|source| self.describe(source))?;
        if stamp(&self.before) == stamp(&after) { Ok(hashed) } else { Err(self.changed()) }
    }

    /// All its bytes.
    ///
    /// # Errors
    /// It cannot be read, or changed its size meanwhile.
    pub fn bytes(&self) -> Result<Vec<u8>, HashError> {
        let mut content = Vec::with_capacity(usize::try_from(self.size()).unwrap_or(0));
        let read = (&self.file).take(self.size() + 1).read_to_end(&mut content);
        read.map_err(|source| self.describe(source))?;
        if content.len() as u64 == self.size() { Ok(content) } else { Err(self.changed()) }
    }

    fn describe(&self, source: io::Error) -> HashError {
        match source.kind() {
            // Whoever reads by position sees the end of the file too early if it shrank.
            io::ErrorKind::UnexpectedEof => self.changed(),
            _ => HashError::Read { path: self.path.to_owned(), source },
        }
    }

    fn changed(&self) -> HashError {
        HashError::Changed { path: self.path.to_owned() }
    }
}

/// What of a file changes when somebody writes to it.
fn stamp(metadata: &Metadata) -> (u64, Option<std::time::SystemTime>) {
    (metadata.len(), metadata.modified().ok())
}

/// Opens what may be a pipe. None is certainly no file.
#[cfg(target_os = "linux")]
fn open(path: &Utf8Path) -> io::Result<Option<File>> {
    use std::os::unix::fs::OpenOptionsExt as _;

    File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).map(Some)
}

/// Opens what may be a pipe. None is certainly no file.
#[cfg(not(target_os = "linux"))]
fn open(path: &Utf8Path) -> io::Result<Option<File>> {
    if std::fs::metadata(path)?.is_file() { File::open(path).map(Some) } else { Ok(None) }
}
