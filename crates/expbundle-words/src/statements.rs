//! What a person should know of a statement before it is signed, and after.

use std::collections::BTreeSet;

use camino::Utf8Path;
use expbundle::verify::Intact;
use expbundle_directory::releases_that_stand;
use expbundle_format::time::Time;
use expbundle_format::{RecordId, StatementId};
use expbundle_query::{Plan, Repeat, short};
use expbundle_statement::{Identity, Kind, Predicate, ReviewVerdict, Revocation, Revoked, VerifiedStatement};

use crate::{Tone, count, moment, paint, path, records, some_of};

/// Records that `--record all` leaves unsigned, since others follow from them: those that nobody
/// signed before, nor just now.
pub fn not_signed(intact: &Intact, just_now: &BTreeSet<RecordId>) -> String {
    const SHOWN: usize = 5;
    let is_signed = |id| intact.statements_about(id).iter().any(|statement| statement.kind() == Kind::Authorship);
    let records = intact.records().keys().copied();
    let records: Vec<RecordId> = records.filter(|id| !is_signed(*id) && !just_now.contains(id)).collect();
    if records.is_empty() {
        return String::new();
    }
    let ids: Vec<String> = records.iter().map(short).collect();
    let (number, them) = (count(records.len() as u64, "record"), if records.len() == 1 { "it" } else { "them" });
    let note = paint(Tone::Doubt, "note:");
    format!("{note} {number} not signed: {}; name {them} with `--record`\n", some_of(&ids, SHOWN, ", "))
}

/// A note that a key said the same of a record before, so that it need not sign again.
pub fn signed_before(repeat: &Repeat) -> String {
    let (note, record) = (paint(Tone::Doubt, "note:"), short(&repeat.record));
    match &repeat.kind {
        Kind::Authorship => format!("{note} record {record} is already signed by this key; nothing was added\n"),
        kind => format!("{note} record {record} has the same {kind} by this key already; nothing was added\n"),
    }
}

/// What to know of that which is about to be signed: warnings and notes.
pub fn planned(plan: &Plan<'_>, now: Time) -> String {
    let mut text = String::new();
    if let Some((_, Predicate::Revocation(Revocation { since: Some(since), .. }))) = plan.statements.first() {
        text += &odd_date("the revocation counts from", *since, now).unwrap_or_default();
    }
    for (id, predicate) in &plan.statements {
        text += &somebody_elses(plan.intact, *id, predicate, &plan.signer).unwrap_or_default();
    }
    text
}

/// What was signed, a line for each statement: what it is about, with which key; and who else signed
/// the record.
pub fn signed(plan: &Plan<'_>, now: Time) -> Vec<String> {
    let (intact, signer) = (plan.intact, &plan.signer);
    let standing = intact.standing(None, now.timestamp());
    let line = |(id, predicate): &(RecordId, Predicate)| {
        let what = match predicate {
            Predicate::Authorship(_) => format!("signed {}", named(intact, *id)),
            other => format!("{} of {} signed", other.kind(), about(intact, *id, other)),
        };
        format!("{what} with {signer}\n{}", records::signed_too(intact, signer, *id, &standing))
    };
    plan.statements.iter().map(line).collect()
}

/// The id of a record and its title.
fn named(intact: &Intact, id: RecordId) -> String {
    format!("{} {}", short(&id), records::title(intact, id))
}

/// What a statement is about: of a revocation what it takes back, else the record.
fn about(intact: &Intact, record: RecordId, predicate: &Predicate) -> String {
    let Predicate::Revocation(Revocation { revoked, .. }) = predicate else {
        return format!("record {}", named(intact, record));
    };
    match revoked {
        Revoked::Record(id) => format!("record {}", named(intact, *id)),
        Revoked::Signer(signer) => format!("the key {signer}"),
        Revoked::Statement(id) => {
            let kind = intact.statements().iter().find(|one| one.id() == *id).map(|one| format!(" ({})", one.kind()));
            format!("statement {}{}", short(id), kind.unwrap_or_default())
        }
    }
}

/// A note that somebody takes back what another key signed: that counts only where a signers file
/// trusts whoever takes it back.
fn somebody_elses(intact: &Intact, record: RecordId, predicate: &Predicate, signer: &Identity) -> Option<String> {
    let Predicate::Revocation(Revocation { revoked, .. }) = predicate else { return None };
    let signed_by_others = |statements: Vec<&VerifiedStatement>| {
        !statements.is_empty() && statements.iter().all(|statement| statement.identity() != signer)
    };
    let is_anothers = match revoked {
        Revoked::Signer(revoked) => revoked != signer,
        Revoked::Statement(id) => signed_by_others(intact.statements().iter().filter(|one| one.id() == *id).collect()),
        Revoked::Record(_) => {
            let authorships = intact.statements_about(record).into_iter();
            signed_by_others(authorships.filter(|statement| statement.kind() == Kind::Authorship).collect())
        }
    };
    let what = match revoked {
        Revoked::Signer(_) => "the revoked key is not the key that signs",
        Revoked::Statement(_) => "another key signed the statement",
        Revoked::Record(_) => "other keys signed the record",
    };
    let note = paint(Tone::Doubt, "note:");
    is_anothers.then(|| format!("{note} {what}; the revocation counts only with a signers file that trusts this key\n"))
}

/// What to know once it is signed: what it does not change, and how to change that.
pub fn afterwards(intact: &Intact, predicate: &Predicate, now: Time, place: &Utf8Path) -> String {
    still_released(intact, predicate, now, place) + &not_in_card(predicate, place)
}

/// That results are not in the card of a model folder yet, or never will be.
fn not_in_card(predicate: &Predicate, place: &Utf8Path) -> String {
    let Predicate::Evaluation(evaluated) = predicate else { return String::new() };
    let mut text = String::new();
    let note = paint(Tone::Doubt, "note:");
    if evaluated.evaluations.iter().any(|one| one.task.is_none()) {
        text += &format!("{note} a model card shows only results with a task; add it with `--task`\n");
    }
    if !matches!(place.extension(), Some("expb")) && place != "-" {
        let folder = path(place.as_str());
        text += &format!("{note} the card of the folder is not changed yet: `expbundle attach {folder}` updates it\n");
    }
    text
}

/// A note that a record was revoked or rejected, and that the folder's release still stands: a
/// folder is judged by its files. With the way to revoke the release too.
fn still_released(intact: &Intact, predicate: &Predicate, now: Time, place: &Utf8Path) -> String {
    let is_authorship = |id: &StatementId| {
        let statements = intact.statements().iter();
        statements.filter(|one| one.kind() == Kind::Authorship).any(|one| one.id() == *id)
    };
    let is_against = match predicate {
        Predicate::Revocation(Revocation { revoked: Revoked::Record(_), .. }) => true,
        Predicate::Revocation(Revocation { revoked: Revoked::Statement(id), .. }) => is_authorship(id),
        Predicate::Review(review) => review.verdict == ReviewVerdict::Rejected,
        _ => false,
    };
    let is_released = intact.statements().iter().any(|one| one.listing().is_some());
    if !is_against || !is_released {
        return String::new();
    }
    let releases = releases_that_stand(intact, &intact.judge(None, now.timestamp()));
    let Some(release) = releases.first() else { return String::new() };
    let note = paint(Tone::Doubt, "note:");
    let (id, place) = (short(&release.id()), path(place.as_str()));
    format!(
        "{note} the folder's release of {} still stands, so `expbundle verify` still trusts its files; to revoke it \
         too: `expbundle revoke {place} --statement {id} --key KEY`\n",
        moment(release.created())
    )
}

/// A warning of a date that was hardly meant: after now, or before there was anything to sign.
pub fn odd_date(what: &str, date: Time, now: Time) -> Option<String> {
    const ONE_DAY_IN_NANOSECONDS: i128 = 86_400_000_000_000;
    let why = if date.as_nanoseconds() > now.as_nanoseconds() + ONE_DAY_IN_NANOSECONDS {
        "after now; until then a revocation or supersession does not count"
    } else if date.to_string().as_str() < "2000" {
        "long before now"
    } else {
        return None;
    };
    Some(format!("{} {what} {date}, {why}\n", paint(Tone::Doubt, "warning:")))
}
