//! `ClearML`: an offline session, or an exported task, becomes a bundle.
//!
//! A session has no start, end or status. Start and end are those of its events, and a finding says
//! so. An exported task has them, and has no series, console or files.

mod events;
mod export;
mod files;
mod recipe;

pub(crate) use self::recipe::package;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_format::Code;
use expbundle_format::record::{Kind, Status};
use expbundle_format::sections::{Context, Group};
use expbundle_format::time::Time;
use expbundle_trackers::clearml::{Session, Sessions};
use serde_json::{Map, Value};

use crate::gate::Converted;
use crate::ledger::{Fields, Ledger};
use crate::tracker::{self, Listed, Listing, Source, Tracker};
use crate::{ConvertError, Options};

/// `ClearML`.
#[derive(Debug)]
pub(crate) struct ClearMl;

impl Tracker for ClearMl {
    fn name(&self) -> &'static str {
        "clearml"
    }

    fn reads(&self) -> &'static str {
        "Offline session: its folder or .zip, or a folder of sessions; JSON of Task.export_task()"
    }

    fn open(&self, path: &Utf8Path) -> Result<Option<Box<dyn Source>>, ConvertError> {
        let sessions = Sessions::find(path).map_err(|error| tracker::unreadable(path, error))?;
        if sessions.keys().len() == 0 {
            return Ok(None);
        }
        Ok(Some(Box::new(Opened { path: path.to_owned(), sessions })))
    }
}

struct Opened {
    path: Utf8PathBuf,
    sessions: Sessions,
}

impl Source for Opened {
    fn runs(&self) -> Result<Listing, ConvertError> {
        let mut listing = Listing::default();
        for key in self.sessions.keys() {
            match self.sessions.read(key) {
                Ok(session) => listing.runs.extend(session.map(|session| listed(key, &session))),
                Err(error) => listing.unread.push(tracker::not_listed(key, &error)),
            }
        }
        Ok(listing)
    }

    fn lone_run(&self) -> Option<String> {
        let mut keys = self.sessions.keys();
        keys.next().filter(|_| keys.next().is_none()).map(str::to_owned)
    }

    fn convert(&self, key: &str, options: &Options<'_>) -> Result<Converted, ConvertError> {
        let unreadable = |error| tracker::unreadable(&self.path, error);
        let session = self.sessions.read(key).map_err(unreadable)?;
        let session = session.ok_or_else(|| ConvertError::no_such_run(key))?;
        let converted = build(&session, key, options)?;
        session.check_unpacked().map_err(unreadable)?;
        Ok(converted)
    }
}

fn listed(key: &str, session: &Session) -> Listed {
    let member = |name| text(&session.task, name).map(str::to_owned);
    Listed {
        id: member("id").unwrap_or_else(|| key.to_owned()),
        name: member("name"),
        experiment: member("project_name"),
        experiment_id: member("project"),
        status: if session.is_export { export::status(&session.task) } else { Status::Unknown },
        started: export::time(&session.task, "started")
            .or(span(session).and_then(|(first, _)| Time::from_milliseconds(first))),
        ..Listed::new(key)
    }
}

/// A member that is a text and not empty.
fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The times of the first and the last event.
fn span(session: &Session) -> Option<(i64, i64)> {
    let spans = [session.metrics.span_ms, session.log.span_ms];
    spans.into_iter().flatten().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

fn fields<'a>(ledger: &Ledger<'_>, kind: &'static str, members: &'a Map<String, Value>) -> Fields<'a, Value> {
    Fields::new(ledger, kind, members.iter().map(|(name, value)| (name.as_str(), value)))
}

fn build(session: &Session, key: &str, options: &Options<'_>) -> Result<Converted, ConvertError> {
    let mut ledger = Ledger::new(Kind::Run, ClearMl.name(), options);
    let layout = if session.is_export { "exported task" } else { "offline session" };
    ledger.source.layout = Some(layout.to_owned());
    ledger.findings(&session.findings);
    let mut task = fields(&ledger, "task field", &session.task);
    ledger.run(task.take("id").and_then(Value::as_str).unwrap_or(key));
    if let Some((first, last)) = span(session) {
        ledger.body().started = Time::from_milliseconds(first);
        ledger.body().ended = Time::from_milliseconds(last);
        let message = "the session has no start and end; those of its first and last event stand for them";
        ledger.finding(Code::SourceLoss, "task.json", message);
    }
    let mut context = Context::default();
    task.take("name").and_then(Value::as_str).unwrap_or(key).clone_into(&mut context.title);
    context.notes = text(&session.task, "comment").map(str::to_owned);
    context.job_type = text(&session.task, "type").map(str::to_owned);
    if let Some(name) = text(&session.task, "project_name").map(str::to_owned) {
        let id = text(&session.task, "project").map(str::to_owned);
        context.groups.push(Group { kind: "project".to_owned(), name, id, ..Group::default() });
        task.take("project");
    }
    if let Some(Value::Array(tags)) = session.task.get("tags") {
        context.tags.extend(tags.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    // A folder of the machine, to which the addresses of artifacts are relative.
    let folder = text(&session.task, "offline_folder");
    ledger.address("offline folder", folder);
    for name in ["comment", "type", "project_name", "tags", "offline_folder"] {
        task.take(name);
    }
    let artifacts = files::artifacts(&mut ledger, &mut task, session, folder.unwrap_or_default())?;
    files::others(&mut ledger, session, &artifacts)?;
    let recipe = recipe::map(&mut ledger, &mut task, &mut context)?;
    let recipe = if session.is_export { export::map(&mut ledger, &mut task, recipe) } else { recipe };
    events::map(&mut ledger, session)?;
    task.keep();
    ledger.section(context);
    ledger.section(recipe);
    ledger.finish()
}
