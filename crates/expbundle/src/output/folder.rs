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

/// Folders that were made for what is going to be written. Dropping them removes those in which
/// nothing was.
#[derive(Debug)]
#[must_use = "the folders are removed if they are empty when it is dropped"]
pub struct MadeFolders(Vec<Utf8PathBuf>);

/// Makes a folder and those above it, where they are not there.
pub fn make_folders(path: &Utf8Path) -> Result<MadeFolders, OutputError> {
    let missing = path.ancestors().take_while(|folder| !folder.as_str().is_empty() && !folder.exists());
    let made = MadeFolders(missing.map(Utf8Path::to_owned).collect());
    std::fs::create_dir_all(path).map_err(failed("make the folder", path))?;
    Ok(made)
}

impl Drop for MadeFolders {
    fn drop(&mut self) {
        for folder in &self.0 {
            // One that is not empty stays.
            let _ = std::fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_stay_only_with_something_in_them() {
        let folder = tempfile::tempdir().expect("room");
        let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
        std::fs::create_dir(folder.join("old")).expect("room");
        drop(make_folders(&folder.join("old/new/newer")).expect("room"));
        drop(make_folders(&folder.join("old")).expect("it is there"));
        assert!(folder.join("old").is_dir() && !folder.join("old/new").exists());
        let made = make_folders(&folder.join("a/b")).expect("room");
        std::fs::write(folder.join("a/b/c"), "c").expect("room");
        drop(made);
        assert!(folder.join("a/b/c").is_file());
    }
}
