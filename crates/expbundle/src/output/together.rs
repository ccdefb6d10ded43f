//! Many new bundles in one folder.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::error::failed;
use super::{Output, OutputError, Over, WhyNotWritten};
use crate::Bundle;
use crate::lock::{FolderLock, Seen};
use crate::write_file::{PreparedFile, folder_of, sync_folder};

/// New bundles of one folder that are put in place together. To bring a file to the disk takes much
/// longer than to write a small one, and of many at once about as long as of one alone.
#[derive(Debug)]
pub struct Together<T> {
    /// Each with what the caller has to say of it.
    waiting: Vec<(PreparedFile, T)>,
}

impl<T> Default for Together<T> {
    fn default() -> Self {
        Self { waiting: Vec::new() }
    }
}

impl<T> Together<T> {
    /// Writes a bundle beside its place, where nothing is yet. `about` is given back with what became
    /// of it.
    ///
    /// # Errors
    /// Something is there, or it cannot be written.
    pub fn add(&mut self, path: &Utf8Path, bundle: &Bundle, about: T) -> Result<(), OutputError> {
        let output = Output::new(path, Over::NOTHING)?;
        output.check(Some(bundle))?;
        let prepared =
            PreparedFile::on_its_way(path, 0o666, |file| bundle.write(io::BufWriter::with_capacity(1 << 16, file)));
        self.waiting.push((prepared.map_err(failed("write the bundle", path))?, about));
        Ok(())
    }

    /// Brings all to the disk and puts each in its place, unless something came there that it does not
    /// have in it. What became of each is told in their order.
    pub fn put_in_place(self) -> Vec<(T, Result<(), OutputError>)> {
        let (files, about): (Vec<_>, Vec<_>) = self.waiting.into_iter().unzip();
        let Some(first) = files.first().map(|file| file.path().to_owned()) else { return Vec::new() };
        // The first waits for the disk, and the others are there by then.
        let synced: Vec<_> = files.into_iter().map(|file| (file.path().to_owned(), file.synced())).collect();
        let lock = FolderLock::beside(&first);
        let place = |(path, file): (Utf8PathBuf, io::Result<PreparedFile>)| {
            let file = file.map_err(failed("write the bundle", &path))?;
            if let Err(error) = &lock {
                return Err(WhyNotWritten::Locked(again(error)).at(&path));
            }
            let now = Seen::at(&path);
            let is_in_it = || file.temporary_path().is_some_and(|ours| now.is_part_of(&Seen::at(ours)));
            if now != Seen::Nothing && !is_in_it() {
                return Err(WhyNotWritten::Changed.at(&path));
            }
            file.rename().map_err(failed("write the file", &path))?;
            Ok(path)
        };
        let placed: Vec<_> = synced.into_iter().map(place).collect();
        let folder_synced = sync_folder(folder_of(&first));
        let kept = |path: Utf8PathBuf| match &folder_synced {
            Ok(()) => Ok(()),
            Err(error) => Err(failed("write the file", &path)(again(error))),
        };
        about.into_iter().zip(placed).map(|(about, placed)| (about, placed.and_then(kept))).collect()
    }
}

/// One error for several files.
fn again(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(seed: u8) -> Bundle {
        let mut bundle = Bundle::new();
        bundle.insert_artifact_unchecked(vec![seed]);
        bundle
    }

    #[test]
    fn each_is_put_in_place_and_nothing_that_came_meanwhile_is_lost() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let mut together = Together::default();
        for seed in 0..4 {
            together.add(&folder.join(format!("{seed}.expb")), &bundle(seed), seed).expect("room");
        }
        assert_eq!(folder.read_dir_utf8().expect("a folder").count(), 4, "written, not in place");
        std::fs::write(folder.join("1.expb"), "somebody else's").expect("room");
        let same = Output::new(&folder.join("2.expb"), Over::NOTHING).expect("a place");
        same.save(&bundle(2)).expect("room");
        let placed = together.put_in_place();
        let went_well: Vec<(u8, bool)> = placed.iter().map(|(seed, placed)| (*seed, placed.is_ok())).collect();
        assert_eq!(went_well, [(0, true), (1, false), (2, true), (3, true)], "{placed:?}");
        assert_eq!(std::fs::read_to_string(folder.join("1.expb")).expect("a text"), "somebody else's");
        let names: Vec<_> = folder.read_dir_utf8().expect("a folder").flatten().collect();
        assert_eq!(names.len(), 4, "nothing is left over: {names:?}");
        assert!(Seen::at(&folder.join("3.expb")).is_within(&bundle(3)));
    }
}
