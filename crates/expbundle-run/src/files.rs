//! Keys and signers files on disk.

use std::io;
use std::path::{Path, PathBuf};

use expbundle_statement::{KeyFileWarning, SigningKey, SigningKeyError, TrustError, TrustPolicy};
use zeroize::Zeroizing;

/// Why a file gives no key, or no signers.
#[derive(Debug, thiserror::Error)]
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
    /// It is not a signers file.
    #[error("`{}` is not a signers file", path.display())]
    Signers {
        /// Which file.
        path: PathBuf,
        /// The cause.
        source: TrustError,
    },
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

/// Reads a signers file: OpenSSH's `allowed_signers` (spec/trust.md).
pub fn open_signers(path: impl AsRef<Path>) -> Result<TrustPolicy, FileError> {
    let path = path.as_ref();
    TrustPolicy::parse(read(path)?).map_err(|source| FileError::Signers { path: path.to_owned(), source })
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

fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    let read = || {
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut io::Read::take(std::fs::File::open(path)?, MOST_BYTES + 1), &mut bytes)?;
        if bytes.len() as u64 > MOST_BYTES { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
    };
    read().map_err(|source| FileError::Read { path: path.to_owned(), source })
}
