//! Rows of Parquet, whoever wrote it: what W&B's `download_history_exports` fetches, data frames
//! that somebody saved, Neptune's exports.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};

use camino::Utf8Path;
use parquet::file::reader::{FileReader, SerializedFileReader};
pub(crate) use parquet::record::Field;

use crate::parquet_pages::{self, Held};

/// Rows for each byte of a file: runs of equal values are written once, but no history is so empty
/// as this.
const MOST_ROWS_PER_BYTE: u64 = 64;
/// Bytes of texts for each byte of a file, beyond [`MOST_TEXT_BYTES`]: a text that many rows have
/// is written once.
const MOST_TEXT_PER_BYTE: u64 = 64;
/// Bytes of texts that any file may have.
const MOST_TEXT_BYTES: u64 = 16 << 20;
/// Cells for each byte of a file, beyond [`MOST_CELLS_OF_ANY`]: columns that most rows leave empty
/// take no room.
const MOST_CELLS_PER_BYTE: u64 = 128;
const MOST_CELLS_OF_ANY: u64 = 16 << 20;
/// Rows that the library holds at once: each may have texts of a megabyte.
const BATCH: usize = 16;

/// A row: its cells by the names of their columns.
pub(crate) type Row = Vec<(String, Field)>;

/// Gives each row to `take`, until that is `false`. What is wrong is said in words; rows before that
/// were given.
pub(crate) fn rows(path: &Utf8Path, take: &mut dyn FnMut(Row) -> bool) -> Result<(), String> {
    // The library asserts what a file promises, so a foreign file may make it panic.
    let read = AssertUnwindSafe(|| read(path, take));
    catch_unwind(read).unwrap_or_else(|_| Err("the file breaks the rules of Parquet".to_owned()))
}

fn read(path: &Utf8Path, take: &mut dyn FnMut(Row) -> bool) -> Result<(), String> {
    let words = |error: &dyn std::fmt::Display| error.to_string().to_lowercase();
    let file = File::open(path).map_err(|error| words(&error))?;
    let size = file.metadata().map_err(|error| words(&error))?.len();
    let reader = SerializedFileReader::new(file.try_clone().map_err(|error| words(&error))?);
    let reader = reader.map_err(|error| words(&error))?;
    let declared = reader.metadata().file_metadata().num_rows();
    if u64::try_from(declared).map_or(true, |rows| rows / MOST_ROWS_PER_BYTE > size) {
        return Err(format!("the file of {size} bytes claims {declared} rows"));
    }
    let columns = reader.metadata().file_metadata().schema_descr().num_columns() as u64;
    let cells = u64::try_from(declared).unwrap_or(u64::MAX).saturating_mul(columns);
    if cells > size.saturating_mul(MOST_CELLS_PER_BYTE).saturating_add(MOST_CELLS_OF_ANY) {
        return Err(format!("the file of {size} bytes claims {cells} cells"));
    }
    for group in reader.metadata().row_groups() {
        let mut held = Held::default();
        for column in group.columns() {
            let (start, bytes) = column.byte_range();
            let pages = parquet_pages::pages(&file, start, bytes).map_err(|error| words(&error))?;
            held.add(&pages.ok_or("the head of a page is broken")?)?;
        }
    }
    let most_text = size.saturating_mul(MOST_TEXT_PER_BYTE).saturating_add(MOST_TEXT_BYTES);
    let mut text = 0_u64;
    let rows = reader.get_row_iter(None).map_err(|error| words(&error))?.with_batch_size(BATCH);
    for (given, row) in (0_i64..).zip(rows) {
        if given >= declared {
            return Err("the file has more rows than it claims".to_owned());
        }
        let row = row.map_err(|error| words(&error))?;
        let row = row.into_columns();
        text = row.iter().map(|(name, field)| name.len() as u64 + text_bytes(field)).fold(text, u64::saturating_add);
        if text > most_text {
            return Err(format!(
                "its texts come to more than {most_text} bytes; the rows from {given} on are not read"
            ));
        }
        if !take(row) {
            break;
        }
    }
    Ok(())
}

/// Bytes of the texts in a field.
fn text_bytes(field: &Field) -> u64 {
    match field {
        Field::Str(text) => text.len() as u64,
        Field::Bytes(bytes) => bytes.len() as u64,
        Field::Group(row) => row.get_column_iter().map(|(name, field)| name.len() as u64 + text_bytes(field)).sum(),
        Field::ListInternal(list) => list.elements().iter().map(text_bytes).sum(),
        Field::MapInternal(map) => map.entries().iter().map(|(key, value)| text_bytes(key) + text_bytes(value)).sum(),
        _ => 0,
    }
}
