//! One writer at a time: what keeps an update from being lost.
//!
//! Whoever reads a bundle, adds to it and puts it back takes away what somebody else put there in between. So a writer takes the
//! [`FolderLock`], looks whether its file is still the one that it [saw](Seen), and only then writes. The lock is advisory and ends with
//! the process, however that ends. Where a file system has no locks, what is left of the danger is the moment between looking and renaming.

use std::fs::{self, File, TryLockError};
use std::io;
use std::sync::Once;
use std::thread::sleep;
use std::time::Duration;

use camino::Utf8Path;
use expbundle_format::container::{Container, EntryName};
use expbundle_format::limits::Limits;

use crate::bundle::Bundle;
use crate::write_file::{folder_of, is_unfinished};

/// How often and how long to wait for another writer: a minute in all.
const TRIES: usize = 12_000;
const WAIT: Duration = Duration::from_millis(5);

/// Keeps other writers away from the files of a folder, as long as it lives.
#[derive(Debug)]
#[must_use = "the lock ends with it"]
pub struct FolderLock {
    _folder: Option<File>,
}

impl FolderLock {
    /// Waits for the lock of the folder that a file is in, for a minute at most. Not to be taken twice by one process.
    ///
    /// The first one of a process also removes what writers that were killed left in the folder.
    ///
    /// # Errors
    /// Another writer does not end: [`io::ErrorKind::WouldBlock`].
    pub fn beside(path: &Utf8Path) -> io::Result<Self> {
        static SWEEP: Once = Once::new();
        let folder = folder_of(path);
        let lock = Self { _folder: locked(folder)? };
        SWEEP.call_once(|| sweep(folder));
        Ok(lock)
    }
}

/// The folder, locked; nothing where that cannot be had.
fn locked(folder: &Utf8Path) -> io::Result<Option<File>> {
    let Ok(file) = File::open(folder) else { return Ok(None) };
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(_)) => return Ok(None),
            Err(TryLockError::WouldBlock) => sleep(WAIT),
        }
    }
    Err(io::Error::new(io::ErrorKind::WouldBlock, "another writer is at work in this folder"))
}

/// Removes files that nobody will finish: their lock is free, because their writer is gone.
pub(crate) fn sweep(folder: &Utf8Path) {
    let Ok(entries) = folder.read_dir_utf8() else { return };
    for entry in entries.flatten().filter(|entry| is_unfinished(entry.file_name())) {
        let path = entry.path();
        if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
            && File::open(path).is_ok_and(|file| file.try_lock().is_ok())
        {
            // If it cannot be removed, the next writer will try.
            let _ = fs::remove_file(path);
        }
    }
}

/// What was in the place of a bundle when somebody looked. Names of objects are digests, so the same names are the same bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// No file.
    Nothing,
    /// A bundle of these objects.
    Bundle(Vec<EntryName>),
    /// Something that is not a bundle, or cannot be read.
    Other,
}

impl Seen {
    /// Looks. No object is read.
    pub fn at(path: &Utf8Path) -> Self {
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::Nothing,
            Ok(metadata) if metadata.is_file() => {}
            _ => return Self::Other,
        }
        let container =
            File::open(path).ok().and_then(|file| Container::open(io::BufReader::new(file), &Limits::default()).ok());
        container.map_or(Self::Other, |container| {
            Self::Bundle(container.entries().iter().map(|entry| entry.name.clone()).collect())
        })
    }

    /// What a bundle that was read from a file was.
    pub fn of(bundle: Option<&Bundle>) -> Self {
        bundle.map_or(Self::Nothing, |bundle| Self::Bundle(bundle.entries().map(|(name, _)| name.clone()).collect()))
    }
}
