//! Aim: what the database of a repository says of a run becomes a bundle.
//!
//! Parameters and series lie in `RocksDB` and are not read; the account and a finding say so.

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_format::Code;
use expbundle_format::number::typed;
use expbundle_format::record::{Kind, Status};
use expbundle_format::sections::{Context, Gap, Group, Observation, Recipe};
use expbundle_format::time::Time;
use expbundle_trackers::aim::{Repository, RepositoryError, Run};
use serde_json::{Map, Value};

use crate::gate::Converted;
use crate::ledger::Ledger;
use crate::tracker::{self, Listed, Listing, Source, Tracker};
use crate::{ConvertError, Options};

/// Aim.
#[derive(Debug)]
pub(crate) struct Aim;

impl Tracker for Aim {
    fn name(&self) -> &'static str {
        "aim"
    }

    fn reads(&self) -> &'static str {
        ".aim folder: names, notes, tags and times, but not the parameters and series, which lie in RocksDB"
    }

    fn open(&self, path: &Utf8Path) -> Result<Option<Box<dyn Source>>, ConvertError> {
        let repository = Repository::open(path).map_err(unreadable)?;
        Ok(repository.map(|repository| Box::new(Opened { repository }) as Box<dyn Source>))
    }
}

struct Opened {
    repository: Repository,
}

fn unreadable(error: RepositoryError) -> ConvertError {
    let path: Utf8PathBuf = error.path.clone();
    tracker::unreadable(&path, error)
}

fn time(nanoseconds: Option<i64>) -> Option<Time> {
    Time::from_nanoseconds(nanoseconds?.into())
}

impl Source for Opened {
    fn runs(&self) -> Result<Listing, ConvertError> {
        let mut findings = Vec::new();
        let runs = self.repository.list(&mut findings).map_err(unreadable)?.into_iter().map(|run| Listed {
            name: run.name,
            experiment: run.experiment,
            started: time(run.created_ns),
            ..Listed::new(run.hash)
        });
        let findings = findings.iter().map(tracker::finding).collect();
        Ok(Listing { runs: runs.collect(), unread: Vec::new(), findings })
    }

    fn convert(&self, key: &str, options: &Options<'_>) -> Result<Converted, ConvertError> {
        let run = self.repository.read(key).map_err(unreadable)?;
        build(&run.ok_or_else(|| ConvertError::no_such_run(key))?, options)
    }
}

/// A run that said so itself has finished; nothing else proves how it ended.
fn status(run: &Run) -> Status {
    if run.check_ins.iter().any(|sign| sign.kind == "finished") { Status::Finished } else { Status::Unknown }
}

fn build(run: &Run, options: &Options<'_>) -> Result<Converted, ConvertError> {
    let mut ledger = Ledger::new(Kind::Run, Aim.name(), options);
    ledger.source.layout = Some("sqlite".to_owned());
    ledger.findings(&run.findings);
    ledger.run(run.hash.clone());
    let body = ledger.body();
    body.status = Some(status(run));
    body.started = time(run.created_ns);
    body.ended = time(run.finalized_ns);
    let context = context(&ledger, run);
    rest(&ledger, run);
    let reason = "parameters, series and console lie in RocksDB, which is not read";
    ledger.items("RocksDB file", run.chunks.files).dropped(reason);
    let there = match run.chunks.files {
        0 => "which are not beside the database".to_owned(),
        files => format!("{files} files of {} bytes", run.chunks.bytes),
    };
    let message = format!(
        "parameters, series and console are not read: they lie in RocksDB databases, {there}. Read them with Aim \
         itself, and log them to a tracker whose files are read"
    );
    ledger.finding(Code::SourceLoss, &format!("seqs/chunks/{}", run.hash), message);
    let gap = |what: &str, detail: &str| Gap { what: what.to_owned(), detail: detail.to_owned() };
    let unread = "what Aim recorded of it lies in RocksDB, which is not read";
    let gaps = ["code", "data", "environment", "seed"].map(|what| gap(what, unread)).to_vec();
    ledger.section(Recipe { gaps, ..Recipe::default() });
    ledger.section(context);
    ledger.finish()
}

fn context(ledger: &Ledger<'_>, run: &Run) -> Context {
    let mut context = Context { title: run.name.as_deref().unwrap_or(&run.hash).to_owned(), ..Context::default() };
    context.notes.clone_from(&run.description);
    let told = [run.name.is_some(), run.description.is_some(), run.created_ns.is_some(), run.finalized_ns.is_some()];
    ledger.items("run field", told.into_iter().filter(|is_there| *is_there).count() as u64).mapped();
    for tag in &run.tags {
        let item = ledger.item("tag", &tag.name);
        context.tags.push(tag.name.clone());
        if tag.rest.is_empty() { item.mapped() } else { item.mapped_with(&Value::Object(tag.rest.clone())) }
    }
    if let Some(experiment) = &run.experiment {
        context.groups.push(Group {
            kind: "experiment".to_owned(),
            name: experiment.name.clone(),
            id: experiment.id.clone(),
            notes: experiment.description.clone(),
            ..Group::default()
        });
        ledger.item("experiment", &experiment.name).mapped_with(&Value::Object(experiment.rest.clone()));
    }
    for note in &run.notes {
        context.observations.push(Observation {
            time: time(note.time_ns),
            text: note.text.clone(),
            ..Observation::default()
        });
    }
    ledger.items("note", run.notes.len() as u64).mapped();
    context
}

/// What no section has a place for.
fn rest(ledger: &Ledger<'_>, run: &Run) {
    for (name, value) in &run.rest {
        ledger.item("run field", name).raw_tree(typed::tree(value));
    }
    let kinds: [(&'static str, &[Map<String, Value>]); 2] = [("note edit", &run.edits), ("run info", &run.info)];
    for (kind, rows) in kinds {
        for (index, row) in rows.iter().enumerate() {
            ledger.item(kind, &index.to_string()).raw(&Value::Object(row.clone()));
        }
    }
    for sign in &run.check_ins {
        ledger.item("check-in", &sign.name).raw(sign.kind.as_str());
    }
}
