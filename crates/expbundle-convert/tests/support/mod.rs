//! What the tests of the converters share.

pub mod mlflow;
pub mod sources;
