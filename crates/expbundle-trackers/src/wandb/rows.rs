//! Rows of a log on their way to the thread that decodes them.

use std::sync::mpsc::{Receiver, SyncSender};

use super::history::{Points, RowReader, can_be_a_key};
use super::item::{Item, path_of};
use super::schema;
use super::value::Value;
use crate::finding::{SourceCode, SourceFinding};
use crate::protobuf::{Field, Fields};

/// Batches that may wait: enough that neither thread stands still, few enough to stay in the cache.
pub const BATCHES: usize = 4;
const BATCH_BYTES: usize = 256 << 10;

/// What a row is of.
#[derive(Clone, Copy, Debug)]
pub enum RowKind {
    /// The history.
    History,
    /// System metrics.
    System,
}

/// Rows one behind the other.
#[derive(Default)]
pub struct Batch {
    bytes: Vec<u8>,
    /// Kind and end of each.
    rows: Vec<(RowKind, usize)>,
}

/// Sends rows on in batches.
pub struct Queue {
    /// To the decoder.
    pub sender: SyncSender<Batch>,
    /// What is not sent yet.
    pub batch: Batch,
}

impl Queue {
    /// Adds a row.
    pub fn push(&mut self, kind: RowKind, message: &[u8]) {
        self.batch.bytes.extend_from_slice(message);
        self.batch.rows.push((kind, self.batch.bytes.len()));
        if self.batch.bytes.len() >= BATCH_BYTES {
            self.send();
        }
    }

    /// Sends what waits.
    pub fn send(&mut self) {
        let next = Batch { bytes: Vec::with_capacity(BATCH_BYTES + BATCH_BYTES / 4), rows: Vec::new() };
        // A decoder that is gone has panicked, which is passed on where it is joined.
        let _ = self.sender.send(std::mem::replace(&mut self.batch, next));
    }
}

/// What the decoder counted and found.
#[derive(Default)]
pub struct Rows {
    /// Of the history.
    pub history: RowReader,
    /// Rows of system metrics.
    pub systems: u64,
    /// Values in them.
    pub system_values: u64,
    /// What was broken.
    pub findings: Vec<SourceFinding>,
}

impl Rows {
    /// Decodes batches until there are no more.
    pub fn read(batches: &Receiver<Batch>, points: &mut dyn Points) -> Self {
        let mut rows = Self::default();
        for Batch { bytes, rows: ends } in batches {
            let mut start = 0;
            for (kind, end) in ends {
                let message = bytes.get(start..end).unwrap_or_default();
                match kind {
                    RowKind::History => rows.history.row(message, points),
                    RowKind::System => rows.system(message, points),
                }
                start = end;
            }
        }
        rows
    }

    fn system(&mut self, message: &[u8], points: &mut dyn Points) {
        self.systems += 1;
        let mut time_ns = None;
        for Field { number, content } in Fields::new(message) {
            if number == 2 {
                time_ns = schema::timestamp(content.bytes());
            }
        }
        for field in Fields::new(message).filter(|field| field.number == 3) {
            let item = Item::read(field.content.bytes());
            let path = path_of(item.key);
            match Value::parse(&String::from_utf8_lossy(item.value.json())) {
                // 0.12 writes the network as an object.
                Some(Value::Object(members)) if can_be_a_key(&path) => {
                    for (name, value) in *members {
                        let mut path = path.clone();
                        path.push(name);
                        self.system_values += 1;
                        points.system(&path, time_ns, &value);
                    }
                }
                Some(value) => {
                    self.system_values += 1;
                    points.system(&path, time_ns, &value);
                }
                None => self.findings.push(SourceFinding::new(
                    SourceCode::Damaged,
                    "stats",
                    format!("the value of `{}` cannot be read", path.join(".")),
                )),
            }
        }
    }
}
