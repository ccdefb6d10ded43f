//! `expbundle seal`: what is in a bundle at this moment.

use expbundle_statement::{Predicate, Seal as Predicated};

use crate::Outcome;
use crate::statements::StatementArguments;

/// Seal a bundle: sign the names of everything in it
///
/// Names are digests, so the seal fixes the content. Objects can be added later, but if a sealed
/// object is missing, verification fails. A sealed bundle can therefore no longer be shared in
/// part.
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
