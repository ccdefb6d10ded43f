//! Experiments at a path.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Read as _};

use camino::{Utf8Path, Utf8PathBuf};

use super::messages::MESSAGES;
use super::metric::Points;
use super::session::{EXPERIMENT, Session, experiment};
use crate::archive::{Listed, lists, unpack_some};
use crate::folder::entries;
use crate::text::open_file;
use crate::wandb::Value;

/// Experiments at a path: one, or those that lie in a folder.
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
        Self { key: name.unwrap_or("experiment").to_owned(), path }
    }
}

/// Why an experiment cannot be read.
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
    /// The archive is what a run begins with, and only a clean end fills.
    #[error(
        "the archive is empty: the run was killed, and what it logged is in a temporary folder of its machine, as messages.json"
    )]
    Empty,
}

impl Sessions {
    /// Finds experiments: the path itself, or what lies directly in it. Of a folder and the zip of
    /// it the folder counts.
    pub fn find(path: &Utf8Path) -> Result<Self, SessionError> {
        if is_session(path) {
            return Ok(Self(vec![Found::new(path.to_owned())]));
        }
        if matches!(path.file_name(), Some(MESSAGES | EXPERIMENT)) {
            let parent = path.parent().filter(|parent| !parent.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
            let found = is_folder(parent).then(|| Found::new(parent.to_owned()));
            return Ok(Self(found.into_iter().collect()));
        }
        let mut found = Vec::new();
        if path.is_dir() {
            let describe = |source| SessionError::Read { path: path.to_owned(), source };
            for entry in entries(path).map_err(describe)? {
                let entry = entry.map_err(describe)?;
                let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
                if !is_link && is_session(entry.path()) {
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

    /// Reads the experiment of a key; `None` if there is none.
    pub fn read(
        &self,
        key: &str,
        points: &mut dyn Points,
        progress: &dyn Fn(u64),
    ) -> Result<Option<Session>, SessionError> {
        let found = self.0.iter().find(|found| found.key == key);
        found.map(|found| Session::read(&found.path, |_| true, points, progress)).transpose()
    }

    /// Reads an experiment without its files and points; `None` if there is none.
    pub fn brief(&self, key: &str) -> Result<Option<Session>, SessionError> {
        let wanted = |name: &str| [MESSAGES, EXPERIMENT].contains(&name);
        let found = self.0.iter().find(|found| found.key == key);
        found.map(|found| Session::read(&found.path, wanted, &mut (), &|_| {})).transpose()
    }

    /// The key of the part before, of a run that was continued: the latest of those that began
    /// earlier.
    pub fn previous(&self, key: &str, session: &Session) -> Option<String> {
        let (id, start) = (session.text("offline_id")?, session.start_ms()?);
        if !session.may_continue() {
            return None;
        }
        let others = self.0.iter().filter(|found| found.key != key);
        let parts = others.filter_map(|found| {
            let experiment = end_of(&found.path)?;
            let is_part = experiment.get("offline_id").and_then(Value::as_str) == Some(id);
            let began = experiment.get("start_time").and_then(Value::as_i64)?;
            (is_part && began < start).then(|| (began, found.key.clone()))
        });
        parts.max().map(|(_, key)| key)
    }
}

/// What an experiment wrote at its end, without anything else of it.
fn end_of(path: &Utf8Path) -> Option<Value> {
    if path.is_dir() {
        return experiment(path);
    }
    let unpacked = unpack_some(path, |name| name == EXPERIMENT).ok()?;
    experiment(unpacked.folder()?)
}

fn is_session(path: &Utf8Path) -> bool {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => is_folder(path),
        Ok(metadata) if metadata.is_file() => path.extension() == Some("zip") && is_archive(path),
        _ => false,
    }
}

/// A folder with messages, or with what is written at the end.
fn is_folder(path: &Utf8Path) -> bool {
    if experiment(path).is_some_and(|experiment| experiment.get("offline_id").is_some()) {
        return true;
    }
    let Ok(Some(file)) = open_file(&path.join(MESSAGES)) else { return false };
    let mut start = Vec::new();
    let is_read = file.take(256).read_to_end(&mut start).is_ok();
    let start = String::from_utf8_lossy(&start);
    is_read && start.trim_start().starts_with('{') && start.contains("\"payload\"")
}

/// An archive that lists messages; or an empty or broken one that is named like an experiment.
fn is_archive(path: &Utf8Path) -> bool {
    match lists(path, &[MESSAGES, EXPERIMENT]) {
        Some(Listed::Entries(has_messages)) => has_messages,
        Some(Listed::Empty) => has_key(path),
        None => has_key(path) && begins_like_an_archive(path),
    }
}

/// `<experiment key>.zip`, or `<experiment key>-<letters>.zip` where a run was continued. A key has
/// 32 to 50 letters and digits.
fn has_key(path: &Utf8Path) -> bool {
    let name = path.file_stem().unwrap_or_default();
    let key = name.split_once('-').map_or(name, |(key, _)| key);
    (32..=50).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn begins_like_an_archive(path: &Utf8Path) -> bool {
    let mut start = [0; 4];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && &start == b"PK\x03\x04"
}
