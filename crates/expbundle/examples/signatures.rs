//! How many signatures are verified in a second: of one message on one core by the crate alone, and
//! of whole statements on all cores.
//!
//! ```text
//! cargo run --release -p expbundle --example signatures -- 100000
//! ```
//! Prints two numbers, each verifications per second.
#![allow(clippy::print_stdout, reason = "a tool for measurements")]

use std::time::Instant;

use expbundle_format::DigestSet;
use expbundle_statement::{Authorship, Envelope, Predicate, Signing, SigningKey, pre_authentication_encoding, sign};
use rayon::prelude::*;

fn main() {
    let count: u32 = std::env::args().nth(1).map_or(100_000, |count| count.parse().expect("a number"));
    let key = SigningKey::from_seed(&[7; 32]);
    let files: Vec<Vec<u8>> = (0..count)
        .into_par_iter()
        .map(|number| {
            let says = Predicate::Authorship(Authorship::default());
            let created = "2026-11-23T10:00:00Z".parse().expect("a time");
            sign(&says, DigestSet::of(&number.to_le_bytes()), &Signing::new(&key, created)).expect("a statement")
        })
        .collect();
    println!("{:.0}", one_core(&key, count / 10));
    let begun = Instant::now();
    let verified = files.par_iter().filter(|file| Envelope::parse(file).and_then(Envelope::verify).is_ok()).count();
    assert_eq!(verified, files.len(), "every statement verifies");
    println!("{:.0}", f64::from(count) / begun.elapsed().as_secs_f64());
}

/// Verifies one short message again and again, as the benchmark of ed25519-dalek does.
fn one_core(key: &SigningKey, count: u32) -> f64 {
    let message = pre_authentication_encoding("text/plain", b"expbundle");
    let signature = key.sign(&message).expect("a key that is here");
    let public_key = key.public_key();
    let begun = Instant::now();
    for _ in 0..count {
        assert!(public_key.verify(&message, &signature), "it was signed by this key");
    }
    f64::from(count) / begun.elapsed().as_secs_f64()
}
