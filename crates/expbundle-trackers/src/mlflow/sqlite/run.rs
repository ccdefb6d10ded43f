//! One run of a database, whole.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use camino::Utf8PathBuf;
use serde_json::{Map, Value};

use crate::finding::{SourceCode, SourceFinding};
use crate::members::Members;
use crate::mlflow::files::Root;
use crate::mlflow::run::{
    Artifacts, DatasetInput, DatasetName, Experiment, LoggedModel, Metric, ModelEdge, ModelMetric, ModelVersion, Place,
    Point, RegisteredModel, Run, RunInfo, Status, Trace,
};
use crate::mlflow::{artifacts, registry};
use crate::sqlite::Reader;

/// Reads a run; `None` if there is no such one.
pub(super) fn read(reader: &Reader<'_>, root: &Root, run_id: &str, allowed: &[Utf8PathBuf]) -> Option<Run> {
    let mut run = Run::default();
    let row = reader.rows("runs", &[("run_uuid", run_id)], &mut run.findings).into_iter().next()?;
    run.info = run_info(row, run_id);
    run.experiment = read_experiment(reader, &run.info.experiment_id, &mut run.findings);
    run.found.experiment_tags = run.experiment.as_ref().map_or(0, |experiment| experiment.tags.len() as u64);
    run.params = read_pairs(reader, "params", ("run_uuid", run_id), ("key", "value"), &mut run.findings);
    run.found.params = run.params.len() as u64;
    run.tags = read_pairs(reader, "tags", ("run_uuid", run_id), ("key", "value"), &mut run.findings);
    run.found.tags = run.tags.len() as u64;
    if run.info.name.is_none() {
        run.info.name = run.tags.get("mlflow.runName").filter(|name| !name.is_empty()).cloned();
    }
    read_metrics(reader, run_id, &mut run);
    read_edges(reader, run_id, &mut run);
    let places = artifacts::roots(root, allowed);
    read_models(reader, run_id, &places, &mut run);
    run.tie_points();
    read_registry(reader, run_id, &mut run);
    read_traces(reader, run_id, &mut run);
    run.artifacts = read_artifacts(run.info.artifact_uri.as_deref(), run_id, &places, &mut run.findings);
    run.found.artifact_files = run.artifacts.files.len() as u64;
    run.findings.extend(artifacts::absent(&run, &places));
    Some(run)
}

fn run_info(mut row: Map<String, Value>, run_id: &str) -> RunInfo {
    row.remove("run_uuid");
    let status = row.take_text("status");
    let known = status.as_deref().map_or(Some(Status::Running), Status::parse);
    let mut info = RunInfo {
        run_id: run_id.to_owned(),
        experiment_id: row.take_text("experiment_id").unwrap_or_default(),
        name: row.take_text("name").filter(|name| !name.is_empty()),
        status: known,
        start_ms: row.take_integer("start_time"),
        end_ms: row.take_integer("end_time"),
        deleted_ms: row.take_integer("deleted_time"),
        lifecycle: row.take_text("lifecycle_stage").unwrap_or_else(|| "active".to_owned()),
        user: row.take_text("user_id").filter(|user| !user.is_empty()),
        artifact_uri: row.take_text("artifact_uri"),
        extra: row.rest(),
    };
    if let (None, Some(status)) = (known, status) {
        info.extra.insert("status".to_owned(), Value::String(status));
    }
    info
}

fn read_experiment(reader: &Reader<'_>, id: &str, findings: &mut Vec<SourceFinding>) -> Option<Experiment> {
    let mut row = reader.rows("experiments", &[("experiment_id", id)], findings).into_iter().next()?;
    row.remove("experiment_id");
    Some(Experiment {
        id: id.to_owned(),
        name: row.take_text("name"),
        lifecycle: row.take_text("lifecycle_stage").unwrap_or_else(|| "active".to_owned()),
        artifact_location: row.take_text("artifact_location"),
        created_ms: row.take_integer("creation_time"),
        updated_ms: row.take_integer("last_update_time"),
        tags: read_pairs(reader, "experiment_tags", ("experiment_id", id), ("key", "value"), findings),
        traces_without_run: traces_without_run(reader, id),
        extra: row.rest(),
    })
}

fn traces_without_run(reader: &Reader<'_>, experiment_id: &str) -> u64 {
    if !reader.has("trace_info", &["request_id", "experiment_id"])
        || !reader.has("trace_request_metadata", &["request_id", "key"])
    {
        return 0;
    }
    let sql = "SELECT count(*) FROM trace_info WHERE experiment_id = ?1 AND request_id NOT IN \
               (SELECT request_id FROM trace_request_metadata WHERE key = 'mlflow.sourceRun')";
    reader.count(sql, experiment_id).unwrap_or_default()
}

fn read_pairs(
    reader: &Reader<'_>,
    table: &str,
    owner: (&str, &str),
    (key, value): (&str, &str),
    findings: &mut Vec<SourceFinding>,
) -> BTreeMap<String, String> {
    let rows = reader.rows(table, &[owner], findings);
    let pair = |mut row: Map<String, Value>| Some((row.take_text(key)?, row.take_text(value).unwrap_or_default()));
    rows.into_iter().filter_map(pair).collect()
}

/// Series under construction, found by key.
#[derive(Default)]
struct Series {
    metrics: Vec<Metric>,
    by_key: HashMap<String, usize>,
    /// The series of the row before: MLflow writes keys in turn, or one after another.
    last: usize,
    unreadable: u64,
}

impl Series {
    fn push(&mut self, key: &str, point: Point) {
        let is_at = |index: usize| self.metrics.get(index).is_some_and(|metric| metric.key == key);
        let next = if self.last + 1 < self.metrics.len() { self.last + 1 } else { 0 };
        self.last = match [self.last, next].into_iter().find(|index| is_at(*index)) {
            Some(expected) => expected,
            None => self.by_key.get(key).copied().unwrap_or_else(|| {
                self.metrics.push(Metric { key: key.to_owned(), ..Metric::default() });
                self.by_key.insert(key.to_owned(), self.metrics.len() - 1);
                self.metrics.len() - 1
            }),
        };
        if let Some(metric) = self.metrics.get_mut(self.last) {
            metric.points.push(point);
        }
    }
}

fn read_metrics(reader: &Reader<'_>, run_id: &str, run: &mut Run) {
    let has_nan = reader.has("metrics", &["is_nan"]);
    // The first stores had no steps.
    let has_step = reader.has("metrics", &["step"]);
    let mut columns = vec!["key", "value", "timestamp"];
    columns.extend(has_step.then_some("step"));
    columns.extend(has_nan.then_some("is_nan"));
    let nan_column = columns.len().saturating_sub(1);
    let equal = [("run_uuid", run_id)];
    let series = reader.fold("metrics", &columns, &equal, &mut run.findings, Series::default, |series, row| {
        let read = || {
            let key = row.str(0)?;
            let value = row.float(1)?;
            let timestamp_ms = row.integer(2)?;
            let step = if has_step { row.integer(3)? } else { 0 };
            let is_nan = has_nan && row.integer(nan_column).is_some_and(|flag| flag != 0);
            let value = if is_nan { f64::NAN } else { value };
            Some((key, Point { timestamp_ms, value, step, dataset: None }))
        };
        match read() {
            Some((key, point)) => {
                series.push(key, point);
            }
            None => series.unreadable += 1,
        }
    });
    if series.unreadable > 0 {
        run.found.unread.points += series.unreadable;
        let detail = format!("{} rows of this run are not points", series.unreadable);
        run.findings.push(SourceFinding::new(SourceCode::Damaged, "table metrics", detail));
    }
    run.set_metrics(series.metrics);
    run.doubt_largest("table metrics");
}

fn read_edges(reader: &Reader<'_>, run_id: &str, run: &mut Run) {
    let mut inputs = reader.rows("inputs", &[("destination_id", run_id)], &mut run.findings);
    inputs.extend(reader.rows("inputs", &[("source_id", run_id)], &mut run.findings));
    for mut row in inputs {
        let edge = row.take_text("input_uuid").unwrap_or_default();
        let tags = read_pairs(reader, "input_tags", ("input_uuid", &edge), ("name", "value"), &mut run.findings);
        let source_type = row.take_text("source_type").unwrap_or_default();
        let destination_type = row.take_text("destination_type").unwrap_or_default();
        let source_id = row.take_text("source_id").unwrap_or_default();
        let destination_id = row.take_text("destination_id").unwrap_or_default();
        let step = row.take_integer("step");
        match (source_type.as_str(), destination_type.as_str()) {
            ("DATASET", "RUN") => {
                run.found.datasets += 1;
                let dataset = read_dataset(reader, source_id, tags, &mut run.findings);
                run.datasets.push(dataset);
            }
            ("RUN_INPUT", "MODEL_INPUT") => {
                run.found.model_inputs += 1;
                run.model_inputs.push(ModelEdge { model_id: destination_id, step: None, tags });
            }
            ("RUN_OUTPUT", "MODEL_OUTPUT") => {
                run.found.model_outputs += 1;
                run.model_outputs.push(ModelEdge { model_id: destination_id, step, tags });
            }
            _ => {
                let detail = format!("an edge from `{source_type}` to `{destination_type}`");
                run.findings.push(SourceFinding::new(SourceCode::Unsupported, "table inputs", detail));
            }
        }
    }
    run.datasets.sort_by(|a, b| (&a.name, &a.context, &a.id).cmp(&(&b.name, &b.context, &b.id)));
    run.model_inputs.sort_by(|a, b| a.model_id.cmp(&b.model_id));
    run.model_outputs.sort_by(|a, b| a.model_id.cmp(&b.model_id));
}

fn read_dataset(
    reader: &Reader<'_>,
    id: String,
    tags: BTreeMap<String, String>,
    findings: &mut Vec<SourceFinding>,
) -> DatasetInput {
    let context = tags.get("mlflow.data.context").cloned();
    let mut dataset = DatasetInput { id, context, tags, ..DatasetInput::default() };
    let Some(mut row) = reader.rows("datasets", &[("dataset_uuid", &dataset.id)], findings).into_iter().next() else {
        let place = format!("datasets/{}", dataset.id);
        findings.push(SourceFinding::new(SourceCode::Missing, place, "a data set that the run names is not here"));
        return dataset;
    };
    row.remove("dataset_uuid");
    row.remove("experiment_id");
    dataset.name = DatasetName {
        name: row.take_text("name").unwrap_or_default(),
        digest: row.take_text("digest").unwrap_or_default(),
    };
    dataset.source_type = row.take_text("dataset_source_type");
    dataset.source = row.take_text("dataset_source");
    dataset.schema = row.take_text("dataset_schema");
    dataset.profile = row.take_text("dataset_profile");
    dataset.extra = row.rest();
    dataset
}

fn read_models(reader: &Reader<'_>, run_id: &str, places: &[Root], run: &mut Run) {
    let mut rows = BTreeMap::new();
    for row in reader.rows("logged_models", &[("source_run_id", run_id)], &mut run.findings) {
        rows.insert(row.get("model_id").and_then(Value::as_str).unwrap_or_default().to_owned(), row);
    }
    let named: BTreeSet<String> =
        run.model_inputs.iter().chain(&run.model_outputs).map(|edge| edge.model_id.clone()).collect();
    for id in named {
        if rows.contains_key(&id) {
            continue;
        }
        let row = reader.rows("logged_models", &[("model_id", &id)], &mut run.findings).into_iter().next();
        if let Some(row) = row {
            rows.insert(id, row);
        } else {
            let detail = "a logged model that the run names is not here";
            run.findings.push(SourceFinding::new(SourceCode::Missing, id, detail));
        }
    }
    for (id, row) in rows {
        let model = read_model(reader, id, row, places, &mut run.findings);
        run.found.logged_models += 1;
        run.found.model_files += model.artifacts.files.len() as u64;
        run.logged_models.push(model);
    }
}

fn read_model(
    reader: &Reader<'_>,
    id: String,
    mut row: Map<String, Value>,
    places: &[Root],
    findings: &mut Vec<SourceFinding>,
) -> LoggedModel {
    row.remove("model_id");
    let own = ("model_id", id.as_str());
    let params = read_pairs(reader, "logged_model_params", own, ("param_key", "param_value"), findings);
    let tags = read_pairs(reader, "logged_model_tags", own, ("tag_key", "tag_value"), findings);
    let mut metrics: Vec<ModelMetric> =
        reader.rows("logged_model_metrics", &[own], findings).into_iter().filter_map(model_metric).collect();
    metrics.sort_by(|a, b| (&a.key, a.step, a.timestamp_ms).cmp(&(&b.key, b.step, b.timestamp_ms)));
    let artifact_location = row.take_text("artifact_location");
    let artifacts = read_artifacts(artifact_location.as_deref(), &id, places, findings);
    let external = tags.get("mlflow.model.isExternal").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    if artifacts.place == Place::Absent && !external {
        findings.push(SourceFinding::new(SourceCode::Missing, &id, "the files of this logged model are not here"));
    }
    LoggedModel {
        name: row.take_text("name"),
        experiment_id: row.take_text("experiment_id"),
        source_run_id: row.take_text("source_run_id"),
        model_type: row.take_text("model_type").filter(|text| !text.is_empty()),
        status: row.take_text("status").map(|status| LoggedModel::status_word(&status)),
        created_ms: row.take_integer("creation_timestamp_ms"),
        updated_ms: row.take_integer("last_updated_timestamp_ms"),
        artifact_location,
        params,
        tags,
        metrics,
        artifacts,
        extra: row.rest(),
        model_id: id,
    }
}

fn model_metric(mut row: Map<String, Value>) -> Option<ModelMetric> {
    let dataset_name = row.take_text("dataset_name").filter(|name| !name.is_empty());
    Some(ModelMetric {
        key: row.take_text("metric_name")?,
        timestamp_ms: row.take_integer("metric_timestamp_ms")?,
        value: row.take_float("metric_value")?,
        step: row.take_integer("metric_step").unwrap_or_default(),
        run_id: row.take_text("run_id"),
        dataset: dataset_name
            .map(|name| DatasetName { name, digest: row.take_text("dataset_digest").unwrap_or_default() }),
    })
}

fn read_registry(reader: &Reader<'_>, run_id: &str, run: &mut Run) {
    let mut findings = Vec::new();
    let mut names = BTreeSet::new();
    let mut note = |equal: (&str, &str), findings: &mut Vec<SourceFinding>| {
        for mut row in reader.rows("model_versions", &[equal], findings) {
            names.extend(row.take_text("name"));
        }
    };
    note(("run_id", run_id), &mut findings);
    for model in &run.logged_models {
        note(("source", &format!("models:/{}", model.model_id)), &mut findings);
    }
    if run.tags.contains_key("mlflow.linkedPrompts") {
        for mut row in reader.rows("registered_model_tags", &[("key", "mlflow.prompt.is_prompt")], &mut findings) {
            names.extend(row.take_text("name"));
        }
    }
    let models: Vec<RegisteredModel> = names.iter().map(|name| read_registered(reader, name, &mut findings)).collect();
    run.findings.append(&mut findings);
    registry::attach(run, &models);
}

fn read_registered(reader: &Reader<'_>, name: &str, findings: &mut Vec<SourceFinding>) -> RegisteredModel {
    let own = ("name", name);
    let mut row = reader.rows("registered_models", &[own], findings).into_iter().next().unwrap_or_default();
    row.remove("name");
    let mut model = RegisteredModel {
        name: name.to_owned(),
        description: row.take_text("description"),
        created_ms: row.take_integer("creation_time"),
        updated_ms: row.take_integer("last_updated_time"),
        tags: read_pairs(reader, "registered_model_tags", own, ("key", "value"), findings),
        aliases: read_pairs(reader, "registered_model_aliases", own, ("alias", "version"), findings),
        versions: Vec::new(),
        extra: row.rest(),
    };
    for mut row in reader.rows("model_versions", &[own], findings) {
        row.remove("name");
        let version = row.take_text("version").unwrap_or_default();
        let source = row.take_text("source");
        let both = [own, ("version", version.as_str())];
        let tags = reader.rows("model_version_tags", &both, findings).into_iter();
        let tags = tags.filter_map(|mut tag| Some((tag.take_text("key")?, tag.take_text("value").unwrap_or_default())));
        model.versions.push(ModelVersion {
            tags: tags.collect(),
            storage_location: row.take_text("storage_location"),
            run_id: row.take_text("run_id").filter(|id| !id.is_empty()),
            model_id: registry::model_id_of_source(source.as_deref()),
            stage: row.take_text("current_stage"),
            status: row.take_text("status"),
            description: row.take_text("description"),
            created_ms: row.take_integer("creation_time"),
            updated_ms: row.take_integer("last_updated_time"),
            user: row.take_text("user_id").filter(|user| !user.is_empty()),
            extra: row.rest(),
            source,
            version,
        });
    }
    registry::sort_versions(&mut model.versions);
    model
}

fn read_traces(reader: &Reader<'_>, run_id: &str, run: &mut Run) {
    let named = [("key", "mlflow.sourceRun"), ("value", run_id)];
    let ids: BTreeSet<String> = reader
        .rows("trace_request_metadata", &named, &mut run.findings)
        .into_iter()
        .filter_map(|mut row| row.take_text("request_id"))
        .collect();
    for id in ids {
        let own = ("request_id", id.as_str());
        let rows = reader.rows("trace_info", &[own], &mut run.findings);
        let mut info = rows.into_iter().next().unwrap_or_default().rest();
        for (member, table) in [("tags", "trace_tags"), ("request_metadata", "trace_request_metadata")] {
            let pairs = read_pairs(reader, table, own, ("key", "value"), &mut run.findings);
            let pairs = pairs.into_iter().map(|(key, value)| (key, Value::String(value))).collect();
            info.insert(member.to_owned(), Value::Object(pairs));
        }
        let spans = reader.rows("spans", &[("trace_id", id.as_str())], &mut run.findings);
        let spans = spans.into_iter().map(|row| Value::Object(row.rest())).collect();
        run.found.traces += 1;
        run.traces.push(Trace { id, info, spans });
    }
}

fn read_artifacts(uri: Option<&str>, id: &str, places: &[Root], findings: &mut Vec<SourceFinding>) -> Artifacts {
    let Some(uri) = uri else { return Artifacts::default() };
    let artifacts = artifacts::locate(uri, id, places, findings);
    if artifacts.place == Place::Remote {
        findings.push(artifacts::remote(uri, id));
    }
    artifacts
}
