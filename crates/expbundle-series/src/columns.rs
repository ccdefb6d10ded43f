//! The pages of the row group that is being written, and the file that takes it when it is full.

use std::collections::HashMap;
use std::io::Write;

use crate::delta::{self, Width};
use crate::error::SeriesError;
use crate::footer::{Chunk, Footer, Group, MAGIC};
use crate::lz4;
use crate::page::{self, Head, Sparse};
use crate::profile::{GROUP_PAGES, GROUPS, Kind, Shape};
use crate::runs;

/// The cells of a column, a page of them.
pub enum Cells<'a> {
    /// Numbers of words in the dictionary ([`Output::word`]).
    Words(&'a [u32]),
    Integers(&'a Sparse<i64>),
    Nanoseconds(&'a Sparse<i64>),
    Floats(&'a Sparse<f64>),
    Texts(&'a Sparse<&'a str>),
    Lines(&'a [&'a str]),
}

/// A file that grows by pages.
pub struct Output<W> {
    sink: W,
    shape: &'static Shape,
    position: u64,
    footer: Footer,
    /// The row group that is being filled: its rows, pages, columns and dictionary.
    rows: usize,
    pages: usize,
    columns: Vec<Column>,
    words: HashMap<Box<str>, u32>,
    dictionary: Vec<u8>,
}

/// The columns of a page with fewer rows are encoded one after the other: that takes less time than
/// beginning threads.
const ROWS_FOR_THREADS: usize = 4096;

/// Pages of a column, with their heads.
struct Column {
    kind: Kind,
    pages: Vec<u8>,
    plain_bytes: usize,
    lz4: lz4::Encoder,
    /// Room that is used again for each page.
    body: Vec<u8>,
    block: Vec<u8>,
}

impl<W: Write> Output<W> {
    /// A file without rows. `fine`: whether its times have nanoseconds.
    pub fn new(mut sink: W, shape: &'static Shape, fine: bool, salt: Option<&[u8; 32]>) -> Result<Self, SeriesError> {
        sink.write_all(MAGIC)?;
        Ok(Self {
            sink,
            shape,
            position: 4,
            footer: Footer { fine, salt: salt.map(hex), groups: Vec::new() },
            rows: 0,
            pages: 0,
            columns: shape.columns(fine).map(|column| Column::new(column.kind)).collect(),
            words: HashMap::new(),
            dictionary: Vec::new(),
        })
    }

    /// The number of a word in the dictionary of the row group that has the next page.
    pub fn word(&mut self, word: &str) -> u32 {
        if let Some(index) = self.words.get(word) {
            return *index;
        }
        let index = u32::try_from(self.words.len()).expect("a row group has few rows");
        self.words.insert(word.into(), index);
        page::write_word(word, &mut self.dictionary);
        index
    }

    /// Adds a page of so many rows: the cells of each column that the file has.
    pub fn page<'a>(&mut self, rows: usize, cells: impl IntoIterator<Item = Cells<'a>>) -> Result<(), SeriesError> {
        if rows == 0 {
            return Ok(());
        }
        // As many bits as the words until here need.
        let width =
            runs::width_of(u32::try_from(self.words.len().saturating_sub(1)).expect("a row group has few rows"));
        let cells = self.columns.iter_mut().zip(cells);
        if rows < ROWS_FOR_THREADS {
            cells.for_each(|(column, cells)| column.page(rows, &cells, width));
        } else {
            std::thread::scope(|scope| {
                for (column, cells) in cells {
                    scope.spawn(move || column.page(rows, &cells, width));
                }
            });
        }
        self.rows += rows;
        self.pages += 1;
        if self.pages == GROUP_PAGES { self.group() } else { Ok(()) }
    }

    /// Writes the row group: for each column its dictionary, if it has one, and its pages.
    fn group(&mut self) -> Result<(), SeriesError> {
        if self.footer.groups.len() == GROUPS {
            return Err(SeriesError::TooManyGroups);
        }
        let mut chunks = Vec::with_capacity(self.columns.len());
        for column in &mut self.columns {
            let dictionary = column.dictionary(&self.dictionary, self.words.len());
            self.sink.write_all(&dictionary)?;
            self.sink.write_all(&column.pages)?;
            let data_offset = self.position + dictionary.len() as u64;
            let end = data_offset + column.pages.len() as u64;
            let plain_bytes = std::mem::take(&mut column.plain_bytes) as u64;
            chunks.push(Chunk { bytes: self.position..end, data_offset, plain_bytes });
            self.position = end;
            column.pages.clear();
        }
        self.words.clear();
        self.dictionary.clear();
        self.footer.groups.push(Group { rows: self.rows, pages: self.pages, chunks });
        (self.rows, self.pages) = (0, 0);
        Ok(())
    }

    /// Writes what waits, and the footer.
    pub fn finish(mut self) -> Result<(), SeriesError> {
        if self.pages > 0 {
            self.group()?;
        }
        self.sink.write_all(&self.footer.to_bytes(self.shape))?;
        self.sink.flush()?;
        Ok(())
    }
}

impl Column {
    fn new(kind: Kind) -> Self {
        let lz4 = lz4::Encoder::default();
        Self { kind, pages: Vec::new(), plain_bytes: 0, lz4, body: Vec::new(), block: Vec::new() }
    }

    /// Appends a page.
    fn page(&mut self, rows: usize, cells: &Cells<'_>, width: u32) {
        self.body.clear();
        encode(cells, width, &mut self.body);
        self.block.clear();
        self.lz4.encode(&self.body, &mut self.block);
        let start = self.pages.len();
        Head { count: rows, plain_bytes: self.body.len(), bytes: self.block.len() }
            .write_data(self.kind, &mut self.pages);
        self.plain_bytes += self.pages.len() - start + self.body.len();
        self.pages.extend_from_slice(&self.block);
    }

    /// The page of a dictionary, empty for a column that has none.
    fn dictionary(&mut self, body: &[u8], words: usize) -> Vec<u8> {
        let mut page = Vec::new();
        if self.kind == Kind::Word {
            self.block.clear();
            self.lz4.encode(body, &mut self.block);
            Head { count: words, plain_bytes: body.len(), bytes: self.block.len() }.write_dictionary(&mut page);
            self.plain_bytes += page.len() + body.len();
            page.extend_from_slice(&self.block);
        }
        page
    }
}

/// Appends cells: which rows have one, where some may lack one, and those that are there.
fn encode(cells: &Cells<'_>, width: u32, body: &mut Vec<u8>) {
    match cells {
        Cells::Words(indices) => {
            body.push(u8::try_from(width).expect("at most 32"));
            runs::encode(indices, width, body);
        }
        Cells::Integers(cells) => delta::encode(present(cells, body), Width::Bits64, body),
        Cells::Nanoseconds(cells) => delta::encode(present(cells, body), Width::Bits32, body),
        Cells::Floats(cells) => page::write_floats(present(cells, body), body),
        Cells::Texts(cells) => page::write_texts(present(cells, body), body),
        Cells::Lines(lines) => page::write_texts(lines, body),
    }
}

/// Appends which rows have a cell, and gives those that are there.
fn present<'a, T>(cells: &'a Sparse<T>, body: &mut Vec<u8>) -> &'a [T] {
    cells.write_levels(body);
    &cells.values
}

fn hex(salt: &[u8; 32]) -> [u8; 64] {
    let [high, low] = [0, 16].map(|from| u128::from_be_bytes(*salt[from..].first_chunk().expect("16 of 32 bytes")));
    format!("{high:032x}{low:032x}").into_bytes().try_into().expect("twice 32 digits")
}
