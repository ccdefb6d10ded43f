//! A row of a table, with room that is used again for the next one.

use super::cell::Cell;

/// A row: its cells, by the number of their columns. Empty cells are not in it.
#[derive(Clone, Debug, Default)]
pub struct Row {
    number: u64,
    broken: Option<Broken>,
    texts: String,
    cells: Vec<(usize, Stored)>,
}

/// Why a row has no cells that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Broken {
    /// It has fewer or more cells than the header.
    Length,
    /// It is not JSON.
    NotJson,
    /// It is JSON and not an object.
    NotAnObject,
    /// It has a member twice.
    Twice,
}

#[derive(Clone, Copy, Debug)]
enum Stored {
    Bool(bool),
    Integer(i64),
    Float(f64),
    Time(i64),
    Other(&'static str),
    /// Where its text begins and ends.
    Text(usize, usize),
}

impl Row {
    /// Where it is: the line in which it begins in a text file, else its number, both from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Why it cannot be read; then it has no cells.
    pub fn broken(&self) -> Option<Broken> {
        self.broken
    }

    /// Its cells and the numbers of their columns.
    pub fn cells(&self) -> impl Iterator<Item = (usize, Cell<'_>)> {
        self.cells.iter().map(|(column, stored)| (*column, self.read(*stored)))
    }

    /// The cell of a column.
    pub fn cell(&self, column: usize) -> Option<Cell<'_>> {
        self.cells.iter().find(|(of, _)| *of == column).map(|(_, stored)| self.read(*stored))
    }

    fn read(&self, stored: Stored) -> Cell<'_> {
        match stored {
            Stored::Bool(value) => Cell::Bool(value),
            Stored::Integer(value) => Cell::Integer(value),
            Stored::Float(value) => Cell::Float(value),
            Stored::Time(time_ns) => Cell::Time(time_ns),
            Stored::Other(what) => Cell::Other(what),
            Stored::Text(start, end) => Cell::Text(self.texts.get(start..end).unwrap_or_default()),
        }
    }

    /// What it takes of memory.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.texts.len() + self.cells.len() * size_of::<(usize, Stored)>()
    }

    /// Begins another row at this place.
    pub(super) fn begin(&mut self, number: u64) {
        self.number = number;
        self.broken = None;
        self.texts.clear();
        self.cells.clear();
    }

    /// Begins the row after this one.
    pub fn next(&mut self) {
        self.begin(self.number + 1);
    }

    /// The cell of a column that has none yet.
    pub fn push(&mut self, column: usize, cell: Cell<'_>) {
        let stored = match cell {
            Cell::Bool(value) => Stored::Bool(value),
            Cell::Integer(value) => Stored::Integer(value),
            Cell::Float(value) => Stored::Float(value),
            Cell::Time(time_ns) => Stored::Time(time_ns),
            Cell::Other(what) => Stored::Other(what),
            Cell::Text(text) => {
                let start = self.texts.len();
                self.texts.push_str(text);
                Stored::Text(start, self.texts.len())
            }
        };
        self.cells.push((column, stored));
    }

    /// Takes over another row without its cell in a column.
    pub(super) fn set_without(&mut self, other: &Self, column: usize) {
        self.number = other.number;
        self.broken = other.broken;
        self.texts.clone_from(&other.texts);
        self.cells.clear();
        self.cells.extend(other.cells.iter().filter(|(of, _)| *of != column));
    }

    /// Forgets its cells, and says why.
    pub(super) fn set_broken(&mut self, why: Broken) {
        self.texts.clear();
        self.cells.clear();
        self.broken = Some(why);
    }
}
