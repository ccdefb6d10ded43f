//! Private keys: OpenSSH and PKCS#8 files, plain or encrypted.

use std::fmt;

use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use ssh_key::private::{Ed25519Keypair, Ed25519PrivateKey, KeypairData};
use ssh_key::{Cipher, Kdf, LineEnding, PrivateKey};
use zeroize::Zeroizing;

use crate::key::PublicKey;

/// Why a file gives no key to sign with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// Not a private key in a form that is read here.
    #[error("it is no private key in OpenSSH or PKCS#8 form")]
    Form,
    /// The file of the public half.
    #[error("it is a public key; the private one is needed to sign")]
    Public,
    /// A key of another kind.
    #[error("it is a key of type {0}, and only Ed25519 is known")]
    Algorithm(String),
    /// Encrypted, and no passphrase was given.
    #[error("it is encrypted, and no passphrase was given")]
    PassphraseNeeded,
    /// Encrypted with another passphrase.
    #[error("the passphrase does not open it")]
    PassphraseWrong,
    /// The key cannot be written.
    #[error("it cannot be written")]
    Write,
}

/// An Ed25519 key to sign with. Its memory is cleared when it goes.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

/// Rounds of bcrypt-pbkdf for a new encrypted key, as `ssh-keygen` takes by default.
const BCRYPT_ROUNDS: u32 = 24;

impl SigningKey {
    /// Makes a key of 32 random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// Reads an OpenSSH or PKCS#8 file. `passphrase` is called if the file is encrypted.
    pub fn from_text(
        text: &str,
        passphrase: impl FnOnce() -> Option<Zeroizing<String>>,
    ) -> Result<Self, SigningKeyError> {
        let start = text.trim_start();
        if start.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----") {
            Self::from_openssh(text, passphrase)
        } else if start.starts_with("-----BEGIN PRIVATE KEY-----") {
            ed25519_dalek::SigningKey::from_pkcs8_pem(start).map(Self).map_err(|error| pkcs8_error(&error))
        } else if start.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----") {
            let passphrase = passphrase().ok_or(SigningKeyError::PassphraseNeeded)?;
            ed25519_dalek::SigningKey::from_pkcs8_encrypted_pem(start, passphrase.as_bytes())
                .map(Self)
                .map_err(|_| SigningKeyError::PassphraseWrong)
        } else if PublicKey::from_text(text).is_ok() {
            Err(SigningKeyError::Public)
        } else if let Some(kind) = start.strip_prefix("-----BEGIN ").and_then(|rest| rest.split_once(" PRIVATE KEY")) {
            Err(SigningKeyError::Algorithm(kind.0.chars().take(40).collect()))
        } else {
            Err(SigningKeyError::Form)
        }
    }

    fn from_openssh(
        text: &str,
        passphrase: impl FnOnce() -> Option<Zeroizing<String>>,
    ) -> Result<Self, SigningKeyError> {
        let mut key = PrivateKey::from_openssh(text).map_err(|_| SigningKeyError::Form)?;
        if key.is_encrypted() {
            let passphrase = passphrase().ok_or(SigningKeyError::PassphraseNeeded)?;
            key = key.decrypt(passphrase.as_bytes()).map_err(|_| SigningKeyError::PassphraseWrong)?;
        }
        match key.key_data() {
            KeypairData::Ed25519(pair) => Ok(Self::from_seed(&pair.private.to_bytes())),
            other => {
                let kind = other.algorithm().map_or_else(|_| "unknown".to_owned(), |algorithm| algorithm.to_string());
                Err(SigningKeyError::Algorithm(kind))
            }
        }
    }

    /// Writes the OpenSSH form, encrypted if a passphrase is given with 16 random bytes for its salt.
    pub fn to_openssh(
        &self,
        comment: &str,
        encrypt: Option<(&str, [u8; 16])>,
    ) -> Result<Zeroizing<String>, SigningKeyError> {
        let private = Ed25519PrivateKey::from_bytes(self.0.as_bytes());
        let pair = KeypairData::Ed25519(Ed25519Keypair::from(private));
        let mut key = PrivateKey::new(pair, comment).map_err(|_| SigningKeyError::Write)?;
        if let Some((passphrase, salt)) = encrypt {
            // The check number only has to be the same twice; part of the salt will do.
            let [a, b, c, d, ..] = salt;
            let kdf = Kdf::Bcrypt { salt: salt.to_vec(), rounds: BCRYPT_ROUNDS };
            key = key
                .encrypt_with(Cipher::Aes256Ctr, kdf, u32::from_be_bytes([a, b, c, d]), passphrase)
                .map_err(|_| SigningKeyError::Write)?;
        }
        key.to_openssh(LineEnding::LF).map_err(|_| SigningKeyError::Write)
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from(&self.0)
    }

    /// Signs. The same message gives the same signature (RFC 8032).
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        use ed25519_dalek::Signer as _;

        self.0.sign(message).to_bytes()
    }
}

fn pkcs8_error(error: &ed25519_dalek::pkcs8::Error) -> SigningKeyError {
    match error {
        ed25519_dalek::pkcs8::Error::PublicKey(_) => SigningKeyError::Algorithm("other than Ed25519".to_owned()),
        _ => SigningKeyError::Form,
    }
}

impl fmt::Debug for SigningKey {
    /// Shows the public half only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public_key().fingerprint())
    }
}
