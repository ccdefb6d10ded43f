//! Neptune: a run of whichever layout becomes a bundle.
//!
//! What the client leaves on disk has no status, unless an exception ended the run. A run of
//! neptune-scale that was forked is `forked-from` its parent, and has only points of its own.

mod context;
mod files;
mod media;
mod points;
mod recipe;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_format::Code;
use expbundle_format::record::{Kind, Status};
use expbundle_format::time::Time;
use expbundle_trackers::neptune::{Attribute, Fork, Layout, Run, Source as Runs};
use serde_json::json;

use self::points::Sections;
use crate::ancestry::{Ancestry, ParentLink, Read, Steps};
use crate::gate::Converted;
use crate::ledger::Ledger;
use crate::tracker::{self, Listed, Listing, Source, Tracker};
use crate::wandb::console;
use crate::{ConvertError, Options};

/// Neptune.
#[derive(Debug)]
pub(crate) struct Neptune;

impl Tracker for Neptune {
    fn name(&self) -> &'static str {
        "neptune"
    }

    fn reads(&self) -> &'static str {
        ".neptune/ folder or a run in it (1.x, and run_operations.sqlite3 of 3.x), neptune-exporter's folders or .parquet"
    }

    fn open(&self, path: &Utf8Path) -> Result<Option<Box<dyn Source>>, ConvertError> {
        let runs = Runs::find(path);
        if runs.keys().len() == 0 {
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

impl Source for Opened {
    fn runs(&self) -> Result<Listing, ConvertError> {
        let mut listing = Listing::default();
        for key in self.runs.keys() {
            match self.runs.read(key, &mut (), &|_| {}) {
                Ok(run) => listing.runs.extend(run.map(|run| listed(key, &run))),
                Err(error) => listing.unread.push(tracker::not_listed(key, &error)),
            }
        }
        Ok(listing)
    }

    fn lone_run(&self) -> Option<String> {
        let mut keys = self.runs.keys();
        keys.next().filter(|_| keys.next().is_none()).map(str::to_owned)
    }

    fn convert(&self, key: &str, options: &Options<'_>) -> Result<Converted, ConvertError> {
        self.ancestry.convert(self, key, options)
    }
}

impl Steps for Opened {
    type Run = (Run, Sections);

    fn read(&self, key: &str, options: &Options<'_>) -> Result<Option<Read<Self::Run>>, ConvertError> {
        let mut points = Sections::new(options);
        let run = self.runs.read(key, &mut points, options.progress);
        let Some(run) = run.map_err(|error| tracker::unreadable(&self.path, error))? else { return Ok(None) };
        let fork = run.fork.as_ref().filter(|fork| is_here(fork, &run));
        let parent = fork.and_then(|fork| self.runs.key_of(&fork.run)).map(str::to_owned);
        Ok(Some(Read { parent, run: (run, points) }))
    }

    fn build(
        &self,
        (run, points): Self::Run,
        parent: ParentLink,
        options: &Options<'_>,
    ) -> Result<Converted, ConvertError> {
        build(&run, points, parent, options)
    }
}

/// Whether the parent may be in the same source: run ids are those of a project.
fn is_here(fork: &Fork, run: &Run) -> bool {
    fork.project.is_none() || run.project.is_none() || fork.project == run.project
}

fn listed(key: &str, run: &Run) -> Listed {
    Listed {
        id: run.id.clone(),
        name: run.name().map(str::to_owned),
        experiment: run.project.clone(),
        status: status(run).unwrap_or(Status::Unknown),
        started: run.created_ms.and_then(Time::from_milliseconds),
        deleted: run.attributes.get("sys/trashed") == Some(&Attribute::Bool(true)),
        ..Listed::new(key)
    }
}

/// An uncaught exception is the only end that is recorded. While a run was `active` its end was
/// still to come, so an export of one proves nothing.
fn status(run: &Run) -> Option<Status> {
    (run.attributes.get("sys/failed") == Some(&Attribute::Bool(true))).then_some(Status::Failed)
}

fn build(run: &Run, points: Sections, parent: ParentLink, options: &Options<'_>) -> Result<Converted, ConvertError> {
    let mut ledger = Ledger::new(Kind::Run, Neptune.name(), options);
    let layout = match run.layout {
        Layout::Offline => "offline folder",
        Layout::Scale => "neptune-scale",
        Layout::Export => "neptune-exporter",
    };
    ledger.source.layout = Some(layout.to_owned());
    ledger.run(run.id.clone());
    ledger.findings(&run.findings);
    account(&ledger, run);
    let body = ledger.body();
    body.status = status(run);
    body.started = run.created_ms.and_then(Time::from_milliseconds);
    body.ended = run.last_ms.and_then(Time::from_milliseconds);
    if run.last_ms.is_some() {
        let message = "no end is recorded; the time at which something was logged last stands for it";
        ledger.finding(Code::SourceLoss, layout, message);
    }
    forked(&mut ledger, run, parent);
    let mut fields = context::fields(&ledger, run);
    let mut context = context::map(&mut ledger, &mut fields, run);
    let known = files::map(&mut ledger, run)?;
    let recipe = recipe::map(&mut ledger, &mut fields, run, &known, &mut context)?;
    fields.keep();
    let media = media::map(&ledger, run, &known);
    let summary = points.write(&mut ledger, run)?;
    facts(&mut ledger, run);
    ledger.items("console piece", run.console.len() as u64).mapped();
    ledger.console(console::lines(&run.console))?;
    ledger.section(context);
    ledger.section(recipe);
    ledger.section(media);
    ledger.section(summary);
    ledger.finish()
}

/// Tells of what the reader did not keep.
fn account(ledger: &Ledger<'_>, run: &Run) {
    let found = run.found;
    ledger.items("series value", found.cleared).dropped("the run itself cleared or deleted it later");
    ledger.items("replaced value", found.replaced).dropped("the run itself replaced or deleted it later");
    let unread = ledger.items("unreadable item", found.unreadable);
    unread.dropped("it cannot be read, or is beyond what memory should hold");
}

fn forked(ledger: &mut Ledger<'_>, run: &Run, parent: ParentLink) {
    let Some(fork) = &run.fork else { return };
    ledger.parent(parent, "forked-from");
    let item = ledger.item("fork", &fork.run);
    // The step has no place in a link.
    item.mapped_with(&json!({ "project": fork.project, "run": fork.run, "step": fork.step }));
    if !matches!(parent, ParentLink::Record(_)) {
        let message = format!("the run was forked from {}, which is not in this source", fork.run);
        ledger.finding(Code::SourceMissing, "fork", message);
    }
}

/// Facts beside the attributes, which have no home but those about the environment.
fn facts(ledger: &mut Ledger<'_>, run: &Run) {
    for (name, value) in &run.facts {
        if name == "neptuneClientVersion" {
            ledger.source.version = value.as_str().map(str::to_owned);
        }
        if ["os", "pythonVersion", "neptuneClientVersion"].contains(&name.as_str()) {
            ledger.item("fact", name).mapped();
            continue;
        }
        ledger.item("fact", name).raw(value);
    }
}
