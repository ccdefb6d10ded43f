//! Zip archives, unpacked within bounds.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _};
use std::path::PathBuf;

use camino::Utf8Path;
// `zip` inflates with whatever backend its users choose.
use flate2 as _;
use tempfile::TempDir;

/// The most entries of an archive.
const MOST_ENTRIES: usize = 100_000;
/// Bytes that any archive may be unpacked to, however small.
const UNPACKED_BYTES: u64 = 256 << 20;
/// Bytes unpacked for each byte of the archive, beyond that: weights and pictures hardly shrink,
/// and events to about a tenth.
const UNPACKED_RATIO: u64 = 20;

/// Why an archive cannot be unpacked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveError {
    /// It cannot be read, or its files not be written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is not an archive, or a broken one.
    #[error(transparent)]
    Zip(#[from] zip::result::ZipError),
}

/// The files of an archive, as long as somebody reads them.
#[derive(Debug)]
pub(crate) struct Unpacked {
    folder: TempDir,
    /// Each with its size in bytes.
    written: Vec<(PathBuf, u64)>,
    /// Says that they are being read, where there are locks.
    _lock: Option<File>,
}

impl Unpacked {
    /// Where they are; `None` where temporary folders have names that are not UTF-8.
    pub fn folder(&self) -> Option<&Utf8Path> {
        Utf8Path::from_path(self.folder.path())
    }

    /// Whether everything that was unpacked is still there: what somebody removed, like a service
    /// that tidies up, would be missing without a word. Called after the files were read.
    pub fn check(&self) -> io::Result<()> {
        let is_there = |(path, size): &(PathBuf, u64)| fs::metadata(path).is_ok_and(|file| file.len() == *size);
        if self.written.iter().all(is_there) {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::NotFound, "its unpacked files were removed while they were read"))
    }
}

/// Unpacks an archive into a temporary folder, as far as the limits go. Entries that lead out of it
/// are refused.
pub(crate) fn unpack(path: &Utf8Path) -> Result<Unpacked, ArchiveError> {
    let (folder, lock) = claimed_folder()?;
    let mut written = Vec::new();
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut entries = zip::ZipArchive::new(file)?;
    if entries.len() > MOST_ENTRIES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the archive has too many entries").into());
    }
    let mut left = size.saturating_mul(UNPACKED_RATIO).max(UNPACKED_BYTES);
    for index in 0..entries.len() {
        let mut entry = entries.by_index(index)?;
        if !entry.is_file() {
            continue;
        }
        let outside = || io::Error::new(io::ErrorKind::InvalidData, "an entry leads out of the archive");
        let target = folder.path().join(entry.enclosed_name().ok_or_else(outside)?);
        fs::create_dir_all(target.parent().unwrap_or(folder.path()))?;
        let mut file = File::create_new(&target)?;
        let size = io::copy(&mut entry.by_ref().take(left), &mut file)?;
        left -= size;
        written.push((target, size));
        if left == 0 {
            let detail = "the archive inflates to more than any run does";
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, detail).into());
        }
    }
    Ok(Unpacked { folder, written, _lock: lock })
}

/// A temporary folder, named and locked as what `expbundle::lock::sweep` removes once nobody works
/// on it. One that was taken for left over before it was locked is gone, and another one is made.
fn claimed_folder() -> io::Result<(TempDir, Option<File>)> {
    loop {
        let folder = tempfile::Builder::new().prefix(".expbundle-").rand_bytes(6).suffix(".part").tempdir()?;
        let lock = match File::open(folder.path()) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) if cfg!(unix) => return Err(error),
            // Folders cannot be opened on all systems. Nobody locks or removes them there.
            Err(_) => return Ok((folder, None)),
        };
        if !matches!(lock.try_lock(), Err(TryLockError::WouldBlock)) && folder.path().exists() {
            return Ok((folder, Some(lock)));
        }
    }
}
