//! DVC: a revision of a project, or a `DVCLive` folder, becomes a bundle.
//!
//! DVC records no times, packages or machines, and no status: that a stage stands in `dvc.lock`
//! says that it ended well, and nothing else says anything.

mod bytes;
mod live;
mod outputs;
mod points;
mod recipe;
mod tracked;

use camino::Utf8Path;
use expbundle_format::Code;
use expbundle_format::record::{Kind, Status};
use expbundle_format::sections::{Context, Group};
use expbundle_format::time::Time;
use expbundle_trackers::dvc::{Project, Projects, Revision, Run};
use serde_json::Value;

use self::bytes::Bytes;
use crate::gate::Converted;
use crate::ledger::Ledger;
use crate::tracker::{self, Listed, Listing, Source, Tracker};
use crate::{ConvertError, Options};

/// DVC and `DVCLive`.
#[derive(Debug)]
pub(crate) struct Dvc;

impl Tracker for Dvc {
    fn name(&self) -> &'static str {
        "dvc"
    }

    fn reads(&self) -> &'static str {
        "DVC project with its git history and cache, dvclive/ folder"
    }

    fn open(&self, path: &Utf8Path) -> Result<Option<Box<dyn Source>>, ConvertError> {
        let projects = Projects::find(path).map_err(|error| tracker::unreadable(path, error))?;
        Ok(if projects.all().is_empty() { None } else { Some(Box::new(projects)) })
    }
}

impl Source for Projects {
    fn runs(&self) -> Result<Listing, ConvertError> {
        let mut listing = Listing::default();
        for (name, project) in self.all() {
            let index = project.index();
            listing.findings.extend(index.findings.iter().map(tracker::finding));
            listing.runs.extend(index.revisions.iter().map(|revision| listed(name, revision)));
        }
        Ok(listing)
    }

    fn convert(&self, key: &str, options: &Options<'_>) -> Result<Converted, ConvertError> {
        let (name, revision) = key.rsplit_once('/').unwrap_or(("", key));
        let missing = || ConvertError::no_such_run(key);
        let project = self.all().get(name).ok_or_else(missing)?;
        let run = project.read(revision).map_err(|error| tracker::unreadable(Utf8Path::new(name), error))?;
        build(project, &run.ok_or_else(missing)?, options)
    }
}

fn listed(project: &str, revision: &Revision) -> Listed {
    let key = if project.is_empty() { revision.key.clone() } else { format!("{project}/{}", revision.key) };
    Listed {
        id: revision.key.clone(),
        name: revision.title(),
        experiment: Some(project.to_owned()).filter(|name| !name.is_empty()),
        ..Listed::new(key)
    }
}

fn build(project: &Project, run: &Run, options: &Options<'_>) -> Result<Converted, ConvertError> {
    let has_run = run.found.locked > 0 || !run.lives.is_empty();
    // Data that is only tracked is a starting point: nothing that ran is recorded.
    let kind = if has_run || run.tracked.is_empty() { Kind::Run } else { Kind::Origin };
    let mut ledger = Ledger::new(kind, "dvc", options);
    ledger.source.layout = Some(layout(project, run).to_owned());
    ledger.findings(&run.findings);
    ledger.run(run.revision.key.clone());
    let context = context(&mut ledger, run);
    let mut bytes = Bytes::new(run, options)?;
    let mut recipe = recipe::map(&mut ledger, run);
    let mut live = live::map(&mut ledger, run, &mut recipe)?;
    outputs::map(&mut ledger, run, &mut bytes)?;
    tracked::map(&mut ledger, run, &mut bytes)?;
    live.summary.series = points::map(&mut ledger, run)?;
    metric_files(&mut ledger, run, &mut live.summary.declared);
    if kind == Kind::Run {
        ledger.body().status = Some(status(run, &bytes));
    }
    if !project.has_repository() {
        let message = "there is no git repository in the folder, so the commit is not known";
        ledger.finding(Code::SourceLoss, ".git", message);
    }
    recipe::gaps(&mut recipe, &ledger);
    ledger.section(context);
    ledger.section(recipe);
    ledger.section(live.summary);
    ledger.section(live.media);
    ledger.finish()
}

fn layout(project: &Project, run: &Run) -> &'static str {
    match (&run.revision.commit, project.has_repository()) {
        (Some(_), _) => "git commit",
        (None, true) => "work tree",
        (None, false) => "folder",
    }
}

/// A run finished if every stage that is meant to run stands in the lock, and nothing was changed
/// since: a stage that failed keeps the lock of the time before.
fn status(run: &Run, bytes: &Bytes<'_>) -> Status {
    let mut stages = run.pipelines.iter().flat_map(|pipeline| {
        let written = pipeline.written.get("stages").and_then(Value::as_object);
        written.into_iter().flat_map(|stages| stages.keys()).map(move |name| {
            let several = format!("{name}@");
            pipeline.locked.iter().any(|stage| stage.name == *name || stage.name.starts_with(&several))
        })
    });
    // What cannot be read may name more stages.
    let is_read =
        !run.findings.iter().any(|found| found.place.contains("dvc.yaml") || found.place.contains("dvc.lock"));
    let is_whole = is_read && run.found.locked > 0 && stages.all(|has_run| has_run);
    if is_whole && !bytes.is_stale { Status::Finished } else { Status::Unknown }
}

fn context(ledger: &mut Ledger<'_>, run: &Run) -> Context {
    let revision = &run.revision;
    let mut context = Context { title: revision.title().unwrap_or_else(|| revision.key.clone()), ..Context::default() };
    if !revision.refs.is_empty() {
        context.labels.insert("git refs".to_owned(), revision.refs.join(", "));
    }
    if let Some(baseline) = &revision.baseline {
        let group = Group {
            kind: "baseline".to_owned(),
            name: baseline.clone(),
            id: Some(baseline.clone()),
            ..Group::default()
        };
        context.groups.push(group);
    }
    let Some((_, commit)) = &revision.commit else { return context };
    ledger.person("author of the commit", &commit.author);
    if commit.committer != commit.author {
        ledger.person("committer", &commit.committer);
    }
    context.labels.insert("commit message".to_owned(), commit.message.clone());
    // When the results were recorded, which is after they were made.
    if let Some(time) = commit.seconds.checked_mul(1000).and_then(Time::from_milliseconds) {
        context.labels.insert("committed".to_owned(), time.to_string());
    }
    context
}

/// Files of metrics that `dvc.yaml` names and `DVCLive` did not write: JSON and YAML are read.
fn metric_files(ledger: &mut Ledger<'_>, run: &Run, declared: &mut std::collections::BTreeMap<String, Value>) {
    for path in outputs::metric_files(run) {
        let item = ledger.item("metrics file", &path);
        let tree = match run.text(&path) {
            Ok(Some(text)) => live::values(run, &path, &text),
            _ => None,
        };
        let Some(tree) = tree else {
            item.dropped("it is not here, or neither JSON nor YAML; as an artifact it is listed by its digest");
            continue;
        };
        let mut leaves = Vec::new();
        live::leaves("", '.', tree, &mut leaves);
        for (key, value) in leaves {
            let key =
                if declared.get(&key).is_some_and(|known| *known != value) { format!("{path}:{key}") } else { key };
            declared.insert(key, value);
        }
        item.mapped();
    }
}
