//! Databases of trackers.
//!
//! They are opened read-only and immutable: no lock is taken and nothing is written beside them. A
//! database with a write-ahead log or a rollback journal is not what its main file alone says, so
//! it is copied first and SQLite recovers the copy. Columns are looked up by name; tables and
//! columns that an older version of the tool lacks read as empty.

mod budget;
mod keys;
mod row;
mod rows;
mod stream;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::Read as _;
use std::sync::{Arc, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use self::budget::Budget;
use self::keys::{Found, Keys};
pub(crate) use self::rows::Reader;
/// Why a database cannot be read at all.
pub(crate) use rusqlite::Error as DatabaseError;

use crate::scratch::Scratch;

/// Limits that SQLite keeps to while it reads a database of a stranger. The largest value is a
/// span of one of MLflow's traces.
const LIMITS: &[(Limit, i32)] = &[
    (Limit::SQLITE_LIMIT_LENGTH, 64 << 20),
    // A schema is SQL too: the longest statement of MLflow has 1,500 letters.
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 64 << 10),
    (Limit::SQLITE_LIMIT_COLUMN, 200),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 64),
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
    (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
    (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
];

/// What was looked for, by table and column.
type FoundKeys = HashMap<(String, String), Found<Arc<Keys>>>;

/// A database.
#[derive(Debug)]
pub(crate) struct Database {
    /// With links resolved.
    path: Utf8PathBuf,
    /// Those that nobody reads with: to open one is to parse the whole schema. Closed before the copy
    /// is removed.
    idle: Mutex<Vec<Connection>>,
    /// The copy that is read instead, if there was a journal.
    copy: Option<Scratch>,
    /// Columns by table.
    schema: Schema,
    /// Other tables that have rows.
    others: Vec<String>,
    /// How rows are found, by table and column, for all who read.
    found: Mutex<FoundKeys>,
}

/// Columns by table.
type Schema = BTreeMap<String, BTreeSet<String>>;

impl Database {
    /// Opens a database of which these tables will be read. What else there is says nothing of
    /// runs, however much it is.
    pub fn open(path: &Utf8Path, tables: &[&str]) -> Result<Self, DatabaseError> {
        let io = |error: std::io::Error| DatabaseError::ToSqlConversionFailure(error.into());
        let path = path.canonicalize_utf8().map_err(io)?;
        let copy = copy_if_hot(&path).map_err(io)?;
        let idle = Mutex::default();
        let mut database =
            Self { path, idle, copy, schema: Schema::new(), others: Vec::new(), found: Mutex::default() };
        let connection = database.connect()?;
        database.schema = read_schema(&connection, tables)?;
        database.others = others(&connection, tables)?;
        database.rest(connection);
        Ok(database)
    }

    /// Whether a table is there and has all these columns.
    pub fn has(&self, table: &str, columns: &[&str]) -> bool {
        self.schema.get(table).is_some_and(|present| columns.iter().all(|column| present.contains(*column)))
    }

    /// Tables that were not asked for and are not SQLite's own, as far as they have rows. At most a
    /// hundred are named.
    pub fn others(&self) -> &[String] {
        &self.others
    }

    /// Reads, within what the size of the file, and of its log of writes, allows.
    pub fn read<T>(&self, read: impl FnOnce(&Reader<'_>) -> T) -> Result<T, DatabaseError> {
        let connection = self.idle_or_new()?;
        let beside = |suffix: &str| fs::metadata(format!("{}{suffix}", self.path)).map_or(0, |file| file.len());
        let budget = Budget::new(&connection, beside("").saturating_add(beside("-wal")));
        let answer = read(&Reader { connection: &connection, database: self, budget: &budget });
        self.rest(connection);
        Ok(answer)
    }

    /// How the rows are found that have a value in the first of these columns. To look takes nothing
    /// of what one reader may take, since it is for all.
    fn found(&self, table: &str, columns: &[&str]) -> Found<Arc<Keys>> {
        let first = columns.first().copied().unwrap_or_default();
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let look = || {
            let Ok(connection) = self.idle_or_new() else { return Found::BySqlite };
            // That of the last reader would end it. It can fail only where the connection is not one's own.
            let _ = connection.progress_handler(0, None::<fn() -> bool>);
            let looked = keys::look(&connection, table, columns);
            self.rest(connection);
            match looked {
                Found::ById(keys) => Found::ById(Arc::new(keys)),
                Found::Nowhere => Found::Nowhere,
                Found::BySqlite => Found::BySqlite,
            }
        };
        found.entry((table.to_owned(), first.to_owned())).or_insert_with(look).clone()
    }

    fn idle_or_new(&self) -> rusqlite::Result<Connection> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| self.connect(), Ok)
    }

    /// Keeps a connection for the next who reads.
    fn rest(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }

    /// Whether the log of writes beside the file ends within a page: it was cut, and what was written
    /// last is not in it.
    pub fn has_cut_log(&self) -> bool {
        const HEAD: usize = 32;
        const HEAD_OF_PAGE: u64 = 24;
        let beside = format!("{}-wal", self.path);
        // Whatever else has that name, a pipe for one, is not opened.
        let log = fs::symlink_metadata(&beside).ok().filter(|log| log.is_file() && log.len() > 0);
        let Some(size) = log.map(|log| log.len()) else { return false };
        let mut head = [0; HEAD];
        let is_read = fs::File::open(&beside).and_then(|mut file| file.read_exact(&mut head)).is_ok();
        let [.., a, b, c, d] = head.first_chunk::<12>().copied().unwrap_or_default();
        let page = u64::from(u32::from_be_bytes([a, b, c, d]));
        !is_read || !(size - HEAD as u64).is_multiple_of(page + HEAD_OF_PAGE)
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let connection = match &self.copy {
            // SQLite recovers the copy, so it must be able to write it.
            Some(folder) => Connection::open_with_flags(
                folder.path().join(COPY),
                OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
            )?,
            None => Connection::open_with_flags(
                immutable_uri(&self.path),
                OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX,
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
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    }
}

/// Statements that a connection keeps parsed: those with which a run is read.
const STATEMENTS: usize = 64;

/// Name of the copy.
const COPY: &str = "copy.db";

/// Copies a database with its journal into a temporary folder, if it has one.
fn copy_if_hot(path: &Utf8Path) -> std::io::Result<Option<Scratch>> {
    let beside = |suffix: &str| Utf8PathBuf::from(format!("{path}{suffix}"));
    let hot = |suffix: &&str| fs::metadata(beside(suffix)).is_ok_and(|file| file.is_file() && file.len() > 0);
    let journals: Vec<&str> = ["-wal", "-journal"].into_iter().filter(hot).collect();
    if journals.is_empty() {
        return Ok(None);
    }
    let folder = Scratch::new()?;
    fs::copy(path, folder.path().join(COPY))?;
    for suffix in journals {
        fs::copy(beside(suffix), folder.path().join(format!("{COPY}{suffix}")))?;
    }
    Ok(Some(folder))
}

/// `file:/a%20b/tracker.db?immutable=1`.
fn immutable_uri(path: &Utf8Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_');
    let escaped = path
        .as_str()
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") });
    format!("file:{}?immutable=1", escaped.collect::<String>())
}

/// Columns of those of the tables that are wanted. Views and virtual tables have no root page, and
/// no tracker keeps runs in them.
fn read_schema(connection: &Connection, wanted: &[&str]) -> rusqlite::Result<Schema> {
    let mut tables = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0")?;
    let mut tables = tables.query([])?;
    let mut schema = Schema::new();
    while let Some(row) = tables.next()? {
        let Some(table) = row.get_ref(0)?.as_str().ok().and_then(|name| wanted.iter().find(|known| **known == name))
        else {
            continue;
        };
        let mut columns = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
        let columns = columns.query_map([&table], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<_>>()?;
        schema.insert((*table).to_owned(), columns);
    }
    Ok(schema)
}

/// Other tables that have rows.
fn others(connection: &Connection, wanted: &[&str]) -> rusqlite::Result<Vec<String>> {
    const MOST: usize = 100;
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let mut tables = connection.prepare(sql)?;
    let names = tables.query_map([], |row| row.get::<_, String>(0))?;
    let names = names.filter_map(Result::ok).filter(|name| !wanted.contains(&name.as_str()));
    let has_rows = |name: &String| {
        let sql = format!("SELECT 1 FROM \"{}\" LIMIT 1", name.replace('"', "\"\""));
        connection.query_row(&sql, [], |_| Ok(())).is_ok()
    };
    Ok(names.take(MOST).filter(has_rows).collect())
}
