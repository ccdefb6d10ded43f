//! Runs at a path, and one of them whole.

use std::collections::BTreeMap;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::folder::Folder;
use super::log::{self, Kind};
use super::messages;
use super::records::{Column, ConsoleLine, Finish, Media, Record, Save, Start};
use crate::finding::{SourceCode, SourceFinding};
use crate::series::At;
use crate::text::open_file;

/// What system metrics begin with.
const SYSTEM: &str = "__swanlab__.";
/// Bytes of records that are held in memory: console lines, media, declarations.
const MOST_HELD_BYTES: usize = 128 << 20;
/// The log of versions before 0.10.
const OLD_LOG: &str = "backup.swanlab";

/// Takes the numbers of a run.
pub trait Scalars {
    /// A number of a series.
    fn scalar(&mut self, key: &str, is_system: bool, at: At, value: f64);
}

/// Takes nothing.
impl Scalars for () {
    fn scalar(&mut self, _: &str, _: bool, _: At, _: f64) {}
}

/// Why a run cannot be read at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunsError {
    /// The log cannot be read.
    #[error("`{path}` cannot be read")]
    Read {
        /// The path.
        path: Utf8PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The log is one of another version.
    #[error("`{path}` is a log of version {version}; version 2, of SwanLab 0.10 and later, is read")]
    Version {
        /// The path.
        path: Utf8PathBuf,
        /// Its version.
        version: u8,
    },
    /// It is something else.
    #[error("`{path}` is not a log of SwanLab 0.10 or later")]
    Foreign {
        /// The path.
        path: Utf8PathBuf,
    },
}

/// Runs at a path.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    found: Vec<Found>,
    /// Folders of versions that are not read.
    old: Vec<String>,
}

/// A run that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// What names it: its folder's name, or its log's.
    pub key: String,
    /// Its id: the log is named after it.
    pub id: String,
    log: Utf8PathBuf,
    folder: Option<Utf8PathBuf>,
}

/// Records of a log by their kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Numbers of series.
    pub scalars: u64,
    /// Those of system metrics.
    pub system_scalars: u64,
    /// Records that cannot be read.
    pub broken: u64,
    /// Records that there is no room for.
    pub too_many: u64,
}

/// A run.
#[derive(Debug, Default)]
pub struct Run {
    /// How it began, if its log says so.
    pub start: Option<Start>,
    /// Later beginnings in the same log.
    pub more_starts: Vec<Start>,
    /// How it ended, if its log says so.
    pub finish: Option<Finish>,
    /// What is declared about series, in the order of the log.
    pub columns: Vec<Column>,
    /// Things to look at.
    pub media: Vec<Media>,
    /// Lines of the console.
    pub console: Vec<ConsoleLine>,
    /// Files that were saved.
    pub saves: Vec<Save>,
    /// Kinds of records that this version does not know, by the numbers of their fields.
    pub unknown: BTreeMap<u32, u64>,
    /// Records, counted.
    pub counts: Counts,
    /// The last time of a number or line, in nanoseconds since 1970.
    pub last_ns: Option<i64>,
    /// What lies beside the log.
    pub folder: Option<Folder>,
    /// What could not be read.
    pub findings: Vec<SourceFinding>,
}

impl Runs {
    /// Finds runs: the log or the folder itself, the folders in it, or those in its `swanlog`.
    pub fn find(path: &Utf8Path) -> Self {
        let mut runs = Self::default();
        if path.is_dir() {
            runs.folder(path);
            for folder in [path.to_owned(), path.join("swanlog")] {
                if runs.found.is_empty() && runs.old.is_empty() {
                    let entries = folder.read_dir_utf8().into_iter().flatten().filter_map(Result::ok);
                    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
                    folders.for_each(|entry| runs.folder(entry.path()));
                }
            }
        } else if let Some(id) = id_of(path) {
            let folder = path.parent().filter(|folder| folder.file_name().is_some_and(|name| name.starts_with("run-")));
            runs.found.push(Found {
                key: folder.and_then(Utf8Path::file_name).unwrap_or(path.file_stem().unwrap_or_default()).to_owned(),
                id,
                log: path.to_owned(),
                folder: folder.map(Utf8Path::to_owned),
            });
        }
        runs.found.sort();
        runs.old.sort();
        runs
    }

    fn folder(&mut self, folder: &Utf8Path) {
        let entries = folder.read_dir_utf8().into_iter().flatten().filter_map(Result::ok);
        let logs = entries.filter_map(|entry| Some((id_of(entry.path())?, entry.into_path())));
        let key = folder.file_name().unwrap_or("run").to_owned();
        let found = logs.map(|(id, log)| Found { key: key.clone(), id, log, folder: Some(folder.to_owned()) });
        let before = self.found.len();
        // A folder has one log.
        self.found.extend(found.min());
        if self.found.len() == before && folder.join(OLD_LOG).is_file() {
            self.old.push(key);
        }
    }

    /// The runs, in the order of their keys.
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    /// Folders of versions that are not read.
    pub fn old(&self) -> &[String] {
        &self.old
    }

    /// Reads the run of a key; its numbers are given to `scalars`. `None` if there is none.
    pub fn read(&self, key: &str, scalars: &mut dyn Scalars) -> Option<Result<Run, RunsError>> {
        Some(read(self.found.iter().find(|found| found.key == key)?, scalars))
    }
}

/// The id of `run-<id>.swanlab`.
fn id_of(path: &Utf8Path) -> Option<String> {
    let name = path.file_name().filter(|name| *name != OLD_LOG)?;
    let id = name.strip_suffix(".swanlab")?;
    Some(id.strip_prefix("run-").unwrap_or(id).to_owned()).filter(|_| path.is_file())
}

fn read(found: &Found, scalars: &mut dyn Scalars) -> Result<Run, RunsError> {
    let path = found.log.clone();
    let failed = |source| RunsError::Read { path: path.clone(), source };
    let missing = || io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file");
    let file = open_file(&found.log).map_err(failed)?.ok_or_else(|| failed(missing()))?;
    let place = found.log.file_name().unwrap_or("log");
    let (kind, mut log) = log::open(file, place).map_err(failed)?;
    let mut run = Run::default();
    match kind {
        Kind::Known => {}
        Kind::Empty => {
            let detail = "the log ends before its first record";
            run.findings.push(SourceFinding::new(SourceCode::Truncated, place, detail));
        }
        Kind::Version(version) => return Err(RunsError::Version { path, version }),
        Kind::Foreign => return Err(RunsError::Foreign { path }),
    }
    let mut held = 0_usize;
    if kind == Kind::Known {
        while let Some(bytes) = log.next().map_err(failed)? {
            run.record(bytes, &mut held, scalars);
        }
        run.findings.extend(log.into_findings());
    }
    run.say(place);
    run.folder = found.folder.as_ref().map(|folder| Folder::read(folder, &mut run.findings));
    Ok(run)
}

impl Run {
    fn record(&mut self, bytes: &[u8], held: &mut usize, scalars: &mut dyn Scalars) {
        let record = messages::record(bytes);
        if !matches!(record, Record::Scalar(_) | Record::Unknown(_) | Record::Broken) {
            *held = held.saturating_add(bytes.len() + size_of::<Media>());
            if *held > MOST_HELD_BYTES && !matches!(record, Record::Finish(_)) {
                self.counts.too_many += 1;
                return;
            }
        }
        match record {
            Record::Scalar(scalar) => {
                let key = String::from_utf8_lossy(scalar.key);
                let is_system = key.starts_with(SYSTEM);
                let count = if is_system { &mut self.counts.system_scalars } else { &mut self.counts.scalars };
                *count += 1;
                self.last_ns = self.last_ns.max(scalar.time_ns);
                let at = At { step: Some(scalar.step), time_ns: scalar.time_ns };
                scalars.scalar(&key, is_system, at, scalar.value);
            }
            Record::Start(start) if self.start.is_none() => self.start = Some(start),
            Record::Start(start) => self.more_starts.push(start),
            // A log that was appended to has another end.
            Record::Finish(finish) => self.finish = Some(finish),
            Record::Column(column) => self.columns.push(column),
            Record::Media(media) => self.media.push(media),
            Record::Console(line) => {
                self.last_ns = self.last_ns.max(line.time_ns);
                self.console.push(line);
            }
            Record::Save(save) => self.saves.push(save),
            Record::Unknown(number) => *self.unknown.entry(number).or_default() += 1,
            Record::Broken => self.counts.broken += 1,
        }
    }

    /// Says what was not read of the records.
    fn say(&mut self, place: &str) {
        let mut say = |code, detail: String| self.findings.push(SourceFinding::new(code, place, detail));
        if self.counts.broken > 0 {
            say(SourceCode::Damaged, format!("{} records are not messages of SwanLab", self.counts.broken));
        }
        for (number, count) in &self.unknown {
            let detail = format!("{count} records are of a kind that this version does not know (field {number})");
            say(SourceCode::Unsupported, detail);
        }
        if self.counts.too_many > 0 {
            let detail = format!("{} records beyond 128 MiB of console, media and columns", self.counts.too_many);
            say(SourceCode::Unsupported, detail);
        }
    }
}
