//! MLflow: a run of a file store, a database or an export becomes a bundle.
//!
//! A nested run is `part-of` its parent: the parent is converted too, for its record's digest, and does not travel in
//! the child's bundle. Whoever converts many runs of one source shares a [`Parents`], so that each is converted once.

mod context;
mod datasets;
mod evaluations;
mod files;
mod mapping;
mod media;
mod models;
mod recipe;
mod rest;
mod series;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use expbundle_format::record::{self, Kind, Parent, RecordBody};
use expbundle_format::sections::Artifacts;
use expbundle_format::time::Time;
use expbundle_format::{Code, DigestSet, Finding};
use expbundle_trackers::mlflow::{List, Run, Source, SourceError, SourceKind, Status};

use self::mapping::{Mapping, placed};
use crate::gate::{Converted, Draft};
use crate::{ConvertError, Options, declared};

/// Records of parents that were needed already.
///
/// Runs that are nested in each other in a circle are left out: whether one's parent counts depends on who asks.
#[derive(Debug, Default)]
pub struct Parents(Mutex<BTreeMap<String, DigestSet>>);

impl Parents {
    fn get(&self, run_id: &str) -> Option<DigestSet> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(run_id).copied()
    }

    fn insert(&self, run_id: &str, digest: DigestSet) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(run_id.to_owned(), digest);
    }
}

/// Lists the runs of a source, cheaply.
pub fn list(source: &Source) -> Result<List, ConvertError> {
    source.list().map_err(|error| describe(&error))
}

/// Converts one run.
pub fn convert(source: &Source, run_id: &str, options: &Options<'_>) -> Result<Converted, ConvertError> {
    convert_with(source, run_id, options, &Parents::default())
}

/// Converts one run of many.
pub fn convert_with(
    source: &Source,
    run_id: &str,
    options: &Options<'_>,
    parents: &Parents,
) -> Result<Converted, ConvertError> {
    let run = source.read_with(run_id, options.files).map_err(|error| describe(&error))?;
    let parent = parent_of(source, &run, options, parents)?;
    build(source.kind(), &run, parent, options)
}

/// What is known of the run that a run is nested in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParentLink {
    /// It is nested in none.
    None,
    /// In this one.
    Record(DigestSet),
    /// The source has it not.
    Missing,
    /// The runs are nested in each other in a circle, which no record can say.
    Circle,
}

/// Finds the record of a run's parent, converting the line of ancestors from the topmost down where it must.
fn parent_of(source: &Source, run: &Run, options: &Options<'_>, parents: &Parents) -> Result<ParentLink, ConvertError> {
    // From the run upwards, until there is no parent, or one whose record is known.
    let mut ancestors: Vec<(String, Run)> = Vec::new();
    let mut link = ParentLink::None;
    // The position in `[run, ancestors…]` from which on everyone is in the circle.
    let mut circle = usize::MAX;
    let mut next = run.parent_run_id().map(str::to_owned);
    while let Some(id) = next {
        let seen = std::iter::once(run.info.run_id.as_str()).chain(ancestors.iter().map(|(id, _)| id.as_str()));
        if let Some(position) = seen.into_iter().position(|seen| seen == id) {
            (link, circle) = (ParentLink::Circle, position);
            break;
        }
        if let Some(digest) = parents.get(&id) {
            link = ParentLink::Record(digest);
            break;
        }
        match source.read_with(&id, options.files) {
            Ok(parent) => {
                next = parent.parent_run_id().map(str::to_owned);
                ancestors.push((id, parent));
            }
            Err(SourceError::NoRun { .. }) => {
                link = ParentLink::Missing;
                break;
            }
            Err(error) => return Err(describe(&error)),
        }
    }
    // What was declared was declared of the run that was asked for.
    let plain = Options { inputs: &[], outputs: &[], ..*options };
    while let Some((id, ancestor)) = ancestors.pop() {
        let converted = build(source.kind(), &ancestor, link, &plain)?;
        let digest = record_digest(&converted)?;
        // In `[run, ancestors…]` this ancestor stands one further on.
        let in_circle = ancestors.len() + 1 >= circle;
        if !in_circle {
            parents.insert(&id, digest);
        }
        // Whoever is below the ancestor is in the circle too, or has it for a parent.
        link = if ancestors.len() >= circle { ParentLink::Circle } else { ParentLink::Record(digest) };
    }
    Ok(link)
}

fn record_digest(converted: &Converted) -> Result<DigestSet, ConvertError> {
    let mut records = converted.bundle.records();
    let (_, content) = records.next().expect("a converted run has its record");
    Ok(content.digest()?)
}

fn build(kind: SourceKind, run: &Run, parent: ParentLink, options: &Options<'_>) -> Result<Converted, ConvertError> {
    let mut body = RecordBody::new(Kind::Run);
    body.started = run.info.start_ms.and_then(Time::from_milliseconds);
    body.ended = run.info.end_ms.and_then(Time::from_milliseconds);
    body.status = Some(status(run.info.status));
    body.source = Some(record::Source { tool: "mlflow".to_owned(), run: run.info.run_id.clone() });
    if let ParentLink::Record(digest) = parent {
        body.parents.push(Parent { record: digest, relation: placed("part-of") });
    }
    let mut draft = Draft::new(body, options);
    let mut mapping = Mapping::new(run, options);
    mapping.found();
    let parent_note = match parent {
        ParentLink::Missing => Some("the run is nested in one that is not in this source"),
        ParentLink::Circle => Some("the run is nested in itself, through others"),
        ParentLink::None | ParentLink::Record(_) => None,
    };
    if let Some(note) = parent_note {
        mapping.finding(Code::SourceMissing, "tags/mlflow.parentRunId", note);
    }
    if matches!(parent, ParentLink::Record(_)) {
        mapping.take_tag("mlflow.parentRunId");
    }

    let files = files::map(&mut mapping, &mut draft)?;
    models::map(&mut mapping, &mut draft, &files)?;
    datasets::map(&mut mapping);
    let context = context::map(&mut mapping);
    let recipe = recipe::map(&mut mapping, &mut draft, &files)?;
    let evaluations = evaluations::map(&mut mapping);
    let media = media::map(&files);
    let goals = context::goals(&mut mapping);
    series::write(&mut mapping, &mut draft, &goals)?;
    rest::map(&mut mapping, &mut draft)?;

    let mut artifacts = std::mem::take(&mut mapping.artifacts);
    declared::add(&mut draft, &mut artifacts, options)?;
    draft.json_section(&context)?;
    draft.json_section(&recipe)?;
    if !artifacts.is_empty() {
        let mut section = Artifacts { artifacts, salt: None };
        section.sort();
        draft.json_section(&section)?;
    }
    if !evaluations.evaluations.is_empty() {
        draft.json_section(&evaluations)?;
    }
    if !media.media.is_empty() {
        draft.json_section(&media)?;
    }
    let (identity, source, findings) = mapping.finish(layout(kind));
    draft.finish(identity, source, findings, None)
}

fn layout(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::FileStore => "file-store",
        SourceKind::Database => "sqlite",
        SourceKind::Export => "mlflow-export-import",
    }
}

fn status(status: Option<Status>) -> record::Status {
    match status {
        Some(Status::Running) => record::Status::Running,
        Some(Status::Scheduled) => record::Status::Scheduled,
        Some(Status::Finished) => record::Status::Finished,
        Some(Status::Failed) => record::Status::Failed,
        Some(Status::Killed) => record::Status::Killed,
        None => record::Status::Unknown,
    }
}

fn describe(error: &SourceError) -> ConvertError {
    match error {
        SourceError::NoRun { run_id } => ConvertError::NoSuchRun { run: run_id.clone() },
        SourceError::Missing { path }
        | SourceError::Unknown { path }
        | SourceError::Ambiguous { path, .. }
        | SourceError::Io { path, .. }
        | SourceError::Database { path, .. }
        | SourceError::Schema { path, .. } => ConvertError::Source { path: path.clone(), detail: error.to_string() },
    }
}

/// A finding of a converter at a place in the source.
fn finding(code: Code, place: &str, message: &str) -> Finding {
    Finding::new(code, expbundle_format::finding::Place::entry(place), message)
}
