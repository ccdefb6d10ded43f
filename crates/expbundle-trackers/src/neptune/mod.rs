//! Neptune: offline folders of the 1.x client, databases of the 3.x client (neptune-scale), and
//! what neptune-exporter wrote.
//!
//! The hosted service has ended, so these files are what there is. The three layouts have nothing in
//! common but their idea of a run: attributes by path, and series of values.

mod export;
mod item;
mod offline;
mod run;
mod scale;
mod source;

pub use item::{At, Attribute, FileKind, FileRef, Fork, Histogram, Layout, Points};
pub use run::{Found, Run};
pub use source::{Source, SourceError};
