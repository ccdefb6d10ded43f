//! Pictures of a family of experiment records: as SVG, DOT and Mermaid, and as a tree of lines.
//!
//! A [`View`] is what a picture shows, put together from a lineage and labelled by the caller;
//! [`tree`] is the same as lines.
//!
//! Labels come from files that anybody may have made. In each language they are text and can be
//! nothing else: no tag, no directive, no link, no second node.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod dot;
pub mod graph;
mod layout;
mod mermaid;
mod svg;
mod text;
mod tree;
mod view;

/// The word beside an arrow that is not a link: from an input that no record made.
const NO_LINK: &str = "input";

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::svg;
pub use tree::{TreeItem, TreeLimits, TreeLine, tree};
pub use view::{Part, Tone, View, ViewEdge, ViewNode, ViewOptions};

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
