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

/// Names the runs of stages whose outputs no lock names.
pub(super) fn unlisted(root: &Utf8Path, locks: &[String]) -> Option<SourceFinding> {
    let walk = WalkDir::new(root.join(FOLDER)).max_depth(3).follow_links(false).sort_by_file_name();
    let files = walk.into_iter().filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
    let is_digest = |word: &&str| word.len() >= 32;
    let words =
        locks.iter().flat_map(|lock| lock.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.'));
    let known: HashSet<&str> = words.filter(is_digest).collect();
    let is_unlisted = |stage: &Value| {
        let outs = stage.get("outs").and_then(Value::as_array).into_iter().flatten();
        let mut digests = outs.filter_map(|out| out.get("md5")?.as_str());
        digests.any(|md5| !known.contains(md5))
    };
    let stages = files.take(MOST_FILES).filter_map(|entry| {
        let stage = read_yaml(&read_text(Utf8Path::from_path(entry.path())?).ok()??)?;
        is_unlisted(&stage).then(|| stage.get("cmd").and_then(Value::as_str).unwrap_or("a stage").to_owned())
    });
    let commands: Vec<String> = stages.collect();
    let first = commands.first()?;
    let detail = match commands.len() {
        1 => format!("a stage ran with outputs that no revision names; it is not listed: `{first}`"),
        count => format!(
            "{count} runs of stages have outputs that no revision names; they are not listed: `{first}`, and others"
        ),
    };
    Some(SourceFinding::new(SourceCode::Unsupported, FOLDER, detail))
}
