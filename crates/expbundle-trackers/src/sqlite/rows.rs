//! Rows by the names of their columns.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode};
use serde_json::{Map, Value};

use super::Schema;
use super::budget::Budget;
use crate::finding::{SourceCode, SourceFinding};

/// Damaged places of a table behind which reading goes on.
const MOST_DAMAGES: u32 = 1000;

/// Reads tables; what is broken becomes a finding.
pub(crate) struct Reader<'a> {
    pub(super) connection: &'a Connection,
    pub(super) schema: &'a Schema,
    pub(super) budget: &'a Budget,
}

/// A row; its columns are those that were asked for, in that order.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a>(&'a rusqlite::Row<'a>);

impl<'a> Row<'a> {
    fn cell(self, column: usize) -> Option<ValueRef<'a>> {
        self.0.get_ref(column).ok().filter(|cell| *cell != ValueRef::Null)
    }

    /// A cell that is a text in UTF-8.
    pub fn str(self, column: usize) -> Option<&'a str> {
        self.cell(column)?.as_str().ok()
    }

    /// A cell as text, if there is such a column and it says something.
    pub fn text(self, column: usize) -> Option<String> {
        Some(match self.cell(column)? {
            ValueRef::Null => return None,
            ValueRef::Integer(number) => number.to_string(),
            ValueRef::Real(number) => number.to_string(),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        })
    }

    /// A cell of bytes.
    pub fn bytes(self, column: usize) -> Option<&'a [u8]> {
        match self.cell(column)? {
            ValueRef::Blob(bytes) | ValueRef::Text(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// An integer, also where SQLite's loose typing has kept it as text or float.
    pub fn integer(self, column: usize) -> Option<i64> {
        match self.cell(column)? {
            ValueRef::Integer(number) => Some(number),
            ValueRef::Real(number) if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 => {
                number.to_string().parse().ok()
            }
            ValueRef::Text(text) => std::str::from_utf8(text).ok()?.parse().ok(),
            _ => None,
        }
    }

    /// A float, also where SQLite's loose typing has kept it as text or integer.
    #[expect(clippy::cast_precision_loss, reason = "an integer in a column of floats was a float")]
    pub fn float(self, column: usize) -> Option<f64> {
        match self.cell(column)? {
            ValueRef::Real(number) => Some(number),
            ValueRef::Integer(number) => Some(number as f64),
            ValueRef::Text(text) => std::str::from_utf8(text).ok()?.parse().ok(),
            _ => None,
        }
    }
}

impl Reader<'_> {
    /// Whether a table has all these columns.
    pub fn has(&self, table: &str, columns: &[&str]) -> bool {
        self.schema.get(table).is_some_and(|present| columns.iter().all(|column| present.contains(*column)))
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
        let Some(columns) = self.schema.get(table) else { return Vec::new() };
        let names: Vec<&str> = columns.iter().map(String::as_str).collect();
        self.fold(table, &names, equal, findings, Vec::new, |rows, row| rows.push(members(&names, row.0)))
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
        let list = columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
        let condition: Vec<String> =
            (1..).zip(&filters).map(|(index, column)| format!("{} = ?{index}", quoted(column))).collect();
        let condition =
            if condition.is_empty() { String::new() } else { format!(" WHERE {}", condition.join(" AND ")) };
        let values: Vec<&str> = equal.iter().map(|(_, value)| *value).collect();
        let mut attempt = |index: &str| {
            let mut gathered = new();
            let mut count: u64 = 0;
            let mut read = || {
                let sql = format!("SELECT {list} FROM {}{index}{condition}", quoted(table));
                // A table may be without row ids; then its key is the order.
                let ordered = self.connection.prepare(&format!("{sql} ORDER BY rowid"));
                let mut statement = ordered.or_else(|_| self.connection.prepare(&sql))?;
                let mut rows = statement.query(rusqlite::params_from_iter(&values))?;
                while let Some(row) = rows.next()? {
                    if !self.budget.takes(row, columns.len()) {
                        break;
                    }
                    count += 1;
                    add(&mut gathered, Row(row));
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

    /// Gives every row of a table to `take`, in the order of its row ids and each once, so that
    /// nothing has to be held. Behind a damaged page reading goes on at the next row that can be
    /// read.
    pub fn stream(
        &self,
        table: &str,
        columns: &[&str],
        findings: &mut Vec<SourceFinding>,
        mut take: impl FnMut(Row<'_>),
    ) {
        if !self.has(table, columns) || self.budget.is_over() {
            findings.extend(self.budget.is_over().then(|| self.budget.finding(table)).flatten());
            return;
        }
        let list = columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
        let sql = format!("SELECT {list}, rowid FROM {} NOT INDEXED WHERE rowid >= ?1 ORDER BY rowid", quoted(table));
        let (mut from, mut damages) = (i64::MIN, 0);
        loop {
            let mut last = from;
            let mut read = || {
                let mut statement = self.connection.prepare(&sql)?;
                let mut rows = statement.query([from])?;
                while let Some(row) = rows.next()? {
                    if !self.budget.streams(row, columns.len()) {
                        break;
                    }
                    last = row.get(columns.len())?;
                    take(Row(row));
                }
                Ok(())
            };
            let result: rusqlite::Result<()> = read();
            if self.budget.is_over() {
                findings.extend(self.budget.finding(table));
                return;
            }
            let Err(error) = result else { return };
            damages += 1;
            if damages == 1 {
                findings.push(finding(table, &error));
            }
            let next = if damages < MOST_DAMAGES { self.readable_after(&sql, last) } else { None };
            let Some(next) = next else { return };
            from = next;
        }
    }

    /// The first row after a damaged one that can be read. Pages hold neighbours, so it is near.
    fn readable_after(&self, sql: &str, damaged: i64) -> Option<i64> {
        let reads = |from: i64| -> Option<i64> {
            let mut statement = self.connection.prepare(sql).ok()?;
            let mut rows = statement.query([from]).ok()?;
            let row = rows.next().ok()??;
            row.get(row.as_ref().column_count() - 1).ok()
        };
        let mut step = 1_i64;
        while reads(damaged.max(0).checked_add(step)?).is_none() {
            step = step.checked_mul(2).filter(|step| *step < 1 << 40)?;
        }
        // Between the last step that failed and the first that did not.
        let (mut bad, mut good) = (damaged.max(0) + step / 2, damaged.max(0) + step);
        while good - bad > 1 {
            let middle = bad + (good - bad) / 2;
            if reads(middle).is_some() {
                good = middle;
            } else {
                bad = middle;
            }
        }
        reads(good)
    }

    /// A single number out of a query on tables that are known to be there.
    pub fn count(&self, sql: &str, value: &str) -> Option<u64> {
        let count: i64 = self.connection.query_row(sql, [value], |row| row.get(0)).ok()?;
        u64::try_from(count).ok()
    }
}

/// What SQLite says of a table that it cannot read to the end. Its messages hold no path.
fn finding(table: &str, error: &rusqlite::Error) -> SourceFinding {
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

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn members(names: &[&str], row: &rusqlite::Row<'_>) -> Map<String, Value> {
    // What is null says nothing.
    let value = |index| row.get_ref(index).ok().filter(|cell| *cell != ValueRef::Null).map(value);
    names.iter().enumerate().filter_map(|(index, name)| Some(((*name).to_owned(), value(index)?))).collect()
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
