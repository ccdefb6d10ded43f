//! The points of one series while they wait: compact in memory, and past a budget in a temporary file.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

/// A point of a series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point<'a> {
    /// Step, if it has one.
    pub step: Option<i64>,
    /// Time in nanoseconds since 1970, if it has one.
    pub time_ns: Option<i64>,
    /// The value, if it is a number.
    pub value: Option<f64>,
    /// The value as text, if it is no number, or has more digits than a float holds.
    pub text: Option<&'a str>,
}

/// A point that owns its text.
#[derive(Clone, Debug)]
pub struct Kept {
    pub step: Option<i64>,
    pub time_ns: Option<i64>,
    pub value: Option<f64>,
    pub text: Option<Box<str>>,
}

impl Kept {
    pub fn point(&self) -> Point<'_> {
        Point { step: self.step, time_ns: self.time_ns, value: self.value, text: self.text.as_deref() }
    }

    fn order(&self) -> (Option<i64>, Option<i64>) {
        (self.step, self.time_ns)
    }
}

/// The points of one key that are in memory: 25 bytes each, texts apart.
#[derive(Debug, Default)]
pub struct Column {
    steps: Vec<i64>,
    times: Vec<i64>,
    values: Vec<f64>,
    flags: Vec<u8>,
    texts: Vec<Box<str>>,
    /// Where points were put away in the temporary file, in the order of arrival.
    spilled: Vec<Chunk>,
    last: Option<(Option<i64>, Option<i64>)>,
    /// Whether each point so far came in the order of the file. Trackers write in order, so nearly always.
    unsorted: bool,
}

#[derive(Clone, Copy, Debug)]
struct Chunk {
    offset: u64,
    points: u64,
}

const HAS_STEP: u8 = 1;
const HAS_TIME: u8 = 2;
const HAS_VALUE: u8 = 4;
const HAS_TEXT: u8 = 8;

impl Column {
    /// Adds a point; returns the bytes that it takes in memory.
    pub fn push(&mut self, point: &Point<'_>) -> usize {
        let order = (point.step, point.time_ns);
        self.unsorted |= self.last.is_some_and(|last| last > order);
        self.last = Some(order);
        let flag = |present: bool, flag: u8| if present { flag } else { 0 };
        self.steps.push(point.step.unwrap_or(0));
        self.times.push(point.time_ns.unwrap_or(0));
        self.values.push(point.value.unwrap_or(0.0));
        self.flags.push(
            flag(point.step.is_some(), HAS_STEP)
                | flag(point.time_ns.is_some(), HAS_TIME)
                | flag(point.value.is_some(), HAS_VALUE)
                | flag(point.text.is_some(), HAS_TEXT),
        );
        match point.text {
            Some(text) => {
                self.texts.push(text.into());
                25 + 24 + text.len()
            }
            None => 25,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.flags.is_empty() && self.spilled.is_empty()
    }

    /// Puts everything that is in memory into the file.
    pub fn spill(&mut self, file: &mut BufWriter<&File>, offset: &mut u64) -> io::Result<()> {
        if self.flags.is_empty() {
            return Ok(());
        }
        let chunk = Chunk { offset: *offset, points: self.flags.len() as u64 };
        let mut texts = std::mem::take(&mut self.texts).into_iter();
        let (steps, times) = (std::mem::take(&mut self.steps), std::mem::take(&mut self.times));
        let (values, flags) = (std::mem::take(&mut self.values), std::mem::take(&mut self.flags));
        for (((step, time), value), flags) in steps.into_iter().zip(times).zip(values).zip(flags) {
            file.write_all(&[flags])?;
            file.write_all(&step.to_le_bytes())?;
            file.write_all(&time.to_le_bytes())?;
            file.write_all(&value.to_le_bytes())?;
            *offset += 25;
            if flags & HAS_TEXT != 0 {
                let text = texts.next().unwrap_or_default();
                file.write_all(&(text.len() as u64).to_le_bytes())?;
                file.write_all(text.as_bytes())?;
                *offset += 8 + text.len() as u64;
            }
        }
        self.spilled.push(chunk);
        Ok(())
    }

    /// Gives every point in the order of the file. Memory holds more than one point of them only if they came unsorted.
    pub fn for_each<E: From<io::Error>>(
        self,
        file: Option<&File>,
        mut take: impl FnMut(&Point<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let unsorted = self.unsorted;
        let mut waiting: Vec<Kept> = Vec::new();
        self.in_order_of_arrival(file, |point| {
            if unsorted {
                waiting.push(point);
                Ok(())
            } else {
                take(&point.point())
            }
        })?;
        // A stable sort keeps the order of arrival among equals.
        waiting.sort_by(|a, b| -> Ordering { a.order().cmp(&b.order()) });
        waiting.iter().try_for_each(|point| take(&point.point()))
    }

    fn in_order_of_arrival<E: From<io::Error>>(
        self,
        file: Option<&File>,
        mut take: impl FnMut(Kept) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(mut file) = file {
            for chunk in &self.spilled {
                file.seek(SeekFrom::Start(chunk.offset))?;
                let mut reader = BufReader::with_capacity(256 * 1024, file);
                for _ in 0..chunk.points {
                    take(read_kept(&mut reader)?)?;
                }
            }
        }
        let mut texts = self.texts.into_iter();
        for (((step, time), value), flags) in self.steps.into_iter().zip(self.times).zip(self.values).zip(self.flags) {
            let text = if flags & HAS_TEXT == 0 { None } else { texts.next() };
            take(kept(flags, step, time, value, text))?;
        }
        Ok(())
    }
}

fn kept(flags: u8, step: i64, time_ns: i64, value: f64, text: Option<Box<str>>) -> Kept {
    Kept {
        step: (flags & HAS_STEP != 0).then_some(step),
        time_ns: (flags & HAS_TIME != 0).then_some(time_ns),
        value: (flags & HAS_VALUE != 0).then_some(value),
        text,
    }
}

fn read_kept(reader: &mut impl Read) -> io::Result<Kept> {
    let mut number = [0; 8];
    let mut flags = [0];
    reader.read_exact(&mut flags)?;
    let [flags] = flags;
    reader.read_exact(&mut number)?;
    let step = i64::from_le_bytes(number);
    reader.read_exact(&mut number)?;
    let time = i64::from_le_bytes(number);
    reader.read_exact(&mut number)?;
    let value = f64::from_le_bytes(number);
    let mut text = None;
    if flags & HAS_TEXT != 0 {
        reader.read_exact(&mut number)?;
        let mut read = String::new();
        reader.take(u64::from_le_bytes(number)).read_to_string(&mut read)?;
        text = Some(read.into_boxed_str());
    }
    Ok(kept(flags, step, time, value, text))
}
