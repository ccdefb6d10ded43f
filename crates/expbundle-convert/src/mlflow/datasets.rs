//! Data sets that the run took in. MLflow's digest covers at most ten thousand rows and proves
//! nothing, so these stay without strong digests unless the person converting gives the file.

use std::collections::BTreeMap;

use expbundle_format::number::typed;
use expbundle_format::record::role;
use expbundle_format::sections::{Artifact, DatasetFacts, Direction};
use expbundle_trackers::mlflow::DatasetInput;
use serde_json::Value;

use super::mapping::Mapping;
use crate::ledger::json_tree;
use crate::roles;

/// The name under which MLflow's digest of a data set is kept.
pub(super) const FOREIGN: &str = "mlflow-dataset";

pub(super) fn map(mapping: &mut Mapping<'_>) {
    for dataset in &mapping.run.datasets {
        mapping.ledger.artifact(artifact(dataset));
        mapping.ledger.items("dataset", 1).mapped();
    }
}

fn artifact(dataset: &DatasetInput) -> Artifact {
    let mut artifact = Artifact::new(Direction::Input, roles::word(role::DATASET));
    artifact.foreign = foreign(dataset);
    let part = |text: &Option<String>| text.as_deref().map(json_tree);
    artifact.dataset = Some(DatasetFacts {
        source: part(&dataset.source),
        schema: part(&dataset.schema),
        profile: part(&dataset.profile),
        context: dataset.context.clone(),
        source_type: dataset.source_type.clone(),
    });
    let tags = dataset.tags.iter().filter(|(name, _)| *name != "mlflow.data.context");
    for (tag, text) in tags {
        artifact.metadata.insert(format!("tag/{tag}"), Value::from(text.as_str()));
    }
    for (member, value) in &dataset.extra {
        artifact.metadata.insert(member.clone(), typed::tree(value));
    }
    artifact.name = Some(if dataset.name.name.is_empty() { dataset.id.clone() } else { dataset.name.name.clone() });
    artifact
}

/// The digests that can suggest a link.
pub(super) fn foreign(dataset: &DatasetInput) -> BTreeMap<String, String> {
    let digest = &dataset.name.digest;
    if digest.is_empty() { BTreeMap::new() } else { BTreeMap::from([(FOREIGN.to_owned(), digest.clone())]) }
}
