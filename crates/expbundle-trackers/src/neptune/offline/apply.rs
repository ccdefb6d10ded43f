//! What operations do to a run.

use std::collections::HashMap;

use camino::Utf8PathBuf;

use super::super::item::{At, Attribute, Points, stream_of};
use super::super::run::Run;
use super::log::Place;
use super::operation::{Frequent, Operation};
use crate::finding::SourceCode;
use crate::wandb::{Value, nanoseconds};

/// A run on which operations are applied.
pub(super) struct Applied<'p> {
    pub run: Run,
    /// The folder of uploads.
    pub uploads: Utf8PathBuf,
    cleared: HashMap<String, Place>,
    points: &'p mut dyn Points,
    path: String,
    last_version: Option<u64>,
    /// Operations that are not here: how many, and the first of them.
    gaps: (u64, u64),
    pub written: u64,
}

impl<'p> Applied<'p> {
    pub fn new(run: Run, uploads: Utf8PathBuf, cleared: HashMap<String, Place>, points: &'p mut dyn Points) -> Self {
        Self { run, uploads, cleared, points, path: String::new(), last_version: None, gaps: (0, 0), written: 0 }
    }

    /// The run, with what was found about its operations as a whole.
    pub fn finish(mut self) -> Run {
        let (count, first) = self.gaps;
        if count > 0 {
            let detail = format!("{count} operations are not here, from version {first} on: they were sent, or lost");
            self.run.find(SourceCode::Missing, "data-*.log", detail);
        }
        self.run
    }

    fn see(&mut self, version: Option<u64>, at: Option<f64>) {
        self.run.see(at.and_then(nanoseconds).map(|time| time / 1_000_000));
        let Some(version) = version else { return };
        let expected = self.last_version.map_or(1, |last| last.saturating_add(1));
        if version > expected {
            if self.gaps.0 == 0 {
                self.gaps.1 = expected;
            }
            self.gaps.0 = self.gaps.0.saturating_add(version - expected);
        }
        self.last_version = self.last_version.max(Some(version));
    }

    /// Whether the values of a place were cleared or deleted later.
    pub fn is_cleared(&self, path: &str, place: Place) -> bool {
        !self.cleared.is_empty() && self.cleared.get(path).is_some_and(|cleared| *cleared > place)
    }

    /// Numbers, which are most of the log.
    pub fn floats(&mut self, line: &Frequent<'_>, place: Place) {
        self.see(Some(line.version), line.at);
        let mut path = std::mem::take(&mut self.path);
        path.clear();
        for (index, part) in line.obj.path.iter().enumerate() {
            if index > 0 {
                path.push('/');
            }
            path.push_str(part);
        }
        let count = line.obj.values.len() as u64;
        if self.is_cleared(&path, place) {
            self.run.found.cleared += count;
        } else {
            for value in &line.obj.values {
                let at = At { step: value.step, time_ns: value.ts.and_then(nanoseconds), preview: None };
                self.points.number(&path, at, value.value);
            }
            self.run.found.values += count;
        }
        self.path = path;
    }

    /// Any operation. `false` if its members are not those of its kind.
    pub fn operation(&mut self, operation: &Operation, place: Place) -> bool {
        self.see(operation.version, operation.at);
        let path = operation.path.as_str();
        let value = operation.object.get("value");
        match operation.kind.as_str() {
            "AssignFloat" | "AssignInt" | "AssignBool" | "AssignString" | "AssignDatetime" => {
                let is_time = operation.kind == "AssignDatetime";
                let Some(value) = value.and_then(|value| attribute(value, is_time)) else { return false };
                self.run.assign(path, value);
            }
            "LogFloats" | "LogStrings" => return self.values(operation, place),
            "LogImages" => return self.images(operation, place),
            "AddStrings" | "RemoveStrings" => {
                for text in operation.list("values").iter().filter_map(Value::as_str) {
                    self.run.modify_set(path, text.to_owned(), operation.kind == "AddStrings");
                }
            }
            "ClearStringSet" | "DeleteAttribute" | "ClearArtifact" => self.delete(path),
            // The series were cleared before they were read.
            "ClearFloatLog" | "ClearStringLog" | "ClearImageLog" => {}
            "UploadFile" => self.upload(operation),
            "UploadFileContent" => return self.content(operation),
            "UploadFileSet" => self.file_set(operation),
            "TrackFilesToArtifact" => self.track(operation),
            // Limits and unit of a series, hashes of artifacts, and what a later version has.
            _ => self.keep(operation),
        }
        true
    }

    /// Keeps an operation as it is.
    pub fn keep(&mut self, operation: &Operation) {
        if self.run.has_room(operation.path.len() + 256) {
            let name = format!("{} {}", operation.kind, operation.path);
            self.run.facts.push((name, operation.object.clone()));
        }
    }

    fn values(&mut self, operation: &Operation, place: Place) -> bool {
        let (path, values) = (operation.path.as_str(), operation.list("values"));
        if self.is_cleared(path, place) {
            self.run.found.cleared += values.len() as u64;
            return true;
        }
        for one in values {
            let at = at(one);
            match one.get("value") {
                Some(Value::Text(text)) if operation.kind == "LogStrings" => {
                    if let Some(stream) = stream_of(path) {
                        self.run.print(stream, at.time_ns, text);
                    } else {
                        self.points.text(path, at, text);
                        self.run.found.values += 1;
                    }
                }
                Some(value) if value.as_f64().is_some() => {
                    self.points.number(path, at, value.as_f64().unwrap_or_default());
                    self.run.found.values += 1;
                }
                _ => self.broken(path),
            }
        }
        true
    }

    /// Counts a value that is not of the kind of its series.
    pub fn broken(&mut self, path: &str) {
        self.run.found.unreadable += 1;
        self.run.find(SourceCode::Damaged, path, "a value of the series is not of its kind, and was not read");
    }

    /// Deletes what a path has; values of its series were cleared before they were read.
    pub fn delete(&mut self, path: &str) {
        let files = self.run.files.len();
        self.run.files.retain(|file| file.path != path);
        self.run.found.replaced += (files - self.run.files.len()) as u64;
        self.run.found.replaced += u64::from(self.run.attributes.remove(path).is_some());
    }
}

pub(super) fn at(value: &Value) -> At {
    let number = |name: &str| value.get(name).and_then(Value::as_f64);
    let step = number("step").filter(|step| step.is_finite());
    At { step, time_ns: number("ts").and_then(nanoseconds), preview: None }
}

fn attribute(value: &Value, is_time: bool) -> Option<Attribute> {
    Some(match value {
        Value::Integer(digits) if is_time => Attribute::Time(digits.parse().ok()?),
        Value::Integer(digits) => Attribute::Integer(digits.clone()),
        Value::Float(value) if !is_time => Attribute::Float(*value),
        Value::Bool(value) => Attribute::Bool(*value),
        Value::Text(text) => Attribute::Text(text.clone()),
        _ => return None,
    })
}
