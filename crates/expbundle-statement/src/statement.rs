//! The payload: an in-toto Statement v1 about a record.

use std::collections::BTreeSet;

use expbundle_format::json::{self, JsonError};
use expbundle_format::limits::Limits;
use expbundle_format::time::Time;
use expbundle_format::{ArtifactDigests, Blake3, DigestSet, StatementId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::envelope::Envelope;
use crate::error::StatementError;
use crate::key::PublicKey;
use crate::key_line::KeyLine;
use crate::kinds::{Release, Signer};
use crate::predicate::{Common, Kind, MAJOR, Predicate, predicate_type};
use crate::set_aside::{SetAside, Unknown};
use crate::signing_key::SigningKey;

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// Name of the first subject.
const RECORD_SUBJECT: &str = "record.json";
/// Name of the first subject of a release: the folder itself. No file of a listing has it.
const FOLDER_SUBJECT: &str = ".";

/// Something that a statement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its name, which proves nothing.
    pub name: String,
    /// Its strong digests.
    pub digest: ArtifactDigests,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawStatement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<RawSubject>,
    predicate_type: String,
    predicate: Value,
}

#[derive(Serialize, Deserialize)]
struct RawSubject {
    #[serde(default)]
    name: String,
    #[serde(default)]
    digest: Value,
}

/// What an unverified statement says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Its id: the BLAKE3 of its payload.
    pub id: StatementId,
    /// The record that it is about, or the listing of the folder that it releases.
    pub record: DigestSet,
    /// Its kind.
    pub kind: Kind,
}

impl Claims {
    /// The listing of the folder, if it is a release.
    pub fn listing(&self) -> Option<DigestSet> {
        (self.kind == Kind::Release).then_some(self.record)
    }

    pub(crate) fn read(payload: &[u8]) -> Result<Self, StatementError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Head {
            subject: Vec<RawSubject>,
            predicate_type: String,
        }
        let head: Head = json::from_bytes(payload, &Limits::default())?;
        let (_, major) = predicate_type(&head.predicate_type)?;
        let record = record_of(&head.subject)?;
        let id = StatementId(Blake3::of(payload));
        if major != MAJOR {
            return Err(set_aside(id, record, Unknown::Version(major)));
        }
        Ok(Self { id, record, kind: head.predicate_type.parse()? })
    }
}

/// The record that a statement is about: its first subject. Further ones are for other tools, and in-toto wants a digest of each.
fn record_of(subjects: &[RawSubject]) -> Result<DigestSet, StatementError> {
    let (first, further) =
        subjects.split_first().ok_or(StatementError::Subject { problem: "the statement names no subject" })?;
    let record = json::from_value(&first.digest)
        .map_err(|_| StatementError::Subject { problem: "the first subject lacks the record's BLAKE3 and SHA-256" })?;
    let has_digest = |subject: &RawSubject| {
        subject.digest.as_object().is_some_and(|set| !set.is_empty() && set.values().all(Value::is_string))
    };
    if !further.iter().all(has_digest) {
        return Err(StatementError::Subject { problem: "a further subject has no digest" });
    }
    Ok(record)
}

fn set_aside(id: StatementId, record: DigestSet, unknown: Unknown) -> StatementError {
    StatementError::SetAside(Box::new(SetAside { id, record, unknown }))
}

/// A statement as its payload says it.
#[derive(Clone, Debug)]
pub struct Statement {
    id: StatementId,
    payload: Vec<u8>,
    record: DigestSet,
    subjects: Vec<Subject>,
    common: Common,
    predicate: Predicate,
    key: PublicKey,
}

impl Statement {
    /// Reads a payload. Its exact bytes are kept, for its id is their BLAKE3. All keys that it names are of known algorithms.
    pub fn parse(payload: Vec<u8>) -> Result<Self, StatementError> {
        #[derive(Deserialize)]
        struct Head {
            #[serde(rename = "_type", default)]
            kind: Value,
        }
        let typed = |kind: &str| match kind {
            STATEMENT_TYPE => Ok(()),
            other => Err(StatementError::Type { found: other.chars().take(120).collect() }),
        };
        let raw: RawStatement = match json::from_bytes(&payload, &Limits::default()) {
            Ok(raw) => raw,
            Err(error) => {
                // The type decides how the rest is read, so it is read first.
                let head: Head = match json::from_bytes(&payload, &Limits::default()) {
                    Err(JsonError::Schema { .. }) => Head { kind: Value::Null },
                    head => head?,
                };
                typed(head.kind.as_str().unwrap_or_default())?;
                return Err(error.into());
            }
        };
        typed(&raw.kind)?;
        let (_, major) = predicate_type(&raw.predicate_type)?;
        let record = record_of(&raw.subject)?;
        let id = StatementId(Blake3::of(&payload));
        if major != MAJOR {
            return Err(set_aside(id, record, Unknown::Version(major)));
        }
        let kind: Kind = raw.predicate_type.parse()?;
        // Subjects of other tools may have other digests only; they are theirs to check.
        let subjects = raw.subject.into_iter().filter_map(|subject| {
            let digest = json::from_value(&subject.digest).ok()?;
            Some(Subject { name: subject.name, digest })
        });
        let subjects = subjects.collect();
        let (common, predicate) = Predicate::parse(&kind, raw.predicate)?;
        let signer = KeyLine::try_from(common.signer.public_key.clone()).map_err(StatementError::Key)?;
        match (signer.known(), predicate) {
            (Ok(key), Ok(predicate)) => Ok(Self { id, payload, record, subjects, common, predicate, key }),
            (Err(algorithm), _) | (_, Err(algorithm)) => Err(set_aside(id, record, Unknown::Algorithm(algorithm))),
        }
    }

    pub(crate) fn key(&self) -> PublicKey {
        self.key
    }

    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }
}

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
    /// Outputs of the record, named as further subjects, so that other tools can check the attestation against the weights alone.
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
    /// Weights by their paths, named as further subjects, so that other tools can check the attestation against them.
    pub weights: &'a [(String, DigestSet)],
    /// Earlier statements that it follows.
    pub previous: &'a [StatementId],
}

/// Says something about a record, and signs it. The result is the statement's file (spec/statements.md).
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

/// Releases a folder, and signs that. The result is the statement's file (spec/statements.md, "Releases").
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

/// A statement whose signature holds for the key that it names. Whose key that is, is another question.
///
/// A statement is its payload: several files around one payload are one statement with more evidence for it.
#[derive(Clone, Debug)]
pub struct VerifiedStatement {
    statement: Statement,
    file: Blake3,
    /// Other files around the same payload, in order and behind the first.
    further_files: Vec<Blake3>,
}

/// Each statement once, with all its files, in the order of their first ones. Files around one payload are joined here and nowhere else.
pub fn once_each(statements: impl IntoIterator<Item = VerifiedStatement>) -> Vec<VerifiedStatement> {
    let mut statements: Vec<VerifiedStatement> = statements.into_iter().collect();
    // Stable, so that what was collected in order stays nearly sorted.
    statements.sort_by_key(VerifiedStatement::id);
    statements.dedup_by(|next, first| {
        let is_same = next.id() == first.id();
        if is_same {
            first.add_files(next);
        }
        is_same
    });
    statements.sort_by_key(VerifiedStatement::file_digest);
    statements
}

impl VerifiedStatement {
    pub(crate) fn new(statement: Statement, file: &[u8]) -> Self {
        Self { statement, file: Blake3::of(file), further_files: Vec::new() }
    }

    fn add_files(&mut self, same: &Self) {
        let all: BTreeSet<Blake3> = self.files().chain(same.files()).collect();
        let mut all = all.into_iter();
        self.file = all.next().unwrap_or(self.file);
        self.further_files = all.collect();
    }

    /// Its id: the BLAKE3 of its payload.
    pub fn id(&self) -> StatementId {
        self.statement.id
    }

    /// The digest of its first file, which names an entry in the bundle. Findings about the statement have this place.
    pub fn file_digest(&self) -> Blake3 {
        self.file
    }

    /// The digests of all its files, in order.
    pub fn files(&self) -> impl Iterator<Item = Blake3> {
        std::iter::once(self.file).chain(self.further_files.iter().copied())
    }

    /// The exact bytes that were signed.
    pub fn payload(&self) -> &[u8] {
        &self.statement.payload
    }

    /// The record that it is about: its first subject. The first subject of a release is the listing of a folder, not a record.
    pub fn record(&self) -> DigestSet {
        self.statement.record
    }

    /// The listing of the folder, if it is a release.
    pub fn listing(&self) -> Option<DigestSet> {
        (self.kind() == Kind::Release).then_some(self.statement.record)
    }

    /// Everything that it is about, the record or listing first.
    pub fn subjects(&self) -> &[Subject] {
        &self.statement.subjects
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.statement.predicate.kind()
    }

    /// What it says.
    pub fn predicate(&self) -> &Predicate {
        &self.statement.predicate
    }

    /// When it was made, as its signer says.
    pub fn created(&self) -> Time {
        self.statement.common.created
    }

    /// Earlier statements that it follows.
    pub fn previous(&self) -> &[StatementId] {
        &self.statement.common.prev
    }

    /// The key that signed.
    pub fn key(&self) -> &PublicKey {
        &self.statement.key
    }

    /// What the signer wants to be called.
    pub fn signer_name(&self) -> Option<&str> {
        self.statement.common.signer.name.as_deref()
    }
}
