//! Logs: lines of JSON, or of text with or without times.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read as _};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use super::artifacts::{Place, locate};
use super::{Row, text};
use crate::finding::{SourceCode, SourceFinding};
use crate::sqlite::Reader;
use crate::text::{Json, open_file, read_json};

/// A log of more is read to there.
const MOST_BYTES: u64 = 256 << 20;
/// A longer line is divided.
const MOST_LINE_BYTES: u64 = 1 << 20;

/// A log of a run or a step.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Who wrote it, like `client` or `step`.
    pub source: String,
    /// Its file, if it is here.
    pub file: Option<Utf8PathBuf>,
    /// Its name in messages.
    pub name: String,
}

/// A line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// When it was flushed, as the file has it: in RFC 3339, or `2026-11-28 04:10:38 UTC`.
    pub time: Option<String>,
    /// What was printed.
    pub text: String,
}

/// The logs of a run or step.
pub(super) fn of(
    reader: &Reader<'_>,
    root: &Utf8Path,
    column: &str,
    id: &str,
    findings: &mut Vec<SourceFinding>,
) -> Vec<Log> {
    let rows = reader.rows("logs", &[(column, id)], findings);
    rows.iter().map(|row| log(root, row, findings)).collect()
}

fn log(root: &Utf8Path, row: &Row, findings: &mut Vec<SourceFinding>) -> Log {
    let uri = text(row, "uri").unwrap_or_default();
    let name = uri.rsplit('/').next().unwrap_or_default().to_owned();
    let file = match locate(root, uri) {
        Place::Here(path) if path.is_file() => Some(path),
        // Nothing was printed, or whoever was killed lost what had not been written yet.
        Place::Here(_) | Place::Absent => None,
        Place::Remote => {
            let detail = format!("the log is elsewhere and not fetched: {uri}");
            findings.push(SourceFinding::new(SourceCode::Missing, format!("logs/{name}"), detail));
            None
        }
    };
    Log { source: text(row, "source").unwrap_or("step").to_owned(), file, name }
}

impl Log {
    /// Reads the lines, one after the other. `true` if the file is longer than is read.
    pub fn read(&self, mut take: impl FnMut(Line)) -> io::Result<bool> {
        let Some(file) = self.file.as_deref().map(open_file).transpose()?.flatten() else { return Ok(false) };
        let mut lines = BufReader::new(file.take(MOST_BYTES));
        let mut pieces: HashMap<String, String> = HashMap::new();
        let mut line = Vec::new();
        loop {
            line.clear();
            if lines.by_ref().take(MOST_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end_matches(['\n', '\r']);
            match read_json(text) {
                Json::Value(Value::Object(members)) if members.contains_key("message") => {
                    json_line(&members, &mut pieces, &mut take);
                }
                // An empty line stands between two of text.
                _ if text.is_empty() => {}
                _ => take(text_line(text)),
            }
        }
        for text in pieces.into_values() {
            take(Line { time: None, text });
        }
        Ok(lines.into_inner().limit() == 0)
    }
}

/// A message is cut in pieces, which have its id and come in their order.
fn json_line(members: &Row, pieces: &mut HashMap<String, String>, take: &mut impl FnMut(Line)) {
    let number = |name: &str| members.get(name).and_then(Value::as_u64);
    let mut message = text(members, "message").unwrap_or_default().to_owned();
    if let (Some(index), Some(total), Some(id)) = (number("chunk_index"), number("total_chunks"), text(members, "id"))
        && total > 1
    {
        let so_far = pieces.entry(id.to_owned()).or_default();
        so_far.push_str(&message);
        if index + 1 < total {
            return;
        }
        message = pieces.remove(id).unwrap_or_default();
    }
    let time = text(members, "timestamp").map(str::to_owned);
    for line in message.split('\n') {
        take(Line { time: time.clone(), text: line.to_owned() });
    }
}

/// `[2026-11-28 04:10:38 UTC] epoch 0`.
fn text_line(line: &str) -> Line {
    let parts = line.strip_prefix('[').and_then(|rest| rest.split_once("] "));
    match parts.filter(|(time, _)| time.ends_with(" UTC") && time.starts_with(|digit: char| digit.is_ascii_digit())) {
        Some((time, text)) => Line { time: Some(time.to_owned()), text: text.to_owned() },
        None => Line { time: None, text: line.to_owned() },
    }
}
