//! Opening a source, whatever its kind.

use std::error::Error;
use std::fs::{self, File};
use std::io::Read;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::export::Export;
use super::file_store::{FileStore, Scope, has_runs};
use super::files::Root;
use super::run::{List, Run};
use super::server::{Credentials, Server, ServerError};
use super::sqlite::Database;
use super::yaml;
use crate::http::Http;

/// What every SQLite database begins with.
const SQLITE_MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// An MLflow store, or a part of one, opened for reading. Nothing is ever written beside it.
#[derive(Debug)]
pub struct Source {
    store: Store,
}

#[derive(Debug)]
enum Store {
    Files(FileStore),
    Database(Database),
    Export(Export),
    Server(Server),
}

/// The kinds of source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceKind {
    /// `mlruns/`.
    FileStore,
    /// `mlflow.db`.
    Database,
    /// Folders of `mlflow-export-import`.
    Export,
    /// A server.
    Server,
}

/// Why a source cannot be opened, or a run not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Nothing at that path.
    #[error("`{path}` is not here")]
    Missing {
        /// Which path.
        path: Utf8PathBuf,
    },
    /// Nothing of MLflow at that path.
    #[error("`{path}` holds neither an MLflow store nor an export of one")]
    Unknown {
        /// Which path.
        path: Utf8PathBuf,
    },
    /// More than one store at that path.
    #[error("`{path}` holds both `{first}` and `{second}`; name one of them")]
    Ambiguous {
        /// Which path.
        path: Utf8PathBuf,
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// The path cannot be read.
    #[error("`{path}` cannot be read")]
    Io {
        /// Which path.
        path: Utf8PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The database cannot be opened at all.
    #[error("`{path}` cannot be opened as an MLflow database")]
    Database {
        /// Which path.
        path: Utf8PathBuf,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A database without MLflow's tables.
    #[error("`{path}` is a database without the table `{table}`")]
    Schema {
        /// Which path.
        path: Utf8PathBuf,
        /// Which table.
        table: &'static str,
    },
    /// A server gives no answer, or none that is one.
    #[error("`{address}` cannot be read")]
    Server {
        /// What it was called.
        address: String,
        /// The cause.
        source: Box<ServerError>,
    },
    /// No such run.
    #[error("there is no run `{run_id}` in this source")]
    NoRun {
        /// Its id.
        run_id: String,
    },
}

impl Source {
    /// Opens what is at a path: `mlruns/`, an experiment or run in it, `mlflow.db`, an export, a
    /// folder that holds one of these, or the JSON file of an export.
    pub fn open(path: &Utf8Path) -> Result<Self, SourceError> {
        let metadata = fs::metadata(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => SourceError::Missing { path: path.to_owned() },
            _ => SourceError::Io { path: path.to_owned(), source },
        })?;
        let store = if metadata.is_dir() { open_folder(path)? } else { open_file(path)? };
        Ok(Self { store })
    }

    /// Opens a server, by its address: `http://…` or `https://…`.
    pub fn open_server(address: &str, http: Arc<dyn Http>, credentials: &Credentials) -> Result<Self, SourceError> {
        Ok(Self { store: Store::Server(Server::open(address, http, credentials)?) })
    }

    /// What kind of source it is.
    pub fn kind(&self) -> SourceKind {
        match &self.store {
            Store::Files(_) => SourceKind::FileStore,
            Store::Database(_) => SourceKind::Database,
            Store::Export(_) => SourceKind::Export,
            Store::Server(_) => SourceKind::Server,
        }
    }

    /// Lists the runs, deleted ones among them, without reading their series.
    pub fn list(&self) -> Result<List, SourceError> {
        let mut list = match &self.store {
            Store::Files(store) => store.list(),
            Store::Database(database) => database.list()?,
            Store::Export(export) => export.list(),
            Store::Server(server) => server.list()?,
        };
        list.runs
            .sort_by(|a, b| (&a.experiment_id, a.start_ms, &a.run_id).cmp(&(&b.experiment_id, b.start_ms, &b.run_id)));
        Ok(list)
    }

    /// Reads a run, whole. What is broken is in [`Run::findings`]; everything intact is there.
    pub fn read(&self, run_id: &str) -> Result<Run, SourceError> {
        self.read_with(run_id, &[])
    }

    /// Reads a run, whole, and looks for its artifacts in these folders too: artifacts may be kept
    /// far from the store, and without being told where, only the source itself is looked into.
    pub fn read_with(&self, run_id: &str, artifact_folders: &[Utf8PathBuf]) -> Result<Run, SourceError> {
        let mut run = match &self.store {
            Store::Files(store) => store.read(run_id, artifact_folders),
            Store::Database(database) => database.read(run_id, artifact_folders),
            Store::Export(export) => export.read(run_id),
            Store::Server(server) => server.read(run_id),
        }?;
        run.findings.sort();
        run.findings.dedup();
        Ok(run)
    }
}

fn open_file(path: &Utf8Path) -> Result<Store, SourceError> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_str().is_empty() => parent,
        _ => Utf8Path::new("."),
    };
    if is_database(path) {
        return Ok(Store::Database(Database::open(path)?));
    }
    match path.file_name() {
        Some("run.json" | "experiment.json" | "model.json") if !is_of_another_tool(path) => {
            Ok(Store::Export(Export::new(root(parent)?)))
        }
        Some("meta.yaml") => open_folder(parent),
        _ => Err(SourceError::Unknown { path: path.to_owned() }),
    }
}

/// Whether a `run.json` is what the API of W&B answers, or an `experiment.json` that of a Comet
/// experiment: their first members are called so.
fn is_of_another_tool(path: &Utf8Path) -> bool {
    const HEAD: u64 = 4096;
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    let has = |name: &str| head.windows(name.len()).any(|window| window == name.as_bytes());
    read.is_ok() && (has("\"displayName\"") || has("\"offline_id\"")) && !has("mlflow")
}

fn open_folder(path: &Utf8Path) -> Result<Store, SourceError> {
    let folder = root(path)?;
    let is_export = |name: &&str| {
        let path = folder.path().join(name);
        folder.has_file(&path) && !is_of_another_tool(&path)
    };
    if ["run.json", "experiment.json", "model.json"].iter().any(is_export) {
        return Ok(Store::Export(Export::new(folder)));
    }
    if folder.has_file(&folder.path().join("meta.yaml"))
        && let Some(store) = open_part(&folder)
    {
        return Ok(Store::Files(store));
    }
    if has_runs(&folder, folder.path())
        && let (Some(name), Some(store)) = (folder.path().file_name(), folder.path().parent())
    {
        return Ok(Store::Files(FileStore::new(root(store)?, Scope::Experiment(name.to_owned()))));
    }
    let database = find_database(&folder);
    let files = find_file_store(&folder);
    let names = |path: &Utf8Path| path.file_name().unwrap_or_default().to_owned();
    match (database, files) {
        (Some(database), Some(files)) => {
            Err(SourceError::Ambiguous { path: path.to_owned(), first: names(&database), second: names(files.path()) })
        }
        (Some(database), None) => Ok(Store::Database(Database::open(&database)?)),
        (None, Some(files)) => Ok(Store::Files(FileStore::new(files, Scope::All))),
        (None, None) => {
            if let Some(database) = database_beside(path) {
                return Ok(Store::Database(Database::open(&database)?));
            }
            let export = Export::new(folder);
            if export.is_empty() {
                return Err(SourceError::Unknown { path: path.to_owned() });
            }
            Ok(Store::Export(export))
        }
    }
}

/// The database of a folder that MLflow makes for artifacts alone: since version 3, runs are in
/// `mlflow.db` beside `mlruns`, unless something else is configured.
fn database_beside(artifacts: &Utf8Path) -> Option<Utf8PathBuf> {
    let artifacts = artifacts.canonicalize_utf8().ok()?;
    let database = artifacts.parent()?.join("mlflow.db");
    let is_it = artifacts.file_name() == Some("mlruns")
        && fs::symlink_metadata(&database).is_ok_and(|metadata| metadata.is_file())
        && is_database(&database);
    is_it.then_some(database)
}

fn root(path: &Utf8Path) -> Result<Root, SourceError> {
    Root::new(path).map_err(|_| SourceError::Missing { path: path.to_owned() })
}

/// A run's or an experiment's folder: opened with the store around it, where there is one.
fn open_part(folder: &Root) -> Option<FileStore> {
    let text = folder.read_text(&folder.path().join("meta.yaml"), yaml::MAX_BYTES).ok()?;
    // Told by a member that only runs have; the file may be damaged further down.
    let is_run = text.lines().any(|line| line.starts_with("run_id:") || line.starts_with("run_uuid:"));
    let name = folder.path().file_name()?.to_owned();
    let parent = folder.path().parent()?;
    if !is_run {
        let is_experiment = text.lines().any(|line| line.starts_with("experiment_id:"));
        let store = Root::new(parent).ok()?;
        return is_experiment.then(|| FileStore::new(store, Scope::Experiment(name)));
    }
    if parent.join("meta.yaml").is_file()
        && let Some(store) = parent.parent()
    {
        return Some(FileStore::new(Root::new(store).ok()?, Scope::Run(name)));
    }
    Some(FileStore::new(folder.clone(), Scope::LoneRun))
}

/// `mlflow.db`, or the only database in the folder.
fn find_database(folder: &Root) -> Option<Utf8PathBuf> {
    let usual = folder.path().join("mlflow.db");
    if is_database(&usual) {
        return Some(usual);
    }
    let names = folder.names(folder.path(), &mut Vec::new());
    let mut databases = names.iter().filter(|name| {
        let extension = Utf8Path::new(name).extension();
        extension.is_some_and(|extension| matches!(extension, "db" | "sqlite" | "sqlite3"))
            && is_database(&folder.path().join(name))
    });
    let first = databases.next()?;
    databases.next().is_none().then(|| folder.path().join(first))
}

/// The folder itself, or `mlruns` in it.
fn find_file_store(folder: &Root) -> Option<Root> {
    let is_store = |candidate: &Root| {
        let names = candidate.names(candidate.path(), &mut Vec::new());
        names.iter().any(|name| {
            let folder = candidate.path().join(name);
            candidate.has_file(&folder.join("meta.yaml")) || has_runs(candidate, &folder)
        })
    };
    if is_store(folder) {
        return Some(folder.clone());
    }
    let inner = folder.resolve(&folder.path().join("mlruns")).ok()?;
    Root::new(&inner).ok().filter(is_store)
}

fn is_database(path: &Utf8Path) -> bool {
    let mut magic = [0; 16];
    let regular = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    regular && File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && &magic == SQLITE_MAGIC
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_read_from_many_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Source>();
    }
}
