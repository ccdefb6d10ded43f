//! Reads series from bytes that nobody vouches for.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::cut::{CutCheck, EndsElsewhere, Load, Moment, Part, by_moment};
use crate::error::SeriesError;
use crate::page::{self, Places};
use crate::points::Point;
use crate::profile::{ALL_KEYS_BYTES, KEY_BYTES, KEY_COST, SERIES, TEXT_BYTES};
use crate::rows::{Columns, File, Times, Words, text_at};
use crate::source::ReadAt;
use crate::summary::KeySummary;

/// A point of a file, with its key.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnedPoint {
    /// Its series.
    pub key: Arc<str>,
    /// Step, if it has one.
    pub step: Option<i64>,
    /// Time in nanoseconds since 1970, if it has one.
    pub time_ns: Option<i64>,
    /// The value, if it is a number.
    pub value: Option<f64>,
    /// The value as text, if it is not a number, or has more digits than a float holds.
    pub text: Option<String>,
}

impl OwnedPoint {
    /// Without its key.
    pub fn point(&self) -> Point<'_> {
        Point { step: self.step, time_ns: self.time_ns, value: self.value, text: self.text.as_deref() }
    }
}

/// Reads a metrics or telemetry section, point by point in the order of the file.
#[derive(Clone)]
pub struct SeriesReader {
    file: File,
}

impl SeriesReader {
    /// Opens a section. Only the footer is read, and held against the profile.
    pub fn open(source: impl ReadAt + 'static) -> Result<Self, SeriesError> {
        Ok(Self { file: File::open(Arc::new(source), &SERIES)? })
    }

    /// Points of all series.
    pub fn rows(&self) -> u64 {
        self.file.footer.rows()
    }

    /// The salt of a blinded section.
    pub fn salt(&self) -> Option<&str> {
        self.file.salt()
    }

    /// Gives every point, in the order of the file: page by page, and in a page mostly key by key.
    /// Those of one key come in the order of step, time and arrival. Memory holds one page of each
    /// column.
    ///
    /// What an error comes after was in order as far as it goes; whether the file is of the profile
    /// is known at the end.
    pub fn for_each(&self, mut take: impl FnMut(&OwnedPoint)) -> Result<(), SeriesError> {
        let ControlFlow::Continue(()) = self.try_for_each(|point| {
            take(point);
            ControlFlow::<Infallible>::Continue(())
        })?;
        Ok(())
    }

    /// Like [`SeriesReader::for_each`], until `take` ends it. Whether a file is of the profile is
    /// not known then.
    pub fn try_for_each<B>(
        &self,
        mut take: impl FnMut(&OwnedPoint) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, SeriesError> {
        self.walk(|_| Ok(()), |(), _, point| take(point))
    }

    /// Gives every text with its key, page by page. Only keys and texts are read, so nothing is said
    /// of the rest of the file.
    pub fn texts(&self, mut take: impl FnMut(&str, &str)) -> Result<(), SeriesError> {
        let mut row = 0;
        for group in &self.file.footer.groups {
            let mut columns = self.file.columns(group);
            let mut words = keys(&mut columns, row)?;
            for _ in 0..group.pages {
                columns.begin_page()?;
                let keys = columns.next("key", |body, rows| words.indices(body, rows))?.0;
                let (places, body) = columns.next("text", page::texts)?;
                for ((row, key), place) in (row..).zip(&keys).zip(&places) {
                    let text = text_at(place.as_ref(), &body, "text", row)?;
                    if let Some((key, text)) = words.get(*key).zip(text) {
                        take(key, text);
                    }
                }
                row += keys.len() as u64;
            }
        }
        Ok(())
    }

    /// What each series comes to, in the order of the keys.
    pub fn summaries(&self) -> Result<Vec<(String, KeySummary)>, SeriesError> {
        let all: RefCell<Vec<(Arc<str>, KeySummary)>> = RefCell::default();
        let mut held = Held::default();
        let mut known: HashMap<Arc<str>, usize> = HashMap::new();
        // Texts are compared once for each row group, not for each row.
        let places = |words: &Words| -> Result<Vec<usize>, SeriesError> {
            let mut all = all.borrow_mut();
            let place = |key: &Arc<str>| {
                if let Some(place) = known.get(key) {
                    return Ok(*place);
                }
                held.add(key)?;
                all.push((Arc::clone(key), KeySummary::default()));
                known.insert(Arc::clone(key), all.len() - 1);
                Ok(all.len() - 1)
            };
            words.all().iter().map(place).collect()
        };
        let ControlFlow::Continue(()) = self.walk(places, |places, key, point| {
            let mut all = all.borrow_mut();
            if let Some((_, summary)) = places.get(key as usize).and_then(|place| all.get_mut(*place)) {
                summary.add(&point.point());
            }
            ControlFlow::<Infallible>::Continue(())
        })?;
        let mut all = all.into_inner();
        all.sort_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
        Ok(all.into_iter().map(|(key, summary)| (key.to_string(), summary)).collect())
    }

    /// Goes through the file. `begin` is given the keys of each row group, `take` each point with
    /// the number of its key among them.
    fn walk<G, B>(
        &self,
        mut begin: impl FnMut(&Words) -> Result<G, SeriesError>,
        mut take: impl FnMut(&G, u32, &OwnedPoint) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, SeriesError> {
        let mut walk = Walk {
            row: 0,
            times: Times::new(self.file.footer.fine),
            cut: CutCheck::default(),
            last: None,
            order: Vec::new(),
            pages_of: Vec::new(),
        };
        for group in &self.file.footer.groups {
            let mut columns = self.file.columns(group);
            let mut words = keys(&mut columns, walk.row)?;
            walk.pages_of.clear();
            walk.pages_of.resize(words.all().len(), 0);
            let of_group = begin(&words)?;
            for page in 1..=group.pages {
                columns.begin_page()?;
                let stopped = walk.page(&mut columns, &mut words, page, |key, point| take(&of_group, key, point))?;
                if stopped.is_break() {
                    return Ok(stopped);
                }
            }
            words.end()?;
            columns.end()?;
        }
        walk.times.end()?;
        walk.cut.end().map_err(|EndsElsewhere| SeriesError::PageEnd { row: walk.row })?;
        Ok(ControlFlow::Continue(()))
    }

    /// The keys, in order. Only dictionaries are read, one for each row group.
    pub fn keys(&self) -> Result<Vec<String>, SeriesError> {
        let mut all: BTreeSet<Arc<str>> = BTreeSet::new();
        let mut held = Held::default();
        let mut row = 0;
        for group in &self.file.footer.groups {
            for key in keys(&mut self.file.columns(group), row)?.all() {
                if !all.contains(key) {
                    held.add(key)?;
                    all.insert(Arc::clone(key));
                }
            }
            row += group.rows as u64;
        }
        Ok(all.iter().map(ToString::to_string).collect())
    }
}

/// The keys of a row group.
fn keys(columns: &mut Columns<'_>, row: u64) -> Result<Words, SeriesError> {
    let words = columns.dictionary("key")?.words("key", row)?;
    match words.all().iter().find(|key| key.len() > KEY_BYTES) {
        Some(key) => Err(SeriesError::KeyTooLong { bytes: key.len() }),
        None => Ok(words),
    }
}

/// Counts the keys of all row groups that are kept.
#[derive(Default)]
struct Held {
    bytes: usize,
}

impl Held {
    fn add(&mut self, key: &str) -> Result<(), SeriesError> {
        self.bytes += key.len() + KEY_COST;
        if self.bytes > ALL_KEYS_BYTES { Err(SeriesError::TooManyKeys) } else { Ok(()) }
    }
}

/// The way through a file.
struct Walk {
    /// The next row.
    row: u64,
    times: Times,
    cut: CutCheck,
    /// The last of the page before, in the order of moment and key.
    last: Option<(Moment, Arc<str>)>,
    /// Room for the order of a page's rows.
    order: Vec<u32>,
    /// In which page of the row group each key was seen last, from 1.
    pages_of: Vec<usize>,
}

/// A page of each column.
struct Page {
    keys: Vec<u32>,
    moments: Vec<Moment>,
    values: Vec<Option<f64>>,
    texts: Places,
    texts_body: Vec<u8>,
}

impl Walk {
    fn page<B>(
        &mut self,
        columns: &mut Columns<'_>,
        words: &mut Words,
        number: usize,
        mut take: impl FnMut(u32, &OwnedPoint) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, SeriesError> {
        let keys = columns.next("key", |body, rows| words.indices(body, rows))?.0;
        let steps = columns.next("step", page::integers)?.0;
        let times = self.times.page(columns, self.row)?;
        let values = columns.next("value", page::floats)?.0;
        let (texts, texts_body) = columns.next("text", page::texts)?;
        let page = Page { keys, moments: steps.into_iter().zip(times).collect(), values, texts, texts_body };
        self.check(&page, words, number)?;
        let mut point = OwnedPoint { key: "".into(), step: None, time_ns: None, value: None, text: None };
        let cells = page.moments.iter().zip(&page.values).zip(&page.texts);
        for (index, ((moment, value), place)) in page.keys.iter().zip(cells) {
            let row = self.row;
            let text = text_at(place.as_ref(), &page.texts_body, "text", row)?;
            if value.is_none() && text.is_none() {
                return Err(SeriesError::EmptyRow { row });
            }
            if let Some(key) = words.get(*index).filter(|key| !Arc::ptr_eq(key, &point.key)) {
                point.key = Arc::clone(key);
            }
            ((point.step, point.time_ns), point.value) = (*moment, *value);
            match (&mut point.text, text) {
                (Some(old), Some(text)) => text.clone_into(old),
                (old, text) => *old = text.map(str::to_owned),
            }
            let taken = take(*index, &point);
            if taken.is_break() {
                return Ok(taken);
            }
            self.row += 1;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Holds a page to the order of rows, within it and to the page before, and to where pages end.
    fn check(&mut self, page: &Page, words: &Words, number: usize) -> Result<(), SeriesError> {
        let row = self.row;
        let bytes = |index: usize| {
            let key = page.keys.get(index).and_then(|key| words.get(*key)).map_or(0, |key| key.len());
            key + page.texts.get(index).and_then(Option::as_ref).map_or(0, ExactSizeIterator::len)
        };
        let texts = page.texts.iter().flatten().map(ExactSizeIterator::len);
        if let Some(bytes) = texts.max().filter(|bytes| *bytes > TEXT_BYTES) {
            return Err(SeriesError::TextTooLong { bytes });
        }
        let mut keys = 0;
        for key in &page.keys {
            if let Some(seen) = self.pages_of.get_mut(*key as usize).filter(|seen| **seen != number) {
                *seen = number;
                keys += 1;
            }
        }
        let moment = |index: &u32| page.moments.get(*index as usize).copied().unwrap_or_default();
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        if !every_key(page, keys, &mut order) {
            order.clear();
            order.extend((0..).take(page.keys.len()));
            order.sort_by_key(moment);
        }
        let mut parts: Vec<Part> = Vec::new();
        for index in &order {
            let load = Load { rows: 1, bytes: bytes(*index as usize) };
            match parts.last_mut().filter(|part| part.moment == moment(index)) {
                Some(part) => part.load = part.load.plus(load),
                None => parts.push(Part { moment: moment(index), load }),
            }
        }
        let rank = |index: u32| page.keys.get(index as usize).map(|key| words.rank(*key));
        let rows = (0..).zip(&page.moments).take(page.keys.len());
        let sorted = if by_moment(page.keys.len(), parts.len(), keys) {
            rows.is_sorted_by_key(|(index, moment)| (*moment, rank(index)))
        } else {
            rows.is_sorted_by_key(|(index, moment)| (rank(index), *moment))
        };
        // In a page by key, rows of a moment stand by key, so that this is the order of moment and
        // key.
        let at = |index: Option<&u32>| {
            let index = *index?;
            let key = page.keys.get(index as usize).and_then(|key| words.get(*key))?;
            Some((moment(&index), Arc::clone(key)))
        };
        let follows = self.last.is_none() || self.last <= at(order.first());
        if !sorted || !follows {
            return Err(SeriesError::Order { row });
        }
        self.last = at(order.last());
        let first_bytes = order.first().map_or(0, |index| bytes(*index as usize));
        self.order = order;
        self.cut.page(&parts, first_bytes).map_err(|EndsElsewhere| SeriesError::PageEnd { row })
    }
}

/// Gives the order of rows by moment where each moment has each key once, key by key, as in most
/// runs: faster than sorting.
fn every_key(page: &Page, keys: usize, order: &mut Vec<u32>) -> bool {
    let rows = page.keys.len();
    let moments = rows / keys.max(1);
    let Some(first) = page.moments.get(..moments) else { return false };
    let dense = moments * keys == rows
        && first.is_sorted_by(|a, b| a < b)
        && page.moments.chunks(moments.max(1)).all(|of_a_key| of_a_key == first);
    if dense {
        order.extend((0_u32..).take(moments).flat_map(|moment| (moment..).step_by(moments).take(keys)));
    }
    dense
}
