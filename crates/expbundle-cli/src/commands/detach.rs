//! `expbundle detach`: undo `attach`.

use camino::Utf8PathBuf;
use expbundle_directory::plan_detach;

use super::attach::{Consent, carry_out};
use crate::Outcome;

/// Remove the bundle from a model folder, and undo what `attach` added to its files
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  expbundle detach ./model-dir")]
pub struct Detach {
    /// Model folder
    directory: Utf8PathBuf,
    #[command(flatten)]
    consent: Consent,
}

impl Detach {
    pub fn run(self) -> Outcome {
        carry_out(plan_detach(&self.directory)?, &self.consent)
    }
}
