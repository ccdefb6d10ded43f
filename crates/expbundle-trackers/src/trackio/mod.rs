//! Trackio: the `SQLite` database of a project, and the media and artifacts beside it.
//!
//! [`Store::open`] finds the databases at a path, [`Store::list`] lists their runs, and
//! [`Store::read`] reads one. Its rows go straight to whoever takes them, so a run of any length
//! takes no memory.

mod artifacts;
mod database;
mod run;
mod store;
mod taken;

pub use artifacts::{Blob, Entry, Link, Version};
pub use run::{Found, Listed, Place, Rows, Run};
pub use store::{Store, StoreError};
