//! What was said against records, in words: first in every view, and never folded where a trusted
//! key or an author of the record said it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use expbundle::standing::{Apart, Objection, ObjectionKind, Standing, weight};
use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_query::short;

use crate::{Tone, count, one_line, paint, quoted};

/// So many objections to one record, by keys that nobody vouches for, are each shown; of more, only
/// their number.
const SHOWN: usize = 3;

/// Where all of it is shown that counts for nothing.
const SHOWN_BY: &str = "`expbundle verify` shows more";

/// One objection, like `rejected by ben@example.org: "poison"`.
pub fn words(objection: &Objection) -> String {
    let by = who(objection);
    let what = match (objection.kind, objection.successor) {
        (ObjectionKind::Superseded, Some(successor)) => {
            format!("superseded by record {}, according to", short(&successor))
        }
        (ObjectionKind::NeedsChanges, _) => "sent back for changes by".to_owned(),
        (ObjectionKind::Withdrawn, _) => "partly revoked by".to_owned(),
        (kind, _) => format!("{} by", kind.as_str()),
    };
    let reason = objection.reason.as_deref().map(|reason| format!(": {}", quoted(reason))).unwrap_or_default();
    format!("{what} {by}{reason}")
}

/// Whose objection it is.
pub(crate) fn who(objection: &Objection) -> String {
    match (objection.trusted_as.first(), objection.listed_as.first()) {
        (Some(principal), _) => one_line(principal),
        (None, Some(principal)) => {
            format!("a key of {} that is not trusted now ({})", one_line(principal), objection.key)
        }
        (None, None) if objection.signers_checked => format!("an unknown key ({})", objection.key),
        (None, None) => format!("an unchecked key ({})", objection.key),
    }
}

/// All objections to one record, joined. Those of trusted keys and of the record's own authors are
/// all there.
pub fn all(objections: &[Objection]) -> String {
    let others: Vec<&Objection> = objections.iter().filter(|objection| !objection.is_vouched_for()).collect();
    let is_folded = others.len() > SHOWN;
    let shown = objections.iter().filter(|objection| !is_folded || objection.is_vouched_for());
    // Who says the same again says no more.
    let mut said = BTreeSet::new();
    let mut parts: Vec<String> = shown.map(words).collect();
    parts.retain(|part| said.insert(part.clone()));
    if is_folded {
        let keys: BTreeSet<&str> = others.iter().map(|objection| objection.key.as_str()).collect();
        parts.push(format!("objected to in {}", unvouched(others.len(), keys.len())));
    }
    parts.join("; ")
}

/// What was said against a record in a word or two, where the line at the top of the view has all
/// of it.
pub fn mark(kinds: impl IntoIterator<Item = ObjectionKind>) -> String {
    let kinds: BTreeSet<ObjectionKind> = kinds.into_iter().collect();
    let word = |kind| match kind {
        ObjectionKind::Withdrawn => "partly revoked",
        kind => ObjectionKind::as_str(kind),
    };
    let words: Vec<&str> = kinds.into_iter().map(word).collect();
    format!("! {}", words.join(", "))
}

/// Statements by keys that anybody can have made, as a number.
pub fn unvouched(statements: usize, keys: usize) -> String {
    let (statements, by) = (count(statements as u64, "statement"), count(keys as u64, "unknown key"));
    format!("{statements} by {by}")
}

/// What stands for the title of a record that is not here or is set apart.
pub const ELSEWHERE: &str = "(not a record that counts here)";

/// What stands for the title of a record that is not here.
pub const ABSENT: &str = "(not found)";

/// A record's title as a line shows it.
pub fn title(title: Option<&str>) -> String {
    title.map_or_else(|| "(title withheld)".to_owned(), quoted)
}

/// A line for each record that somebody objects to, the weightiest objections first.
pub fn lines<'a>(records: impl IntoIterator<Item = (RecordId, String, &'a [Objection])>) -> String {
    let mut text = String::new();
    let mut records: Vec<_> = records.into_iter().filter(|(_, _, objections)| !objections.is_empty()).collect();
    records.sort_by_key(|(_, _, objections)| weight(objections));
    for (id, title, objections) in records {
        _ = writeln!(
            text,
            "  {} {} {title}: {}",
            paint(Tone::Bad, "!"),
            short(&id),
            paint(Tone::Bad, &all(objections))
        );
    }
    text
}

/// How much counts for nothing, a line for each reason, where the answer does not list it.
pub fn left_out(intact: &Intact, standing: &Standing) -> Vec<String> {
    let apart = apart(&standing.apart).map(|apart| format!("{apart}; {SHOWN_BY}"));
    apart.into_iter().chain(set_aside(intact)).collect()
}

/// How many statements only a later version can verify, if there are some.
pub fn set_aside(intact: &Intact) -> Option<String> {
    let number = intact.set_aside() as u64;
    let what = || format!("set aside, since only a later version can read them: {}", count(number, "statement"));
    (number > 0).then(|| format!("{}; {SHOWN_BY}", what()))
}

/// How much was set apart, if anything was. Without a statement, nobody signed the records.
pub fn apart(apart: &Apart) -> Option<String> {
    let by = if apart.statements.is_empty() { "signed by nobody" } else { "by keys that are not trusted" };
    let parts: Vec<String> = [(apart.records.len(), "record"), (apart.statements.len(), "statement")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| count(number as u64, noun))
        .collect();
    (!parts.is_empty()).then(|| format!("set apart, {by}: {}", parts.join(" and ")))
}
