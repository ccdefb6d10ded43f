//! What a run is to MLflow: one typed value for all the stores that can hold it.
//!
//! Nothing is interpreted here. Parameters and tags are text as MLflow keeps them, times are
//! integer milliseconds, and members that no type knows are kept in `extra`.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use camino::Utf8PathBuf;
use serde_json::{Map, Value};

use crate::finding::{SourceCode, SourceFinding};
use crate::scratch::Scratch;

/// How a run stands, by its own word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Running, or never ended.
    Running,
    /// Planned.
    Scheduled,
    /// Came to its end.
    Finished,
    /// Ended with an error.
    Failed,
    /// Ended from outside.
    Killed,
}

impl Status {
    /// The word that databases and exports write.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Scheduled => "SCHEDULED",
            Self::Finished => "FINISHED",
            Self::Failed => "FAILED",
            Self::Killed => "KILLED",
        }
    }

    /// Reads the word, or the number that file stores write.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "1" | "RUNNING" => Some(Self::Running),
            "2" | "SCHEDULED" => Some(Self::Scheduled),
            "3" | "FINISHED" => Some(Self::Finished),
            "4" | "FAILED" => Some(Self::Failed),
            "5" | "KILLED" => Some(Self::Killed),
            _ => None,
        }
    }
}

/// The tag that names the run in which another is nested.
pub(super) const PARENT_TAG: &str = "mlflow.parentRunId";

/// A run as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Id, 32 hex digits.
    pub run_id: String,
    /// Name, if it has one.
    pub name: Option<String>,
    /// Id of its experiment.
    pub experiment_id: String,
    /// Name of its experiment, where the source knows it.
    pub experiment_name: Option<String>,
    /// How it stands.
    pub status: Option<Status>,
    /// Start, in milliseconds since 1970.
    pub start_ms: Option<i64>,
    /// `active` or `deleted`.
    pub lifecycle: String,
    /// Id of the run that it is nested in, where the list of the source says it.
    pub parent_run_id: Option<String>,
}

/// All runs of a source, in the order of experiment, start and id, and what kept others from being
/// listed.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// The runs.
    pub runs: Vec<Listed>,
    /// Runs that cannot be read, and places in which others may be.
    pub unread: Vec<SourceFinding>,
    /// What was found on the way.
    pub findings: Vec<SourceFinding>,
}

/// A run, whole.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Ids, name, status and times.
    pub info: RunInfo,
    /// The experiment that it belongs to, where the source has it.
    pub experiment: Option<Experiment>,
    /// Parameters.
    pub params: BTreeMap<String, String>,
    /// Tags, those of MLflow itself among them.
    pub tags: BTreeMap<String, String>,
    /// Series in the order of their keys, system metrics among them ([`Metric::is_system`]).
    pub metrics: Vec<Metric>,
    /// Data sets that the run took in.
    pub datasets: Vec<DatasetInput>,
    /// Logged models that the run took in.
    pub model_inputs: Vec<ModelEdge>,
    /// Logged models that the run put out.
    pub model_outputs: Vec<ModelEdge>,
    /// Logged models that this run made or used, by id.
    pub logged_models: Vec<LoggedModel>,
    /// Registered models with a version that points at this run or its logged models; other
    /// versions are left out.
    pub registered_models: Vec<RegisteredModel>,
    /// Prompts with a version that names this run.
    pub prompts: Vec<RegisteredModel>,
    /// Traces that name this run.
    pub traces: Vec<Trace>,
    /// Files of the run.
    pub artifacts: Artifacts,
    /// How many items were read, counted where they were read.
    pub found: Found,
    /// What was broken or absent.
    pub findings: Vec<SourceFinding>,
    /// The folder of what was downloaded for it. It goes with the last clone of the run.
    pub(super) downloads: Option<Arc<Scratch>>,
}

impl Run {
    /// Takes the series, in the order of their keys, and counts them.
    pub(super) fn set_metrics(&mut self, mut metrics: Vec<Metric>) {
        metrics.sort_by(|a, b| a.key.cmp(&b.key));
        for metric in &mut metrics {
            metric.count_duplicates();
            let count = metric.points.len() as u64;
            if metric.is_system() {
                self.found.system_points += count;
            } else {
                self.found.points += count;
            }
            self.found.duplicate_points += metric.duplicates;
        }
        self.metrics = metrics;
    }

    /// Notes the values that may have been infinities: databases keep those as the largest number.
    pub(super) fn doubt_largest(&mut self, place: &str) {
        let points = self.metrics.iter().flat_map(|metric| &metric.points);
        let count = points.filter(|point| point.value.abs().to_bits() == f64::MAX.to_bits()).count();
        let values = match count {
            0 => return,
            1 => "1 value is".to_owned(),
            _ => format!("{count} values are"),
        };
        let detail = format!("{values} \u{b1}1.7976931348623157e308, which is also how a database keeps infinities");
        self.findings.push(SourceFinding::new(SourceCode::Loss, place, detail));
    }

    /// Joins the points of logged models to those of the run: the data set of a point stands only
    /// with the model, and that a value was NaN only with the run. The point itself is one and the
    /// same.
    pub(super) fn tie_points(&mut self) {
        for model in &mut self.logged_models {
            for tied in &mut model.metrics {
                if tied.run_id.as_deref() != Some(self.info.run_id.as_str()) {
                    continue;
                }
                let found = self.metrics.binary_search_by(|metric| metric.key.as_str().cmp(&tied.key));
                let Some(metric) = found.ok().and_then(|index| self.metrics.get_mut(index)) else { continue };
                let same = |point: &Point| {
                    (point.timestamp_ms, point.step) == (tied.timestamp_ms, tied.step)
                        && (point.value.to_bits() == tied.value.to_bits()
                            || (point.value.is_nan() && tied.value == 0.0))
                };
                let Some(at) = metric.points.iter().position(same) else { continue };
                let dataset = tied.dataset.clone().and_then(|dataset| metric.dataset_index(dataset));
                if let Some(point) = metric.points.get_mut(at) {
                    tied.value = point.value;
                    point.dataset = dataset;
                }
            }
        }
    }

    /// The id of the run that this one is nested in.
    pub fn parent_run_id(&self) -> Option<&str> {
        self.tags.get(PARENT_TAG).map(String::as_str).filter(|id| !id.is_empty())
    }
}

/// Ids, name, status and times.
#[derive(Clone, Debug, Default)]
pub struct RunInfo {
    /// Id, 32 hex digits.
    pub run_id: String,
    /// Id of the experiment.
    pub experiment_id: String,
    /// Name.
    pub name: Option<String>,
    /// How it stands; `None` where the word is unknown, which then is in `extra`.
    pub status: Option<Status>,
    /// Start, in milliseconds since 1970.
    pub start_ms: Option<i64>,
    /// End, in milliseconds since 1970.
    pub end_ms: Option<i64>,
    /// When it was deleted, in milliseconds since 1970.
    pub deleted_ms: Option<i64>,
    /// `active` or `deleted`.
    pub lifecycle: String,
    /// User name at the time.
    pub user: Option<String>,
    /// Where the artifacts were, as MLflow wrote it.
    pub artifact_uri: Option<String>,
    /// Everything else that the store says of the run.
    pub extra: Map<String, Value>,
}

/// An experiment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Experiment {
    /// Id, decimal digits.
    pub id: String,
    /// Name.
    pub name: Option<String>,
    /// `active` or `deleted`.
    pub lifecycle: String,
    /// Where its artifacts were, as MLflow wrote it.
    pub artifact_location: Option<String>,
    /// Created, in milliseconds since 1970.
    pub created_ms: Option<i64>,
    /// Last changed, in milliseconds since 1970.
    pub updated_ms: Option<i64>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Traces in this experiment that name no run.
    pub traces_without_run: u64,
    /// Everything else that the store says of it.
    pub extra: Map<String, Value>,
}

/// A series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metric {
    /// Key.
    pub key: String,
    /// Points in the order of arrival, exact duplicates among them.
    pub points: Vec<Point>,
    /// Data sets that points refer to.
    pub datasets: Vec<DatasetName>,
    /// How many of the points are exact duplicates of an earlier one: MLflow 3 logs a step again to
    /// tie it to a model.
    pub duplicates: u64,
}

impl Metric {
    /// Whether this is telemetry by its name. Users may log under `system/` themselves.
    pub fn is_system(&self) -> bool {
        self.key.starts_with("system/")
    }

    /// What MLflow calls the latest point: the largest by step, time and value, where NaN counts as
    /// least.
    pub fn latest(&self) -> Option<&Point> {
        self.points.iter().max_by(|a, b| {
            let least_if_nan = |point: &Point| !point.value.is_nan();
            (a.step, a.timestamp_ms)
                .cmp(&(b.step, b.timestamp_ms))
                .then_with(|| least_if_nan(a).cmp(&least_if_nan(b)))
                .then_with(|| a.value.total_cmp(&b.value))
        })
    }
}

impl Metric {
    /// The index of a data set, which is added where it is new.
    pub(super) fn dataset_index(&mut self, dataset: DatasetName) -> Option<u32> {
        let known = self.datasets.iter().position(|known| *known == dataset);
        let index = known.unwrap_or_else(|| {
            self.datasets.push(dataset);
            self.datasets.len() - 1
        });
        u32::try_from(index).ok()
    }

    /// Counts exact duplicates. Points in order of step and time, the rule, need no table of what
    /// was seen.
    pub(super) fn count_duplicates(&mut self) {
        let ordered = self.points.is_sorted_by(|a, b| (a.step, a.timestamp_ms) < (b.step, b.timestamp_ms));
        if ordered {
            self.duplicates = 0;
            return;
        }
        let mut seen = HashSet::with_capacity(self.points.len());
        self.duplicates = self.points.iter().filter(|point| !seen.insert(point.bits())).count() as u64;
    }
}

/// A point of a series.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// When, in milliseconds since 1970.
    pub timestamp_ms: i64,
    /// Value; NaN and infinities are ordinary.
    pub value: f64,
    /// Step, any 64-bit integer.
    pub step: i64,
    /// Index into [`Metric::datasets`], for a result on a data set.
    pub dataset: Option<u32>,
}

impl PartialEq for Point {
    /// Bitwise on the value, so that a NaN equals itself.
    fn eq(&self, other: &Self) -> bool {
        self.bits() == other.bits()
    }
}

impl Point {
    /// All of it as integers, for comparing and hashing.
    pub(super) fn bits(&self) -> (i64, i64, u64, Option<u32>) {
        (self.step, self.timestamp_ms, self.value.to_bits(), self.dataset)
    }
}

/// A data set by name and digest.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatasetName {
    /// Name; may hold spaces.
    pub name: String,
    /// MLflow's digest: eight hex digits of an MD5 over a part. Suggests a link, proves none.
    pub digest: String,
}

/// A data set that a run took in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DatasetInput {
    /// Its id in the store.
    pub id: String,
    /// Name and digest.
    pub name: DatasetName,
    /// What it was used for (`mlflow.data.context`).
    pub context: Option<String>,
    /// All tags of the edge, the context among them.
    pub tags: BTreeMap<String, String>,
    /// Kind of place it came from.
    pub source_type: Option<String>,
    /// The place: JSON as text.
    pub source: Option<String>,
    /// Columns and types: JSON as text.
    pub schema: Option<String>,
    /// Row counts and alike: JSON as text.
    pub profile: Option<String>,
    /// Everything else that the store says of it.
    pub extra: Map<String, Value>,
}

/// A logged model that a run took in or put out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelEdge {
    /// `m-…`.
    pub model_id: String,
    /// At which step it was logged.
    pub step: Option<i64>,
    /// Tags of the edge.
    pub tags: BTreeMap<String, String>,
}

/// A logged model of MLflow 3.
#[derive(Clone, Debug, Default)]
pub struct LoggedModel {
    /// `m-…`.
    pub model_id: String,
    /// Name, not unique.
    pub name: Option<String>,
    /// The experiment it belongs to.
    pub experiment_id: Option<String>,
    /// The run that made it.
    pub source_run_id: Option<String>,
    /// Type by the user's word.
    pub model_type: Option<String>,
    /// `PENDING`, `READY` or `FAILED`; any other word as it is.
    pub status: Option<String>,
    /// Created, in milliseconds since 1970.
    pub created_ms: Option<i64>,
    /// Last changed, in milliseconds since 1970.
    pub updated_ms: Option<i64>,
    /// Where its files were, as MLflow wrote it.
    pub artifact_location: Option<String>,
    /// Parameters; those of the run are copied here by MLflow.
    pub params: BTreeMap<String, String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Points of the run's series that were tied to this model, in the order of key, step and time.
    pub metrics: Vec<ModelMetric>,
    /// Its files.
    pub artifacts: Artifacts,
    /// Everything else that the store says of it.
    pub extra: Map<String, Value>,
}

impl LoggedModel {
    /// The word for a status that a store may keep as a number.
    pub(super) fn status_word(status: &str) -> String {
        match status {
            "1" => "PENDING",
            "2" => "READY",
            "3" => "FAILED",
            other => other,
        }
        .to_owned()
    }
}

/// A point tied to a logged model.
#[derive(Clone, Debug, Default)]
pub struct ModelMetric {
    /// Key.
    pub key: String,
    /// When, in milliseconds since 1970.
    pub timestamp_ms: i64,
    /// Value. Databases keep NaN as 0 here; it is restored from the run's own point where that is
    /// present.
    pub value: f64,
    /// Step.
    pub step: i64,
    /// The run that logged it.
    pub run_id: Option<String>,
    /// The data set it was measured on.
    pub dataset: Option<DatasetName>,
}

/// A registered model, or a prompt: MLflow keeps both alike.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RegisteredModel {
    /// Name.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// Created, in milliseconds since 1970.
    pub created_ms: Option<i64>,
    /// Last changed, in milliseconds since 1970.
    pub updated_ms: Option<i64>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Alias to version.
    pub aliases: BTreeMap<String, String>,
    /// Versions.
    pub versions: Vec<ModelVersion>,
    /// Everything else that the store says of it.
    pub extra: Map<String, Value>,
}

impl RegisteredModel {
    /// Whether it is a prompt.
    pub fn is_prompt(&self) -> bool {
        self.tags.get("mlflow.prompt.is_prompt").is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }
}

/// A version of a registered model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelVersion {
    /// Version number as text.
    pub version: String,
    /// Where its files came from, as MLflow wrote it.
    pub source: Option<String>,
    /// Where its files were kept, as MLflow wrote it.
    pub storage_location: Option<String>,
    /// The run that it points at.
    pub run_id: Option<String>,
    /// The logged model that it points at, from `model_id` or from a source `models:/m-…`.
    pub model_id: Option<String>,
    /// Stage, like `Production`; `None` is a word of MLflow, kept as it is.
    pub stage: Option<String>,
    /// `READY`, …
    pub status: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Created, in milliseconds since 1970.
    pub created_ms: Option<i64>,
    /// Last changed, in milliseconds since 1970.
    pub updated_ms: Option<i64>,
    /// User name at the time.
    pub user: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Everything else that the store says of it.
    pub extra: Map<String, Value>,
}

/// A trace, kept as it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// `tr-…`.
    pub id: String,
    /// What the store says of it: info, tags, metadata.
    pub info: Map<String, Value>,
    /// Its spans, where they are in the store.
    pub spans: Vec<Value>,
}

/// Where artifacts are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// The store names no place.
    #[default]
    Unnamed,
    /// A folder within the source, or one that the caller allowed.
    Local(Utf8PathBuf),
    /// A folder that MLflow speaks of and that is not here. Many runs have no artifacts and so no
    /// folder.
    Absent,
    /// On a server or in a cloud: recorded, never fetched.
    Remote,
}

/// Files of a run or of a logged model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Artifacts {
    /// Where they are.
    pub place: Place,
    /// In the order of their paths.
    pub files: Vec<ArtifactFile>,
}

/// A file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArtifactFile {
    /// Path among the artifacts, with `/`.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// Where it lies on this machine.
    pub file: Utf8PathBuf,
}

/// How many items were read, counted at the moment of reading and not from the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Parameters of the run.
    pub params: u64,
    /// Tags of the run.
    pub tags: u64,
    /// Points of the run, without telemetry.
    pub points: u64,
    /// Points under `system/`.
    pub system_points: u64,
    /// Data sets that the run took in.
    pub datasets: u64,
    /// Logged models that the run took in.
    pub model_inputs: u64,
    /// Logged models that the run put out.
    pub model_outputs: u64,
    /// Logged models read for this run.
    pub logged_models: u64,
    /// Versions of registered models that point at this run.
    pub versions: u64,
    /// Versions of prompts that name this run.
    pub prompts: u64,
    /// Traces that name this run.
    pub traces: u64,
    /// Files of the run.
    pub artifact_files: u64,
    /// Files of its logged models.
    pub model_files: u64,
    /// Tags of the experiment.
    pub experiment_tags: u64,
    /// Exact duplicates among the points.
    pub duplicate_points: u64,
    /// What is there and cannot be read; the other counts are without it.
    pub unread: Unread,
}

/// How many items are there and cannot be read. Findings say where and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// Parameters of the run.
    pub params: u64,
    /// Tags of the run.
    pub tags: u64,
    /// Points of the run, without telemetry.
    pub points: u64,
    /// Points under `system/`.
    pub system_points: u64,
    /// Tags of the experiment.
    pub experiment_tags: u64,
}

impl Unread {
    /// Counts points of a series.
    pub(crate) fn add_points(&mut self, metric: &Metric, count: u64) {
        *if metric.is_system() { &mut self.system_points } else { &mut self.points } += count;
    }
}
