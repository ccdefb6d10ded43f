//! Signing keys.

use std::path::PathBuf;

use camino::Utf8PathBuf;
use expbundle::output::write_keys;
use expbundle_run::{FileError, agent_key, open_key};
use expbundle_statement::{Signing, SigningKey, SigningKeyError};
use expbundle_words::Failure;
use pyo3::prelude::*;
use zeroize::Zeroizing;

use crate::arguments::{existing, moment, path};
use crate::error::raise;

/// A private key that signs, Ed25519.
#[pyclass(frozen, module = "expbundle")]
pub struct Key {
    key: SigningKey,
}

#[pymethods]
impl Key {
    /// Reads the file of a private key, OpenSSH or PKCS#8.
    ///
    /// Of a public key (``.pub``) it takes the private half that the ssh-agent at
    /// ``SSH_AUTH_SOCK`` holds. A leading ``~`` is the home folder.
    ///
    /// Raises ``FileNotFoundError``, and :class:`expbundle.ExpbundleError` if the file is not a key that
    /// signs, or needs a passphrase.
    ///
    /// Types:
    ///
    ///     path: str | os.PathLike[str]
    ///     passphrase: str | None
    ///     return: Key
    #[staticmethod]
    #[pyo3(signature = (path, passphrase = None))]
    fn open(path: &Bound<'_, PyAny>, passphrase: Option<String>) -> PyResult<Self> {
        Ok(Self { key: read(path, passphrase)? })
    }

    /// Makes a new key, which is nowhere but in memory: see :meth:`save`.
    ///
    /// Types:
    ///
    ///     return: Key
    #[staticmethod]
    fn generate() -> PyResult<Self> {
        let seed = Zeroizing::new(crate::arguments::salt()?);
        Ok(Self { key: SigningKey::from_seed(&seed) })
    }

    /// The public key as OpenSSH writes it: for ``trust=``, or for a line of a signers file.
    ///
    /// Type: str
    #[getter]
    fn public_key(&self) -> String {
        self.key.public_key().to_string()
    }

    /// ``SHA256:…``, as OpenSSH shows it.
    ///
    /// Type: str
    #[getter]
    fn fingerprint(&self) -> String {
        self.key.public_key().fingerprint()
    }

    /// Writes the private key in OpenSSH's form, and the public one beside it (``.pub``), and returns
    /// the path.
    ///
    /// Nobody else may read the private key; with a ``passphrase`` it is encrypted. Keys are never
    /// overwritten: that raises :class:`expbundle.ExpbundleError`.
    ///
    /// Types:
    ///
    ///     path: str | os.PathLike[str]
    ///     passphrase: str | None
    ///     return: str
    #[pyo3(signature = (path, *, passphrase = None))]
    fn save(&self, py: Python<'_>, path: &Bound<'_, PyAny>, passphrase: Option<String>) -> PyResult<String> {
        /// What the program writes behind a public key that has no name.
        const COMMENT: &str = "expbundle";
        let place = self::path(path)?;
        let passphrase = passphrase.map(Zeroizing::new);
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|error| std::io::Error::other(error.to_string()))?;
        let locked = passphrase.as_deref().map(|passphrase| (passphrase.as_str(), salt));
        let text = self.key.to_openssh(COMMENT, locked).map_err(|error| {
            let failure = Failure::new("cli.key", format!("the key cannot be written: {error}"));
            raise(py, failure.help(error.help()))
        })?;
        let line = format!("{} {COMMENT}\n", self.key.public_key());
        let public = Utf8PathBuf::from(format!("{place}.pub"));
        write_keys((&place, &text), (&public, &line)).map_err(|error| raise(py, error))?;
        Ok(place.into_string())
    }

    fn __repr__(&self) -> String {
        format!("<expbundle.Key {}>", self.key.public_key().fingerprint())
    }
}

fn read(path: &Bound<'_, PyAny>, passphrase: Option<String>) -> PyResult<SigningKey> {
    let file = existing(path)?;
    let key = open_key(&file, || passphrase.map(Zeroizing::new));
    let is_public = matches!(&key, Err(FileError::Key { source: SigningKeyError::Public, .. }));
    let key = match agent(path.py())?.filter(|_| is_public) {
        Some(socket) => path.py().detach(|| agent_key(&file, socket)),
        None => key,
    };
    key.map_err(|error| raise(path.py(), error))
}

/// Where the ssh-agent listens.
fn agent(python: Python<'_>) -> PyResult<Option<PathBuf>> {
    python.import("os")?.getattr("environ")?.call_method1("get", ("SSH_AUTH_SOCK",))?.extract()
}

/// By whom and when something is signed.
pub struct Signer {
    key: SigningKey,
    name: Option<String>,
    created: expbundle_format::time::Time,
}

impl Signer {
    /// From the arguments of a call: a [`Key`] or the path of one.
    pub fn of(key: &Bound<'_, PyAny>, name: Option<String>, at: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let key = match key.cast::<Key>() {
            Ok(key) => key.get().key.clone(),
            Err(_) => read(key, None)?,
        };
        Ok(Self { key, name, created: moment(at)? })
    }

    /// What is signed with.
    pub fn signing(&self) -> Signing<'_> {
        Signing { key: &self.key, name: self.name.as_deref(), created: self.created }
    }
}
