//! The history of a few records out of many: everything is hashed, and only statements that matter
//! to them are verified.
//!
//! A folder of bundles holds 100,000 statements, and a question concerns the twenty about one
//! record and its ancestors. An [`Intact`] that comes from here has verified statements only, as
//! every other; it has those that were asked for.

use std::collections::BTreeSet;

use expbundle_format::container::EntryName;
use expbundle_format::{Blake3, Code, Finding, Place, RecordId, StatementId};
use expbundle_lineage::Lineage;
use expbundle_lineage::parallel::prelude::*;
use expbundle_statement::{
    Claims, Envelope, Kind, Predicate, Revoked, SetAside, StatementError, TrustPolicy, VerifiedStatement,
};
use jiff::Timestamp;

use crate::judge::Verdict;
use crate::pass::Signatures;
use crate::verify::{Checked, Digests, Intact, NotIntact, Unverified};

/// Records, and statements that nobody has verified yet.
#[derive(Clone, Debug)]
pub struct History {
    intact: Intact,
    unread: Vec<Unread>,
}

/// What is wrong with a statement, and the position of the part that it came with in
/// [`History::union`].
pub type Misstatement = (usize, Finding);

/// A statement that nobody has verified.
#[derive(Clone, Debug)]
pub(crate) struct Unread {
    file_digest: Blake3,
    claims: Claims,
    /// Position of the part that it came with.
    part: usize,
}

impl Unread {
    pub(crate) fn new(file_digest: Blake3, claims: Claims) -> Self {
        Self { file_digest, claims, part: 0 }
    }
}

impl Unverified {
    /// Checks everything but signatures, of which only those are verified that change what other
    /// statements mean.
    pub fn check_history(self) -> Result<Checked<History>, NotIntact> {
        self.check_objects(Digests::Blake3, Signatures::Later)
    }
}

impl History {
    pub(crate) fn new(intact: Intact, unread: Vec<Unread>) -> Self {
        Self { intact, unread }
    }

    pub(crate) fn into_intact(mut self) -> Intact {
        self.intact.set_partial(!self.unread.is_empty());
        self.intact
    }

    /// The ids of the records.
    pub fn records(&self) -> impl Iterator<Item = RecordId> {
        self.intact.records().keys().copied()
    }

    /// Everything of all parts: set union. `None` if there is no part.
    pub fn union(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut unread = Vec::new();
        let numbered = parts.into_iter().enumerate().map(|(number, part)| {
            unread.extend(part.unread.into_iter().map(|unread| Unread { part: number, ..unread }));
            part.intact
        });
        let intact = Intact::union(numbered)?;
        Some(Self { intact, unread })
    }

    /// Links join records, and who is superseded, revoked or sealed has to do with others: these
    /// are always verified.
    pub(crate) fn verify_what_changes_others(&mut self) -> Vec<Finding> {
        let changes = |unread: &Unread| {
            matches!(unread.claims.kind, Kind::Link | Kind::Supersession | Kind::Revocation | Kind::Seal)
        };
        self.verify(changes).into_iter().map(|(_, finding)| finding).collect()
    }

    /// Judges the bundle, and verifies the statements about the records that are chosen by its
    /// lineage; `None` chooses all.
    ///
    /// With a policy every signature is verified first: which records count follows from who signed
    /// them.
    ///
    /// # Errors
    /// What is wrong with statements that were chosen.
    pub fn settle(
        mut self,
        policy: Option<&TrustPolicy>,
        at: Timestamp,
        chosen: impl FnOnce(&Lineage) -> Option<BTreeSet<RecordId>>,
    ) -> Result<(Intact, Verdict), Vec<Misstatement>> {
        let mut wrong = if policy.is_some() { self.verify(|_| true) } else { self.verify_authors() };
        let standing = self.intact.standing(policy, at);
        let lineage = self.intact.lineage(&standing);
        wrong.extend(match chosen(&lineage) {
            Some(records) => self.verify(|unread| about(&records, &unread.claims)),
            None => self.verify(|_| true),
        });
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let intact = self.into_intact();
        // What was verified since says more of the records, and nothing that would join them
        // otherwise.
        let standing = intact.standing(policy, at);
        let verdict = intact.verdict(policy.is_some(), standing, lineage);
        Ok((intact, verdict))
    }

    /// Only an author may supersede or revoke, so who is the author of such a record is asked
    /// first.
    fn verify_authors(&mut self) -> Vec<Misstatement> {
        let (mut records, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for statement in self.intact.statements() {
            match statement.predicate() {
                Predicate::Supersession(_) | Predicate::Seal(_) => {
                    records.insert(RecordId(statement.record().blake3));
                }
                Predicate::Revocation(revocation) => {
                    records.insert(RecordId(statement.record().blake3));
                    if let Revoked::Statement(id) = &revocation.revoked {
                        ids.insert(*id);
                    }
                }
                _ => {}
            }
        }
        let mut wrong = self.verify(|unread| about(&records, &unread.claims));
        if !ids.is_empty() {
            let named: BTreeSet<Blake3> = self.files_of(&ids);
            wrong.extend(self.verify(|unread| named.contains(&unread.file_digest)));
        }
        wrong
    }

    /// Verifies statements, and says which are wrong.
    fn verify(&mut self, wanted: impl Fn(&Unread) -> bool) -> Vec<Misstatement> {
        let (chosen, rest): (Vec<Unread>, Vec<Unread>) =
            std::mem::take(&mut self.unread).into_iter().partition(|unread| wanted(unread));
        self.unread = rest;
        let results: Vec<_> =
            chosen.into_par_iter().map(|unread| (unread.part, unread.file_digest, self.verify_one(&unread))).collect();
        let (mut statements, mut wrong) = (Vec::new(), Vec::new());
        for (part, file, result) in results {
            match result {
                Ok(Ok(statement)) => statements.push(statement),
                Ok(Err(set_aside)) => _ = self.intact.set_aside.insert(file, RecordId(set_aside.record.blake3)),
                Err(finding) => wrong.push((part, *finding)),
            }
        }
        if !statements.is_empty() {
            self.intact.take_in(statements);
        }
        wrong
    }

    /// The files of unread statements of these ids.
    fn files_of(&self, ids: &BTreeSet<StatementId>) -> BTreeSet<Blake3> {
        let named = self.unread.iter().filter(|unread| ids.contains(&unread.claims.id));
        named.map(|unread| unread.file_digest).collect()
    }

    /// The statement, or that only a later version can verify it; else what is wrong with it.
    fn verify_one(&self, unread: &Unread) -> Result<Result<VerifiedStatement, Box<SetAside>>, Box<Finding>> {
        let name = EntryName::Statement(unread.file_digest);
        let entry = name.to_string();
        let unreadable =
            |message: String| Box::new(Finding::new(Code::ContainerTruncated, Place::entry(entry.clone()), message));
        let content = self.intact.bundle().get(&name).ok_or_else(|| unreadable("the entry is gone".to_owned()))?;
        let bytes = content.read(u64::MAX).map_err(|error| unreadable(error.to_string()))?;
        // The file may have changed since it was hashed.
        if Blake3::of(&bytes) != unread.file_digest {
            return Err(unreadable("the file was changed while it was read".to_owned()));
        }
        match Envelope::parse(&bytes).and_then(Envelope::verify) {
            Ok(statement) => Ok(Ok(statement)),
            Err(StatementError::SetAside(set_aside)) => Ok(Err(set_aside)),
            Err(error) => Err(Box::new(error.finding(&entry))),
        }
    }
}

fn about(records: &BTreeSet<RecordId>, claims: &Claims) -> bool {
    records.contains(&RecordId(claims.record.blake3))
}
