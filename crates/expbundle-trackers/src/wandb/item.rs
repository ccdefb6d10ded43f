//! An item of history, summary or configuration: where it belongs, and its value as it was written.

use crate::protobuf::{Content, Field, Fields};

/// An item, nothing of it decoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Item<'a> {
    /// The bytes that name its path. They are the same for every item of a writer, so they can be
    /// looked up as they are.
    pub key: &'a [u8],
    /// Its value.
    pub value: Raw<'a>,
}

/// A value as it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Raw<'a> {
    /// JSON in W&B's dialect.
    Json(&'a [u8]),
    /// A text.
    Text(&'a [u8]),
    /// An integer.
    Integer(i64),
    /// A float.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// Nothing.
    Null,
}

impl<'a> Item<'a> {
    /// Takes an item apart.
    pub fn read(item: &'a [u8]) -> Self {
        let mut value = Raw::Null;
        let mut key = &item[..0];
        let mut fields = Fields::new(item);
        let mut ordered = true;
        while let Some(Field { number, content }) = fields.next() {
            match (number, content) {
                (1 | 2, _) => key = if ordered { item.get(..fields.position(item)).unwrap_or(item) } else { item },
                (4, content) => value = Raw::Bool(content.number() != 0),
                (5, content) => value = Raw::Integer(zigzag(content.number())),
                (6, Content::Fixed64(bits)) => value = Raw::Float(f64::from_bits(bits)),
                (7, Content::Bytes(bytes)) => value = Raw::Text(bytes),
                (8 | 16, Content::Bytes(bytes)) if !bytes.is_empty() => value = Raw::Json(bytes),
                _ => {}
            }
            // Keys come first from every writer; where one comes later, the whole item is the key.
            ordered &= number <= 2;
        }
        Self { key, value }
    }

    /// The JSON of an item that is expected to have a certain key and a short value, as nearly all
    /// of millions do; `None` if it is another.
    pub fn expect(item: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
        // Field 16, bytes; then a length of one byte.
        let (length, json) = item.strip_prefix(key)?.strip_prefix(&[0x82, 0x01])?.split_first()?;
        (*length < 0x80 && usize::from(*length) == json.len() && !json.is_empty()).then_some(json)
    }
}

impl<'a> Raw<'a> {
    /// The JSON; empty if it is something else.
    pub fn json(self) -> &'a [u8] {
        match self {
            Self::Json(json) => json,
            _ => &[],
        }
    }
}

/// The path of a key: the nested one if there is one, else the flat one, which may be empty.
pub fn path_of(key: &[u8]) -> Vec<String> {
    let (mut path, mut flat) = (Vec::new(), String::new());
    for Field { number, content } in Fields::new(key) {
        match number {
            1 => flat = content.text(),
            2 => path.push(content.text()),
            _ => {}
        }
    }
    if path.is_empty() { vec![flat] } else { path }
}

#[expect(clippy::cast_possible_wrap, reason = "this is how zigzag is undone")]
fn zigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_flat_or_nested_and_may_come_late() {
        let nested = [0x12, 1, b'a', 0x12, 1, b'b', 0x82, 1, 1, b'7'];
        let item = Item::read(&nested);
        assert_eq!((item.key, item.value.json()), (&nested[..6], &b"7"[..]));
        assert_eq!(path_of(item.key), ["a", "b"]);
        assert_eq!(Item::expect(&nested, &nested[..6]), Some(item.value.json()));
        assert_eq!(Item::expect(&nested, &nested[..3]), None);
        assert_eq!(Item::expect(&nested[..9], &nested[..6]), None);
        let late = [0x82, 1, 1, b'7', 0x0a, 1, b'a'];
        let item = Item::read(&late);
        assert_eq!((path_of(item.key), item.value), (vec!["a".to_owned()], Raw::Json(b"7")));
        assert_eq!(path_of(Item::read(&[]).key), [""]);
    }

    #[test]
    fn zigzag_is_undone() {
        assert_eq!([zigzag(0), zigzag(1), zigzag(2), zigzag(u64::MAX)], [0, -1, 1, i64::MIN]);
    }
}
