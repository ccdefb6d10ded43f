//! Writing files so that nobody ever sees half of one.
//!
//! A file is written beside its place under a name of its own, brought to the disk, and put in
//! place by renaming. Whatever goes wrong before that (a full disk, an interruption, an error of
//! the writer) leaves the old file as it was.

use std::fs::{self, File, Permissions};
use std::io;
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::{NamedTempFile, TempDir};

/// Writes a file in one step: `write` fills it, and then it takes its place.
///
/// An existing file keeps its permissions; one that is read-only, a link, or no regular file is not
/// replaced.
pub fn write_file(path: &Utf8Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    PreparedFile::new(path, write)?.put_in_place()
}

/// Names of files that are being written: a beginning, ASCII letters and digits at random, an end.
struct UnfinishedName {
    beginning: &'static str,
    random: usize,
    end: &'static str,
}

const UNFINISHED: UnfinishedName = UnfinishedName { beginning: ".expbundle-", random: 6, end: ".part" };

impl UnfinishedName {
    /// Makes files and folders of such names.
    fn builder(&self) -> tempfile::Builder<'static, 'static> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(self.beginning).rand_bytes(self.random).suffix(self.end);
        builder
    }

    /// Whether a name has exactly this form: other files that are named alike belong to somebody
    /// else.
    fn fits(&self, name: &str) -> bool {
        let random = name.strip_prefix(self.beginning).and_then(|rest| rest.strip_suffix(self.end));
        random.is_some_and(|text| text.len() == self.random && text.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    }
}

/// Whether this is the name of a file that was being written: the next command that writes beside
/// it removes it.
pub fn is_unfinished(name: &str) -> bool {
    UNFINISHED.fits(name)
}

/// Whether a path within a folder, with `/` between names, is such a file, or is in such a folder.
pub fn is_unfinished_path(path: &str) -> bool {
    path.split('/').any(is_unfinished)
}

/// A file that is complete on disk and not yet in its place.
///
/// Several of them are how a change of several files comes as near to all or nothing as a file
/// system can: whatever may run out of space does so before the first is put in place.
#[derive(Debug)]
pub struct PreparedFile {
    temporary: NamedTempFile,
    path: Utf8PathBuf,
}

impl PreparedFile {
    /// Writes the file beside its place. Dropping it leaves no trace.
    pub fn new(path: &Utf8Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<Self> {
        // As any new file: the process's umask takes away what it should.
        Self::with_mode(path, 0o666, write)
    }

    /// The same, for a file that nobody but its owner ever may read: a private key.
    pub fn private(path: &Utf8Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<Self> {
        Self::with_mode(path, 0o600, write)
    }

    fn with_mode(path: &Utf8Path, mode: u32, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<Self> {
        Self::on_its_way(path, mode, write)?.synced()
    }

    /// The same, not yet brought to the disk.
    pub(crate) fn on_its_way(
        path: &Utf8Path,
        mode: u32,
        write: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> io::Result<Self> {
        let kept = permissions_to_keep(path)?;
        check_syncable(folder_of(path))?;
        // Whoever may not read the old file may not read the new one before it is in its place.
        let builder = unfinished(if kept.is_some() { 0o600 } else { mode });
        let mut temporary = loop {
            let temporary = builder.tempfile_in(folder_of(path))?;
            if is_claimed(temporary.path(), temporary.as_file()) {
                break temporary;
            }
        };
        write(temporary.as_file_mut())?;
        if let Some(permissions) = kept {
            temporary.as_file().set_permissions(permissions)?;
        }
        Ok(Self { temporary, path: path.to_owned() })
    }

    /// Brings it to the disk.
    pub(crate) fn synced(self) -> io::Result<Self> {
        self.temporary.as_file().sync_all()?;
        Ok(self)
    }

    /// Where it is until it is in its place.
    pub(crate) fn temporary_path(&self) -> Option<&Utf8Path> {
        Utf8Path::from_path(self.temporary.path())
    }

    /// Where it will be.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Renames it into its place.
    pub fn put_in_place(self) -> io::Result<()> {
        let path = self.path.clone();
        self.rename()?;
        sync_folder(folder_of(&path))
    }

    /// Renames it into its place, which a crash of the machine may undo until the folder is synced.
    pub(crate) fn rename(self) -> io::Result<()> {
        self.temporary.persist(&self.path).map(|_| ()).map_err(|error| error.error)
    }

    /// Renames it into its place if nothing is there, not even what came there since.
    pub fn put_in_free_place(self) -> io::Result<()> {
        self.temporary.persist_noclobber(&self.path).map_err(|error| error.error)?;
        sync_folder(folder_of(&self.path))
    }
}

/// A folder that is being filled beside its place.
#[derive(Debug)]
pub struct PreparedFolder {
    temporary: TempDir,
    /// Locked: says that its writer lives. Folders cannot be opened on all systems.
    _folder: Option<File>,
    path: Utf8PathBuf,
}

impl PreparedFolder {
    /// An empty folder. Dropping it leaves no trace.
    ///
    /// # Errors
    /// Something is in its place.
    pub fn new(path: &Utf8Path) -> io::Result<Self> {
        must_be_free(path)?;
        check_syncable(folder_of(path))?;
        let builder = unfinished(0o777);
        loop {
            let temporary = builder.tempdir_in(folder_of(path))?;
            let folder = match File::open(temporary.path()) {
                Ok(folder) => Some(folder),
                // It was taken for left over.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) if cfg!(unix) => return Err(error),
                Err(_) => None,
            };
            if folder.as_ref().is_none_or(|folder| is_claimed(temporary.path(), folder)) {
                return Ok(Self { temporary, _folder: folder, path: path.to_owned() });
            }
        }
    }

    /// Where a file of it is until then.
    ///
    /// # Errors
    /// The folder's path is not UTF-8.
    pub fn file(&self, name: &str) -> io::Result<Utf8PathBuf> {
        let folder = Utf8Path::from_path(self.temporary.path()).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(folder.join(name))
    }

    /// Renames it into its place.
    pub fn put_in_place(self) -> io::Result<()> {
        must_be_free(&self.path)?;
        fs::rename(self.temporary.path(), &self.path)?;
        // Nothing of that name is left to be removed.
        let _ = self.temporary.keep();
        sync_folder(folder_of(&self.path))
    }
}

/// Locks what was just made, which says that its writer lives. Gives whether it is still there: it
/// may have been taken for left over before it was locked.
///
/// Where there are no locks, nobody removes what seems to be left over either.
fn is_claimed(path: &Path, made: &File) -> bool {
    !matches!(made.try_lock(), Err(fs::TryLockError::WouldBlock)) && leads_to(path, made)
}

/// Whether a path still leads to what was opened there.
#[cfg(unix)]
pub(crate) fn leads_to(path: &Path, opened: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let (Ok(there), Ok(opened)) = (fs::symlink_metadata(path), opened.metadata()) else { return false };
    (there.dev(), there.ino()) == (opened.dev(), opened.ino())
}

/// Whether something is at a path; nothing tells whether it is what was opened.
#[cfg(not(unix))]
pub(crate) fn leads_to(path: &Path, _: &File) -> bool {
    path.exists()
}

fn must_be_free(path: &Utf8Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, "something of this name is there")),
    }
}

/// Makes what is not finished, under names that tell.
#[cfg_attr(not(unix), expect(unused_variables, reason = "modes are Unix's"))]
fn unfinished(mode: u32) -> tempfile::Builder<'static, 'static> {
    let mut builder = UNFINISHED.builder();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    builder
}

/// Refuses what a file cannot take the place of: a folder, a link, a pipe or device, a file that is
/// read-only; and a place in a folder that is not there, before hours of work end in that error.
pub fn check_replaceable(path: &Utf8Path) -> io::Result<()> {
    let folder = folder_of(path);
    if matches!(fs::metadata(folder), Err(error) if error.kind() == io::ErrorKind::NotFound) {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("there is no folder `{folder}`")));
    }
    permissions_to_keep(path).map(|_| ())
}

/// Removes a file for good.
pub fn remove_file(path: &Utf8Path) -> io::Result<()> {
    check_syncable(folder_of(path))?;
    fs::remove_file(path)?;
    sync_folder(folder_of(path))
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Utf8Path) -> &Utf8Path {
    path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."))
}

/// The permissions of the file that is there, if it may be replaced.
fn permissions_to_keep(path: &Utf8Path) -> io::Result<Option<Permissions>> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let refused = |kind, message: &str| Err(io::Error::new(kind, message));
    if metadata.is_dir() {
        refused(io::ErrorKind::IsADirectory, "there is a folder of this name")
    } else if metadata.is_symlink() {
        refused(io::ErrorKind::InvalidInput, "there is a link of this name; name the file that it points to")
    } else if !metadata.is_file() {
        refused(io::ErrorKind::InvalidInput, "there is a pipe or device of this name")
    } else if metadata.permissions().readonly() {
        refused(io::ErrorKind::PermissionDenied, "the file that is there is read-only")
    } else {
        Ok(Some(metadata.permissions()))
    }
}

/// Brings the rename itself to the disk.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Utf8Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Refuses a folder that nobody could [sync](sync_folder) before anything is written there: it may
/// be one to write in and not to read.
#[cfg(unix)]
fn check_syncable(folder: &Utf8Path) -> io::Result<()> {
    File::open(folder).map(|_| ())
}

/// Folders cannot be opened as files here.
#[cfg(not(unix))]
fn check_syncable(_: &Utf8Path) -> io::Result<()> {
    Ok(())
}

/// Folders cannot be opened as files here; the file itself is on the disk.
#[cfg(not(unix))]
pub(crate) fn sync_folder(_: &Utf8Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn folder() -> (TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("a UTF-8 path");
        (folder, path)
    }

    fn names(folder: &Utf8Path) -> Vec<String> {
        let mut names: Vec<_> = folder
            .read_dir_utf8()
            .expect("a readable folder")
            .map(|entry| entry.expect("an entry").file_name().to_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_made_and_replaced() {
        let (_guard, folder) = folder();
        let path = folder.join("card.md");
        for text in ["one", "another, longer one", ""] {
            write_file(&path, |file| file.write_all(text.as_bytes())).expect("room");
            assert_eq!(fs::read_to_string(&path).expect("there"), text);
        }
        assert_eq!(names(&folder), ["card.md"]);
    }

    #[test]
    fn an_error_leaves_the_old_file_and_no_trace() {
        let (_guard, folder) = folder();
        let path = folder.join("card.md");
        fs::write(&path, "old").expect("room");
        let full = |file: &mut File| {
            file.write_all(b"half of the ne")?;
            Err(io::ErrorKind::StorageFull.into())
        };
        assert_eq!(write_file(&path, full).expect_err("full").kind(), io::ErrorKind::StorageFull);
        drop(PreparedFile::new(&path, |file| file.write_all(b"new")).expect("room"));
        assert_eq!(fs::read_to_string(&path).expect("there"), "old");
        assert_eq!(names(&folder), ["card.md"]);
        assert!(write_file(&folder.join("none/card.md"), |_| Ok(())).is_err());
    }

    #[test]
    fn only_names_that_are_given_here_are_those_of_unfinished_files() {
        let (_guard, folder) = folder();
        let path = folder.join("card.md");
        for _ in 0..20 {
            let file = PreparedFile::new(&path, |_| Ok(())).expect("room");
            let sub = PreparedFolder::new(&folder.join("out")).expect("room");
            let made = names(&folder);
            assert!(made.len() == 2 && made.iter().all(|name| is_unfinished(name)), "{made:?}");
            drop((file, sub));
        }
        for mine in ["mine", "", "12345", "1234567", "my-own", "Größ", "a.part", "ab_cde", "../abc"] {
            assert!(!is_unfinished(&format!(".expbundle-{mine}.part")), "{mine}");
        }
        for mine in
            ["a/.expbundle-Ab12Cd.part", "expbundle-Ab12Cd.part", ".expbundle-Ab12Cd.part~", ".Expbundle-Ab12Cd.part"]
        {
            assert!(!is_unfinished(mine), "{mine}");
        }
        for left in [".expbundle-Ab12Cd.part", "a/.expbundle-Ab12Cd.part", "a/.expbundle-Ab12Cd.part/b/c"] {
            assert!(is_unfinished_path(left), "{left}");
        }
        for mine in ["", "a/b", "a/.expbundle-mine.part/b"] {
            assert!(!is_unfinished_path(mine), "{mine}");
        }
    }

    #[test]
    fn a_folder_is_not_replaced() {
        let (_guard, folder) = folder();
        let error = write_file(&folder, |_| Ok(())).expect_err("a folder");
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_kept_and_respected_and_links_stay() {
        use std::os::unix::fs::PermissionsExt;

        let (_guard, folder) = folder();
        let path = folder.join("script");
        let mode = |path: &Utf8Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        write_file(&path, |_| Ok(())).expect("room");
        assert_eq!(mode(&path) & 0o600, 0o600);
        fs::set_permissions(&path, Permissions::from_mode(0o750)).expect("our own file");
        write_file(&path, |file| file.write_all(b"new")).expect("room");
        assert_eq!(mode(&path), 0o750);
        fs::set_permissions(&path, Permissions::from_mode(0o444)).expect("our own file");
        let error = write_file(&path, |_| Ok(())).expect_err("read-only");
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        fs::set_permissions(&path, Permissions::from_mode(0o666)).expect("our own file");
        let unfinished = |file: &mut File| {
            assert_eq!(file.metadata()?.permissions().mode() & 0o777, 0o600, "nobody else reads it until then");
            file.write_all(b"new")
        };
        write_file(&path, unfinished).expect("room");
        assert_eq!(mode(&path), 0o666);
        let link = folder.join("link");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        assert_eq!(write_file(&link, |_| Ok(())).expect_err("a link").kind(), io::ErrorKind::InvalidInput);
        assert_eq!(fs::read_to_string(&path).expect("there"), "new");
    }
}
