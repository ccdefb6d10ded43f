//! `ZenML`: each run of a pipeline is a record, and so is each run of a step, `part-of` it.
//!
//! A step whose result came from the cache did not run: it is told with the run of its pipeline.
//! Whoever took in its output names the bytes, which the step that made them put out.

mod artifacts;
mod metadata;
mod pipeline;
mod shared;
mod step;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_format::Code;
use expbundle_format::record::Status;
use expbundle_format::time::Time;
use expbundle_format::{Finding, Place};
use expbundle_trackers::zenml::{Found, Item, Store, StoreError, dashed, text};

use crate::ancestry::{Ancestry, ParentLink, Read, Steps};
use crate::gate::Converted;
use crate::ledger::Ledger;
use crate::tracker::{self, Listed, Listing, Source, Tracker};
use crate::{ConvertError, Options};

/// `ZenML`.
#[derive(Debug)]
pub(crate) struct ZenMl;

impl Tracker for ZenMl {
    fn name(&self) -> &'static str {
        "zenml"
    }

    fn reads(&self) -> &'static str {
        "zenml.db with its local_stores/, or the folder of settings that holds them"
    }

    fn open(&self, path: &Utf8Path) -> Result<Option<Box<dyn Source>>, ConvertError> {
        let store = Store::open(path).map_err(|error| describe(path, error))?;
        let opened = |store| Box::new(Opened { path: path.to_owned(), store, ancestry: Ancestry::default() });
        Ok(store.map(|store| opened(store) as Box<dyn Source>))
    }
}

/// An opened store.
struct Opened {
    path: Utf8PathBuf,
    store: Store,
    ancestry: Ancestry,
}

fn describe(path: &Utf8Path, error: StoreError) -> ConvertError {
    tracker::unreadable(path, error)
}

impl Source for Opened {
    fn runs(&self) -> Result<Listing, ConvertError> {
        let list = self.store.list().map_err(|error| describe(&self.path, error))?;
        let mut findings: Vec<Finding> = list.findings.iter().map(tracker::finding).collect();
        if list.cached > 0 {
            let message = format!(
                "{} steps did not run, for their results came from the cache; they are told with their runs",
                list.cached
            );
            findings.push(Finding::new(Code::SourceLoss, Place::entry("table step_run"), message));
        }
        Ok(Listing { runs: list.items.into_iter().map(listed).collect(), findings, ..Listing::default() })
    }

    fn convert(&self, key: &str, options: &Options<'_>) -> Result<Converted, ConvertError> {
        self.ancestry.convert(self, key, options)
    }
}

fn listed(item: Item) -> Listed {
    Listed {
        name: Some(item.name).filter(|name| !name.is_empty()),
        experiment: item.pipeline,
        experiment_id: item.pipeline_id,
        status: status(item.status.as_deref()),
        started: item.started.as_deref().and_then(time),
        parent: item.run,
        ..Listed::new(item.id)
    }
}

impl Steps for Opened {
    type Run = Found;

    fn read(&self, key: &str, _: &Options<'_>) -> Result<Option<Read<Found>>, ConvertError> {
        let found = self.store.read(key).map_err(|error| describe(&self.path, error))?;
        Ok(found.map(|run| {
            let parent = match &run {
                Found::Pipeline(run) => text(&run.row, "parent_run_id"),
                Found::Step(step) => text(&step.row, "pipeline_run_id"),
            };
            Read { parent: parent.map(dashed), run }
        }))
    }

    fn build(&self, run: Found, parent: ParentLink, options: &Options<'_>) -> Result<Converted, ConvertError> {
        match run {
            Found::Pipeline(run) => pipeline::build(&run, parent, options),
            Found::Step(step) => step::build(&step, parent, options),
        }
    }
}

/// Names the run that this one is a part of.
fn part_of(ledger: &mut Ledger<'_>, parent: ParentLink) {
    ledger.parent(parent, "part-of");
    let trouble = match parent {
        ParentLink::None | ParentLink::Record(_) => return,
        ParentLink::Missing => "the run that it is a part of is not in this store",
        ParentLink::Circle => "the run is a part of itself, through others",
    };
    ledger.finding(Code::SourceMissing, "parent", trouble);
}

/// A time of the database, which is in UTC and does not say so.
fn time(text: &str) -> Option<Time> {
    Time::from_nanoseconds(nanoseconds(text)?)
}

/// `2026-11-28 03:57:28.516495`, or with a zone as logs have it.
fn nanoseconds(text: &str) -> Option<i128> {
    let text = text.trim_end_matches(" UTC").replacen(' ', "T", 1);
    let has_zone = text.ends_with('Z') || text.get(10..).is_some_and(|time| time.contains(['+', '-']));
    let text = if has_zone { text } else { text + "Z" };
    Some(text.parse::<jiff::Timestamp>().ok()?.as_nanosecond())
}

/// A run that was killed says `running` for ever, so that proves nothing.
fn status(status: Option<&str>) -> Status {
    match status {
        Some("completed" | "cached") => Status::Finished,
        Some("failed" | "retried") => Status::Failed,
        Some("stopped" | "cancelled") => Status::Killed,
        _ => Status::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_utc() {
        for text in ["2026-11-28 03:57:28.516495", "2026-11-28T03:57:28.516495Z", "2026-11-28T09:27:28.516495+05:30"] {
            assert_eq!(
                time(text).map(|time| time.to_string()).as_deref(),
                Some("2026-11-28T03:57:28.516495Z"),
                "{text}"
            );
        }
        assert_eq!(
            time("2026-11-28 04:10:38 UTC").map(|time| time.to_string()).as_deref(),
            Some("2026-11-28T04:10:38Z")
        );
        assert!(time("").is_none() && time("running").is_none());
    }
}
