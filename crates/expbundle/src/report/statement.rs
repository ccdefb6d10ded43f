//! Reports on statements.

use std::collections::{HashMap, HashSet};

use expbundle_format::time::Time;
use expbundle_format::{RecordId, StatementId};
use expbundle_lineage::parallel::prelude::*;
use expbundle_statement::{Kind, Predicate, Revocation, Revoked, VerifiedStatement};
use serde::Serialize;
use serde_json::Value;

use crate::judge::Verdict;
use crate::verify::Intact;

/// A statement. Its signature holds, or there would be no report on it.
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StatementReport {
    /// The digest of its payload.
    pub id: StatementId,
    /// `authorship`, `review`, `comment`, …
    pub kind: String,
    /// The record that it is about; null for a release, which is about a folder.
    pub record: Option<RecordId>,
    /// When it was made, as its signer says.
    pub created: Time,
    /// The key that signed.
    pub signer: SignerReport,
    /// Earlier statements that it follows.
    pub prev: Vec<StatementId>,
    /// What it says, in one line with the signer's own words quoted; of a comment the text.
    pub says: String,
    /// The same as members, as spec/statements.md has them for its kind; null if they cannot be
    /// written.
    pub members: Value,
    /// Whether it is a rejection, a call for changes, a revocation, or names a successor.
    pub against: bool,
    /// Whether it is a review that a later one of the same reviewer with the same scope and role
    /// replaced.
    pub replaced: bool,
    /// Whether it, its key, or the record that it vouches for was revoked: then it counts for
    /// nothing. A revocation itself cannot be revoked.
    pub revoked: bool,
    /// Whether it is set apart: with a signers file, by a key that is not trusted. Then it changes
    /// nothing.
    pub apart: bool,
    /// Whether it revokes the key that signed it: that counts, though the key no longer does.
    #[serde(skip)]
    pub takes_back_its_own_key: bool,
}

/// The key that signed.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SignerReport {
    /// Fingerprint, as `ssh-keygen -l` shows it.
    pub fingerprint: String,
    /// The public key in OpenSSH form.
    pub public_key: String,
    /// What the signer calls itself. Claimed.
    pub name: Option<String>,
    /// Principals for whom the signers file trusts the key; empty if it trusts none.
    pub trusted_as: Vec<String>,
    /// Whether there was a signers file; else nobody knows whose key it is.
    #[serde(skip)]
    pub checked: bool,
}

impl SignerReport {
    fn new(statement: &VerifiedStatement, verdict: &Verdict) -> Self {
        let identity = statement.identity();
        Self {
            fingerprint: identity.to_string(),
            public_key: identity.line(),
            name: statement.signer_name().map(str::to_owned),
            trusted_as: verdict.trusted.get(&statement.id()).cloned().unwrap_or_default(),
            checked: verdict.signers_checked,
        }
    }
}

/// Reports on the statements of a bundle, each once, in the order of their dates; of one date in
/// that of their chain.
pub fn statement_reports(intact: &Intact, verdict: &Verdict) -> Vec<StatementReport> {
    let mut reports: Vec<_> = intact
        .statements()
        .par_iter()
        .map(|statement| StatementReport {
            id: statement.id(),
            kind: statement.kind().to_string(),
            record: statement.listing().is_none().then(|| RecordId(statement.record().blake3)),
            created: statement.created(),
            signer: SignerReport::new(statement, verdict),
            prev: statement.previous().to_vec(),
            says: statement.predicate().summary(),
            members: statement.predicate().members().unwrap_or_default(),
            against: statement.predicate().is_against(),
            replaced: verdict.standing.replaced_reviews.contains(&statement.id()),
            revoked: match statement.kind() {
                Kind::Revocation => false,
                Kind::Authorship => !verdict.standing.vouches(statement),
                _ => verdict.standing.statements.contains(&statement.id()),
            },
            apart: verdict.standing.apart.statements.contains(&statement.id()),
            takes_back_its_own_key: matches!(
                statement.predicate(),
                Predicate::Revocation(Revocation { revoked: Revoked::Signer(signer), .. }) if signer == statement.identity()
            ),
        })
        .collect();
    reports.sort_by_key(|report| (report.created, report.id));
    // One statement may be wrapped in many envelopes, and is one statement.
    reports.dedup_by_key(|report| report.id);
    // What is set apart changes no order of what counts, so of one date it comes behind.
    let ordered = |same_date: &[StatementReport]| -> Vec<StatementReport> {
        let (apart, counting): (Vec<_>, Vec<_>) = same_date.iter().partition(|report| report.apart);
        in_chain(&counting).into_iter().chain(in_chain(&apart)).cloned().collect()
    };
    reports.chunk_by(|a, b| a.created == b.created).flat_map(ordered).collect()
}

/// Statements of one date, each behind those that it follows.
fn in_chain<'a>(same_date: &[&'a StatementReport]) -> Vec<&'a StatementReport> {
    let by_id: HashMap<StatementId, &StatementReport> = same_date.iter().map(|report| (report.id, *report)).collect();
    let mut order = Vec::with_capacity(same_date.len());
    let mut seen = HashSet::new();
    let mut open: Vec<(&StatementReport, bool)> = same_date.iter().rev().map(|report| (*report, false)).collect();
    while let Some((report, follows_all)) = open.pop() {
        if follows_all {
            order.push(report);
        } else if seen.insert(report.id) {
            open.push((report, true));
            open.extend(report.prev.iter().filter_map(|prev| by_id.get(prev)).map(|earlier| (*earlier, false)));
        }
    }
    order
}
