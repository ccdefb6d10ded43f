//! Judges bundles from standard input, one after the other, for `conformance/differential.py`.
//!
//! Each is its length in 4 bytes, little-endian, and its bytes. For each comes one line of JSON: the state, and the findings with code,
//! severity and entry.
#![allow(clippy::print_stdout, reason = "a tool for comparisons")]

use std::io::{self, BufRead as _, Read as _, Write as _};

use expbundle::Content;
use expbundle::judge::State;
use expbundle::verify::{Digests, Unverified};
use expbundle_format::Finding;
use serde_json::json;

fn main() -> io::Result<()> {
    let at = "2026-12-01T00:00:00Z".parse().expect("a time");
    let mut input = io::stdin().lock();
    let mut output = io::stdout().lock();
    while !input.fill_buf()?.is_empty() {
        let mut length = [0; 4];
        input.read_exact(&mut length)?;
        let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
        input.read_exact(&mut bytes)?;
        let (check, intact) = Unverified::new(Content::bytes(bytes)).check(Digests::Blake3);
        let mut findings = check.findings;
        let of_errors = if findings.iter().filter(|finding| finding.is_error()).all(Finding::is_limit) {
            State::Refused
        } else {
            State::Malformed
        };
        let state = intact.map_or(of_errors, |intact| {
            let verdict = intact.judge(None, at);
            findings.extend(verdict.findings);
            verdict.state
        });
        let findings: Vec<_> = findings
            .iter()
            .map(|finding| {
                json!({
                    "code": finding.code.as_str(), "severity": finding.severity().to_string(), "entry": finding.place.entry,
                })
            })
            .collect();
        writeln!(output, "{}", json!({ "state": state.as_str(), "findings": findings }))?;
        output.flush()?;
    }
    Ok(())
}
