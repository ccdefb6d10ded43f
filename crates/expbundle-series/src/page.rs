//! Pages: their heads (`PageHeader` of parquet.thrift, data pages of version 1), and the cells within.
//!
//! What is packed can be packed in many ways, with anything in the bits that hold nothing. So what was read is packed again and
//! compared: there is one file for a series.

use std::ops::Range;

use crate::profile::Kind;
use crate::runs;
use crate::wire::{Differs, Emit, Scan, Wire};

/// No head is longer: five numbers, and literals around them.
pub const HEAD_BYTES: usize = 64;

/// The head of a page of values. Levels are said to be coded as runs whether there are any or not.
fn data_head<W: Wire>(wire: &mut W, kind: Kind, rows: usize, size: &mut i64) -> Result<(), W::Error> {
    wire.literal(&[0x15, 0x00])?; // 1: type DATA_PAGE
    sizes(wire, size)?;
    wire.literal(&[0x2c, 0x15])?; // 5: data_page_header; its 1: num_values
    wire.known(i64::try_from(rows).expect("a page has few rows"))?;
    wire.literal(&[0x15])?; // 2: encoding
    wire.known(kind.encoding())?;
    wire.literal(&[0x15, 0x06, 0x15, 0x06, 0x00, 0x00]) // 3 and 4: levels as runs
}

/// The head of a dictionary.
fn dictionary_head<W: Wire>(wire: &mut W, words: &mut i64, size: &mut i64) -> Result<(), W::Error> {
    wire.literal(&[0x15, 0x04])?; // 1: type DICTIONARY_PAGE
    sizes(wire, size)?;
    wire.literal(&[0x4c, 0x15])?; // 7: dictionary_page_header; its 1: num_values
    wire.number(words)?;
    wire.literal(&[0x15, 0x00, 0x12, 0x00, 0x00]) // 2: encoding PLAIN; 3: not sorted
}

/// Uncompressed and compressed, which are the same.
fn sizes<W: Wire>(wire: &mut W, size: &mut i64) -> Result<(), W::Error> {
    wire.literal(&[0x15])?;
    wire.number(size)?;
    wire.literal(&[0x15])?;
    wire.known(*size)
}

/// Appends a page of values.
pub fn write_data(kind: Kind, rows: usize, body: &[u8], output: &mut Vec<u8>) {
    let mut emit = Emit(std::mem::take(output));
    let Ok(()) = data_head(&mut emit, kind, rows, &mut size_of(body));
    *output = emit.0;
    output.extend_from_slice(body);
}

/// A dictionary page.
pub fn write_dictionary(words: usize, body: &[u8]) -> Vec<u8> {
    let mut emit = Emit::default();
    let mut words = i64::try_from(words).expect("a row group has few rows");
    let Ok(()) = dictionary_head(&mut emit, &mut words, &mut size_of(body));
    emit.0.extend_from_slice(body);
    emit.0
}

fn size_of(body: &[u8]) -> i64 {
    i64::try_from(body.len()).expect("memory holds it")
}

/// Reads the head of a page of so many values; gives the bytes of the head and of the body.
pub fn read_data(bytes: &[u8], kind: Kind, rows: usize) -> Result<(usize, i64), Differs> {
    let mut scan = Scan::new(bytes);
    let mut size = 0;
    data_head(&mut scan, kind, rows, &mut size)?;
    Ok((scan.position(), size))
}

/// Reads the head of a dictionary; gives the bytes of the head and of the body, and the number of words.
pub fn read_dictionary(bytes: &[u8]) -> Result<(usize, i64, i64), Differs> {
    let mut scan = Scan::new(bytes);
    let (mut words, mut size) = (0, 0);
    dictionary_head(&mut scan, &mut words, &mut size)?;
    Ok((scan.position(), size, words))
}

/// Appends levels, behind their length: 1 where a row has a value, 0 where it has none.
pub fn write_levels(levels: &[u32], output: &mut Vec<u8>) {
    let start = output.len();
    output.extend([0; 4]);
    runs::encode(levels, 1, output);
    let length = u32::try_from(output.len() - start - 4).expect("a page has few rows");
    for (to, from) in output.iter_mut().skip(start).zip(length.to_le_bytes()) {
        *to = from;
    }
}

/// Appends a text behind its length.
pub fn write_text(text: &str, output: &mut Vec<u8>) {
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
    let mut scan = Scan::new(body);
    let (levels, present) = levels(&mut scan, rows)?;
    let bytes = scan.rest();
    let values = crate::delta::decode(&mut scan, present)?;
    let mut written = Vec::with_capacity(bytes.len());
    crate::delta::encode(&values, &mut written);
    if written == bytes { Ok(spread(&levels, values)) } else { scan.differs() }
}

/// Reads a page of floats.
pub fn floats(body: &[u8], rows: usize) -> Result<Vec<Option<f64>>, Differs> {
    let mut scan = Scan::new(body);
    let (levels, present) = levels(&mut scan, rows)?;
    let bytes = scan.take(present * 8)?;
    scan.end()?;
    let (values, _) = bytes.as_chunks::<8>();
    let values = values.iter().map(|bytes| f64::from_le_bytes(*bytes));
    if values.clone().any(|value| value.is_nan() && value.to_bits() != f64::NAN.to_bits()) {
        return scan.differs();
    }
    Ok(spread(&levels, values))
}

/// The texts of a page: where in its body each row's is.
pub type Places = Vec<Option<Range<usize>>>;

/// Reads a page of texts, some of which may be absent.
pub fn texts(body: &[u8], rows: usize) -> Result<Places, Differs> {
    let mut scan = Scan::new(body);
    let (levels, present) = levels(&mut scan, rows)?;
    let places = places(&mut scan, present)?;
    Ok(spread(&levels, places))
}

/// Reads a page of texts, or a dictionary.
pub fn lines(body: &[u8], count: usize) -> Result<Places, Differs> {
    let places = places(&mut Scan::new(body), count)?;
    Ok(places.into_iter().map(Some).collect())
}

fn places(scan: &mut Scan<'_>, count: usize) -> Result<Vec<Range<usize>>, Differs> {
    // Each has a length of four bytes.
    if count > scan.rest().len() / 4 {
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

/// Reads a page of indices. `seen` is how many words the pages before it used: each new word is the next of the dictionary.
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
