//! The Parquet sections of an experiment bundle: series of numbers, system metrics, console output
//! (spec/sections-parquet.md).
//!
//! A fixed profile of Parquet: the same series give the same bytes, no decompressor is needed, and DuckDB, pandas and
//! Polars read them. Knows nothing of records or bundles.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod console;
mod error;
mod points;
mod profile;
mod read;
mod summary;
mod unit;
mod write;

pub use console::{ConsoleLine, ConsoleReader, write_console};
pub use error::SeriesError;
pub use points::Point;
pub use profile::{CREATED_BY, SALT_KEY};
pub use read::{OwnedPoint, ReadAt, SeriesReader};
pub use summary::KeySummary;
pub use write::{KeyId, SeriesWriter};
