//! The files of a folder, without following what leads out of it.

use camino::{Utf8Path, Utf8PathBuf};
use walkdir::WalkDir;

use crate::finding::{SourceCode, SourceFinding};
use crate::scratch::may_be_of_run;

/// More files than any run has, and folders in folders.
const MOST_FILES: usize = 100_000;
const MOST_LEVELS: usize = 64;

/// A file of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Path within the source, with `/` between names.
    pub path: String,
    /// Where it is.
    pub on_disk: Utf8PathBuf,
}

/// Regular files of a folder in the order of their paths, but for those whose paths are known.
/// Links, pipes and the like are findings.
pub(crate) fn files(root: &Utf8Path, known: &[&str], findings: &mut Vec<SourceFinding>) -> Vec<SourceFile> {
    let mut files = Vec::new();
    let walk = WalkDir::new(root).min_depth(1).max_depth(MOST_LEVELS).follow_links(false).sort_by_file_name();
    for entry in walk.into_iter().filter_entry(may_be_of_run) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let detail = error.io_error().map_or_else(|| "a loop of links".to_owned(), ToString::to_string);
                findings.push(SourceFinding::new(SourceCode::Unreadable, "data", detail));
                continue;
            }
        };
        let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
        let path = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        match Utf8Path::from_path(entry.path()) {
            _ if entry.file_type().is_dir() && entry.depth() == MOST_LEVELS => {
                let detail = "more folders in folders than any run has; what lies below is not read";
                findings.push(SourceFinding::new(SourceCode::Unsupported, path, detail));
            }
            _ if entry.file_type().is_dir() => {}
            _ if entry.file_type().is_symlink() => {
                findings.push(SourceFinding::new(SourceCode::Outside, path, "it is a link; it is not followed"));
            }
            _ if !entry.file_type().is_file() => {
                findings.push(SourceFinding::new(SourceCode::Unreadable, path, "it is not a regular file"));
            }
            _ if known.contains(&&*path) => {}
            _ if files.len() == MOST_FILES => {
                let detail = "the folder has more files than any run has; this one and those after it are not read";
                findings.push(SourceFinding::new(SourceCode::Unsupported, path, detail));
                break;
            }
            Some(on_disk) => files.push(SourceFile { path, on_disk: on_disk.to_owned() }),
            None => findings.push(SourceFinding::new(SourceCode::Unreadable, path, "the name is not UTF-8")),
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}
