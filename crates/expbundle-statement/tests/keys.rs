//! Keys that `ssh-keygen` and `openssl` made; throw-away keys, the passphrase is `test`.

use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use expbundle_statement::{
    KeyFileWarning, MOST_BCRYPT_ROUNDS, MOST_PBKDF2_ITERATIONS, PublicKey, SigningKey, SigningKeyError,
};
use proptest::prelude::*;
use zeroize::Zeroizing;

const OPENSSH: &str = include_str!("keys/openssh");
const OPENSSH_PUBLIC: &str = include_str!("keys/openssh.pub");
const OPENSSH_ENCRYPTED: &str = include_str!("keys/openssh-encrypted");
const OPENSSH_ENCRYPTED_PUBLIC: &str = include_str!("keys/openssh-encrypted.pub");
const ECDSA: &str = include_str!("keys/ecdsa");
const PKCS8: &str = include_str!("keys/pkcs8.pem");
const PKCS8_ENCRYPTED: &str = include_str!("keys/pkcs8-encrypted.pem");
const SPKI: &str = include_str!("keys/spki.pem");

/// The key of `OPENSSH`, as `ssh-keygen -p -Z CIPHER -a 1` encrypts it.
const CIPHERS: [(&str, &str); 9] = [
    ("aes128-cbc", include_str!("keys/ciphers/aes128-cbc")),
    ("aes192-cbc", include_str!("keys/ciphers/aes192-cbc")),
    ("aes256-cbc", include_str!("keys/ciphers/aes256-cbc")),
    ("aes128-ctr", include_str!("keys/ciphers/aes128-ctr")),
    ("aes192-ctr", include_str!("keys/ciphers/aes192-ctr")),
    ("aes256-ctr", include_str!("keys/ciphers/aes256-ctr")),
    ("aes128-gcm@openssh.com", include_str!("keys/ciphers/aes128-gcm")),
    ("aes256-gcm@openssh.com", include_str!("keys/ciphers/aes256-gcm")),
    ("chacha20-poly1305@openssh.com", include_str!("keys/ciphers/chacha20-poly1305")),
];
const TRIPLE_DES: &str = include_str!("keys/ciphers/3des-cbc");

/// The key of `PKCS8`, as `openssl pkcs8 -topk8` encrypts it.
const SCRYPT: &str = include_str!("keys/pkcs8/scrypt.pem");
const UNSUPPORTED_PKCS8: [&str; 3] =
    [include_str!("keys/pkcs8/des3.pem"), include_str!("keys/pkcs8/sha1.pem"), include_str!("keys/pkcs8/pbes1.pem")];

/// Lines of another width between the same markers.
fn wrapped(text: &str, width: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let [first, body @ .., last] = lines.as_slice() else { panic!("a PEM file") };
    let body: Vec<char> = body.concat().chars().collect();
    let lines: Vec<String> = body.chunks(width).map(|line| line.iter().collect()).collect();
    format!("{first}\n{}\n{last}\n", lines.join("\n"))
}

/// The file with other bytes in place of those that are there once.
fn edited(text: &str, old: &[u8], new: &[u8]) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let [first, body @ .., last] = lines.as_slice() else { panic!("a PEM file") };
    let bytes = STANDARD.decode(body.concat()).expect("base64");
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(old)).collect();
    let [at] = places.as_slice() else { panic!("{} places", places.len()) };
    let bytes = [&bytes[..*at], new, &bytes[at + old.len()..]].concat();
    format!("{first}\n{}\n{last}\n", STANDARD.encode(bytes))
}

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

#[test]
fn lines_are_of_any_width() {
    let plain = [(OPENSSH, OPENSSH_PUBLIC), (PKCS8, SPKI)];
    let encrypted = [(CIPHERS[5].1, OPENSSH_PUBLIC), (PKCS8_ENCRYPTED, SPKI)];
    for (text, key) in plain.into_iter().chain(encrypted) {
        for width in [1, 7, 64, 70, 72, 76, 100, 100_000] {
            for text in [wrapped(text, width), wrapped(text, width).replace('\n', "\r\n")] {
                assert_eq!(open(&text, Some("test")), Ok(public(key)), "{width}");
                assert_eq!(open(text.trim_end(), Some("test")), Ok(public(key)), "{width}");
            }
        }
    }
}

#[test]
fn every_cipher_of_ssh_keygen_is_read_or_named() {
    for (name, text) in CIPHERS {
        assert_eq!(open(text, Some("test")), Ok(public(OPENSSH_PUBLIC)), "{name}");
        assert_eq!(open(text, Some("tset")), Err(SigningKeyError::PassphraseWrong), "{name}");
        assert_eq!(open(text, Some("")), Err(SigningKeyError::PassphraseWrong), "{name}");
        assert_eq!(open(text, None), Err(SigningKeyError::PassphraseNeeded), "{name}");
    }
    // Nobody is asked for a passphrase that would not help.
    let cipher = |name: &str| Err(SigningKeyError::Cipher(name.to_owned()));
    assert_eq!(open(TRIPLE_DES, None), cipher("3des-cbc"));
    assert_eq!(open(&edited(TRIPLE_DES, b"3des-cbc", b"arcfour8"), None), cipher("arcfour8"));
    assert_eq!(open(&edited(CIPHERS[5].1, b"bcrypt", b"argon2"), None), Err(SigningKeyError::Kdf("argon2".to_owned())));
    let SigningKeyError::Cipher(name) = open(TRIPLE_DES, None).expect_err("not supported") else { panic!() };
    let help = SigningKeyError::Cipher(name).help();
    assert!(help.contains("ssh-keygen -p -Z aes256-ctr"), "{help}");
}

#[test]
fn key_derivation_is_bounded() {
    let start = Instant::now();
    let text = CIPHERS[5].1;
    // One round, behind the salt and before the number of keys.
    let rounds = |count: u32| edited(text, &[0, 0, 0, 1, 0, 0, 0, 1], &[count.to_be_bytes(), [0, 0, 0, 1]].concat());
    for found in [MOST_BCRYPT_ROUNDS + 1, 1 << 31, u32::MAX] {
        let error = SigningKeyError::BcryptRounds { found, most: MOST_BCRYPT_ROUNDS };
        assert_eq!(open(&rounds(found), Some("test")), Err(error));
    }
    assert_eq!(open(&rounds(MOST_BCRYPT_ROUNDS), None), Err(SigningKeyError::PassphraseNeeded));
    assert_eq!(open(&rounds(0), Some("test")), Err(SigningKeyError::PassphraseWrong));

    assert_eq!(open(SCRYPT, Some("test")), Ok(public(SPKI)));
    // INTEGER 0x4000, 8, 1
    let scrypt = |new: [u8; 10]| open(&edited(SCRYPT, &[2, 2, 64, 0, 2, 1, 8, 2, 1, 1], &new), Some("test"));
    for costly in
        [[2, 2, 64, 0, 2, 1, 127, 2, 1, 127], [2, 2, 64, 0, 2, 1, 8, 2, 1, 17], [2, 2, 64, 0, 2, 1, 127, 2, 1, 2]]
    {
        assert!(matches!(scrypt(costly), Err(SigningKeyError::Pkcs8Cost(_))), "{costly:?}");
    }
    for odd in [[2, 2, 64, 1, 2, 1, 8, 2, 1, 1], [2, 2, 64, 0, 2, 1, 0, 2, 1, 1], [2, 2, 64, 0, 2, 1, 8, 2, 1, 0]] {
        assert_eq!(scrypt(odd), Err(SigningKeyError::Pkcs8Encryption), "{odd:?}");
    }
    // A salt of eight bytes and 2,048; two bytes of the salt make room for a larger number.
    let salt = [0x1f, 0x69, 0xbf, 0x9a, 0x1d, 0x26, 0xfb, 0xfd];
    let old = [&[4, 8], &salt[..], &[2, 2, 8, 0]].concat();
    let pbkdf2 = |count: u32| {
        let new = [&[4, 6], &salt[..6], &[2, 4], &count.to_be_bytes()].concat();
        open(&edited(PKCS8_ENCRYPTED, &old, &new), Some("test"))
    };
    for count in [MOST_PBKDF2_ITERATIONS + 1, i32::MAX.unsigned_abs()] {
        assert!(matches!(pbkdf2(count), Err(SigningKeyError::Pkcs8Cost(_))), "{count}");
    }
    for text in UNSUPPORTED_PKCS8 {
        assert_eq!(open(text, Some("test")), Err(SigningKeyError::Pkcs8Encryption));
    }
    assert!(start.elapsed().as_secs() < 60);
}

#[test]
fn halves_belong_together() {
    let other = SigningKey::from_seed(&[7; 32]);
    let other = other.public_key();
    let own = public(OPENSSH_PUBLIC);
    let seed_and_public = [&OPENSSH_SEED[..], own.as_bytes()].concat();
    // Only the copy behind the seed, then all three.
    let spoiled = edited(OPENSSH, &seed_and_public, &[&OPENSSH_SEED[..], other.as_bytes()].concat());
    assert_eq!(open(&spoiled, None), Err(SigningKeyError::Form));
    let seed = edited(OPENSSH, &OPENSSH_SEED, &[9; 32]);
    assert_eq!(open(&seed, None), Err(SigningKeyError::Halves));
}

/// The 32 bytes of `OPENSSH` that are secret.
const OPENSSH_SEED: [u8; 32] = [
    0xda, 0xe4, 0x9f, 0x20, 0x64, 0x5a, 0x04, 0x11, 0xd1, 0x8e, 0x6a, 0xef, 0xc9, 0x1e, 0x8c, 0x07, 0xab, 0x2f, 0xe1,
    0x47, 0x88, 0xb6, 0x3a, 0x45, 0x2d, 0xec, 0x82, 0xe2, 0xaf, 0x7b, 0x2d, 0xa7,
];

#[test]
fn a_comment_is_one_line() {
    let key = SigningKey::from_seed(&[7; 32]);
    for (comment, letter) in [
        ("x\nben ssh-ed25519 AAAA", '\n'),
        ("x\r", '\r'),
        ("\0", '\0'),
        ("\t", '\t'),
        ("\u{1b}[2J", '\u{1b}'),
        ("\u{85}", '\u{85}'),
        ("\u{2028}", '\u{2028}'),
    ] {
        assert_eq!(key.to_openssh(comment, None).map(|_| ()), Err(SigningKeyError::Comment(letter)));
    }
    assert!(key.to_openssh("", None).is_ok());
    assert!(key.to_openssh("Adélaïde, \"home\" #1", None).is_ok());
}

#[test]
fn modes_that_let_others_in() {
    for mode in [0o600, 0o400, 0o100_600, 0o700, 0] {
        assert_eq!(KeyFileWarning::of_mode(mode), None, "{mode:o}");
    }
    for (mode, word) in
        [(0o100_644, "read this"), (0o640, "read"), (0o604, "read"), (0o666, "change"), (0o620, "change")]
    {
        let warning = KeyFileWarning::of_mode(mode).unwrap_or_else(|| panic!("{mode:o}"));
        assert!(warning.to_string().contains(word), "{warning}");
        assert!(warning.help().contains("chmod 600"));
    }
}

proptest! {
    /// Whatever is in a file, it is read or refused.
    #[test]
    fn nothing_panics(at in any::<prop::sample::Index>(), new in any::<[u8; 4]>(), length in 0_usize..5, file in 0_usize..4) {
        let text = [OPENSSH, CIPHERS[7].1, PKCS8_ENCRYPTED, SCRYPT][file];
        let lines: Vec<&str> = text.lines().collect();
        let mut bytes = STANDARD.decode(lines[1..lines.len() - 1].concat()).expect("base64");
        let at = at.index(bytes.len());
        let end = bytes.len().min(at + length);
        bytes.splice(at..end, new.into_iter().take(length));
        let _ = open(&format!("{}\n{}\n{}\n", lines[0], STANDARD.encode(bytes), lines[lines.len() - 1]), None);
    }
}
