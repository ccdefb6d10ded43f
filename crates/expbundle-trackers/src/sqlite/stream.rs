//! The rows of a table one after another, also where a part of it is damaged.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::rows::{list, quoted};

/// Row ids that are tried behind a damaged place. Pages hold neighbours, so the next row is near.
const FARTHEST: i64 = 1 << 40;

/// Where reading stands.
pub(super) struct Rows<'a> {
    connection: &'a Connection,
    table: &'a str,
    columns: &'a [&'a str],
    equal: &'a [(&'a str, &'a str)],
    /// The row to go on with.
    from: i64,
    with_index: bool,
}

impl<'a> Rows<'a> {
    pub fn new(
        connection: &'a Connection,
        table: &'a str,
        columns: &'a [&'a str],
        equal: &'a [(&'a str, &'a str)],
    ) -> Self {
        Self { connection, table, columns, equal, from: i64::MIN, with_index: !equal.is_empty() }
    }

    fn sql(&self) -> String {
        let index = if self.with_index { "" } else { " NOT INDEXED" };
        let (list, table) = (list(self.columns), quoted(self.table));
        let equal = (2..).zip(self.equal).map(|(at, (column, _))| format!(" AND {} = ?{at}", quoted(column)));
        let equal: String = equal.collect();
        format!("SELECT {list}, rowid FROM {table}{index} WHERE rowid >= ?1{equal} ORDER BY rowid")
    }

    fn values(&self, from: i64) -> impl Iterator<Item = Value> {
        std::iter::once(Value::Integer(from))
            .chain(self.equal.iter().map(|(_, value)| Value::Text((*value).to_owned())))
    }

    /// Reads on, until the end, an error, or until `give` has had enough.
    pub fn read(&mut self, give: &mut dyn FnMut(&rusqlite::Row<'_>, i64) -> bool) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(&self.sql())?;
        let mut rows = statement.query(params_from_iter(self.values(self.from)))?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(self.columns.len())?;
            let Some(next) = give(row, id).then(|| id.checked_add(1)).flatten() else { break };
            self.from = next;
        }
        Ok(())
    }

    /// After an error: finds where to go on, if that is anywhere.
    pub fn go_on(&mut self) -> Option<()> {
        if self.with_index {
            self.with_index = false;
            return Some(());
        }
        let base = self.from.max(0);
        let mut step = 1;
        while self.first_from(base.checked_add(step)?).is_none() {
            step = step.checked_mul(2).filter(|step| *step < FARTHEST)?;
        }
        // Between the last step that failed and the first that did not.
        let (mut bad, mut good) = (base + step / 2, base + step);
        while good - bad > 1 {
            let middle = bad + (good - bad) / 2;
            if self.first_from(middle).is_some() {
                good = middle;
            } else {
                bad = middle;
            }
        }
        self.from = self.first_from(good)?;
        Some(())
    }

    /// The first row from there on, if it can be read.
    fn first_from(&self, from: i64) -> Option<i64> {
        let mut statement = self.connection.prepare_cached(&self.sql()).ok()?;
        let mut rows = statement.query(params_from_iter(self.values(from))).ok()?;
        rows.next().ok()??.get(self.columns.len()).ok()
    }
}
