//! Signing statements about records of a bundle: which records are meant, what is refused, and the
//! bundle to which they are added.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use camino::Utf8Path;
use expbundle::Bundle;
use expbundle::lock::Seen;
use expbundle::sign::{SignError, Signed};
use expbundle::standing::Standing;
use expbundle::verify::{CheckError, Intact};
use expbundle_format::sections::Evaluation;
use expbundle_format::{RecordId, StatementId};
use expbundle_statement::{Evaluated, Identity, Kind, Predicate, Signing, VerifiedStatement};
use jiff::Timestamp;

use crate::choose::{Chosen, claimed_by_others, rather};
use crate::{QueryError, Source};

/// A statement that would only say again what its signer said before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// The record that it is about.
    pub record: RecordId,
    /// What kind it is of.
    pub kind: Kind,
    /// The one that was signed before.
    pub statement: StatementId,
}

/// Statements that are about to be signed.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// The bundle as it was read.
    pub intact: &'a Intact,
    /// Who is going to sign.
    pub signer: Identity,
    /// What is said, each with the record that it is about.
    pub statements: Vec<(RecordId, Predicate)>,
}

impl<'a> Plan<'a> {
    /// What a signer says of the records that were chosen. A revocation may be about further
    /// records ([`Intact::subjects`]).
    ///
    /// # Errors
    /// [`QueryError::WhoseRecord`] if no record was named, and the last one is not the signer's and
    /// has not all authors of the others; [`QueryError::SignedByOthers`] if the signer would sign as
    /// their own what another key signed as its own, and did not name it; [`QueryError::Revoked`] if
    /// the signature would not count.
    pub fn new(
        intact: &'a Intact,
        signer: Identity,
        chosen: &Chosen,
        says: Vec<(RecordId, Predicate)>,
        at: Timestamp,
    ) -> Result<Self, QueryError> {
        let (mut statements, mut seen) = (Vec::new(), BTreeSet::new());
        for (id, predicate) in says {
            if chosen.is_by_itself {
                let mut could_be = rather(intact, &signer, &predicate, id, at);
                if !could_be.is_empty() {
                    could_be.insert(1, id);
                    return Err(QueryError::WhoseRecord(could_be));
                }
            }
            let subjects = intact.subjects(id, &predicate).into_iter().filter(|subject| seen.insert(*subject));
            statements.extend(subjects.map(|subject| (subject, predicate.clone())));
        }
        let plan = Self { intact, signer, statements };
        let authored: Vec<RecordId> = plan.authored().collect();
        if !authored.is_empty() {
            let standing = intact.standing(None, at);
            if let Some(revoked) = authored.iter().find(|id| !standing.may_vouch(&plan.signer, **id)) {
                return Err(QueryError::Revoked(*revoked));
            }
        }
        let mut foreign = claimed_by_others(intact, &plan.signer, &authored, at);
        foreign.retain(|id| !chosen.named.contains(id));
        if foreign.is_empty() { Ok(plan) } else { Err(QueryError::SignedByOthers(foreign)) }
    }

    /// Takes out what the signer said before of the same record, under this name or when none is asked
    /// for, if it still stands: to say it again would add nothing. Gives what was said before.
    pub fn without_repeats(&mut self, name: Option<&str>, at: Timestamp) -> Vec<Repeat> {
        let intact = self.intact;
        let standing = LazyCell::new(|| intact.judge(None, at).standing);
        let mut repeats = Vec::new();
        for (id, predicate) in std::mem::take(&mut self.statements) {
            match said_before(intact, &self.signer, id, &predicate, name, &standing) {
                Some(statement) => repeats.push(Repeat { record: id, kind: predicate.kind(), statement }),
                None => self.statements.push((id, predicate)),
            }
        }
        repeats
    }

    /// The records that the signer is going to stand behind.
    pub fn authored(&self) -> impl Iterator<Item = RecordId> + '_ {
        self.statements.iter().filter(|(_, predicate)| predicate.kind() == Kind::Authorship).map(|(id, _)| *id)
    }

    /// Signs them, and adds them to nothing.
    ///
    /// # Errors
    /// Those of [`Intact::signed`].
    pub fn sign(&self, signing: &Signing<'_>) -> Result<Vec<Signed>, SignError> {
        self.statements.iter().map(|(id, predicate)| self.intact.signed(*id, predicate, signing)).collect()
    }

    /// Refuses statements that join records and contradict what is here: then nobody could verify
    /// the bundle any more.
    ///
    /// # Errors
    /// [`CheckError::Contradiction`], unless the bundle contradicts itself already.
    pub fn check(&self, signed: &[Signed], at: Timestamp) -> Result<(), CheckError> {
        let joins = |(_, predicate): &(_, Predicate)| matches!(predicate, Predicate::Link(_) | Predicate::Seal(_));
        if !self.statements.iter().any(joins) || self.intact.sound(None, at).is_err() {
            return Ok(());
        }
        let mut after = self.intact.clone();
        after.add(signed);
        after.sound(None, at).map(|_| ())
    }

    /// The bundle as it is by now with the statements, to be written to a path while no other writer
    /// is at work there: somebody else may have added to it since it was read. If the bundle at the
    /// path differs in statements alone, it keeps them: who signs twice to one file loses nothing.
    ///
    /// # Errors
    /// [`QueryError::Gone`], or the bundle cannot be read any more.
    pub fn added(&self, signed: &[Signed], source: &Source, to: Option<&Utf8Path>) -> Result<Bundle, QueryError> {
        let path = source.bundle_path();
        // Content that came from elsewhere cannot be read again.
        let is_same = source.content.is_some() || Seen::at(&path) == Seen::of(Some(self.intact.bundle()));
        let mut now = if is_same { self.intact.clone() } else { source.intact()? };
        if let Some(gone) = self.intact.records().keys().find(|id| !now.records().contains_key(id)) {
            return Err(QueryError::Gone { path, record: *gone });
        }
        now.add(signed);
        let mut bundle = now.bundle().clone();
        if let Some(there) = to.and_then(|path| expbundle::open(path).ok())
            && there.bundle().adds_only_statements_to(&bundle)
        {
            bundle.merge(there.bundle());
        }
        Ok(bundle)
    }
}

/// The last statement in which a signer said just this, if it counts and none that counts has taken
/// its place since.
fn said_before(
    intact: &Intact,
    signer: &Identity,
    record: RecordId,
    says: &Predicate,
    name: Option<&str>,
    standing: &impl Deref<Target = Standing>,
) -> Option<StatementId> {
    let about = intact.statements_about(record).into_iter();
    let own: BTreeMap<StatementId, _> =
        about.filter(|one| one.identity() == signer).map(|one| (one.id(), one)).collect();
    let is_same = |one: &VerifiedStatement| match (one.predicate(), says) {
        // Whatever program made it.
        (Predicate::Authorship(_), Predicate::Authorship(_)) => true,
        (said, says) => said == says,
    };
    let mut repeats = own.values().filter(|one| is_same(one) && (name.is_none() || one.signer_name() == name));
    let takes_place = |one: &&&VerifiedStatement| !is_same(one) && takes_place(one.predicate(), says);
    let stands = |repeat: &&&VerifiedStatement| {
        standing.counts_statement(repeat.id())
            && !own
                .values()
                .filter(takes_place)
                .any(|other| standing.counts_statement(other.id()) && is_after(other, repeat, &own))
    };
    repeats.rfind(stands).map(|one| one.id())
}

/// Whether a signer said one thing after the other. Within a second it is later if it follows it.
fn is_after(
    later: &VerifiedStatement,
    earlier: &VerifiedStatement,
    own: &BTreeMap<StatementId, &VerifiedStatement>,
) -> bool {
    if later.created() != earlier.created() {
        return later.created() > earlier.created();
    }
    let (mut seen, mut open) = (BTreeSet::new(), vec![later]);
    while let Some(one) = open.pop() {
        let previous = one.previous().iter().filter_map(|id| own.get(id).copied());
        open.extend(previous.filter(|one| one.created() == earlier.created() && seen.insert(one.id())));
    }
    seen.contains(&earlier.id())
}

/// Whether a later statement of one kind is about the same thing, so that it stands in place of an
/// earlier one.
fn takes_place(later: &Predicate, earlier: &Predicate) -> bool {
    match (later, earlier) {
        (Predicate::Evaluation(later), Predicate::Evaluation(earlier)) => {
            !subjects(later).is_disjoint(&subjects(earlier))
        }
        (Predicate::Review(later), Predicate::Review(earlier)) => {
            (&later.scope, &later.role) == (&earlier.scope, &earlier.role)
        }
        (Predicate::Deployment(later), Predicate::Deployment(earlier)) => later.environment == earlier.environment,
        (Predicate::Supersession(_), Predicate::Supersession(_)) => true,
        _ => false,
    }
}

/// What the results of a statement are of.
fn subjects(said: &Evaluated) -> BTreeSet<[Option<&str>; 5]> {
    fn subject(one: &Evaluation) -> [Option<&str>; 5] {
        let Evaluation { metric, task, dataset, split, slice, .. } = one;
        [Some(metric.as_str()), task.as_deref(), dataset.as_deref(), split.as_deref(), slice.as_deref()]
    }
    said.evaluations.iter().map(subject).collect()
}
