//! What a call reads and writes.

use camino::{Utf8Path, Utf8PathBuf};

use super::{Loss, OutputError, WhyNotWritten};
use crate::write_file::is_unfinished;

/// Every path that a call is given.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// But the one that it writes to.
    pub read: Vec<Utf8PathBuf>,
    /// Where the result goes.
    pub written: Vec<Utf8PathBuf>,
}

impl Inputs {
    /// Refuses paths that name a file which is being written, or lie in such a folder: what is
    /// named so may be removed at any time.
    pub fn check_names(&self) -> Result<(), OutputError> {
        for path in self.read.iter().chain(&self.written) {
            let whole = path.canonicalize_utf8().unwrap_or_else(|_| path.clone());
            if whole.components().chain(path.components()).any(|part| is_unfinished(part.as_str())) {
                return Err(WhyNotWritten::Unfinished.at(path));
            }
        }
        Ok(())
    }

    /// What may be written over besides what loses nothing: with `force` anything but these inputs.
    pub fn over(&self, force: bool) -> Over<'_> {
        Over { inputs: Some(self), force }
    }

    /// What a file that would be written over is to the call.
    fn what_is(&self, path: &Utf8Path) -> Option<Loss> {
        let whole = path.canonicalize().ok()?;
        let is_within =
            |input: &Utf8PathBuf| input.is_dir() && input.canonicalize().is_ok_and(|one| whole.starts_with(one));
        if self.read.iter().any(|input| is_one(input, path)) {
            Some(Loss::Input)
        } else if self.read.iter().any(is_within) {
            Some(Loss::InInput)
        } else {
            None
        }
    }
}

/// What may be written over besides what loses nothing.
#[derive(Clone, Copy, Debug)]
pub struct Over<'a> {
    inputs: Option<&'a Inputs>,
    force: bool,
}

impl Over<'_> {
    /// Nothing else.
    pub const NOTHING: Self = Over { inputs: None, force: false };

    /// What would be lost if this path were written to, unless it may be.
    pub(super) fn lost(self, path: &Utf8Path) -> Option<Loss> {
        match self.inputs.and_then(|inputs| inputs.what_is(path)) {
            Some(loss) => Some(loss),
            None if self.force => None,
            None if self.inputs.is_some() => Some(Loss::Taken { unless_forced: true }),
            None => Some(Loss::Taken { unless_forced: false }),
        }
    }
}

/// Whether two names are of one file that is there.
pub fn is_one(one: &Utf8Path, other: &Utf8Path) -> bool {
    let same_path = one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other));
    same_path || is_one_file(one, other)
}

/// Whether two names are of one file: a hard link, or one name in another case.
#[cfg(unix)]
fn is_one_file(one: &Utf8Path, other: &Utf8Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let place = |path: &Utf8Path| std::fs::metadata(path).map(|file| (file.dev(), file.ino())).ok();
    place(one).is_some_and(|one| Some(one) == place(other))
}

#[cfg(not(unix))]
fn is_one_file(_: &Utf8Path, _: &Utf8Path) -> bool {
    false
}
