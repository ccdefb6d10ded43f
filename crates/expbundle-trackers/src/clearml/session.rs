//! Sessions at a path, and the files of one.

use std::error::Error;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Map, Value};

use super::events::Events;
use crate::archive::{ArchiveError, Unpacked, unpack};
use crate::finding::SourceFinding;
use crate::folder::entries;
use crate::text::{Json, read_json, read_text};
use crate::walk::{SourceFile, files};

/// The file that every session has.
const TASK: &str = "task.json";
/// The member that `Task.export_task()` adds to a task.
const OF_EXPORT: &str = "session_api_version";
/// JSON files of a folder that are looked into.
const MOST_EXPORTS: usize = 10_000;

/// Sessions at a path: one, or those that lie in a folder.
#[derive(Clone, Debug)]
pub struct Sessions(Vec<Found>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    key: String,
    path: Utf8PathBuf,
}

impl Found {
    /// The key of a folder is its name, that of an archive its name without `.zip`.
    fn new(path: Utf8PathBuf) -> Self {
        let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
        Self { key: name.unwrap_or("session").to_owned(), path }
    }
}

/// Why a session cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// A file or folder cannot be read.
    #[error("`{path}` cannot be read")]
    Read {
        /// The path.
        path: Utf8PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The archive is broken, or larger than is unpacked.
    #[error("`{path}` cannot be unpacked")]
    Archive {
        /// The path.
        path: Utf8PathBuf,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// `task.json`, or the exported task, is not a JSON object.
    #[error("`{path}` has no task: it is not a JSON object")]
    NoTask {
        /// The path.
        path: Utf8PathBuf,
    },
}

/// A session.
#[derive(Debug)]
pub struct Session {
    /// The members of `task.json`.
    pub task: Map<String, Value>,
    /// Events of `metrics.jsonl`.
    pub metrics: Events,
    /// Events of `log.jsonl`.
    pub log: Events,
    /// Other files, in the order of their paths.
    pub files: Vec<SourceFile>,
    /// What could not be read.
    pub findings: Vec<SourceFinding>,
    /// Whether it is a task that `Task.export_task()` gave: without series, console and files.
    pub is_export: bool,
    /// The files of an archive lie here until the session is dropped.
    unpacked: Option<Unpacked>,
    /// Of the session.
    path: Utf8PathBuf,
}

impl Sessions {
    /// Finds sessions and exported tasks: the path itself, or what lies directly in it. Of a folder
    /// and the zip of it the folder counts.
    pub fn find(path: &Utf8Path) -> Result<Self, SessionError> {
        if is_session(path) {
            return Ok(Self(vec![Found::new(path.to_owned())]));
        }
        let (mut found, mut exports) = (Vec::new(), 0);
        if path.is_dir() {
            let describe = |source| SessionError::Read { path: path.to_owned(), source };
            for entry in entries(path).map_err(describe)? {
                let entry = entry.map_err(describe)?;
                let is_export = entry.path().extension() == Some("json");
                exports += usize::from(is_export);
                if is_export && exports > MOST_EXPORTS {
                    continue;
                }
                if !entry.file_type().map_err(describe)?.is_symlink() && is_session(entry.path()) {
                    found.push(Found::new(entry.into_path()));
                }
            }
        }
        // The folder comes first, since its path is the beginning of the archive's.
        found.sort();
        found.dedup_by(|archive, folder| archive.key == folder.key);
        Ok(Self(found))
    }

    /// The keys: names of folders, and of archives without `.zip`.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(|found| found.key.as_str())
    }

    /// Reads the session of a key; `None` if there is none.
    pub fn read(&self, key: &str) -> Result<Option<Session>, SessionError> {
        self.0.iter().find(|found| found.key == key).map(|found| Session::read(&found.path)).transpose()
    }
}

/// A folder with a `task.json` of an offline session, an archive that is named like one, or an
/// exported task.
fn is_session(path: &Utf8Path) -> bool {
    if path.is_dir() {
        return task(path).is_some_and(|task| task.contains_key("offline_folder"));
    }
    if path.extension() == Some("json") {
        return exported(path).is_some();
    }
    path.extension() == Some("zip") && path.file_stem().is_some_and(|name| name.starts_with("offline-"))
}

fn task(folder: &Utf8Path) -> Option<Map<String, Value>> {
    object(&read_text(&folder.join(TASK)).ok()??)
}

/// The task of an export. Most JSON is none, and is not taken apart.
fn exported(path: &Utf8Path) -> Option<Map<String, Value>> {
    let text = read_text(path).ok()??;
    if !text.contains(OF_EXPORT) {
        return None;
    }
    object(&text).filter(|task| task.contains_key(OF_EXPORT) && task.contains_key("id"))
}

fn object(text: &str) -> Option<Map<String, Value>> {
    match read_json(text) {
        Json::Value(Value::Object(task)) => Some(task),
        _ => None,
    }
}

impl Session {
    fn read(path: &Utf8Path) -> Result<Self, SessionError> {
        if path.extension() == Some("json") && !path.is_dir() {
            return Self::read_export(path);
        }
        let broken = |source: ArchiveError| SessionError::Archive { path: path.to_owned(), source: source.into() };
        let unpacked = if path.is_dir() { None } else { Some(unpack(path).map_err(broken)?) };
        let root = unpacked.as_ref().and_then(Unpacked::folder).unwrap_or(path);
        let task = task(root).ok_or_else(|| SessionError::NoTask { path: path.to_owned() })?;
        let mut findings = unpacked.as_ref().map(|unpacked| unpacked.findings.clone()).unwrap_or_default();
        let metrics = Events::read(root, "metrics.jsonl", &mut findings);
        let log = Events::read(root, "log.jsonl", &mut findings);
        let files = files(root, &[TASK, "metrics.jsonl", "log.jsonl"], &mut findings);
        let is_export = false;
        let session = Self { task, metrics, log, files, findings, is_export, unpacked, path: path.to_owned() };
        session.check_unpacked()?;
        Ok(session)
    }

    fn read_export(path: &Utf8Path) -> Result<Self, SessionError> {
        let task = exported(path).ok_or_else(|| SessionError::NoTask { path: path.to_owned() })?;
        Ok(Self {
            task,
            metrics: Events::default(),
            log: Events::default(),
            files: Vec::new(),
            findings: Vec::new(),
            is_export: true,
            unpacked: None,
            path: path.to_owned(),
        })
    }

    /// Whether everything that was unpacked is still there. Called after the files were read.
    pub fn check_unpacked(&self) -> Result<(), SessionError> {
        let check = self.unpacked.as_ref().map_or(Ok(()), Unpacked::check);
        check.map_err(|source| SessionError::Read { path: self.path.clone(), source })
    }

    /// The file of that path.
    pub fn file(&self, path: &str) -> Option<&SourceFile> {
        let found = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        self.files.get(found)
    }
}
