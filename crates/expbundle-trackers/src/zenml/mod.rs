//! `ZenML`'s store: one database, and a folder of artifacts beside it.

mod artifacts;
mod logs;
mod metadata;
mod run;
mod store;

pub use artifacts::{ArtifactFile, Edge, Place};
pub use logs::{Line, Log};
pub use metadata::Metadata;
pub use run::{ModelVersion, PipelineRun, StepRun};
pub use store::{Found, Item, List, Store, StoreError};

use serde_json::{Map, Value};

/// A row of a table: its columns that say something, by name.
pub type Row = Map<String, Value>;

/// A text of a row.
pub fn text<'a>(row: &'a Row, column: &str) -> Option<&'a str> {
    row.get(column).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// An id as `ZenML` shows it: columns hold it without dashes.
pub fn dashed(id: &str) -> String {
    let parts = [id.get(..8), id.get(8..12), id.get(12..16), id.get(16..20), id.get(20..)];
    match parts.into_iter().collect::<Option<Vec<_>>>() {
        Some(parts) if id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) => parts.join("-"),
        _ => id.to_owned(),
    }
}
