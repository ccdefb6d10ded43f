//! In place of archives in builds that read none: none is ever unpacked.

use std::convert::Infallible;
use std::io;

use camino::Utf8Path;

use crate::finding::SourceFinding;

/// Why an archive cannot be unpacked.
#[derive(Debug, thiserror::Error)]
#[error("this build reads no archives: it lacks the feature `zip`")]
pub(crate) struct ArchiveError;

/// What the list of an archive says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "nothing is ever listed here")]
pub(crate) enum Listed {
    Empty,
    Entries(bool),
}

#[derive(Debug)]
pub(crate) struct Unpacked {
    never: Infallible,
    pub findings: Vec<SourceFinding>,
}

impl Unpacked {
    pub fn folder(&self) -> Option<&Utf8Path> {
        match self.never {}
    }

    pub fn check(&self) -> io::Result<()> {
        match self.never {}
    }
}

pub(crate) fn unpack(_: &Utf8Path) -> Result<Unpacked, ArchiveError> {
    Err(ArchiveError)
}

pub(crate) fn unpack_some(_: &Utf8Path, _: impl Fn(&str) -> bool) -> Result<Unpacked, ArchiveError> {
    Err(ArchiveError)
}

pub(crate) fn lists(_: &Utf8Path, _: &[&str]) -> Option<Listed> {
    None
}
