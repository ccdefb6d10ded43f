//! What verification has to say, as one document: for `--json`, and for the words that a person reads.

use std::collections::{HashMap, HashSet};

use expbundle_format::limits::Limits;
use expbundle_format::record::{Kind, Source, Status};
use expbundle_format::sections::{Context, JsonSection as _};
use expbundle_format::time::Time;
use expbundle_format::{Code, DigestSet, Finding, Place, RecordId, StatementId};
use expbundle_lineage::{FirstAncestors, RecordFacts};
use expbundle_statement::{Kind as StatementKind, Predicate, Revocation, Revoked, SkippedLine, TrustPolicy};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

use crate::folder::{FileReport, Folder, FolderReport};
use crate::judge::{State, Verdict};
use crate::large::in_turn;
use crate::standing::{KnownKey, Objection};
use crate::verify::{Digests, Intact};

/// What a valid bundle does not prove (spec/report.md), in a line each.
pub const NOT_PROVEN: &[&str] = &[
    "that the numbers are true: a signature shows who vouches for them",
    "that the run made these files: it shows which bytes its record names",
    "when anything happened: times are those of the tracker and of the signer's clock",
    "that nothing was left out, or that this is the latest bundle",
];

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Who is trusted, if that is asked at all.
    pub policy: Option<&'a TrustPolicy>,
    /// The state that must hold.
    pub required: State,
    /// As of when keys are judged.
    pub at: Time,
    /// Which digests are recomputed.
    pub digests: Digests,
    /// How much is taken in.
    pub limits: Limits,
}

/// The report on a bundle or a model directory.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "expbundle verify --json")]
pub struct Report {
    /// What was verified, as the caller named it.
    pub path: String,
    /// How much holds: `malformed` if anything has an error, or `refused` if it is beyond the limits of this reader. Of a directory it is
    /// judged by its files, else by the weakest record that counts.
    pub state: State,
    /// How much was asked for.
    pub required: State,
    /// Whether signers were checked: whether there was a signers file.
    pub signers_checked: bool,
    /// Whether it does.
    pub holds: bool,
    /// As of when signatures were judged.
    pub at: Time,
    /// Lines of the signers file that were skipped: they name nobody who can sign here (spec/trust.md).
    pub skipped_lines: Vec<SkippedLine>,
    /// The records that count, in the order of their start: with a signers file those that a trusted key signed, else all. Those that were
    /// taken back are among them.
    pub records: Vec<RecordReport>,
    /// The statements that count, in the order of their dates.
    pub statements: Vec<StatementReport>,
    /// Records that are not here, or not for what counts, against which something was said.
    pub objected_elsewhere: Vec<ObjectedReport>,
    /// What no trusted key signed. It changed nothing above.
    pub apart: ApartReport,
    /// The directory, if one was verified.
    pub folder: Option<FolderReport>,
    /// The counted files of the directory, in the order of their paths, and those that are missing.
    pub files: Vec<FileReport>,
    /// Everything found, in the order of the checks.
    pub findings: Vec<Finding>,
    /// What a valid bundle does not prove.
    pub not_proven: Vec<&'static str>,
}

/// Records and statements by keys that the signers file does not trust; empty if there is no such file.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApartReport {
    /// Keys that the signers file has, and trusts at another time or for other purposes only.
    pub known_keys: Vec<KnownKey>,
    /// The records. The state of each is what unknown keys make of it.
    pub records: Vec<RecordReport>,
    /// The statements.
    pub statements: Vec<StatementReport>,
}

/// What was said against a record that is not here, or is set apart: whether it is changes nothing in this.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ObjectedReport {
    /// The record.
    pub record: RecordId,
    /// What was said against it, the weightiest first.
    pub objections: Vec<Objection>,
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
    /// What was said against it by those whose word counts: revoked, rejected, sent back, superseded. The weightiest first.
    pub objections: Vec<Objection>,
    /// Ancestors against which something was said: revoked ones first, then rejected ones, those sent back and superseded ones, each in the
    /// order of their ids; the first 16 of them.
    pub ancestors_objected: Vec<RecordId>,
    /// How many more of them there are; at least so many where something was said against more than 1,024 records.
    pub ancestors_objected_more: u64,
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
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatementReport {
    /// The digest of its payload.
    pub id: StatementId,
    /// `authorship`, `review`, `comment`, …
    pub kind: String,
    /// The record that it is about; null for a release, which is about a folder.
    pub record: Option<RecordId>,
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
    /// Whether it is a review that a later one of the same reviewer with the same scope and role replaced.
    pub replaced: bool,
    /// Whether it, its key, or the record that it vouches for was revoked: then it counts for nothing. A revocation itself cannot be revoked.
    pub revoked: bool,
    /// Whether it revokes the key that signed it: that counts, though the key no longer does.
    #[serde(skip)]
    pub takes_back_its_own_key: bool,
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

impl Report {
    /// The report of what was not even opened.
    pub fn refused(path: &str, findings: Vec<Finding>, question: Question<'_>) -> Self {
        Self::new(path, findings, None, None, question)
    }

    /// Puts a report together. `intact` and `verdict` are there if the bundle is intact, and `folder` if it lies in one, by whose files it
    /// is judged.
    pub fn new(
        path: &str,
        mut findings: Vec<Finding>,
        judged: Option<(&Intact, &Verdict)>,
        folder: Option<Folder>,
        question: Question<'_>,
    ) -> Self {
        let Question { policy, required, at, .. } = question;
        let (mut records, mut statements, mut state) = (Vec::new(), Vec::new(), State::Malformed);
        let (mut apart, mut objected_elsewhere) = (ApartReport::default(), Vec::new());
        if let Some((intact, verdict)) = judged {
            findings = intact.remarks(findings, &verdict.standing);
            findings.extend(verdict.findings.iter().cloned());
            let standing = &verdict.standing;
            let (counting, strange) = record_reports(intact, verdict)
                .into_iter()
                .partition(|record| !standing.apart.records.contains(&record.id));
            records = counting;
            apart.records = strange;
            objected_elsewhere = objections_elsewhere(verdict, policy.is_some(), &records);
            apart.known_keys.clone_from(&standing.not_valid);
            let is_apart = |statement: &StatementReport| standing.apart.statements.contains(&statement.id);
            (apart.statements, statements) = statement_reports(intact, verdict).into_iter().partition(is_apart);
            state = verdict.state;
        }
        let (folder, files) = match folder {
            Some(mut folder) => {
                findings.append(&mut folder.findings);
                state = folder.state;
                (Some(folder.report), folder.files)
            }
            None => (None, Vec::new()),
        };
        if let Some(worse) = State::of_errors(&findings) {
            state = worse;
        }
        if state > State::Malformed && state < required {
            let what = if folder.is_some() { "directory" } else { "bundle" };
            let message = format!("the {what} is {state}, and {required} was asked for");
            findings.push(Finding::new(Code::PolicyState, Place::unknown(), message));
        }
        let not_proven = NOT_PROVEN.to_vec();
        Self {
            path: path.to_owned(),
            state,
            required,
            signers_checked: policy.is_some(),
            holds: state >= required,
            at,
            skipped_lines: policy.map(|policy| policy.skipped().to_vec()).unwrap_or_default(),
            records,
            statements,
            objected_elsewhere,
            apart,
            folder,
            files,
            findings,
            not_proven,
        }
    }
}
/// What was said against records that are not listed: with a signers file against whichever; without one, where anybody can say anything of
/// any record, against parents.
fn objections_elsewhere(verdict: &Verdict, has_policy: bool, listed: &[RecordReport]) -> Vec<ObjectedReport> {
    let against = &verdict.standing.against;
    if against.is_empty() {
        return Vec::new();
    }
    let listed: HashSet<RecordId> = listed.iter().map(|record| record.id).collect();
    let parents = || {
        let all: Vec<RecordId> = verdict.lineage.records().iter().map(RecordFacts::id).collect();
        verdict.lineage.absent_parents_of(&all)
    };
    let of = if has_policy { against.keys().copied().collect() } else { parents() };
    of.into_iter()
        .filter(|record| !listed.contains(record))
        .filter_map(|record| Some(ObjectedReport { record, objections: against.get(&record)?.clone() }))
        .collect()
}

/// Ancestors with objections that the report of a record names.
const MOST_OBJECTED: usize = 16;

/// The ancestors of a record, and the parents that it and they name and that are not here, of which somebody says something against.
pub fn objected(verdict: &Verdict, record: RecordId) -> Vec<RecordId> {
    let against = &verdict.standing.against;
    if against.is_empty() {
        return Vec::new();
    }
    let ancestors = verdict.lineage.possible_ancestors(&[record]);
    let absent = ancestors.iter().chain([&record]).flat_map(|id| verdict.lineage.absent_parents(*id));
    let mut objected: Vec<RecordId> = ancestors.iter().copied().chain(absent).collect();
    objected.retain(|id| against.contains_key(id));
    objected.sort_unstable();
    objected.dedup();
    objected
}

fn record_reports(intact: &Intact, verdict: &Verdict) -> Vec<RecordReport> {
    let heads: std::collections::BTreeSet<RecordId> = verdict.heads.iter().copied().collect();
    let against = &verdict.standing.against;
    let ancestors = if against.is_empty() {
        Vec::new()
    } else {
        let weight = |id| against.get(&id)?.iter().map(|objection| objection.kind).min();
        verdict.lineage.ancestors_among(weight, MOST_OBJECTED)
    };
    let objected: HashMap<RecordId, FirstAncestors> =
        verdict.lineage.records().iter().map(RecordFacts::id).zip(ancestors).collect();
    // What is set apart is not here, for what counts.
    let is_here = |id| intact.records().contains_key(&id) && verdict.standing.counts(id);
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
                        present: is_here(RecordId(parent.record.blake3)),
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
                objections: verdict.standing.against.get(id).cloned().unwrap_or_default(),
                ancestors_objected: objected.get(id).map(|ancestors| ancestors.first.clone()).unwrap_or_default(),
                ancestors_objected_more: objected.get(id).map_or(0, |ancestors| ancestors.more as u64),
            }
        })
        .collect();
    reports.sort_by_key(|report| (report.started, report.id));
    reports
}

/// Reports on the statements of a bundle, each once, in the order of their dates; of one date in that of their chain.
pub fn statement_reports(intact: &Intact, verdict: &Verdict) -> Vec<StatementReport> {
    let mut reports: Vec<_> = intact
        .statements()
        .par_iter()
        .map(|statement| StatementReport {
            id: statement.id(),
            kind: statement.kind().to_string(),
            record: statement.listing().is_none().then(|| RecordId(statement.record().blake3)),
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
            replaced: verdict.standing.replaced_reviews.contains(&statement.id()),
            revoked: match statement.kind() {
                StatementKind::Revocation => false,
                StatementKind::Authorship => !verdict.standing.vouches(statement),
                _ => verdict.standing.statements.contains(&statement.id()),
            },
            takes_back_its_own_key: matches!(
                statement.predicate(),
                Predicate::Revocation(Revocation { revoked: Revoked::Key(key), .. }) if key == statement.key()
            ),
        })
        .collect();
    reports.sort_by_key(|report| (report.created, report.id));
    // One statement may be wrapped in many envelopes, and is one statement.
    reports.dedup_by_key(|report| report.id);
    // What is set apart changes no order of what counts, so of one date it comes behind.
    let is_apart = |report: &&StatementReport| verdict.standing.apart.statements.contains(&report.id);
    let ordered = |same_date: &[StatementReport]| -> Vec<StatementReport> {
        let (apart, counting): (Vec<_>, Vec<_>) = same_date.iter().partition(is_apart);
        in_chain(&counting).into_iter().chain(in_chain(&apart)).cloned().collect()
    };
    reports.chunk_by(|a, b| a.created == b.created).flat_map(ordered).collect()
}

/// Statements of one date, each behind those that it follows.
fn in_chain<'a>(same_date: &[&'a StatementReport]) -> Vec<&'a StatementReport> {
    let by_id: HashMap<StatementId, &StatementReport> = same_date.iter().map(|report| (report.id, *report)).collect();
    let mut order = Vec::with_capacity(same_date.len());
    let mut seen = HashSet::new();
    let mut open: Vec<(&StatementReport, bool)> = same_date.iter().rev().map(|report| (*report, false)).collect();
    while let Some((report, follows_all)) = open.pop() {
        if follows_all {
            order.push(report);
        } else if seen.insert(report.id) {
            open.push((report, true));
            open.extend(report.prev.iter().filter_map(|prev| by_id.get(prev)).map(|earlier| (*earlier, false)));
        }
    }
    order
}
