//! A model directory that carries a bundle (spec/directory.md).
pub mod card;
pub mod diff;
pub mod front_matter;
pub mod gitattributes;
pub mod pointer;
mod yaml_lines;
pub const BUNDLE_NAME: &str = "experiment.expb";
