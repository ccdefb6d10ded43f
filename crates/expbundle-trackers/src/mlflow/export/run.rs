//! `run.json`, read as a stream: each point of a series takes six lines there, and more with
//! MLflow 3.

use std::fmt;
use std::fs::File;
use std::io::BufReader;

use camino::Utf8Path;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::point::{Written, WrittenPoint};
use super::{reason, rest, take_integer, take_text, text};
use crate::finding::{SourceCode, SourceFinding};
use crate::mlflow::files::Root;
use crate::mlflow::run::{Listed, Metric, Point, Run, RunInfo, Status};
use crate::python_json::Quoting;
use crate::text::skip_mark;

/// The file is read in pieces of this size.
const BUFFER_BYTES: usize = 256 << 10;

/// Reads `run.json` of a folder. If it is cut or damaged, what came before is kept.
pub(super) fn read(root: &Root, folder: &Utf8Path) -> Run {
    let path = folder.join("run.json");
    let place = root.relative(&path);
    let mut reading = Reading::default();
    match root.open(&path) {
        Ok(file) => {
            let input = Quoting::new(unmarked(file));
            let mut deserializer = serde_json::Deserializer::from_reader(input);
            let result = Document(&mut reading).deserialize(&mut deserializer).and_then(|()| deserializer.end());
            if let Err(error) = result {
                reading.run.findings.push(damage(&place, &error));
            }
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
fn unmarked(file: File) -> BufReader<File> {
    let mut input = BufReader::with_capacity(BUFFER_BYTES, file);
    let _ = skip_mark(&mut input);
    input
}

/// Reads as far as the run's id and name, which stand at the beginning.
pub(super) fn read_head(root: &Root, path: &Utf8Path) -> Result<Listed, SourceFinding> {
    let place = root.relative(path);
    let file = root.open(path).map_err(|error| error.finding(&place))?;
    let input = Quoting::new(unmarked(file));
    let mut reading = Reading { head_only: true, ..Reading::default() };
    let mut deserializer = serde_json::Deserializer::from_reader(input);
    let result = Document(&mut reading).deserialize(&mut deserializer);
    let info = reading.run.info;
    match result {
        // The error is how the reading ends early.
        _ if !info.run_id.is_empty() => Ok(Listed {
            run_id: info.run_id,
            name: info.name,
            experiment_id: info.experiment_id,
            experiment_name: None,
            status: info.status,
            start_ms: info.start_ms,
            lifecycle: info.lifecycle,
        }),
        Err(error) => Err(damage(&place, &error)),
        Ok(()) => Err(SourceFinding::new(SourceCode::Damaged, place, "the run has no id")),
    }
}

fn damage(place: &str, error: &serde_json::Error) -> SourceFinding {
    let code = match error.classify() {
        serde_json::error::Category::Eof => SourceCode::Truncated,
        serde_json::error::Category::Io => SourceCode::Unreadable,
        _ => SourceCode::Damaged,
    };
    SourceFinding::new(code, place, reason(error))
}

/// What was read so far; it outlives an error.
#[derive(Default)]
struct Reading {
    run: Run,
    head_only: bool,
    points_of_models: u64,
    /// Values of metrics that have neither time nor step.
    plain: Map<String, Value>,
}

/// The whole file: `{system, mlflow}`.
struct Document<'a>(&'a mut Reading);

/// `{info, params, metrics, tags}`.
struct Body<'a>(&'a mut Reading);

/// `{key: [point]}`.
struct Metrics<'a>(&'a mut Reading);

/// `[point]`.
struct Points<'a> {
    metric: &'a mut Metric,
    /// Points that name a logged model.
    of_models: &'a mut u64,
    /// What is in their places and is not a point.
    unread: &'a mut u64,
    /// A value in place of the list.
    plain: &'a mut Option<Value>,
}

macro_rules! seed {
    ($name:ident, $method:ident) => {
        impl<'de> DeserializeSeed<'de> for $name<'_> {
            type Value = ();

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
                deserializer.$method(self)
            }
        }
    };
}

seed!(Document, deserialize_map);
seed!(Body, deserialize_map);
seed!(Metrics, deserialize_any);
seed!(Points, deserialize_any);

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an exported run")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "mlflow" => map.next_value_seed(Body(&mut *self.0))?,
                // Until 2022 they stood here.
                "info" | "params" | "metrics" | "tags" => member(self.0, key, &mut map)?,
                // `system` is about the exporting, not about the run; it was called `export_info`.
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Body<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("info, params, metrics and tags of a run")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            member(self.0, key, &mut map)?;
        }
        Ok(())
    }
}

/// Reads one of `info`, `params`, `metrics` and `tags`, or something that later versions add.
fn member<'de, A: MapAccess<'de>>(reading: &mut Reading, key: String, map: &mut A) -> Result<(), A::Error> {
    match key.as_str() {
        "info" => {
            let facts: Value = map.next_value()?;
            reading.run.info = info(reading.object("info", facts));
            if reading.head_only {
                return Err(A::Error::custom("only the beginning is read"));
            }
        }
        "params" => {
            let params: Value = map.next_value()?;
            let params = reading.object("params", params);
            reading.run.found.params += params.len() as u64;
            reading.run.params = params.into_iter().map(|(key, value)| (key, text(value))).collect();
        }
        "tags" => {
            let tags: Value = map.next_value()?;
            let tags = reading.object("tags", tags);
            reading.run.found.tags += tags.len() as u64;
            reading.run.tags = tags.into_iter().map(|(key, value)| (key, text(value))).collect();
        }
        "metrics" if !reading.head_only => map.next_value_seed(Metrics(reading))?,
        "metrics" => {
            map.next_value::<IgnoredAny>()?;
        }
        _ => {
            let value: Value = map.next_value()?;
            let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            if !empty {
                reading.run.info.extra.insert(key, value);
            }
        }
    }
    Ok(())
}

impl Reading {
    /// The members of an object. Something else in its place is reported, and no more is lost.
    fn object(&mut self, name: &str, value: Value) -> Map<String, Value> {
        match value {
            Value::Object(members) => return members,
            Value::Null => {}
            _ => {
                let detail = format!("`{name}` is not an object");
                self.run.findings.push(SourceFinding::new(SourceCode::Damaged, "run.json", detail));
            }
        }
        Map::new()
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

impl<'de> Visitor<'de> for Metrics<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("series by key")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let mut metric = Metric { key, ..Metric::default() };
            let mut unread = 0;
            let of_models = &mut self.0.points_of_models;
            let mut plain = None;
            let points = Points { metric: &mut metric, of_models, unread: &mut unread, plain: &mut plain };
            let result = map.next_value_seed(points);
            if unread > 0 {
                self.0.run.found.unread.add_points(&metric, unread);
                let place = format!("metrics/{}", metric.key);
                let detail = format!("{unread} of its values are not points with a value, a time and a step");
                self.0.run.findings.push(SourceFinding::new(SourceCode::Damaged, place, detail));
            }
            if let Some(value) = plain {
                self.0.plain.insert(metric.key.clone(), value);
                continue;
            }
            metric.count_duplicates();
            let count = metric.points.len() as u64;
            let found = &mut self.0.run.found;
            if metric.is_system() {
                found.system_points += count;
            } else {
                found.points += count;
            }
            self.0.run.metrics.push(metric);
            result?;
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

impl<'de> Visitor<'de> for Points<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("points of a series")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut points: A) -> Result<(), A::Error> {
        while let Some(written) = points.next_element::<Written>()? {
            let Some(point) = written.point else {
                *self.unread += 1;
                continue;
            };
            *self.of_models += u64::from(written.names_model);
            let dataset = written.dataset.and_then(|dataset| self.metric.dataset_index(dataset));
            let WrittenPoint { value, timestamp_ms, step } = point;
            self.metric.points.push(Point { timestamp_ms, value, step, dataset });
        }
        Ok(())
    }

    // The oldest exports have the last value of a series alone, without its time.
    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        *self.plain = Some(value.into());
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        *self.plain = Some(value.into());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        *self.plain = Some(value.into());
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        *self.plain = Some(text.into());
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
