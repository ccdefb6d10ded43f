//! The journal of a run that `expbundle-run` records: lines of JSON that are appended as the run is
//! told something, so that a run whose process was killed is not lost.
//!
//! ```text
//! {"expbundle-journal":1}
//! ["set","context.json",{"title":"a run"}]
//! ["add","recipe.json",{"parameters":{"lr":0.1}}]
//! ["bytes","own.bin","AAEC"]
//! ["metrics",7,1764500000000000000,"loss",0.5,"note","warm","best",["NaN"],"id",[1.0,"1"]]
//! ["redacted","recipe.json","recipe.json/parameters/token","github-token"]
//! ```
//!
//! `set` has the whole of a section, `add` more members or more items of its lists, `bytes` what is
//! not JSON, as base64. The last `set` of a name counts, with each `add` after it. A name is that
//! of a section, or `record.json` for what the record says by itself, `events`, `cost` and
//! `evaluations` for what was told by calls of their own, `allow_secrets`, or `artifacts/<digest>`
//! for the listing of a folder. `redacted` says at which place of a name a marker stands for a
//! secret, and of which kind.
//!
//! Points are `metrics`, `telemetry` or `final`, with the step and the time in nanoseconds since
//! 1970, each of them or null, and then names and values.

mod description;
mod line;
mod reader;

pub use description::Description;
pub use line::{PointKind, PointValue};
pub use reader::{Journal, JournalPoint, is_journal, read};

/// The member of the first line whose value is the version.
pub const HEADER: &str = "expbundle-journal";
/// The version that is read and written.
pub const VERSION: u64 = 1;
/// A longer line is not read, in bytes.
pub const MOST_LINE_BYTES: u64 = crate::lines::MOST_LINE_BYTES;
