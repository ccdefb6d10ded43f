//! Signing statements about records of a bundle: which records are meant, what is refused, and the
//! bundle to which they are added.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use expbundle::Bundle;
use expbundle::lock::Seen;
use expbundle::sign::{SignError, Signed};
use expbundle::verify::{CheckError, Intact};
use expbundle_format::{RecordId, StatementId};
use expbundle_statement::{Identity, Kind, Predicate, Signing, VerifiedStatement};
use jiff::Timestamp;

use crate::choose::{Chosen, claimed_by_others, rather};
use crate::{QueryError, Source};

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
    /// [`QueryError::WhichRecord`] if no record was named and the signer may have meant one of
    /// theirs; [`QueryError::SignedByOthers`] if the signer would sign as their own what another key
    /// signed as its own, and did not name it.
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
                    could_be.push(id);
                    return Err(QueryError::WhichRecord(could_be));
                }
            }
            let subjects = intact.subjects(id, &predicate).into_iter().filter(|subject| seen.insert(*subject));
            statements.extend(subjects.map(|subject| (subject, predicate.clone())));
        }
        let plan = Self { intact, signer, statements };
        let authored: Vec<RecordId> = plan.authored().collect();
        let mut foreign = claimed_by_others(intact, &plan.signer, &authored, at);
        foreign.retain(|id| !chosen.named.contains(id));
        if foreign.is_empty() { Ok(plan) } else { Err(QueryError::SignedByOthers(foreign)) }
    }

    /// Takes out each authorship that the signer gave before, under this name or when none is asked
    /// for, and that still stands: to sign again would say nothing. Gives the earlier ones.
    pub fn without_repeats(&mut self, name: Option<&str>, at: Timestamp) -> Vec<(RecordId, StatementId)> {
        if self.authored().next().is_none() {
            return Vec::new();
        }
        let standing = self.intact.judge(None, at).standing;
        let earlier = |id: RecordId| {
            let about = self.intact.statements_about(id).into_iter();
            let mut own = about.filter(|one| one.kind() == Kind::Authorship && *one.identity() == self.signer);
            let is_same = |one: &&VerifiedStatement| name.is_none() || one.signer_name() == name;
            own.find(|one| is_same(one) && standing.counts_statement(one.id())).map(VerifiedStatement::id)
        };
        let repeats: BTreeMap<RecordId, StatementId> =
            self.authored().filter_map(|id| Some((id, earlier(id)?))).collect();
        self.statements.retain(|(id, predicate)| predicate.kind() != Kind::Authorship || !repeats.contains_key(id));
        repeats.into_iter().collect()
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
