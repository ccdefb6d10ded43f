//! Comet: an offline experiment becomes a bundle.
//!
//! No status is recorded: that the archive is complete says that the experiment was ended, and not
//! how. A run that was continued offline has an archive for each part; each is a record of its own,
//! `resumed-from` the one before.

mod context;
mod files;
mod html;
mod mapping;
mod points;
mod recipe;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_format::Code;
use expbundle_format::time::Time;
use expbundle_trackers::comet::{Session, Sessions};
use expbundle_trackers::wandb::Value;

use self::mapping::Mapping;
use self::points::Sections;
use crate::ancestry::{Ancestry, ParentLink, Read, Steps};
use crate::gate::Converted;
use crate::tracker::{self, Listed, Listing, Source, Tracker};
use crate::wandb::console;
use crate::{ConvertError, Options};

/// Comet.
#[derive(Debug)]
pub(crate) struct Comet;

impl Tracker for Comet {
    fn name(&self) -> &'static str {
        "comet"
    }

    fn reads(&self) -> &'static str {
        "Offline experiment: its .zip, the folder of one that was killed, or a folder of them"
    }

    fn open(&self, path: &Utf8Path) -> Result<Option<Box<dyn Source>>, ConvertError> {
        let sessions = Sessions::find(path).map_err(|error| tracker::unreadable(path, error))?;
        if sessions.keys().len() == 0 {
            return Ok(None);
        }
        Ok(Some(Box::new(Opened { path: path.to_owned(), sessions, ancestry: Ancestry::default() })))
    }
}

struct Opened {
    path: Utf8PathBuf,
    sessions: Sessions,
    ancestry: Ancestry,
}

impl Source for Opened {
    fn runs(&self) -> Result<Listing, ConvertError> {
        let mut listing = Listing::default();
        for key in self.sessions.keys() {
            match self.sessions.brief(key) {
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
        self.ancestry.convert(self, key, options)
    }
}

/// An experiment that was read.
struct Run {
    key: String,
    session: Session,
    points: Sections,
    /// Whether it continues one of which nothing is here.
    is_torn: bool,
}

impl Steps for Opened {
    type Run = Run;

    fn read(&self, key: &str, options: &Options<'_>) -> Result<Option<Read<Run>>, ConvertError> {
        let mut points = Sections::new(options);
        let session = self.sessions.read(key, &mut points, options.progress);
        let Some(session) = session.map_err(|error| tracker::unreadable(&self.path, error))? else { return Ok(None) };
        let parent = self.sessions.previous(key, &session);
        let is_torn = parent.is_none() && session.continues();
        Ok(Some(Read { parent, run: Run { key: key.to_owned(), session, points, is_torn } }))
    }

    fn build(&self, run: Run, parent: ParentLink, options: &Options<'_>) -> Result<Converted, ConvertError> {
        let Run { key, session, points, is_torn } = run;
        let converted = build(&key, &session, points, (parent, is_torn), options)?;
        session.check_unpacked().map_err(|error| tracker::unreadable(&self.path, error))?;
        Ok(converted)
    }
}

fn listed(key: &str, session: &Session) -> Listed {
    let of_others = |name: &str| context::last_other(session, name).and_then(Value::as_str).map(str::to_owned);
    Listed {
        id: session.text("offline_id").unwrap_or(key).to_owned(),
        name: of_others("Name"),
        experiment: session.text("project_name").map(str::to_owned),
        started: started(session),
        ..Listed::new(key)
    }
}

/// The start, or else the time of the first message.
fn started(session: &Session) -> Option<Time> {
    let first = session.messages.span_ms.map(|(first, _)| first);
    time(session, "start_time").or(first.and_then(Time::from_milliseconds))
}

fn time(session: &Session, name: &str) -> Option<Time> {
    session.experiment.get(name).and_then(Value::as_i64).and_then(Time::from_milliseconds)
}

fn build(
    key: &str,
    session: &Session,
    points: Sections,
    (parent, is_torn): (ParentLink, bool),
    options: &Options<'_>,
) -> Result<Converted, ConvertError> {
    let mut mapping = Mapping::new(session, options);
    let ledger = &mut mapping.ledger;
    ledger.run(session.text("offline_id").unwrap_or(key));
    ledger.body().started = started(session);
    ledger.body().ended = time(session, "stop_time");
    if time(session, "start_time").is_none() && started(session).is_some() {
        let message = "the start is not recorded; the time of the first message stands for it";
        ledger.finding(Code::SourceLoss, "experiment.json", message);
    }
    ledger.parent(parent, "resumed-from");
    if is_torn || parent == ParentLink::Missing {
        let message = "the run continues an earlier part of itself, which is not in this source";
        ledger.finding(Code::SourceMissing, "experiment.json", message);
    }
    mapping.account();
    let context = context::map(&mut mapping, key);
    let mut media = Vec::new();
    let patch = files::map(&mut mapping, &mut media)?;
    html::map(&mut mapping, &mut media)?;
    let recipe = recipe::map(&mut mapping, patch);
    let summary = points.write(&mut mapping.ledger)?;
    mapping.keep_rest();
    let mut ledger = mapping.ledger;
    ledger.console(console::lines(&session.messages.console))?;
    ledger.section(context);
    ledger.section(recipe);
    ledger.section(summary);
    ledger.section(files::section(media));
    ledger.finish()
}
