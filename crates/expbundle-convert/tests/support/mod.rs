//! What the tests of the converters share.

pub mod bundle;
pub mod converted;
pub mod fixtures;
pub mod git;
pub mod made;
pub mod mlflow;
pub mod opened;
pub mod sources;
pub mod tar;
pub mod truth;
