//! `expbundle sign`: vouch for a record.

use expbundle_statement::{Authorship, Generator, Predicate};

use crate::Outcome;
use crate::statements::StatementArguments;

/// Sign a bundle's record: vouch for it with your key
///
/// Adds a signed statement of kind `authorship` to the bundle. The record and its id do not change.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  expbundle sign run.expb --key ~/.ssh/id_ed25519 --name \"Ada, Team A\"")]
pub struct Sign {
    #[command(flatten)]
    statement: StatementArguments,
}

impl Sign {
    pub fn run(self) -> Outcome {
        let generator =
            Generator { name: env!("CARGO_BIN_NAME").to_owned(), version: Some(env!("CARGO_PKG_VERSION").to_owned()) };
        self.statement.add(&Predicate::Authorship(Authorship { generator: Some(generator) }))
    }
}
