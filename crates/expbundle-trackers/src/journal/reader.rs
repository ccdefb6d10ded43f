//! Reads a journal.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use camino::Utf8Path;
use serde_json::Value;

use super::description::{Cost, Description};
use super::line::{Line, PointKind, PointValue, Points};
use super::{HEADER, VERSION};
use crate::finding::{SourceCode, SourceFinding};
use crate::lines::{self, Count, Lines, Trouble};

/// The first line is no longer than this, in bytes.
const MOST_HEADER_BYTES: u64 = 1 << 10;

/// What a journal says, its points aside.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// Sections, and what the record says by itself.
    pub description: Description,
    /// Points that were handed over.
    pub points: u64,
    /// The latest time of a point, in nanoseconds since 1970.
    pub last_ns: Option<i64>,
    /// Whether the last byte is the end of a line.
    pub ends_with_line: bool,
    /// What could not be read, by the kind of trouble.
    pub findings: Vec<SourceFinding>,
}

/// A point, as the journal has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JournalPoint<'a> {
    /// Which kind.
    pub kind: PointKind,
    /// The name of the metric.
    pub key: &'a str,
    /// The step.
    pub step: Option<i64>,
    /// Nanoseconds since 1970.
    pub time_ns: Option<i64>,
    /// The value.
    pub value: &'a PointValue,
}

/// Whether a file begins as a journal does.
///
/// # Errors
/// It cannot be read.
pub fn is_journal(file: &File) -> io::Result<bool> {
    let mut first = Vec::new();
    BufReader::new(file).take(MOST_HEADER_BYTES).read_until(b'\n', &mut first)?;
    Ok(version(&first).is_some())
}

fn version(line: &[u8]) -> Option<u64> {
    serde_json::from_slice::<Value>(line).ok()?.get(HEADER)?.as_u64()
}

/// Reads a journal; `None` if no line of it is one of a journal. Points are handed over as they are
/// read; `take` says whether it has room for one.
///
/// # Errors
/// The file cannot be read, or what `take` returns.
pub fn read<E: From<io::Error>>(
    path: &Utf8Path,
    take: &mut dyn FnMut(JournalPoint<'_>) -> Result<bool, E>,
) -> Result<Option<Journal>, E> {
    let mut reader = Reader { journal: Journal { ends_with_line: true, ..Journal::default() }, ..Reader::default() };
    let mut lines = Lines::new(BufReader::with_capacity(1 << 18, File::open(path)?));
    while let Some(line) = lines.next()? {
        match line {
            lines::Line::Whole(line) => reader.line(line, take)?,
            // A line that was cut may be whole but for its end; its call did not return.
            lines::Line::Open(line) => {
                reader.journal.ends_with_line = false;
                reader.trouble.cut.add(reader.number + 1);
                reader.is_ours |= version(line).is_some();
            }
            lines::Line::TooLong => reader.trouble.too_long.add(reader.number + 1),
        }
        reader.number = lines.number;
    }
    let file = path.file_name().unwrap_or("journal");
    Ok(reader.is_ours.then(|| reader.end(file)))
}

/// What became of a line.
enum Outcome {
    Taken,
    Damaged,
    NoRoom,
}

#[derive(Default)]
struct Reader {
    journal: Journal,
    number: u64,
    trouble: Trouble,
    /// Lines of kinds that only a later version knows.
    unknown: Count,
    /// Points that there is no room for.
    refused: Count,
    later_version: Option<u64>,
    is_ours: bool,
}

impl Reader {
    fn line<E: From<io::Error>>(
        &mut self,
        bytes: &[u8],
        take: &mut dyn FnMut(JournalPoint<'_>) -> Result<bool, E>,
    ) -> Result<(), E> {
        let number = self.number + 1;
        if bytes == b"\n" {
            // What a writer puts behind a line that it could not finish.
            return Ok(());
        }
        if bytes.first() == Some(&b'{')
            && let Some(version) = version(bytes)
        {
            self.is_ours = true;
            self.later_version = self.later_version.or((version != VERSION).then_some(version));
            return Ok(());
        }
        let cost = Cost::of(bytes);
        // JSON of more values than all sections together may have is not taken apart.
        if !Description::default().has_room(None, cost) {
            self.trouble.no_room.add(number);
            return Ok(());
        }
        let outcome = match serde_json::from_slice(bytes) {
            Ok(Line::Points(points)) => self.points(&points, take)?,
            Ok(line) => self.describe(line, cost),
            Err(_) => Outcome::Damaged,
        };
        match outcome {
            Outcome::Taken => self.is_ours = true,
            Outcome::Damaged => self.trouble.damaged.add(number),
            Outcome::NoRoom => self.trouble.no_room.add(number),
        }
        Ok(())
    }

    fn points<E>(
        &mut self,
        points: &Points,
        take: &mut dyn FnMut(JournalPoint<'_>) -> Result<bool, E>,
    ) -> Result<Outcome, E> {
        let Points { kind, step, time_ns, .. } = *points;
        for (key, value) in &points.values {
            if take(JournalPoint { kind, key, step, time_ns, value })? {
                self.journal.points += 1;
            } else {
                self.refused.add(self.number + 1);
            }
        }
        self.journal.last_ns = self.journal.last_ns.max(time_ns);
        Ok(Outcome::Taken)
    }

    fn describe(&mut self, line: Line, cost: Cost) -> Outcome {
        let description = &mut self.journal.description;
        let replaced = match &line {
            Line::Set(name, _) | Line::Bytes(name, _) => Some(name.as_str()),
            _ => None,
        };
        if !description.has_room(replaced, cost) {
            return Outcome::NoRoom;
        }
        match line {
            Line::Set(name, value) => description.set(name, value, cost),
            Line::Bytes(name, text) => match STANDARD.decode(text) {
                Ok(bytes) => description.set_bytes(name, bytes, cost),
                Err(_) => return Outcome::Damaged,
            },
            Line::Add(name, value) => {
                if !description.add(name, value, cost) {
                    return Outcome::Damaged;
                }
            }
            Line::Redacted(name, place, kind) => description.redact(name, place, kind, cost),
            // Points have a way of their own.
            Line::Points(_) | Line::Unknown => self.unknown.add(self.number + 1),
        }
        Outcome::Taken
    }

    fn end(self, file: &str) -> Journal {
        let mut journal = self.journal;
        let findings = &mut journal.findings;
        if let Some(version) = self.later_version {
            let detail = format!("a journal of version {version}; only what version {VERSION} has was read");
            findings.push(SourceFinding::new(SourceCode::Unsupported, file, detail));
        }
        self.trouble.tell(file, "line of a journal", findings);
        for (count, what) in [
            (&self.unknown, "of a kind that this version does not know"),
            (&self.refused, "a point whose name or text is too long, or there are too many names"),
        ] {
            findings.extend(count.finding(SourceCode::Unsupported, what, file));
        }
        journal
    }
}
