//! Weights & Biases: a transaction log and what lies beside it become a bundle.
//!
//! A run that was resumed offline has several folders of one id. Each is a record of its own, `resumed-from` the one before:
//! each has its own log, and steps may overlap, so they are never merged silently.

mod console;
mod context;
mod files;
mod mapping;
mod media;
mod points;
mod recipe;
mod sweep;
mod typed;

use camino::Utf8Path;
use expbundle_format::Code;
use expbundle_format::record::{self, Kind, Parent, RecordBody, Status};
use expbundle_format::sections::{Artifacts, SeriesSummary, Summary};
use expbundle_trackers::wandb::{RunFiles, Source as Logs, SourceError, State};

use self::mapping::{Mapping, time};
use self::points::{Gathered, Written};
use crate::ancestry::{Ancestry, ParentLink, Read, Steps};
use crate::gate::{Converted, Draft};
use crate::privacy::{Learned, Private};
use crate::tracker::{self, Listed, Listing, Source, Tracker};
use crate::{ConvertError, Options, declared, roles, series};

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
        Ok(Listing { runs: runs.collect(), findings: Vec::new() })
    }

    // Listing reads whole logs.
    fn lone_run(&self) -> Option<String> {
        let [key] = <[String; 1]>::try_from(self.logs.keys()).ok()?;
        Some(key)
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
            Ok(files) => Ok(Some(Read { parent: files.previous.clone(), run: (files, points) })),
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
        SourceError::NoRun { run } => ConvertError::NoSuchRun { run },
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
    let mut body = RecordBody::new(Kind::Run);
    body.started = run.started_ns().and_then(time);
    // The source has the run time in whole seconds, and no moment of the end.
    let runtime = run.exit.map(|exit| exit.runtime_seconds);
    let ended_ns = runtime.and_then(|seconds| run.started_ns()?.checked_add(seconds.checked_mul(1_000_000_000)?));
    body.ended = ended_ns.and_then(time);
    body.status = Some(status(run.state()));
    body.source = Some(record::Source { tool: "wandb".to_owned(), run: files.id.clone() });
    if let ParentLink::Record(record) = parent {
        body.parents.push(Parent { record, relation: roles::word("resumed-from") });
    }
    let mut mapping = Mapping::new(files, options);
    // The record of a sweep is one for all of its runs, so it has no identity; an id that names somebody gets none.
    let mut learned = Learned::default();
    learned.identity(&mapping.identity);
    let private = Private::new(&learned);
    let sweep_id = run.text("sweep_id").filter(|id| !private.is_in(id));
    let sweep = sweep_id.map(|id| sweep::bundle(id, options)).transpose()?;
    if let Some((_, record)) = sweep.as_ref().and_then(|sweep| sweep.records().next()) {
        body.parents.push(Parent { record: record.digest()?, relation: roles::word("part-of") });
    }
    let mut draft = Draft::new(body, options);
    if let Some(folder) = &files.folder {
        mapping.requirements = draft.clean_lines("requirements.txt", &folder.requirements);
    }
    account_of_records(&mut mapping);

    let context = context::map(&mut mapping);
    let events = context::events(&mut mapping);
    let definitions = context::definitions(&mut mapping);
    let (known, patch) = files::folder(&mut mapping, &mut draft)?;
    files::artifacts(&mut mapping, &mut draft)?;
    let recipe = recipe::map(&mut mapping, patch);
    let media = media::map(&mut mapping, std::mem::take(&mut points.media), &known);
    let written = points.write(&mut draft)?;
    account_of_points(&mut mapping, &written);
    let series = written.summaries.into_iter().map(|(key, one)| {
        let declared = definitions.of(&key);
        let line = SeriesSummary { goal: declared.goal, step_key: declared.step_key, ..series::summary(&one) };
        (key, line)
    });
    let summary =
        Summary { series: series.collect(), declared: recipe::declared_summary(&mut mapping), ..Summary::default() };
    console_section(&mut mapping, &mut draft)?;

    let mut artifacts = std::mem::take(&mut mapping.artifacts);
    declared::add(&mut draft, &mut artifacts, options)?;
    draft.json_section(&context)?;
    draft.json_section(&recipe)?;
    if summary != Summary::default() {
        draft.json_section(&summary)?;
    }
    if !artifacts.is_empty() {
        let mut section = Artifacts { artifacts, salt: None };
        section.sort();
        draft.json_section(&section)?;
    }
    if !events.events.is_empty() {
        draft.json_section(&events)?;
    }
    if let Some(cost) = recipe::cost(&recipe, runtime) {
        draft.json_section(&cost)?;
    }
    if !media.media.is_empty() {
        draft.json_section(&media)?;
    }
    let (identity, source, findings) = mapping.finish();
    draft.finish(identity, source, findings, sweep)
}

/// Every record of the log by kind. What is inside them is counted by itself.
fn account_of_records(mapping: &mut Mapping<'_>) {
    let run = mapping.run();
    for (kind, count) in &run.records {
        mapping.account.found("log record", *count);
        match *kind {
            "request" => mapping.account.dropped("log record", *count, "a request to the service, which was not there"),
            "unknown" => {
                mapping.account.dropped("log record", *count, "a kind of record that this version does not know");
            }
            "noop_link_artifact" => mapping.account.dropped("log record", *count, "a record without content"),
            _ => mapping.account.mapped("log record", *count),
        }
    }
    for (index, board) in run.tensorboard.iter().enumerate() {
        mapping.account.found("TensorBoard folder", 1);
        mapping.keep_raw("TensorBoard folder", &index.to_string(), typed::typed(board));
    }
}

fn account_of_points(mapping: &mut Mapping<'_>, written: &Written) {
    let run = mapping.run();
    let history = run.history;
    mapping.account.found("history value", history.items);
    let mapped = history.positions + history.numbers + history.others + history.media_parts;
    mapping.account.mapped("history value", mapped - written.left_out);
    mapping.account.dropped("history value", written.left_out, series::TOO_LONG);
    mapping.account.dropped("history value", history.broken, "the value cannot be read");
    let detail = "the row number of a data frame says nothing of the run";
    mapping.account.dropped("history value", history.row_numbers, detail);
    mapping.account.found("system metric point", run.system_values);
    mapping.account.mapped("system metric point", run.system_values - written.system_left_out);
    mapping.account.dropped("system metric point", written.system_left_out, series::TOO_LONG);
}

fn console_section(mapping: &mut Mapping<'_>, draft: &mut Draft<'_>) -> Result<(), ConvertError> {
    let pieces = &mapping.run().console;
    mapping.account.found("console piece", pieces.len() as u64);
    mapping.account.mapped("console piece", pieces.len() as u64);
    let lines = console::lines(pieces);
    if lines.is_empty() {
        return Ok(());
    }
    let divided = draft.console(lines)?;
    if divided > 0 {
        let message = format!("{divided} lines have more than 1 MiB, and were divided");
        mapping.finding(Code::SourceLoss, "console", message);
    }
    Ok(())
}
