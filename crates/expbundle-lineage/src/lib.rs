//! The graph of experiment records: links, grades and findings, from facts alone (spec/lineage.md).
//!
//! A team that fine-tunes another team's weights never tells that team's tracker. The bytes tell:
//! what one record put out and another took in joins the two. This crate computes that graph from
//! [`Facts`] which somebody else verified, and answers questions about it; `expbundle-draw` draws
//! it.
//!
//! It never sees a byte of a bundle, opens no file, knows no signature and has no opinion about
//! whom to trust. Everything is iterative and visits each vertex once: a chain of 100 000 records
//! or a ladder of 2^40 paths costs as much as its size on paper.
//!
//! ```
//! use expbundle_format::record::Kind;
//! use expbundle_format::DigestSet;
//! use expbundle_lineage::{ArtifactFact, Facts, Grade, Lineage, RecordFacts};
//!
//! let weights = DigestSet::of(b"weights").into();
//! let mut base = RecordFacts::new(DigestSet::of(b"base record"), Kind::Run);
//! base.outputs.push(ArtifactFact::new("model".parse()?, weights, 19_560));
//! let mut tuned = RecordFacts::new(DigestSet::of(b"tuned record"), Kind::Run);
//! tuned.inputs.push(ArtifactFact::new("model".parse()?, weights, 19_560));
//! let (base_id, tuned_id) = (base.id(), tuned.id());
//!
//! let lineage = Lineage::build(Facts { records: vec![tuned, base], ..Facts::default() });
//! assert_eq!(lineage.heads(), [tuned_id]);
//! assert_eq!(lineage.ancestors(&[tuned_id]), [base_id]);
//! assert_eq!(lineage.parents(tuned_id)[0].grade(), Grade::Proven);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod adjacency;
mod components;
mod contents;
pub mod evidence;
pub mod facts;
mod findings;
mod hidden;
mod joins;
mod licence;
mod lineage;
pub mod link;
mod listing;
mod nothing;
mod nothing_table;
#[doc(hidden)]
pub mod parallel;
pub mod query;
pub mod relation;
pub mod rollup;
mod seen;
mod suggestions;
mod taken;
mod walk;
mod zeros;

pub use facts::{ArtifactFact, AssertedLink, Facts, RecordFacts, Supersession};
pub use joins::{Folded, Joins, Parents};
pub use lineage::Lineage;
pub use link::{Edge, Grade, Link, Side};
pub use listing::{FileFact, Listing};
pub use query::{Direction, FirstAncestors, Gap, Reached, Why};
pub use rollup::Rollup;
pub use walk::Ways;

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
