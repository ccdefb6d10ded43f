//! A row by the positions of its columns.

use rusqlite::types::ValueRef;

/// The first cells of a row. SQLite is asked for each of them once.
pub(super) fn cells<'a>(row: &'a rusqlite::Row<'_>, columns: usize) -> Vec<ValueRef<'a>> {
    (0..columns).map(|column| row.get_ref(column).unwrap_or(ValueRef::Null)).collect()
}

/// A row; its columns are those that were asked for, in that order.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a>(pub(super) &'a [ValueRef<'a>]);

impl<'a> Row<'a> {
    /// A cell that says something.
    pub(super) fn cell(self, column: usize) -> Option<ValueRef<'a>> {
        self.0.get(column).copied().filter(|cell| !matches!(cell, ValueRef::Null))
    }

    /// A cell that is a text in UTF-8.
    pub fn str(self, column: usize) -> Option<&'a str> {
        self.cell(column)?.as_str().ok()
    }

    /// A cell that is a text or bytes.
    pub fn bytes(self, column: usize) -> Option<&'a [u8]> {
        match self.cell(column)? {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes),
            _ => None,
        }
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
