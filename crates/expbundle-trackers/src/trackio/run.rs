//! One run of a project.

use camino::Utf8PathBuf;
use serde_json::{Map, Value as Json};

use super::artifacts::{self, Link};
use super::database::Project;
use super::store::StoreError;
use super::taken::Taken;
use crate::finding::{SourceCode, SourceFinding};
use crate::mlflow::files::{FileError, Root};
use crate::series::At;
use crate::sqlite::Reader;
use crate::time::nanoseconds;
use crate::wandb::Value;

/// Takes the rows of a run.
pub trait Rows {
    /// A call of `log`: an object whose members are values of series, and media.
    fn metrics(&mut self, at: At, row: Value);
    /// A row of system metrics; it has no step.
    fn system(&mut self, time_ns: Option<i64>, row: Value);
}

/// How the tables name a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RunId {
    /// By the name alone, as the first versions did.
    Name(String),
    /// By its id; several runs may have one name.
    Id(String),
}

impl Default for RunId {
    fn default() -> Self {
        Self::Name(String::new())
    }
}

impl RunId {
    pub fn of(id: Option<String>, name: Option<&str>) -> Option<Self> {
        let id = id.filter(|id| !id.is_empty()).map(Self::Id);
        id.or_else(|| name.map(|name| Self::Name(name.to_owned())))
    }

    pub fn text(&self) -> &str {
        let (Self::Name(text) | Self::Id(text)) = self;
        text
    }

    fn equal(&self) -> (&'static str, &str) {
        match self {
            Self::Name(name) => ("run_name", name),
            Self::Id(id) => ("run_id", id),
        }
    }
}

/// A run as the tables name it.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// What names it within the store.
    pub key: String,
    /// Its name.
    pub name: Option<String>,
    /// Its project.
    pub project: String,
    /// When it started, in nanoseconds since 1970: its configuration says so, else its first row.
    pub started_ns: Option<i64>,
    pub(super) id: RunId,
}

impl Listed {
    /// Its id; the name, where it has no other.
    pub fn id(&self) -> &str {
        self.id.text()
    }
}

/// Rows that were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Calls of `log` that were read.
    pub rows: u64,
    /// Those that cannot be.
    pub broken: u64,
    /// Rows of system metrics that were read.
    pub system_rows: u64,
    /// Those that cannot be.
    pub system_broken: u64,
}

/// A run.
#[derive(Debug)]
pub struct Run {
    /// What the list says of it.
    pub listed: Listed,
    /// Its configuration, an object; names that begin with `_` are Trackio's own.
    pub config: Value,
    /// Alerts, by the names of their columns.
    pub alerts: Vec<Map<String, Json>>,
    /// Artifacts that it used or logged.
    pub links: Vec<Link>,
    /// Artifacts of other projects that it used, as they are.
    pub external_links: Vec<Map<String, Json>>,
    /// Traces, as they are.
    pub traces: Vec<Map<String, Json>>,
    /// Uploads that had not been made yet, as they are.
    pub uploads: Vec<Map<String, Json>>,
    /// What the database says of the project, as it is.
    pub project_metadata: Vec<Map<String, Json>>,
    /// Rows, counted.
    pub found: Found,
    /// The first and the last time of a row, in nanoseconds since 1970.
    pub span_ns: Option<(i64, i64)>,
    /// What could not be read.
    pub findings: Vec<SourceFinding>,
    /// Where media and artifacts lie.
    pub(super) root: Option<Root>,
}

/// Where a file of a run is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Here.
    Here(Utf8PathBuf),
    /// It is not here.
    Missing,
    /// Its name leads out of the store, or it is not a regular file.
    Refused,
}

impl Run {
    /// The file of a media object.
    pub fn media(&self, path: &str) -> Place {
        self.place(&format!("media/{}", path.replace('\\', "/")))
    }

    pub(super) fn place(&self, path: &str) -> Place {
        let Some(root) = &self.root else { return Place::Missing };
        let climbs = path.split('/').any(|part| part == ".." || part.is_empty());
        if climbs {
            return Place::Refused;
        }
        match root.regular(&root.path().join(path)) {
            Ok(file) => Place::Here(file),
            Err(FileError::Missing) => Place::Missing,
            Err(_) => Place::Refused,
        }
    }
}

pub(super) fn read(project: &Project, listed: Listed, rows: &mut dyn Rows) -> Result<Run, StoreError> {
    let mut run = Run {
        listed,
        config: Value::empty(),
        alerts: Vec::new(),
        links: Vec::new(),
        external_links: Vec::new(),
        traces: Vec::new(),
        uploads: Vec::new(),
        project_metadata: Vec::new(),
        found: Found::default(),
        span_ns: None,
        findings: Vec::new(),
        root: Root::new(&project.folder).ok(),
    };
    project.read(|reader| {
        run.config(reader);
        run.metrics(reader, rows);
        run.system_metrics(reader, rows);
        run.alerts = run.rows(reader, "alerts");
        for alert in &run.alerts {
            widen(&mut run.span_ns, alert.get("timestamp").and_then(Json::as_str).and_then(nanoseconds));
        }
        run.links = artifacts::links(reader, &mut run, &project.name);
        run.external_links = run.rows(reader, "external_run_artifact_links");
        run.traces = run.rows(reader, "traces");
        run.uploads = run.rows(reader, "pending_uploads");
        run.project_metadata = reader.rows("project_metadata", &[], &mut run.findings);
    })?;
    Ok(run)
}

impl Run {
    /// The rows of a table that are this run's.
    pub(super) fn rows(&mut self, reader: &Reader<'_>, table: &str) -> Vec<Map<String, Json>> {
        let mut rows = reader.rows(table, &[self.listed.id.equal()], &mut self.findings);
        if matches!(self.listed.id, RunId::Name(_)) {
            // The others of that name have ids.
            rows.retain(|row| row.get("run_id").and_then(Json::as_str).is_none_or(str::is_empty));
        }
        rows
    }

    fn config(&mut self, reader: &Reader<'_>) {
        for row in self.rows(reader, "configs") {
            let parsed = row.get("config").and_then(Json::as_str).and_then(Value::parse);
            if let Some(config @ Value::Object(_)) = parsed {
                self.config = config;
            } else {
                let detail = "the configuration is not a JSON object";
                self.findings.push(SourceFinding::new(SourceCode::Damaged, "table configs", detail));
            }
        }
    }

    fn metrics(&mut self, reader: &Reader<'_>, rows: &mut dyn Rows) {
        let mut taken = Taken::default();
        self.stream(reader, "metrics", &mut taken, |at, row| rows.metrics(at, row));
        (self.found.rows, self.found.broken) = (taken.read, taken.broken);
    }

    fn system_metrics(&mut self, reader: &Reader<'_>, rows: &mut dyn Rows) {
        let mut taken = Taken::default();
        self.stream(reader, "system_metrics", &mut taken, |at, row| rows.system(at.time_ns, row));
        (self.found.system_rows, self.found.system_broken) = (taken.read, taken.broken);
    }

    fn stream(&mut self, reader: &Reader<'_>, table: &'static str, taken: &mut Taken, mut take: impl FnMut(At, Value)) {
        let (columns, [json, time, step, id]) = reader.columns(table, ["metrics", "timestamp", "step", "run_id"]);
        let is_named = matches!(self.listed.id, RunId::Name(_));
        let equal = [self.listed.id.equal()];
        reader.stream(table, &columns, &equal, &mut self.findings, |row_id, row| {
            if is_named && row.text(id).is_some_and(|id| !id.is_empty()) {
                return;
            }
            let time_ns = row.str(time).and_then(|text| taken.time(text));
            taken.timeless += u64::from(time_ns.is_none());
            widen(&mut taken.span_ns, time_ns);
            let parsed = row.bytes(json).and_then(|bytes| str::from_utf8(bytes).ok()).and_then(Value::parse);
            match parsed {
                Some(object @ Value::Object(_)) => {
                    taken.read += 1;
                    take(At { step: row.integer(step), time_ns }, object);
                }
                _ => taken.broken(row_id),
            }
        });
        for time_ns in taken.span_ns.into_iter().flat_map(|(first, last)| [first, last]) {
            widen(&mut self.span_ns, Some(time_ns));
        }
        self.findings.extend(taken.findings(table));
    }
}

pub(super) fn widen(span_ns: &mut Option<(i64, i64)>, time_ns: Option<i64>) {
    if let Some(time_ns) = time_ns {
        let (first, last) = span_ns.unwrap_or((time_ns, time_ns));
        *span_ns = Some((first.min(time_ns), last.max(time_ns)));
    }
}
