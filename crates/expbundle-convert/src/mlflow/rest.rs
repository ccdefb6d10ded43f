//! What has no home: kept as it was, counted; and the identity of the run.

use expbundle_format::record::role;
use expbundle_format::sections::{Artifact, Direction};
use serde_json::{Value, json};

use super::mapping::{Mapping, placed, time, typed_tree};
use crate::ConvertError;
use crate::gate::Draft;
use crate::privacy::{Learned, Private};

/// Larger raw items than this are embedded as artifacts, so that `source.json` stays readable.
const LARGE_BYTES: usize = 64 << 10;

pub(super) fn map(mapping: &mut Mapping<'_>, draft: &mut Draft<'_>) -> Result<(), ConvertError> {
    let run = mapping.run;
    let info = &run.info;
    if let Some(user) = mapping.take_tag("mlflow.user").or(info.user.as_deref()) {
        mapping.identity.user = Some(user.to_owned());
    }
    if info.user.is_some() && info.user != mapping.identity.user {
        let user = info.user.clone().map(Value::from).unwrap_or_default();
        mapping.identity.source.insert("run field/user_id".to_owned(), user);
    }
    mapping.keep_address("artifacts", info.artifact_uri.as_ref());
    let mut fields = info.extra.clone();
    if info.lifecycle != "active" {
        fields.insert("lifecycle_stage".to_owned(), Value::from(info.lifecycle.as_str()));
    }
    if let Some(deleted_ms) = info.deleted_ms {
        let deleted = time(Some(deleted_ms)).map_or_else(|| deleted_ms.to_string(), |time| time.to_string());
        fields.insert("deleted".to_owned(), Value::from(deleted));
    }
    mapping.account.found("run field", fields.len() as u64);
    for (name, value) in fields {
        mapping.account.raw("run field", 1);
        mapping.keep("run field", &name, typed_tree(value));
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
            mapping.account.raw("prompt version", 1);
            keep_large(
                mapping,
                draft,
                "prompt version",
                &format!("{}/{}", prompt.name, version.version),
                typed_tree(value),
            )?;
        }
    }
    for trace in &run.traces {
        let value = json!({ "info": trace.info, "spans": trace.spans });
        mapping.account.raw("trace", 1);
        keep_large(mapping, draft, "trace", &trace.id, typed_tree(value))?;
    }
    mapping.keep_tags();
    Ok(())
}

/// Keeps an item raw: itself, or if it is large, the digest under which it is embedded.
fn keep_large(
    mapping: &mut Mapping<'_>,
    draft: &mut Draft<'_>,
    kind: &str,
    name: &str,
    mut value: Value,
) -> Result<(), ConvertError> {
    let place = format!("{kind}/{name}");
    if value.to_string().len() <= LARGE_BYTES || names_somebody(mapping, &value) {
        mapping.keep(kind, name, value);
        return Ok(());
    }
    draft.clean(&place, &mut value);
    let (digest, size) = draft.embed_text(&place, &value.to_string())?;
    let mut artifact = Artifact::new(Direction::Output, placed(role::FILE));
    artifact.digest = Some(digest.into());
    artifact.size = Some(size);
    artifact.name = Some(name.to_owned());
    artifact.kind = Some(kind.to_owned());
    artifact.media_type = Some("application/json".to_owned());
    mapping.artifacts.push(artifact);
    mapping.keep(kind, name, json!({ "artifact": digest.blake3.to_string(), "size": size }));
    Ok(())
}

/// Whether an item names somebody, as far as it tells by itself: it would not be embedded.
fn names_somebody(mapping: &Mapping<'_>, value: &Value) -> bool {
    let mut learned = Learned::default();
    learned.identity(&mapping.identity);
    learned.tree(None, value);
    Private::new(&learned).is_in(&value.to_string())
}
