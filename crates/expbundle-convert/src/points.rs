//! The points of a section as CSV, and what that may cost.

use std::io::{self, Write};
use std::ops::ControlFlow;

use expbundle::Content;
use expbundle_format::number::Number;
use expbundle_format::time::Time;
use expbundle_series::{ConsoleLine, ConsoleReader, Point, SeriesError, SeriesReader};

pub use expbundle_series::KeySummary;

use crate::series::Section;

/// The most points for each byte of a section, and the least that are many: see [`is_plausible`].
const POINTS_OF_A_BYTE: u64 = 64;
const MANY_POINTS: u64 = 50_000_000;

/// Whether a section does not take minutes to read and hardly any bytes: no run is like that.
/// Points with values are at most some thirty to a byte, but points that hold an empty text cost
/// nothing.
pub fn is_plausible(reader: &SeriesReader, content: &Content) -> bool {
    let points = reader.rows();
    points <= MANY_POINTS || points <= content.size().saturating_mul(POINTS_OF_A_BYTE)
}

/// The largest CSV that is written unasked, and how many times the section it may be beyond that.
const CSV_BYTES: u64 = 1 << 30;
const CSV_TIMES: u64 = 128;

/// Why points are not told or written.
#[derive(Debug, thiserror::Error)]
pub enum PointsError {
    /// The section cannot be read.
    #[error(transparent)]
    Series(#[from] SeriesError),
    /// It takes minutes to read and has hardly any bytes.
    #[error("the section claims to have {points} points in {bytes} bytes")]
    Implausible {
        /// As many as it says.
        points: u64,
        /// Its size.
        bytes: u64,
    },
    /// It would be many times as large as CSV.
    #[error("as CSV the section would be about {gib} GiB; it has {bytes} bytes")]
    Huge {
        /// In GiB.
        gib: u128,
        /// The size of the section.
        bytes: u64,
    },
    /// The output takes no more.
    #[error(transparent)]
    Write(#[from] io::Error),
}

/// The line of each series of a section, by its key.
///
/// # Errors
/// The section cannot be read, or not in reasonable time.
pub fn summaries(content: &Content) -> Result<Vec<(String, KeySummary)>, PointsError> {
    let reader = SeriesReader::open(Section(content.clone()))?;
    if !is_plausible(&reader, content) {
        return Err(PointsError::Implausible { points: reader.rows(), bytes: content.size() });
    }
    Ok(reader.summaries()?)
}

/// Opens a section to [write](write_csv) it as CSV, unless that would be many times as large: a key
/// of 4 KiB stands in a line of CSV for each of its points.
///
/// # Errors
/// The section cannot be read, or is refused for its size.
pub fn open_for_csv(content: &Content, any_size: bool) -> Result<SeriesReader, PointsError> {
    let reader = SeriesReader::open(Section(content.clone()))?;
    if any_size {
        return Ok(reader);
    }
    let most = CSV_BYTES.max(content.size().saturating_mul(CSV_TIMES));
    let (mut points, mut bytes) = (0_u64, 0_u64);
    let counted = reader.try_for_each(|point| {
        points += 1;
        // Step, time and value have about so many letters.
        let letters = point.key.len() + point.text.as_ref().map_or(0, String::len) + 56;
        bytes = bytes.saturating_add(letters as u64);
        if bytes > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let about = (u128::from(bytes) * u128::from(reader.rows()) / u128::from(points.max(1))) >> 30;
    match counted {
        ControlFlow::Break(()) => Err(PointsError::Huge { gib: about.max(1), bytes: content.size() }),
        ControlFlow::Continue(()) => Ok(reader),
    }
}

/// Tells every line of the console, as it was written.
///
/// # Errors
/// The section cannot be read.
pub fn console(content: &Content, tell: impl FnMut(&ConsoleLine)) -> Result<(), PointsError> {
    Ok(ConsoleReader::open(Section(content.clone()))?.for_each(tell)?)
}

/// Writes every point of a section as a line of CSV (RFC 4180): key, step, time, value, text.
/// Floats that JSON lacks are `NaN`, `Infinity`, `-Infinity`; times are RFC 3339.
pub fn write_csv(reader: &SeriesReader, output: impl Write) -> Result<(), PointsError> {
    let mut csv = Csv::new(output).map_err(io::Error::from)?;
    match reader.try_for_each(|point| match csv.point(&point.key, &point.point()) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error),
    })? {
        ControlFlow::Continue(()) => Ok(csv.0.flush()?),
        ControlFlow::Break(error) => Err(io::Error::from(error).into()),
    }
}

struct Csv<W: Write>(csv::Writer<W>);

impl<W: Write> Csv<W> {
    fn new(output: W) -> csv::Result<Self> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(output);
        writer.write_record(["key", "step", "time", "value", "text"])?;
        Ok(Self(writer))
    }

    fn point(&mut self, key: &str, point: &Point<'_>) -> csv::Result<()> {
        let time = |ns: i64| Time::from_nanoseconds(ns.into()).map(|time| time.to_string());
        self.0.write_record([
            key,
            &point.step.map(|step| step.to_string()).unwrap_or_default(),
            &point.time_ns.and_then(time).unwrap_or_default(),
            &point.value.map(decimal).unwrap_or_default(),
            point.text.unwrap_or_default(),
        ])
    }
}

/// A float in CSV. Whole numbers of 64 bits have all their digits: spreadsheets and other readers
/// take them for integers, which must be the same.
fn decimal(value: f64) -> String {
    const PAST_64_BITS: f64 = 18_446_744_073_709_551_616.0;
    let is_long = value.abs() >= 1e15 && value.abs() < PAST_64_BITS && value.fract() == 0.0;
    if is_long { format!("{value:.0}") } else { Number(value).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_lines_of_csv() {
        let mut written = Vec::new();
        let mut csv = Csv::new(&mut written).expect("memory");
        let point =
            Point { step: Some(-1), time_ns: Some(1_500_000_000), value: Some(f64::NAN), text: Some("a \"b\", c") };
        csv.point("x,y", &point).expect("memory");
        csv.point("x", &Point { text: Some("a\r\nb"), ..Point::default() }).expect("memory");
        for value in [1e300, -2.5e-7, 0.001, 1e15, -4_611_686_018_427_387_904.0, -1_119_188_227_998_951.1] {
            csv.point("x", &Point { value: Some(value), ..Point::default() }).expect("memory");
        }
        csv.0.flush().expect("memory");
        drop(csv);
        let lines = [
            "key,step,time,value,text",
            "\"x,y\",-1,1970-01-01T00:00:01.5Z,NaN,\"a \"\"b\"\", c\"",
            "x,,,,\"a\r\nb\"",
            "x,,,1e300,",
            "x,,,-2.5e-7,",
            "x,,,0.001,",
            "x,,,1000000000000000,",
            "x,,,-4611686018427387904,",
            "x,,,-1119188227998951.1,",
            "",
        ];
        assert_eq!(String::from_utf8(written).expect("text"), lines.join("\r\n"));
    }
}
