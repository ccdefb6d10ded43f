//! Transformers: the state of a Trainer, its checkpoints and the model beside them become a bundle.
//!
//! A state has no times and no name, and most arguments of the training are in `training_args.bin`,
//! a pickle, which is never loaded.

mod files;

use camino::Utf8Path;
use expbundle_format::Code;
use expbundle_format::record::{Kind, Status};
use expbundle_format::sections::{Context, Recipe, Summary};
use expbundle_trackers::transformers::{Run, Source as Folders, State};
use expbundle_trackers::wandb::Value;

use crate::gate::Converted;
use crate::gathered::{Metrics, Written};
use crate::ledger::{Fields, Foreign as _, Ledger};
use crate::tracker::{self, Listed, Listing, Source, Tracker};
use crate::{ConvertError, Options, hparams, parameters, series};

/// Transformers.
#[derive(Debug)]
pub(crate) struct Transformers;

impl Tracker for Transformers {
    fn name(&self) -> &'static str {
        "transformers"
    }

    fn reads(&self) -> &'static str {
        "Output folder of the Trainer, a checkpoint, a folder of them, or a trainer_state.json"
    }

    fn open(&self, path: &Utf8Path) -> Result<Option<Box<dyn Source>>, ConvertError> {
        let folders = Folders::open(path).map_err(|error| tracker::unreadable(path, error))?;
        Ok(folders.map(|folders| Box::new(Opened { folders }) as Box<dyn Source>))
    }
}

struct Opened {
    folders: Folders,
}

impl Source for Opened {
    fn runs(&self) -> Result<Listing, ConvertError> {
        let runs = self.folders.keys().map(Listed::new).collect();
        let findings = self.folders.findings.iter().map(tracker::finding).collect();
        Ok(Listing { runs, findings, ..Listing::default() })
    }

    fn lone_run(&self) -> Option<String> {
        let mut keys = self.folders.keys();
        keys.next().filter(|_| keys.next().is_none()).map(str::to_owned)
    }

    fn convert(&self, key: &str, options: &Options<'_>) -> Result<Converted, ConvertError> {
        let mut points = Metrics::new(options);
        let run = self.folders.read(key, &mut points);
        let run = run.ok_or_else(|| ConvertError::no_such_run(key))?;
        build(&run, key, points, options)
    }
}

/// Members of the state that are settings of the training.
const SETTINGS: [&str; 7] = [
    "max_steps",
    "num_train_epochs",
    "train_batch_size",
    "logging_steps",
    "eval_steps",
    "save_steps",
    "is_hyper_param_search",
];
/// Members that say how far it came.
const RESULTS: [&str; 7] = [
    "best_global_step",
    "best_metric",
    "best_model_checkpoint",
    "epoch",
    "global_step",
    "num_input_tokens_seen",
    "total_flos",
];

fn build(run: &Run, key: &str, points: Metrics<'_>, options: &Options<'_>) -> Result<Converted, ConvertError> {
    let mut ledger = Ledger::new(Kind::Run, Transformers.name(), options);
    ledger.source.layout = Some("trainer state".to_owned());
    ledger.findings(&run.findings);
    ledger.run(key);
    ledger.body().status = Some(status(&run.state));
    ledger.finding(Code::SourceLoss, &run.state_path, "the state of a training has no times");
    let mut context = Context { title: key.to_owned(), ..Context::default() };
    let (mut recipe, mut summary) = (Recipe::default(), Summary::default());
    members(&ledger, &run.state, &mut context, &mut recipe, &mut summary);
    ends(&ledger, &run.state, &mut summary);
    files::map(&mut ledger, run, &mut recipe, &mut summary)?;
    hparams::gaps(&mut recipe, &ledger);
    let written = points.write(&mut ledger)?;
    history(&ledger, run, &written);
    summary.series = written.series;
    ledger.section(context);
    ledger.section(recipe);
    ledger.section(summary);
    ledger.finish()
}

/// The Trainer adds a last row when it comes to its end, and nothing else proves that.
fn status(state: &State) -> Status {
    if state.ends.is_empty() { Status::Unknown } else { Status::Finished }
}

fn members(ledger: &Ledger<'_>, state: &State, context: &mut Context, recipe: &mut Recipe, summary: &mut Summary) {
    let members = state.members.iter().map(|(name, value)| (name.as_str(), value));
    let mut left = Fields::new(ledger, "state field", members);
    for name in SETTINGS {
        if let Some(value) = left.take(name) {
            parameters::add(recipe, name, value.tree());
        }
    }
    for name in RESULTS {
        if let Some(value) = left.take(name) {
            summary.declared.insert(name.to_owned(), value.tree());
        }
    }
    if let Some(name) = state.members.get("trial_name").and_then(Value::as_str) {
        left.take("trial_name");
        context.labels.insert("trial".to_owned(), name.to_owned());
    }
    if let Some(Value::Object(trial)) = state.members.get("trial_params") {
        left.take("trial_params");
        for (name, value) in trial.iter() {
            ledger.item("trial parameter", name).mapped();
            parameters::add(recipe, name, value.tree());
        }
    }
    left.keep();
}

/// What the training came to the last time stands in the summary.
fn ends(ledger: &Ledger<'_>, state: &State, summary: &mut Summary) {
    let Some((last, earlier)) = state.ends.split_last() else { return };
    for (number, end) in earlier.iter().enumerate() {
        ledger.item("end of a training", &number.to_string()).raw(end);
    }
    ledger.items("end of a training", 1).mapped();
    let Value::Object(members) = last else { return };
    for (name, value) in members.iter().filter(|(name, _)| !["epoch", "step"].contains(&name.as_str())) {
        summary.declared.insert(name.clone(), value.tree());
    }
}

fn history(ledger: &Ledger<'_>, run: &Run, written: &Written) {
    let state = &run.state;
    ledger.items("metric point", state.numbers).but(written.numbers.left_out, series::TOO_LONG).mapped();
    ledger.items("text", state.texts).but(written.texts.left_out, series::TOO_LONG).mapped();
    ledger.items("damaged row", state.damaged).dropped("it cannot be read");
    for path in &run.earlier {
        ledger.item("earlier state", path).mapped();
    }
    for (number, (path, row)) in run.left_behind.iter().enumerate() {
        ledger.item("row left behind", &format!("{path} {number}")).raw(row);
    }
    ledger.items("row left behind", run.more_left_behind).dropped("there are more of them than are kept");
}
