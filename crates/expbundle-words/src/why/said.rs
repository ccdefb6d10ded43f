//! What signers wrote about a record: verdicts, and where it is in use.

use std::collections::HashSet;

use expbundle_format::RecordId;
use expbundle_query::Relations;
use expbundle_statement::{DeploymentAction, Identity, Kind, Predicate, ReviewVerdict, VerifiedStatement};

use crate::{Tone, calling_itself, count, day, objections, one_line, paint, quoted};

/// What signers wrote about it: verdicts, and where it is in use.
///
/// Of one reviewer the latest review of each scope and role has a sentence. With a signers file
/// only trusted signers have, and what is against the record comes first. Statements by unknown
/// keys are counted; without a signers file all keys are unknown, and each sentence begins with
/// that.
pub(super) fn words_about(relations: &Relations, id: RecordId) -> String {
    const MOST_WORDS: usize = 50;
    const MOST_UNKNOWN: usize = 3;
    let about = relations.said_about(id);
    let (trusted, unknown): (Vec<_>, Vec<_>) =
        about.into_iter().partition(|statement| principal(relations, statement).is_some());
    let against = trusted.iter().filter(|statement| statement.predicate().is_against()).count();
    let shown = MOST_WORDS.max(against);
    let mut text: String = trusted.iter().take(shown).map(|statement| trusted_words(relations, statement)).collect();
    let more = trusted.len().saturating_sub(shown);
    if more > 0 {
        text +=
            &format!(" There are {} by trusted keys; `expbundle log` shows all.", count(more as u64, "more statement"));
    }
    if relations.policy.is_some() {
        if !unknown.is_empty() {
            let are = if unknown.len() == 1 { "is" } else { "are" };
            let number = count(unknown.len() as u64, "statement");
            text += &format!(" There {are} {number} by unknown keys (`expbundle log`).");
        }
        return text;
    }
    // Anybody can make any number of keys, but not the key of the record's author.
    let is_author = |signer: &Identity| {
        let about = relations.intact.statements_about(id);
        about.iter().any(|statement| statement.kind() == Kind::Authorship && statement.identity() == signer)
    };
    let (by_author, others): (Vec<_>, Vec<_>) =
        unknown.into_iter().partition(|statement| is_author(statement.identity()));
    let against = by_author.iter().filter(|statement| statement.predicate().is_against()).count();
    let (shown, more) = by_author.split_at(by_author.len().min(MOST_WORDS.max(against)));
    text.extend(shown.iter().map(|statement| unknown_words(statement)));
    text += &folded("by its authors", more);
    let (against, others): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|statement| statement.predicate().is_against());
    for (what, statements) in [("against it", against), ("in its favour or about its use", others)] {
        if statements.len() <= MOST_UNKNOWN {
            text.extend(statements.iter().map(|statement| unknown_words(statement)));
        } else {
            text += &folded(what, &statements);
        }
    }
    text
}

/// Statements by keys that nobody vouches for, as a number.
pub(super) fn folded(what: &str, statements: &[&VerifiedStatement]) -> String {
    if statements.is_empty() {
        return String::new();
    }
    let signers: HashSet<&Identity> = statements.iter().map(|statement| statement.identity()).collect();
    let are = if statements.len() == 1 { "is" } else { "are" };
    let number = objections::unvouched(statements.len(), signers.len());
    format!(" There {are} {number}, {what} (`expbundle log`).")
}

fn trusted_words(relations: &Relations, statement: &VerifiedStatement) -> String {
    let who = paint(Tone::Good, &one_line(principal(relations, statement).unwrap_or_default()));
    let on = day(statement.created());
    let because =
        |reason: &Option<String>| reason.as_deref().map(|reason| format!(": {}", quoted(reason))).unwrap_or_default();
    match statement.predicate() {
        Predicate::Review(review) => {
            let verdict = match review.verdict {
                ReviewVerdict::Approved => paint(Tone::Good, "approved"),
                ReviewVerdict::Rejected => paint(Tone::Bad, "rejected"),
                ReviewVerdict::NeedsChanges => paint(Tone::Bad, "sent back for changes"),
            };
            let scope = review.scope.as_deref().map(|scope| format!(" for {}", quoted(scope))).unwrap_or_default();
            let role = review.role.as_deref().map(|role| format!(" as {}", quoted(role))).unwrap_or_default();
            format!(" It was {verdict}{scope} by {who}{role} on {on}{}.", because(&review.reason))
        }
        Predicate::Deployment(deployment) => {
            let environment = quoted(&deployment.environment);
            let action = match deployment.action {
                DeploymentAction::Deployed => "deployed to",
                DeploymentAction::Retired => "retired from",
            };
            let reason = because(&deployment.reason);
            format!(" It was {action} {environment} on {on} according to {who}{reason}.")
        }
        _ => String::new(),
    }
}

fn unknown_words(statement: &VerifiedStatement) -> String {
    let who = calling_itself(&statement.identity().to_string(), statement.signer_name());
    let says = one_line(&statement.predicate().brief(60));
    format!(" {} ({who}) wrote on {}: {says}.", paint(Tone::Doubt, "An unchecked key"), day(statement.created()))
}

fn principal<'a>(relations: &'a Relations, statement: &VerifiedStatement) -> Option<&'a str> {
    relations.verdict.trusted.get(&statement.id())?.first().map(String::as_str)
}
