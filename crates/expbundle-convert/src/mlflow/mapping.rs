//! What the parts of the map share: the account, the identity, what is kept raw, and the artifacts so far.

use std::collections::BTreeMap;

use expbundle_format::number::typed;
use expbundle_format::record::Word;
use expbundle_format::sections::{Account, Artifact, Identity, SourceSection};
use expbundle_format::time::Time;
use expbundle_format::{Code, Finding};
use expbundle_trackers::mlflow::Run;
use expbundle_trackers::{Json, read_json};
use serde_json::Value;

use super::finding;
use crate::{Options, tracker};

/// A run on its way into a bundle.
pub(super) struct Mapping<'a> {
    pub run: &'a Run,
    pub options: &'a Options<'a>,
    pub account: Account,
    pub identity: Identity,
    pub artifacts: Vec<Artifact>,
    /// Tags that no part of the map has taken yet.
    tags: BTreeMap<&'a str, &'a str>,
    /// The same for tags of the experiment.
    experiment_tags: BTreeMap<&'a str, &'a str>,
    raw: BTreeMap<String, BTreeMap<String, Value>>,
    findings: Vec<Finding>,
}

impl<'a> Mapping<'a> {
    pub fn new(run: &'a Run, options: &'a Options<'a>) -> Self {
        let experiment = run.experiment.as_ref();
        let findings = run.findings.iter().map(tracker::finding);
        let mut identity = Identity::default();
        for (model, user) in people(run) {
            identity.source.insert(format!("{model}/user"), Value::from(user));
        }
        Self {
            run,
            options,
            account: Account::default(),
            identity,
            artifacts: Vec::new(),
            tags: pairs(&run.tags),
            experiment_tags: experiment.map(|experiment| pairs(&experiment.tags)).unwrap_or_default(),
            raw: BTreeMap::new(),
            findings: findings.collect(),
        }
    }

    /// Counts what the reader counted, before anything is done with it.
    pub fn found(&mut self) {
        let found = &self.run.found;
        for (kind, count) in [
            ("parameter", found.params),
            ("tag", found.tags),
            ("experiment tag", found.experiment_tags),
            ("metric point", found.points),
            ("system metric point", found.system_points),
            ("dataset", found.datasets),
            ("model input", found.model_inputs),
            ("model output", found.model_outputs),
            ("logged model", found.logged_models),
            ("logged model file", found.model_files),
            ("artifact file", found.artifact_files),
            ("model version", found.versions),
            ("prompt version", found.prompts),
            ("trace", found.traces),
        ] {
            self.account.found(kind, count);
        }
    }

    /// Takes a tag of the run and counts it as mapped.
    pub fn take_tag(&mut self, name: &str) -> Option<&'a str> {
        let text = self.tags.remove(name)?;
        self.account.mapped("tag", 1);
        Some(text)
    }

    /// Looks at a tag that stays raw.
    pub fn tag(&self, name: &str) -> Option<&'a str> {
        self.run.tags.get(name).map(String::as_str)
    }

    /// Takes a tag of the experiment.
    pub fn take_experiment_tag(&mut self, name: &str) -> Option<&'a str> {
        let text = self.experiment_tags.remove(name)?;
        self.account.mapped("experiment tag", 1);
        Some(text)
    }

    /// The tags that people set: those that are not MLflow's own.
    pub fn take_labels(&mut self) -> BTreeMap<String, String> {
        let names: Vec<&str> = self.tags.keys().copied().filter(|name| !name.starts_with("mlflow.")).collect();
        names.into_iter().filter_map(|name| Some((name.to_owned(), self.take_tag(name)?.to_owned()))).collect()
    }

    /// The same for the experiment.
    pub fn take_experiment_labels(&mut self) -> BTreeMap<String, String> {
        let names: Vec<&str> =
            self.experiment_tags.keys().copied().filter(|name| !name.starts_with("mlflow.")).collect();
        names
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), self.take_experiment_tag(name)?.to_owned())))
            .collect()
    }

    /// Keeps every tag that is left, raw.
    pub fn keep_tags(&mut self) {
        for (name, text) in std::mem::take(&mut self.tags) {
            self.account.raw("tag", 1);
            self.keep("tag", name, Value::from(text));
        }
        for (name, text) in std::mem::take(&mut self.experiment_tags) {
            self.account.raw("experiment tag", 1);
            self.keep("experiment tag", name, Value::from(text));
        }
    }

    /// Keeps an item as it was, in `source.json`. Counting is the caller's.
    pub fn keep(&mut self, kind: &str, name: &str, value: Value) {
        self.raw.entry(kind.to_owned()).or_default().insert(name.to_owned(), value);
    }

    /// Keeps an address: those that name a machine or a bucket tell whose it is.
    pub fn keep_address(&mut self, name: &str, address: Option<&String>) {
        if let Some(address) = address.filter(|address| !address.is_empty()) {
            self.identity.paths.insert(name.to_owned(), address.clone());
        }
    }

    /// Adds a finding at a place in the source.
    pub fn finding(&mut self, code: Code, place: &str, message: &str) {
        self.findings.push(finding(code, place, message));
    }

    /// The sections that everything else goes into.
    pub fn finish(self, layout: &str) -> (Identity, SourceSection, Vec<Finding>) {
        let source = SourceSection {
            tool: "mlflow".to_owned(),
            layout: Some(layout.to_owned()),
            raw: self.raw,
            account: self.account,
            ..SourceSection::default()
        };
        (self.identity, source, self.findings)
    }
}

fn pairs(map: &BTreeMap<String, String>) -> BTreeMap<&str, &str> {
    map.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

/// Users of the run's logged models, which may be others than the run's own.
fn people(run: &Run) -> impl Iterator<Item = (String, &str)> {
    let models = run.logged_models.iter();
    models
        .filter_map(|model| Some((format!("loggedModel/{}", model.model_id), model.tags.get("mlflow.user")?.as_str())))
}

/// A word of the format's own registries.
pub(super) fn placed(word: &str) -> Word {
    word.parse().expect("words of the registries are words")
}

/// A time in milliseconds, as the format has it.
pub(super) fn time(milliseconds: Option<i64>) -> Option<Time> {
    milliseconds.and_then(Time::from_milliseconds)
}

/// The program's name without the folders of a machine.
pub(super) fn without_folders(path: &str) -> &str {
    let is_absolute =
        path.starts_with(['/', '\\', '~']) || path.get(1..3).is_some_and(|start| start == ":\\" || start == ":/");
    if is_absolute { path.rsplit(['/', '\\']).find(|name| !name.is_empty()).unwrap_or(path) } else { path }
}

/// A free-form value as a typed tree.
#[expect(clippy::needless_pass_by_value, reason = "those who have one need it no more")]
pub(super) fn typed_tree(value: Value) -> Value {
    typed::tree(&value)
}

/// JSON that MLflow keeps as text, as a typed tree; what is not JSON stays text.
pub(super) fn typed_json(text: &str) -> Value {
    match read_json(text) {
        Json::Value(value) => typed::tree(&value),
        Json::TooMany => typed::text(text),
        Json::None => text.into(),
    }
}
