//! `run.json`, read as a stream: each point of a series takes six lines there, and more with
//! MLflow 3.

use std::fmt;
use std::io::BufReader;

use camino::Utf8Path;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::python_json::{self, Quoting};
use super::{rest, take_integer, take_text, text};
use crate::finding::{SourceCode, SourceFinding};
use crate::mlflow::files::Root;
use crate::mlflow::run::{DatasetName, Listed, Metric, Point, Run, RunInfo, Status};

/// The file is read in pieces of this size.
const BUFFER_BYTES: usize = 256 << 10;

/// Reads `run.json` of a folder. If it is cut or damaged, what came before is kept.
pub(super) fn read(root: &Root, folder: &Utf8Path) -> Run {
    let path = folder.join("run.json");
    let place = root.relative(&path);
    let mut reading = Reading::default();
    match root.open(&path) {
        Ok(file) => {
            let input = Quoting::new(BufReader::with_capacity(BUFFER_BYTES, file));
            let mut deserializer = serde_json::Deserializer::from_reader(input);
            let result = Document(&mut reading).deserialize(&mut deserializer).and_then(|()| deserializer.end());
            if let Err(error) = result {
                reading.run.findings.push(damage(&place, &error));
            }
        }
        Err(error) => reading.run.findings.push(error.finding(&place)),
    }
    let Reading { mut run, points_of_models, .. } = reading;
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

/// Reads as far as the run's id and name, which stand at the beginning.
pub(super) fn read_head(root: &Root, path: &Utf8Path) -> Result<Listed, SourceFinding> {
    let place = root.relative(path);
    let file = root.open(path).map_err(|error| error.finding(&place))?;
    let input = Quoting::new(BufReader::new(file));
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
    SourceFinding::new(code, place, python_json::reason(error))
}

/// What was read so far; it outlives an error.
#[derive(Default)]
struct Reading {
    run: Run,
    head_only: bool,
    points_of_models: u64,
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
    points_of_models: &'a mut u64,
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
seed!(Metrics, deserialize_map);
seed!(Points, deserialize_seq);

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an exported run")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "mlflow" {
                map.next_value_seed(Body(&mut *self.0))?;
            } else {
                // `system` is about the exporting, not about the run.
                map.next_value::<IgnoredAny>()?;
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
        let reading = self.0;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "info" => {
                    reading.run.info = info(map.next_value()?);
                    if reading.head_only {
                        return Err(A::Error::custom("only the beginning is read"));
                    }
                }
                "params" => {
                    let params: Map<String, Value> = map.next_value()?;
                    reading.run.found.params += params.len() as u64;
                    reading.run.params = params.into_iter().map(|(key, value)| (key, text(value))).collect();
                }
                "tags" => {
                    let tags: Map<String, Value> = map.next_value()?;
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
        }
        Ok(())
    }
}

fn info(mut facts: Map<String, Value>) -> RunInfo {
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
            let points = Points { metric: &mut metric, points_of_models: &mut self.0.points_of_models };
            let result = map.next_value_seed(points);
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
}

impl<'de> Visitor<'de> for Points<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("points of a series")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut points: A) -> Result<(), A::Error> {
        while let Some(written) = points.next_element::<WrittenPoint>()? {
            *self.points_of_models += u64::from(written.model_id.is_some());
            let dataset = written.dataset_name.and_then(|name| {
                let digest = written.dataset_digest.unwrap_or_default();
                self.metric.dataset_index(DatasetName { name, digest })
            });
            self.metric.points.push(Point {
                timestamp_ms: written.timestamp,
                value: written.value.0,
                step: written.step,
                dataset,
            });
        }
        Ok(())
    }
}

/// A point as the exporter writes it.
#[derive(Deserialize)]
struct WrittenPoint {
    value: Float,
    timestamp: i64,
    #[serde(default)]
    step: i64,
    #[serde(default)]
    model_id: Option<String>,
    #[serde(default)]
    dataset_name: Option<String>,
    #[serde(default)]
    dataset_digest: Option<String>,
}

/// A number, or one of the words that [`Quoting`] has put into quotes.
struct Float(f64);

impl<'de> Deserialize<'de> for Float {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FloatVisitor;

        impl Visitor<'_> for FloatVisitor {
            type Value = Float;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            fn visit_f64<E>(self, value: f64) -> Result<Float, E> {
                Ok(Float(value))
            }

            #[expect(clippy::cast_precision_loss, reason = "an integer in place of a float was a float")]
            fn visit_i64<E>(self, value: i64) -> Result<Float, E> {
                Ok(Float(value as f64))
            }

            #[expect(clippy::cast_precision_loss, reason = "an integer in place of a float was a float")]
            fn visit_u64<E>(self, value: u64) -> Result<Float, E> {
                Ok(Float(value as f64))
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Float, E> {
                python_json::non_finite(word).map(Float).ok_or_else(|| E::custom("not a number"))
            }
        }

        deserializer.deserialize_any(FloatVisitor)
    }
}
