//! What the parts of the map share: the run, its ledger, and the tags that nobody has taken yet.

use std::collections::BTreeMap;

use expbundle_format::number::typed;
use expbundle_format::record::Kind;
use expbundle_format::time::Time;
use expbundle_trackers::mlflow::Run;
use expbundle_trackers::{Json, read_json};
use serde_json::Value;

use super::Mlflow;
use crate::Options;
use crate::ledger::{Item, Ledger};
use crate::tracker::Tracker as _;

/// A run on its way into a bundle.
pub(super) struct Mapping<'a> {
    pub run: &'a Run,
    pub ledger: Ledger<'a>,
    pub tags: Tags<'a>,
    pub experiment_tags: Tags<'a>,
}

impl<'a> Mapping<'a> {
    pub fn new(run: &'a Run, options: &'a Options<'a>) -> Self {
        let mut ledger = Ledger::new(Kind::Run, Mlflow.name(), options);
        ledger.findings(&run.findings);
        // Users of the run's logged models may be others than the run's own.
        for model in &run.logged_models {
            if let Some(user) = model.tags.get("mlflow.user") {
                ledger.person(format!("loggedModel/{}/user", model.model_id), user);
            }
        }
        announce(&mut ledger, run);
        let tags = Tags::new(&ledger, "tag", &run.tags);
        let of_experiment = run.experiment.iter().flat_map(|experiment| &experiment.tags);
        let experiment_tags = Tags::new(&ledger, "experiment tag", of_experiment);
        Self { run, ledger, tags, experiment_tags }
    }

    /// The text of a tag of the run, whether it was taken or not.
    pub fn tag(&self, name: &str) -> Option<&'a str> {
        self.run.tags.get(name).map(String::as_str)
    }
}

/// Tags that no part of the map has taken yet.
pub(super) struct Tags<'a>(BTreeMap<&'a str, (&'a str, Item<'a>)>);

impl<'a> Tags<'a> {
    fn new(ledger: &Ledger<'_>, kind: &'static str, tags: impl IntoIterator<Item = (&'a String, &'a String)>) -> Self {
        Self(tags.into_iter().map(|(name, text)| (name.as_str(), (text.as_str(), ledger.item(kind, name)))).collect())
    }

    /// Takes a tag that has a home.
    pub fn take(&mut self, name: &str) -> Option<&'a str> {
        let (text, item) = self.0.remove(name)?;
        item.mapped();
        Some(text)
    }

    /// Takes the tags that people set: those that are not MLflow's own.
    pub fn take_labels(&mut self) -> BTreeMap<String, String> {
        let names: Vec<&str> = self.0.keys().copied().filter(|name| !name.starts_with("mlflow.")).collect();
        names.into_iter().filter_map(|name| Some((name.to_owned(), self.take(name)?.to_owned()))).collect()
    }

    /// Keeps every tag that is left, raw.
    pub fn keep(self) {
        for (text, item) in self.0.into_values() {
            item.raw(&Value::from(text));
        }
    }
}

/// What the reader counted, before anything is done with it.
fn announce(ledger: &mut Ledger<'_>, run: &Run) {
    let found = &run.found;
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
        ledger.found(kind, count);
    }
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

/// JSON that MLflow keeps as text, as a typed tree; what is not JSON stays text.
pub(super) fn typed_json(text: &str) -> Value {
    match read_json(text) {
        Json::Value(value) => typed::tree(&value),
        Json::TooMany => typed::text(text),
        Json::None => text.into(),
    }
}
