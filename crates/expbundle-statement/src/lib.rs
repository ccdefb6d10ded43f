//! Signed statements about experiment records (spec/statements.md): DSSE envelopes, in-toto
//! statements, Ed25519 keys, OpenSSH signers files.
//!
//! No clock, randomness or files here: moments, random bytes, passphrases and texts are arguments,
//! so that trust is a function of statement, policy and time.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod base64;
pub mod chain;
mod envelope;
mod error;
mod identity;
mod key;
mod key_line;
mod kinds;
mod predicate;
mod set_aside;
#[cfg(feature = "private-keys")]
mod sign;
mod signers;
#[cfg(feature = "private-keys")]
mod signing_key;
mod statement;
mod trust;

pub use envelope::{Envelope, PAYLOAD_TYPE, SIGSTORE_BUNDLE, pre_authentication_encoding};
pub use error::StatementError;
pub use identity::{Identity, TimeEvidence};
pub use key::{KeyError, PublicKey};
pub use kinds::{
    Asserted, Authorship, Comment, Deployment, DeploymentAction, Evaluated, Generator, LinkClaim, Release, Review,
    ReviewVerdict, Revocation, Revoked, Seal, Signer, Superseded,
};
#[cfg(feature = "schema")]
pub use predicate::schemas;
pub use predicate::{Kind, Predicate};
pub use set_aside::{SetAside, Unknown};
#[cfg(feature = "private-keys")]
pub use sign::{About, Folder, Signing, sign, sign_release};
pub use signers::{SignersProblem, SkipReason, SkippedLine, TrustError, Window, without_lines};
#[cfg(feature = "private-keys")]
pub use signing_key::{
    KeyFileWarning, MOST_BCRYPT_ROUNDS, MOST_PBKDF2_ITERATIONS, MOST_SCRYPT_BYTES, NotSigned, SigningKey,
    SigningKeyError,
};
pub use statement::{Claims, Statement, Subject, VerifiedStatement, once_each};
pub use trust::{Judgement, TrustPolicy, TrustedSigner, signers_line};

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
