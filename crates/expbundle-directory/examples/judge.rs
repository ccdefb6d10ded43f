//! Judges what is given on standard input, one after the other, for comparisons with other
//! verifiers. For each comes one line of JSON: the state, and the findings with code, severity and
//! entry.
//!
//! Without an argument each bundle is its length in 4 bytes, little-endian, and its bytes; no
//! signers file is given. With `--questions` each line is a JSON object, for
//! `conformance/differential.py`: the `path` of a bundle or a folder, and the path of a file of
//! `signers`, `at` and `digests` where these are given. Where there is no answer, the state is
//! null.
#![allow(clippy::print_stdout, reason = "a tool for comparisons")]

use std::env;
use std::error::Error;
use std::fs;
use std::io::{self, BufRead as _, Read as _, Write as _};

use camino::Utf8Path;
use expbundle::Content;
use expbundle::judge::State;
use expbundle::report::Question;
use expbundle::verify::{Checked, Digests, Unverified};
use expbundle_directory::audit;
use expbundle_format::Finding;
use expbundle_format::limits::Limits;
use expbundle_statement::TrustPolicy;
use serde_json::{Value, json};

const AT: &str = "2026-12-01T00:00:00Z";

fn main() -> Result<(), Box<dyn Error>> {
    if env::args().nth(1).is_some_and(|argument| argument == "--questions") {
        answer_questions()
    } else {
        judge_bundles()
    }
}

fn answer_questions() -> Result<(), Box<dyn Error>> {
    for line in io::stdin().lines() {
        let question: Value = serde_json::from_str(&line?)?;
        let (state, findings) =
            answer(&question)?.map_or((None, Vec::new()), |(state, findings)| (Some(state), findings));
        print(state, &findings)?;
    }
    Ok(())
}

type Answer = (State, Vec<Finding>);

/// The state and the findings; `None` if the signers file is refused or something cannot be read.
fn answer(question: &Value) -> Result<Option<Answer>, Box<dyn Error>> {
    let signers = question["signers"].as_str().map(fs::read).transpose()?;
    let Ok(policy) = signers.as_deref().map(TrustPolicy::parse).transpose() else { return Ok(None) };
    let asked = Question {
        policy: policy.as_ref(),
        required: if policy.is_some() { State::Trusted } else { State::Intact },
        at: question["at"].as_str().unwrap_or(AT).parse()?,
        digests: if question["digests"] == "all" { Digests::All } else { Digests::Blake3 },
        limits: Limits::default(),
    };
    let path = question["path"].as_str().ok_or("a question without a path")?;
    Ok(audit(Utf8Path::new(path), asked, &|_| ()).ok().map(|report| (report.state, report.findings)))
}

fn judge_bundles() -> Result<(), Box<dyn Error>> {
    let at: expbundle_format::time::Time = AT.parse()?;
    let mut input = io::stdin().lock();
    while !input.fill_buf()?.is_empty() {
        let mut length = [0; 4];
        input.read_exact(&mut length)?;
        let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
        input.read_exact(&mut bytes)?;
        match Unverified::new(Content::bytes(bytes)).check(Digests::Blake3) {
            Ok(Checked { intact, mut findings }) => {
                let verdict = intact.judge(None, at);
                findings.extend(verdict.findings);
                print(Some(verdict.state), &findings)?;
            }
            Err(wrong) => {
                let findings = wrong.findings();
                let is_limit = findings.iter().filter(|finding| finding.is_error()).all(Finding::is_limit);
                print(Some(if is_limit { State::Refused } else { State::Malformed }), findings)?;
            }
        }
    }
    Ok(())
}

fn print(state: Option<State>, findings: &[Finding]) -> io::Result<()> {
    let findings: Vec<_> = findings
        .iter()
        .map(|finding| {
            json!({
                "code": finding.code.as_str(), "severity": finding.severity().to_string(), "entry": finding.place.entry,
            })
        })
        .collect();
    let mut output = io::stdout().lock();
    writeln!(output, "{}", json!({ "state": state.map(State::as_str), "findings": findings }))?;
    output.flush()
}
