//! A run: the event files of its folder in the order of their names, and those of its parts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader};

use camino::Utf8Path;

use super::event::{Event, What};
use super::hparams::{Experiment, Session};
use super::parts::Part;
use super::records::Records;
use super::sink::{Medium, Sink};
use super::source::Folder;
use super::values::Values;
use crate::finding::{SourceCode, SourceFinding};
use crate::folder;
use crate::protobuf::{Content, Fields};
use crate::series::At;
use crate::text::open_file;
use crate::wandb::{Members, Value};

/// Bytes that are read at once.
const BUFFER_BYTES: usize = 1 << 20;
/// Bytes after which the progress is told.
const PROGRESS_BYTES: u64 = 4 << 20;

/// What a run is besides its points, which went to the sink.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Event files that were read.
    pub files: u64,
    /// Version of the format, as the files begin.
    pub version: Option<String>,
    /// Programs that wrote them, where they say so.
    pub writers: BTreeSet<String>,
    /// Names of machines, from those of the files.
    pub hosts: BTreeSet<String>,
    /// The times of the first and the last record, in nanoseconds since 1970.
    pub span_ns: Option<(i64, i64)>,
    /// Whether some scalar was written as a 32-bit float.
    pub has_floats: bool,
    /// What the hyperparameter plugin has, each with the folder that it was in.
    pub experiments: Vec<(String, Experiment)>,
    /// The same for each session.
    pub sessions: Vec<(String, Session)>,
    /// Folders that were joined to the run.
    pub parts: Vec<(String, Part)>,
    /// Titles and descriptions of series.
    pub described: BTreeMap<String, (String, String)>,
    /// Items that were read, by kind.
    pub found: BTreeMap<&'static str, Found>,
    /// What could not be read.
    pub findings: Vec<SourceFinding>,
}

/// Items of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// All of them.
    pub total: u64,
    /// Those at steps from which the run was begun again later. They did not go to the sink.
    pub superseded: u64,
}

impl Run {
    pub(super) fn read(folders: &[Folder], sink: &mut (dyn Sink + '_)) -> Self {
        let mut run = Self::default();
        let mut values = Values::default();
        for one in folders {
            if let Some(part) = &one.part {
                run.parts.push((one.path.clone(), part.clone()));
            }
            let restarts = Restarts::of(one);
            values.begin(&one.path, one.part.as_ref());
            let mut reader = Reader { run: &mut run, values: &mut values, restarts, sink, folder: one };
            for (number, name) in one.files.iter().enumerate() {
                reader.file(number, name);
            }
        }
        values.finish(&mut run);
        run
    }

    /// Counts an item.
    pub(super) fn count(&mut self, kind: &'static str, is_superseded: bool) {
        let found = self.found.entry(kind).or_default();
        found.total += 1;
        found.superseded += u64::from(is_superseded);
    }

    fn spans(&mut self, first_ns: i64, last_ns: i64) {
        let (first, last) = self.span_ns.unwrap_or((first_ns, last_ns));
        self.span_ns = Some((first.min(first_ns), last.max(last_ns)));
    }
}

/// Opens an event file. What is wrong with it is left to whoever reads it.
fn records(folder: &Folder, name: &str) -> io::Result<Records<BufReader<File>>> {
    let file = open_file(&folder.on_disk.join(name))?.ok_or(io::ErrorKind::NotFound)?;
    Ok(Records::new(BufReader::with_capacity(BUFFER_BYTES, file), &folder::join(&folder.path, name)))
}

/// When the first record of a file was written.
pub(super) fn first_time_ns(path: &Utf8Path) -> Option<i64> {
    let mut records = Records::new(BufReader::new(open_file(path).ok()??), "");
    Event::read(records.next().ok()??).time_ns().filter(|time| *time != 0)
}

/// Where a run was begun again, and at which step. Values that were written before, at that step or
/// later, are superseded.
#[derive(Debug, Default)]
struct Restarts {
    /// File and record, and the smallest step of this restart and of all later ones.
    places: Vec<(usize, u64, i64)>,
    passed: usize,
}

impl Restarts {
    /// Looks through the files: what a restart supersedes comes before it.
    fn of(folder: &Folder) -> Self {
        let mut places = Vec::new();
        for (file, name) in folder.files.iter().enumerate() {
            let Ok(mut records) = records(folder, name) else { continue };
            let mut number = 0;
            while let Ok(Some(record)) = records.next() {
                places.extend(Event::read(record).restart().map(|step| (file, number, step)));
                number += 1;
            }
        }
        let mut smallest = i64::MAX;
        for (_, _, step) in places.iter_mut().rev() {
            smallest = smallest.min(*step);
            *step = smallest;
        }
        Self { places, passed: 0 }
    }

    /// The step from which on values of a record are superseded.
    fn limit(&mut self, file: usize, record: u64) -> Option<i64> {
        while self.places.get(self.passed).is_some_and(|place| (place.0, place.1) <= (file, record)) {
            self.passed += 1;
        }
        self.places.get(self.passed).map(|place| place.2)
    }
}

/// Reads the files of one folder.
struct Reader<'a, 's> {
    run: &'a mut Run,
    values: &'a mut Values,
    restarts: Restarts,
    sink: &'a mut (dyn Sink + 's),
    folder: &'a Folder,
}

impl Reader<'_, '_> {
    fn file(&mut self, number: usize, name: &str) {
        let place = folder::join(&self.folder.path, name);
        let mut records = match records(self.folder, name) {
            Ok(records) => records,
            Err(error) => {
                self.run.findings.push(SourceFinding::new(SourceCode::Unreadable, place, error.to_string()));
                return;
            }
        };
        self.run.files += 1;
        self.run.hosts.extend(host(name).map(str::to_owned));
        let (mut span, mut record_number, mut told) = (None, 0, 0);
        loop {
            let (time_ns, is_broken) = match records.next() {
                Ok(Some(record)) => {
                    let event = Event::read(record);
                    let superseded_from = self.restarts.limit(number, record_number);
                    self.event(&event, superseded_from);
                    (event.time_ns(), event.broken)
                }
                Ok(None) => break,
                Err(error) => {
                    records.find(SourceCode::Unreadable, error.to_string());
                    break;
                }
            };
            if is_broken {
                self.run.count("broken event", false);
                let at = records.offset();
                records.find(SourceCode::Damaged, format!("the event before byte {at} is broken; its start was read"));
            }
            if let Some(time_ns) = time_ns.filter(|time| *time != 0) {
                span = Some((span.map_or(time_ns, |(first, _)| first), time_ns));
            }
            record_number += 1;
            if records.offset() - told >= PROGRESS_BYTES {
                self.sink.progress(records.offset() - told);
                told = records.offset();
            }
        }
        self.sink.progress(records.offset() - told);
        if let Some((first, last)) = span {
            self.run.spans(first, last);
        }
        self.run.findings.extend(records.into_findings());
    }

    fn event(&mut self, event: &Event<'_>, superseded_from: Option<i64>) {
        let at = At { step: Some(event.step), time_ns: event.time_ns() };
        match event.what {
            What::Summary(summary) => {
                let is_superseded = superseded_from.is_some_and(|step| event.step >= step);
                for field in Fields::new(summary).filter(|field| field.number == 1) {
                    self.values.value(field.content.bytes(), at, is_superseded, self.run, self.sink);
                }
            }
            What::Version(version) => self.run.version = Some(String::from_utf8_lossy(version).into_owned()),
            What::Writer(message) => {
                let writer = Fields::new(message).find(|field| field.number == 1);
                self.run.writers.extend(writer.map(|field| field.content.text()));
            }
            What::Graph(bytes) => self.medium("graph", "graph", at, bytes),
            What::MetaGraph(bytes) => self.medium("graph", "meta graph", at, bytes),
            What::RunMetadata(message) => {
                let of = |number| Fields::new(message).find(|field| field.number == number).map(|field| field.content);
                let key = of(1).map_or_else(|| "run metadata".to_owned(), Content::text);
                self.medium("run metadata", &key, at, of(2).map_or(&[][..], |content| content.bytes()));
            }
            What::Log(message) => self.other("log message", at, message, &[(1, "level"), (2, "message")]),
            What::Session(message) => {
                self.other("session log", at, message, &[(1, "status"), (2, "checkpoint_path"), (3, "message")]);
            }
            What::Nothing => {}
        }
    }

    fn medium(&mut self, kind: &'static str, key: &str, at: At, bytes: &[u8]) {
        self.run.count(kind, false);
        let key = folder::join(&self.folder.path, key);
        self.sink.medium(Medium { kind, key: &key, at, index: 0, bytes, facts: Vec::new() });
    }

    /// A message that has no series. Its name is its number among those of its kind.
    fn other(&mut self, kind: &'static str, at: At, message: &[u8], names: &[(u32, &str)]) {
        self.run.count(kind, false);
        let number = self.run.found.get(kind).map_or(0, |found| found.total);
        let mut members = Members::default();
        let step = at.step.unwrap_or_default();
        members.insert("step".to_owned(), Value::Integer(step.to_string()));
        for field in Fields::new(message) {
            let Some((_, name)) = names.iter().find(|(known, _)| *known == field.number) else { continue };
            let value = match field.content {
                Content::Varint(number) => Value::Integer(number.to_string()),
                content => Value::Text(content.text()),
            };
            members.insert((*name).to_owned(), value);
        }
        self.sink.other(kind, &number.to_string(), Value::Object(Box::new(members)));
    }
}

/// The machine in `events.out.tfevents.<seconds>.<host>[.<process>.<number>][.suffix]`.
fn host(name: &str) -> Option<&str> {
    let (_, rest) = name.split_once("tfevents.")?;
    let (_, rest) = rest.split_once('.')?;
    let parts: Vec<&str> = rest.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    let is_address = parts.len() == 4 && parts.iter().all(is_number);
    // The last two numbers behind each other are those of the process.
    let mut pairs = parts.windows(2).skip(1);
    let pair = pairs.rposition(|pair| pair.iter().all(is_number)).filter(|_| !is_address);
    let host_parts = pair.map_or(parts.len(), |before| before + 1);
    let bytes = parts.iter().take(host_parts).map(|part| part.len() + 1).sum::<usize>();
    let host = rest.get(..bytes.saturating_sub(1))?;
    let host = host.strip_suffix(".v2").unwrap_or(host);
    Some(host).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_are_named_in_files() {
        let case = |name: &str, want: Option<&str>| assert_eq!(host(name), want, "{name}");
        case("events.out.tfevents.1795424176.ada-ws", Some("ada-ws"));
        case("events.out.tfevents.1795424176.ada-ws.1234.0", Some("ada-ws"));
        case("events.out.tfevents.1795424176.ada-ws.example.org.1234.0.v2", Some("ada-ws.example.org"));
        case("events.out.tfevents.1795424176.10.0.0.5", Some("10.0.0.5"));
        case("events.out.tfevents.1795424176.10.0.0.5.77.3", Some("10.0.0.5"));
        case("events.out.tfevents.1795424176", None);
        case("tfevents", None);
    }
}
