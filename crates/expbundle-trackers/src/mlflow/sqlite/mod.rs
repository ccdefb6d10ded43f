//! A database, `mlflow.db`, of MLflow 1.x to 3.x.
//!
//! It is opened read-only and immutable: no lock is taken and nothing is written beside it. A
//! database with a write-ahead log or a rollback journal is not what its main file alone says, so
//! it is copied first and SQLite recovers the copy. Columns are looked up by name; tables and
//! columns that an older MLflow lacks read as empty.
//!
//! What a database has lost: infinities are ±1.797…e308, and `-0.0` is `0.0`.

mod budget;
mod rows;
mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};
use tempfile::TempDir;

use self::budget::Budget;
use super::files::Root;
use super::run::{List, Listed, Run, Status};
use super::source::SourceError;

/// Limits that SQLite keeps to while it reads a database of a stranger. The largest value is a
/// trace's span.
const LIMITS: &[(Limit, i32)] = &[
    (Limit::SQLITE_LIMIT_LENGTH, 64 << 20),
    // A schema is SQL too: MLflow's longest statement has 1,500 letters.
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 64 << 10),
    (Limit::SQLITE_LIMIT_COLUMN, 200),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 64),
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
    (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
    (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
];

/// Tables that are read. What else there is says nothing of runs, however much it is.
const TABLES: &[&str] = &[
    "datasets",
    "experiment_tags",
    "experiments",
    "input_tags",
    "inputs",
    "logged_model_metrics",
    "logged_model_params",
    "logged_model_tags",
    "logged_models",
    "metrics",
    "model_version_tags",
    "model_versions",
    "params",
    "registered_model_aliases",
    "registered_model_tags",
    "registered_models",
    "runs",
    "spans",
    "tags",
    "trace_info",
    "trace_request_metadata",
    "trace_tags",
];

/// An MLflow database.
#[derive(Debug)]
pub(super) struct Database {
    /// As the caller named it.
    path: Utf8PathBuf,
    /// The folder that it is in, where its artifacts are.
    root: Root,
    /// The copy that is read instead, if there was a journal.
    copy: Option<TempDir>,
    /// Columns by table.
    schema: Schema,
}

/// Columns by table.
type Schema = BTreeMap<String, BTreeSet<String>>;

impl Database {
    pub fn open(path: &Utf8Path) -> Result<Self, SourceError> {
        let io = |source| SourceError::Io { path: path.to_owned(), source };
        let resolved = path.canonicalize_utf8().map_err(io)?;
        let folder = resolved.parent().unwrap_or(Utf8Path::new("/"));
        let root = Root::new(folder).map_err(|_| SourceError::Missing { path: path.to_owned() })?;
        let copy = copy_if_hot(&resolved).map_err(io)?;
        let mut database = Self { path: resolved, root, copy, schema: Schema::new() };
        let failed = |error: rusqlite::Error| SourceError::Database { path: path.to_owned(), source: error.into() };
        let connection = database.connect().map_err(failed)?;
        database.schema = read_schema(&connection).map_err(failed)?;
        for (table, column) in [("runs", "run_uuid"), ("experiments", "experiment_id")] {
            if !database.schema.get(table).is_some_and(|columns| columns.contains(column)) {
                return Err(SourceError::Schema { path: path.to_owned(), table });
            }
        }
        Ok(database)
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let connection = match &self.copy {
            // SQLite recovers the copy, so it must be able to write it.
            Some(folder) => {
                Connection::open_with_flags(folder.path().join("mlflow.db"), OpenFlags::SQLITE_OPEN_READ_WRITE)?
            }
            None => Connection::open_with_flags(
                immutable_uri(&self.path),
                OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
            )?,
        };
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
        for (limit, value) in LIMITS {
            connection.set_limit(*limit, *value)?;
        }
        connection.pragma_update(None, "cell_size_check", true)?;
        connection.pragma_update(None, "mmap_size", 0)?;
        Ok(connection)
    }

    /// Lists the runs.
    pub fn list(&self) -> Result<List, SourceError> {
        let connection = self.connection()?;
        let budget = self.budget(&connection);
        let reader = rows::Reader { connection: &connection, schema: &self.schema, budget: &budget };
        let mut list = List::default();
        let (columns, at) = reader.columns("experiments", ["experiment_id", "name"]);
        let names: BTreeMap<String, Option<String>> =
            reader.fold("experiments", &columns, &[], &mut list.findings, BTreeMap::new, |names, row| {
                let [id, name] = at.map(|column| text_at(row, column));
                names.insert(id.unwrap_or_default(), name);
            });
        let wanted = ["run_uuid", "name", "experiment_id", "status", "start_time", "lifecycle_stage"];
        let (columns, at) = reader.columns("runs", wanted);
        list.runs = reader.fold("runs", &columns, &[], &mut list.unread, Vec::new, |runs, row| {
            let [run_id, name, experiment_id, status, start_ms, lifecycle] = at.map(|column| text_at(row, column));
            let experiment_id = experiment_id.unwrap_or_default();
            runs.push(Listed {
                run_id: run_id.unwrap_or_default(),
                name: name.filter(|name| !name.is_empty()),
                experiment_name: names.get(&experiment_id).cloned().flatten(),
                experiment_id,
                status: status.as_deref().map_or(Some(Status::Running), Status::parse),
                start_ms: start_ms.and_then(|text| text.parse().ok()),
                lifecycle: lifecycle.unwrap_or_else(|| "active".to_owned()),
            });
        });
        Ok(list)
    }

    /// Reads a run, whole.
    pub fn read(&self, run_id: &str, allowed: &[Utf8PathBuf]) -> Result<Run, SourceError> {
        let connection = self.connection()?;
        let budget = self.budget(&connection);
        let reader = rows::Reader { connection: &connection, schema: &self.schema, budget: &budget };
        run::read(&reader, &self.root, run_id, allowed).ok_or_else(|| SourceError::NoRun { run_id: run_id.to_owned() })
    }

    /// What the size of the file, and of its log of writes, allows.
    fn budget(&self, connection: &Connection) -> Budget {
        let beside = |suffix: &str| fs::metadata(format!("{}{suffix}", self.path)).map_or(0, |file| file.len());
        Budget::new(connection, beside("").saturating_add(beside("-wal")))
    }

    fn connection(&self) -> Result<Connection, SourceError> {
        self.connect().map_err(|error| SourceError::Database { path: self.path.clone(), source: error.into() })
    }
}

/// Copies a database with its journal into a temporary folder, if it has one.
fn copy_if_hot(path: &Utf8Path) -> std::io::Result<Option<TempDir>> {
    let beside = |suffix: &str| Utf8PathBuf::from(format!("{path}{suffix}"));
    let hot = |suffix: &&str| fs::metadata(beside(suffix)).is_ok_and(|file| file.is_file() && file.len() > 0);
    let journals: Vec<&str> = ["-wal", "-journal"].into_iter().filter(hot).collect();
    if journals.is_empty() {
        return Ok(None);
    }
    let folder = TempDir::new()?;
    fs::copy(path, folder.path().join("mlflow.db"))?;
    for suffix in journals {
        fs::copy(beside(suffix), folder.path().join(format!("mlflow.db{suffix}")))?;
    }
    Ok(Some(folder))
}

/// `file:/a%20b/mlflow.db?immutable=1`.
fn immutable_uri(path: &Utf8Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_');
    let escaped = path
        .as_str()
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") });
    format!("file:{}?immutable=1", escaped.collect::<String>())
}

/// Columns of the ordinary tables. Views and virtual tables have no root page, and are none of
/// MLflow's.
fn read_schema(connection: &Connection) -> rusqlite::Result<Schema> {
    let mut tables = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0")?;
    let mut tables = tables.query([])?;
    let mut schema = Schema::new();
    while let Some(row) = tables.next()? {
        let Some(table) = row.get_ref(0)?.as_str().ok().and_then(|name| TABLES.iter().find(|known| **known == name))
        else {
            continue;
        };
        let mut columns = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
        let columns = columns.query_map([&table], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<_>>()?;
        schema.insert((*table).to_owned(), columns);
    }
    Ok(schema)
}

/// A cell as text, if there is such a column and it says something.
fn text_at(row: &Row<'_>, column: usize) -> Option<String> {
    match row.get_ref(column).ok()? {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
    }
}
