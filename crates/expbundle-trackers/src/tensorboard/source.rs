//! The runs at a path: each folder that holds event files is one, and what a writer put into folders
//! below belongs to it.

use std::collections::BTreeMap;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::parts::Part;
use super::run::{Run, first_time_ns};
use super::sink::Sink;
use crate::finding::{SourceCode, SourceFinding};
use crate::folder::{self, Names, Visit};

/// The runs at a path.
#[derive(Clone, Debug)]
pub struct Source {
    /// By key, each with its own folder first.
    runs: BTreeMap<String, Vec<Folder>>,
    /// What was passed over.
    pub findings: Vec<SourceFinding>,
}

/// A folder with event files.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    /// Path below that of the run; empty for its own.
    pub path: String,
    pub on_disk: Utf8PathBuf,
    /// Names of its event files, in the order in which they are read.
    pub files: Vec<String>,
    /// What it is to the run; `None` for the run's own.
    pub part: Option<Part>,
}

impl Source {
    /// Finds the runs in a folder, or the run of an event file. `None` if there is none.
    pub fn open(path: &Utf8Path) -> io::Result<Option<Self>> {
        if !path.is_dir() {
            return Ok(Self::of_file(path));
        }
        let (mut found, mut findings) = (BTreeMap::new(), Vec::new());
        let mut passed_over = Vec::new();
        folder::search(path, &mut findings, &mut |relative, names| {
            passed_over.extend(not_read(relative, names));
            if !relative.is_empty() && names.are_of_another_tool() {
                let detail = "a run of another tool; event files in it were not looked for";
                passed_over.push(SourceFinding::new(SourceCode::Unsupported, relative, detail));
                return Visit::Stop;
            }
            let files: Vec<String> = names.files.iter().filter(|name| is_event_file(name)).cloned().collect();
            if files.is_empty() {
                return Visit::Other;
            }
            found.insert(relative.to_owned(), files);
            Visit::Run
        })?;
        findings.extend(passed_over);
        Ok((!found.is_empty()).then(|| Self { runs: joined(path, found), findings }))
    }

    fn of_file(path: &Utf8Path) -> Option<Self> {
        let name = path.file_name().filter(|name| is_event_file(name))?;
        let folder = path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
        let key = folder::name(folder).unwrap_or_else(|| "run".to_owned());
        let mut findings = Vec::new();
        let beside = Names::of(folder, MOST_BESIDE).unwrap_or_default();
        let others = beside.files.iter().filter(|other| is_event_file(other) && *other != name).count();
        if others > 0 {
            let detail =
                format!("{others} more event files of the run lie beside it and are not read; name the folder");
            findings.push(SourceFinding::new(SourceCode::Loss, name, detail));
        }
        let files = vec![name.to_owned()];
        let folder = Folder { path: String::new(), on_disk: folder.to_owned(), files, part: None };
        Some(Self { runs: BTreeMap::from([(key, vec![folder])]), findings })
    }

    /// The keys: paths of the runs below the folder, and the name of the folder for its own.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> {
        self.runs.keys().map(String::as_str)
    }

    /// The folder of a run.
    pub fn folder(&self, key: &str) -> Option<&Utf8Path> {
        Some(&self.runs.get(key)?.first()?.on_disk)
    }

    /// When the first record of a run was written, in nanoseconds since 1970.
    pub fn started_ns(&self, key: &str) -> Option<i64> {
        let folder = self.runs.get(key)?.first()?;
        first_time_ns(&folder.on_disk.join(folder.files.first()?))
    }

    /// Reads a run; `None` if there is none of this key. What it holds goes to `sink` as it is read.
    pub fn read(&self, key: &str, sink: &mut (dyn Sink + '_)) -> Option<Run> {
        self.runs.get(key).map(|folders| Run::read(folders, sink))
    }
}

/// Files beside an event file that are looked at.
const MOST_BESIDE: usize = 100_000;

/// As TensorBoard has it.
fn is_event_file(name: &str) -> bool {
    name.contains("tfevents")
}

/// Event files that are links or pipes, and what the profiler left.
fn not_read(folder: &str, names: &Names) -> Vec<SourceFinding> {
    let of = |list: &[String], code, detail: &str| -> Vec<SourceFinding> {
        let event_files = list.iter().filter(|name| is_event_file(name));
        event_files.map(|name| SourceFinding::new(code, folder::join(folder, name), detail)).collect()
    };
    let mut findings = of(&names.links, SourceCode::Outside, "it is a link; it is not followed");
    findings.extend(of(&names.specials, SourceCode::Unreadable, "it is not a regular file"));
    if folder.ends_with("plugins/profile") {
        let detail = format!("{} profiles of the profiler are not read", names.folders.len());
        findings.push(SourceFinding::new(SourceCode::Unsupported, folder, detail));
    }
    findings
}

/// Joins the folders that are parts of a run to it.
fn joined(root: &Utf8Path, found: BTreeMap<String, Vec<String>>) -> BTreeMap<String, Vec<Folder>> {
    let own_name = folder::name(root).filter(|name| !found.contains_key(name)).unwrap_or_else(|| ".".to_owned());
    let mut runs: BTreeMap<String, Vec<Folder>> = BTreeMap::new();
    // A folder comes before those in it.
    for (path, files) in found {
        let on_disk = root.join(&path);
        let part = files.first().and_then(|first| {
            let above = above(&path).find(|above| runs.contains_key(*above))?;
            let below = path.strip_prefix(above)?.trim_start_matches('/');
            Some((above.to_owned(), below.to_owned(), Part::of(below, &on_disk.join(first))?))
        });
        let (run, path, part) = match part {
            Some((above, path, part)) => (above, path, Some(part)),
            None => (path, String::new(), None),
        };
        runs.entry(run).or_default().push(Folder { path, on_disk, files, part });
    }
    if let Some(own) = runs.remove("") {
        runs.insert(own_name, own);
    }
    runs
}

/// The folders above one, the nearest first.
fn above(path: &str) -> impl Iterator<Item = &str> {
    let own = (!path.is_empty()).then_some("");
    path.rmatch_indices('/').filter_map(|(end, _)| path.get(..end)).chain(own)
}
