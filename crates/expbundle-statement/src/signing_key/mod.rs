//! Private keys: OpenSSH and PKCS#8 files, plain or encrypted.

mod armor;
mod error;
mod openssh;
mod pkcs8;

use std::fmt;

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
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// Makes a key of 32 random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
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
        openssh::write(self, comment, encrypt)
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::of(&self.0)
    }

    /// Who signs with it.
    pub fn identity(&self) -> Identity {
        Identity::Ed25519(self.public_key())
    }

    /// Signs. The same message gives the same signature (RFC 8032).
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        use ed25519_dalek::Signer as _;

        self.0.sign(message).to_bytes()
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
