//! Sessions as archives, unpacked within bounds.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _};

use camino::Utf8Path;
// `zip` inflates with whatever backend its users choose.
use flate2 as _;
use tempfile::TempDir;

use super::session::{SessionError, Unpacked};

/// The most entries of an archive.
const MOST_ENTRIES: usize = 100_000;
/// Bytes that any archive may be unpacked to, however small.
const UNPACKED_BYTES: u64 = 256 << 20;
/// Bytes unpacked for each byte of the archive, beyond that: weights and pictures hardly shrink,
/// and events to about a tenth.
const UNPACKED_RATIO: u64 = 20;

/// Unpacks an archive into a temporary folder, as far as the limits go. Entries that lead out of it
/// are refused.
pub(super) fn unpack(path: &Utf8Path) -> Result<Unpacked, SessionError> {
    let read = |source| SessionError::Read { path: path.to_owned(), source };
    let archive = |error: zip::result::ZipError| SessionError::Archive { path: path.to_owned(), source: error.into() };
    let (folder, lock) = claimed_folder().map_err(read)?;
    let mut written = Vec::new();
    let file = File::open(path).map_err(read)?;
    let size = file.metadata().map_err(read)?.len();
    let mut entries = zip::ZipArchive::new(file).map_err(archive)?;
    if entries.len() > MOST_ENTRIES {
        return Err(read(io::Error::new(io::ErrorKind::FileTooLarge, "the archive has too many entries")));
    }
    let mut left = size.saturating_mul(UNPACKED_RATIO).max(UNPACKED_BYTES);
    for index in 0..entries.len() {
        let mut entry = entries.by_index(index).map_err(archive)?;
        if !entry.is_file() {
            continue;
        }
        let outside = || read(io::Error::new(io::ErrorKind::InvalidData, "an entry leads out of the archive"));
        let target = folder.path().join(entry.enclosed_name().ok_or_else(outside)?);
        fs::create_dir_all(target.parent().unwrap_or(folder.path())).map_err(read)?;
        let mut file = File::create_new(&target).map_err(read)?;
        let size = io::copy(&mut entry.by_ref().take(left), &mut file).map_err(read)?;
        left -= size;
        written.push((target, size));
        if left == 0 {
            return Err(read(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "the archive inflates to more than any session does",
            )));
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
