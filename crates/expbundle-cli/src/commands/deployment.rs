//! `expbundle deployment`: a signed word on where a model is in use.

use camino::Utf8PathBuf;
use expbundle_statement::{Deployment as Predicated, DeploymentAction, Predicate};

use crate::statements::{StatementArguments, digests_of};
use crate::{Outcome, files};

/// Add a signed statement that a model was deployed or retired
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  expbundle deployment run.expb --environment production --key key\n  \
    expbundle deployment run.expb --environment production --retired --reason \"replaced\" --key key\n\n\
    `expbundle why FILE` shows which experiment made a deployed file, and who approved it.")]
pub struct Deployment {
    #[command(flatten)]
    statement: StatementArguments,
    /// Environment, e.g. `production` or a URL
    #[arg(long)]
    environment: String,
    /// The model was retired from this environment
    #[arg(long)]
    retired: bool,
    /// Output file that was deployed, if the record has several outputs
    #[arg(long, value_name = "FILE", value_parser = files::path)]
    artifact: Option<Utf8PathBuf>,
    /// Reason
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
