//! Writes series in the fixed profile.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};

use crate::error::SeriesError;
use crate::points::{Column, Point};
use crate::profile::{GROUP_ROWS, properties, series_schema};
use crate::summary::KeySummary;
use crate::unit::Unit;

/// Memory that waiting points may take before they are put into a temporary file.
const BUDGET_BYTES: usize = 96 << 20;

/// A key of a writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(usize);

/// Takes points in any order and writes them in the one order of the file: by key, step, time and arrival.
///
/// Memory is bounded: past a budget points wait in an unnamed temporary file.
#[derive(Debug)]
pub struct SeriesWriter {
    ids: HashMap<Arc<str>, KeyId>,
    keys: Vec<Arc<str>>,
    columns: Vec<Column>,
    unit: Unit,
    used_bytes: usize,
    budget_bytes: usize,
    spill: Option<File>,
    spill_offset: u64,
}

impl Default for SeriesWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl SeriesWriter {
    /// A writer of no points.
    pub fn new() -> Self {
        Self::with_budget(BUDGET_BYTES)
    }

    fn with_budget(budget_bytes: usize) -> Self {
        Self {
            ids: HashMap::new(),
            keys: Vec::new(),
            columns: Vec::new(),
            unit: Unit::Milliseconds,
            used_bytes: 0,
            budget_bytes,
            spill: None,
            spill_offset: 0,
        }
    }

    /// The id of a key, for [`SeriesWriter::push`]. A key without points leaves no trace.
    pub fn key(&mut self, key: &str) -> KeyId {
        if let Some(id) = self.ids.get(key) {
            return *id;
        }
        let id = KeyId(self.keys.len());
        let key: Arc<str> = key.into();
        self.ids.insert(Arc::clone(&key), id);
        self.keys.push(key);
        self.columns.push(Column::default());
        id
    }

    /// Adds a point. One with neither value nor text is written with an empty text.
    ///
    /// # Panics
    ///
    /// If the key is another writer's.
    pub fn push(&mut self, key: KeyId, point: Point<'_>) -> Result<(), SeriesError> {
        let point = match (point.value, point.text) {
            (None, None) => Point { text: Some(""), ..point },
            _ => point,
        };
        if let Some(time_ns) = point.time_ns {
            self.unit = self.unit.max(Unit::of(time_ns));
        }
        let column = self.columns.get_mut(key.0).expect("the key is one of this writer's");
        self.used_bytes += column.push(&point);
        if self.used_bytes > self.budget_bytes {
            self.spill()?;
        }
        Ok(())
    }

    fn spill(&mut self) -> Result<(), SeriesError> {
        let file = match self.spill.take() {
            Some(file) => file,
            None => tempfile::tempfile()?,
        };
        let mut writer = BufWriter::with_capacity(1 << 20, &file);
        for column in &mut self.columns {
            column.spill(&mut writer, &mut self.spill_offset)?;
        }
        writer.flush()?;
        drop(writer);
        self.spill = Some(file);
        self.used_bytes = 0;
        Ok(())
    }

    /// Whether no point was added.
    pub fn is_empty(&self) -> bool {
        self.columns.iter().all(Column::is_empty)
    }

    /// Writes the file, and gives the summary of each key in the order of the keys.
    ///
    /// The salt is that of a blinded section.
    pub fn finish(
        self,
        output: impl Write + Send,
        salt: Option<&[u8; 32]>,
    ) -> Result<Vec<(String, KeySummary)>, SeriesError> {
        let Self { keys, columns, unit, spill, .. } = self;
        let writer = SerializedFileWriter::new(output, series_schema(unit)?, Arc::new(properties(salt)))?;
        let mut group = Group { writer, unit, rows: Rows::default() };
        let mut series: Vec<(Arc<str>, Column)> = keys.into_iter().zip(columns).collect();
        series.retain(|(_, column)| !column.is_empty());
        series.sort_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
        let mut summaries = Vec::with_capacity(series.len());
        for (key, column) in series {
            let mut summary = KeySummary::default();
            let name = ByteArray::from(key.as_bytes().to_vec());
            column.for_each(spill.as_ref(), |point| {
                summary.add(point);
                group.push(&name, point)
            })?;
            summaries.push((key.to_string(), summary));
        }
        group.finish()?;
        Ok(summaries)
    }
}

/// The rows of the row group that is being filled.
#[derive(Default)]
struct Rows {
    keys: Vec<ByteArray>,
    steps: Vec<i64>,
    step_levels: Vec<i16>,
    times: Vec<i64>,
    time_levels: Vec<i16>,
    values: Vec<f64>,
    value_levels: Vec<i16>,
    texts: Vec<ByteArray>,
    text_levels: Vec<i16>,
}

struct Group<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    unit: Unit,
    rows: Rows,
}

impl<W: Write + Send> Group<W> {
    fn push(&mut self, key: &ByteArray, point: &Point<'_>) -> Result<(), SeriesError> {
        let rows = &mut self.rows;
        rows.keys.push(key.clone());
        rows.step_levels.push(i16::from(point.step.is_some()));
        rows.steps.extend(point.step);
        rows.time_levels.push(i16::from(point.time_ns.is_some()));
        rows.times.extend(point.time_ns.map(|time_ns| time_ns / self.unit.nanoseconds()));
        rows.value_levels.push(i16::from(point.value.is_some()));
        // One NaN: payload and sign of others say nothing that any tracker meant.
        rows.values.extend(point.value.map(|value| if value.is_nan() { f64::NAN } else { value }));
        rows.text_levels.push(i16::from(point.text.is_some()));
        rows.texts.extend(point.text.map(ByteArray::from));
        if rows.keys.len() == GROUP_ROWS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), SeriesError> {
        let rows = std::mem::take(&mut self.rows);
        let mut group = self.writer.next_row_group()?;
        write_column::<ByteArrayType, _>(&mut group, &rows.keys, None)?;
        write_column::<Int64Type, _>(&mut group, &rows.steps, Some(&rows.step_levels))?;
        write_column::<Int64Type, _>(&mut group, &rows.times, Some(&rows.time_levels))?;
        write_column::<DoubleType, _>(&mut group, &rows.values, Some(&rows.value_levels))?;
        write_column::<ByteArrayType, _>(&mut group, &rows.texts, Some(&rows.text_levels))?;
        group.close()?;
        Ok(())
    }

    fn finish(mut self) -> Result<(), SeriesError> {
        if !self.rows.keys.is_empty() {
            self.flush()?;
        }
        self.writer.close()?;
        Ok(())
    }
}

/// Writes the next column of a row group.
pub(crate) fn write_column<T: parquet::data_type::DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<(), SeriesError> {
    let missing = || SeriesError::Profile { problem: "a column is missing".to_owned() };
    let mut column = group.next_column()?.ok_or_else(missing)?;
    column.typed::<T>().write_batch(values, levels, None)?;
    column.close()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_that_waited_in_a_file_give_the_same_bytes() {
        let write = |budget: usize| {
            let mut writer = SeriesWriter::with_budget(budget);
            let keys = ["b", "a", "c"].map(|key| writer.key(key));
            for number in 0_i32..1000 {
                for (index, key) in keys.into_iter().enumerate() {
                    // One of the keys comes out of order.
                    let step = if index == 2 { -number / 3 } else { number };
                    let text = (number % 7 == 0).then_some("text");
                    let point = Point {
                        step: Some(step.into()),
                        time_ns: (number % 5 != 0).then_some(i64::from(number) * 1_000),
                        value: text.is_none().then_some(f64::from(number)),
                        text,
                    };
                    writer.push(key, point).expect("room");
                }
            }
            let mut bytes = Vec::new();
            let summary = writer.finish(&mut bytes, None).expect("memory");
            (bytes, summary)
        };
        let (bytes, summary) = write(usize::MAX);
        assert_eq!(
            summary.iter().map(|(key, one)| (key.as_str(), one.count)).collect::<Vec<_>>(),
            [("a", 1000), ("b", 1000), ("c", 1000)]
        );
        for budget in [0, 1000, 20_000] {
            assert_eq!(write(budget), (bytes.clone(), summary.clone()), "{budget}");
        }
    }
}
