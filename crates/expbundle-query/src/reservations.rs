//! What keeps an answer about a family from being without objections: what was said later, and what
//! cannot be known.

use expbundle::standing::Objection;
use expbundle_format::RecordId;
use expbundle_statement::{Predicate, Revoked, VerifiedStatement};

use crate::relations::{Absence, Relations};

impl Relations {
    /// What was said after the moment that is judged against these records and what they derive
    /// from, by those who were trusted then.
    pub fn objected_since(&self, start: &[RecordId]) -> Vec<(RecordId, Vec<Objection>)> {
        let Some(later) = self.intact.judge_in_hindsight(self.policy.as_ref(), self.at.timestamp()) else {
            return Vec::new();
        };
        let mut concerned = self.family(start);
        concerned.extend(self.family(&self.other_makers));
        concerned.extend(self.graph().absent_parents_of(&concerned));
        concerned.extend(&self.without_say);
        concerned.sort_unstable();
        concerned.dedup();
        let new = |id: RecordId| {
            let known = self.against(id);
            let is_new = |one: &&Objection| known.iter().all(|known| known.statement != one.statement);
            let objections: Vec<Objection> = later.standing.against.get(&id)?.iter().filter(is_new).cloned().collect();
            (!objections.is_empty()).then_some((id, objections))
        };
        concerned.into_iter().filter_map(new).collect()
    }

    /// Parents of these records and of what they derive from that are not here, or that no trusted
    /// key signed: what was said of them is not known.
    pub fn missing_parents(&self, start: &[RecordId]) -> Vec<RecordId> {
        let absent = self.graph().absent_parents_of(&self.family(start)).into_iter();
        absent.filter(|id| self.absence(*id) != Absence::TakenBack).collect()
    }

    /// Releases that list the file that is asked about, or of which the listing is not here, and that
    /// were taken back and not signed anew: each with what took it back first.
    pub fn releases_taken_back(&self) -> Vec<(&VerifiedStatement, &VerifiedStatement)> {
        if self.file.is_none() {
            return Vec::new();
        }
        let standing = &self.verdict.standing;
        let is_one = |one: &&VerifiedStatement| {
            one.listing().is_some()
                && standing.statements.contains(&one.id())
                && !standing.apart.statements.contains(&one.id())
        };
        let all: Vec<&VerifiedStatement> = self.intact.statements().iter().filter(is_one).collect();
        let (unknown, known): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|one| one.listing().is_none_or(|listing| self.intact.released(listing).is_none()));
        let known = self.listing_it(known).into_iter().map(|(release, _)| release);
        let anew = self.released();
        let is_anew = |release: &VerifiedStatement| {
            let is_it =
                |new: &VerifiedStatement| new.identity() == release.identity() && new.created() >= release.created();
            // Who took back what was their own and released it anew was wrong before.
            let is_own = self.revocations_of(release).all(|one| one.identity() == release.identity());
            is_own && anew.iter().any(|(new, _)| is_it(new))
        };
        let left = known.chain(unknown).filter(|release| !is_anew(release));
        left.filter_map(|release| Some((release, self.taken_back_by(release)?))).collect()
    }

    /// What took a statement back first.
    fn taken_back_by(&self, statement: &VerifiedStatement) -> Option<&VerifiedStatement> {
        self.revocations_of(statement).min_by_key(|one| (one.created(), one.id()))
    }

    /// The revocations that count, of a statement or of its key.
    fn revocations_of(&self, statement: &VerifiedStatement) -> impl Iterator<Item = &VerifiedStatement> {
        let is_of = move |one: &&VerifiedStatement| match one.predicate() {
            Predicate::Revocation(revocation) => match &revocation.revoked {
                Revoked::Statement(id) => *id == statement.id(),
                Revoked::Signer(signer) => signer == statement.identity(),
                Revoked::Record(_) => false,
            },
            _ => false,
        };
        let counting = &self.verdict.standing.revocations;
        self.intact.statements().iter().filter(|one| counting.contains(&one.id())).filter(is_of)
    }

    /// Whether nobody objects to these records and what they derive from, or took back a release of the
    /// file, and that is known.
    pub fn is_without_objections(&self, start: &[RecordId]) -> bool {
        self.objected(start).is_empty()
            && self.objected_since(start).is_empty()
            && self.missing_parents(start).is_empty()
            && self.releases_taken_back().is_empty()
    }
}
