//! What has no home: kept as it was, counted; and the identity of the run.

use expbundle_format::number::typed;
use expbundle_format::record::role;
use expbundle_format::sections::{Artifact, Direction};
use serde_json::{Value, json};

use super::mapping::{Mapping, time};
use crate::ledger::Ledger;
use crate::privacy::{Learned, Private};
use crate::{ConvertError, roles};

/// Larger raw items than this are embedded as artifacts, so that `source.json` stays readable.
const LARGE_BYTES: usize = 64 << 10;

pub(super) fn map(mapping: &mut Mapping<'_>) -> Result<(), ConvertError> {
    let run = mapping.run;
    let info = &run.info;
    if let Some(user) = mapping.tags.take("mlflow.user").or(info.user.as_deref()) {
        mapping.ledger.identity.user = Some(user.to_owned());
    }
    if let Some(user) = info.user.as_ref().filter(|user| mapping.ledger.identity.user.as_ref() != Some(user)) {
        mapping.ledger.person("run field/user_id", user);
    }
    mapping.ledger.address("artifacts", info.artifact_uri.as_deref());
    let mut fields = info.extra.clone();
    if info.lifecycle != "active" {
        fields.insert("lifecycle_stage".to_owned(), Value::from(info.lifecycle.as_str()));
    }
    if let Some(deleted_ms) = info.deleted_ms {
        let deleted = time(Some(deleted_ms)).map_or_else(|| deleted_ms.to_string(), |time| time.to_string());
        fields.insert("deleted".to_owned(), Value::from(deleted));
    }
    for (name, value) in &fields {
        mapping.ledger.item("run field", name).raw(value);
    }
    for prompt in &run.prompts {
        for version in &prompt.versions {
            let text = |map: &std::collections::BTreeMap<String, String>| json!(map);
            let value = json!({
                "description": version.description,
                "tags": text(&version.tags),
                "promptTags": text(&prompt.tags),
                "aliases": text(&prompt.aliases),
            });
            keep_large(mapping, "prompt version", &format!("{}/{}", prompt.name, version.version), &value)?;
        }
    }
    for trace in &run.traces {
        let value = json!({ "info": trace.info, "spans": trace.spans });
        keep_large(mapping, "trace", &trace.id, &value)?;
    }
    Ok(())
}

/// Keeps an item raw: itself, or if it is large, the digest under which it is embedded.
fn keep_large(mapping: &mut Mapping<'_>, kind: &'static str, name: &str, value: &Value) -> Result<(), ConvertError> {
    let ledger = &mut mapping.ledger;
    let item = ledger.item(kind, name);
    let mut tree = typed::tree(value);
    if tree.to_string().len() <= LARGE_BYTES || names_somebody(ledger, &tree) {
        item.raw_tree(tree);
        return Ok(());
    }
    let place = format!("{kind}/{name}");
    ledger.draft.clean(&place, &mut tree);
    let mut artifact = Artifact::new(Direction::Output, roles::word(role::FILE));
    artifact.name = Some(name.to_owned());
    artifact.kind = Some(kind.to_owned());
    artifact.media_type = Some("application/json".to_owned());
    let digest = ledger.text(&place, &tree.to_string(), &mut artifact)?;
    item.raw_tree(json!({ "artifact": digest.blake3.to_string(), "size": artifact.size }));
    ledger.artifact(artifact);
    Ok(())
}

/// Whether an item names somebody, as far as it tells by itself: it would not be embedded.
fn names_somebody(ledger: &Ledger<'_>, value: &Value) -> bool {
    let mut learned = Learned::default();
    learned.identity(&ledger.identity);
    learned.tree(None, value);
    Private::new(&learned).is_in(&value.to_string())
}
