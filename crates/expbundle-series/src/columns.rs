//! The columns of the row group that is being written, and the file that takes it when it is full.

use std::collections::HashMap;
use std::io::Write;

use crate::delta;
use crate::error::SeriesError;
use crate::footer::{Chunk, Footer, Group, MAGIC};
use crate::page;
use crate::profile::{Kind, PAGE_ROWS, Shape, TEXT_BYTES};
use crate::runs;
use crate::unit::Unit;

/// A file that grows by row groups.
pub struct Output<W> {
    sink: W,
    position: u64,
    footer: Footer,
}

impl<W: Write> Output<W> {
    pub fn new(mut sink: W, unit: Unit, salt: Option<&[u8; 32]>) -> Result<Self, SeriesError> {
        sink.write_all(MAGIC)?;
        let footer = Footer { unit, salt: salt.map(hex), groups: Vec::new() };
        Ok(Self { sink, position: 4, footer })
    }

    /// Writes a row group: for each column its dictionary, empty if it has none, and its pages.
    pub fn group<const N: usize>(&mut self, rows: usize, columns: [(Vec<u8>, Vec<u8>); N]) -> Result<(), SeriesError> {
        if rows == 0 {
            return Ok(());
        }
        // Parquet numbers row groups with 16 bits.
        if self.footer.groups.len() >= 0x7fff {
            return Err(SeriesError::TooManyGroups);
        }
        let mut chunks = Vec::with_capacity(N);
        for (dictionary, pages) in columns {
            self.sink.write_all(&dictionary)?;
            self.sink.write_all(&pages)?;
            let data_offset = self.position + dictionary.len() as u64;
            let end = data_offset + pages.len() as u64;
            chunks.push(Chunk { bytes: self.position..end, data_offset });
            self.position = end;
        }
        self.footer.groups.push(Group { rows, chunks });
        Ok(())
    }

    /// Writes the footer.
    pub fn finish(mut self, shape: &Shape) -> Result<(), SeriesError> {
        self.sink.write_all(&self.footer.to_bytes(shape))?;
        self.sink.flush()?;
        Ok(())
    }
}

fn hex(salt: &[u8; 32]) -> [u8; 64] {
    let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' + half - 10 };
    let mut text = [0; 64];
    for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(salt) {
        *pair = [digit(byte >> 4), digit(byte & 0x0f)];
    }
    text
}

/// The values of a page, coded or about to be.
pub trait Values: Default {
    type Item<'a>;
    fn push(&mut self, item: Self::Item<'_>);
    /// Appends them, and is empty again.
    fn drain_to(&mut self, output: &mut Vec<u8>);
}

/// Coded as packed differences.
#[derive(Default)]
pub struct Integers(Vec<i64>);

impl Values for Integers {
    type Item<'a> = i64;

    fn push(&mut self, item: i64) {
        self.0.push(item);
    }

    fn drain_to(&mut self, output: &mut Vec<u8>) {
        delta::encode(&self.0, output);
        self.0.clear();
    }
}

/// Plain.
#[derive(Default)]
pub struct Floats(Vec<u8>);

impl Values for Floats {
    type Item<'a> = f64;

    fn push(&mut self, item: f64) {
        // One NaN: payload and sign of others say nothing that any tracker meant.
        let item = if item.is_nan() { f64::NAN } else { item };
        self.0.extend_from_slice(&item.to_le_bytes());
    }

    fn drain_to(&mut self, output: &mut Vec<u8>) {
        output.append(&mut self.0);
    }
}

/// Plain.
#[derive(Default)]
pub struct Texts(Vec<u8>);

impl Values for Texts {
    type Item<'a> = &'a str;

    fn push(&mut self, item: &str) {
        page::write_text(item, &mut self.0);
    }

    fn drain_to(&mut self, output: &mut Vec<u8>) {
        output.append(&mut self.0);
    }
}

/// A column of values.
pub struct ValueColumn<V> {
    kind: Kind,
    rows: usize,
    /// Whether each row has a value. Empty until one has none.
    levels: Vec<u32>,
    values: V,
    pages: Vec<u8>,
}

impl<V: Values> ValueColumn<V> {
    pub fn new(kind: Kind) -> Self {
        Self { kind, rows: 0, levels: Vec::new(), values: V::default(), pages: Vec::new() }
    }

    pub fn push(&mut self, value: Option<V::Item<'_>>) {
        if value.is_none() || !self.levels.is_empty() {
            self.levels.resize(self.rows, 1);
            self.levels.push(u32::from(value.is_some()));
        }
        if let Some(value) = value {
            self.values.push(value);
        }
        self.rows += 1;
        if self.rows == PAGE_ROWS {
            self.end_page();
        }
    }

    fn end_page(&mut self) {
        let mut body = Vec::new();
        self.levels.resize(self.rows, 1);
        if self.kind.optional() {
            page::write_levels(&self.levels, &mut body);
        }
        self.values.drain_to(&mut body);
        page::write_data(self.kind, self.rows, &body, &mut self.pages);
        self.levels.clear();
        self.rows = 0;
    }

    /// The pages of the row group, after which the column is empty again.
    pub fn take(&mut self) -> (Vec<u8>, Vec<u8>) {
        if self.rows > 0 {
            self.end_page();
        }
        (Vec::new(), std::mem::take(&mut self.pages))
    }
}

/// A column of words that repeat. Its dictionary has them in the order in which they come.
#[derive(Default)]
pub struct WordColumn {
    words: HashMap<Box<str>, u32>,
    dictionary: Vec<u8>,
    indices: Vec<u32>,
    pages: Vec<u8>,
}

impl WordColumn {
    /// The index of a word in the dictionary of this row group.
    pub fn index(&mut self, word: &str) -> u32 {
        if let Some(index) = self.words.get(word) {
            return *index;
        }
        let index = u32::try_from(self.words.len()).expect("a row group has few rows");
        self.words.insert(word.into(), index);
        page::write_text(word, &mut self.dictionary);
        index
    }

    pub fn push(&mut self, index: u32) {
        self.indices.push(index);
        if self.indices.len() == PAGE_ROWS {
            self.end_page();
        }
    }

    fn end_page(&mut self) {
        // As many bits as the words until here need.
        let last = u32::try_from(self.words.len().saturating_sub(1)).expect("a row group has few rows");
        let width = runs::width_of(last);
        let mut body = vec![u8::try_from(width).expect("at most 32")];
        runs::encode(&self.indices, width, &mut body);
        page::write_data(Kind::Word, self.indices.len(), &body, &mut self.pages);
        self.indices.clear();
    }

    /// The dictionary and the pages of the row group, after which the column is empty again.
    pub fn take(&mut self) -> (Vec<u8>, Vec<u8>) {
        if !self.indices.is_empty() {
            self.end_page();
        }
        let dictionary = page::write_dictionary(self.words.len(), &self.dictionary);
        self.words.clear();
        self.dictionary.clear();
        (dictionary, std::mem::take(&mut self.pages))
    }
}

/// Refuses a text that is too long for the format.
pub fn check_text(text: &str) -> Result<(), SeriesError> {
    if text.len() > TEXT_BYTES { Err(SeriesError::TextTooLong { bytes: text.len() }) } else { Ok(()) }
}
