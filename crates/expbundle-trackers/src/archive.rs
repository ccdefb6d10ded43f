//! Zip archives, unpacked within bounds.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::PathBuf;

use camino::Utf8Path;
// `zip` inflates with whatever backend its users choose.
use flate2 as _;

use crate::finding::{SourceCode, SourceFinding};
use crate::scratch::Scratch;

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
    /// Not an archive, or a broken one.
    #[error(transparent)]
    Zip(#[from] zip::result::ZipError),
}

/// What the list of an archive says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listed {
    /// Nothing: the archive is empty.
    Empty,
    /// Entries, and whether one of those that were asked for is among them.
    Entries(bool),
}

/// The files of an archive, as long as somebody reads them.
#[derive(Debug)]
pub(crate) struct Unpacked {
    folder: Scratch,
    /// Each with its size in bytes.
    written: Vec<(PathBuf, u64)>,
    /// Entries that could not be read, or not as a whole.
    pub findings: Vec<SourceFinding>,
}

impl Unpacked {
    /// Where they are; `None` where temporary folders have names that are not UTF-8.
    pub fn folder(&self) -> Option<&Utf8Path> {
        self.folder.utf8_path()
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

/// Unpacks an archive into a temporary folder, as far as the limits go.
pub(crate) fn unpack(path: &Utf8Path) -> Result<Unpacked, ArchiveError> {
    unpack_some(path, |_| true)
}

/// Unpacks those entries whose names are wanted. What is broken, or leads out of the archive, is a
/// finding, and takes no other entry with it.
pub(crate) fn unpack_some(path: &Utf8Path, wanted: impl Fn(&str) -> bool) -> Result<Unpacked, ArchiveError> {
    let folder = Scratch::new()?;
    let file = File::open(path)?;
    let left = file.metadata()?.len().saturating_mul(UNPACKED_RATIO).max(UNPACKED_BYTES);
    let mut unpacked = Unpacked { folder, written: Vec::new(), findings: Vec::new() };
    let mut unpacking = Unpacking { unpacked: &mut unpacked, left, wanted };
    match listed(file) {
        Ok(entries) => unpacking.entries(entries)?,
        // The list of entries stands at the end, so an archive that was cut has none.
        Err(error) => unpacking.in_sequence(BufReader::new(File::open(path)?), error)?,
    }
    Ok(unpacked)
}

/// Whether an archive lists an entry of one of these names; `None` if it has no list that can be
/// read, as after a cut.
pub(crate) fn lists(path: &Utf8Path, names: &[&str]) -> Option<Listed> {
    let entries = listed(File::open(path).ok()?).ok()?;
    let has = names.iter().any(|name| entries.index_for_name(name).is_some());
    Some(if entries.is_empty() { Listed::Empty } else { Listed::Entries(has) })
}

/// Opens an archive by its list of entries. That of one which was cut may be the list of another
/// archive within it.
fn listed(mut file: File) -> Result<zip::ZipArchive<File>, zip::result::ZipError> {
    let mut start = [0; 4];
    let is_read = file.read_exact(&mut start).is_ok();
    let entries = zip::ZipArchive::new(file)?;
    if is_read && &start == b"PK\x03\x04" && entries.offset() != 0 {
        return Err(zip::result::ZipError::InvalidArchive("it has no list of entries".into()));
    }
    Ok(entries)
}

/// An archive on its way into a folder.
struct Unpacking<'a, W> {
    unpacked: &'a mut Unpacked,
    /// Bytes that may still be written.
    left: u64,
    wanted: W,
}

impl<W: Fn(&str) -> bool> Unpacking<'_, W> {
    fn entries(&mut self, mut entries: zip::ZipArchive<File>) -> Result<(), ArchiveError> {
        if entries.len() > MOST_ENTRIES {
            return Err(too_many());
        }
        for index in 0..entries.len() {
            match entries.by_index(index) {
                Ok(entry) => self.entry(entry)?,
                Err(error) => self.find(SourceCode::Damaged, format!("entry {index}"), error.to_string()),
            }
        }
        Ok(())
    }

    /// Reads entries one after the other, until the archive ends or a head cannot be read. If there
    /// is none, the archive is as broken as its list says.
    fn in_sequence(&mut self, mut input: impl Read, broken: zip::result::ZipError) -> Result<(), ArchiveError> {
        let mut count = 0_usize;
        while let Ok(Some(entry)) = zip::read::read_zipfile_from_stream(&mut input) {
            count += 1;
            if count > MOST_ENTRIES {
                return Err(too_many());
            }
            self.entry(entry)?;
        }
        if count == 0 {
            return Err(broken.into());
        }
        let detail = format!(
            "the archive was cut: it has no list of entries. What lies before the cut was read: {count} entries"
        );
        self.find(SourceCode::Truncated, "archive", detail);
        Ok(())
    }

    fn entry<R: Read>(&mut self, mut entry: zip::read::ZipFile<'_, R>) -> Result<(), ArchiveError> {
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        if !entry.is_file() || !(self.wanted)(&name) {
            return Ok(());
        }
        let Some(inner) = entry.enclosed_name() else {
            self.find(SourceCode::Outside, name, "the entry leads out of the archive; it was not read");
            return Ok(());
        };
        let target = self.unpacked.folder.path().join(inner);
        let made = fs::create_dir_all(target.parent().unwrap_or(self.unpacked.folder.path()));
        let mut file = match made.and_then(|()| File::create_new(&target)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::StorageFull => return Err(error.into()),
            Err(_) => {
                let detail = "another entry has this name already, or no file can have it; the entry was not read";
                self.find(SourceCode::Damaged, name, detail);
                return Ok(());
            }
        };
        // A wrong checksum shows at the end, when every byte was written.
        let copied = io::copy(&mut entry.by_ref().take(self.left), &mut file);
        let size = file.metadata()?.len();
        self.left = self.left.saturating_sub(size);
        self.unpacked.written.push((target, size));
        if self.left == 0 {
            let detail = "the archive inflates to more than any run does";
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, detail).into());
        }
        match copied {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::StorageFull => return Err(error.into()),
            Err(_) if size < entry.size() => {
                let detail = format!("the entry ends after {size} of {} bytes", entry.size());
                self.find(SourceCode::Truncated, name, detail);
            }
            Err(error) => self.find(SourceCode::Damaged, name, error.to_string().to_lowercase()),
        }
        Ok(())
    }

    fn find(&mut self, code: SourceCode, place: impl Into<String>, detail: impl Into<String>) {
        self.unpacked.findings.push(SourceFinding::new(code, place, detail));
    }
}

fn too_many() -> ArchiveError {
    io::Error::new(io::ErrorKind::FileTooLarge, "the archive has too many entries").into()
}
