//! What an archive holds outside of its entries: comments, and bytes that belong to nothing. Nobody
//! sees them in a list of files, and a person may have put them there.
//!
//! The walk tells where entries begin and end ([`Gaps`]); what stands between must be the list of
//! entries of this archive or of one before.

use std::io;
use std::ops::Range;

use expbundle_format::{Code, Finding, Place};

use super::directory::{END, END_BYTES, HEADER, HEADER_BYTES, LOCATOR, LOCATOR_BYTES, WIDE_END, WIDE_END_BYTES};
use super::salvage::{SIGNATURE, part, shown_name, u16_at, u64_at};
use crate::content::Content;

/// Sizes of a data descriptor: with and without a signature, for 32 and 64 bits.
const DESCRIPTORS: [u64; 4] = [12, 16, 20, 24];

/// Ranges between entries, in the order of the file.
#[derive(Debug, Default)]
pub struct Gaps {
    ranges: Vec<Range<u64>>,
    /// Where the last entry ends, as far as that is known.
    covered: u64,
    /// Whether the last entry could not be read, so that everything up to the next one is its own,
    /// and is reported with it.
    is_open: bool,
}

impl Gaps {
    /// An entry begins here.
    pub fn begins(&mut self, offset: u64) {
        if !self.is_open && offset > self.covered {
            self.ranges.push(self.covered..offset);
        }
        self.is_open = false;
        self.covered = self.covered.max(offset);
    }

    /// The entry ends here, if its end is known.
    pub fn ends(&mut self, end: Option<u64>) {
        self.is_open = end.is_none();
        self.covered = self.covered.max(end.unwrap_or_default());
    }

    /// Findings on what belongs to nothing, at most `most`.
    pub fn findings(mut self, source: &Content, most: u64) -> io::Result<Vec<Finding>> {
        self.begins(source.size());
        let mut findings = Vec::new();
        for gap in self.ranges {
            if findings.len() as u64 >= most {
                break;
            }
            look(source, &gap, most, &mut findings)?;
        }
        Ok(findings)
    }
}

/// Where an entry ends whose data end here: behind its data descriptor, if it has one.
pub fn end_of_entry(source: &Content, data_end: u64, has_descriptor: bool) -> io::Result<u64> {
    if !has_descriptor {
        return Ok(data_end);
    }
    for end in DESCRIPTORS.map(|size| data_end.saturating_add(size)) {
        let next = part(source, end, SIGNATURE.len() as u64)?.unwrap_or_default();
        let known = [&SIGNATURE[..], HEADER, WIDE_END, &END];
        if end == source.size() || known.contains(&&next[..]) {
            return Ok(end);
        }
    }
    Ok(data_end)
}

/// Walks lists of entries and their ends, and reports comments in them and the first bytes that are
/// neither.
fn look(source: &Content, gap: &Range<u64>, most: u64, findings: &mut Vec<Finding>) -> io::Result<()> {
    let mut position = gap.start;
    let mut is_behind_end = false;
    while position < gap.end && (findings.len() as u64) < most {
        let Some(found) = Structure::at(source, position)? else { break };
        if position + found.size > gap.end {
            break;
        }
        findings.extend(found.comment);
        is_behind_end = found.is_end;
        position += found.size;
    }
    if position < gap.end && (findings.len() as u64) < most {
        let code = if is_behind_end { Code::ContainerTrailingBytes } else { Code::ContainerGap };
        let message = match gap.end - position {
            1 => "1 byte belongs to no entry".to_owned(),
            bytes => format!("{bytes} bytes belong to no entry"),
        };
        findings.push(Finding::new(code, Place::offset(position), message));
    }
    Ok(())
}

/// A part of a list of entries.
struct Structure {
    size: u64,
    comment: Option<Finding>,
    is_end: bool,
}

impl Structure {
    fn at(source: &Content, position: u64) -> io::Result<Option<Self>> {
        let has = |fixed: &Option<Vec<u8>>, signature: &[u8; 4]| {
            fixed.as_ref().is_some_and(|fixed| fixed.starts_with(signature))
        };
        let plain = |size| Some(Self { size, comment: None, is_end: false });
        let end = part(source, position, END_BYTES)?;
        if has(&end, &END) {
            let bytes = u64::from(u16_at(&end.unwrap_or_default(), 20));
            let comment = (bytes > 0).then(|| comment(Place::offset(position), "the archive", bytes));
            return Ok(Some(Self { size: END_BYTES + bytes, comment, is_end: true }));
        }
        let wide = part(source, position, WIDE_END_BYTES.into())?;
        if has(&wide, WIDE_END) {
            // It says how many bytes come behind its first twelve. More than there must be are
            // somebody's own.
            let is_plain = u64_at(&wide.unwrap_or_default(), 4) == u64::from(WIDE_END_BYTES) - 12;
            return Ok(if is_plain { plain(WIDE_END_BYTES.into()) } else { None });
        }
        if has(&part(source, position, LOCATOR_BYTES)?, LOCATOR) {
            return Ok(plain(LOCATOR_BYTES));
        }
        let listed = part(source, position, HEADER_BYTES)?;
        if !has(&listed, HEADER) {
            return Ok(None);
        }
        let listed = listed.unwrap_or_default();
        let [name, extra, bytes] = [28, 30, 32].map(|at| u64::from(u16_at(&listed, at)));
        let name_text = part(source, position + HEADER_BYTES, name)?.unwrap_or_default();
        let place = Place::entry(shown_name(&name_text));
        let comment = (bytes > 0).then(|| comment(place, "the entry", bytes));
        Ok(Some(Self { size: HEADER_BYTES + name + extra + bytes, comment, is_end: false }))
    }
}

fn comment(place: Place, of: &str, bytes: u64) -> Finding {
    let unit = if bytes == 1 { "byte" } else { "bytes" };
    Finding::new(Code::ContainerComment, place, format!("{of} has a comment of {bytes} {unit}"))
}
