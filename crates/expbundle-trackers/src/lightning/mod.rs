//! Lightning's `CSVLogger`: `version_<n>/metrics.csv`, with `hparams.yaml` and checkpoints beside
//! it.

mod rows;
mod source;

pub use rows::{OddRow, Rows};
pub use source::{Run, Source};
