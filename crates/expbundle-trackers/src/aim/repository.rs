//! A repository: the folder `.aim`.

use std::collections::BTreeSet;
use std::error::Error;

use camino::{Utf8Path, Utf8PathBuf};

use super::run::{self, Run};
use crate::finding::{SourceCode, SourceFinding};
use crate::mlflow::files::Root;
use crate::sqlite::{Database, DatabaseError, Reader};
use crate::time::nanoseconds_utc;

/// The database of a repository.
const DATABASE: &str = "run_metadata.sqlite";
/// Tables that are read; `alembic_version` has nothing of runs.
const TABLES: &[&str] =
    &["alembic_version", "experiment", "note", "note_audit_log", "run", "run_info", "run_tag", "tag"];
/// Runs that are named for want of a row.
const MOST_NAMED: usize = 100;

/// Why a repository cannot be read at all.
#[derive(Debug, thiserror::Error)]
#[error("`{path}` cannot be read as a database of Aim")]
pub struct RepositoryError {
    /// The path.
    pub path: Utf8PathBuf,
    /// The cause.
    pub source: Box<dyn Error + Send + Sync>,
}

/// A repository.
#[derive(Debug)]
pub struct Repository {
    path: Utf8PathBuf,
    root: Root,
    tables: Database,
}

/// A run as a list shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub hash: String,
    /// Its name.
    pub name: Option<String>,
    /// The name of its experiment.
    pub experiment: Option<String>,
    /// When it was made, in nanoseconds since 1970.
    pub created_ns: Option<i64>,
    /// Whether somebody put it away.
    pub is_archived: bool,
}

impl Repository {
    /// Opens the database itself, the folder `.aim`, or the folder that has one. `None` if there is
    /// none.
    pub fn open(path: &Utf8Path) -> Result<Option<Self>, RepositoryError> {
        let database = if path.is_dir() {
            let places = [path.join(DATABASE), path.join(".aim").join(DATABASE)];
            places.into_iter().find(|place| place.is_file())
        } else {
            Some(path.to_owned()).filter(|path| path.file_name() == Some(DATABASE) && path.is_file())
        };
        let Some(path) = database else { return Ok(None) };
        let failed = |error: Box<dyn Error + Send + Sync>| RepositoryError { path: path.clone(), source: error };
        let folder = path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
        let root = Root::new(folder).map_err(|error| failed(error.into()))?;
        // A link to a database elsewhere is not part of the repository.
        let resolved = root.regular(&path.canonicalize_utf8().map_err(|error| failed(error.into()))?);
        let resolved = resolved.map_err(|error| failed(error.into()))?;
        let tables = Database::open(&resolved, TABLES).map_err(|error| failed(error.into()))?;
        if !tables.has("run", &["id", "hash"]) {
            return Ok(None);
        }
        Ok(Some(Self { path, root, tables }))
    }

    fn with<T>(&self, read: impl FnOnce(&Reader<'_>) -> T) -> Result<T, RepositoryError> {
        let failed = |error: DatabaseError| RepositoryError { path: self.path.clone(), source: error.into() };
        self.tables.read(read).map_err(failed)
    }

    /// Lists the runs. Those that have data and no row in the database are findings.
    pub fn list(&self, findings: &mut Vec<SourceFinding>) -> Result<Vec<Listed>, RepositoryError> {
        let mut runs = self.with(|reader| list(reader, findings))?;
        runs.sort_by(|a, b| (a.created_ns, &a.hash).cmp(&(b.created_ns, &b.hash)));
        let known: BTreeSet<&str> = runs.iter().map(|run| run.hash.as_str()).collect();
        let mut without: BTreeSet<String> = BTreeSet::new();
        for folder in ["meta/chunks", "seqs/chunks"] {
            let names = self.root.names(&self.root.path().join(folder), findings);
            without.extend(names.into_iter().filter(|name| !known.contains(name.as_str())));
        }
        let more = without.len().saturating_sub(MOST_NAMED);
        findings.extend(without.iter().take(MOST_NAMED).map(|name| {
            let detail = "the run has data in RocksDB and no row in the database; it is passed over";
            SourceFinding::new(SourceCode::Unsupported, format!("meta/chunks/{name}"), detail)
        }));
        if more > 0 {
            let detail = format!("{more} more runs have data in RocksDB and no row in the database");
            findings.push(SourceFinding::new(SourceCode::Unsupported, "meta/chunks", detail));
        }
        let unknown = |table: &String| {
            let detail = "this version does not know the table; its rows are not read";
            SourceFinding::new(SourceCode::Unsupported, format!("table {table}"), detail)
        };
        findings.extend(self.tables.others().iter().map(unknown));
        Ok(runs)
    }

    /// Reads a run; `None` if there is no such one.
    pub fn read(&self, hash: &str) -> Result<Option<Run>, RepositoryError> {
        self.with(|reader| run::read(reader, &self.root, hash))
    }
}

fn list(reader: &Reader<'_>, findings: &mut Vec<SourceFinding>) -> Vec<Listed> {
    let mut experiments = std::collections::HashMap::new();
    let (columns, [id, name]) = reader.columns("experiment", ["id", "name"]);
    reader.stream("experiment", &columns, &[], findings, |_, row| {
        experiments.extend(row.text(id).zip(row.text(name)));
    });
    let mut runs = Vec::new();
    let wanted = ["hash", "name", "experiment_id", "created_at", "is_archived"];
    let (columns, [hash, name, experiment, created, archived]) = reader.columns("run", wanted);
    reader.stream("run", &columns, &[], findings, |_, row| {
        let Some(hash) = row.text(hash) else { return };
        runs.push(Listed {
            hash,
            name: row.text(name).filter(|name| !name.is_empty()),
            experiment: row.text(experiment).and_then(|id| experiments.get(&id).cloned()),
            created_ns: row.text(created).and_then(|text| nanoseconds_utc(&text)),
            is_archived: row.integer(archived) == Some(1),
        });
    });
    runs
}
