//! Folders written by `mlflow-export-import`: `run.json`, `experiment.json`, `model.json` and the
//! artifacts beside them.
//!
//! The folders are walked and the lists in the files not trusted: a run whose artifacts could not
//! be exported is missing from the list, and its `run.json` is there, complete. What these exports
//! leave out by design (data sets, logged models, traces, deleted runs) is one finding per run.

mod point;
mod run;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use camino::Utf8PathBuf;
use serde_json::{Map, Value};
use walkdir::WalkDir;

use super::files::Root;
use super::registry;
use super::run::{Experiment, List, Listed, ModelVersion, RegisteredModel, Run};
use super::source::SourceError;
use crate::finding::{SourceCode, SourceFinding};
use crate::python_json;
use crate::text::has_few_values;

/// `experiment/<run>/run.json` is three deep in a folder of several exports; one more for folders
/// of those.
const MAX_DEPTH: usize = 5;

/// The largest `experiment.json` or `model.json`. They hold lists of ids, and of versions.
const MAX_JSON_BYTES: u64 = 256 << 20;

/// How a finding about a damaged file begins.
const NOT_AN_EXPORT: &str = "not the JSON of an export";

/// One or several exports in a folder.
#[derive(Debug)]
pub(super) struct Export {
    root: Root,
    index: OnceLock<Index>,
}

#[derive(Debug, Default)]
struct Index {
    /// Whether a file of a name that exports give cannot be read.
    has_damaged: bool,
    runs: BTreeMap<String, (Utf8PathBuf, Listed)>,
    experiments: BTreeMap<String, Experiment>,
    /// Runs whose artifacts the exporter failed on.
    failed: Vec<String>,
    registry: Vec<RegisteredModel>,
    /// Runs that cannot be read, and places in which others may be.
    unread: Vec<SourceFinding>,
    findings: Vec<SourceFinding>,
}

impl Export {
    pub fn new(root: Root) -> Self {
        Self { root, index: OnceLock::new() }
    }

    /// Whether nothing of an export is here. What could not be looked into says nothing of what it is.
    pub fn is_empty(&self) -> bool {
        let index = self.index();
        let is_read = index.runs.is_empty() && index.experiments.is_empty() && index.registry.is_empty();
        is_read && !index.has_damaged
    }

    pub fn list(&self) -> List {
        let index = self.index();
        let runs = index.runs.values().map(|(_, listed)| listed.clone()).collect();
        List { runs, unread: index.unread.clone(), findings: index.findings.clone() }
    }

    pub fn read(&self, run_id: &str) -> Result<Run, SourceError> {
        let index = self.index();
        let (folder, listed) =
            index.runs.get(run_id).ok_or_else(|| SourceError::NoRun { run_id: run_id.to_owned() })?;
        let mut run = run::read(&self.root, folder);
        if run.info.run_id.is_empty() {
            run.info.run_id.clone_from(&listed.run_id);
        }
        run.experiment = index.experiments.get(&run.info.experiment_id).cloned();
        run.found.experiment_tags = run.experiment.as_ref().map_or(0, |experiment| experiment.tags.len() as u64);
        registry::attach(&mut run, &index.registry);
        run.artifacts = self.root.artifacts(&folder.join("artifacts"), &mut run.findings);
        run.found.artifact_files = run.artifacts.files.len() as u64;
        if index.failed.iter().any(|failed| failed == run_id) {
            let detail = "the exporter says that it failed on this run: artifacts may be incomplete";
            run.findings.push(SourceFinding::new(SourceCode::Missing, self.root.relative(folder), detail));
        }
        let detail = "this exporter leaves out data sets, logged models, traces and prompts";
        run.findings.push(SourceFinding::new(SourceCode::Loss, self.root.relative(&folder.join("run.json")), detail));
        Ok(run)
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::build(&self.root))
    }
}

impl Index {
    fn build(root: &Root) -> Self {
        let mut index = Self::default();
        let entries = WalkDir::new(root.path())
            .max_depth(MAX_DEPTH)
            .sort_by_file_name()
            .into_iter()
            // Artifacts may hold any JSON.
            .filter_entry(|entry| entry.depth() == 0 || entry.file_name() != "artifacts");
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    index.unread.push(root.walk_error(&error));
                    continue;
                }
            };
            let Some(path) = camino::Utf8Path::from_path(entry.path()) else {
                index.unread.push(root.not_utf8(entry.path()));
                continue;
            };
            match path.file_name() {
                Some("run.json") => index.add_run(root, path),
                Some("experiment.json") => index.add_experiment(root, path),
                Some("model.json") => index.add_model(root, path),
                _ => {}
            }
        }
        for (_, listed) in index.runs.values_mut() {
            listed.experiment_name =
                index.experiments.get(&listed.experiment_id).and_then(|experiment| experiment.name.clone());
        }
        index
    }

    fn add_run(&mut self, root: &Root, path: &camino::Utf8Path) {
        let Some(folder) = path.parent() else { return };
        match run::read_head(root, path) {
            Ok(listed) => {
                // The same run may be exported alone, with its experiment and with its model.
                self.runs.entry(listed.run_id.clone()).or_insert_with(|| (folder.to_owned(), listed));
            }
            Err(finding) => {
                self.has_damaged = true;
                self.unread.push(finding);
            }
        }
    }

    fn add_experiment(&mut self, root: &Root, path: &camino::Utf8Path) {
        let Some(mut document) = self.read_document(root, path) else { return };
        if let Some(Value::Array(failed)) = document.get("info").and_then(|info| info.get("failed_runs")) {
            self.failed.extend(failed.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        let Some(Value::Object(mut facts)) =
            document.get_mut("mlflow").and_then(|mlflow| mlflow.get_mut("experiment")).map(Value::take)
        else {
            return;
        };
        let Some(id) = take_text(&mut facts, "experiment_id") else { return };
        let experiment = Experiment {
            name: take_text(&mut facts, "name"),
            lifecycle: take_text(&mut facts, "lifecycle_stage").unwrap_or_else(|| "active".to_owned()),
            artifact_location: take_text(&mut facts, "artifact_location"),
            created_ms: take_integer(&mut facts, "creation_time"),
            updated_ms: take_integer(&mut facts, "last_update_time"),
            tags: take_tags(&mut facts),
            traces_without_run: 0,
            extra: rest(facts),
            id: id.clone(),
        };
        self.experiments.entry(id).or_insert(experiment);
    }

    fn add_model(&mut self, root: &Root, path: &camino::Utf8Path) {
        let Some(mut document) = self.read_document(root, path) else { return };
        let Some(Value::Object(mut facts)) =
            document.get_mut("mlflow").and_then(|mlflow| mlflow.get_mut("registered_model")).map(Value::take)
        else {
            return;
        };
        let Some(name) = take_text(&mut facts, "name") else { return };
        let versions = match facts.remove("versions") {
            Some(Value::Array(versions)) => versions,
            _ => Vec::new(),
        };
        let mut model = RegisteredModel {
            name,
            description: take_text(&mut facts, "description"),
            created_ms: take_integer(&mut facts, "creation_timestamp"),
            updated_ms: take_integer(&mut facts, "last_updated_timestamp"),
            tags: take_tags(&mut facts),
            aliases: take_aliases(&mut facts),
            versions: versions.into_iter().filter_map(version).collect(),
            extra: rest(facts),
        };
        registry::sort_versions(&mut model.versions);
        self.registry.push(model);
    }

    fn read_document(&mut self, root: &Root, path: &camino::Utf8Path) -> Option<Map<String, Value>> {
        let place = root.relative(path);
        let read = root.read_text(path, MAX_JSON_BYTES).map_err(|error| error.finding(&place));
        let parsed = read.and_then(|text| {
            if !has_few_values(text.as_bytes()) {
                let detail = "the JSON has more values than are taken apart";
                return Err(SourceFinding::new(SourceCode::Unsupported, &place, detail));
            }
            document(&text).map_err(|reason| SourceFinding::new(SourceCode::Damaged, &place, reason))
        });
        match parsed {
            Ok(document) => Some(document),
            Err(finding) => {
                self.has_damaged = true;
                self.findings.push(finding);
                None
            }
        }
    }
}

/// Reads a small document whole.
fn document(text: &str) -> Result<Map<String, Value>, String> {
    python_json::read(text.as_bytes()).map_err(|error| format!("{NOT_AN_EXPORT}: {error}"))
}

fn version(version: Value) -> Option<ModelVersion> {
    let Value::Object(mut facts) = version else { return None };
    facts.remove("name");
    let source = take_text(&mut facts, "source");
    Some(ModelVersion {
        version: take_text(&mut facts, "version")?,
        storage_location: take_text(&mut facts, "storage_location"),
        run_id: take_text(&mut facts, "run_id").filter(|id| !id.is_empty()),
        model_id: take_text(&mut facts, "model_id").or_else(|| registry::model_id_of_source(source.as_deref())),
        stage: take_text(&mut facts, "current_stage"),
        status: take_text(&mut facts, "status"),
        description: take_text(&mut facts, "description"),
        created_ms: take_integer(&mut facts, "creation_timestamp"),
        updated_ms: take_integer(&mut facts, "last_updated_timestamp"),
        user: take_text(&mut facts, "user_id").filter(|user| !user.is_empty()),
        tags: take_tags(&mut facts),
        extra: rest(facts),
        source,
    })
}

fn take_text(facts: &mut Map<String, Value>, name: &str) -> Option<String> {
    match facts.remove(name)? {
        Value::String(text) => Some(text),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

fn take_integer(facts: &mut Map<String, Value>, name: &str) -> Option<i64> {
    facts.remove(name)?.as_i64()
}

/// Tags as a mapping, or as a list of `{key, value}`: a registered model's and its versions'
/// differ.
fn take_tags(facts: &mut Map<String, Value>) -> BTreeMap<String, String> {
    match facts.remove("tags") {
        Some(Value::Object(tags)) => tags.into_iter().map(|(key, value)| (key, text(value))).collect(),
        Some(Value::Array(tags)) => tags.into_iter().filter_map(|tag| pair(tag, "key", "value")).collect(),
        _ => BTreeMap::new(),
    }
}

fn take_aliases(facts: &mut Map<String, Value>) -> BTreeMap<String, String> {
    match facts.remove("aliases") {
        Some(Value::Object(aliases)) => aliases.into_iter().map(|(key, value)| (key, text(value))).collect(),
        Some(Value::Array(aliases)) => aliases.into_iter().filter_map(|one| pair(one, "alias", "version")).collect(),
        _ => BTreeMap::new(),
    }
}

fn pair(value: Value, key: &str, member: &str) -> Option<(String, String)> {
    let Value::Object(mut members) = value else { return None };
    Some((text(members.remove(key)?), text(members.remove(member)?)))
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// What is left and says something. Members with `_` are the exporter's own, in its local time.
fn rest(mut facts: Map<String, Value>) -> Map<String, Value> {
    facts.retain(|key, value| {
        let empty = match value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(members) => members.is_empty(),
            _ => false,
        };
        !empty && !key.starts_with('_')
    });
    facts
}
