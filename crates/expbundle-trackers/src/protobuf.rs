//! Protocol Buffers, as far as reading foreign records needs it: fields in sequence, nothing
//! allocated.
//!
//! History rows are millions of small messages; walking their bytes is several times as quick as
//! decoding them into structs of their own.

/// A field of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field<'a> {
    /// Its number.
    pub number: u32,
    /// Its content.
    pub content: Content<'a>,
}

/// What a field holds, by its wire type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Content<'a> {
    /// An integer.
    Varint(u64),
    /// Eight bytes.
    Fixed64(u64),
    /// Text, bytes or a message.
    Bytes(&'a [u8]),
    /// Four bytes.
    Fixed32(u32),
}

impl<'a> Content<'a> {
    /// The bytes, if it has some; else none.
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            _ => &[],
        }
    }

    /// The text; what is not UTF-8 in it is replaced.
    pub fn text(self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// The integer, if it is one; else 0.
    pub fn number(self) -> u64 {
        match self {
            Self::Varint(number) => number,
            _ => 0,
        }
    }

    /// The integer as protobuf's `int64` has it.
    #[expect(clippy::cast_possible_wrap, reason = "negative numbers are written as their two's complement")]
    pub fn signed(self) -> i64 {
        self.number() as i64
    }
}

/// A varint at the beginning of bytes, and what follows: packed integers have no fields.
pub fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut fields = Fields::new(bytes);
    Some((fields.varint()?, fields.rest))
}

/// The fields of a message, until its end or the first that is broken.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
    /// Whether something could not be read.
    pub broken: bool,
}

impl<'a> Fields<'a> {
    /// Reads a message.
    pub fn new(message: &'a [u8]) -> Self {
        Self { rest: message, broken: false }
    }

    /// How many bytes of the message were read.
    pub fn position(&self, message: &[u8]) -> usize {
        message.len() - self.rest.len()
    }

    #[inline]
    fn varint(&mut self) -> Option<u64> {
        // Most are one byte.
        if let Some((&byte, rest)) = self.rest.split_first()
            && byte < 0x80
        {
            self.rest = rest;
            return Some(u64::from(byte));
        }
        let mut value = 0_u64;
        for (index, byte) in self.rest.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                self.rest = self.rest.get(index + 1..)?;
                return Some(value);
            }
        }
        None
    }

    #[inline]
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    #[inline]
    fn field(&mut self) -> Option<Field<'a>> {
        // Most fields of most messages: a number below sixteen, and up to 127 bytes.
        if let [tag @ 0x0a..0x80, length @ 0..0x80, rest @ ..] = self.rest
            && tag & 7 == 2
            && let Some((bytes, rest)) = rest.split_at_checked(usize::from(*length))
        {
            self.rest = rest;
            return Some(Field { number: u32::from(tag >> 3), content: Content::Bytes(bytes) });
        }
        let tag = self.varint()?;
        let content = match tag & 7 {
            0 => Content::Varint(self.varint()?),
            1 => Content::Fixed64(u64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Content::Bytes(self.take(length)?)
            }
            5 => Content::Fixed32(u32::from_le_bytes(self.take(4)?.try_into().ok()?)),
            _ => return None,
        };
        let number = u32::try_from(tag >> 3).ok().filter(|number| *number > 0)?;
        Some(Field { number, content })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    #[inline]
    fn next(&mut self) -> Option<Field<'a>> {
        if self.rest.is_empty() || self.broken {
            return None;
        }
        let field = self.field();
        self.broken = field.is_none();
        field
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_every_type_are_read_and_absurd_ones_are_not() {
        let message = [0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i', 0x1d, 1, 0, 0, 0, 0x21, 2, 0, 0, 0, 0, 0, 0, 0];
        let fields: Vec<_> = Fields::new(&message).map(|field| (field.number, field.content)).collect();
        assert_eq!(
            fields,
            [(1, Content::Varint(150)), (2, Content::Bytes(b"hi")), (3, Content::Fixed32(1)), (4, Content::Fixed64(2))]
        );
        for bad in [
            &[0x12, 0x7f][..],
            &[0x0b],
            &[0x00, 0x01],
            &[0xff; 12],
            &[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        ] {
            let mut fields = Fields::new(bad);
            assert_eq!(fields.next(), None);
            assert!(fields.broken);
        }
    }
}
