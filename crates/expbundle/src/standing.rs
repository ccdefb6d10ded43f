//! What statements take back: revocations and supersessions, at a moment (spec/trust.md, "Taking back").
//!
//! Taking back only ever lowers what holds, so the order in which statements are looked at means nothing, and a revocation
//! cannot itself be taken back.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use expbundle_format::container::EntryName;
use expbundle_format::{Code, Finding, Foreign, Place, RecordId, StatementId};
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
        let rights = Rights { authors: self.authors(), policy, at };
        let mut standing = Standing::default();
        let mut words: Vec<&VerifiedStatement> = self.statements().iter().collect();
        words.sort_by_key(|statement| (statement.created(), statement.id()));
        revoke(&words, &rights, &mut standing);
        // A supersession that was revoked names no successor, so all revocations come first.
        for statement in words {
            let Predicate::Supersession(superseded) = statement.predicate() else { continue };
            let (subject, successor) = (RecordId(statement.record().blake3), superseded.successor);
            if standing.statements.contains(&statement.id()) || statement.created().timestamp() > at {
                continue;
            }
            let what = format!("record {subject}");
            if !rights.over_record(statement.key(), subject) {
                standing.findings.push(no_right(statement, &what));
                continue;
            }
            let here = self.records().get(&RecordId(successor.blake3));
            // One that is here under another SHA-256 is not meant; lineage says so.
            if here.is_some_and(|record| record.digest() != successor) {
                continue;
            }
            let (successor, here) = (RecordId(successor.blake3), if here.is_some() { "here" } else { "not here" });
            standing.successors.insert(subject, successor);
            let message = format!("{what} is superseded by {successor}, which is {here}");
            standing.findings.push(Finding::new(Code::LineageSuperseded, place(statement), message));
        }
        standing
    }

    /// Which keys vouch for which records.
    pub(crate) fn authors(&self) -> Authors {
        let authorships = self.statements().iter().filter(|statement| statement.kind() == Kind::Authorship);
        let author = |statement: &VerifiedStatement| (RecordId(statement.record().blake3), *statement.key().as_bytes());
        Authors(authorships.map(author).collect())
    }
}

fn revoke(words: &[&VerifiedStatement], rights: &Rights<'_>, standing: &mut Standing) {
    let by_id: BTreeMap<StatementId, &PublicKey> =
        words.iter().map(|statement| (statement.id(), statement.key())).collect();
    let mut keys = HashSet::new();
    for statement in words {
        let Predicate::Revocation(revocation) = statement.predicate() else { continue };
        let since = revocation.since.unwrap_or(statement.created());
        if since.timestamp() > rights.at {
            continue;
        }
        let (key, subject) = (statement.key(), RecordId(statement.record().blake3));
        let (what, has_right) = match &revocation.revoked {
            Revoked::Record(id) => {
                let own = *id == subject && rights.over_record(key, subject);
                (format!("record {id}"), own || rights.trusts(key))
            }
            Revoked::Statement(id) => {
                let own = by_id.get(id).is_some_and(|signer| *signer == key);
                (format!("statement {id}"), own || rights.trusts(key))
            }
            Revoked::Key(revoked) => (format!("key {}", revoked.fingerprint()), revoked == key || rights.trusts(key)),
        };
        if !has_right {
            standing.findings.push(no_right(statement, &what));
            continue;
        }
        match &revocation.revoked {
            Revoked::Record(id) => _ = standing.records.insert(*id),
            Revoked::Statement(id) => _ = standing.statements.insert(*id),
            Revoked::Key(key) => _ = keys.insert(*key.as_bytes()),
        }
        let reason =
            revocation.reason.as_deref().map(|reason| format!(": {}", Foreign::new(reason))).unwrap_or_default();
        let message = format!("{what} is revoked since {since}{reason}");
        standing.findings.push(Finding::new(Code::TrustRevoked, place(statement), message));
    }
    let of_keys = words.iter().filter(|statement| keys.contains(statement.key().as_bytes()));
    standing.statements.extend(of_keys.map(|statement| statement.id()));
}

/// Which keys vouch for which records.
pub(crate) struct Authors(HashSet<(RecordId, [u8; 32])>);

impl Authors {
    pub(crate) fn vouches(&self, key: &PublicKey, record: RecordId) -> bool {
        self.0.contains(&(record, *key.as_bytes()))
    }
}

/// Who may take back what.
struct Rights<'a> {
    authors: Authors,
    policy: Option<&'a TrustPolicy>,
    at: Timestamp,
}

impl Rights<'_> {
    fn trusts(&self, key: &PublicKey) -> bool {
        self.judgement(key).is_some_and(|judgement| matches!(judgement, Judgement::Trusted { .. }))
    }

    /// Anybody can vouch for a record, so where there is a policy, only keys that it has speak for their records.
    fn over_record(&self, key: &PublicKey, record: RecordId) -> bool {
        let is_known = self.judgement(key).is_none_or(|judgement| !matches!(judgement, Judgement::Unknown));
        (is_known && self.authors.vouches(key, record)) || self.trusts(key)
    }

    fn judgement(&self, key: &PublicKey) -> Option<Judgement> {
        self.policy.map(|policy| policy.judge(key, self.at))
    }
}

fn no_right(statement: &VerifiedStatement, what: &str) -> Finding {
    let message = format!("{} has no right to take back {what}", statement.key().fingerprint());
    Finding::new(Code::TrustNoRight, place(statement), message)
}

fn place(statement: &VerifiedStatement) -> Place {
    Place::entry(EntryName::Statement(statement.file_digest()).to_string())
}
