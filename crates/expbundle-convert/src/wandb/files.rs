//! Files of the run's folder and artifacts of its log: what they are, by digest where the bytes are here.

use std::collections::{BTreeMap, HashSet};

use base64::Engine as _;
use camino::Utf8PathBuf;
use expbundle::hash::{Wanted, hash_file};
use expbundle_format::record::{ArtifactRef, Form, role};
use expbundle_format::sections::{Artifact, ArtifactFile, Direction};
use expbundle_format::tree::{Tree, TreeFile, TreePath};
use expbundle_format::{ArtifactDigests, Blake3, Code, DigestSet};
use expbundle_trackers::wandb::{Folder, FolderFile, Value};

use super::mapping::Mapping;
use super::typed::{members, typed};
use crate::gate::{Draft, Fate, FileToList, LEFT_OUT};
use crate::search::FileIndex;
use crate::{ConvertError, roles};

/// Files whose content is told in other sections; the log says the same.
const TOLD: &[&str] = &[
    "requirements.txt",
    "output.log",
    "wandb-metadata.json",
    "wandb-summary.json",
    "config.yaml",
    "conda-environment.yaml",
];

/// Uncommitted changes.
const PATCH: &str = "diff.patch";

/// Files of the folder by path, as far as their bytes are here.
pub(super) type Known = BTreeMap<String, DigestSet>;

/// Hashes the files of the folder. Returns their digests and that of the patch.
pub(super) fn folder(
    mapping: &mut Mapping<'_>,
    draft: &mut Draft<'_>,
) -> Result<(Known, Option<Blake3>), ConvertError> {
    let (mut known, mut patch) = (Known::new(), None);
    let Some(folder) = mapping.folder() else { return Ok((known, patch)) };
    mapping.account.found("bookkeeping file", folder.bookkeeping);
    mapping.account.dropped("bookkeeping file", folder.bookkeeping, "logs and scratch of the tool itself");
    mapping.account.found("folder file", folder.files.len() as u64);
    for file in &folder.files {
        if TOLD.contains(&file.path.as_str()) {
            mapping.account.mapped("folder file", 1);
            continue;
        }
        let hashed = match hash_file(&file.on_disk, Wanted::Both, mapping.options.progress) {
            Ok(hashed) => hashed,
            Err(error) => {
                mapping.account.dropped("folder file", 1, "the file cannot be read");
                mapping.finding(Code::SourceUnreadable, &format!("files/{}", file.path), error.to_string());
                continue;
            }
        };
        let Some(digest) = hashed.both() else { continue };
        match add_file(mapping, draft, file, digest)? {
            Fate::LeftOut => {
                mapping.account.dropped("folder file", 1, LEFT_OUT);
                continue;
            }
            Fate::Embedded if file.path == PATCH => patch = Some(digest.blake3),
            Fate::Embedded | Fate::Listed => {}
        }
        known.insert(file.path.clone(), digest);
        mapping.account.mapped("folder file", 1);
    }
    Ok((known, patch))
}

/// Lists a file of the folder, and embeds it if it is small and holds no secret.
fn add_file(
    mapping: &mut Mapping<'_>,
    draft: &mut Draft<'_>,
    file: &FolderFile,
    digest: DigestSet,
) -> Result<Fate, ConvertError> {
    let is_patch = file.path == PATCH;
    let (direction, role) = match file.path.split('/').next() {
        _ if is_patch => (Direction::Input, roles::word(role::PATCH)),
        Some("code") => (Direction::Input, roles::word(role::CODE)),
        Some("media") => (Direction::Output, roles::word(role::MEDIA)),
        _ => (Direction::Output, roles::of_file(&file.path)),
    };
    let path = format!("files/{}", file.path);
    let to_list =
        FileToList { path: &path, on_disk: &file.on_disk, role: &role, size: file.size, digest: digest.into() };
    let fate = draft.file(&to_list)?;
    if fate == Fate::LeftOut {
        return Ok(fate);
    }
    let listed = ArtifactRef::new(role.clone(), digest.into(), file.size, Form::File);
    match direction {
        Direction::Input => draft.body_mut().inputs.push(listed),
        Direction::Output => draft.body_mut().outputs.push(listed),
    }
    let mut artifact = Artifact::new(direction, role);
    artifact.digest = Some(digest.into());
    artifact.size = Some(file.size);
    artifact.path = Some(path);
    mapping.artifacts.push(artifact);
    Ok(fate)
}

/// Artifacts that were logged and used.
pub(super) fn artifacts(mapping: &mut Mapping<'_>, draft: &mut Draft<'_>) -> Result<(), ConvertError> {
    let run = mapping.run();
    mapping.account.found("artifact", run.artifacts.len() as u64);
    let mut places: Vec<Utf8PathBuf> = mapping.options.files.to_vec();
    places.extend(mapping.folder().into_iter().flat_map(|folder| &folder.files).map(|file| file.on_disk.clone()));
    let mut index = FileIndex::new(&places)?;
    let mut seen: HashSet<(String, String)> = HashSet::new();
    for logged in &run.artifacts {
        let text = |member: &str| logged.get(member).and_then(Value::as_str).unwrap_or_default();
        // One draft may be logged many times, by `link_artifact` among others.
        let identity = (text("client_id").to_owned(), text("digest").to_owned());
        mapping.account.mapped("artifact", 1);
        if !identity.0.is_empty() && !seen.insert(identity) {
            continue;
        }
        logged_artifact(mapping, draft, logged, &mut index)?;
    }
    mapping.account.found("used artifact", run.used_artifacts.len() as u64);
    for used in &run.used_artifacts {
        let text = |member: &str| used.get(member).and_then(Value::as_str).unwrap_or_default();
        let mut artifact = Artifact::new(Direction::Input, roles::of_type(text("type")));
        let (name, version) = text("name").rsplit_once(':').unwrap_or((text("name"), ""));
        artifact.name = Some(name.to_owned());
        artifact.version = Some(version.to_owned()).filter(|version| !version.is_empty());
        artifact.kind = Some(text("type").to_owned()).filter(|kind| !kind.is_empty());
        artifact.metadata.insert("id".to_owned(), text("id").into());
        mapping.account.mapped("used artifact", 1);
        let message = format!(
            "the source names the used artifact `{}` and no digest of it; `--input` declares the file",
            text("name")
        );
        mapping.finding(Code::SourceMissing, "used artifact", message);
        mapping.artifacts.push(artifact);
    }
    let saved = run.files.len() as u64;
    mapping.account.found("saved file", saved);
    for file in &run.files {
        let path = file.get("path").and_then(Value::as_str).unwrap_or_default();
        // In the order of their paths.
        let is_here = |folder: &Folder| folder.files.binary_search_by(|file| file.path.as_str().cmp(path)).is_ok();
        if mapping.folder().is_some_and(is_here) {
            mapping.account.mapped("saved file", 1);
        } else {
            mapping.keep_raw("saved file", path, typed(file));
        }
    }
    Ok(())
}

fn logged_artifact(
    mapping: &mut Mapping<'_>,
    draft: &mut Draft<'_>,
    logged: &Value,
    index: &mut FileIndex,
) -> Result<(), ConvertError> {
    let text = |member: &str| logged.get(member).and_then(Value::as_str).unwrap_or_default();
    let mut artifact = Artifact::new(Direction::Output, roles::of_type(text("type")));
    let name = text("name");
    artifact.name = Some(name.to_owned());
    artifact.kind = Some(text("type").to_owned());
    artifact.description = Some(text("description").to_owned()).filter(|text| !text.is_empty());
    if let Some(Value::List(aliases)) = logged.get("aliases") {
        artifact.aliases = aliases.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        artifact.aliases.sort();
    }
    if let Some(mut metadata) = Some(text("metadata")).filter(|text| !text.is_empty()).and_then(Value::parse) {
        metadata.sort();
        for (key, value) in members(&metadata) {
            artifact.metadata.insert(key.to_owned(), value);
        }
    }
    if logged.get("use_after_commit") == Some(&Value::Bool(true)) {
        artifact.metadata.insert("usedAfterLogging".to_owned(), true.into());
    }
    let algorithm = Some(text("digest_algorithm")).filter(|text| !text.is_empty()).unwrap_or("MANIFEST_MD5");
    artifact.foreign.insert(format!("wandb-{}", algorithm.to_lowercase().replace('_', "-")), text("digest").to_owned());

    let contents = logged.get("manifest").and_then(|manifest| manifest.get("contents"));
    let entries: &[Value] = if let Some(Value::List(entries)) = contents { entries } else { &[] };
    mapping.account.found("artifact file", entries.len() as u64);
    let mut on_disk = BTreeMap::new();
    for entry in entries {
        if draft.is_secret_by_name(entry.get("path").and_then(Value::as_str).unwrap_or_default()) {
            mapping.account.dropped("artifact file", 1, LEFT_OUT);
            artifact.foreign.clear();
            continue;
        }
        let (file, place) = artifact_file(mapping, entry, name, index)?;
        if let (Some(place), Some(digest), Some(size)) = (&place, file.digest, file.size)
            && draft.is_secret(&FileToList {
                path: &file.path,
                on_disk: place,
                role: &artifact.role,
                size,
                digest: digest.into(),
            })
        {
            mapping.account.dropped("artifact file", 1, LEFT_OUT);
            // The tracker's digest of the whole has that of the file in it.
            artifact.foreign.clear();
            continue;
        }
        mapping.account.mapped("artifact file", 1);
        if let Some(place) = place {
            on_disk.insert(file.path.clone(), place);
        }
        artifact.files.push(file);
    }
    artifact.files.sort_by(|a, b| a.path.cmp(&b.path));
    artifact.size = artifact.files.iter().map(|file| file.size).sum();
    let missing = artifact.files.iter().filter(|file| file.digest.is_none() && file.uri.is_none()).count();
    if missing > 0 {
        let message =
            format!("the bytes of {missing} files of the artifact `{name}` are not here; `--files` says where to look");
        mapping.finding(Code::SourceMissing, "artifact", message);
    }
    list(mapping, draft, artifact)
}

/// One entry of a manifest, with its digests if its bytes are found.
fn artifact_file(
    mapping: &mut Mapping<'_>,
    entry: &Value,
    name: &str,
    index: &mut FileIndex,
) -> Result<(ArtifactFile, Option<Utf8PathBuf>), ConvertError> {
    let text = |member: &str| entry.get(member).and_then(Value::as_str).unwrap_or_default();
    let size = entry.get("size").and_then(Value::as_i64).and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
    let mut file = ArtifactFile { path: text("path").to_owned(), size: Some(size), ..ArtifactFile::default() };
    if let Some(path) = Some(text("local_path")).filter(|path| !path.is_empty()) {
        mapping.identity.paths.insert(format!("artifact {name}: {}", file.path), path.to_owned());
    }
    let reference = text("ref");
    if !reference.is_empty() {
        file.uri = Some(reference.to_owned());
        file.size = Some(size).filter(|size| *size > 0);
    }
    // MD5 in base64; for references it may be the address itself.
    let md5 = base64::engine::general_purpose::STANDARD.decode(text("digest")).ok().filter(|bytes| bytes.len() == 16);
    let Some(md5) = md5 else {
        if let Some(digest) = Some(text("digest")).filter(|digest| !digest.is_empty() && *digest != reference) {
            file.foreign.insert("wandb-entry".to_owned(), digest.to_owned());
        }
        return Ok((file, None));
    };
    let md5 = crate::search::hex(&md5);
    let found = if reference.is_empty() { index.find(size, &md5) } else { None };
    file.foreign.insert("md5".to_owned(), md5);
    if let Some(place) = &found {
        file.digest = hash_file(place, Wanted::Both, mapping.options.progress)?.both();
    }
    Ok((file, found))
}

/// Lists an artifact in the record if all of its bytes were here: as a file, or as a tree with its weights by themselves.
fn list(mapping: &mut Mapping<'_>, draft: &mut Draft<'_>, mut artifact: Artifact) -> Result<(), ConvertError> {
    let here: Option<Vec<(String, DigestSet, u64)>> =
        artifact.files.iter().map(|file| Some((file.path.clone(), file.digest?, file.size?))).collect();
    let Some(here) = here.filter(|here| !here.is_empty()) else {
        mapping.artifacts.push(artifact);
        return Ok(());
    };
    let listed = |role: &expbundle_format::record::Word, digest: ArtifactDigests, size, form| {
        ArtifactRef::new(role.clone(), digest, size, form)
    };
    if let [(_, digest, size)] = here.as_slice() {
        artifact.digest = Some((*digest).into());
        artifact.size = Some(*size);
        draft.body_mut().outputs.push(listed(&artifact.role, (*digest).into(), *size, Form::File));
        mapping.artifacts.push(artifact);
        return Ok(());
    }
    let files: Result<Vec<TreeFile>, _> = here
        .iter()
        .map(|(path, digest, size)| {
            TreePath::from_plain(path).map(|path| TreeFile { path, digest: *digest, size: *size })
        })
        .collect();
    match files.map(Tree::new) {
        Ok(Ok(tree)) => {
            let (digest, size) = draft.listing(&tree)?;
            artifact.digest = Some(digest.into());
            artifact.size = Some(size);
            artifact.form = Form::Tree;
            draft.body_mut().outputs.push(listed(&artifact.role, digest.into(), size, Form::Tree));
            for (path, digest, size) in here.iter().filter(|(path, _, _)| roles::is_weights(path)) {
                draft.body_mut().outputs.push(listed(&roles::of_file(path), (*digest).into(), *size, Form::File));
            }
        }
        Ok(Err(error)) => {
            mapping.finding(Code::SourceUnsupported, "artifact", format!("its files make no tree: {error}"));
        }
        Err(error) => {
            mapping.finding(Code::SourceUnsupported, "artifact", format!("a path of it cannot be listed: {error}"));
        }
    }
    mapping.artifacts.push(artifact);
    Ok(())
}
