//! Finished series, whichever tracker they came from: a Parquet section, and a line of `summary.json` for each key.

use std::io::{self, BufWriter};

use expbundle::Content;
use expbundle::draft::Draft;
use expbundle_format::number::Number;
use expbundle_format::sections::{self, SeriesSummary};
use expbundle_series::{KeyId, KeySummary, Point, ReadAt, SeriesError, SeriesWriter};

use crate::ConvertError;

/// A section of a bundle, as the readers of series take it.
#[derive(Clone, Debug)]
pub struct Section(pub Content);

impl ReadAt for Section {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(position, buffer)
    }
}

/// Why points are left out that the format has no room for.
pub(crate) const TOO_LONG: &str =
    "its name has more than 4 KiB, or its text more than 1 MiB, or there are too many names";

/// Takes the points of a section. Those whose key or text is longer than the format has it are left out and counted.
#[derive(Default)]
pub(crate) struct Points {
    writer: SeriesWriter,
    left_out: u64,
}

impl Points {
    /// The number of a key; `None` if there is no room for it.
    pub fn key(&mut self, key: &str) -> Option<KeyId> {
        self.writer.key(key).ok()
    }

    pub fn push(&mut self, key: KeyId, point: Point<'_>) -> Result<(), SeriesError> {
        match self.writer.push(key, point) {
            Err(SeriesError::TextTooLong { .. }) => self.left_out += 1,
            result => result?,
        }
        Ok(())
    }

    /// Counts a point whose key there is no room for.
    pub fn leave_out(&mut self) {
        self.left_out += 1;
    }

    /// Points that were left out.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Writes the section. Without points there is none.
    pub fn write(self, draft: &mut Draft, name: &str) -> Result<Vec<(String, KeySummary)>, ConvertError> {
        if self.writer.is_empty() {
            return Ok(Vec::new());
        }
        // A finished file on disk, so that a long series never sits in memory as a whole.
        let file = tempfile::tempfile()?;
        let summaries = self.writer.finish(BufWriter::with_capacity(1 << 20, file.try_clone()?), None)?;
        draft.section(name, sections::PARQUET, Content::file(file)?)?;
        Ok(summaries)
    }
}

/// A series in one line of `summary.json`, without what only the tracker knows.
pub(crate) fn summary(one: &KeySummary) -> SeriesSummary {
    SeriesSummary {
        count: one.count,
        first: one.first.map(Number),
        last: one.last.map(Number),
        min: one.min.map(Number),
        max: one.max.map(Number),
        non_finite: one.non_finite,
        texts: one.texts,
        goal: None,
        step_key: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_counted() {
        let mut points = Points::default();
        let (long, short) = (points.key(&"k".repeat(4097)), points.key(&"k".repeat(4096)));
        let text = "x".repeat((1 << 20) + 1);
        let shorter = text.get(1..).expect("one letter less");
        for key in [long, short] {
            for text in [None, Some(&*text), Some(shorter)] {
                match key {
                    Some(key) => points.push(key, Point { value: Some(0.5), text, ..Point::default() }).expect("room"),
                    None => points.leave_out(),
                }
            }
        }
        assert_eq!(points.left_out(), 4);
        let mut draft = Draft::new(expbundle_format::record::RecordBody::new(expbundle_format::record::Kind::Run));
        let summaries = points.write(&mut draft, sections::METRICS).expect("room");
        assert_eq!(summaries.iter().map(|(key, one)| (key.len(), one.count)).collect::<Vec<_>>(), [(4096, 2)]);
    }
}
