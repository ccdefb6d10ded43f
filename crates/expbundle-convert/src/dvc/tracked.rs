//! Files that `.dvc` files track, imports from elsewhere, and the models and data sets that
//! `dvc.yaml` declares.

use expbundle_format::Code;
use expbundle_format::record::role;
use expbundle_format::sections::{Artifact, Direction};
use expbundle_trackers::dvc::{Output, Run, Tracked, resolve};
use serde_json::{Map, Value};

use super::bytes::Bytes;
use super::outputs;
use crate::gate::LEFT_OUT;
use crate::ledger::{Foreign as _, Ledger};
use crate::{ConvertError, roles};

pub(super) fn map(ledger: &mut Ledger<'_>, run: &Run, bytes: &mut Bytes<'_>) -> Result<(), ConvertError> {
    ledger.found("tracked file", run.found.tracked);
    // Without a run they are what the starting point consists of.
    let has_run = run.found.locked > 0 || !run.lives.is_empty();
    for tracked in &run.tracked {
        for out in &tracked.outs {
            let item = ledger.item("tracked file", &out.path);
            // A stage takes it in.
            if !bytes.tell(out) {
                item.mapped();
                continue;
            }
            let is_model = declared(run, &out.path).is_some_and(|(_, members)| text(members, "type") == Some("model"));
            let direction = if is_model || !has_run { Direction::Output } else { Direction::Input };
            let by_name = roles::of_file(&out.path);
            let is_known = [role::MODEL, role::CHECKPOINT, role::CODE, role::CONFIG].contains(&by_name.as_str());
            let role = if is_known { by_name } else { roles::word(role::DATASET) };
            outputs::one(ledger, run, bytes, item, out, Artifact::new(direction, role))?;
        }
        let rest: Map<String, Value> = tracked
            .members
            .iter()
            .filter(|(name, _)| !["outs", "md5"].contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if !rest.is_empty() {
            ledger.item(".dvc file", &tracked.path).raw(&Value::Object(rest));
        }
    }
    registered(ledger, run, bytes)
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str)
}

/// What `dvc.yaml` declares of a path, and under which name.
fn declared<'a>(run: &'a Run, path: &str) -> Option<(&'a str, &'a Map<String, Value>)> {
    declarations(run).find(|(of, ..)| of == path).map(|(_, name, members)| (name, members))
}

fn declarations(run: &Run) -> impl Iterator<Item = (String, &str, &Map<String, Value>)> {
    run.pipelines.iter().flat_map(|pipeline| {
        let artifacts = pipeline.written.get("artifacts").and_then(Value::as_object);
        artifacts.into_iter().flatten().filter_map(|(name, members)| {
            let members = members.as_object()?;
            Some((resolve(&pipeline.folder, text(members, "path")?)?, name.as_str(), members))
        })
    })
}

/// Adds what a `.dvc` file or a declaration says of a file.
pub(super) fn describe(run: &Run, out: &Output, artifact: &mut Artifact) {
    if let Some((name, members)) = declared(run, &out.path) {
        of_declaration(artifact, name, members);
    }
    let import =
        run.tracked.iter().find(|tracked| tracked.outs.iter().any(|one| one.path == out.path && one.md5 == out.md5));
    if let Some(tracked) = import {
        of_import(artifact, tracked);
    }
}

fn of_declaration(artifact: &mut Artifact, name: &str, members: &Map<String, Value>) {
    artifact.name = Some(name.to_owned());
    artifact.kind = text(members, "type").map(str::to_owned).or(artifact.kind.take());
    artifact.description = text(members, "desc").map(str::to_owned).or(artifact.description.take());
    let labels = members.get("labels").and_then(Value::as_array).into_iter().flatten();
    artifact.aliases.extend(labels.filter_map(Value::as_str).map(str::to_owned));
    if let Some(meta) = members.get("meta") {
        artifact.metadata.insert("meta".to_owned(), meta.tree());
    }
}

/// An import names the repository and its commit, or the address that it was copied from.
fn of_import(artifact: &mut Artifact, tracked: &Tracked) {
    let deps = tracked.members.get("deps").and_then(Value::as_array).into_iter().flatten();
    for dep in deps.filter_map(Value::as_object) {
        let path = text(dep, "path").unwrap_or_default();
        match dep.get("repo").and_then(Value::as_object) {
            Some(repository) => {
                let url = text(repository, "url").unwrap_or_default();
                if url.contains("://") || url.starts_with("git@") {
                    artifact.uris.push(url.to_owned());
                } else {
                    artifact.metadata.insert("import repository".to_owned(), url.into());
                }
                artifact.version = text(repository, "rev_lock").map(str::to_owned);
                artifact.metadata.insert("import path".to_owned(), path.into());
                if let Some(revision) = text(repository, "rev") {
                    artifact.aliases.push(revision.to_owned());
                }
            }
            None if path.contains("://") => artifact.uris.push(path.to_owned()),
            None => {}
        }
        for name in ["etag", "checksum", "version_id"] {
            if let Some(digest) = text(dep, name) {
                artifact.foreign.insert(name.to_owned(), digest.to_owned());
            }
        }
    }
}

/// Declared models and data sets that are not outputs of a stage, and that no `.dvc` file tracks.
fn registered(ledger: &mut Ledger<'_>, run: &Run, bytes: &Bytes<'_>) -> Result<(), ConvertError> {
    for (path, name, members) in declarations(run) {
        let item = ledger.item("declared artifact", name);
        if bytes.is_told(&path) {
            item.mapped();
            continue;
        }
        let mut artifact = Artifact::new(Direction::Output, roles::of_type(text(members, "type").unwrap_or_default()));
        if artifact.role.as_str() == role::FILE {
            artifact.role = roles::of_file(&path);
        }
        if artifact.role.as_str() == role::DATASET {
            artifact.direction = Direction::Input;
        }
        of_declaration(&mut artifact, name, members);
        artifact.path = Some(path.clone());
        if let Some(here) = run.on_disk(&path).ok().flatten().and_then(|place| bytes.hashed(&place)) {
            if !run.files().has(&path) {
                let message = "no file of DVC has a digest of it; the file of the work tree is taken for it";
                ledger.finding(Code::SourceLoss, &path, message);
            }
            outputs::file(ledger, item, &path, &here, artifact)?;
        } else if ledger.draft.is_secret_artifact(&artifact) {
            item.dropped(LEFT_OUT);
        } else {
            ledger.finding(Code::SourceMissing, &path, "the bytes of the declared artifact are not here");
            ledger.list(artifact);
            item.mapped();
        }
    }
    Ok(())
}
