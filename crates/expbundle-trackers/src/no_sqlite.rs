//! In place of databases in builds that read no SQLite.

use camino::{Utf8Path, Utf8PathBuf};

use super::run::{List, Run};
use super::source::SourceError;

/// A database that was opened: there is none.
#[derive(Debug)]
pub enum Database {}

impl Database {
    pub fn open(path: &Utf8Path) -> Result<Self, SourceError> {
        let source = "this build reads no SQLite: it lacks the feature `mlflow-sqlite`".into();
        Err(SourceError::Database { path: path.to_owned(), source })
    }

    pub fn list(&self) -> Result<List, SourceError> {
        match *self {}
    }

    pub fn read(&self, _: &str, _: &[Utf8PathBuf]) -> Result<Run, SourceError> {
        match *self {}
    }
}
