//! Who signed, and what shows when: the two things that trust is a function of, beside the policy
//! and the moment of the question.
//!
//! Each has one form in version 1.0. What a further form touches:
//! docs/decisions/0029-who-signed-and-when.md.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::StatementError;
use crate::key::PublicKey;

/// Who signed, as the signature itself proves it. Two statements are by the same signer exactly if
/// their identities are equal; whose identity it is, a [`crate::TrustPolicy`] says.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Identity {
    /// Whoever has the private half of this key.
    Ed25519(PublicKey),
}

impl Identity {
    /// The line that names it in statements and signers files: of a key OpenSSH's, without a
    /// comment.
    pub fn line(&self) -> String {
        match self {
            Self::Ed25519(key) => key.to_string(),
        }
    }

    /// Takes bytes for a signature of this signer, if they have the form of one.
    pub(crate) fn signature<'a>(&'a self, bytes: &'a [u8]) -> Result<Signature<'a>, StatementError> {
        match self {
            Self::Ed25519(key) => {
                let wrong = |_| StatementError::SignatureLength { bytes: bytes.len() };
                Ok(Signature::Ed25519(key, bytes.try_into().map_err(wrong)?))
            }
        }
    }
}

/// A well-formed signature, and what it is held against.
pub(crate) enum Signature<'a> {
    Ed25519(&'a PublicKey, &'a [u8; 64]),
}

impl Signature<'_> {
    pub fn holds(&self, message: &[u8]) -> bool {
        match self {
            Self::Ed25519(key, signature) => key.verify(message, signature),
        }
    }
}

impl From<PublicKey> for Identity {
    fn from(key: PublicKey) -> Self {
        Self::Ed25519(key)
    }
}

impl fmt::Display for Identity {
    /// Its name among people, which no signer chooses: of a key the fingerprint that
    /// `ssh-keygen -l` shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ed25519(key) => f.write_str(&key.fingerprint()),
        }
    }
}

/// What shows when a statement was made, beside the date in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeEvidence {
    /// Nothing does: its date is the word of its signer.
    Claimed,
}
