//! One run of a server, whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::client::{Client, Query, ServerError};
use super::{Pages, array, artifacts, experiment, object, pages, pairs, registry, status, traces};
use crate::finding::{SourceCode, SourceFinding};
use crate::members::Members;
use crate::mlflow::run::{
    Artifacts, DatasetInput, DatasetName, LoggedModel, Metric, ModelEdge, ModelMetric, Place, Point, Run, RunInfo,
};
use crate::scratch::Scratch;

/// Points of a page: the most that MLflow gives.
const POINTS: &str = "25000";
/// Points of one series.
const MOST_POINTS: u64 = 100_000_000;

/// Reads a run.
pub(super) fn read(client: &Client, run_id: &str) -> Result<Run, ServerError> {
    let mut answer = client.get("api/2.0/mlflow/runs/get", &[("run_id", run_id)])?;
    let mut whole = answer.remove("run").and_then(object).ok_or(ServerError::Answer)?;
    let mut run =
        Run { info: info(&mut whole.remove("info").and_then(object).ok_or(ServerError::Answer)?), ..Run::default() };
    if run.info.run_id.is_empty() {
        run_id.clone_into(&mut run.info.run_id);
    }
    let mut data = whole.remove("data").and_then(object).unwrap_or_default();
    run.params = pairs(data.remove("params"));
    run.tags = pairs(data.remove("tags"));
    run.found.params = run.params.len() as u64;
    run.found.tags = run.tags.len() as u64;
    if run.info.name.is_none() {
        run.info.name = run.tags.get("mlflow.runName").filter(|name| !name.is_empty()).cloned();
    }
    match experiment(client, &run.info.experiment_id) {
        Ok(experiment) => {
            run.found.experiment_tags = experiment.tags.len() as u64;
            run.experiment = Some(experiment);
        }
        Err(error) => run.findings.push(missing("experiment", &error)),
    }
    metrics(client, run_id, data.remove("metrics"), &mut run)?;
    edges(&mut whole, &mut run);
    let folder = Scratch::new().map_err(ServerError::Write)?;
    models(client, &folder, &mut run)?;
    run.tie_points();
    registry::attach(client, &mut run);
    files(client, &folder, &mut run)?;
    traces::read(client, &mut run);
    run.downloads = Some(Arc::new(folder));
    run.doubt_largest("metrics");
    let detail = "a server does not tell when a run was deleted and where it keeps the files of a version, and is not \
                  asked for traces that name no run";
    run.findings.push(SourceFinding::new(SourceCode::Loss, "server", detail));
    Ok(run)
}

/// Ids, name, status and times.
pub(super) fn info(facts: &mut Map<String, Value>) -> RunInfo {
    let old_id = facts.take_text("run_uuid");
    let mut info = RunInfo {
        run_id: facts.take_text("run_id").or(old_id).unwrap_or_default(),
        experiment_id: facts.take_text("experiment_id").unwrap_or_default(),
        name: facts.take_text("run_name").filter(|name| !name.is_empty()),
        start_ms: facts.take_integer("start_time"),
        end_ms: facts.take_integer("end_time").filter(|end| *end != 0),
        deleted_ms: facts.take_integer("deleted_time"),
        lifecycle: facts.take_text("lifecycle_stage").unwrap_or_else(|| "active".to_owned()),
        user: facts.take_text("user_id").filter(|user| !user.is_empty()),
        artifact_uri: facts.take_text("artifact_uri"),
        status: None,
        extra: Map::new(),
    };
    info.status = status(facts.take_text("status"), facts);
    info.extra = std::mem::take(facts).rest();
    info
}

/// The history of each key that the run has a latest value of.
fn metrics(client: &Client, run_id: &str, latest: Option<Value>, run: &mut Run) -> Result<(), ServerError> {
    let mut all: BTreeMap<String, Metric> = BTreeMap::new();
    for key in array(latest).filter_map(|one| object(one)?.take_text("key")) {
        if all.contains_key(&key) {
            continue;
        }
        let mut points = Vec::new();
        let Pages { items, ended } = history(client, run_id, &key, &mut points)?;
        let place = format!("metrics/{key}");
        let unread = items.saturating_sub(points.len() as u64);
        if unread > 0 {
            let detail = format!("{unread} points cannot be read");
            run.findings.push(SourceFinding::new(SourceCode::Damaged, &place, detail));
            run.found.unread.add_points(&Metric { key: key.clone(), ..Metric::default() }, unread);
        }
        if !ended {
            let detail = format!("the server did not come to an end after {items} points");
            run.findings.push(SourceFinding::new(SourceCode::Truncated, &place, detail));
        }
        all.insert(key.clone(), Metric { key, points, ..Metric::default() });
    }
    run.set_metrics(all.into_values().collect());
    Ok(())
}

fn history(client: &Client, run_id: &str, key: &str, points: &mut Vec<Point>) -> Result<Pages, ServerError> {
    const PATH: &str = "api/2.0/mlflow/metrics/get-history";
    let own: &Query<'_> = &[("run_id", run_id), ("metric_key", key)];
    let by_pages = |token: Option<&str>| {
        let mut query = own.to_vec();
        query.push(("max_results", POINTS));
        query.extend(token.map(|token| ("page_token", token)));
        client.get(PATH, &query)
    };
    match pages(by_pages, "metrics", MOST_POINTS, &mut |one| points.extend(point(one))) {
        // File stores give everything at once, and refuse to do it by pages.
        Err(ServerError::Refused { .. }) if points.is_empty() => {
            pages(|_| client.get(PATH, own), "metrics", MOST_POINTS, &mut |one| points.extend(point(one)))
        }
        answer => answer,
    }
}

fn point(mut point: Map<String, Value>) -> Option<Point> {
    Some(Point {
        timestamp_ms: point.take_integer("timestamp")?,
        value: point.take_float("value")?,
        step: point.take_integer("step").unwrap_or_default(),
        dataset: None,
    })
}

fn edges(whole: &mut Map<String, Value>, run: &mut Run) {
    let mut inputs = whole.remove("inputs").and_then(object).unwrap_or_default();
    let mut outputs = whole.remove("outputs").and_then(object).unwrap_or_default();
    run.datasets = array(inputs.remove("dataset_inputs")).filter_map(dataset).collect();
    run.model_inputs = array(inputs.remove("model_inputs")).filter_map(edge).collect();
    run.model_outputs = array(outputs.remove("model_outputs")).filter_map(edge).collect();
    run.datasets.sort_by(|a, b| (&a.name, &a.context, &a.id).cmp(&(&b.name, &b.context, &b.id)));
    run.model_inputs.sort_by(|a, b| a.model_id.cmp(&b.model_id));
    run.model_outputs.sort_by(|a, b| a.model_id.cmp(&b.model_id));
    run.found.datasets = run.datasets.len() as u64;
    run.found.model_inputs = run.model_inputs.len() as u64;
    run.found.model_outputs = run.model_outputs.len() as u64;
}

fn dataset(input: Value) -> Option<DatasetInput> {
    let mut input = object(input)?;
    let tags = pairs(input.remove("tags"));
    let mut facts = input.remove("dataset").and_then(object)?;
    let name = facts.take_text("name").unwrap_or_default();
    let digest = facts.take_text("digest").unwrap_or_default();
    Some(DatasetInput {
        id: String::new(),
        name: DatasetName { name, digest },
        context: tags.get("mlflow.data.context").cloned(),
        tags,
        source_type: facts.take_text("source_type"),
        source: facts.take_text("source"),
        schema: facts.take_text("schema"),
        profile: facts.take_text("profile"),
        extra: facts.rest(),
    })
}

fn edge(edge: Value) -> Option<ModelEdge> {
    let mut edge = object(edge)?;
    Some(ModelEdge { model_id: edge.take_text("model_id")?, step: edge.take_integer("step"), tags: BTreeMap::new() })
}

/// The logged models that the run took in or put out.
fn models(client: &Client, folder: &Scratch, run: &mut Run) -> Result<(), ServerError> {
    let mut ids: Vec<String> =
        run.model_inputs.iter().chain(&run.model_outputs).map(|edge| edge.model_id.clone()).collect();
    ids.sort();
    ids.dedup();
    for id in ids {
        let mut model = match model(client, &id) {
            Ok(model) => model,
            Err(error) => {
                run.findings.push(missing(&id, &error));
                continue;
            }
        };
        let at = artifacts::At::Model(&id);
        match artifacts::fetch(client, at, folder, &mut run.findings)? {
            Some(files) => model.artifacts = files,
            None => model.artifacts.place = Place::Remote,
        }
        run.found.logged_models += 1;
        run.found.model_files += model.artifacts.files.len() as u64;
        run.logged_models.push(model);
    }
    Ok(())
}

fn model(client: &Client, id: &str) -> Result<LoggedModel, ServerError> {
    let mut answer = client.get(&format!("api/2.0/mlflow/logged-models/{}", artifacts::segment(id)), &[])?;
    let mut model = answer.remove("model").and_then(object).ok_or(ServerError::Answer)?;
    let mut facts = model.remove("info").and_then(object).ok_or(ServerError::Answer)?;
    let mut data = model.remove("data").and_then(object).unwrap_or_default();
    facts.remove("model_id");
    let mut metrics: Vec<ModelMetric> = array(data.remove("metrics")).filter_map(model_metric).collect();
    metrics.sort_by(|a, b| (&a.key, a.step, a.timestamp_ms).cmp(&(&b.key, b.step, b.timestamp_ms)));
    Ok(LoggedModel {
        model_id: id.to_owned(),
        name: facts.take_text("name"),
        experiment_id: facts.take_text("experiment_id"),
        source_run_id: facts.take_text("source_run_id").filter(|id| !id.is_empty()),
        model_type: facts.take_text("model_type").filter(|kind| !kind.is_empty()),
        status: facts.take_text("status").map(|status| {
            let word = status.strip_prefix("LOGGED_MODEL_").unwrap_or(&status);
            LoggedModel::status_word(word.strip_prefix("UPLOAD_").unwrap_or(word))
        }),
        created_ms: facts.take_integer("creation_timestamp_ms"),
        updated_ms: facts.take_integer("last_updated_timestamp_ms"),
        artifact_location: facts.take_text("artifact_uri"),
        params: pairs(data.remove("params")),
        tags: pairs(facts.remove("tags")),
        metrics,
        artifacts: Artifacts::default(),
        extra: facts.rest(),
    })
}

fn model_metric(metric: Value) -> Option<ModelMetric> {
    let mut metric = object(metric)?;
    let name = metric.take_text("dataset_name").filter(|name| !name.is_empty());
    Some(ModelMetric {
        key: metric.take_text("key")?,
        timestamp_ms: metric.take_integer("timestamp")?,
        value: metric.take_float("value")?,
        step: metric.take_integer("step").unwrap_or_default(),
        run_id: metric.take_text("run_id"),
        dataset: name.map(|name| DatasetName { name, digest: metric.take_text("dataset_digest").unwrap_or_default() }),
    })
}

fn files(client: &Client, folder: &Scratch, run: &mut Run) -> Result<(), ServerError> {
    let run_id = run.info.run_id.clone();
    match artifacts::fetch(client, artifacts::At::Run(&run_id), folder, &mut run.findings)? {
        Some(files) => run.artifacts = files,
        None => run.artifacts.place = Place::Remote,
    }
    run.found.artifact_files = run.artifacts.files.len() as u64;
    Ok(())
}

/// Something that the server does not give.
pub(super) fn missing(what: &str, error: &ServerError) -> SourceFinding {
    SourceFinding::new(SourceCode::Missing, what, format!("it is not to be had: {error}"))
}
