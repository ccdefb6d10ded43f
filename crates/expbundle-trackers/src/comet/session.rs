//! One experiment: what was written at its end, its messages and its files.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

use super::messages::{MESSAGES, Messages};
use super::metric::Points;
use super::source::SessionError;
use crate::archive::{ArchiveError, Listed, Unpacked, lists, unpack_some};
use crate::finding::{SourceCode, SourceFinding};
use crate::text::read_text;
use crate::walk::{SourceFile, files};
use crate::wandb::Value;

/// Written at a clean end, and then only.
pub(super) const EXPERIMENT: &str = "experiment.json";

/// An experiment.
#[derive(Debug)]
pub struct Session {
    /// What was written at its end: an object, or null.
    pub experiment: Value,
    /// What it logged, but for its points.
    pub messages: Messages,
    /// Its files but for the two that are read, in the order of their paths.
    pub files: Vec<SourceFile>,
    /// What could not be read.
    pub findings: Vec<SourceFinding>,
    /// The files of an archive lie here until the session is dropped.
    unpacked: Option<Unpacked>,
    /// Of the session.
    path: Utf8PathBuf,
}

impl Session {
    pub(super) fn read(
        path: &Utf8Path,
        wanted: impl Fn(&str) -> bool,
        points: &mut dyn Points,
        progress: &dyn Fn(u64),
    ) -> Result<Self, SessionError> {
        let broken = |source: ArchiveError| SessionError::Archive { path: path.to_owned(), source: source.into() };
        let unpacked = if path.is_dir() {
            None
        } else if lists(path, &[]) == Some(Listed::Empty) {
            return Err(SessionError::Empty);
        } else {
            Some(unpack_some(path, wanted).map_err(broken)?)
        };
        let root = unpacked.as_ref().and_then(Unpacked::folder).unwrap_or(path);
        let mut findings = unpacked.as_ref().map(|unpacked| unpacked.findings.clone()).unwrap_or_default();
        let experiment = experiment(root).unwrap_or_else(|| {
            findings.push(no_end(root));
            Value::Null
        });
        let messages = Messages::read(root, points, progress, &mut findings);
        let files = files(root, &[EXPERIMENT, MESSAGES], &mut findings);
        let session = Self { experiment, messages, files, findings, unpacked, path: path.to_owned() };
        session.check_unpacked()?;
        Ok(session)
    }

    /// Whether everything that was unpacked is still there. Called after the files were read.
    pub fn check_unpacked(&self) -> Result<(), SessionError> {
        let check = self.unpacked.as_ref().map_or(Ok(()), Unpacked::check);
        check.map_err(|source| SessionError::Read { path: self.path.clone(), source })
    }

    /// The file of that path.
    pub fn file(&self, path: &str) -> Option<&SourceFile> {
        let found = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        self.files.get(found)
    }

    /// A text member of what was written at the end, if it is not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.experiment.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// When it started, in milliseconds since 1970.
    pub fn start_ms(&self) -> Option<i64> {
        self.experiment.get("start_time").and_then(Value::as_i64)
    }

    /// Whether it continues an earlier run of its id.
    pub fn continues(&self) -> bool {
        self.text("resume_strategy") == Some("get")
    }

    /// Whether it may continue one.
    pub fn may_continue(&self) -> bool {
        self.text("resume_strategy").is_some_and(|strategy| strategy != "create")
    }

    /// The patch in the archive that the SDK uploads for it.
    pub fn patch(&self, file: &SourceFile) -> Result<String, SourceFinding> {
        let wrong = |detail: String| SourceFinding::new(SourceCode::Unreadable, file.path.as_str(), detail);
        let unpacked = unpack_some(&file.on_disk, |name| Utf8Path::new(name).extension() == Some("patch"))
            .map_err(|error| wrong(error.to_string()))?;
        let folder = unpacked.folder().ok_or_else(|| wrong("it was not unpacked".to_owned()))?;
        let patch = files(folder, &[], &mut Vec::new()).into_iter().next();
        let patch = patch.ok_or_else(|| wrong("the archive has no patch".to_owned()))?;
        let text = read_text(&patch.on_disk).map_err(|error| wrong(error.to_string()))?;
        text.ok_or_else(|| wrong("the archive has no patch".to_owned()))
    }
}

/// What was written at the end; `None` if it was not, or is broken.
pub(super) fn experiment(root: &Utf8Path) -> Option<Value> {
    let text = read_text(&root.join(EXPERIMENT)).ok()??;
    Value::parse(&text).filter(|value| matches!(value, Value::Object(_)))
}

fn no_end(root: &Utf8Path) -> SourceFinding {
    if fs::symlink_metadata(root.join(EXPERIMENT)).is_ok() {
        return SourceFinding::new(SourceCode::Damaged, EXPERIMENT, "not a JSON object");
    }
    let detail = "the run did not come to a clean end: project, tags, start and end are not recorded";
    SourceFinding::new(SourceCode::Truncated, EXPERIMENT, detail)
}
