//! A run of a pipeline.

use base64::Engine as _;
use expbundle_format::record::Kind;
use expbundle_format::sections::{Context, Group, Recipe};
use expbundle_trackers::zenml::{PipelineRun, Row, dashed, text};
use serde_json::{Map, Value};

use super::{ZenMl, metadata, part_of, shared, status, time};
use crate::ancestry::ParentLink;
use crate::gate::Converted;
use crate::ledger::{Fields, Ledger};
use crate::tracker::Tracker as _;
use crate::{ConvertError, Options};

/// Columns of a run that have a home, or are ids of rows that have one.
const MAPPED: &[&str] = &[
    "id",
    "name",
    "status",
    "start_time",
    "end_time",
    "snapshot_id",
    "deployment_id",
    "pipeline_id",
    "project_id",
    "workspace_id",
    "user_id",
    "stack_id",
    "model_version_id",
    "parent_run_id",
];

/// The same of what was submitted.
const MAPPED_OF_SNAPSHOT: &[&str] = &[
    "id",
    "pipeline_configuration",
    "step_configurations",
    "client_environment",
    "source_code",
    "project_id",
    "workspace_id",
    "user_id",
    "stack_id",
    "pipeline_id",
    "build_id",
    "code_reference_id",
];

pub(super) fn build(run: &PipelineRun, parent: ParentLink, options: &Options<'_>) -> Result<Converted, ConvertError> {
    let mut ledger = Ledger::new(Kind::Run, ZenMl.name(), options);
    ledger.source.layout = Some("sqlite: run of a pipeline".to_owned());
    ledger.source.version.clone_from(&run.zenml);
    ledger.findings(&run.findings);
    ledger.run(dashed(text(&run.row, "id").unwrap_or_default()));
    let body = ledger.body();
    body.started = text(&run.row, "start_time").and_then(time);
    body.ended = text(&run.row, "end_time").and_then(time);
    body.status = Some(status(text(&run.row, "status")));
    part_of(&mut ledger, parent);
    shared::people(&mut ledger, &run.user);
    let mut fields = Fields::new(&ledger, "run field", run.row.iter().map(|(name, value)| (name.as_str(), value)));
    for name in MAPPED {
        fields.take(name);
    }
    fields.keep_as(shared::column);
    let mut context = context(&ledger, run);
    let recipe = recipe(&mut ledger, run)?;
    stack(&ledger, run);
    steps(&ledger, run);
    shared::console(&mut ledger, &run.logs)?;
    let summary = metadata::map(&mut ledger, &run.metadata, &mut context)?;
    ledger.section(context);
    ledger.section(recipe);
    ledger.section(summary);
    ledger.finish()
}

fn context(ledger: &Ledger<'_>, run: &PipelineRun) -> Context {
    let of = |row: &Row, column: &str| text(row, column).map(str::to_owned);
    let id = dashed(text(&run.row, "id").unwrap_or_default());
    let mut context =
        Context { title: of(&run.row, "name").unwrap_or(id), tags: run.tags.clone(), ..Context::default() };
    ledger.items("tag", run.tags.len() as u64).mapped();
    for (kind, row) in [("project", &run.project), ("pipeline", &run.pipeline)] {
        if let Some(name) = of(row, "name") {
            let id = of(row, "id").as_deref().map(dashed);
            context.groups.push(Group {
                kind: kind.to_owned(),
                name,
                id,
                notes: of(row, "description"),
                ..Group::default()
            });
        }
    }
    context.groups.extend(run.model.as_ref().map(|model| shared::model(ledger, model)));
    if let Some(stack) = of(&run.stack, "name") {
        context.labels.insert("stack".to_owned(), stack);
    }
    context
}

fn recipe(ledger: &mut Ledger<'_>, run: &PipelineRun) -> Result<Recipe, ConvertError> {
    let mut configuration = shared::object(&run.snapshot, "pipeline_configuration");
    if configuration.is_empty() {
        configuration = shared::object(&run.row, "pipeline_configuration");
    }
    let mut recipe = Recipe::default();
    if let Some(Value::Object(parameters)) = configuration.remove("parameters") {
        shared::parameters(ledger, &mut recipe, &parameters);
    }
    // What is null or empty says nothing.
    configuration.retain(|_, value| {
        !value.is_null() && *value != Value::Array(Vec::new()) && *value != Value::Object(Map::new())
    });
    for (name, value) in configuration {
        ledger.item("pipeline setting", &name).raw_tree(value);
    }
    let specification = shared::object(&run.snapshot, "pipeline_spec");
    let source = specification.get("source").and_then(Value::as_object).cloned().unwrap_or_default();
    recipe.code = shared::code(&run.code, &run.repository, &source);
    shared::source_code(ledger, &run.snapshot, text(&run.pipeline, "name").unwrap_or("pipeline"))?;
    recipe.environment = shared::environment(ledger, &run.snapshot, &run.row);
    submitted(ledger, run);
    shared::gaps(&mut recipe);
    Ok(recipe)
}

/// Keeps what else is known of what was submitted, of the images, and of the repository.
fn submitted(ledger: &Ledger<'_>, run: &PipelineRun) {
    let columns = run.snapshot.iter().map(|(name, value)| (name.as_str(), value));
    let mut fields = Fields::new(ledger, "snapshot", columns);
    for name in MAPPED_OF_SNAPSHOT {
        fields.take(name);
    }
    fields.keep_as(shared::column);
    if !run.build.is_empty() {
        ledger.item("build", "images").raw(&Value::Object(run.build.clone()));
    }
    if let Some(name) = text(&run.repository, "name") {
        // Its settings may hold a token; the address is that of the code.
        let kept = run.repository.iter().filter(|(column, _)| ["source", "description"].contains(&column.as_str()));
        let kept = kept.map(|(column, value)| (column.clone(), shared::column(value)));
        ledger.item("code repository", name).raw_tree(Value::Object(kept.collect()));
    }
}

/// Components of the stack. Their settings are JSON in base64.
fn stack(ledger: &Ledger<'_>, run: &PipelineRun) {
    for component in &run.components {
        let kept = ["name", "type", "flavor", "configuration"];
        let mut members: Map<String, Value> = Map::new();
        for name in kept {
            let Some(column) = text(component, name) else { continue };
            let decoded = || String::from_utf8(base64::engine::general_purpose::STANDARD.decode(column).ok()?).ok();
            let tree = if name == "configuration" { decoded().map(|json| metadata::value(&json)) } else { None };
            members.insert(name.to_owned(), tree.unwrap_or_else(|| column.into()));
        }
        let name =
            format!("{} {}", text(component, "type").unwrap_or_default(), text(component, "name").unwrap_or_default());
        ledger.item("stack component", &name).raw_tree(Value::Object(members));
    }
}

/// Steps: those that ran are records of their own; those of the cache, and those that never
/// started, are told here.
fn steps(ledger: &Ledger<'_>, run: &PipelineRun) {
    for step in &run.steps {
        let of = |column: &str| text(step, column).map(|text| Value::from(text.to_owned()));
        let id = dashed(text(step, "id").unwrap_or_default());
        let name = format!("{} {id}", text(step, "name").unwrap_or_default());
        let mut members = Map::new();
        for column in ["name", "status", "start_time", "end_time", "cache_key", "version"] {
            members.extend(of(column).map(|value| (column.to_owned(), value)));
        }
        members.insert("id".to_owned(), id.clone().into());
        if let Some(original) = text(step, "original_step_run_id") {
            members.insert("original_step_run_id".to_owned(), dashed(original).into());
        }
        ledger.item("step", &name).raw_tree(Value::Object(members));
    }
    for (name, settings) in &run.settings {
        if !run.steps.iter().any(|step| text(step, "name") == Some(name)) {
            ledger.item("step that did not start", name).raw(settings);
        }
    }
}
