//! Parquet's hybrid of runs and packed bits (Encodings.md, `RLE`): levels, and indices into a
//! dictionary.
//!
//! The encoding leaves its writer a choice, so the profile makes it. From left to right, in groups
//! of eight: a group of one value eight times begins a run, which takes every further equal value;
//! other groups are packed, at most 63 of them together. Fewer than eight at the end are a run if
//! they are equal and no packed group waits, else a packed group, padded with zeros.

use crate::wire::{Differs, Scan, push_varint};

const GROUP: usize = 8;
const PACKED_GROUPS: usize = 63;

/// Bits that a number needs.
pub fn width_of(number: u32) -> u32 {
    u32::BITS - number.leading_zeros()
}

/// Appends the values, each of so many bits.
pub fn encode(values: &[u32], width: u32, output: &mut Vec<u8>) {
    let mut rest = values;
    let mut packed: &[u32] = &[];
    loop {
        let (waiting, tail) = rest.split_at(packed.len());
        let Some(group) = tail.get(..GROUP) else {
            let equal = tail.first().is_some_and(|first| tail.iter().all(|value| value == first));
            if waiting.is_empty() && equal {
                run(tail.len(), tail.first().copied().unwrap_or(0), width, output);
            } else {
                pack(rest, width, output);
            }
            return;
        };
        let first = group.first().expect("a group has eight");
        if group.iter().all(|value| value == first) {
            pack(waiting, width, output);
            let length = tail.iter().take_while(|value| *value == first).count();
            let (repeated, after) = tail.split_at(length);
            run(repeated.len(), *first, width, output);
            (rest, packed) = (after, &[]);
        } else {
            let grown = rest.get(..waiting.len() + GROUP).expect("a group is behind what waits");
            if grown.len() == GROUP * PACKED_GROUPS {
                pack(grown, width, output);
                (rest, packed) = (rest.get(grown.len()..).unwrap_or_default(), &[]);
            } else {
                packed = grown;
            }
        }
    }
}

/// Appends one value, so many times: what [`encode`] makes of as many equal values.
pub fn run(count: usize, value: u32, width: u32, output: &mut Vec<u8>) {
    if count > 0 {
        push_varint((count as u64) << 1, output);
        output.extend(value.to_le_bytes().iter().take(bytes_of(width)));
    }
}

fn pack(values: &[u32], width: u32, output: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    let groups = values.len().div_ceil(GROUP);
    push_varint((groups as u64) << 1 | 1, output);
    let padding = groups * GROUP - values.len();
    let mut bits = Bits::default();
    for value in values.iter().copied().chain(std::iter::repeat_n(0, padding)) {
        bits.push(value.into(), width, output);
    }
    bits.finish(output);
}

/// Whole bytes for so many bits.
fn bytes_of(width: u32) -> usize {
    width.div_ceil(8) as usize
}

/// Reads so many values, each of so many bits, and nothing behind them.
pub fn decode(scan: &mut Scan<'_>, width: u32, count: usize) -> Result<Vec<u32>, Differs> {
    let mut values = Vec::with_capacity(count);
    while values.len() < count {
        let missing = count - values.len();
        let head = scan.varint()?;
        let length = usize::try_from(head >> 1).unwrap_or(usize::MAX);
        if head & 1 == 0 {
            if length == 0 || length > missing {
                return scan.differs();
            }
            let mut bytes = [0; 4];
            for (to, from) in bytes.iter_mut().zip(scan.take(bytes_of(width))?) {
                *to = *from;
            }
            let value = u32::from_le_bytes(bytes);
            if width_of(value) > width {
                return scan.differs();
            }
            values.resize(values.len() + length, value);
        } else {
            if length == 0 || length > missing.div_ceil(GROUP) {
                return scan.differs();
            }
            let packed = scan.take(length * width as usize)?;
            let numbers = Unpacked::new(packed, width);
            values.extend(numbers.take((length * GROUP).min(missing)).filter_map(|number| u32::try_from(number).ok()));
        }
    }
    Ok(values)
}

/// Puts numbers of some bits one behind the other, the lowest bit first.
#[derive(Default)]
pub struct Bits {
    waiting: u128,
    count: u32,
}

impl Bits {
    /// Bits that fill no byte wait for the next number.
    pub fn push(&mut self, number: u64, width: u32, output: &mut Vec<u8>) {
        self.waiting |= u128::from(number) << self.count;
        self.count += width;
        if self.count >= 64 {
            output.extend(low_bits(self.waiting).to_le_bytes());
            self.waiting >>= 64;
            self.count -= 64;
        }
    }

    /// Writes what waits, padded with zeros to a byte.
    pub fn finish(self, output: &mut Vec<u8>) {
        output.extend(self.waiting.to_le_bytes().iter().take(bytes_of(self.count)));
    }
}

/// Takes apart what [`Bits`] put together. Past the end there are zeros.
pub struct Unpacked<'a> {
    bytes: &'a [u8],
    width: u32,
    position: usize,
}

impl<'a> Unpacked<'a> {
    /// Numbers of at most 64 bits.
    pub fn new(bytes: &'a [u8], width: u32) -> Self {
        Self { bytes, width, position: 0 }
    }
}

impl Iterator for Unpacked<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let rest = self.bytes.get(self.position / 8..).unwrap_or_default();
        let window = rest.first_chunk().copied().unwrap_or_else(|| {
            let mut window = [0; 16];
            for (to, from) in window.iter_mut().zip(rest) {
                *to = *from;
            }
            window
        });
        let shifted = u128::from_le_bytes(window) >> (self.position % 8);
        self.position += self.width as usize;
        Some(low_bits(shifted & ((1_u128 << self.width) - 1)))
    }
}

/// The low 64 bits.
#[expect(clippy::cast_possible_truncation, reason = "that is what it is for")]
fn low_bits(number: u128) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(values: &[u32], width: u32, bytes: &[u8]) {
        let mut output = Vec::new();
        encode(values, width, &mut output);
        assert_eq!(output, bytes);
        let mut scan = Scan::new(bytes);
        assert_eq!(decode(&mut scan, width, values.len()).as_deref(), Ok(values));
        assert_eq!(scan.end(), Ok(()));
    }

    #[test]
    fn the_choice_between_runs_and_packed_groups() {
        case(&[], 1, &[]);
        case(&[1, 1], 1, &[4, 1]);
        case(&[0, 0], 0, &[4]);
        case(&[1, 0, 1], 1, &[3, 0b101]);
        case(&[1; 100], 1, &[0xc8, 1, 1]);
        // A packed group, then a run, then a rest that is equal in itself.
        let mut values = vec![0, 1, 2, 3, 0, 1, 2, 3];
        values.extend([2; 9]);
        values.extend([1; 3]);
        case(&values, 2, &[3, 0xe4, 0xe4, 18, 2, 6, 1]);
        // A rest that is equal in itself joins a packed group that waits.
        case(&[0, 1, 0, 1, 0, 1, 0, 1, 1, 1], 1, &[5, 0xaa, 0b11]);
        // Numbers wider than a byte.
        case(&[300; 8], 9, &[16, 0x2c, 1]);
    }

    #[test]
    fn packed_groups_come_sixty_three_at_a_time() {
        let values: Vec<u32> = (0..520).map(|number| number % 2).collect();
        let mut output = Vec::new();
        encode(&values, 1, &mut output);
        assert_eq!(output.first(), Some(&(63 << 1 | 1)));
        assert_eq!(output.get(64), Some(&5));
        assert_eq!(output.len(), 64 + 3);
        assert_eq!(decode(&mut Scan::new(&output), 1, 520), Ok(values));
    }

    #[test]
    fn runs_that_lie_are_refused() {
        for bytes in [&[][..], &[0], &[1], &[6, 1], &[4, 2], &[5, 0, 0], &[3], &[0xff; 10]] {
            assert!(decode(&mut Scan::new(bytes), 1, 2).is_err(), "{bytes:x?}");
        }
    }
}
