//! Writes the journal of a run: lines that are appended as the run is told something, so that a run
//! whose process was killed is not lost (`expbundle_trackers::journal` has the form).
//!
//! What a call told is handed to the system by one write before the call returns. A process that is
//! killed takes none of that with it; a power cut may take what the system had not written yet.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use expbundle_convert::scrub::Scrubber;
use expbundle_format::sections::{self, JsonSection as _, SourceSection};
use expbundle_series::Point;
use expbundle_trackers::journal::{HEADER, MOST_LINE_BYTES, PointKind, VERSION};
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::{JournalError, RunError};

/// Points that are held back are written once there are so many bytes, and so is the line of a
/// moment.
const MOST_HELD_BYTES: usize = 64 << 10;

/// Of which kind points are, their step and time.
type Moment = (PointKind, Option<i64>, Option<i64>);

/// What has a secret in it, the place and the kind.
type Secret = (String, String, &'static str);

#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    path: PathBuf,
    /// What the next write has.
    lines: Vec<u8>,
    /// The moment whose line is still open.
    open: Option<Moment>,
    /// Names of metrics as JSON without secrets, and those of system metrics.
    keys: [HashMap<String, Vec<u8>>; 2],
    /// Secrets of the open line.
    found: Vec<Secret>,
    allowed: Vec<String>,
    /// Whether points wait for others that are told with them.
    pub is_held: bool,
    has_description: bool,
    /// Whether the file ends within a line, which is lost.
    is_torn: bool,
}

impl Journal {
    /// Begins a file, which must not be there.
    pub fn create(path: &Path) -> Result<Self, RunError> {
        let made = OpenOptions::new().append(true).create_new(true).open(path);
        let mut journal = Self::of(made.map_err(|error| wrong(path, error))?, path)?;
        journal.line(&json!({ HEADER: VERSION })).map_err(|error| wrong(path, error))?;
        Ok(journal)
    }

    /// Goes on with a file that is there.
    pub fn append(path: &Path) -> Result<Self, RunError> {
        let opened = OpenOptions::new().append(true).open(path);
        Self::of(opened.map_err(|error| wrong(path, error))?, path)
    }

    fn of(file: File, path: &Path) -> Result<Self, RunError> {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                return Err(RunError::Journal { path: path.to_owned(), why: JournalError::Busy });
            }
            // Some file systems of clusters have no locks; a file is made by one process all the same.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        Ok(Self {
            file,
            path: path.to_owned(),
            lines: Vec::new(),
            open: None,
            keys: Default::default(),
            found: Vec::new(),
            allowed: Vec::new(),
            is_held: false,
            has_description: false,
            is_torn: false,
        })
    }

    /// The file ends within a line.
    pub fn ends_torn(&mut self) {
        self.is_torn = true;
    }

    /// Secrets that are written all the same.
    pub fn allow(&mut self, allowed: &[String]) {
        self.allowed = allowed.to_vec();
        self.keys = Default::default();
    }

    pub fn wrong(&self, error: io::Error) -> RunError {
        wrong(&self.path, error)
    }

    /// Adds a point. What is held becomes long only in between.
    pub fn point(&mut self, kind: PointKind, key: &str, point: &Point<'_>) -> io::Result<()> {
        if self.lines.len() >= MOST_HELD_BYTES {
            self.write()?;
        }
        let moment = (kind, point.step, point.time_ns);
        if self.open != Some(moment) {
            self.close();
            serde_json::to_writer(&mut self.lines, &(kind.as_str(), point.step, point.time_ns))?;
            self.lines.pop();
            self.open = Some(moment);
        }
        self.key(kind, key)?;
        self.lines.push(b',');
        match (point.value, point.text) {
            (Some(value), None) if value.is_finite() => serde_json::to_writer(&mut self.lines, &value)?,
            (Some(value), None) => serde_json::to_writer(&mut self.lines, &[named(value)])?,
            (None, text) => {
                let text = self.text(kind, key, text.unwrap_or_default());
                serde_json::to_writer(&mut self.lines, &text)?;
            }
            (Some(value), Some(text)) => {
                let text = self.text(kind, key, text);
                serde_json::to_writer(&mut self.lines, &(named(value), text))?;
            }
        }
        Ok(())
    }

    /// Writes the name of a metric.
    fn key(&mut self, kind: PointKind, key: &str) -> io::Result<()> {
        self.lines.push(b',');
        let known = usize::from(kind == PointKind::Telemetry);
        if let Some(json) = self.keys.get(known).and_then(|keys| keys.get(key)) {
            self.lines.extend(json);
            return Ok(());
        }
        let mut scrubber = Scrubber::new(&self.allowed);
        let clean = scrubber.text(section(kind), key);
        self.found.extend(found(section(kind), &scrubber));
        let json = serde_json::to_vec(&clean)?;
        self.lines.extend(&json);
        if let Some(keys) = self.keys.get_mut(known) {
            keys.insert(key.to_owned(), json);
        }
        Ok(())
    }

    /// A text without secrets.
    fn text(&mut self, kind: PointKind, key: &str, text: &str) -> String {
        let mut scrubber = Scrubber::new(&self.allowed);
        let clean = scrubber.setting(&format!("{}/{key}", section(kind)), key, text);
        self.found.extend(found(section(kind), &scrubber));
        clean
    }

    /// Puts a value in the place of all that a name has. Secrets are markers in it. `place` is the
    /// section that it is going to be part of.
    pub fn set(&mut self, name: &str, place: &str, mut value: Value) -> io::Result<()> {
        self.close();
        let found = self.clean(name, place, &mut value);
        self.line(&("set", name, value))?;
        self.found = found;
        self.close();
        self.has_description = true;
        Ok(())
    }

    /// Adds to the value of a name, unless there is a secret in it.
    pub fn add(&mut self, name: &str, place: &str, mut value: Value) -> io::Result<bool> {
        let is_clean = self.clean(name, place, &mut value).is_empty();
        if is_clean {
            self.close();
            self.line(&("add", name, value))?;
        }
        Ok(is_clean)
    }

    /// A section that is not JSON, or the listing of a folder. One with a secret is left out.
    pub fn bytes(&mut self, name: &str, bytes: &[u8], secrets: Vec<(String, &'static str)>) -> io::Result<()> {
        self.close();
        if secrets.is_empty() {
            self.line(&("bytes", name, STANDARD.encode(bytes)))?;
        }
        self.found = secrets.into_iter().map(|(place, kind)| (name.to_owned(), place, kind)).collect();
        self.close();
        self.has_description = true;
        Ok(())
    }

    fn clean(&self, name: &str, place: &str, value: &mut Value) -> Vec<Secret> {
        let mut scrubber = Scrubber::new(&self.allowed);
        // It has kinds of secrets for names, and counts.
        let account = value.get_mut("account").filter(|_| name == SourceSection::NAME).map(Value::take);
        scrubber.value(place, value);
        if let Some((member, account)) = value.get_mut("account").zip(account) {
            *member = account;
        }
        found(name, &scrubber)
    }

    /// Ends the line of a moment, and says which secrets are not in it.
    fn close(&mut self) {
        if self.open.take().is_some() {
            self.lines.extend(b"]\n");
        }
        for (name, place, kind) in std::mem::take(&mut self.found) {
            let line = serde_json::to_vec(&("redacted", name, place, kind)).expect("texts are JSON");
            self.lines.extend(line);
            self.lines.push(b'\n');
        }
    }

    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        let start = self.lines.len();
        serde_json::to_writer(&mut self.lines, line)?;
        self.lines.push(b'\n');
        if (self.lines.len() - start) as u64 >= MOST_LINE_BYTES {
            self.lines.truncate(start);
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(())
    }

    /// Hands the lines to the system, a description to the disk. What cannot be written is forgotten
    /// here.
    pub fn write(&mut self) -> io::Result<()> {
        self.close();
        if self.lines.is_empty() {
            return Ok(());
        }
        if self.is_torn {
            self.lines.insert(0, b'\n');
        }
        let written = self.file.write_all(&self.lines);
        self.is_torn = written.is_err();
        self.lines.clear();
        written?;
        if std::mem::take(&mut self.has_description) { self.file.sync_data() } else { Ok(()) }
    }
}

/// A number, or the name of one that JSON has no digits for.
fn named(value: f64) -> Value {
    expbundle_format::number::Number(value).into()
}

fn found(name: &str, scrubber: &Scrubber) -> Vec<Secret> {
    scrubber.places().into_iter().map(|(place, kind)| (name.to_owned(), place, kind)).collect()
}

fn section(kind: PointKind) -> &'static str {
    if kind == PointKind::Telemetry { sections::TELEMETRY } else { sections::METRICS }
}

fn wrong(path: &Path, error: io::Error) -> RunError {
    let why = match error.kind() {
        io::ErrorKind::AlreadyExists => JournalError::Exists,
        // One of ours: the system's own has a number.
        io::ErrorKind::FileTooLarge if error.raw_os_error().is_none() => JournalError::TooLong,
        _ => JournalError::Io(error),
    };
    RunError::Journal { path: path.to_owned(), why }
}
