//! A database, `mlflow.db`, of MLflow 1.x to 3.x.
//!
//! What a database has lost: infinities are ±1.797…e308, and `-0.0` is `0.0`.

mod run;

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::files::Root;
use super::run::{List, Listed, PARENT_TAG, Run, Status};
use super::source::SourceError;
use crate::sqlite::{self, DatabaseError, Reader};

/// Tables that are read. What else there is says nothing of runs, however much it is.
const TABLES: &[&str] = &[
    "datasets",
    "experiment_tags",
    "experiments",
    "input_tags",
    "inputs",
    "logged_model_metrics",
    "logged_model_params",
    "logged_model_tags",
    "logged_models",
    "metrics",
    "model_version_tags",
    "model_versions",
    "params",
    "registered_model_aliases",
    "registered_model_tags",
    "registered_models",
    "runs",
    "spans",
    "tags",
    "trace_info",
    "trace_request_metadata",
    "trace_tags",
];

/// An MLflow database.
#[derive(Debug)]
pub(super) struct Database {
    /// As the caller named it.
    path: Utf8PathBuf,
    /// The folder that it is in, where its artifacts are.
    root: Root,
    tables: sqlite::Database,
}

impl Database {
    pub fn open(path: &Utf8Path) -> Result<Self, SourceError> {
        let resolved = path.canonicalize_utf8().map_err(|source| SourceError::Io { path: path.to_owned(), source })?;
        let folder = resolved.parent().unwrap_or(Utf8Path::new("/"));
        let root = Root::new(folder).map_err(|_| SourceError::Missing { path: path.to_owned() })?;
        let failed = |error: DatabaseError| SourceError::Database { path: path.to_owned(), source: error.into() };
        let tables = sqlite::Database::open(&resolved, TABLES).map_err(failed)?;
        for (table, column) in [("runs", "run_uuid"), ("experiments", "experiment_id")] {
            if !tables.has(table, &[column]) {
                return Err(SourceError::Schema { path: path.to_owned(), table });
            }
        }
        Ok(Self { path: path.to_owned(), root, tables })
    }

    /// Lists the runs.
    pub fn list(&self) -> Result<List, SourceError> {
        self.with(list)
    }

    /// Reads a run, whole.
    pub fn read(&self, run_id: &str, allowed: &[Utf8PathBuf]) -> Result<Run, SourceError> {
        self.with(|reader| run::read(reader, &self.root, run_id, allowed))?
            .ok_or_else(|| SourceError::NoRun { run_id: run_id.to_owned() })
    }

    fn with<T>(&self, read: impl FnOnce(&Reader<'_>) -> T) -> Result<T, SourceError> {
        let failed = |error: DatabaseError| SourceError::Database { path: self.path.clone(), source: error.into() };
        self.tables.read(read).map_err(failed)
    }
}

fn list(reader: &Reader<'_>) -> List {
    let mut list = List::default();
    let (columns, at) = reader.columns("experiments", ["experiment_id", "name"]);
    let names: BTreeMap<String, Option<String>> =
        reader.fold("experiments", &columns, &[], &mut list.findings, BTreeMap::new, |names, row| {
            let [id, name] = at.map(|column| row.text(column));
            names.insert(id.unwrap_or_default(), name);
        });
    let nested = [("key", PARENT_TAG)];
    let mut parents: BTreeMap<String, String> =
        reader.fold("tags", &["run_uuid", "value"], &nested, &mut list.findings, BTreeMap::new, |parents, row| {
            parents.extend(row.text(0).zip(row.text(1).filter(|id| !id.is_empty())));
        });
    let wanted = ["run_uuid", "name", "experiment_id", "status", "start_time", "lifecycle_stage"];
    let (columns, at) = reader.columns("runs", wanted);
    list.runs = reader.fold("runs", &columns, &[], &mut list.unread, Vec::new, |runs, row| {
        let [run_id, name, experiment_id, status, start_ms, lifecycle] = at.map(|column| row.text(column));
        let experiment_id = experiment_id.unwrap_or_default();
        let run_id = run_id.unwrap_or_default();
        runs.push(Listed {
            parent_run_id: parents.remove(&run_id),
            run_id,
            name: name.filter(|name| !name.is_empty()),
            experiment_name: names.get(&experiment_id).cloned().flatten(),
            experiment_id,
            status: status.as_deref().map_or(Some(Status::Running), Status::parse),
            start_ms: start_ms.and_then(|text| text.parse().ok()),
            lifecycle: lifecycle.unwrap_or_else(|| "active".to_owned()),
        });
    });
    list
}
