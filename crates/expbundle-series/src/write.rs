//! Writes series in the fixed profile.

use std::collections::HashMap;
use std::io::Write;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use crate::columns::{Cells, Output};
use crate::cut::{Cut, by_moment};
use crate::error::SeriesError;
use crate::points::{Point, Ranks, Waiting, merged};
use crate::profile::{ALL_KEYS_BYTES, KEY_BYTES, KEY_COST, SERIES, TEXT_BYTES};
use crate::spill::Spill;
use crate::summary::KeySummary;
use crate::time;

/// Memory that waiting points may take before they are put into a temporary file.
const BUDGET_BYTES: usize = 80 << 20;

/// A key of a writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(u32);

/// Takes points in any order and writes them in the one order of the file.
///
/// What the file is depends on the points alone, and among those of one key, step and time on their
/// order of arrival. Memory is bounded: past a budget points wait in an unnamed temporary file, and
/// a row group is written when it is full.
///
/// ```
/// use expbundle_series::{Point, SeriesReader, SeriesWriter};
///
/// let mut writer = SeriesWriter::new();
/// let loss = writer.key("loss")?;
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
    /// Bytes that the keys have together, what each costs among them.
    keys_bytes: usize,
    waiting: Waiting,
    /// Whether a time has nanoseconds.
    fine: bool,
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
            keys_bytes: 0,
            waiting: Waiting::default(),
            fine: false,
            budget_bytes,
            spill: None,
        }
    }

    /// The id of a key, for [`SeriesWriter::push`]. A key without points leaves no trace.
    pub fn key(&mut self, key: &str) -> Result<KeyId, SeriesError> {
        if let Some(id) = self.ids.get(key) {
            return Ok(*id);
        }
        if key.len() > KEY_BYTES {
            return Err(SeriesError::KeyTooLong { bytes: key.len() });
        }
        let keys_bytes = self.keys_bytes + key.len() + KEY_COST;
        if keys_bytes > ALL_KEYS_BYTES {
            return Err(SeriesError::TooManyKeys);
        }
        self.keys_bytes = keys_bytes;
        let id = KeyId(u32::try_from(self.keys.len()).expect("fewer keys than that are in memory"));
        let key: Arc<str> = key.into();
        self.ids.insert(Arc::clone(&key), id);
        self.keys.push(key);
        Ok(id)
    }

    /// Adds a point. One with neither value nor text is written with an empty text.
    ///
    /// # Panics
    ///
    /// If the key is another writer's.
    #[inline]
    pub fn push(&mut self, key: KeyId, point: Point<'_>) -> Result<(), SeriesError> {
        assert!((key.0 as usize) < self.keys.len(), "the key is one of this writer's");
        let point = match (point.value, point.text) {
            (None, None) => Point { text: Some(""), ..point },
            _ => point,
        };
        point.text.map_or(Ok(()), check_text)?;
        if self.waiting.push(key.0, &point) {
            self.fine |= point.time_ns.is_some_and(|time_ns| time::split(time_ns).1 != 0);
        }
        if self.waiting.bytes() > self.budget_bytes { self.spill() } else { Ok(()) }
    }

    /// Puts what waits into the file.
    fn spill(&mut self) -> Result<(), SeriesError> {
        let ranks = ranks(&self.keys);
        let spill = match &mut self.spill {
            Some(spill) => spill,
            None => self.spill.insert(Spill::new()?),
        };
        Ok(self.waiting.spill(&ranks, spill)?)
    }

    /// Whether a key was asked for.
    pub fn has(&self, key: &str) -> bool {
        self.ids.contains_key(key)
    }

    /// Whether no point was added.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.spill.is_none()
    }

    /// Writes the file, and gives the summary of each key in the order of the keys.
    ///
    /// The salt is that of a blinded section. The points stay: if the file cannot be written, or more
    /// are added, it can be written again.
    pub fn finish(
        &mut self,
        output: impl Write,
        salt: Option<&[u8; 32]>,
    ) -> Result<Vec<(String, KeySummary)>, SeriesError> {
        let Self { keys, waiting, fine, spill, .. } = self;
        let fine = *fine;
        if let Some(spill) = spill {
            spill.flush()?;
        }
        let ranks = ranks(keys);
        let mut output = Output::new(output, &SERIES, fine, salt)?;
        let mut word_of = vec![0; keys.len()];
        let summaries = if spill.is_none() && waiting.len() < POINTS_FOR_A_THREAD {
            let mut pages = Vec::new();
            let summaries = order(waiting, None, keys, &ranks, |page| pages.push(page))?;
            pages.into_iter().try_for_each(|page: Page| page.write(keys, fine, &mut word_of, &mut output))?;
            output.finish()?;
            summaries
        } else {
            // Rows are put in order by one thread and encoded by this one.
            std::thread::scope(|scope| {
                let (sender, pages) = sync_channel(WAITING_PAGES);
                let (keys, spill) = (&*keys, spill.as_ref());
                // An encoder that is gone has failed, and says why itself.
                let send = move |page| drop(sender.send(page));
                let ordering = scope.spawn(move || order(waiting, spill, keys, &ranks, send));
                for page in &pages {
                    page.write(keys, fine, &mut word_of, &mut output)?;
                }
                output.finish()?;
                ordering.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })?
        };
        let mut named: Vec<_> = keys.iter().map(ToString::to_string).zip(summaries).collect();
        named.retain(|(_, summary)| summary.count > 0);
        named.sort_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
        Ok(named)
    }
}

/// The place of each key among all of them, by their bytes.
fn ranks(keys: &[Arc<str>]) -> Ranks {
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by_key(|index| keys.get(*index).map(|key| key.as_bytes()));
    let mut ranks = vec![0; keys.len()];
    for (rank, index) in (0..).zip(order) {
        if let Some(place) = ranks.get_mut(index) {
            *place = rank;
        }
    }
    ranks
}

/// Fewer points are in order before a thread has begun.
const POINTS_FOR_A_THREAD: usize = 1 << 15;

/// Pages that may wait for the encoder.
const WAITING_PAGES: usize = 1;

/// Sends the pages in their order, and gives the summaries, by the number of the key.
fn order(
    waiting: &mut Waiting,
    spill: Option<&Spill>,
    keys: &[Arc<str>],
    ranks: &Ranks,
    send: impl FnMut(Page),
) -> Result<Vec<KeySummary>, SeriesError> {
    let mut pages = Pages {
        ranks,
        send,
        cut: Cut::default(),
        summaries: vec![KeySummary::default(); keys.len()],
        counts: vec![0; keys.len()],
        places: vec![0; keys.len()],
    };
    let key_bytes = |key: u32| keys.get(key as usize).map_or(0, |key| key.len());
    waiting.sort(ranks);
    let Some(spill) = spill else {
        // Pages are stretches of what waits.
        let mut start = 0;
        for (first, moment, load) in waiting.by_moment(key_bytes) {
            if pages.cut.add_moment(moment, load) {
                continue;
            }
            for (key, point) in waiting.points(first..first + load.rows) {
                while let Some(rows) = pages.cut.add(moment, key_bytes(key) + point.text_bytes()) {
                    pages.send(waiting, start..start + rows);
                    start += rows;
                }
            }
        }
        pages.send(waiting, start..waiting.len());
        return Ok(pages.summaries);
    };
    let mut page = Waiting::default();
    merged(waiting, spill, ranks, |key, point| {
        while let Some(rows) = pages.cut.add((point.step, point.time_ns), key_bytes(key) + point.text_bytes()) {
            pages.send(&page, 0..rows);
            page.forget(rows);
        }
        page.push(key, point);
        Ok::<_, SeriesError>(())
    })?;
    pages.send(&page, 0..page.len());
    Ok(pages.summaries)
}

/// Where sorted points become pages.
struct Pages<'a, S> {
    ranks: &'a Ranks,
    send: S,
    cut: Cut,
    /// What the points of each key come to.
    summaries: Vec<KeySummary>,
    /// Rows of each key in a page, and where the next one of it goes.
    counts: Vec<usize>,
    places: Vec<usize>,
}

/// A page of each column.
struct Page {
    /// The numbers of its keys, in the order of their first rows.
    words: Vec<u32>,
    rows: Waiting,
}

impl<S: FnMut(Page)> Pages<'_, S> {
    /// Sends a stretch of points as a page.
    fn send(&mut self, points: &Waiting, stretch: Range<usize>) {
        // The keys of the page, and how many rows each has.
        let mut words: Vec<u32> = Vec::new();
        for key in points.keys(stretch.clone()) {
            let count = self.counts.get_mut(key as usize).expect("as many as keys");
            if *count == 0 {
                words.push(key);
            }
            *count += 1;
        }
        let by_key = !by_moment(stretch.len(), points.moments(stretch.clone()), words.len());
        if by_key {
            words.sort_by_key(|key| self.ranks.get(*key as usize));
        }
        let mut next = 0;
        for key in &words {
            let counts = self.counts.get_mut(*key as usize).zip(self.places.get_mut(*key as usize));
            let (count, place) = counts.expect("as many as keys");
            *place = next;
            next += std::mem::take(count);
        }
        let rows = points.placed(stretch, |index, key| {
            if !by_key {
                return index;
            }
            let next = self.places.get_mut(key as usize).expect("as many as keys");
            *next += 1;
            *next - 1
        });
        for (key, points) in rows.by_key() {
            let summary = self.summaries.get_mut(key as usize).expect("as many as keys");
            *summary = points.fold(std::mem::take(summary), |mut summary, point| {
                summary.add(&point);
                summary
            });
        }
        (self.send)(Page { words, rows });
    }
}

impl Page {
    /// `word_of` is room for the number of the word of each key.
    fn write<W: Write>(
        self,
        keys: &[Arc<str>],
        fine: bool,
        word_of: &mut [u32],
        output: &mut Output<W>,
    ) -> Result<(), SeriesError> {
        for key in &self.words {
            let (word, name) = word_of.get_mut(*key as usize).zip(keys.get(*key as usize)).expect("as many as keys");
            *word = output.word(name);
        }
        let rows = &self.rows;
        let word = |key: u32| word_of.get(key as usize).copied().unwrap_or(0);
        let words: Vec<u32> = rows.keys(0..rows.len()).map(word).collect();
        let steps = rows.of_moment(|(step, _)| *step);
        let times = rows.of_moment(|(_, time_ns)| Some(time::split((*time_ns)?).0));
        let below = fine.then(|| rows.of_moment(|(_, time_ns)| Some(time::split((*time_ns)?).1)));
        let (values, texts) = (rows.values(), rows.texts());
        let before = [Cells::Words(&words), Cells::Integers(&steps), Cells::Integers(&times)];
        let behind = [Cells::Floats(&values), Cells::Texts(&texts)];
        output.page(rows.len(), before.into_iter().chain(below.as_ref().map(Cells::Nanoseconds)).chain(behind))
    }
}

/// Refuses a text that is too long for the format.
pub fn check_text(text: &str) -> Result<(), SeriesError> {
    if text.len() > TEXT_BYTES { Err(SeriesError::TextTooLong { bytes: text.len() }) } else { Ok(()) }
}
