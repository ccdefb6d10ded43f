//! A key as one line, of an algorithm that this version knows or of one that it does not
//! (spec/statements.md, "Keys").

use serde::{Deserialize, Serialize};

use crate::base64;
use crate::identity::Identity;
use crate::key::{KeyError, PublicKey};

/// The one algorithm of version 1.0.
pub(crate) const ED25519: &str = "ssh-ed25519";
/// Bytes of the name of an algorithm.
const MOST_NAME_BYTES: usize = 64;

/// `<algorithm> SP <base64>`, where the bytes begin with the name of the algorithm behind its
/// length, as OpenSSH writes keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum KeyLine {
    /// A key whose signatures can be verified.
    Known(Identity),
    /// A well-formed key of an algorithm that a later version may know.
    Unknown(UnknownKey),
}

/// A key of an unknown algorithm. Nothing can be verified with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnknownKey {
    line: String,
    algorithm_bytes: usize,
}

impl KeyLine {
    /// The key, or the name of its algorithm if that is unknown.
    pub fn known(self) -> Result<Identity, String> {
        match self {
            Self::Known(key) => Ok(key),
            Self::Unknown(key) => Err(key.line.get(..key.algorithm_bytes).unwrap_or_default().to_owned()),
        }
    }
}

impl TryFrom<String> for KeyLine {
    type Error = KeyError;

    fn try_from(line: String) -> Result<Self, KeyError> {
        let (algorithm, key) = line.split_once(' ').ok_or(KeyError::Form)?;
        if let Some(key) = read(algorithm, key)? {
            return Ok(Self::Known(key));
        }
        let is_name = algorithm.starts_with(|c: char| c.is_ascii_lowercase())
            && algorithm.bytes().all(|c| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'@'))
            && algorithm.len() <= MOST_NAME_BYTES;
        if !is_name {
            return Err(KeyError::Form);
        }
        let algorithm_bytes = algorithm.len();
        Ok(Self::Unknown(UnknownKey { line, algorithm_bytes }))
    }
}

/// The key behind the name of its algorithm, or `None` if it is a well-formed one of an unknown
/// algorithm. Which names there may be is for the caller to say: a signers file has more of them
/// than a statement.
pub(crate) fn read(algorithm: &str, key: &str) -> Result<Option<Identity>, KeyError> {
    if algorithm == ED25519 {
        return PublicKey::try_from(format!("{algorithm} {key}")).map(|key| Some(Identity::Ed25519(key)));
    }
    let blob = base64::decode(key).ok_or(KeyError::Form)?;
    // Both names are the same, so that a key cannot pass for one of another algorithm.
    let length = u32::try_from(algorithm.len()).map_err(|_| KeyError::Form)?.to_be_bytes();
    let rest = blob.strip_prefix(&length).and_then(|rest| rest.strip_prefix(algorithm.as_bytes()));
    rest.filter(|key| !key.is_empty()).map(|_| None).ok_or(KeyError::Form)
}

impl From<KeyLine> for String {
    fn from(key: KeyLine) -> Self {
        match key {
            KeyLine::Known(identity) => identity.line(),
            KeyLine::Unknown(key) => key.line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(algorithm: &str, inside: &str, key: &[u8]) -> String {
        let mut blob = u32::try_from(inside.len()).expect("short").to_be_bytes().to_vec();
        blob.extend(inside.bytes());
        blob.extend(key);
        format!("{algorithm} {}", base64::encode(&blob))
    }

    #[track_caller]
    fn unknown(text: &str, algorithm: &str) {
        let key = KeyLine::try_from(text.to_owned()).expect("well formed");
        assert_eq!(String::from(key.clone()), text);
        assert_eq!(key.known(), Err(algorithm.to_owned()));
    }

    #[test]
    fn keys_of_unknown_algorithms_are_well_formed_or_refused() {
        for name in ["ssh-mldsa-44", "sk-ssh-ed25519@openssh.com", "x", &"k".repeat(64)] {
            unknown(&line(name, name, b"key"), name);
        }
        for (name, inside) in [
            ("ssh-mldsa-44", "ssh-mldsa-65"),
            ("ssh-mldsa-44", "ssh-mldsa-4"),
            ("ssh-mldsa-44", ED25519),
            (ED25519, "ssh-mldsa-44"),
            ("SSH-mldsa-44", "SSH-mldsa-44"),
            ("1-x", "1-x"),
            ("x,y", "x,y"),
            ("", ""),
            ("gr\u{f6}\u{df}e", "gr\u{f6}\u{df}e"),
            (&"k".repeat(65), &"k".repeat(65)),
        ] {
            assert!(KeyLine::try_from(line(name, inside, b"key")).is_err(), "{name} {inside}");
        }
        assert!(KeyLine::try_from(line("x", "x", b"")).is_err(), "there is no key behind the name");
        let good = line("x", "x", b"key");
        for bad in [format!("{good} comment"), format!("{good}="), good.replace(' ', "  "), good.replace(' ', "")] {
            assert!(KeyLine::try_from(bad.clone()).is_err(), "{bad}");
        }
    }
}
