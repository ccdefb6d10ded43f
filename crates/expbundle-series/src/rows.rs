//! Reads the pages of a file, a page of each column at a time.
//!
//! Nothing is taken on trust: no memory is taken that the file does not have bytes for, a page has at most 65,536 rows, and
//! what the pages hold must fit what the footer says to the byte.

use std::ops::Range;
use std::sync::Arc;

use crate::error::SeriesError;
use crate::footer::{Footer, Group};
use crate::page::{self, HEAD_BYTES, Places};
use crate::profile::{Column, GROUP_ROWS, GROUP_TEXT_BYTES, PAGE_ROWS, Shape};
use crate::source::ReadAt;
use crate::unit::Unit;
use crate::wire::Differs;

/// A file whose footer holds to the profile.
#[derive(Clone)]
pub struct File {
    pub source: Arc<dyn ReadAt>,
    pub footer: Arc<Footer>,
    pub shape: &'static Shape,
}

impl File {
    pub fn open(source: Arc<dyn ReadAt>, shape: &'static Shape) -> Result<Self, SeriesError> {
        let footer = Arc::new(Footer::read(&*source, shape)?);
        Ok(Self { source, footer, shape })
    }

    /// The salt, if it has one.
    pub fn salt(&self) -> Option<&str> {
        self.footer.salt.as_ref().and_then(|salt| str::from_utf8(salt).ok())
    }

    /// The columns of a row group, in the order of the schema.
    pub fn columns<const N: usize>(&self, group: &Group) -> [Pages<'_>; N] {
        let mut chunks = self.shape.columns.iter().zip(&group.chunks);
        std::array::from_fn(|_| {
            let (column, chunk) = chunks.next().expect("footers have a chunk for each column of the shape");
            Pages { source: &*self.source, column, rest: chunk.bytes.clone(), data_offset: chunk.data_offset }
        })
    }
}

/// The rows of each page of a row group.
pub fn pages(rows: usize) -> impl Iterator<Item = usize> {
    (0..rows.div_ceil(PAGE_ROWS)).map(move |page| (rows - page * PAGE_ROWS).min(PAGE_ROWS))
}

/// The pages of a column in a row group.
pub struct Pages<'a> {
    source: &'a dyn ReadAt,
    column: &'a Column,
    rest: Range<u64>,
    data_offset: u64,
}

impl Pages<'_> {
    /// Reads the next page of so many rows. `decode` makes cells of its body.
    pub fn next<T>(
        &mut self,
        rows: usize,
        decode: impl FnOnce(&[u8], usize) -> Result<T, Differs>,
    ) -> Result<T, SeriesError> {
        self.next_with_body(rows, decode).map(|(cells, _)| cells)
    }

    /// Like [`Pages::next`], for cells that point into the body.
    pub fn next_with_body<T>(
        &mut self,
        rows: usize,
        decode: impl FnOnce(&[u8], usize) -> Result<T, Differs>,
    ) -> Result<(T, Vec<u8>), SeriesError> {
        let broken = self.broken();
        let (head, size) = page::read_data(&self.head()?, self.column.kind, rows).map_err(|_| self.broken())?;
        let body = self.body(head, size)?;
        let cells = decode(&body, rows).map_err(|_| broken)?;
        Ok((cells, body))
    }

    /// Reads the dictionary, which has at most as many words as the row group has rows.
    pub fn dictionary(&mut self, rows: usize) -> Result<(Places, Vec<u8>), SeriesError> {
        let broken = self.broken();
        let (head, size, words) = page::read_dictionary(&self.head()?).map_err(|_| self.broken())?;
        let words = usize::try_from(words).ok().filter(|words| (1..=rows).contains(words));
        let Some(words) = words else { return Err(broken) };
        let body = self.body(head, size)?;
        if self.rest.start != self.data_offset {
            return Err(broken);
        }
        let places = page::lines(&body, words).map_err(|_| broken)?;
        Ok((places, body))
    }

    /// Nothing may follow the last page.
    pub fn end(&self) -> Result<(), SeriesError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.broken()) }
    }

    fn head(&self) -> Result<Vec<u8>, SeriesError> {
        let length = (self.rest.end - self.rest.start).min(HEAD_BYTES as u64);
        self.source.exactly(self.rest.start, usize::try_from(length).expect("the head is short"))
    }

    fn body(&mut self, head: usize, size: i64) -> Result<Vec<u8>, SeriesError> {
        let start = self.rest.start + head as u64;
        let size = usize::try_from(size).map_err(|_| self.broken())?;
        let end = start.checked_add(size as u64).filter(|end| *end <= self.rest.end).ok_or_else(|| self.broken())?;
        let body = self.source.exactly(start, size)?;
        self.rest.start = end;
        Ok(body)
    }

    fn broken(&self) -> SeriesError {
        SeriesError::Page { column: self.column.name, offset: self.rest.start }
    }
}

/// The words of a dictionary.
pub fn words(places: &Places, body: &[u8], column: &'static str, row: u64) -> Result<Vec<Arc<str>>, SeriesError> {
    places.iter().map(|place| Ok(text_at(place.as_ref(), body, column, row)?.unwrap_or_default().into())).collect()
}

/// The text at a place in a page.
pub fn text_at<'a>(
    place: Option<&Range<usize>>,
    body: &'a [u8],
    column: &'static str,
    row: u64,
) -> Result<Option<&'a str>, SeriesError> {
    let Some(bytes) = place.and_then(|place| body.get(place.clone())) else { return Ok(None) };
    str::from_utf8(bytes).map(Some).map_err(|_| SeriesError::Utf8 { column, row })
}

/// What is checked from row to row over the whole file, alike for series and console output.
pub struct Checks {
    unit: Unit,
    /// The unit that the times so far need.
    needed: Unit,
    text_bytes: u64,
    previous_rows: usize,
    group_row: usize,
}

impl Checks {
    pub fn new(unit: Unit) -> Self {
        Self { unit, needed: Unit::default(), text_bytes: 0, previous_rows: GROUP_ROWS, group_row: 0 }
    }

    pub fn begin_group(&mut self) {
        if self.group_row > 0 {
            self.previous_rows = self.group_row;
        }
        self.group_row = 0;
    }

    /// A time in nanoseconds.
    pub fn time(&mut self, time: Option<i64>, row: u64) -> Result<Option<i64>, SeriesError> {
        let Some(time) = time else { return Ok(None) };
        let time_ns = time.checked_mul(self.unit.nanoseconds()).ok_or(SeriesError::Time { row })?;
        self.needed = self.needed.max(Unit::of(time_ns));
        Ok(Some(time_ns))
    }

    /// Counts the texts of the next row towards the end of the row group.
    ///
    /// `alone_bytes` is what they count as the first of a row group, where the key is new again.
    pub fn texts(&mut self, bytes: usize, alone_bytes: usize, row: u64) -> Result<(), SeriesError> {
        if self.group_row == 0 {
            // The row group before this one may only end early if this row would have brought it past the limit.
            if self.previous_rows < GROUP_ROWS && self.text_bytes + (bytes as u64) <= GROUP_TEXT_BYTES {
                return Err(SeriesError::Group { row });
            }
            self.text_bytes = alone_bytes as u64;
        } else {
            self.text_bytes += bytes as u64;
            if self.text_bytes > GROUP_TEXT_BYTES {
                return Err(SeriesError::Group { row });
            }
        }
        self.group_row += 1;
        Ok(())
    }

    /// After the last row.
    pub fn end(&self) -> Result<(), SeriesError> {
        if self.needed == self.unit { Ok(()) } else { Err(SeriesError::Unit) }
    }
}
