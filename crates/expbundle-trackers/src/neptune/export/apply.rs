//! What the rows of an export say of a run.

use std::collections::BTreeSet;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use super::super::item::{At, Attribute, FileKind, FileRef, Fork, Histogram, Points, stream_of};
use super::super::run::Run;
use super::row::Row;
use crate::finding::SourceCode;
use crate::walk::files;

/// A run that is made of rows.
pub(super) struct Applied<'p> {
    pub run: Run,
    /// The folder of the project's files, if it is here.
    files: Option<Utf8PathBuf>,
    points: &'p mut dyn Points,
    has_id: bool,
    /// Types that are not known.
    unknown: BTreeSet<String>,
}

impl<'p> Applied<'p> {
    pub fn new(run: Run, files: Option<Utf8PathBuf>, points: &'p mut dyn Points) -> Self {
        Self { run, files, points, has_id: false, unknown: BTreeSet::new() }
    }

    /// The run with what its attributes say of it as a whole.
    pub fn finish(mut self) -> Run {
        let run = &mut self.run;
        run.end_lines();
        if !self.unknown.is_empty() {
            let names: Vec<&str> = self.unknown.iter().map(String::as_str).collect();
            let detail = format!("rows of unknown types were not read: {}", names.join(", "));
            run.find(SourceCode::Unsupported, "attribute_type", detail);
        }
        if let Some(Attribute::Time(time)) = run.attributes.get("sys/creation_time") {
            run.created_ms = Some(*time);
        }
        run.experiment = run.text("sys/experiment/name").map(str::to_owned);
        if let Some(parent) = run.text("sys/forking/parent").map(str::to_owned) {
            let step = match run.attributes.get("sys/forking/step") {
                Some(Attribute::Integer(digits)) => digits.parse().ok(),
                Some(Attribute::Float(step)) => Some(*step),
                _ => None,
            };
            run.fork = Some(Fork { project: None, run: parent, step });
        }
        self.run
    }

    /// Takes a row.
    pub fn row(&mut self, row: &Row) {
        if !self.has_id
            && let Some(id) = &row.run
        {
            self.has_id = true;
            id.clone_into(&mut self.run.id);
            self.run.project.clone_from(&row.project);
        }
        if !self.value(row) {
            self.run.found.unreadable += 1;
        }
    }

    fn value(&mut self, row: &Row) -> bool {
        let (Some(path), Some(kind)) = (row.path.as_deref(), row.kind.as_deref()) else { return false };
        let at =
            At { step: row.step, time_ns: row.time_ms.and_then(|time| time.checked_mul(1_000_000)), preview: None };
        match (kind, row) {
            ("float", Row { float: Some(value), .. }) => self.run.assign(path, Attribute::Float(*value)),
            ("int", Row { integer: Some(value), .. }) => self.run.assign(path, Attribute::Integer(value.to_string())),
            ("bool", Row { boolean: Some(value), .. }) => self.run.assign(path, Attribute::Bool(*value)),
            ("string", Row { text: Some(text), .. }) => self.run.assign(path, Attribute::Text(text.clone())),
            ("datetime", Row { date_ms: Some(time), .. }) => self.run.assign(path, Attribute::Time(*time)),
            ("string_set", Row { set: Some(set), .. }) => {
                self.run.assign(path, Attribute::Set(set.iter().cloned().collect()));
            }
            ("float_series", Row { float, .. }) => {
                // A point without a value has its time at least.
                match float {
                    Some(value) => self.points.number(path, at, *value),
                    None => self.points.text(path, at, ""),
                }
                self.run.found.values += 1;
            }
            ("string_series", Row { text, .. }) => {
                let text = text.as_deref().unwrap_or_default();
                if let Some(stream) = stream_of(path) {
                    self.run.print(stream, at.time_ns, text);
                } else {
                    self.points.text(path, at, text);
                    self.run.found.values += 1;
                }
            }
            ("histogram_series", Row { histogram: Some((kind, edges, values)), .. }) => {
                if self.run.has_room(8 * (edges.len() + values.len()) + path.len()) {
                    let (path, kind) = (path.to_owned(), kind.clone());
                    let (edges, values) = (edges.clone(), values.clone());
                    self.run.histograms.push(Histogram { path, at, kind, edges, values });
                }
            }
            ("file" | "file_series" | "artifact" | "file_set", row) => self.file(path, kind, at, row.file.as_deref()),
            ("float" | "int" | "bool" | "string" | "datetime" | "string_set" | "histogram_series", _) => {
                self.run.find(SourceCode::Damaged, path, "the row has no value of its type");
                return false;
            }
            (other, _) => {
                if self.unknown.len() < 100 {
                    self.unknown.insert(other.to_owned());
                }
                return false;
            }
        }
        true
    }

    fn file(&mut self, path: &str, kind: &str, at: At, inner: Option<&str>) {
        let kind = match kind {
            "file_series" => FileKind::Series,
            "artifact" => FileKind::Artifact,
            "file_set" => FileKind::Set,
            _ => FileKind::File,
        };
        let mut file = FileRef { at, ..FileRef::new(path, kind) };
        let Some(inner) = inner else {
            self.add(file);
            return;
        };
        inner.clone_into(&mut file.name);
        if !Utf8Path::new(inner).components().all(|part| matches!(part, Utf8Component::Normal(_))) {
            self.run.find(
                SourceCode::Outside,
                path,
                "the path of the file leads out of the folder of files; it was not read",
            );
            self.add(file);
            return;
        }
        let Some(on_disk) = self.files.as_ref().and_then(|files| within(files, inner)) else {
            self.add(file);
            return;
        };
        if on_disk.is_dir() {
            let mut findings = Vec::new();
            for one in files(&on_disk, &[], &mut findings) {
                let name = format!("{inner}/{}", one.path);
                self.add(FileRef { name, on_disk: Some(one.on_disk), at, ..FileRef::new(path, kind) });
            }
            self.run.findings.extend(findings);
        } else {
            file.on_disk = Some(on_disk);
            self.add(file);
        }
    }

    fn add(&mut self, file: FileRef) {
        if self.run.has_room(file.path.len() + file.name.len()) {
            self.run.files.push(file);
        }
    }
}

/// The file or folder of a plain path, if no link leads out of the folder.
fn within(folder: &Utf8Path, inner: &str) -> Option<Utf8PathBuf> {
    let folder = folder.canonicalize_utf8().ok()?;
    let path = folder.join(inner).canonicalize_utf8().ok()?;
    let is_read = std::fs::metadata(&path).is_ok_and(|metadata| metadata.is_file() || metadata.is_dir());
    (is_read && path.starts_with(&folder)).then_some(path)
}
