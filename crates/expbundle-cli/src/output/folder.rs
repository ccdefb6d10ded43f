//! A folder that is written as a whole.

use std::fs::File;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::write_file::{PreparedFolder, write_file};
use expbundle_words::Failure;

use super::lock;

/// A folder to be made with all that is in it, or not at all.
#[derive(Debug)]
pub struct OutputFolder {
    folder: PreparedFolder,
    path: Utf8PathBuf,
}

impl OutputFolder {
    /// A folder that is not there yet.
    pub fn new(path: &Utf8Path) -> Result<Self, Failure> {
        // Removes also what a killed command left.
        let _lock = lock(path)?;
        let folder = PreparedFolder::new(path).map_err(|error| Failure::io("make the folder", path, &error))?;
        Ok(Self { folder, path: path.to_owned() })
    }

    /// Makes a folder in it.
    pub fn make_folder(&self, name: &str) -> Result<(), Failure> {
        let made = self.folder.file(name).and_then(std::fs::create_dir);
        made.map_err(|error| Failure::io("make the folder", &self.path.join(name), &error))
    }

    /// Writes a file in it.
    pub fn write(&self, name: &str, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), Failure> {
        let written = self.folder.file(name).and_then(|path| write_file(&path, write));
        written.map_err(|error| Failure::io("write the file", &self.path.join(name), &error))
    }

    /// Puts the folder in its place, and gives that.
    pub fn put_in_place(self) -> Result<Utf8PathBuf, Failure> {
        let _lock = lock(&self.path)?;
        self.folder.put_in_place().map_err(|error| Failure::io("make the folder", &self.path, &error))?;
        Ok(self.path)
    }
}

/// Makes a folder and those above it, where they are not there.
pub fn make_folders(path: &Utf8Path) -> Result<(), Failure> {
    std::fs::create_dir_all(path).map_err(|error| Failure::io("make the folder", path, &error))
}
