//! Finished series, whichever tracker they came from: a Parquet section, and a line of
//! `summary.json` for each key.

use std::collections::HashMap;
use std::io::{self, BufWriter};

use expbundle::Content;
use expbundle_format::number::Number;
use expbundle_format::sections::SeriesSummary;
use expbundle_series::{ConsoleLine, KeyId, KeySummary, Point, ReadAt, SeriesError, SeriesWriter, TEXT_BYTES};
use serde_json::Value;

use crate::gate::Draft;
use crate::scrub::Scrubber;
use crate::{ConvertError, Options};

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

/// Takes the points of a section without their secrets. Those whose key or text is longer than the
/// format has it are left out and counted.
pub(crate) struct Points {
    /// The section.
    name: &'static str,
    writer: SeriesWriter,
    scrubber: Scrubber,
    /// Keys that held a secret, and what stands for them.
    renamed: HashMap<String, String>,
    /// How many keys a text stands for.
    stands_for: HashMap<String, u64>,
    left_out: u64,
}

impl Points {
    pub fn new(name: &'static str, options: &Options<'_>) -> Self {
        let scrubber = Scrubber::new(options.allow_secrets);
        Self {
            name,
            writer: SeriesWriter::new(),
            scrubber,
            renamed: HashMap::new(),
            stands_for: HashMap::new(),
            left_out: 0,
        }
    }

    /// The key without secrets; two keys stay two.
    fn clean(&mut self, key: &str) -> Option<String> {
        if let Some(known) = self.renamed.get(key) {
            return Some(known.clone());
        }
        let clean = self.scrubber.text(self.name, key);
        if clean == key {
            return None;
        }
        let same = self.stands_for.entry(clean.clone()).or_default();
        *same += 1;
        let clean = if *same == 1 { clean } else { format!("{clean} {same}") };
        self.renamed.insert(key.to_owned(), clean.clone());
        Some(clean)
    }

    /// The texts of one key in their order: a secret may go over several.
    pub fn clean_texts(&mut self, key: &str, texts: &mut [impl AsMut<String>]) {
        let clean = self.clean(key);
        let place = format!("{}/{}", self.name, clean.as_deref().unwrap_or(key));
        for text in texts.iter_mut() {
            let clean = self.scrubber.setting(&place, key, text.as_mut());
            *text.as_mut() = clean;
        }
        self.scrubber.lines(&place, texts);
    }

    /// A text of one key.
    pub fn clean_text(&mut self, key: &str, text: &str) -> String {
        let clean = self.clean(key);
        let place = format!("{}/{}", self.name, clean.as_deref().unwrap_or(key));
        self.scrubber.setting(&place, key, text)
    }

    /// The texts of several keys that belong together, as the tree that they were.
    pub fn clean_tree(&mut self, tree: &mut Value) {
        self.scrubber.value(self.name, tree);
    }

    /// The number of a key; `None` if there is no room for it.
    pub fn key(&mut self, key: &str) -> Option<KeyId> {
        let clean = self.clean(key);
        self.writer.key(clean.as_deref().unwrap_or(key)).ok()
    }

    pub fn push(&mut self, key: KeyId, point: Point<'_>) -> Result<(), SeriesError> {
        let Some(text) = point.text else { return self.writer.push(key, point) };
        let clean = self.scrubber.text(self.name, text);
        match self.writer.push(key, Point { text: Some(&clean), ..point }) {
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
    pub fn write(mut self, draft: &mut Draft<'_>) -> Result<Vec<(String, KeySummary)>, ConvertError> {
        if self.writer.is_empty() {
            return Ok(Vec::new());
        }
        // A finished file on disk, so that a long series never sits in memory as a whole.
        let file = tempfile::tempfile()?;
        let summaries = self.writer.finish(BufWriter::with_capacity(1 << 20, file.try_clone()?), None)?;
        draft.series(self.name, Content::file(file)?, self.scrubber)?;
        Ok(summaries)
    }
}

/// Divides lines that the format has no room for; gives how many there were.
pub(crate) fn divided(lines: Vec<ConsoleLine>) -> (Vec<ConsoleLine>, u64) {
    let too_long = lines.iter().filter(|line| line.line.len() > TEXT_BYTES).count() as u64;
    if too_long == 0 {
        return (lines, 0);
    }
    let mut divided = Vec::with_capacity(lines.len());
    for line in lines {
        let ConsoleLine { time_ns, stream, line: text } = &line;
        let mut rest = text.as_str();
        while rest.len() > TEXT_BYTES {
            let end = (0..=TEXT_BYTES).rev().find(|end| rest.is_char_boundary(*end)).unwrap_or(TEXT_BYTES);
            let (piece, more) = rest.split_at(end);
            divided.push(ConsoleLine { time_ns: *time_ns, stream: stream.clone(), line: piece.to_owned() });
            rest = more;
        }
        divided.push(if rest.len() == text.len() {
            line
        } else {
            ConsoleLine { line: rest.to_owned(), ..line.clone() }
        });
    }
    (divided, too_long)
}

/// A series in one line of `summary.json`, without what only the tracker knows.
pub fn summary(one: &KeySummary) -> SeriesSummary {
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
    use expbundle_format::sections;

    use super::*;

    #[test]
    fn what_is_too_long_is_counted() {
        let mut points = Points::new(sections::METRICS, &Options::default());
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
        let body = expbundle_format::record::RecordBody::new(expbundle_format::record::Kind::Run);
        let mut draft = Draft::new(body, &Options::default());
        let summaries = points.write(&mut draft).expect("room");
        assert_eq!(summaries.iter().map(|(key, one)| (key.len(), one.count)).collect::<Vec<_>>(), [(4096, 2)]);
    }

    #[test]
    fn lines_that_are_too_long_are_divided() {
        let line = |text: String| ConsoleLine { time_ns: Some(7), stream: "stdout".to_owned(), line: text };
        let long = "ä".repeat(1_200_000);
        let (lines, count) = divided(vec![line("a".to_owned()), line(format!("b{long}")), line("c".to_owned())]);
        assert_eq!(count, 1);
        let text: Vec<_> = lines.iter().map(|line| line.line.as_str()).collect();
        assert_eq!(text.concat(), format!("ab{long}c"));
        assert!(lines.len() == 5 && text.iter().all(|text| text.len() <= TEXT_BYTES));
    }
}
