//! Dependencies and outputs of the stages that ran, by digest where the bytes are here.
//!
//! What one stage puts out and another takes in is an output of the run, and no input of it.

use std::collections::BTreeSet;

use expbundle_format::Code;
use expbundle_format::record::{ArtifactRef, Form, Word, role};
use expbundle_format::sections::{Artifact, ArtifactFile, Direction};
use expbundle_format::tree::{Tree, TreeFile, TreePath};
use expbundle_format::weights::look_like_weights;
use expbundle_trackers::dvc::{Output, Run, resolve};
use serde_json::{Map, Value};

use super::bytes::{Bytes, Here, Listed};
use super::tracked;
use crate::artifact_files::{self, NOT_HERE};
use crate::gate::{Fate, FileToList, LEFT_OUT};
use crate::ledger::{Foreign as _, Item, Ledger};
use crate::{ConvertError, roles};

/// Members of an entry that have a home of their own.
const MAPPED: [&str; 7] = ["path", "md5", "hash", "size", "desc", "type", "remote"];

pub(super) fn map(ledger: &mut Ledger<'_>, run: &Run, bytes: &mut Bytes<'_>) -> Result<(), ConvertError> {
    ledger.found("dependency", run.found.deps);
    ledger.found("output", run.found.outs);
    let stages = || run.pipelines.iter().flat_map(|pipeline| &pipeline.locked);
    let made: Vec<&str> = stages().flat_map(|stage| &stage.outs).map(|out| out.path.as_str()).collect();
    let taken: Vec<&str> = stages().flat_map(|stage| &stage.deps).map(|dep| dep.path.as_str()).collect();
    for stage in stages() {
        for (kind, files) in [("dependency", &stage.deps), ("output", &stage.outs)] {
            let direction = if kind == "output" { Direction::Output } else { Direction::Input };
            for file in files {
                let name = format!("{}: {}", stage.name, file.path);
                let item = ledger.item(kind, &name);
                if !bytes.look(file) {
                    let message = "it was changed after the stage ran, so what lies there is not what the stage had";
                    ledger.finding(Code::SourceMissing, &file.path, message);
                }
                let is_inner = direction == Direction::Input && made.iter().any(|out| overlap(out, &file.path));
                // The files of a DVCLive folder are listed one by one.
                let is_live = run.lives.iter().any(|live| !live.folder.is_empty() && below(&file.path, &live.folder));
                if is_inner || is_live || !bytes.tell(file) {
                    item.mapped();
                    continue;
                }
                let is_taken = taken.iter().any(|dep| overlap(dep, &file.path));
                let role = role_of(run, file, direction, is_taken);
                one(ledger, run, bytes, item, file, Artifact::new(direction, role))?;
            }
        }
    }
    Ok(())
}

/// Whether one path is the other, or in it.
fn overlap(a: &str, b: &str) -> bool {
    below(a, b) || below(b, a)
}

fn below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What DVC keeps and a stage takes in is data, unless its name says that it is weights or code.
fn role_of(run: &Run, out: &Output, direction: Direction, is_taken: bool) -> Word {
    let by_name = roles::of_file(&out.path);
    let is_known = [role::MODEL, role::CHECKPOINT, role::CODE, role::CONFIG].contains(&by_name.as_str());
    let is_data = is_taken
        && (direction == Direction::Output
            || run.tracked.iter().flat_map(|one| &one.outs).any(|one| overlap(&one.path, &out.path)));
    if is_known {
        by_name
    } else if is_data || direction == Direction::Input && out.is_folder {
        roles::word(role::DATASET)
    } else {
        by_name
    }
}

/// Lists one file or folder, with what DVC's files say of it.
pub(super) fn one(
    ledger: &mut Ledger<'_>,
    run: &Run,
    bytes: &mut Bytes<'_>,
    item: Item<'_>,
    out: &Output,
    mut artifact: Artifact,
) -> Result<(), ConvertError> {
    artifact.name.get_or_insert_with(|| out.path.clone());
    describe(&mut artifact, &out.members);
    tracked::describe(run, out, &mut artifact);
    if out.is_outside {
        outside(ledger, out, &mut artifact);
    } else {
        artifact.path = Some(out.path.clone());
    }
    if ledger.draft.is_secret_artifact(&artifact) || ledger.draft.is_secret_by_name(&out.path) {
        item.dropped(LEFT_OUT);
        return Ok(());
    }
    if let Some(md5) = &out.md5 {
        let kind = match (out.is_folder, out.is_exact) {
            (true, _) => "dvc-folder-md5",
            (false, true) => "md5",
            // Of a text with other line ends than the file may have.
            (false, false) => "dvc-md5-dos2unix",
        };
        artifact.foreign.insert(kind.to_owned(), md5.clone());
        if out.is_folder {
            if let Some(files) = bytes.folder(out, md5) {
                folder(ledger, bytes, out, &files, artifact)?;
                item.mapped();
                return Ok(());
            }
        } else if let Some(here) = bytes.file(&out.path, md5, out.is_exact, out.size) {
            return file(ledger, item, &out.path, &here, artifact);
        }
    }
    artifact.size = out.size.filter(|_| !out.is_folder);
    let address = address(run, out);
    let place = match (&address, artifact.uris.first()) {
        (Some(address), _) => format!("; the remote may have them: {address}"),
        (None, Some(origin)) => format!("; they came from {origin}"),
        (None, None) => String::new(),
    };
    ledger.finding(Code::SourceMissing, &out.path, format!("the bytes are not here{place}"));
    artifact.uris.extend(address);
    ledger.list(artifact);
    item.mapped();
    Ok(())
}

/// A path out of the project is an address, or a path of a machine.
fn outside(ledger: &mut Ledger<'_>, out: &Output, artifact: &mut Artifact) {
    if out.path.contains("://") {
        artifact.uris.push(out.path.clone());
    } else {
        ledger.address(&format!("outside {}", out.path.rsplit('/').next().unwrap_or_default()), Some(&out.path));
        artifact.name = out.path.rsplit('/').next().map(str::to_owned);
    }
}

/// Where a remote keeps the bytes: by their MD5, as version 3 does, or versions before.
fn address(run: &Run, out: &Output) -> Option<String> {
    let remote = out.members.get("remote").and_then(Value::as_str);
    let url = run.settings.url(remote).filter(|url| url.contains("://"))?;
    let (first, rest) = out.md5.as_deref()?.split_at_checked(2)?;
    let layout = if out.is_exact { "/files/md5" } else { "" };
    let listing = if out.is_folder { ".dir" } else { "" };
    Some(format!("{}{layout}/{first}/{rest}{listing}", url.trim_end_matches('/')))
}

fn describe(artifact: &mut Artifact, members: &Map<String, Value>) {
    let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
    artifact.description = artifact.description.take().or_else(|| text("desc"));
    artifact.kind = artifact.kind.take().or_else(|| text("type"));
    artifact.version = artifact.version.take().or_else(|| text("version_id"));
    for name in ["etag", "checksum"] {
        if let Some(digest) = text(name) {
            artifact.foreign.insert(name.to_owned(), digest);
        }
    }
    for (name, value) in members.iter().filter(|(name, _)| !MAPPED.contains(&name.as_str())) {
        artifact.metadata.insert(name.clone(), value.tree());
    }
}

/// Lists a file whose bytes are here.
pub(super) fn file(
    ledger: &mut Ledger<'_>,
    item: Item<'_>,
    path: &str,
    here: &Here,
    mut artifact: Artifact,
) -> Result<(), ConvertError> {
    (artifact.digest, artifact.size) = (Some(here.digest.into()), Some(here.size));
    if ledger.file(path, &here.on_disk, artifact)? == Fate::LeftOut {
        item.dropped(LEFT_OUT);
    } else {
        item.mapped();
    }
    Ok(())
}

/// Lists a folder: as a tree if all of its files are here, else by what its listing tells.
fn folder(
    ledger: &mut Ledger<'_>,
    bytes: &mut Bytes<'_>,
    out: &Output,
    listed: &[Listed],
    mut artifact: Artifact,
) -> Result<(), ConvertError> {
    if artifact.role.as_str() == role::FILE && listed.iter().any(|file| look_like_weights(&file.path)) {
        artifact.role = roles::word(role::MODEL);
    }
    let (mut files, mut missing) = (Vec::new(), 0_u64);
    for one in listed {
        let path = format!("{}/{}", out.path, one.path);
        let item = ledger.item("file of a folder", &path);
        let here = bytes.file(&path, &one.md5, out.is_exact, None);
        let is_secret = here.as_ref().is_some_and(|here| {
            let to_list = FileToList {
                path: &path,
                on_disk: &here.on_disk,
                role: &artifact.role,
                size: here.size,
                digest: here.digest.into(),
            };
            ledger.draft.is_secret(&to_list)
        });
        if is_secret || ledger.draft.is_secret_by_name(&path) || ledger.draft.is_secret_in_path(&path) {
            // The digest of the whole has that of the secret in it.
            artifact.foreign.clear();
            item.dropped(LEFT_OUT);
            continue;
        }
        if here.is_some() {
            item.mapped();
        } else {
            item.dropped(NOT_HERE);
        }
        missing += u64::from(here.is_none());
        files.push(ArtifactFile {
            path: one.path.clone(),
            size: here.as_ref().map(|here| here.size),
            digest: here.map(|here| here.digest),
            foreign: [("md5".to_owned(), one.md5.clone())].into(),
            ..ArtifactFile::default()
        });
    }
    if missing > 0 {
        let message = format!("it is incomplete: the bytes of {missing} of its files are not here");
        ledger.finding(Code::SourceMissing, &out.path, message);
        artifact.files = files;
        return artifact_files::list(ledger, artifact);
    }
    // A folder of data may hold files that look like weights too.
    let is_model = artifact.role.as_str() == role::MODEL;
    let weights = files.iter().filter(|file| is_model && look_like_weights(&file.path));
    let weights: Vec<ArtifactRef> = weights.filter_map(reference).collect();
    match tree(&files) {
        Ok(tree) => ledger.tree(&tree, &mut artifact)?,
        Err(detail) => {
            ledger.finding(Code::SourceUnsupported, &out.path, detail);
            artifact.files = files;
        }
    }
    let direction = artifact.direction;
    ledger.list(artifact);
    for weights in weights {
        ledger.reference(direction, weights);
    }
    Ok(())
}

fn reference(file: &ArtifactFile) -> Option<ArtifactRef> {
    Some(ArtifactRef::new(roles::of_file(&file.path), file.digest?.into(), file.size?, Form::File))
}

fn tree(files: &[ArtifactFile]) -> Result<Tree, String> {
    let listed = files.iter().map(|file| {
        let path =
            TreePath::from_plain(&file.path).map_err(|error| format!("a path of it cannot be listed: {error}"))?;
        let (digest, size) = file.digest.zip(file.size).ok_or("a file of it is not here")?;
        Ok(TreeFile { path, digest, size })
    });
    let listed = listed.collect::<Result<Vec<_>, String>>()?;
    Tree::new(listed).map_err(|error| format!("its files make no tree: {error}"))
}

/// Files of metrics that `dvc.yaml` names, without those of `DVCLive`.
pub(super) fn metric_files(run: &Run) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for pipeline in &run.pipelines {
        let of = |members: &Value, folder: &str| -> Vec<String> {
            let items = members.get("metrics").and_then(Value::as_array).into_iter().flatten();
            let named =
                items.filter_map(|item| item.as_str().or_else(|| item.as_object()?.keys().next().map(String::as_str)));
            named.filter(|path| !path.contains("${")).filter_map(|path| resolve(folder, path)).collect()
        };
        paths.extend(of(&Value::Object(pipeline.written.clone()), &pipeline.folder));
        let stages = pipeline.written.get("stages").and_then(Value::as_object).into_iter().flat_map(Map::values);
        for stage in stages {
            let stage = stage.get("do").unwrap_or(stage);
            let wdir = stage.get("wdir").and_then(Value::as_str).unwrap_or(".");
            if let Some(folder) = resolve(&pipeline.folder, wdir) {
                paths.extend(of(stage, &folder));
            }
        }
    }
    paths.retain(|path| !run.lives.iter().any(|live| live.others.iter().any(|other| other == path)));
    paths
}
