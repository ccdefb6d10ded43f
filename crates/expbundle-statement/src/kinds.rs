//! What each kind of statement says (spec/statements.md, "The payload").

use expbundle_format::record::Word;
use expbundle_format::sections::Evaluation;
use expbundle_format::time::Time;
use expbundle_format::{ArtifactDigests, DigestSet, RecordId, StatementId};
use serde::{Deserialize, Serialize};

use crate::identity::Identity;
use crate::key_line::KeyLine;

/// Who signs. The key is part of what is signed, so that a signature by an unknown key can be
/// checked and shown as that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Signer {
    /// The public key in OpenSSH form, without comment.
    pub public_key: String,
    /// What the signer wants to be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The program that wrote a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Generator {
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Vouches for a record: it is mine, or I stand by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Authorship {
    /// The program that wrote the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generator: Option<Generator>,
}

/// A verdict on a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Review {
    /// The verdict.
    pub verdict: ReviewVerdict,
    /// As what the reviewer speaks, like `safety` or `release manager`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// What was looked at, and for what use the verdict holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a review comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ReviewVerdict {
    /// Good for its scope.
    Approved,
    /// Not good for its scope.
    Rejected,
    /// Not yet.
    NeedsChanges,
}

impl ReviewVerdict {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::NeedsChanges => "needs-changes",
        }
    }
}

/// A remark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Comment {
    /// What is remarked, in markdown.
    pub text: String,
}

/// Results that somebody measured after the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Evaluated {
    /// One at a time, as in `evaluations.json`.
    pub evaluations: Vec<Evaluation>,
    /// How it was measured, in markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// Where what the record made is in use, or no longer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Deployment {
    /// Where, like `production` or a URI.
    pub environment: String,
    /// What happened there.
    pub action: DeploymentAction,
    /// Which output, where the record has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<ArtifactDigests>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What happens to a model where it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DeploymentAction {
    /// It is in use from then on.
    Deployed,
    /// It no longer is.
    Retired,
}

impl DeploymentAction {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deployed => "deployed",
            Self::Retired => "retired",
        }
    }
}

/// Asserts what no digest proves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Asserted {
    /// What is asserted.
    #[serde(flatten)]
    pub claim: LinkClaim,
    /// Why the signer knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The members of a `link` as they stand in the file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RawAsserted {
    parent: Option<DigestSet>,
    relation: Option<Word>,
    artifact: Option<ArtifactDigests>,
    same_signer: Option<KeyLine>,
    reason: Option<String>,
}

impl RawAsserted {
    /// What is asserted, or the name of the algorithm if its key is of an unknown one. A link has
    /// the members of one of its two forms: those of the other are not ignored, for it would be
    /// unclear what was meant.
    pub fn known(self) -> Result<Result<Asserted, String>, &'static str> {
        let Self { parent, relation, artifact, same_signer, reason } = self;
        let claim = match (parent, same_signer) {
            (Some(parent), None) => LinkClaim::Record { parent, relation, artifact },
            (None, Some(_)) if relation.is_some() || artifact.is_some() => {
                return Err("`relation` and `artifact` are of a link to a parent, and this one names a key");
            }
            (None, Some(key)) => match key.known() {
                Ok(same_signer) => LinkClaim::Signer { same_signer },
                Err(algorithm) => return Ok(Err(algorithm)),
            },
            _ => return Err("a link names either `parent` or `sameSigner`"),
        };
        Ok(Ok(Asserted { claim, reason }))
    }
}

/// A `revocation` as it stands in the file.
#[derive(Deserialize)]
pub(crate) struct RawRevocation {
    revoked: RawRevoked,
    since: Option<Time>,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawRevoked {
    Record(RecordId),
    Statement(StatementId),
    Key(KeyLine),
}

impl RawRevocation {
    /// What is revoked, or the name of the algorithm if it is a key of an unknown one.
    pub fn known(self) -> Result<Revocation, String> {
        let Self { revoked, since, reason } = self;
        let revoked = match revoked {
            RawRevoked::Record(id) => Revoked::Record(id),
            RawRevoked::Statement(id) => Revoked::Statement(id),
            RawRevoked::Key(key) => Revoked::Signer(key.known()?),
        };
        Ok(Revocation { revoked, since, reason })
    }
}

/// What a `link` asserts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, rename_all = "camelCase")]
pub enum LinkClaim {
    /// The record that the subject follows from.
    Record {
        /// Both digests of its `record.json`.
        parent: DigestSet,
        /// The relation, like `fine-tuned-from`.
        #[serde(skip_serializing_if = "Option::is_none")]
        relation: Option<Word>,
        /// Which input of the subject it made.
        #[serde(skip_serializing_if = "Option::is_none")]
        artifact: Option<ArtifactDigests>,
    },
    /// A key that is the signer's too. Only where both keys say so of each other is it more than a
    /// claim.
    #[serde(rename_all = "camelCase")]
    Signer {
        /// In OpenSSH's one-line form without comment.
        #[cfg_attr(feature = "schema", schemars(with = "crate::PublicKey"))]
        same_signer: Identity,
    },
}

/// Another record took the place of the subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Superseded {
    /// Both digests of the successor's `record.json`.
    pub successor: DigestSet,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Something no longer counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Revocation {
    /// What.
    pub revoked: Revoked,
    /// From when on it does not count [default: from when the revocation was made].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a revocation is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Revoked {
    /// The subject itself: nobody's word for it counts any more.
    Record(RecordId),
    /// A statement, by its id.
    Statement(StatementId),
    /// Every statement of a key, in OpenSSH's one-line form without comment.
    #[serde(rename = "key")]
    Signer(#[cfg_attr(feature = "schema", schemars(with = "crate::PublicKey"))] Identity),
}

/// What was there when the statement was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Seal {
    /// Names of the objects of the bundle, in the order of their bytes.
    pub objects: Vec<String>,
}

/// Releases a folder. Its files are those of the listing that is the first subject, all of them and
/// no others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Release {
    /// What is released, like `digits 1.1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What changed, or why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::SigningKey;

    #[test]
    fn a_link_names_a_record_or_a_key() {
        let key = SigningKey::from_seed(&[7; 32]).identity();
        let read = |value: Value| {
            let raw: RawAsserted = serde_json::from_value(value).expect("members");
            raw.known().map(|link| link.expect("a known algorithm").claim)
        };
        let record = DigestSet::of(b"a record");
        let claim = LinkClaim::Record { parent: record, relation: None, artifact: None };
        assert_eq!(read(json!({"parent": record})), Ok(claim));
        assert_eq!(read(json!({"sameSigner": key})), Ok(LinkClaim::Signer { same_signer: key.clone() }));
        assert!(read(json!({"parent": record, "sameSigner": key})).is_err());
        // Members of the other form are refused, and `null` is as good as nothing.
        for foreign in [json!({"relation": "part-of"}), json!({"artifact": record})] {
            let mut value = json!({"sameSigner": key});
            value.as_object_mut().expect("an object").extend(foreign.as_object().expect("an object").clone());
            assert!(read(value.clone()).is_err(), "{value}");
        }
        let nulls = json!({"sameSigner": key, "parent": null, "relation": null, "artifact": null});
        assert_eq!(read(nulls), Ok(LinkClaim::Signer { same_signer: key.clone() }));
        assert!(read(json!({})).is_err());
    }
}
