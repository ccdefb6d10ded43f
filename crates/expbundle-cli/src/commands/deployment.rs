//! `expbundle deployment`: a signed word on where a model is in use.

use camino::Utf8PathBuf;
use expbundle_statement::{Deployment as Predicated, DeploymentAction, Predicate};

use crate::Outcome;
use crate::statements::{StatementArguments, digests_of};

/// Say, signed, where what a record made is in use, or that it no longer is
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  expbundle deployment run.expb --environment production --key key\n  \
    expbundle deployment run.expb --environment production --retired --reason \"replaced\" --key key\n\n\
    `expbundle why FILE` answers which experiment made a deployed file, and who approved it.")]
pub struct Deployment {
    #[command(flatten)]
    statement: StatementArguments,
    /// Where, like `production` or an address
    #[arg(long)]
    environment: String,
    /// It is no longer in use there
    #[arg(long)]
    retired: bool,
    /// Which output, where the record has several
    #[arg(long, value_name = "FILE")]
    artifact: Option<Utf8PathBuf>,
    /// Why
    #[arg(long)]
    reason: Option<String>,
}

impl Deployment {
    pub fn run(self) -> Outcome {
        let Self { statement, environment, retired, artifact, reason } = self;
        let action = if retired { DeploymentAction::Retired } else { DeploymentAction::Deployed };
        let artifact = artifact.as_deref().map(digests_of).transpose()?;
        statement.add(&Predicate::Deployment(Predicated { environment, action, artifact, reason }))
    }
}
