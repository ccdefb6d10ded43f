//! Metric files: one line per point (a run's, and a logged model's with the run's id in it).
//!
//! ```text
//! <ms> <value>                                               legacy, step 0
//! <ms> <value> <step>
//! <ms> <value> <step> <dataset name> <dataset digest>
//! <ms> <value> <step> <run id> [<dataset name> <dataset digest>]     of a logged model
//! ```
//!
//! Names of data sets are not escaped, so a line is read from both ends: three fields first, the
//! digest last, the name between. A cut last line can still parse (`… 0.1` of `… 0.125 7` is a
//! legal legacy line), so a last line without its newline is kept out and reported.

use std::io::{self, BufRead};

use super::run::{DatasetName, Metric, ModelMetric, Point};

/// The longest line that is read. A data set's name has at most 500 characters, and four bytes
/// each.
const MAX_LINE_BYTES: usize = 16 << 10;

/// A line that is not a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadLine {
    /// From 1.
    pub line: u64,
    /// Whether it is the last one, without a newline.
    pub truncated: bool,
    /// Whether nothing is in it.
    pub empty: bool,
    /// Why.
    pub reason: &'static str,
}

/// Reads a run's series; every line that is not a point is given to `bad`.
pub(super) fn read_run_metric(key: String, input: impl BufRead, bad: &mut dyn FnMut(BadLine)) -> io::Result<Metric> {
    let mut metric = Metric { key, ..Metric::default() };
    for_each_line(input, bad, |line| {
        let fields = Fields::split(line)?;
        let dataset = match fields.rest {
            Some(rest) => metric.dataset_index(dataset(rest)?),
            None => None,
        };
        metric.points.push(Point {
            timestamp_ms: fields.timestamp_ms,
            value: fields.value,
            step: fields.step,
            dataset,
        });
        Ok(())
    })?;
    Ok(metric)
}

/// Reads the points of a logged model's series.
pub(super) fn read_model_metric(
    key: &str,
    input: impl BufRead,
    bad: &mut dyn FnMut(BadLine),
) -> io::Result<Vec<ModelMetric>> {
    let mut points = Vec::new();
    for_each_line(input, bad, |line| {
        let fields = Fields::split(line)?;
        let (run_id, dataset) = match fields.rest {
            None => (None, None),
            Some(rest) => match rest.split_once(' ') {
                None => (Some(rest.to_owned()), None),
                Some((run_id, rest)) => (Some(run_id.to_owned()), Some(dataset(rest)?)),
            },
        };
        points.push(ModelMetric {
            key: key.to_owned(),
            timestamp_ms: fields.timestamp_ms,
            value: fields.value,
            step: fields.step,
            run_id,
            dataset,
        });
        Ok(())
    })?;
    Ok(points)
}

/// The three fields that every line begins with, and what follows them.
struct Fields<'a> {
    timestamp_ms: i64,
    value: f64,
    step: i64,
    rest: Option<&'a str>,
}

impl<'a> Fields<'a> {
    fn split(line: &'a str) -> Result<Self, &'static str> {
        let (timestamp, rest) = word(line);
        let (value, rest) = word(rest.ok_or("fewer than two fields")?);
        let (step, rest) = rest.map_or(("0", None), word);
        Ok(Self {
            timestamp_ms: timestamp.parse().map_err(|_| "the time is not an integer")?,
            value: value.parse().map_err(|_| "the value is not a number")?,
            step: step.parse().map_err(|_| "the step is not a 64-bit integer")?,
            rest,
        })
    }
}

/// What stands before the first space, and behind it. `str::split_once` takes several times as long.
fn word(text: &str) -> (&str, Option<&str>) {
    let space = memchr::memchr(b' ', text.as_bytes());
    let split = space.and_then(|space| Some((text.get(..space)?, text.get(space + 1..)?)));
    split.map_or((text, None), |(word, rest)| (word, Some(rest)))
}

fn dataset(rest: &str) -> Result<DatasetName, &'static str> {
    let (name, digest) = rest.rsplit_once(' ').ok_or("a data set without a digest")?;
    Ok(DatasetName { name: name.to_owned(), digest: digest.to_owned() })
}

fn for_each_line(
    mut input: impl BufRead,
    bad: &mut dyn FnMut(BadLine),
    mut parse: impl FnMut(&str) -> Result<(), &'static str>,
) -> io::Result<()> {
    let mut line = Vec::with_capacity(256);
    let mut number: u64 = 0;
    loop {
        line.clear();
        number += 1;
        let ended = match read_line(&mut input, &mut line)? {
            LineEnd::Newline => true,
            LineEnd::Nothing if line.is_empty() => return Ok(()),
            LineEnd::Nothing => false,
            LineEnd::TooLong => {
                bad(BadLine { line: number, truncated: false, empty: false, reason: "longer than 16 KiB" });
                continue;
            }
        };
        if !ended {
            bad(BadLine { line: number, truncated: true, empty: false, reason: "the last line has no end" });
            return Ok(());
        }
        let parsed = match std::str::from_utf8(&line) {
            Ok(text) => {
                // MLflow strips a line before it splits it.
                let text = text.trim_ascii();
                // MLflow's own reader skips blank lines nowhere, but an editor leaves them.
                if text.is_empty() { Err("an empty line") } else { parse(text) }
            }
            Err(_) => Err("not UTF-8"),
        };
        if let Err(reason) = parsed {
            bad(BadLine { line: number, truncated: false, empty: line.trim_ascii().is_empty(), reason });
        }
    }
}

enum LineEnd {
    Newline,
    Nothing,
    TooLong,
}

/// Reads to the next newline, and holds at most [`MAX_LINE_BYTES`] of it.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<LineEnd> {
    let mut too_long = false;
    loop {
        let buffer = match input.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if buffer.is_empty() {
            return Ok(if too_long { LineEnd::TooLong } else { LineEnd::Nothing });
        }
        let newline = memchr::memchr(b'\n', buffer);
        let part = buffer.get(..newline.unwrap_or(buffer.len())).unwrap_or_default();
        let used = part.len() + usize::from(newline.is_some());
        if line.len() + part.len() > MAX_LINE_BYTES {
            too_long = true;
            line.clear();
        } else if !too_long {
            line.extend_from_slice(part);
        }
        input.consume(used);
        if newline.is_some() {
            return Ok(if too_long { LineEnd::TooLong } else { LineEnd::Newline });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &[u8]) -> (Metric, Vec<BadLine>) {
        let mut bad = Vec::new();
        let metric = read_run_metric("k".to_owned(), text, &mut |line| bad.push(line)).expect("memory is readable");
        (metric, bad)
    }

    #[test]
    fn every_form_of_line() {
        let text = "1 0.5\n2 nan 3\n3 -inf -4\n4 1e-320 9007199254740993\n5 -0.0 1 digits val b38a50c8\n";
        let (metric, bad) = read(text.as_bytes());
        assert_eq!(bad, []);
        let steps: Vec<_> = metric.points.iter().map(|point| point.step).collect();
        assert_eq!(steps, [0, 3, -4, 9_007_199_254_740_993, 1]);
        assert!(metric.points[1].value.is_nan());
        assert_eq!(metric.points[2].value.to_bits(), f64::NEG_INFINITY.to_bits());
        assert_eq!(metric.points[3].value.to_bits(), 1e-320_f64.to_bits());
        assert!(metric.points[4].value.is_sign_negative());
        assert_eq!(metric.datasets, [DatasetName { name: "digits val".into(), digest: "b38a50c8".into() }]);
        assert_eq!(metric.points[4].dataset, Some(0));
    }

    #[test]
    fn bad_lines_are_reported_and_the_others_kept() {
        let mut text = b"1 0.5 0\nx\n2 y 1\n3 1.0 z\n\n4 1.0 4 lonely\n".to_vec();
        text.extend_from_slice(b"\xff\xfe 1 2\n");
        text.extend_from_slice("9".repeat(MAX_LINE_BYTES * 9).as_bytes());
        text.extend_from_slice(b"\n5 2.0 5\n6 0.1");
        let (metric, bad) = read(&text);
        assert_eq!(metric.points.len(), 2);
        assert_eq!(bad.iter().map(|line| line.line).collect::<Vec<_>>(), [2, 3, 4, 5, 6, 7, 8, 10]);
        assert_eq!(bad.iter().filter(|line| line.truncated).count(), 1);
    }

    #[test]
    fn a_model_line_names_its_run() {
        let text = "1 0.5 0 abc\n2 0.5 1 abc digits val d7b9d9d1\n";
        let points = read_model_metric("k", text.as_bytes(), &mut |bad| panic!("{bad:?}")).expect("readable");
        assert_eq!(points[0].run_id.as_deref(), Some("abc"));
        assert_eq!(points[1].dataset.as_ref().expect("a data set").name, "digits val");
    }

    proptest! {
        /// What Python writes is read back to the bit, and nothing makes the reader panic.
        #[test]
        fn points_round_trip(points in prop::collection::vec((any::<i64>(), any::<f64>(), any::<i64>()), 0..50)) {
            let lines = points.iter().map(|(time, value, step)| format!("{time} {value:e} {step}\n"));
            let text: String = lines.collect();
            let (metric, bad) = read(text.as_bytes());
            prop_assert_eq!(bad, vec![]);
            for (point, (time, value, step)) in metric.points.iter().zip(&points) {
                prop_assert_eq!((point.timestamp_ms, point.step), (*time, *step));
                prop_assert!(point.value.to_bits() == value.to_bits() || value.is_nan());
            }
        }

        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let (metric, bad) = read(&bytes);
            let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
            prop_assert!(metric.points.len() + bad.len() >= lines);
        }
    }
}
