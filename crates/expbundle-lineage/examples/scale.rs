//! Measures that lineage is linear: ten times the records, at most some twelve times the time.
//!
//! ```text
//! cargo run --release -p expbundle-lineage --example scale
//! ```
#![allow(clippy::print_stdout, reason = "a measurement is for reading")]

use std::time::{Duration, Instant};

use expbundle_format::DigestSet;
use expbundle_format::record::Kind;
use expbundle_lineage::{ArtifactFact, Facts, Lineage, RecordFacts};

fn main() {
    println!(
        "{:<16} {:>9} {:>11} {:>11} {:>11} {:>11}",
        "shape", "records", "build", "ancestors", "layers", "peak RSS"
    );
    for (name, shape) in
        [("chain", chain as fn(usize) -> Facts), ("binary tree", binary_tree), ("diamond ladder", ladder)]
    {
        let small = measure(name, shape, 10_000);
        let large = measure(name, shape, 100_000);
        println!("{name:<16} {:>9.1}x for 10x the records\n", large.as_secs_f64() / small.as_secs_f64());
    }
}

fn measure(name: &str, shape: fn(usize) -> Facts, count: usize) -> Duration {
    // The best of three, because other work on the machine only ever adds.
    let mut best = [Duration::MAX; 3];
    for _ in 0..3 {
        let facts = shape(count);
        let start = Instant::now();
        let lineage = Lineage::build(facts);
        let built = start.elapsed();
        let heads = lineage.heads();
        let start = Instant::now();
        let ancestors = lineage.ancestors(&heads);
        let walked = start.elapsed();
        assert_eq!(ancestors.len() + heads.len(), lineage.len());
        let start = Instant::now();
        assert!(!lineage.layers().is_empty());
        let layered = start.elapsed();
        best = [best[0].min(built), best[1].min(walked), best[2].min(layered)];
    }
    let rss = peak_rss_mib().map_or_else(|| "unknown".to_owned(), |mib| format!("{mib} MiB"));
    println!("{name:<16} {count:>9} {:>11.2?} {:>11.2?} {:>11.2?} {rss:>11}", best[0], best[1], best[2]);
    best.iter().sum()
}

/// As Linux tells it; other systems have no such file.
fn peak_rss_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib / 1024)
}

fn record(number: usize, inputs: &[usize]) -> RecordFacts {
    let model = |number: usize| {
        let digests = DigestSet::of(format!("model {number}").as_bytes()).into();
        ArtifactFact::new("model".parse().expect("a role"), digests, 1 << 30)
    };
    RecordFacts {
        inputs: inputs.iter().map(|&input| model(input)).collect(),
        outputs: vec![model(number)],
        ..RecordFacts::new(DigestSet::of(format!("record {number}").as_bytes()), Kind::Run)
    }
}

fn chain(count: usize) -> Facts {
    let records = (0..count).map(|n| record(n, n.checked_sub(1).as_slice()));
    Facts { records: records.collect(), ..Facts::default() }
}

/// Every record merges two others.
fn binary_tree(count: usize) -> Facts {
    let inputs = |n: usize| [2 * n + 1, 2 * n + 2].into_iter().filter(|&input| input < count).collect::<Vec<_>>();
    Facts { records: (0..count).map(|n| record(n, &inputs(n))).collect(), ..Facts::default() }
}

/// Two out of one and one out of two, again and again: a third of the records, and two to that
/// power paths.
fn ladder(count: usize) -> Facts {
    let inputs = |n: usize| match n % 3 {
        0 if n == 0 => vec![],
        0 => vec![n - 1, n - 2],
        1 => vec![n - 1],
        _ => vec![n - 2],
    };
    // A whole number of rungs, so that there is one head.
    Facts { records: (0..=count / 3 * 3).map(|n| record(n, &inputs(n))).collect(), ..Facts::default() }
}
