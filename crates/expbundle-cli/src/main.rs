//! The `expbundle` program: arguments, streams, exit codes. The libraries decide, and
//! `expbundle-words` words it.
//!
//! stdout is data, stderr is talk. Each command is one file in `commands/`, with its arguments, its
//! help and its `run`.

use std::process::ExitCode;

mod choice;
mod commands;
mod files;
mod inputs;
mod keys;
mod numbers;
mod relations;
mod schemas;
mod signers;
mod statements;
mod target;
mod terminal;
mod tracker;

use expbundle_words::Failure;
use jiff::tz::TimeZone;

/// Exit codes, as spec/report.md lays them down.
mod exit {
    use expbundle::judge::State;
    use expbundle::report::Report;

    /// The requested state holds; the command did what was asked.
    pub const OK: u8 = 0;
    /// Verification failed.
    pub const FAILED: u8 = 1;
    /// There is no answer: usage or I/O error, or beyond the limits of this reader.
    pub const ERROR: u8 = 2;
    /// Intact, but not signed or trusted as asked.
    pub const NOT_AS_ASKED: u8 = 3;

    /// What a state means that was to be at least another.
    pub fn of(state: State, required: State) -> u8 {
        match state {
            State::Refused => ERROR,
            State::Malformed => FAILED,
            state if state < required => NOT_AS_ASKED,
            _ => OK,
        }
    }

    /// What a report means.
    pub fn of_report(report: &Report) -> u8 {
        match of(report.state, report.required) {
            OK if !report.holds || report.fails_across() => NOT_AS_ASKED,
            status => status,
        }
    }

    /// What several answers come to: one that failed is the worst, and then one that there is not.
    pub fn worst(all: impl IntoIterator<Item = u8>) -> u8 {
        let weight = |code: &u8| [OK, NOT_AS_ASKED, ERROR, FAILED].iter().position(|one| one == code);
        all.into_iter().max_by_key(weight).unwrap_or(OK)
    }

    /// What a failure means: that a bundle is broken, or that there is no answer.
    pub fn of_failure(failure: &expbundle_words::Failure) -> u8 {
        if failure.is_broken() { FAILED } else { ERROR }
    }
}

/// Many small objects come from all cores at once, which takes the C library's allocator twice the
/// time (benches/README.md, families).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    quiet_parquet();
    expbundle_words::show_times_in(local_zone);
    let code = commands::run().unwrap_or_else(|failure| {
        terminal::print(&failure);
        exit::of_failure(&failure)
    });
    ExitCode::from(terminal::conclude(code))
}

/// The Parquet library asserts what a file promises. Whoever calls it catches that and says what is
/// wrong with the file, so a message of the library would be one too many.
fn quiet_parquet() {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic
            .location()
            .is_some_and(|place| place.file().split(['/', '\\']).any(|part| part.starts_with("parquet-")))
        {
            loud(panic);
        }
    }));
}

/// What a command returns: its exit code, or why it could not do its work.
type Outcome = Result<u8, Failure>;

/// The zone of this machine, or UTC if it cannot be known. Where no variable names another, its own
/// file says all that is shown; to find out what it is called would be to list the whole database
/// of zones.
fn local_zone() -> TimeZone {
    let named = || TimeZone::try_system().unwrap_or(TimeZone::UTC);
    if std::env::var_os("TZ").is_some() {
        return named();
    }
    let file = std::fs::read("/etc/localtime").ok();
    file.and_then(|bytes| TimeZone::tzif("local", &bytes).ok()).unwrap_or_else(named)
}
