//! A run, whichever layout it has.

use std::collections::{BTreeMap, BTreeSet};

use super::item::{Attribute, FileRef, Fork, Histogram, Layout};
use crate::finding::{SourceCode, SourceFinding};
use crate::scratch::Scratch;
use crate::wandb::{ConsolePiece, Value};

/// Bytes of attributes, console and histograms that one run may have in memory.
const MOST_BYTES_HELD: usize = 48 << 20;
/// Items of a run that are held.
const MOST_HELD: usize = 1 << 18;

/// What was counted while reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Values of series that were given to `Points`.
    pub values: u64,
    /// Values of series that the run itself cleared or deleted.
    pub cleared: u64,
    /// Single values that were replaced or deleted by later ones.
    pub replaced: u64,
    /// Values, operations or rows that cannot be read.
    pub unreadable: u64,
}

/// A run.
#[derive(Debug)]
pub struct Run {
    /// How it is stored.
    pub layout: Layout,
    /// `run`, `model`, `model_version` or `project`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its project.
    pub project: Option<String>,
    /// Name of its experiment.
    pub experiment: Option<String>,
    /// When it was created, in milliseconds since 1970.
    pub created_ms: Option<i64>,
    /// When something was logged last, in milliseconds since 1970.
    pub last_ms: Option<i64>,
    /// Single values by path.
    pub attributes: BTreeMap<String, Attribute>,
    /// Files in the order in which they were logged.
    pub files: Vec<FileRef>,
    /// Histograms in the order in which they were logged.
    pub histograms: Vec<Histogram>,
    /// What was printed.
    pub console: Vec<ConsolePiece>,
    /// Where it was forked.
    pub fork: Option<Fork>,
    /// Facts beside the attributes, by name.
    pub facts: Vec<(String, Value)>,
    /// Counts.
    pub found: Found,
    /// What could not be read.
    pub findings: Vec<SourceFinding>,
    /// Files that were taken out of others lie here.
    pub(super) scratch: Option<Scratch>,
    bytes_held: usize,
}

impl Run {
    pub(super) fn new(layout: Layout, id: &str) -> Self {
        Self {
            layout,
            kind: "run".to_owned(),
            id: id.to_owned(),
            project: None,
            experiment: None,
            created_ms: None,
            last_ms: None,
            attributes: BTreeMap::new(),
            files: Vec::new(),
            histograms: Vec::new(),
            console: Vec::new(),
            fork: None,
            facts: Vec::new(),
            found: Found::default(),
            findings: Vec::new(),
            scratch: None,
            bytes_held: 0,
        }
    }

    pub(super) fn find(&mut self, code: SourceCode, place: impl Into<String>, detail: impl Into<String>) {
        self.findings.push(SourceFinding::new(code, place, detail));
    }

    /// Whether memory has room for another item of that many bytes. If not, that is said once, and
    /// the item counts as unreadable.
    pub(super) fn has_room(&mut self, bytes: usize) -> bool {
        let count = self.attributes.len() + self.files.len() + self.histograms.len() + self.facts.len();
        let was_over = self.bytes_held > MOST_BYTES_HELD;
        self.bytes_held = self.bytes_held.saturating_add(bytes);
        if self.bytes_held <= MOST_BYTES_HELD && count < MOST_HELD {
            return true;
        }
        self.found.unreadable += 1;
        if !was_over {
            self.bytes_held = self.bytes_held.max(MOST_BYTES_HELD + 1);
            let detail = "attributes, console and histograms come to more than is held in memory; the rest of them is not read, and numbers are";
            self.find(SourceCode::Unsupported, self.id.clone(), detail);
        }
        false
    }

    /// Sets a single value; the last one counts.
    pub(super) fn assign(&mut self, path: &str, value: Attribute) {
        let bytes = match &value {
            Attribute::Text(text) => text.len(),
            _ => 16,
        };
        if self.has_room(path.len() + bytes) && self.attributes.insert(path.to_owned(), value).is_some() {
            self.found.replaced += 1;
        }
    }

    /// Adds to a set, or takes away.
    pub(super) fn modify_set(&mut self, path: &str, text: String, adds: bool) {
        if !self.has_room(text.len()) {
            return;
        }
        let set = self.attributes.entry(path.to_owned()).or_insert_with(|| Attribute::Set(BTreeSet::new()));
        if !matches!(set, Attribute::Set(_)) {
            self.found.replaced += 1;
            *set = Attribute::Set(BTreeSet::new());
        }
        let Attribute::Set(set) = set else { return };
        if adds {
            set.insert(text);
        } else {
            set.remove(&text);
        }
    }

    /// Adds what was printed.
    pub(super) fn print(&mut self, stream: &'static str, time_ns: Option<i64>, text: &str) {
        if self.has_room(text.len()) {
            self.console.push(ConsolePiece { stream, time_ns, text: text.to_owned() });
        }
    }

    /// Ends each piece of what was printed, unless ends of lines are among the pieces: the 3.x client
    /// logs a line for each value, and the 1.x client what was written at once.
    pub(super) fn end_lines(&mut self) {
        for stream in ["stdout", "stderr"] {
            let is_own = |piece: &&mut ConsolePiece| piece.stream == stream;
            if !self.console.iter_mut().filter(is_own).any(|piece| piece.text.contains('\n')) {
                self.console.iter_mut().filter(is_own).for_each(|piece| piece.text.push('\n'));
            }
        }
    }

    pub(super) fn see(&mut self, time_ms: Option<i64>) {
        self.last_ms = self.last_ms.max(time_ms);
    }

    /// A text attribute that is not empty.
    pub fn text(&self, path: &str) -> Option<&str> {
        match self.attributes.get(path) {
            Some(Attribute::Text(text)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The name: that of the run, or else that of its experiment.
    pub fn name(&self) -> Option<&str> {
        self.text("sys/name").or(self.experiment.as_deref())
    }
}
