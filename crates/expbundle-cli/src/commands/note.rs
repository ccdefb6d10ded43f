//! `expbundle note`: a signed remark.

use expbundle_statement::{Comment, Predicate};

use crate::Outcome;
use crate::statements::StatementArguments;

/// Add a signed remark about a record
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  expbundle note run.expb \"the validation split overlaps\" --key key")]
pub struct Note {
    #[command(flatten)]
    statement: StatementArguments,
    /// The remark, in markdown
    text: String,
}

impl Note {
    pub fn run(self) -> Outcome {
        self.statement.add(&Predicate::Comment(Comment { text: self.text }))
    }
}
