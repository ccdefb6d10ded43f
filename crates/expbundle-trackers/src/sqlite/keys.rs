//! Where the rows of each run stand, in tables without an index on the column that names the run.
//!
//! Without it each run would read the whole table, so the table is read once for all of them.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher as _};

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Row, params_from_iter};

use super::rows::{MOST_DAMAGES, Reader, condition, finding, list, quoted};
use super::stream::Rows;
use crate::finding::{SourceCode, SourceFinding};

/// Bytes of a value that tell it from others well enough: rows are compared whole when they are read.
const TOLD_BY: usize = 64;
/// Rows of a table that may be read again for each run: one that has no row ids.
const MOST_ROWS_AGAIN: u32 = 10_000;

/// How the rows that have a value in some column are found.
#[derive(Clone, Debug)]
pub(super) enum Found<T> {
    /// By SQLite, which has an index, or few rows.
    BySqlite,
    /// By their row ids.
    ById(T),
    /// Not at all: the table has many rows, and neither an index nor row ids.
    Nowhere,
}

/// Row ids by the values of a column.
#[derive(Debug, Default)]
pub(super) struct Keys(HashMap<u64, Vec<i64>>);

impl Keys {
    /// The row ids that a value may have, in their order.
    pub fn of(&self, value: &str) -> Vec<i64> {
        self.0.get(&told_by(value.as_bytes())).cloned().unwrap_or_default()
    }

    /// Reads a column of a table, also behind its damaged places.
    fn read(connection: &Connection, table: &str, column: &str) -> Self {
        let mut keys: HashMap<u64, Vec<i64>> = HashMap::new();
        let columns = [column];
        let mut rows = Rows::new(connection, table, &columns, &[]);
        let mut give = |row: &Row<'_>, id| {
            let key = match row.get_ref(0) {
                Ok(ValueRef::Text(bytes) | ValueRef::Blob(bytes)) => told_by(bytes),
                Ok(ValueRef::Integer(number)) => told_by(number.to_string().as_bytes()),
                Ok(ValueRef::Real(number)) => told_by(number.to_string().as_bytes()),
                Ok(ValueRef::Null) | Err(_) => return true,
            };
            keys.entry(key).or_default().push(id);
            true
        };
        let mut damages = 0;
        while rows.read(&mut give).is_err() && damages < MOST_DAMAGES && rows.go_on().is_some() {
            damages += 1;
        }
        Self(keys)
    }
}

/// Equal values are told by the same, also where a column takes no notice of case or of spaces.
fn told_by(value: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    let first = value.get(..TOLD_BY).unwrap_or(value).trim_ascii_end();
    first.to_ascii_lowercase().hash(&mut hasher);
    hasher.finish()
}

/// Looks how the rows are found that have a value in the first of these columns.
pub(super) fn look(connection: &Connection, table: &str, columns: &[&str]) -> Found<Keys> {
    let Some(first) = columns.first() else { return Found::BySqlite };
    if is_indexed(connection, table, columns).unwrap_or(true) {
        return Found::BySqlite;
    }
    let asks = |sql: String| connection.query_row(&sql, [], |_| Ok(()));
    let name = quoted(table);
    match asks(format!("SELECT rowid FROM {name} LIMIT 1")) {
        Ok(()) => Found::ById(Keys::read(connection, table, first)),
        Err(rusqlite::Error::QueryReturnedNoRows) => Found::BySqlite,
        Err(_) if asks(format!("SELECT 1 FROM {name} LIMIT 1 OFFSET {MOST_ROWS_AGAIN}")).is_ok() => Found::Nowhere,
        Err(_) => Found::BySqlite,
    }
}

/// Whether SQLite searches an index by the first of these columns.
fn is_indexed(connection: &Connection, table: &str, columns: &[&str]) -> rusqlite::Result<bool> {
    let sql = format!("EXPLAIN QUERY PLAN SELECT 1 FROM {}{}", quoted(table), condition(columns));
    let mut statement = connection.prepare(&sql)?;
    let mut plan = statement.query(params_from_iter(columns))?;
    while let Some(step) = plan.next()? {
        let step = step.get_ref("detail")?.as_str().unwrap_or_default();
        let first = columns.first().copied().unwrap_or_default();
        if step.starts_with("SEARCH") && (step.contains(&format!("{first}=?")) || step.contains("rowid=?")) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Rows that are asked for: some columns of those that have some values.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub table: &'a str,
    pub columns: &'a [&'a str],
    pub equal: &'a [(&'a str, &'a str)],
}

/// What is given each row with its id. It returns whether to go on.
type Give<'a> = &'a mut dyn FnMut(&Row<'_>, i64) -> bool;

impl Reader<'_> {
    /// How the rows are found that are asked for; a table that cannot be asked is a finding.
    pub(super) fn ids(&self, asked: Asked<'_>, findings: &mut Vec<SourceFinding>) -> Found<Vec<i64>> {
        let Some((_, value)) = asked.equal.first() else { return Found::BySqlite };
        let columns: Vec<&str> = asked.equal.iter().map(|(column, _)| *column).collect();
        match self.database.found(asked.table, &columns) {
            Found::ById(keys) => Found::ById(keys.of(value)),
            Found::BySqlite => Found::BySqlite,
            Found::Nowhere => {
                let detail = "the table has neither row ids nor an index, and too many rows to be read for each run";
                findings.push(SourceFinding::new(SourceCode::Unsupported, format!("table {}", asked.table), detail));
                Found::Nowhere
            }
        }
    }

    /// Gives those of the rows of these ids that are asked for, until `give` has had enough. One that
    /// cannot be read is passed over, and the first such one is a finding.
    pub(super) fn each(&self, asked: Asked<'_>, ids: &[i64], findings: &mut Vec<SourceFinding>, give: Give<'_>) {
        let mut trouble = None;
        for id in ids {
            match self.one(asked, *id, give) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => trouble = trouble.or(Some(error)),
            }
            if self.budget.is_over() {
                break;
            }
        }
        if self.budget.is_over() {
            findings.extend(self.budget.finding(asked.table));
        } else if let Some(error) = trouble {
            findings.push(finding(asked.table, &error));
        }
    }

    /// Gives a row, if it is asked for; whether to go on.
    fn one(&self, asked: Asked<'_>, id: i64, give: Give<'_>) -> rusqlite::Result<bool> {
        let filters: Vec<&str> = asked.equal.iter().map(|(column, _)| *column).collect();
        let (list, table, condition) = (list(asked.columns), quoted(asked.table), condition(&filters));
        let sql = format!("SELECT {list} FROM {table}{condition} AND rowid = ?{}", filters.len() + 1);
        let values = asked.equal.iter().map(|(_, value)| Value::Text((*value).to_owned()));
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(values.chain([Value::Integer(id)])))?;
        Ok(rows.next()?.is_none_or(|row| give(row, id)))
    }
}
