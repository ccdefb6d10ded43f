//! What verification has to say, as one document: for `--json`, and for the words that a person
//! reads.

mod across;
mod keys;
mod objected;
mod record;
mod reservations;
mod statement;

use std::collections::BTreeSet;

use expbundle_format::limits::Limits;
use expbundle_format::time::Time;
use expbundle_format::{Code, Finding, Place, RecordId};
use expbundle_statement::{Identity, SkippedLine, TrustPolicy};
use serde::Serialize;

use crate::folder::{FileReport, Folder, FolderReport, ReleaseReport};
use crate::judge::{State, Verdict};
use crate::standing::KnownKey;
use crate::verify::{Digests, Intact};

use objected::objections_elsewhere;
use record::record_reports;
use reservations::{missing_parents, signed_late};

pub use across::{AcrossReport, Places};
pub use keys::RevokedKey;
pub use objected::{ObjectedReport, objected};
pub use record::{ParentReport, RecordReport, SectionReport};
pub use reservations::{MissingParent, SignedLate};
pub use statement::{SignerReport, StatementReport, statement_reports};

/// What a valid bundle does not prove (spec/report.md), in a line each.
pub const NOT_PROVEN: &[&str] = &[
    "that the numbers are true: a signature shows who vouches for them",
    "that a run took in or made these files: its record names their bytes",
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
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", schemars(title = "expbundle verify --json"))]
pub struct Report {
    /// What was verified, as the caller named it.
    pub path: String,
    /// The verdict in a line, for people; its words may change. Empty where nobody put it in words.
    pub line: String,
    /// How much holds: `malformed` if anything has an error, or `refused` if it is beyond the
    /// limits of this reader or there is no bundle. Of a directory it is judged by its files, else
    /// by the weakest record that counts.
    pub state: State,
    /// How much was asked for.
    pub required: State,
    /// Whether signers were checked: whether there was a signers file.
    pub signers_checked: bool,
    /// Whether it was asked, too, that nobody whose word counts objects to a record or an ancestor,
    /// and that all parents are here.
    pub unless_objected: bool,
    /// Whether all of it does.
    pub holds: bool,
    /// As of when signatures were judged.
    pub at: Time,
    /// Lines of the signers file that were skipped: they name nobody who can sign here
    /// (spec/trust.md).
    pub skipped_lines: Vec<SkippedLine>,
    /// The records that count, in the order of their start: with a signers file those that a
    /// trusted key signed, else all. Those that were taken back are among them.
    pub records: Vec<RecordReport>,
    /// The statements that count, in the order of their dates.
    pub statements: Vec<StatementReport>,
    /// Records that are not here, or not for what counts, against which something was said.
    pub objected_elsewhere: Vec<ObjectedReport>,
    /// Of several places that were verified at once, each by itself: what trusted keys say in one
    /// against records of another, told with the later of the two.
    pub across: Vec<AcrossReport>,
    /// What was said after the moment that is judged against records that count, ancestors of
    /// theirs and makers of the files, by those who were trusted then. It changes no state.
    pub objected_since: Vec<ObjectedReport>,
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
    /// Where the signers file was read from, if there was one and its reader said so.
    #[serde(skip)]
    pub signers_file: Option<String>,
    /// The files of the statements in which trusted keys say something against a record, statement
    /// or key.
    #[serde(skip)]
    pub against_by_trusted: BTreeSet<String>,
    /// The keys that were revoked, in OpenSSH's one-line form.
    #[serde(skip)]
    pub keys_taken_back: BTreeSet<String>,
    /// Records without a say that somebody objects to, and that name a counted file of the directory
    /// as their output.
    #[serde(skip)]
    pub objected_makers: BTreeSet<RecordId>,
    /// A release of files that are here that was revoked after the moment that is judged.
    #[serde(skip)]
    pub release_revoked_since: Option<ReleaseReport>,
    /// Keys that the signers file has and that were revoked.
    #[serde(skip)]
    pub revoked_keys: Vec<RevokedKey>,
    /// Parents of records that count that are not here for what counts.
    #[serde(skip)]
    pub missing_parents: Vec<MissingParent>,
    /// What counts at a moment in the past, and was signed after its key was trusted.
    #[serde(skip)]
    pub signed_late: Vec<SignedLate>,
    /// Whether there was a signers file without any key that can sign here.
    #[serde(skip)]
    pub trusts_nobody: bool,
}

/// Records and statements by keys that the signers file does not trust; empty if there is no such
/// file.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ApartReport {
    /// Keys that the signers file has, and trusts at another time or for other purposes only.
    pub known_keys: Vec<KnownKey>,
    /// The records. The state of each is what unknown keys make of it.
    pub records: Vec<RecordReport>,
    /// The statements.
    pub statements: Vec<StatementReport>,
    /// Counted files of the directory that nothing covers, and that one of these records names as
    /// its output; in the order of their paths.
    pub files: Vec<ApartFile>,
}

/// A file that a record names as its output, and no trusted key signed that record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApartFile {
    /// Its path in the directory.
    pub path: String,
    /// The record; the first of several by its id.
    pub record: RecordId,
}

impl Report {
    /// The report of what was not even opened.
    pub fn refused(path: &str, findings: Vec<Finding>, question: Question<'_>) -> Self {
        Self::new(path, findings, None, None, question)
    }

    /// Puts a report together. `intact` and `verdict` are there if the bundle is intact, and
    /// `folder` if it lies in one, by whose files it is judged.
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
        let (mut against_by_trusted, mut keys_taken_back) = (BTreeSet::new(), BTreeSet::new());
        let (mut missing, mut late, mut revoked_keys) = (Vec::new(), Vec::new(), Vec::new());
        let mut objected_makers = BTreeSet::new();
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
            against_by_trusted = intact.against_by_trusted(verdict);
            keys_taken_back = standing.signers.iter().map(Identity::line).collect();
            missing = missing_parents(intact, verdict);
            late = signed_late(intact, verdict, policy, at);
            revoked_keys = RevokedKey::all(intact, verdict, policy);
            state = verdict.state;
        }
        let (folder, files) = match folder {
            Some(mut folder) => {
                findings.append(&mut folder.findings);
                state = folder.state;
                apart.files = folder.apart;
                for one in &mut objected_elsewhere {
                    one.names_files = folder.objected_makers.contains(&one.record);
                }
                objected_makers = folder.objected_makers;
                (Some(folder.report), folder.files)
            }
            None => (None, Vec::new()),
        };
        if let Some(worse) = State::of_errors(&findings) {
            state = worse;
        }
        if state > State::Malformed && state < required {
            let what = if folder.is_some() { "directory" } else { "bundle" };
            let message = format!("the {what} is {state}, but {required} was required");
            findings.push(Finding::new(Code::PolicyState, Place::unknown(), message));
        }
        let not_proven = NOT_PROVEN.to_vec();
        Self {
            path: path.to_owned(),
            line: String::new(),
            state,
            required,
            signers_checked: policy.is_some(),
            unless_objected: false,
            holds: state >= required,
            at,
            skipped_lines: policy.map(|policy| policy.skipped().to_vec()).unwrap_or_default(),
            records,
            statements,
            objected_elsewhere,
            objected_since: Vec::new(),
            apart,
            folder,
            files,
            findings,
            not_proven,
            across: Vec::new(),
            keys_taken_back,
            objected_makers,
            against_by_trusted,
            release_revoked_since: None,
            revoked_keys,
            missing_parents: missing,
            signed_late: late,
            signers_file: policy.and_then(TrustPolicy::source).map(str::to_owned),
            trusts_nobody: policy.is_some_and(TrustPolicy::is_empty),
        }
    }

    /// Whether somebody whose word counts has something against a record that counts, an ancestor of
    /// one, or a record that names a counted file as its output; or revoked a release of such files.
    /// What is said of other records changes nothing: anybody can add it.
    pub fn is_objected(&self) -> bool {
        let is_objected =
            |record: &RecordReport| !record.objections.is_empty() || !record.ancestors_objected.is_empty();
        self.records.iter().any(is_objected)
            || self.objected_elsewhere.iter().any(|one| one.names_files)
            || self.revoked_release().is_some()
    }

    /// Whether what other places say changes the answer: something that this report or another one of
    /// the same call rests on was revoked there, or anything was said where nobody may object.
    pub fn fails_across(&self) -> bool {
        self.across.iter().any(|one| self.unless_objected || one.lowers())
    }

    /// Objections to records that are not listed, and that bear on those that are.
    pub fn objected_nearby(&self) -> impl Iterator<Item = &ObjectedReport> {
        let ancestors: BTreeSet<RecordId> =
            self.records.iter().flat_map(|record| &record.ancestors_objected).copied().collect();
        self.objected_elsewhere.iter().filter(move |one| one.names_files || ancestors.contains(&one.record))
    }
}
