//! Feeds one of the targets with seeds and with what a few changes make of them, without looking at
//! what an input reaches: `TARGET=json quick SECONDS CORPUS FOUND`. It is a test so that it is built
//! of what the tests are built of; without arguments, as among all tests, there is nothing to feed.
//!
//! Every seed is fed once, however long that takes. The changes are the same in each run, as far as
//! it gets. An input that breaks something is written to the folder FOUND.

use std::ffi::OsString;
use std::io::Write as _;
use std::panic;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use expbundle_fuzz::chosen;

/// Bytes of an input, at most.
const MOST_BYTES: usize = 65_536;
/// Bytes that parsers look for: ends of ranges, signs of JSON and of lines.
const TELLING: &[u8] = b"\0\x01\x7f\x80\xff\"\\{}[],:\n\r 019-+.eE/=#";

fn main() {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if arguments.is_empty() {
        return;
    }
    let [seconds, corpus, found] = arguments.as_slice() else { panic!("SECONDS CORPUS FOUND") };
    let seconds = seconds.to_str().and_then(|text| text.parse().ok()).expect("a number of seconds");
    let mut paths: Vec<_> = std::fs::read_dir(corpus)
        .expect("a folder")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    let seeds: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).expect("readable")).collect();
    let (target, found) = (chosen(), Path::new(found).join("input"));
    let last = Arc::new(Mutex::new(Vec::new()));
    let input = Arc::clone(&last);
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        report(info);
        let input = input.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        std::fs::write(&found, &*input).expect("room");
    }));
    let feed = |bytes: Vec<u8>| {
        last.lock().expect("no other thread").clone_from(&bytes);
        target(&bytes);
    };
    seeds.iter().cloned().for_each(feed);
    let (end, mut random, mut inputs) = (Instant::now() + Duration::from_secs(seconds), Random(1), seeds.len());
    while Instant::now() < end {
        let mut bytes = random.of(&seeds).cloned().unwrap_or_default();
        for _ in 0..=random.below(3) {
            change(&mut bytes, &seeds, &mut random);
        }
        bytes.truncate(MOST_BYTES);
        feed(bytes);
        inputs += 1;
    }
    writeln!(std::io::stdout(), "{inputs} inputs, of {} seeds", seeds.len()).expect("somebody reads it");
}

/// One change: of bytes, or of a range of them.
fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    let length = random.below(bytes.len() - at + 1).min(1 << random.below(12));
    let range = at..at + length;
    match random.below(7) {
        0 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << random.below(8)),
        1 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = random.of(TELLING).copied().unwrap_or_default()),
        2 => bytes.insert(at, random.of(TELLING).copied().unwrap_or_default()),
        3 => drop(bytes.drain(range)),
        4 => bytes.extend_from_within(range),
        5 => bytes.truncate(at),
        _ => {
            let other = random.of(seeds).map(Vec::as_slice).unwrap_or_default();
            let from = random.below(other.len() + 1);
            let part = other.iter().skip(from).take(1 << random.below(12)).copied();
            bytes.splice(range, part);
        }
    }
}

/// Numbers in an order of their own (xorshift), the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let end = u64::try_from(end.max(1)).expect("64 bits");
        usize::try_from(self.0 % end).expect("below `end`")
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }
}
