//! The `.wandb` transaction log: records in blocks of 32 KiB, `LevelDB`'s layout with a plain
//! CRC-32.
//!
//! Damage is skipped as finely as it can be: after a record whose checksum fails, the next one is
//! tried where the bad record says that it begins, if a header there is plausible and its own
//! checksum fits; else reading goes on at the next block. What is lost is said.

use std::io::{self, Read};

use crate::finding::{SourceCode, SourceFinding};

/// `:W&B`, 0xBEE1 in little-endian order, version 0.
const MAGIC: [u8; HEADER_BYTES] = [0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0x00];
const BLOCK_BYTES: usize = 32_768;
const HEADER_BYTES: usize = 7;
/// A longer one is not a record: W&B's largest are manifests of a few megabytes.
const MOST_RECORD_BYTES: usize = 1 << 30;

/// What a log is, before its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// A log of the version that is known.
    Log,
    /// No byte at all: the run died at once.
    Empty,
    /// Anything else. Its records may be there all the same.
    Foreign,
}

/// Reads records one by one.
pub struct Log<R> {
    source: R,
    block: Vec<u8>,
    /// Offset of the block within the file.
    block_offset: u64,
    position: usize,
    ended: bool,
    /// Fragments of the record that is being put together.
    joined: Vec<u8>,
    joining: bool,
    findings: Vec<SourceFinding>,
    place: String,
}

/// A physical record.
#[derive(Clone, Copy)]
struct Fragment {
    start: usize,
    end: usize,
    kind: u8,
}

const FULL: u8 = 1;
const FIRST: u8 = 2;
const MIDDLE: u8 = 3;
const LAST: u8 = 4;

enum Step {
    Fragment(Fragment),
    /// The rest of the block holds nothing.
    BlockEnd,
    /// The rest of the block is zeros, which nobody wrote: whatever was being put together has lost
    /// a part.
    Zeros,
    /// The file ends within the fragment.
    Cut,
    /// The fragment at this place is damaged.
    Damaged {
        plausible_next: Option<usize>,
    },
}

impl<R: Read> Log<R> {
    /// Begins to read. `place` names the file in findings.
    pub fn new(source: R, place: &str) -> io::Result<(Start, Self)> {
        Self::with_magic(source, place, MAGIC)
    }

    /// The same of a log of another tool, which begins with other bytes.
    pub fn with_magic(source: R, place: &str, magic: [u8; HEADER_BYTES]) -> io::Result<(Start, Self)> {
        let mut log = Self {
            source,
            block: Vec::with_capacity(BLOCK_BYTES),
            block_offset: 0,
            position: magic.len(),
            ended: false,
            joined: Vec::new(),
            joining: false,
            findings: Vec::new(),
            place: place.to_owned(),
        };
        log.fill()?;
        let start = match log.head() {
            [] => Start::Empty,
            head if head == magic => Start::Log,
            _ => Start::Foreign,
        };
        // Where the first bytes are lost, or the block that they stand in.
        if start == Start::Foreign && fragment_at(&log.block, 0).is_some() {
            log.position = 0;
        }
        Ok((start, log))
    }

    /// The first bytes of the block that was read last.
    pub fn head(&self) -> &[u8] {
        self.block.get(..HEADER_BYTES).unwrap_or(&self.block)
    }

    /// What was damaged so far.
    pub fn into_findings(self) -> Vec<SourceFinding> {
        self.findings
    }

    fn fill(&mut self) -> io::Result<()> {
        self.block.clear();
        (&mut self.source).take(BLOCK_BYTES as u64).read_to_end(&mut self.block)?;
        Ok(())
    }

    fn find(&mut self, code: SourceCode, detail: String) {
        // A file of noise would fill the memory with findings that say nothing new.
        const MOST_FINDINGS: usize = 1000;
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(SourceFinding::new(code, self.place.clone(), detail));
        }
    }

    fn offset(&self) -> u64 {
        self.block_offset + self.position as u64
    }

    /// The next record, or `None` at the end.
    ///
    /// The bytes are valid until the next call.
    pub fn next(&mut self) -> io::Result<Option<&[u8]>> {
        loop {
            if self.ended {
                return Ok(None);
            }
            match self.step() {
                Step::BlockEnd => {
                    if !self.next_block()? {
                        if self.joining {
                            let at = self.offset();
                            self.find(SourceCode::Truncated, format!("the log ends inside a record, at byte {at}"));
                        }
                        self.ended = true;
                    }
                }
                Step::Zeros => {
                    if std::mem::take(&mut self.joining) {
                        let at = self.offset();
                        self.find(SourceCode::Damaged, format!("a record is lost in the zeros from byte {at} on"));
                    }
                    self.position = self.block.len();
                }
                Step::Cut => {
                    let at = self.block_offset + self.block.len() as u64;
                    self.find(SourceCode::Truncated, format!("the log ends inside a record, at byte {at}"));
                    self.ended = true;
                }
                Step::Damaged { plausible_next } => {
                    let at = self.offset();
                    self.find(SourceCode::Damaged, format!("the record at byte {at} has a wrong checksum"));
                    self.joining = false;
                    self.position = plausible_next.unwrap_or(self.block.len());
                }
                Step::Fragment(fragment) => {
                    self.position = fragment.end;
                    if self.take(fragment) {
                        let whole = if fragment.kind == FULL {
                            self.block.get(fragment.start..fragment.end)
                        } else {
                            Some(self.joined.as_slice())
                        };
                        return Ok(Some(whole.unwrap_or_default()));
                    }
                }
            }
        }
    }

    fn next_block(&mut self) -> io::Result<bool> {
        if self.block.len() < BLOCK_BYTES {
            return Ok(false);
        }
        self.block_offset += BLOCK_BYTES as u64;
        self.fill()?;
        self.position = 0;
        Ok(!self.block.is_empty())
    }

    /// Looks at what is next in the block.
    fn step(&self) -> Step {
        let left = self.block.len().saturating_sub(self.position);
        let is_full = self.block.len() == BLOCK_BYTES;
        if left < HEADER_BYTES {
            // Too little for a header: padding, unless the file ends here with part of one.
            let rest = self.block.get(self.position..).unwrap_or_default();
            return if is_full || rest.iter().all(|byte| *byte == 0) { Step::BlockEnd } else { Step::Cut };
        }
        let rest = self.block.get(self.position..).unwrap_or_default();
        if rest.iter().take(HEADER_BYTES).all(|byte| *byte == 0) {
            return Step::Zeros;
        }
        if let Some(fragment) = fragment_at(&self.block, self.position) {
            return Step::Fragment(fragment);
        }
        let end = self.claimed_end();
        if !is_full && (self.block.len() + 1..=BLOCK_BYTES).contains(&end) {
            return Step::Cut;
        }
        Step::Damaged { plausible_next: Some(end).filter(|end| fragment_at(&self.block, *end).is_some()) }
    }

    /// Where the fragment at the position says that it ends.
    fn claimed_end(&self) -> usize {
        let length = length_at(&self.block, self.position).unwrap_or(0);
        self.position + HEADER_BYTES + length
    }

    /// Takes a fragment; whether a record is complete.
    fn take(&mut self, fragment: Fragment) -> bool {
        let data = self.block.get(fragment.start..fragment.end).unwrap_or_default();
        match (fragment.kind, self.joining) {
            (FULL | FIRST, true) => {
                let at = self.block_offset + fragment.start as u64;
                self.joining = false;
                self.find(SourceCode::Damaged, format!("a record before byte {at} has no end"));
                self.take(fragment)
            }
            (FULL, false) => true,
            (FIRST, false) => {
                self.joined.clear();
                self.joined.extend_from_slice(data);
                self.joining = true;
                false
            }
            (MIDDLE | LAST, true) if self.joined.len() + data.len() <= MOST_RECORD_BYTES => {
                self.joined.extend_from_slice(data);
                self.joining = fragment.kind != LAST;
                !self.joining
            }
            // Orphans of a record whose beginning is lost, which was said.
            _ => {
                self.joining = false;
                false
            }
        }
    }
}

fn length_at(block: &[u8], at: usize) -> Option<usize> {
    let bytes = block.get(at + 4..at + 6)?;
    Some(usize::from(u16::from_le_bytes(bytes.try_into().ok()?)))
}

/// The fragment at a place, if its header is plausible and its checksum fits.
fn fragment_at(block: &[u8], at: usize) -> Option<Fragment> {
    let checksum = u32::from_le_bytes(block.get(at..at + 4)?.try_into().ok()?);
    let length = length_at(block, at)?;
    let kind = *block.get(at + 6)?;
    let start = at + HEADER_BYTES;
    let end = start.checked_add(length)?;
    let covered = block.get(at + 6..end)?;
    ((FULL..=LAST).contains(&kind) && crc32fast::hash(covered) == checksum).then_some(Fragment { start, end, kind })
}

#[cfg(test)]
pub mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Writes a log as W&B does.
    pub fn write(records: &[Vec<u8>]) -> Vec<u8> {
        let mut log = MAGIC.to_vec();
        for record in records {
            let mut rest = record.as_slice();
            let mut first = true;
            loop {
                let left = BLOCK_BYTES - log.len() % BLOCK_BYTES;
                if left < HEADER_BYTES {
                    log.extend(vec![0; left]);
                    continue;
                }
                let room = left - HEADER_BYTES;
                let (now, later) = rest.split_at(rest.len().min(room));
                let kind = match (first, later.is_empty()) {
                    (true, true) => FULL,
                    (true, false) => FIRST,
                    (false, true) => LAST,
                    (false, false) => MIDDLE,
                };
                let mut covered = vec![kind];
                covered.extend(now);
                log.extend(crc32fast::hash(&covered).to_le_bytes());
                log.extend(u16::try_from(now.len()).expect("within a block").to_le_bytes());
                log.extend(covered);
                rest = later;
                first = false;
                if rest.is_empty() {
                    break;
                }
            }
        }
        log
    }

    fn read(bytes: &[u8]) -> (Vec<Vec<u8>>, Vec<SourceFinding>) {
        let (_, mut log) = Log::new(bytes, "log").expect("memory");
        let mut records = Vec::new();
        while let Some(record) = log.next().expect("memory") {
            records.push(record.to_vec());
        }
        (records, log.into_findings())
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(sizes in proptest::collection::vec(prop_oneof![0_usize..100, 32_700_usize..32_800, 60_000_usize..100_000], 0..8)) {
            let records: Vec<Vec<u8>> = sizes.iter().enumerate().map(|(index, size)| vec![u8::try_from(index).expect("few") + 1; *size]).collect();
            let (read, findings) = read(&write(&records));
            prop_assert_eq!(read, records);
            prop_assert_eq!(findings, vec![]);
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..1000), with_magic in any::<bool>()) {
            let bytes = if with_magic { [MAGIC.to_vec(), bytes].concat() } else { bytes };
            let _ = read(&bytes);
        }
    }

    #[test]
    fn every_truncation_keeps_what_came_before() {
        let records: Vec<Vec<u8>> = (0..40_u8).map(|number| vec![number; usize::from(number) * 3]).collect();
        let bytes = write(&records);
        for length in MAGIC.len()..bytes.len() {
            let (read, findings) = read(&bytes[..length]);
            assert_eq!(read, records[..read.len()]);
            let clean = write(&records[..read.len()]).len() == length;
            assert_eq!(findings.is_empty(), clean, "{length}");
        }
    }

    #[test]
    fn a_damaged_record_costs_only_itself() {
        let records: Vec<Vec<u8>> = (0..40_u8).map(|number| vec![number + 1; 50]).collect();
        let bytes = write(&records);
        for at in (MAGIC.len()..bytes.len()).step_by(3) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            let (read, findings) = read(&damaged);
            let of_length = (at - MAGIC.len()) % 57;
            // A flipped length hides where the next record begins, so the rest of the block goes.
            if (4..6).contains(&of_length) {
                assert!(read.len() < 40);
            } else {
                assert_eq!(read.len(), 39, "byte {at}");
            }
            assert_eq!(findings.len(), 1, "byte {at}: {findings:?}");
        }
    }

    #[test]
    fn a_block_of_zeros_is_skipped() {
        let records: Vec<Vec<u8>> = (0..2000_u32).map(|number| number.to_le_bytes().repeat(20)).collect();
        let mut bytes = write(&records);
        bytes[BLOCK_BYTES..2 * BLOCK_BYTES].fill(0);
        let (read, findings) = read(&bytes);
        assert!(read.len() > 1500 && read.iter().all(|record| records.contains(record)), "{}", read.len());
        assert!(!findings.is_empty());
    }
}
