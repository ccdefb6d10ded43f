//! The run cache: stages that ran once, whether or not somebody committed what came of them.

use std::collections::HashSet;

use camino::Utf8Path;
use serde_json::Value;
use walkdir::WalkDir;

use crate::finding::{SourceCode, SourceFinding};
use crate::text::{read_text, read_yaml};

/// Where it lies.
const FOLDER: &str = ".dvc/cache/runs";
/// A run of a stage each.
const MOST_FILES: usize = 10_000;

/// A run of a stage: its command, and the digests of its outputs.
struct Stage {
    command: String,
    digests: Vec<String>,
}

/// Names the runs of stages whose outputs no lock names. Locks are visited one at a time.
pub(super) fn unlisted(root: &Utf8Path, for_each_lock: impl FnOnce(&mut dyn FnMut(&str))) -> Option<SourceFinding> {
    let stages = stages(root);
    let mut unnamed: HashSet<&str> = stages.iter().flat_map(|stage| &stage.digests).map(String::as_str).collect();
    if unnamed.is_empty() {
        return None;
    }
    for_each_lock(&mut |lock| {
        for word in lock.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.') {
            unnamed.remove(word);
        }
    });
    let is_unlisted = |stage: &&Stage| stage.digests.iter().any(|digest| unnamed.contains(digest.as_str()));
    let commands: Vec<&str> = stages.iter().filter(is_unlisted).map(|stage| stage.command.as_str()).collect();
    let first = commands.first()?;
    let detail = match commands.len() {
        1 => format!("a stage ran with outputs that no revision names; it is not listed: `{first}`"),
        count => format!(
            "{count} runs of stages have outputs that no revision names; they are not listed: `{first}`, and others"
        ),
    };
    Some(SourceFinding::new(SourceCode::Unsupported, FOLDER, detail))
}

fn stages(root: &Utf8Path) -> Vec<Stage> {
    let walk = WalkDir::new(root.join(FOLDER)).max_depth(3).follow_links(false).sort_by_file_name();
    let files = walk.into_iter().filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
    let stage = |entry: walkdir::DirEntry| {
        let stage = read_yaml(&read_text(Utf8Path::from_path(entry.path())?).ok()??)?;
        let outs = stage.get("outs").and_then(Value::as_array).into_iter().flatten();
        let digests = outs.filter_map(|out| Some(out.get("md5")?.as_str()?.to_owned())).collect();
        let command = stage.get("cmd").and_then(Value::as_str).unwrap_or("a stage").to_owned();
        Some(Stage { command, digests })
    };
    files.take(MOST_FILES).filter_map(stage).collect()
}
