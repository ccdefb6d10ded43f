//! Reads series from bytes that nobody vouches for.

use std::sync::Arc;

use crate::error::SeriesError;
use crate::footer::Group;
use crate::page::{self, Places};
use crate::points::Point;
use crate::profile::SERIES;
use crate::rows::{Checks, File, Pages, pages, text_at, words};
use crate::source::ReadAt;

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
    /// The value as text, if it is no number, or has more digits than a float holds.
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

    /// Gives every point, in the order of the file. Memory holds one page of each column.
    ///
    /// What an error comes after was in order as far as it goes; whether the file is of the profile is known at the end.
    pub fn for_each(&self, mut take: impl FnMut(&OwnedPoint)) -> Result<(), SeriesError> {
        let mut walk = Walk::new(&self.file);
        for group in &self.file.footer.groups {
            walk.group(group, &mut take)?;
        }
        walk.checks.end()
    }

    /// The keys, in order. Only dictionaries are read, one for each million rows.
    pub fn keys(&self) -> Result<Vec<String>, SeriesError> {
        let mut keys: Vec<String> = Vec::new();
        let mut row = 0;
        for group in &self.file.footer.groups {
            let [mut column, ..] = self.file.columns::<5>(group);
            let (places, body) = column.dictionary(group.rows)?;
            for place in &places {
                let key = text_at(place.as_ref(), &body, "key", row)?.unwrap_or_default();
                match keys.last() {
                    Some(last) if last.as_bytes() > key.as_bytes() => return Err(SeriesError::Order { row }),
                    Some(last) if last == key => {}
                    _ => keys.push(key.to_owned()),
                }
            }
            row += group.rows as u64;
        }
        Ok(keys)
    }
}

/// The way through a file.
struct Walk<'a> {
    file: &'a File,
    checks: Checks,
    row: u64,
    /// The row before; none before the first.
    previous: Option<OwnedPoint>,
}

/// A page of each column.
struct Page {
    keys: Vec<u32>,
    steps: Vec<Option<i64>>,
    times: Vec<Option<i64>>,
    values: Vec<Option<f64>>,
    texts: Places,
    texts_body: Vec<u8>,
}

impl<'a> Walk<'a> {
    fn new(file: &'a File) -> Self {
        Self { file, checks: Checks::new(file.footer.unit), row: 0, previous: None }
    }

    fn group(&mut self, group: &Group, take: &mut impl FnMut(&OwnedPoint)) -> Result<(), SeriesError> {
        self.checks.begin_group();
        let [mut key, mut step, mut time, mut value, mut text] = self.file.columns::<5>(group);
        let (places, body) = key.dictionary(group.rows)?;
        let keys = words(&places, &body, "key", self.row)?;
        let mut seen = 0;
        for rows in pages(group.rows) {
            let keys_page = key.next(rows, |body, rows| page::indices(body, rows, &mut seen))?;
            let (texts, texts_body) = text.next_with_body(rows, page::texts)?;
            let page = Page {
                keys: keys_page,
                steps: step.next(rows, page::integers)?,
                times: time.next(rows, page::integers)?,
                values: value.next(rows, page::floats)?,
                texts,
                texts_body,
            };
            self.page(&page, &keys, take)?;
        }
        // A word that no row has would be room to hide something in.
        if seen as usize != keys.len() {
            return Err(SeriesError::Rows { claimed: keys.len() as u64, bytes: body.len() as u64 });
        }
        [key, step, time, value, text].iter().try_for_each(Pages::end)
    }

    fn page(&mut self, page: &Page, keys: &[Arc<str>], take: &mut impl FnMut(&OwnedPoint)) -> Result<(), SeriesError> {
        let numbers = page.steps.iter().zip(&page.times).zip(&page.values);
        for ((index, ((step, time), value)), place) in page.keys.iter().zip(numbers).zip(&page.texts) {
            let row = self.row;
            // An index that the dictionary lacks.
            let Some(key) = keys.get(*index as usize) else { return Err(SeriesError::Order { row }) };
            let text = text_at(place.as_ref(), &page.texts_body, "text", row)?;
            let time_ns = self.checks.time(*time, row)?;
            if value.is_none() && text.is_none() {
                return Err(SeriesError::EmptyRow { row });
            }
            let text_bytes = text.map_or(0, str::len);
            let key_bytes = self.advance(key, (*step, time_ns))?;
            self.checks.texts(text_bytes + key_bytes, text_bytes + key.len(), row)?;
            let point = self.previous.as_mut().expect("it was just advanced to");
            (point.step, point.time_ns, point.value) = (*step, time_ns, *value);
            match (&mut point.text, text) {
                (Some(old), Some(text)) => text.clone_into(old),
                (old, text) => *old = text.map(str::to_owned),
            }
            take(point);
            self.row += 1;
        }
        Ok(())
    }

    /// Goes on to a row of this key. Returns the bytes that the key adds to the row group, if it is new there.
    fn advance(&mut self, key: &Arc<str>, order: (Option<i64>, Option<i64>)) -> Result<usize, SeriesError> {
        let Some(previous) = &mut self.previous else {
            self.previous =
                Some(OwnedPoint { key: Arc::clone(key), step: None, time_ns: None, value: None, text: None });
            return Ok(key.len());
        };
        if Arc::ptr_eq(&previous.key, key) {
            let in_order = (previous.step, previous.time_ns) <= order;
            return if in_order { Ok(0) } else { Err(SeriesError::Order { row: self.row }) };
        }
        // Another key, or the same one in another row group.
        let same = previous.key == *key;
        let in_order =
            if same { (previous.step, previous.time_ns) <= order } else { previous.key.as_bytes() < key.as_bytes() };
        if !in_order {
            return Err(SeriesError::Order { row: self.row });
        }
        previous.key = Arc::clone(key);
        Ok(if same { 0 } else { key.len() })
    }
}
