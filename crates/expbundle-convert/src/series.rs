//! Finished series, whichever tracker they came from: a Parquet section, and a line of `summary.json` for each key.

use std::io::{self, BufWriter};

use expbundle::Content;
use expbundle::draft::Draft;
use expbundle_format::number::Number;
use expbundle_format::sections::{self, SeriesSummary};
use expbundle_series::{KeySummary, ReadAt, SeriesWriter};

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

/// Writes a section. A writer without points leaves no section.
pub(crate) fn write_section(
    writer: SeriesWriter,
    draft: &mut Draft,
    name: &str,
) -> Result<Vec<(String, KeySummary)>, ConvertError> {
    if writer.is_empty() {
        return Ok(Vec::new());
    }
    // A finished file on disk, so that a long series never sits in memory as a whole.
    let file = tempfile::tempfile()?;
    let summaries = writer.finish(BufWriter::with_capacity(1 << 20, file.try_clone()?), None)?;
    draft.section(name, sections::PARQUET, Content::file(file)?)?;
    Ok(summaries)
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
