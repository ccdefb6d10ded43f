//! `SwanLab`: the log of a run and what lies beside it become a bundle.
//!
//! A run that was resumed has several folders of one id. Each is a record of its own,
//! `resumed-from` the one before.

mod files;
mod recipe;

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_format::Code;
use expbundle_format::record::{Kind, Status};
use expbundle_format::sections::{self, Context, Event, EventSeverity, Events, Group};
use expbundle_format::time::Time;
use expbundle_series::ConsoleLine;
use expbundle_trackers::At;
use expbundle_trackers::swanlab::{Column, Run, Runs, RunsError, Scalars, Start, State};
use serde_json::{Map, Value};

use crate::ancestry::{Ancestry, ParentLink, Read, Steps};
use crate::gate::Converted;
use crate::gathered::Gathered;
use crate::ledger::Ledger;
use crate::tracker::{self, Listed, Listing, Source, Tracker};
use crate::{ConvertError, Options};

/// `SwanLab`.
#[derive(Debug)]
pub(crate) struct SwanLab;

impl Tracker for SwanLab {
    fn name(&self) -> &'static str {
        "swanlab"
    }

    fn reads(&self) -> &'static str {
        "swanlog/ folder, run-… folder or .swanlab file of SwanLab 0.10 and later"
    }

    fn open(&self, path: &Utf8Path) -> Result<Option<Box<dyn Source>>, ConvertError> {
        let runs = Runs::find(path);
        if runs.found().is_empty() && runs.old().is_empty() {
            return Ok(None);
        }
        Ok(Some(Box::new(Opened { path: path.to_owned(), runs, ancestry: Ancestry::default() })))
    }
}

struct Opened {
    path: Utf8PathBuf,
    runs: Runs,
    ancestry: Ancestry,
}

/// The numbers of a run.
struct Numbers {
    metrics: Gathered,
    telemetry: Gathered,
}

impl Scalars for Numbers {
    fn scalar(&mut self, key: &str, is_system: bool, at: At, value: f64) {
        let section = if is_system { &mut self.telemetry } else { &mut self.metrics };
        let key = section.key(key);
        section.number(key, at, value, None);
    }
}

impl Opened {
    fn unreadable(&self, error: RunsError) -> ConvertError {
        tracker::unreadable(&self.path, error)
    }

    /// The folder of the same id before this one, in the order of their names, which have the time.
    fn previous(&self, key: &str) -> Option<String> {
        let found = self.runs.found();
        let at = found.iter().position(|run| run.key == key)?;
        let id = &found.get(at)?.id;
        found.get(..at)?.iter().rev().find(|run| run.id == *id).map(|run| run.key.clone())
    }
}

impl Source for Opened {
    fn runs(&self) -> Result<Listing, ConvertError> {
        let mut listing = Listing::default();
        for key in self.runs.old() {
            let message = "the folder is one of SwanLab before 0.10, whose layout is not read";
            listing.unread.push(expbundle_format::Finding::new(
                Code::SourceUnsupported,
                expbundle_format::Place::entry(key),
                message,
            ));
        }
        for found in self.runs.found() {
            match self.runs.read(&found.key, &mut ()) {
                Some(Ok(run)) => listing.runs.push(listed(&found.key, &found.id, &run)),
                Some(Err(error)) => listing.unread.push(tracker::not_listed(&found.key, &error)),
                None => {}
            }
        }
        Ok(listing)
    }

    // Listing reads whole logs.
    fn lone_run(&self) -> Option<String> {
        match self.runs.found() {
            [only] if self.runs.old().is_empty() => Some(only.key.clone()),
            _ => None,
        }
    }

    fn convert(&self, key: &str, options: &Options<'_>) -> Result<Converted, ConvertError> {
        self.ancestry.convert(self, key, options)
    }
}

impl Steps for Opened {
    type Run = (String, Run, Numbers);

    fn read(&self, key: &str, options: &Options<'_>) -> Result<Option<Read<Self::Run>>, ConvertError> {
        let mut numbers = Numbers {
            metrics: Gathered::new(sections::METRICS, options),
            telemetry: Gathered::new(sections::TELEMETRY, options),
        };
        let Some(run) = self.runs.read(key, &mut numbers) else { return Ok(None) };
        let run = run.map_err(|error| self.unreadable(error))?;
        let id = self.runs.found().iter().find(|found| found.key == key).map_or(key, |found| &found.id);
        Ok(Some(Read { parent: self.previous(key), run: (id.to_owned(), run, numbers) }))
    }

    fn build(
        &self,
        (id, run, numbers): Self::Run,
        parent: ParentLink,
        options: &Options<'_>,
    ) -> Result<Converted, ConvertError> {
        build(&id, &run, numbers, parent, options)
    }
}

fn time(nanoseconds: Option<i64>) -> Option<Time> {
    Time::from_nanoseconds(nanoseconds?.into())
}

fn status(run: &Run) -> Status {
    match run.finish.as_ref().map(|finish| finish.state) {
        Some(State::Finished) => Status::Finished,
        Some(State::Crashed) => Status::Crashed,
        Some(State::Aborted) => Status::Killed,
        Some(State::Unknown) | None => Status::Unknown,
    }
}

fn listed(key: &str, id: &str, run: &Run) -> Listed {
    let text = |name| run.start.as_ref().and_then(|start| start.text(name)).map(str::to_owned);
    Listed {
        id: text("id").unwrap_or_else(|| id.to_owned()),
        name: text("name"),
        experiment: text("project"),
        status: status(run),
        started: time(run.start.as_ref().and_then(|start| start.time_ns)),
        ..Listed::new(key)
    }
}

fn build(
    id: &str,
    run: &Run,
    numbers: Numbers,
    parent: ParentLink,
    options: &Options<'_>,
) -> Result<Converted, ConvertError> {
    let mut ledger = Ledger::new(Kind::Run, SwanLab.name(), options);
    ledger.source.layout = Some(if run.folder.is_some() { "run folder" } else { "log" }.to_owned());
    ledger.findings(&run.findings);
    let start = run.start.clone().unwrap_or_default();
    ledger.run(start.text("id").unwrap_or(id));
    ledger.parent(parent, "resumed-from");
    let body = ledger.body();
    body.status = Some(status(run));
    body.started = time(start.time_ns);
    body.ended = time(run.finish.as_ref().map_or(run.last_ns, |finish| finish.time_ns));
    if run.finish.is_none() {
        let message = "the log has no end of the run; the last time in it stands for the end";
        ledger.finding(Code::SourceLoss, "log", message);
    }
    if run.folder.is_none() {
        let message = "only the log was given; configuration, packages and files lie in the folder of the run";
        ledger.finding(Code::SourceLoss, "log", message);
    }
    let context = context(&mut ledger, &start, id);
    records(&ledger, run);
    let recipe = recipe::map(&mut ledger, run);
    files::map(&mut ledger, run)?;
    console(&mut ledger, run)?;
    self::numbers(&mut ledger, numbers)?;
    ledger.section(events(run));
    ledger.section(context);
    ledger.section(recipe);
    ledger.finish()
}

fn context(ledger: &mut Ledger<'_>, start: &Start, id: &str) -> Context {
    let mut context = Context::default();
    start.text("name").or(start.text("id")).unwrap_or(id).clone_into(&mut context.title);
    context.notes = start.text("description").map(str::to_owned);
    context.job_type = start.text("job_type").map(str::to_owned);
    context.tags.clone_from(&start.tags);
    ledger.items("tag", start.tags.len() as u64).mapped();
    for kind in ["project", "group"] {
        if let Some(name) = start.text(kind).map(str::to_owned) {
            context.groups.push(Group { kind: kind.to_owned(), name, ..Group::default() });
        }
    }
    ledger.identity.organisation = start.text("workspace").map(str::to_owned);
    for (name, text) in &start.texts {
        let item = ledger.item("run field", name);
        if *name == "color" { item.raw(text.as_str()) } else { item.mapped() }
    }
    if start.time_ns.is_some() {
        ledger.item("run field", "started_at").mapped();
    }
    if start.is_public {
        ledger.item("run field", "public").raw(&Value::Bool(true));
    }
    if start.resume != 0 {
        let words = if start.resume == 1 { "allow" } else { "must" };
        ledger.item("run field", "resume").raw(words);
    }
    context
}

/// What the log declares, and records that are not kept.
fn records(ledger: &Ledger<'_>, run: &Run) {
    for column in &run.columns {
        ledger.item("column", &column.key).raw(&declaration(column));
    }
    for (index, start) in run.more_starts.iter().enumerate() {
        let texts = start.texts.iter().map(|(name, text)| ((*name).to_owned(), Value::from(text.as_str())));
        ledger.item("later start", &index.to_string()).raw(&texts.collect::<Value>());
    }
    let counts = run.counts;
    ledger.items("log record", counts.broken).dropped("the record cannot be read");
    ledger.items("log record", counts.too_many).dropped("there is no room for more than 128 MiB of records");
    let unknown = run.unknown.values().sum();
    ledger.items("log record", unknown).dropped("a kind of record that this version does not know");
}

fn declaration(column: &Column) -> Value {
    let numbers = column.numbers.iter().map(|(name, number)| ((*name).to_owned(), Value::from(*number)));
    let texts = column.texts.iter().map(|(name, text)| ((*name).to_owned(), Value::from(text.as_str())));
    Value::Object(numbers.chain(texts).collect::<Map<_, _>>())
}

fn console(ledger: &mut Ledger<'_>, run: &Run) -> Result<(), ConvertError> {
    ledger.items("console line", run.console.len() as u64).mapped();
    let lines: Vec<ConsoleLine> = run
        .console
        .iter()
        .map(|line| ConsoleLine {
            time_ns: line.time_ns,
            stream: if line.is_error { "stderr" } else { "stdout" }.to_owned(),
            line: line.line.trim_end_matches(['\r', '\n']).to_owned(),
        })
        .collect();
    ledger.console(lines)
}

fn numbers(ledger: &mut Ledger<'_>, numbers: Numbers) -> Result<(), ConvertError> {
    let metrics = numbers.metrics.write(ledger)?;
    metrics.tell(ledger, "metric point");
    ledger.section(metrics.summary());
    numbers.telemetry.write(ledger)?.tell(ledger, "system metric point");
    Ok(())
}

/// The error that ended the run.
fn events(run: &Run) -> Events {
    let Some(error) = run.finish.as_ref().and_then(|finish| finish.error.clone()) else { return Events::default() };
    let event = Event {
        time: time(run.finish.as_ref().and_then(|finish| finish.time_ns)),
        kind: "exit".to_owned(),
        severity: EventSeverity::Error,
        text: Some(error),
        source: Some("swanlab".to_owned()),
        details: BTreeMap::new(),
        ..Event::default()
    };
    Events { events: vec![event], ..Events::default() }
}
