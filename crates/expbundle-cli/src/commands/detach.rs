//! `expbundle detach`: undo `attach`.

use camino::Utf8PathBuf;
use expbundle_directory::plan_detach;
use expbundle_words::Failure;

use super::attach::carry_out;
use crate::Outcome;

/// Take the bundle away from a model directory again, and what `attach` added to its files
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  expbundle detach ./model-dir")]
pub struct Detach {
    /// Model directory
    directory: Utf8PathBuf,
    /// Do it without asking
    #[arg(long, short)]
    yes: bool,
}

impl Detach {
    pub fn run(self) -> Outcome {
        carry_out(plan_detach(&self.directory).map_err(|error| Failure::from(&error))?, self.yes)
    }
}
