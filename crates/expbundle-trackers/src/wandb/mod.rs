//! Weights & Biases: transaction logs, run folders, exports of the API.
//!
//! Reads what the client of versions 0.12 to 0.31 wrote, without the client.

mod export;
mod folder;
mod history;
mod item;
mod keys;
pub(crate) mod log;
mod rows;
mod run;
mod schema;
mod source;
mod value;

pub use folder::{Folder, FolderFile};
pub(crate) use history::nanoseconds;
pub use history::{HistoryCounts, Points};
pub use run::{ConsolePiece, Exit, Run, State};
pub use source::{Fork, Listed, RunFiles, Source, SourceError};
pub use value::{Members, Value};
