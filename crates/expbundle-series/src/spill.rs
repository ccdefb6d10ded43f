//! Rows that wait in a temporary file: sorted stretches, numbers as differences from the row
//! before.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::cut::Moment;
use crate::points::Row;
use crate::wire::{Scan, push_varint, unzigzag, zigzag};

const HAS_STEP: u8 = 1;
const HAS_TIME: u8 = 2;
const HAS_VALUE: u8 = 4;
const HAS_TEXT: u8 = 8;
/// The moment is that of the row before.
const SAME_MOMENT: u8 = 16;
/// Flags, four varints and a value: what a row takes at most, its text aside.
const MOST_FIXED_BYTES: usize = 1 + 4 * 10 + 8;
const BUFFER_BYTES: usize = 256 << 10;

/// Sorted rows in the file.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    offset: u64,
    bytes: u64,
    rows: u64,
}

/// The file.
#[derive(Debug)]
pub struct Spill {
    file: File,
    /// Bytes that are in the file; the buffer comes behind them.
    written: u64,
    buffer: Vec<u8>,
    stretches: Vec<Stretch>,
}

impl Spill {
    /// An unnamed file, which is gone when it is closed.
    pub fn new() -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile()?, written: 0, buffer: Vec::new(), stretches: Vec::new() })
    }

    /// Appends a stretch of sorted rows.
    pub fn write(&mut self, rows: impl Iterator<Item = Row>) -> io::Result<()> {
        let offset = self.written + self.buffer.len() as u64;
        let mut stretch = Stretch { offset, bytes: 0, rows: 0 };
        let mut last = Differences::default();
        for row in rows {
            let start = self.buffer.len();
            last.write(&row, &mut self.buffer);
            stretch.bytes += (self.buffer.len() - start) as u64;
            stretch.rows += 1;
            if self.buffer.len() >= BUFFER_BYTES {
                self.flush()?;
            }
        }
        self.stretches.push(stretch);
        Ok(())
    }

    /// In the order in which they were written.
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// Writes what waits in the buffer: without it nothing of it can be read. The place is named
    /// each time, since whoever reads moves it, and a write that failed may have written a part.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.written))?;
        self.file.write_all(&self.buffer)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Reads a stretch, once everything is written.
    pub fn read(&self, stretch: Stretch) -> Spilled<'_> {
        Spilled {
            file: &self.file,
            offset: stretch.offset,
            left: stretch.bytes,
            rows: stretch.rows,
            buffer: Vec::new(),
            position: 0,
            last: Differences::default(),
        }
    }
}

/// The numbers of the row before.
#[derive(Debug, Default)]
struct Differences {
    moment: Moment,
    step: i64,
    time_ns: i64,
}

impl Differences {
    fn write(&mut self, row: &Row, output: &mut Vec<u8>) {
        let (step, time_ns) = row.moment;
        let same = row.moment == self.moment;
        let flag = |present: bool, flag: u8| if present { flag } else { 0 };
        output.push(
            flag(same, SAME_MOMENT)
                | flag(step.is_some() && !same, HAS_STEP)
                | flag(time_ns.is_some() && !same, HAS_TIME)
                | flag(row.value.is_some(), HAS_VALUE)
                | flag(row.text.is_some(), HAS_TEXT),
        );
        push_varint(row.key.into(), output);
        if let Some(step) = step.filter(|_| !same) {
            push_varint(zigzag(step.wrapping_sub(self.step)), output);
            self.step = step;
        }
        if let Some(time_ns) = time_ns.filter(|_| !same) {
            push_varint(zigzag(time_ns.wrapping_sub(self.time_ns)), output);
            self.time_ns = time_ns;
        }
        self.moment = row.moment;
        if let Some(value) = row.value {
            output.extend(value.to_le_bytes());
        }
        if let Some(text) = &row.text {
            push_varint(text.len() as u64, output);
            output.extend(text.as_bytes());
        }
    }
}

/// Reads a stretch. Several of them share the file, so each knows its own position.
pub struct Spilled<'a> {
    file: &'a File,
    offset: u64,
    /// Bytes that are not in the buffer yet.
    left: u64,
    rows: u64,
    buffer: Vec<u8>,
    position: usize,
    last: Differences,
}

impl Spilled<'_> {
    /// The next row, until there are no more.
    pub fn next(&mut self) -> io::Result<Option<Row>> {
        if self.rows == 0 {
            return Ok(None);
        }
        self.rows -= 1;
        self.need(MOST_FIXED_BYTES)?;
        let flags = self.take::<1>()?[0];
        let has = |flag: u8| flags & flag != 0;
        let key = u32::try_from(self.varint()?).map_err(|_| io::ErrorKind::InvalidData)?;
        if !has(SAME_MOMENT) {
            let mut moment = Moment::default();
            if has(HAS_STEP) {
                self.last.step = self.last.step.wrapping_add(unzigzag(self.varint()?));
                moment.0 = Some(self.last.step);
            }
            if has(HAS_TIME) {
                self.last.time_ns = self.last.time_ns.wrapping_add(unzigzag(self.varint()?));
                moment.1 = Some(self.last.time_ns);
            }
            self.last.moment = moment;
        }
        let mut row = Row { key, moment: self.last.moment, value: None, text: None };
        if has(HAS_VALUE) {
            row.value = Some(f64::from_le_bytes(self.take()?));
        }
        if has(HAS_TEXT) {
            let length = usize::try_from(self.varint()?).map_err(|_| io::ErrorKind::InvalidData)?;
            self.need(length)?;
            let end = self.position + length;
            let text = self.buffer.get(self.position..end).ok_or(io::ErrorKind::UnexpectedEof)?;
            row.text = Some(std::str::from_utf8(text).map_err(|_| io::ErrorKind::InvalidData)?.into());
            self.position = end;
        }
        Ok(Some(row))
    }

    /// Has so many bytes in the buffer, or all that are left.
    fn need(&mut self, bytes: usize) -> io::Result<()> {
        let waiting = self.buffer.len() - self.position;
        if waiting >= bytes || self.left == 0 {
            return Ok(());
        }
        self.buffer.drain(..self.position);
        self.position = 0;
        // No more is read than the stretch has.
        let more = self.left.min((BUFFER_BYTES.max(bytes) - waiting) as u64);
        let mut file = self.file;
        file.seek(SeekFrom::Start(self.offset))?;
        let read = file.take(more).read_to_end(&mut self.buffer)? as u64;
        self.offset += read;
        self.left -= read;
        if read < more { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let rest = self.buffer.get(self.position..).and_then(<[u8]>::first_chunk);
        self.position += N;
        rest.copied().ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn varint(&mut self) -> io::Result<u64> {
        let mut scan = Scan::new(self.buffer.get(self.position..).unwrap_or_default());
        let number = scan.varint().map_err(|_| io::ErrorKind::InvalidData)?;
        self.position += scan.position();
        Ok(number)
    }
}
