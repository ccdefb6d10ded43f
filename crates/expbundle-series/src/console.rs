//! Console output: time, stream and line, in the order of arrival.

use std::io::Write;
use std::sync::Arc;

use crate::columns::{Cells, Output};
use crate::cut::Load;
use crate::error::SeriesError;
use crate::page;
use crate::profile::CONSOLE;
use crate::rows::{File, Times, text_at};
use crate::source::ReadAt;
use crate::time;
use crate::write::check_text;

/// A line of console output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleLine {
    /// When, in nanoseconds since 1970, if known.
    pub time_ns: Option<i64>,
    /// `stdout` or `stderr`.
    pub stream: String,
    /// The line, without its end.
    pub line: String,
}

const STREAMS: [&str; 2] = ["stdout", "stderr"];

/// What a line counts as towards the end of its page.
fn load(line: &str) -> Load {
    Load { rows: 1, bytes: line.len() }
}

/// Writes console output in the fixed profile. The salt is that of a blinded section.
pub fn write_console(lines: &[ConsoleLine], output: impl Write, salt: Option<&[u8; 32]>) -> Result<(), SeriesError> {
    for (row, line) in (0..).zip(lines) {
        check_text(&line.line)?;
        if !STREAMS.contains(&line.stream.as_str()) {
            return Err(SeriesError::Stream { row });
        }
    }
    let fine = lines.iter().filter_map(|line| line.time_ns).any(|time_ns| time::split(time_ns).1 != 0);
    let mut output = Output::new(output, &CONSOLE, fine, salt)?;
    let mut rest = lines;
    while !rest.is_empty() {
        let mut taken = Load::default();
        let fits = |line: &&ConsoleLine| {
            taken = taken.plus(load(&line.line));
            taken.fits()
        };
        let (page, after) = rest.split_at(rest.iter().take_while(fits).count());
        let times: Vec<_> = page.iter().map(|line| line.time_ns.map(time::split)).collect();
        let whole = times.iter().map(|time| time.map(|(time, _)| time)).collect();
        let below = times.iter().map(|time| time.map(|(_, rest)| rest)).collect();
        let streams: Vec<_> = page.iter().map(|line| output.word(&line.stream)).collect();
        let texts: Vec<_> = page.iter().map(|line| line.line.as_str()).collect();
        let cells = [Some(Cells::Integers(&whole)), fine.then_some(Cells::Nanoseconds(&below))];
        let cells = cells.into_iter().flatten().chain([Cells::Words(&streams), Cells::Lines(&texts)]);
        output.page(page.len(), cells)?;
        rest = after;
    }
    output.finish()
}

/// Reads a console section, line by line.
#[derive(Clone)]
pub struct ConsoleReader {
    file: File,
}

impl ConsoleReader {
    /// Opens a section. Only the footer is read, and held against the profile.
    pub fn open(source: impl ReadAt + 'static) -> Result<Self, SeriesError> {
        Ok(Self { file: File::open(Arc::new(source), &CONSOLE)? })
    }

    /// Lines of all streams.
    pub fn rows(&self) -> u64 {
        self.file.footer.rows()
    }

    /// The salt of a blinded section.
    pub fn salt(&self) -> Option<&str> {
        self.file.salt()
    }

    /// Gives every line. Memory holds one page of each column.
    pub fn for_each(&self, mut take: impl FnMut(&ConsoleLine)) -> Result<(), SeriesError> {
        let mut times = Times::new(self.file.footer.fine);
        let mut row = 0;
        // The page before ends rightly if the next line does not fit into it.
        let mut before: Option<Load> = None;
        for group in &self.file.footer.groups {
            let mut columns = self.file.columns(group);
            let dictionary = columns.dictionary("stream")?;
            let mut words = dictionary.words("stream", row)?;
            for _ in 0..group.pages {
                columns.begin_page()?;
                let page_times = times.page(&mut columns, row)?;
                let streams = columns.next("stream", |body, rows| words.indices(body, rows))?.0;
                let (places, body) = columns.next("line", page::lines)?;
                let mut page = Load::default();
                for ((time_ns, index), place) in page_times.into_iter().zip(streams).zip(&places) {
                    let stream = words.get(index).filter(|stream| STREAMS.contains(&&***stream));
                    let Some(stream) = stream else { return Err(SeriesError::Stream { row }) };
                    let line = text_at(place.as_ref(), &body, "line", row)?.unwrap_or_default();
                    check_text(line)?;
                    if before.take().is_some_and(|before| before.plus(load(line)).fits()) {
                        return Err(SeriesError::PageEnd { row });
                    }
                    page = page.plus(load(line));
                    if !page.fits() {
                        return Err(SeriesError::PageEnd { row });
                    }
                    take(&ConsoleLine { time_ns, stream: stream.to_string(), line: line.to_owned() });
                    row += 1;
                }
                before = Some(page);
            }
            words.end()?;
            columns.end()?;
        }
        times.end()
    }
}
