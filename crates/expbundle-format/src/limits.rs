//! Limits on what a reader takes in (spec/container.md, "Limits"). Each has a code.
//!
//! The defaults are what every reader takes. What is beyond them is refused without an answer, for
//! it may well be intact; a reader may take more. Names need no limit, because their grammar has
//! one.

/// How much of anything a reader accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Entries of one bundle besides `mimetype` (`container.limit`). 40,000 runs with a dozen
    /// entries each fit.
    pub entries: u64,
    /// Bytes of `record.json` (`container.limit`). Thousands of inputs and outputs fit; a directory
    /// is one of them.
    pub record_bytes: u64,
    /// Bytes of a statement (`container.limit`).
    pub statement_bytes: u64,
    /// Bytes of a JSON section (`json.limit`). What is larger is a series, and so Parquet.
    pub section_bytes: u64,
    /// Levels of arrays and objects in one JSON text (`json.limit`). Readers recurse, and stacks
    /// are small.
    pub json_depth: u32,
    /// Values in one JSON text, names of members not counted (`json.limit`).
    pub json_values: u64,
}

impl Limits {
    /// So many times what every reader takes. The depth of JSON stays: stacks do not grow.
    #[must_use]
    pub fn times(factor: u32) -> Self {
        let factor = u64::from(factor.max(1));
        let Self { entries, record_bytes, statement_bytes, section_bytes, json_depth, json_values } = Self::default();
        Self {
            entries: entries * factor,
            record_bytes: record_bytes * factor,
            statement_bytes: statement_bytes * factor,
            section_bytes: section_bytes * factor,
            json_depth,
            json_values: json_values * factor,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 524_288,
            record_bytes: 1 << 20,
            statement_bytes: 1 << 20,
            section_bytes: 64 << 20,
            json_depth: 64,
            json_values: 1 << 20,
        }
    }
}
