//! Hashing files on disk: BLAKE3 and SHA-256 in one go, on all cores.
//!
//! A mapped file that another program cuts short ends the reader by a signal, so files are read by position instead, in
//! pieces that stay in a core's cache. With BLAKE3's tree put together from pieces (its `hazmat` interface) that is as
//! fast as mapping (`examples/hash_speed.rs` measures). A file that changes while it is read is an
//! error, not a digest of bytes that never stood together.

use std::cell::RefCell;
use std::fs::{File, Metadata};
use std::io;
use std::path::PathBuf;

use blake3::hazmat::{self, ChainingValue, HasherExt, Mode};
use camino::{Utf8Path, Utf8PathBuf};
use expbundle_format::tree::{Tree, TreeError, TreeFile, TreePath, TreePathError};
use expbundle_format::{ArtifactDigests, Blake3, Code, DigestSet, Finding, Place, Sha256};
use rayon::prelude::*;
use sha2::Digest as _;

use crate::content::read_file_at;

/// Bytes read and hashed at a time by one core: a power of two, so that pieces are subtrees, and at home in a core's inner
/// caches. On two cores, 2 GiB from page cache: 64 KiB took 0.47 s, 128 KiB to 1 MiB 0.94 s to 1.0 s, b3sum 1.8.7, which
/// maps the file, 0.55 s.
const PIECE_BYTES: u64 = 64 << 10;

/// Bytes read at a time when both digests are wanted: SHA-256 is one long chain, so the work of one block is shared out
/// between two cores, and blocks must be worth the handing over.
const BLOCK_BYTES: usize = 4 << 20;

/// Which digests of a file are wanted. SHA-256 cannot be computed on several cores and takes about five times as long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// BLAKE3, which is identity.
    #[default]
    Blake3Only,
    /// SHA-256 as well.
    Both,
}

/// The digests of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hashed {
    /// BLAKE3 of the bytes.
    pub blake3: Blake3,
    /// SHA-256 of the bytes, if it was wanted.
    pub sha256: Option<Sha256>,
    /// Size in bytes.
    pub size: u64,
}

impl Hashed {
    /// As an artifact's digests.
    pub fn digests(&self) -> ArtifactDigests {
        ArtifactDigests::new(Some(self.blake3), self.sha256).expect("the BLAKE3 is there")
    }

    /// Both digests, if both were wanted.
    pub fn both(&self) -> Option<DigestSet> {
        self.digests().both()
    }
}

/// Why a file has no digest.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// It cannot be read.
    #[error("`{path}` cannot be read")]
    Read {
        /// Which file.
        path: Utf8PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A folder, pipe or device has no digest.
    #[error("`{path}` is not a regular file")]
    NotAFile {
        /// What was named.
        path: Utf8PathBuf,
    },
    /// Another program wrote to it meanwhile.
    #[error("`{path}` changed while it was read")]
    Changed {
        /// Which file.
        path: Utf8PathBuf,
    },
    /// The files of a folder make no tree.
    #[error("`{path}` cannot be listed")]
    Tree {
        /// Which folder.
        path: Utf8PathBuf,
        /// The cause.
        source: TreeError,
    },
    /// Something in a folder has no place in a listing, and a listing without it would not be of that folder.
    #[error("`{}` cannot be recorded: {}{}", .first.path, .first.why, and_more(*.more))]
    LeftOut {
        /// Which folder.
        folder: Utf8PathBuf,
        /// The first by path.
        first: Skipped,
        /// How many others there are.
        more: usize,
    },
    /// A folder without a file.
    #[error("`{path}` holds no files")]
    Empty {
        /// Which folder.
        path: Utf8PathBuf,
    },
}

fn and_more(more: usize) -> String {
    if more == 0 { String::new() } else { format!(" (and {more} more)") }
}

/// Called with the number of bytes just hashed, from several threads at once.
pub type Progress<'a> = &'a (dyn Fn(u64) + Sync);

/// Hashes one file, on all cores if it is large.
pub fn hash_file(path: &Utf8Path, wanted: Wanted, progress: Progress<'_>) -> Result<Hashed, HashError> {
    let describe = |source: io::Error| match source.kind() {
        // Whoever reads by position sees the end of the file too early if it shrank.
        io::ErrorKind::UnexpectedEof => HashError::Changed { path: path.to_owned() },
        _ => HashError::Read { path: path.to_owned(), source },
    };
    // Opening a pipe would wait for a writer, so what it is comes first.
    if !std::fs::metadata(path).map_err(describe)?.is_file() {
        return Err(HashError::NotAFile { path: path.to_owned() });
    }
    let file = File::open(path).map_err(describe)?;
    let before = file.metadata().map_err(describe)?;
    let hashed = match wanted {
        Wanted::Blake3Only => hash_tree_wise(&file, before.len(), progress),
        Wanted::Both => hash_chain_wise(&file, before.len(), progress),
    }
    .map_err(describe)?;
    let after = file.metadata().map_err(describe)?;
    if stamp(&before) != stamp(&after) {
        return Err(HashError::Changed { path: path.to_owned() });
    }
    Ok(hashed)
}

/// Hashes bytes that are in memory.
pub fn hash_bytes(bytes: &[u8], wanted: Wanted) -> Hashed {
    let sha256 = (wanted == Wanted::Both).then(|| Sha256::of(bytes));
    Hashed { blake3: Blake3::of(bytes), sha256, size: bytes.len() as u64 }
}

/// Hashes many files, several at a time. Results are in the order of the paths.
pub fn hash_files<P: AsRef<Utf8Path> + Sync>(
    paths: &[P],
    wanted: Wanted,
    progress: Progress<'_>,
) -> Vec<Result<Hashed, HashError>> {
    paths.par_iter().map(|path| hash_file(path.as_ref(), wanted, progress)).collect()
}

/// What of a file changes when somebody writes to it.
fn stamp(metadata: &Metadata) -> (u64, Option<std::time::SystemTime>) {
    (metadata.len(), metadata.modified().ok())
}

thread_local! {
    /// One piece for each core, kept between pieces and files.
    static PIECE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// BLAKE3 alone: both halves of the file at once, and so on down to pieces.
fn hash_tree_wise(file: &File, size: u64, progress: Progress<'_>) -> io::Result<Hashed> {
    let blake3 = if size <= PIECE_BYTES {
        with_piece(file, 0, size, blake3::hash)?
    } else {
        let (left, right) = halves(file, 0, size, progress)?;
        hazmat::merge_subtrees_root(&left, &right, Mode::Hash)
    };
    if size <= PIECE_BYTES {
        progress(size);
    }
    Ok(Hashed { blake3: Blake3::from_bytes(blake3.into()), sha256: None, size })
}

fn halves(file: &File, offset: u64, size: u64, progress: Progress<'_>) -> io::Result<(ChainingValue, ChainingValue)> {
    let left = hazmat::left_subtree_len(size);
    let (left, right) =
        rayon::join(|| subtree(file, offset, left, progress), || subtree(file, offset + left, size - left, progress));
    Ok((left?, right?))
}

/// The chaining value of a part that is a subtree of BLAKE3's and not the root. The recursion is as deep as the
/// logarithm of the number of pieces.
fn subtree(file: &File, offset: u64, size: u64, progress: Progress<'_>) -> io::Result<ChainingValue> {
    if size > PIECE_BYTES {
        let (left, right) = halves(file, offset, size, progress)?;
        return Ok(hazmat::merge_subtrees_non_root(&left, &right, Mode::Hash));
    }
    let value = with_piece(file, offset, size, |piece| {
        let mut hasher = blake3::Hasher::new();
        hasher.set_input_offset(offset);
        hasher.update(piece).finalize_non_root()
    })?;
    progress(size);
    Ok(value)
}

/// Reads a piece of at most [`PIECE_BYTES`] into this core's own memory.
fn with_piece<T>(file: &File, offset: u64, size: u64, work: impl FnOnce(&[u8]) -> T) -> io::Result<T> {
    let size = usize::try_from(size).map_err(|_| io::ErrorKind::InvalidInput)?;
    PIECE.with_borrow_mut(|piece| {
        if piece.len() < size {
            piece.resize(size, 0);
        }
        let piece = piece.get_mut(..size).expect("it was just made that long");
        read_exact_at(file, offset, piece)?;
        Ok(work(piece))
    })
}

/// Both digests in one pass: while SHA-256 takes one block, BLAKE3 takes the same and the next is read.
fn hash_chain_wise(file: &File, size: u64, progress: Progress<'_>) -> io::Result<Hashed> {
    let mut blake3 = blake3::Hasher::new();
    let mut sha256 = sha2::Sha256::new();
    let block_at = |offset: u64| BLOCK_BYTES.min(usize::try_from(size - offset).unwrap_or(BLOCK_BYTES));
    let mut block = vec![0; block_at(0)];
    let mut next = vec![0; block_at(0)];
    read_exact_at(file, 0, &mut block)?;
    let mut offset = 0;
    loop {
        let done = offset + block.len() as u64;
        next.resize(block_at(done), 0);
        let ((), read) = rayon::join(
            || sha256.update(&block),
            || {
                blake3.update(&block);
                read_exact_at(file, done, &mut next)
            },
        );
        read?;
        progress(block.len() as u64);
        offset = done;
        if next.is_empty() {
            break;
        }
        std::mem::swap(&mut block, &mut next);
    }
    let blake3 = Blake3::from_bytes(blake3.finalize().into());
    let sha256 = Some(Sha256::from_bytes(sha256.finalize().into()));
    Ok(Hashed { blake3, sha256, size })
}

/// Fills the buffer from that position; a file that ends before is `UnexpectedEof`.
fn read_exact_at(file: &File, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
    while !buffer.is_empty() {
        match read_file_at(file, offset, buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                offset += count as u64;
                buffer = buffer.get_mut(count..).unwrap_or_default();
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Something in a folder that was not read, and so is in no listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Path within the folder; what is not UTF-8 in it is replaced.
    pub path: String,
    /// Why.
    pub why: WhySkipped,
}

/// Why something in a folder was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhySkipped {
    /// Links are not followed: they may lead anywhere, and elsewhere tomorrow.
    #[error("it is a link; links are not followed")]
    Link,
    /// A pipe, socket or device.
    #[error("it is neither a file nor a folder")]
    Special,
    /// Names are UTF-8.
    #[error("its name is not UTF-8")]
    NotUtf8,
    /// The path is not one that a listing can have.
    #[error("its path cannot be listed: {0}")]
    Path(TreePathError),
    /// The operating system refused.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
}

impl Skipped {
    /// The finding of a verifier.
    pub fn finding(&self) -> Finding {
        let code = match self.why {
            WhySkipped::Link => Code::DirectorySymlink,
            WhySkipped::Special | WhySkipped::NotUtf8 | WhySkipped::Path(_) | WhySkipped::Unreadable(_) => {
                Code::DirectoryUnreadable
            }
        };
        Finding::new(code, Place::entry(&self.path), self.why.to_string())
    }
}

/// A file found by [`list_files`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFile {
    /// Path within the folder, with `/` between names.
    pub path: TreePath,
    /// Size in bytes when it was listed.
    pub size: u64,
    /// Whether it is a link of the Hub's cache, read as the blob that it leads to.
    pub followed: bool,
}

impl ListedFile {
    /// Where it is on disk.
    pub fn on_disk(&self, folder: &Utf8Path) -> Utf8PathBuf {
        folder.join(self.path.to_plain())
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

/// Lists the regular files of a folder, sorted by path. `skip` names files, and folders with all that is in them, to leave out.
///
/// Links are not followed, except in a snapshot of the Hub's cache (`models--*/snapshots/<revision>`), where each file is a link to a
/// blob of the same repository.
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
            if entry.path().to_str().is_some() && skip(&path, Found::Folder) {
                walk.skip_current_dir();
            }
            continue;
        }
        let is_link = entry.file_type().is_symlink();
        let followed = is_link && blobs.as_deref().is_some_and(|blobs| is_blob(entry.path(), blobs));
        let listed = if entry.path().to_str().is_none() {
            Err(WhySkipped::NotUtf8)
        } else if is_link && !followed {
            Err(WhySkipped::Link)
        } else if !followed && !entry.file_type().is_file() {
            Err(WhySkipped::Special)
        } else {
            let size = std::fs::metadata(entry.path()).map(|metadata| metadata.len());
            let size = size.map_err(|error| WhySkipped::Unreadable(error.to_string()));
            TreePath::from_plain(&path)
                .map_err(WhySkipped::Path)
                .and_then(|path| Ok(ListedFile { path, size: size?, followed }))
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

/// The folder of blobs, if this is a snapshot of the Hub's cache: `<kind>--<owner>--<name>/snapshots/<revision>`.
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

/// Whether a link leads, through no other link out of there, to a blob: a regular file named by a digest.
fn is_blob(link: &std::path::Path, blobs: &std::path::Path) -> bool {
    let Ok(target) = std::fs::canonicalize(link) else { return false };
    let name = target.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_digest = matches!(name.len(), 40 | 64) && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    target.parent() == Some(blobs) && is_digest && target.is_file()
}

fn relative(path: &std::path::Path, folder: &Utf8Path) -> String {
    let path = path.strip_prefix(folder).unwrap_or(path);
    let names = path.components().map(|component| component.as_os_str().to_string_lossy());
    names.collect::<Vec<_>>().join("/")
}

/// Hashes a folder into its listing, several files at a time, without what a writer of ours left unfinished in it.
///
/// # Errors
/// The folder holds no files, or something that a listing cannot hold: it is listed as it is, or not at all.
pub fn hash_tree(folder: &Utf8Path, progress: Progress<'_>) -> Result<Tree, HashError> {
    let is_left_over = |path: &str, found| {
        found == Found::File && crate::write_file::is_unfinished(path.rsplit('/').next().unwrap_or(path))
    };
    let (listed, skipped) = list_files(folder, &is_left_over)?;
    let more = skipped.len().saturating_sub(1);
    if let Some(first) = skipped.into_iter().next() {
        return Err(HashError::LeftOut { folder: folder.to_owned(), first, more });
    }
    if listed.is_empty() {
        return Err(HashError::Empty { path: folder.to_owned() });
    }
    let files: Result<Vec<TreeFile>, HashError> = listed
        .into_par_iter()
        .map(|file| {
            let hashed = hash_file(&file.on_disk(folder), Wanted::Both, progress)?;
            let digest = hashed.both().expect("both were wanted");
            Ok(TreeFile { path: file.path, digest, size: hashed.size })
        })
        .collect();
    Tree::new(files?).map_err(|source| HashError::Tree { path: folder.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("a UTF-8 path");
        (folder, path)
    }

    /// Bytes that repeat at no power of two.
    fn bytes(size: usize) -> Vec<u8> {
        (0..size).map(|at| u8::try_from(at % 251).expect("below 251")).collect()
    }

    #[test]
    fn files_of_any_size_hash_like_their_bytes() {
        let (_guard, folder) = folder();
        let path = folder.join("file");
        let piece = usize::try_from(PIECE_BYTES).expect("small");
        for size in [
            0,
            1,
            1024,
            1025,
            piece - 1,
            piece,
            piece + 1,
            2 * piece,
            2 * piece + 1,
            3 * piece + 7,
            5 * piece + 1024,
            BLOCK_BYTES,
            BLOCK_BYTES + 1,
            2 * BLOCK_BYTES + 3,
        ] {
            let bytes = bytes(size);
            std::fs::write(&path, &bytes).expect("room");
            let want = DigestSet::of(&bytes);
            for wanted in [Wanted::Blake3Only, Wanted::Both] {
                let seen = AtomicU64::new(0);
                let hashed = hash_file(&path, wanted, &|count| {
                    seen.fetch_add(count, Ordering::Relaxed);
                });
                let hashed = hashed.expect("a readable file");
                assert_eq!(hashed.blake3, want.blake3, "{size} bytes, {wanted:?}");
                assert_eq!(hashed.sha256, (wanted == Wanted::Both).then_some(want.sha256), "{size} bytes");
                assert_eq!((hashed.size, seen.into_inner()), (size as u64, size as u64));
            }
        }
    }

    #[test]
    fn a_file_that_shrinks_or_changes_meanwhile_is_an_error() {
        let (_guard, folder) = folder();
        let path = folder.join("weights");
        for wanted in [Wanted::Blake3Only, Wanted::Both] {
            for size_after in [100, 64 << 20] {
                std::fs::write(&path, bytes(16 << 20)).expect("room");
                let shrink = |_: u64| {
                    let file = File::options().write(true).open(&path).expect("still there");
                    file.set_len(size_after).expect("room");
                };
                let error = hash_file(&path, wanted, &shrink).expect_err("it changed");
                assert!(matches!(error, HashError::Changed { .. }), "{error:?}");
            }
        }
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let (_guard, folder) = folder();
        let error = hash_file(&folder, Wanted::Both, &|_| ()).expect_err("a folder");
        assert!(matches!(error, HashError::NotAFile { .. }));
        let error = hash_file(&folder.join("none"), Wanted::Both, &|_| ()).expect_err("nothing");
        assert!(matches!(error, HashError::Read { .. }));
        assert!(hash_tree(&folder.join("none"), &|_| ()).is_err());
    }

    #[test]
    fn a_folder_is_listed_by_path_without_empty_folders() {
        let (_guard, folder) = folder();
        std::fs::create_dir_all(folder.join("b/empty")).expect("room");
        std::fs::write(folder.join("b/c"), b"").expect("room");
        std::fs::write(folder.join("a"), b"abc").expect("room");
        std::fs::write(folder.join("b-100%"), b"x").expect("room");
        let tree = hash_tree(&folder, &|_| ()).expect("a readable folder");
        let paths: Vec<_> = tree.files().iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["a", "b-100%25", "b/c"]);
        assert_eq!(tree.files().first().map(|file| file.digest), Some(DigestSet::of(b"abc")));
    }

    #[cfg(unix)]
    #[test]
    fn links_and_names_that_are_not_utf8_are_told_and_not_followed() {
        use std::os::unix::ffi::OsStrExt;

        let (_guard, folder) = folder();
        let (_other_guard, other) = self::folder();
        std::fs::write(other.join("secret"), b"secret").expect("room");
        std::os::unix::fs::symlink(other.join("secret"), folder.join("link")).expect("a link");
        std::os::unix::fs::symlink(&other, folder.join("link-to-folder")).expect("a link");
        let odd = folder.as_std_path().join(std::ffi::OsStr::from_bytes(b"odd\xFF"));
        std::fs::write(odd, b"").expect("room");
        let (listed, found) = list_files(&folder, &|_, _| false).expect("a readable folder");
        assert_eq!(listed, []);
        let why: Vec<_> = found.iter().map(|skipped| (&*skipped.path, &skipped.why)).collect();
        assert_eq!(
            why,
            [("link", &WhySkipped::Link), ("link-to-folder", &WhySkipped::Link), ("odd\u{FFFD}", &WhySkipped::NotUtf8)]
        );
        assert_eq!(found.first().map(|skipped| skipped.finding().code), Some(Code::DirectorySymlink));
        let error = hash_tree(&folder, &|_| ()).expect_err("no listing of the folder");
        assert_eq!(error.to_string(), "`link` cannot be recorded: it is a link; links are not followed (and 2 more)");
    }

    #[test]
    fn what_a_writer_left_unfinished_is_no_file_of_a_tree() {
        let (_keep, path) = folder();
        std::fs::create_dir(path.join("a")).expect("a folder");
        for name in ["a/w.bin", "a/.expbundle-x1.part", ".expbundle-x2.part", "y.part"] {
            std::fs::write(path.join(name), name).expect("a file");
        }
        let tree = hash_tree(&path, &|_| ()).expect("a tree");
        let paths: Vec<String> = tree.files().iter().map(|file| file.path.to_plain()).collect();
        assert_eq!(paths, ["a/w.bin", "y.part"]);
    }

    #[test]
    fn a_folder_without_files_is_no_tree() {
        let (_guard, folder) = folder();
        std::fs::create_dir(folder.join("empty")).expect("room");
        let error = hash_tree(&folder, &|_| ()).expect_err("nothing to list");
        assert!(matches!(error, HashError::Empty { .. }), "{error:?}");
    }
}
