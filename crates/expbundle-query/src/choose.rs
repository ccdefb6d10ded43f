//! Which record is meant: by the beginning of its id, or the one that there is.

use std::collections::BTreeSet;

use expbundle::judge::Verdict;
use expbundle::standing::{Objection, ObjectionKind};
use expbundle::verify::Intact;
use expbundle_format::{RecordId, StatementId};
use expbundle_lineage::Grade;
use expbundle_statement::{Asserted, Identity, Kind, LinkClaim, Predicate, Revoked, VerifiedStatement};
use jiff::Timestamp;

use crate::QueryError;

/// Digits that name a record at least: fewer name one by chance.
const FEWEST_DIGITS: usize = 4;

/// The one record whose id begins so.
pub fn starting(ids: impl IntoIterator<Item = RecordId>, beginning: &str) -> Result<RecordId, QueryError> {
    match fitting(ids, beginning)?.as_slice() {
        [id] => Ok(*id),
        [] => Err(QueryError::NoRecord(beginning.to_owned())),
        several => Err(QueryError::Ambiguous { beginning: beginning.to_owned(), count: several.len() }),
    }
}

/// The one statement of a bundle whose id begins so, or that stands in a file of that name.
///
/// # Errors
/// Too few digits, or not one statement: [`QueryError::NotOneStatement`].
pub fn statement_starting(intact: &Intact, beginning: &str) -> Result<StatementId, QueryError> {
    let ids = fitting(intact.statements().iter().map(VerifiedStatement::id), beginning)?;
    // A warning names the file instead: `statements/afc0….json`.
    let file = beginning.trim_start_matches("statements/").trim_end_matches(".json");
    let is_named = |one: &&VerifiedStatement| {
        file.len() >= FEWEST_DIGITS && one.files().any(|name| name.to_string().starts_with(file))
    };
    let of_files = intact.statements().iter().filter(is_named).map(VerifiedStatement::id);
    let found: BTreeSet<StatementId> = ids.into_iter().chain(of_files).collect();
    match found.first() {
        Some(id) if found.len() == 1 => Ok(*id),
        _ => Err(QueryError::NotOneStatement { beginning: beginning.to_owned(), count: found.len() }),
    }
}

/// The ids that begin so.
fn fitting<T: ToString>(ids: impl IntoIterator<Item = T>, beginning: &str) -> Result<Vec<T>, QueryError> {
    if beginning.len() < FEWEST_DIGITS {
        return Err(QueryError::TooShort { beginning: beginning.to_owned(), fewest: FEWEST_DIGITS });
    }
    Ok(ids.into_iter().filter(|id| id.to_string().starts_with(beginning)).collect())
}

/// The records that no other follows from, of which there is one at least: of those that count; if
/// none does, those that were taken back; and of all others only if there is none of these.
pub fn heads(intact: &Intact, verdict: &Verdict) -> Result<Vec<RecordId>, QueryError> {
    if intact.records().is_empty() {
        return Err(QueryError::Empty);
    }
    if !verdict.heads.is_empty() {
        return Ok(verdict.heads.clone());
    }
    // What strangers add does not stand beside what a trusted key signed.
    let standing = &verdict.standing;
    let (taken_back, others): (Vec<RecordId>, Vec<_>) =
        intact.records().keys().partition(|id| standing.taken_back.contains(*id));
    Ok(if taken_back.is_empty() { others } else { taken_back })
}

/// Of the heads those that nobody superseded or revoked, and those that are passed over; all of them
/// and nothing if that would leave none.
pub fn current(verdict: &Verdict) -> (Vec<RecordId>, Vec<RecordId>) {
    let against = |id: &RecordId| verdict.standing.against.get(id).into_iter().flatten();
    let is_over = |one: &Objection| matches!(one.kind, ObjectionKind::Superseded | ObjectionKind::Revoked);
    let (over, current): (Vec<RecordId>, Vec<_>) =
        verdict.heads.iter().copied().partition(|id| against(id).any(is_over));
    if current.is_empty() { (over, current) } else { (current, over) }
}

/// The records that are looked at: the one whose id begins so, or the [`current`] heads.
///
/// Only looked at: who signs is asked ([`several`]), since a signature is there for good.
pub fn chosen(intact: &Intact, verdict: &Verdict, beginning: Option<&str>) -> Result<Vec<RecordId>, QueryError> {
    let Some(beginning) = beginning else {
        let (current, _) = current(verdict);
        return if current.is_empty() { heads(intact, verdict) } else { Ok(current) };
    };
    starting(intact.records().keys().copied(), beginning).map(|id| vec![id])
}

/// Records that are meant by words of a person.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    /// Each record once.
    pub ids: Vec<RecordId>,
    /// Those of them that were named by id.
    pub named: BTreeSet<RecordId>,
    /// Whether nothing was said, and it is the only record that no other follows from.
    pub is_by_itself: bool,
}

/// The records that are meant by beginnings of ids; `all` stands for each that no other follows
/// from. Without a word the only one that no other follows from.
pub fn several(intact: &Intact, wanted: &[String], at: Timestamp) -> Result<Chosen, QueryError> {
    let heads = heads(intact, &intact.judge(None, at))?;
    if wanted.is_empty() {
        let [id] = heads.as_slice() else { return Err(QueryError::WhichRecord(heads)) };
        return Ok(Chosen { ids: vec![*id], named: BTreeSet::new(), is_by_itself: true });
    }
    let (all, words): (Vec<&String>, Vec<_>) = wanted.iter().partition(|word| *word == "all");
    let named = words.into_iter().map(|word| starting(intact.records().keys().copied(), word));
    let named = named.collect::<Result<BTreeSet<RecordId>, _>>()?;
    let others = heads.into_iter().filter(|head| !all.is_empty() && !named.contains(head));
    Ok(Chosen { ids: named.iter().copied().chain(others).collect(), named, is_by_itself: false })
}

/// The records that a signer may have meant instead of the one that no other derives from, those of
/// its own first; empty if that is plain.
///
/// Anybody can make a record or a link by which something derives from another's record. So where a
/// record here has an author that the last one does not have, and the signer did not sign the last
/// one, a statement about a record has to name it. An `authorship` is itself what makes a next
/// run the signer's own: it has to name a record that is the last one by somebody else's `link`
/// alone.
pub(crate) fn rather(
    intact: &Intact,
    signer: &Identity,
    says: &Predicate,
    id: RecordId,
    at: Timestamp,
) -> Vec<RecordId> {
    let authors = intact.authors();
    let by_whom = |id: &RecordId| authors.get(id).into_iter().flatten();
    let is_own = |id: &RecordId| by_whom(id).any(|author| *author == signer);
    if is_own(&id) || intact.records().len() < 2 {
        return Vec::new();
    }
    let is_meant = |other: &&RecordId| match says {
        // A seal is about the bundle, and that two keys are one person's is about none of its records.
        Predicate::Seal(_) | Predicate::Link(Asserted { claim: LinkClaim::Signer { .. }, .. }) => false,
        Predicate::Authorship(_) => is_own(other),
        _ => !by_whom(other).all(|author| by_whom(&id).any(|known| known == author)),
    };
    let mut meant: Vec<RecordId> = intact.records().keys().filter(is_meant).copied().collect();
    if matches!(says, Predicate::Authorship(_)) && !is_last_by_others_link(intact, signer, id, at) {
        meant.clear();
    }
    meant.sort_by_key(|id| !is_own(id));
    meant
}

/// Whether links alone make a record the last one, and somebody else signed one.
fn is_last_by_others_link(intact: &Intact, signer: &Identity, id: RecordId, at: Timestamp) -> bool {
    let edges = intact.judge(None, at).lineage.parents(id);
    let mut links = intact.statements().iter().filter(|one| one.kind() == Kind::Link);
    !edges.is_empty()
        && edges.iter().all(|edge| edge.grade() >= Grade::Asserted)
        && links.any(|one| one.identity() != signer)
}

/// The record that the revocation of a statement or key names if nobody named one: that of the
/// statement, or one that the key signed. What is revoked says what is meant, so there is nothing to
/// choose; a release is about no record, so any will do. `None` if the key signed nothing here, or
/// a record is revoked.
///
/// # Errors
/// The bundle has no record.
pub fn revoked_of(intact: &Intact, revoked: &Revoked, at: Timestamp) -> Result<Option<Chosen>, QueryError> {
    let is_meant = |one: &&VerifiedStatement| match revoked {
        Revoked::Record(_) => false,
        Revoked::Statement(id) => one.id() == *id,
        Revoked::Signer(signer) => one.identity() == signer,
    };
    let mut meant = intact.statements().iter().filter(is_meant).peekable();
    if meant.peek().is_none() {
        return Ok(None);
    }
    let mut records = meant.map(|one| RecordId(one.record().blake3));
    let id = records
        .find(|id| intact.records().contains_key(id))
        .or(heads(intact, &intact.judge(None, at))?.first().copied());
    Ok(id.map(|id| Chosen { ids: vec![id], ..Chosen::default() }))
}

/// Whether bytes prove that every record of one bundle derives from a record of another.
pub fn is_proven(children: &Intact, parent: &Intact, record: RecordId, at: Timestamp) -> bool {
    let Some(both) = Intact::union([children.clone(), parent.clone()]) else { return false };
    let lineage = both.judge(None, at).lineage;
    children
        .records()
        .keys()
        .all(|child| lineage.edge(*child, record).is_some_and(|edge| edge.grade() == Grade::Proven))
}

/// Records that others signed as their own and this key did not: whoever sends a bundle to be
/// joined must not get signed what he put into it. Who revoked their signature claims nothing more.
pub(crate) fn claimed_by_others(
    intact: &Intact,
    signer: &Identity,
    records: &[RecordId],
    at: Timestamp,
) -> Vec<RecordId> {
    let is_signed = |id: &RecordId| intact.statements_about(*id).iter().any(|one| one.kind() == Kind::Authorship);
    if !records.iter().any(is_signed) {
        return Vec::new();
    }
    let standing = intact.standing(None, at);
    let is_claimed = |id: &RecordId| {
        let statements = intact.statements_about(*id).into_iter().filter(|one| one.kind() == Kind::Authorship);
        let (own, others): (Vec<_>, Vec<_>) = statements.partition(|one| one.identity() == signer);
        own.is_empty() && others.iter().any(|one| standing.counts_statement(one.id()))
    };
    records.iter().copied().filter(is_claimed).collect()
}

/// The one record that is looked at: the one whose id begins so, or the only [`current`] head of those
/// that count.
pub fn one_of(intact: &Intact, verdict: &Verdict, beginning: Option<&str>) -> Result<RecordId, QueryError> {
    let ids = chosen(intact, verdict, beginning)?;
    if let [id] = ids.as_slice() { Ok(*id) } else { Err(QueryError::WhichRecord(ids)) }
}
