//! The files of a folder.

use std::io;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_format::tree::TreePath;

use super::{HashError, Leads, Skipped, WhySkipped};

/// A file found by [`list_files`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFile {
    /// Path within the folder, with `/` between names.
    pub path: TreePath,
    /// Whether it is a link of the Hub's cache, read as the blob that it leads to.
    pub followed: bool,
}

impl ListedFile {
    /// Where it is on disk.
    pub fn on_disk(&self, folder: &Utf8Path) -> Utf8PathBuf {
        folder.join(self.path.to_plain())
    }

    /// Its size in bytes.
    ///
    /// # Errors
    /// It is not there any more.
    pub fn size(&self, folder: &Utf8Path) -> Result<u64, HashError> {
        let path = self.on_disk(folder);
        std::fs::metadata(&path).map(|metadata| metadata.len()).map_err(|source| HashError::Read { path, source })
    }
}

/// What [`list_files`] asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A regular file, or a link of the Hub's cache that is read as one.
    File,
    /// A folder.
    Folder,
}

/// Lists the regular files of a folder, sorted by path. `skip` names files, and folders with all
/// that is in them, to leave out.
///
/// Links are not followed, except in a snapshot of the Hub's cache
/// (`models--*/snapshots/<revision>`), where each file is a link to a blob of the same repository.
pub fn list_files(
    folder: &Utf8Path,
    skip: &dyn Fn(&str, Found) -> bool,
) -> Result<(Vec<ListedFile>, Vec<Skipped>), HashError> {
    let metadata = std::fs::metadata(folder).map_err(|source| HashError::Read { path: folder.to_owned(), source })?;
    if !metadata.is_dir() {
        let source = io::ErrorKind::NotADirectory.into();
        return Err(HashError::Read { path: folder.to_owned(), source });
    }
    let blobs = blobs_of_snapshot(folder);
    let (mut files, mut skipped) = (Vec::new(), Vec::new());
    let mut walk = walkdir::WalkDir::new(folder).min_depth(1).follow_links(false).into_iter();
    while let Some(entry) = walk.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().map(|path| relative(path, folder)).unwrap_or_default();
                let why = WhySkipped::Unreadable(error.io_error().map(ToString::to_string).unwrap_or_default());
                skipped.push(Skipped { path, why });
                continue;
            }
        };
        let path = relative(entry.path(), folder);
        if entry.file_type().is_dir() {
            // Nobody can name what is in it, so that it is there is said once.
            let is_unnamed = entry.path().to_str().is_none();
            if is_unnamed {
                skipped.push(Skipped { path: path.clone(), why: WhySkipped::NotUtf8 });
            }
            if is_unnamed || skip(&path, Found::Folder) {
                walk.skip_current_dir();
            }
            continue;
        }
        let is_link = entry.file_type().is_symlink();
        let followed = is_link && blobs.as_deref().is_some_and(|blobs| is_blob(entry.path(), blobs));
        let listed = if entry.path().to_str().is_none() {
            Err(WhySkipped::NotUtf8)
        } else if is_link && !followed {
            Err(why_not_followed(entry.path(), folder, blobs.as_deref()))
        } else if !followed && !entry.file_type().is_file() {
            Err(WhySkipped::Special)
        } else {
            TreePath::from_plain(&path).map_err(WhySkipped::Path).map(|path| ListedFile { path, followed })
        };
        match listed {
            Ok(_) if skip(&path, Found::File) => {}
            Ok(file) => files.push(file),
            Err(why) => skipped.push(Skipped { path, why }),
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    skipped.sort_by(|a, b| a.path.cmp(&b.path));
    Ok((files, skipped))
}

/// The folder of blobs, if this is a snapshot of the Hub's cache:
/// `<kind>--<owner>--<name>/snapshots/<revision>`.
fn blobs_of_snapshot(folder: &Utf8Path) -> Option<PathBuf> {
    let folder = std::fs::canonicalize(folder).ok()?;
    let snapshots = folder.parent()?;
    let repository = snapshots.parent()?;
    let name = repository.file_name()?.to_str()?;
    // `<kind>--<name>` or `<kind>--<owner>--<name>`.
    let mut of_kind = ["models--", "datasets--", "spaces--"].iter().filter_map(|start| name.strip_prefix(start));
    let is_repository = of_kind.any(|id| id.split("--").count() <= 2 && id.split("--").all(|part| !part.is_empty()));
    (snapshots.file_name()?.to_str()? == "snapshots" && is_repository).then(|| repository.join("blobs"))
}

/// Whether a path in a folder is a regular file, or a link of the Hub's cache that is read as one.
pub fn is_file_of(folder: &Utf8Path, path: &Utf8Path) -> bool {
    let Ok(metadata) = std::fs::symlink_metadata(path) else { return false };
    metadata.is_file()
        || (metadata.is_symlink() && blobs_of_snapshot(folder).is_some_and(|blobs| is_blob(path.as_std_path(), &blobs)))
}

/// Whether a link leads, through no other link out of there, to a blob: a regular file named by a
/// digest.
fn is_blob(link: &Path, blobs: &Path) -> bool {
    let Ok(target) = std::fs::canonicalize(link) else { return false };
    let name = target.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_digest = matches!(name.len(), 40 | 64) && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    target.parent() == Some(blobs) && is_digest && target.is_file()
}

/// Why a link is not read as a file.
fn why_not_followed(link: &Path, folder: &Utf8Path, blobs: Option<&Path>) -> WhySkipped {
    match (std::fs::canonicalize(link), std::fs::canonicalize(folder)) {
        (Ok(target), Ok(folder)) if target.starts_with(&folder) => WhySkipped::Link(Leads::Within),
        (Ok(_), _) => WhySkipped::Link(Leads::Out),
        (Err(_), _) if blobs.is_some_and(|blobs| leads_into(link, blobs)) => WhySkipped::NoBlob,
        (Err(_), _) => WhySkipped::Link(Leads::Nowhere),
    }
}

/// Whether a link leads right into a folder, to whatever name.
fn leads_into(link: &Path, folder: &Path) -> bool {
    let target = std::fs::read_link(link).ok().and_then(|target| Some(link.parent()?.join(target)));
    let into = target.as_deref().and_then(Path::parent).map(std::fs::canonicalize);
    into.is_some_and(|into| into.is_ok_and(|into| into == folder))
}

fn relative(path: &Path, folder: &Utf8Path) -> String {
    let path = path.strip_prefix(folder).unwrap_or(path);
    let path = path.to_string_lossy();
    if MAIN_SEPARATOR == '/' { path.into_owned() } else { path.replace(MAIN_SEPARATOR, "/") }
}
