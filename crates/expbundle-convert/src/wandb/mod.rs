//! Weights & Biases: a transaction log and what lies beside it become a bundle.
//!
//! A run that was resumed offline has several folders of one id. Each is a record of its own,
//! `resumed-from` the one before: each has its own log, and steps may overlap, so they are never
//! merged silently.

pub(crate) mod console;
mod context;
mod files;
mod mapping;
mod media;
mod points;
mod recipe;
mod sweep;
pub(crate) mod typed;

use camino::Utf8Path;
use expbundle_format::Code;
use expbundle_format::record::Status;
use expbundle_format::sections::{SeriesSummary, Summary};
use expbundle_trackers::wandb::{RunFiles, Source as Logs, SourceError, State};

use self::mapping::{Mapping, time};
use self::points::{Gathered, Written};
use crate::ancestry::{Ancestry, ParentLink, Read, Steps};
use crate::gate::Converted;
use crate::privacy::{Learned, Private};
use crate::tracker::{self, Listed, Listing, Source, Tracker};
use crate::{ConvertError, Options, series};

/// Weights & Biases.
#[derive(Debug)]
pub(crate) struct Wandb;

impl Tracker for Wandb {
    fn name(&self) -> &'static str {
        "wandb"
    }

    fn reads(&self) -> &'static str {
        "wandb/ folder, offline-run-… or run-… folder, .wandb file, exports of the API"
    }

    fn open(&self, path: &Utf8Path) -> Result<Option<Box<dyn Source>>, ConvertError> {
        match Logs::open(path) {
            Ok(logs) => Ok(Some(Box::new(Opened { logs, ancestry: Ancestry::default() }))),
            Err(SourceError::Nothing { .. }) => Ok(None),
            Err(error) => Err(describe(error)),
        }
    }
}

/// Opened logs or exports.
struct Opened {
    logs: Logs,
    ancestry: Ancestry,
}

impl Source for Opened {
    fn runs(&self) -> Result<Listing, ConvertError> {
        let runs = self.logs.list().map_err(describe)?.into_iter().map(|run| Listed {
            key: run.key,
            name: run.name,
            experiment: run.project,
            status: status(run.state),
            started: run.started_ns.and_then(time),
            ..Listed::new(run.id)
        });
        let unread = self.logs.passed_over().iter().map(tracker::finding).collect();
        Ok(Listing { runs: runs.collect(), unread, ..Listing::default() })
    }

    // Listing reads whole logs.
    fn lone_run(&self) -> Option<String> {
        let [key] = <[String; 1]>::try_from(self.logs.keys()).ok()?;
        self.logs.passed_over().is_empty().then_some(key)
    }

    fn convert(&self, key: &str, options: &Options<'_>) -> Result<Converted, ConvertError> {
        self.ancestry.convert(self, key, options)
    }
}

impl Steps for Opened {
    type Run = (RunFiles, Gathered);

    fn read(&self, key: &str, options: &Options<'_>) -> Result<Option<Read<Self::Run>>, ConvertError> {
        let mut points = Gathered::new(options);
        match self.logs.read(key, &mut points, options.progress) {
            Ok(files) => {
                let fork = files.fork.as_ref().map(|fork| fork.key.clone());
                Ok(Some(Read { parent: files.previous.clone().or(fork), run: (files, points) }))
            }
            Err(SourceError::NoRun { .. }) => Ok(None),
            Err(error) => Err(describe(error)),
        }
    }

    fn build(
        &self,
        (files, points): Self::Run,
        parent: ParentLink,
        options: &Options<'_>,
    ) -> Result<Converted, ConvertError> {
        build(&files, points, parent, options)
    }
}

fn status(state: State) -> Status {
    match state {
        State::Finished => Status::Finished,
        State::Failed => Status::Failed,
        State::Crashed => Status::Crashed,
        State::Running => Status::Running,
        State::Killed => Status::Killed,
        State::Unknown => Status::Unknown,
    }
}

fn describe(error: SourceError) -> ConvertError {
    match error {
        SourceError::NoRun { run } => ConvertError::no_such_run(&run),
        SourceError::Read { path, source } => tracker::unreadable(&path, source),
        SourceError::Nothing { ref path } => tracker::unreadable(&path.clone(), error),
    }
}

fn build(
    files: &RunFiles,
    mut points: Gathered,
    parent: ParentLink,
    options: &Options<'_>,
) -> Result<Converted, ConvertError> {
    let run = &files.run;
    let mut mapping = Mapping::new(files, options);
    let runtime = run.exit.map(|exit| exit.runtime_seconds);
    let body = mapping.ledger.body();
    body.started = run.started_ns().and_then(time);
    body.status = Some(status(run.state()));
    if run.layout.is_none() && run.exit.is_none() {
        let message = "the log has no end: is the run still running, or was it killed? Its status is unknown";
        mapping.ledger.finding(Code::SourceMissing, "log", message);
    }
    mapping.ledger.run(files.id.clone());
    continued(&mut mapping, parent);
    of_sweep(&mut mapping)?;
    if let Some(folder) = &files.folder {
        mapping.requirements = mapping.ledger.draft.clean_lines("requirements.txt", &folder.requirements);
    }
    records(&mut mapping);

    let context = context::map(&mut mapping);
    let events = context::events(&mut mapping);
    let definitions = context::definitions(&mut mapping);
    let (known, patch) = files::folder(&mut mapping)?;
    files::artifacts(&mut mapping)?;
    let recipe = recipe::map(&mut mapping, patch);
    let media = media::map(&mut mapping, std::mem::take(&mut points.media), &known);
    let written = points.write(&mut mapping.ledger.draft)?;
    // The source has no moment of the end, but the run time in whole seconds, rounded down: a run
    // measures something after that. Ends are in microseconds.
    let ended_ns = runtime.and_then(|seconds| run.started_ns()?.checked_add(seconds.checked_mul(1_000_000_000)?));
    let measured_ns = written.summaries.iter().filter_map(|(_, one)| one.last_time_ns?.checked_add(999)).max();
    mapping.ledger.body().ended = ended_ns.map(|ended| ended.max(measured_ns.unwrap_or(ended))).and_then(time);
    values(&mut mapping, &written);
    let series = written.summaries.into_iter().map(|(key, one)| {
        let declared = definitions.of(&key);
        let line = SeriesSummary { goal: declared.goal, step_key: declared.step_key, ..series::summary(&one) };
        (key, line)
    });
    let declared = recipe::declared_summary(&mut mapping);
    let summary = Summary { series: series.collect(), declared, ..Summary::default() };
    console_section(&mut mapping)?;

    let mut ledger = mapping.ledger;
    ledger.section(context);
    ledger.section(recipe::cost(&recipe, runtime).unwrap_or_default());
    ledger.section(recipe);
    ledger.section(summary);
    ledger.section(events);
    ledger.section(media);
    ledger.finish()
}

/// Names the record that this one continues: an earlier folder of the run, or the run that it was
/// forked from.
fn continued(mapping: &mut Mapping<'_>, parent: ParentLink) {
    let files = mapping.files;
    let is_resumed = files.previous.is_some();
    mapping.ledger.parent(parent, if is_resumed { "resumed-from" } else { "forked-from" });
    let place = "run/branch_point";
    match &files.fork {
        Some(fork) if !is_resumed && parent == ParentLink::Missing => {
            let message = format!("the run was forked from `{}`, which is not in this source", fork.run);
            mapping.ledger.finding(Code::SourceMissing, place, message);
        }
        None if files.run.branch_run().is_some() => {
            let message = "the run was rewound: what its earlier part has after the step of `branch_point` is void";
            mapping.ledger.finding(Code::SourceLoss, place, message);
        }
        _ => {}
    }
}

/// Names the record of the sweep as a parent.
fn of_sweep(mapping: &mut Mapping<'_>) -> Result<(), ConvertError> {
    // The record of a sweep is one for all of its runs, so it has no identity; an id that names
    // somebody gets none.
    let mut learned = Learned::default();
    learned.identity(&mapping.ledger.identity);
    let private = Private::new(&learned);
    let Some(id) = mapping.run().text("sweep_id").filter(|id| !private.is_in(id)) else { return Ok(()) };
    let sweep = sweep::bundle(id, mapping.ledger.options)?;
    mapping.ledger.parent(ParentLink::Record(sweep.record().digest()), "part-of");
    mapping.ledger.sweep = Some(sweep);
    Ok(())
}

/// Every record of the log by kind. What is inside them is counted by itself.
fn records(mapping: &mut Mapping<'_>) {
    let run = mapping.run();
    for (kind, count) in &run.records {
        let records = mapping.ledger.items("log record", *count);
        match *kind {
            "request" => records.dropped("a request to the service, which was not there"),
            "unknown" => records.dropped("a kind of record that this version does not know"),
            "noop_link_artifact" => records.dropped("a record without content"),
            _ => records.mapped(),
        }
    }
    for (index, board) in run.tensorboard.iter().enumerate() {
        mapping.ledger.item("TensorBoard folder", &index.to_string()).raw(board);
    }
}

fn values(mapping: &mut Mapping<'_>, written: &Written) {
    let run = mapping.run();
    let history = run.history;
    mapping.ledger.found("history value", history.items);
    let mapped = history.positions + history.numbers + history.others + history.media_parts;
    mapping.ledger.items("history value", mapped).but(written.left_out, series::TOO_LONG).mapped();
    mapping.ledger.items("history value", history.broken).dropped("the value cannot be read");
    let detail = "the row number of a data frame says nothing of the run";
    mapping.ledger.items("history value", history.row_numbers).dropped(detail);
    let system = mapping.ledger.items("system metric point", run.system_values);
    system.but(written.system_left_out, series::TOO_LONG).mapped();
}

fn console_section(mapping: &mut Mapping<'_>) -> Result<(), ConvertError> {
    let pieces = &mapping.run().console;
    mapping.ledger.items("console piece", pieces.len() as u64).mapped();
    mapping.ledger.console(console::lines(pieces))
}
