//! Points of metrics, one by one and as tables.

use std::io::BufWriter;

use expbundle::Content;
use expbundle::draft::Draft;
use expbundle_convert::table::{self, Columns, Reading, Table, TableError};
use expbundle_format::sections;
use expbundle_series::{KeySummary, Point, SeriesWriter};
use expbundle_trackers::journal::PointKind;

use crate::error::RunError;
use crate::journal::Journal;
use crate::run::Run;

impl Run {
    /// A value of a metric at a step.
    pub fn point(&mut self, key: &str, step: i64, value: f64) -> Result<(), RunError> {
        self.log(key, Point { step: Some(step), value: Some(value), ..Point::default() })
    }

    /// A point of a metric: with a step, a time in nanoseconds since 1970, a number, a text.
    ///
    /// # Errors
    /// [`RunError::NotFinal`]: the metric has a final value. [`RunError::Series`]: the format has no
    /// room for it.
    pub fn log(&mut self, key: &str, point: Point<'_>) -> Result<(), RunError> {
        if self.finals.contains(key) {
            return Err(RunError::NotFinal { key: key.to_owned() });
        }
        let id = self.metrics.key(key)?;
        self.metrics.push(id, point)?;
        self.keep_point(PointKind::Metrics, key, &point)
    }

    /// The final value of a metric that has no other points.
    ///
    /// # Errors
    /// [`RunError::NotFinal`]: the metric has points. The run stays as it was.
    pub fn final_value(&mut self, key: &str, value: f64) -> Result<(), RunError> {
        if self.metrics.has(key) {
            return Err(RunError::NotFinal { key: key.to_owned() });
        }
        let point = Point { value: Some(value), ..Point::default() };
        let id = self.metrics.key(key)?;
        self.metrics.push(id, point)?;
        self.finals.insert(key.to_owned());
        self.keep_point(PointKind::Final, key, &point)
    }

    /// A point of a system metric: the load of a processor, the memory of a card.
    pub fn log_system(&mut self, key: &str, point: Point<'_>) -> Result<(), RunError> {
        let id = self.telemetry.key(key)?;
        self.telemetry.push(id, point)?;
        self.keep_point(PointKind::Telemetry, key, &point)
    }

    /// The points of a table that any program wrote: CSV, JSON lines or Parquet
    /// ([`expbundle_convert::table`]). What was guessed and what was left out is in the [`Reading`].
    ///
    /// # Errors
    /// [`RunError::Table`]; [`RunError::NotFinal`]: a metric of the table has a final value, which
    /// stays, and the run has the points of the other metrics.
    pub fn metrics_from(&mut self, table: Table, columns: &Columns<'_>) -> Result<Reading, RunError> {
        let mut final_too = None;
        let read = read(&mut self.metrics, &mut self.journal, PointKind::Metrics, table, columns, &mut |key| {
            let is_final = self.finals.contains(key);
            if is_final && final_too.is_none() {
                final_too = Some(key.to_owned());
            }
            !is_final
        });
        let read = self.lacks_nothing_after(read)?;
        self.keep()?;
        final_too.map_or(Ok(read), |key| Err(RunError::NotFinal { key }))
    }

    /// System metrics of a table, in the same way.
    pub fn system_from(&mut self, table: Table, columns: &Columns<'_>) -> Result<Reading, RunError> {
        let read = read(&mut self.telemetry, &mut self.journal, PointKind::Telemetry, table, columns, &mut |_| true);
        let read = self.lacks_nothing_after(read)?;
        self.keep()?;
        Ok(read)
    }
}

/// Takes the points of a table that are `wanted`.
fn read(
    writer: &mut SeriesWriter,
    journal: &mut Option<Journal>,
    kind: PointKind,
    table: Table,
    columns: &Columns<'_>,
    wanted: &mut dyn FnMut(&str) -> bool,
) -> Result<Reading, TableError> {
    table::points(table, columns, &mut |key, point| {
        if !wanted(key) {
            return Ok(());
        }
        let id = writer.key(key)?;
        writer.push(id, point)?;
        journal.as_mut().map_or(Ok(()), |journal| Ok(journal.point(kind, key, &point)?))
    })
}

/// A section of points, unless there are none.
pub(crate) fn points(
    draft: &mut Draft,
    name: &str,
    writer: &mut SeriesWriter,
) -> Result<Vec<(String, KeySummary)>, RunError> {
    if writer.is_empty() {
        return Ok(Vec::new());
    }
    let file = tempfile::tempfile()?;
    let series = writer.finish(BufWriter::with_capacity(1 << 20, file.try_clone()?), None)?;
    draft.section(name, sections::PARQUET, Content::file(file)?)?;
    Ok(series)
}
