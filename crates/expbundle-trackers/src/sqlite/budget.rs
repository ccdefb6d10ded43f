//! How much a database may make of itself.
//!
//! What is stored is read in time and memory that its size bounds. A schema can ask for more: a
//! default stands in the file once and is read for each row, and without indices each question
//! reads a whole table. So work and texts are counted, and reading ends where the size of the file
//! does not explain them any more.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::finding::{SourceCode, SourceFinding};

/// Instructions of SQLite's machine between two looks.
const INSTRUCTIONS: i32 = 10_000;
/// Instructions that every database may take: about a second. Trackers' own indices lack a few that
/// they would need themselves.
const LEAST_INSTRUCTIONS: u64 = 50_000_000;
/// And so many for each byte of the file; a row of a run takes some tens.
const INSTRUCTIONS_PER_BYTE: u64 = 64;
/// Texts that every database may give, in bytes, and so many times the bytes of the file, for some
/// tables are read twice.
const LEAST_TEXT_BYTES: u64 = 16 << 20;
const TEXT_BYTES_PER_BYTE: u64 = 4;
/// Texts of one run: no section of a bundle has more than 64 MiB, with all that stands around them.
const MOST_TEXT_BYTES: u64 = 48 << 20;

/// What is left to a connection.
pub(super) struct Budget {
    text_bytes: Cell<u64>,
    /// Bytes of rows that are given on at once and not kept.
    streamed_bytes: Cell<u64>,
    instructions: Arc<AtomicU64>,
    was_said: Cell<bool>,
}

impl Budget {
    /// For a file of so many bytes. The connection keeps to it.
    pub fn new(connection: &Connection, file_bytes: u64) -> Self {
        let instructions = LEAST_INSTRUCTIONS.max(file_bytes.saturating_mul(INSTRUCTIONS_PER_BYTE));
        let streamed_bytes = LEAST_TEXT_BYTES.saturating_add(file_bytes.saturating_mul(TEXT_BYTES_PER_BYTE));
        let budget = Self {
            text_bytes: Cell::new(streamed_bytes.min(MOST_TEXT_BYTES)),
            streamed_bytes: Cell::new(streamed_bytes),
            instructions: Arc::new(AtomicU64::new(instructions)),
            was_said: Cell::new(false),
        };
        let left = Arc::clone(&budget.instructions);
        let is_over = move || {
            let step = u64::from(INSTRUCTIONS.unsigned_abs());
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(step)).is_err()
        };
        // It can fail only where the connection is not one's own.
        let _ = connection.progress_handler(INSTRUCTIONS, Some(is_over));
        budget
    }

    /// Whether there is room for the texts of a row.
    pub fn takes(&self, cells: &[ValueRef<'_>]) -> bool {
        take(&self.text_bytes, cells, json_bytes)
    }

    /// Whether a row explains itself that is given on at once.
    pub fn passes(&self, cells: &[ValueRef<'_>]) -> bool {
        take(&self.streamed_bytes, cells, |bytes| bytes.len() as u64)
    }

    /// Whether reading has ended.
    pub fn is_over(&self) -> bool {
        self.text_bytes.get() == 0
            || self.streamed_bytes.get() == 0
            || self.instructions.load(Ordering::Relaxed) < u64::from(INSTRUCTIONS.unsigned_abs())
    }

    /// What is said of it, once.
    pub fn finding(&self, table: &str) -> Option<SourceFinding> {
        let detail = "to read it takes more than the size of the file explains: defaults in place of stored values, or no indices. \
                      The rest of this table and the tables after it were not read";
        (!self.was_said.replace(true))
            .then(|| SourceFinding::new(SourceCode::Unreadable, format!("table {table}"), detail))
    }
}

/// Takes the texts of a row out of what is left.
fn take(left: &Cell<u64>, cells: &[ValueRef<'_>], size: impl Fn(&[u8]) -> u64) -> bool {
    let bytes = |cell: &ValueRef<'_>| match cell {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => size(bytes),
        _ => 0,
    };
    let rest = left.get().checked_sub(cells.iter().map(bytes).sum());
    left.set(rest.unwrap_or(0));
    rest.is_some()
}

/// Bytes of a text in JSON.
fn json_bytes(text: &[u8]) -> u64 {
    const ESCAPED: u64 = "\\u0000".len() as u64;
    text.iter().map(|byte| if *byte < b' ' { ESCAPED } else { 1 }).sum()
}
