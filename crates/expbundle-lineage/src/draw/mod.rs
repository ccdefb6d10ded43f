//! Pictures of a [`View`](crate::View): SVG, DOT and Mermaid, as text.
//!
//! Labels come from files that anybody may have made. In each language they are text and can be nothing else: no tag, no
//! directive, no link, no second node.

mod dot;
mod mermaid;
mod svg;
mod text;

/// The word beside an arrow that is not a link: from an input that no record made.
const NO_LINK: &str = "input";

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::svg;
