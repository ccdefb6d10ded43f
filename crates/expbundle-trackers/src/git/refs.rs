//! Names of commits: `.git/HEAD`, `.git/refs/…` and `.git/packed-refs`.

use std::collections::BTreeMap;

use camino::Utf8Path;
use walkdir::WalkDir;

use super::Id;
use crate::finding::{SourceCode, SourceFinding};
use crate::text::read_text;

/// A project has some hundred of them, and as many experiments.
const MOST_REFS: usize = 100_000;
/// `refs/exps/a3/…38 digits…/name` has five levels; names of branches may have more.
const MOST_LEVELS: usize = 32;

/// Every ref by its full name. One of its own file counts, not the packed one.
pub(super) fn all(folder: &Utf8Path, findings: &mut Vec<SourceFinding>) -> BTreeMap<String, Id> {
    let mut refs = packed(folder, findings);
    let walk = WalkDir::new(folder.join("refs")).max_depth(MOST_LEVELS).follow_links(false).sort_by_file_name();
    for entry in walk.into_iter().filter_map(Result::ok).filter(|entry| entry.file_type().is_file()) {
        if refs.len() >= MOST_REFS {
            let detail = "the repository has more than 100,000 refs; the others are not read";
            findings.push(SourceFinding::new(SourceCode::Unsupported, ".git/refs", detail));
            break;
        }
        let Some(path) = Utf8Path::from_path(entry.path()) else { continue };
        let Some(name) = path
            .strip_prefix(folder)
            .ok()
            .map(|name| name.components().map(|part| part.as_str()).collect::<Vec<_>>().join("/"))
        else {
            continue;
        };
        let text = read_text(path).ok().flatten().unwrap_or_default();
        match Id::parse(text.trim()) {
            Some(id) => {
                refs.insert(name, id);
            }
            // `refs/remotes/origin/HEAD` names another ref.
            None if text.starts_with("ref: ") => {}
            None => {
                let detail = "the ref does not name a commit";
                findings.push(SourceFinding::new(SourceCode::Damaged, format!(".git/{name}"), detail));
            }
        }
    }
    refs
}

fn packed(folder: &Utf8Path, findings: &mut Vec<SourceFinding>) -> BTreeMap<String, Id> {
    let text = match read_text(&folder.join("packed-refs")) {
        Ok(text) => text.unwrap_or_default(),
        Err(error) => {
            findings.push(SourceFinding::new(SourceCode::Unreadable, ".git/packed-refs", error.to_string()));
            String::new()
        }
    };
    let mut refs = BTreeMap::new();
    let mut broken = 0_u64;
    // A line with `^` says which commit the tag before it names.
    for line in text.lines().filter(|line| !line.starts_with(['#', '^']) && !line.is_empty()).take(MOST_REFS) {
        match line.split_once(' ').and_then(|(id, name)| Some((name.trim().to_owned(), Id::parse(id)?))) {
            Some((name, id)) => {
                refs.insert(name, id);
            }
            None => broken += 1,
        }
    }
    if broken > 0 {
        let detail = format!("{broken} of its lines name no commit");
        findings.push(SourceFinding::new(SourceCode::Damaged, ".git/packed-refs", detail));
    }
    refs
}

/// The branch that is checked out, and the commit.
pub(super) fn head(folder: &Utf8Path, refs: &BTreeMap<String, Id>) -> (Option<String>, Option<Id>) {
    let text = read_text(&folder.join("HEAD")).ok().flatten().unwrap_or_default();
    match text.trim().strip_prefix("ref: ") {
        Some(name) => (name.strip_prefix("refs/heads/").map(str::to_owned), refs.get(name.trim()).cloned()),
        None => (None, Id::parse(text.trim())),
    }
}
