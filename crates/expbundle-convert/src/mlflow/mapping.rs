//! What the parts of the map share: the run, its ledger, and the tags that nobody has taken yet.

use std::collections::BTreeMap;

use expbundle_format::record::Kind;
use expbundle_format::time::Time;
use expbundle_trackers::mlflow::{Run, Unread};

use super::Mlflow;
use crate::Options;
use crate::ledger::{Fields, Ledger};
use crate::tracker::Tracker as _;

/// Tags of a run, or of its experiment.
pub(super) type Tags<'a> = Fields<'a, str>;

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
        drop_unread(&mut ledger, &run.found.unread);
        let tags = Tags::new(&ledger, "tag", texts(&run.tags));
        let of_experiment = run.experiment.iter().flat_map(|experiment| texts(&experiment.tags));
        let experiment_tags = Tags::new(&ledger, "experiment tag", of_experiment);
        Self { run, ledger, tags, experiment_tags }
    }

    /// The text of a tag of the run, whether it was taken or not.
    pub fn tag(&self, name: &str) -> Option<&'a str> {
        self.run.tags.get(name).map(String::as_str)
    }
}

/// Takes the tags that people set: those that are not MLflow's own.
pub(super) fn take_labels(tags: &mut Tags<'_>) -> BTreeMap<String, String> {
    let names = tags.names().into_iter().filter(|name| !name.starts_with("mlflow."));
    names.filter_map(|name| Some((name.to_owned(), tags.take(name)?.to_owned()))).collect()
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

/// What is there and cannot be read: each is counted, and a finding says why.
fn drop_unread(ledger: &mut Ledger<'_>, unread: &Unread) {
    for (kind, count) in [
        ("parameter", unread.params),
        ("tag", unread.tags),
        ("experiment tag", unread.experiment_tags),
        ("metric point", unread.points),
        ("system metric point", unread.system_points),
    ] {
        if count > 0 {
            ledger.found(kind, count);
            ledger.items(kind, count).dropped("it cannot be read");
        }
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

fn texts(map: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    map.iter().map(|(name, text)| (name.as_str(), text.as_str()))
}
