//! What verification has to say, as one document: for `--json`, and for the words that a person reads.

use expbundle_format::record::{Kind, Source, Status};
use expbundle_format::sections::{Context, JsonSection as _};
use expbundle_format::time::Time;
use expbundle_format::{ArtifactDigests, Code, DigestSet, Finding, Place, RecordId, StatementId};
use expbundle_statement::Kind as StatementKind;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

use crate::audit::Question;
use crate::directory::{CheckedFile, FileState};
use crate::judge::{State, Verdict};
use crate::large::in_turn;
use crate::verify::{Check, Intact};

/// What a valid bundle does not prove (spec/verification.md), in a line each.
pub const NOT_PROVEN: &[&str] = &[
    "that the numbers are true: a signature shows who vouches for them",
    "that the run made these files: it shows which bytes its record names",
    "when anything happened: times are those of the tracker and of the signer's clock",
    "that nothing was left out, or that this is the latest bundle",
];

/// The report on a bundle or a model directory.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "expbundle verify --json")]
pub struct Report {
    /// What was verified, as the caller named it.
    pub path: String,
    /// How much holds; that of the weakest record, or `malformed` if anything has an error.
    pub state: State,
    /// How much was asked for.
    pub required: State,
    /// Whether it does.
    pub holds: bool,
    /// As of when signatures were judged.
    pub at: Time,
    /// The records, in the order of their start.
    pub records: Vec<RecordReport>,
    /// The statements, in the order of their dates.
    pub statements: Vec<StatementReport>,
    /// The files of the directory, if one was verified, in the order of their paths.
    pub files: Vec<FileReport>,
    /// Everything found, in the order of the checks.
    pub findings: Vec<Finding>,
    /// What a valid bundle does not prove.
    pub not_proven: Vec<&'static str>,
}

/// One record.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordReport {
    /// Its id.
    pub id: RecordId,
    /// Both digests of `record.json`.
    pub digest: DigestSet,
    /// How much holds for it alone.
    pub state: State,
    /// Whether no other record here follows from it.
    pub head: bool,
    /// A run, or an origin.
    pub kind: Kind,
    /// Its title, unless `context.json` is withheld. Claimed.
    pub title: Option<String>,
    /// How the run ended. Claimed.
    pub status: Option<Status>,
    /// When it started. Claimed.
    pub started: Option<Time>,
    /// When it ended. Claimed.
    pub ended: Option<Time>,
    /// Who it was in its tracker. Claimed.
    pub source: Option<Source>,
    /// How many artifacts it took in.
    pub inputs: u64,
    /// How many it put out.
    pub outputs: u64,
    /// Records that it says it follows from.
    pub parents: Vec<ParentReport>,
    /// Its sections.
    pub sections: Vec<SectionReport>,
    /// Whether it was revoked: then nobody's word for it counts.
    pub revoked: bool,
    /// The record that took its place.
    pub superseded_by: Option<RecordId>,
}

/// A parent as a record declares it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ParentReport {
    /// The parent's id.
    pub record: RecordId,
    /// How the child follows from it.
    pub relation: String,
    /// Whether its record is here.
    pub present: bool,
}

/// A section.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SectionReport {
    /// Its file name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// `false` if it is withheld.
    pub present: bool,
}

/// A statement. Its signature holds, or there would be no report on it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatementReport {
    /// The digest of its payload.
    pub id: StatementId,
    /// `authorship`, `review`, `comment`, …
    pub kind: String,
    /// The record that it is about.
    pub record: RecordId,
    /// When it was made, as its signer says.
    pub created: Time,
    /// The key that signed.
    pub signer: SignerReport,
    /// Earlier statements that it follows.
    pub prev: Vec<StatementId>,
    /// What it says, in one line with the signer's own words quoted; of a comment the text.
    pub says: String,
    /// Whether it is a rejection, a call for changes, a revocation, or names a successor.
    pub against: bool,
    /// Whether it, or its key, was revoked: then it counts for nothing. A revocation itself cannot be revoked.
    pub revoked: bool,
}

impl StatementReport {
    /// Whether it revokes the key that signed it: that counts, though the key no longer does.
    pub fn takes_back_its_own_key(&self) -> bool {
        let own = format!("revokes key {}", self.signer.fingerprint);
        self.kind == "revocation" && self.says.starts_with(&own)
    }
}

/// The key that signed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignerReport {
    /// Fingerprint, as `ssh-keygen -l` shows it.
    pub fingerprint: String,
    /// The public key in OpenSSH form.
    pub public_key: String,
    /// What the signer calls itself. Claimed.
    pub name: Option<String>,
    /// Principals for whom the signers file trusts the key; empty if it trusts none.
    pub trusted_as: Vec<String>,
}

/// A file of a directory.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FileReport {
    /// Path within the directory.
    pub path: String,
    /// What is known about it.
    pub state: FileState,
    /// Its digests: computed, or of the pointer.
    pub digest: Option<ArtifactDigests>,
    /// The record that speaks of it.
    pub record: Option<RecordId>,
    /// What it was to that record.
    pub role: Option<String>,
}

impl Report {
    /// The report of what was not even opened.
    pub(crate) fn refused(path: &str, findings: Vec<Finding>, question: Question<'_>) -> Self {
        Self::new(path, Check { findings }, None, Default::default(), question.required, question.at)
    }

    /// Puts a report together. `intact` and `verdict` are there if the bundle is intact, files and what is wrong with them if it lies in a
    /// directory.
    pub fn new(
        path: &str,
        check: Check,
        judged: Option<(&Intact, &Verdict)>,
        directory: (Vec<CheckedFile>, Vec<Finding>),
        required: State,
        at: Time,
    ) -> Self {
        let mut findings = check.findings;
        let (files, of_directory) = directory;
        let (mut records, mut statements, mut state) = (Vec::new(), Vec::new(), State::Malformed);
        if let Some((intact, verdict)) = judged {
            findings.extend(verdict.findings.iter().cloned());
            records = record_reports(intact, verdict);
            statements = statement_reports(intact, verdict);
            state = verdict.state;
        }
        findings.extend(of_directory);
        if findings.iter().any(Finding::is_error) {
            state = State::Malformed;
        }
        if state > State::Malformed && state < required {
            let message = format!("the bundle is {state}, and {required} was asked for");
            findings.push(Finding::new(Code::PolicyState, Place::unknown(), message));
        }
        let files = files.into_iter().map(FileReport::from).collect();
        let not_proven = NOT_PROVEN.to_vec();
        Self {
            path: path.to_owned(),
            state,
            required,
            holds: state >= required,
            at,
            records,
            statements,
            files,
            findings,
            not_proven,
        }
    }
}

fn record_reports(intact: &Intact, verdict: &Verdict) -> Vec<RecordReport> {
    let heads: std::collections::BTreeSet<RecordId> = intact.heads().iter().copied().collect();
    let mut reports: Vec<_> = intact
        .records()
        .par_iter()
        .map(|(id, record)| {
            let body = record.body();
            RecordReport {
                id: *id,
                digest: record.digest(),
                state: verdict.records.get(id).copied().unwrap_or(State::Intact),
                head: heads.contains(id),
                kind: body.kind,
                title: in_turn(intact.size_of(*id, &Context::name()), || {
                    intact.json_section::<Context>(*id).map(|context| context.title)
                }),
                status: body.status,
                started: body.started,
                ended: body.ended,
                source: body.source.clone(),
                inputs: body.inputs.len() as u64,
                outputs: body.outputs.len() as u64,
                parents: body
                    .parents
                    .iter()
                    .map(|parent| ParentReport {
                        record: RecordId(parent.record.blake3),
                        relation: parent.relation.to_string(),
                        present: intact.records().contains_key(&RecordId(parent.record.blake3)),
                    })
                    .collect(),
                sections: body
                    .sections
                    .iter()
                    .map(|(name, section)| SectionReport {
                        name: name.to_string(),
                        size: section.size,
                        present: intact.section(*id, name).is_some(),
                    })
                    .collect(),
                revoked: verdict.standing.records.contains(id),
                superseded_by: verdict.standing.successors.get(id).copied(),
            }
        })
        .collect();
    reports.sort_by_key(|report| (report.started, report.id));
    reports
}

/// Reports on the statements of a bundle, in the order of their dates, each once.
pub fn statement_reports(intact: &Intact, verdict: &Verdict) -> Vec<StatementReport> {
    let mut reports: Vec<_> = intact
        .statements()
        .par_iter()
        .map(|statement| StatementReport {
            id: statement.id(),
            kind: statement.kind().to_string(),
            record: RecordId(statement.record().blake3),
            created: statement.created(),
            signer: SignerReport {
                fingerprint: statement.key().fingerprint(),
                public_key: statement.key().to_string(),
                name: statement.signer_name().map(str::to_owned),
                trusted_as: verdict.trusted.get(&statement.id()).cloned().unwrap_or_default(),
            },
            prev: statement.previous().to_vec(),
            says: statement.predicate().summary(),
            against: statement.predicate().is_against(),
            revoked: statement.kind() != StatementKind::Revocation
                && verdict.standing.statements.contains(&statement.id()),
        })
        .collect();
    reports.sort_by_key(|report| (report.created, report.id));
    // One statement may be wrapped in many envelopes, and is one statement.
    reports.dedup_by_key(|report| report.id);
    reports
}

impl From<CheckedFile> for FileReport {
    fn from(file: CheckedFile) -> Self {
        Self {
            path: file.path,
            state: file.state,
            digest: file.digest,
            record: file.record,
            role: file.role.map(|role| role.to_string()),
        }
    }
}
