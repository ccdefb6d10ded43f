//! Keys and signers files on disk.

use std::io;
use std::path::{Path, PathBuf};

use expbundle_statement::{KeyError, KeyFileWarning, PublicKey, SigningKey, SigningKeyError, TrustError, TrustPolicy};
use zeroize::Zeroizing;

use crate::agent::{self, AgentError};

/// Why a file gives no key, or no signers.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It cannot be read.
    #[error("`{}` cannot be read", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It holds no key to sign with.
    #[error("`{}` gives no key", path.display())]
    Key {
        /// Which file.
        path: PathBuf,
        /// The cause.
        source: SigningKeyError,
    },
    /// The ssh-agent gives no such key.
    #[error("the key of `{}` cannot be used", path.display())]
    Agent {
        /// The public key.
        path: PathBuf,
        /// The cause.
        source: AgentError,
    },
    /// It is not a public key.
    #[error("`{}` is not a public key", path.display())]
    PublicKey {
        /// Which file.
        path: PathBuf,
        /// The cause.
        source: KeyError,
    },
    /// It is not a signers file.
    #[error("`{}` is not a signers file", path.display())]
    Signers {
        /// Which file.
        path: PathBuf,
        /// The cause.
        source: TrustError,
    },
    /// It is a private key, and trust needs the public one.
    #[error("`{}` is a private key", path.display())]
    PrivateKey {
        /// Which file.
        path: PathBuf,
    },
    /// It has no key that signs statements.
    #[error("`{}` has no key that signs statements", path.display())]
    NoSigner {
        /// Which file, or the key itself.
        path: PathBuf,
    },
}

expbundle_format::debug_with_causes!(FileError);

impl FileError {
    /// Which file, or the key itself that was given in its place.
    pub fn path(&self) -> &Path {
        match self {
            Self::Read { path, .. }
            | Self::Key { path, .. }
            | Self::Agent { path, .. }
            | Self::PublicKey { path, .. }
            | Self::Signers { path, .. }
            | Self::PrivateKey { path }
            | Self::NoSigner { path } => path,
        }
    }
}

/// Files of keys and signers are small.
const MOST_BYTES: u64 = 16 << 20;

/// Reads the file of a private key, OpenSSH or PKCS#8. `passphrase` is called if the file is
/// encrypted.
pub fn open_key(
    path: impl AsRef<Path>,
    passphrase: impl FnOnce() -> Option<Zeroizing<String>>,
) -> Result<SigningKey, FileError> {
    let path = path.as_ref();
    let text = Zeroizing::new(read(path)?);
    SigningKey::from_text(&String::from_utf8_lossy(&text), passphrase)
        .map_err(|source| FileError::Key { path: path.to_owned(), source })
}

/// The key that an ssh-agent holds, by the file of its public half. `socket` is where the agent
/// listens: what `SSH_AUTH_SOCK` says.
pub fn agent_key(path: impl AsRef<Path>, socket: impl AsRef<Path>) -> Result<SigningKey, FileError> {
    let path = path.as_ref();
    let public = PublicKey::from_text(String::from_utf8_lossy(&read(path)?).trim())
        .map_err(|source| FileError::PublicKey { path: path.to_owned(), source })?;
    agent::key(socket.as_ref(), public).map_err(|source| FileError::Agent { path: path.to_owned(), source })
}

/// Reads whom to trust: a signers file, OpenSSH's `allowed_signers` (spec/trust.md); a file of
/// public keys, called `.pub` or `.keys`; or a public key itself, where a path is expected.
///
/// Lines that were skipped are in [`TrustPolicy::skipped`].
pub fn open_signers(path: impl AsRef<Path>) -> Result<TrustPolicy, FileError> {
    let path = path.as_ref();
    if is_public_keys(path) { open_public_keys(path) } else { parsed(path, |bytes| TrustPolicy::parse(bytes)) }
}

/// Whether a path is that of public keys, or a key itself, and not that of a signers file.
pub fn is_public_keys(path: impl AsRef<Path>) -> bool {
    let path = path.as_ref();
    path.extension().is_some_and(|extension| extension == "pub" || extension == "keys") || key_itself(path).is_some()
}

/// Reads public keys: a file of them, whatever it is called, or a key itself.
pub fn open_public_keys(path: impl AsRef<Path>) -> Result<TrustPolicy, FileError> {
    let path = path.as_ref();
    let keys = if let Some(key) = key_itself(path) {
        TrustPolicy::of_public_keys(key, "the key given").map_err(|source| not_signers(path, source))?
    } else {
        // A file's name is not the name of a person: whoever holds the key may be anybody.
        let which = if path.extension().is_some_and(|extension| extension == "keys") { "a key" } else { "the key" };
        let name = format!("{which} in {}", path.file_name().unwrap_or(path.as_os_str()).to_string_lossy());
        parsed(path, |bytes| TrustPolicy::of_public_keys(bytes, &name))?
    };
    if keys.signers().is_empty() { Err(FileError::NoSigner { path: path.to_owned() }) } else { Ok(keys) }
}

/// The key that was given where a path is expected: one of its words is the base64 of a key, or it
/// has several and one is a type of keys. No file is looked for: who knows the key could put one of
/// that name into a folder that is verified.
fn key_itself(path: &Path) -> Option<&str> {
    /// Every key begins with the length of its type, in four bytes.
    const BEGINS: &str = "AAAA";
    const FEWEST_LETTERS: usize = 40;
    let text = path.to_str()?;
    let is_type = |word: &str| {
        let word = word.to_ascii_lowercase();
        ["ssh-ed25519", "ssh-rsa", "ssh-dss", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"]
            .iter()
            .any(|kind| word.starts_with(kind))
    };
    let mut words = text.split_whitespace();
    let has_several = words.clone().nth(1).is_some();
    let is_key = |word: &str| word.starts_with(BEGINS) && word.len() >= FEWEST_LETTERS || has_several && is_type(word);
    words.any(is_key).then_some(text)
}

fn parsed(path: &Path, parse: impl FnOnce(&[u8]) -> Result<TrustPolicy, TrustError>) -> Result<TrustPolicy, FileError> {
    let bytes = read(path)?;
    if bytes.starts_with(b"-----BEGIN ") {
        return Err(FileError::PrivateKey { path: path.to_owned() });
    }
    let policy = parse(&bytes).map_err(|source| not_signers(path, source))?;
    Ok(policy.from_source(path.to_string_lossy()))
}

fn not_signers(path: &Path, source: TrustError) -> FileError {
    FileError::Signers { path: path.to_owned(), source }
}

/// Whether others can get at the file of a private key. A pipe that a shell makes is nobody else's,
/// and systems other than Unix have no modes.
pub fn key_file_warning(path: impl AsRef<Path>) -> Option<KeyFileWarning> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;

        let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
        KeyFileWarning::of_mode(metadata.mode())
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    // To open a pipe is to wait for whoever writes to it, perhaps for ever; but what a shell puts in
    // the place of `<(…)` is one too.
    let is_of_the_shell = ["/dev/", "/proc/"].iter().any(|folder| path.starts_with(folder));
    let read = || {
        let metadata = std::fs::metadata(path)?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if !metadata.is_file() && !is_of_the_shell {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut io::Read::take(std::fs::File::open(path)?, MOST_BYTES + 1), &mut bytes)?;
        if bytes.len() as u64 > MOST_BYTES { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
    };
    read().map_err(|source| FileError::Read { path: path.to_owned(), source })
}
