//! How an implementation is asked: one process for each case (conformance/README.md, "The
//! protocol").
//!
//! ```text
//! COMMAND [--trust SIGNERS] [--at TIME] [--require STATE] [--digests all] INPUT
//! ```
//! Writers are asked otherwise:
//!
//! ```text
//! COMMAND INPUT -o OUTPUT
//! ```
//! A verifier prints JSON with `state` and `findings`, each with `code` and `severity`, and exits
//! as spec/report.md says.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::cases::{Case, Expected, State, Tier};

/// How often a process is looked after.
const LOOK: Duration = Duration::from_millis(2);

/// What a verifier made of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
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

/// Asks about one case, and says what is wrong with the answer by the promises of a tier; `None` if
/// nothing is.
pub fn try_case(command: &[String], case: &Case, tier: Tier, most_time: Duration) -> Option<String> {
    match &case.manifest.output {
        None => judge(case, &ask(command, case, most_time), tier),
        Some(output) => write(command, case, &case.folder.join(output), most_time).err(),
    }
}

fn program(command: &[String]) -> Result<Command, String> {
    let (program, arguments) = command.split_first().ok_or("there is no command")?;
    let mut process = Command::new(program);
    process.args(arguments).stdin(Stdio::null()).stderr(Stdio::null());
    Ok(process)
}

/// Lets a writer make a bundle, and compares its bytes.
fn write(command: &[String], case: &Case, expected: &Path, most_time: Duration) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let made = folder.path().join("made.expb");
    let mut process = program(command)?;
    process.arg(case.input()).arg("-o").arg(&made).stdout(Stdio::piped());
    let (exit, _) = run(process, most_time)?;
    // A writer that left something out says so.
    let wanted = case.manifest.expect.exit;
    if exit != wanted {
        return Err(format!("exit status {exit}, expected {wanted}"));
    }
    let read = |path: &Path| std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let (made, expected) = (read(&made)?, read(expected)?);
    match made.iter().zip(&expected).position(|(a, b)| a != b) {
        Some(at) => Err(format!("the bundle differs from byte {at} on")),
        None if made.len() != expected.len() => Err(format!("{} bytes, expected {}", made.len(), expected.len())),
        None => Ok(()),
    }
}

/// Asks a verifier about one case.
fn ask(command: &[String], case: &Case, most_time: Duration) -> Answer {
    let mut process = match program(command) {
        Ok(process) => process,
        Err(why) => return Answer::Broke(why),
    };
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
    process.arg(case.input()).stdout(Stdio::piped());
    run(process, most_time).and_then(|(exit, text)| answer(exit, &text)).unwrap_or_else(Answer::Broke)
}

/// Runs a process to its end: its exit status, and what it printed.
fn run(mut process: Command, most_time: Duration) -> Result<(i32, Vec<u8>), String> {
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
        if begun.elapsed() > most_time {
            child.kill().map_err(|error| error.to_string())?;
            child.wait().map_err(|error| error.to_string())?;
            return Err(format!("it took more than {} s", most_time.as_secs()));
        }
        std::thread::sleep(LOOK);
    };
    let exit = status.code().ok_or_else(|| format!("it ended by {status}"))?;
    let text = reader.join().map_err(|_| "its output cannot be read")?.map_err(|error| error.to_string())?;
    Ok((exit, text))
}

fn answer(exit: i32, text: &[u8]) -> Result<Answer, String> {
    // Without an answer there may be a report all the same: that the bundle is beyond the limits.
    if exit == 2 && !serde_json::from_slice::<Report>(text).is_ok_and(|report| report.state == State::Refused) {
        let errors = Some(BTreeSet::new());
        return Ok(Answer::Said(Expected { state: None, errors, first: None, also: BTreeSet::new(), exit }));
    }
    let report: Report =
        serde_json::from_slice(text).map_err(|error| format!("its output is not a report: {error}"))?;
    let (errors, also): (Vec<Finding>, Vec<Finding>) =
        report.findings.into_iter().partition(|finding| finding.severity == "error");
    let first = errors.first().map(|finding| finding.code.clone());
    let codes = |findings: Vec<Finding>| findings.into_iter().map(|finding| finding.code).collect();
    Ok(Answer::Said(Expected {
        state: Some(report.state),
        errors: Some(codes(errors)),
        first,
        also: codes(also),
        exit,
    }))
}

/// What is wrong with an answer.
fn judge(case: &Case, answer: &Answer, tier: Tier) -> Option<String> {
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
    let (Some(errors), Some(wanted)) = (&said.errors, &expected.errors) else { return None };
    let first = || {
        let wanted = expected.first.as_ref().filter(|wanted| said.first.as_ref() != Some(wanted))?;
        Some(format!("said {} first, expected {wanted}", said.first.as_deref().unwrap_or("nothing")))
    };
    let also = || differ(&said.also, &expected.also);
    differ(errors, wanted).or_else(first).or_else(|| if tier == Tier::Full { also() } else { None })
}
