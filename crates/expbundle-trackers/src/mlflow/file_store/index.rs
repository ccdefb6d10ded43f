//! What is where in a file store: built once, so that reading a thousand runs does not search the
//! store a thousand times.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use super::meta::{ExperimentMeta, LoggedModelMeta, Meta, RegisteredModelMeta, VersionMeta};
use super::{Scope, count_values, read_values};
use crate::finding::{SourceCode, SourceFinding};
use crate::mlflow::files::{FileError, Root};
use crate::mlflow::run::{Experiment, ModelVersion, RegisteredModel, Trace};
use crate::mlflow::{registry, yaml};
use crate::text::{Json, read_json};

/// Folders of an experiment that are no runs.
const RESERVED: &[&str] = &["tags", "datasets", "traces", "models"];

/// Where the parts of a store are.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// By the name of their folder.
    pub experiments: BTreeMap<String, ExperimentPlace>,
    /// By the name of their folder.
    pub runs: BTreeMap<String, RunPlace>,
    /// Folders of logged models by id.
    pub models: BTreeMap<String, Utf8PathBuf>,
    /// Ids of the logged models that a run made.
    pub models_of_run: BTreeMap<String, Vec<String>>,
    /// Registered models and prompts.
    pub registry: Vec<RegisteredModel>,
    /// Traces that name a run, by that run.
    pub traces_of_run: BTreeMap<String, Vec<Trace>>,
    /// What was broken on the way.
    pub findings: Vec<SourceFinding>,
}

/// An experiment's folder and facts.
#[derive(Debug)]
pub(super) struct ExperimentPlace {
    pub folder: Utf8PathBuf,
    pub facts: Experiment,
    /// Its tags that cannot be read.
    pub unread_tags: u64,
}

/// A run's folder.
#[derive(Debug)]
pub(super) struct RunPlace {
    pub folder: Utf8PathBuf,
    /// Name of the experiment's folder.
    pub experiment: Option<String>,
}

impl Index {
    pub fn build(root: &Root, scope: &Scope) -> Self {
        let mut index = Self::default();
        if matches!(scope, Scope::LoneRun) {
            let run_id = root.path().file_name().unwrap_or_default().to_owned();
            index.runs.insert(run_id, RunPlace { folder: root.path().to_owned(), experiment: None });
            return index;
        }
        for parent in [root.path().to_owned(), root.path().join(".trash")] {
            for name in root.names(&parent, &mut index.findings) {
                let folder = parent.join(&name);
                if let Err(error @ FileError::Outside) = root.resolve(&folder) {
                    index.findings.push(error.finding(root.relative(&folder)));
                } else if name != "models" && name != ".trash" && is_experiment(root, &folder) {
                    index.add_experiment(root, &name, folder);
                }
            }
        }
        index.registry = read_registry(root, &mut index.findings);
        index
    }

    fn add_experiment(&mut self, root: &Root, name: &str, folder: Utf8PathBuf) {
        let mut facts = Experiment { id: name.to_owned(), lifecycle: "active".to_owned(), ..Experiment::default() };
        if let Some(meta) = Meta::<ExperimentMeta>::read(root, &folder, &mut self.findings) {
            facts.created_ms = meta.integer("creation_time", meta.typed.creation_time.as_ref(), &mut self.findings);
            facts.updated_ms =
                meta.integer("last_update_time", meta.typed.last_update_time.as_ref(), &mut self.findings);
            facts.extra = meta.extra(&[
                "experiment_id",
                "name",
                "artifact_location",
                "lifecycle_stage",
                "creation_time",
                "last_update_time",
            ]);
            facts.id = meta.typed.experiment_id.unwrap_or(facts.id);
            facts.name = meta.typed.name;
            facts.artifact_location = meta.typed.artifact_location;
            facts.lifecycle = meta.typed.lifecycle_stage.unwrap_or(facts.lifecycle);
        }
        let unread_tags;
        (facts.tags, unread_tags) = count_values(root, &folder.join("tags"), &mut self.findings);
        for entry in root.names(&folder, &mut self.findings) {
            let run = folder.join(&entry);
            if !is_run(root, &folder, &entry) {
                continue;
            }
            let place = RunPlace { folder: run, experiment: Some(name.to_owned()) };
            if self.runs.insert(entry.clone(), place).is_some() {
                let detail = format!("run `{entry}` is in two experiments; the later one was read");
                self.findings.push(SourceFinding::new(SourceCode::Damaged, root.relative(&folder), detail));
            }
        }
        self.add_models(root, &folder.join("models"));
        facts.traces_without_run = self.add_traces(root, &folder.join("traces"));
        self.experiments.insert(name.to_owned(), ExperimentPlace { folder, facts, unread_tags });
    }

    fn add_models(&mut self, root: &Root, folder: &Utf8Path) {
        for model_id in root.names(folder, &mut self.findings) {
            let model = folder.join(&model_id);
            if !root.has_folder(&model) {
                continue;
            }
            // Read again when a run needs it; here only to learn whose it is.
            if let Some(meta) = Meta::<LoggedModelMeta>::read(root, &model, &mut self.findings)
                && let Some(run_id) = meta.typed.source_run_id
            {
                self.models_of_run.entry(run_id).or_default().push(model_id.clone());
            }
            self.models.insert(model_id, model);
        }
    }

    /// Reads traces; returns how many name no run.
    fn add_traces(&mut self, root: &Root, folder: &Utf8Path) -> u64 {
        let mut without_run = 0;
        for id in root.names(folder, &mut self.findings) {
            let trace = folder.join(&id);
            if !root.has_folder(&trace) {
                continue;
            }
            let metadata = read_values(root, &trace.join("request_metadata"), &mut self.findings);
            let Some(run_id) = metadata.get("mlflow.sourceRun").cloned() else {
                without_run += 1;
                continue;
            };
            let read = Meta::<Ignored>::read_file(root, &trace.join("trace_info.yaml"), &mut self.findings);
            let mut info = read.map(|meta| meta.extra(&[])).unwrap_or_default();
            info.insert("request_metadata".to_owned(), text_map(&metadata));
            let tags = read_values(root, &trace.join("tags"), &mut self.findings);
            info.insert("tags".to_owned(), text_map(&tags));
            let spans = self.read_spans(root, &trace.join("artifacts").join("traces.json"));
            self.traces_of_run.entry(run_id).or_default().push(Trace { id, info, spans });
        }
        without_run
    }

    fn read_spans(&mut self, root: &Root, path: &Utf8Path) -> Vec<Value> {
        let place = root.relative(path);
        let text = match root.read_text(path, yaml::MAX_BYTES) {
            Ok(text) => text,
            Err(error) => {
                self.findings.push(error.finding(place));
                return Vec::new();
            }
        };
        let (code, detail) = match read_json(&text) {
            Json::Value(Value::Object(mut members)) => match members.remove("spans") {
                Some(Value::Array(spans)) => return spans,
                _ => (SourceCode::Damaged, "not the JSON of a trace"),
            },
            Json::Value(_) | Json::None => (SourceCode::Damaged, "not the JSON of a trace"),
            Json::TooMany => (SourceCode::Unsupported, "the JSON of a trace has more values than are taken apart"),
        };
        self.findings.push(SourceFinding::new(code, place, detail));
        Vec::new()
    }
}

/// For files of which only the free-form members matter.
#[derive(serde::Deserialize)]
struct Ignored {}

/// Whether a folder is that of an experiment: git, people and crashes take its `meta.yaml`, and the
/// runs are there all the same.
pub(super) fn is_experiment(root: &Root, folder: &Utf8Path) -> bool {
    root.has_file(&folder.join("meta.yaml")) || has_runs(root, folder)
}

/// Whether a folder has runs in it, and not their artifacts alone.
pub(in crate::mlflow) fn has_runs(root: &Root, folder: &Utf8Path) -> bool {
    let is_store_of = |run: Utf8PathBuf| {
        let parts = ["metrics", "params", "tags"];
        root.has_file(&run.join("meta.yaml")) || parts.iter().any(|part| root.has_folder(&run.join(part)))
    };
    let names = root.names(folder, &mut Vec::new());
    names.iter().any(|name| is_run_id(name) && is_store_of(folder.join(name)))
}

fn is_run(root: &Root, folder: &Utf8Path, name: &str) -> bool {
    let run = folder.join(name);
    let is_named = || is_run_id(name) || root.has_file(&run.join("meta.yaml"));
    !RESERVED.contains(&name) && root.has_folder(&run) && is_named()
}

fn is_run_id(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn text_map(values: &BTreeMap<String, String>) -> Value {
    Value::Object(values.iter().map(|(key, value)| (key.clone(), Value::String(value.clone()))).collect())
}

/// Reads `models/<name>/…` beside the experiments.
fn read_registry(root: &Root, findings: &mut Vec<SourceFinding>) -> Vec<RegisteredModel> {
    let models = root.path().join("models");
    let mut registry = Vec::new();
    for name in root.names(&models, findings) {
        let folder = models.join(&name);
        if !root.has_folder(&folder) {
            continue;
        }
        let mut model = RegisteredModel { name, ..RegisteredModel::default() };
        if let Some(meta) = Meta::<RegisteredModelMeta>::read(root, &folder, findings) {
            model.created_ms = meta.integer("creation_timestamp", meta.typed.creation_timestamp.as_ref(), findings);
            model.updated_ms =
                meta.integer("last_updated_timestamp", meta.typed.last_updated_timestamp.as_ref(), findings);
            model.extra =
                meta.extra(&["name", "description", "creation_timestamp", "last_updated_timestamp", "aliases"]);
            model.aliases = super::meta::present(&meta.typed.aliases);
            model.name = meta.typed.name.unwrap_or(model.name);
            model.description = meta.typed.description;
        }
        model.tags = read_values(root, &folder.join("tags"), findings);
        // The files are the truth, and `meta.yaml` repeats them.
        model.aliases.extend(read_values(root, &folder.join("aliases"), findings));
        for entry in root.names(&folder, findings) {
            if let Some(number) = entry.strip_prefix("version-") {
                model.versions.push(read_version(root, &folder.join(&entry), number, findings));
            }
        }
        registry::sort_versions(&mut model.versions);
        registry.push(model);
    }
    registry
}

fn read_version(root: &Root, folder: &Utf8Path, number: &str, findings: &mut Vec<SourceFinding>) -> ModelVersion {
    let mut version = ModelVersion { version: number.to_owned(), ..ModelVersion::default() };
    if let Some(meta) = Meta::<VersionMeta>::read(root, folder, findings) {
        version.created_ms = meta.integer("creation_timestamp", meta.typed.creation_timestamp.as_ref(), findings);
        version.updated_ms =
            meta.integer("last_updated_timestamp", meta.typed.last_updated_timestamp.as_ref(), findings);
        version.extra = meta.extra(&[
            "name",
            "version",
            "source",
            "storage_location",
            "run_id",
            "model_id",
            "current_stage",
            "status",
            "description",
            "creation_timestamp",
            "last_updated_timestamp",
            "user_id",
        ]);
        let typed = meta.typed;
        version.version = typed.version.unwrap_or(version.version);
        version.model_id = typed.model_id.or_else(|| registry::model_id_of_source(typed.source.as_deref()));
        version.source = typed.source;
        version.storage_location = typed.storage_location;
        version.run_id = typed.run_id.filter(|id| !id.is_empty());
        version.stage = typed.current_stage;
        version.status = typed.status;
        version.description = typed.description;
        version.user = typed.user_id;
    }
    version.tags = read_values(root, &folder.join("tags"), findings);
    version
}
