//! The files of a run: hashed, told apart by role, and listed. Folders with an `MLmodel` file are models, for
//! [`super::models`]; the other files are artifacts of their own, small ones embedded.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::hash::{Hashed, Wanted, hash_files};
use expbundle_format::digest::ArtifactDigests;
use expbundle_format::record::{ArtifactRef, Form, Word, role};
use expbundle_format::sections::{Artifact, Direction};
use expbundle_format::tree::{Tree, TreeFile, TreePath};
use expbundle_format::{Code, DigestSet};
use expbundle_trackers::mlflow::ArtifactFile;
use expbundle_trackers::{Json, read_json};
use serde_json::Value;

use super::mapping::{Mapping, placed};
use crate::gate::{Draft, Fate, FileToList, LEFT_OUT};
use crate::{ConvertError, roles};

/// More plain files than these become one tree: a run may log a picture per step.
const MOST_PLAIN_FILES: usize = 256;

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

/// A folder in the record.
#[derive(Clone, Copy)]
pub(super) struct ListedTree {
    /// Digests of its listing.
    pub digest: DigestSet,
    /// Size of its listing.
    pub size: u64,
}

/// Hashes all files, and places those that belong to no model.
pub(super) fn map<'a>(mapping: &mut Mapping<'a>, draft: &mut Draft<'_>) -> Result<Files<'a>, ConvertError> {
    let run = mapping.run;
    let all = run.artifacts.files.iter().chain(run.logged_models.iter().flat_map(|model| &model.artifacts.files));
    let paths: Vec<&Utf8Path> = all.map(|file| file.file.as_path()).collect();
    let mut files = Files::default();
    for (path, result) in paths.iter().zip(hash_files(&paths, Wanted::Both, mapping.options.progress)) {
        if let Ok(hashed) = result {
            files.hashed.insert((*path).to_owned(), hashed);
        }
    }
    leave_secrets_out(mapping, draft, &mut files);
    let folders = model_folders(&run.artifacts.files);
    let mut plain = Vec::new();
    for file in &run.artifacts.files {
        if files.is_left_out(file) {
            mapping.account.dropped("artifact file", 1, LEFT_OUT);
            continue;
        }
        if files.digest(file).is_none() {
            mapping.account.dropped("artifact file", 1, "it could not be read");
            mapping.finding(Code::SourceUnreadable, &format!("artifacts/{}", file.path), "the file could not be read");
            continue;
        }
        match folders.iter().find(|folder| is_below(&file.path, folder)) {
            Some(folder) => files.model_folders.entry((*folder).to_owned()).or_default().push(file),
            None => plain.push(file),
        }
    }
    place_plain(mapping, draft, &mut files, &plain)?;
    Ok(files)
}

/// The outermost folders with an `MLmodel` file. The empty one is the artifacts' own.
fn model_folders(files: &[ArtifactFile]) -> Vec<&str> {
    let mut folders: Vec<&str> = files
        .iter()
        .filter_map(|file| match file.path.rsplit_once('/') {
            Some((folder, "MLmodel")) => Some(folder),
            None if file.path == "MLmodel" => Some(""),
            _ => None,
        })
        .collect();
    folders.sort_unstable();
    let mut outermost: Vec<&str> = Vec::new();
    for folder in folders {
        if !outermost.iter().any(|outer| is_below(folder, outer)) {
            outermost.push(folder);
        }
    }
    outermost
}

fn is_below(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

fn place_plain<'a>(
    mapping: &mut Mapping<'a>,
    draft: &mut Draft<'_>,
    files: &mut Files<'a>,
    plain: &[&'a ArtifactFile],
) -> Result<(), ConvertError> {
    let tables = logged_tables(mapping);
    let (single, rest) = plain.split_at_checked(MOST_PLAIN_FILES).unwrap_or((plain, &[]));
    for file in single {
        let Some(hashed) = files.digest(file).copied() else { continue };
        let role = if tables.contains(&file.path) { placed(role::MEDIA) } else { roles::of_file(&file.path) };
        let to_list = to_list(file, &role, hashed);
        if draft.file(&to_list)? == Fate::LeftOut {
            mapping.account.dropped("artifact file", 1, LEFT_OUT);
            continue;
        }
        let digest = hashed.digests();
        let mut artifact = Artifact::new(Direction::Output, role.clone());
        artifact.digest = Some(digest);
        artifact.size = Some(hashed.size);
        name(&mut artifact, &file.path);
        mapping.artifacts.push(artifact);
        let listed = ArtifactRef::new(role.clone(), digest, hashed.size, Form::File);
        draft.body_mut().outputs.push(listed);
        mapping.account.mapped("artifact file", 1);
        files.plain.push((*file, role, digest));
    }
    if rest.is_empty() {
        return Ok(());
    }
    let count = rest.len() as u64;
    match list_tree(mapping, draft, files, "", rest)? {
        Some(tree) => {
            let mut artifact = Artifact::new(Direction::Output, placed(role::FILE));
            artifact.digest = Some(tree.digest.into());
            artifact.size = Some(tree.size);
            artifact.form = Form::Tree;
            artifact.name = Some("artifacts".to_owned());
            mapping.artifacts.push(artifact);
            let digest = tree.digest.into();
            let listed = ArtifactRef::new(placed(role::FILE), digest, tree.size, Form::Tree);
            draft.body_mut().outputs.push(listed);
            mapping.account.mapped("artifact file", count);
        }
        None => mapping.account.dropped("artifact file", count, "their names cannot be listed"),
    }
    Ok(())
}

/// Looks at every file before any of them gets into a listing. Those of secrets are forgotten.
fn leave_secrets_out(mapping: &Mapping<'_>, draft: &mut Draft<'_>, files: &mut Files<'_>) {
    let run = mapping.run;
    let all = run.artifacts.files.iter().chain(run.logged_models.iter().flat_map(|model| &model.artifacts.files));
    let role = placed(role::FILE);
    for file in all {
        let Some(hashed) = files.digest(file).copied() else { continue };
        if draft.is_secret(&to_list(file, &role, hashed)) {
            files.left_out.insert(file.file.clone());
            files.hashed.remove(&file.file);
        }
    }
}

fn to_list<'f>(file: &'f ArtifactFile, role: &'f Word, hashed: Hashed) -> FileToList<'f> {
    FileToList { path: &file.path, on_disk: &file.file, role, size: hashed.size, digest: hashed.digests() }
}

/// Lists files as a tree, with `prefix` taken off their paths, and embeds the listing. `None`, with a finding, if their
/// names or a file among them keep them from being a tree.
pub(super) fn list_tree(
    mapping: &mut Mapping<'_>,
    draft: &mut Draft<'_>,
    files: &Files<'_>,
    prefix: &str,
    members: &[&ArtifactFile],
) -> Result<Option<ListedTree>, ConvertError> {
    let mut listed = Vec::with_capacity(members.len());
    for file in members {
        let relative = file.path.strip_prefix(prefix).map_or(file.path.as_str(), |rest| rest.trim_start_matches('/'));
        let hashed = files.digest(file).and_then(|hashed| Some((hashed.both()?, hashed.size)));
        match (TreePath::from_plain(relative), hashed) {
            (Ok(path), Some((digest, size))) => listed.push(TreeFile { path, digest, size }),
            (path, _) => {
                let why = if path.is_err() { "its name cannot be listed" } else { "it could not be read" };
                let message = format!("one file keeps the folder from being recorded as a tree: {why}");
                mapping.finding(Code::SourceUnsupported, &format!("artifacts/{}", file.path), &message);
                return Ok(None);
            }
        }
    }
    let Ok(tree) = Tree::new(listed) else {
        mapping.finding(Code::SourceUnsupported, "artifacts", "a path is both a file and a folder");
        return Ok(None);
    };
    let (digest, size) = draft.listing(&tree)?;
    Ok(Some(ListedTree { digest, size }))
}

/// Gives an artifact its path and name.
pub(super) fn name(artifact: &mut Artifact, path: &str) {
    artifact.name = path.rsplit('/').next().map(str::to_owned);
    artifact.path = Some(path.to_owned());
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
