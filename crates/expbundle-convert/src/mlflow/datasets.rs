//! Data sets that the run took in. MLflow's digest covers at most ten thousand rows and proves nothing, so these stay
//! without strong digests unless the person converting gives the file.

use std::collections::BTreeMap;

use expbundle_format::record::role;
use expbundle_format::sections::{Artifact, DatasetFacts, Direction};
use expbundle_trackers::mlflow::DatasetInput;
use serde_json::Value;

use super::mapping::{Mapping, placed, typed_json, typed_tree};

/// The name under which MLflow's digest of a data set is kept.
pub(super) const FOREIGN: &str = "mlflow-dataset";

pub(super) fn map(mapping: &mut Mapping<'_>) {
    for dataset in &mapping.run.datasets {
        let artifact = artifact(mapping, dataset);
        mapping.artifacts.push(artifact);
        mapping.account.mapped("dataset", 1);
    }
}

fn artifact(mapping: &mut Mapping<'_>, dataset: &DatasetInput) -> Artifact {
    let mut artifact = Artifact::new(Direction::Input, placed(role::DATASET));
    artifact.foreign = foreign(dataset);
    let name = Some(&dataset.name.name).filter(|name| !name.is_empty());
    // Where the name tells whose it is, the id stands for it.
    let label = name.filter(|name| mapping.is_public(name)).unwrap_or(&dataset.id).clone();
    if let Some(name) = name.filter(|name| **name != label) {
        mapping.identity.source.insert(format!("dataset/{}/name", dataset.id), Value::from(name.as_str()));
    }
    let mut part = |what: &str, text: &Option<String>| {
        let value = typed_json(text.as_deref()?);
        if mapping.is_public_value(&value) {
            return Some(value);
        }
        mapping.identity.source.insert(format!("dataset/{label}/{what}"), value);
        None
    };
    artifact.dataset = Some(DatasetFacts {
        source: part("source", &dataset.source),
        schema: part("schema", &dataset.schema),
        profile: part("profile", &dataset.profile),
        context: dataset.context.clone(),
        source_type: dataset.source_type.clone(),
    });
    let tags = dataset.tags.iter().filter(|(name, _)| *name != "mlflow.data.context");
    for (tag, text) in tags {
        if mapping.is_public(text) && mapping.is_public(tag) {
            artifact.metadata.insert(format!("tag/{tag}"), Value::from(text.as_str()));
        } else {
            mapping.identity.source.insert(format!("dataset/{label}/tag/{tag}"), Value::from(text.as_str()));
        }
    }
    for (member, value) in &dataset.extra {
        artifact.metadata.insert(member.clone(), typed_tree(value.clone()));
    }
    artifact.name = Some(label);
    artifact
}

/// The digests that can suggest a link.
pub(super) fn foreign(dataset: &DatasetInput) -> BTreeMap<String, String> {
    let digest = &dataset.name.digest;
    if digest.is_empty() { BTreeMap::new() } else { BTreeMap::from([(FOREIGN.to_owned(), digest.clone())]) }
}
