//! What a step took in and put out: versions of artifacts, by the digests of their files.

use camino::Utf8Path;
use expbundle::hash::{Wanted, hash_file};
use expbundle_format::record::{ArtifactRef, Form, Word, role};
use expbundle_format::sections::{Artifact, Direction, Media, MediaItem, ModelFacts, RegisteredVersion};
use expbundle_format::tree::{Tree, TreeFile, TreePath};
use expbundle_format::weights::look_like_weights;
use expbundle_format::{Code, DigestSet};
use expbundle_trackers::zenml::{ArtifactFile, Edge, ModelVersion, Place, StepRun, dashed, text};
use serde_json::Value;

use super::metadata;
use super::shared::object;
use crate::artifact_files::{self, Here};
use crate::gate::{Fate, FileToList, LEFT_OUT};
use crate::ledger::{Item, Ledger};
use crate::{ConvertError, roles};

pub(super) fn map(ledger: &mut Ledger<'_>, step: &StepRun) -> Result<Media, ConvertError> {
    let mut media = Media::default();
    for (direction, kind, edges) in
        [(Direction::Input, "input", &step.inputs), (Direction::Output, "output", &step.outputs)]
    {
        ledger.found(kind, edges.len() as u64);
        for edge in edges {
            let name = format!("{} {}", edge.name, dashed(&edge.id));
            let item = ledger.item(kind, &name);
            let artifact = described(edge, direction, step.model.as_ref());
            list(ledger, edge, artifact, item)?;
            if direction == Direction::Output {
                looks(ledger, edge, &mut media)?;
            }
        }
    }
    media.media.sort_by(|a, b| (&a.key, &a.path).cmp(&(&b.key, &b.path)));
    Ok(media)
}

/// What a version is, by its type; a number or a text that a step returns is a result, and no data
/// set.
fn role_of(edge: &Edge) -> Word {
    let data_type = object(&edge.version, "data_type");
    let is_builtin = data_type.get("module").and_then(Value::as_str) == Some("builtins");
    let kind = text(&edge.version, "type").unwrap_or_default();
    roles::word(match kind {
        "ModelArtifact" => role::MODEL,
        "DataArtifact" if !is_builtin => role::DATASET,
        "DataAnalysisArtifact" => role::MEDIA,
        _ => role::FILE,
    })
}

fn described(edge: &Edge, direction: Direction, model: Option<&ModelVersion>) -> Artifact {
    let of = |column: &str| text(&edge.version, column).map(str::to_owned);
    let mut artifact = Artifact::new(direction, role_of(edge));
    artifact.name = edge.artifact.clone().or_else(|| Some(edge.name.clone()));
    if edge.artifact.as_ref().is_some_and(|name| *name != edge.name) {
        artifact.aliases.push(edge.name.clone());
    }
    artifact.kind = of("type");
    artifact.version = of("version");
    artifact.time = of("created").as_deref().and_then(super::time);
    artifact.metadata = metadata::of_artifact(&edge.metadata);
    for column in ["materializer", "data_type"] {
        let members = object(&edge.version, column);
        if !members.is_empty() {
            artifact.metadata.insert(format!("zenml {column}"), Value::Object(members));
        }
    }
    let facts = [
        ("save_type", of("save_type")),
        ("input_type", edge.kind.clone()),
        ("producer run", edge.producer.as_deref().map(dashed)),
    ];
    for (name, fact) in facts {
        artifact.metadata.extend(fact.map(|fact| (format!("zenml {name}"), fact.into())));
    }
    if let Some(count) = edge.version.get("item_count") {
        artifact.metadata.insert("zenml item_count".to_owned(), count.clone());
    }
    artifact.metadata.insert("zenml id".to_owned(), dashed(&edge.id).into());
    if !edge.tags.is_empty() {
        artifact.metadata.insert("zenml tags".to_owned(), edge.tags.clone().into());
    }
    if let Some(hash) = of("content_hash") {
        artifact.foreign.insert("zenml-content-hash".to_owned(), hash);
    }
    let is_model = artifact.role.as_str() == role::MODEL;
    if let Some(model) = model.filter(|model| {
        is_model && text(&model.version, "id").is_some_and(|id| edge.model_versions.iter().any(|one| one == id))
    }) {
        artifact.licence = text(&model.model, "license").map(str::to_owned);
        artifact.model = Some(ModelFacts { registered: vec![registered(model)], ..ModelFacts::default() });
    }
    artifact
}

fn registered(model: &ModelVersion) -> RegisteredVersion {
    RegisteredVersion {
        name: text(&model.model, "name").unwrap_or_default().to_owned(),
        version: text(&model.version, "name").unwrap_or_default().to_owned(),
        stage: text(&model.version, "stage").map(str::to_owned),
        description: text(&model.version, "description").map(str::to_owned),
        ..RegisteredVersion::default()
    }
}

/// Lists a version by its files: one file is that file, several are a tree.
fn list(ledger: &mut Ledger<'_>, edge: &Edge, mut artifact: Artifact, item: Item<'_>) -> Result<(), ConvertError> {
    let files: Vec<&ArtifactFile> = edge.files.iter().filter(|file| !file.is_visualization).collect();
    if files.is_empty() {
        missing(ledger, edge, artifact, item);
        return Ok(());
    }
    let mut hashed = Vec::new();
    for file in &files {
        let path = format!("{}/{}", edge.name, file.path);
        match hash_file(&file.on_disk, Wanted::Both, ledger.options.progress) {
            Ok(one) => hashed.push((*file, path, one.both().expect("both were wanted"), one.size)),
            Err(error) => ledger.finding(Code::SourceUnreadable, &path, error.to_string()),
        }
    }
    check_hash(ledger, edge, &hashed);
    if let ([(file, path, digest, size)], 1) = (hashed.as_slice(), files.len()) {
        artifact.path = Some(path.clone());
        (artifact.digest, artifact.size) = (Some((*digest).into()), Some(*size));
        if ledger.file(path, &file.on_disk, artifact)? == Fate::LeftOut {
            item.dropped(LEFT_OUT);
        } else {
            item.mapped();
        }
        return Ok(());
    }
    let before = hashed.len();
    hashed.retain(|(file, path, digest, size)| {
        let to_list =
            FileToList { path, on_disk: &file.on_disk, role: &artifact.role, size: *size, digest: (*digest).into() };
        !ledger.draft.is_secret(&to_list) && !ledger.draft.is_secret_in_path(path)
    });
    if hashed.len() < before {
        // ZenML's digest of the whole may have that of the secret in it.
        artifact.foreign.clear();
    }
    let Some(tree) = tree(&hashed).filter(|_| hashed.len() == before && before == files.len()) else {
        let message = "a file of the artifact is left out or cannot be listed, so the artifact has no digest";
        ledger.finding(Code::SourceUnsupported, &edge.name, message);
        let here: Vec<Here> =
            hashed.iter().map(|(file, _, digest, size)| (file.path.clone(), *digest, *size)).collect();
        item.mapped();
        return artifact_files::list_incomplete(ledger, artifact, &here);
    };
    ledger.tree(&tree, &mut artifact)?;
    artifact.path = Some(edge.name.clone());
    let (direction, is_model) = (artifact.direction, artifact.role.as_str() == role::MODEL);
    ledger.list(artifact);
    for (file, _, digest, size) in hashed.iter().filter(|(file, ..)| is_model && look_like_weights(&file.path)) {
        let weights = ArtifactRef::new(roles::of_file(&file.path), (*digest).into(), *size, Form::File);
        ledger.reference(direction, weights);
    }
    item.mapped();
    Ok(())
}

fn tree(files: &[(&ArtifactFile, String, DigestSet, u64)]) -> Option<Tree> {
    let listed = files.iter().map(|(file, _, digest, size)| {
        Some(TreeFile { path: TreePath::from_plain(&file.path).ok()?, digest: *digest, size: *size })
    });
    Tree::new(listed.collect::<Option<Vec<_>>>()?).ok()
}

/// Of a pickle `ZenML` keeps the SHA-256.
fn check_hash(ledger: &mut Ledger<'_>, edge: &Edge, files: &[(&ArtifactFile, String, DigestSet, u64)]) {
    let claimed = text(&edge.version, "content_hash").filter(|hash| hash.len() == 64);
    let pickle = files.iter().find(|(file, ..)| file.path == "artifact.pkl");
    if let (Some(claimed), Some((_, path, digest, _))) = (claimed, pickle)
        && digest.sha256.to_string() != claimed
    {
        ledger.finding(Code::SourceDamaged, path, "the file has a different SHA-256 than the database says");
    }
}

fn missing(ledger: &mut Ledger<'_>, edge: &Edge, mut artifact: Artifact, item: Item<'_>) {
    let uri = text(&edge.version, "uri").unwrap_or_default();
    let place = match &edge.place {
        Place::Remote => {
            artifact.uris.push(uri.to_owned());
            format!("; they are on a server and not fetched: {uri}")
        }
        Place::Absent => {
            ledger.address(&format!("artifact {}", edge.name), Some(uri));
            "; they were at a path of another machine".to_owned()
        }
        Place::Here(_) => "; the folder is empty or gone".to_owned(),
    };
    if ledger.draft.is_secret_artifact(&artifact) {
        item.dropped(LEFT_OUT);
        return;
    }
    ledger.finding(Code::SourceMissing, &edge.name, format!("the bytes of the artifact are not here{place}"));
    ledger.list(artifact);
    item.mapped();
}

/// What `ZenML` drew of an artifact.
fn looks(ledger: &mut Ledger<'_>, edge: &Edge, media: &mut Media) -> Result<(), ConvertError> {
    for file in edge.files.iter().filter(|file| file.is_visualization) {
        let path = format!("{}/{}", edge.name, file.path);
        let item = ledger.item("visualization", &path);
        let hashed = match hash_file(&file.on_disk, Wanted::Both, ledger.options.progress) {
            Ok(hashed) => hashed,
            Err(error) => {
                ledger.finding(Code::SourceUnreadable, &path, error.to_string());
                item.dropped("the file cannot be read");
                continue;
            }
        };
        let mut artifact = Artifact::new(Direction::Output, roles::word(role::MEDIA));
        artifact.name = Some(file.path.clone());
        artifact.path = Some(path.clone());
        (artifact.digest, artifact.size) = (Some(hashed.digests()), Some(hashed.size));
        if ledger.file(&path, &file.on_disk, artifact)? == Fate::LeftOut {
            item.dropped(LEFT_OUT);
            continue;
        }
        let kind = if Utf8Path::new(&file.path).extension() == Some("html") { "html" } else { "image" };
        media.media.push(MediaItem {
            key: edge.name.clone(),
            kind: kind.to_owned(),
            artifact: Some(hashed.digests()),
            path: Some(path.clone()),
            ..MediaItem::default()
        });
        item.mapped();
    }
    Ok(())
}
