//! Digests: the names of everything in a bundle (spec/digests.md).
//!
//! BLAKE3-256 is identity: file names, record ids and links. SHA-256 stands beside it, because LFS,
//! OCI, in-toto and FIPS-bound auditors know only that. This module hashes bytes that it is given;
//! finding and mapping files is the business of crates that may touch paths.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;
use std::sync::LazyLock;

#[cfg(feature = "schema")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};
use sha2::Digest as _;

/// Why a text is not a digest (code `record.digest`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestError {
    /// A digest is 32 bytes, so 64 hex digits.
    #[error("a digest has 64 hex digits, this one {actual}")]
    Length {
        /// Characters found.
        actual: usize,
    },
    /// Upper case is refused rather than folded: two spellings would be two file names for one
    /// object.
    #[error("a digest has lower-case hex digits only, found {found:?}")]
    Digit {
        /// The first character that is none of `0-9a-f`.
        found: char,
    },
}

/// The value of each hex digit, and of everything else one that no digit has.
const NIBBLES: [u8; 256] = {
    let mut nibbles = [0xff; 256];
    let mut value = 0;
    while value < 16 {
        nibbles[b"0123456789abcdef"[value as usize] as usize] = value;
        value += 1;
    }
    nibbles
};

fn parse_hex(text: &str) -> Result<[u8; 32], DigestError> {
    let mut bytes = [0_u8; 32];
    let mut all = 0;
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let (high, low) = (NIBBLES[usize::from(pair[0])], NIBBLES[usize::from(pair[1])]);
        all |= high | low;
        *byte = (high << 4) | (low & 15);
    }
    if text.len() == 64 && all < 16 {
        return Ok(bytes);
    }
    Err(match text.chars().find(|c| !matches!(c, '0'..='9' | 'a'..='f')) {
        Some(found) => DigestError::Digit { found },
        None => DigestError::Length { actual: text.len() },
    })
}

fn write_hex(bytes: &[u8; 32], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(&blake3::Hash::from_bytes(*bytes).to_hex())
}

/// Reads any type that is written as one text, without a copy of the text.
struct Text<T>(std::marker::PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

macro_rules! digest_type {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(into = "String")]
        pub struct $name([u8; 32]);

        impl $name {
            /// Takes the 32 bytes as they are.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = DigestError;

            fn from_str(text: &str) -> Result<Self, DigestError> {
                parse_hex(text).map(Self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Text(std::marker::PhantomData))
            }
        }

        impl From<$name> for String {
            fn from(digest: $name) -> String {
                digest.to_string()
            }
        }

        #[cfg(feature = "schema")]
        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": "^[0-9a-f]{64}$", "description": $what })
            }
        }
    };
}

digest_type!(
    /// A BLAKE3-256 digest, the name of every object in a bundle (spec/digests.md).
    ///
    /// Its text is 64 lower-case hex digits. Upper case is refused rather than folded: two
    /// spellings would be two file names for one object.
    Blake3,
    "BLAKE3-256 in lower-case hex"
);

digest_type!(
    /// A SHA-256 digest, which stands beside every [`Blake3`].
    Sha256,
    "SHA-256 in lower-case hex"
);

impl Blake3 {
    /// Hashes bytes in memory.
    pub fn of(bytes: &[u8]) -> Self {
        Self(blake3::hash(bytes).into())
    }
}

impl Sha256 {
    /// Hashes bytes in memory.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(pub Blake3);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = DigestError;

            fn from_str(text: &str) -> Result<Self, DigestError> {
                text.parse().map(Self)
            }
        }
    };
}

id_type!(
    /// Names a record: the BLAKE3 of the exact bytes of `record.json`.
    ///
    /// Not interchangeable with a [`StatementId`], though both are digests.
    RecordId
);

id_type!(
    /// Names a statement: the BLAKE3 of its *payload*, never of the envelope around it.
    StatementId
);

/// Both strong digests of one object: in-toto's `DigestSet` with exactly the two algorithms of
/// version 1.
///
/// Digests by other algorithms may stand beside them in a file; they are preserved and prove
/// nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DigestSet {
    /// Identity: what names and links are made of.
    pub blake3: Blake3,
    /// For tools that know only this one.
    pub sha256: Sha256,
}

impl DigestSet {
    /// Hashes bytes in memory.
    pub fn of(bytes: &[u8]) -> Self {
        Self { blake3: Blake3::of(bytes), sha256: Sha256::of(bytes) }
    }
}

/// The strong digests known of an artifact: both, or just one.
///
/// A Git LFS pointer tells the SHA-256 of weights that nobody here has, so an artifact may have
/// only that. At least one is present; the type cannot be made without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "RawArtifactDigests", into = "RawArtifactDigests")]
#[cfg_attr(feature = "schema", schemars(with = "RawArtifactDigests"))]
pub struct ArtifactDigests {
    blake3: Option<Blake3>,
    sha256: Option<Sha256>,
}

/// The strong digests of an artifact, at least one of them.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ArtifactDigests", extend("minProperties" = 1)))]
struct RawArtifactDigests {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blake3: Option<Blake3>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<Sha256>,
}

impl TryFrom<RawArtifactDigests> for ArtifactDigests {
    type Error = &'static str;

    fn try_from(raw: RawArtifactDigests) -> Result<Self, Self::Error> {
        Self::new(raw.blake3, raw.sha256).ok_or("a digest set needs `blake3` or `sha256`")
    }
}

impl From<ArtifactDigests> for RawArtifactDigests {
    fn from(digests: ArtifactDigests) -> Self {
        Self { blake3: digests.blake3, sha256: digests.sha256 }
    }
}

impl From<DigestSet> for ArtifactDigests {
    fn from(set: DigestSet) -> Self {
        Self { blake3: Some(set.blake3), sha256: Some(set.sha256) }
    }
}

impl From<Sha256> for ArtifactDigests {
    fn from(sha256: Sha256) -> Self {
        Self { blake3: None, sha256: Some(sha256) }
    }
}

/// What comparing the digests of two artifacts says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// At least one digest in common, none that differs: the same bytes.
    Same,
    /// Nothing in common: other bytes, or unknown.
    Different,
    /// One digest agrees and another differs. Somebody lies, so nothing follows
    /// (`artifact.digest-conflict`).
    Conflict,
}

impl ArtifactDigests {
    /// The digests known, or `None` if there is none.
    pub fn new(blake3: Option<Blake3>, sha256: Option<Sha256>) -> Option<Self> {
        (blake3.is_some() || sha256.is_some()).then_some(Self { blake3, sha256 })
    }

    /// The BLAKE3, when somebody had the bytes.
    pub fn blake3(&self) -> Option<Blake3> {
        self.blake3
    }

    /// The SHA-256.
    pub fn sha256(&self) -> Option<Sha256> {
        self.sha256
    }

    /// Both digests, if both are known.
    pub fn both(&self) -> Option<DigestSet> {
        Some(DigestSet { blake3: self.blake3?, sha256: self.sha256? })
    }

    /// Compares by every algorithm that both sides have.
    pub fn agreement(&self, other: &Self) -> Agreement {
        fn same<T: PartialEq>(a: Option<T>, b: Option<T>) -> Option<bool> {
            Some(a? == b?)
        }
        let verdicts = [same(self.blake3, other.blake3), same(self.sha256, other.sha256)];
        match (verdicts.contains(&Some(true)), verdicts.contains(&Some(false))) {
            (true, false) => Agreement::Same,
            (true, true) => Agreement::Conflict,
            (false, _) => Agreement::Different,
        }
    }

    /// Whether these are the digests of zero bytes. Every empty file is the same file, so they link
    /// nothing.
    pub fn is_of_nothing(&self) -> bool {
        static NOTHING: LazyLock<ArtifactDigests> = LazyLock::new(|| DigestSet::of(&[]).into());
        self.agreement(&NOTHING) != Agreement::Different
    }
}

impl fmt::Display for ArtifactDigests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.blake3, self.sha256) {
            (Some(blake3), _) => write!(f, "blake3:{blake3}"),
            (None, Some(sha256)) => write!(f, "sha256:{sha256}"),
            (None, None) => Ok(()),
        }
    }
}

/// Hashes a stream with both algorithms in one pass.
#[derive(Clone, Default)]
pub struct Hasher {
    blake3: blake3::Hasher,
    sha256: sha2::Sha256,
    size_bytes: u64,
}

impl Hasher {
    /// A hasher that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.blake3.update(bytes);
        self.sha256.update(bytes);
        self.size_bytes += bytes.len() as u64;
    }

    /// Takes all that a reader gives.
    pub fn update_reader(&mut self, mut reader: impl Read) -> io::Result<()> {
        let mut buffer = vec![0_u8; 128 * 1024];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => self.update(buffer.get(..count).expect("a reader fills at most the buffer")),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Bytes seen so far.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// The digests of what was seen.
    pub fn finish(self) -> DigestSet {
        DigestSet {
            blake3: Blake3::from_bytes(self.blake3.finalize().into()),
            sha256: Sha256::from_bytes(self.sha256.finalize().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_lower_case_hex_of_full_length() {
        let digest = Blake3::of(b"abc");
        assert_eq!(digest.to_string(), "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert_eq!(digest.to_string().to_uppercase().parse::<Blake3>(), Err(DigestError::Digit { found: 'B' }));
        assert_eq!("ab".parse::<Sha256>(), Err(DigestError::Length { actual: 2 }));
        assert_eq!("é".parse::<Sha256>(), Err(DigestError::Digit { found: 'é' }));
    }

    #[test]
    fn one_wrong_digit_at_any_place_is_refused_and_two_do_not_make_it_good() {
        let digest = Sha256::of(b"abc").to_string();
        for at in 0..64 {
            for wrong in ["/", ":", "`", "g", "A", "F", " "] {
                let mut text = digest.clone();
                text.replace_range(at..=at, wrong);
                let found = wrong.chars().next().expect("one");
                assert_eq!(text.parse::<Sha256>(), Err(DigestError::Digit { found }), "{at}");
            }
        }
        for length in [63, 65, 66] {
            assert_eq!("0".repeat(length).parse::<Sha256>(), Err(DigestError::Length { actual: length }));
        }
        assert_eq!("z".repeat(64).parse::<Sha256>(), Err(DigestError::Digit { found: 'z' }));
    }

    #[test]
    fn a_reader_that_is_interrupted_goes_on_and_one_that_fails_does_not() {
        struct Interrupted(Vec<Result<u8, io::ErrorKind>>);
        impl Read for Interrupted {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let Some(next) = self.0.pop() else { return Ok(0) };
                buffer[0] = next?;
                Ok(1)
            }
        }

        let mut hasher = Hasher::new();
        let reader = Interrupted(vec![Ok(b'b'), Err(io::ErrorKind::Interrupted), Ok(b'a')]);
        hasher.update_reader(reader).expect("it goes on");
        assert_eq!(hasher.finish(), DigestSet::of(b"ab"));
        let failing = Interrupted(vec![Ok(b'b'), Err(io::ErrorKind::TimedOut), Ok(b'a')]);
        assert_eq!(Hasher::new().update_reader(failing).expect_err("it fails").kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn both_digests_of_a_stream_are_those_of_its_bytes() {
        let mut hasher = Hasher::new();
        hasher.update_reader(&b"some "[..]).expect("memory reads");
        hasher.update(b"bytes");
        assert_eq!((hasher.size_bytes(), hasher.finish()), (10, DigestSet::of(b"some bytes")));
    }

    #[test]
    fn agreement_needs_one_equal_and_none_different() {
        let a = ArtifactDigests::from(DigestSet::of(b"a"));
        let b = ArtifactDigests::from(DigestSet::of(b"b"));
        let pointer = ArtifactDigests::from(Sha256::of(b"a"));
        let liar = ArtifactDigests::new(b.blake3(), a.sha256()).expect("two digests");
        assert_eq!(a.agreement(&a), Agreement::Same);
        assert_eq!(a.agreement(&pointer), Agreement::Same);
        assert_eq!(a.agreement(&b), Agreement::Different);
        assert_eq!(a.agreement(&liar), Agreement::Conflict);
        assert_eq!(a.both(), Some(DigestSet::of(b"a")));
        assert_eq!(pointer.both(), None);
        assert!(!a.is_of_nothing() && !pointer.is_of_nothing());
    }

    #[test]
    fn a_set_without_a_strong_digest_is_refused() {
        let parse = serde_json::from_str::<ArtifactDigests>;
        assert!(parse(r#"{"md5":"00"}"#).is_err());
        assert!(parse("{}").is_err());
        let text = format!(r#"{{"sha256":"{}","md5":"00"}}"#, Sha256::of(b""));
        assert!(parse(&text).expect("one strong digest").is_of_nothing());
    }
}
