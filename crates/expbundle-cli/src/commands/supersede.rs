//! `expbundle supersede`: another record took the place of this one.

use camino::Utf8PathBuf;
use expbundle_statement::{Predicate, Superseded};

use crate::statements::{StatementArguments, record_of};
use crate::{Outcome, files};

/// Add a signed statement that a newer record replaces this one
///
/// The record and its id do not change. Readers are pointed to its successor.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  expbundle supersede old.expb --by new.expb --reason \"better conversion\" --key key"
)]
pub struct Supersede {
    #[command(flatten)]
    statement: StatementArguments,
    /// Bundle of the record that replaces it
    #[arg(long, value_name = "BUNDLE", value_parser = files::path)]
    by: Utf8PathBuf,
    /// Reason
    #[arg(long)]
    reason: Option<String>,
}

impl Supersede {
    pub fn run(self) -> Outcome {
        let successor = record_of(&self.by)?;
        self.statement.add(&Predicate::Supersession(Superseded { successor, reason: self.reason }))
    }
}
