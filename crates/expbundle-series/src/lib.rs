//! The Parquet sections of an experiment bundle: series of numbers, system metrics, console output
//! (spec/sections-parquet.md).
//!
//! A fixed profile of Parquet: the same series give the same bytes, and DuckDB, pandas, Polars and
//! Spark read them with their default settings. Encoder and decoder are ours, those of the
//! compression too, because the bytes are the format: they may not change with the version of a
//! library, and the reader faces files that nobody vouches for. The `parquet` crate holds both to
//! the truth in the tests.
//!
//! Knows nothing of records or bundles, and reads no Parquet but this.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod columns;
mod console;
mod cut;
mod delta;
mod error;
mod footer;
mod lz4;
mod page;
mod points;
mod profile;
mod read;
mod rows;
mod runs;
mod source;
mod spill;
mod summary;
mod time;
mod wire;
mod write;

pub use console::{ConsoleLine, ConsoleReader, write_console};
pub use error::SeriesError;
pub use points::Point;
pub use profile::{CREATED_BY, KEY_BYTES, SALT_KEY, TEXT_BYTES};
pub use read::{OwnedPoint, SeriesReader};
pub use source::ReadAt;
pub use summary::KeySummary;
pub use write::{KeyId, SeriesWriter};

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
