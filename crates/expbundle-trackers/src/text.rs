//! Small text files of a source.

use std::fs;
use std::io::{self, Read};

use camino::Utf8Path;

/// Texts of more bytes are not settings.
const MOST_TEXT_BYTES: u64 = 16 << 20;

/// A text file of a bearable size, with what is not UTF-8 in it replaced; `None` if it is not there or a link.
pub fn read_text(path: &Utf8Path) -> io::Result<Option<String>> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if !metadata.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MOST_TEXT_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}
