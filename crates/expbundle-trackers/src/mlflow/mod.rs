//! Reads MLflow without MLflow: file stores, SQLite databases, folders of
//! `mlflow-export-import`, and servers.
//!
//! [`Source::open`] finds out what is at a path, [`Source::list`] lists its runs cheaply, and
//! [`Source::read`] reads one run whole into a [`Run`]. Every damaged item is a finding; everything
//! intact is returned. Nothing is written beside the source, and nothing outside it is read; nothing
//! is fetched from a network but from a server that is named.
//!
//! What it does not do: interpret. Which tag is a note and which file is a model is for the
//! converter to say.

mod artifacts;
mod export;
mod file_store;
pub(crate) mod files;
mod metric_lines;
mod model_file;
mod registry;
mod run;
mod server;
mod source;
mod sqlite;
mod yaml;

pub use self::model_file::read_yaml;
pub use self::run::{
    ArtifactFile, Artifacts, DatasetInput, DatasetName, Experiment, Found, List, Listed, LoggedModel, Metric,
    ModelEdge, ModelMetric, ModelVersion, Place, Point, RegisteredModel, Run, RunInfo, Status, Trace, Unread,
};
pub use self::server::{Credentials, ServerError};
pub use self::source::{Source, SourceError, SourceKind};
