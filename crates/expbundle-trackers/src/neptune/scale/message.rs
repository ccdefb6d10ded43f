//! Messages of the rows: protobuf of `neptune.ingest.v1`.

use std::collections::HashMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Map, Value as Json};

use super::super::item::{At, Attribute, FileKind, FileRef, Fork, Histogram, Points, stream_of};
use super::super::run::Run;
use super::super::source::is_file;
use super::decode::{doubles, entry, integers, milliseconds, nanoseconds, only, preview, step};
use crate::finding::SourceCode;
use crate::protobuf::{Content, Fields};
use crate::wandb::Value;

/// Types of rows.
const UPDATE: i64 = 0;
const CREATE: i64 = 1;

/// A file that is to be uploaded.
struct Upload {
    on_disk: Option<Utf8PathBuf>,
    address: Option<String>,
    name: String,
}

/// A run to which the changes of rows are applied.
pub(super) struct Snapshots<'a, 'p> {
    pub run: &'a mut Run,
    points: &'p mut dyn Points,
    /// By destination.
    uploads: HashMap<String, Upload>,
    /// Rows that cannot be read as a whole: how many, and the first of them.
    broken: (u64, i64),
}

impl<'a, 'p> Snapshots<'a, 'p> {
    pub fn new(run: &'a mut Run, points: &'p mut dyn Points, folder: &Utf8Path, uploads: &[Map<String, Json>]) -> Self {
        let upload = |row: &Map<String, Json>| {
            let source = row.get("source_path")?.as_str()?;
            let name = source.rsplit(['/', '\\']).next().unwrap_or(source).to_owned();
            // The client wrote temporary ones beside the database.
            let is_own = row.get("is_temporary").and_then(Json::as_i64) == Some(1);
            let on_disk = Some(folder.join(&name)).filter(|path| is_own && name != ".." && is_file(path));
            let address = Some(source.to_owned()).filter(|_| on_disk.is_none());
            Some((row.get("destination")?.as_str()?.to_owned(), Upload { on_disk, address, name }))
        };
        let uploads = uploads.iter().filter_map(upload).collect();
        Self { run, points, uploads, broken: (0, 0) }
    }

    /// Says what could not be read.
    pub fn finish(self) {
        let (count, first) = self.broken;
        if count > 0 {
            let detail = format!("{count} rows are partly unreadable; everything before the damage was kept");
            self.run.find(SourceCode::Damaged, format!("run_operations {first}"), detail);
        }
        // Uploads that no value names.
        let mut left: Vec<(String, Upload)> = self.uploads.into_iter().collect();
        left.sort_by(|a, b| a.0.cmp(&b.0));
        for (destination, upload) in left {
            let mut file = FileRef::new(&destination, FileKind::File);
            (file.on_disk, file.address, file.name) = (upload.on_disk, upload.address, upload.name);
            self.run.files.push(file);
        }
    }

    fn broken(&mut self, row: i64) {
        if self.broken.0 == 0 {
            self.broken.1 = row;
        }
        self.broken.0 += 1;
        self.run.found.unreadable += 1;
    }

    /// Applies a row.
    pub fn row(&mut self, row: i64, time_ms: Option<i64>, kind: Option<i64>, message: &[u8]) {
        self.run.see(time_ms);
        let is_whole = match kind {
            Some(UPDATE) => self.update(message),
            Some(CREATE) => self.create(message),
            _ => {
                let kind = kind.unwrap_or_default();
                let detail = format!("a row of the unknown type {kind}; it was not read");
                self.run.find(SourceCode::Unsupported, format!("run_operations {row}"), detail);
                self.run.found.unreadable += 1;
                return;
            }
        };
        if !is_whole {
            self.broken(row);
        }
    }

    /// `Run`.
    fn create(&mut self, message: &[u8]) -> bool {
        let mut fields = Fields::new(message);
        let mut is_whole = true;
        for field in fields.by_ref() {
            match field.number {
                1 => self.run.id = field.content.text(),
                2 => is_whole &= self.fork(field.content.bytes()),
                3 => self.run.created_ms = milliseconds(field.content.bytes()),
                4 => self.fact("family", Value::Text(field.content.text())),
                5 => self.run.experiment = Some(field.content.text()),
                9 => self.fact("inherit_configs", Value::Bool(field.content.number() != 0)),
                // Owner, request and the service's own marks.
                number => self.unknown(&format!("Run field {number}"), field.content),
            }
        }
        is_whole && !fields.broken
    }

    /// A field of which only the number is known. Bytes that are not UTF-8 are left out, and counted.
    fn unknown(&mut self, name: &str, content: Content<'_>) {
        let value = match content {
            Content::Varint(number) | Content::Fixed64(number) => Value::Integer(number.to_string()),
            Content::Fixed32(number) => Value::Integer(number.to_string()),
            Content::Bytes(bytes) => {
                let Ok(text) = std::str::from_utf8(bytes) else {
                    let detail = format!("{} bytes of unknown meaning; they were not kept", bytes.len());
                    self.run.find(SourceCode::Unsupported, name, detail);
                    self.run.found.unreadable += 1;
                    return;
                };
                Value::Text(text.to_owned())
            }
        };
        self.fact(name, value);
    }

    fn fact(&mut self, name: &str, value: Value) {
        if self.run.has_room(name.len() + 256) {
            self.run.facts.push((name.to_owned(), value));
        }
    }

    fn fork(&mut self, message: &[u8]) -> bool {
        let (mut fork, mut fields) = (Fork::default(), Fields::new(message));
        for field in fields.by_ref() {
            match field.number {
                1 => fork.project = Some(field.content.text()).filter(|project| !project.is_empty()),
                2 => fork.run = field.content.text(),
                4 => fork.step = step(field.content.bytes()),
                _ => {}
            }
        }
        self.run.fork = Some(fork);
        !fields.broken
    }

    /// `UpdateRunSnapshot`. When the values were logged is read first, wherever it stands.
    fn update(&mut self, message: &[u8]) -> bool {
        let mut at = At::default();
        let mut fields = Fields::new(message);
        for field in fields.by_ref() {
            match field.number {
                1 => at.step = step(field.content.bytes()),
                2 => at.time_ns = nanoseconds(field.content.bytes()),
                10 => at.preview = preview(field.content.bytes()),
                _ => {}
            }
        }
        let mut is_whole = !fields.broken;
        for field in Fields::new(message) {
            let entry = || entry(field.content.bytes());
            is_whole &= match field.number {
                4 => entry().is_some_and(|(path, value)| self.assign(path, value)),
                5 => entry().is_some_and(|(path, value)| self.modify(path, value)),
                8 => entry().is_some_and(|(path, value)| self.append(path, at, value)),
                _ => true,
            };
        }
        is_whole
    }

    fn assign(&mut self, path: &str, value: &[u8]) -> bool {
        let Some((number, content)) = only(value) else { return false };
        let value = match (number, content) {
            (1, Content::Fixed64(bits)) => Attribute::Float(f64::from_bits(bits)),
            (3, content) => Attribute::Integer(content.signed().to_string()),
            (5, content) => Attribute::Bool(content.number() != 0),
            (6, content) => Attribute::Text(content.text()),
            (8, content) => match milliseconds(content.bytes()) {
                Some(time) => Attribute::Time(time),
                None => return false,
            },
            (12, content) => Attribute::Set(Fields::new(content.bytes()).map(|field| field.content.text()).collect()),
            (13, content) => {
                let before = self.run.files.len();
                self.run.files.retain(|file| file.path != path);
                self.run.found.replaced += (before - self.run.files.len()) as u64;
                return self.file(path, FileKind::File, At::default(), content.bytes());
            }
            _ => return false,
        };
        self.run.assign(path, value);
        true
    }

    fn modify(&mut self, path: &str, value: &[u8]) -> bool {
        let mut fields = Fields::new(value);
        for strings in fields.by_ref().filter(|field| field.number == 1) {
            for change in Fields::new(strings.content.bytes()).filter(|field| field.number == 1) {
                let (mut text, mut what) = (String::new(), 0);
                for field in Fields::new(change.content.bytes()) {
                    match field.number {
                        1 => text = field.content.text(),
                        2 => what = field.content.number(),
                        _ => {}
                    }
                }
                if what == 1 || what == 2 {
                    self.run.modify_set(path, text, what == 1);
                }
            }
        }
        !fields.broken
    }

    fn append(&mut self, path: &str, at: At, value: &[u8]) -> bool {
        match only(value) {
            Some((1, Content::Fixed64(bits))) => {
                self.points.number(path, at, f64::from_bits(bits));
                self.run.found.values += 1;
            }
            Some((3, Content::Varint(_))) => {
                let value = only(value).map_or(0, |(_, content)| content.signed());
                #[expect(clippy::cast_precision_loss, reason = "series of this client are floats")]
                self.points.number(path, at, value as f64);
                self.run.found.values += 1;
            }
            Some((6, Content::Bytes(bytes))) => {
                let text = String::from_utf8_lossy(bytes);
                if let Some(stream) = stream_of(path) {
                    self.run.print(stream, at.time_ns, &text);
                } else {
                    self.points.text(path, at, &text);
                    self.run.found.values += 1;
                }
            }
            Some((13, content)) => return self.file(path, FileKind::Series, at, content.bytes()),
            Some((14, content)) => return self.histogram(path, at, content.bytes()),
            _ => return false,
        }
        true
    }

    /// `FileRef`.
    fn file(&mut self, path: &str, kind: FileKind, at: At, message: &[u8]) -> bool {
        let mut file = FileRef::new(path, kind);
        file.at = at;
        let mut destination = String::new();
        let mut fields = Fields::new(message);
        for field in fields.by_ref() {
            match field.number {
                1 => destination = field.content.text(),
                2 => file.size = u64::try_from(field.content.signed()).ok(),
                3 => file.media_type = Some(field.content.text()).filter(|kind| !kind.is_empty()),
                _ => {}
            }
        }
        match self.uploads.remove(&destination) {
            Some(upload) => {
                // The client gives temporary files random names.
                let extension = upload.name.rsplit_once('.').filter(|_| upload.on_disk.is_some());
                file.name = match extension {
                    Some((_, extension)) => format!("{}.{extension}", file.name),
                    None => upload.name,
                };
                (file.on_disk, file.address) = (upload.on_disk, upload.address);
            }
            None => destination.rsplit('/').next().unwrap_or_default().clone_into(&mut file.name),
        }
        if self.run.has_room(path.len() + file.name.len()) {
            self.run.files.push(file);
        }
        !fields.broken
    }

    fn histogram(&mut self, path: &str, at: At, message: &[u8]) -> bool {
        let mut histogram =
            Histogram { path: path.to_owned(), at, kind: "counts".to_owned(), edges: Vec::new(), values: Vec::new() };
        let mut fields = Fields::new(message);
        for field in fields.by_ref() {
            match field.number {
                1 => doubles(field.content, &mut histogram.edges),
                4 => {
                    Fields::new(field.content.bytes()).for_each(|field| integers(field.content, &mut histogram.values));
                }
                5 => {
                    "densities".clone_into(&mut histogram.kind);
                    Fields::new(field.content.bytes()).for_each(|field| doubles(field.content, &mut histogram.values));
                }
                _ => {}
            }
        }
        if self.run.has_room(8 * (histogram.edges.len() + histogram.values.len()) + path.len()) {
            self.run.histograms.push(histogram);
        }
        !fields.broken
    }
}
