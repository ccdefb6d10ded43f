//! Private keys in PKCS#8 (RFC 5958), plain or encrypted (PBES2, RFC 8018).

use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5::pbes2::Kdf;
use zeroize::Zeroizing;

use super::{MOST_PBKDF2_ITERATIONS, MOST_SCRYPT_BYTES, SigningKey, SigningKeyError, armor};

pub const LABEL: &str = "PRIVATE KEY";
pub const ENCRYPTED_LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// Reads a plain file.
pub fn read(text: &str) -> Result<SigningKey, SigningKeyError> {
    let bytes = armor::bytes(text, LABEL).ok_or(SigningKeyError::Form)?;
    key(&bytes, SigningKeyError::Form)
}

/// Reads an encrypted file.
pub fn read_encrypted(
    text: &str,
    passphrase: impl FnOnce() -> Option<Zeroizing<String>>,
) -> Result<SigningKey, SigningKeyError> {
    let bytes = armor::bytes(text, ENCRYPTED_LABEL).ok_or(SigningKeyError::Form)?;
    let info = EncryptedPrivateKeyInfoRef::try_from(bytes.as_slice()).map_err(|_| SigningKeyError::Pkcs8Encryption)?;
    let parameters = info.encryption_algorithm.pbes2().ok_or(SigningKeyError::Pkcs8Encryption)?;
    is_affordable(&parameters.kdf)?;
    let passphrase = passphrase().ok_or(SigningKeyError::PassphraseNeeded)?;
    let opened = info.decrypt(passphrase.as_bytes()).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(
            pkcs8::pkcs5::Error::UnsupportedAlgorithm { .. } | pkcs8::pkcs5::Error::AlgorithmParametersInvalid { .. },
        ) => SigningKeyError::Pkcs8Encryption,
        _ => SigningKeyError::PassphraseWrong,
    })?;
    // A wrong passphrase may leave something of the right length, once in 256 times.
    key(opened.as_bytes(), SigningKeyError::PassphraseWrong)
}

fn key(der: &[u8], otherwise: SigningKeyError) -> Result<SigningKey, SigningKeyError> {
    ed25519_dalek::SigningKey::from_pkcs8_der(der).map(SigningKey::here).map_err(|error| match error {
        ed25519_dalek::pkcs8::Error::PublicKey(_) => SigningKeyError::Algorithm("other than Ed25519".to_owned()),
        _ => otherwise,
    })
}

/// Refuses a derivation that would take minutes, or gigabytes.
fn is_affordable(kdf: &Kdf) -> Result<(), SigningKeyError> {
    match kdf {
        Kdf::Pbkdf2(parameters) if parameters.iteration_count > MOST_PBKDF2_ITERATIONS => {
            let found = parameters.iteration_count;
            let message = format!("{found} iterations of PBKDF2, and {MOST_PBKDF2_ITERATIONS} is the limit");
            Err(SigningKeyError::Pkcs8Cost(message))
        }
        Kdf::Pbkdf2(_) => Ok(()),
        Kdf::Scrypt(parameters) => {
            let (n, r, p) = (parameters.cost_parameter, parameters.block_size, parameters.parallelization);
            // The library takes for granted that N is a power of two.
            if !n.is_power_of_two() || r == 0 || p == 0 {
                return Err(SigningKeyError::Pkcs8Encryption);
            }
            // N and r set the memory, and p how often it is gone through.
            let bytes = [n, u64::from(r), u64::from(p), 128].into_iter().fold(1, u64::saturating_mul);
            if bytes > MOST_SCRYPT_BYTES {
                let message = format!("scrypt with N {n}, r {r} and p {p}, and 128·N·r·p may be {MOST_SCRYPT_BYTES}");
                return Err(SigningKeyError::Pkcs8Cost(message));
            }
            Ok(())
        }
        _ => Err(SigningKeyError::Pkcs8Encryption),
    }
}
