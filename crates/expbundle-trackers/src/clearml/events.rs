//! `metrics.jsonl` and `log.jsonl`: one list of events for each line.

use std::io::{self, BufRead, BufReader, Read};

use camino::Utf8Path;
use serde_json::{Map, Value};

use crate::finding::{SourceCode, SourceFinding};
use crate::text::{Json, open_file, read_json};

/// A batch of events is a few hundred KB; a longer line is not read.
const MOST_LINE_BYTES: u64 = 64 << 20;

/// Events that are no numbers of a series are held in memory, and may be of three bytes each.
const MOST_OTHERS: usize = 1 << 20;

/// A number of a series. The series is the pair of metric and variant.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The title.
    pub metric: String,
    /// The series below it.
    pub variant: String,
    /// The step; may be negative.
    pub step: i64,
    /// Milliseconds since 1970.
    pub time_ms: i64,
    /// The value. The SDK writes 0 for NaN and infinities.
    pub value: f64,
}

/// Any other event, as it is.
pub type Event = Map<String, Value>;

/// The events of one file.
#[derive(Clone, Debug, Default)]
pub struct Events {
    /// Events that were read.
    pub count: u64,
    /// Numbers of series, in the order of the file.
    pub points: Vec<Point>,
    /// The others, in the order of the file.
    pub others: Vec<Event>,
    /// The first and the last time, in milliseconds since 1970.
    pub span_ms: Option<(i64, i64)>,
}

impl Events {
    /// Reads a file; without one there are no events. A line that cannot be read is a finding.
    pub(super) fn read(root: &Utf8Path, name: &str, findings: &mut Vec<SourceFinding>) -> Self {
        let mut events = Self::default();
        let lines = match open_file(&root.join(name)) {
            Ok(Some(file)) => BufReader::new(file),
            Ok(None) => return events,
            Err(error) => {
                findings.push(SourceFinding::new(SourceCode::Unreadable, name, error.to_string()));
                return events;
            }
        };
        if let Err(error) = events.lines(lines, name, findings) {
            findings.push(SourceFinding::new(SourceCode::Unreadable, name, error.to_string()));
        }
        events
    }

    fn lines(&mut self, mut lines: impl BufRead, name: &str, findings: &mut Vec<SourceFinding>) -> io::Result<()> {
        for number in 1_u64.. {
            let mut line = Vec::new();
            if lines.by_ref().take(MOST_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            let place = || format!("{name}:{number}");
            if line.len() as u64 == MOST_LINE_BYTES && line.last() != Some(&b'\n') {
                findings.push(SourceFinding::new(SourceCode::Unsupported, place(), "the line has more than 64 MiB"));
                break;
            }
            let is_cut = line.last() != Some(&b'\n');
            let batch = std::str::from_utf8(&line).map(read_json);
            if let Ok(Json::Value(Value::Array(batch))) = batch {
                for event in batch {
                    self.event(event);
                }
                if self.others.len() > MOST_OTHERS {
                    let detail = "the file has too many events that are no numbers of a series; the rest is not read";
                    findings.push(SourceFinding::new(SourceCode::Unsupported, place(), detail));
                    break;
                }
            } else if !line.trim_ascii().is_empty() {
                let (code, detail) = match batch {
                    Ok(Json::TooMany) => (SourceCode::Unsupported, "the line has too many values"),
                    _ if is_cut => (SourceCode::Truncated, "the last line was cut"),
                    _ => (SourceCode::Damaged, "the line is not a list of events"),
                };
                findings.push(SourceFinding::new(code, place(), detail));
            }
        }
        Ok(())
    }

    fn event(&mut self, event: Value) {
        self.count += 1;
        let Value::Object(event) = event else {
            self.others.push(Map::from_iter([("event".to_owned(), event)]));
            return;
        };
        if let Some(time_ms) = event.get("timestamp").and_then(Value::as_i64) {
            let (first, last) = self.span_ms.unwrap_or((time_ms, time_ms));
            self.span_ms = Some((first.min(time_ms), last.max(time_ms)));
        }
        match point(&event) {
            Some(point) => self.points.push(point),
            None => self.others.push(event),
        }
    }
}

/// Members of a point; `method`, which version 2 adds, is that of an HTTP request. A point with
/// another one is kept as it is.
const MEMBERS: [&str; 8] = ["type", "task", "timestamp", "iter", "metric", "variant", "value", "method"];

fn point(event: &Event) -> Option<Point> {
    let text = |member: &str| event.get(member)?.as_str().map(str::to_owned);
    let is_known = |name: &String| MEMBERS.contains(&name.as_str());
    if event.get("type")?.as_str()? != "training_stats_scalar" || !event.keys().all(is_known) {
        return None;
    }
    Some(Point {
        metric: text("metric")?,
        variant: text("variant")?,
        step: event.get("iter")?.as_i64()?,
        time_ms: event.get("timestamp")?.as_i64()?,
        value: event.get("value")?.as_f64()?,
    })
}
