//! The files of a run: hashed, told apart by role, and listed. Folders with an `MLmodel` file are
//! models, for [`super::models`]; the other files are artifacts of their own, small ones embedded.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::hash::{Hashed, Wanted, hash_files};
use expbundle_format::Code;
use expbundle_format::digest::ArtifactDigests;
use expbundle_format::record::{Word, role};
use expbundle_format::sections::{Artifact, Direction};
use expbundle_format::tree::{Tree, TreeFile, TreePath};
use expbundle_trackers::mlflow::{ArtifactFile, Run};
use expbundle_trackers::{Json, read_json};
use serde_json::Value;

use super::mapping::Mapping;
use crate::gate::{Fate, FileToList, LEFT_OUT, PATH_LEFT_OUT};
use crate::{ConvertError, roles};

/// More plain files than these become one tree: a run may log a picture per step.
const MOST_PLAIN_FILES: usize = 256;
/// The kind of item.
const KIND: &str = "artifact file";

/// What was found out about the files of a run.
#[derive(Default)]
pub(super) struct Files<'a> {
    hashed: HashMap<Utf8PathBuf, Hashed>,
    /// Files that are or hold secrets.
    left_out: BTreeSet<Utf8PathBuf>,
    /// Folders of models among the run's artifacts, with their files.
    pub model_folders: BTreeMap<String, Vec<&'a ArtifactFile>>,
    /// Plain files with the role that they got and their digests.
    pub plain: Vec<(&'a ArtifactFile, Word, ArtifactDigests)>,
}

impl Files<'_> {
    /// Whether a file is or holds a secret.
    pub fn is_left_out(&self, file: &ArtifactFile) -> bool {
        self.left_out.contains(&file.file)
    }

    /// The digests of a file, if it could be read.
    pub fn digest(&self, file: &ArtifactFile) -> Option<&Hashed> {
        self.hashed.get(&file.file)
    }
}

/// Hashes all files, and places those that belong to no model.
pub(super) fn map<'a>(mapping: &mut Mapping<'a>) -> Result<Files<'a>, ConvertError> {
    let run = mapping.run;
    let mut files = Files::default();
    let all = all(run);
    let paths: Vec<&Utf8Path> = all.iter().map(|file| file.file.as_path()).collect();
    let hashed = hash_files(&paths, Wanted::Both, mapping.ledger.options.progress);
    // Every file is looked at before any of them gets into a listing. Those of secrets are
    // forgotten.
    let role = roles::word(role::FILE);
    for (file, hashed) in all.iter().zip(hashed).filter_map(|(file, hashed)| Some((file, hashed.ok()?))) {
        let (size, digest) = (hashed.size, hashed.digests());
        let to_list = FileToList { path: &file.path, on_disk: &file.file, role: &role, size, digest };
        if files.is_left_out(file) || mapping.ledger.draft.is_secret(&to_list) {
            files.left_out.insert(file.file.clone());
        } else {
            files.hashed.insert(file.file.clone(), hashed);
        }
    }
    let folders = model_folders(&run.artifacts.files);
    let mut plain = Vec::new();
    for file in &run.artifacts.files {
        if files.is_left_out(file) {
            mapping.ledger.item(KIND, &file.path).dropped(LEFT_OUT);
            continue;
        }
        if files.digest(file).is_none() {
            mapping.ledger.item(KIND, &file.path).dropped("it could not be read");
            let place = format!("artifacts/{}", file.path);
            mapping.ledger.finding(Code::SourceUnreadable, &place, "the file could not be read");
            continue;
        }
        match outermost(&file.path, &folders) {
            Some(folder) => files.model_folders.entry(folder.to_owned()).or_default().push(file),
            None => plain.push(file),
        }
    }
    place_plain(mapping, &mut files, &plain)?;
    Ok(files)
}

/// Files of the run, and of its logged models.
fn all(run: &Run) -> Vec<&ArtifactFile> {
    run.artifacts.files.iter().chain(run.logged_models.iter().flat_map(|model| &model.artifacts.files)).collect()
}

/// The folders with an `MLmodel` file. The empty one is the artifacts' own.
fn model_folders(files: &[ArtifactFile]) -> BTreeSet<&str> {
    files
        .iter()
        .filter_map(|file| match file.path.rsplit_once('/') {
            Some((folder, "MLmodel")) => Some(folder),
            None if file.path == "MLmodel" => Some(""),
            _ => None,
        })
        .collect()
}

/// The outermost of these folders that a file is in.
fn outermost<'a>(path: &str, folders: &BTreeSet<&'a str>) -> Option<&'a str> {
    let ends = std::iter::once(0).chain(path.match_indices('/').map(|(end, _)| end));
    ends.filter_map(|end| path.get(..end)).find_map(|folder| folders.get(folder).copied())
}

fn place_plain<'a>(
    mapping: &mut Mapping<'a>,
    files: &mut Files<'a>,
    plain: &[&'a ArtifactFile],
) -> Result<(), ConvertError> {
    let tables = logged_tables(mapping);
    let (single, rest) = plain.split_at_checked(MOST_PLAIN_FILES).unwrap_or((plain, &[]));
    for file in single {
        let Some(hashed) = files.digest(file).copied() else { continue };
        let item = mapping.ledger.item(KIND, &file.path);
        let role = if tables.contains(&file.path) { roles::word(role::MEDIA) } else { roles::of_file(&file.path) };
        let artifact = artifact(Direction::Output, role.clone(), file, &hashed);
        if mapping.ledger.file(&file.path, &file.file, artifact)? == Fate::LeftOut {
            item.dropped(LEFT_OUT);
            continue;
        }
        item.mapped();
        files.plain.push((*file, role, hashed.digests()));
    }
    if rest.is_empty() {
        return Ok(());
    }
    let mut members = Vec::with_capacity(rest.len());
    for file in rest {
        if mapping.ledger.draft.is_secret_in_path(&file.path) {
            mapping.ledger.item(KIND, &file.path).dropped(PATH_LEFT_OUT);
        } else {
            members.push(*file);
        }
    }
    let mut artifact = Artifact::new(Direction::Output, roles::word(role::FILE));
    let items = mapping.ledger.items(KIND, members.len() as u64);
    if list_tree(mapping, files, "", &members, &mut artifact)? {
        artifact.name = Some("artifacts".to_owned());
        mapping.ledger.list(artifact);
        items.mapped();
    } else {
        items.dropped("their names cannot be listed");
    }
    Ok(())
}

/// A file as an artifact of its own.
pub(super) fn artifact(direction: Direction, role: Word, file: &ArtifactFile, hashed: &Hashed) -> Artifact {
    let mut artifact = Artifact::new(direction, role);
    artifact.digest = Some(hashed.digests());
    artifact.size = Some(hashed.size);
    artifact.name = file.path.rsplit('/').next().map(str::to_owned);
    artifact.path = Some(file.path.clone());
    artifact
}

/// Makes a tree of files, with `prefix` taken off their paths, and its listing the bytes of an
/// artifact. `false`, with a finding, if their names or a file among them keep them from being a
/// tree.
pub(super) fn list_tree(
    mapping: &mut Mapping<'_>,
    files: &Files<'_>,
    prefix: &str,
    members: &[&ArtifactFile],
    artifact: &mut Artifact,
) -> Result<bool, ConvertError> {
    let mut listed = Vec::with_capacity(members.len());
    for file in members {
        let relative = file.path.strip_prefix(prefix).map_or(file.path.as_str(), |rest| rest.trim_start_matches('/'));
        let hashed = files.digest(file).and_then(|hashed| Some((hashed.both()?, hashed.size)));
        match (TreePath::from_plain(relative), hashed) {
            (Ok(path), Some((digest, size))) => listed.push(TreeFile { path, digest, size }),
            (path, _) => {
                let why = if path.is_err() { "its name cannot be listed" } else { "it could not be read" };
                let message = format!("one file keeps the folder from being recorded as a tree: {why}");
                mapping.ledger.finding(Code::SourceUnsupported, &format!("artifacts/{}", file.path), message);
                return Ok(false);
            }
        }
    }
    let Ok(tree) = Tree::new(listed) else {
        mapping.ledger.finding(Code::SourceUnsupported, "artifacts", "a path is both a file and a folder");
        return Ok(false);
    };
    mapping.ledger.tree(&tree, artifact)?;
    Ok(true)
}

/// Paths of tables, which MLflow lists in a tag: their extension is `.json`.
fn logged_tables(mapping: &Mapping<'_>) -> BTreeSet<String> {
    let tag = mapping.tag("mlflow.loggedArtifacts").and_then(|text| match read_json(text) {
        Json::Value(Value::Array(items)) => Some(items),
        _ => None,
    });
    let tables =
        tag.unwrap_or_default().into_iter().filter(|one| one.get("type").and_then(Value::as_str) == Some("table"));
    tables.filter_map(|one| Some(one.get("path")?.as_str()?.to_owned())).collect()
}
