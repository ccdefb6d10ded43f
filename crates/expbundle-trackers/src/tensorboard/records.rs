//! TFRecord: records with their length, each with a masked CRC-32C.
//!
//! A damaged record costs only itself. After a length that cannot be trusted the next header whose
//! checksum fits is looked for.

use std::io::{self, Read};

use crc::{CRC_32_ISCSI, Crc, Table};

use crate::finding::{SourceCode, SourceFinding};

/// Castagnoli's polynomial.
const CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);
const HEADER_BYTES: usize = 12;
const CHECKSUM_BYTES: u64 = 4;
/// The largest events are graphs and pictures of some megabytes.
const MOST_RECORD_BYTES: u64 = 256 << 20;
/// A file of noise would fill the memory with findings that say nothing new.
const MOST_FINDINGS: usize = 100;

fn masked(bytes: &[u8]) -> u32 {
    CRC.checksum(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Reads the records of a file one by one.
pub(super) struct Records<R> {
    source: R,
    /// The data of the record, and the checksum behind it.
    data: Vec<u8>,
    /// Bytes that were read.
    offset: u64,
    ended: bool,
    place: String,
    findings: Vec<SourceFinding>,
    /// Findings that were not kept.
    more: u64,
}

impl<R: Read> Records<R> {
    /// Begins to read. `place` names the file in findings.
    pub fn new(source: R, place: &str) -> Self {
        Self {
            source,
            data: Vec::new(),
            offset: 0,
            ended: false,
            place: place.to_owned(),
            findings: Vec::new(),
            more: 0,
        }
    }

    /// Bytes that were read so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Adds what was found at the record that was read last.
    pub fn find(&mut self, code: SourceCode, detail: impl Into<String>) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(SourceFinding::new(code, self.place.clone(), detail));
        } else {
            self.more += 1;
        }
    }

    /// What was found.
    pub fn into_findings(mut self) -> Vec<SourceFinding> {
        if self.more > 0 {
            let detail = format!("and {} more places of the file", self.more);
            self.findings.push(SourceFinding::new(SourceCode::Damaged, self.place, detail));
        }
        self.findings
    }

    /// The next record, or `None` at the end. The bytes are valid until the next call.
    pub fn next(&mut self) -> io::Result<Option<&[u8]>> {
        while !self.ended {
            let Some(length) = self.header()? else { break };
            if self.body(length)? {
                let end = self.data.len().saturating_sub(4);
                return Ok(self.data.get(..end));
            }
        }
        Ok(None)
    }

    /// Reads as many bytes as there are, up to the length of the buffer.
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.source.read(rest) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.offset += filled as u64;
        Ok(filled)
    }

    /// The length of the next record; `None` at the end.
    fn header(&mut self) -> io::Result<Option<u64>> {
        let (start, mut header) = (self.offset, [0; HEADER_BYTES]);
        let filled = self.fill(&mut header)?;
        if filled < HEADER_BYTES {
            self.ended = true;
            if filled > 0 || start == 0 {
                let detail = if filled == 0 {
                    "the file is empty".to_owned()
                } else {
                    format!("the file ends inside the record at byte {start}; {filled} bytes of it are left")
                };
                self.find(SourceCode::Truncated, detail);
            }
            return Ok(None);
        }
        let mut skipped = 0_u64;
        while length(header).is_none() {
            header.rotate_left(1);
            let Some(last) = header.last_mut() else { break };
            if self.fill(std::slice::from_mut(last))? == 0 {
                self.ended = true;
                let detail = format!("from byte {start} on nothing can be read: {} bytes", self.offset - start);
                self.find(SourceCode::Damaged, detail);
                return Ok(None);
            }
            skipped += 1;
        }
        if skipped > 0 {
            let detail = format!("the length of the record at byte {start} is damaged; {skipped} bytes are lost");
            self.find(SourceCode::Damaged, detail);
        }
        Ok(length(header))
    }

    /// Reads the data of a record. `false` if it cannot be used.
    fn body(&mut self, length: u64) -> io::Result<bool> {
        let start = self.offset - HEADER_BYTES as u64;
        let whole = length.saturating_add(CHECKSUM_BYTES);
        if length > MOST_RECORD_BYTES {
            let copied = io::copy(&mut (&mut self.source).take(whole), &mut io::sink())?;
            self.offset += copied;
            self.find(
                SourceCode::Unsupported,
                format!("the record at byte {start} has {length} bytes; it is not read"),
            );
            self.ended = copied < whole;
            return Ok(false);
        }
        self.data.clear();
        // Memory is taken as the bytes come, whatever the length says.
        let read = (&mut self.source).take(whole).read_to_end(&mut self.data)? as u64;
        self.offset += read;
        if read < whole {
            self.ended = true;
            let left = read + HEADER_BYTES as u64;
            let detail = format!("the file ends inside the record at byte {start}; {left} bytes of it are left");
            self.find(SourceCode::Truncated, detail);
            return Ok(false);
        }
        let fits = self.data.split_last_chunk().is_some_and(|(data, sum)| u32::from_le_bytes(*sum) == masked(data));
        if !fits {
            self.find(SourceCode::Damaged, format!("the record at byte {start} has a wrong checksum"));
        }
        Ok(fits)
    }
}

/// The length in a header, if its checksum fits. No writer makes an empty record, and a file that
/// was not written to its end may be full of zeros.
fn length(header: [u8; HEADER_BYTES]) -> Option<u64> {
    let (length, sum) = header.split_first_chunk::<8>()?;
    let value = u64::from_le_bytes(*length);
    let is_plausible = value > 0 && value < 1 << 40;
    (is_plausible && sum == masked(length).to_le_bytes()).then_some(value)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Writes records as TensorFlow does.
    pub fn write(records: &[Vec<u8>]) -> Vec<u8> {
        let mut file = Vec::new();
        for record in records {
            let length = (record.len() as u64).to_le_bytes();
            file.extend(length);
            file.extend(masked(&length).to_le_bytes());
            file.extend(record);
            file.extend(masked(record).to_le_bytes());
        }
        file
    }

    fn read(bytes: &[u8]) -> (Vec<Vec<u8>>, Vec<SourceFinding>) {
        let mut records = Records::new(bytes, "events");
        let mut read = Vec::new();
        while let Some(record) = records.next().expect("memory") {
            read.push(record.to_vec());
        }
        (read, records.into_findings())
    }

    fn numbered() -> Vec<Vec<u8>> {
        (1..40_u8).map(|number| vec![number; usize::from(number) * 3]).collect()
    }

    #[test]
    fn the_checksum_is_castagnolis() {
        assert_eq!(CRC.checksum(b"123456789"), 0xe306_9283);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..500), zeros in 0_usize..100) {
            let file = [write(&numbered()), bytes, vec![0; zeros], write(&numbered())].concat();
            prop_assert!(read(&file).0.starts_with(&numbered()));
        }
    }

    #[test]
    fn every_truncation_keeps_what_came_before() {
        let (records, bytes) = (numbered(), write(&numbered()));
        for length in 0..bytes.len() {
            let (read, findings) = read(&bytes[..length]);
            assert_eq!(read, records[..read.len()]);
            let is_clean = length > 0 && write(&records[..read.len()]).len() == length;
            assert_eq!(findings.is_empty(), is_clean, "{length}");
        }
    }

    #[test]
    fn a_damaged_record_costs_only_itself() {
        let (records, bytes) = (numbered(), write(&numbered()));
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            let (read, findings) = read(&damaged);
            assert_eq!((read.len(), findings.len()), (records.len() - 1, 1), "byte {at}: {findings:?}");
        }
    }
}
