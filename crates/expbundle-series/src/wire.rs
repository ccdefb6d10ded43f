//! Thrift's compact protocol (Parquet writes its footer and page headers in it), as much as the
//! profile uses.
//!
//! The structures of the profile are almost wholly fixed, so each is described once, as a walk over
//! a [`Wire`], and the description serves both ways: [`Emit`] writes it, and [`Scan`] takes exactly
//! the bytes that `Emit` would write. There is no general Thrift parser to attack, and no field
//! that the profile does not have can slip by.

/// A direction to walk a structure in.
pub trait Wire {
    /// Why a walk ends early.
    type Error;
    /// Bytes that are always the same.
    fn literal(&mut self, bytes: &[u8]) -> Result<(), Self::Error>;
    /// Bytes of a fixed number.
    fn bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error>;
    /// One of several literals.
    fn one_of(&mut self, choice: &mut usize, literals: &[&[u8]]) -> Result<(), Self::Error>;
    /// An integer, in the zigzag form that all of Thrift's integers have.
    fn number(&mut self, number: &mut i64) -> Result<(), Self::Error>;
    /// The head of a list of structs.
    fn structs(&mut self, count: &mut usize) -> Result<(), Self::Error>;

    /// An integer that is already known.
    fn known(&mut self, number: i64) -> Result<(), Self::Error>;

    /// The head of a list of so many structs.
    fn known_structs(&mut self, count: usize) -> Result<(), Self::Error> {
        self.literal(&list_head(count))
    }

    /// Bytes that are always the same, behind their length.
    fn text(&mut self, text: &str) -> Result<(), Self::Error> {
        let mut length = Vec::new();
        push_varint(text.len() as u64, &mut length);
        self.literal(&length)?;
        self.literal(text.as_bytes())
    }
}

/// Writes.
#[derive(Default)]
pub struct Emit(pub Vec<u8>);

impl Wire for Emit {
    type Error = std::convert::Infallible;

    fn literal(&mut self, bytes: &[u8]) -> Result<(), Self::Error> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.literal(bytes)
    }

    fn one_of(&mut self, choice: &mut usize, literals: &[&[u8]]) -> Result<(), Self::Error> {
        self.literal(literals.get(*choice).expect("the choice is one of the literals"))
    }

    fn number(&mut self, number: &mut i64) -> Result<(), Self::Error> {
        self.known(*number)
    }

    fn structs(&mut self, count: &mut usize) -> Result<(), Self::Error> {
        self.0.extend(list_head(*count));
        Ok(())
    }

    fn known(&mut self, number: i64) -> Result<(), Self::Error> {
        push_varint(zigzag(number), &mut self.0);
        Ok(())
    }
}

/// Reads, and takes nothing but what [`Emit`] writes.
pub struct Scan<'a> {
    bytes: &'a [u8],
    position: usize,
}

/// Where the bytes begin to differ from every form that the profile has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Differs {
    /// Counted from the start of what is scanned.
    pub position: usize,
}

impl<'a> Scan<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// How much was read.
    pub fn position(&self) -> usize {
        self.position
    }

    /// What was not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    pub fn differs<T>(&self) -> Result<T, Differs> {
        Err(Differs { position: self.position })
    }

    /// The next bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Differs> {
        let Some(taken) = self.rest().get(..count) else { return self.differs() };
        self.position += count;
        Ok(taken)
    }

    /// The next bytes, as many as the array has.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Differs> {
        Ok(self.take(N)?.try_into().expect("as many were taken"))
    }

    /// A varint in its shortest form.
    pub fn varint(&mut self) -> Result<u64, Differs> {
        let mut number = 0_u64;
        for (index, byte) in self.rest().iter().take(10).enumerate() {
            let shift = 7 * u32::try_from(index).expect("below ten");
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits || (index > 0 && *byte == 0) {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                self.position += index + 1;
                return Ok(number);
            }
        }
        self.differs()
    }

    /// An integer in zigzag form.
    pub fn zigzag(&mut self) -> Result<i64, Differs> {
        Ok(unzigzag(self.varint()?))
    }

    /// Nothing may follow.
    pub fn end(&self) -> Result<(), Differs> {
        if self.rest().is_empty() { Ok(()) } else { self.differs() }
    }
}

impl Wire for Scan<'_> {
    type Error = Differs;

    fn literal(&mut self, bytes: &[u8]) -> Result<(), Differs> {
        self.one_of(&mut 0, &[bytes])
    }

    fn bytes(&mut self, bytes: &mut [u8]) -> Result<(), Differs> {
        bytes.copy_from_slice(self.take(bytes.len())?);
        Ok(())
    }

    fn one_of(&mut self, choice: &mut usize, literals: &[&[u8]]) -> Result<(), Differs> {
        let rest = self.rest();
        for (index, literal) in literals.iter().enumerate() {
            if rest.starts_with(literal) {
                *choice = index;
                self.position += literal.len();
                return Ok(());
            }
        }
        // Points at the first byte that no literal has, which is what a person wants to look at.
        let common = |literal: &&[u8]| literal.iter().zip(rest).take_while(|(a, b)| a == b).count();
        self.position += literals.iter().map(common).max().unwrap_or(0);
        self.differs()
    }

    fn number(&mut self, number: &mut i64) -> Result<(), Differs> {
        *number = self.zigzag()?;
        Ok(())
    }

    fn structs(&mut self, count: &mut usize) -> Result<(), Differs> {
        let [head] = self.array()?;
        let long = head == 0xfc;
        let number = if long { self.varint()? } else { u64::from(head >> 4) };
        let fits = head & 0x0f == 0x0c && long == (number >= 15);
        match usize::try_from(number) {
            Ok(number) if fits => *count = number,
            _ => return self.differs(),
        }
        Ok(())
    }

    fn known(&mut self, number: i64) -> Result<(), Differs> {
        let mut emit = Emit::default();
        let Ok(()) = emit.known(number);
        self.literal(&emit.0)
    }
}

/// Structs are type 12. From fifteen on, the count stands behind the type.
pub fn list_head(count: usize) -> Vec<u8> {
    if let Ok(count @ 0..15) = u8::try_from(count) {
        return vec![count << 4 | 0x0c];
    }
    let mut head = vec![0xfc];
    push_varint(count as u64, &mut head);
    head
}

/// Appends a number in groups of seven bits, the lowest first.
pub fn push_varint(mut number: u64, output: &mut Vec<u8>) {
    while number >= 0x80 {
        output.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    output.push(number.to_le_bytes()[0]);
}

/// Numbers near zero of either sign as small numbers.
pub fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63).cast_unsigned()
}

/// Undoes [`zigzag`].
pub fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for number in [0, 1, -1, 63, 64, -64, -65, 8191, i64::MAX, i64::MIN] {
            let mut bytes = Vec::new();
            push_varint(zigzag(number), &mut bytes);
            let mut scan = Scan::new(&bytes);
            assert_eq!(scan.zigzag(), Ok(number));
            assert_eq!(scan.end(), Ok(()));
        }
    }

    #[test]
    fn varints_have_one_spelling() {
        let refused: [&[u8]; 5] = [
            &[],
            &[0x80],
            &[0x81, 0x00],
            // 2^64, and eleven bytes.
            &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81, 0x01],
        ];
        for bytes in refused {
            assert_eq!(Scan::new(bytes).varint(), Err(Differs { position: 0 }), "{bytes:x?}");
        }
    }

    #[test]
    fn lists_have_one_spelling() {
        for count in [0, 1, 14, 15, 300] {
            let mut emit = Emit::default();
            let Ok(()) = emit.structs(&mut { count });
            let mut read = 0;
            assert_eq!(Scan::new(&emit.0).structs(&mut read), Ok(()));
            assert_eq!(read, count);
        }
        assert!(Scan::new(&[0xfc, 14]).structs(&mut 0).is_err(), "fourteen in the long form");
        assert!(Scan::new(&[0x18]).structs(&mut 0).is_err(), "a list of something else");
    }
}
