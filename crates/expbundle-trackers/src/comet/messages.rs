//! `messages.json`: one message for each line.

use std::io::{BufRead, BufReader};

use camino::Utf8Path;

use super::metric::{Frequent, Payload, Points, is_small, point};
use crate::finding::{SourceCode, SourceFinding};
use crate::lines::{Line, Lines, Trouble};
use crate::text::open_file;
use crate::wandb::{ConsolePiece, Value};

/// Name of the file.
pub(super) const MESSAGES: &str = "messages.json";
/// Bytes of the messages that are held in memory: neither points nor counters.
const MOST_BYTES_HELD: usize = 48 << 20;
/// How many of them: in memory a value takes many times the bytes of its text.
const MOST_HELD: usize = 1 << 18;
/// Bytes between two calls of `progress`.
const STEP_OF_PROGRESS: u64 = 1 << 20;
/// Parameters that the SDK writes whenever the step or epoch changes.
const COUNTERS: [&str; 2] = ["curr_step", "curr_epoch"];

/// Any other message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its number among the messages of the file, from 1.
    pub number: u64,
    /// Its type, like `parameter_msg`.
    pub kind: String,
    /// Its members.
    pub payload: Value,
}

/// The messages of a run.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    /// How many there are, those that cannot be read among them.
    pub count: u64,
    /// Values of metrics.
    pub points: u64,
    /// Parameters that only repeat the step or epoch.
    pub counters: u64,
    /// Those that cannot be read.
    pub unreadable: u64,
    /// What was printed.
    pub console: Vec<ConsolePiece>,
    /// The others, in the order of the file.
    pub others: Vec<Message>,
    /// The first and the last time, in milliseconds since 1970.
    pub span_ms: Option<(i64, i64)>,
    bytes_held: usize,
}

/// What became of a line.
enum Fate {
    Taken,
    /// It is not a message.
    Broken,
    /// Too much is held in memory already.
    NoRoom,
}

impl Messages {
    /// Reads the file of a folder. What cannot be read is a finding.
    pub(super) fn read(
        root: &Utf8Path,
        points: &mut dyn Points,
        progress: &dyn Fn(u64),
        findings: &mut Vec<SourceFinding>,
    ) -> Self {
        let mut messages = Self::default();
        let trouble = match open_file(&root.join(MESSAGES)) {
            Ok(Some(file)) => {
                let lines = Lines::new(BufReader::with_capacity(1 << 16, file));
                messages.lines(lines, points, progress, findings)
            }
            Ok(None) => {
                let detail = "the run has no such file: none of its values can be read";
                findings.push(SourceFinding::new(SourceCode::Missing, MESSAGES, detail));
                Ok(())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = trouble {
            findings.push(SourceFinding::new(SourceCode::Unreadable, MESSAGES, error.to_string()));
        }
        messages
    }

    fn lines(
        &mut self,
        mut lines: Lines<impl BufRead>,
        points: &mut dyn Points,
        progress: &dyn Fn(u64),
        findings: &mut Vec<SourceFinding>,
    ) -> std::io::Result<()> {
        let (mut told, mut bad) = (0, Trouble::default());
        loop {
            let (number, bytes) = (lines.number + 1, lines.bytes);
            if bytes - told >= STEP_OF_PROGRESS {
                progress(bytes - told);
                told = bytes;
            }
            let Some(line) = lines.next()? else { break };
            let (text, is_open) = match line {
                Line::Whole(text) => (text, false),
                Line::Open(text) => (text, true),
                Line::TooLong => {
                    bad.too_long.add(number);
                    self.lose();
                    continue;
                }
            };
            if text.trim_ascii().is_empty() {
                continue;
            }
            self.count += 1;
            let fate = if let Ok(text) = std::str::from_utf8(text) {
                self.line(text, points)
            } else {
                bad.not_utf8.add(number);
                self.line(&String::from_utf8_lossy(text), points)
            };
            let kind = match fate {
                Fate::Taken => continue,
                Fate::Broken if is_open => &mut bad.cut,
                Fate::Broken => &mut bad.damaged,
                Fate::NoRoom => &mut bad.no_room,
            };
            kind.add(number);
            self.unreadable += 1;
        }
        progress(lines.bytes - told);
        bad.tell(MESSAGES, "message", findings);
        Ok(())
    }

    fn lose(&mut self) {
        self.count += 1;
        self.unreadable += 1;
    }

    fn line(&mut self, line: &str, points: &mut dyn Points) -> Fate {
        if let Ok(Frequent { kind, payload }) = serde_json::from_str::<Frequent<'_>>(line)
            && self.frequent(&kind, &payload, points)
        {
            return Fate::Taken;
        }
        let Some(Value::Object(mut members)) = Value::parse(line) else { return Fate::Broken };
        let kind = members.swap_remove("type").and_then(|kind| kind.as_str().map(str::to_owned));
        let payload = members.swap_remove("payload");
        let (Some(kind), Some(payload @ Value::Object(_))) = (kind, payload) else { return Fate::Broken };
        self.message(kind, payload, line.len(), points)
    }

    fn frequent(&mut self, kind: &str, payload: &Payload<'_>, points: &mut dyn Points) -> bool {
        match (kind, &payload.metric, &payload.param) {
            ("metric_msg", Some(metric), None) if is_small(metric.value) => {
                points.point(&payload.point(metric));
                self.points += 1;
            }
            ("parameter_msg", None, Some(counter)) if is_counter(&counter.param_name, &counter.source) => {
                self.counters += 1;
            }
            _ => return false,
        }
        self.see(payload.local_timestamp);
        true
    }

    fn message(&mut self, kind: String, payload: Value, bytes: usize, points: &mut dyn Points) -> Fate {
        let time_ms = payload.get("local_timestamp").and_then(Value::as_i64);
        self.see(time_ms);
        let mut piece = None;
        match kind.as_str() {
            "metric_msg" => {
                let point = payload.get("metric").and_then(|metric| point(&payload, metric, time_ms));
                if let Some(point) = point {
                    points.point(&point);
                    self.points += 1;
                    return Fate::Taken;
                }
            }
            "parameter_msg" => {
                let text = |name| payload.get("param").and_then(|param| param.get(name)?.as_str()).unwrap_or_default();
                if is_counter(text("paramName"), text("source")) {
                    self.counters += 1;
                    return Fate::Taken;
                }
            }
            "standard_output" => piece = console(&payload, time_ms),
            _ => {}
        }
        // Points and counters are still read when the rest has no room.
        if self.bytes_held + bytes > MOST_BYTES_HELD || self.others.len() >= MOST_HELD {
            return Fate::NoRoom;
        }
        self.bytes_held += bytes;
        match piece {
            Some(piece) => self.console.push(piece),
            None => self.others.push(Message { number: self.count, kind, payload }),
        }
        Fate::Taken
    }

    fn see(&mut self, time_ms: Option<i64>) {
        if let Some(time_ms) = time_ms {
            let (first, last) = self.span_ms.unwrap_or((time_ms, time_ms));
            self.span_ms = Some((first.min(time_ms), last.max(time_ms)));
        }
    }
}

fn is_counter(name: &str, source: &str) -> bool {
    source == "auto-logged" && COUNTERS.contains(&name)
}

fn console(payload: &Value, time_ms: Option<i64>) -> Option<ConsolePiece> {
    let text = payload.get("output")?.as_str()?.to_owned();
    let stream = if payload.get("stderr") == Some(&Value::Bool(true)) { "stderr" } else { "stdout" };
    Some(ConsolePiece { stream, time_ns: time_ms.and_then(|time| time.checked_mul(1_000_000)), text })
}
