//! The files of a revision: those of a folder, or those of a commit.

use std::collections::BTreeMap;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use walkdir::WalkDir;

use super::pipeline::within;
use crate::finding::{Several, SourceCode, SourceFinding};
use crate::git::{GitError, Id, Reader, TreeEntryKind};
use crate::scratch::Scratch;
use crate::text::{Yaml, read_text, read_yaml_with_anchors};
use crate::work::Work;
use crate::yaml;

/// More files are data, which DVC keeps elsewhere.
const MOST_FILES: usize = 500_000;
/// Values that aliases of YAML repeat, beyond one for each byte of their files.
const MOST_REPEATED: u64 = 1 << 16;
/// What a value takes of the work of a repository: its files may hold the same text many times.
const VALUE_BYTES: usize = 256;
/// Folders in each other.
const MOST_LEVELS: usize = 64;

/// The files of a revision by their paths, with `/` between names.
#[derive(Debug)]
pub struct Files {
    entries: BTreeMap<String, Place>,
    /// What is passed over, and what could not be read.
    pub findings: Vec<SourceFinding>,
    commit: Option<CommitFiles>,
    /// Values that aliases of YAML may repeat in all files.
    repeated: Work,
}

#[derive(Debug)]
enum Place {
    OnDisk(Utf8PathBuf),
    Blob(Id),
}

/// Files of a commit are written here when somebody asks for them.
#[derive(Debug)]
struct CommitFiles {
    reader: Reader,
    folder: Scratch,
}

impl Files {
    /// The files of a folder. Those of git, of caches and of other tools' scratch are none.
    pub fn of_folder(root: &Utf8Path) -> Self {
        let mut files =
            Self { entries: BTreeMap::new(), findings: Vec::new(), commit: None, repeated: Work::new(MOST_REPEATED) };
        let mut odd: Vec<String> = Vec::new();
        let walk = WalkDir::new(root).min_depth(1).max_depth(MOST_LEVELS).follow_links(false).sort_by_file_name();
        let walk = walk.into_iter().filter_entry(|entry| entry.depth() == 0 || !is_scratch(entry));
        for entry in walk {
            let Ok(entry) = entry else {
                files.found(SourceCode::Unreadable, ".", "a folder cannot be read");
                continue;
            };
            if entry.file_type().is_dir() {
                continue;
            }
            if files.entries.len() >= MOST_FILES {
                files.found(
                    SourceCode::Unsupported,
                    ".",
                    "the folder has more than 500,000 files; the rest is not read",
                );
                break;
            }
            let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
            let path =
                relative.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
            match Utf8Path::from_path(entry.path()).filter(|_| entry.file_type().is_file()) {
                Some(on_disk) => {
                    files.entries.insert(path, Place::OnDisk(on_disk.to_owned()));
                }
                None => odd.push(path),
            }
        }
        if let Some(first) = odd.first() {
            let detail = match odd.len() {
                1 => "it is a link or not a regular file, or its name is not UTF-8; it is not followed".to_owned(),
                count => format!(
                    "{count} files, this one the first, are links, not regular, or have names that are not UTF-8; they are not followed"
                ),
            };
            files.found(SourceCode::Outside, first, detail);
        }
        files
    }

    /// The files of a commit.
    pub(super) fn of_commit(reader: Reader, tree: &Id) -> io::Result<Self> {
        let mut entries = BTreeMap::new();
        let findings = walk(&reader, tree, &mut entries);
        let commit = CommitFiles { reader, folder: Scratch::new()? };
        Ok(Self { entries, findings, commit: Some(commit), repeated: Work::new(MOST_REPEATED) })
    }

    fn found(&mut self, code: SourceCode, place: &str, detail: impl Into<String>) {
        self.findings.push(SourceFinding::new(code, place, detail));
    }

    /// The paths, in their order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The paths below a folder, in their order; of the empty one, all.
    pub fn below<'a>(&'a self, folder: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let from = self.entries.range(prefix.clone()..);
        from.map(|(path, _)| path.as_str()).take_while(move |path| path.starts_with(&prefix))
    }

    /// Whether there is a file of that path.
    pub fn has(&self, path: &str) -> bool {
        self.entries.contains_key(path)
    }

    /// Where a file lies; of a commit, it is written there first. `None` if there is no such file.
    pub fn on_disk(&self, path: &str) -> io::Result<Option<Utf8PathBuf>> {
        match (self.entries.get(path), &self.commit) {
            (Some(Place::OnDisk(on_disk)), _) => Ok(Some(on_disk.clone())),
            (Some(Place::Blob(id)), Some(commit)) => commit.write(id).map(Some),
            _ => Ok(None),
        }
    }

    /// A text of the revision as YAML, with anchors. What its files repeat is bounded together.
    pub(super) fn yaml(&self, text: &str) -> Yaml {
        let allowed = usize::try_from(self.repeated.left()).unwrap_or(usize::MAX);
        if !self.unpacks(text.len()) {
            return Yaml::TooMany { repeated: 0 };
        }
        let yaml = read_yaml_with_anchors(text, allowed);
        let (values, repeated) = match &yaml {
            Yaml::Value(value) => {
                let values = yaml::count(value);
                (values, values.saturating_sub(text.len()))
            }
            Yaml::TooMany { repeated } => (*repeated, *repeated),
            Yaml::None => (0, 0),
        };
        if self.repeated.take(repeated as u64) && self.unpacks(values.saturating_mul(VALUE_BYTES)) {
            yaml
        } else {
            Yaml::TooMany { repeated: 0 }
        }
    }

    /// Takes bytes of the work of the repository, if the files are those of a commit.
    fn unpacks(&self, bytes: usize) -> bool {
        self.commit.as_ref().is_none_or(|commit| commit.reader.visit(bytes))
    }

    /// A text of a bearable size; `None` if there is no such file.
    pub fn text(&self, path: &str) -> io::Result<Option<String>> {
        self.on_disk(path)?.map_or(Ok(None), |on_disk| read_text(&on_disk))
    }
}

/// Walks through the folders of a commit, as far as the size of the repository allows.
fn walk(reader: &Reader, tree: &Id, files: &mut BTreeMap<String, Place>) -> Vec<SourceFinding> {
    let (mut findings, mut skipped) = (Vec::new(), Skipped::default());
    let mut folders = vec![(String::new(), tree.clone(), 0)];
    while let Some((folder, id, level)) = folders.pop() {
        let place = || if folder.is_empty() { ".".to_owned() } else { folder.clone() };
        if level >= MOST_LEVELS {
            skipped.deep.add(place);
            continue;
        }
        let entries = match reader.tree(&id) {
            Ok(entries) => entries,
            Err(GitError::Limit(_)) => {
                skipped.beyond.add(place);
                continue;
            }
            Err(error) => {
                findings.push(SourceFinding::new(SourceCode::Damaged, place(), error.to_string()));
                continue;
            }
        };
        for entry in entries {
            let path = within(&folder, &entry.name);
            match entry.kind {
                _ if files.len() >= reader.most_files() || !reader.visit(path.len()) => skipped.beyond.add(|| path),
                TreeEntryKind::Folder => folders.push((path, entry.id, level + 1)),
                TreeEntryKind::File => {
                    files.insert(path, Place::Blob(entry.id));
                }
                TreeEntryKind::Other => skipped.links.add(|| path),
            }
        }
    }
    findings.extend(skipped.findings());
    findings
}

/// What of a commit is not read.
#[derive(Default)]
struct Skipped {
    beyond: Several,
    deep: Several,
    links: Several,
}

impl Skipped {
    fn findings(self) -> impl Iterator<Item = SourceFinding> {
        let beyond = self.beyond.finding(
            SourceCode::Unsupported,
            "it is not looked at: the commit has more files than are read of a repository of this size",
            "files and folders, this one the first, are not looked at: the commit has more files than are read of a repository of this size",
        );
        let deep = self.deep.finding(
            SourceCode::Unsupported,
            "the folder lies in more than 64 others and is not looked at",
            "folders, this one the first, lie in more than 64 others and are not looked at",
        );
        let links = self.links.finding(
            SourceCode::Outside,
            "it is a link or another repository; it is not followed",
            "files, this one the first, are links or other repositories; they are not followed",
        );
        [beyond, deep, links].into_iter().flatten()
    }
}

impl CommitFiles {
    fn write(&self, id: &Id) -> io::Result<Utf8PathBuf> {
        let not_utf8 = |_| io::Error::new(io::ErrorKind::InvalidInput, "the name of the temporary folder is not UTF-8");
        let path = Utf8PathBuf::from_path_buf(self.folder.path().join(id.to_string())).map_err(not_utf8)?;
        if !path.exists() {
            let bytes =
                self.reader.blob(id).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
            std::fs::write(&path, bytes)?;
        }
        Ok(path)
    }
}

/// Folders that hold nothing of a revision: git's own, DVC's cache and scratch.
fn is_scratch(entry: &walkdir::DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    let in_dvc = || entry.path().parent().is_some_and(|parent| parent.file_name().is_some_and(|name| name == ".dvc"));
    entry.file_type().is_dir()
        && (matches!(&*name, ".git" | "__pycache__" | ".venv" | "node_modules")
            || in_dvc() && matches!(&*name, "cache" | "tmp"))
}
