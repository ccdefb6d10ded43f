//! The databases at a path.

use std::collections::HashMap;
use std::error::Error;
use std::io::Read as _;
use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};

use super::database::Project;
use super::run::{self, Listed, Rows, Run};
use crate::finding::{SourceCode, SourceFinding};
use crate::text::open_file;

/// What every database begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// More projects than any folder has.
const MOST_PROJECTS: usize = 10_000;

/// Why a database cannot be read at all.
#[derive(Debug, thiserror::Error)]
#[error("`{path}` cannot be read as a database of Trackio")]
pub struct StoreError {
    /// The path.
    pub path: Utf8PathBuf,
    /// The cause.
    pub source: Box<dyn Error + Send + Sync>,
}

/// The projects at a path.
#[derive(Debug)]
pub struct Store {
    projects: Vec<Project>,
    /// The runs, once they were asked for.
    listed: OnceLock<(Vec<Listed>, Vec<SourceFinding>)>,
    /// Databases that cannot be read.
    unread: Vec<SourceFinding>,
}

impl Store {
    /// Finds databases: the path itself, those in a folder, or those in its folder `trackio`.
    /// `None` if there is none.
    pub fn open(path: &Utf8Path) -> Result<Option<Self>, StoreError> {
        let mut store = Self { projects: Vec::new(), listed: OnceLock::new(), unread: Vec::new() };
        let mut trouble = None;
        for file in databases(path) {
            match Project::open(&file) {
                Ok(project) => store.projects.extend(project),
                // Any tool may have such a file; Trackio's have a lock beside them.
                Err(error) if file.with_extension("lock").is_file() => {
                    let place = file.file_name().unwrap_or_default();
                    store.unread.push(SourceFinding::new(SourceCode::Unreadable, place, error.to_string()));
                    trouble = Some(StoreError { path: file, source: error.into() });
                }
                Err(_) => {}
            }
        }
        match trouble {
            Some(error) if store.projects.is_empty() => Err(error),
            _ => Ok(Some(store).filter(|store| !store.projects.is_empty())),
        }
    }

    /// Databases that cannot be read.
    pub fn unread(&self) -> &[SourceFinding] {
        &self.unread
    }

    /// Lists the runs. Each has a key of its own: its id, with the project before it where another
    /// project has the same.
    pub fn list(&self) -> Result<(&[Listed], &[SourceFinding]), StoreError> {
        let listed = if let Some(listed) = self.listed.get() {
            listed
        } else {
            let listed = self.read_list()?;
            self.listed.get_or_init(|| listed)
        };
        Ok((&listed.0, &listed.1))
    }

    fn read_list(&self) -> Result<(Vec<Listed>, Vec<SourceFinding>), StoreError> {
        let (mut runs, mut findings) = (Vec::new(), Vec::new());
        for project in &self.projects {
            runs.extend(project.list(&mut findings)?);
            findings.extend(project.findings());
        }
        findings.extend(self.projects.first().and_then(|project| inbox(&project.folder)));
        let mut counts: HashMap<String, usize> = HashMap::new();
        for run in &runs {
            *counts.entry(run.key.clone()).or_default() += 1;
        }
        for run in runs.iter_mut().filter(|run| counts.get(&run.key).is_some_and(|count| *count > 1)) {
            run.key = format!("{}/{}", run.project, run.key);
        }
        Ok((runs, findings))
    }

    /// Reads the run of a key, and gives its rows to `rows`; `None` if there is no such run.
    pub fn read(&self, key: &str, rows: &mut dyn Rows) -> Result<Option<Run>, StoreError> {
        let Some(listed) = self.list()?.0.iter().find(|run| run.key == key).cloned() else { return Ok(None) };
        let Some(project) = self.projects.iter().find(|project| project.name == listed.project) else {
            return Ok(None);
        };
        let mut run = run::read(project, listed, rows)?;
        run.findings.extend(project.findings());
        Ok(Some(run))
    }
}

/// Rows that a machine with a network disk wrote, and that Trackio has not put into a database.
fn inbox(folder: &Utf8Path) -> Option<SourceFinding> {
    const MOST_WRITERS: usize = 10_000;
    let entries = |folder: &Utf8Path| folder.read_dir_utf8().into_iter().flatten().filter_map(Result::ok);
    let writers = entries(&folder.join("inbox")).filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let files = writers.take(MOST_WRITERS).flat_map(|writer| entries(writer.path()).collect::<Vec<_>>());
    let count = files.filter(|file| file.path().extension() == Some("jsonl")).count();
    let detail = format!(
        "{count} files of the inbox are not in a database yet, and are not read; Trackio's dashboard puts them there"
    );
    (count > 0).then(|| SourceFinding::new(SourceCode::Unsupported, "inbox", detail))
}

/// Files that begin like a database.
fn databases(path: &Utf8Path) -> Vec<Utf8PathBuf> {
    if !path.is_dir() {
        return Some(path.to_owned()).filter(|path| is_database(path)).into_iter().collect();
    }
    let found = in_folder(path);
    if found.is_empty() { in_folder(&path.join("trackio")) } else { found }
}

fn in_folder(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let entries = folder.read_dir_utf8().into_iter().flatten().filter_map(Result::ok);
    let named = entries.map(camino::Utf8DirEntry::into_path).filter(|path| path.extension() == Some("db"));
    let mut found: Vec<Utf8PathBuf> = named.filter(|path| is_database(path)).take(MOST_PROJECTS).collect();
    found.sort();
    found
}

fn is_database(path: &Utf8Path) -> bool {
    let mut head = [0; MAGIC.len()];
    let file = open_file(path).ok().flatten();
    file.is_some_and(|mut file| file.read_exact(&mut head).is_ok()) && head == *MAGIC
}
