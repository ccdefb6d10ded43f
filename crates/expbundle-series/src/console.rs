//! Console output: time, stream and line, in the order of arrival.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::reader::FileReader as _;
use parquet::file::writer::SerializedFileWriter;

use crate::error::SeriesError;
use crate::profile::{GROUP_ROWS, console_schema, properties};
use crate::read::{Column, ReadAt, guarded, nanoseconds, open, text_of, unit_of};
use crate::unit::Unit;
use crate::write::write_column;

/// A line of console output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleLine {
    /// When, in nanoseconds since 1970, if known.
    pub time_ns: Option<i64>,
    /// `stdout` or `stderr`.
    pub stream: String,
    /// The line, without its end.
    pub line: String,
}

/// Writes console output in the fixed profile. The salt is that of a blinded section.
pub fn write_console(
    lines: &[ConsoleLine],
    output: impl Write + Send,
    salt: Option<&[u8; 32]>,
) -> Result<(), SeriesError> {
    let unit = Unit::of_all(lines.iter().filter_map(|line| line.time_ns));
    let mut writer = SerializedFileWriter::new(output, console_schema(unit)?, Arc::new(properties(salt)))?;
    for rows in lines.chunks(GROUP_ROWS) {
        let levels: Vec<i16> = rows.iter().map(|line| i16::from(line.time_ns.is_some())).collect();
        let times: Vec<i64> = rows.iter().filter_map(|line| Some(line.time_ns? / unit.nanoseconds())).collect();
        let bytes = |text: &str| ByteArray::from(text);
        let streams: Vec<ByteArray> = rows.iter().map(|line| bytes(&line.stream)).collect();
        let texts: Vec<ByteArray> = rows.iter().map(|line| bytes(&line.line)).collect();
        let mut group = writer.next_row_group()?;
        write_column::<Int64Type, _>(&mut group, &times, Some(&levels))?;
        write_column::<ByteArrayType, _>(&mut group, &streams, None)?;
        write_column::<ByteArrayType, _>(&mut group, &texts, None)?;
        group.close()?;
    }
    writer.close()?;
    Ok(())
}

const CONSOLE: [(&str, Physical, Repetition); 3] = [
    ("time", Physical::INT64, Repetition::OPTIONAL),
    ("stream", Physical::BYTE_ARRAY, Repetition::REQUIRED),
    ("line", Physical::BYTE_ARRAY, Repetition::REQUIRED),
];

/// Reads a console section, line by line.
pub struct ConsoleReader {
    source: Arc<dyn ReadAt>,
    rows: u64,
}

impl ConsoleReader {
    /// Opens a section. Only the footer is read.
    pub fn open(source: impl ReadAt + 'static) -> Result<Self, SeriesError> {
        let source: Arc<dyn ReadAt> = Arc::new(source);
        let (_, rows) = open(Arc::clone(&source), &CONSOLE)?;
        Ok(Self { source, rows })
    }

    /// Lines of all streams.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Gives every line.
    pub fn for_each(&self, mut take: impl FnMut(&ConsoleLine)) -> Result<(), SeriesError> {
        let (file, _) = open(Arc::clone(&self.source), &CONSOLE)?;
        let unit = unit_of(&file, 0)?;
        for index in 0..file.num_row_groups() {
            let group = guarded(|| Ok(file.get_row_group(index)?))?;
            let mut times = Column::<Int64Type>::new(&*group, 0)?;
            let mut streams = Column::<ByteArrayType>::new(&*group, 1)?;
            let mut lines = Column::<ByteArrayType>::new(&*group, 2)?;
            for _ in 0..group.metadata().num_rows() {
                let time = times.next()?;
                take(&ConsoleLine {
                    time_ns: time.map(|time| nanoseconds(time, unit)).transpose()?,
                    stream: text_of(&streams.next()?.unwrap_or_default(), "stream")?.to_owned(),
                    line: text_of(&lines.next()?.unwrap_or_default(), "line")?.to_owned(),
                });
            }
        }
        Ok(())
    }
}
