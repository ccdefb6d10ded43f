//! Artifacts of the task, and the other files of the session.

use std::collections::BTreeSet;

use expbundle::hash::{Wanted, hash_file};
use expbundle_format::record::role;
use expbundle_format::sections::{Artifact, Direction};
use expbundle_format::time::Time;
use expbundle_format::{ArtifactDigests, Code, Sha256};
use expbundle_trackers::clearml::{Session, SessionFile};
use serde_json::{Map, Value};

use super::{fields, text};
use crate::gate::{Fate, LEFT_OUT};
use crate::ledger::{Fields, Foreign as _, Item, Ledger};
use crate::{ConvertError, roles};

/// Lists the artifacts of the task. Gives the paths of those that are files of the session.
pub(super) fn artifacts<'s>(
    ledger: &mut Ledger<'_>,
    task: &mut Fields<'_, Value>,
    session: &'s Session,
    folder: &str,
) -> Result<BTreeSet<&'s str>, ConvertError> {
    let mut paths = BTreeSet::new();
    let Some(execution) = task.take_object("execution") else { return Ok(paths) };
    let mut execution_fields = fields(ledger, "execution field", execution);
    if let Some(Value::Array(artifacts)) = execution.get("artifacts") {
        execution_fields.take("artifacts");
        for (index, artifact) in artifacts.iter().enumerate() {
            let Value::Object(members) = artifact else {
                ledger.item("artifact", &index.to_string()).raw(artifact);
                continue;
            };
            let inner = text(members, "uri").and_then(|uri| uri.strip_prefix(folder)?.strip_prefix('/'));
            let file = inner.and_then(|path| session.file(path));
            paths.extend(file.map(|file| file.path.as_str()));
            list(ledger, members, file)?;
        }
    }
    execution_fields.keep();
    Ok(paths)
}

fn list(ledger: &mut Ledger<'_>, members: &Map<String, Value>, file: Option<&SessionFile>) -> Result<(), ConvertError> {
    let key = text(members, "key").unwrap_or("artifact");
    let item = ledger.item("artifact", key);
    let mut artifact = described(members, key);
    let claimed = text(members, "hash").and_then(|hash| hash.parse::<Sha256>().ok());
    let Some(file) = file else {
        if let Some(uri) = text(members, "uri").filter(|uri| uri.contains("://")) {
            artifact.uris.push(uri.to_owned());
        } else {
            ledger.address(&format!("artifact {key}"), text(members, "uri"));
        }
        artifact.digest = claimed.map(ArtifactDigests::from);
        if is_secret(ledger, members, &artifact) {
            item.dropped(LEFT_OUT);
            return Ok(());
        }
        ledger.finding(Code::SourceMissing, key, "the bytes of the artifact are not in the session");
        ledger.list(artifact);
        item.mapped();
        return Ok(());
    };
    keep(ledger, item, file, artifact, claimed)
}

/// Whether an artifact whose bytes are not here is a secret by its name, or by where it lay.
fn is_secret(ledger: &mut Ledger<'_>, members: &Map<String, Value>, artifact: &Artifact) -> bool {
    let place = text(members, "uri").filter(|uri| !uri.contains("://"));
    let placed = Artifact { path: place.map(str::to_owned), ..artifact.clone() };
    ledger.draft.is_secret_artifact(&placed)
}

/// Lists a file of the session, which the task may give a digest.
fn keep(
    ledger: &mut Ledger<'_>,
    item: Item<'_>,
    file: &SessionFile,
    mut artifact: Artifact,
    claimed: Option<Sha256>,
) -> Result<(), ConvertError> {
    let hashed = match hash_file(&file.on_disk, Wanted::Both, ledger.options.progress) {
        Ok(hashed) => hashed,
        Err(error) => {
            ledger.finding(Code::SourceUnreadable, &file.path, error.to_string());
            item.dropped("the file cannot be read");
            return Ok(());
        }
    };
    if claimed.is_some_and(|claimed| hashed.digests().sha256() != Some(claimed)) {
        ledger.finding(Code::SourceDamaged, &file.path, "the file has a different SHA-256 than the task says");
    }
    (artifact.digest, artifact.size) = (Some(hashed.digests()), Some(hashed.size));
    artifact.path = Some(file.path.clone());
    if ledger.file(&file.path, &file.on_disk, artifact)? == Fate::LeftOut {
        item.dropped(LEFT_OUT);
    } else {
        item.mapped();
    }
    Ok(())
}

fn described(members: &Map<String, Value>, key: &str) -> Artifact {
    let is_input = text(members, "mode") == Some("input");
    let uri = text(members, "uri").unwrap_or_default();
    let mut artifact = Artifact::new(if is_input { Direction::Input } else { Direction::Output }, roles::of_file(uri));
    artifact.name = Some(key.to_owned());
    artifact.kind = text(members, "type").map(str::to_owned);
    artifact.size = members.get("content_size").and_then(Value::as_u64);
    artifact.time = members
        .get("timestamp")
        .and_then(Value::as_i64)
        .and_then(|seconds| Time::from_milliseconds(seconds.checked_mul(1000)?));
    let facts = members.get("type_data");
    let fact = |name: &str| facts.and_then(|facts| facts.get(name)).and_then(Value::as_str);
    artifact.media_type = fact("content_type").map(str::to_owned);
    if let Some(preview) = fact("preview").filter(|preview| !preview.is_empty()) {
        artifact.metadata.insert("preview".to_owned(), preview.into());
    }
    for pair in members.get("display_data").and_then(Value::as_array).into_iter().flatten() {
        if let Some([Value::String(name), value]) = pair.as_array().map(Vec::as_slice) {
            artifact.metadata.insert(format!("display/{name}"), value.tree());
        }
    }
    artifact
}

/// Lists files that no artifact is about: debug samples, models.
pub(super) fn others(
    ledger: &mut Ledger<'_>,
    session: &Session,
    artifacts: &BTreeSet<&str>,
) -> Result<(), ConvertError> {
    for file in session.files.iter().filter(|file| !artifacts.contains(file.path.as_str())) {
        let item = ledger.item("session file", &file.path);
        let is_sample = file.path.split('/').any(|part| part == "metrics");
        let role = if is_sample { roles::word(role::MEDIA) } else { roles::of_file(&file.path) };
        keep(ledger, item, file, Artifact::new(Direction::Output, role), None)?;
    }
    Ok(())
}
