//! The contents of event files as they are read: points go to their section, pictures and other
//! files to a temporary folder, histograms to `media.json` as long as there is room.

use std::collections::BTreeMap;

use expbundle_format::record::role;
use expbundle_format::sections::{Media, MediaItem};
use expbundle_trackers::tensorboard::{Medium, Sink};
use expbundle_trackers::wandb::Value;
use expbundle_trackers::{At, Series};

use super::media::Files;
use super::time;
use crate::gathered::{Metrics, Written};
use crate::ledger::{Foreign as _, Ledger};
use crate::{ConvertError, Options};

/// Values that histograms may take in `media.json`, which has room for a million. The others are
/// texts of their series.
const MOST_VALUES: usize = 500_000;
/// Bytes of what has no series.
const MOST_OTHER_BYTES: usize = 4 << 20;

/// Takes the contents of a run.
pub(super) struct Contents<'a> {
    points: Metrics<'a>,
    files: Files,
    /// Histograms and alike.
    media: Vec<MediaItem>,
    /// Values that they take.
    values: usize,
    /// Messages without a series, by kind and name.
    others: Vec<(&'static str, String, Value)>,
    other_bytes: usize,
    others_left_out: BTreeMap<&'static str, u64>,
    /// The latest text of a series that is named for notes.
    notes: Option<(At, String)>,
}

impl<'a> Contents<'a> {
    pub fn new(options: &Options<'a>) -> Self {
        Self {
            points: Metrics::new(options),
            files: Files::default(),
            media: Vec::new(),
            values: 0,
            others: Vec::new(),
            other_bytes: 0,
            others_left_out: BTreeMap::new(),
            notes: None,
        }
    }

    /// What somebody wrote about the run.
    pub fn notes(&self) -> Option<String> {
        self.notes.as_ref().map(|(_, text)| text.clone())
    }

    /// Writes the points, lists the files, and keeps what has no series.
    pub fn write(self, ledger: &mut Ledger<'_>) -> Result<(Written, Media), ConvertError> {
        for (kind, name, value) in &self.others {
            ledger.item("message", &format!("{kind} {name}")).raw(value);
        }
        for (kind, count) in self.others_left_out {
            ledger.items("message", count).dropped(&format!("more than 4 MiB of messages: {kind}"));
        }
        let written = self.points.write(ledger)?;
        let mut media = self.files.list(ledger)?;
        media.extend(self.media);
        media.sort_by(|a, b| (&a.key, a.step, a.time, &a.path).cmp(&(&b.key, b.step, b.time, &b.path)));
        Ok((written, Media { media, salt: None }))
    }
}

/// Whether a series of texts is named for notes. tensorboardX and PyTorch put a name behind it.
fn is_notes(key: &str) -> bool {
    let name = key.strip_suffix("/text_summary").unwrap_or(key).to_lowercase();
    matches!(name.as_str(), "note" | "notes" | "description")
}

impl Series for Contents<'_> {
    fn key(&mut self, name: &str) -> Option<u32> {
        self.points.key(name)
    }

    fn number(&mut self, key: Option<u32>, at: At, value: f64, digits: Option<&str>) {
        self.points.number(key, at, value, digits);
    }

    fn text(&mut self, name: &str, at: At, text: &str) {
        if is_notes(name) && self.notes.as_ref().is_none_or(|(before, _)| before.step <= at.step) {
            self.notes = Some((at, text.to_owned()));
        }
        self.points.text(name, at, text);
    }

    fn progress(&mut self, bytes: u64) {
        self.points.progress(bytes);
    }
}

impl Sink for Contents<'_> {
    fn numbers(&mut self, _: &'static str, shown_by: &str, key: &str, at: At, value: Value) {
        let values = count(&value) + 16;
        if self.values + values > MOST_VALUES {
            return self.points.text(key, at, &value.tree().to_string());
        }
        self.values += values;
        self.media.push(MediaItem {
            key: key.to_owned(),
            step: at.step,
            time: at.time_ns.and_then(time),
            kind: shown_by.to_owned(),
            value: Some(value.tree()),
            ..MediaItem::default()
        });
    }

    fn medium(&mut self, medium: Medium<'_>) {
        let role = match medium.kind {
            "image" | "audio" => role::MEDIA,
            _ => role::FILE,
        };
        self.files.add(&medium, role);
    }

    fn other(&mut self, kind: &'static str, name: &str, value: Value) {
        self.other_bytes += 64 + value.to_string().len();
        if self.other_bytes <= MOST_OTHER_BYTES {
            self.others.push((kind, name.to_owned(), value));
        } else {
            *self.others_left_out.entry(kind).or_default() += 1;
        }
    }
}

fn count(value: &Value) -> usize {
    match value {
        Value::List(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(count).sum::<usize>(),
        _ => 1,
    }
}
