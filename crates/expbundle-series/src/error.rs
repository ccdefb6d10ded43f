//! Why a Parquet section cannot be read or written.

use std::io;

use parquet::errors::ParquetError;

/// Why a Parquet section cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SeriesError {
    /// Not Parquet at all, or broken within.
    #[error("the Parquet is broken: {0}")]
    Parquet(#[from] ParquetError),
    /// Parquet of another form than this profile.
    #[error("the Parquet is not of the profile: {problem}")]
    Profile {
        /// What differs.
        problem: String,
    },
    /// A claim that the size of the file cannot bear.
    #[error("the Parquet claims {claimed} rows, which {bytes} bytes cannot hold")]
    Rows {
        /// Rows by its own account.
        claimed: i64,
        /// Size of the file.
        bytes: u64,
    },
    /// A point that is neither a number nor a text, or both in a way that means nothing.
    #[error("row {row} holds neither value nor text")]
    EmptyRow {
        /// Which row, from 0.
        row: u64,
    },
    /// A text that is not UTF-8.
    #[error("a {column} is not UTF-8")]
    Utf8 {
        /// Which column.
        column: &'static str,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The library that decodes Parquet gave up in a way that it should not.
    #[error("the Parquet is broken in a way that its decoder did not foresee")]
    Decoder,
}
