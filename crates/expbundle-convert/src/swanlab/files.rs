//! Files of the run's folder, and things to look at.

use std::collections::BTreeMap;

use expbundle::hash::{Wanted, hash_file};
use expbundle_format::record::role;
use expbundle_format::sections::{Artifact, Direction, Media, MediaItem};
use expbundle_format::{ArtifactDigests, Code, Sha256};
use expbundle_trackers::swanlab::{Folder, MediaFile, Run, RunFile, Save};
use serde_json::{Map, Value};

use super::time;
use crate::gate::{Fate, LEFT_OUT};
use crate::ledger::{Ledger, json_tree};
use crate::{ConvertError, roles};

/// Files whose content is told in other sections.
const TOLD: [&str; 3] = ["files/config.yaml", "files/swanlab-metadata.json", "files/requirements.txt"];
/// Files of `SwanLab`'s own, by the number of their kind.
const OWN: [&str; 4] =
    ["files/config.yaml", "files/swanlab-metadata.json", "files/requirements.txt", "files/conda.yaml"];
/// Kinds whose files are texts that are small.
const TEXTS: [&str; 3] = ["text", "echarts", "html"];
/// The largest text that stands in the section itself.
const MOST_TEXT_BYTES: u64 = 64 << 10;

/// Files by path, as far as their bytes are here.
type Known = BTreeMap<String, ArtifactDigests>;

pub(super) fn map(ledger: &mut Ledger<'_>, run: &Run) -> Result<(), ConvertError> {
    let mut known = Known::new();
    if let Some(folder) = &run.folder {
        ledger.items("bookkeeping file", folder.bookkeeping).dropped("logs of the tool itself");
        for file in &folder.files {
            list(ledger, file, &mut known)?;
        }
    }
    let nothing = Folder::default();
    for save in &run.saves {
        saved(ledger, save, run.folder.as_ref().unwrap_or(&nothing), &known);
    }
    media(ledger, run, &known);
    Ok(())
}

fn list(ledger: &mut Ledger<'_>, file: &RunFile, known: &mut Known) -> Result<(), ConvertError> {
    let item = ledger.item("folder file", &file.path);
    if TOLD.contains(&file.path.as_str()) {
        item.mapped();
        return Ok(());
    }
    let hashed = match hash_file(&file.on_disk, Wanted::Both, ledger.options.progress) {
        Ok(hashed) => hashed,
        Err(error) => {
            item.dropped("the file cannot be read");
            ledger.finding(Code::SourceUnreadable, &file.path, error.to_string());
            return Ok(());
        }
    };
    let is_media = file.path.starts_with("media/");
    let role = if is_media { roles::word(role::MEDIA) } else { roles::of_file(&file.path) };
    let mut artifact = Artifact::new(Direction::Output, role);
    (artifact.digest, artifact.size) = (Some(hashed.digests()), Some(hashed.size));
    artifact.path = Some(file.path.clone());
    if ledger.file(&file.path, &file.on_disk, artifact)? == Fate::LeftOut {
        item.dropped(LEFT_OUT);
    } else {
        known.insert(file.path.clone(), hashed.digests());
        item.mapped();
    }
    Ok(())
}

/// A file that the log says was saved.
fn saved(ledger: &mut Ledger<'_>, save: &Save, folder: &Folder, known: &Known) {
    let item = ledger.item("saved file", &save.name);
    let own = usize::try_from(save.kind).ok().and_then(|kind| OWN.get(kind.checked_sub(1)?));
    let is_here = |path: &str| known.contains_key(path) || TOLD.contains(&path) && folder.file(path).is_some();
    let paths = [&save.target_path, &save.name].map(|path| format!("files/{path}"));
    if own.is_some_and(|path| is_here(path)) || paths.iter().any(|path| is_here(path)) {
        item.mapped();
        return;
    }
    let members = [
        ("sourcePath", Value::from(save.source_path.as_str())),
        ("targetPath", Value::from(save.target_path.as_str())),
        ("policy", Value::from(save.policy)),
        ("type", Value::from(save.kind)),
        ("payloadBytes", Value::from(save.payload_bytes)),
    ];
    let members: Map<String, Value> = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    item.raw(&Value::Object(members));
    let message = format!("the log names the saved file `{}`, which is not in the folder of the run", save.name);
    ledger.finding(Code::SourceMissing, "log", message);
}

fn media(ledger: &mut Ledger<'_>, run: &Run, known: &Known) {
    let mut items = Vec::new();
    for media in &run.media {
        for file in &media.files {
            let mut item = MediaItem {
                key: media.key.clone(),
                step: Some(media.step),
                time: time(media.time_ns),
                kind: media.kind.to_owned(),
                caption: Some(file.caption.clone()).filter(|caption| !caption.is_empty()),
                ..MediaItem::default()
            };
            place(ledger, run.folder.as_ref(), &mut item, file, known);
            ledger.items("media item", 1).mapped();
            items.push(item);
        }
    }
    items.sort_by(|a, b| (&a.key, a.step, a.time, &a.path).cmp(&(&b.key, b.step, b.time, &b.path)));
    ledger.section(Media { media: items, salt: None });
}

/// Finds the file among those of the folder, and compares it with the digest that the log has.
fn place(ledger: &mut Ledger<'_>, folder: Option<&Folder>, item: &mut MediaItem, file: &MediaFile, known: &Known) {
    if file.name.split(['/', '\\']).any(|part| part == ".." || part.is_empty()) {
        ledger.finding(Code::SourceOutside, &item.key, "the name of the file leads out of the run's folder");
        return;
    }
    let path = format!("media/{}/{}", item.kind, file.name);
    item.path = Some(path.clone());
    let sha256: Option<Sha256> = file.sha256.parse().ok();
    match (known.get(&path), sha256) {
        (Some(digest), Some(sha256)) if digest.sha256() != Some(sha256) => {
            ledger.finding(Code::SourceDamaged, &path, "the file has a different SHA-256 than the log says");
        }
        (Some(digest), _) => item.artifact = Some(*digest),
        (None, sha256) => {
            // The log's SHA-256 is strong: whoever has the file can prove that it is this one.
            item.artifact = sha256.map(ArtifactDigests::from);
            ledger.finding(Code::SourceMissing, &path, "the file of a media object is not here");
        }
    }
    if TEXTS.contains(&item.kind.as_str()) {
        item.value = content(folder, &path, file).map(|text| json_tree(&text));
    }
}

/// A small text: from the folder, else from the log.
fn content(folder: Option<&Folder>, path: &str, file: &MediaFile) -> Option<String> {
    let here = folder.and_then(|folder| folder.file(path)).filter(|file| file.size <= MOST_TEXT_BYTES);
    let bytes = here.and_then(|file| std::fs::read(&file.on_disk).ok()).or_else(|| {
        Some(file.payload.clone()).filter(|payload| !payload.is_empty() && payload.len() as u64 <= MOST_TEXT_BYTES)
    });
    String::from_utf8(bytes?).ok()
}
