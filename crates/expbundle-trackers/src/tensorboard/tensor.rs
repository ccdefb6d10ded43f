//! Tensors: numbers of every type that has a width, and texts.

use crate::protobuf::{Content as Wire, Field, Fields};

/// Numbers of one tensor that are taken out of it.
const MOST_NUMBERS: usize = 1 << 20;

/// Numbers that one number stands for.
const MOST_FILLED: usize = 4096;

/// A tensor.
#[derive(Clone, Debug, Default)]
pub(super) struct Tensor<'a> {
    /// Number of its type in TensorFlow.
    pub dtype: u64,
    /// Sizes of its dimensions.
    pub shape: Vec<i64>,
    /// Of a tensor of texts.
    pub texts: Vec<&'a [u8]>,
    /// Little-endian numbers, one behind the other.
    content: &'a [u8],
    /// Numbers in fields of their own.
    values: Vec<Wire<'a>>,
    /// Whether part of it cannot be read.
    pub broken: bool,
}

impl<'a> Tensor<'a> {
    pub fn read(message: &'a [u8]) -> Self {
        let mut tensor = Self::default();
        let mut fields = Fields::new(message);
        for Field { number, content } in &mut fields {
            match number {
                1 => tensor.dtype = content.number(),
                2 => tensor.shape = shape(content.bytes()),
                4 => tensor.content = content.bytes(),
                5..=7 | 10 | 11 | 13 | 16 | 17 if tensor.values.len() < MOST_NUMBERS => tensor.values.push(content),
                8 if tensor.texts.len() < MOST_NUMBERS => tensor.texts.push(content.bytes()),
                _ => {}
            }
        }
        tensor.broken = fields.broken;
        tensor
    }

    /// How many numbers or texts the shape says that it has.
    pub fn count(&self) -> Option<usize> {
        self.shape.iter().try_fold(1_usize, |count, size| count.checked_mul(usize::try_from(*size).ok()?))
    }

    /// Its numbers; `None` if it has none, or more than are taken out. A shape may stand for more of
    /// them than are written: the last one stands for the rest.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        let kind = Kind::of(self.dtype)?;
        let count = self.count().filter(|count| *count <= MOST_NUMBERS)?;
        let mut numbers = Vec::new();
        if self.content.is_empty() {
            for value in &self.values {
                kind.field(*value, count, &mut numbers);
            }
        } else {
            numbers.extend(self.content.chunks_exact(kind.width()).take(count).filter_map(|bytes| kind.number(bytes)));
        }
        let last = numbers.last().copied().unwrap_or(0.0);
        let is_filled = numbers.len() < count;
        if is_filled && (!self.content.is_empty() || count > MOST_FILLED) {
            return None;
        }
        numbers.resize(count, last);
        Some(numbers)
    }

    /// The digits of a lone integer that no float is equal to.
    pub fn digits(&self) -> Option<String> {
        let bits = match (self.content, self.values.as_slice()) {
            (content, _) if content.len() == 8 => u64::from_le_bytes(content.try_into().ok()?),
            (_, [Wire::Varint(bits)]) => *bits,
            (_, [Wire::Bytes(packed)]) => Packed(packed).next()?,
            _ => return None,
        };
        let digits = match Kind::of(self.dtype)? {
            Kind::Int64 => bits.cast_signed().to_string(),
            Kind::Uint64 => bits.to_string(),
            _ => return None,
        };
        let is_safe = bits.cast_signed().unsigned_abs() <= 1 << 53;
        (!is_safe).then_some(digits)
    }
}

fn shape(message: &[u8]) -> Vec<i64> {
    let size = |dimension: &[u8]| {
        let size = Fields::new(dimension).find(|field| field.number == 1);
        size.map_or(0, |field| field.content.signed())
    };
    let dimensions = Fields::new(message).filter(|field| field.number == 2);
    dimensions.take(64).map(|field| size(field.content.bytes())).collect()
}

/// Varints one behind the other.
struct Packed<'a>(&'a [u8]);

impl Iterator for Packed<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let end = self.0.iter().take(10).position(|byte| byte & 0x80 == 0)?;
        let (varint, rest) = self.0.split_at_checked(end + 1)?;
        self.0 = rest;
        Some(varint.iter().rev().fold(0_u64, |value, byte| value << 7 | u64::from(byte & 0x7f)))
    }
}

/// The types of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Float,
    Double,
    Half,
    Bfloat,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
}

impl Kind {
    fn of(dtype: u64) -> Option<Self> {
        Some(match dtype {
            1 => Self::Float,
            2 => Self::Double,
            3 => Self::Int32,
            4 | 10 => Self::Uint8,
            5 => Self::Int16,
            6 => Self::Int8,
            9 => Self::Int64,
            14 => Self::Bfloat,
            17 => Self::Uint16,
            19 => Self::Half,
            22 => Self::Uint32,
            23 => Self::Uint64,
            _ => return None,
        })
    }

    fn width(self) -> usize {
        match self {
            Self::Int8 | Self::Uint8 => 1,
            Self::Half | Self::Bfloat | Self::Int16 | Self::Uint16 => 2,
            Self::Float | Self::Int32 | Self::Uint32 => 4,
            Self::Double | Self::Int64 | Self::Uint64 => 8,
        }
    }

    /// A number of so many bytes as its type has.
    fn number(self, bytes: &[u8]) -> Option<f64> {
        let mut wide = [0; 8];
        wide.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(self.of_bits(u64::from_le_bytes(wide)))
    }

    #[expect(clippy::cast_possible_truncation, reason = "the type says how many bits there are")]
    fn of_bits(self, bits: u64) -> f64 {
        match self {
            Self::Float => f32::from_bits(bits as u32).into(),
            Self::Double => f64::from_bits(bits),
            Self::Half => half(bits as u16),
            Self::Bfloat => f32::from_bits((bits as u32) << 16).into(),
            Self::Int8 => (bits as u8).cast_signed().into(),
            Self::Int16 => (bits as u16).cast_signed().into(),
            Self::Int32 => (bits as u32).cast_signed().into(),
            Self::Int64 => bits.cast_signed() as f64,
            Self::Uint8 => (bits as u8).into(),
            Self::Uint16 => (bits as u16).into(),
            Self::Uint32 => (bits as u32).into(),
            Self::Uint64 => bits as f64,
        }
    }

    /// The numbers of a field, which has one, or many without their names.
    fn field(self, value: Wire<'_>, most: usize, numbers: &mut Vec<f64>) {
        let room = most.saturating_sub(numbers.len());
        match (self, value) {
            (_, Wire::Varint(bits) | Wire::Fixed64(bits)) if room > 0 => numbers.push(self.of_bits(bits)),
            (_, Wire::Fixed32(bits)) if room > 0 => numbers.push(self.of_bits(bits.into())),
            (Self::Float | Self::Double, Wire::Bytes(packed)) => {
                let each = packed.chunks_exact(self.width()).take(room);
                numbers.extend(each.filter_map(|bytes| self.number(bytes)));
            }
            (_, Wire::Bytes(packed)) => numbers.extend(Packed(packed).take(room).map(|bits| self.of_bits(bits))),
            _ => {}
        }
    }
}

/// Half precision: a sign, 5 bits of exponent, 10 of fraction.
fn half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff);
    let magnitude = match bits >> 10 & 0x1f {
        0 => fraction * 2_f64.powi(-24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        exponent => (1024.0 + fraction) * 2_f64.powi(i32::from(exponent) - 25),
    };
    if bits >> 15 == 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_form_are_read() {
        let case = |message: &[u8], want: Option<&[f64]>| {
            assert_eq!(Tensor::read(message).numbers().as_deref(), want, "{message:?}");
        };
        let float = 0.5_f32.to_le_bytes();
        case(&[&[0x08, 1, 0x22, 4], float.as_slice()].concat(), Some(&[0.5]));
        case(&[&[0x08, 1, 0x2a, 4], float.as_slice()].concat(), Some(&[0.5]));
        case(&[&[0x08, 1, 0x2d], float.as_slice()].concat(), Some(&[0.5]));
        // Shape [3] and one number, which stands for all of them.
        case(&[0x08, 3, 0x12, 4, 0x12, 2, 0x08, 3, 0x38, 7], Some(&[7.0, 7.0, 7.0]));
        case(&[0x08, 9, 0x52, 2, 0x96, 0x01], Some(&[150.0]));
        case(&[0x08, 19, 0x6a, 2, 0x80, 0x78], Some(&[1.0]));
        // Too few bytes, texts, and a shape that nobody has memory for.
        case(&[&[0x08, 2, 0x22, 4], float.as_slice()].concat(), None);
        case(&[0x08, 7, 0x42, 1, b'a'], None);
        case(&[0x08, 1, 0x12, 9, 0x12, 7, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f], None);
    }

    #[test]
    fn integers_beyond_floats_keep_their_digits() {
        let tensor = |value: i64| [&[0x08, 9, 0x22, 8], value.to_le_bytes().as_slice()].concat();
        assert_eq!(Tensor::read(&tensor(9_007_199_254_740_993)).digits().as_deref(), Some("9007199254740993"));
        assert_eq!(Tensor::read(&tensor(-3)).digits(), None);
    }

    #[test]
    fn halves() {
        for (bits, want) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x0001, 2_f64.powi(-24)),
            (0x7c00, f64::INFINITY),
            (0x3555, 0.333_251_953_125),
        ] {
            assert_eq!(half(bits).to_bits(), f64::to_bits(want), "{bits:x}");
        }
        assert!(half(0x7e00).is_nan());
    }
}
