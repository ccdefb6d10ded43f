//! Limits on what a reader takes in (spec/container.md, spec/json.md). Each has a code.

/// How much of anything a reader accepts.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Entries of one bundle.
    pub entries: u64,
    /// Bytes of `record.json`.
    pub record_bytes: u64,
    /// Bytes of a statement.
    pub statement_bytes: u64,
    /// Bytes of a JSON section.
    pub section_bytes: u64,
    /// Levels of arrays and objects in one JSON text.
    pub json_depth: u32,
    /// Values in one JSON text.
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
