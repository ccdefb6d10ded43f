//! Reads the pages of a file, a page of each column at a time.
//!
//! Nothing is taken on trust: no memory is taken that the bytes of the file cannot fill, a page has
//! at most 65,536 rows, and what the pages hold must fit what the footer says to the byte.

use std::ops::Range;
use std::sync::Arc;

use crate::error::SeriesError;
use crate::footer::{Chunk, Footer, Group};
use crate::lz4;
use crate::page::{self, HEAD_BYTES, Head};
use crate::profile::{Column, DICTIONARY_BYTES, PAGE_ROWS, Shape};
use crate::source::ReadAt;
use crate::time;
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

    /// The columns of a row group.
    pub fn columns<'a>(&'a self, group: &'a Group) -> Columns<'a> {
        let pages = self.shape.columns(self.footer.fine).zip(&group.chunks).map(|(column, chunk)| Pages {
            source: &*self.source,
            column,
            chunk,
            position: chunk.bytes.start,
            plain_bytes: 0,
        });
        Columns { rows_left: group.rows, page_rows: None, pages: pages.collect() }
    }
}

/// The columns of a row group, whose pages are read side by side.
pub struct Columns<'a> {
    rows_left: usize,
    /// Rows of the page that is read, once its first column has said how many.
    page_rows: Option<usize>,
    pages: Vec<Pages<'a>>,
}

impl Columns<'_> {
    /// Reads the dictionary of a column.
    pub fn dictionary(&mut self, name: &'static str) -> Result<Dictionary, SeriesError> {
        let rows = self.rows_left;
        self.column(name).dictionary(rows)
    }

    /// Goes on to the next page of every column.
    pub fn begin_page(&mut self) -> Result<(), SeriesError> {
        let head = self.pages.first_mut().expect("every shape has columns").peek()?;
        let broken = || SeriesError::Rows { claimed: head.count as u64, bytes: head.bytes as u64 };
        if head.count == 0 || head.count > PAGE_ROWS {
            return Err(broken());
        }
        self.rows_left = self.rows_left.checked_sub(head.count).ok_or_else(broken)?;
        self.page_rows = Some(head.count);
        Ok(())
    }

    /// Reads the page of a column. `decode` makes cells of its body, and is given the number of
    /// rows.
    pub fn next<T>(
        &mut self,
        name: &'static str,
        decode: impl FnOnce(&[u8], usize) -> Result<T, Differs>,
    ) -> Result<(T, Vec<u8>), SeriesError> {
        let rows = self.page_rows.unwrap_or(0);
        self.column(name).next(rows, decode)
    }

    /// Nothing may be left after the last page.
    pub fn end(&self) -> Result<(), SeriesError> {
        if self.rows_left > 0 {
            return Err(SeriesError::Rows { claimed: self.rows_left as u64, bytes: 0 });
        }
        self.pages.iter().try_for_each(Pages::end)
    }
}

impl<'a> Columns<'a> {
    fn column(&mut self, name: &'static str) -> &mut Pages<'a> {
        self.pages.iter_mut().find(|pages| pages.column.name == name).expect("the shape has a column of this name")
    }
}

/// The pages of a column in a row group.
struct Pages<'a> {
    source: &'a dyn ReadAt,
    column: &'a Column,
    chunk: &'a Chunk,
    position: u64,
    plain_bytes: u64,
}

impl Pages<'_> {
    /// The head of the next page.
    fn peek(&self) -> Result<Head, SeriesError> {
        let read = Head::read_data(&self.head()?, self.column.kind);
        read.map(|(head, _)| head).map_err(|_| self.broken())
    }

    fn next<T>(
        &mut self,
        rows: usize,
        decode: impl FnOnce(&[u8], usize) -> Result<T, Differs>,
    ) -> Result<(T, Vec<u8>), SeriesError> {
        let broken = self.broken();
        let kind = self.column.kind;
        let (head, head_bytes) = Head::read_data(&self.head()?, kind).map_err(|_| self.broken())?;
        if head.count != rows {
            return Err(broken);
        }
        let body = self.body(head, head_bytes, kind.page_bytes(rows))?;
        let cells = decode(&body, rows).map_err(|_| broken)?;
        Ok((cells, body))
    }

    /// Reads the dictionary, which has at most as many words as the row group has rows.
    fn dictionary(&mut self, rows: usize) -> Result<Dictionary, SeriesError> {
        let broken = self.broken();
        let (head, head_bytes) = Head::read_dictionary(&self.head()?).map_err(|_| self.broken())?;
        if head.count == 0 || head.count > rows {
            return Err(broken);
        }
        let body = self.body(head, head_bytes, DICTIONARY_BYTES)?;
        if self.position != self.chunk.data_offset {
            return Err(broken);
        }
        let places = page::words(&body, head.count).map_err(|_| broken)?;
        Ok(Dictionary { places, body })
    }

    fn end(&self) -> Result<(), SeriesError> {
        let whole = self.position == self.chunk.bytes.end && self.plain_bytes == self.chunk.plain_bytes;
        if whole { Ok(()) } else { Err(self.broken()) }
    }

    fn head(&self) -> Result<Vec<u8>, SeriesError> {
        let length = self.chunk.bytes.end.saturating_sub(self.position).min(HEAD_BYTES as u64);
        self.source.exactly(self.position, usize::try_from(length).expect("the head is short"))
    }

    /// Reads and expands the body of a page, of at most so many bytes.
    fn body(&mut self, head: Head, head_bytes: usize, most_bytes: usize) -> Result<Vec<u8>, SeriesError> {
        let start = self.position + head_bytes as u64;
        let end = start.checked_add(head.bytes as u64).filter(|end| *end <= self.chunk.bytes.end);
        let end = end.filter(|_| head.plain_bytes <= most_bytes && lz4::can_hold(head.bytes, head.plain_bytes));
        let Some(end) = end else { return Err(self.broken()) };
        let block = self.source.exactly(start, head.bytes)?;
        let body = lz4::decode(&block, head.plain_bytes);
        let body = body.map_err(|_| SeriesError::Block { column: self.column.name, offset: start })?;
        self.position = end;
        self.plain_bytes += (head_bytes + body.len()) as u64;
        Ok(body)
    }

    fn broken(&self) -> SeriesError {
        SeriesError::Page { column: self.column.name, offset: self.position }
    }
}

/// The dictionary of a row group.
pub struct Dictionary {
    places: Vec<Range<usize>>,
    body: Vec<u8>,
}

impl Dictionary {
    /// Its words. The row is the first of the row group.
    pub fn words(&self, column: &'static str, row: u64) -> Result<Words, SeriesError> {
        let text = |place: &Range<usize>| Ok(text_at(Some(place), &self.body, column, row)?.unwrap_or_default().into());
        let words: Vec<Arc<str>> = self.places.iter().map(text).collect::<Result<_, SeriesError>>()?;
        let mut order: Vec<usize> = (0..words.len()).collect();
        order.sort_unstable_by_key(|index| words.get(*index).map(|word| word.as_bytes()));
        let mut ranks = vec![0; words.len()];
        let mut before: Option<&Arc<str>> = None;
        for (rank, index) in (0..).zip(order) {
            let word = words.get(index);
            if before.is_some() && before == word {
                return Err(SeriesError::Order { row });
            }
            before = word;
            if let Some(place) = ranks.get_mut(index) {
                *place = rank;
            }
        }
        Ok(Words { texts: words, ranks, seen: 0 })
    }
}

/// The words of a row group.
pub struct Words {
    texts: Vec<Arc<str>>,
    /// The place of each among all, by their bytes.
    ranks: Vec<u32>,
    /// How many the pages so far used: each new word is the next of the dictionary.
    seen: u32,
}

impl Words {
    pub fn get(&self, index: u32) -> Option<&Arc<str>> {
        self.texts.get(index as usize)
    }

    pub fn all(&self) -> &[Arc<str>] {
        &self.texts
    }

    pub fn rank(&self, index: u32) -> u32 {
        self.ranks.get(index as usize).copied().unwrap_or(u32::MAX)
    }

    /// Reads a page of indices, none of which is beyond the dictionary.
    pub fn indices(&mut self, body: &[u8], rows: usize) -> Result<Vec<u32>, Differs> {
        let indices = page::indices(body, rows, &mut self.seen)?;
        if self.seen as usize > self.texts.len() { Err(Differs { position: 0 }) } else { Ok(indices) }
    }

    /// A word that no row has would be room to hide something in.
    pub fn end(&self) -> Result<(), SeriesError> {
        let (words, seen) = (self.texts.len() as u64, u64::from(self.seen));
        if words == seen { Ok(()) } else { Err(SeriesError::Rows { claimed: words, bytes: seen }) }
    }
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

/// The times of a file, whose nanoseconds may be in a column of their own.
pub struct Times {
    fine: bool,
    /// Whether some time has nanoseconds.
    needed: bool,
}

impl Times {
    pub fn new(fine: bool) -> Self {
        Self { fine, needed: false }
    }

    /// The times of the next page, in nanoseconds. The row is the first of the page.
    pub fn page(&mut self, columns: &mut Columns<'_>, row: u64) -> Result<Vec<Option<i64>>, SeriesError> {
        let (mut times, _) = columns.next("time", page::integers)?;
        let below = if self.fine { Some(columns.next("nanoseconds", page::nanoseconds)?.0) } else { None };
        for (index, (row, time)) in (row..).zip(&mut times).enumerate() {
            let below = match &below {
                Some(below) => below.get(index).copied().flatten(),
                None => time.map(|_| 0),
            };
            *time = match (*time, below) {
                (None, None) => None,
                (Some(time), Some(below)) if time::is_rest(below) => {
                    self.needed |= below != 0;
                    Some(time::join(time, below).ok_or(SeriesError::Time { row })?)
                }
                _ => return Err(SeriesError::Nanoseconds { row: Some(row) }),
            };
        }
        Ok(times)
    }

    /// After the last page.
    pub fn end(&self) -> Result<(), SeriesError> {
        if self.needed == self.fine { Ok(()) } else { Err(SeriesError::Nanoseconds { row: None }) }
    }
}
