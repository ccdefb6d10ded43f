//! Whether a work tree has the results of a commit.

use std::collections::{BTreeMap, BTreeSet};

use super::files::Files;
use super::index::Group;
use super::pipeline::{folder_of, pipelines};
use crate::git::{Id, Repository, TreeEntryKind};

/// Folders in each other.
const MOST_LEVELS: usize = 64;

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
pub(super) fn same_results(repository: &Repository, work_tree: &Files, groups: &[Group]) -> Option<usize> {
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
    let head = repository.head().map(ToString::to_string);
    let nearness = |group: &Group| {
        let revision = &group.revision;
        let branch = repository.branch().map(|branch| format!("refs/heads/{branch}"));
        let is_head =
            revision.refs.iter().any(|name| Some(name) == branch.as_ref()) || Some(&revision.key) == head.as_ref();
        (!is_head, revision.baseline != head)
    };
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_key(|at| groups.get(*at).map(nearness));
    order.into_iter().find(|at| {
        let Some(group) = groups.get(*at) else { return false };
        let mut there = BTreeMap::new();
        for (path, id) in group.results.iter() {
            expand(repository, path, id, 0, &mut there);
        }
        let is_known = |path: &&&str| there.contains_key(**path) || is_out(path);
        here.iter().all(|path| is_known(&path))
            && there.iter().all(|(path, id)| is_same(repository, work_tree, path, id))
    })
}

/// The files of a result, which is a file or a folder.
fn expand(repository: &Repository, path: &str, id: &Id, level: usize, files: &mut BTreeMap<String, Id>) {
    match repository.tree(id) {
        Ok(entries) if level < MOST_LEVELS => {
            for entry in entries.iter().filter(|entry| entry.kind != TreeEntryKind::Other) {
                expand(repository, &format!("{path}/{}", entry.name), &entry.id, level + 1, files);
            }
        }
        _ => {
            files.insert(path.to_owned(), id.clone());
        }
    }
}

fn is_same(repository: &Repository, work_tree: &Files, path: &str, id: &Id) -> bool {
    let Ok(Some(on_disk)) = work_tree.on_disk(path) else { return false };
    let Ok(there) = repository.blob(id) else { return false };
    let is_as_large = std::fs::metadata(&on_disk).is_ok_and(|file| file.len() == there.len() as u64);
    is_as_large && std::fs::read(&on_disk).is_ok_and(|here| here == there)
}
