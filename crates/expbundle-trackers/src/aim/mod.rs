//! Aim: the `SQLite` database of a repository, which has names, notes, tags and times of its runs.
//!
//! Parameters, series and console lie in `RocksDB` databases in Aim's own encoding. They are not
//! read; what there is of them is counted.

mod repository;
mod run;

pub use repository::{Listed, Repository, RepositoryError};
pub use run::{CheckIn, Chunks, Experiment, Note, Run, Tag};
