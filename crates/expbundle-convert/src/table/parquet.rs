//! Rows of Parquet, whoever wrote it.
//!
//! The library decodes the pages. What a file promises is held against its size before that, since
//! the library takes memory for promises, and it may panic where one is broken.

use std::collections::HashSet;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};

use expbundle_trackers::parquet_pages::{self, Held};
use expbundle_trackers::{Json, read_json};
use parquet::basic::{Compression, ConvertedType, LogicalType, TimeUnit, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::metadata::FileMetaData;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use serde_json::Value;

use super::cell::{Cell, NO_OFFSET};
use super::reading::WhyPassedOver;
use super::row::Row;
use super::{MOST_COLUMNS, MOST_ROW_BYTES, TableError, Take};

/// Rows for each byte of a file: runs of equal values are written once, but no table is so empty as
/// this.
const MOST_ROWS_PER_BYTE: u64 = 64;
/// Bytes of texts for each byte of a file, beyond [`MOST_TEXT_BYTES`]: a text that many rows have
/// is written once. Each is read for secrets, which takes its time.
const MOST_TEXT_PER_BYTE: u64 = 64;
const MOST_TEXT_BYTES: u64 = 16 << 20;
/// Cells for each byte of a file, beyond [`MOST_CELLS_OF_ANY`]: columns that most rows leave empty
/// take no room.
const MOST_CELLS_PER_BYTE: u64 = 256;
const MOST_CELLS_OF_ANY: u64 = 16 << 20;
/// Bytes of the footer, which the library takes apart as a whole.
const MOST_FOOTER_BYTES: u64 = 16 << 20;
/// Rows that are decoded at once; fewer where a few bytes may make texts as long as a page.
const BATCH: usize = 1024;
const SMALL_BATCH: usize = 4;
/// Cells that are decoded at once, of all columns together.
const MOST_CELLS: usize = 1 << 20;

/// A Parquet file.
pub(super) struct Parquet {
    file: File,
    bytes: u64,
    declared_rows: u64,
    reader: SerializedFileReader<File>,
    names: Vec<String>,
    /// The number of each among the leaves of the schema, and how it is read.
    leaves: Vec<(usize, Kind)>,
    /// The index of pandas that only the metadata has; its name is the last.
    range: Option<Range>,
    passed_over: Vec<(String, WhyPassedOver)>,
}

/// An evenly spaced index, of which pandas writes only the bounds, into the metadata of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    start: i64,
    step: i64,
}

impl Range {
    /// The index of the metadata and its name, if it has one and is one of so many rows: pandas
    /// lets it be where it is not.
    fn of(metadata: &FileMetaData, rows: u64) -> Option<(String, Self)> {
        let pairs = metadata.key_value_metadata()?;
        let pandas = pairs.iter().find(|pair| pair.key == "pandas")?.value.as_deref()?;
        let Json::Value(pandas) = read_json(pandas) else { return None };
        pandas.get("index_columns")?.as_array()?.iter().find_map(|index| {
            let number = |member: &str| index.get(member).and_then(Value::as_i64);
            let name = index.get("name").and_then(Value::as_str).filter(|name| !name.is_empty())?;
            let (start, end, step) = (number("start")?, number("stop")?, number("step")?);
            // Of bounds of 64 bits; the width by steps, rounded up.
            let (width, each) = (i128::from(end) - i128::from(start), i128::from(step));
            let is_range = index.get("kind").and_then(Value::as_str) == Some("range") && step != 0;
            let length = if is_range { (width + each - each.signum()) / each } else { return None };
            (length.max(0) == i128::from(rows)).then(|| (name.to_owned(), Self { start, step }))
        })
    }

    /// The value of a row, of which the first is 0.
    fn at(self, row: u64) -> Option<i64> {
        self.start.checked_add(self.step.checked_mul(i64::try_from(row).ok()?)?)
    }
}

/// How the values of a column are read.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Plain,
    Unsigned,
    /// A time; nanoseconds of its unit.
    Time(i64),
    /// A value that is not read, in words.
    Other(&'static str),
}

fn wrong(error: &ParquetError) -> TableError {
    TableError::Parquet(error.to_string())
}

/// Runs what the library does. It asserts what a file promises, so a foreign file may make it
/// panic.
fn guarded<T>(read: impl FnOnce() -> Result<T, TableError>) -> Result<T, TableError> {
    let broken = || Err(TableError::Parquet("it breaks the rules of Parquet".to_owned()));
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| broken())
}

impl Parquet {
    pub fn open(file: File) -> Result<Self, TableError> {
        let bytes = file.metadata()?.len();
        check_footer(&file, bytes)?;
        guarded(|| {
            let reader = SerializedFileReader::new(file.try_clone()?).map_err(|error| wrong(&error))?;
            let metadata = reader.metadata().file_metadata();
            let rows = u64::try_from(metadata.num_rows()).unwrap_or(u64::MAX);
            if rows / MOST_ROWS_PER_BYTE > bytes {
                return Err(TableError::Parquet(format!("the file of {bytes} bytes claims {rows} rows")));
            }
            let schema = metadata.schema_descr();
            if schema.num_columns() > MOST_COLUMNS {
                return Err(TableError::TooManyColumns);
            }
            let cells = rows.saturating_mul(schema.num_columns() as u64);
            if cells > bytes.saturating_mul(MOST_CELLS_PER_BYTE).saturating_add(MOST_CELLS_OF_ANY) {
                return Err(TableError::Parquet(format!("the file of {bytes} bytes claims {cells} cells")));
            }
            let (mut names, mut leaves, mut passed_over) = (Vec::new(), Vec::new(), Vec::new());
            let (mut seen, mut nested) = (HashSet::new(), HashSet::new());
            for (leaf, column) in schema.columns().iter().enumerate() {
                let parts = column.path().parts();
                let name = parts.first().cloned().unwrap_or_default();
                if parts.len() > 1 || column.max_rep_level() > 0 {
                    if nested.insert(name.clone()) {
                        passed_over.push((name, WhyPassedOver::Kind("nested")));
                    }
                    continue;
                }
                if !seen.insert(name.clone()) {
                    return Err(TableError::Twice(name));
                }
                names.push(name);
                leaves.push((leaf, kind(column)));
            }
            let range = Range::of(metadata, rows).filter(|(name, _)| seen.insert(name.clone())).map(|(name, range)| {
                names.push(name);
                range
            });
            Ok(Self { file, bytes, declared_rows: rows, reader, names, leaves, range, passed_over })
        })
    }

    pub fn columns(&self) -> &[String] {
        &self.names
    }

    pub fn passed_over(&self) -> &[(String, WhyPassedOver)] {
        &self.passed_over
    }

    /// Gives each row to `take`.
    pub fn rows(self, take: Take<'_>) -> Result<(), TableError> {
        let mut row = Row::default();
        let most_text = self.bytes.saturating_mul(MOST_TEXT_PER_BYTE).saturating_add(MOST_TEXT_BYTES);
        let mut text = 0_u64;
        // Groups that share their bytes would be read again and again.
        let (mut bytes_left, mut rows_left) = (self.bytes, self.declared_rows);
        for group in 0..self.reader.num_row_groups() {
            let batch = self.batch(group, &mut bytes_left)?;
            let (mut columns, mut left) = guarded(|| self.group(group))?;
            let claims = || TableError::Parquet("its row groups have more rows than it claims".to_owned());
            rows_left = rows_left.checked_sub(left).ok_or_else(claims)?;
            while left > 0 {
                let count = usize::try_from(left).unwrap_or(usize::MAX).min(batch);
                guarded(|| columns.iter_mut().try_for_each(|column| column.fill(count)))?;
                for index in 0..count {
                    row.next();
                    for (number, column) in columns.iter_mut().enumerate().filter(|(_, column)| column.has_values) {
                        text = text.saturating_add(column.cell(index, number, &mut row));
                    }
                    if let Some(value) = self.range.and_then(|range| range.at(row.number() - 1)) {
                        row.push(self.leaves.len(), Cell::Integer(value));
                    }
                    if text > most_text {
                        let words = format!("its texts come to more than {most_text} bytes");
                        return Err(TableError::Parquet(words));
                    }
                    if !take(&self.names, &row) {
                        return Ok(());
                    }
                }
                left -= count as u64;
            }
        }
        Ok(())
    }

    /// How many rows of a group are decoded at once. Refuses pages that memory should not hold, and
    /// columns that have more bytes together than the file.
    fn batch(&self, group: usize, bytes_left: &mut u64) -> Result<usize, TableError> {
        let group = self.reader.metadata().row_group(group);
        let (mut held, mut is_small) = (Held::default(), false);
        for (leaf, _) in &self.leaves {
            let codec = group.column(*leaf).compression();
            if !is_readable(codec) {
                // Without the level of compression.
                let codec: String = codec.to_string().chars().take_while(|letter| *letter != '(').collect();
                return Err(TableError::Codec(codec));
            }
            let (start, bytes) = guarded(|| Ok(group.column(*leaf).byte_range()))?;
            let is_inside = start.checked_add(bytes).is_some_and(|end| end <= self.bytes);
            let outside = || TableError::Parquet("its columns have more bytes than the file".to_owned());
            *bytes_left = bytes_left.checked_sub(bytes).filter(|_| is_inside).ok_or_else(outside)?;
            let pages = parquet_pages::pages(&self.file, start, bytes)?;
            let pages = pages.ok_or_else(|| TableError::Parquet("the head of a page is broken".to_owned()))?;
            held.add(&pages).map_err(TableError::Parquet)?;
            is_small |= pages.has_shared_beginnings;
        }
        let most = if is_small { SMALL_BATCH } else { BATCH };
        Ok((MOST_CELLS / self.leaves.len().max(1)).clamp(1, most))
    }

    /// The columns of a row group, and how many rows it has.
    fn group(&self, group: usize) -> Result<(Vec<Column>, u64), TableError> {
        let reader = self.reader.get_row_group(group).map_err(|error| wrong(&error))?;
        let rows = u64::try_from(reader.metadata().num_rows()).unwrap_or(u64::MAX);
        let open = |(leaf, kind): &(usize, Kind)| {
            let has_levels = reader.metadata().column(*leaf).column_descr().max_def_level() > 0;
            let reader = reader.get_column_reader(*leaf).map_err(|error| wrong(&error))?;
            Ok(Column::new(reader, *kind, has_levels))
        };
        Ok((self.leaves.iter().map(open).collect::<Result<_, TableError>>()?, rows))
    }
}

/// Whether a codec is read: those that some tool writes by default. The library unpacks a page of
/// gzip or Brotli to its end, whatever size the page promises.
fn is_readable(codec: Compression) -> bool {
    use Compression::{LZ4, LZ4_RAW, SNAPPY, UNCOMPRESSED, ZSTD};
    matches!(codec, UNCOMPRESSED | SNAPPY | LZ4 | LZ4_RAW | ZSTD(_))
}

/// Refuses a footer that is too large, before the library takes it apart.
fn check_footer(file: &File, bytes: u64) -> Result<(), TableError> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let mut end = [0; 8];
    let mut file = file;
    file.seek(SeekFrom::Start(bytes.saturating_sub(8)))?;
    let ended = || TableError::Parquet("it does not end like a Parquet file; it may be incomplete".to_owned());
    file.read_exact(&mut end).map_err(|_| ended())?;
    let [a, b, c, d, magic @ ..] = end;
    let footer = u64::from(u32::from_le_bytes([a, b, c, d]));
    match &magic {
        b"PAR1" if footer > MOST_FOOTER_BYTES => Err(TableError::Parquet(format!("its footer has {footer} bytes"))),
        b"PAR1" => Ok(()),
        b"PARE" => Err(TableError::Parquet("it is encrypted".to_owned())),
        _ => Err(ended()),
    }
}

fn kind(column: &ColumnDescriptor) -> Kind {
    if let Some(logical) = column.logical_type_ref() {
        return match logical {
            LogicalType::Timestamp(timestamp) if !timestamp.is_adjusted_to_u_t_c => Kind::Other(NO_OFFSET),
            LogicalType::Timestamp(timestamp) => Kind::Time(match timestamp.unit {
                TimeUnit::MILLIS => 1_000_000,
                TimeUnit::MICROS => 1_000,
                TimeUnit::NANOS => 1,
            }),
            LogicalType::Integer(integer) if !integer.is_signed => Kind::Unsigned,
            LogicalType::Integer(_)
            | LogicalType::String
            | LogicalType::Enum
            | LogicalType::Json
            | LogicalType::Unknown => Kind::Plain,
            LogicalType::Date => Kind::Other("a date"),
            LogicalType::Time(_) => Kind::Other("a time of day"),
            LogicalType::Decimal(_) => Kind::Other("a decimal"),
            LogicalType::Float16 => Kind::Other("a float of 16 bits"),
            _ => Kind::Other("a value of another kind"),
        };
    }
    match column.converted_type() {
        ConvertedType::TIMESTAMP_MILLIS => Kind::Time(1_000_000),
        ConvertedType::TIMESTAMP_MICROS => Kind::Time(1_000),
        ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64 => {
            Kind::Unsigned
        }
        ConvertedType::DATE => Kind::Other("a date"),
        ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS => Kind::Other("a time of day"),
        ConvertedType::DECIMAL => Kind::Other("a decimal"),
        ConvertedType::INTERVAL => Kind::Other("an interval"),
        _ if column.physical_type() == Type::FIXED_LEN_BYTE_ARRAY => Kind::Other("bytes"),
        _ => Kind::Plain,
    }
}

/// A column of a row group, and some decoded rows of it.
struct Column {
    values: Values,
    kind: Kind,
    has_levels: bool,
    /// For each row 1, or 0 where it is empty.
    levels: Vec<i16>,
    /// Whether any of the decoded rows has a value.
    has_values: bool,
    /// The next value.
    next: usize,
}

/// The reader of a column and what it decoded.
macro_rules! values {
    ($($kind:ident $reader:ident $type:ident,)*) => {
        enum Values {
            $($kind(
                ColumnReaderImpl<parquet::data_type::$type>,
                Vec<<parquet::data_type::$type as DataType>::T>,
            ),)*
        }

        impl Values {
            fn new(reader: ColumnReader) -> Self {
                match reader {
                    $(ColumnReader::$reader(reader) => Self::$kind(reader, Vec::new()),)*
                }
            }

            /// Decodes so many rows; gives how many there were.
            fn fill(&mut self, count: usize, levels: Option<&mut Vec<i16>>) -> Result<(usize, usize), ParquetError> {
                match self {
                    $(Self::$kind(reader, values) => {
                        values.clear();
                        let (rows, _, _) = reader.read_records(count, levels, None, values)?;
                        Ok((rows, values.len()))
                    })*
                }
            }
        }
    };
}

values! {
    Bool BoolColumnReader BoolType,
    Int32 Int32ColumnReader Int32Type,
    Int64 Int64ColumnReader Int64Type,
    Int96 Int96ColumnReader Int96Type,
    Float FloatColumnReader FloatType,
    Double DoubleColumnReader DoubleType,
    Bytes ByteArrayColumnReader ByteArrayType,
    Fixed FixedLenByteArrayColumnReader FixedLenByteArrayType,
}

impl Column {
    fn new(reader: ColumnReader, kind: Kind, has_levels: bool) -> Self {
        Self { values: Values::new(reader), kind, has_levels, levels: Vec::new(), has_values: false, next: 0 }
    }

    /// Decodes the next rows.
    fn fill(&mut self, count: usize) -> Result<(), TableError> {
        self.levels.clear();
        self.next = 0;
        let levels = self.has_levels.then_some(&mut self.levels);
        let (rows, values) = self.values.fill(count, levels).map_err(|error| wrong(&error))?;
        let wanted = if self.has_levels { self.levels.iter().filter(|level| **level > 0).count() } else { count };
        if rows != count || values != wanted || (self.has_levels && self.levels.len() != count) {
            return Err(TableError::Parquet("a column has fewer rows than its row group claims".to_owned()));
        }
        self.has_values = values > 0;
        Ok(())
    }

    /// Puts the cell of a decoded row into it, and gives the bytes of its text.
    fn cell(&mut self, index: usize, column: usize, row: &mut Row) -> u64 {
        if self.has_levels && self.levels.get(index).is_none_or(|level| *level == 0) {
            return 0;
        }
        let next = self.next;
        self.next += 1;
        if let Kind::Other(what) = self.kind {
            row.push(column, Cell::Other(what));
            return 0;
        }
        let integer = |value: i64| match self.kind {
            Kind::Time(each) => value.checked_mul(each).map_or(Cell::Other("a time centuries away"), Cell::Time),
            _ => Cell::Integer(value),
        };
        match &self.values {
            Values::Bool(_, values) => push(row, column, values.get(next).map(|value| Cell::Bool(*value))),
            Values::Int32(_, values) => {
                let widened = values.get(next).map(|value| match self.kind {
                    Kind::Unsigned => i64::from(value.cast_unsigned()),
                    _ => i64::from(*value),
                });
                push(row, column, widened.map(integer));
            }
            Values::Int64(_, values) => match values.get(next) {
                Some(value) if *value < 0 && matches!(self.kind, Kind::Unsigned) => {
                    push(row, column, Some(Cell::Text(&value.cast_unsigned().to_string())));
                }
                value => push(row, column, value.copied().map(integer)),
            },
            // Spark and old data frames; by convention in UTC.
            Values::Int96(_, values) => push(row, column, values.get(next).map(|value| Cell::Time(value.to_nanos()))),
            Values::Float(_, values) => push(row, column, values.get(next).map(|value| Cell::Float((*value).into()))),
            Values::Double(_, values) => push(row, column, values.get(next).map(|value| Cell::Float(*value))),
            Values::Bytes(_, values) => {
                let Some(bytes) = values.get(next) else { return 0 };
                let bytes = bytes.data();
                if bytes.len() > MOST_ROW_BYTES {
                    row.push(column, Cell::Other("a text of many megabytes"));
                    return bytes.len() as u64;
                }
                let text = str::from_utf8(bytes);
                row.push(column, text.map_or(Cell::Other("bytes that are not UTF-8"), Cell::Text));
                return bytes.len() as u64;
            }
            Values::Fixed(..) => row.push(column, Cell::Other("bytes")),
        }
        0
    }
}

fn push(row: &mut Row, column: usize, cell: Option<Cell<'_>>) {
    if let Some(cell) = cell {
        row.push(column, cell);
    }
}
