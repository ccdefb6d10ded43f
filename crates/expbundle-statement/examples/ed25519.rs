//! Verifies signatures from standard input, for suites of test vectors (`peers/test_suites.py`).
//!
//! Each line has a public key, a message and a signature in hex, `-` for no bytes. For each comes
//! `true` or `false`.
#![allow(clippy::print_stdout, reason = "a tool for comparisons")]

use std::io;

use expbundle_statement::PublicKey;

fn main() {
    for line in io::stdin().lines() {
        println!("{}", holds(&line.expect("readable")));
    }
}

fn holds(line: &str) -> bool {
    let parts: Vec<Vec<u8>> = line.split(' ').map(|text| unhex(text.trim_start_matches('-'))).collect();
    let [key, message, signature] = parts.as_slice() else { return false };
    let (Ok(key), Ok(signature)) = (key.as_slice().try_into(), signature.as_slice().try_into()) else { return false };
    PublicKey::from_bytes(key).is_ok_and(|key| key.verify(message, signature))
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    digits.map(|pair| u8::from_str_radix(pair, 16).expect("hex")).collect()
}
