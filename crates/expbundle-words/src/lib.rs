//! Answers about experiment bundles as text for people, the same that the program `expbundle`
//! prints.
//!
//! Each module words one answer, and most have one function, `words`: [`verdict`] for the report of
//! a check, [`show`] for records, [`log`] for statements, [`diff`] for two records, [`lineage`] for
//! a family, [`why`] for the origin of a file, [`findings`] and [`Failure`] for what is wrong. The
//! rest are the pieces that they are made of: [`paint`], [`count`], [`table()`], [`quoted`].
//!
//! Text is coloured by ANSI escapes; whoever prints it where they are not wanted takes them out, as
//! `anstream` does. Words of a stranger are quoted, so that they can neither steer a terminal nor
//! pass for words of the report. Where a next step helps, it is a command or flag of the program.
//!
//! Nothing here prints, exits, reads files, or looks at a clock or the environment.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod account;
#[cfg(feature = "run")]
pub mod conversion;
#[cfg(feature = "run")]
pub mod converted;
pub mod diff;
#[cfg(feature = "run")]
pub mod exposure;
mod failure;
mod failures;
pub mod findings;
mod folder;
mod foreign;
mod happened;
pub mod hints;
mod layout;
pub mod lineage;
pub mod log;
mod near;
mod numbers;
pub mod objections;
pub mod overview;
pub mod plan;
#[cfg(feature = "run")]
pub mod recording;
pub mod records;
pub mod registry;
pub mod relations;
pub mod repacked;
pub mod section;
pub mod show;
pub mod signers;
pub mod statements;
#[cfg(feature = "run")]
pub mod table;
mod times;
mod tone;
pub mod verdict;
pub mod why;

pub use failure::Failure;
pub use failures::{no_schema, not_in_cache};
use foreign::calling_itself;
pub use foreign::{block, cell, kind, named, one_line, path, printable, quoted};
pub use layout::{table, wrapped};
use numbers::brief_digest;
pub use numbers::{count, duration, grouped, rounded, size, some_of};
pub use times::show_times_in;
use times::{day, moment};
pub use tone::{Tone, paint, unpainted};

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
