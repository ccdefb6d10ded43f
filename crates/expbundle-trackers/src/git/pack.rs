//! Packs: many objects in a file, some as differences to others.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::bases::{Bases, Place};
use super::object::{Kind, Object};
use super::{Id, MOST_OBJECT_BYTES, broken, take};
use crate::finding::{SourceCode, SourceFinding};
use crate::inflate::inflate;
use crate::text::open_file;
use crate::work::Work;

/// Packs of a repository that nobody ever tidied up.
const MOST_PACKS: usize = 10_000;
/// An index has some 30 bytes for each object.
const MOST_INDEX_BYTES: u64 = 512 << 20;
/// Git itself makes chains of 50 differences, and allows 4,095.
const MOST_DELTAS: usize = 4096;
/// Bytes of all differences of a chain.
const MOST_DELTA_BYTES: u64 = 512 << 20;
/// Copying bytes from a base takes so much less than inflating them.
const COPIES: u64 = 8;
/// `0xff 't' 'O' 'c'` and version 2.
const INDEX_HEADER: &[u8] = b"\xfftOc\0\0\0\x02";

/// The packs of a repository.
#[derive(Debug, Default)]
pub(super) struct Packs(Vec<Pack>);

#[derive(Debug)]
struct Pack {
    /// Without its extension.
    path: Utf8PathBuf,
    index: Vec<u8>,
}

/// What stands at a place of a pack.
enum Packed {
    Whole(Object),
    /// A difference to what stands at another place.
    At(u64, Vec<u8>),
    /// A difference to an object.
    To(Id, Vec<u8>),
}

impl Packs {
    /// Opens the packs of a folder; those that cannot be opened are findings.
    pub fn open(folder: &Utf8Path, findings: &mut Vec<SourceFinding>) -> Self {
        let mut packs = Vec::new();
        let Ok(entries) = folder.read_dir_utf8() else { return Self::default() };
        let mut paths: Vec<Utf8PathBuf> = entries.filter_map(Result::ok).map(camino::Utf8DirEntry::into_path).collect();
        paths.retain(|path| path.extension() == Some("idx"));
        paths.sort();
        for path in paths.into_iter().take(MOST_PACKS) {
            match read_index(&path) {
                Ok(index) => packs.push(Pack { path: path.with_extension(""), index }),
                Err(error) => {
                    let place = format!(".git/objects/pack/{}", path.file_name().unwrap_or_default());
                    findings.push(SourceFinding::new(SourceCode::Unreadable, place, error.to_string()));
                }
            }
        }
        Self(packs)
    }

    /// Reads an object; `None` if no pack has it. What is unpacked for it is taken from the work.
    pub fn read(&self, id: &Id, work: &Work, bases: &mut Bases) -> io::Result<Option<Object>> {
        self.find(id).map(|(pack, offset)| self.resolve(pack, offset, work, bases)).transpose()
    }

    fn find(&self, id: &Id) -> Option<(usize, u64)> {
        self.0.iter().enumerate().find_map(|(at, pack)| Some((at, pack.find(id)?)))
    }

    fn resolve(&self, mut pack: usize, mut offset: u64, work: &Work, bases: &mut Bases) -> io::Result<Object> {
        let mut deltas = Vec::new();
        let mut bytes = 0_u64;
        let mut object = loop {
            let place = Place::Packed(pack, offset);
            if let Some(known) = bases.get(&place) {
                take(work, known.bytes.len() as u64)?;
                break known;
            }
            let file = self.0.get(pack).ok_or_else(|| broken("the pack is not here"))?;
            let delta = match file.at(offset, work)? {
                Packed::Whole(object) => {
                    bases.keep(place, &object);
                    break object;
                }
                Packed::At(base, delta) => {
                    offset = base;
                    delta
                }
                Packed::To(base, delta) => {
                    (pack, offset) = self.find(&base).ok_or_else(|| broken("what it differs from is not here"))?;
                    delta
                }
            };
            bytes = bytes.saturating_add(delta.len() as u64);
            deltas.push((place, delta));
            if deltas.len() > MOST_DELTAS || bytes > MOST_DELTA_BYTES {
                return Err(broken("it is made of more differences than any object"));
            }
        };
        while let Some((place, delta)) = deltas.pop() {
            let damaged = || broken("a difference is damaged");
            let (from, to, pieces) = sizes(&delta).ok_or_else(damaged)?;
            take(work, if deltas.is_empty() { to as u64 } else { to as u64 / COPIES })?;
            let base = Some(object.bytes).filter(|base| base.len() == from);
            object.bytes = Arc::new(base.and_then(|base| apply(&base, to, pieces)).ok_or_else(damaged)?);
            bases.keep(place, &object);
        }
        Ok(object)
    }
}

fn read_index(path: &Utf8Path) -> io::Result<Vec<u8>> {
    let file = open_file(path)?.ok_or_else(|| broken("it is not a regular file"))?;
    let mut index = Vec::new();
    file.take(MOST_INDEX_BYTES + 1).read_to_end(&mut index)?;
    if index.len() as u64 > MOST_INDEX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the index has more than 512 MiB"));
    }
    if index.starts_with(INDEX_HEADER) { Ok(index) } else { Err(broken("it is not an index of version 2")) }
}

impl Pack {
    fn number(&self, at: usize) -> Option<u64> {
        let bytes = self.index.get(at..at.checked_add(4)?)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?).into())
    }

    /// How many objects have a first byte of at most this.
    fn up_to(&self, first: usize) -> Option<usize> {
        self.number(INDEX_HEADER.len() + first * 4)?.try_into().ok()
    }

    /// The place of an object: 256 counts, then all ids in their order, their checksums, and their
    /// places of four bytes, or of eight in a table behind.
    fn find(&self, id: &Id) -> Option<u64> {
        let first = usize::from(*id.0.first()?);
        let (mut low, mut high) = (if first == 0 { 0 } else { self.up_to(first - 1)? }, self.up_to(first)?);
        let (count, length) = (self.up_to(255)?, id.0.len());
        let ids = INDEX_HEADER.len() + 1024;
        while low < high {
            let middle = low + (high - low) / 2;
            let start = ids.checked_add(middle.checked_mul(length)?)?;
            match self.index.get(start..start.checked_add(length)?)?.cmp(&id.0) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => {
                    let places = ids.checked_add(count.checked_mul(length + 4)?)?;
                    let place = self.number(places.checked_add(middle.checked_mul(4)?)?)?;
                    let Some(large) = place.checked_sub(1 << 31) else { return Some(place) };
                    let at = places
                        .checked_add(count.checked_mul(4)?)?
                        .checked_add(usize::try_from(large).ok()?.checked_mul(8)?)?;
                    return Some(self.number(at)? << 32 | self.number(at.checked_add(4)?)?);
                }
            }
        }
        None
    }

    fn at(&self, offset: u64, work: &Work) -> io::Result<Packed> {
        let path = Utf8PathBuf::from(format!("{}.pack", self.path));
        let file: File = open_file(&path)?.ok_or_else(|| broken("the pack is not here"))?;
        let mut file = BufReader::new(file);
        file.seek(SeekFrom::Start(offset))?;
        let mut byte = next(&mut file)?;
        let kind = byte >> 4 & 7;
        let (mut size, mut shift) = (u64::from(byte & 15), 4);
        while byte & 0x80 != 0 {
            byte = next(&mut file)?;
            if shift > 56 {
                return Err(broken("its size is damaged"));
            }
            size |= u64::from(byte & 0x7f) << shift;
            shift += 7;
        }
        if size > MOST_OBJECT_BYTES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it has more than 256 MiB"));
        }
        take(work, size)?;
        let base = match kind {
            6 => Some(offset.checked_sub(distance(&mut file)?).filter(|base| *base < offset)),
            _ => None,
        };
        let id = if kind == 7 {
            let mut id = [0; 20];
            file.read_exact(&mut id)?;
            Some(Id::of(&id))
        } else {
            None
        };
        let bytes = inflate(file, size)?;
        if bytes.len() as u64 != size {
            return Err(broken("its size is not the size that it states"));
        }
        let kind = match (kind, base, id) {
            (1, ..) => Kind::Commit,
            (2, ..) => Kind::Tree,
            (3, ..) => Kind::Blob,
            (4, ..) => Kind::Tag,
            (_, Some(Some(base)), _) => return Ok(Packed::At(base, bytes)),
            (_, _, Some(id)) => return Ok(Packed::To(id, bytes)),
            _ => return Err(broken("it is of no known kind")),
        };
        Ok(Packed::Whole(Object { kind, bytes: Arc::new(bytes) }))
    }
}

fn next(file: &mut impl Read) -> io::Result<u8> {
    let mut byte = [0];
    file.read_exact(&mut byte)?;
    Ok(byte.into_iter().next().unwrap_or_default())
}

/// How far before it the base of a difference stands.
fn distance(file: &mut impl Read) -> io::Result<u64> {
    let mut byte = next(file)?;
    let mut distance = u64::from(byte & 0x7f);
    while byte & 0x80 != 0 {
        byte = next(file)?;
        distance = distance
            .checked_add(1)
            .and_then(|more| more.checked_mul(128))
            .ok_or_else(|| broken("a place is damaged"))?;
        distance |= u64::from(byte & 0x7f);
    }
    Ok(distance)
}

/// What stands in front of a difference, the sizes of both sides, and what follows.
fn sizes(mut delta: &[u8]) -> Option<(usize, usize, &[u8])> {
    let (from, to) = (size(&mut delta)?, size(&mut delta)?);
    (to as u64 <= MOST_OBJECT_BYTES).then_some((from, to, delta))
}

/// Applies a difference, pieces of the base and bytes of its own, that makes so many bytes.
fn apply(base: &[u8], to: usize, mut delta: &[u8]) -> Option<Vec<u8>> {
    let mut result = Vec::with_capacity(to);
    while let Some((code, rest)) = delta.split_first() {
        delta = rest;
        let piece = if code & 0x80 != 0 {
            let mut number = |bits: std::ops::Range<u8>| {
                (0..).zip(bits).try_fold(0_usize, |number, (index, bit)| {
                    if code >> bit & 1 == 0 {
                        return Some(number);
                    }
                    let (byte, rest) = delta.split_first()?;
                    delta = rest;
                    Some(number | usize::from(*byte) << (8 * index))
                })
            };
            let (offset, length) = (number(0..4)?, number(4..7)?);
            let length = if length == 0 { 0x10000 } else { length };
            base.get(offset..offset.checked_add(length)?)?
        } else {
            let (own, rest) = delta.split_at_checked((*code).into()).filter(|_| *code > 0)?;
            delta = rest;
            own
        };
        if result.len() + piece.len() > to {
            return None;
        }
        result.extend_from_slice(piece);
    }
    (result.len() == to).then_some(result)
}

fn size(delta: &mut &[u8]) -> Option<usize> {
    let (mut size, mut shift) = (0_usize, 0);
    loop {
        let (byte, rest) = delta.split_first()?;
        *delta = rest;
        size |= usize::from(byte & 0x7f).checked_shl(shift).filter(|_| shift <= 56)?;
        shift += 7;
        if byte & 0x80 == 0 {
            return Some(size);
        }
    }
}
