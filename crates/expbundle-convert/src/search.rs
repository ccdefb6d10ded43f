//! Finds the bytes of artifacts that a tracker knows by MD5 and size only.
//!
//! MD5 is broken as a proof, so what is found is hashed properly and called the same only for this
//! conversion, because the person converting pointed at the folder.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::hash::{HashError, list_files};
use expbundle::write_file::is_unfinished_path;
use md5::{Digest as _, Md5};

/// The files of some folders by size; their MD5 is computed when a size fits.
#[derive(Debug, Default)]
pub struct FileIndex {
    /// Those of a size that was not asked for yet.
    by_size: HashMap<u64, Vec<Utf8PathBuf>>,
    /// Those of a size that was, each of which was read once.
    by_md5: HashMap<(u64, String), Utf8PathBuf>,
}

impl FileIndex {
    /// Lists the folders. A file may be named too. Links are not followed.
    pub fn new(places: &[Utf8PathBuf]) -> Result<Self, HashError> {
        let mut by_size: HashMap<u64, Vec<Utf8PathBuf>> = HashMap::new();
        for place in places {
            if place.is_file() {
                let size =
                    std::fs::metadata(place).map_err(|source| HashError::Read { path: place.clone(), source })?.len();
                by_size.entry(size).or_default().push(place.clone());
                continue;
            }
            let (files, _) = list_files(place, &|path, _| is_unfinished_path(path))?;
            for file in files {
                by_size.entry(file.size(place)?).or_default().push(file.on_disk(place));
            }
        }
        Ok(Self { by_size, by_md5: HashMap::new() })
    }

    /// A file of that size and MD5 (hex, lower case). Of several equal ones any is as good.
    pub fn find(&mut self, size: u64, md5: &str) -> Option<Utf8PathBuf> {
        for path in self.by_size.remove(&size).unwrap_or_default() {
            if let Ok(md5) = md5_of_file(&path) {
                self.by_md5.entry((size, md5)).or_insert(path);
            }
        }
        self.by_md5.get(&(size, md5.to_owned())).cloned()
    }
}

pub(crate) fn md5_of_file(path: &Utf8Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Md5::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => hasher.update(buffer.get(..count).unwrap_or_default()),
        }
    }
    Ok(format!("{:032x}", u128::from_be_bytes(hasher.finalize().into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_by_size_and_md5() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8PathBuf::from_path_buf(folder.path().join("sub")).expect("a plain path");
        std::fs::create_dir(&path).expect("a folder");
        std::fs::write(path.join("a"), "abc").expect("a file");
        std::fs::write(path.join("b"), "abd").expect("a file");
        let mut index = FileIndex::new(&[Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("a plain path")])
            .expect("listed");
        assert_eq!(index.find(3, "900150983cd24fb0d6963f7d28e17f72"), Some(path.join("a")));
        assert_eq!(index.find(4, "900150983cd24fb0d6963f7d28e17f72"), None);
        assert_eq!(index.find(3, "00000000000000000000000000000000"), None);
    }
}
