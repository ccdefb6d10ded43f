//! A signers file as data.

use expbundle_format::time::Time;
use expbundle_statement::{SkippedLine, TrustPolicy, TrustedSigner};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// Who is trusted by a signers file, with which key, and when.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "expbundle trust list --json")]
pub struct Signers {
    /// A line for each key of each line of the file, in the order of names.
    pub signers: Vec<ListedSigner>,
    /// Lines that trust nobody.
    pub skipped: Vec<SkippedLine>,
}

/// A key that a line of the file trusts.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListedSigner {
    /// Number of the line in the file, from 1.
    pub line: usize,
    /// Whose key it is.
    pub principals: Vec<String>,
    /// Fingerprint, as `ssh-keygen -l` shows it.
    pub fingerprint: String,
    /// It is trusted from then on; without it, from the beginning.
    pub from: Option<Time>,
    /// It is trusted before then; without it, for good.
    pub until: Option<Time>,
    /// Whether it is trusted for statements.
    pub for_statements: bool,
    /// For which purposes alone it is trusted; empty: for all.
    pub namespaces: Vec<String>,
    /// Whether it is trusted for statements now.
    pub trusted_now: bool,
}

impl Signers {
    /// What a signers file says, as of a moment.
    pub fn of(policy: &TrustPolicy, at: Timestamp) -> Self {
        let signer = |one: TrustedSigner<'_>| ListedSigner {
            line: one.line,
            principals: one.principals.to_vec(),
            fingerprint: one.identity.to_string(),
            from: one.window.after.map(Time::from),
            until: one.window.before.map(Time::from),
            for_statements: one.is_for_statements,
            namespaces: one.namespaces.to_vec(),
            trusted_now: one.is_for_statements && one.window.has(at),
        };
        Self { signers: policy.signers().into_iter().map(signer).collect(), skipped: policy.skipped().to_vec() }
    }
}
