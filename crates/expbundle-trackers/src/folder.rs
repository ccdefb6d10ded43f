//! Folders of a source: which of them hold runs, and which files lie in one. Links are not
//! followed.

use std::collections::VecDeque;
use std::io;

use camino::{Utf8DirEntry, Utf8Path, Utf8PathBuf};
use walkdir::WalkDir;

use crate::finding::{SourceCode, SourceFinding};
use crate::scratch::may_be_of_run;

/// Entries that are looked at before a folder counts as one of something else.
const ENTRIES_WITHOUT_A_RUN: usize = 50_000;
/// Entries that are looked at in a folder with runs.
const MOST_ENTRIES: usize = 1 << 20;
/// Folders within folders.
const MOST_LEVELS: usize = 32;

/// What lies directly in a folder of a tool. A name that is not UTF-8 is none that a tool gave, and
/// takes no other with it.
pub(crate) fn entries(folder: &Utf8Path) -> io::Result<impl Iterator<Item = io::Result<Utf8DirEntry>>> {
    let is_odd = |error: &io::Error| error.kind() == io::ErrorKind::InvalidData;
    Ok(folder.read_dir_utf8()?.filter(move |entry| !entry.as_ref().is_err_and(is_odd)))
}

/// A file of a run's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderFile {
    /// Path within the folder, with `/` between names.
    pub path: String,
    /// Where it is.
    pub on_disk: Utf8PathBuf,
}

/// The names in a folder, sorted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// Of regular files.
    pub files: Vec<String>,
    /// Of folders.
    pub folders: Vec<String>,
    /// Of links.
    pub links: Vec<String>,
    /// Of pipes, sockets and devices.
    pub specials: Vec<String>,
    /// How many are not UTF-8.
    pub odd: usize,
}

impl Names {
    /// Reads a folder, up to so many entries.
    pub fn of(folder: &Utf8Path, most: usize) -> io::Result<Self> {
        let mut names = Self::default();
        for entry in folder.as_std_path().read_dir()?.take(most) {
            let entry = entry?;
            let kind = entry.file_type()?;
            let Ok(name) = entry.file_name().into_string() else {
                names.odd += 1;
                continue;
            };
            let list = match kind {
                _ if kind.is_dir() => &mut names.folders,
                _ if kind.is_file() => &mut names.files,
                _ if kind.is_symlink() => &mut names.links,
                _ => &mut names.specials,
            };
            list.push(name);
        }
        for list in [&mut names.files, &mut names.folders, &mut names.links, &mut names.specials] {
            list.sort();
        }
        Ok(names)
    }

    /// Whether a folder holds a run of W&B or MLflow. They keep files of other tools as files of
    /// their own runs.
    pub fn are_of_another_tool(&self) -> bool {
        let is = |list: &[String], name: &str| list.iter().any(|other| other == name);
        let is_mlflow = is(&self.files, "meta.yaml") && is(&self.folders, "artifacts");
        is_mlflow || self.files.iter().any(|name| Utf8Path::new(name).extension() == Some("wandb"))
    }

    fn count(&self) -> usize {
        self.files.len() + self.folders.len() + self.links.len() + self.specials.len() + self.odd
    }
}

/// What a folder is to a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visit {
    /// It holds a run. Those in it are looked at too.
    Run,
    /// It holds none. Those in it are looked at.
    Other,
    /// Those in it are not looked at.
    Stop,
}

/// Visits a folder and the folders in it, each before those in it, until there are too many entries
/// for one that holds runs. Paths are relative, with `/` between names; that of the folder itself is
/// empty.
pub(crate) fn search(
    root: &Utf8Path,
    findings: &mut Vec<SourceFinding>,
    visit: &mut dyn FnMut(&str, &Names) -> Visit,
) -> io::Result<()> {
    let mut waiting = VecDeque::from([(String::new(), 0)]);
    let (mut entries, mut has_run) = (0, false);
    while let Some((path, level)) = waiting.pop_front() {
        let most = if has_run { MOST_ENTRIES } else { ENTRIES_WITHOUT_A_RUN };
        if entries >= most {
            let detail = format!("only {entries} entries were looked at for runs");
            findings.push(SourceFinding::new(SourceCode::Unsupported, path, detail));
            break;
        }
        let names = match Names::of(&root.join(&path), most) {
            Ok(names) => names,
            Err(error) if path.is_empty() => return Err(error),
            Err(error) => {
                findings.push(SourceFinding::new(SourceCode::Unreadable, path, error.to_string()));
                continue;
            }
        };
        entries += names.count();
        let visited = visit(&path, &names);
        has_run |= visited == Visit::Run;
        if names.odd > 0 {
            let detail = format!("{} names are not UTF-8 and were passed over", names.odd);
            findings.push(SourceFinding::new(SourceCode::Unreadable, path.clone(), detail));
        }
        if visited != Visit::Stop && level < MOST_LEVELS {
            waiting.extend(names.folders.iter().map(|name| (join(&path, name), level + 1)));
        }
    }
    Ok(())
}

/// A name in a folder.
pub(crate) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The name of a folder, also where its path ends in `.` or `..`.
pub(crate) fn name(folder: &Utf8Path) -> Option<String> {
    if let Some(name) = folder.file_name() {
        return Some(name.to_owned());
    }
    folder.canonicalize_utf8().ok()?.file_name().map(str::to_owned)
}

/// The files below a folder, in the order of their paths, without those whose path is passed over.
/// Links and what is not a regular file are findings.
pub(crate) fn files(
    root: &Utf8Path,
    is_passed_over: &dyn Fn(&str) -> bool,
    findings: &mut Vec<SourceFinding>,
) -> Vec<FolderFile> {
    let mut files = Vec::new();
    let mut find = |code, path: String, detail: &str| findings.push(SourceFinding::new(code, path, detail));
    let walk = WalkDir::new(root).min_depth(1).max_depth(MOST_LEVELS).follow_links(false);
    for entry in walk.into_iter().filter_entry(may_be_of_run) {
        if files.len() >= MOST_ENTRIES {
            find(SourceCode::Unsupported, String::new(), "the folder has too many files; the rest is not listed");
            break;
        }
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let detail = error.io_error().map_or_else(|| "a loop of links".to_owned(), ToString::to_string);
                find(SourceCode::Unreadable, String::new(), &detail);
                continue;
            }
        };
        let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
        let path = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        let kind = entry.file_type();
        match Utf8Path::from_path(entry.path()) {
            _ if is_passed_over(&path) => {}
            _ if kind.is_dir() && entry.depth() == MOST_LEVELS => {
                find(SourceCode::Unsupported, path, "the folder lies too deep and was passed over");
            }
            _ if kind.is_dir() => {}
            _ if kind.is_symlink() => find(SourceCode::Outside, path, "it is a link; it is not followed"),
            _ if !kind.is_file() => find(SourceCode::Unreadable, path, "it is not a regular file"),
            Some(on_disk) => files.push(FolderFile { path, on_disk: on_disk.to_owned() }),
            None => find(SourceCode::Unreadable, path, "the name is not UTF-8"),
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}
