//! Reads series from bytes that nobody vouches for.
//!
//! What the file claims is held against its size before anything is decoded, so a small file costs little whatever it says. The
//! decoder is the `parquet` crate, which was not written for hostile bytes; a panic within is caught and becomes an error.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, Length, RowGroupReader, SerializedFileReader};

use crate::error::SeriesError;
use crate::points::Point;
use crate::profile::{GROUP_ROWS, PAGE_ROWS};
use crate::unit::Unit;

/// Something that can be read by position, like a section inside a bundle.
pub trait ReadAt: Send + Sync {
    /// Its size in bytes.
    fn size(&self) -> u64;
    /// Reads at a position; as many bytes as are there.
    fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

impl ReadAt for Vec<u8> {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(position).ok().and_then(|start| self.get(start..)).unwrap_or_default();
        (&mut &*rest).read(buffer)
    }
}

/// Joins [`ReadAt`] to what the `parquet` crate reads from.
pub(crate) struct Chunks(Arc<dyn ReadAt>);

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.0.size()
    }
}

impl ChunkReader for Chunks {
    type T = Cursor;

    fn get_read(&self, start: u64) -> Result<Cursor, ParquetError> {
        Ok(Cursor { source: Arc::clone(&self.0), position: start })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        // Before any memory is taken for what the file only claims to have.
        let fits = start.checked_add(length as u64).is_some_and(|end| end <= self.0.size());
        if !fits {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} are not there")));
        }
        let mut bytes = vec![0; length];
        self.get_read(start)?.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

pub(crate) struct Cursor {
    source: Arc<dyn ReadAt>,
    position: u64,
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read_at(self.position, buffer)?;
        self.position += count as u64;
        Ok(count)
    }
}

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
pub struct SeriesReader {
    file: SerializedFileReader<Chunks>,
    unit: Unit,
    rows: u64,
    salt: Option<String>,
}

impl SeriesReader {
    /// Opens a section. Only the footer is read.
    pub fn open(source: impl ReadAt + 'static) -> Result<Self, SeriesError> {
        let (file, rows) = open(Arc::new(source), &SERIES)?;
        let unit = unit_of(&file, 2)?;
        let salt = salt_of(&file);
        Ok(Self { file, unit, rows, salt })
    }

    /// Points of all series.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The salt of a blinded section.
    pub fn salt(&self) -> Option<&str> {
        self.salt.as_deref()
    }

    /// Gives every point, in the order of the file. Memory holds one page of each column.
    pub fn for_each(&self, mut take: impl FnMut(&OwnedPoint)) -> Result<(), SeriesError> {
        let mut row = 0;
        for index in 0..self.file.num_row_groups() {
            let group = guarded(|| Ok(self.file.get_row_group(index)?))?;
            let mut columns = SeriesColumns::new(&*group, self.unit)?;
            let rows = u64::try_from(group.metadata().num_rows()).unwrap_or(0);
            for _ in 0..rows {
                let point = columns.next()?;
                if point.value.is_none() && point.text.is_none() {
                    return Err(SeriesError::EmptyRow { row });
                }
                take(&point);
                row += 1;
            }
        }
        Ok(())
    }

    /// The keys, in order.
    pub fn keys(&self) -> Result<Vec<String>, SeriesError> {
        let mut keys: Vec<String> = Vec::new();
        for index in 0..self.file.num_row_groups() {
            let group = guarded(|| Ok(self.file.get_row_group(index)?))?;
            let mut column = Column::<ByteArrayType>::new(&*group, 0)?;
            for _ in 0..group.metadata().num_rows() {
                let key = column.next()?.unwrap_or_default();
                if keys.last().is_none_or(|last| last.as_bytes() != key.data()) {
                    keys.push(text_of(&key, "key")?.to_owned());
                }
            }
        }
        Ok(keys)
    }
}

/// The columns of one row group, side by side.
struct SeriesColumns {
    keys: Column<ByteArrayType>,
    steps: Column<Int64Type>,
    times: Column<Int64Type>,
    values: Column<DoubleType>,
    texts: Column<ByteArrayType>,
    unit: Unit,
    key: Arc<str>,
}

impl SeriesColumns {
    fn new(group: &dyn RowGroupReader, unit: Unit) -> Result<Self, SeriesError> {
        Ok(Self {
            keys: Column::new(group, 0)?,
            steps: Column::new(group, 1)?,
            times: Column::new(group, 2)?,
            values: Column::new(group, 3)?,
            texts: Column::new(group, 4)?,
            unit,
            key: "".into(),
        })
    }

    fn next(&mut self) -> Result<OwnedPoint, SeriesError> {
        let key = self.keys.next()?.unwrap_or_default();
        if key.data() != self.key.as_bytes() {
            self.key = text_of(&key, "key")?.into();
        }
        let text = match self.texts.next()? {
            Some(text) => Some(text_of(&text, "text")?.to_owned()),
            None => None,
        };
        let time = self.times.next()?;
        Ok(OwnedPoint {
            key: Arc::clone(&self.key),
            step: self.steps.next()?,
            time_ns: time.map(|time| nanoseconds(time, self.unit)).transpose()?,
            value: self.values.next()?,
            text,
        })
    }
}

/// A time in nanoseconds, if those fit.
pub(crate) fn nanoseconds(time: i64, unit: Unit) -> Result<i64, SeriesError> {
    let problem = || SeriesError::Profile { problem: "a time is centuries away".to_owned() };
    time.checked_mul(unit.nanoseconds()).ok_or_else(problem)
}

pub(crate) fn text_of<'a>(bytes: &'a ByteArray, column: &'static str) -> Result<&'a str, SeriesError> {
    std::str::from_utf8(bytes.data()).map_err(|_| SeriesError::Utf8 { column })
}

/// One column of a row group, value by value.
pub(crate) struct Column<T: DataType> {
    reader: parquet::column::reader::ColumnReaderImpl<T>,
    optional: bool,
    waiting: VecDeque<Option<T::T>>,
}

/// Values decoded at a time.
const BATCH_ROWS: usize = 8192;

impl<T: DataType> Column<T> {
    pub fn new(group: &dyn RowGroupReader, index: usize) -> Result<Self, SeriesError> {
        let optional = group.metadata().column(index).column_descr().max_def_level() > 0;
        let reader = guarded(|| Ok(get_typed_column_reader::<T>(group.get_column_reader(index)?)))?;
        Ok(Self { reader, optional, waiting: VecDeque::new() })
    }

    pub fn next(&mut self) -> Result<Option<T::T>, SeriesError> {
        if self.waiting.is_empty() {
            self.fill()?;
        }
        let ended = || SeriesError::Profile { problem: "a column has fewer values than rows".to_owned() };
        self.waiting.pop_front().ok_or_else(ended)
    }

    fn fill(&mut self) -> Result<(), SeriesError> {
        let (mut levels, mut values) = (Vec::new(), Vec::new());
        let wants_levels = self.optional;
        let reader = &mut self.reader;
        guarded(|| Ok(reader.read_records(BATCH_ROWS, wants_levels.then_some(&mut levels), None, &mut values)?))?;
        let mut values = values.into_iter();
        if self.optional {
            self.waiting.extend(levels.into_iter().map(|level| if level > 0 { values.next() } else { None }));
        } else {
            self.waiting.extend(values.map(Some));
        }
        Ok(())
    }
}

/// Runs the decoder on foreign bytes. It should return errors and not panic; where it panics all the same, on bytes that
/// nobody foresaw, the file is broken and the program is not.
pub(crate) fn guarded<T>(decode: impl FnOnce() -> Result<T, SeriesError>) -> Result<T, SeriesError> {
    // What the decoder was changing when it gave up is not used again: every caller returns the error.
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or(Err(SeriesError::Decoder))
}

/// A column as the profile has it: name, physical type, whether it may be absent.
pub(crate) type Shape = [(&'static str, Physical, Repetition)];

const SERIES: [(&str, Physical, Repetition); 5] = [
    ("key", Physical::BYTE_ARRAY, Repetition::REQUIRED),
    ("step", Physical::INT64, Repetition::OPTIONAL),
    ("time", Physical::INT64, Repetition::OPTIONAL),
    ("value", Physical::DOUBLE, Repetition::OPTIONAL),
    ("text", Physical::BYTE_ARRAY, Repetition::OPTIONAL),
];

/// Opens a file and holds it against the profile.
pub(crate) fn open(source: Arc<dyn ReadAt>, shape: &Shape) -> Result<(SerializedFileReader<Chunks>, u64), SeriesError> {
    let bytes = source.size();
    let file = guarded(|| Ok(SerializedFileReader::new(Chunks(source))?))?;
    let metadata = file.metadata();
    let differs = |problem: String| Err(SeriesError::Profile { problem });
    let columns = metadata.file_metadata().schema_descr().columns();
    let fits = columns.len() == shape.len()
        && columns.iter().zip(shape).all(|(column, (name, physical, repetition))| {
            column.path().parts() == [*name]
                && column.physical_type() == *physical
                && column.max_rep_level() == 0
                && (column.max_def_level() == 0) == (*repetition == Repetition::REQUIRED)
                && column.max_def_level() <= 1
        });
    if !fits {
        return differs("its columns are others".to_owned());
    }
    let mut rows = 0_i64;
    for group in metadata.row_groups() {
        let count = group.num_rows();
        rows = rows.saturating_add(count.max(0));
        if !(0..=i64::try_from(GROUP_ROWS).unwrap_or(i64::MAX)).contains(&count) {
            return differs(format!("a row group has {count} rows"));
        }
        for column in group.columns() {
            if column.compression() != Compression::UNCOMPRESSED {
                return differs(format!("column `{}` is compressed", column.column_path()));
            }
            if column.num_values() != count {
                return differs(format!(
                    "column `{}` has {} values in {count} rows",
                    column.column_path(),
                    column.num_values()
                ));
            }
        }
    }
    // Each row has a value of 8 bytes, or a text behind a length of 4.
    if rows != metadata.file_metadata().num_rows() || u64::try_from(rows).unwrap_or(0) > bytes / 4 {
        return Err(SeriesError::Rows { claimed: metadata.file_metadata().num_rows(), bytes });
    }
    Ok((file, u64::try_from(rows).unwrap_or(0)))
}

/// The unit of the time column.
pub(crate) fn unit_of(file: &SerializedFileReader<Chunks>, column: usize) -> Result<Unit, SeriesError> {
    let schema = file.metadata().file_metadata().schema_descr();
    let logical = schema.columns().get(column).and_then(|column| column.logical_type_ref());
    match logical {
        Some(LogicalType::Timestamp(timestamp)) => Ok(match timestamp.unit {
            TimeUnit::MILLIS => Unit::Milliseconds,
            TimeUnit::MICROS => Unit::Microseconds,
            TimeUnit::NANOS => Unit::Nanoseconds,
        }),
        _ => Err(SeriesError::Profile { problem: "its times are no timestamps".to_owned() }),
    }
}

fn salt_of(file: &SerializedFileReader<Chunks>) -> Option<String> {
    let pairs = file.metadata().file_metadata().key_value_metadata()?;
    pairs.iter().find(|pair| pair.key == crate::SALT_KEY)?.value.clone()
}

// A page never holds more rows than a batch of them may have to wait for.
const _: () = assert!(BATCH_ROWS <= PAGE_ROWS);
