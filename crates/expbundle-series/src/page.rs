//! Pages: their heads (`PageHeader` of parquet.thrift, data pages of version 1), and the cells
//! within.
//!
//! What is packed can be packed in many ways, with anything in the bits that hold nothing. So what
//! was read is packed again and compared: there is one file for a series.

use std::ops::Range;

use crate::delta::{self, Width};
use crate::profile::Kind;
use crate::runs;
use crate::wire::{Differs, Emit, Scan, Wire};

/// No head is longer: five numbers, and literals around them.
pub const HEAD_BYTES: usize = 64;

/// What a head says of its page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Rows, or the words of a dictionary.
    pub count: usize,
    /// Bytes of the body before it was compressed, and as it is.
    pub plain_bytes: usize,
    pub bytes: usize,
}

impl Head {
    /// Appends the head of a page of values.
    pub fn write_data(self, kind: Kind, output: &mut Vec<u8>) {
        let mut emit = Emit(std::mem::take(output));
        let Ok(()) = data_head(&mut emit, kind, &mut self.numbers());
        *output = emit.0;
    }

    /// Appends the head of a dictionary.
    pub fn write_dictionary(self, output: &mut Vec<u8>) {
        let mut emit = Emit(std::mem::take(output));
        let Ok(()) = dictionary_head(&mut emit, &mut self.numbers());
        *output = emit.0;
    }

    /// Reads the head of a page of values; gives it and how long it is.
    pub fn read_data(bytes: &[u8], kind: Kind) -> Result<(Self, usize), Differs> {
        let (mut scan, mut numbers) = (Scan::new(bytes), [0; 3]);
        data_head(&mut scan, kind, &mut numbers)?;
        Ok((Self::from_numbers(numbers), scan.position()))
    }

    /// Reads the head of a dictionary; gives it and how long it is.
    pub fn read_dictionary(bytes: &[u8]) -> Result<(Self, usize), Differs> {
        let (mut scan, mut numbers) = (Scan::new(bytes), [0; 3]);
        dictionary_head(&mut scan, &mut numbers)?;
        Ok((Self::from_numbers(numbers), scan.position()))
    }

    fn numbers(self) -> [i64; 3] {
        [self.count, self.plain_bytes, self.bytes].map(|number| i64::try_from(number).expect("memory holds it"))
    }

    /// A number below zero becomes one that is beyond every limit.
    fn from_numbers(numbers: [i64; 3]) -> Self {
        let [count, plain_bytes, bytes] = numbers.map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        Self { count, plain_bytes, bytes }
    }
}

/// Levels are said to be coded as runs whether there are any or not.
fn data_head<W: Wire>(wire: &mut W, kind: Kind, [count, plain, bytes]: &mut [i64; 3]) -> Result<(), W::Error> {
    wire.literal(&[0x15, 0x00])?; // 1: type DATA_PAGE
    sizes(wire, plain, bytes)?;
    wire.literal(&[0x2c, 0x15])?; // 5: data_page_header; its 1: num_values
    wire.number(count)?;
    wire.literal(&[0x15])?; // 2: encoding
    wire.known(kind.encoding())?;
    wire.literal(&[0x15, 0x06, 0x15, 0x06, 0x00, 0x00]) // 3 and 4: levels as runs
}

fn dictionary_head<W: Wire>(wire: &mut W, [count, plain, bytes]: &mut [i64; 3]) -> Result<(), W::Error> {
    wire.literal(&[0x15, 0x04])?; // 1: type DICTIONARY_PAGE
    sizes(wire, plain, bytes)?;
    wire.literal(&[0x4c, 0x15])?; // 7: dictionary_page_header; its 1: num_values
    wire.number(count)?;
    wire.literal(&[0x15, 0x00, 0x12, 0x00, 0x00]) // 2: encoding PLAIN; 3: not sorted
}

/// Before compression, and as they are.
fn sizes<W: Wire>(wire: &mut W, plain: &mut i64, bytes: &mut i64) -> Result<(), W::Error> {
    wire.literal(&[0x15])?;
    wire.number(plain)?; // 2: uncompressed_page_size
    wire.literal(&[0x15])?;
    wire.number(bytes) // 3: compressed_page_size
}

/// The cells of a column, where rows may have none.
#[derive(Debug)]
pub struct Sparse<T> {
    /// Those that are there.
    pub values: Vec<T>,
    rows: usize,
    /// Where some are there and some are not: 1 for a row that has one.
    levels: Vec<u32>,
}

impl<T> Sparse<T> {
    /// So many rows without any.
    pub fn absent(rows: usize) -> Self {
        Self { values: Vec::new(), rows, levels: Vec::new() }
    }

    /// A value in each row.
    pub fn present(values: Vec<T>) -> Self {
        Self { rows: values.len(), values, levels: Vec::new() }
    }

    /// Appends which rows have a value, behind the length of that.
    pub fn write_levels(&self, output: &mut Vec<u8>) {
        behind_length(output, |output| {
            if self.levels.is_empty() {
                runs::run(self.rows, u32::from(!self.values.is_empty()), 1, output);
            } else {
                runs::encode(&self.levels, 1, output);
            }
        });
    }
}

impl<T> FromIterator<Option<T>> for Sparse<T> {
    fn from_iter<I: IntoIterator<Item = Option<T>>>(cells: I) -> Self {
        let cells = cells.into_iter();
        let mut values = Vec::with_capacity(cells.size_hint().0);
        let (mut rows, mut levels) = (0, Vec::new());
        for cell in cells {
            let is_there = cell.is_some();
            // The first that differs from all before it.
            if levels.is_empty() && rows > 0 && is_there == values.is_empty() {
                levels.resize(rows, u32::from(!is_there));
            }
            if !levels.is_empty() {
                levels.push(u32::from(is_there));
            }
            if let Some(cell) = cell {
                values.push(cell);
            }
            rows += 1;
        }
        Self { values, rows, levels }
    }
}

fn behind_length(output: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = output.len();
    output.extend([0; 4]);
    write(output);
    let length = u32::try_from(output.len() - start - 4).expect("a page has few rows");
    for (to, from) in output.iter_mut().skip(start).zip(length.to_le_bytes()) {
        *to = from;
    }
}

/// Appends a word of a dictionary behind its length.
pub fn write_word(text: &str, output: &mut Vec<u8>) {
    let length = u32::try_from(text.len()).expect("texts are held to their limit");
    output.extend(length.to_le_bytes());
    output.extend_from_slice(text.as_bytes());
}

/// Reads levels; gives them, and how many rows have a value.
fn levels(scan: &mut Scan<'_>, rows: usize) -> Result<(Vec<u32>, usize), Differs> {
    let length = u32::from_le_bytes(scan.array()?);
    let bytes = scan.take(usize::try_from(length).unwrap_or(usize::MAX))?;
    let levels = runs::decode(&mut Scan::new(bytes), 1, rows)?;
    let mut written = Vec::with_capacity(bytes.len());
    runs::encode(&levels, 1, &mut written);
    if written != bytes {
        return scan.differs();
    }
    let present = levels.iter().filter(|level| **level == 1).count();
    Ok((levels, present))
}

/// Gives each row its value, or none.
fn spread<T>(levels: &[u32], values: impl IntoIterator<Item = T>) -> Vec<Option<T>> {
    let mut values = values.into_iter();
    levels.iter().map(|level| if *level == 1 { values.next() } else { None }).collect()
}

/// Reads a page of integers or times.
pub fn integers(body: &[u8], rows: usize) -> Result<Vec<Option<i64>>, Differs> {
    numbers(body, Width::Bits64, rows)
}

/// Reads a page of nanoseconds.
pub fn nanoseconds(body: &[u8], rows: usize) -> Result<Vec<Option<i64>>, Differs> {
    numbers(body, Width::Bits32, rows)
}

fn numbers(body: &[u8], width: Width, rows: usize) -> Result<Vec<Option<i64>>, Differs> {
    let mut scan = Scan::new(body);
    let (levels, present) = levels(&mut scan, rows)?;
    let values = differences(&mut scan, width, present)?;
    scan.end()?;
    Ok(spread(&levels, values))
}

/// Reads packed differences.
fn differences(scan: &mut Scan<'_>, width: Width, count: usize) -> Result<Vec<i64>, Differs> {
    let bytes = scan.rest();
    let start = scan.position();
    let values = delta::decode(scan, width, count)?;
    let mut written = Vec::with_capacity(scan.position() - start);
    delta::encode(&values, width, &mut written);
    if bytes.get(..scan.position() - start) == Some(&written) { Ok(values) } else { scan.differs() }
}

/// Reads a page of floats: their first bytes, their second bytes, and so on.
pub fn floats(body: &[u8], rows: usize) -> Result<Vec<Option<f64>>, Differs> {
    let mut scan = Scan::new(body);
    let (levels, present) = levels(&mut scan, rows)?;
    let bytes = scan.take(present * 8)?;
    scan.end()?;
    let mut values = vec![0_u64; present];
    for (shift, stream) in (0..).step_by(8).zip(bytes.chunks(present.max(1))) {
        for (value, byte) in values.iter_mut().zip(stream) {
            *value |= u64::from(*byte) << shift;
        }
    }
    let values = values.into_iter().map(f64::from_bits);
    if values.clone().any(|value| value.is_nan() && value.to_bits() != f64::NAN.to_bits()) {
        return scan.differs();
    }
    Ok(spread(&levels, values))
}

/// Appends floats: their first bytes, their second bytes, and so on.
#[expect(clippy::cast_possible_truncation, reason = "the lowest byte is meant")]
pub fn write_floats(values: &[f64], output: &mut Vec<u8>) {
    // One NaN: payload and sign of others say nothing that any tracker meant.
    let bits = |value: &f64| if value.is_nan() { f64::NAN } else { *value }.to_bits();
    let bits: Vec<u64> = values.iter().map(bits).collect();
    for shift in (0..u64::BITS).step_by(8) {
        output.extend(bits.iter().map(|bits| (bits >> shift) as u8));
    }
}

/// The texts of a page: where in its body each row's is.
pub type Places = Vec<Option<Range<usize>>>;

/// Reads a page of texts, some of which may be absent.
pub fn texts(body: &[u8], rows: usize) -> Result<Places, Differs> {
    let mut scan = Scan::new(body);
    let (levels, present) = levels(&mut scan, rows)?;
    let places = behind_lengths(&mut scan, present)?;
    Ok(spread(&levels, places))
}

/// Reads a page of texts, each of which is there.
pub fn lines(body: &[u8], rows: usize) -> Result<Places, Differs> {
    let places = behind_lengths(&mut Scan::new(body), rows)?;
    Ok(places.into_iter().map(Some).collect())
}

/// Lengths as packed differences, then the texts one behind the other.
fn behind_lengths(scan: &mut Scan<'_>, count: usize) -> Result<Vec<Range<usize>>, Differs> {
    let lengths = differences(scan, Width::Bits32, count)?;
    let mut places = Vec::with_capacity(count);
    for length in lengths {
        let start = scan.position();
        scan.take(usize::try_from(length).unwrap_or(usize::MAX))?;
        places.push(start..scan.position());
    }
    scan.end()?;
    Ok(places)
}

/// Appends texts: their lengths, then they themselves.
pub fn write_texts(texts: &[&str], output: &mut Vec<u8>) {
    let lengths: Vec<i64> = texts.iter().map(|text| i64::try_from(text.len()).expect("memory holds it")).collect();
    delta::encode(&lengths, Width::Bits32, output);
    for text in texts {
        output.extend_from_slice(text.as_bytes());
    }
}

/// Reads a dictionary: each word behind its length of four bytes.
pub fn words(body: &[u8], count: usize) -> Result<Vec<Range<usize>>, Differs> {
    let mut scan = Scan::new(body);
    if count > body.len() / 4 {
        return scan.differs();
    }
    let mut places = Vec::with_capacity(count);
    for _ in 0..count {
        let length = u32::from_le_bytes(scan.array()?);
        let start = scan.position();
        scan.take(usize::try_from(length).unwrap_or(usize::MAX))?;
        places.push(start..scan.position());
    }
    scan.end()?;
    Ok(places)
}

/// Reads a page of indices. `seen` is how many words the pages before it used: each new word is the
/// next of the dictionary.
pub fn indices(body: &[u8], rows: usize, seen: &mut u32) -> Result<Vec<u32>, Differs> {
    let mut scan = Scan::new(body);
    let [width] = scan.array()?;
    let width = u32::from(width);
    if width > u32::BITS {
        return scan.differs();
    }
    let bytes = scan.rest();
    let indices = runs::decode(&mut scan, width, rows)?;
    let mut written = Vec::with_capacity(bytes.len());
    runs::encode(&indices, width, &mut written);
    if written != bytes {
        return scan.differs();
    }
    for index in &indices {
        if index > seen {
            return scan.differs();
        }
        *seen = (*seen).max(index + 1);
    }
    if width == runs::width_of(seen.saturating_sub(1)) { Ok(indices) } else { scan.differs() }
}
