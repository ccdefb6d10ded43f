//! A folder that is written as a whole.

use std::fs::File;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::{OutputError, failed, lock};
use crate::write_file::{PreparedFolder, write_file};

/// A folder to be made with all that is in it, or not at all.
#[derive(Debug)]
pub struct OutputFolder {
    folder: PreparedFolder,
    path: Utf8PathBuf,
}

impl OutputFolder {
    /// A folder that is not there yet.
    pub fn new(path: &Utf8Path) -> Result<Self, OutputError> {
        // Removes also what a killed writer left.
        let _lock = lock(path)?;
        let folder = PreparedFolder::new(path).map_err(failed("make the folder", path))?;
        Ok(Self { folder, path: path.to_owned() })
    }

    /// Makes a folder in it.
    pub fn make_folder(&self, name: &str) -> Result<(), OutputError> {
        let made = self.folder.file(name).and_then(std::fs::create_dir);
        made.map_err(failed("make the folder", &self.path.join(name)))
    }

    /// Writes a file in it.
    pub fn write(&self, name: &str, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), OutputError> {
        let written = self.folder.file(name).and_then(|path| write_file(&path, write));
        written.map_err(failed("write the file", &self.path.join(name)))
    }

    /// Puts the folder in its place, and gives that.
    pub fn put_in_place(self) -> Result<Utf8PathBuf, OutputError> {
        let _lock = lock(&self.path)?;
        self.folder.put_in_place().map_err(failed("make the folder", &self.path))?;
        Ok(self.path)
    }
}

/// Makes a folder and those above it, where they are not there.
pub fn make_folders(path: &Utf8Path) -> Result<(), OutputError> {
    std::fs::create_dir_all(path).map_err(failed("make the folder", path))
}
