//! Temporary folders for what is taken out of other files, and what the program left unfinished in
//! the folders that are read.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::Once;

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

/// A folder among the temporary ones for what may be as secret as a tracker's whole database: only
/// its owner may look into it, and it is removed when nobody needs it any more. What a process that
/// was killed left of it goes with the first that the next one makes.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
    /// Says that it is being used, where there are locks.
    _lock: Option<File>,
}

impl Scratch {
    /// Makes a folder, named and locked as what is removed once nobody works on it. One that was
    /// taken for left over before it was locked is gone, and another one is made.
    ///
    /// # Errors
    /// There is no room for it, or no folder for temporary files.
    pub fn new() -> io::Result<Self> {
        // Not each time: many are made, and each would list all temporary files.
        static SWEPT: Once = Once::new();
        SWEPT.call_once(|| sweep(&tempfile::env::temp_dir()));
        Self::within(&tempfile::env::temp_dir())
    }

    fn within(temporary: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(BEGINNING).rand_bytes(RANDOM).suffix(END);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        loop {
            // Without its name, which differs each time.
            let no_room = |error: io::Error| {
                io::Error::new(error.kind(), format!("no temporary folder can be made (TMPDIR): {}", error.kind()))
            };
            let folder = builder.tempdir_in(temporary).map_err(no_room)?;
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

/// Removes such folders whose lock is free, because whoever made them is gone. Those of other
/// people cannot be opened, and what has another name is nobody's business here.
fn sweep(temporary: &Path) {
    let Ok(entries) = fs::read_dir(temporary) else { return };
    for entry in entries.flatten() {
        let is_named_so = entry.file_name().to_str().is_some_and(is_unfinished);
        if !is_named_so || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let Ok(folder) = File::open(entry.path()) else { continue };
        if folder.try_lock().is_ok() {
            // If it cannot be removed, the next process will try.
            let _ = fs::remove_dir_all(entry.path());
        }
        // Locked until now: whoever just made it would otherwise take the lock in between.
        drop(folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_is_removed_and_nothing_else() {
        let temporary = tempfile::tempdir().expect("a folder");
        let path = |name: &str| temporary.path().join(name);
        for name in [".expbundle-aaaaaa.part", ".expbundle-mine.part", "other"] {
            fs::create_dir(path(name)).expect("room");
            fs::write(path(name).join("copy.db"), b"runs").expect("room");
        }
        fs::write(path(".expbundle-bbbbbb.part"), b"a file").expect("room");
        let alive = Scratch::within(temporary.path()).expect("room");
        sweep(temporary.path());
        assert!(!path(".expbundle-aaaaaa.part").exists());
        assert!(path(".expbundle-mine.part/copy.db").exists() && path("other/copy.db").exists());
        assert!(path(".expbundle-bbbbbb.part").exists(), "a writer's, who will look after it");
        assert!(alive.path().exists());
        drop(alive);
        assert_eq!(fs::read_dir(temporary.path()).expect("a folder").count(), 3);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_look_into_it() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = Scratch::new().expect("room");
        let mode = fs::metadata(folder.path()).expect("a folder").permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{mode:o}");
    }
}
