//! `run.json`, walked through: each point of a series takes six lines there, and more with
//! MLflow 3.

use std::fs::File;
use std::io::{BufReader, Read};

use camino::Utf8Path;
use serde_json::{Map, Value};

use super::point::{Written, WrittenPoint};
use super::{NOT_AN_EXPORT, rest, take_integer, take_text, text};
use crate::finding::{SourceCode, SourceFinding};
use crate::json_walk::{ValueError, Walk, WalkError};
use crate::mlflow::files::Root;
use crate::mlflow::run::{Listed, Metric, Point, Run, RunInfo, Status};
use crate::text::skip_mark;

/// Reads `run.json` of a folder. If it is cut or damaged, what came before is kept.
pub(super) fn read(root: &Root, folder: &Utf8Path) -> Run {
    let path = folder.join("run.json");
    let place = root.relative(&path);
    let mut reading = Reading::default();
    match root.open(&path) {
        Ok(file) => {
            let mut walk = Walk::new(unmarked(file));
            let result = reading.document(&mut walk).and_then(|()| walk.end());
            reading.run.findings.extend(result.err().map(|error| damage(&place, &error)));
        }
        Err(error) => reading.run.findings.push(error.finding(&place)),
    }
    let Reading { mut run, points_of_models, plain, .. } = reading;
    if !plain.is_empty() {
        run.info.extra.insert("metrics without time".to_owned(), Value::Object(plain));
    }
    if points_of_models > 0 {
        let detail = format!("{points_of_models} points name a logged model, which exports leave out");
        run.findings.push(SourceFinding::new(SourceCode::Loss, place, detail));
    }
    run.metrics.sort_by(|a, b| a.key.cmp(&b.key));
    run.found.duplicate_points = run.metrics.iter().map(|metric| metric.duplicates).sum();
    if run.info.name.is_none() {
        run.info.name = run.tags.get("mlflow.runName").filter(|name| !name.is_empty()).cloned();
    }
    run
}

/// A file without the mark of its encoding; what is wrong with it is seen when it is read.
fn unmarked(file: File) -> impl Read {
    let mut input = BufReader::new(file);
    let _ = skip_mark(&mut input);
    input
}

/// Reads as far as the run's id and name, which stand at the beginning.
pub(super) fn read_head(root: &Root, path: &Utf8Path) -> Result<Listed, SourceFinding> {
    let place = root.relative(path);
    let file = root.open(path).map_err(|error| error.finding(&place))?;
    let mut reading = Reading { is_head: true, ..Reading::default() };
    let result = reading.document(&mut Walk::new(unmarked(file)));
    let info = reading.run.info;
    match result {
        _ if !info.run_id.is_empty() => Ok(Listed {
            run_id: info.run_id,
            name: info.name,
            experiment_id: info.experiment_id,
            experiment_name: None,
            status: info.status,
            start_ms: info.start_ms,
            lifecycle: info.lifecycle,
            parent_run_id: None,
        }),
        Err(error) => Err(damage(&place, &error)),
        Ok(()) => Err(SourceFinding::new(SourceCode::Damaged, place, "the run has no id")),
    }
}

fn damage(place: &str, error: &WalkError) -> SourceFinding {
    let code = match error {
        WalkError::Cut { .. } => SourceCode::Truncated,
        WalkError::Io(_) => SourceCode::Unreadable,
        WalkError::Other { .. } => SourceCode::Damaged,
    };
    SourceFinding::new(code, place, format!("{NOT_AN_EXPORT}: {error}"))
}

/// What was read so far; it outlives an error.
#[derive(Default)]
struct Reading {
    run: Run,
    /// Whether only `info` is wanted.
    is_head: bool,
    points_of_models: u64,
    /// Values of metrics that have neither time nor step.
    plain: Map<String, Value>,
}

impl Reading {
    /// The whole file: `{system, mlflow}`.
    fn document<R: Read>(&mut self, walk: &mut Walk<R>) -> Result<(), WalkError> {
        walk.object()?;
        while let Some(name) = walk.member()? {
            match name.as_str() {
                "mlflow" => self.body(walk)?,
                // Until 2022 they stood here.
                "info" | "params" | "metrics" | "tags" => self.member(name, walk)?,
                // `system` is about the exporting, not about the run; it was called `export_info`.
                _ => walk.skip()?,
            }
            if self.has_head() {
                break;
            }
        }
        Ok(())
    }

    /// `{info, params, metrics, tags}`.
    fn body<R: Read>(&mut self, walk: &mut Walk<R>) -> Result<(), WalkError> {
        walk.object()?;
        while let Some(name) = walk.member()? {
            self.member(name, walk)?;
            if self.has_head() {
                break;
            }
        }
        Ok(())
    }

    fn has_head(&self) -> bool {
        self.is_head && !self.run.info.run_id.is_empty()
    }

    /// Reads one of `info`, `params`, `metrics` and `tags`, or something that later versions add.
    fn member<R: Read>(&mut self, name: String, walk: &mut Walk<R>) -> Result<(), WalkError> {
        match name.as_str() {
            "info" => self.run.info = info(self.members(&name, walk)?),
            _ if self.is_head => walk.skip()?,
            "params" => {
                let params = self.members(&name, walk)?;
                self.run.found.params += params.len() as u64;
                self.run.params = params.into_iter().map(|(key, value)| (key, text(value))).collect();
            }
            "tags" => {
                let tags = self.members(&name, walk)?;
                self.run.found.tags += tags.len() as u64;
                self.run.tags = tags.into_iter().map(|(key, value)| (key, text(value))).collect();
            }
            "metrics" => self.metrics(walk)?,
            _ => {
                let value = self.whole(&name, walk)?;
                let is_empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
                if !is_empty {
                    self.run.info.extra.insert(name, value);
                }
            }
        }
        Ok(())
    }

    /// The members of an object. Something else in its place is reported, and no more is lost.
    fn members<R: Read>(&mut self, name: &str, walk: &mut Walk<R>) -> Result<Map<String, Value>, WalkError> {
        match self.whole(name, walk)? {
            Value::Object(members) => return Ok(members),
            Value::Null => {}
            _ => self.damaged("run.json", format!("`{name}` is not an object")),
        }
        Ok(Map::new())
    }

    /// A value that is held as a whole; null, with a finding, if it cannot be.
    fn whole<R: Read>(&mut self, name: &str, walk: &mut Walk<R>) -> Result<Value, WalkError> {
        Ok(walk.value()?.unwrap_or_else(|error: ValueError| {
            self.damaged("run.json", format!("`{name}` cannot be read: {error}"));
            Value::Null
        }))
    }

    fn damaged(&mut self, place: &str, detail: String) {
        self.run.findings.push(SourceFinding::new(SourceCode::Damaged, place, detail));
    }

    /// `{key: [point]}`.
    fn metrics<R: Read>(&mut self, walk: &mut Walk<R>) -> Result<(), WalkError> {
        if walk.peek()? != b'{' {
            self.members("metrics", walk)?;
            return Ok(());
        }
        walk.object()?;
        while let Some(key) = walk.member()? {
            if walk.peek()? == b'[' {
                self.series(key, walk)?;
                continue;
            }
            // The oldest exports have the last value of a series alone, without its time.
            match walk.value()? {
                Ok(Value::Null) => self.add(Metric { key, ..Metric::default() }, 0),
                Ok(value @ (Value::Number(_) | Value::String(_))) => {
                    self.plain.insert(key, value);
                }
                _ => self.add(Metric { key, ..Metric::default() }, 1),
            }
        }
        Ok(())
    }

    /// `[point]`. What was read of it is kept, however it ends.
    fn series<R: Read>(&mut self, key: String, walk: &mut Walk<R>) -> Result<(), WalkError> {
        let (mut metric, mut unread) = (Metric { key, ..Metric::default() }, 0);
        let result = self.points(&mut metric, &mut unread, walk);
        self.add(metric, unread);
        result
    }

    fn points<R: Read>(&mut self, metric: &mut Metric, unread: &mut u64, walk: &mut Walk<R>) -> Result<(), WalkError> {
        walk.array()?;
        while walk.item()? {
            let Ok(Written { point: Some(point), names_model, dataset }) = walk.value()? else {
                *unread += 1;
                continue;
            };
            self.points_of_models += u64::from(names_model);
            let dataset = dataset.and_then(|dataset| metric.dataset_index(dataset));
            let WrittenPoint { value, timestamp_ms, step } = point;
            metric.points.push(Point { timestamp_ms, value, step, dataset });
        }
        Ok(())
    }

    /// A series, and how many of its values are no points.
    fn add(&mut self, mut metric: Metric, unread: u64) {
        if unread > 0 {
            self.run.found.unread.add_points(&metric, unread);
            let detail = format!("{unread} of its values are not points with a value, a time and a step");
            self.damaged(&format!("metrics/{}", metric.key), detail);
        }
        metric.count_duplicates();
        let count = metric.points.len() as u64;
        if metric.is_system() {
            self.run.found.system_points += count;
        } else {
            self.run.found.points += count;
        }
        self.run.metrics.push(metric);
    }
}

fn info(facts: Map<String, Value>) -> RunInfo {
    // The oldest exports write `run-id` and `start-time`.
    let mut facts: Map<String, Value> =
        facts.into_iter().map(|(name, value)| (name.replace('-', "_"), value)).collect();
    let run_id = take_text(&mut facts, "run_id");
    let run_uuid = take_text(&mut facts, "run_uuid");
    let status = take_text(&mut facts, "status");
    let known = status.as_deref().map_or(Some(Status::Running), Status::parse);
    let mut info = RunInfo {
        run_id: run_id.or(run_uuid).unwrap_or_default(),
        experiment_id: take_text(&mut facts, "experiment_id").unwrap_or_default(),
        name: take_text(&mut facts, "run_name").filter(|name| !name.is_empty()),
        status: known,
        start_ms: take_integer(&mut facts, "start_time"),
        end_ms: take_integer(&mut facts, "end_time"),
        deleted_ms: take_integer(&mut facts, "deleted_time"),
        lifecycle: take_text(&mut facts, "lifecycle_stage").unwrap_or_else(|| "active".to_owned()),
        user: take_text(&mut facts, "user_id").filter(|user| !user.is_empty()),
        artifact_uri: take_text(&mut facts, "artifact_uri"),
        extra: rest(facts),
    };
    if let (None, Some(status)) = (known, status) {
        info.extra.insert("status".to_owned(), Value::String(status));
    }
    info
}
