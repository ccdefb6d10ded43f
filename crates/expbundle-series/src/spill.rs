//! Points that wait in a temporary file: sorted stretches of one key each, numbers as differences from the point before.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::points::{Kept, Point};
use crate::wire::zigzag;

const HAS_STEP: u8 = 1;
const HAS_TIME: u8 = 2;
const HAS_VALUE: u8 = 4;
const HAS_TEXT: u8 = 8;
/// Flags, three varints and a value: what a point takes at most, its text aside.
const MOST_FIXED_BYTES: usize = 1 + 3 * 10 + 8;
const BUFFER_BYTES: usize = 256 << 10;

/// Points of one key in the file.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    offset: u64,
    bytes: u64,
    points: u64,
}

/// The file.
#[derive(Debug)]
pub struct Spill {
    file: File,
    size: u64,
    buffer: Vec<u8>,
}

impl Spill {
    /// An unnamed file, which is gone when it is closed.
    pub fn new() -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile()?, size: 0, buffer: Vec::with_capacity(BUFFER_BYTES + 4096) })
    }

    /// Appends points.
    pub fn write<'a>(&mut self, points: impl Iterator<Item = Point<'a>>) -> io::Result<Stretch> {
        let mut stretch = Stretch { offset: self.size, bytes: 0, points: 0 };
        let mut last = Differences::default();
        for point in points {
            let start = self.buffer.len();
            last.write(&point, &mut self.buffer);
            stretch.bytes += (self.buffer.len() - start) as u64;
            stretch.points += 1;
            if self.buffer.len() >= BUFFER_BYTES {
                self.flush()?;
            }
        }
        self.size += stretch.bytes;
        Ok(stretch)
    }

    /// Writes what waits in the buffer: without it nothing of it can be read.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    /// Reads a stretch, once everything is written.
    pub fn read(&self, stretch: Stretch) -> SpilledPoints<'_> {
        SpilledPoints {
            file: &self.file,
            offset: stretch.offset,
            left: stretch.bytes,
            points: stretch.points,
            buffer: Vec::new(),
            position: 0,
            last: Differences::default(),
        }
    }
}

/// The numbers of the point before.
#[derive(Debug, Default)]
struct Differences {
    step: i64,
    time_ns: i64,
}

impl Differences {
    fn write(&mut self, point: &Point<'_>, output: &mut Vec<u8>) {
        let flag = |present: bool, flag: u8| if present { flag } else { 0 };
        output.push(
            flag(point.step.is_some(), HAS_STEP)
                | flag(point.time_ns.is_some(), HAS_TIME)
                | flag(point.value.is_some(), HAS_VALUE)
                | flag(point.text.is_some(), HAS_TEXT),
        );
        if let Some(step) = point.step {
            push_varint(zigzag(step.wrapping_sub(self.step)), output);
            self.step = step;
        }
        if let Some(time_ns) = point.time_ns {
            push_varint(zigzag(time_ns.wrapping_sub(self.time_ns)), output);
            self.time_ns = time_ns;
        }
        if let Some(value) = point.value {
            output.extend(value.to_le_bytes());
        }
        if let Some(text) = point.text {
            push_varint(text.len() as u64, output);
            output.extend(text.as_bytes());
        }
    }
}

fn push_varint(mut number: u64, output: &mut Vec<u8>) {
    while number >= 0x80 {
        output.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    output.push(number.to_le_bytes()[0]);
}

/// Reads a stretch. Several of them share the file, so each knows its own position.
pub struct SpilledPoints<'a> {
    file: &'a File,
    offset: u64,
    /// Bytes that are not in the buffer yet.
    left: u64,
    points: u64,
    buffer: Vec<u8>,
    position: usize,
    last: Differences,
}

impl SpilledPoints<'_> {
    /// The next point, until there are no more.
    pub fn next(&mut self) -> io::Result<Option<Kept>> {
        if self.points == 0 {
            return Ok(None);
        }
        self.points -= 1;
        self.need(MOST_FIXED_BYTES)?;
        let flags = self.take::<1>()?[0];
        let has = |flag: u8| flags & flag != 0;
        let mut point = Kept::default();
        if has(HAS_STEP) {
            self.last.step = self.last.step.wrapping_add(unzigzag(self.varint()?));
            point.step = Some(self.last.step);
        }
        if has(HAS_TIME) {
            self.last.time_ns = self.last.time_ns.wrapping_add(unzigzag(self.varint()?));
            point.time_ns = Some(self.last.time_ns);
        }
        if has(HAS_VALUE) {
            point.value = Some(f64::from_le_bytes(self.take()?));
        }
        if has(HAS_TEXT) {
            let length = usize::try_from(self.varint()?).map_err(|_| io::ErrorKind::InvalidData)?;
            self.need(length)?;
            let end = self.position + length;
            let text = self.buffer.get(self.position..end).ok_or(io::ErrorKind::UnexpectedEof)?;
            point.text = Some(std::str::from_utf8(text).map_err(|_| io::ErrorKind::InvalidData)?.into());
            self.position = end;
        }
        Ok(Some(point))
    }

    /// Has so many bytes in the buffer, or all that are left.
    fn need(&mut self, bytes: usize) -> io::Result<()> {
        let waiting = self.buffer.len() - self.position;
        if waiting >= bytes || self.left == 0 {
            return Ok(());
        }
        self.buffer.drain(..self.position);
        self.position = 0;
        // Many keys have many short stretches: no more is read than each one has.
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
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.take()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(io::ErrorKind::InvalidData.into())
    }
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}
