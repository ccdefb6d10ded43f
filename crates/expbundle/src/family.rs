//! Many bundles as one: union, the ancestry of a record, and copies without some sections (spec/family.md, "Merging").

use std::collections::{BTreeMap, BTreeSet, HashMap};

use expbundle_format::container::{EntryName, SectionName};
use expbundle_format::{Code, Finding, Place, RecordId};
use rayon::prelude::*;

use crate::bundle::Bundle;
use crate::verify::{Check, Intact};

impl Intact {
    /// Everything of all parts: set union. What is intact by itself is intact together, so nothing is hashed again.
    ///
    /// Only lineage is looked at anew, for what is wrong with a family may be seen in no part of it, like a circle. `None` if there
    /// is no part, or if a finding is an error.
    pub fn union(parts: impl IntoIterator<Item = Self>) -> (Check, Option<Self>) {
        let mut all = Self::joined(parts);
        let check = Check { findings: all.as_mut().map(Self::settle).unwrap_or_default() };
        let all = all.filter(|_| check.is_intact());
        (check, all)
    }

    /// The bundle of these records, their ancestors, and every statement about one of them.
    ///
    /// The supersessions and links among those statements were counted where the ancestry was computed.
    pub fn closure(&self, of: &[RecordId]) -> Bundle {
        let mut kept: BTreeSet<RecordId> = self.lineage().ancestors(of).into_iter().collect();
        kept.extend(of);
        self.part(&kept, |_, _| true)
    }

    /// The bundle without the sections of ancestors: what is no head keeps its record and statements.
    pub fn thin(&self) -> Bundle {
        let heads: BTreeSet<RecordId> = self.heads().iter().copied().collect();
        self.part(&self.records().keys().copied().collect(), |record, _| heads.contains(&record))
    }

    /// A copy without sections of these names: ids and signatures stay as they are.
    ///
    /// Says which sections can be guessed at from their digests, because they hold no salt, and which seals break.
    pub fn withhold(&self, names: &[SectionName]) -> (Bundle, Vec<Finding>) {
        let mut findings = Vec::new();
        for (record, name, _) in self.bundle().sections().filter(|(_, name, _)| names.contains(name)) {
            let blinded = self.records().get(&record).is_some_and(|record| record.body().blinded);
            if !blinded {
                let place = Place::entry(EntryName::Section { record, section: name.clone() }.to_string());
                let message = format!("`{name}` is withheld and holds no salt");
                findings.push(Finding::new(Code::SectionUnblinded, place, message));
            }
        }
        let kept = self.records().keys().copied().collect();
        (self.part(&kept, |_, section| !names.contains(section)), findings)
    }

    /// These records, the sections that are wanted, statements about them, and the embedded artifacts that they still speak of.
    fn part(&self, kept: &BTreeSet<RecordId>, wanted: impl Fn(RecordId, &SectionName) -> bool) -> Bundle {
        let mut part = Bundle::new();
        for (name, content) in self.bundle().entries() {
            let keep = match name {
                EntryName::Record(id) => kept.contains(id),
                EntryName::Section { record, section } => kept.contains(record) && wanted(*record, section),
                EntryName::Statement(_) | EntryName::Artifact(_) => false,
            };
            if keep {
                part.insert(name.clone(), content.clone());
            }
        }
        for statement in self.statements() {
            if kept.contains(&RecordId(statement.record().blake3)) {
                let name = EntryName::Statement(statement.file_digest());
                if let Some(content) = self.bundle().get(&name) {
                    part.insert(name, content.clone());
                }
            }
        }
        // An artifact that nothing speaks of any more would be refused, and what is withheld may be in it.
        let spoken_of = self.spoken_of(&part);
        for (digest, content) in self.bundle().artifacts().filter(|(digest, _)| spoken_of.contains(digest)) {
            part.insert(EntryName::Artifact(digest), content.clone());
        }
        part
    }
}

/// Sections that one copy of a record is without and another has: joined, they are there again, also if somebody withheld them.
///
/// In the order of the records and names.
pub fn returning<'a>(copies: impl IntoIterator<Item = &'a Bundle>) -> Vec<(RecordId, SectionName)> {
    let mut records: HashMap<RecordId, usize> = HashMap::new();
    let mut sections: BTreeMap<(RecordId, &SectionName), usize> = BTreeMap::new();
    for copy in copies {
        for (id, _) in copy.records() {
            *records.entry(id).or_default() += 1;
        }
        for (id, name, _) in copy.sections() {
            *sections.entry((id, name)).or_default() += 1;
        }
    }
    let is_missing_somewhere = |id: &RecordId, copies: usize| records.get(id).is_some_and(|all| copies < *all);
    let returning = sections.into_iter().filter(|((id, _), copies)| is_missing_somewhere(id, *copies));
    returning.map(|((id, name), _)| (id, name.clone())).collect()
}

/// Checks many bundles on all cores, in the order in which they are given.
pub fn check_all<T: Send, R: Send>(sources: Vec<T>, check: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    sources.into_par_iter().map(check).collect()
}
