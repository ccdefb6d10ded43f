//! A run of a pipeline, and a run of a step, whole.

use camino::Utf8Path;
use serde_json::Value;

use super::artifacts::{self, Edge};
use super::logs::{self, Log};
use super::metadata::{self, Metadata};
use super::store::{first, version};
use super::{Row, text};
use crate::finding::SourceFinding;
use crate::sqlite::Reader;
use crate::text::{Json, read_json};

/// A version of a model that a run belongs to.
#[derive(Clone, Debug, Default)]
pub struct ModelVersion {
    /// The row of the version.
    pub version: Row,
    /// The row of the model.
    pub model: Row,
    /// What is written of it.
    pub metadata: Vec<Metadata>,
    /// Its tags.
    pub tags: Vec<String>,
}

/// A run of a pipeline.
#[derive(Clone, Debug, Default)]
pub struct PipelineRun {
    /// The release that wrote the database.
    pub zenml: Option<String>,
    /// The row of the run.
    pub row: Row,
    /// What was submitted.
    pub snapshot: Row,
    /// The pipeline.
    pub pipeline: Row,
    /// The project.
    pub project: Row,
    /// Who ran it.
    pub user: Row,
    /// The stack.
    pub stack: Row,
    /// Its components.
    pub components: Vec<Row>,
    /// The commit.
    pub code: Row,
    /// The repository of the commit.
    pub repository: Row,
    /// The images that were built.
    pub build: Row,
    /// The version of a model.
    pub model: Option<ModelVersion>,
    /// Tags.
    pub tags: Vec<String>,
    /// Metadata of the run itself.
    pub metadata: Vec<Metadata>,
    /// Every step run of it.
    pub steps: Vec<Row>,
    /// Settings of steps by name, those that never started among them.
    pub settings: Vec<(String, Value)>,
    /// Logs of the run itself.
    pub logs: Vec<Log>,
    /// What could not be read.
    pub findings: Vec<SourceFinding>,
}

/// A run of a step.
#[derive(Clone, Debug, Default)]
pub struct StepRun {
    /// The release that wrote the database.
    pub zenml: Option<String>,
    /// The row of the step run.
    pub row: Row,
    /// The row of the run of the pipeline.
    pub run: Row,
    /// The pipeline.
    pub pipeline: Row,
    /// What was set for it.
    pub settings: Value,
    /// What it took in.
    pub inputs: Vec<Edge>,
    /// What it put out.
    pub outputs: Vec<Edge>,
    /// Metadata of it.
    pub metadata: Vec<Metadata>,
    /// The version of a model that it belongs to.
    pub model: Option<ModelVersion>,
    /// Who ran it.
    pub user: Row,
    /// The environment of the run.
    pub snapshot: Row,
    /// The commit.
    pub code: Row,
    /// The repository of the commit.
    pub repository: Row,
    /// Its logs.
    pub logs: Vec<Log>,
    /// What could not be read.
    pub findings: Vec<SourceFinding>,
}

/// Whether a step did not run: its results are those of an earlier one.
pub(super) fn is_cached(status: Option<&str>, original: Option<&str>) -> bool {
    matches!(status, Some("cached" | "skipped")) || original.is_some_and(|original| !original.is_empty())
}

fn row_of(reader: &Reader<'_>, table: &str, of: &Row, column: &str, findings: &mut Vec<SourceFinding>) -> Row {
    text(of, column).and_then(|id| first(reader, table, id, findings)).unwrap_or_default()
}

/// What was submitted: since 0.90 a snapshot, before a deployment.
fn snapshot(reader: &Reader<'_>, row: &Row, findings: &mut Vec<SourceFinding>) -> Row {
    let snapshot = row_of(reader, "pipeline_snapshot", row, "snapshot_id", findings);
    if snapshot.is_empty() { row_of(reader, "pipeline_deployment", row, "deployment_id", findings) } else { snapshot }
}

/// A column of the run, or of what was submitted.
fn either<'a>(row: &'a Row, snapshot: &'a Row, column: &str) -> &'a Row {
    if text(snapshot, column).is_some() { snapshot } else { row }
}

fn model(reader: &Reader<'_>, row: &Row, findings: &mut Vec<SourceFinding>) -> Option<ModelVersion> {
    let id = text(row, "model_version_id")?;
    let version = first(reader, "model_version", id, findings)?;
    let model = row_of(reader, "model", &version, "model_id", findings);
    let model_id = text(&model, "id").unwrap_or_default().to_owned();
    let mut tags = metadata::tags(reader, id, findings);
    tags.extend(metadata::tags(reader, &model_id, findings));
    tags.sort();
    tags.dedup();
    Some(ModelVersion { metadata: metadata::of(reader, id, findings), tags, version, model })
}

pub(super) fn pipeline(reader: &Reader<'_>, root: &Utf8Path, row: Row, mut found: Vec<SourceFinding>) -> PipelineRun {
    let findings = &mut found;
    let id = text(&row, "id").unwrap_or_default().to_owned();
    let snapshot = snapshot(reader, &row, findings);
    let pipeline = row_of(reader, "pipeline", &row, "pipeline_id", findings);
    let project = row_of(reader, "project", &row, "project_id", findings);
    let project =
        if project.is_empty() { row_of(reader, "workspace", &row, "workspace_id", findings) } else { project };
    let stack = row_of(reader, "stack", either(&row, &snapshot, "stack_id"), "stack_id", findings);
    let stack_id = text(&stack, "id").unwrap_or_default().to_owned();
    let links = reader.rows("stack_composition", &[("stack_id", &stack_id)], findings);
    let mut components: Vec<Row> =
        links.iter().map(|link| row_of(reader, "stack_component", link, "component_id", findings)).collect();
    components.sort_by(|a, b| (text(a, "type"), text(a, "name")).cmp(&(text(b, "type"), text(b, "name"))));
    let code =
        row_of(reader, "code_reference", either(&row, &snapshot, "code_reference_id"), "code_reference_id", findings);
    let mut steps = reader.rows("step_run", &[("pipeline_run_id", &id)], findings);
    steps.sort_by(|a, b| (text(a, "start_time"), text(a, "id")).cmp(&(text(b, "start_time"), text(b, "id"))));
    PipelineRun {
        zenml: version(reader, findings),
        repository: row_of(reader, "code_repository", &code, "code_repository_id", findings),
        build: row_of(reader, "pipeline_build", either(&row, &snapshot, "build_id"), "build_id", findings),
        user: row_of(reader, "user", &row, "user_id", findings),
        model: model(reader, &row, findings),
        tags: metadata::tags(reader, &id, findings),
        metadata: metadata::of(reader, &id, findings),
        settings: settings(reader, &snapshot, findings),
        logs: logs::of(reader, root, "pipeline_run_id", &id, findings),
        row,
        snapshot,
        pipeline,
        project,
        stack,
        components,
        code,
        steps,
        findings: found,
    }
}

/// Settings of the steps of a snapshot, by their names.
fn settings(reader: &Reader<'_>, snapshot: &Row, findings: &mut Vec<SourceFinding>) -> Vec<(String, Value)> {
    // Before 0.85 one column had those of all steps.
    if let Some(Json::Value(Value::Object(all))) = text(snapshot, "step_configurations").map(read_json) {
        return all.into_iter().collect();
    }
    let id = text(snapshot, "id").unwrap_or_default();
    let rows = reader.rows("step_configuration", &[("snapshot_id", id)], findings);
    let rows =
        if rows.is_empty() { reader.rows("step_configuration", &[("deployment_id", id)], findings) } else { rows };
    rows.iter().filter_map(|row| Some((text(row, "name")?.to_owned(), json(text(row, "config")?)))).collect()
}

/// JSON of a column; what cannot be taken apart stays text.
fn json(text: &str) -> Value {
    match read_json(text) {
        Json::Value(value) => value,
        _ => Value::String(text.to_owned()),
    }
}

pub(super) fn step(reader: &Reader<'_>, root: &Utf8Path, row: Row, mut found: Vec<SourceFinding>) -> StepRun {
    let findings = &mut found;
    let id = text(&row, "id").unwrap_or_default().to_owned();
    let run = row_of(reader, "pipeline_run", &row, "pipeline_run_id", findings);
    let snapshot = snapshot(reader, &run, findings);
    let code =
        row_of(reader, "code_reference", either(&run, &snapshot, "code_reference_id"), "code_reference_id", findings);
    let own = reader.rows("step_configuration", &[("step_run_id", &id)], findings).into_iter().next();
    let own = own.as_ref().and_then(|own| text(own, "config")).or_else(|| text(&row, "step_configuration")).map(json);
    let name = text(&row, "name").unwrap_or_default();
    let of_snapshot = || {
        settings(reader, &snapshot, &mut Vec::new()).into_iter().find(|(step, _)| step == name).map(|(_, value)| value)
    };
    StepRun {
        zenml: version(reader, findings),
        settings: own.filter(Value::is_object).or_else(of_snapshot).unwrap_or_default(),
        inputs: artifacts::of(reader, root, "step_run_input_artifact", &row, findings),
        outputs: artifacts::of(reader, root, "step_run_output_artifact", &row, findings),
        metadata: metadata::of(reader, &id, findings),
        model: model(reader, if row.contains_key("model_version_id") { &row } else { &run }, findings),
        user: row_of(reader, "user", &row, "user_id", findings),
        pipeline: row_of(reader, "pipeline", &run, "pipeline_id", findings),
        repository: row_of(reader, "code_repository", &code, "code_repository_id", findings),
        logs: logs::of(reader, root, "step_run_id", &id, findings),
        row,
        run,
        snapshot,
        code,
        findings: found,
    }
}
