//! Files that were damaged or made up: whatever they hold, they are read or refused, and cost no
//! more than they are worth.

use expbundle_series::{ConsoleReader, Point, SeriesError, SeriesReader, SeriesWriter};
use proptest::prelude::*;

fn golden() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder is here")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.display().to_string(), std::fs::read(path).expect("a file")))
        .collect();
    files.sort();
    assert!(files.len() >= 5);
    files
}

/// Reads all that can be read. A panic fails the test; there is nothing that would catch it.
fn read(bytes: &[u8]) -> Result<u64, SeriesError> {
    if let Ok(reader) = ConsoleReader::open(bytes.to_vec()) {
        let mut lines = 0;
        reader.for_each(|_| lines += 1)?;
        return Ok(lines);
    }
    let reader = SeriesReader::open(bytes.to_vec())?;
    let keys = reader.keys();
    let mut points = 0;
    reader.for_each(|_| points += 1)?;
    assert_eq!(points, reader.rows());
    keys.map(|_| points)
}

/// Nothing here should ever take more than a few megabytes. What was asked for counts, even where
/// it was never touched.
fn memory_stayed_small() {
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let peak = status.lines().find_map(|line| line.strip_prefix("VmPeak:")).expect("Linux has it");
        let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
        assert!(kilobytes < 1 << 20, "{kilobytes} kB");
    }
}

#[test]
fn every_truncation_is_refused() {
    for (name, bytes) in golden() {
        assert!(read(&bytes).is_ok(), "{name}");
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "{name} of {length} bytes");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(read(&longer).is_err(), "{name} and a byte more");
    }
    memory_stayed_small();
}

/// A flipped bit may make another series. It never makes a panic, and in the footer it is always
/// seen.
#[test]
fn every_flipped_bit_is_survived() {
    for (name, bytes) in golden() {
        let tail = bytes.len() - 8;
        let length = u32::from_le_bytes(bytes[tail..tail + 4].try_into().expect("four bytes"));
        let footer = tail - length as usize;
        // The digits of a salt are the one thing in a footer that means nothing here.
        let salt = "07".repeat(32);
        let salt = bytes.windows(64).position(|digits| digits == salt.as_bytes()).map_or(0..0, |at| at..at + 64);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                let seen = read(&damaged).is_err();
                assert!(seen || at < footer || salt.contains(&at), "{name}: bit {bit} of byte {at}");
            }
        }
    }
    memory_stayed_small();
}

/// A word takes more memory than it takes in the file, so the claim is refused before any is made.
#[test]
fn a_dictionary_of_two_billion_words_costs_nothing() {
    let mut writer = SeriesWriter::new();
    let key = writer.key("loss0000").expect("short");
    writer.push(key, Point { value: Some(0.5), ..Point::default() }).expect("room");
    let mut file = Vec::new();
    writer.finish(&mut file, None).expect("room");
    // The head with the number of words, and the only word behind a token of twelve literals. Four
    // digits less make room for a longer number.
    let dictionary = b"\x15\x04\x15\x18\x15\x1a\x4c\x15\x02\x15\x00\x12\x00\x00\xc0\x08\x00\x00\x00loss0000";
    let claims = b"\x15\x04\x15\x10\x15\x12\x4c\x15\xfe\xff\xff\xff\x0f\x15\x00\x12\x00\x00\x80\x04\x00\x00\x00loss";
    let page = file.get_mut(4..4 + dictionary.len()).expect("it is longer");
    assert_eq!(page, dictionary);
    page.copy_from_slice(claims);
    assert_eq!(read(&file).expect_err("it has one").code(), Some("series.page"));
    memory_stayed_small();
}

/// Sizes that no block can hold are refused before memory is taken for them.
#[test]
fn a_page_of_two_gigabytes_costs_nothing() {
    let (_, file) = golden().into_iter().find(|(name, _)| name.ends_with("metrics.parquet")).expect("it is here");
    let heads: Vec<usize> = (0..file.len() - 3).filter(|at| file[*at..].starts_with(&[0x15, 0x00, 0x15])).collect();
    assert!(heads.len() >= 5);
    for at in heads {
        // One byte of the size becomes five, which moves what follows: whatever it is then, it is
        // not a page.
        let mut changed = file[..at + 3].to_vec();
        changed.extend([0xfe, 0xff, 0xff, 0xff, 0x0f]);
        changed.extend(&file[at + 4..]);
        assert!(read(&changed).is_err());
        changed.drain(at + 20..at + 24);
        assert!(read(&changed).is_err());
    }
    memory_stayed_small();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(read(&bytes).is_err());
    }

    /// Several bytes at a time, most of them where lengths and counts are.
    #[test]
    fn made_up_bytes_are_survived(
        file in any::<proptest::sample::Index>(),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), prop_oneof![any::<u8>(), Just(0xff), Just(0x7f)]), 1..12),
    ) {
        let mut files = golden();
        let (_, bytes) = &mut files[file.index(5)];
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = read(bytes);
    }
}
