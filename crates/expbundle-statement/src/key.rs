//! Public keys: Ed25519 in its one strict form.

use std::cell::Cell;
use std::fmt;
use std::str::FromStr;

use ed25519_dalek::pkcs8::DecodePublicKey as _;
use ed25519_dalek::{Signature, VerifyingKey};
#[cfg(feature = "schema")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use ssh_key::public::KeyData;

use crate::base64;

/// Why bytes or text are no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not a key in a form that is read here.
    #[error("it is not a public key in OpenSSH or SPKI form")]
    Form,
    /// A key of another kind.
    #[error("it is a key of type {0}, and only Ed25519 is known")]
    Algorithm(String),
    /// Not the one encoding of a point.
    #[error("its encoding is not the canonical one of a point")]
    NotCanonical,
    /// A point for which forged signatures hold.
    #[error("it is a point of small order, for which anybody can sign")]
    SmallOrder,
}

/// An Ed25519 public key: canonical and not of small order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Takes the 32 bytes of RFC 8032.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        if let Some(last) = LAST.get().filter(|last| last.as_bytes() == bytes) {
            return Ok(last);
        }
        // The library takes y ≥ p as well, which would give one key several names. The other second
        // names, of x = 0, are of small order.
        if !is_reduced(bytes) {
            return Err(KeyError::NotCanonical);
        }
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::NotCanonical)?;
        if key.is_weak() {
            return Err(KeyError::SmallOrder);
        }
        LAST.set(Some(Self(key)));
        Ok(Self(key))
    }

    /// The 32 bytes of RFC 8032.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Reads `ssh-ed25519 AAAA… comment`, or an SPKI key in PEM.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        if text.trim_start().starts_with("-----BEGIN PUBLIC KEY-----") {
            let key = VerifyingKey::from_public_key_pem(text).map_err(|_| KeyError::Form)?;
            return Self::from_bytes(key.as_bytes());
        }
        text.parse()
    }

    pub(crate) fn from_ssh(key: &KeyData) -> Result<Self, KeyError> {
        match key {
            KeyData::Ed25519(key) => Self::from_bytes(&key.0),
            other => Err(KeyError::Algorithm(other.algorithm().to_string())),
        }
    }

    /// The public half of a private key.
    #[cfg(feature = "private-keys")]
    pub(crate) fn of(key: &ed25519_dalek::SigningKey) -> Self {
        Self(key.verifying_key())
    }

    /// The fingerprint that `ssh-keygen -l` shows: `SHA256:` and 43 characters.
    pub fn fingerprint(&self) -> String {
        let digest = sha2::Sha256::digest(self.wire());
        format!("SHA256:{}", base64::encode(&digest).trim_end_matches('='))
    }

    /// The form inside OpenSSH's base64, and in the messages of its agent: two strings, each behind
    /// its length.
    pub fn wire(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(51);
        for part in [b"ssh-ed25519".as_slice(), self.as_bytes()] {
            bytes.extend(u32::try_from(part.len()).expect("11 and 32").to_be_bytes());
            bytes.extend(part);
        }
        bytes
    }

    /// Whether a signature holds: strict, that is S < L, R canonical, nothing of small order,
    /// without cofactor.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

thread_local! {
    /// The last key that was decoded. That costs a third of a verification, and one key signs most
    /// statements of a bundle.
    static LAST: Cell<Option<PublicKey>> = const { Cell::new(None) };
}

/// Whether y, which is all but the highest bit, is less than p = 2^255 − 19.
fn is_reduced(encoding: &[u8; 32]) -> bool {
    let [lowest, middle @ .., highest] = encoding;
    *lowest < 0xed || middle.iter().any(|byte| *byte != 0xff) || highest & 0x7f != 0x7f
}

impl FromStr for PublicKey {
    type Err = KeyError;

    /// Reads the one-line form of OpenSSH.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let key = ssh_key::PublicKey::from_openssh(text.trim()).map_err(|_| KeyError::Form)?;
        Self::from_ssh(key.key_data())
    }
}

impl TryFrom<String> for PublicKey {
    type Error = KeyError;

    /// Reads the one line, and nothing but it: a comment would give one key several names.
    fn try_from(text: String) -> Result<Self, KeyError> {
        let key: Self = text.parse()?;
        if key.to_string() == text { Ok(key) } else { Err(KeyError::Form) }
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}

#[cfg(feature = "schema")]
impl JsonSchema for PublicKey {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PublicKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^ssh-ed25519 [A-Za-z0-9+/]+=*$" })
    }
}

impl fmt::Display for PublicKey {
    /// `ssh-ed25519 AAAA…`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ssh-ed25519 {}", base64::encode(&self.wire()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What is taken is the one encoding of its point, the second time from memory too.
        #[test]
        fn a_key_encodes_to_the_bytes_that_it_was_made_of(mut bytes: [u8; 32], full in any::<bool>(), low in 0xe0..=0xff_u8) {
            if full {
                bytes = [0xff; 32];
                bytes[0] = low;
                bytes[31] = 0x7f;
            }
            let key = PublicKey::from_bytes(&bytes);
            prop_assert_eq!(&key, &PublicKey::from_bytes(&bytes));
            if let Ok(key) = key {
                prop_assert_eq!(key.0.to_edwards().compress().to_bytes(), bytes);
            }
        }
    }
}
