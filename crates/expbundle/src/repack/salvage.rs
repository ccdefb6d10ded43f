//! Finds the objects of a bundle in an archive that may be broken, by its local headers alone.
//!
//! Nothing is taken from where the central directory points: digests make belief needless. The file
//! is walked once from front to back and no byte of data is taken twice, so overlapping entries,
//! the trick behind the largest zip bombs, cannot be expressed; and an archive without its end
//! gives what is there. What the directory names and the walk did not meet is reported
//! ([`super::directory`]), and so is what stands outside of entries ([`super::outside`]).

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;

use expbundle_format::container::{EntryName, MIMETYPE};
use expbundle_format::limits::Limits;
use expbundle_format::{Blake3, Code, Finding, Place};
use expbundle_statement::Envelope;
use flate2::bufread::DeflateDecoder;

use super::RepackError;
use super::directory::{self, NameHash, name_hash};
use super::outside::{Gaps, end_of_entry};
use crate::content::Content;

/// An entry that is named as an object of a bundle.
pub struct Object {
    /// The name, without folders in front of it.
    pub name: EntryName,
    /// Its bytes, inflated.
    pub content: Content,
    /// What they hash to.
    pub blake3: Blake3,
}

/// Bytes under a name that says nothing of them.
pub struct Nameless {
    /// Its bytes, inflated.
    pub content: Content,
    /// What they hash to.
    pub blake3: Blake3,
}

/// What was found.
pub struct Salvage {
    /// In the order of the file.
    pub objects: Vec<Object>,
    /// Entries that cannot be objects.
    pub dropped: Vec<Finding>,
    /// What the archive lists and the walk did not meet.
    pub not_met: Vec<Finding>,
    /// What belongs to no entry.
    pub outside: Vec<Finding>,
    /// Files that are named like those that the operating system of whoever zipped it puts there.
    pub clutter: Vec<Nameless>,
    /// Statements among `objects` whose entries had names that no object has.
    pub renamed: u64,
}

/// Bytes that any archive may inflate to, however small.
const INFLATED_BYTES: u64 = 1 << 30;
/// Bytes inflated for each byte of the file, beyond that. Logs and JSON reach about 10; DEFLATE
/// allows 1032.
const INFLATED_RATIO: u64 = 20;

/// Bytes read at a time.
pub const PIECE_BYTES: usize = 256 * 1024;

pub const SIGNATURE: [u8; 4] = *b"PK\x03\x04";
const HEADER_BYTES: u64 = 30;
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const FLAG_ENCRYPTED: u16 = 1;
const FLAG_DESCRIPTOR: u16 = 1 << 3;

/// How many bytes an archive of that size may inflate to.
pub fn inflated_limit(size: u64) -> u64 {
    size.saturating_mul(INFLATED_RATIO).saturating_add(INFLATED_BYTES)
}

/// Walks the file once. What is compressed may inflate to `inflated_limit` bytes.
pub fn salvage(source: &Content, limits: &Limits, inflated_limit: u64) -> Result<Salvage, RepackError> {
    let mut walk = Walk::new(source, limits, inflated_limit);
    let mut position = 0;
    let mut headers = 0_u64;
    while let Some(offset) = next_header(source, position)? {
        headers += 1;
        // Those that are no objects count too: each may leave a finding.
        if headers > limits.entries.saturating_mul(2) {
            return Err(RepackError::Entries { limit: limits.entries });
        }
        let Some(header) = Header::read(source, offset)? else { break };
        walk.gaps.begins(offset);
        position = walk.entry(&header)?;
    }
    walk.end()
}

/// A walk over the entries of a file.
struct Walk<'a> {
    source: &'a Content,
    limits: &'a Limits,
    spool: Spool,
    found: Vec<(EntryName, Bytes)>,
    clutter: Vec<Bytes>,
    dropped: Vec<Finding>,
    renamed: u64,
    /// Names of all entries.
    met: BTreeSet<NameHash>,
    /// Where the bytes of objects are.
    data: Vec<Range<u64>>,
    gaps: Gaps,
    /// Bytes of stored entries without the name of an object that may still be hashed: such entries
    /// may lie within each other.
    to_hash: u64,
}

impl<'a> Walk<'a> {
    fn new(source: &'a Content, limits: &'a Limits, inflated_limit: u64) -> Self {
        Self {
            source,
            limits,
            spool: Spool { file: None, size: 0, spent: 0, limit: inflated_limit, looked: 0 },
            found: Vec::new(),
            clutter: Vec::new(),
            dropped: Vec::new(),
            renamed: 0,
            met: BTreeSet::new(),
            data: Vec::new(),
            gaps: Gaps::default(),
            to_hash: source.size(),
        }
    }

    /// Takes an entry, and gives where the walk goes on.
    fn entry(&mut self, header: &Header) -> Result<u64, RepackError> {
        self.met.insert(header.name_hash);
        let called = header.called();
        let (end, bytes) = self.bytes(header, &called)?;
        self.gaps.ends(match &bytes {
            Ok(_) => Some(end_of_entry(self.source, end, header.flags & FLAG_DESCRIPTOR != 0)?),
            Err(_) => None,
        });
        // The data of anything but objects is searched for headers as well, so whatever its sizes
        // say does not matter.
        let position = header.data_offset;
        match (called, bytes) {
            (Called::Object(name), Ok(bytes)) => return Ok(self.object(header, end, name, bytes)),
            (Called::Object(_), Err(finding)) => {
                self.dropped.push(finding);
                return Ok(end);
            }
            (Called::Expected(digest), Ok(bytes)) if bytes.blake3 == digest => self.spool.give_back(&bytes),
            (_, Ok(bytes)) if statement(&self.spool.content(self.source, &bytes)?, self.limits) => {
                self.renamed += 1;
                return Ok(self.object(header, end, EntryName::Statement(bytes.blake3), bytes));
            }
            (Called::Clutter, Ok(bytes)) => self.clutter.push(bytes),
            (_, bytes) => {
                if let Ok(bytes) = bytes {
                    self.spool.give_back(&bytes);
                }
                self.dropped.push(header.refusal(Code::ContainerName, "it is not an object of a bundle"));
            }
        }
        Ok(position)
    }

    fn object(&mut self, header: &Header, end: u64, name: EntryName, bytes: Bytes) -> u64 {
        self.data.push(header.data_offset..end);
        self.found.push((name, bytes));
        end
    }

    /// As [`Header::bytes`], of as many bytes as an entry of such a name may have.
    fn bytes(&mut self, header: &Header, called: &Called) -> Result<(u64, Result<Bytes, Finding>), RepackError> {
        let most = match called {
            Called::Object(_) | Called::Clutter => u64::MAX,
            Called::Expected(_) | Called::Other => self.limits.statement_bytes,
        };
        if header.method != STORED || matches!(called, Called::Object(_)) {
            return header.bytes(self.source, &mut self.spool, most);
        }
        let (end, bytes) = header.bytes(self.source, &mut self.spool, most.min(self.to_hash))?;
        self.to_hash -= bytes.as_ref().map_or(0, |bytes| bytes.size);
        Ok((end, bytes))
    }

    fn end(self) -> Result<Salvage, RepackError> {
        let most = self.limits.entries.saturating_mul(2);
        let not_met = directory::not_met(self.source, &self.met, &self.data, most)?;
        let outside = self.gaps.findings(self.source, most)?;
        let contents = self.spool.contents(self.source)?;
        let objects = self
            .found
            .into_iter()
            .map(|(name, bytes)| Ok(Object { name, content: contents.of(&bytes)?, blake3: bytes.blake3 }));
        let objects = objects.collect::<io::Result<_>>()?;
        let clutter =
            self.clutter.iter().map(|bytes| Ok(Nameless { content: contents.of(bytes)?, blake3: bytes.blake3 }));
        let clutter = clutter.collect::<io::Result<_>>()?;
        Ok(Salvage { objects, dropped: self.dropped, not_met, outside, clutter, renamed: self.renamed })
    }
}

/// What the name of an entry promises.
enum Called {
    /// An object of a bundle.
    Object(EntryName),
    /// What belongs to a bundle without being an object, with the digest that it has then:
    /// `mimetype`, and folders, which are empty.
    Expected(Blake3),
    /// What an operating system adds.
    Clutter,
    /// Nothing.
    Other,
}

/// Whether these bytes are a signed statement whose signature holds: then they are one under
/// whatever name.
pub fn statement(content: &Content, limits: &Limits) -> bool {
    let bytes = content.read(limits.statement_bytes).ok();
    bytes.is_some_and(|bytes| Envelope::parse(&bytes).and_then(Envelope::verify).is_ok())
}

/// Where the bytes of an object are.
struct Bytes {
    blake3: Blake3,
    inflated: bool,
    offset: u64,
    size: u64,
}

/// A local header.
struct Header {
    flags: u16,
    method: u16,
    /// Size of the data in the file, if the header says it.
    stored_size: Option<u64>,
    name: String,
    name_hash: NameHash,
    data_offset: u64,
}

impl Header {
    /// `None` if the file ends before it does.
    fn read(source: &Content, offset: u64) -> io::Result<Option<Self>> {
        let Some(fixed) = part(source, offset, HEADER_BYTES)? else { return Ok(None) };
        let (name_bytes, extra_bytes) = (u64::from(u16_at(&fixed, 26)), u64::from(u16_at(&fixed, 28)));
        let Some(name) = part(source, offset + HEADER_BYTES, name_bytes)? else { return Ok(None) };
        let Some(extra) = part(source, offset + HEADER_BYTES + name_bytes, extra_bytes)? else { return Ok(None) };
        let flags = u16_at(&fixed, 6);
        let narrow = u32_at(&fixed, 18);
        let stored_size = match narrow {
            // A descriptor behind the data tells the size, and only the data itself tells where
            // that is.
            0 if flags & FLAG_DESCRIPTOR != 0 => None,
            u32::MAX => zip64_stored_size(&extra).filter(|size| *size > 0 || flags & FLAG_DESCRIPTOR == 0),
            size => Some(u64::from(size)),
        };
        Ok(Some(Self {
            flags,
            method: u16_at(&fixed, 8),
            stored_size,
            name: String::from_utf8_lossy(&name).into_owned(),
            name_hash: name_hash(&name),
            data_offset: offset + HEADER_BYTES + name_bytes + extra_bytes,
        }))
    }

    /// By its name alone. What is in it may be something else.
    fn called(&self) -> Called {
        if let Some(name) = entry_name(&self.name) {
            Called::Object(name)
        } else if self.name.ends_with(['/', '\\']) {
            Called::Expected(Blake3::of(b""))
        } else if self.is_clutter() {
            Called::Clutter
        } else if self.name.rsplit(['/', '\\']).next() == Some("mimetype") {
            Called::Expected(Blake3::of(MIMETYPE.as_bytes()))
        } else {
            Called::Other
        }
    }

    /// Whether the operating system put it there: what macOS knows of the files, its view of the
    /// folder, thumbnails.
    fn is_clutter(&self) -> bool {
        let mut parts = self.name.split(['/', '\\']);
        let last = parts.clone().next_back().unwrap_or_default();
        parts.any(|part| part == "__MACOSX") || [".DS_Store", "Thumbs.db", "desktop.ini"].contains(&last)
    }

    /// Finds and hashes the bytes of the entry, if they are no more than `most`. Gives also where
    /// the walk goes on: behind all that was looked at, for a file that has its bytes taken many
    /// times would take forever.
    fn bytes(
        &self,
        source: &Content,
        spool: &mut Spool,
        most: u64,
    ) -> Result<(u64, Result<Bytes, Finding>), RepackError> {
        let refused = |code, message: &str| Ok((self.data_offset, Err(self.refusal(code, message))));
        if self.flags & FLAG_ENCRYPTED != 0 {
            return refused(Code::ContainerFlags, "it is encrypted");
        }
        let rest = source.size().saturating_sub(self.data_offset);
        let size = match self.stored_size {
            Some(size) if size > rest => return refused(Code::ContainerTruncated, "the file ends before it does"),
            Some(size) => size,
            None if self.method == DEFLATED => rest,
            None => match spool.described(source, self.data_offset)? {
                Some(size) => size,
                None => return refused(Code::ContainerFlags, "it is stored, and nothing says how long it is"),
            },
        };
        let Some(data) = source.slice(self.data_offset, size) else {
            return refused(Code::ContainerTruncated, "the file ends before it does");
        };
        match self.method {
            STORED if size > most => refused(Code::ContainerName, "it is too large"),
            STORED => {
                let blake3 = hash(&data)?;
                let bytes = Bytes { blake3, inflated: false, offset: self.data_offset, size };
                Ok((self.data_offset + size, Ok(bytes)))
            }
            DEFLATED => {
                let (consumed, bytes) = spool.inflate(&data, most)?;
                let damaged = || self.refusal(Code::ContainerCrc, "its compressed bytes are damaged");
                Ok((self.data_offset + consumed, bytes.ok_or_else(damaged)))
            }
            method => refused(
                Code::ContainerNotStored,
                &format!(
                    "it is compressed with method {method}; unzip it with the tool that made it, and zip it again"
                ),
            ),
        }
    }

    fn refusal(&self, code: Code, message: &str) -> Finding {
        let name = entry_name(&self.name).map_or_else(|| shown_name(self.name.as_bytes()), |name| name.to_string());
        Finding::new(code, Place::entry(name), message)
    }
}

/// Where inflated bytes go: one temporary file, made when the first of them comes.
struct Spool {
    file: Option<File>,
    size: u64,
    /// Bytes inflated so far, also those that were given back.
    spent: u64,
    limit: u64,
    /// Bytes searched for the ends of entries that do not say how long they are.
    looked: u64,
}

impl Spool {
    /// Inflates to the end of the compressed stream, or to one byte more than `most`. Gives how
    /// many bytes that took, and no result if they are damaged or too many.
    fn inflate(&mut self, data: &Content, most: u64) -> Result<(u64, Option<Bytes>), RepackError> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.seek(SeekFrom::Start(self.size))?;
        let mut decoder = DeflateDecoder::new(BufReader::with_capacity(PIECE_BYTES, data.reader()));
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; PIECE_BYTES];
        let offset = self.size;
        loop {
            let count = match decoder.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // Damaged data says so by these two; anything else is the machine's.
                Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof) => {
                    return Ok((decoder.total_in(), None));
                }
                Err(error) => return Err(error.into()),
            };
            self.size += count as u64;
            // What turns out to be damaged took its time too.
            self.spent += count as u64;
            if self.spent > self.limit {
                return Err(RepackError::Bomb { limit: self.limit });
            }
            if self.size - offset > most {
                self.size = offset;
                return Ok((decoder.total_in(), None));
            }
            let piece = buffer.get(..count).expect("a reader fills at most the buffer");
            hasher.update(piece);
            file.write_all(piece)?;
        }
        let blake3 = Blake3::from_bytes(hasher.finalize().into());
        Ok((decoder.total_in(), Some(Bytes { blake3, inflated: true, offset, size: self.size - offset })))
    }

    /// The size of stored data that has a descriptor behind it and no size in front. Digests decide
    /// whether it is right.
    fn described(&mut self, source: &Content, data_offset: u64) -> io::Result<Option<u64>> {
        let mut position = data_offset;
        // In an archive without gaps all searches together look at each byte once.
        while self.looked <= source.size() {
            let Some(at) = find(source, position, DESCRIPTOR)? else {
                self.looked += source.size().saturating_sub(position);
                return Ok(None);
            };
            self.looked += at - position + 1;
            let size = at - data_offset;
            // Signature, CRC, and the size twice, of four or eight bytes each.
            let Some(record) = part(source, at, 16)? else { return Ok(None) };
            let wide =
                part(source, at, 24)?.is_some_and(|record| u64_at(&record, 8) == size && u64_at(&record, 16) == size);
            if wide || u64::from(u32_at(&record, 8)) == size && u64::from(u32_at(&record, 12)) == size {
                return Ok(Some(size));
            }
            position = at + 1;
        }
        Ok(None)
    }

    /// The bytes of one entry.
    fn content(&self, source: &Content, bytes: &Bytes) -> io::Result<Content> {
        let content = match &self.file {
            Some(file) if bytes.inflated => Content::file(file.try_clone()?)?.slice(bytes.offset, bytes.size),
            _ => source.slice(bytes.offset, bytes.size),
        };
        content.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Makes the room of what was inflated last free again.
    fn give_back(&mut self, bytes: &Bytes) {
        if bytes.inflated {
            self.size = bytes.offset;
        }
    }

    /// Everything that was inflated, and the source.
    fn contents(self, source: &Content) -> io::Result<Contents<'_>> {
        let inflated = match self.file {
            Some(file) => Content::file(file)?,
            None => Content::bytes([]),
        };
        Ok(Contents { source, inflated })
    }
}

/// Where bytes are read from once the walk is over.
struct Contents<'a> {
    source: &'a Content,
    inflated: Content,
}

impl Contents<'_> {
    fn of(&self, bytes: &Bytes) -> io::Result<Content> {
        let whole = if bytes.inflated { &self.inflated } else { self.source };
        whole.slice(bytes.offset, bytes.size).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

/// The name that an object of a bundle has, whatever folders it was put into.
fn entry_name(text: &str) -> Option<EntryName> {
    // Some tools of Windows write backslashes.
    let text = text.replace('\\', "/");
    let starts = std::iter::once(0).chain(text.match_indices('/').map(|(at, _)| at + 1));
    starts.filter_map(|start| text.get(start..)).find_map(|name| name.parse().ok())
}

/// A foreign name as a place, which shows it escaped: no more than a line of it.
pub fn shown_name(name: &[u8]) -> String {
    String::from_utf8_lossy(name).chars().take(160).collect()
}

/// The place of the next local header at or after a position.
fn next_header(source: &Content, position: u64) -> io::Result<Option<u64>> {
    find(source, position, SIGNATURE)
}

/// The place of the next such signature at or after a position.
fn find(source: &Content, position: u64, signature: [u8; 4]) -> io::Result<Option<u64>> {
    let mut position = position;
    // In an archive without gaps it is right here.
    let mut wanted = signature.len();
    while position < source.size() {
        let count = source.size().saturating_sub(position).min(wanted as u64);
        let Some(bytes) = part(source, position, count)? else { return Ok(None) };
        if let Some(at) = bytes.windows(signature.len()).position(|window| window == signature) {
            return Ok(Some(position + at as u64));
        }
        if position + count >= source.size() {
            break;
        }
        // The last three bytes may be the first of a signature.
        position += count.saturating_sub(signature.len() as u64 - 1).max(1);
        wanted = PIECE_BYTES;
    }
    Ok(None)
}

/// A part of a content in memory. `None` if it ends before that.
pub fn part(source: &Content, offset: u64, size: u64) -> io::Result<Option<Vec<u8>>> {
    source.slice(offset, size).map(|part| part.read(size)).transpose()
}

fn hash(content: &Content) -> io::Result<Blake3> {
    let mut hasher = blake3::Hasher::new();
    match content.memory() {
        Some(bytes) => {
            hasher.update(bytes);
        }
        None => {
            hasher.update_reader(content.reader())?;
        }
    }
    Ok(Blake3::from_bytes(hasher.finalize().into()))
}

/// The size in the file from a ZIP64 extra field: the second of its values, after the inflated
/// size.
fn zip64_stored_size(mut extra: &[u8]) -> Option<u64> {
    while extra.len() >= 4 {
        let length = usize::from(u16_at(extra, 2));
        if u16_at(extra, 0) == 1 {
            return extra.get(12..20).filter(|_| length >= 16)?.try_into().ok().map(u64::from_le_bytes);
        }
        extra = extra.get(4 + length..)?;
    }
    None
}

pub fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).and_then(|bytes| bytes.try_into().ok()).map_or(0, u16::from_le_bytes)
}

pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
}

pub fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
}
