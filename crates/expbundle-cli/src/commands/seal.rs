//! `expbundle seal`: what is in a bundle at this moment.

use expbundle::verify::Intact;
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
        let objects = |intact: &Intact| intact.bundle().entries().map(|(name, _)| name.to_string()).collect();
        let seal = |intact: &Intact, _| Ok(Predicate::Seal(Predicated { objects: objects(intact) }));
        self.statement.add_each(|_| Ok(None), seal)
    }
}
