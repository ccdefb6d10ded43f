//! Why a statement is refused.

use expbundle_format::json::JsonError;
use expbundle_format::{Code, Finding, Place};

use crate::key::KeyError;
use crate::set_aside::SetAside;

/// Why a statement is not verified. Each variant but [`Self::SetAside`] is one MUST of
/// spec/statements.md.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// The file is not a Sigstore bundle with a DSSE envelope, or its payload no JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The file is of another media type.
    #[error("the file is not a Sigstore bundle v0.3 but {found:?}")]
    Envelope {
        /// What it says it is.
        found: String,
    },
    /// More than one kind of key material, which could name more than one signer.
    #[error("the file has {count} kinds of key material, and at most one is allowed")]
    KeyMaterial {
        /// How many.
        count: usize,
    },
    /// The payload or the signature is not canonical base64.
    #[error("the {what} is not canonical base64")]
    Base64 {
        /// `payload` or `signature`.
        what: &'static str,
    },
    /// The payload is of another type.
    #[error("the payload type is {found:?}")]
    PayloadType {
        /// What the envelope says.
        found: String,
    },
    /// None, or more than one.
    #[error("the envelope has {count} signatures")]
    SignatureCount {
        /// How many.
        count: usize,
    },
    /// The payload is not an in-toto Statement v1.
    #[error("the payload is not an in-toto Statement v1 but {found:?}")]
    Type {
        /// What it says it is.
        found: String,
    },
    /// A predicate that this format does not have.
    #[error("the predicate is of type {found:?}")]
    PredicateType {
        /// What the statement says.
        found: String,
    },
    /// The predicate lacks what its kind asks for.
    #[error("the predicate does not match its kind: {0}")]
    Predicate(JsonError),
    /// The first subject is not a record.
    #[error("{problem}")]
    Subject {
        /// What is wrong.
        problem: &'static str,
    },
    /// The predicate names one thing twice, or two things at once.
    #[error("the predicate does not match its kind: {0}")]
    Members(&'static str),
    /// In order as far as this version can read it. No refusal: it is kept, and counts for nothing.
    #[error("{}", .0.unknown)]
    SetAside(Box<SetAside>),
    /// A signature of another length.
    #[error("the signature has {bytes} bytes, not 64")]
    SignatureLength {
        /// How many.
        bytes: usize,
    },
    /// A key that is not in its strict form.
    #[error("the signer's key is refused: {0}")]
    Key(KeyError),
    /// `keyid` names another key than the predicate.
    #[error("the envelope names the key {keyid:?}, the statement {fingerprint}")]
    KeyId {
        /// What the envelope says.
        keyid: String,
        /// The key in the statement.
        fingerprint: String,
    },
    /// The file would be larger than a reader takes.
    #[error("the statement has {bytes} bytes, more than {limit}")]
    TooLarge {
        /// How many.
        bytes: u64,
        /// How many may be.
        limit: u64,
    },
    /// The key is kept elsewhere, and did not sign. Only what is made can fail so.
    #[cfg(feature = "private-keys")]
    #[error("nothing was signed: {0}")]
    NotSigned(#[from] crate::signing_key::NotSigned),
    /// The signature does not hold.
    #[error("the signature is not valid for this statement and the key that it names")]
    Invalid,
}

impl StatementError {
    /// Its stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Json(JsonError::Schema { .. }) | Self::Envelope { .. } | Self::KeyMaterial { .. } => {
                Code::StatementEnvelope
            }
            Self::Json(error) => error.code(),
            Self::TooLarge { .. } => Code::ContainerLimit,
            Self::Base64 { .. } => Code::StatementBase64,
            Self::PayloadType { .. } => Code::StatementPayloadType,
            Self::SignatureCount { .. } => Code::SignatureCount,
            Self::Type { .. } => Code::StatementType,
            Self::PredicateType { .. } => Code::StatementPredicateType,
            Self::Predicate(_) | Self::Members(_) => Code::StatementPredicate,
            Self::SetAside(set_aside) => set_aside.unknown.code(),
            Self::Subject { .. } => Code::StatementSubject,
            Self::SignatureLength { .. } | Self::Key(_) => Code::SignatureEncoding,
            Self::KeyId { .. } => Code::SignatureKey,
            Self::Invalid => Code::SignatureInvalid,
            #[cfg(feature = "private-keys")]
            Self::NotSigned(_) => Code::SignatureInvalid,
        }
    }

    /// The finding at that entry of a bundle.
    pub fn finding(&self, entry: &str) -> Finding {
        let place = match self {
            Self::Json(error) => error.place(entry),
            _ => Place::entry(entry),
        };
        Finding::new(self.code(), place, self.to_string())
    }
}
