//! What of a model registry belongs to a run.

use std::collections::BTreeSet;

use serde_json::Value;

use super::run::{ModelVersion, RegisteredModel, Run};
use crate::text::{Json, read_json};

/// Puts the registered models and prompts of a run into it: those with a version that points at the
/// run or at a logged model that it made, and the prompts that it says it used. Other versions are
/// left out.
pub(super) fn attach(run: &mut Run, registry: &[RegisteredModel]) {
    let made: BTreeSet<&str> = run
        .logged_models
        .iter()
        .filter(|model| model.source_run_id.as_deref() == Some(run.info.run_id.as_str()))
        .map(|model| model.model_id.as_str())
        .collect();
    let linked = linked_prompts(run);
    let mut registered = Vec::new();
    let mut prompts = Vec::new();
    for model in registry {
        let is_own = |version: &ModelVersion| {
            version.run_id.as_deref() == Some(run.info.run_id.as_str())
                || version.model_id.as_deref().is_some_and(|id| made.contains(id))
                || (model.is_prompt() && linked.contains(&(model.name.clone(), version.version.clone())))
        };
        let versions: Vec<ModelVersion> = model.versions.iter().filter(|version| is_own(version)).cloned().collect();
        if versions.is_empty() {
            continue;
        }
        let own = RegisteredModel {
            name: model.name.clone(),
            description: model.description.clone(),
            created_ms: model.created_ms,
            updated_ms: model.updated_ms,
            tags: model.tags.clone(),
            aliases: model.aliases.clone(),
            extra: model.extra.clone(),
            versions,
        };
        let count = own.versions.len() as u64;
        if own.is_prompt() {
            run.found.prompts += count;
            prompts.push(own);
        } else {
            run.found.versions += count;
            registered.push(own);
        }
    }
    run.registered_models = registered;
    run.prompts = prompts;
}

/// Names and versions in the tag `mlflow.linkedPrompts`.
pub(super) fn linked_prompts(run: &Run) -> BTreeSet<(String, String)> {
    let tag = run.tags.get("mlflow.linkedPrompts");
    let links = match tag.map(|text| read_json(text)) {
        Some(Json::Value(Value::Array(links))) => links,
        _ => Vec::new(),
    };
    let text = |link: &Value, member: &str| match link.get(member)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    links.iter().filter_map(|link| Some((text(link, "name")?, text(link, "version")?))).collect()
}

/// The logged model that a version's source `models:/m-…` names.
pub(super) fn model_id_of_source(source: Option<&str>) -> Option<String> {
    source?.strip_prefix("models:/").filter(|id| id.starts_with("m-")).map(str::to_owned)
}

/// Orders versions by number: 2 before 10.
pub(super) fn sort_versions(versions: &mut [ModelVersion]) {
    versions.sort_by(|a, b| {
        let number = |version: &ModelVersion| version.version.parse::<u64>().unwrap_or(u64::MAX);
        (number(a), &a.version).cmp(&(number(b), &b.version))
    });
}
