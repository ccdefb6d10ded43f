//! Keys and manual pages.

use std::fs::File;
use std::io::{self, Write as _};

use camino::Utf8Path;
use expbundle::write_file::{PreparedFile, write_file};
use expbundle_words::Failure;

use super::lock;

/// Writes a private key and its public one, where neither is there. Nobody else may read the private key, not even for a moment.
pub fn write_keys(private: (&Utf8Path, &str), public: (&Utf8Path, &str)) -> Result<(), Failure> {
    let _lock = lock(private.0)?;
    let text = |text: &str| {
        let bytes = text.as_bytes().to_vec();
        move |file: &mut File| file.write_all(&bytes)
    };
    let describe = |path: &Utf8Path, error: &io::Error| Failure::io("write the key", path, error);
    for (path, _) in [private, public] {
        if std::fs::symlink_metadata(path).is_ok() {
            return Err(Failure::new("cli.io", "a file of that name is there, and keys are never overwritten")
                .at(path.as_str())
                .help("choose another name, or move the old key away"));
        }
    }
    let prepared = [
        PreparedFile::private(private.0, text(private.1)).map_err(|error| describe(private.0, &error))?,
        PreparedFile::new(public.0, text(public.1)).map_err(|error| describe(public.0, &error))?,
    ];
    for file in prepared {
        let path = file.path().to_owned();
        file.put_in_free_place().map_err(|error| describe(&path, &error))?;
    }
    Ok(())
}

/// Writes a page that this program generates, over an older one of the same name.
pub fn write_page(path: &Utf8Path, page: &[u8]) -> Result<(), Failure> {
    let _lock = lock(path)?;
    write_file(path, |file| file.write_all(page)).map_err(|error| Failure::io("write the file", path, &error))
}
