//! Saying something: statements are written and signed here, and nowhere else.

use expbundle_format::json;
use expbundle_format::time::Time;
use expbundle_format::{ArtifactDigests, DigestSet, StatementId};

use crate::envelope::Envelope;
use crate::error::StatementError;
use crate::kinds::{Release, Signer};
use crate::predicate::{Common, Predicate};
use crate::signing_key::SigningKey;
use crate::statement::{RawStatement, RawSubject, STATEMENT_TYPE};

/// Name of the first subject.
const RECORD_SUBJECT: &str = "record.json";
/// Name of the first subject of a release: the folder itself. No file of a listing has it.
const FOLDER_SUBJECT: &str = ".";

/// By whom and when something is signed.
#[derive(Clone, Copy, Debug)]
pub struct Signing<'a> {
    /// The private key.
    pub key: &'a SigningKey,
    /// What its owner wants to be called.
    pub name: Option<&'a str>,
    /// The moment that the statement gives for itself.
    pub created: Time,
}

impl<'a> Signing<'a> {
    /// By a key alone.
    pub fn new(key: &'a SigningKey, created: Time) -> Self {
        Self { key, name: None, created }
    }
}

/// What a statement is about.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The record, by both digests of its `record.json`.
    pub record: DigestSet,
    /// Outputs of the record, named as further subjects, so that other tools can check the
    /// attestation against the weights alone.
    pub outputs: &'a [ArtifactDigests],
    /// Earlier statements that it follows.
    pub previous: &'a [StatementId],
}

impl From<DigestSet> for About<'_> {
    /// A record, and nothing else.
    fn from(record: DigestSet) -> Self {
        Self { record, outputs: &[], previous: &[] }
    }
}

/// The folder that a release is about.
#[derive(Clone, Copy, Debug)]
pub struct Folder<'a> {
    /// Both digests of its listing.
    pub listing: DigestSet,
    /// Weights by their paths, named as further subjects, so that other tools can check the
    /// attestation against them.
    pub weights: &'a [(String, DigestSet)],
    /// Earlier statements that it follows.
    pub previous: &'a [StatementId],
}

/// Says something about a record, and signs it. The result is the statement's file
/// (spec/statements.md).
pub fn sign<'a>(
    predicate: &Predicate,
    about: impl Into<About<'a>>,
    signing: &Signing<'_>,
) -> Result<Vec<u8>, StatementError> {
    let About { record, outputs, previous } = about.into();
    let digest = |digests: ArtifactDigests| serde_json::to_value(digests).expect("digests are texts");
    let mut subject = vec![RawSubject { name: RECORD_SUBJECT.to_owned(), digest: digest(record.into()) }];
    let mut outputs = outputs.to_vec();
    outputs.sort();
    outputs.dedup();
    // In-toto wants the names of subjects to differ.
    subject
        .extend(outputs.iter().map(|output| RawSubject { name: format!("output {output}"), digest: digest(*output) }));
    sign_about(subject, predicate, previous, signing)
}

/// Releases a folder, and signs that. The result is the statement's file (spec/statements.md,
/// "Releases").
pub fn sign_release(release: &Release, folder: Folder<'_>, signing: &Signing<'_>) -> Result<Vec<u8>, StatementError> {
    let whole = (FOLDER_SUBJECT.to_owned(), folder.listing);
    let subject = std::iter::once(&whole).chain(folder.weights).map(|(name, digest)| RawSubject {
        name: name.clone(),
        digest: serde_json::to_value(digest).expect("digests are texts"),
    });
    sign_about(subject.collect(), &Predicate::Release(release.clone()), folder.previous, signing)
}

fn sign_about(
    subject: Vec<RawSubject>,
    predicate: &Predicate,
    previous: &[StatementId],
    signing: &Signing<'_>,
) -> Result<Vec<u8>, StatementError> {
    let mut prev = previous.to_vec();
    prev.sort();
    prev.dedup();
    let Signing { key, name, created } = *signing;
    let signer = Signer { public_key: key.public_key().to_string(), name: name.map(str::to_owned) };
    let statement = RawStatement {
        kind: STATEMENT_TYPE.to_owned(),
        subject,
        predicate_type: predicate.kind().predicate_type(),
        predicate: predicate.to_value(&Common { created, signer, prev })?,
    };
    Envelope::sign(&json::to_bytes(&statement)?, key)
}
