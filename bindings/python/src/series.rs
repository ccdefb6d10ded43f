//! Points, as columns that others take without a copy.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{
    Float64Builder, Int32Builder, Int64Builder, LargeStringBuilder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, RecordBatch, RecordBatchIterator};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use expbundle::Content;
use expbundle_format::number::Number;
use expbundle_series::{KeySummary, OwnedPoint, SeriesReader};
use expbundle_words::rounded;
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict};

use crate::error::raise;
use crate::html;
use crate::work::work;

/// Rows of a batch.
const ROWS: usize = 1 << 17;

/// The points of a record, in columns: ``key``, ``step``, ``time``, ``value``, ``text``.
///
/// Times are in UTC, to the microsecond; the section itself has the rest.
/// Anything that takes Arrow's C stream interface takes it without a copy: ``pyarrow.table(series)``,
/// ``polars.DataFrame(series)``, ``duckdb.from_arrow(series)``. For pandas it is
/// ``pandas.DataFrame.from_arrow(series)``, or before version 3 ``pyarrow.table(series).to_pandas()``.
#[pyclass(frozen, module = "expbundle")]
pub struct Series {
    reader: SeriesReader,
}

/// A point: step, seconds since 1970, value, text.
type Row = (Option<i64>, Option<f64>, Option<f64>, Option<String>);

impl Series {
    /// A section of points.
    pub fn open(py: Python<'_>, content: Content) -> PyResult<Self> {
        let reader = SeriesReader::open(InBundle(content)).map_err(|error| broken(py, error))?;
        Ok(Self { reader })
    }

    /// The last number of each key.
    pub fn last_values(&self, py: Python<'_>) -> PyResult<Vec<(String, Option<f64>)>> {
        let summaries = self.summaries(py)?;
        Ok(summaries.into_iter().map(|(key, summary)| (key, summary.last)).collect())
    }

    /// The first metrics as a table for a notebook; nothing of a section that is long to read.
    pub fn curves(&self, py: Python<'_>) -> PyResult<String> {
        const MOST_POINTS: u64 = 2_000_000;
        const MOST_CURVES: usize = 30;
        const MOST_VALUES: u64 = 200;
        if self.reader.rows() > MOST_POINTS {
            return Ok(String::new());
        }
        let mut shown = self.summaries(py)?;
        shown.truncate(MOST_CURVES);
        let places: HashMap<String, usize> =
            shown.iter().enumerate().map(|(place, (key, _))| (key.clone(), place)).collect();
        let mut seen = vec![(0_u64, Vec::new()); shown.len()];
        let read = work(py, |_| {
            self.reader.for_each(|point| {
                let (Some(&place), Some(value)) = (places.get(&*point.key), point.value) else { return };
                let (count, values) = &mut seen[place];
                if count.is_multiple_of(shown[place].1.count.div_ceil(MOST_VALUES)) {
                    values.push(value);
                }
                *count += 1;
            })
        })?;
        read.map_err(|error| broken(py, error))?;
        let rows = shown.iter().zip(&seen).map(|((key, summary), (_, values))| {
            (key.as_str(), values.as_slice(), summary.last.map(|last| rounded(Number(last))).unwrap_or_default())
        });
        Ok(html::curves(rows))
    }

    /// That there are no points of a key, with the names that are most like it.
    fn no_key(&self, py: Python<'_>, key: &str) -> PyErr {
        let near = || -> PyResult<Vec<String>> {
            py.import("difflib")?.call_method1("get_close_matches", (key, self.keys(py)?))?.extract()
        };
        let near = near().unwrap_or_default().iter().map(|near| format!("`{near}`")).collect::<Vec<_>>().join(", ");
        let help = if near.is_empty() { "`keys` lists all".to_owned() } else { format!("there is {near}") };
        PyKeyError::new_err(format!("no points of {}: {help}", expbundle_words::quoted(key)))
    }

    fn summaries(&self, py: Python<'_>) -> PyResult<Vec<(String, KeySummary)>> {
        work(py, |_| self.reader.summaries())?.map_err(|error| broken(py, error))
    }
}

fn broken(py: Python<'_>, error: expbundle_series::SeriesError) -> PyErr {
    raise(py, expbundle_words::conversion::points(expbundle_convert::points::PointsError::from(error), "metrics"))
}

struct InBundle(Content);

impl expbundle_series::ReadAt for InBundle {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn read_at(&self, position: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read_at(position, buffer)
    }
}

#[pymethods]
impl Series {
    /// How many points there are.
    fn __len__(&self) -> usize {
        usize::try_from(self.reader.rows()).unwrap_or(usize::MAX)
    }

    /// The names of the metrics, sorted.
    ///
    /// Type: list[str]
    #[getter]
    fn keys(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        work(py, |_| self.reader.keys())?.map_err(|error| broken(py, error))
    }

    /// The points of a metric: step, seconds since 1970, value, text.
    ///
    /// Raises ``KeyError``, which names the metrics that are most like it, if there are none.
    ///
    /// Types:
    ///
    ///     key: str
    ///     return: list[tuple[int | None, float | None, float | None, str | None]]
    fn points(&self, py: Python<'_>, key: &str) -> PyResult<Vec<Row>> {
        let mut rows = Vec::new();
        let read = work(py, |_| {
            self.reader.for_each(|point| {
                if *point.key == *key {
                    let time = point.time_ns.map(seconds);
                    rows.push((point.step, time, point.value, point.text.clone()));
                }
            })
        })?;
        read.map_err(|error| broken(py, error))?;
        if rows.is_empty() { Err(self.no_key(py, key)) } else { Ok(rows) }
    }

    /// For each metric ``count``, ``first``, ``last``, ``min`` and ``max``.
    ///
    /// Types:
    ///
    ///     return: dict[str, dict[str, float | None]]
    fn summary<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let all = PyDict::new(py);
        for (key, summary) in self.summaries(py)? {
            let one = PyDict::new(py);
            one.set_item("count", summary.count)?;
            one.set_item("first", summary.first)?;
            one.set_item("last", summary.last)?;
            one.set_item("min", summary.min)?;
            one.set_item("max", summary.max)?;
            all.set_item(key, one)?;
        }
        Ok(all)
    }

    /// The stream of Arrow's C interface.
    ///
    /// Types:
    ///
    ///     requested_schema: object | None
    ///     return: object
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // A consumer may ask for another schema, and has to take ours all the same.
        let _ = requested_schema;
        let batches = work(py, |_| batches(&self.reader))?.map_err(|error| broken(py, error))?;
        let reader = RecordBatchIterator::new(batches.into_iter().map(Ok), schema());
        PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(reader)), c"arrow_array_stream")
    }

    fn __repr__(&self) -> String {
        format!("<expbundle.Series of {} points>", self.reader.rows())
    }
}

/// The float that is nearest to a moment in whole microseconds, as `time.time()` would give it.
fn seconds(time_ns: i64) -> f64 {
    if time_ns % 1000 == 0 { (time_ns / 1000) as f64 / 1e6 } else { time_ns as f64 / 1e9 }
}

fn schema() -> SchemaRef {
    let key = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        Field::new("key", key, false),
        Field::new("step", DataType::Int64, true),
        Field::new("time", time, true),
        Field::new("value", DataType::Float64, true),
        Field::new("text", DataType::LargeUtf8, true),
    ]))
}

/// All points in batches, whose dictionaries only grow.
fn batches(reader: &SeriesReader) -> Result<Vec<RecordBatch>, expbundle_series::SeriesError> {
    let mut all = Vec::new();
    let mut columns = Columns::default();
    reader.for_each(|point| {
        columns.push(point);
        if columns.rows == ROWS {
            all.push(columns.batch());
        }
    })?;
    if columns.rows > 0 || all.is_empty() {
        all.push(columns.batch());
    }
    Ok(all)
}

#[derive(Default)]
struct Columns {
    rows: usize,
    words: Vec<Arc<str>>,
    places: HashMap<Arc<str>, i32>,
    latest: Option<(Arc<str>, i32)>,
    keys: Int32Builder,
    steps: Int64Builder,
    times: TimestampMicrosecondBuilder,
    values: Float64Builder,
    texts: LargeStringBuilder,
}

impl Columns {
    fn push(&mut self, point: &OwnedPoint) {
        let key = match &self.latest {
            Some((key, place)) if Arc::ptr_eq(key, &point.key) => *place,
            _ => self.place(&point.key),
        };
        self.rows += 1;
        self.keys.append_value(key);
        self.steps.append_option(point.step);
        self.times.append_option(point.time_ns.map(|time| time.div_euclid(1000)));
        self.values.append_option(point.value);
        self.texts.append_option(point.text.as_deref());
    }

    fn place(&mut self, key: &Arc<str>) -> i32 {
        let next = i32::try_from(self.words.len()).expect("keys are capped");
        let place = *self.places.entry(Arc::clone(key)).or_insert(next);
        if place == next {
            self.words.push(Arc::clone(key));
        }
        self.latest = Some((Arc::clone(key), place));
        place
    }

    fn batch(&mut self) -> RecordBatch {
        let mut words = StringBuilder::new();
        self.words.iter().for_each(|word| words.append_value(word));
        let keys = DictionaryArray::<Int32Type>::try_new(self.keys.finish(), Arc::new(words.finish()))
            .expect("every key has a place among the words");
        let columns: Vec<ArrayRef> = vec![
            Arc::new(keys),
            Arc::new(self.steps.finish()),
            Arc::new(self.times.finish().with_timezone("UTC")),
            Arc::new(self.values.finish()),
            Arc::new(self.texts.finish()),
        ];
        self.rows = 0;
        RecordBatch::try_new(schema(), columns).expect("columns of one length, as the schema has them")
    }
}
