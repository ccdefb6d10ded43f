//! Parquet sections of a bundle, point by point.

use std::io::{self, Write};
use std::ops::ControlFlow;

use expbundle::Content;
use expbundle_convert::series::Section;
use expbundle_series::{ConsoleReader, Point, SeriesError, SeriesReader};

use crate::failure::Failure;

/// Opens `metrics.parquet` or `telemetry.parquet`.
pub fn open(content: &Content, name: &str) -> Result<SeriesReader, Failure> {
    SeriesReader::open(Section(content.clone())).map_err(|error| failure(&error, name))
}

/// The most points for each byte of a section, and the least that are many: see [`affordable`].
const POINTS_OF_A_BYTE: u64 = 64;
const MANY_POINTS: u64 = 50_000_000;

/// Refuses a section that takes minutes to read and hardly any bytes: no run is like that. Points with values are at most some
/// thirty to a byte, but points that hold an empty text cost nothing.
pub fn affordable(reader: &SeriesReader, content: &Content, name: &str) -> Result<(), Failure> {
    let points = reader.rows();
    if points > MANY_POINTS && points > content.size().saturating_mul(POINTS_OF_A_BYTE) {
        let message = format!("the section claims {points} points in {} bytes", content.size());
        return Err(Failure::new("cli.limit", message)
            .at(name)
            .help("`expbundle extract --parquet` gives the section as it is"));
    }
    Ok(())
}

/// The largest CSV that is written unasked, and how many times the section it may be beyond that.
const CSV_BYTES: u64 = 1 << 30;
const CSV_TIMES: u64 = 128;

/// Refuses a section whose CSV would be many times as large: a key of 4 KiB stands in a line of CSV for each of its points. Gives
/// about the size that it would have.
pub fn csv_affordable(reader: &SeriesReader, content: &Content, name: &str) -> Result<(), Failure> {
    let most = CSV_BYTES.max(content.size().saturating_mul(CSV_TIMES));
    let (mut points, mut bytes) = (0_u64, 0_u64);
    let counted = reader.try_for_each(|point| {
        points += 1;
        // Step, time and value have about so many letters.
        let letters = point.key.len() + point.text.as_ref().map_or(0, String::len) + 56;
        bytes = bytes.saturating_add(letters as u64);
        if bytes > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if counted.map_err(|error| failure(&error, name))?.is_continue() {
        return Ok(());
    }
    let about = (u128::from(bytes) * u128::from(reader.rows()) / u128::from(points.max(1))) >> 30;
    let message = format!("as CSV the section would have about {} GiB, and has {} bytes", about.max(1), content.size());
    Err(Failure::new("cli.limit", message)
        .at(name)
        .help("`--any-size` writes it all the same; `--parquet` gives the section as it is"))
}

/// Opens `console.parquet`.
pub fn open_console(content: &Content, name: &str) -> Result<ConsoleReader, Failure> {
    ConsoleReader::open(Section(content.clone())).map_err(|error| failure(&error, name))
}

/// An error of a Parquet section.
pub fn failure(error: &SeriesError, name: &str) -> Failure {
    Failure::new("cli.source", format!("the section cannot be read: {error}"))
        .at(name)
        .help("`expbundle extract --section` gives its bytes as they are")
}

/// Points as CSV (RFC 4180). Floats that JSON lacks are `NaN`, `Infinity`, `-Infinity`; times RFC 3339.
pub struct Csv<W: Write>(csv::Writer<W>);

impl<W: Write> Csv<W> {
    pub fn new(output: W) -> csv::Result<Self> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(output);
        writer.write_record(["key", "step", "time", "value", "text"])?;
        Ok(Self(writer))
    }

    pub fn point(&mut self, key: &str, point: &Point<'_>) -> csv::Result<()> {
        let number = |value: f64| expbundle_format::number::Number(value).to_string();
        let time = |ns: i64| expbundle_format::time::Time::from_nanoseconds(ns.into()).map(|time| time.to_string());
        self.0.write_record([
            key,
            &point.step.map(|step| step.to_string()).unwrap_or_default(),
            &point.time_ns.and_then(time).unwrap_or_default(),
            &point.value.map(number).unwrap_or_default(),
            point.text.unwrap_or_default(),
        ])
    }

    pub fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
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
        csv.finish().expect("memory");
        let lines = [
            "key,step,time,value,text",
            "\"x,y\",-1,1970-01-01T00:00:01.5Z,NaN,\"a \"\"b\"\", c\"",
            "x,,,,\"a\r\nb\"",
            "",
        ];
        assert_eq!(String::from_utf8(written).expect("text"), lines.join("\r\n"));
    }
}
