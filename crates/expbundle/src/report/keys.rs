//! Keys of the signers file that were revoked: whoever keeps the file should take them out.

use std::collections::BTreeMap;

use expbundle_format::time::Time;
use expbundle_statement::{Predicate, Revoked, TrustPolicy};

use crate::judge::Verdict;
use crate::verify::Intact;

/// A key that the signers file has and that was revoked by somebody with a right to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedKey {
    /// Fingerprint, as `ssh-keygen -l` shows it.
    pub fingerprint: String,
    /// Whose it is by the signers file.
    pub principals: Vec<String>,
    /// When it was revoked first, as the signer says.
    pub created: Time,
}

impl RevokedKey {
    /// Those that a bundle tells of, in the order of their fingerprints.
    pub(super) fn all(intact: &Intact, verdict: &Verdict, policy: Option<&TrustPolicy>) -> Vec<Self> {
        let Some(policy) = policy else { return Vec::new() };
        let mut keys: BTreeMap<String, Self> = BTreeMap::new();
        for statement in intact.statements().iter().filter(|one| verdict.standing.revocations.contains(&one.id())) {
            let Predicate::Revocation(revocation) = statement.predicate() else { continue };
            let Revoked::Signer(signer) = &revocation.revoked else { continue };
            let fingerprint = signer.to_string();
            let lines = policy.lines_called(&fingerprint);
            if lines.is_empty() {
                continue;
            }
            let principals = || lines.iter().flat_map(|line| line.principals.to_vec()).collect();
            let created = statement.created();
            let key = keys.entry(fingerprint.clone());
            let key = key.or_insert_with(|| Self { fingerprint, principals: principals(), created });
            key.created = key.created.min(created);
        }
        keys.into_values().collect()
    }
}
