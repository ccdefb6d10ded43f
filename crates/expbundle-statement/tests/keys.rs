//! Keys that `ssh-keygen` and `openssl` made; throw-away keys, the passphrase is `test`.

use expbundle_statement::{PublicKey, SigningKey, SigningKeyError};
use zeroize::Zeroizing;

const OPENSSH: &str = include_str!("keys/openssh");
const OPENSSH_PUBLIC: &str = include_str!("keys/openssh.pub");
const OPENSSH_ENCRYPTED: &str = include_str!("keys/openssh-encrypted");
const OPENSSH_ENCRYPTED_PUBLIC: &str = include_str!("keys/openssh-encrypted.pub");
const ECDSA: &str = include_str!("keys/ecdsa");
const PKCS8: &str = include_str!("keys/pkcs8.pem");
const PKCS8_ENCRYPTED: &str = include_str!("keys/pkcs8-encrypted.pem");
const SPKI: &str = include_str!("keys/spki.pem");

fn open(text: &str, passphrase: Option<&str>) -> Result<PublicKey, SigningKeyError> {
    SigningKey::from_text(text, || passphrase.map(|text| Zeroizing::new(text.to_owned()))).map(|key| key.public_key())
}

fn public(text: &str) -> PublicKey {
    PublicKey::from_text(text).expect("a public key")
}

#[test]
fn keys_of_other_tools_are_read() {
    assert_eq!(open(OPENSSH, None), Ok(public(OPENSSH_PUBLIC)));
    assert_eq!(open(OPENSSH_ENCRYPTED, Some("test")), Ok(public(OPENSSH_ENCRYPTED_PUBLIC)));
    assert_eq!(open(PKCS8, None), Ok(public(SPKI)));
    assert_eq!(open(PKCS8_ENCRYPTED, Some("test")), Ok(public(SPKI)));
}

#[test]
fn a_passphrase_is_needed_and_must_be_right() {
    for text in [OPENSSH_ENCRYPTED, PKCS8_ENCRYPTED] {
        assert_eq!(open(text, None), Err(SigningKeyError::PassphraseNeeded));
        assert_eq!(open(text, Some("tset")), Err(SigningKeyError::PassphraseWrong));
    }
}

#[test]
fn what_is_no_private_ed25519_key_says_what_it_is() {
    assert_eq!(open(OPENSSH_PUBLIC, None), Err(SigningKeyError::Public));
    assert_eq!(open(SPKI, None), Err(SigningKeyError::Public));
    assert!(matches!(open(ECDSA, None), Err(SigningKeyError::Algorithm(_))));
    assert!(matches!(open("-----BEGIN RSA PRIVATE KEY-----\n", None), Err(SigningKeyError::Algorithm(_))));
    for text in ["", "garbage", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", &OPENSSH[..100]] {
        assert!(open(text, None).is_err(), "{text}");
    }
}

#[test]
fn what_we_write_we_read() {
    let key = SigningKey::from_seed(&[7; 32]);
    let plain = key.to_openssh("comment", None).expect("writable");
    assert_eq!(open(&plain, None), Ok(key.public_key()));
    let encrypted = key.to_openssh("comment", Some(("test", [9; 16]))).expect("writable");
    assert_eq!(open(&encrypted, None), Err(SigningKeyError::PassphraseNeeded));
    assert_eq!(open(&encrypted, Some("test")), Ok(key.public_key()));
    let spoiled = SPKI.replacen('M', "N", 1);
    assert!(PublicKey::from_text(&spoiled).is_err());
}
