//! What keeps an answer about a family from being without objections: what was said later, and what
//! cannot be known.

use std::collections::{HashMap, HashSet};

use expbundle::standing::Objection;
use expbundle_directory::{RevokedRelease, revoked_releases};
use expbundle_format::{DigestSet, RecordId, StatementId};
use expbundle_statement::VerifiedStatement;

use crate::relations::{Absence, Relations};

impl Relations {
    /// What was said after the moment that is judged against these records and what they derive
    /// from, by those who were trusted then.
    pub fn objected_since(&self, start: &[RecordId]) -> Vec<(RecordId, Vec<Objection>)> {
        let Some(later) = &self.since else { return Vec::new() };
        let mut concerned = self.family(start);
        concerned.extend(self.family(&self.other_makers));
        concerned.extend(self.graph().absent_parents_of(&concerned));
        concerned.extend(self.without_say.iter().chain(&later.without_say));
        concerned.sort_unstable();
        concerned.dedup();
        let new = |id: RecordId| {
            let known = self.against(id);
            let is_new = |one: &&Objection| known.iter().all(|known| known.statement != one.statement);
            let objections: Vec<Objection> = later.against.get(&id)?.iter().filter(is_new).cloned().collect();
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
    /// were taken back; not those of which everybody who did released the file anew.
    pub fn releases_taken_back(&self) -> Vec<RevokedRelease<'_>> {
        if self.file.is_none() {
            return Vec::new();
        }
        let all = revoked_releases(&self.intact, &self.verdict, &self.released());
        let listing_it = self.listing_it(all.iter().map(|one| one.release).collect());
        let listing_it: HashSet<StatementId> = listing_it.into_iter().map(VerifiedStatement::id).collect();
        // Many releases may name one listing.
        let mut here: HashMap<DigestSet, bool> = HashMap::new();
        let mut is_here = |listing| *here.entry(listing).or_insert_with(|| self.intact.released(listing).is_some());
        let mut may_list = |one: &RevokedRelease<'_>| {
            listing_it.contains(&one.release.id()) || !one.release.listing().is_some_and(&mut is_here)
        };
        all.into_iter().filter(|one| may_list(one) && !one.is_settled).collect()
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
