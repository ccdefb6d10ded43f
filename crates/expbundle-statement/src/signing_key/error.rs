//! Why a file gives no key to sign with, with the next step.

/// Why a file gives no key to sign with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigningKeyError {
    /// Not a private key in a form that is read here.
    #[error("it is not a private key in OpenSSH or PKCS#8 form")]
    Form,
    /// The file of the public half.
    #[error("it is a public key; the private one is needed to sign")]
    Public,
    /// A key of another kind.
    #[error("it is a key of type {0}, and only Ed25519 is known")]
    Algorithm(String),
    /// The public half in the file belongs to another private key.
    #[error("its public half belongs to another private key")]
    Halves,
    /// Encrypted, and no passphrase was given.
    #[error("it is encrypted, and no passphrase was given")]
    PassphraseNeeded,
    /// Encrypted with another passphrase.
    #[error("the passphrase is wrong")]
    PassphraseWrong,
    /// An OpenSSH file, encrypted with a cipher that is not supported.
    #[error("it is encrypted with `{0}`, which is not supported")]
    Cipher(String),
    /// An OpenSSH file, encrypted with a key derived in a way that is not supported.
    #[error("its key derivation `{0}` is not supported")]
    Kdf(String),
    /// A PKCS#8 file, encrypted in a way that is not supported.
    #[error("it is a PKCS#8 key encrypted in a way that is not supported")]
    Pkcs8Encryption,
    /// An OpenSSH file that would take too long to open.
    #[error("its key derivation takes {found} rounds of bcrypt, and {most} is the limit")]
    BcryptRounds {
        /// What the file says.
        found: u32,
        /// [`MOST_BCRYPT_ROUNDS`](super::MOST_BCRYPT_ROUNDS)
        most: u32,
    },
    /// A PKCS#8 file that would take too long to open, or too much memory.
    #[error("its key derivation costs too much: {0}")]
    Pkcs8Cost(String),
    /// The comment of a new key is more than a line of text.
    #[error("the comment contains the character U+{:04X}, which cannot be part of a line", u32::from(*.0))]
    Comment(char),
    /// A key that is kept elsewhere cannot be written.
    #[error("it is kept elsewhere, and cannot be written to a file")]
    Elsewhere,
    /// The key cannot be written.
    #[error("it cannot be written")]
    Write,
}

impl SigningKeyError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Form | Self::Algorithm(_) | Self::Write => {
                "make an Ed25519 key with `expbundle keygen` or `ssh-keygen -t ed25519`"
            }
            Self::Public => "name the file without `.pub`, or start an ssh-agent and add the key to it with `ssh-add`",
            Self::Elsewhere => "ask whoever keeps it",
            Self::Halves => "restore the file from a backup, or make a new key",
            Self::PassphraseNeeded => {
                "set EXPBUNDLE_PASSPHRASE, use `--passphrase-fd`, run it on a terminal, or name the `.pub` of a key that the ssh-agent holds"
            }
            Self::PassphraseWrong => "check the passphrase",
            Self::Cipher(_) | Self::Kdf(_) => "re-encrypt it: ssh-keygen -p -Z aes256-ctr -f FILE",
            Self::BcryptRounds { .. } => "re-encrypt it with fewer rounds: ssh-keygen -p -a 100 -f FILE",
            Self::Pkcs8Encryption | Self::Pkcs8Cost(_) => {
                "re-encrypt it: openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in FILE -out NEW"
            }
            Self::Comment(_) => "use a comment of one line, without control characters",
        }
    }
}
