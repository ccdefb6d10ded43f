//! Small messages within the rows.

use crate::protobuf::{Content, Fields, varint};

/// Key and value of a map's entry.
pub(super) fn entry(message: &[u8]) -> Option<(&str, &[u8])> {
    let (mut key, mut value) = (None, None);
    for field in Fields::new(message) {
        match field.number {
            1 => key = std::str::from_utf8(field.content.bytes()).ok(),
            2 => value = Some(field.content.bytes()),
            _ => {}
        }
    }
    Some((key?, value?))
}

/// The one field of a choice.
pub(super) fn only(message: &[u8]) -> Option<(u32, Content<'_>)> {
    Fields::new(message).last().map(|field| (field.number, field.content))
}

/// `Step`: whole, and millionths.
#[expect(clippy::cast_precision_loss, reason = "steps beyond 2^53 do not occur")]
pub(super) fn step(message: &[u8]) -> Option<f64> {
    let (mut whole, mut millionths) = (0, 0);
    let mut fields = Fields::new(message);
    for field in fields.by_ref() {
        match field.number {
            1 => whole = field.content.number(),
            2 => millionths = field.content.number(),
            _ => {}
        }
    }
    (!fields.broken).then_some(whole as f64 + millionths as f64 / 1e6)
}

/// `google.protobuf.Timestamp`.
pub(super) fn nanoseconds(message: &[u8]) -> Option<i64> {
    let (mut seconds, mut nanos) = (0_i64, 0);
    for field in Fields::new(message) {
        match field.number {
            1 => seconds = field.content.signed(),
            2 => nanos = field.content.signed(),
            _ => {}
        }
    }
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
}

pub(super) fn milliseconds(message: &[u8]) -> Option<i64> {
    nanoseconds(message).map(|time| time.div_euclid(1_000_000))
}

/// Doubles, packed or one by one.
pub(super) fn doubles(content: Content<'_>, values: &mut Vec<f64>) {
    match content {
        Content::Fixed64(bits) => values.push(f64::from_bits(bits)),
        Content::Bytes(bytes) => values.extend(bytes.as_chunks::<8>().0.iter().map(|eight| f64::from_le_bytes(*eight))),
        _ => {}
    }
}

/// Counts, packed or one by one.
#[expect(clippy::cast_precision_loss, reason = "counts of values")]
pub(super) fn integers(content: Content<'_>, values: &mut Vec<f64>) {
    match content {
        Content::Varint(number) => values.push(number as f64),
        Content::Bytes(bytes) => {
            let mut rest = bytes;
            while let Some((number, after)) = varint(rest) {
                values.push(number as f64);
                rest = after;
            }
        }
        _ => {}
    }
}

/// `Preview`: how much is done of a provisional value; `None` if it is final.
pub(super) fn preview(message: &[u8]) -> Option<f64> {
    let (mut is_preview, mut ratio) = (false, 0.0);
    for field in Fields::new(message) {
        match (field.number, field.content) {
            (1, content) => is_preview = content.number() != 0,
            (2, Content::Fixed32(bits)) => ratio = f64::from(f32::from_bits(bits)),
            _ => {}
        }
    }
    is_preview.then_some(ratio)
}
