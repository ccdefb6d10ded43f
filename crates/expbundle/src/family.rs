//! Many bundles as one: union, the ancestry of a record, and copies without some sections
//! (spec/family.md, "Merging").

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use expbundle_format::container::{EntryName, SectionName};
use expbundle_format::time::Time;
use expbundle_format::{Code, Finding, Place, RecordId, StatementId};
use expbundle_lineage::Lineage;
use expbundle_lineage::parallel::prelude::*;
use expbundle_statement::{Asserted, LinkClaim, Predicate, Revoked, VerifiedStatement};

use crate::bundle::Bundle;
use crate::judge::Verdict;
use crate::verify::Intact;

impl Intact {
    /// Everything of all parts: set union. Names, digests and signatures hold in each, so nothing is
    /// hashed again. `None` if there is no part.
    ///
    /// Parts may contradict each other, which depends on whose word counts: [`Intact::sound`] says
    /// so, and `verify` refuses such a bundle. Ask it before you save.
    pub fn union(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut count = 0;
        let joined = Self::joined(parts.into_iter().inspect(|_| count += 1))?;
        Some(if count > 1 { joined.described_anew() } else { joined })
    }

    /// The bundle of these records, their possible ancestors, and every statement about one of them
    /// or about a parent that is not here.
    ///
    /// A revocation counts wherever it stands, and so do a link between two keys and a supersession
    /// of what is kept: none of them is left out, or leaving out would be a way to undo them.
    pub fn closure(&self, verdict: &Verdict, of: &[RecordId]) -> Bundle {
        let lineage = &verdict.lineage;
        let mut kept: BTreeSet<RecordId> = lineage.possible_ancestors(of).into_iter().collect();
        kept.extend(of);
        kept.extend(self.objected_above(verdict, of));
        // What is said of a parent that is not here is said of the closure.
        let absent: Vec<RecordId> = kept.iter().copied().collect();
        kept.extend(lineage.absent_parents_of(&absent));
        // Which record stands for which others decides whose cost counts, along the whole chain.
        let successors = self.successors(&kept, &verdict.standing.apart.statements);
        self.part(
            &kept,
            |_, _| true,
            |statement| {
                let about = RecordId(statement.record().blake3);
                kept.contains(&about) || (decides_successor(statement) && successors.contains(&about))
            },
        )
    }

    /// The bundle without the sections of ancestors: of all records but the heads, only the record,
    /// its listings and all statements stay.
    pub fn thin(&self, lineage: &Lineage) -> Bundle {
        let heads: BTreeSet<RecordId> = lineage.heads().into_iter().collect();
        self.part(&self.records().keys().copied().collect(), |record, _| heads.contains(&record), |_| true)
    }

    /// A copy without sections of these names: ids and signatures stay as they are.
    ///
    /// Says which sections can be guessed at from their digests, because they hold no salt.
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
        (self.part(&kept, |_, section| !names.contains(section), |_| true), findings)
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

    /// The records that took the place of these, and of those in turn, by whatever is not set
    /// apart.
    fn successors(&self, of: &BTreeSet<RecordId>, apart: &BTreeSet<StatementId>) -> BTreeSet<RecordId> {
        let mut by_record: HashMap<RecordId, Vec<RecordId>> = HashMap::new();
        for statement in self.statements().iter().filter(|statement| !apart.contains(&statement.id())) {
            if let Predicate::Supersession(superseded) = statement.predicate() {
                let (record, successor) = (statement.record().blake3, superseded.successor.blake3);
                by_record.entry(RecordId(record)).or_default().push(RecordId(successor));
            }
        }
        let (mut found, mut open) = (BTreeSet::new(), of.iter().copied().collect::<Vec<_>>());
        while let Some(record) = open.pop() {
            let successors = by_record.get(&record).into_iter().flatten();
            open.extend(successors.filter(|successor| found.insert(**successor)));
        }
        found
    }

    /// These records, the sections and statements that are wanted, and the embedded artifacts that
    /// these still name.
    fn part(
        &self,
        kept: &BTreeSet<RecordId>,
        wanted: impl Fn(RecordId, &SectionName) -> bool,
        is_wanted: impl Fn(&VerifiedStatement) -> bool,
    ) -> Bundle {
        let mut part = Bundle::new();
        for (name, content) in self.bundle().entries() {
            let keep = match name {
                EntryName::Record(id) => kept.contains(id),
                EntryName::Section { record, section } => kept.contains(record) && wanted(*record, section),
                EntryName::Statement(_) | EntryName::Artifact(_) => false,
            };
            if keep {
                part.insert_unchecked(name.clone(), content.clone());
            }
        }
        // What a revocation takes back tells by itself whose record it is about.
        let taken_back: HashSet<StatementId> =
            self.statements().iter().filter_map(|statement| revoked(statement.predicate())).collect();
        let verified = self.statements().iter().filter(|statement| {
            // A release is about a folder, and no copy of its records makes it say less.
            is_wanted(statement)
                || changes_others(statement.predicate())
                || statement.listing().is_some()
                || taken_back.contains(&statement.id())
        });
        // What only a later version can verify may be a revocation, so all of that stays.
        let files = verified.flat_map(VerifiedStatement::files).chain(self.set_aside.keys().copied());
        for file in files {
            let name = EntryName::Statement(file);
            if let Some(content) = self.bundle().get(&name) {
                part.insert_unchecked(name, content.clone());
            }
        }
        // An artifact that nothing speaks of any more would be refused, and what is withheld may be
        // in it.
        let spoken_of = self.spoken_of(&part);
        for (digest, content) in self.bundle().artifacts().filter(|(digest, _)| spoken_of.contains(digest)) {
            part.insert_unchecked(EntryName::Artifact(digest), content.clone());
        }
        part
    }
}

/// Whether a statement names a successor, or gives somebody the right to.
fn decides_successor(statement: &VerifiedStatement) -> bool {
    matches!(statement.predicate(), Predicate::Supersession(_) | Predicate::Authorship(_))
}

/// Whether a statement takes something back or joins keys: that has to do with others than the
/// record that it is about.
fn changes_others(predicate: &Predicate) -> bool {
    matches!(predicate, Predicate::Revocation(_))
        || matches!(predicate, Predicate::Link(Asserted { claim: LinkClaim::Signer { .. }, .. }))
}

/// The statement that a revocation takes back.
fn revoked(predicate: &Predicate) -> Option<StatementId> {
    match predicate {
        Predicate::Revocation(revocation) => match revocation.revoked {
            Revoked::Statement(id) => Some(id),
            Revoked::Record(_) | Revoked::Signer(_) => None,
        },
        _ => None,
    }
}

/// Those of these statements that are seals and name objects which a copy leaves out, and how many. A
/// seal that binds makes the copy fail; any other does so for whoever trusts its key.
pub fn seals_broken(statements: &[VerifiedStatement], whole: &Bundle, copy: &Bundle) -> Vec<BrokenSeal> {
    let is_left_out = |name: &&String| name.parse().is_ok_and(|name| whole.contains(&name) && !copy.contains(&name));
    let broken = |statement: &VerifiedStatement| {
        let Predicate::Seal(seal) = statement.predicate() else { return None };
        let left_out = seal.objects.iter().filter(is_left_out).count();
        (left_out > 0).then(|| BrokenSeal {
            key: statement.identity().to_string(),
            name: statement.signer_name().map(str::to_owned),
            created: statement.created(),
            left_out,
        })
    };
    statements.iter().filter_map(broken).collect()
}

/// A seal that names what a copy leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenSeal {
    /// Fingerprint of its key.
    pub key: String,
    /// What the key's owner calls itself. Claimed.
    pub name: Option<String>,
    /// When it was made, as its signer says.
    pub created: Time,
    /// How many objects that it names are left out.
    pub left_out: usize,
}

/// Sections that one copy of a record is without and another has: joined, they are there again,
/// also if somebody withheld them.
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
