//! Private keys of OpenSSH (PROTOCOL.key).

use ssh_key::private::{Ed25519Keypair, Ed25519PrivateKey, KeypairData};
use ssh_key::public::Ed25519PublicKey;
use ssh_key::{Cipher, Kdf, LineEnding, PrivateKey};
use zeroize::Zeroizing;

use super::{MOST_BCRYPT_ROUNDS, SigningKey, SigningKeyError, armor};

pub const LABEL: &str = "OPENSSH PRIVATE KEY";
const MAGIC: &[u8] = b"openssh-key-v1\0";

/// Rounds of bcrypt-pbkdf for a new encrypted key, as `ssh-keygen` takes by default.
const BCRYPT_ROUNDS: u32 = 24;

/// Reads a file of that label.
pub fn read(text: &str, passphrase: impl FnOnce() -> Option<Zeroizing<String>>) -> Result<SigningKey, SigningKeyError> {
    let bytes = armor::bytes(text, LABEL).ok_or(SigningKeyError::Form)?;
    is_supported(&bytes)?;
    let mut key = PrivateKey::from_bytes(&bytes).map_err(|error| problem(&error, SigningKeyError::Form))?;
    if key.is_encrypted() {
        match key.kdf() {
            Kdf::Bcrypt { rounds, .. } if *rounds > MOST_BCRYPT_ROUNDS => {
                return Err(SigningKeyError::BcryptRounds { found: *rounds, most: MOST_BCRYPT_ROUNDS });
            }
            Kdf::Bcrypt { .. } => {}
            _ => return Err(SigningKeyError::Form),
        }
        let passphrase = passphrase().ok_or(SigningKeyError::PassphraseNeeded)?;
        let opened = key.decrypt(passphrase.as_bytes());
        key = opened.map_err(|error| problem(&error, SigningKeyError::PassphraseWrong))?;
    }
    match key.key_data() {
        KeypairData::Ed25519(pair) => {
            let key = SigningKey::from_seed(&pair.private.to_bytes());
            if key.public_key().as_bytes() == &pair.public.0 { Ok(key) } else { Err(SigningKeyError::Halves) }
        }
        other => {
            let kind = other.algorithm().map_or_else(|_| "unknown".to_owned(), |algorithm| algorithm.to_string());
            Err(SigningKeyError::Algorithm(kind))
        }
    }
}

fn problem(error: &ssh_key::Error, otherwise: SigningKeyError) -> SigningKeyError {
    match error {
        ssh_key::Error::PublicKey => SigningKeyError::Halves,
        _ => otherwise,
    }
}

/// Refuses ciphers and derivations that are not supported, by the names that the file gives them.
fn is_supported(bytes: &[u8]) -> Result<(), SigningKeyError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(SigningKeyError::Form)?;
    let (cipher, rest) = string(rest).ok_or(SigningKeyError::Form)?;
    let (kdf, _) = string(rest).ok_or(SigningKeyError::Form)?;
    match Cipher::new(cipher) {
        Ok(Cipher::TDesCbc) | Err(_) => return Err(SigningKeyError::Cipher(shown(cipher))),
        Ok(_) => {}
    }
    if matches!(kdf, "none" | "bcrypt") { Ok(()) } else { Err(SigningKeyError::Kdf(shown(kdf))) }
}

/// Text behind its length.
fn string(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (text, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

fn shown(name: &str) -> String {
    name.chars().take(40).collect()
}

/// Writes a key, encrypted if a passphrase is given with 16 random bytes for its salt.
pub fn write(
    key: &ed25519_dalek::SigningKey,
    comment: &str,
    encrypt: Option<(&str, [u8; 16])>,
) -> Result<Zeroizing<String>, SigningKeyError> {
    // A line feed would make two lines of the public key, and the second could be anybody's.
    let is_text = |letter: &char| !letter.is_control() && !matches!(letter, '\u{2028}' | '\u{2029}');
    if let Some(letter) = comment.chars().find(|letter| !is_text(letter)) {
        return Err(SigningKeyError::Comment(letter));
    }
    let private = Ed25519PrivateKey::from_bytes(key.as_bytes());
    let public = Ed25519PublicKey(key.verifying_key().to_bytes());
    let pair = KeypairData::Ed25519(Ed25519Keypair { public, private });
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
