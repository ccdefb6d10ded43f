//! What a path holds: one run, many, or what the service exports; and how to read a run of it.

use std::fs::{self, File};
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::export::Export;
use super::folder::Folder;
use super::history::Points;
use super::run::{Run, State, read_log};
use super::value::Value;
use crate::finding::{SourceCode, SourceFinding};
use crate::folder::entries;
use crate::series::At;

/// A W&B source.
#[derive(Clone, Debug)]
pub struct Source {
    logs: Vec<LogPlace>,
    exports: Vec<Export>,
    /// Folders of runs that cannot be read.
    passed_over: Vec<SourceFinding>,
}

/// A log, and the folder that it lies in.
#[derive(Clone, Debug)]
struct LogPlace {
    log: Utf8PathBuf,
    folder: Option<Utf8PathBuf>,
}

/// Why a path is not a source.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Nothing is there, or it cannot be read.
    #[error("`{path}` cannot be read: {source}")]
    Read {
        /// What was named.
        path: Utf8PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Nothing of W&B's is in it.
    #[error("`{path}` holds no W&B run: no `.wandb` file, no `offline-run-…` or `run-…` folder, no export of the API")]
    Nothing {
        /// What was named.
        path: Utf8PathBuf,
    },
    /// No run of that name.
    #[error("there is no run `{run}` in the source")]
    NoRun {
        /// What was asked for.
        run: String,
    },
}

/// A run as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What names it within the source: the name of its folder, or of its log. One id may have
    /// several.
    pub key: String,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its project.
    pub project: Option<String>,
    /// How it stands.
    pub state: State,
    /// When it started, in nanoseconds since 1970.
    pub started_ns: Option<i64>,
}

/// A run and what lies beside its log.
#[derive(Clone, Debug)]
pub struct RunFiles {
    /// What names it within the source.
    pub key: String,
    /// Its id, from the log or else from the file's name.
    pub id: String,
    /// The log.
    pub run: Run,
    /// The folder, if the log lies in one.
    pub folder: Option<Folder>,
    /// The folder of the same id that came before, as a key: an offline run that was resumed has
    /// several.
    pub previous: Option<String>,
    /// The run of which this one is a fork.
    pub fork: Option<Fork>,
}

/// Where a run was forked from another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork {
    /// Id of the other run.
    pub run: String,
    /// Its key, or if the source does not have it, its id.
    pub key: String,
}

impl Source {
    /// Opens what is at a path: a `.wandb` file, a run's folder, or a `wandb/` folder of many.
    pub fn open(path: &Utf8Path) -> Result<Self, SourceError> {
        let describe = |source| SourceError::Read { path: path.to_owned(), source };
        let metadata = fs::metadata(path).map_err(describe)?;
        if metadata.is_file() {
            let folder = path.parent().filter(|parent| is_run_folder(parent)).map(Utf8Path::to_owned);
            let is_log = path.extension() == Some("wandb");
            if !is_log {
                return Self::of_exports(path);
            }
            let logs = vec![LogPlace { log: path.to_owned(), folder }];
            return Ok(Self { logs, exports: Vec::new(), passed_over: Vec::new() });
        }
        let mut logs = logs_in(path).map_err(describe)?;
        let mut passed_over = Vec::new();
        if logs.is_empty() {
            passed_over.extend(without_log(path));
            for below in [path.to_owned(), path.join("wandb")] {
                if !below.is_dir() {
                    continue;
                }
                let describe = |source| SourceError::Read { path: below.clone(), source };
                for entry in entries(&below).map_err(describe)? {
                    let entry = entry.map_err(describe)?;
                    // `latest-run` is a link to one of the others.
                    if !entry.file_type().map_err(describe)?.is_dir() {
                        continue;
                    }
                    let found = logs_in(entry.path()).unwrap_or_else(|error| {
                        let place = entry.file_name().to_owned();
                        passed_over.push(SourceFinding::new(SourceCode::Unreadable, place, error.to_string()));
                        Vec::new()
                    });
                    if found.is_empty() {
                        passed_over.extend(without_log(entry.path()));
                    }
                    logs.extend(found);
                }
            }
        }
        logs.sort_by(|a, b| a.log.cmp(&b.log));
        passed_over.sort();
        passed_over.dedup();
        if logs.is_empty() {
            let exports = Self::of_exports(path);
            if exports.is_ok() || passed_over.is_empty() {
                return exports;
            }
        }
        Ok(Self { logs, exports: Vec::new(), passed_over })
    }

    /// What the service exported, where there is no log.
    fn of_exports(path: &Utf8Path) -> Result<Self, SourceError> {
        let describe = |source| SourceError::Read { path: path.to_owned(), source };
        let exports = Export::find(path).map_err(describe)?;
        if exports.is_empty() {
            return Err(SourceError::Nothing { path: path.to_owned() });
        }
        Ok(Self { logs: Vec::new(), exports, passed_over: Vec::new() })
    }

    /// Folders that were made for a run and hold nothing that can be read as one.
    pub fn passed_over(&self) -> &[SourceFinding] {
        &self.passed_over
    }

    /// Lists the runs, in the order of start and key. The logs are read, their points are not kept.
    pub fn list(&self) -> Result<Vec<Listed>, SourceError> {
        let mut runs = Vec::new();
        for place in &self.logs {
            let run = place.read_log(&mut Nothing, &|_| {})?;
            runs.push(Listed {
                key: place.key(),
                id: place.id(&run),
                name: run.text("display_name").map(str::to_owned),
                project: run.text("project").map(str::to_owned),
                state: run.state(),
                started_ns: run.started_ns(),
            });
        }
        for export in &self.exports {
            let run = export.read(&mut Nothing, &|_| {});
            runs.push(Listed {
                key: export.key().to_owned(),
                id: export.id().to_owned(),
                name: run.text("display_name").map(str::to_owned),
                project: run.text("project").map(str::to_owned),
                state: run.state(),
                started_ns: run.started_ns(),
            });
        }
        runs.sort_by(|a, b| (a.started_ns, &a.key).cmp(&(b.started_ns, &b.key)));
        Ok(runs)
    }

    /// Keys of all runs, without reading a log.
    pub fn keys(&self) -> Vec<String> {
        self.logs.iter().map(LogPlace::key).chain(self.exports.iter().map(|export| export.key().to_owned())).collect()
    }

    /// Size of a run's log in bytes.
    pub fn log_size(&self, key: &str) -> u64 {
        if let Some(export) = self.export(key) {
            return export.size();
        }
        self.place(key).ok().and_then(|place| fs::metadata(&place.log).ok()).map_or(0, |metadata| metadata.len())
    }

    /// Reads a run, named by its key, or by its id if only one has it. Points go to `points` as
    /// they are read.
    pub fn read(
        &self,
        key: &str,
        points: &mut (dyn Points + Send),
        progress: &dyn Fn(u64),
    ) -> Result<RunFiles, SourceError> {
        if let Some(export) = self.export(key) {
            let run = export.read(points, progress);
            let (key, id) = (export.key().to_owned(), export.id().to_owned());
            return Ok(RunFiles { key, id, run, folder: None, previous: None, fork: None });
        }
        let place = self.place(key)?;
        let run = place.read_log(points, progress)?;
        let id = place.id(&run);
        let folder = place.folder.as_deref().map(Folder::read);
        let previous = self.previous(place, &id);
        let fork = self.fork(place, &run, &id);
        Ok(RunFiles { key: place.key(), previous, fork, id, run, folder })
    }

    fn export(&self, key: &str) -> Option<&Export> {
        let by_id = || self.exports.iter().find(|export| export.id() == key);
        self.exports.iter().find(|export| export.key() == key).or_else(by_id)
    }

    fn place(&self, key: &str) -> Result<&LogPlace, SourceError> {
        if let Some(place) = self.logs.iter().find(|place| place.key() == key) {
            return Ok(place);
        }
        let mut by_id = self.logs.iter().filter(|place| place.id_of_name() == Some(key));
        match (by_id.next(), by_id.next()) {
            (Some(place), None) => Ok(place),
            _ => Err(SourceError::NoRun { run: key.to_owned() }),
        }
    }

    /// Names of folders begin with their date, so among those of one id the one before is the next
    /// smaller.
    fn previous(&self, place: &LogPlace, id: &str) -> Option<String> {
        place.folder.as_ref()?;
        self.logs
            .iter()
            .filter(|other| other.id_of_name() == Some(id) && other.folder.is_some() && date(other) < date(place))
            .max_by_key(|other| date(other))
            .map(LogPlace::key)
    }

    /// The run that the log names as the one it branches off, unless that is an earlier part of
    /// itself.
    fn fork(&self, place: &LogPlace, run: &Run, id: &str) -> Option<Fork> {
        let base = run.branch_run().filter(|base| *base != id)?;
        let of_base = || self.logs.iter().filter(|other| other.id_of_name() == Some(base));
        let before = of_base().filter(|other| date(other) < date(place)).max_by_key(|other| date(other));
        let key = before.or_else(|| of_base().next()).map_or_else(|| base.to_owned(), LogPlace::key);
        Some(Fork { run: base.to_owned(), key })
    }
}

/// What a folder that has no log tells of a run; `None` if it is none of W&B's.
fn without_log(folder: &Utf8Path) -> Option<SourceFinding> {
    let name = folder.file_name()?;
    let has = |path: &str| folder.join(path).is_file();
    if has("wandb-history.jsonl") {
        let detail = "a run of W&B before 0.10, which has no log; it is not read";
        return Some(SourceFinding::new(SourceCode::Unsupported, name, detail));
    }
    // SwanLab calls its folders so too.
    let is_of_swanlab = || {
        let entries = folder.read_dir_utf8().into_iter().flatten().flatten();
        has("files/swanlab-metadata.json")
            || entries.into_iter().any(|entry| entry.path().extension() == Some("swanlab"))
    };
    let files = ["config.yaml", "requirements.txt", "wandb-metadata.json", "wandb-summary.json", "output.log"];
    let is_of_a_run = is_run_folder(folder) && files.iter().any(|file| has(&format!("files/{file}")));
    let detail = "no log is in this folder of a run: `run-<id>.wandb` is gone";
    (is_of_a_run && !is_of_swanlab()).then(|| SourceFinding::new(SourceCode::Missing, name, detail))
}

/// The date that the name of a folder begins with.
fn date(place: &LogPlace) -> String {
    place.key().trim_start_matches("offline-").to_owned()
}

impl LogPlace {
    fn key(&self) -> String {
        let named = self.folder.as_deref().unwrap_or(&self.log);
        named.file_name().unwrap_or("run").to_owned()
    }

    /// The id in `run-<id>.wandb`.
    fn id_of_name(&self) -> Option<&str> {
        self.log.file_stem()?.strip_prefix("run-")
    }

    fn id(&self, run: &Run) -> String {
        run.id().or(self.id_of_name()).map_or_else(|| self.key(), str::to_owned)
    }

    fn read_log(&self, points: &mut (dyn Points + Send), progress: &dyn Fn(u64)) -> Result<Run, SourceError> {
        let describe = |source| SourceError::Read { path: self.log.clone(), source };
        let file = File::open(&self.log).map_err(describe)?;
        let place = self.log.file_name().unwrap_or("log");
        read_log(file, place, points, progress).map_err(describe)
    }
}

fn is_run_folder(path: &Utf8Path) -> bool {
    path.file_name().is_some_and(|name| name.starts_with("offline-run-") || name.starts_with("run-"))
}

/// The logs that lie directly in a folder.
fn logs_in(folder: &Utf8Path) -> io::Result<Vec<LogPlace>> {
    let mut logs = Vec::new();
    for entry in entries(folder)? {
        let entry = entry?;
        if entry.path().extension() == Some("wandb") && entry.file_type()?.is_file() {
            let folder =
                Some(folder.to_owned()).filter(|folder| is_run_folder(folder) || folder.join("files").is_dir());
            logs.push(LogPlace { log: entry.into_path(), folder });
        }
    }
    Ok(logs)
}

/// Takes points and keeps none.
struct Nothing;

impl Points for Nothing {
    fn key(&mut self, _: &[String]) -> Option<u32> {
        None
    }

    fn no_room(&mut self) {}

    fn number(&mut self, _: u32, _: At, _: f64, _: Option<&str>) {}

    fn other(&mut self, _: u32, _: At, _: &Value) {}

    fn media(&mut self, _: &[String], _: At, _: Value) {}

    fn system(&mut self, _: &[String], _: Option<i64>, _: &Value) {}
}
