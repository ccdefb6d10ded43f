//! Where results are written. Nothing is written over that the same call reads, and nothing that
//! would be lost unless that is asked for (docs/decisions/0021-what-is-written-over.md).

use std::fs::File;
use std::io;
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};

use crate::lock::{FolderLock, Seen};
use crate::write_file::{PreparedFile, check_replaceable};
use crate::{Bundle, open};

mod error;
mod folder;
mod inputs;
mod pages;
mod stream;
mod together;

use error::failed;
pub use error::{Loss, OutputError, WhyNotWritten};
pub use folder::{MadeFolders, OutputFolder, make_folders};
pub use inputs::{Inputs, Over, is_one};
pub use pages::{write_keys, write_page};
pub use stream::write_patiently;
pub use together::Together;

/// A file to be written, and what was there when the call began.
#[derive(Debug)]
pub struct Output {
    path: Utf8PathBuf,
    seen: Seen,
    /// What would be lost, unless it may be.
    lost: Option<Loss>,
}

impl Output {
    /// A place that a person named. Refuses what nothing can be written to, and what is not a
    /// bundle and would be lost.
    pub fn new(path: &Utf8Path, over: Over<'_>) -> Result<Self, OutputError> {
        check_replaceable(path).map_err(failed("write the file", path))?;
        let output = Self { path: path.to_owned(), seen: Seen::at(path), lost: over.lost(path) };
        match output.seen {
            Seen::Other(_) => output.may_lose().map(|()| output),
            Seen::Nothing | Seen::Bundle(_) => Ok(output),
        }
    }

    /// A place for what is not a bundle, and so cannot have in it what is there.
    pub fn of_text(path: &Utf8Path, over: Over<'_>) -> Result<Self, OutputError> {
        let output = Self::new(path, over)?;
        if output.seen != Seen::Nothing {
            output.may_lose()?;
        }
        Ok(output)
    }

    /// The file that a call reads and has all of, to be put back in another layout.
    pub fn back_into(path: &Utf8Path) -> Self {
        Self { path: path.to_owned(), seen: Seen::at(path), lost: None }
    }

    /// A text file that a call reads, if it is there, and adds to.
    ///
    /// # Errors
    /// What is there cannot be written back: a pipe, a device, a link.
    pub fn added_to(path: &Utf8Path) -> Result<Self, OutputError> {
        check_replaceable(path).map_err(failed("write the file", path))?;
        Ok(Self::back_into(path))
    }

    /// Where it will be.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Saves a bundle, unless something would be lost, or somebody else wrote there meanwhile.
    pub fn save(&self, bundle: &Bundle) -> Result<(), OutputError> {
        let prepared = self.prepare(bundle)?;
        let _lock = lock(&self.path)?;
        self.check(Some(bundle))?;
        self.put_in_place(prepared)
    }

    /// Saves the bundle that is made while no other writer is at work in the folder.
    pub fn add<E: From<OutputError>>(&self, bundle: impl FnOnce() -> Result<Bundle, E>) -> Result<(), E> {
        let _lock = lock(&self.path)?;
        let bundle = bundle()?;
        let prepared = self.prepare(&bundle)?;
        self.check(Some(&bundle))?;
        Ok(self.put_in_place(prepared)?)
    }

    /// Writes what is not a bundle.
    pub fn write(&self, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), OutputError> {
        let prepared = PreparedFile::new(&self.path, write).map_err(failed("write the file", &self.path))?;
        let _lock = lock(&self.path)?;
        self.check(None)?;
        self.put_in_place(prepared)
    }

    fn prepare(&self, bundle: &Bundle) -> Result<PreparedFile, OutputError> {
        PreparedFile::new(&self.path, |file| bundle.write(io::BufWriter::with_capacity(1 << 20, file)))
            .map_err(failed("write the bundle", &self.path))
    }

    fn put_in_place(&self, prepared: PreparedFile) -> Result<(), OutputError> {
        prepared.put_in_place().map_err(failed("write the file", &self.path))
    }

    /// Looks again, right before the rename.
    fn check(&self, bundle: Option<&Bundle>) -> Result<(), OutputError> {
        let now = Seen::at(&self.path);
        match bundle {
            Some(bundle) if now.is_within(bundle) => Ok(()),
            _ if now != self.seen => Err(WhyNotWritten::Changed.at(&self.path)),
            _ if now == Seen::Nothing => Ok(()),
            _ => self.may_lose(),
        }
    }

    fn may_lose(&self) -> Result<(), OutputError> {
        self.lost.map_or(Ok(()), |loss| Err(WhyNotWritten::Lost(loss).at(&self.path)))
    }
}

/// Whether the bundle at a path has everything of this one, and perhaps statements beyond it: then
/// there is nothing to write.
pub fn holds(path: &Utf8Path, bundle: &Bundle) -> bool {
    open(path).is_ok_and(|there| {
        bundle.entries().all(|(name, _)| there.bundle().contains(name))
            && there.bundle().adds_only_statements_to(bundle)
    })
}

/// A path as text, which the names of files in a bundle are.
pub(crate) fn utf8(path: &Path) -> Result<&Utf8Path, OutputError> {
    Utf8Path::from_path(path).ok_or_else(|| {
        let error = io::Error::new(io::ErrorKind::InvalidInput, "the path is not UTF-8");
        WhyNotWritten::Failed("write the bundle", error).at(&Utf8PathBuf::from(path.to_string_lossy().into_owned()))
    })
}

/// Keeps other writers away from the folder of a file, and removes what killed ones left there.
fn lock(path: &Utf8Path) -> Result<FolderLock, OutputError> {
    FolderLock::beside(path).map_err(|error| WhyNotWritten::Locked(error).at(path))
}
