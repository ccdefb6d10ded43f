//! Statements that are dated after the moment (spec/trust.md, "Taking back"): a revocation whose
//! year is mistyped would else be without effect, and nobody would see it.

use expbundle_format::time::Time;
use expbundle_format::{Code, Finding};
use expbundle_statement::{Kind, Predicate, VerifiedStatement};
use jiff::Timestamp;

/// From when on a statement counts, by its own word.
pub(crate) fn counts_from(statement: &VerifiedStatement) -> Time {
    match statement.predicate() {
        Predicate::Revocation(revocation) => revocation.since.unwrap_or(statement.created()),
        _ => statement.created(),
    }
}

/// What is to be said of a statement that is dated after the moment.
pub(crate) fn finding(statement: &VerifiedStatement, at: Timestamp) -> Option<Finding> {
    let (created, kind, since) = (statement.created(), statement.kind(), counts_from(statement));
    let message = match kind {
        Kind::Revocation if since.timestamp() > at => format!("the revocation counts from {since} on, and not yet"),
        Kind::Supersession if created.timestamp() > at => {
            format!("the supersession counts from {created} on, and not yet")
        }
        _ if created.timestamp() > at => format!("the {kind} is dated {created}, after the moment"),
        _ => return None,
    };
    Some(Finding::new(Code::StatementFuture, statement.place(), message))
}
