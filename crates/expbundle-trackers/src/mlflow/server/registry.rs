//! Registered models and prompts of a run.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::client::{Client, ServerError};
use super::run::missing;
use super::{array, object, pages, pairs};
use crate::members::Members;
use crate::mlflow::registry;
use crate::mlflow::run::{ModelVersion, RegisteredModel, Run};

/// Versions that point at one run.
const MOST_VERSIONS: u64 = 10_000;

/// Puts into the run what the registry has of it.
pub(super) fn attach(client: &Client, run: &mut Run) {
    let mut names: BTreeMap<String, Vec<ModelVersion>> = BTreeMap::new();
    match versions(client, &run.info.run_id) {
        Ok(versions) => {
            for (name, version) in versions {
                names.entry(name).or_default().push(version);
            }
        }
        // Servers without a registry answer so.
        Err(error) if error.is_not_found() => {}
        Err(error) => run.findings.push(missing("model registry", &error)),
    }
    for (name, version) in registry::linked_prompts(run) {
        let query = [("name", name.as_str()), ("version", version.as_str())];
        let found = client.get("api/2.0/mlflow/model-versions/get", &query);
        match found.map(|mut answer| answer.remove("model_version").and_then(object)) {
            Ok(Some(facts)) => names.entry(name).or_default().extend(version_of(facts).map(|(_, version)| version)),
            Ok(None) => {}
            Err(error) => run.findings.push(missing(&format!("prompt {name}"), &error)),
        }
    }
    let mut models = Vec::new();
    for (name, versions) in names {
        match model(client, &name, versions) {
            Ok(model) => models.push(model),
            Err(error) => run.findings.push(missing(&format!("registered model {name}"), &error)),
        }
    }
    registry::attach(run, &models);
}

/// Versions with the names of their models.
fn versions(client: &Client, run_id: &str) -> Result<Vec<(String, ModelVersion)>, ServerError> {
    let filter = format!("run_id='{}'", super::artifacts::segment(run_id));
    let ask = |token: Option<&str>| {
        let mut query = vec![("filter", filter.as_str()), ("max_results", "1000")];
        query.extend(token.map(|token| ("page_token", token)));
        client.get("api/2.0/mlflow/model-versions/search", &query)
    };
    let mut versions = Vec::new();
    pages(ask, "model_versions", MOST_VERSIONS, &mut |version| versions.extend(version_of(version)))?;
    Ok(versions)
}

fn version_of(mut facts: Map<String, Value>) -> Option<(String, ModelVersion)> {
    let name = facts.take_text("name")?;
    let source = facts.take_text("source");
    let stated = facts.take_text("model_id").filter(|id| !id.is_empty());
    for told_elsewhere in ["aliases", "model_params", "model_metrics"] {
        facts.remove(told_elsewhere);
    }
    let version = ModelVersion {
        version: facts.take_text("version").unwrap_or_default(),
        storage_location: None,
        run_id: facts.take_text("run_id").filter(|id| !id.is_empty()),
        model_id: stated.or_else(|| registry::model_id_of_source(source.as_deref())),
        stage: facts.take_text("current_stage"),
        status: facts.take_text("status"),
        description: facts.take_text("description"),
        created_ms: facts.take_integer("creation_timestamp"),
        updated_ms: facts.take_integer("last_updated_timestamp"),
        user: facts.take_text("user_id").filter(|user| !user.is_empty()),
        tags: pairs(facts.remove("tags")),
        extra: facts.rest(),
        source,
    };
    Some((name, version))
}

fn model(client: &Client, name: &str, mut versions: Vec<ModelVersion>) -> Result<RegisteredModel, ServerError> {
    let mut answer = client.get("api/2.0/mlflow/registered-models/get", &[("name", name)])?;
    let mut facts = answer.remove("registered_model").and_then(object).ok_or(ServerError::Answer)?;
    for told_elsewhere in ["name", "latest_versions"] {
        facts.remove(told_elsewhere);
    }
    let alias = |alias: Value| {
        let mut alias = object(alias)?;
        Some((alias.take_text("alias")?, alias.take_text("version")?))
    };
    let mut seen = BTreeSet::new();
    versions.retain(|version| seen.insert(version.version.clone()));
    registry::sort_versions(&mut versions);
    Ok(RegisteredModel {
        name: name.to_owned(),
        description: facts.take_text("description"),
        created_ms: facts.take_integer("creation_timestamp"),
        updated_ms: facts.take_integer("last_updated_timestamp"),
        tags: pairs(facts.remove("tags")),
        aliases: array(facts.remove("aliases")).filter_map(alias).collect(),
        versions,
        extra: facts.rest(),
    })
}
