//! Keys and generated pages.

use std::fs::File;
use std::io::{self, Write as _};

use camino::Utf8Path;

use super::{OutputError, WhyNotWritten, failed, lock};
use crate::write_file::{PreparedFile, write_file};

/// Writes a private key and its public one, where neither is there. Nobody else may read the
/// private key, not even for a moment.
pub fn write_keys(private: (&Utf8Path, &str), public: (&Utf8Path, &str)) -> Result<(), OutputError> {
    let _lock = lock(private.0)?;
    let text = |text: &str| {
        let bytes = text.as_bytes().to_vec();
        move |file: &mut File| -> io::Result<()> { file.write_all(&bytes) }
    };
    for (path, _) in [private, public] {
        if std::fs::symlink_metadata(path).is_ok() {
            return Err(WhyNotWritten::KeyIsThere.at(path));
        }
    }
    let prepared = [
        PreparedFile::private(private.0, text(private.1)).map_err(failed("write the key", private.0))?,
        PreparedFile::new(public.0, text(public.1)).map_err(failed("write the key", public.0))?,
    ];
    for file in prepared {
        let path = file.path().to_owned();
        file.put_in_free_place().map_err(failed("write the key", &path))?;
    }
    Ok(())
}

/// Writes a page that is generated, over an older one of the same name.
pub fn write_page(path: &Utf8Path, page: &[u8]) -> Result<(), OutputError> {
    let _lock = lock(path)?;
    write_file(path, |file| file.write_all(page)).map_err(failed("write the file", path))
}
