//! A file store, `mlruns/`, of MLflow 1.x to 3.x.
//!
//! A folder is a run if it has a `meta.yaml`, or a name of 32 hex digits: MLflow 3.17 asks for the
//! folders `metrics`, `params` and `artifacts` too, and Git drops those that are empty.

mod index;
mod meta;
mod run;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};

use self::index::Index;
pub(super) use self::index::has_runs;
use self::meta::{Meta, RunMeta};
use super::files::Root;
use super::run::{List, Listed, PARENT_TAG, Run};
use super::source::SourceError;
use crate::finding::SourceFinding;

/// The largest parameter or tag that is read. MLflow's own limits are 6,000 and 8,000 characters.
const MAX_VALUE_BYTES: u64 = 16 << 20;

/// A file store, or the part of one that was asked for.
#[derive(Debug)]
pub(super) struct FileStore {
    root: Root,
    scope: Scope,
    index: OnceLock<Index>,
}

/// What of the store was asked for.
#[derive(Clone, Debug)]
pub(super) enum Scope {
    /// All of it.
    All,
    /// One experiment, by its folder's name.
    Experiment(String),
    /// One run, by its folder's name.
    Run(String),
    /// A run's folder without its store.
    LoneRun,
}

impl FileStore {
    pub fn new(root: Root, scope: Scope) -> Self {
        Self { root, scope, index: OnceLock::new() }
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::build(&self.root, &self.scope))
    }

    /// Lists the runs by their `meta.yaml`.
    pub fn list(&self) -> List {
        let index = self.index();
        let mut findings = index.findings.clone();
        let mut runs = Vec::new();
        for (run_id, run) in &index.runs {
            if !self.asked_for(run_id, run.experiment.as_deref()) {
                continue;
            }
            let meta = Meta::<RunMeta>::read(&self.root, &run.folder, &mut findings);
            let experiment = run.experiment.as_ref().and_then(|id| index.experiments.get(id));
            let experiment_id = experiment.map(|experiment| experiment.facts.id.clone());
            let mut listed = Listed {
                run_id: run_id.clone(),
                name: None,
                experiment_id: experiment_id.or_else(|| run.experiment.clone()).unwrap_or_default(),
                experiment_name: experiment.and_then(|experiment| experiment.facts.name.clone()),
                status: None,
                start_ms: None,
                lifecycle: "active".to_owned(),
                parent_run_id: self.tag(&run.folder, PARENT_TAG),
            };
            if let Some(meta) = meta {
                listed.start_ms = meta.integer("start_time", meta.typed.start_time.as_ref(), &mut findings);
                listed.status = meta.status(&mut findings);
                listed.name = meta
                    .typed
                    .run_name
                    .filter(|name| !name.is_empty())
                    .or_else(|| self.tag(&run.folder, "mlflow.runName"));
                listed.lifecycle = meta.typed.lifecycle_stage.unwrap_or(listed.lifecycle);
                if listed.experiment_id.is_empty() {
                    listed.experiment_id = meta.typed.experiment_id.unwrap_or_default();
                }
            }
            runs.push(listed);
        }
        List { runs, unread: Vec::new(), findings }
    }

    /// Reads a run, whole.
    pub fn read(&self, run_id: &str, allowed: &[Utf8PathBuf]) -> Result<Run, SourceError> {
        let place = self.index().runs.get(run_id).ok_or_else(|| SourceError::NoRun { run_id: run_id.to_owned() })?;
        Ok(run::read(&self.root, self.index(), place, run_id, allowed))
    }

    fn asked_for(&self, run_id: &str, experiment: Option<&str>) -> bool {
        match &self.scope {
            Scope::All | Scope::LoneRun => true,
            Scope::Experiment(id) => experiment == Some(id),
            Scope::Run(id) => run_id == id,
        }
    }

    /// A tag of a run, unless it is empty: its name in stores that have none in `meta.yaml`, say.
    fn tag(&self, folder: &Utf8Path, name: &str) -> Option<String> {
        let path = folder.join("tags").join(name);
        self.root.read_text(&path, MAX_VALUE_BYTES).ok().filter(|value| !value.is_empty())
    }
}

/// Reads a folder of values: the file is the value, verbatim; a key with `/` is a path.
fn read_values(root: &Root, folder: &Utf8Path, findings: &mut Vec<SourceFinding>) -> BTreeMap<String, String> {
    count_values(root, folder, findings).0
}

/// The same, and how many of them cannot be read.
fn count_values(root: &Root, folder: &Utf8Path, findings: &mut Vec<SourceFinding>) -> (BTreeMap<String, String>, u64) {
    let (mut values, mut unread) = (BTreeMap::new(), 0);
    for file in root.walk(folder, findings) {
        match root.read_text(&file.file, MAX_VALUE_BYTES) {
            Ok(value) => {
                values.insert(file.path, value);
            }
            Err(error) => {
                unread += 1;
                findings.push(error.finding(root.relative(&folder.join(&file.path))));
            }
        }
    }
    (values, unread)
}
