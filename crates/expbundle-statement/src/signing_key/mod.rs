//! Private keys: OpenSSH and PKCS#8 files, plain or encrypted, and keys that are kept elsewhere.

mod armor;
mod error;
mod openssh;
mod pkcs8;

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::identity::Identity;
use crate::key::PublicKey;

pub use error::SigningKeyError;

/// Rounds of bcrypt-pbkdf that opening an OpenSSH key may take: about 9 seconds of one core.
/// `ssh-keygen` writes 24, or what `-a` says.
pub const MOST_BCRYPT_ROUNDS: u32 = 1024;

/// Iterations of PBKDF2 that opening a PKCS#8 key may take: about 1.5 seconds with SHA
/// instructions. OpenSSL writes 2,048, or what `-iter` says.
pub const MOST_PBKDF2_ITERATIONS: u32 = 10_000_000;

/// 128·N·r·p of scrypt that opening a PKCS#8 key may take, which is no less than its memory.
/// OpenSSL writes 16 MiB.
pub const MOST_SCRYPT_BYTES: u64 = 256 << 20;

/// An Ed25519 key to sign with. Its memory is cleared when it goes.
#[derive(Clone)]
pub struct SigningKey(Secret);

#[derive(Clone)]
enum Secret {
    Here(ed25519_dalek::SigningKey),
    Elsewhere(PublicKey, Arc<SignElsewhere>),
}

/// Signs a message with a key that this process does not hold.
type SignElsewhere = dyn Fn(&[u8]) -> Result<[u8; 64], Box<dyn Error + Send + Sync>> + Send + Sync;

/// A key that is kept elsewhere gave no signature.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotSigned {
    /// Whoever keeps it did not sign.
    #[error("{0}")]
    Refused(Box<dyn Error + Send + Sync>),
    /// What came back is not the signature of this key over this message.
    #[error("the signature that came back is not one of this key")]
    Wrong,
}

impl SigningKey {
    /// Makes a key of 32 random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self::here(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    fn here(key: ed25519_dalek::SigningKey) -> Self {
        Self(Secret::Here(key))
    }

    /// A key of which only the public half is here: an agent, a token or a service signs. The
    /// message is not hashed before. What it gives is verified before it is used.
    pub fn elsewhere(
        public: PublicKey,
        sign: impl Fn(&[u8]) -> Result<[u8; 64], Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
    ) -> Self {
        Self(Secret::Elsewhere(public, Arc::new(sign)))
    }

    /// Reads an OpenSSH or PKCS#8 file. `passphrase` is called if the file is encrypted in a way
    /// that can be opened.
    pub fn from_text(
        text: &str,
        passphrase: impl FnOnce() -> Option<Zeroizing<String>>,
    ) -> Result<Self, SigningKeyError> {
        match armor::label(text) {
            Some(openssh::LABEL) => openssh::read(text, passphrase),
            Some(pkcs8::LABEL) => pkcs8::read(text),
            Some(pkcs8::ENCRYPTED_LABEL) => pkcs8::read_encrypted(text, passphrase),
            _ if PublicKey::from_text(text).is_ok() => Err(SigningKeyError::Public),
            Some(label) => match label.strip_suffix(" PRIVATE KEY") {
                Some(kind) => Err(SigningKeyError::Algorithm(kind.chars().take(40).collect())),
                None => Err(SigningKeyError::Form),
            },
            None => Err(SigningKeyError::Form),
        }
    }

    /// Writes the OpenSSH form, encrypted if a passphrase is given with 16 random bytes for its
    /// salt.
    pub fn to_openssh(
        &self,
        comment: &str,
        encrypt: Option<(&str, [u8; 16])>,
    ) -> Result<Zeroizing<String>, SigningKeyError> {
        match &self.0 {
            Secret::Here(key) => openssh::write(key, comment, encrypt),
            Secret::Elsewhere(..) => Err(SigningKeyError::Elsewhere),
        }
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        match &self.0 {
            Secret::Here(key) => PublicKey::of(key),
            Secret::Elsewhere(public, _) => *public,
        }
    }

    /// Who signs with it.
    pub fn identity(&self) -> Identity {
        Identity::Ed25519(self.public_key())
    }

    /// Signs. The same message gives the same signature (RFC 8032).
    ///
    /// # Errors
    /// The key is kept elsewhere, and gave no signature, or a wrong one.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64], NotSigned> {
        use ed25519_dalek::Signer as _;

        match &self.0 {
            Secret::Here(key) => Ok(key.sign(message).to_bytes()),
            Secret::Elsewhere(public, sign) => {
                let signature = sign(message).map_err(NotSigned::Refused)?;
                if public.verify(message, &signature) { Ok(signature) } else { Err(NotSigned::Wrong) }
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    /// Shows the public half only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public_key().fingerprint())
    }
}

/// What is wrong with the file that a private key is in, though the key in it is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileWarning {
    /// Its permissions let others in.
    #[error("others can {} this private key (mode {mode:04o})", if .mode & 0o022 == 0 { "read" } else { "change" })]
    OpenToOthers {
        /// The permission bits of Unix.
        mode: u32,
    },
}

impl KeyFileWarning {
    /// Judges the mode that Unix gives to a file. `ssh-keygen` refuses the same modes.
    pub fn of_mode(mode: u32) -> Option<Self> {
        let mode = mode & 0o7777;
        (mode & 0o077 != 0).then_some(Self::OpenToOthers { mode })
    }

    /// What to do about it.
    pub fn help(self) -> &'static str {
        match self {
            Self::OpenToOthers { .. } => "chmod 600 FILE; if others have read it, revoke the key and make a new one",
        }
    }
}
