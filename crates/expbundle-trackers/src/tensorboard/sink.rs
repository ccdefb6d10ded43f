//! Where the contents of event files go as they are read.

use crate::series::{At, Series};
use crate::wandb::Value;

/// A file that a value holds: a picture, a sound, a graph.
#[derive(Clone, Debug)]
pub struct Medium<'a> {
    /// `image`, `audio`, `graph`, or `tensor` for one that is not taken apart.
    pub kind: &'static str,
    /// The series that it belongs to.
    pub key: &'a str,
    /// When. Writers put step 0 where none was given.
    pub at: At,
    /// Its place among those of one value.
    pub index: usize,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// What the writer says of it.
    pub facts: Vec<(&'static str, Value)>,
}

/// Takes the contents of event files in the order of the records.
pub trait Sink: Series {
    /// The numbers of a histogram, or of another tensor; `shown_by` is what shows them.
    fn numbers(&mut self, kind: &'static str, shown_by: &str, key: &str, at: At, value: Value);
    /// A file.
    fn medium(&mut self, medium: Medium<'_>);
    /// Something that has no series, by kind and name.
    fn other(&mut self, kind: &'static str, name: &str, value: Value);
}
