//! `SwanLab`: the folder that a run of version 0.10 or later leaves, with its log of records.
//!
//! [`Runs::find`] finds the folders at a path, and [`Runs::read`] reads one. Numbers of series go
//! straight to whoever takes them, so a log of any length takes no memory.

mod folder;
mod log;
mod messages;
mod records;
mod runs;

pub use folder::{Folder, RunFile};
pub use records::{Column, ConsoleLine, Finish, Media, MediaFile, Save, Start, State};
pub use runs::{Counts, Found, Run, Runs, RunsError, Scalars};
