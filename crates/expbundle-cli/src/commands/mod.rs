//! The commands: verbs of the journey, one file each.

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use expbundle::output::Inputs;

use crate::terminal::{self, Progress};
use crate::{Outcome, exit, inputs};

mod attach;
mod completions;
mod convert;
pub mod create;
mod demo;
mod deployment;
mod detach;
mod diff;
mod evaluation;
mod extract;
mod inspect;
mod keygen;
mod lineage;
mod link;
mod log;
mod man;
mod merge;
mod note;
mod release;
mod repack;
mod review;
mod revoke;
mod schema;
mod seal;
mod show;
mod sign;
mod supersede;
mod trust;
mod verify;
mod why;
mod withhold;

/// Signed, portable records of machine-learning experiments
///
/// An experiment bundle (.expb) records what was run and why, on what data and code, with which
/// results, derived from which other models, and who signed it. It travels with the model and can
/// be verified offline, without the tools that made it.
#[derive(Debug, Parser)]
#[command(
    name = "expbundle",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "Start here:\n  \
        expbundle demo                                          the whole workflow, on real runs\n  \
        expbundle convert mlflow ./mlruns --list                list the runs in a tracker's folder\n  \
        expbundle convert wandb ./wandb/offline-run-… -o run.expb\n  \
        expbundle sign run.expb --key ~/.ssh/id_ed25519\n  \
        expbundle attach ./model-dir run.expb\n  \
        expbundle verify ./model-dir\n\n\
        Exit status: 0 done, or the required state holds · 1 verification failed · 2 usage or I/O error · \
        3 intact, but not signed or trusted as required"
)]
pub struct Arguments {
    /// Print nothing but errors: the exit status is the answer
    ///
    /// JSON, and data that goes to standard output because it was asked for, are still written.
    #[arg(long, short, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

/// A variant and a line of dispatch for each command, in the order of the help; in brackets what it
/// wants to know of the [`Call`].
macro_rules! commands {
    ($($module:ident::$command:ident($($wanted:ident)?),)*) => {
        #[derive(Debug, Subcommand)]
        enum Command {
            $($command($module::$command),)*
        }

        impl Command {
            fn run(self, call: &Call<'_>) -> Outcome {
                match self {
                    $(Self::$command(command) => command.run($(call.$wanted)?),)*
                }
            }
        }
    };
}

commands! {
    convert::Convert(progress),
    create::Create(inputs),
    keygen::Keygen(),
    sign::Sign(),
    note::Note(),
    review::Review(),
    evaluation::Evaluation(),
    deployment::Deployment(),
    link::Link(),
    supersede::Supersede(),
    revoke::Revoke(),
    seal::Seal(),
    trust::Trust(),
    log::Log(),
    verify::Verify(progress),
    show::Show(),
    extract::Extract(inputs),
    inspect::Inspect(),
    diff::Diff(),
    attach::Attach(progress),
    release::Release(progress),
    detach::Detach(),
    lineage::Lineage(),
    why::Why(),
    merge::Merge(inputs),
    withhold::Withhold(inputs),
    repack::Repack(inputs),
    schema::Schema(),
    demo::Demo(),
    completions::Completions(),
    man::Man(),
}

/// What commands may want to know besides their own arguments.
struct Call<'a> {
    progress: Progress,
    inputs: &'a Inputs,
}

/// Runs the command that the arguments of the process ask for.
pub fn run() -> Outcome {
    match Arguments::parse_with_inputs(std::env::args_os()) {
        Ok((arguments, inputs)) => arguments.run(&inputs),
        Err(error) if error.use_stderr() => error.exit(),
        // Help and the version are an answer like any other.
        Err(answer) => {
            terminal::say(&answer.render().ansi().to_string());
            Ok(exit::OK)
        }
    }
}

impl Arguments {
    /// The arguments, and all paths among them that are read.
    pub fn parse_with_inputs<T>(words: impl IntoIterator<Item = T>) -> Result<(Self, Inputs), clap::Error>
    where
        T: Into<std::ffi::OsString> + Clone,
    {
        let matches = Self::command().try_get_matches_from(words)?;
        let inputs = inputs::of(&matches);
        Ok((Self::from_arg_matches(&matches)?, inputs))
    }

    /// Runs the command.
    pub fn run(self, inputs: &Inputs) -> Outcome {
        if self.quiet {
            terminal::be_quiet();
        }
        inputs.check_names()?;
        self.command.run(&Call { progress: Progress { is_wanted: !self.quiet }, inputs })
    }
}
