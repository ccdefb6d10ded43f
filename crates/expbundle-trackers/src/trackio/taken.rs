//! What is counted of the rows of a table while they go by.

use crate::finding::{SourceCode, SourceFinding};
use crate::time::nanoseconds;

/// Rows that cannot be read and are named.
const MOST_NAMED: usize = 20;

/// Rows of a table that went by.
#[derive(Default)]
pub(super) struct Taken {
    pub read: u64,
    pub broken: u64,
    /// Ids of the first of those.
    named: Vec<String>,
    pub timeless: u64,
    pub span_ns: Option<(i64, i64)>,
    /// The rows of a batch have one time.
    last: Option<(String, i64)>,
}

impl Taken {
    pub fn time(&mut self, text: &str) -> Option<i64> {
        if let Some((last, time_ns)) = &self.last
            && last == text
        {
            return Some(*time_ns);
        }
        let time_ns = nanoseconds(text)?;
        self.last = Some((text.to_owned(), time_ns));
        Some(time_ns)
    }

    pub fn broken(&mut self, row_id: i64) {
        self.broken += 1;
        if self.named.len() < MOST_NAMED {
            self.named.push(row_id.to_string());
        }
    }

    pub fn findings(&self, table: &str) -> Vec<SourceFinding> {
        let place = format!("table {table}");
        let mut findings = Vec::new();
        if self.broken > 0 {
            let more = if self.broken > MOST_NAMED as u64 { ", …" } else { "" };
            let detail = format!(
                "{} rows are not JSON objects, and were not read; their ids: {}{more}",
                self.broken,
                self.named.join(", ")
            );
            findings.push(SourceFinding::new(SourceCode::Damaged, place.clone(), detail));
        }
        if self.timeless > 0 {
            let detail = format!("{} rows have no time with an offset from UTC", self.timeless);
            findings.push(SourceFinding::new(SourceCode::Loss, place, detail));
        }
        findings
    }
}
