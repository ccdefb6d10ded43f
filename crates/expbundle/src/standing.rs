//! What statements take back: revocations and supersessions, at a moment (spec/statements.md, "Taking back").
//!
//! Taking back only ever lowers what holds, so the order in which statements are looked at means nothing, and a revocation
//! cannot itself be taken back.

use std::collections::{BTreeMap, BTreeSet};

use expbundle_format::container::EntryName;
use expbundle_format::{Code, Finding, Place, RecordId, StatementId};
use expbundle_statement::{Judgement, Kind, Predicate, PublicKey, Revoked, TrustPolicy, VerifiedStatement};
use jiff::Timestamp;

use crate::verify::Intact;

/// What no longer counts, and what counts instead.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Statements that are revoked, themselves or by their key.
    pub statements: BTreeSet<StatementId>,
    /// Records that are revoked.
    pub records: BTreeSet<RecordId>,
    /// Of each superseded record the one that took its place; the latest word where there are several.
    pub successors: BTreeMap<RecordId, RecordId>,
    /// What was taken back by whom, and who tried to without a right to.
    pub findings: Vec<Finding>,
}

impl Intact {
    /// What revocations and supersessions take away at a moment.
    ///
    /// Who signed something may take it back, and so may whoever the policy trusts. Anybody else's word is reported and counts
    /// for nothing.
    pub fn standing(&self, policy: Option<&TrustPolicy>, at: Timestamp) -> Standing {
        let mut standing = Standing::default();
        let by_id: BTreeMap<StatementId, &VerifiedStatement> =
            self.statements().iter().map(|statement| (statement.id(), statement)).collect();
        let trusts =
            |key: &PublicKey| policy.is_some_and(|policy| matches!(policy.judge(key, at), Judgement::Trusted { .. }));
        let mut keys: Vec<PublicKey> = Vec::new();
        let mut words: Vec<&VerifiedStatement> = self.statements().iter().collect();
        words.sort_by_key(|statement| (statement.created(), statement.id()));
        for statement in words {
            let subject = RecordId(statement.record().blake3);
            let key = statement.key();
            let (what, has_right, since) = match statement.predicate() {
                Predicate::Revocation(revocation) => {
                    let (what, has_right) = match &revocation.revoked {
                        Revoked::Record(id) => (format!("record {id}"), *id == subject && self.is_author(key, subject)),
                        Revoked::Statement(id) => {
                            let own = by_id.get(id).is_some_and(|revoked| revoked.key() == key);
                            (format!("statement {id}"), own)
                        }
                        Revoked::Key(revoked) => (format!("key {}", revoked.fingerprint()), revoked == key),
                    };
                    (what, has_right, revocation.since.unwrap_or(statement.created()))
                }
                Predicate::Supersession(_) => {
                    (format!("record {subject}"), self.is_author(key, subject), statement.created())
                }
                _ => continue,
            };
            if since.timestamp() > at {
                continue;
            }
            if !has_right && !trusts(key) {
                let message = format!("{} has no right to take back {what}", key.fingerprint());
                standing.findings.push(Finding::new(Code::TrustNoRight, place(statement), message));
                continue;
            }
            match statement.predicate() {
                Predicate::Revocation(revocation) => {
                    match &revocation.revoked {
                        Revoked::Record(id) => _ = standing.records.insert(*id),
                        Revoked::Statement(id) => _ = standing.statements.insert(*id),
                        Revoked::Key(key) => keys.push(*key),
                    }
                    let reason = revocation.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
                    let message = format!("{what} is revoked since {since}{reason}");
                    standing.findings.push(Finding::new(Code::TrustRevoked, place(statement), message));
                }
                Predicate::Supersession(superseded) => {
                    let successor = RecordId(superseded.successor.blake3);
                    standing.successors.insert(subject, successor);
                    let here = if self.records().contains_key(&successor) { "here" } else { "not here" };
                    let message = format!("{what} is superseded by {successor}, which is {here}");
                    standing.findings.push(Finding::new(Code::LineageSuperseded, place(statement), message));
                }
                _ => {}
            }
        }
        let of_keys = self.statements().iter().filter(|statement| keys.contains(statement.key()));
        standing.statements.extend(of_keys.map(VerifiedStatement::id));
        standing
    }

    /// Whether a key vouches for a record.
    pub(crate) fn is_author(&self, key: &PublicKey, record: RecordId) -> bool {
        let about = self.statements_about(record);
        about.iter().any(|statement| statement.kind() == Kind::Authorship && statement.key() == key)
    }
}

fn place(statement: &VerifiedStatement) -> Place {
    Place::entry(EntryName::Statement(statement.file_digest()).to_string())
}
