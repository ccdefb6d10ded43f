//! LZ4 blocks (Parquet's codec `LZ4_RAW`): our own encoder, because its choices are bytes of the
//! format, and a decoder of foreign blocks.
//!
//! A block leaves it to its writer which matches it takes. The profile takes them from left to
//! right, as spec/sections-parquet.md has it under "Compression". The decoder takes every block
//! that is one.

/// The shortest match.
const LEAST_MATCH: usize = 4;
/// The last bytes of a block are literals.
const LITERAL_TAIL: usize = 5;
/// No match begins nearer to the end.
const NO_MATCH_TAIL: usize = 12;
/// How far back a match may begin.
const WINDOW: usize = 65_535;
/// Earlier positions that are tried.
const TRIES: usize = 16;
/// A match of so many bytes is taken without looking for a longer one at the next position, and of
/// a longer one no more of its last positions are noted.
const LONG: usize = 64;
/// After each so many positions in a row without a match, the step from one to the next is longer
/// by one.
const PATIENCE: usize = 64;
const HASH_BITS: u32 = 15;

/// Not a block, or one that holds something else than was announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

/// Writes blocks. What it knows is of the block that it writes.
pub struct Encoder {
    /// The last position with each hash, counted from 1; 0 is none.
    last: Box<[u32; 1 << HASH_BITS]>,
    /// How far before each position the one before it with its hash is, for the positions of a
    /// window; 0 is none.
    back: Box<[u16; WINDOW + 1]>,
}

impl Default for Encoder {
    fn default() -> Self {
        let last = vec![0; 1 << HASH_BITS].try_into().expect("as many");
        Self { last, back: vec![0; WINDOW + 1].try_into().expect("as many") }
    }
}

#[derive(Clone, Copy, Default)]
struct Match {
    length: usize,
    distance: usize,
}

impl Encoder {
    /// Appends the block of these bytes.
    pub fn encode(&mut self, input: &[u8], output: &mut Vec<u8>) {
        self.last.fill(0);
        let end = (input.len() + 1).saturating_sub(NO_MATCH_TAIL);
        let (mut literals, mut at, mut misses) = (0, 0, 0);
        while at < end {
            let mut found = self.look_up(input, at);
            if found.length == 0 {
                misses += 1;
                at += 1 + misses / PATIENCE;
                continue;
            }
            misses = 0;
            // Of positions in a row, the last one of those whose matches grow.
            let mut known = at + 1;
            while found.length < LONG && known < end {
                let next = self.look_up(input, known);
                known += 1;
                if next.length <= found.length {
                    break;
                }
                (found, at) = (next, known - 1);
            }
            sequence(input.get(literals..at).unwrap_or_default(), found, output);
            at += found.length;
            for position in known.max(at.saturating_sub(LONG))..at.min(end) {
                self.learn(input, position);
            }
            literals = at;
        }
        literal_run(input.get(literals..).unwrap_or_default(), 0, output);
    }

    /// Notes a position, and gives the last one before it with its hash.
    fn learn(&mut self, input: &[u8], position: usize) -> Option<usize> {
        let bytes = four(input, position)?;
        let hash = bytes.wrapping_mul(2_654_435_761) >> (u32::BITS - HASH_BITS);
        let last = self.last.get_mut(hash as usize)?;
        let before = (*last as usize).checked_sub(1).filter(|before| position - before <= WINDOW);
        *last = u32::try_from(position + 1).ok()?;
        *self.back.get_mut(position & WINDOW)? =
            before.map_or(0, |before| u16::try_from(position - before).unwrap_or(0));
        before
    }

    /// Notes a position, and gives its longest match with those before it; of several the nearest.
    fn look_up(&mut self, input: &[u8], at: usize) -> Match {
        let mut best = Match::default();
        let Some(mut from) = self.learn(input, at) else { return best };
        let most = input.len() - LITERAL_TAIL;
        let here = four(input, at);
        for _ in 0..TRIES {
            // Nearly every one fails at the byte that would make it the longest.
            if input.get(from + best.length) == input.get(at + best.length) && four(input, from) == here {
                let length = common(input, from, at, most);
                if length >= LEAST_MATCH && length > best.length {
                    best = Match { length, distance: at - from };
                }
                // It reaches the end: none can be longer.
                if length == most - at {
                    break;
                }
            }
            let back = usize::from(self.back.get(from & WINDOW).copied().unwrap_or(0));
            if back == 0 || at - from + back > WINDOW {
                break;
            }
            from -= back;
        }
        best
    }
}

fn four(input: &[u8], position: usize) -> Option<u32> {
    input.get(position..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

/// How many bytes at two positions are alike, none of them at the end or behind it.
fn common(input: &[u8], from: usize, at: usize, end: usize) -> usize {
    let (Some(here), Some(there)) = (input.get(at..end), input.get(from..end)) else { return 0 };
    let (here_words, _) = here.as_chunks::<8>();
    let (there_words, _) = there.as_chunks::<8>();
    let mut length = 0;
    for (a, b) in here_words.iter().zip(there_words) {
        let different = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if different != 0 {
            return length + different.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let rest = here.iter().zip(there).skip(length);
    length + rest.take_while(|(a, b)| a == b).count()
}

/// Literals, and a match behind them.
fn sequence(literals: &[u8], found: Match, output: &mut Vec<u8>) {
    let length = found.length - LEAST_MATCH;
    literal_run(literals, u8::try_from(length.min(15)).unwrap_or(15), output);
    output.extend(u16::try_from(found.distance).unwrap_or(0).to_le_bytes());
    if length >= 15 {
        more(length - 15, output);
    }
}

/// The token, whose low half is given, and literals.
fn literal_run(literals: &[u8], low: u8, output: &mut Vec<u8>) {
    output.push(u8::try_from(literals.len().min(15)).unwrap_or(15) << 4 | low);
    if literals.len() >= 15 {
        more(literals.len() - 15, output);
    }
    output.extend_from_slice(literals);
}

/// What a length has beyond the fifteen of a token.
fn more(mut length: usize, output: &mut Vec<u8>) {
    while length >= 255 {
        output.push(255);
        length -= 255;
    }
    output.push(u8::try_from(length).unwrap_or(0));
}

/// No block holds more than so many times its own bytes.
const MOST_TIMES: usize = 255;

/// Whether a block of so many bytes can hold so many.
pub fn can_hold(bytes: usize, size: usize) -> bool {
    size <= bytes.saturating_mul(MOST_TIMES)
}

/// The bytes of a block, which are `size`: no memory is taken for more, and none at all where the
/// block is too short to hold them.
pub fn decode(block: &[u8], size: usize) -> Result<Vec<u8>, Broken> {
    if !can_hold(block.len(), size) {
        return Err(Broken);
    }
    let mut output = Vec::with_capacity(size);
    let mut rest = block;
    loop {
        let token = take(&mut rest, 1)?.first().copied().ok_or(Broken)?;
        let literals = length(token >> 4, &mut rest)?;
        let literals = take(&mut rest, literals)?;
        if output.len() + literals.len() > size {
            return Err(Broken);
        }
        output.extend_from_slice(literals);
        if rest.is_empty() {
            // The last sequence has no match, so nothing announces one.
            return if output.len() == size && token.is_multiple_of(16) { Ok(output) } else { Err(Broken) };
        }
        let distance = take(&mut rest, 2)?.first_chunk().map(|bytes| usize::from(u16::from_le_bytes(*bytes)));
        let length = length(token & 0x0f, &mut rest)?.saturating_add(LEAST_MATCH);
        let start = distance.filter(|distance| *distance > 0).and_then(|distance| output.len().checked_sub(distance));
        let (Some(start), Some(distance)) = (start, distance) else { return Err(Broken) };
        if length > size - output.len() {
            return Err(Broken);
        }
        // A match may reach into what it makes: then it repeats.
        let mut missing = length;
        while missing > 0 {
            let copied = missing.min(output.len() - start);
            output.extend_from_within(start..start + copied);
            missing -= copied;
        }
        debug_assert!(distance <= WINDOW, "two bytes hold it");
    }
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], Broken> {
    let (taken, after) = rest.split_at_checked(count).ok_or(Broken)?;
    *rest = after;
    Ok(taken)
}

/// A length whose first fifteen are in a token.
fn length(nibble: u8, rest: &mut &[u8]) -> Result<usize, Broken> {
    let mut length = usize::from(nibble);
    if nibble < 15 {
        return Ok(length);
    }
    loop {
        let byte = take(rest, 1)?.first().copied().ok_or(Broken)?;
        length = length.saturating_add(byte.into());
        if byte < 255 {
            return Ok(length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn round(input: &[u8]) -> Vec<u8> {
        let mut block = Vec::new();
        Encoder::default().encode(input, &mut block);
        assert_eq!(decode(&block, input.len()).as_deref(), Ok(input));
        assert!(block.len() <= input.len() + input.len() / 255 + 16);
        block
    }

    /// Bytes of a fixed generator, each below a bound.
    fn made(count: usize, below: u64) -> Vec<u8> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            u8::try_from((state >> 33) % below).expect("below 256")
        };
        std::iter::repeat_with(next).take(count).collect()
    }

    #[test]
    fn blocks_are_laid_down() {
        assert_eq!(round(b""), [0]);
        assert_eq!(round(b"0123456789abcde"), b"\xf0\x000123456789abcde");
        // Fifteen equal bytes: one literal, a match of nine with it, five literals.
        assert_eq!(round(&[7; 15]), [0x15, 7, 1, 0, 0x50, 7, 7, 7, 7, 7]);
        // The least that has a match: it begins at the second of thirteen bytes.
        assert_eq!(round(&[7; 13]), [0x13, 7, 1, 0, 0x50, 7, 7, 7, 7, 7]);
        assert_eq!(round(&[7; 12]), [0xc0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7]);
        // The match at the second `a` has four bytes, that behind it seven, so it is put off.
        assert_eq!(round(b"abcd_bcdefg_abcdefg_12345"), b"\xd3abcd_bcdefg_a\x08\x00\x5012345");
    }

    #[test]
    fn everything_comes_back() {
        for below in [1, 2, 8, 40, 256] {
            for count in [0, 1, 4, 5, 11, 12, 13, 14, 30, 270, 1000, 70_000, 200_000] {
                round(&made(count, below));
            }
        }
        // Just within reach, and just beyond it: zeros between, so that no position is passed over.
        let (begin, zeros) = (made(60, 256), vec![0; 65_475]);
        assert!(round(&[&begin[..], &zeros, &begin].concat()).len() < 350);
        assert!(round(&[&begin[..], &zeros, &[0], &begin].concat()).len() > 370);
    }

    #[test]
    fn one_encoder_writes_what_a_new_one_writes() {
        let mut used = Encoder::default();
        let (first, second) = (made(100_000, 3), made(90_000, 4));
        used.encode(&first, &mut Vec::new());
        let mut block = Vec::new();
        used.encode(&second, &mut block);
        assert_eq!(block, round(&second));
    }

    #[test]
    fn blocks_that_lie_are_refused() {
        let refused: [(&[u8], usize); 12] = [
            (b"", 0),
            (b"\x00", 1),
            (b"\x10", 1),
            (b"\x10ab", 1),
            (b"\x01a", 1),
            // A distance of none, one from before the beginning, and one that is cut off.
            (b"\x10a\x00\x00\x10b", 6),
            (b"\x10a\x02\x00\x10b", 6),
            (b"\x10a\x01", 6),
            // More and less than announced, a length without an end, and one beyond all numbers.
            (b"\x10a\x01\x00\x10b", 5),
            (b"\x10a\x01\x00\x10b", 7),
            (b"\xf0\xff\xff", 600),
            (b"\x1fa\x01\x00\xff\xff\xff\xff", 1000),
        ];
        for (block, size) in refused {
            assert_eq!(decode(block, size), Err(Broken), "{block:x?}");
        }
        assert_eq!(decode(b"\x10a\x01\x00\x10b", 6).as_deref(), Ok(&b"aaaaab"[..]));
        assert_eq!(decode(&[0x10, 7], usize::MAX), Err(Broken));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2000))]

        /// Tokens that are near to be sequences, so that most get far.
        #[test]
        fn any_block_is_decoded_or_refused(
            block in proptest::collection::vec(proptest::prop_oneof![0_u8..4, 0x10_u8..0x14, proptest::prelude::any::<u8>()], 0..60),
            size in 0_usize..400,
        ) {
            if let Ok(bytes) = decode(&block, size) {
                proptest::prop_assert_eq!(bytes.len(), size);
            }
        }

        #[test]
        fn few_letters_come_back(input in proptest::collection::vec(0_u8..4, 0..2000)) {
            round(&input);
        }
    }
}
