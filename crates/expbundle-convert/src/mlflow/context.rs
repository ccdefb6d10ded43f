//! `context.json`: title, notes, experiment, labels; and the goal that the experiment declares.

use std::collections::BTreeMap;

use expbundle_format::sections::{Context, Goal, Group};
use serde_json::Value;

use super::mapping::{Mapping, take_labels};

pub(super) fn map(mapping: &mut Mapping<'_>) -> Context {
    let run = mapping.run;
    let title = run.info.name.as_ref().unwrap_or(&run.info.run_id).clone();
    if mapping.tag("mlflow.runName") == Some(title.as_str()) {
        mapping.tags.take("mlflow.runName");
    }
    let notes = mapping.tags.take("mlflow.note.content").map(str::to_owned);
    Context {
        title,
        notes,
        labels: take_labels(&mut mapping.tags),
        groups: group(mapping).into_iter().collect(),
        ..Context::default()
    }
}

fn group(mapping: &mut Mapping<'_>) -> Option<Group> {
    let Some(experiment) = &mapping.run.experiment else {
        let id = mapping.run.info.experiment_id.clone();
        let group = Group { kind: "experiment".to_owned(), name: id.clone(), id: Some(id.clone()), ..Group::default() };
        return (!id.is_empty()).then_some(group);
    };
    mapping.ledger.address("experimentArtifacts", experiment.artifact_location.as_deref());
    let mut facts = experiment.extra.clone();
    for (member, time_ms) in [("creation_time", experiment.created_ms), ("last_update_time", experiment.updated_ms)] {
        if let Some(time_ms) = time_ms {
            facts.insert(member.to_owned(), Value::from(time_ms));
        }
    }
    if experiment.lifecycle != "active" {
        facts.insert("lifecycle_stage".to_owned(), Value::from(experiment.lifecycle.clone()));
    }
    for (member, value) in &facts {
        mapping.ledger.item("experiment field", member).raw(value);
    }
    let traces = mapping.ledger.items("trace of the experiment", experiment.traces_without_run);
    traces.dropped("it belongs to the experiment and to no run");
    let name = experiment.name.as_ref().unwrap_or(&experiment.id).clone();
    Some(Group {
        kind: "experiment".to_owned(),
        name,
        id: Some(experiment.id.clone()),
        notes: mapping.experiment_tags.take("mlflow.note.content").map(str::to_owned),
        labels: take_labels(&mut mapping.experiment_tags),
    })
}

/// What the experiment declares to aim at.
pub(super) fn goals(mapping: &mut Mapping<'_>) -> BTreeMap<String, Goal> {
    const NAME: &str = "mlflow.experiment.primaryMetric.name";
    const GREATER: &str = "mlflow.experiment.primaryMetric.greaterIsBetter";
    let tags = mapping.run.experiment.as_ref().map(|experiment| &experiment.tags);
    let text = |name: &str| tags.and_then(|tags| tags.get(name)).map(String::as_str);
    let goal = match text(GREATER) {
        Some("True" | "true") => Goal::Maximize,
        Some("False" | "false") => Goal::Minimize,
        _ => return BTreeMap::new(),
    };
    let Some(name) = text(NAME) else { return BTreeMap::new() };
    // A run without that series has no place for its goal; the tags stay raw then.
    if !mapping.run.metrics.iter().any(|metric| metric.key == name) {
        return BTreeMap::new();
    }
    mapping.experiment_tags.take(NAME);
    mapping.experiment_tags.take(GREATER);
    BTreeMap::from([(name.to_owned(), goal)])
}
