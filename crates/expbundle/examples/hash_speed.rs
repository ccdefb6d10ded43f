//! Measures how fast a file is hashed: `cargo run --release --example hash_speed -- FILE`, beside
//! `b3sum FILE`.
//!
//! Run it twice, so that the file is in the page cache.
#![expect(clippy::print_stdout, reason = "an example that a person runs to see numbers")]

use std::time::Instant;

use expbundle::hash::{HashError, Wanted, hash_file};

fn main() -> Result<(), HashError> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "Cargo.lock".to_owned());
    for wanted in [Wanted::Blake3Only, Wanted::Both] {
        let start = Instant::now();
        let hashed = hash_file(path.as_str().into(), wanted, &|_| ())?;
        let seconds = start.elapsed().as_secs_f64();
        println!("{wanted:?}: {} in {seconds:.3} s, {:.2} GB/s", hashed.blake3, hashed.size as f64 / seconds / 1e9);
    }
    Ok(())
}
