//! What keeps an answer about a family from being without objections: what was said later, and what
//! cannot be known.

use expbundle::standing::Objection;
use expbundle_format::RecordId;

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

    /// Whether nobody objects to these records and what they derive from, and that is known.
    pub fn is_without_objections(&self, start: &[RecordId]) -> bool {
        self.objected(start).is_empty()
            && self.objected_since(start).is_empty()
            && self.missing_parents(start).is_empty()
    }
}
