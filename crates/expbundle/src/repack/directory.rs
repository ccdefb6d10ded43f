//! What the central directory names and the walk did not meet: entries whose local header is
//! damaged, or that were cut off.
//!
//! Nothing is taken from where the directory points, so it need not be believed. A name that it has
//! and the walk has not is an entry that is lost, and if the directory itself is lost or damaged,
//! nobody knows what it named: both are reported.

use std::collections::BTreeSet;
use std::io;
use std::ops::Range;

use expbundle_format::{Code, Finding, Place};

use super::salvage::{PIECE_BYTES, part, shown_name, u16_at, u32_at, u64_at};
use crate::content::Content;

pub const END: [u8; 4] = *b"PK\x05\x06";
pub const END_BYTES: u64 = 22;
pub const LOCATOR: &[u8; 4] = b"PK\x06\x07";
pub const LOCATOR_BYTES: u64 = 20;
pub const WIDE_END: &[u8; 4] = b"PK\x06\x06";
pub const WIDE_END_BYTES: u8 = 56;
pub const HEADER: &[u8; 4] = b"PK\x01\x02";
pub const HEADER_BYTES: u64 = 46;

/// A name as the walk remembers it: its hash, for names may be long and many.
pub type NameHash = [u8; 16];

pub fn name_hash(name: &[u8]) -> NameHash {
    let mut hash = [0; 16];
    hash.copy_from_slice(blake3::hash(name).as_bytes().first_chunk::<16>().expect("a hash has 32 bytes"));
    hash
}

/// Findings on every entry that is named here and was not met, at most `most`, and on a directory
/// that does not say.
///
/// `data` are the bytes of entries, in the order of the file: an end record within them belongs to
/// another archive.
pub fn not_met(source: &Content, met: &BTreeSet<NameHash>, data: &[Range<u64>], most: u64) -> io::Result<Vec<Finding>> {
    let Some(directory) = Directory::find(source, data)? else {
        let message = "the end of the archive is missing, and what was there with it";
        return Ok(vec![Finding::new(Code::ContainerTruncated, Place::unknown(), message)]);
    };
    let mut findings = Vec::new();
    let mut position = directory.start;
    let mut count = 0_u64;
    while position < directory.end && count < most {
        let fixed = part(source, position, HEADER_BYTES)?.filter(|fixed| fixed.starts_with(HEADER));
        let Some(fixed) = fixed else { break };
        let lengths = [28, 30, 32].map(|at| u64::from(u16_at(&fixed, at)));
        let Some(name) = part(source, position + HEADER_BYTES, lengths[0])? else { break };
        if !met.contains(&name_hash(&name)) {
            let message = "the archive lists it, and its entry is damaged or gone";
            findings.push(Finding::new(Code::ContainerHeaderMismatch, Place::entry(shown_name(&name)), message));
        }
        count += 1;
        position += HEADER_BYTES + lengths.iter().sum::<u64>();
    }
    if position != directory.end || !directory.has(count) {
        let message =
            format!("the list of entries at the end is damaged after {count} entries; nobody knows what else it named");
        findings.push(Finding::new(Code::ContainerEntryCount, Place::offset(position), message));
    }
    Ok(findings)
}

/// Where a central directory lies.
struct Directory {
    start: u64,
    end: u64,
    count: u64,
    is_wide: bool,
}

impl Directory {
    /// By the last end record. Bytes may have been put in front of the archive, so its offset is
    /// not used, only its size.
    fn find(source: &Content, data: &[Range<u64>]) -> io::Result<Option<Self>> {
        let mut before = source.size();
        while let Some(end) = last(source, before, END)? {
            let within = data.partition_point(|range| range.end <= end);
            if !data.get(within).is_some_and(|range| range.contains(&end)) {
                return Self::of_end(source, end);
            }
            before = end;
        }
        Ok(None)
    }

    fn of_end(source: &Content, end: u64) -> io::Result<Option<Self>> {
        let Some(record) = part(source, end, END_BYTES)? else { return Ok(None) };
        let narrow = Self {
            start: end.saturating_sub(u64::from(u32_at(&record, 12))),
            end,
            count: u64::from(u16_at(&record, 10)),
            is_wide: false,
        };
        let beside = LOCATOR_BYTES + u64::from(WIDE_END_BYTES);
        let Some(wide_end) = end.checked_sub(beside) else { return Ok(Some(narrow)) };
        let Some(wide) = part(source, wide_end, beside)? else { return Ok(Some(narrow)) };
        let locator = wide.get(usize::from(WIDE_END_BYTES)..).unwrap_or_default();
        if !wide.starts_with(WIDE_END) || !locator.starts_with(LOCATOR) {
            return Ok(Some(narrow));
        }
        let start = wide_end.saturating_sub(u64_at(&wide, 40));
        Ok(Some(Self { start, end: wide_end, count: u64_at(&wide, 32), is_wide: true }))
    }

    /// Whether it has so many entries. Old tools count to 65,535 and begin anew.
    fn has(&self, count: u64) -> bool {
        if self.is_wide { self.count == count } else { self.count == count & 0xffff }
    }
}

/// The place of the last such signature that begins before a position.
fn last(source: &Content, before: u64, signature: [u8; 4]) -> io::Result<Option<u64>> {
    let mut end = before.saturating_add(signature.len() as u64 - 1).min(source.size());
    while end >= signature.len() as u64 {
        let start = end.saturating_sub(PIECE_BYTES as u64);
        let Some(bytes) = part(source, start, end - start)? else { return Ok(None) };
        if let Some(at) = bytes.windows(signature.len()).rposition(|window| window == signature) {
            return Ok(Some(start + at as u64));
        }
        if start == 0 {
            break;
        }
        end = start + signature.len() as u64 - 1;
    }
    Ok(None)
}
