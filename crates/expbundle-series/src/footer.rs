//! The footer: what a file says of itself (`FileMetaData` of parquet.thrift).
//!
//! All of it follows from the rows and pages of each row group, the sizes of the columns, whether
//! times have nanoseconds, and the salt. The rest is literal, so nothing in a footer can lie: no
//! statistics, no names of programs, no offsets but the ones that the sizes give.

use std::ops::Range;

use crate::error::SeriesError;
use crate::profile::{CREATED_BY, Column, GROUP_PAGES, GROUPS, Kind, LZ4_RAW, PAGE_ROWS, PLAIN, RLE, SALT_KEY, Shape};
use crate::source::ReadAt;
use crate::wire::{Emit, Scan, Wire, list_head};

/// At both ends of a file.
pub const MAGIC: &[u8; 4] = b"PAR1";
/// The longest footer: some 30,000 row groups, as many as Parquet can number.
const FOOTER_BYTES: u64 = 32 << 20;

/// What a file says of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Footer {
    /// Whether times have nanoseconds, in a column of their own.
    pub fine: bool,
    /// 64 hex digits.
    pub salt: Option<[u8; 64]>,
    pub groups: Vec<Group>,
}

/// A row group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    pub rows: usize,
    /// Pages of each column, its dictionary aside.
    pub pages: usize,
    pub chunks: Vec<Chunk>,
}

/// A column of a row group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chunk {
    /// Where its bytes are in the file.
    pub bytes: Range<u64>,
    /// Where its first page of values is: behind the dictionary, if it has one.
    pub data_offset: u64,
    /// Its bytes before they were compressed, heads of pages included.
    pub plain_bytes: u64,
}

impl Footer {
    /// Rows of all groups.
    pub fn rows(&self) -> u64 {
        self.groups.iter().fold(0, |rows, group| rows.saturating_add(group.rows as u64))
    }

    /// The footer with its length and the magic behind it.
    pub fn to_bytes(&self, shape: &Shape) -> Vec<u8> {
        let mut emit = Emit::default();
        let rows = i64::try_from(self.rows()).expect("a file of fewer than 2^63 bytes");
        let Ok(()) = walk(&mut emit, shape, &mut self.clone(), rows);
        let length = u32::try_from(emit.0.len()).expect("row groups are counted");
        emit.0.extend(length.to_le_bytes());
        emit.0.extend(MAGIC);
        emit.0
    }

    /// Reads the footer of a file and holds it against the profile.
    pub fn read(source: &dyn ReadAt, shape: &Shape) -> Result<Self, SeriesError> {
        let size = source.size();
        let too_short = SeriesError::NotParquet { bytes: size };
        let Some(end) = size.checked_sub(8).filter(|end| *end >= 4) else { return Err(too_short) };
        let (head, tail) = (source.exactly(0, 4)?, source.exactly(end, 8)?);
        let [a, b, c, d, magic @ ..] = tail.as_slice() else { return Err(too_short) };
        if head != MAGIC || magic != MAGIC {
            return Err(too_short);
        }
        let length = u64::from(u32::from_le_bytes([*a, *b, *c, *d]));
        let start = end.checked_sub(length).filter(|start| *start >= 4 && length <= FOOTER_BYTES);
        let Some(start) = start else { return Err(too_short) };
        let bytes = source.exactly(start, usize::try_from(length).unwrap_or(usize::MAX))?;
        let differs = |position: usize| SeriesError::Footer { offset: start + position as u64 };
        let mut scan = Scan::new(&bytes);
        let mut footer = Self::default();
        let rows = rows_ahead(&bytes, shape).map_err(differs)?;
        walk(&mut scan, shape, &mut footer, rows).map_err(|at| differs(at.position))?;
        scan.end().map_err(|at| differs(at.position))?;
        footer.hold(u64::try_from(rows).ok(), start)?;
        Ok(footer)
    }

    /// Holds the claims of a footer against each other and the size of the file.
    fn hold(&self, claimed: Option<u64>, start: u64) -> Result<(), SeriesError> {
        let rows = self.rows();
        if claimed != Some(rows) {
            return Err(SeriesError::Rows { claimed: claimed.unwrap_or(rows), bytes: start });
        }
        if self.groups.len() > GROUPS {
            return Err(SeriesError::TooManyGroups);
        }
        let mut position = 4;
        for (index, group) in self.groups.iter().enumerate() {
            // Each page has a row at least.
            if group.rows < group.pages || group.rows > group.pages.saturating_mul(PAGE_ROWS) {
                return Err(SeriesError::Rows { claimed: group.rows as u64, bytes: start });
            }
            let is_last = index + 1 == self.groups.len();
            if group.pages == 0 || group.pages > GROUP_PAGES || (group.pages < GROUP_PAGES && !is_last) {
                return Err(SeriesError::Group { pages: group.pages as u64 });
            }
            position = group.chunks.last().map_or(position, |chunk| chunk.bytes.end);
        }
        let mut salt = self.salt.iter().flatten();
        if position != start || !salt.all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(SeriesError::Footer { offset: start });
        }
        Ok(())
    }
}

/// The number of rows stands before the row groups that it is the sum of; a reader needs it to go
/// on.
fn rows_ahead(bytes: &[u8], shape: &Shape) -> Result<i64, usize> {
    let mut scan = Scan::new(bytes);
    let mut rows = 0;
    let read = schema(&mut scan, shape, &mut false).and_then(|()| {
        scan.literal(&[0x16])?;
        scan.number(&mut rows)
    });
    read.map(|()| rows).map_err(|at| at.position)
}

fn walk<W: Wire>(wire: &mut W, shape: &Shape, footer: &mut Footer, rows: i64) -> Result<(), W::Error> {
    schema(wire, shape, &mut footer.fine)?;
    wire.literal(&[0x16])?; // 3: num_rows
    wire.known(rows)?;
    wire.literal(&[0x19])?; // 4: row_groups
    let mut count = footer.groups.len();
    wire.structs(&mut count)?;
    let mut position = 4;
    for index in 0..count {
        // Grows as groups are read, never by what the list claims.
        if index == footer.groups.len() {
            footer.groups.push(Group::default());
        }
        let group = footer.groups.get_mut(index).expect("it is there or was just added");
        row_group(wire, shape, footer.fine, group, index, &mut position)?;
    }
    // 5: key_value_metadata, one entry; 6: created_by
    let mut has_salt = usize::from(footer.salt.is_some());
    wire.one_of(&mut has_salt, &[&[0x28], &[0x19, 0x1c, 0x18]])?;
    if has_salt == 1 {
        wire.text(SALT_KEY)?;
        wire.literal(&[0x18, 64])?;
        wire.bytes(footer.salt.get_or_insert([0; 64]))?;
        wire.literal(&[0x00, 0x18])?;
    }
    wire.text(CREATED_BY)?;
    wire.literal(&[0x19])?; // 7: column_orders
    wire.known_structs(shape.columns(footer.fine).count())?;
    for column in shape.columns(footer.fine) {
        // 1: the order of the type; 2: the total order of IEEE 754
        let order = if column.kind == Kind::Float { 0x2c } else { 0x1c };
        wire.literal(&[order, 0x00, 0x00])?;
    }
    wire.literal(&[0x00])
}

/// Version and schema: a root and its columns.
fn schema<W: Wire>(wire: &mut W, shape: &Shape, fine: &mut bool) -> Result<(), W::Error> {
    wire.literal(&[0x15, 0x02, 0x19])?; // 1: version 1; 2: schema
    // The root, and the columns without or with nanoseconds.
    let heads = [false, true].map(|fine| list_head(shape.columns(fine).count() + 1));
    let mut choice = usize::from(*fine);
    wire.one_of(&mut choice, &heads.each_ref().map(Vec::as_slice))?;
    *fine = choice == 1;
    wire.literal(&[0x48])?; // 4: name
    wire.text(shape.name)?;
    wire.literal(&[0x15])?; // 5: num_children
    wire.known(i64::try_from(shape.columns(*fine).count()).expect("a handful"))?;
    wire.literal(&[0x00])?;
    for column in shape.columns(*fine) {
        // 1: type; 3: repetition_type; 4: name
        wire.literal(&[0x15])?;
        wire.known(column.kind.physical())?;
        wire.literal(&[0x25])?;
        wire.known(i64::from(column.kind.optional()))?;
        wire.literal(&[0x18])?;
        wire.text(column.name)?;
        wire.literal(match column.kind {
            // 6: converted_type UTF8; 10: logical type, a struct with 1: STRING
            Kind::Word | Kind::Text | Kind::Line => &[0x25, 0x00, 0x4c, 0x1c, 0x00, 0x00, 0x00],
            // 6: converted_type TIMESTAMP_MICROS; 10: logical type with 8: TIMESTAMP, whose 1 is
            // "UTC" and 2 the unit
            Kind::Time => &[0x25, 0x14, 0x4c, 0x8c, 0x11, 0x1c, 0x2c, 0x00, 0x00, 0x00, 0x00, 0x00],
            Kind::Integer | Kind::Nanoseconds | Kind::Float => &[0x00],
        })?;
    }
    Ok(())
}

fn row_group<W: Wire>(
    wire: &mut W,
    shape: &Shape,
    fine: bool,
    group: &mut Group,
    index: usize,
    position: &mut u64,
) -> Result<(), W::Error> {
    let start = *position;
    let columns = shape.columns(fine);
    let count = columns.clone().count();
    group.chunks.resize(count, Chunk::default());
    wire.literal(&[0x19])?; // 1: columns
    wire.known_structs(count)?;
    let counts = (&mut group.rows, &mut group.pages);
    for (number, (column, chunk)) in columns.zip(&mut group.chunks).enumerate() {
        column_chunk(wire, column, chunk, (counts.0, counts.1), number == 0, position)?;
    }
    let plain = group.chunks.iter().fold(0_u64, |plain, chunk| plain.saturating_add(chunk.plain_bytes));
    let size = signed(*position - start);
    wire.literal(&[0x16])?; // 2: total_byte_size, before compression
    wire.known(signed(plain))?;
    wire.literal(&[0x16])?; // 3: num_rows
    wire.known(signed(group.rows as u64))?;
    wire.literal(&[0x26])?; // 5: file_offset
    wire.known(signed(start))?;
    wire.literal(&[0x16])?; // 6: total_compressed_size
    wire.known(size)?;
    wire.literal(&[0x14])?; // 7: ordinal
    wire.known(signed(index as u64))?;
    wire.literal(&[0x00])
}

fn column_chunk<W: Wire>(
    wire: &mut W,
    column: &Column,
    chunk: &mut Chunk,
    (rows, page_count): (&mut usize, &mut usize),
    first: bool,
    position: &mut u64,
) -> Result<(), W::Error> {
    let kind = column.kind;
    wire.literal(&[0x26, 0x00, 0x1c])?; // 2: file_offset, always 0; 3: meta_data
    wire.literal(&[0x15])?; // 1: type
    wire.known(kind.physical())?;
    // 2: encodings, ascending: a list of two or three
    let encodings: &[i64] = match kind {
        Kind::Word => &[PLAIN, RLE, kind.encoding()],
        _ => &[RLE, kind.encoding()],
    };
    wire.literal(&[0x19, if encodings.len() == 3 { 0x35 } else { 0x25 }])?;
    encodings.iter().try_for_each(|encoding| wire.known(*encoding))?;
    wire.literal(&[0x19, 0x18])?; // 3: path_in_schema, a list of one
    wire.text(column.name)?;
    wire.literal(&[0x15])?; // 4: codec
    wire.known(LZ4_RAW)?;
    wire.literal(&[0x16])?; // 5: num_values
    if first {
        let mut values = signed(*rows as u64);
        wire.number(&mut values)?;
        *rows = usize::try_from(values).unwrap_or(usize::MAX);
    } else {
        wire.known(signed(*rows as u64))?;
    }
    let mut size = signed(chunk.bytes.end - chunk.bytes.start);
    wire.literal(&[0x16])?; // 6: total_uncompressed_size
    let mut plain = signed(chunk.plain_bytes);
    wire.number(&mut plain)?;
    chunk.plain_bytes = u64::try_from(plain).unwrap_or(u64::MAX);
    wire.literal(&[0x16])?; // 7: total_compressed_size
    wire.number(&mut size)?;
    let start = *position;
    // A size that is none leads beyond every file, where the end of the last row group is looked
    // for in vain.
    *position = start.saturating_add(u64::try_from(size).unwrap_or(u64::MAX));
    chunk.bytes = start..*position;
    wire.literal(&[0x26])?; // 9: data_page_offset
    if kind == Kind::Word {
        let mut offset = signed(chunk.data_offset);
        wire.number(&mut offset)?;
        chunk.data_offset = u64::try_from(offset).unwrap_or(u64::MAX);
        wire.literal(&[0x26])?; // 11: dictionary_page_offset
        wire.known(signed(start))?;
        // 13: encoding_stats, one for the dictionary page and one for the others
        wire.literal(&[0x29, 0x2c, 0x15, 0x04, 0x15, 0x00, 0x15, 0x02, 0x00])?;
    } else {
        chunk.data_offset = start;
        wire.known(signed(start))?;
        wire.literal(&[0x49, 0x1c])?; // 13: encoding_stats, one
    }
    wire.literal(&[0x15, 0x00, 0x15])?;
    wire.known(kind.encoding())?;
    wire.literal(&[0x15])?;
    if first {
        let mut pages = signed(*page_count as u64);
        wire.number(&mut pages)?;
        *page_count = usize::try_from(pages).unwrap_or(usize::MAX);
    } else {
        wire.known(signed(*page_count as u64))?;
    }
    wire.literal(&[0x00, 0x00, 0x00])
}

/// Thrift's numbers have a sign. One that was none before is too great to be right.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
