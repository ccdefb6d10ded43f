//! The database, and what it lists.

use std::collections::{BTreeMap, HashMap};

use camino::{Utf8Path, Utf8PathBuf};

use super::run::{self, PipelineRun, StepRun};
use super::{Row, dashed, text};
use crate::finding::SourceFinding;
use crate::sqlite::{Database, DatabaseError, Reader};

/// Where the database lies in a folder of settings.
const DATABASE: &str = "local_stores/default_zen_store/zenml.db";

/// Tables that are read. What else there is says nothing of runs.
const TABLES: &[&str] = &[
    "alembic_version",
    "artifact",
    "artifact_version",
    "artifact_visualization",
    "code_reference",
    "code_repository",
    "logs",
    "model",
    "model_version",
    "model_versions_artifacts",
    "pipeline",
    "pipeline_build",
    "pipeline_deployment",
    "pipeline_run",
    "pipeline_snapshot",
    "project",
    "run_metadata",
    "run_metadata_resource",
    "schedule",
    "stack",
    "stack_component",
    "stack_composition",
    "step_configuration",
    "step_run",
    "step_run_input_artifact",
    "step_run_output_artifact",
    "tag",
    "tag_resource",
    "user",
    "workspace",
];

/// Why a store cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database cannot be read.
    #[error("the database `{path}` cannot be read")]
    Database {
        /// The path.
        path: Utf8PathBuf,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A store.
#[derive(Debug)]
pub struct Store {
    path: Utf8PathBuf,
    /// The folder that holds `local_stores`.
    root: Utf8PathBuf,
    tables: Database,
}

/// A run of a pipeline or of a step, as a list has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// Its id, with dashes.
    pub id: String,
    /// Its name; of a step, behind that of the run.
    pub name: String,
    /// The name of the pipeline.
    pub pipeline: Option<String>,
    /// The id of the pipeline.
    pub pipeline_id: Option<String>,
    /// Its status as `ZenML` has it.
    pub status: Option<String>,
    /// When it started, as the database has it.
    pub started: Option<String>,
    /// The id of the run of a pipeline that a step belongs to.
    pub run: Option<String>,
}

/// The runs of a store.
#[derive(Debug, Default)]
pub struct List {
    /// Each run of a pipeline, and behind it those of its steps that ran.
    pub items: Vec<Item>,
    /// Steps whose results came from an earlier run: they are told with the run.
    pub cached: u64,
    /// What could not be read.
    pub findings: Vec<SourceFinding>,
}

/// What a key names.
#[derive(Debug)]
pub enum Found {
    /// A run of a pipeline.
    Pipeline(Box<PipelineRun>),
    /// A run of a step.
    Step(Box<StepRun>),
}

impl Store {
    /// Opens the store at a path: its database, or a folder that holds it. `None` if there is none.
    pub fn open(path: &Utf8Path) -> Result<Option<Self>, StoreError> {
        let folders =
            ["", "default_zen_store/zenml.db", DATABASE, "zenml.db", "zenml/local_stores/default_zen_store/zenml.db"];
        let is_database =
            |path: &Utf8PathBuf| path.is_file() && path.extension() == Some("db") && begins_as_database(path);
        let mut places =
            folders.into_iter().map(|inner| if inner.is_empty() { path.to_owned() } else { path.join(inner) });
        let Some(path) = places.find(is_database) else { return Ok(None) };
        let failed = |error: DatabaseError| StoreError::Database { path: path.clone(), source: error.into() };
        // Under another name it may be anybody's.
        let tables = match Database::open(&path, TABLES) {
            Err(_) if path.file_name() != Some("zenml.db") => return Ok(None),
            tables => tables.map_err(failed)?,
        };
        if !tables.has("pipeline_run", &["id", "name"]) || !tables.has("step_run", &["id", "pipeline_run_id"]) {
            return Ok(None);
        }
        let absolute = path.canonicalize_utf8().unwrap_or_else(|_| path.clone());
        let root =
            absolute.ancestors().find(|folder| folder.file_name() == Some("local_stores")).and_then(Utf8Path::parent);
        let root = root.or(absolute.parent()).unwrap_or(Utf8Path::new("/")).to_owned();
        Ok(Some(Self { path, root, tables }))
    }

    fn with<T>(&self, read: impl FnOnce(&Reader<'_>) -> T) -> Result<T, StoreError> {
        let failed = |error: DatabaseError| StoreError::Database { path: self.path.clone(), source: error.into() };
        self.tables.read(read).map_err(failed)
    }

    /// Lists the runs.
    pub fn list(&self) -> Result<List, StoreError> {
        self.with(list)
    }

    /// Reads the run of a pipeline or step; `None` if there is no such one.
    pub fn read(&self, id: &str) -> Result<Option<Found>, StoreError> {
        let id = id.replace('-', "");
        self.with(|reader| {
            let mut findings = Vec::new();
            if let Some(row) = first(reader, "pipeline_run", &id, &mut findings) {
                return Some(Found::Pipeline(Box::new(run::pipeline(reader, &self.root, row, findings))));
            }
            let row = first(reader, "step_run", &id, &mut findings)?;
            Some(Found::Step(Box::new(run::step(reader, &self.root, row, findings))))
        })
    }
}

/// Whether a file begins as SQLite's do: others are not opened.
fn begins_as_database(path: &Utf8Path) -> bool {
    use std::io::Read as _;
    let mut begin = [0; 16];
    let file = crate::text::open_file(path).ok().flatten();
    file.is_some_and(|mut file| file.read_exact(&mut begin).is_ok()) && begin == *b"SQLite format 3\0"
}

/// The row of an id.
pub(super) fn first(reader: &Reader<'_>, table: &str, id: &str, findings: &mut Vec<SourceFinding>) -> Option<Row> {
    reader.rows(table, &[("id", id)], findings).into_iter().next()
}

/// Columns of a table by id.
fn by_id(
    reader: &Reader<'_>,
    table: &'static str,
    columns: [&'static str; 3],
    list: &mut List,
) -> Vec<[Option<String>; 3]> {
    let (known, at) = reader.columns(table, columns);
    reader.fold(table, &known, &[], &mut list.findings, Vec::new, |rows, row| {
        rows.push(at.map(|column| row.text(column)));
    })
}

fn list(reader: &Reader<'_>) -> List {
    let mut list = List::default();
    let pipelines: HashMap<String, String> = by_id(reader, "pipeline", ["id", "name", "created"], &mut list)
        .into_iter()
        .filter_map(|[id, name, _]| Some((id?, name?)))
        .collect();
    let wanted = ["id", "pipeline_run_id", "name", "status", "start_time", "original_step_run_id", "created"];
    let (columns, at) = reader.columns("step_run", wanted);
    let mut cached = 0;
    let mut steps: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    let rows = reader.fold("step_run", &columns, &[], &mut list.findings, Vec::new, |rows, row| {
        rows.push(at.map(|column| row.text(column)));
    });
    for [id, run, name, status, started, original, _] in rows {
        if run::is_cached(status.as_deref(), original.as_deref()) {
            cached += 1;
            continue;
        }
        let item = Item {
            id: dashed(&id.unwrap_or_default()),
            name: name.unwrap_or_default(),
            status,
            started,
            ..Item::default()
        };
        steps.entry(run.unwrap_or_default()).or_default().push(item);
    }
    list.cached = cached;
    let (columns, at) =
        reader.columns("pipeline_run", ["id", "name", "pipeline_id", "status", "start_time", "created"]);
    let mut runs = reader.fold("pipeline_run", &columns, &[], &mut list.findings, Vec::new, |rows, row| {
        rows.push(at.map(|column| row.text(column)));
    });
    runs.sort_by(|a, b| (&a[4], &a[5], &a[0]).cmp(&(&b[4], &b[5], &b[0])));
    for [id, name, pipeline_id, status, started, _] in runs {
        let id = id.unwrap_or_default();
        let run = Item {
            id: dashed(&id),
            name: name.unwrap_or_default(),
            pipeline: pipeline_id.as_ref().and_then(|id| pipelines.get(id)).cloned(),
            pipeline_id: pipeline_id.as_deref().map(dashed),
            status,
            started,
            run: None,
        };
        let mut own = steps.remove(&id).unwrap_or_default();
        own.sort_by(|a, b| (&a.started, &a.id).cmp(&(&b.started, &b.id)));
        for step in &mut own {
            step.name = format!("{}/{}", run.name, step.name);
            step.run = Some(run.id.clone());
            (step.pipeline, step.pipeline_id) = (run.pipeline.clone(), run.pipeline_id.clone());
        }
        list.items.push(run);
        list.items.append(&mut own);
    }
    // Steps of runs that were deleted.
    list.items.extend(steps.into_values().flatten());
    list
}

/// The release that wrote the database: `ZenML` names its migrations by them.
pub(super) fn version(reader: &Reader<'_>, findings: &mut Vec<SourceFinding>) -> Option<String> {
    let row = reader.rows("alembic_version", &[], findings).into_iter().next()?;
    text(&row, "version_num").map(str::to_owned)
}
