//! Whether a work tree has the results of a commit.

use std::collections::BTreeSet;

use super::files::Files;
use super::index::Group;
use super::pipeline::{folder_of, pipelines};
use super::results::Folders;
use crate::finding::{SourceCode, SourceFinding};
use crate::git::{GitError, Id, Reader};

/// The files of results: locks of pipelines, and what `DVCLive` wrote.
pub(super) fn results(files: &Files) -> BTreeSet<&str> {
    let mut results: BTreeSet<&str> = files.paths().filter(|path| folder_of(path, &["dvc.lock"]).is_some()).collect();
    for path in files.paths() {
        if path.starts_with("dvclive/") || path.contains("/dvclive/") {
            results.insert(path);
        }
        let Some(at) = path.find("plots/metrics/").filter(|at| *at == 0 || path.as_bytes().get(at - 1) == Some(&b'/'))
        else {
            continue;
        };
        let folder = path.get(..at).unwrap_or_default();
        let plots = format!("{folder}plots");
        if results.insert(path) {
            results.extend(files.below(&plots));
            let metrics = format!("{folder}metrics.json");
            results.extend(files.below(folder.trim_end_matches('/')).filter(|path| *path == metrics));
        }
    }
    results
}

/// The group of commits whose results the work tree has.
pub(super) fn same_results(
    reader: &Reader,
    work_tree: &Files,
    folders: &Folders,
    groups: &[Group],
    findings: &mut Vec<SourceFinding>,
) -> Option<usize> {
    let here = results(work_tree);
    if here.is_empty() {
        return None;
    }
    // Files that DVC keeps and git does not are told by the lock.
    let pipelines = pipelines(work_tree, &mut Vec::new());
    let locked = pipelines.iter().flat_map(|pipeline| &pipeline.locked).flat_map(|stage| &stage.outs);
    let outs: Vec<&str> = locked.map(|out| out.path.as_str()).collect();
    let is_out = |path: &str| {
        outs.iter().any(|out| path == *out || path.strip_prefix(*out).is_some_and(|rest| rest.starts_with('/')))
    };
    let head = reader.head().map(ToString::to_string);
    let branch = reader.branch().map(|branch| format!("refs/heads/{branch}"));
    let nearness = |group: &Group| {
        let revision = &group.revision;
        let is_head =
            revision.refs.iter().any(|name| Some(name) == branch.as_ref()) || Some(&revision.key) == head.as_ref();
        (!is_head, revision.baseline != head)
    };
    let mut order: Vec<(usize, &Group)> = groups.iter().enumerate().collect();
    order.sort_by_key(|(_, group)| nearness(group));
    for (at, group) in order {
        let mut there = BTreeSet::new();
        let mut visit = |path: &str, id: &Id| {
            there.insert(path.to_owned());
            is_same(reader, work_tree, path, id)
        };
        match folders.all_files(reader, group.results, &mut visit) {
            Ok(true) if here.iter().all(|path| there.contains(*path) || is_out(path)) => return Some(at),
            Ok(_) | Err(GitError::Missing(_) | GitError::Damaged(..)) => {}
            Err(error @ GitError::Limit(_)) => {
                let detail = format!("the work tree is not compared with the results of all commits: {error}");
                findings.push(SourceFinding::new(SourceCode::Unsupported, ".git", detail));
                return None;
            }
        }
    }
    None
}

/// Whether the work tree has the very file; `false` if one of both cannot be read.
fn is_same(reader: &Reader, work_tree: &Files, path: &str, id: &Id) -> Result<bool, GitError> {
    let Ok(Some(on_disk)) = work_tree.on_disk(path) else { return Ok(false) };
    let there = match reader.blob(id) {
        Ok(there) => there,
        Err(error @ GitError::Limit(_)) => return Err(error),
        Err(_) => return Ok(false),
    };
    let is_as_large = std::fs::metadata(&on_disk).is_ok_and(|file| file.len() == there.len() as u64);
    Ok(is_as_large && std::fs::read(&on_disk).is_ok_and(|here| here == there))
}
