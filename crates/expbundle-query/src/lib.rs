//! Answers to questions about records and families of records: what a record says, what two say
//! differently, what a model came from and what came of it, and where a file comes from.
//!
//! Each answer is a document with a schema, the same as the program `expbundle` writes with
//! `--json`: [`Shown`], [`Differences`], [`LineageReport`], [`WhyReport`]. [`Relations`] gathers
//! the bundles that a question is about, judges them, and has what the words of an answer need.
//!
//! Nothing here prints, exits, or looks at a clock: moments and signers are arguments.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod choose;
mod compare;
mod counterparts;
mod duplicates;
mod error;
mod facts;
mod gather;
mod lineage;
mod merge;
mod names;
mod parts;
mod places;
mod relations;
mod released;
mod reservations;
mod shown;
mod sign;
mod signers;
mod why;

pub use choose::{
    Chosen, chosen, current, heads, is_proven, one_of, revoked_of, several, starting, statement_starting,
};
pub use compare::{Difference, Differences, Withheld};
pub use duplicates::Duplicates;
pub use error::QueryError;
pub use facts::parameters;
pub use gather::{Found, Gathered, Refused, Source, WhyRefused, find, gather};
pub use lineage::{
    AbsentParent, ApartCount, LineageReport, MOST_EDGES, Objected, Relative, ReportedEdge, ReportedFold, ReportedGap,
};
pub use merge::{Kept, MergeError, Merged, merge};
pub use names::ArtifactNames;
pub use parts::{Extracted, artifact, extract, section, sections_called, takes_in, told};
pub use places::{joined, places};
pub use relations::{Absence, AskedFile, MOST_ALTERNATIVES, Question, Relations, Scope};
pub use released::{FileRelease, Lists};
pub use shown::{Shown, against};
pub use sign::{Plan, Repeat};
pub use signers::{ListedSigner, Signers};
pub use why::{HowMade, Told, WhyReport};

/// The beginning of an id, as people read it.
pub fn short(id: &impl ToString) -> String {
    id.to_string().chars().take(12).collect()
}

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
