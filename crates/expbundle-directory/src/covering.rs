//! Whose word covers a file: which records count as makers of their outputs, and why others do not
//! (spec/directory.md, "What covers").
//!
//! The one place where the verdict on a folder asks for signatures, keys and what was taken back.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use expbundle::folder::{RevokedBy, Word};
use expbundle::judge::Verdict;
use expbundle::standing::ObjectionKind;
use expbundle::verify::{Digests, Intact};
use expbundle_format::time::Time;
use expbundle_format::{RecordId, StatementId};
use expbundle_statement::{Identity, Predicate, Revoked, VerifiedStatement};

/// Who signed a record, and whether its word covers files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maker {
    /// Whether it covers.
    pub word: Word,
    /// Principals of trusted signers; without a signers file the fingerprints of keys.
    pub by: Vec<String>,
}

/// Who took what back.
#[derive(Debug, Default)]
pub(crate) struct Revocations {
    of_statements: HashMap<StatementId, RevokedBy>,
    of_keys: HashMap<Identity, RevokedBy>,
    /// Who revoked statements, and when last.
    revokers: HashMap<StatementId, HashMap<Identity, Time>>,
}

impl Revocations {
    /// Who took a statement back, or else its key.
    pub fn of(&self, statement: &VerifiedStatement) -> Option<RevokedBy> {
        self.of_statements.get(&statement.id()).or_else(|| self.of_keys.get(statement.identity())).cloned()
    }

    /// Whether everybody who took a release back released the same files anew: its signer at its
    /// date or later, others when they had taken it back or later. `last` gives the date of the last
    /// such release by a key. Who took back a key meant all that it signed.
    pub fn is_settled(&self, release: &VerifiedStatement, last: impl Fn(&Identity) -> Option<Time>) -> bool {
        let is_corrected = |(by, revoked): (&Identity, &Time)| {
            let since = if by == release.identity() { release.created() } else { *revoked };
            last(by).is_some_and(|last| last >= since)
        };
        let revokers = self.revokers.get(&release.id());
        !self.of_keys.contains_key(release.identity()) && revokers.is_some_and(|all| all.iter().all(is_corrected))
    }
}

/// Judges statements for a folder.
pub(crate) struct Covering<'a> {
    intact: &'a Intact,
    verdict: &'a Verdict,
    /// Whether there is a signers file. Then only what trusted keys signed counts.
    asks_for_trust: bool,
    /// Which digests of files are compared where both are known.
    digests: Digests,
}

impl<'a> Covering<'a> {
    pub fn new(intact: &'a Intact, verdict: &'a Verdict, asks_for_trust: bool, digests: Digests) -> Self {
        Self { intact, verdict, asks_for_trust, digests }
    }

    pub fn digests(&self) -> Digests {
        self.digests
    }

    pub fn intact(&self) -> &'a Intact {
        self.intact
    }

    pub fn asks_for_trust(&self) -> bool {
        self.asks_for_trust
    }

    /// Whether a statement was set apart, because no trusted key signed it.
    pub fn is_apart(&self, statement: StatementId) -> bool {
        self.verdict.standing.apart.statements.contains(&statement)
    }

    /// Records set apart or taken back against which somebody whose word counts said something.
    pub fn objected_without_say(&self) -> impl Iterator<Item = RecordId> {
        let standing = &self.verdict.standing;
        standing.against.keys().copied().filter(|id| !standing.counts(*id))
    }

    /// The statements that are here and were not set apart.
    pub fn statements_here(&self) -> HashSet<StatementId> {
        let ids = self.intact.statements().iter().map(VerifiedStatement::id);
        ids.filter(|id| !self.is_apart(*id)).collect()
    }

    /// Whether a statement was taken back.
    pub fn is_revoked(&self, statement: StatementId) -> bool {
        self.verdict.standing.statements.contains(&statement)
    }

    /// Who took statements and keys back, the first of each.
    pub fn revocations(&self) -> Revocations {
        let mut found = Revocations::default();
        let counting = &self.verdict.standing.revocations;
        let mut statements: Vec<&VerifiedStatement> =
            self.intact.statements().iter().filter(|one| counting.contains(&one.id())).collect();
        statements.sort_by_key(|one| (one.created(), one.id()));
        for statement in statements {
            let Predicate::Revocation(revocation) = statement.predicate() else { continue };
            let by = self.verdict.trusted.get(&statement.id()).filter(|principals| !principals.is_empty()).cloned();
            let revoked_by = RevokedBy {
                by: by.unwrap_or_else(|| vec![statement.identity().to_string()]),
                created: statement.created(),
                reason: revocation.reason.clone(),
            };
            match &revocation.revoked {
                Revoked::Statement(id) => {
                    // In the order of dates.
                    found.revokers.entry(*id).or_default().insert(statement.identity().clone(), statement.created());
                    found.of_statements.entry(*id).or_insert(revoked_by);
                }
                Revoked::Signer(signer) => _ = found.of_keys.entry(signer.clone()).or_insert(revoked_by),
                Revoked::Record(_) => {}
            }
        }
        found
    }

    /// As whom the signer is known, if the statement counts.
    pub fn signer(&self, statement: &VerifiedStatement) -> Option<Vec<String>> {
        if self.is_revoked(statement.id()) {
            return None;
        }
        self.known_signer(statement)
    }

    /// The same, whether or not it was taken back.
    fn known_signer(&self, statement: &VerifiedStatement) -> Option<Vec<String>> {
        if !self.asks_for_trust {
            return Some(vec![statement.identity().to_string()]);
        }
        self.verdict.trusted.get(&statement.id()).filter(|principals| !principals.is_empty()).cloned()
    }

    /// Every record that may be named in a verdict: with a signers file only those that a trusted
    /// key signed.
    pub fn makers(&self) -> BTreeMap<RecordId, Maker> {
        let mut signers: BTreeMap<RecordId, BTreeSet<String>> = BTreeMap::new();
        let standing = &self.verdict.standing;
        for statement in self.intact.vouching(standing) {
            let Some(by) = self.signer(statement) else { continue };
            signers.entry(RecordId(statement.record().blake3)).or_default().extend(by);
        }
        let is_rejected = |id: &RecordId| {
            let objections = standing.against.get(id).into_iter().flatten();
            objections.into_iter().any(|objection| objection.kind == ObjectionKind::Rejected)
        };
        let maker = |id: &RecordId| {
            let by: Vec<String> = signers.get(id).into_iter().flatten().cloned().collect();
            let word = if standing.records.contains(id) {
                Word::Revoked
            } else if by.is_empty() {
                Word::Unsigned
            } else if is_rejected(id) {
                Word::Rejected
            } else if standing.successors.contains_key(id) {
                Word::Superseded
            } else {
                Word::Counts
            };
            (*id, Maker { word, by })
        };
        self.intact.records().keys().map(maker).collect()
    }
}
