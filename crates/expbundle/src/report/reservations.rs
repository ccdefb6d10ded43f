//! What keeps somebody who asks for no objections from a yes: objections, whatever their dates, and
//! what cannot be known.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use expbundle_format::container::EntryName;
use expbundle_format::time::Time;
use expbundle_format::{Code, Finding, Foreign, Place, RecordId, StatementId};
use expbundle_statement::{Judgement, Kind, TrustPolicy};

use super::{ObjectedReport, Report};
use crate::folder::ReleaseReport;
use crate::judge::Verdict;
use crate::standing::Objection;
use crate::verify::Intact;

/// A parent that a record that counts names, or that a link about one does, and that is not here for
/// what counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MissingParent {
    /// The parent.
    pub record: RecordId,
    /// Whether it is in the bundle, and no trusted key signed it.
    pub is_apart: bool,
}

/// A statement that counts, and by its own date was signed when its key was no longer trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedLate {
    /// The statement.
    pub statement: StatementId,
    /// Its file in the bundle.
    pub entry: String,
    /// `authorship` or `release`.
    pub kind: String,
    /// When it was made, as its signer says.
    pub created: Time,
    /// For whom the signers file trusts the key at the moment that is judged.
    pub trusted_as: Vec<String>,
}

/// Parents of which nobody can tell from this bundle what was said of them. What was taken back and
/// is here is objected to.
pub(super) fn missing_parents(intact: &Intact, verdict: &Verdict) -> Vec<MissingParent> {
    let lineage = &verdict.lineage;
    let named: BTreeSet<RecordId> =
        lineage.records().iter().flat_map(|facts| lineage.absent_parents(facts.id())).collect();
    let is_missing = |id: &RecordId| !verdict.standing.taken_back.contains(id);
    let parent = |record| MissingParent { record, is_apart: intact.records().contains_key(&record) };
    named.into_iter().filter(is_missing).map(parent).collect()
}

/// What counts at a moment in the past, and says of itself that it was signed after its key was
/// trusted: whoever chose the moment may not know that.
pub(super) fn signed_late(
    intact: &Intact,
    verdict: &Verdict,
    policy: Option<&TrustPolicy>,
    at: Time,
) -> Vec<SignedLate> {
    let Some(policy) = policy else { return Vec::new() };
    let counting = intact.statements().iter().filter(|one| {
        matches!(one.kind(), Kind::Authorship | Kind::Release)
            && one.created() > at
            && verdict.standing.counts_statement(one.id())
    });
    let late = counting.filter_map(|one| {
        let then = policy.judge(one.identity(), one.time_evidence(), one.created().timestamp());
        let trusted_as = verdict.trusted.get(&one.id()).filter(|names| !names.is_empty())?.clone();
        (!matches!(then, Judgement::Trusted { .. })).then(|| SignedLate {
            statement: one.id(),
            entry: EntryName::Statement(one.file_digest()).to_string(),
            kind: one.kind().to_string(),
            created: one.created(),
            trusted_as,
        })
    });
    // One statement may be in several envelopes.
    let by_id: BTreeMap<StatementId, SignedLate> = late.map(|one| (one.statement, one)).collect();
    by_id.into_values().collect()
}

impl Report {
    /// Adds what was said after the moment that is judged: what `later`, the same in hindsight, has
    /// against records that count, their ancestors, makers of the files and the release.
    #[must_use]
    pub fn with_hindsight(mut self, later: &Self) -> Self {
        let known = |report: &Self| -> HashSet<(RecordId, StatementId)> {
            let here = report.records.iter().map(|one| (one.id, &one.objections));
            let all = here.chain(report.objected_elsewhere.iter().map(|one| (one.record, &one.objections)));
            all.flat_map(|(id, objections)| objections.iter().map(move |one| (id, one.statement))).collect()
        };
        let known = known(&self);
        let counting: HashSet<RecordId> = self.records.iter().map(|record| record.id).collect();
        let ancestors = later.records.iter().flat_map(|record| &record.ancestors_objected).copied();
        let near: HashSet<RecordId> = counting.iter().copied().chain(ancestors).collect();
        // What is taken back by then, and was set apart at the moment, may have made the files.
        let names_files = |id| !counting.contains(&id) && later.objected_makers.contains(&id);
        let here = later.records.iter().map(|one| (one.id, &one.objections, names_files(one.id)));
        let elsewhere = later.objected_elsewhere.iter().map(|one| (one.record, &one.objections, one.names_files));
        self.objected_since = here
            .chain(elsewhere)
            .filter(|(id, _, names_files)| *names_files || near.contains(id))
            .map(|(record, objections, names_files)| {
                let is_new = |one: &&Objection| !known.contains(&(record, one.statement));
                let objections = objections.iter().filter(is_new).cloned().collect();
                ObjectedReport { record, objections, names_files }
            })
            .filter(|one| !one.objections.is_empty())
            .collect();
        self.release_revoked_since =
            if self.revoked_release().is_some() { None } else { later.revoked_release().cloned() };
        self
    }

    /// A release of files that are here, or of files that are not known, that was revoked: the one
    /// that has most of them.
    pub fn revoked_release(&self) -> Option<&ReleaseReport> {
        let releases = self.folder.iter().flat_map(|folder| &folder.releases);
        let revoked = releases.filter(|release| release.is_objection());
        // Of equals the latest, which stands first.
        revoked.min_by_key(|release| (!release.same, Reverse(release.here)))
    }

    /// Whether nothing keeps somebody who asks for no objections from a yes.
    pub fn is_without_reservations(&self) -> bool {
        !self.is_objected()
            && self.objected_since.is_empty()
            && self.release_revoked_since.is_none()
            && self.missing_parents.is_empty()
            && self.signed_late.is_empty()
    }

    /// The report for somebody who asks that nobody objects: where somebody does, or did later, or
    /// that cannot be known, it does not hold.
    #[must_use]
    pub fn unless_objected(mut self) -> Self {
        self.unless_objected = true;
        if !self.is_without_reservations() {
            self.holds = false;
            let reservations = self.reservations();
            self.findings.extend(reservations);
        }
        self
    }

    fn reservations(&self) -> Vec<Finding> {
        let say = |place: Place, message: String| Finding::new(Code::PolicyObjection, place, message);
        let here = self.records.iter().map(|one| (one.id, &one.objections));
        let near = self.objected_nearby().map(|one| (one.record, &one.objections));
        let since = self.objected_since.iter().map(|one| (one.record, &one.objections));
        let objections = here.chain(near).chain(since);
        let objected = objections.filter_map(|(id, objections)| {
            let one = objections.first()?;
            let place = Place::entry(EntryName::Record(id).to_string());
            let (what, by) = (one.kind.as_str(), by(&one.trusted_as, &one.key));
            let reason = reason(one.reason.as_deref());
            Some(say(place, format!("{what} by {by}, dated {}{reason}", one.created)))
        });
        let releases = self.revoked_release().into_iter().chain(&self.release_revoked_since);
        let revoked = releases.filter_map(|release| {
            let one = release.revoked_by.as_ref()?;
            let (by, reason) = (one.by.join(", "), reason(one.reason.as_deref()));
            let message = format!("{} was revoked by {by}, dated {}{reason}", release.what(), one.created);
            Some(say(Place::unknown(), message))
        });
        let missing = self.missing_parents.iter().map(|parent| {
            let why = if parent.is_apart { "is not signed by a trusted key" } else { "is not here" };
            let message = format!("the parent record {} {why}, so what was said of it is not known", parent.record);
            say(Place::unknown(), message)
        });
        let late = self.signed_late.iter().map(|one| {
            let by = one.trusted_as.join(", ");
            let message = format!(
                "the {} is dated {}, when the key of {by} was not trusted, and {} is judged",
                one.kind, one.created, self.at
            );
            say(Place::entry(one.entry.clone()), message)
        });
        objected.chain(revoked).chain(missing).chain(late).collect()
    }
}

fn by(principals: &[String], key: &str) -> String {
    if principals.is_empty() { format!("the key {key}") } else { principals.join(", ") }
}

fn reason(reason: Option<&str>) -> String {
    reason.map(|reason| format!(": {}", Foreign::new(reason))).unwrap_or_default()
}
