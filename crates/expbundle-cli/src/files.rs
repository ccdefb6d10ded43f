//! Opening and saving bundles, with errors that name the file.

use camino::Utf8Path;
use expbundle::Bundle;
use expbundle::directory::BUNDLE_NAME;
use expbundle::verify::{Digests, Intact, Unverified};

use crate::failure::Failure;
use crate::family::refusal;

/// Opens a bundle and checks it. Whatever is not intact is refused with its first error.
pub fn intact(path: &Utf8Path) -> Result<Intact, Failure> {
    let path = &bundle_of(path);
    let unverified = Unverified::open(path).map_err(|error| Failure::io("read the bundle", path, &error))?;
    let (check, intact) = unverified.check(Digests::Blake3);
    intact.ok_or_else(|| refusal(check.findings, path))
}

/// The path of the bundle itself, also when its model directory is named.
pub fn bundle_of(path: &Utf8Path) -> camino::Utf8PathBuf {
    if path.is_dir() { path.join(BUNDLE_NAME) } else { path.to_owned() }
}

/// Saves a bundle, atomically.
pub fn save(bundle: &Bundle, path: &Utf8Path) -> Result<(), Failure> {
    bundle.save(path).map_err(|error| Failure::io("write the bundle", path, &error))
}

/// Reads a whole text file that a person names, up to 64 MiB.
pub fn read_text(path: &Utf8Path) -> Result<String, Failure> {
    const MOST_BYTES: u64 = 64 << 20;
    let describe = |error| Failure::io("read the file", path, &error);
    let size = std::fs::metadata(path).map_err(describe)?.len();
    if size > MOST_BYTES {
        return Err(Failure::new("cli.usage", format!("{size} bytes are too many for a text file")).at(path.as_str()));
    }
    std::fs::read_to_string(path).map_err(describe)
}
