//! The database of a project, and the runs that its tables name.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::run::{Listed, RunId};
use super::store::StoreError;
use crate::finding::{SourceCode, SourceFinding};
use crate::sqlite::{Database, DatabaseError, Reader};
use crate::time::nanoseconds;
use crate::wandb::Value;

/// Tables of the versions up to 0.43.
const TABLES: &[&str] = &[
    "alerts",
    "artifact_aliases",
    "artifact_versions",
    "artifacts",
    "configs",
    "external_run_artifact_links",
    "metrics",
    "pending_uploads",
    "project_metadata",
    "run_artifact_links",
    "system_metrics",
    "traces",
];
/// Tables whose rows name a run, each with a column that has a time.
const OF_RUNS: [(&str, &str); 6] = [
    ("configs", "created_at"),
    ("metrics", "timestamp"),
    ("system_metrics", "timestamp"),
    ("alerts", "timestamp"),
    ("traces", "timestamp"),
    ("run_artifact_links", "created_at"),
];

/// A project.
#[derive(Debug)]
pub(super) struct Project {
    /// The name of the file without its extension.
    pub name: String,
    /// The folder that the database is in; media and artifacts lie beside it.
    pub folder: Utf8PathBuf,
    path: Utf8PathBuf,
    tables: Database,
}

impl Project {
    /// Opens a database; `None` if it is not one of Trackio.
    pub fn open(path: &Utf8Path) -> Result<Option<Self>, DatabaseError> {
        let tables = Database::open(path, TABLES)?;
        if !tables.has("metrics", &["run_name", "timestamp", "step", "metrics"]) {
            return Ok(None);
        }
        let folder = path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
        Ok(Some(Self {
            name: path.file_stem().unwrap_or("project").to_owned(),
            folder: folder.to_owned(),
            path: path.to_owned(),
            tables,
        }))
    }

    pub fn read<T>(&self, read: impl FnOnce(&Reader<'_>) -> T) -> Result<T, StoreError> {
        let failed = |error: DatabaseError| StoreError { path: self.path.clone(), source: error.into() };
        self.tables.read(read).map_err(failed)
    }

    /// Tables with rows that this version does not know.
    pub fn findings(&self) -> Vec<SourceFinding> {
        let unknown = |table: &String| {
            let detail = "this version does not know the table; its rows are not read";
            SourceFinding::new(SourceCode::Unsupported, format!("table {table}"), detail)
        };
        self.tables.others().iter().map(unknown).collect()
    }

    /// The runs that any table names, in the order of their start.
    pub fn list(&self, findings: &mut Vec<SourceFinding>) -> Result<Vec<Listed>, StoreError> {
        let runs = self.read(|reader| {
            let mut runs: BTreeMap<RunId, Listed> = BTreeMap::new();
            for (table, at) in OF_RUNS {
                // The first versions knew runs by their names alone.
                let has_id = reader.has(table, &["run_id"]);
                let by: &[&str] = if has_id { &["run_name", "run_id"] } else { &["run_name"] };
                for group in reader.groups(table, by, at, findings) {
                    let mut names = group.names.into_iter();
                    let name = names.next().flatten();
                    let Some(id) = RunId::of(names.next().flatten(), name.as_deref()) else { continue };
                    let run = runs.entry(id).or_default();
                    run.name = run.name.take().or(name);
                    let first = group.first.as_deref().and_then(nanoseconds);
                    run.started_ns = [run.started_ns, first].into_iter().flatten().min();
                }
            }
            starts(reader, &mut runs, findings);
            runs
        })?;
        let named = |(id, mut run): (RunId, Listed)| {
            run.key = id.text().to_owned();
            run.project.clone_from(&self.name);
            run.id = id;
            run
        };
        let mut runs: Vec<Listed> = runs.into_iter().map(named).collect();
        runs.sort_by(|a, b| (a.started_ns, &a.key).cmp(&(b.started_ns, &b.key)));
        Ok(runs)
    }
}

/// The start that the configuration of each run has.
fn starts(reader: &Reader<'_>, runs: &mut BTreeMap<RunId, Listed>, findings: &mut Vec<SourceFinding>) {
    let (columns, at) = reader.columns("configs", ["run_name", "run_id", "config"]);
    reader.stream("configs", &columns, &[], findings, |_, row| {
        let [name, id, _] = at.map(|column| row.text(column));
        let run = RunId::of(id, name.as_deref()).and_then(|id| runs.get_mut(&id));
        let config = at.last().and_then(|column| row.bytes(*column)).and_then(|bytes| str::from_utf8(bytes).ok());
        let created = config.and_then(Value::parse).and_then(|config| nanoseconds(config.get("_Created")?.as_str()?));
        if let (Some(run), Some(created)) = (run, created) {
            run.started_ns = Some(created);
        }
    });
}
