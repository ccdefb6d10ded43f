//! MLflow: a run of a file store, a database or an export becomes a bundle.
//!
//! A nested run is `part-of` its parent: the parent is converted too, for its record's digest, and
//! does not travel in the child's bundle.

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

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_format::Code;
use expbundle_format::record;
use expbundle_format::time::Time;
use expbundle_trackers::mlflow::{Credentials, Run, Source as Store, SourceError, SourceKind, Status};

use self::mapping::Mapping;
use crate::ancestry::{Ancestry, ParentLink, Read, Steps};
use crate::gate::Converted;
use crate::tracker::{self, Listed, Listing, Network, Source, Tracker};
use crate::{ConvertError, Options};

/// MLflow.
#[derive(Debug)]
pub(crate) struct Mlflow;

impl Tracker for Mlflow {
    fn name(&self) -> &'static str {
        "mlflow"
    }

    fn reads(&self) -> &'static str {
        "mlruns/ folder, mlflow.db with its artifacts, mlflow-export-import folder, address of a server"
    }

    fn open(&self, path: &Utf8Path) -> Result<Option<Box<dyn Source>>, ConvertError> {
        match Store::open(path) {
            Ok(store) => Ok(Some(Box::new(Opened { path: path.to_owned(), store, ancestry: Ancestry::default() }))),
            Err(SourceError::Unknown { .. }) => Ok(None),
            Err(error) => Err(tracker::unreadable(path, error)),
        }
    }

    fn open_server(&self, address: &str, network: &Network<'_>) -> Result<Option<Box<dyn Source>>, ConvertError> {
        let path = Utf8PathBuf::from(address);
        let store = Store::open_server(address, Arc::clone(&network.http), &credentials(network))
            .map_err(|error| tracker::unreadable(&path, error))?;
        Ok(Some(Box::new(Opened { path, store, ancestry: Ancestry::default() })))
    }
}

/// What MLflow's own client takes from its environment.
fn credentials(network: &Network<'_>) -> Credentials {
    let secret = |name| (network.secret)(name).filter(|value| !value.is_empty());
    match (secret("MLFLOW_TRACKING_USERNAME"), secret("MLFLOW_TRACKING_PASSWORD"), secret("MLFLOW_TRACKING_TOKEN")) {
        (Some(user), Some(password), _) => Credentials::Password { user, password },
        (_, _, Some(token)) => Credentials::Token(token),
        _ => Credentials::None,
    }
}

/// An opened store or export.
struct Opened {
    path: Utf8PathBuf,
    store: Store,
    ancestry: Ancestry,
}

impl Source for Opened {
    fn runs(&self) -> Result<Listing, ConvertError> {
        let list = self.store.list().map_err(|error| tracker::unreadable(&self.path, error))?;
        let runs = list.runs.into_iter().map(|run| Listed {
            name: run.name,
            experiment: run.experiment_name,
            experiment_id: Some(run.experiment_id),
            status: status(run.status),
            started: run.start_ms.and_then(Time::from_milliseconds),
            deleted: run.lifecycle == "deleted",
            parent: run.parent_run_id,
            ..Listed::new(run.run_id)
        });
        let [unread, findings] = [list.unread, list.findings].map(|found| found.iter().map(tracker::finding).collect());
        Ok(Listing { runs: runs.collect(), unread, findings })
    }

    fn convert(&self, key: &str, options: &Options<'_>) -> Result<Converted, ConvertError> {
        self.ancestry.convert(self, key, options)
    }
}

impl Steps for Opened {
    type Run = Run;

    fn read(&self, key: &str, options: &Options<'_>) -> Result<Option<Read<Run>>, ConvertError> {
        match self.store.read_with(key, options.files) {
            Ok(run) => Ok(Some(Read { parent: run.parent_run_id().map(str::to_owned), run })),
            Err(SourceError::NoRun { .. }) => Ok(None),
            Err(error) => Err(tracker::unreadable(&self.path, error)),
        }
    }

    fn build(&self, run: Run, parent: ParentLink, options: &Options<'_>) -> Result<Converted, ConvertError> {
        build(self.store.kind(), &run, parent, options)
    }
}

fn build(kind: SourceKind, run: &Run, parent: ParentLink, options: &Options<'_>) -> Result<Converted, ConvertError> {
    let mut mapping = Mapping::new(run, options);
    mapping.ledger.source.layout = Some(layout(kind).to_owned());
    mapping.ledger.run(run.info.run_id.clone());
    let body = mapping.ledger.body();
    body.started = run.info.start_ms.and_then(Time::from_milliseconds);
    body.ended = run.info.end_ms.and_then(Time::from_milliseconds);
    body.status = Some(status(run.info.status));
    nested(&mut mapping, parent);

    let files = files::map(&mut mapping)?;
    models::map(&mut mapping, &files)?;
    datasets::map(&mut mapping);
    let context = context::map(&mut mapping);
    let recipe = recipe::map(&mut mapping, &files)?;
    let evaluations = evaluations::map(&mut mapping);
    let goals = context::goals(&mut mapping);
    series::write(&mut mapping, &goals)?;
    rest::map(&mut mapping)?;

    let Mapping { mut ledger, tags, experiment_tags, .. } = mapping;
    tags.keep();
    experiment_tags.keep();
    ledger.section(context);
    ledger.section(recipe);
    ledger.section(evaluations);
    ledger.section(media::map(&files));
    ledger.finish()
}

/// Names the run that this one is nested in.
fn nested(mapping: &mut Mapping<'_>, parent: ParentLink) {
    mapping.ledger.parent(parent, "part-of");
    let trouble = match parent {
        ParentLink::None => return,
        ParentLink::Record(_) => {
            mapping.tags.take("mlflow.parentRunId");
            return;
        }
        ParentLink::Missing => "the run is nested in one that is not in this source",
        ParentLink::Circle => "the run is nested in itself, through others",
    };
    mapping.ledger.finding(Code::SourceMissing, "tags/mlflow.parentRunId", trouble);
}

fn layout(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::FileStore => "file-store",
        SourceKind::Database => "sqlite",
        SourceKind::Export => "mlflow-export-import",
        SourceKind::Server => "server",
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
