//! A server of MLflow 1.x to 3.x, over its REST API.
//!
//! Nothing is followed to another host, and everything that a server says is foreign: answers,
//! pages, listings and files are bounded. What a server does not tell is one finding for each run.

mod artifacts;
mod client;
mod registry;
mod run;
mod traces;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use self::client::Client;
pub use self::client::{Credentials, ServerError};
use super::run::{Experiment, List, Listed, PARENT_TAG, Run, Status};
use super::source::SourceError;
use crate::finding::{SourceCode, SourceFinding};
use crate::http::Http;
use crate::members::Members;

/// Runs and experiments of a page.
const PAGE: u64 = 1000;
/// Runs that are listed. A server that never ends its pages has an end here.
const MOST_RUNS: u64 = 1_000_000;
/// Experiments that are named in one question.
const EXPERIMENTS_AT_ONCE: usize = 100;

/// A server that was found to be one of MLflow.
#[derive(Debug)]
pub(super) struct Server {
    client: Client,
}

impl Server {
    /// Asks the server whether it is one of MLflow.
    pub fn open(address: &str, http: Arc<dyn Http>, credentials: &Credentials) -> Result<Self, SourceError> {
        let client = Client::new(address, http, credentials);
        let question = json!({"max_results": 1});
        client.post("api/2.0/mlflow/experiments/search", &question).map_err(|error| failed(&client, error))?;
        Ok(Self { client })
    }

    /// Lists the runs, deleted ones among them.
    pub fn list(&self) -> Result<List, SourceError> {
        let mut list = List::default();
        let mut names: BTreeMap<String, Option<String>> = BTreeMap::new();
        let mut add = |mut experiment: Map<String, Value>| {
            names.extend(experiment.take_text("experiment_id").map(|id| (id, experiment.take_text("name"))));
        };
        let question = json!({"view_type": "ALL"});
        self.walk("api/2.0/mlflow/experiments/search", &question, "experiments", &mut list.unread, &mut add)?;
        let ids: Vec<&String> = names.keys().collect();
        for ids in ids.chunks(EXPERIMENTS_AT_ONCE) {
            let question = json!({"experiment_ids": ids, "run_view_type": "ALL"});
            let runs = &mut list.runs;
            let mut add = |mut run: Map<String, Value>| {
                let Some(mut info) = run.remove("info").and_then(object) else { return };
                let info = run::info(&mut info);
                runs.push(Listed {
                    parent_run_id: parent_run_id(&run),
                    experiment_name: names.get(&info.experiment_id).cloned().flatten(),
                    run_id: info.run_id,
                    name: info.name,
                    experiment_id: info.experiment_id,
                    status: info.status,
                    start_ms: info.start_ms,
                    lifecycle: info.lifecycle,
                });
            };
            self.walk("api/2.0/mlflow/runs/search", &question, "runs", &mut list.unread, &mut add)?;
        }
        Ok(list)
    }

    /// Reads a run, whole.
    pub fn read(&self, run_id: &str) -> Result<Run, SourceError> {
        match run::read(&self.client, run_id) {
            Ok(run) => Ok(run),
            Err(error) if error.is_not_found() => Err(SourceError::NoRun { run_id: run_id.to_owned() }),
            Err(error) => Err(failed(&self.client, error)),
        }
    }

    /// Goes through all pages of a list.
    fn walk(
        &self,
        path: &str,
        question: &Value,
        member: &str,
        unread: &mut Vec<SourceFinding>,
        each: &mut dyn FnMut(Map<String, Value>),
    ) -> Result<(), SourceError> {
        let ask = |token: Option<&str>| {
            let mut question = question.clone();
            question["max_results"] = PAGE.into();
            if let Some(token) = token {
                question["page_token"] = token.into();
            }
            self.client.post(path, &question)
        };
        let Pages { items, ended } =
            pages(ask, member, MOST_RUNS, each).map_err(|error| failed(&self.client, error))?;
        if !ended {
            let detail = format!("the server did not come to an end after {items} {member}");
            unread.push(SourceFinding::new(SourceCode::Unreadable, member, detail));
        }
        Ok(())
    }
}

/// What came of a list.
struct Pages {
    items: u64,
    /// It may be too long, or go round in circles.
    ended: bool,
}

/// Goes through a list that comes in pages.
fn pages(
    mut ask: impl FnMut(Option<&str>) -> Result<Map<String, Value>, ServerError>,
    member: &str,
    most: u64,
    each: &mut dyn FnMut(Map<String, Value>),
) -> Result<Pages, ServerError> {
    let (mut items, mut seen, mut token) = (0, BTreeSet::new(), None::<String>);
    loop {
        let mut answer = ask(token.as_deref())?;
        for item in array(answer.remove(member)).filter_map(object) {
            items += 1;
            each(item);
        }
        token = answer.take_text("next_page_token").filter(|token| !token.is_empty());
        match &token {
            None => return Ok(Pages { items, ended: true }),
            Some(token) if items >= most || !seen.insert(token.clone()) => return Ok(Pages { items, ended: false }),
            Some(_) => {}
        }
    }
}

/// An experiment, whole.
fn experiment(client: &Client, id: &str) -> Result<Experiment, ServerError> {
    let mut answer = client.get("api/2.0/mlflow/experiments/get", &[("experiment_id", id)])?;
    let mut facts = answer.remove("experiment").and_then(object).ok_or(ServerError::Answer)?;
    facts.remove("experiment_id");
    Ok(Experiment {
        id: id.to_owned(),
        name: facts.take_text("name"),
        lifecycle: facts.take_text("lifecycle_stage").unwrap_or_else(|| "active".to_owned()),
        artifact_location: facts.take_text("artifact_location"),
        created_ms: facts.take_integer("creation_time"),
        updated_ms: facts.take_integer("last_update_time"),
        tags: pairs(facts.remove("tags")),
        traces_without_run: 0,
        extra: facts.rest(),
    })
}

/// `[{key, value}]`.
fn pairs(list: Option<Value>) -> BTreeMap<String, String> {
    let pair = |item: Value| {
        let mut item = object(item)?;
        Some((item.take_text("key")?, item.take_text("value").unwrap_or_default()))
    };
    array(list).filter_map(pair).collect()
}

fn array(value: Option<Value>) -> impl Iterator<Item = Value> {
    match value {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
    .into_iter()
}

fn object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

/// A word of MLflow for the state of a run.
fn status(word: Option<String>, extra: &mut Map<String, Value>) -> Option<Status> {
    let word = word?;
    let known = Status::parse(&word);
    if known.is_none() {
        extra.insert("status".to_owned(), Value::String(word));
    }
    known
}

fn failed(client: &Client, source: ServerError) -> SourceError {
    SourceError::Server { address: client.address().to_owned(), source: Box::new(source) }
}

/// The id of the run that a run of a list is nested in.
fn parent_run_id(run: &Map<String, Value>) -> Option<String> {
    let tags = run.get("data")?.get("tags")?.as_array()?;
    let tag = tags.iter().find(|tag| tag.get("key").and_then(Value::as_str) == Some(PARENT_TAG))?;
    tag.get("value")?.as_str().filter(|id| !id.is_empty()).map(str::to_owned)
}
