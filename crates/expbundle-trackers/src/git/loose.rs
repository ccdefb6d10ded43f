//! Objects that lie in a file each.

use std::io::{self, BufReader};
use std::sync::Arc;

use camino::Utf8Path;

use super::object::{Kind, Object};
use super::{Id, MOST_OBJECT_BYTES, broken, take};
use crate::inflate::inflate;
use crate::text::open_file;
use crate::work::Work;

/// `blob 123` and a zero byte.
const MOST_HEADER_BYTES: u64 = 32;

/// Reads an object; `None` if no file has it.
pub(super) fn read(objects: &Utf8Path, id: &Id, work: &Work) -> io::Result<Option<Object>> {
    let hex = id.to_string();
    let Some((first, rest)) = hex.split_at_checked(2) else { return Ok(None) };
    let Some(file) = open_file(&objects.join(first).join(rest))? else { return Ok(None) };
    let most = MOST_OBJECT_BYTES + MOST_HEADER_BYTES;
    let mut bytes = inflate(BufReader::new(file), most.min(work.left())).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge if work.left() < most => io::ErrorKind::QuotaExceeded.into(),
        _ => error,
    })?;
    take(work, bytes.len() as u64)?;
    let end = bytes.iter().position(|byte| *byte == 0).ok_or_else(|| broken("it has no header"))?;
    let (header, body) = bytes.split_at(end);
    let header = std::str::from_utf8(header).ok().and_then(|header| header.split_once(' '));
    let (kind, size) = header.ok_or_else(|| broken("it has no header"))?;
    let kind = Kind::named(kind).ok_or_else(|| broken("it is of no known kind"))?;
    if size.parse() != Ok(body.len() - 1) {
        return Err(broken("its size is not the size that it states"));
    }
    bytes.drain(..=end);
    Ok(Some(Object { kind, bytes: Arc::new(bytes) }))
}
