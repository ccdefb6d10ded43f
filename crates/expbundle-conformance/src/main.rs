//! `expbundle-conformance`: the scoreboard of an implementation.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use expbundle_conformance::cases::{self, Case, Tier};
use expbundle_conformance::protocol::try_case;
use expbundle_conformance::scoreboard::{Outcome, Scoreboard};
use rayon::prelude::*;

/// Drive an implementation over the conformance cases, and print a scoreboard
///
/// COMMAND is run once for each case, with the options of conformance/README.md and the path of the
/// case at its end.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Examples:\n  expbundle-conformance -- expbundle verify --json\n  \
    expbundle-conformance --tier core -- python3 conformance/reference/verify.py\n  \
    expbundle-conformance --tier writer -- expbundle repack"
)]
struct Arguments {
    /// Folder of the cases
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../conformance/cases"), hide_default_value = true)]
    cases: PathBuf,
    /// What the implementation promises
    #[arg(long, value_enum, default_value = "full")]
    tier: Tier,
    /// Only cases whose id begins so, like `container/zip64`
    #[arg(long, default_value = "")]
    only: String,
    /// Seconds that an implementation has for each case
    #[arg(long, default_value_t = 20)]
    timeout: u64,
    /// File of ids of cases that are known to fail, one on each line; `#` begins a remark
    #[arg(long)]
    expected_failures: Option<PathBuf>,
    /// The implementation's command
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            // If stderr is closed there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "error: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool, String> {
    let tier = arguments.tier;
    let wanted = |case: &Case| case.manifest.tiers.contains(&tier) && case.id().starts_with(&arguments.only);
    let all = cases::read(&arguments.cases).map_err(|error| error.to_string())?;
    let chosen: Vec<Case> = all.into_iter().filter(wanted).collect();
    if chosen.is_empty() {
        return Err(format!("no case of this tier has an id that begins with `{}`", arguments.only));
    }
    let expected = arguments.expected_failures.as_deref().map(failures).transpose()?.unwrap_or_default();
    let outcome = |case: &Case| Outcome {
        layer: case.layer.clone(),
        id: case.id(),
        problem: try_case(&arguments.command, case, tier, Duration::from_secs(arguments.timeout)),
    };
    let scoreboard = Scoreboard::new(chosen.par_iter().map(outcome).collect(), expected);
    // What was found is the exit status, also where nobody reads on.
    match std::io::stdout().write_all(scoreboard.words().as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe && scoreboard.is_as_expected() => {
            Err(format!("the scoreboard cannot be written: {error}"))
        }
        _ => Ok(scoreboard.is_as_expected()),
    }
}

fn failures(path: &Path) -> Result<BTreeSet<String>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let ids = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    Ok(ids.filter(|id| !id.is_empty()).map(str::to_owned).collect())
}
