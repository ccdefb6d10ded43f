//! In place of [`unpack`] in builds that read no archives.

use camino::Utf8Path;

use super::session::{SessionError, Unpacked};

pub(super) fn unpack(path: &Utf8Path) -> Result<Unpacked, SessionError> {
    let source = "this build reads no archives: it lacks the feature `clearml-zip`".into();
    Err(SessionError::Archive { path: path.to_owned(), source })
}
