//! Parquet sections of a bundle, point by point.

use expbundle::Content;
use expbundle_convert::series::Section;
use expbundle_series::{ConsoleReader, Point, SeriesError, SeriesReader};

use crate::failure::Failure;

/// Opens `metrics.parquet` or `telemetry.parquet`.
pub fn open(content: &Content, name: &str) -> Result<SeriesReader, Failure> {
    SeriesReader::open(Section(content.clone())).map_err(|error| failure(&error, name))
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

/// The header of the CSV of points.
pub const CSV_HEADER: &str = "key,step,time,value,text\r\n";

/// A point as a line of CSV (RFC 4180). Floats that JSON lacks are `NaN`, `Infinity`, `-Infinity`; times RFC 3339.
pub fn csv_line(key: &str, point: &Point<'_>) -> String {
    let number = |value: f64| expbundle_format::number::Number(value).to_string();
    let time = |ns: i64| expbundle_format::time::Time::from_nanoseconds(ns.into()).map(|time| time.to_string());
    let cells = [
        cell(key),
        point.step.map(|step| step.to_string()).unwrap_or_default(),
        point.time_ns.and_then(time).unwrap_or_default(),
        point.value.map(number).unwrap_or_default(),
        cell(point.text.unwrap_or_default()),
    ];
    cells.join(",") + "\r\n"
}

/// A cell, quoted where it must be.
pub fn cell(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_lines_of_csv() {
        let point =
            Point { step: Some(-1), time_ns: Some(1_500_000_000), value: Some(f64::NAN), text: Some("a \"b\", c") };
        assert_eq!(csv_line("x,y", &point), "\"x,y\",-1,1970-01-01T00:00:01.5Z,NaN,\"a \"\"b\"\", c\"\r\n");
        assert_eq!(csv_line("x", &Point::default()), "x,,,,\r\n");
    }
}
