//! `expbundle review`: a signed verdict.

use clap::ValueEnum;
use expbundle_statement::{Predicate, Review as Predicated, ReviewVerdict};

use crate::Outcome;
use crate::statements::StatementArguments;

/// Add a signed review of a record
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  expbundle review run.expb --verdict approved --role safety --scope \"internal use\" --key key"
)]
pub struct Review {
    #[command(flatten)]
    statement: StatementArguments,
    /// Verdict of the review
    #[arg(long)]
    verdict: Verdict,
    /// Your role, e.g. `safety`
    #[arg(long)]
    role: Option<String>,
    /// Scope of the verdict, e.g. `internal use`
    #[arg(long)]
    scope: Option<String>,
    /// Reason
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Verdict {
    Approved,
    Rejected,
    NeedsChanges,
}

impl Review {
    pub fn run(self) -> Outcome {
        let verdict = match self.verdict {
            Verdict::Approved => ReviewVerdict::Approved,
            Verdict::Rejected => ReviewVerdict::Rejected,
            Verdict::NeedsChanges => ReviewVerdict::NeedsChanges,
        };
        let Self { statement, role, scope, reason, .. } = self;
        statement.add(&Predicate::Review(Predicated { verdict, role, scope, reason }))
    }
}
