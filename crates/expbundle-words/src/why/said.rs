//! What signers wrote about a record: verdicts, and where it is in use.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use expbundle_directory::RevokedRelease;
use expbundle_format::RecordId;
use expbundle_query::Relations;
use expbundle_statement::{DeploymentAction, Identity, Kind, Predicate, ReviewVerdict, VerifiedStatement};

use crate::{Tone, calling_itself, count, day, moment, objections, one_line, paint, quoted};

/// What signers wrote about a record.
pub(super) struct Said {
    /// What trusted keys have against it.
    pub against: String,
    /// The rest.
    pub others: String,
}

/// That a release of the file was taken back, a line each.
pub(super) fn releases_taken_back(relations: &Relations) -> String {
    let line = |one: RevokedRelease<'_>| {
        let is_known = one.release.listing().is_some_and(|listing| relations.intact.released(listing).is_some());
        let what = if is_known { "a release of this file" } else { "a release of which the list is not here" };
        let reason = one.by.reason.as_deref().map(|reason| format!(": {}", quoted(reason))).unwrap_or_default();
        let (who, on) = (one_line(&one.by.by.join(", ")), moment(one.by.created));
        paint(Tone::Bad, &format!("! {what} was revoked by {who} on {on}{reason}")) + "\n"
    };
    relations.releases_taken_back().into_iter().map(line).collect()
}

/// What signers wrote about it: verdicts, and where it is in use.
///
/// Of one reviewer the latest review of each scope and role has a sentence. With a signers file
/// only trusted signers have; without one all keys are unknown, and each sentence begins with that.
pub(super) fn words_about(relations: &Relations, id: RecordId) -> Said {
    const MOST_WORDS: usize = 50;
    const MOST_UNKNOWN: usize = 3;
    let about = relations.said_about(id);
    let (trusted, unknown): (Vec<_>, Vec<_>) =
        about.into_iter().partition(|statement| principal(relations, statement).is_some());
    let number_against = trusted.iter().filter(|statement| statement.predicate().is_against()).count();
    let shown = MOST_WORDS.max(number_against);
    let mut told = in_time(trusted.iter().take(shown).copied());
    told.sort_by_key(|(statement, _)| Reverse(relations.place_among(id, statement)));
    let is_scoped = told.iter().any(|(statement, _)| scope(statement).is_some());
    // Who reads the last sentence alone would take an approval for the last word.
    let is_objected = relations.verdict.standing.against.contains_key(&id);
    let (mut against, mut text) = (String::new(), String::new());
    for (statement, on) in &told {
        let words = trusted_words(relations, statement, on, is_scoped);
        if statement.predicate().is_against() {
            against += &words;
        } else if is_objected && text.is_empty() {
            text += &words.replacen(" It was ", " Despite these objections, it was ", 1);
        } else {
            text += &words;
        }
    }
    let more = trusted.len().saturating_sub(shown);
    if more > 0 {
        text +=
            &format!(" There are {} by trusted keys; `expbundle log` shows all.", count(more as u64, "more statement"));
    }
    // Anybody can make any number of keys, but not the key of the record's author.
    let about = relations.intact.statements_about(id);
    let authorships = about.iter().filter(|statement| statement.kind() == Kind::Authorship);
    let authors: HashSet<&Identity> = authorships.map(|statement| statement.identity()).collect();
    let (by_author, others): (Vec<_>, Vec<_>) =
        unknown.into_iter().partition(|statement| authors.contains(statement.identity()));
    let number_against = by_author.iter().filter(|statement| statement.predicate().is_against()).count();
    let (shown, more) = by_author.split_at(by_author.len().min(MOST_WORDS.max(number_against)));
    text += &unknown_words(shown);
    text += &folded("by its authors", more);
    let (unknown_against, others): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|statement| statement.predicate().is_against());
    for (what, statements) in [("against it", unknown_against), ("in its favour or about its use", others)] {
        if statements.len() <= MOST_UNKNOWN {
            text += &unknown_words(&statements);
        } else {
            text += &folded(what, &statements);
        }
    }
    Said { against, others: text }
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

/// Statements with when each was made, in the order of time. What was said on one day has the time of
/// day.
fn in_time<'a>(statements: impl IntoIterator<Item = &'a VerifiedStatement>) -> Vec<(&'a VerifiedStatement, String)> {
    let mut by_day: BTreeMap<String, Vec<&VerifiedStatement>> = BTreeMap::new();
    for statement in statements {
        by_day.entry(day(statement.created())).or_default().push(statement);
    }
    let mut all = Vec::new();
    for (day, mut said) in by_day {
        said.sort_by_key(|one| (one.created(), one.id()));
        let is_alone = said.len() == 1;
        let when = |one: &VerifiedStatement| if is_alone { day.clone() } else { moment(one.created()) };
        all.extend(said.into_iter().map(|one| (one, when(one))));
    }
    all
}

/// For what the verdict of a review holds, if not for everything.
fn scope(statement: &VerifiedStatement) -> Option<&str> {
    match statement.predicate() {
        Predicate::Review(review) => review.scope.as_deref(),
        _ => None,
    }
}

/// A sentence. `is_scoped` says that some verdict beside it holds for a part only.
fn trusted_words(relations: &Relations, statement: &VerifiedStatement, on: &str, is_scoped: bool) -> String {
    let who = paint(Tone::Good, &one_line(principal(relations, statement).unwrap_or_default()));
    let because =
        |reason: &Option<String>| reason.as_deref().map(|reason| format!(": {}", quoted(reason))).unwrap_or_default();
    match statement.predicate() {
        Predicate::Review(review) => {
            let verdict = match review.verdict {
                ReviewVerdict::Approved => paint(Tone::Good, "approved"),
                ReviewVerdict::Rejected => paint(Tone::Bad, "rejected"),
                ReviewVerdict::NeedsChanges => paint(Tone::Bad, "sent back for changes"),
            };
            let scope = match review.scope.as_deref() {
                Some(scope) => format!(" for {}", quoted(scope)),
                None if is_scoped => " as a whole".to_owned(),
                None => String::new(),
            };
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
        Predicate::Evaluation(_) => {
            let results = one_line(&statement.predicate().brief(40));
            format!(" It was evaluated by {who} on {on}: {results}.")
        }
        _ => String::new(),
    }
}

/// What is against it first.
fn unknown_words(statements: &[&VerifiedStatement]) -> String {
    let sentence = |(statement, on): (&VerifiedStatement, String)| {
        let who = calling_itself(&statement.identity().to_string(), statement.signer_name());
        let says = one_line(&statement.predicate().brief(60));
        format!(" {} ({who}) wrote on {on}: {says}.", paint(Tone::Doubt, "An unchecked key"))
    };
    let mut told = in_time(statements.iter().copied());
    told.sort_by_key(|(statement, _)| !statement.predicate().is_against());
    told.into_iter().map(sentence).collect()
}

fn principal<'a>(relations: &'a Relations, statement: &VerifiedStatement) -> Option<&'a str> {
    relations.verdict.trusted.get(&statement.id())?.first().map(String::as_str)
}
