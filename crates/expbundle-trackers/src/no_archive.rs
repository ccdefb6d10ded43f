//! In place of archives in builds that read none: none is ever unpacked.

use std::convert::Infallible;
use std::io;

use camino::Utf8Path;

/// Why an archive cannot be unpacked.
#[derive(Debug, thiserror::Error)]
#[error("this build reads no archives: it lacks the feature `zip`")]
pub(crate) struct ArchiveError;

#[derive(Debug)]
pub(crate) struct Unpacked(Infallible);

impl Unpacked {
    pub fn folder(&self) -> Option<&Utf8Path> {
        match self.0 {}
    }

    pub fn check(&self) -> io::Result<()> {
        match self.0 {}
    }
}

pub(crate) fn unpack(_: &Utf8Path) -> Result<Unpacked, ArchiveError> {
    Err(ArchiveError)
}
