//! A run of a step.

use expbundle_format::record::Kind;
use expbundle_format::sections::{Context, Event, EventSeverity, Events, Group, Recipe};
use expbundle_trackers::zenml::{Row, StepRun, dashed, text};
use serde_json::{Map, Value};

use super::{ZenMl, artifacts, metadata, part_of, shared, status, time};
use crate::ancestry::ParentLink;
use crate::gate::Converted;
use crate::ledger::{Fields, Foreign as _, Ledger};
use crate::tracker::Tracker as _;
use crate::{ConvertError, Options};

/// Columns that have a home, or are ids of rows that have one.
const MAPPED: &[&str] = &[
    "id",
    "name",
    "status",
    "start_time",
    "end_time",
    "docstring",
    "source_code",
    "exception_info",
    "step_configuration",
    "snapshot_id",
    "deployment_id",
    "pipeline_run_id",
    "project_id",
    "workspace_id",
    "user_id",
    "model_version_id",
];

pub(super) fn build(step: &StepRun, parent: ParentLink, options: &Options<'_>) -> Result<Converted, ConvertError> {
    let mut ledger = Ledger::new(Kind::Run, ZenMl.name(), options);
    ledger.source.layout = Some("sqlite: run of a step".to_owned());
    ledger.source.version.clone_from(&step.zenml);
    ledger.findings(&step.findings);
    ledger.run(dashed(text(&step.row, "id").unwrap_or_default()));
    let body = ledger.body();
    body.started = text(&step.row, "start_time").and_then(time);
    body.ended = text(&step.row, "end_time").and_then(time);
    body.status = Some(status(text(&step.row, "status")));
    part_of(&mut ledger, parent);
    shared::people(&mut ledger, &step.user);
    let mut fields = Fields::new(&ledger, "step field", step.row.iter().map(|(name, value)| (name.as_str(), value)));
    for name in MAPPED {
        fields.take(name);
    }
    fields.keep_as(shared::column);
    let mut context = context(&ledger, step);
    let recipe = recipe(&mut ledger, step)?;
    let media = artifacts::map(&mut ledger, step)?;
    shared::console(&mut ledger, &step.logs)?;
    let summary = metadata::map(&mut ledger, &step.metadata, &mut context)?;
    let events = exception(&step.row);
    ledger.section(context);
    ledger.section(recipe);
    ledger.section(summary);
    ledger.section(events);
    ledger.section(media);
    ledger.finish()
}

fn context(ledger: &Ledger<'_>, step: &StepRun) -> Context {
    let of = |row: &Row, column: &str| text(row, column).map(str::to_owned);
    let name = of(&step.row, "name").unwrap_or_default();
    let title = of(&step.run, "name").map_or_else(|| name.clone(), |run| format!("{run}/{name}"));
    let mut context = Context { title, job_type: Some(name), notes: of(&step.row, "docstring"), ..Context::default() };
    if let Some(name) = of(&step.pipeline, "name") {
        let id = of(&step.pipeline, "id").as_deref().map(dashed);
        context.groups.push(Group { kind: "pipeline".to_owned(), name, id, ..Group::default() });
    }
    context.groups.extend(step.model.as_ref().map(|model| shared::model(ledger, model)));
    context
}

/// Settings of a step have their parts in one of two places, by the version.
fn part<'a>(settings: &'a Value, name: &str) -> Option<&'a Value> {
    ["step_config_overrides", "config"].iter().find_map(|place| settings.get(place)?.get(name))
}

fn recipe(ledger: &mut Ledger<'_>, step: &StepRun) -> Result<Recipe, ConvertError> {
    let mut recipe = Recipe::default();
    if let Some(Value::Object(parameters)) = part(&step.settings, "parameters") {
        let parameters: Map<String, Value> =
            parameters.iter().map(|(name, value)| (name.clone(), value.tree())).collect();
        shared::parameters(ledger, &mut recipe, &parameters);
    }
    let source = step.settings.get("spec").and_then(|spec| spec.get("source")?.as_object()).cloned();
    recipe.code = shared::code(&step.code, &step.repository, &source.unwrap_or_default());
    for (place, members) in step.settings.as_object().into_iter().flatten() {
        for (name, value) in members.as_object().into_iter().flatten() {
            let says_nothing = value.is_null()
                || value.as_array().is_some_and(Vec::is_empty)
                || value.as_object().is_some_and(Map::is_empty);
            if name != "parameters" && !says_nothing {
                ledger.item("step setting", &format!("{place}/{name}")).raw(value);
            }
        }
    }
    if let Value::String(text) = &step.settings {
        ledger.item("step setting", "config").raw(text.as_str());
    }
    shared::source_code(ledger, &step.row, text(&step.row, "name").unwrap_or("step"))?;
    recipe.environment = shared::environment(ledger, &step.snapshot, &step.run);
    shared::gaps(&mut recipe);
    Ok(recipe)
}

/// Why a step failed.
fn exception(row: &Row) -> Events {
    let members = shared::object(row, "exception_info");
    if members.is_empty() {
        return Events::default();
    }
    let part = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
    let event = Event {
        time: text(row, "end_time").and_then(time),
        kind: "exception".to_owned(),
        severity: EventSeverity::Error,
        text: part("message").or_else(|| part("traceback")),
        node: None,
        device: None,
        source: None,
        details: members.into_iter().filter(|(name, _)| name != "message").collect(),
    };
    Events { events: vec![event], ..Events::default() }
}
