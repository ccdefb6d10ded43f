//! Files: those whose bytes are here, and those of which only an address was recorded.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::hash::{Wanted, hash_file, list_files};
use expbundle::write_file::is_unfinished_path;
use expbundle_format::record::{Word, role};
use expbundle_format::sections::{Artifact, DatasetFacts, Direction};
use expbundle_format::time::Time;
use expbundle_format::{ArtifactDigests, Code};
use expbundle_trackers::neptune::{At, FileKind, FileRef, Run};
use serde_json::Value;

use crate::gate::{Fate, LEFT_OUT};
use crate::ledger::Ledger;
use crate::{ConvertError, roles};

/// The kind of item.
const KIND: &str = "file";
/// Uncommitted changes, as the 1.x and the 3.x client name them.
pub(super) const PATCHES: [&str; 2] = ["source_code/diff", "source_code/diff/head"];
/// A list of packages, which the recipe tells too.
pub(super) const REQUIREMENTS: &str = "source_code/requirements";

/// What is known of the files.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Digests of images by path within the run's artifacts.
    pub images: BTreeMap<String, ArtifactDigests>,
    /// Where the texts of the recipe are, by attribute.
    pub texts: BTreeMap<String, Utf8PathBuf>,
}

pub(super) fn map(ledger: &mut Ledger<'_>, run: &Run) -> Result<Known, ConvertError> {
    let mut known = Known::default();
    let elsewhere = Elsewhere::new(ledger.options.files)?;
    for file in &run.files {
        let found = file.on_disk.clone().or_else(|| elsewhere.find(file));
        match found {
            Some(on_disk) => present(ledger, file, &on_disk, &mut known)?,
            None => missing(ledger, file),
        }
    }
    Ok(known)
}

/// The path of a file among the run's artifacts: its attribute, and its name.
pub(super) fn path_of(file: &FileRef) -> String {
    let name = file.name.rsplit('/').next().unwrap_or(&file.name);
    match file.kind {
        FileKind::File if file.path.rsplit('/').next() == Some(name) => file.path.clone(),
        _ => format!("{}/{name}", file.path),
    }
}

fn described(file: &FileRef) -> Artifact {
    let (direction, role) = role_of(file);
    let mut artifact = Artifact::new(direction, role);
    artifact.name = Some(file.path.clone());
    artifact.path = Some(path_of(file));
    artifact.size = file.size;
    artifact.media_type.clone_from(&file.media_type);
    artifact.step = whole(file.at.step);
    artifact.time = time(file.at);
    artifact.kind = Some(word_of(file.kind).to_owned());
    if let Some(step) = file.at.step.filter(|_| artifact.step.is_none()) {
        artifact.metadata.insert("step".to_owned(), step.into());
    }
    if file.kind == FileKind::Tracked {
        artifact.dataset = Some(DatasetFacts { source_type: Some("local".to_owned()), ..DatasetFacts::default() });
    }
    artifact
}

fn role_of(file: &FileRef) -> (Direction, Word) {
    let first = file.path.split('/').next().unwrap_or_default();
    match file.kind {
        FileKind::Tracked => (Direction::Input, roles::word(role::DATASET)),
        FileKind::Image => (Direction::Output, roles::word(role::MEDIA)),
        _ if first == "source_code" && file.path != REQUIREMENTS => (Direction::Input, roles::word(role::CODE)),
        _ if first == "source_code" => (Direction::Input, roles::word(role::FILE)),
        _ => (Direction::Output, roles::of_file(&file.name)),
    }
}

fn word_of(kind: FileKind) -> &'static str {
    match kind {
        FileKind::File => "file",
        FileKind::Set => "file set",
        FileKind::Series => "file series",
        FileKind::Image => "image series",
        FileKind::Tracked => "tracked files",
        FileKind::Artifact => "artifact",
    }
}

pub(super) fn time(at: At) -> Option<Time> {
    at.time_ns.and_then(|time| Time::from_nanoseconds(time.into()))
}

/// A step that is an integer.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
pub(super) fn whole(step: Option<f64>) -> Option<i64> {
    step.filter(|step| step.fract() == 0.0 && step.abs() < 9e15).map(|step| step as i64)
}

fn present(ledger: &mut Ledger<'_>, file: &FileRef, on_disk: &Utf8Path, known: &mut Known) -> Result<(), ConvertError> {
    let item = ledger.item(KIND, &file.path);
    let path = path_of(file);
    let hashed = match hash_file(on_disk, Wanted::Both, ledger.options.progress) {
        Ok(hashed) => hashed,
        Err(error) => {
            ledger.finding(Code::SourceUnreadable, &path, error.to_string());
            item.dropped("the file cannot be read");
            return Ok(());
        }
    };
    if file.size.is_some_and(|size| size != hashed.size) {
        let size = file.size.unwrap_or_default();
        let message = format!("the file has {} bytes, and {size} were recorded", hashed.size);
        ledger.finding(Code::SourceDamaged, &path, message);
    }
    // The text of a patch is embedded by the recipe.
    if PATCHES.contains(&file.path.as_str()) {
        known.texts.insert(file.path.clone(), on_disk.to_owned());
        item.mapped();
        return Ok(());
    }
    let mut artifact = described(file);
    (artifact.digest, artifact.size) = (Some(hashed.digests()), Some(hashed.size));
    if let Some(address) = &file.address {
        ledger.address(&format!("file {path}"), Some(address));
    }
    if ledger.file(&path, on_disk, artifact)? == Fate::LeftOut {
        item.dropped(LEFT_OUT);
        return Ok(());
    }
    if file.path == REQUIREMENTS {
        known.texts.insert(file.path.clone(), on_disk.to_owned());
    }
    if file.kind == FileKind::Image {
        known.images.insert(path, hashed.digests());
    }
    item.mapped();
    Ok(())
}

fn missing(ledger: &mut Ledger<'_>, file: &FileRef) {
    let mut artifact = described(file);
    let path = path_of(file);
    let message = match file.address.as_deref() {
        Some(address) if address.contains("://") => {
            artifact.uris.push(address.to_owned());
            format!("the bytes are not here: only their address was recorded, {address}")
        }
        Some(address) => {
            ledger.address(&format!("file {path}"), Some(address));
            format!("the bytes are not here: only the path {address} was recorded")
        }
        None => "the bytes are not here".to_owned(),
    };
    ledger.finding(Code::SourceMissing, &path, message);
    artifact.metadata.insert("bytes".to_owned(), Value::from("not here"));
    ledger.list(artifact);
    ledger.item(KIND, &file.path).mapped();
}

/// Files in the folders that the person converting pointed at.
#[derive(Debug, Default)]
struct Elsewhere(BTreeMap<String, Vec<(Utf8PathBuf, u64)>>);

impl Elsewhere {
    fn new(places: &[Utf8PathBuf]) -> Result<Self, ConvertError> {
        let mut files = Self::default();
        for place in places {
            if place.is_file() {
                files.add(place.clone(), std::fs::metadata(place).map_or(0, |file| file.len()));
                continue;
            }
            let (listed, _) = list_files(place, &|path, _| is_unfinished_path(path))?;
            for file in listed {
                files.add(file.on_disk(place), file.size(place)?);
            }
        }
        Ok(files)
    }

    fn add(&mut self, path: Utf8PathBuf, size: u64) {
        if let Some(name) = path.file_name().map(str::to_owned) {
            self.0.entry(name).or_default().push((path, size));
        }
    }

    /// The file of that name, if there is one, and of the size that was recorded. Neptune has no
    /// digests: that it is the same one, the person converting says.
    fn find(&self, file: &FileRef) -> Option<Utf8PathBuf> {
        let is_meant = |size: u64| file.size.is_none_or(|recorded| recorded == size);
        let mut meant = self.0.get(&file.name)?.iter().filter(|(_, size)| is_meant(*size));
        let (path, _) = meant.next()?;
        meant.next().is_none().then(|| path.clone())
    }
}
