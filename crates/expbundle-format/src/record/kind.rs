//! What a record records, and how that ended.

use serde::{Deserialize, Serialize};

/// What a record records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Something that ran.
    Run,
    /// A starting point that no recorded run produced: a model or data set from outside.
    Origin,
}

/// How a run ended, as far as its tracker knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// Planned, not begun.
    Scheduled,
    /// Was running when it was recorded.
    Running,
    /// Came to its end.
    Finished,
    /// Ended with an error.
    Failed,
    /// Was ended from outside.
    Killed,
    /// No end was recorded, though it no longer runs.
    Crashed,
    /// The tracker does not say.
    Unknown,
}

impl Status {
    /// The word that stands in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Killed => "killed",
            Self::Crashed => "crashed",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_called_as_it_is_written() {
        for status in ["scheduled", "running", "finished", "failed", "killed", "crashed", "unknown"] {
            let read: Status = serde_json::from_value(status.into()).expect(status);
            assert_eq!(read.as_str(), status);
        }
    }
}
