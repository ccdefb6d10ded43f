//! How an implementation is asked: one process for each case (conformance/README.md, "The protocol").
//!
//! ```text
//! COMMAND [--trust SIGNERS] [--at TIME] [--require STATE] [--digests all] INPUT
//! ```
//! It prints JSON with `state` and `findings`, each with `code` and `severity`, and exits as spec/verification.md says.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::cases::{Case, Expected, State, Tier};

/// No case takes longer in an implementation that is linear.
const MOST_TIME: Duration = Duration::from_secs(20);
/// How often a process is looked after.
const LOOK: Duration = Duration::from_millis(2);

/// What an implementation made of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It answered.
    Said(Expected),
    /// It did not end in time, was ended by a signal, or could not be started.
    Broke(String),
}

#[derive(Deserialize)]
struct Report {
    state: State,
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct Finding {
    code: String,
    severity: String,
}

/// Asks about one case.
pub fn ask(command: &[String], case: &Case) -> Answer {
    let Some((program, arguments)) = command.split_first() else {
        return Answer::Broke("there is no command".to_owned());
    };
    let mut process = Command::new(program);
    process.args(arguments);
    let manifest = &case.manifest;
    let mut option = |name: &str, value: Option<&Path>| {
        if let Some(value) = value {
            process.arg(name).arg(value);
        }
    };
    option("--trust", case.signers().as_deref());
    option("--at", manifest.at.as_deref().map(Path::new));
    option("--require", manifest.require.map(|state| Path::new(state.as_str())));
    option("--digests", manifest.digests.map(|_| Path::new("all")));
    process.arg(case.input()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    run(process).unwrap_or_else(Answer::Broke)
}

fn run(mut process: Command) -> Result<Answer, String> {
    let mut child = process.spawn().map_err(|error| format!("it cannot be started: {error}"))?;
    let mut stdout = child.stdout.take().ok_or("it has no output")?;
    // A pipe holds little, so it is emptied while the process runs.
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        stdout.read_to_end(&mut text).map(|_| text)
    });
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            break status;
        }
        if begun.elapsed() > MOST_TIME {
            child.kill().map_err(|error| error.to_string())?;
            child.wait().map_err(|error| error.to_string())?;
            return Err(format!("it took more than {} s", MOST_TIME.as_secs()));
        }
        std::thread::sleep(LOOK);
    };
    let exit = status.code().ok_or_else(|| format!("it ended by {status}"))?;
    let text = reader.join().map_err(|_| "its output cannot be read")?.map_err(|error| error.to_string())?;
    if exit == 2 {
        return Ok(Answer::Said(Expected { state: None, errors: BTreeSet::new(), also: BTreeSet::new(), exit }));
    }
    let report: Report = serde_json::from_slice(&text).map_err(|error| format!("its output is no report: {error}"))?;
    let (errors, also): (Vec<Finding>, Vec<Finding>) =
        report.findings.into_iter().partition(|finding| finding.severity == "error");
    let codes = |findings: Vec<Finding>| findings.into_iter().map(|finding| finding.code).collect();
    Ok(Answer::Said(Expected { state: Some(report.state), errors: codes(errors), also: codes(also), exit }))
}

/// What is wrong with an answer, by the promises of a tier; `None` if nothing is.
pub fn judge(case: &Case, answer: &Answer, tier: Tier) -> Option<String> {
    let expected = &case.manifest.expect;
    let said = match answer {
        Answer::Broke(why) => return Some(why.clone()),
        Answer::Said(said) => said,
    };
    let word = |state: Option<State>| state.map_or("no answer", State::as_str);
    if said.state != expected.state {
        return Some(format!("said {}, expected {}", word(said.state), word(expected.state)));
    }
    if said.exit != expected.exit {
        return Some(format!("exit status {}, expected {}", said.exit, expected.exit));
    }
    let differ = |said: &BTreeSet<String>, expected: &BTreeSet<String>| {
        let list = |codes: &BTreeSet<String>| codes.iter().cloned().collect::<Vec<_>>().join(", ");
        (said != expected).then(|| format!("said [{}], expected [{}]", list(said), list(expected)))
    };
    let also = || differ(&said.also, &expected.also);
    differ(&said.errors, &expected.errors).or_else(|| if tier == Tier::Full { also() } else { None })
}
