//! Verification, second half: opinions about signers (spec/verification.md, states).
//!
//! A fact about bytes stays true; whether a signer is trusted depends on a policy and a moment. So a [`Verdict`] is a
//! value, made from both.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use expbundle_format::container::EntryName;
use expbundle_format::{Code, Finding, Place, RecordId, StatementId};
use expbundle_statement::{Judgement, Kind, TrustPolicy, VerifiedStatement};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::future;
use crate::standing::Standing;
use crate::verify::Intact;

/// How much holds. Each state includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Something is not what it claims to be.
    Malformed,
    /// Every name, digest and signature was recomputed and agrees.
    Intact,
    /// Each record has a valid authorship statement.
    Signed,
    /// Each record has one by a signer whom the policy trusts.
    Trusted,
}

impl State {
    /// The word that stands in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Intact => "intact",
            Self::Signed => "signed",
            Self::Trusted => "trusted",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Intact, Self::Signed, Self::Trusted]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| "states are intact, signed and trusted".to_owned())
    }
}

/// What a policy makes of an intact bundle at a moment.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// That of the weakest record.
    pub state: State,
    /// Of each record by itself.
    pub records: BTreeMap<RecordId, State>,
    /// Principals for whom the policy trusts the signer of each statement; empty if it trusts none.
    pub trusted: BTreeMap<StatementId, Vec<String>>,
    /// What was taken back.
    pub standing: Standing,
    /// Why signers are not trusted, and what was taken back.
    pub findings: Vec<Finding>,
}

impl Intact {
    /// Judges signatures by `policy` at `at`. Without a policy nobody is trusted, and nothing is said about it.
    pub fn judge(&self, policy: Option<&TrustPolicy>, at: Timestamp) -> Verdict {
        let mut records: BTreeMap<RecordId, State> = self.records().keys().map(|id| (*id, State::Intact)).collect();
        let mut trusted = BTreeMap::new();
        let standing = self.standing(policy, at);
        let mut findings = standing.findings.clone();
        findings.extend(self.statements().iter().filter_map(|statement| future::finding(statement, at)));
        for statement in self.statements() {
            if standing.statements.contains(&statement.id()) {
                trusted.insert(statement.id(), Vec::new());
                continue;
            }
            let principals = policy.map_or_else(Vec::new, |policy| {
                principals(statement, policy.judge(statement.key(), at), &mut findings)
            });
            if statement.kind() == Kind::Authorship
                && !standing.records.contains(&RecordId(statement.record().blake3))
                && let Some(state) = records.get_mut(&RecordId(statement.record().blake3))
            {
                *state = (*state).max(if principals.is_empty() { State::Signed } else { State::Trusted });
            }
            trusted.insert(statement.id(), principals);
        }
        // A bundle without records holds nothing that could be signed.
        let state = records.values().copied().min().unwrap_or(State::Intact);
        Verdict { state, records, trusted, standing, findings }
    }
}

fn principals(statement: &VerifiedStatement, judgement: Judgement, findings: &mut Vec<Finding>) -> Vec<String> {
    let (code, message) = match judgement {
        Judgement::Trusted { principals } => return principals,
        Judgement::NotValid { principals } => {
            (Code::TrustNotValid, format!("the key of {} is trusted at another time", principals.join(", ")))
        }
        Judgement::OtherNamespace { principals } => {
            (Code::TrustNamespace, format!("the key of {} is trusted for other purposes", principals.join(", ")))
        }
        Judgement::Unknown => (Code::TrustUnknownSigner, format!("signed by {}", statement.key().fingerprint())),
    };
    let place = Place::entry(EntryName::Statement(statement.file_digest()).to_string());
    findings.push(Finding::new(code, place, message));
    Vec::new()
}
