//! Many bundles as one: union, the ancestry of a record, and copies without some sections (spec/family.md, "Merging").

use std::collections::BTreeSet;

use expbundle_format::container::{EntryName, SectionName};
use expbundle_format::{Code, Finding, Place, RecordId, StatementId};
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

    /// The bundle without some of its statements, and without the listings that only these name.
    pub(crate) fn without_statements(&self, left_out: &BTreeSet<StatementId>) -> Bundle {
        let mut part = self.bundle().clone();
        for statement in self.statements().iter().filter(|statement| left_out.contains(&statement.id())) {
            part.remove(&EntryName::Statement(statement.file_digest()));
        }
        let spoken_of = self.spoken_of(&part);
        let artifacts: Vec<_> = part.artifacts().map(|(digest, _)| digest).collect();
        for digest in artifacts.into_iter().filter(|digest| !spoken_of.contains(digest)) {
            part.remove(&EntryName::Artifact(digest));
        }
        part
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
            // A release is about a folder, and no copy of its records makes it say less.
            if kept.contains(&RecordId(statement.record().blake3)) || statement.listing().is_some() {
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

/// Checks many bundles on all cores, in the order in which they are given.
pub fn check_all<T: Send, R: Send>(sources: Vec<T>, check: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    sources.into_par_iter().map(check).collect()
}
