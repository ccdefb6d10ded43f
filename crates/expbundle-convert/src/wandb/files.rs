//! Files of the run's folder and artifacts of its log: what they are, by digest where the bytes are
//! here.

use std::collections::{BTreeMap, HashSet};

use base64::Engine as _;
use camino::Utf8PathBuf;
use expbundle::hash::{Wanted, hash_file};
use expbundle_format::record::role;
use expbundle_format::sections::{Artifact, ArtifactFile, Direction};
use expbundle_format::{Blake3, Code, DigestSet};
use expbundle_trackers::wandb::{Folder, FolderFile, Value};

use super::mapping::Mapping;
use super::typed::members;
use crate::artifact_files::NOT_HERE;
use crate::gate::{Fate, FileToList, LEFT_OUT};
use crate::ledger::Ledger;
use crate::search::FileIndex;
use crate::{ConvertError, artifact_files, roles};

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
pub(super) fn folder(mapping: &mut Mapping<'_>) -> Result<(Known, Option<Blake3>), ConvertError> {
    let (mut known, mut patch) = (Known::new(), None);
    let Some(folder) = mapping.folder() else { return Ok((known, patch)) };
    let ledger = &mut mapping.ledger;
    ledger.items("bookkeeping file", folder.bookkeeping).dropped("logs and scratch of the tool itself");
    ledger.found("folder file", folder.files.len() as u64);
    for file in &folder.files {
        let item = ledger.item("folder file", &file.path);
        if TOLD.contains(&file.path.as_str()) {
            item.mapped();
            continue;
        }
        let hashed = match hash_file(&file.on_disk, Wanted::Both, ledger.options.progress) {
            Ok(hashed) => hashed,
            Err(error) => {
                item.dropped("the file cannot be read");
                ledger.finding(Code::SourceUnreadable, &format!("files/{}", file.path), error.to_string());
                continue;
            }
        };
        let digest = hashed.both().expect("both digests were asked for");
        match add_file(ledger, file, digest)? {
            Fate::LeftOut => {
                item.dropped(LEFT_OUT);
                continue;
            }
            Fate::Embedded if file.path == PATCH => patch = Some(digest.blake3),
            Fate::Embedded | Fate::Listed => {}
        }
        known.insert(file.path.clone(), digest);
        item.mapped();
    }
    Ok((known, patch))
}

/// Lists a file of the folder, and embeds it if it is small and holds no secret.
fn add_file(ledger: &mut Ledger<'_>, file: &FolderFile, digest: DigestSet) -> Result<Fate, ConvertError> {
    let is_patch = file.path == PATCH;
    let (direction, role) = match file.path.split('/').next() {
        _ if is_patch => (Direction::Input, roles::word(role::PATCH)),
        Some("code") => (Direction::Input, roles::word(role::CODE)),
        Some("media") => (Direction::Output, roles::word(role::MEDIA)),
        _ => (Direction::Output, roles::of_file(&file.path)),
    };
    let path = format!("files/{}", file.path);
    let mut artifact = Artifact::new(direction, role);
    artifact.digest = Some(digest.into());
    artifact.size = Some(file.size);
    artifact.path = Some(path.clone());
    ledger.file(&path, &file.on_disk, artifact)
}

/// Artifacts that were logged and used.
pub(super) fn artifacts(mapping: &mut Mapping<'_>) -> Result<(), ConvertError> {
    let run = mapping.run();
    let mut places: Vec<Utf8PathBuf> = mapping.ledger.options.files.to_vec();
    places.extend(mapping.folder().into_iter().flat_map(|folder| &folder.files).map(|file| file.on_disk.clone()));
    let mut index = FileIndex::new(&places)?;
    let mut seen: HashSet<(String, String)> = HashSet::new();
    for logged in &run.artifacts {
        let text = |member: &str| logged.get(member).and_then(Value::as_str).unwrap_or_default();
        // One draft may be logged many times, by `link_artifact` among others.
        let identity = (text("client_id").to_owned(), text("digest").to_owned());
        mapping.ledger.items("artifact", 1).mapped();
        if !identity.0.is_empty() && !seen.insert(identity) {
            continue;
        }
        logged_artifact(&mut mapping.ledger, logged, &mut index)?;
    }
    for used in &run.used_artifacts {
        let text = |member: &str| used.get(member).and_then(Value::as_str).unwrap_or_default();
        let mut artifact = Artifact::new(Direction::Input, roles::of_type(text("type")));
        let (name, version) = text("name").rsplit_once(':').unwrap_or((text("name"), ""));
        artifact.name = Some(name.to_owned());
        artifact.version = Some(version.to_owned()).filter(|version| !version.is_empty());
        artifact.kind = Some(text("type").to_owned()).filter(|kind| !kind.is_empty());
        artifact.metadata.insert("id".to_owned(), text("id").into());
        mapping.ledger.items("used artifact", 1).mapped();
        let message = format!(
            "the source names the used artifact `{}` and no digest of it; `--input` declares the file",
            text("name")
        );
        mapping.ledger.finding(Code::SourceMissing, "used artifact", message);
        mapping.ledger.artifact(artifact);
    }
    for file in &run.files {
        let path = file.get("path").and_then(Value::as_str).unwrap_or_default();
        // In the order of their paths.
        let is_here = |folder: &Folder| folder.files.binary_search_by(|file| file.path.as_str().cmp(path)).is_ok();
        let item = mapping.ledger.item("saved file", path);
        if mapping.folder().is_some_and(is_here) { item.mapped() } else { item.raw(file) }
    }
    Ok(())
}

fn logged_artifact(ledger: &mut Ledger<'_>, logged: &Value, index: &mut FileIndex) -> Result<(), ConvertError> {
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
    for entry in entries {
        match artifact_file(ledger, entry, &artifact, index)? {
            Some(file) => artifact.files.push(file),
            // The tracker's digest of the whole has that of the file in it.
            None => artifact.foreign.clear(),
        }
    }
    artifact.files.sort_by(|a, b| a.path.cmp(&b.path));
    artifact.size = artifact.files.iter().map(|file| file.size).sum();
    let is_missing = |file: &&ArtifactFile| file.digest.is_none() && file.uri.is_none();
    let missing: Vec<&str> = artifact.files.iter().filter(is_missing).map(|file| file.path.as_str()).collect();
    if !missing.is_empty() {
        let message = format!(
            "the artifact `{name}` is incomplete: the bytes of {} are not here, or differ; W&B's staging folder may still have them",
            some_files(&missing)
        );
        ledger.finding(Code::SourceMissing, "artifact", message);
    }
    artifact_files::list(ledger, artifact)
}

/// The first of some files, and how many more there are.
fn some_files(paths: &[&str]) -> String {
    const SHOWN: usize = 3;
    let names: Vec<String> = paths.iter().take(SHOWN).map(|path| format!("`{path}`")).collect();
    match paths.len().saturating_sub(SHOWN) {
        0 => names.join(", "),
        1 => format!("{} and 1 more file", names.join(", ")),
        more => format!("{} and {more} more files", names.join(", ")),
    }
}

/// One entry of a manifest, with its digests if its bytes are found. `None` if it is or holds a
/// secret.
fn artifact_file(
    ledger: &mut Ledger<'_>,
    entry: &Value,
    of: &Artifact,
    index: &mut FileIndex,
) -> Result<Option<ArtifactFile>, ConvertError> {
    let name = of.name.as_deref().unwrap_or_default();
    let text = |member: &str| entry.get(member).and_then(Value::as_str).unwrap_or_default();
    let size = entry.get("size").and_then(Value::as_i64).and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
    let item = ledger.item("artifact file", text("path"));
    if ledger.draft.is_secret_by_name(text("path")) {
        item.dropped(LEFT_OUT);
        return Ok(None);
    }
    let mut file = ArtifactFile { path: text("path").to_owned(), size: Some(size), ..ArtifactFile::default() };
    ledger.address(&format!("artifact {name}: {}", file.path), Some(text("local_path")));
    let reference = text("ref");
    if !reference.is_empty() {
        file.uri = Some(reference.to_owned());
        file.size = Some(size).filter(|size| *size > 0);
    }
    // MD5 in base64; for references it may be the address itself.
    let md5 = base64::engine::general_purpose::STANDARD.decode(text("digest")).ok();
    let Some(md5) = md5.and_then(|bytes| bytes.try_into().ok()) else {
        if let Some(digest) = Some(text("digest")).filter(|digest| !digest.is_empty() && *digest != reference) {
            file.foreign.insert("wandb-entry".to_owned(), digest.to_owned());
        }
        item.mapped();
        return Ok(Some(file));
    };
    let md5 = format!("{:032x}", u128::from_be_bytes(md5));
    let found = if reference.is_empty() { index.find(size, &md5) } else { None };
    file.foreign.insert("md5".to_owned(), md5);
    if found.is_none() && reference.is_empty() {
        item.dropped(NOT_HERE);
        return Ok(Some(file));
    }
    if let Some(place) = &found {
        let hashed = hash_file(place, Wanted::Both, ledger.options.progress)?;
        let to_list = FileToList { path: &file.path, on_disk: place, role: &of.role, size, digest: hashed.digests() };
        if ledger.draft.is_secret(&to_list) {
            item.dropped(LEFT_OUT);
            return Ok(None);
        }
        file.digest = hashed.both();
    }
    item.mapped();
    Ok(Some(file))
}
