//! Integers as packed differences (Encodings.md, `DELTA_BINARY_PACKED`): steps, times, lengths of
//! texts.
//!
//! Blocks of 256 differences for numbers of 64 bits and of 128 for those of 32, four miniblocks
//! each. Differences wrap around, so any two integers have one.

use crate::runs::{Bits, Unpacked};
use crate::wire::{Differs, Scan, push_varint, zigzag};

const MOST_BLOCK: usize = 256;
const MINIBLOCKS: usize = 4;

/// The numbers of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    Bits32,
    Bits64,
}

impl Width {
    /// Differences of a block.
    fn block(self) -> usize {
        match self {
            Self::Bits32 => MOST_BLOCK / 2,
            Self::Bits64 => MOST_BLOCK,
        }
    }
}

/// Appends the values.
pub fn encode(values: &[i64], width: Width, output: &mut Vec<u8>) {
    push_varint(width.block() as u64, output);
    push_varint(MINIBLOCKS as u64, output);
    push_varint(values.len() as u64, output);
    push_varint(zigzag(values.first().copied().unwrap_or(0)), output);
    let mut differences = [0_i64; MOST_BLOCK];
    let differences = differences.get_mut(..width.block()).expect("the longest is as long");
    let mut rest = values;
    while rest.len() > 1 {
        let count = differences.len().min(rest.len() - 1);
        let (from, to) = (rest.get(..count).unwrap_or_default(), rest.get(1..).unwrap_or_default());
        for (difference, (from, to)) in differences.iter_mut().zip(from.iter().zip(to)) {
            *difference = to.wrapping_sub(*from);
        }
        block(differences.get(..count).expect("a block at most"), width.block() / MINIBLOCKS, output);
        rest = rest.get(count..).unwrap_or_default();
    }
}

fn block(differences: &[i64], miniblock_length: usize, output: &mut Vec<u8>) {
    let least = differences.iter().copied().reduce(i64::min).expect("a block has at least one");
    push_varint(zigzag(least), output);
    // Differences from the least, without sign.
    let above = |difference: &i64| difference.wrapping_sub(least).cast_unsigned();
    let mut widths = [0; MINIBLOCKS];
    for (width, miniblock) in widths.iter_mut().zip(differences.chunks(miniblock_length)) {
        // Of all of them together the highest bit is that of the greatest.
        let bits = miniblock.iter().map(above).fold(0, |bits, above| bits | above);
        *width = u64::BITS - bits.leading_zeros();
    }
    output.extend(widths.iter().map(|width| u8::try_from(*width).expect("at most 64")));
    for (width, miniblock) in widths.into_iter().zip(differences.chunks(miniblock_length)) {
        if width == 0 {
            continue;
        }
        let mut bits = Bits::default();
        for difference in miniblock {
            bits.push(above(difference), width, output);
        }
        // The last one is padded with zeros.
        for _ in miniblock.len()..miniblock_length {
            bits.push(0, width, output);
        }
        bits.finish(output);
    }
}

/// Reads so many values, and nothing behind them.
pub fn decode(scan: &mut Scan<'_>, width: Width, count: usize) -> Result<Vec<i64>, Differs> {
    let head = [scan.varint()?, scan.varint()?, scan.varint()?];
    let miniblock = width.block() / MINIBLOCKS;
    if head != [width.block() as u64, MINIBLOCKS as u64, count as u64] {
        return scan.differs();
    }
    let mut value = scan.zigzag()?;
    let mut values = Vec::with_capacity(count);
    if count == 0 {
        return if value == 0 { Ok(values) } else { scan.differs() };
    }
    values.push(value);
    while values.len() < count {
        let least = scan.zigzag()?;
        let widths: [u8; MINIBLOCKS] = scan.array()?;
        for width in widths {
            let present = (count - values.len()).min(miniblock);
            if width > 64 || (present == 0 && width != 0) {
                return scan.differs();
            }
            let packed = scan.take(miniblock / 8 * usize::from(width))?;
            for above in Unpacked::new(packed, width.into()).take(present) {
                value = value.wrapping_add(least).wrapping_add(above.cast_signed());
                values.push(value);
            }
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn round(values: &[i64]) -> Vec<u8> {
        let [_, bytes] = [Width::Bits32, Width::Bits64].map(|width| {
            let mut bytes = Vec::new();
            encode(values, width, &mut bytes);
            let mut scan = Scan::new(&bytes);
            assert_eq!(decode(&mut scan, width, values.len()).as_deref(), Ok(values));
            assert_eq!(scan.end(), Ok(()));
            bytes
        });
        bytes
    }

    #[test]
    fn every_length_and_every_width_comes_back() {
        for length in [0, 1, 2, 64, 65, 66, 256, 257, 258, 600] {
            round(&(0..length).collect::<Vec<i64>>());
            round(&(0..length).map(|number| number * number % 1013).collect::<Vec<i64>>());
        }
        for width in 0..63 {
            let values: Vec<i64> = (0..300).map(|number| if number % 7 == 0 { 1 << width } else { number }).collect();
            round(&values);
        }
        round(&[i64::MIN, i64::MAX, 0, -1, i64::MAX, i64::MIN]);
    }

    #[test]
    fn equal_steps_cost_almost_nothing() {
        assert_eq!(round(&[]), [0x80, 2, 4, 0, 0]);
        assert_eq!(round(&[5]), [0x80, 2, 4, 1, 10]);
        assert_eq!(round(&[0, 1]), [0x80, 2, 4, 2, 0, 2, 0, 0, 0, 0]);
        assert_eq!(round(&(0..257).collect::<Vec<_>>()), [0x80, 2, 4, 0x81, 2, 0, 2, 0, 0, 0, 0]);
    }

    #[test]
    fn heads_and_widths_that_lie_are_refused() {
        let refused: [&[u8]; 5] = [
            &[0x80, 1, 4, 2, 0, 2, 0, 0, 0, 0],
            &[0x80, 2, 4, 3, 0, 2, 0, 0, 0, 0],
            &[0x80, 2, 4, 2, 0, 2, 65, 0, 0, 0],
            &[0x80, 2, 4, 2, 0, 2, 0, 1, 0, 0],
            &[0x80, 2, 4, 2, 0, 2, 1, 0, 0, 0],
        ];
        for bytes in refused {
            assert!(decode(&mut Scan::new(bytes), Width::Bits64, 2).is_err(), "{bytes:x?}");
        }
    }
}
