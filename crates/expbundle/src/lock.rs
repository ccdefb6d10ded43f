//! One writer at a time: what keeps an update from being lost.
//!
//! Whoever reads a bundle, adds to it and puts it back takes away what somebody else put there in
//! between. So a writer takes the [`FolderLock`], looks whether its file is still the one that it
//! [saw](Seen), and only then writes. The lock is advisory and ends with the process, however that
//! ends. Where a file system has no locks, what is left of the danger is the moment between looking
//! and renaming.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_format::container::{Container, EntryName};
use expbundle_format::limits::Limits;

use crate::bundle::Bundle;
use crate::write_file::{folder_of, is_unfinished, leads_to};

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
    /// Waits for the lock of the folder that a file is in, for a minute at most. Not to be taken
    /// twice by one process.
    ///
    /// The first one of a process in each folder also removes what writers that were killed left
    /// there.
    ///
    /// # Errors
    /// Another writer does not end: [`io::ErrorKind::WouldBlock`]. Or the folder cannot be opened or
    /// locked, although it is on a file system that has locks.
    pub fn beside(path: &Utf8Path) -> io::Result<Self> {
        // Not each time: many bundles are written into one folder, and each would list it.
        static SWEPT: Mutex<BTreeSet<Utf8PathBuf>> = Mutex::new(BTreeSet::new());
        let folder = folder_of(path);
        let lock = Self { _folder: locked(folder)? };
        if SWEPT.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned()) {
            sweep(folder);
        }
        Ok(lock)
    }
}

/// The folder, locked; nothing where there are no locks, or no folder.
fn locked(folder: &Utf8Path) -> io::Result<Option<File>> {
    let file = match File::open(folder) {
        Ok(file) => file,
        // Whoever writes there will say so.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if cfg!(unix) => return Err(error),
        // Folders cannot be opened on all systems.
        Err(_) => return Ok(None),
    };
    Ok(wait_for(|| file.try_lock(), WAIT)?.then_some(file))
}

/// Tries to lock until it is done, and gives whether it is: a file system may have no locks.
fn wait_for(mut try_lock: impl FnMut() -> Result<(), TryLockError>, wait: Duration) -> io::Result<bool> {
    for _ in 0..TRIES {
        match try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) if has_no_locks(&error) => return Ok(false),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => sleep(wait),
        }
    }
    Err(io::Error::new(io::ErrorKind::WouldBlock, "another process has kept this folder locked for a minute"))
}

/// Whether an error says that a file system has no locks for folders. NFS has none without its
/// daemon (`ENOLCK`), and else none for what is not open for writing (`EBADF`), as no folder is.
fn has_no_locks(error: &io::Error) -> bool {
    #[cfg(unix)]
    let is_of_nfs = matches!(error.raw_os_error(), Some(libc::ENOLCK | libc::EBADF));
    #[cfg(not(unix))]
    let is_of_nfs = false;
    is_of_nfs || matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput)
}

/// Removes files and folders that nobody will finish: their lock is free, because their writer is
/// gone.
pub fn sweep(folder: &Utf8Path) {
    let Ok(entries) = folder.read_dir_utf8() else { return };
    for entry in entries.flatten().filter(|entry| is_unfinished(entry.file_name())) {
        let path = entry.path();
        let Ok(metadata) = fs::symlink_metadata(path) else { continue };
        if !metadata.is_file() && !metadata.is_dir() {
            continue;
        }
        let Ok(file) = File::open(path) else { continue };
        if file.try_lock().is_ok() && leads_to(path.as_std_path(), &file) {
            // If it cannot be removed, the next writer will try.
            let _ = if metadata.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
        // Locked until now: whoever just made it would otherwise take the lock in between, and lose
        // what it writes.
        drop(file);
    }
}

/// The same in a folder and in all folders below it but git's own.
pub fn sweep_below(folder: &Utf8Path) {
    let walk = walkdir::WalkDir::new(folder).into_iter().filter_entry(|entry| {
        let name = entry.file_name().to_str();
        entry.depth() == 0 || (entry.file_type().is_dir() && name.is_some_and(|name| name != ".git"))
    });
    for entry in walk.flatten() {
        if let Some(folder) = Utf8Path::from_path(entry.path()) {
            sweep(folder);
        }
    }
}

/// What was in the place of a bundle when somebody looked. Names of objects are digests, so the
/// same names are the same bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// No file.
    Nothing,
    /// A bundle of these objects.
    Bundle(Vec<EntryName>),
    /// Something that is not a bundle, or cannot be read: its size in bytes, and when it was
    /// changed, if that is known.
    Other(Option<(u64, SystemTime)>),
}

impl Seen {
    /// Looks. No object is read.
    pub fn at(path: &Utf8Path) -> Self {
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::Nothing,
            Ok(metadata) if metadata.is_file() => {}
            _ => return Self::Other(None),
        }
        let Ok(file) = File::open(path) else { return Self::Other(None) };
        let stamp = file.metadata().and_then(|metadata| Ok((metadata.len(), metadata.modified()?))).ok();
        let container = Container::open(io::BufReader::new(file), &Limits::default());
        container.map_or(Self::Other(stamp), |container| {
            Self::Bundle(container.entries().iter().map(|entry| entry.name.clone()).collect())
        })
    }

    /// Whether everything that was there is in this bundle, so that nothing is lost if it takes the
    /// place.
    pub fn is_within(&self, bundle: &Bundle) -> bool {
        match self {
            Self::Nothing => true,
            Self::Bundle(names) => names.iter().all(|name| bundle.contains(name)),
            Self::Other(_) => false,
        }
    }

    /// Whether it is a bundle, and another one has everything of it.
    pub fn is_part_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bundle(names), Self::Bundle(others)) => {
                let others: BTreeSet<&EntryName> = others.iter().collect();
                names.iter().all(|name| others.contains(name))
            }
            _ => false,
        }
    }

    /// What a bundle that was read from a file was.
    pub fn of(bundle: Option<&Bundle>) -> Self {
        bundle.map_or(Self::Nothing, |bundle| Self::Bundle(bundle.entries().map(|(name, _)| name.clone()).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file system without locks says so by an error: then a writer goes on without, for nobody
    /// could ever have one.
    #[test]
    fn without_locks_a_writer_goes_on_and_with_them_it_waits() {
        let answer = |answers: &mut Vec<Result<(), TryLockError>>| {
            wait_for(|| answers.pop().unwrap_or(Err(TryLockError::WouldBlock)), Duration::ZERO)
        };
        let unsupported = || TryLockError::Error(io::ErrorKind::Unsupported.into());
        assert!(!answer(&mut vec![Err(unsupported())]).expect("an answer"));
        #[cfg(unix)]
        for number in [libc::ENOLCK, libc::EBADF, libc::ENOSYS, libc::EOPNOTSUPP, libc::EINVAL] {
            let none = TryLockError::Error(io::Error::from_raw_os_error(number));
            assert!(!answer(&mut vec![Err(none)]).expect("an answer"), "{number}");
        }
        // What else goes wrong says nothing of other writers.
        let interrupted = || TryLockError::Error(io::ErrorKind::Interrupted.into());
        assert!(answer(&mut vec![Ok(()), Err(interrupted())]).expect("an answer"));
        let denied = TryLockError::Error(io::ErrorKind::PermissionDenied.into());
        assert_eq!(answer(&mut vec![Err(denied)]).expect_err("no lock").kind(), io::ErrorKind::PermissionDenied);
        assert!(answer(&mut vec![Ok(())]).expect("an answer"));
        assert!(
            answer(&mut vec![Ok(()), Err(TryLockError::WouldBlock), Err(TryLockError::WouldBlock)]).expect("an answer")
        );
        assert_eq!(answer(&mut Vec::new()).expect_err("it never ends").kind(), io::ErrorKind::WouldBlock);
    }

    /// What is promised without locks: who looks again sees that somebody wrote.
    #[test]
    fn what_was_seen_differs_from_whatever_somebody_else_puts_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8PathBuf::from_path_buf(folder.path().join("a.expb")).expect("UTF-8");
        let nothing = Seen::at(&path);
        assert_eq!(nothing, Seen::Nothing);
        fs::write(&path, b"not a bundle").expect("room");
        let other = Seen::at(&path);
        fs::write(&path, b"not a bundle either").expect("room");
        assert!(nothing != other && other != Seen::at(&path));
        let mut bundle = Bundle::new();
        bundle.insert_statement_unchecked(b"{}".to_vec());
        bundle.save_over(&path).expect("room");
        let one = Seen::at(&path);
        assert_eq!(one, Seen::of(Some(&bundle)));
        bundle.insert_statement_unchecked(b"[]".to_vec());
        bundle.save_over(&path).expect("room");
        assert!(one != Seen::at(&path) && one.is_within(&bundle) && !other.is_within(&bundle));
    }

    /// What a killed writer left is a file, or a folder with files in it.
    #[test]
    fn what_nobody_will_finish_is_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("UTF-8");
        fs::write(path.join(".expbundle-aaaaaa.part"), b"half").expect("room");
        fs::create_dir_all(path.join(".expbundle-bbbbbb.part/artifacts")).expect("room");
        fs::write(path.join(".expbundle-bbbbbb.part/artifacts/c"), b"half").expect("room");
        let alive = crate::write_file::PreparedFolder::new(&path.join("out")).expect("room");
        for mine in ["mine.part", ".expbundle-mine.part"] {
            fs::write(path.join(mine), b"mine").expect("room");
        }
        fs::create_dir_all(path.join(".expbundle-my-folder.part/precious")).expect("room");
        sweep(&path);
        let left = fs::read_dir(&path).expect("a folder").count();
        assert_eq!(left, 4, "the one whose writer lives, and those of other names");
        alive.put_in_place().expect("a free place");
        assert!(path.join("out").is_dir());
    }

    #[test]
    fn what_nobody_will_finish_is_removed_from_the_folders_below_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("UTF-8");
        for folder in ["a/b/.expbundle-bbbbbb.part/c", ".git"] {
            fs::create_dir_all(path.join(folder)).expect("room");
        }
        let left = ["", "a/", "a/b/", ".git/"].map(|folder| path.join(format!("{folder}.expbundle-aaaaaa.part")));
        for left in &left {
            fs::write(left, b"half").expect("room");
        }
        sweep_below(&path);
        assert_eq!(left.map(|left| left.exists()), [false, false, false, true], "what git keeps is git's");
        assert_eq!(fs::read_dir(path.join("a/b")).expect("a folder").count(), 0);
    }

    /// Many writers make files and folders where as many others sweep: none loses what it made.
    #[test]
    fn what_somebody_writes_is_never_taken_for_left_over() {
        use std::io::Write as _;
        use std::sync::atomic::{AtomicBool, Ordering};

        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("UTF-8");
        let is_over = AtomicBool::new(false);
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    while !is_over.load(Ordering::Relaxed) {
                        sweep(&path);
                    }
                });
            }
            let writers: Vec<_> = (0..4)
                .map(|writer| {
                    let path = &path;
                    threads.spawn(move || {
                        for number in 0..200 {
                            let name = format!("{writer}-{number}");
                            crate::write_file::write_file(&path.join(&name), |file| file.write_all(b"all"))?;
                            let folder = crate::write_file::PreparedFolder::new(&path.join(format!("{name}-folder")))?;
                            fs::write(folder.file("one")?, b"all")?;
                            folder.put_in_place()?;
                        }
                        io::Result::Ok(())
                    })
                })
                .collect();
            let done: Vec<_> = writers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
            is_over.store(true, Ordering::Relaxed);
            for one in done {
                one.expect("no panic").expect("nobody takes it away");
            }
        });
        assert_eq!(fs::read_dir(&path).expect("a folder").count(), 4 * 200 * 2);
    }

    #[test]
    fn each_folder_is_swept_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("UTF-8");
        for name in ["a", "b", "a"] {
            let (inner, left) = (path.join(name), path.join(name).join(".expbundle-aaaaaa.part"));
            let is_first = !inner.exists();
            fs::create_dir_all(&inner).expect("room");
            fs::write(&left, b"half").expect("room");
            drop(FolderLock::beside(&inner.join("run.expb")).expect("a lock"));
            assert_eq!(left.exists(), !is_first, "{name}");
        }
    }
}
