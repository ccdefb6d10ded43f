//! One pass over the bytes of a container: every entry hashed, and read where it is a record, a
//! statement or JSON, on all cores.
//!
//! Small entries that lie together are read together, for a family of 100,000 records is a file of
//! 200,000 of them.

use std::borrow::Cow;
use std::io::{self, Read};

use expbundle_format::container::{Entry, EntryName};
use expbundle_format::limits::Limits;
use expbundle_format::record::Record;
use expbundle_format::sections;
use expbundle_format::{Blake3, Code, DigestSet, Finding, Place, Sha256};
use expbundle_lineage::parallel::prelude::*;
use expbundle_statement::{Claims, Envelope, SetAside, StatementError, VerifiedStatement};

use crate::content::Content;
use crate::large::in_turn;
use crate::verify::Digests;

/// How much is done about statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signatures {
    /// Each signature is verified.
    Verified,
    /// It is only looked up what each is about.
    Later,
}

/// A pass over one container.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pass<'a> {
    pub content: &'a Content,
    pub limits: &'a Limits,
    pub digests: Digests,
    pub signatures: Signatures,
}

/// What a pass saw of one entry.
pub(crate) struct Seen {
    pub hashed: io::Result<Hashed>,
    pub parsed: Parsed,
}

/// What hashing one entry gave.
#[derive(Clone, Copy)]
pub(crate) struct Hashed {
    pub blake3: Blake3,
    pub sha256: Option<Sha256>,
    pub crc32: u32,
}

/// What reading one entry gave.
pub(crate) enum Parsed {
    /// It has no form of its own, or could not be read.
    Bytes,
    /// A section in JSON that has the members of its schema.
    Json,
    Record(Box<Record>),
    Statement(Box<VerifiedStatement>),
    /// A statement whose signature is verified later.
    Claims(Box<Claims>),
    /// A statement that only a later version can verify.
    SetAside(Box<SetAside>),
    /// Why it is not what its name says.
    Refused(Box<Finding>),
}

/// Entries that lie within so many bytes are read at once.
const TOGETHER_BYTES: u64 = 1 << 20;
/// Bytes read and hashed at a time: large enough for all cores to share.
const PIECE_BYTES: usize = 4 << 20;

impl Pass<'_> {
    /// What it saw of each entry, in their order.
    pub fn over(&self, entries: &[Entry]) -> Vec<Seen> {
        let end = |entry: &Entry| entry.data_offset.saturating_add(entry.size);
        let mut groups = Vec::new();
        let mut rest = entries;
        while let Some(first) = rest.first() {
            let fits = |entry: &&Entry| end(entry).saturating_sub(first.data_offset) <= TOGETHER_BYTES;
            let (group, others) = rest.split_at(rest.iter().take_while(fits).count().max(1));
            groups.push(group);
            rest = others;
        }
        groups.into_par_iter().flat_map_iter(|group| self.group(group)).collect()
    }

    fn group(&self, entries: &[Entry]) -> Vec<Seen> {
        let start = entries.first().map_or(0, |entry| entry.data_offset);
        let end = entries.last().map_or(0, |entry| entry.data_offset.saturating_add(entry.size));
        let span = self.content.slice(start, end.saturating_sub(start)).filter(|span| span.size() <= TOGETHER_BYTES);
        let span = span.as_ref().and_then(|span| span.at_most(TOGETHER_BYTES).ok());
        let one = |entry: &Entry| {
            let within = |span: &Cow<'_, [u8]>| -> Option<Seen> {
                let from = usize::try_from(entry.data_offset - start).ok()?;
                let bytes = span.get(from..from.checked_add(usize::try_from(entry.size).ok()?)?)?;
                Some(self.small(entry, bytes))
            };
            span.as_ref().and_then(within).unwrap_or_else(|| self.large(entry))
        };
        entries.iter().map(one).collect()
    }

    fn small(&self, entry: &Entry, bytes: &[u8]) -> Seen {
        let parsed = self.parse(&entry.name, entry.size, || Ok(Cow::Borrowed(bytes)));
        let hashed = if let Parsed::Record(record) = &parsed {
            // It was hashed where it was parsed.
            let DigestSet { blake3, sha256 } = record.digest();
            Hashed { blake3, sha256: Some(sha256), crc32: crc32fast::hash(bytes) }
        } else {
            let mut hashing = Hashing::new(self.digests);
            hashing.update(bytes);
            hashing.finish()
        };
        Seen { hashed: Ok(hashed), parsed }
    }

    fn large(&self, entry: &Entry) -> Seen {
        let Some(content) = self.content.slice(entry.data_offset, entry.size) else {
            return Seen { hashed: Err(io::ErrorKind::UnexpectedEof.into()), parsed: Parsed::Bytes };
        };
        match hash(&content, self.digests) {
            Ok(hashed) => {
                let parsed = self.parse(&entry.name, entry.size, || content.at_most(u64::MAX));
                Seen { hashed: Ok(hashed), parsed }
            }
            Err(error) => Seen { hashed: Err(error), parsed: Parsed::Bytes },
        }
    }

    fn parse<'b>(&self, name: &EntryName, size: u64, bytes: impl FnOnce() -> io::Result<Cow<'b, [u8]>>) -> Parsed {
        let (limit, code) = match name {
            EntryName::Record(_) => (self.limits.record_bytes, Code::ContainerLimit),
            EntryName::Statement(_) => (self.limits.statement_bytes, Code::ContainerLimit),
            EntryName::Section { section, .. } if section.extension() == "json" => {
                (self.limits.section_bytes, Code::JsonLimit)
            }
            EntryName::Section { .. } | EntryName::Artifact(_) => return Parsed::Bytes,
        };
        if size > limit {
            let message = format!("{size} bytes, more than {limit}");
            return Parsed::Refused(Box::new(Finding::new(code, Place::entry(name.to_string()), message)));
        }
        let Ok(bytes) = bytes() else { return Parsed::Bytes };
        let parsed = match name {
            EntryName::Record(_) => Record::parse(bytes.into_owned(), self.limits)
                .map(|record| Parsed::Record(Box::new(record)))
                .map_err(|error| error.finding(&name.to_string())),
            EntryName::Statement(_) => self.statement(&bytes).map_err(|error| error.finding(&name.to_string())),
            EntryName::Section { section, .. } => in_turn(size, || sections::check(section, &bytes, self.limits))
                .map(|()| Parsed::Json)
                .map_err(|error| Finding::new(error.code(), error.place(&name.to_string()), error.to_string())),
            EntryName::Artifact(_) => Ok(Parsed::Bytes),
        };
        parsed.unwrap_or_else(|finding| Parsed::Refused(Box::new(finding)))
    }

    fn statement(&self, bytes: &[u8]) -> Result<Parsed, StatementError> {
        let envelope = Envelope::parse(bytes)?;
        let parsed = match self.signatures {
            Signatures::Verified => envelope.verify().map(|statement| Parsed::Statement(Box::new(statement))),
            Signatures::Later => envelope.claims().map(|claims| Parsed::Claims(Box::new(claims))),
        };
        match parsed {
            Err(StatementError::SetAside(set_aside)) => Ok(Parsed::SetAside(set_aside)),
            parsed => parsed,
        }
    }
}

struct Hashing {
    blake3: blake3::Hasher,
    sha256: Option<sha2::Sha256>,
    crc32: crc32fast::Hasher,
}

impl Hashing {
    fn new(digests: Digests) -> Self {
        Self {
            blake3: blake3::Hasher::new(),
            sha256: (digests == Digests::All).then(sha2::Digest::new),
            crc32: crc32fast::Hasher::new(),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        update_blake3(&mut self.blake3, bytes);
        self.crc32.update(bytes);
        if let Some(sha256) = &mut self.sha256 {
            sha2::Digest::update(sha256, bytes);
        }
    }

    fn finish(self) -> Hashed {
        Hashed {
            blake3: Blake3::from_bytes(self.blake3.finalize().into()),
            sha256: self.sha256.map(|hasher| Sha256::from_bytes(sha2::Digest::finalize(hasher).into())),
            crc32: self.crc32.finalize(),
        }
    }
}

/// Small entries are spread over the cores; a large one is spread by itself.
fn update_blake3(hasher: &mut blake3::Hasher, bytes: &[u8]) {
    #[cfg(feature = "parallel")]
    if bytes.len() >= PIECE_BYTES {
        hasher.update_rayon(bytes);
        return;
    }
    hasher.update(bytes);
}

fn hash(content: &Content, digests: Digests) -> io::Result<Hashed> {
    let mut hashing = Hashing::new(digests);
    if let Some(bytes) = content.memory() {
        hashing.update(bytes);
        return Ok(hashing.finish());
    }
    let mut reader = content.reader();
    let mut buffer = vec![0_u8; usize::try_from(content.size()).unwrap_or(usize::MAX).min(PIECE_BYTES)];
    loop {
        let count = read_full(&mut reader, &mut buffer)?;
        if count == 0 {
            return Ok(hashing.finish());
        }
        hashing.update(buffer.get(..count).unwrap_or_default());
    }
}

fn read_full(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
