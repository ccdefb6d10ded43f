//! `expbundle seal`: what is in a bundle at this moment.

use expbundle_statement::{Predicate, Seal as Predicated};

use crate::Outcome;
use crate::statements::StatementArguments;

/// Seal a bundle: sign the names of everything that is in it
///
/// Names are digests, so the seal fixes the content. More may be added later, but if anything that was sealed is missing,
/// verification fails; so what is sealed can no longer be shared in part.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  expbundle seal run.expb --key key")]
pub struct Seal {
    #[command(flatten)]
    statement: StatementArguments,
}

impl Seal {
    pub fn run(self) -> Outcome {
        self.statement.add_each(|intact, _| {
            let objects = intact.bundle().entries().map(|(name, _)| name.to_string()).collect();
            Ok(Predicate::Seal(Predicated { objects }))
        })
    }
}
