//! The payload: an in-toto Statement v1 about a record.

use std::collections::BTreeSet;

use expbundle_format::json::{self, JsonError};
use expbundle_format::limits::Limits;
use expbundle_format::time::Time;
use expbundle_format::{ArtifactDigests, Blake3, DigestSet, Place, StatementId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::StatementError;
use crate::identity::{Identity, TimeEvidence};
use crate::key_line::KeyLine;
use crate::predicate::{Common, Kind, MAJOR, Predicate, predicate_type};
use crate::set_aside::{SetAside, Unknown};

pub(crate) const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

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
pub(crate) struct RawStatement {
    #[serde(rename = "_type")]
    pub kind: String,
    pub subject: Vec<RawSubject>,
    pub predicate_type: String,
    pub predicate: Value,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct RawSubject {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub digest: Value,
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

/// The record that a statement is about: its first subject. Further ones are for other tools, and
/// in-toto wants a digest of each.
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
    identity: Identity,
}

impl Statement {
    /// Reads a payload. Its exact bytes are kept, for its id is their BLAKE3. All keys that it
    /// names are of known algorithms.
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
            (Ok(identity), Ok(predicate)) => Ok(Self { id, payload, record, subjects, common, predicate, identity }),
            (Err(algorithm), _) | (_, Err(algorithm)) => Err(set_aside(id, record, Unknown::Algorithm(algorithm))),
        }
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }
}

/// A statement whose signature holds for the signer that it names. Who that is, is another
/// question.
///
/// A statement is its payload: several files around one payload are one statement with more
/// evidence for it.
#[derive(Clone, Debug)]
pub struct VerifiedStatement {
    statement: Statement,
    file: Blake3,
    /// Other files around the same payload, in order and behind the first.
    further_files: Vec<Blake3>,
}

/// Each statement once, with all its files, in the order of their first ones. Files around one
/// payload are joined here and nowhere else.
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

    /// The digest of its first file, which names an entry in the bundle. Findings about the
    /// statement have this place.
    pub fn file_digest(&self) -> Blake3 {
        self.file
    }

    /// Its first file, as the place of a finding.
    pub fn place(&self) -> Place {
        Place::statement(self.file, self.id())
    }

    /// The digests of all its files, in order.
    pub fn files(&self) -> impl Iterator<Item = Blake3> {
        std::iter::once(self.file).chain(self.further_files.iter().copied())
    }

    /// The exact bytes that were signed.
    pub fn payload(&self) -> &[u8] {
        &self.statement.payload
    }

    /// The record that it is about: its first subject. The first subject of a release is the
    /// listing of a folder, not a record.
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

    /// Who signed.
    pub fn identity(&self) -> &Identity {
        &self.statement.identity
    }

    /// What shows when it was made.
    pub fn time_evidence(&self) -> TimeEvidence {
        TimeEvidence::Claimed
    }

    /// What the signer wants to be called.
    pub fn signer_name(&self) -> Option<&str> {
        self.statement.common.signer.name.as_deref()
    }
}
