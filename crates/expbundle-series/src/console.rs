//! Console output: time, stream and line, in the order of arrival.

use std::io::Write;
use std::sync::Arc;

use crate::columns::{Integers, Output, Texts, ValueColumn, WordColumn, check_text};
use crate::error::SeriesError;
use crate::page;
use crate::profile::{CONSOLE, GROUP_ROWS, GROUP_TEXT_BYTES, Kind};
use crate::rows::{Checks, File, Pages, pages, text_at, words};
use crate::source::ReadAt;
use crate::unit::Unit;

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
pub fn write_console(lines: &[ConsoleLine], output: impl Write, salt: Option<&[u8; 32]>) -> Result<(), SeriesError> {
    let unit = Unit::of_all(lines.iter().filter_map(|line| line.time_ns));
    let mut output = Output::new(output, unit, salt)?;
    let mut time = ValueColumn::<Integers>::new(Kind::Time);
    let mut stream = WordColumn::default();
    let mut text = ValueColumn::<Texts>::new(Kind::Line);
    let (mut rows, mut text_bytes) = (0, 0);
    for line in lines {
        check_text(&line.stream)?;
        check_text(&line.line)?;
        let bytes = (line.stream.len() + line.line.len()) as u64;
        if rows == GROUP_ROWS || (text_bytes + bytes > GROUP_TEXT_BYTES && rows > 0) {
            output.group(rows, [time.take(), stream.take(), text.take()])?;
            (rows, text_bytes) = (0, 0);
        }
        time.push(line.time_ns.map(|time_ns| unit.count(time_ns)));
        let index = stream.index(&line.stream);
        stream.push(index);
        text.push(Some(&line.line));
        rows += 1;
        text_bytes += bytes;
    }
    output.group(rows, [time.take(), stream.take(), text.take()])?;
    output.finish(&CONSOLE)
}

/// Reads a console section, line by line.
#[derive(Clone)]
pub struct ConsoleReader {
    file: File,
}

impl ConsoleReader {
    /// Opens a section. Only the footer is read, and held against the profile.
    pub fn open(source: impl ReadAt + 'static) -> Result<Self, SeriesError> {
        Ok(Self { file: File::open(Arc::new(source), &CONSOLE)? })
    }

    /// Lines of all streams.
    pub fn rows(&self) -> u64 {
        self.file.footer.rows()
    }

    /// The salt of a blinded section.
    pub fn salt(&self) -> Option<&str> {
        self.file.salt()
    }

    /// Gives every line. Memory holds one page of each column.
    pub fn for_each(&self, mut take: impl FnMut(&ConsoleLine)) -> Result<(), SeriesError> {
        let mut checks = Checks::new(self.file.footer.unit);
        let mut row = 0;
        for group in &self.file.footer.groups {
            checks.begin_group();
            let [mut time, mut stream, mut line] = self.file.columns::<3>(group);
            let (places, body) = stream.dictionary(group.rows)?;
            let streams = words(&places, &body, "stream", row)?;
            let mut seen = 0;
            for rows in pages(group.rows) {
                let times = time.next(rows, page::integers)?;
                let indices = stream.next(rows, |body, rows| page::indices(body, rows, &mut seen))?;
                let (places, body) = line.next_with_body(rows, page::lines)?;
                for ((time, index), place) in times.into_iter().zip(indices).zip(&places) {
                    let Some(stream) = streams.get(index as usize) else { return Err(SeriesError::Order { row }) };
                    let line = text_at(place.as_ref(), &body, "line", row)?.unwrap_or_default();
                    let bytes = stream.len() + line.len();
                    checks.texts(bytes, bytes, row)?;
                    let time_ns = checks.time(time, row)?;
                    take(&ConsoleLine { time_ns, stream: stream.to_string(), line: line.to_owned() });
                    row += 1;
                }
            }
            if seen as usize != streams.len() {
                return Err(SeriesError::Rows { claimed: streams.len() as u64, bytes: body.len() as u64 });
            }
            [time, stream, line].iter().try_for_each(Pages::end)?;
        }
        checks.end()
    }
}
