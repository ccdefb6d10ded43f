//! Uploads, remote files and registered models.

use std::collections::{BTreeMap, BTreeSet};

use expbundle::hash::{Wanted, hash_file};
use expbundle_format::record::{Word, role};
use expbundle_format::sections::{Artifact, Direction, Media, MediaItem, ModelFacts, RegisteredVersion};
use expbundle_format::time::Time;
use expbundle_format::{ArtifactDigests, Blake3, Code};
use expbundle_trackers::comet::{Message, SessionFile};
use expbundle_trackers::wandb::Value;

use super::mapping::{Mapping, rest, text};
use crate::gate::{Fate, LEFT_OUT};
use crate::ledger::json_tree;
use crate::wandb::typed::{members, typed};
use crate::{ConvertError, roles};

/// Uploads to look at, by their type in Comet.
const MEDIA: [(&str, &str); 11] = [
    ("visualization", "image"),
    ("audio", "audio"),
    ("video", "video"),
    ("confusion-matrix", "confusion-matrix"),
    ("histogram3d", "histogram"),
    ("histogram_combined_3d", "histogram"),
    ("text-sample", "text"),
    ("curve", "curve"),
    ("points-3d", "points"),
    ("embeddings", "embeddings"),
    ("dataframe-profile", "table"),
];
/// A JSON text or a sample of more bytes is a file only.
const MOST_BYTES_OF_A_VALUE: u64 = 64 << 10;
/// The archive with uncommitted changes.
const PATCH: &str = "git-patch";

/// Versions in the registry by the name of the model.
type Registered = BTreeMap<String, Vec<RegisteredVersion>>;

/// Lists all files. Gives the digest of the patch.
pub(super) fn map(mapping: &mut Mapping<'_>, media: &mut Vec<MediaItem>) -> Result<Option<Blake3>, ConvertError> {
    let registered = registered(mapping);
    let (mut patch, mut told) = (None, BTreeSet::new());
    for message in mapping.take("file_upload") {
        let session = mapping.session;
        let place = text(&message.payload, "file_path").unwrap_or_default();
        let Some(file) = session.file(place) else {
            missing(mapping, message, place, &registered);
            continue;
        };
        told.insert(file.path.as_str());
        if text(&message.payload, "upload_type") == Some(PATCH) {
            patch = self::patch(mapping, message, file)?.or(patch);
        } else {
            upload(mapping, message, file, &registered, media)?;
        }
    }
    for message in mapping.take("remote_file") {
        remote(mapping, message, &registered);
    }
    others(mapping, &told)?;
    Ok(patch)
}

/// In the order of key, step and time.
pub(super) fn section(mut media: Vec<MediaItem>) -> Media {
    media.sort_by(|a, b| (&a.key, a.step, a.time, &a.path).cmp(&(&b.key, b.step, b.time, &b.path)));
    Media { media, salt: None }
}

fn registered(mapping: &mut Mapping<'_>) -> Registered {
    let mut registered = Registered::new();
    for message in mapping.take("register_model") {
        let payload = &message.payload;
        let Some(model) = text(payload, "model_name") else {
            mapping.raw(message);
            continue;
        };
        // Without a version the service chooses one later.
        if let (Some(name), Some(version)) = (text(payload, "registry_name"), text(payload, "version")) {
            let stage = payload.get("stages").and_then(|stages| match stages {
                Value::List(stages) => stages.first()?.as_str().map(str::to_owned),
                _ => None,
            });
            registered.entry(model.to_owned()).or_default().push(RegisteredVersion {
                name: name.to_owned(),
                version: version.to_owned(),
                stage,
                description: text(payload, "description").map(str::to_owned),
                ..RegisteredVersion::default()
            });
        }
        mapping.mapped(message, &["experiment_id"]);
    }
    registered
}

/// What a message says of a file, whether its bytes are here or not.
fn described(message: &Message, registered: &Registered) -> Artifact {
    let payload = &message.payload;
    let none = Value::Null;
    let parameters = payload.get("additional_params").unwrap_or(&none);
    let kind = text(payload, "upload_type").unwrap_or("asset");
    // Figures have another member for their name.
    let name = text(parameters, "fileName").or(text(parameters, "figName")).map(plain);
    let (direction, role) = role_of(kind, name.as_deref().unwrap_or_default());
    let mut artifact = Artifact::new(direction, role);
    artifact.kind = Some(kind.to_owned());
    artifact.name.clone_from(&name);
    artifact.path = name;
    if let Some(model) = text(parameters, "groupingName") {
        artifact.name = Some(model.to_owned());
        if let Some(versions) = registered.get(model) {
            artifact.model = Some(ModelFacts { registered: versions.clone(), ..ModelFacts::default() });
        }
    }
    artifact.step = step(parameters);
    artifact.time = payload.get("local_timestamp").and_then(Value::as_i64).and_then(Time::from_milliseconds);
    let told = ["fileName", "figName", "groupingName", "type", "overwrite", "isRemote"];
    let told: &[&str] = if artifact.step.is_some() { &[&told[..], &["step"]].concat() } else { &told };
    let left = rest(parameters, told).unwrap_or(Value::Null);
    artifact.metadata.extend(members(&left).map(|(name, value)| (name.to_owned(), value)));
    if let Some(metadata) = payload.get("metadata").filter(|metadata| **metadata != Value::empty()) {
        artifact.metadata.extend(members(metadata).map(|(name, value)| (format!("metadata/{name}"), value)));
    }
    artifact
}

fn step(parameters: &Value) -> Option<i64> {
    parameters.get("step").and_then(Value::as_i64)
}

/// A name without the folders of a machine.
fn plain(name: &str) -> String {
    let is_elsewhere = name.starts_with(['/', '\\', '~']) || name.get(1..2) == Some(":") || name.contains("..");
    let last = || name.rsplit(['/', '\\']).find(|part| !part.is_empty() && *part != "..").unwrap_or("file");
    if is_elsewhere { last().to_owned() } else { name.to_owned() }
}

fn role_of(kind: &str, name: &str) -> (Direction, Word) {
    match kind {
        "source_code" => (Direction::Input, roles::word(role::CODE)),
        PATCH => (Direction::Input, roles::word(role::PATCH)),
        "model-element" => (Direction::Output, roles::word(role::MODEL)),
        _ if MEDIA.iter().any(|(media, _)| *media == kind) => (Direction::Output, roles::word(role::MEDIA)),
        _ => (Direction::Output, roles::of_file(name)),
    }
}

/// Members of an upload that `described` takes.
const TOLD: [&str; 6] = ["file_path", "upload_type", "additional_params", "metadata", "clean", "remote_uri"];

fn upload(
    mapping: &mut Mapping<'_>,
    message: &Message,
    file: &SessionFile,
    registered: &Registered,
    media: &mut Vec<MediaItem>,
) -> Result<(), ConvertError> {
    let mut artifact = described(message, registered);
    let hashed = match hash_file(&file.on_disk, Wanted::Both, mapping.ledger.options.progress) {
        Ok(hashed) => hashed,
        Err(error) => {
            mapping.ledger.finding(Code::SourceUnreadable, &file.path, error.to_string());
            mapping.dropped(message, "the file cannot be read");
            return Ok(());
        }
    };
    (artifact.digest, artifact.size) = (Some(hashed.digests()), Some(hashed.size));
    let path = artifact.path.get_or_insert_with(|| file.path.clone()).clone();
    let item = medium(&artifact, hashed.digests());
    if mapping.ledger.file(&path, &file.on_disk, artifact)? == Fate::LeftOut {
        mapping.dropped(message, LEFT_OUT);
        return Ok(());
    }
    if let Some(mut item) = item {
        item.value = value(file, &item.kind, hashed.size);
        media.push(item);
    }
    mapping.mapped(message, &TOLD);
    Ok(())
}

fn medium(artifact: &Artifact, digest: ArtifactDigests) -> Option<MediaItem> {
    let (_, kind) = MEDIA.iter().find(|(media, _)| artifact.kind.as_deref() == Some(media))?;
    Some(MediaItem {
        key: artifact.name.clone().or(artifact.path.clone())?,
        step: artifact.step,
        time: artifact.time,
        kind: (*kind).to_owned(),
        artifact: Some(digest),
        path: artifact.path.clone(),
        ..MediaItem::default()
    })
}

/// Content that is data rather than a picture.
fn value(file: &SessionFile, kind: &str, size: u64) -> Option<serde_json::Value> {
    let is_data = ["confusion-matrix", "histogram", "text", "curve"].contains(&kind);
    if !is_data || size > MOST_BYTES_OF_A_VALUE {
        return None;
    }
    let text = std::fs::read_to_string(&file.on_disk).ok()?;
    Some(if kind == "text" { text.into() } else { json_tree(&text) })
}

/// The patch is kept as the text that it is, and its archive is not: whoever looks for secrets
/// cannot look into one.
fn patch(mapping: &mut Mapping<'_>, message: &Message, file: &SessionFile) -> Result<Option<Blake3>, ConvertError> {
    let text = match mapping.session.patch(file) {
        Ok(text) => text,
        Err(found) => {
            mapping.ledger.findings(&[found]);
            mapping.dropped(message, "the patch cannot be read");
            return Ok(None);
        }
    };
    let mut artifact = Artifact::new(Direction::Input, roles::word(role::PATCH));
    artifact.name = Some("git_diff.patch".to_owned());
    let digest = mapping.ledger.text("git_diff.patch", &text, &mut artifact)?;
    mapping.ledger.list(artifact);
    mapping.mapped(message, &TOLD);
    Ok(Some(digest.blake3))
}

/// A file that the messages name and that is not here.
fn missing(mapping: &mut Mapping<'_>, message: &Message, path: &str, registered: &Registered) {
    let artifact = described(message, registered);
    let name = artifact.path.clone().unwrap_or_else(|| path.to_owned());
    mapping.ledger.finding(Code::SourceMissing, &name, "the bytes of the upload are not here");
    if path.starts_with('/') {
        mapping.ledger.address(&format!("upload {name}"), Some(path));
    }
    mapping.ledger.list(artifact);
    mapping.mapped(message, &TOLD);
}

fn remote(mapping: &mut Mapping<'_>, message: &Message, registered: &Registered) {
    let mut artifact = described(message, registered);
    let Some(uri) = message.payload.get("remote_uri").map(typed) else {
        mapping.raw(message);
        return;
    };
    let uri = uri.as_str().map_or_else(|| uri.to_string(), str::to_owned);
    let name = artifact.name.clone().unwrap_or_else(|| "remote file".to_owned());
    if uri.contains("://") {
        artifact.uris.push(uri.clone());
        let message = format!("the bytes are not here: only their address was recorded, {uri}");
        mapping.ledger.finding(Code::SourceMissing, &name, message);
    } else {
        mapping.ledger.address(&format!("remote file {name}"), Some(&uri));
        mapping.ledger.finding(Code::SourceMissing, &name, "the bytes are not here: only a path was recorded");
    }
    mapping.ledger.list(artifact);
    mapping.mapped(message, &TOLD);
}

/// Files that no message names.
fn others(mapping: &mut Mapping<'_>, told: &BTreeSet<&str>) -> Result<(), ConvertError> {
    let session = mapping.session;
    for file in session.files.iter().filter(|file| !told.contains(file.path.as_str())) {
        let item = mapping.ledger.item("file without a message", &file.path);
        let hashed = match hash_file(&file.on_disk, Wanted::Both, mapping.ledger.options.progress) {
            Ok(hashed) => hashed,
            Err(error) => {
                item.dropped("the file cannot be read");
                mapping.ledger.finding(Code::SourceUnreadable, &file.path, error.to_string());
                continue;
            }
        };
        let mut artifact = Artifact::new(Direction::Output, roles::of_file(&file.path));
        (artifact.digest, artifact.size) = (Some(hashed.digests()), Some(hashed.size));
        artifact.name = Some(file.path.clone());
        artifact.path = Some(file.path.clone());
        match mapping.ledger.file(&file.path, &file.on_disk, artifact)? {
            Fate::LeftOut => item.dropped(LEFT_OUT),
            Fate::Listed | Fate::Embedded => item.mapped(),
        }
    }
    Ok(())
}
