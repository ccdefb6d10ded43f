//! Limits on what a reader takes in (spec/container.md, spec/json.md). Each has a code.
//!
//! The defaults are those of the specification: a reader that takes in less refuses valid bundles, one that takes in more
//! lets writers make what others refuse. Names need no limit, for their grammar has one.

/// How much of anything a reader accepts.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Entries of one bundle besides `mimetype` (`container.limit`). 40,000 runs with a dozen entries each fit.
    pub entries: u64,
    /// Bytes of `record.json` (`container.limit`). Thousands of inputs and outputs fit; a directory is one of them.
    pub record_bytes: u64,
    /// Bytes of a statement (`container.limit`).
    pub statement_bytes: u64,
    /// Bytes of a JSON section (`json.limit`). What is larger is a series, and so Parquet.
    pub section_bytes: u64,
    /// Levels of arrays and objects in one JSON text (`json.limit`). Readers recurse, and stacks are small.
    pub json_depth: u32,
    /// Values in one JSON text, names of members not counted (`json.limit`).
    pub json_values: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 524_288,
            record_bytes: 1 << 20,
            statement_bytes: 1 << 20,
            section_bytes: 64 << 20,
            json_depth: 64,
            json_values: 1 << 22,
        }
    }
}
