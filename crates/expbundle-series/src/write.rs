//! Writes series in the fixed profile.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use crate::columns::{Floats, Integers, Output, Texts, ValueColumn, WordColumn, check_text};
use crate::error::SeriesError;
use crate::points::{Kept, Places, Point, Waiting};
use crate::profile::{GROUP_ROWS, GROUP_TEXT_BYTES, Kind, SERIES};
use crate::spill::Spill;
use crate::summary::KeySummary;
use crate::unit::Unit;

/// Memory that waiting points may take before they are put into a temporary file.
const BUDGET_BYTES: usize = 96 << 20;

/// A key of a writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(usize);

/// Takes points in any order and writes them in the one order of the file: by key, step, time and arrival.
///
/// Memory is bounded: past a budget points wait in an unnamed temporary file, and a row group is written when it is full.
///
/// ```
/// use expbundle_series::{Point, SeriesReader, SeriesWriter};
///
/// let mut writer = SeriesWriter::new();
/// let loss = writer.key("loss");
/// for (step, value) in [(1, 0.5), (0, 0.7)] {
///     writer.push(loss, Point { step: Some(step), value: Some(value), ..Point::default() })?;
/// }
/// let mut file = Vec::new();
/// let summary = writer.finish(&mut file, None)?;
/// assert_eq!(summary[0].1.last, Some(0.5));
///
/// let mut steps = Vec::new();
/// SeriesReader::open(file)?.for_each(|point| steps.push(point.step))?;
/// assert_eq!(steps, [Some(0), Some(1)]);
/// # Ok::<(), expbundle_series::SeriesError>(())
/// ```
#[derive(Debug)]
pub struct SeriesWriter {
    ids: HashMap<Arc<str>, KeyId>,
    keys: Vec<Arc<str>>,
    waiting: Vec<Waiting>,
    places: Places,
    unit: Unit,
    used_bytes: usize,
    budget_bytes: usize,
    spill: Option<Spill>,
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

    /// A writer that keeps about so many bytes of points in memory. The file does not depend on it.
    pub fn with_budget(budget_bytes: usize) -> Self {
        Self {
            ids: HashMap::new(),
            keys: Vec::new(),
            waiting: Vec::new(),
            places: Places::default(),
            unit: Unit::default(),
            used_bytes: 0,
            budget_bytes,
            spill: None,
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
        self.waiting.push(Waiting::default());
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
        point.text.map_or(Ok(()), check_text)?;
        let (place, new_bytes) = self.places.add(&point);
        if let Some(time_ns) = point.time_ns.filter(|_| new_bytes > 0) {
            self.unit = self.unit.max(Unit::of(time_ns));
        }
        let waiting = self.waiting.get_mut(key.0).expect("the key is one of this writer's");
        self.used_bytes += new_bytes + waiting.push(place, &point);
        if self.used_bytes > self.budget_bytes {
            self.spill()?;
        }
        Ok(())
    }

    fn spill(&mut self) -> Result<(), SeriesError> {
        let spill = match &mut self.spill {
            Some(spill) => spill,
            None => self.spill.insert(Spill::new()?),
        };
        for waiting in &mut self.waiting {
            waiting.spill(&self.places, spill)?;
        }
        self.places.clear();
        self.used_bytes = 0;
        Ok(())
    }

    /// Whether no point was added.
    pub fn is_empty(&self) -> bool {
        self.waiting.iter().all(Waiting::is_empty)
    }

    /// Writes the file, and gives the summary of each key in the order of the keys.
    ///
    /// The salt is that of a blinded section.
    pub fn finish(self, output: impl Write, salt: Option<&[u8; 32]>) -> Result<Vec<(String, KeySummary)>, SeriesError> {
        let Self { keys, waiting, places, unit, mut spill, .. } = self;
        if let Some(spill) = &mut spill {
            spill.flush()?;
        }
        let mut series: Vec<(Arc<str>, Waiting)> = keys.into_iter().zip(waiting).collect();
        series.retain(|(_, waiting)| !waiting.is_empty());
        series.sort_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
        series.iter().try_for_each(|(key, _)| check_text(key))?;
        let mut group = RowGroup::new(Output::new(output, unit, salt)?, unit);
        // Points are put in order by one thread and encoded by this one.
        std::thread::scope(|scope| {
            let (sender, parts) = sync_channel(WAITING_PARTS);
            let ordering = scope.spawn(move || order(series, &places, spill.as_ref(), &sender));
            for part in &parts {
                match part {
                    Part::Key(key) => group.begin_key(&key),
                    Part::Points(points) => points.iter().try_for_each(|point| group.push(&point.point()))?,
                }
            }
            group.end()?;
            group.output.finish(&SERIES)?;
            ordering.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

/// A part of the file's points, in its order.
enum Part {
    /// The points that follow are this key's.
    Key(Arc<str>),
    Points(Vec<Kept>),
}

/// Parts that may wait for the encoder, and points of one: small enough for the cache.
const WAITING_PARTS: usize = 4;
const PART_POINTS: usize = 2048;

/// Sends the points of each key in their order, and gives the summaries.
fn order(
    series: Vec<(Arc<str>, Waiting)>,
    places: &Places,
    spill: Option<&Spill>,
    sender: &SyncSender<Part>,
) -> Result<Vec<(String, KeySummary)>, SeriesError> {
    let mut summaries = Vec::with_capacity(series.len());
    for (key, waiting) in series {
        let mut summary = KeySummary::default();
        let mut points = Vec::with_capacity(PART_POINTS);
        // An encoder that is gone has failed, and says why itself.
        let _ = sender.send(Part::Key(Arc::clone(&key)));
        waiting.for_each(places, spill, |point| {
            summary.add(&point.point());
            points.push(point);
            if points.len() == PART_POINTS {
                let full = std::mem::replace(&mut points, Vec::with_capacity(PART_POINTS));
                let _ = sender.send(Part::Points(full));
            }
            Ok::<_, SeriesError>(())
        })?;
        let _ = sender.send(Part::Points(points));
        summaries.push((key.to_string(), summary));
    }
    Ok(summaries)
}

/// The row group that is being filled.
struct RowGroup<W> {
    output: Output<W>,
    unit: Unit,
    rows: usize,
    text_bytes: u64,
    current: Arc<str>,
    /// Index of the current key, once this row group has it.
    index: Option<u32>,
    key: WordColumn,
    step: ValueColumn<Integers>,
    time: ValueColumn<Integers>,
    value: ValueColumn<Floats>,
    text: ValueColumn<Texts>,
}

impl<W: Write> RowGroup<W> {
    fn new(output: Output<W>, unit: Unit) -> Self {
        Self {
            output,
            unit,
            rows: 0,
            text_bytes: 0,
            current: "".into(),
            index: None,
            key: WordColumn::default(),
            step: ValueColumn::new(Kind::Integer),
            time: ValueColumn::new(Kind::Time),
            value: ValueColumn::new(Kind::Float),
            text: ValueColumn::new(Kind::Text),
        }
    }

    fn begin_key(&mut self, key: &Arc<str>) {
        self.current = Arc::clone(key);
        self.index = None;
    }

    fn push(&mut self, point: &Point<'_>) -> Result<(), SeriesError> {
        let text_bytes = point.text.map_or(0, str::len);
        // A key counts once in each row group: its dictionary has it once.
        let key_bytes = if self.index.is_none() { self.current.len() } else { 0 };
        self.text_bytes += (text_bytes + key_bytes) as u64;
        if self.rows == GROUP_ROWS || (self.text_bytes > GROUP_TEXT_BYTES && self.rows > 0) {
            self.end()?;
            self.text_bytes = (text_bytes + self.current.len()) as u64;
        }
        let index = match self.index {
            Some(index) => index,
            None => *self.index.insert(self.key.index(&self.current)),
        };
        self.key.push(index);
        self.step.push(point.step);
        self.time.push(point.time_ns.map(|time_ns| self.unit.count(time_ns)));
        self.value.push(point.value);
        self.text.push(point.text);
        self.rows += 1;
        Ok(())
    }

    fn end(&mut self) -> Result<(), SeriesError> {
        let columns = [self.key.take(), self.step.take(), self.time.take(), self.value.take(), self.text.take()];
        self.output.group(self.rows, columns)?;
        self.rows = 0;
        self.index = None;
        Ok(())
    }
}
