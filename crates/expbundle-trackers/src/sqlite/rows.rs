//! Rows by the names of their columns.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode};
use serde_json::{Map, Value};

use super::Database;
use super::budget::Budget;
use super::keys::{Asked, Found};
use super::row::{Row, cells};
use super::stream::Rows;
use crate::finding::{SourceCode, SourceFinding};

/// Damaged places of a table behind which reading goes on.
pub(super) const MOST_DAMAGES: u32 = 1000;

/// Reads tables; what is broken becomes a finding.
pub(crate) struct Reader<'a> {
    pub(super) connection: &'a Connection,
    pub(super) database: &'a Database,
    pub(super) budget: &'a Budget,
}

impl Reader<'_> {
    /// Whether a table has all these columns.
    pub fn has(&self, table: &str, columns: &[&str]) -> bool {
        self.database.has(table, columns)
    }

    /// Those of these columns that a table has, and where each of them is among those.
    pub fn columns<const N: usize>(&self, table: &str, wanted: [&'static str; N]) -> (Vec<&'static str>, [usize; N]) {
        let columns: Vec<&str> = wanted.into_iter().filter(|column| self.has(table, &[*column])).collect();
        let at = wanted.map(|name| columns.iter().position(|column| *column == name).unwrap_or(usize::MAX));
        (columns, at)
    }

    /// All rows of a table for which these columns have these values, in the order in which they
    /// were written.
    ///
    /// A table that is not there has none: the version of the tool that wrote the database did not know it yet.
    pub fn rows(
        &self,
        table: &str,
        equal: &[(&str, &str)],
        findings: &mut Vec<SourceFinding>,
    ) -> Vec<Map<String, Value>> {
        let Some(columns) = self.database.schema.get(table) else { return Vec::new() };
        let names: Vec<&str> = columns.iter().map(String::as_str).collect();
        self.fold(table, &names, equal, findings, Vec::new, |rows, row| rows.push(members(&names, row)))
    }

    /// Gathers all matching rows of a table, by the given columns, into one value.
    ///
    /// Where that fails, an index may be damaged and the table itself whole: it is read once more
    /// without indices, and the attempt that saw more rows counts.
    pub fn fold<T>(
        &self,
        table: &str,
        columns: &[&str],
        equal: &[(&str, &str)],
        findings: &mut Vec<SourceFinding>,
        new: impl Fn() -> T,
        mut add: impl FnMut(&mut T, Row<'_>),
    ) -> T {
        let filters: Vec<&str> = equal.iter().map(|(column, _)| *column).collect();
        if !self.has(table, &filters) || !self.has(table, columns) {
            return new();
        }
        if self.budget.is_over() {
            findings.extend(self.budget.finding(table));
            return new();
        }
        let asked = Asked { table, columns, equal };
        match self.ids(asked, findings) {
            Found::ById(ids) => {
                let mut gathered = new();
                self.each(asked, &ids, findings, &mut |row, _| {
                    let cells = cells(row, columns.len());
                    let takes = self.budget.takes(&cells);
                    if takes {
                        add(&mut gathered, Row(&cells));
                    }
                    takes
                });
                return gathered;
            }
            Found::Nowhere => return new(),
            Found::BySqlite => {}
        }
        let (list, condition) = (list(columns), condition(&filters));
        let values: Vec<&str> = equal.iter().map(|(_, value)| *value).collect();
        let mut attempt = |index: &str| {
            let mut gathered = new();
            let mut count: u64 = 0;
            let mut read = || {
                let sql = format!("SELECT {list} FROM {}{index}{condition}", quoted(table));
                // A table may be without row ids; then its key is the order.
                let ordered = self.connection.prepare_cached(&format!("{sql} ORDER BY rowid"));
                let mut statement = ordered.or_else(|_| self.connection.prepare_cached(&sql))?;
                let mut rows = statement.query(rusqlite::params_from_iter(&values))?;
                while let Some(row) = rows.next()? {
                    let cells = cells(row, columns.len());
                    if !self.budget.takes(&cells) {
                        break;
                    }
                    count += 1;
                    add(&mut gathered, Row(&cells));
                }
                Ok(())
            };
            let result: rusqlite::Result<()> = read();
            (gathered, count, result)
        };
        let (gathered, count, result) = attempt("");
        if self.budget.is_over() {
            findings.extend(self.budget.finding(table));
            return gathered;
        }
        let Err(error) = result else { return gathered };
        findings.push(finding(table, &error));
        let (again, count_again, _) = attempt(" NOT INDEXED");
        if count_again > count { again } else { gathered }
    }

    /// Gives all matching rows of a table to `take`, in the order of their row ids and each once.
    /// Nothing is kept here, so a table of any length takes no memory.
    ///
    /// Where that fails, an index may be damaged and the table itself whole: reading goes on without
    /// it, and behind a damaged page at the next row that can be read.
    pub fn stream(
        &self,
        table: &str,
        columns: &[&str],
        equal: &[(&str, &str)],
        findings: &mut Vec<SourceFinding>,
        mut take: impl FnMut(i64, Row<'_>),
    ) {
        let filters: Vec<&str> = equal.iter().map(|(column, _)| *column).collect();
        if !self.has(table, &filters) || !self.has(table, columns) {
            return;
        }
        let mut give = |row: &rusqlite::Row<'_>, id| {
            let cells = cells(row, columns.len());
            let passes = self.budget.passes(&cells);
            if passes {
                take(id, Row(&cells));
            }
            passes
        };
        let asked = Asked { table, columns, equal };
        match self.ids(asked, findings) {
            Found::ById(ids) => return self.each(asked, &ids, findings, &mut give),
            Found::Nowhere => return,
            Found::BySqlite => {}
        }
        let mut rows = Rows::new(self.connection, table, columns, equal);
        let mut damages = 0;
        while !self.budget.is_over() {
            match rows.read(&mut give) {
                Err(error) if !self.budget.is_over() => {
                    damages += 1;
                    if damages == 1 {
                        findings.push(finding(table, &error));
                    }
                    if damages == MOST_DAMAGES || rows.go_on().is_none() {
                        return;
                    }
                }
                Ok(()) if !self.budget.is_over() => return,
                _ => {}
            }
        }
        findings.extend(self.budget.finding(table));
    }

    /// The groups of rows that have the same values in some columns, with the least value that each
    /// has of another column.
    pub fn groups(&self, table: &str, by: &[&str], at: &str, findings: &mut Vec<SourceFinding>) -> Vec<Group> {
        if !self.has(table, by) || !self.has(table, &[at]) {
            return Vec::new();
        }
        let (list, at) = (list(by), quoted(at));
        let sql = format!("SELECT {list}, min({at}) FROM {} GROUP BY {list}", quoted(table));
        let mut groups = Vec::new();
        let mut read = || {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let cells = cells(row, by.len() + 1);
                if !self.budget.takes(&cells) {
                    break;
                }
                let row = Row(&cells);
                groups.push(Group {
                    names: (0..by.len()).map(|column| row.text(column)).collect(),
                    first: row.text(by.len()),
                });
            }
            Ok(())
        };
        let result: rusqlite::Result<()> = read();
        if self.budget.is_over() {
            findings.extend(self.budget.finding(table));
        } else if let Err(error) = result {
            findings.push(finding(table, &error));
        }
        groups
    }

    /// A single number out of a query on tables that are known to be there.
    pub fn count(&self, sql: &str, value: &str) -> Option<u64> {
        let count: i64 = self.connection.query_row(sql, [value], |row| row.get(0)).ok()?;
        u64::try_from(count).ok()
    }
}

/// Rows that have the same values in some columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// Those values.
    pub names: Vec<Option<String>>,
    /// The least value of the other column.
    pub first: Option<String>,
}

pub(super) fn list(columns: &[&str]) -> String {
    columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
}

pub(super) fn condition(columns: &[&str]) -> String {
    let equal = (1..).zip(columns).map(|(index, column)| format!("{} = ?{index}", quoted(column)));
    let equal = equal.collect::<Vec<_>>().join(" AND ");
    if equal.is_empty() { equal } else { format!(" WHERE {equal}") }
}

/// What SQLite says of a table that it cannot read to the end. Its messages hold no path.
pub(super) fn finding(table: &str, error: &rusqlite::Error) -> SourceFinding {
    let code = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => SourceCode::Damaged,
        _ => SourceCode::Unreadable,
    };
    let detail = match error {
        rusqlite::Error::SqliteFailure(failure, _) => failure.to_string(),
        _ => "the table could not be read".to_owned(),
    };
    SourceFinding::new(code, format!("table {table}"), detail)
}

pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn members(names: &[&str], row: Row<'_>) -> Map<String, Value> {
    // What is null says nothing.
    let member = |(index, name): (usize, &&str)| Some(((*name).to_owned(), value(row.cell(index)?)));
    names.iter().enumerate().filter_map(member).collect()
}

fn value(cell: ValueRef<'_>) -> Value {
    match cell {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::from(number),
        ValueRef::Real(number) => {
            serde_json::Number::from_f64(number).map_or_else(|| Value::String(number.to_string()), Value::Number)
        }
        ValueRef::Text(text) => Value::String(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::String(String::from_utf8_lossy(bytes).into_owned()),
    }
}
