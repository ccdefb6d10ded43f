//! What was damaged or missing in a source. Everything readable was read.
//!
//! The codes are those under `source.` in the format's registry, `spec/codes.toml`; this crate
//! knows their names only.

/// What kind of thing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceCode {
    /// The source ends unexpectedly; everything before that was kept.
    Truncated,
    /// Part of the source is damaged; everything readable was kept.
    Damaged,
    /// The source lists something that was not found.
    Missing,
    /// Part of the source could not be read.
    Unreadable,
    /// The source has an item that this version does not support.
    Unsupported,
    /// The source refers to a path outside its own folder; such links are not followed.
    Outside,
    /// This kind of source does not include everything that the tracker recorded.
    Loss,
}

impl SourceCode {
    /// The stable text of the code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Truncated => "source.truncated",
            Self::Damaged => "source.damaged",
            Self::Missing => "source.missing",
            Self::Unreadable => "source.unreadable",
            Self::Unsupported => "source.unsupported",
            Self::Outside => "source.outside",
            Self::Loss => "source.loss",
        }
    }
}

/// One thing that was found while reading.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceFinding {
    /// What kind of thing.
    pub code: SourceCode,
    /// Where, relative to the source: nothing of this machine stands here.
    pub place: String,
    /// What was seen, in one lower-case line without a full stop.
    pub detail: String,
}

impl SourceFinding {
    /// A finding.
    pub fn new(code: SourceCode, place: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code, place: place.into(), detail: detail.into() }
    }
}

/// Things of one kind that are a finding together, at the place of the first.
#[derive(Debug, Default)]
pub(crate) struct Several {
    count: u64,
    first: Option<String>,
}

impl Several {
    /// Counts one.
    pub fn add(&mut self, one: impl FnOnce() -> String) {
        self.count += 1;
        self.first.get_or_insert_with(one);
    }

    /// The finding, if there are any: what is told of one, or of several with their number in front.
    pub fn finding(self, code: SourceCode, of_one: &str, of_several: &str) -> Option<SourceFinding> {
        let detail = if self.count == 1 { of_one.to_owned() } else { format!("{} {of_several}", self.count) };
        Some(SourceFinding::new(code, self.first?, detail))
    }
}
