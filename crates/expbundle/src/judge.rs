//! Verification, second half: opinions about signers (spec/report.md, "States").
//!
//! A fact about bytes stays true; whether a signer is trusted depends on a policy and a moment. So
//! a [`Verdict`] is a value, made from both.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::str::FromStr;

use expbundle_format::container::EntryName;
use expbundle_format::{Code, Finding, Foreign, Place, RecordId, StatementId};
use expbundle_lineage::Lineage;
use expbundle_statement::{Predicate, TrustPolicy, VerifiedStatement};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::bundle::Bundle;
use crate::future;
use crate::spoken_of::Attributed;
use crate::standing::{Apart, ObjectionKind, Standing};
use crate::verify::{CheckError, Intact};

/// How much holds. Each state includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// There is no answer: it is beyond the limits of this reader, or there is no bundle.
    Refused,
    /// Something is not what it claims to be.
    Malformed,
    /// Every name, digest and signature was recomputed and agrees.
    Intact,
    /// Each record has a valid authorship statement.
    Signed,
    /// Each record has one by a signer whom the policy trusts.
    Trusted,
}

impl State {
    /// The word that stands in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Malformed => "malformed",
            Self::Intact => "intact",
            Self::Signed => "signed",
            Self::Trusted => "trusted",
        }
    }
}

impl State {
    /// The state that findings leave possible at most: none of these two if there is no error.
    pub(crate) fn of_errors(findings: &[Finding]) -> Option<Self> {
        let mut errors = findings.iter().filter(|finding| finding.is_error()).peekable();
        errors.peek()?;
        Some(if errors.all(Finding::is_no_answer) { Self::Refused } else { Self::Malformed })
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not a state that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("states are intact, signed and trusted")]
pub struct StateError;

impl FromStr for State {
    type Err = StateError;

    fn from_str(text: &str) -> Result<Self, StateError> {
        [Self::Intact, Self::Signed, Self::Trusted].into_iter().find(|state| state.as_str() == text).ok_or(StateError)
    }
}

/// Parents that records here name, that are not here or have no say, and that were revoked.
fn revoked_parents<'a>(lineage: &'a Lineage, standing: &'a Standing) -> impl Iterator<Item = RecordId> + 'a {
    let named = lineage.records().iter().flat_map(|facts| lineage.absent_parents(facts.id()));
    named.filter(|id| standing.was_revoked(*id))
}

/// What a policy makes of an intact bundle at a moment.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// That of the weakest record that counts; `intact` if none does, or if one names a parent that
    /// was revoked and is not here.
    pub state: State,
    /// Of each record by itself, those that are set apart too.
    pub records: BTreeMap<RecordId, State>,
    /// Principals for whom the policy trusts the signer of each statement; empty if it trusts none.
    pub trusted: BTreeMap<StatementId, Vec<String>>,
    /// Whether there was a signers file.
    pub signers_checked: bool,
    /// What counts, and what was taken back.
    pub standing: Standing,
    /// The graph of the records that count.
    pub lineage: Lineage,
    /// Records that count and that no other one derives from, in the order of their ids.
    pub heads: Vec<RecordId>,
    /// What the statements, the lineage and the signers have wrong with them.
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// The records that were taken back and that records that count name as their parents.
    fn declared_and_taken_back(&self) -> BTreeSet<RecordId> {
        let (taken_back, graph) = (&self.standing.taken_back, &self.lineage);
        if taken_back.is_empty() {
            return BTreeSet::new();
        }
        let absent = graph.records().iter().flat_map(|facts| graph.absent_parents(facts.id()));
        absent.filter(|id| taken_back.contains(id)).collect()
    }

    /// Of these records without a say, those that lower what derives from them: they were taken
    /// back by name, or are named as parents. That a key was taken back is not enough, since a
    /// thief can sign records with it that seem to have made anything.
    pub fn lowering(&self, of: &BTreeSet<RecordId>) -> BTreeSet<RecordId> {
        let declared = self.declared_and_taken_back();
        let standing = &self.standing;
        let lowers = |id: &&RecordId| {
            standing.taken_back.contains(*id) && (standing.named.contains(*id) || declared.contains(*id))
        };
        of.iter().filter(lowers).copied().collect()
    }

    /// Whether a record was revoked, or all that vouched for it.
    pub fn was_revoked(&self, record: RecordId) -> bool {
        self.standing.was_revoked(record)
    }

    /// The state of a part of the records: what a verification of these alone would conclude.
    ///
    /// That of the weakest of them; an error anywhere is one for all, and of no record nothing can
    /// be trusted.
    pub fn state_of(&self, records: impl IntoIterator<Item = RecordId>) -> State {
        let states = records.into_iter().filter_map(|id| self.records.get(&id).copied());
        let weakest = states.min().unwrap_or(State::Intact);
        State::of_errors(&self.findings).map_or(weakest, |worse| worse.min(weakest))
    }
}

impl Bundle {
    /// Checks a bundle that was made or joined in memory as if it came from elsewhere, and judges it:
    /// what is intact by itself may contradict something in another bundle.
    ///
    /// # Errors
    /// It is not intact, or contradicts itself; or there is no room for its bytes on the disk.
    pub fn sound(&self, policy: Option<&TrustPolicy>, at: Timestamp) -> Result<(Intact, Verdict), CheckError> {
        let intact = self.check()?.intact;
        let verdict = intact.sound(policy, at)?;
        Ok((intact, verdict))
    }
}

impl Intact {
    /// Judges a bundle by `policy` at `at`. Without a policy nobody is trusted, everything counts,
    /// and nothing is said about it.
    ///
    /// With a policy, records and statements that no trusted key signed are set aside before
    /// anything is computed: they change nothing but
    /// [`Standing::apart`](crate::standing::Standing::apart) (spec/trust.md, "Strangers apart").
    pub fn judge(&self, policy: Option<&TrustPolicy>, at: impl Into<Timestamp>) -> Verdict {
        let standing = self.standing(policy, at.into());
        let lineage = self.lineage(&standing);
        self.verdict(policy.is_some(), standing, lineage)
    }

    /// Judges a bundle as of a moment, and counts what was said against anything after it too, each
    /// by whoever was trusted when it was said. `None` if nothing was: then it is the same.
    pub fn judge_in_hindsight(&self, policy: Option<&TrustPolicy>, at: impl Into<Timestamp>) -> Option<Verdict> {
        let at = at.into();
        let is_later = |statement: &VerifiedStatement| {
            statement.predicate().is_against()
                && future::counts_from(statement).max(statement.created()).timestamp() > at
        };
        self.statements().iter().any(is_later).then(|| {
            let standing = self.standing_in_hindsight(policy, at);
            let lineage = self.lineage(&standing);
            self.verdict(policy.is_some(), standing, lineage)
        })
    }

    /// Judges a bundle, and refuses one whose parts contradict each other.
    ///
    /// # Errors
    /// [`CheckError::Contradiction`].
    pub fn sound(&self, policy: Option<&TrustPolicy>, at: Timestamp) -> Result<Verdict, CheckError> {
        let verdict = self.judge(policy, at);
        if verdict.state > State::Malformed {
            return Ok(verdict);
        }
        Err(CheckError::Contradiction(verdict.findings.into_iter().filter(Finding::is_error).collect()))
    }

    /// The graph of what counts.
    pub(crate) fn lineage(&self, standing: &Standing) -> Lineage {
        Lineage::build(self.facts(standing))
    }

    /// The graph of records that have no say: nothing follows from it, and what one of them put out
    /// is still its output.
    pub fn lineage_without_say(&self, records: &BTreeSet<RecordId>, standing: &Standing) -> Lineage {
        let mut alone = standing.clone();
        alone.taken_back.clear();
        alone.apart.records = self.records().keys().filter(|id| !records.contains(id)).copied().collect();
        self.lineage(&alone)
    }

    /// The records without a say that these derive from, or may derive from, to which somebody
    /// trusted objects by name; or that were taken back and that one of these, or a record that these
    /// derive from, names as its parents. So to leave out who signed them hides nothing
    /// (spec/lineage.md, "Nothing missing helps").
    pub fn objected_above(&self, verdict: &Verdict, of: &[RecordId]) -> BTreeSet<RecordId> {
        let Some((silent, with)) = self.with_objected(verdict) else { return BTreeSet::new() };
        let above: BTreeSet<RecordId> = with.possible_ancestors(of).into_iter().collect();
        silent.intersection(&above).copied().collect()
    }

    /// The same for an answer about what came from these: such records that derive from them, or may,
    /// and what any of these derive from.
    pub fn objected_below(&self, verdict: &Verdict, of: &[RecordId]) -> BTreeSet<RecordId> {
        let Some((silent, with)) = self.with_objected(verdict) else { return BTreeSet::new() };
        let below: Vec<RecordId> = with.possible_descendants(of).into_iter().chain(of.iter().copied()).collect();
        let family: BTreeSet<RecordId> = with.possible_ancestors(&below).into_iter().chain(below).collect();
        silent.intersection(&family).copied().collect()
    }

    /// The records without a say to which somebody trusted objects by name, or that were taken back
    /// and that a record that counts names; and the graph as if they counted. Nothing if there are
    /// none.
    ///
    /// Of those that are only named as parents their outputs join nothing: they are parents of those
    /// that name them. What a third record names changes nothing between two others.
    pub(crate) fn with_objected(&self, verdict: &Verdict) -> Option<(BTreeSet<RecordId>, Lineage)> {
        let standing = &verdict.standing;
        let is_named = |id: &RecordId| {
            let objections = standing.against.get(id).into_iter().flatten();
            let mut by_name = objections.filter(|objection| objection.kind != ObjectionKind::Revoked);
            by_name.next().is_some() || standing.named.contains(id)
        };
        let by_name: BTreeSet<RecordId> =
            standing.taken_back.iter().chain(&standing.apart.records).copied().filter(is_named).collect();
        let declared = verdict.declared_and_taken_back();
        let silent: BTreeSet<RecordId> = by_name.union(&declared).copied().collect();
        if silent.is_empty() {
            return None;
        }
        let mut with = standing.clone();
        with.taken_back.retain(|id| !silent.contains(id));
        with.apart.records.retain(|id| !silent.contains(id));
        let mut facts = self.facts(&with);
        let is_only_declared = |id: &RecordId| declared.contains(id) && !by_name.contains(id);
        facts.records.iter_mut().filter(|one| is_only_declared(&one.id())).for_each(|one| one.outputs.clear());
        Some((silent, Lineage::build(facts)))
    }

    pub(crate) fn verdict(&self, has_policy: bool, mut standing: Standing, mut lineage: Lineage) -> Verdict {
        let mut records: BTreeMap<RecordId, State> = self.records().keys().map(|id| (*id, State::Intact)).collect();
        for statement in self.vouching(&standing) {
            let record = RecordId(statement.record().blake3);
            let is_trusted = standing.trusted.get(&statement.id()).is_some_and(|principals| !principals.is_empty());
            let state = match (has_policy, is_trusted) {
                (true, true) => State::Trusted,
                (true, false) if standing.apart.records.contains(&record) => State::Signed,
                // What strangers add does not raise what a trusted key signed and took back.
                (true, false) => continue,
                (false, _) => State::Signed,
            };
            if let Some(known) = records.get_mut(&record) {
                *known = (*known).max(state);
            }
        }
        lineage.rank_by(|id| records.get(&id).copied());
        let of_counting = records.iter().filter(|(id, _)| standing.counts(**id)).map(|(_, state)| *state);
        // Where no record counts nothing is signed by anybody whose word does, and what was taken
        // back does not go unnoticed.
        let of_taken_back = standing.taken_back.first().map(|_| State::Intact);
        // Nor does that a parent was, where the parent itself is left out.
        let of_named = revoked_parents(&lineage, &standing).next().map(|_| State::Intact);
        let mut state = of_counting.chain(of_taken_back).chain(of_named).min().unwrap_or(State::Intact);
        // Each step relies on what the one before it checks, so an error ends them.
        let mut findings = self.together(has_policy, &standing);
        for step in [lineage.findings(), &standing.findings] {
            if !findings.iter().any(Finding::is_error) {
                findings.extend(step.iter().cloned());
            }
        }
        if let Some(worse) = State::of_errors(&findings) {
            state = worse;
        }
        let heads = lineage.heads();
        let trusted = std::mem::take(&mut standing.trusted);
        Verdict { state, records, trusted, signers_checked: has_policy, standing, lineage, heads, findings }
    }

    /// What objects that count have wrong with them together: step 7.
    pub(crate) fn together(&self, has_policy: bool, standing: &Standing) -> Vec<Finding> {
        let mut findings = self.custody(has_policy, standing);
        findings.extend(self.contradictions(standing));
        findings
    }

    /// What objects that count say of each other and does not fit.
    fn contradictions(&self, standing: &Standing) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut told = HashSet::new();
        // A listing of many files is named by many records: each list of them is gone through once.
        let mut counting: HashMap<*const RecordId, Option<RecordId>> = HashMap::new();
        for (wrong, actual) in self.misdescribed() {
            let by = counting
                .entry(wrong.by.as_ptr())
                .or_insert_with(|| wrong.by.iter().copied().find(|record| standing.counts(*record)));
            let Some(by) = *by else { continue };
            let place = || Place::entry(EntryName::Artifact(wrong.artifact).to_string());
            if let (Some(said), Some(size)) = (wrong.said.size, actual.size)
                && said != size
                && told.insert((wrong.artifact, Code::DigestSize))
            {
                let message = format!("record {by} says {said} bytes, found {size}");
                findings.push(Finding::new(Code::DigestSize, place(), message));
            }
            if let (Some(said), Some(sha256)) = (wrong.said.sha256, actual.sha256)
                && said != sha256
                && told.insert((wrong.artifact, Code::DigestDivergent))
            {
                let message = format!("record {by} says SHA-256 {said}, found {sha256}");
                findings.push(Finding::new(Code::DigestDivergent, place(), message));
            }
        }
        // Artifact by artifact, whichever record comes first.
        findings.sort_by(|a, b| (&a.place.entry, a.code).cmp(&(&b.place.entry, b.code)));
        let counting = |wrong: &&Attributed| wrong.by.iter().any(|record| standing.counts(*record));
        findings.extend(self.attributed().iter().filter(counting).map(|wrong| wrong.finding.clone()));
        for statement in self.statements().iter().filter(|statement| self.contradicts(statement)) {
            // What is set apart is not here, whatever its digests.
            let is_of_what_counts = standing.counts(RecordId(statement.record().blake3));
            if is_of_what_counts && !standing.apart.statements.contains(&statement.id()) {
                let message = "the subject has the BLAKE3 of a record that is here, and another SHA-256";
                findings.push(Finding::new(Code::StatementSubject, statement.place(), message));
            }
        }
        findings
    }

    /// What statements that count have wrong with them together: chains, and seals.
    ///
    /// A seal binds only if its key is trusted or signed the record that it is about, or anybody
    /// could break a bundle by it.
    fn custody(&self, has_policy: bool, standing: &Standing) -> Vec<Finding> {
        let mut findings = Vec::new();
        let apart: BTreeSet<String> = self
            .statements()
            .iter()
            .filter(|statement| standing.apart.statements.contains(&statement.id()))
            .map(|statement| EntryName::Statement(statement.file_digest()).to_string())
            .collect();
        // Whether one that it follows is missing can be said only where all were read.
        if !self.is_partial() {
            let counting = self.statements().iter().filter(|one| !standing.apart.statements.contains(&one.id()));
            findings.extend(expbundle_statement::chain::check(counting));
        }
        let authors = self.authors();
        for statement in self.statements() {
            let Predicate::Seal(seal) = statement.predicate() else { continue };
            let entry = EntryName::Statement(statement.file_digest()).to_string();
            let binds = if has_policy {
                !apart.contains(&entry)
            } else {
                let authors = authors.get(&RecordId(statement.record().blake3));
                authors.is_some_and(|authors| authors.contains(statement.identity()))
            };
            if !binds {
                continue;
            }
            let is_here = |name: &&String| name.parse().is_ok_and(|name| self.bundle().get(&name).is_some());
            let mut missing = seal.objects.iter().filter(|name| !is_here(name));
            if let Some(first) = missing.next() {
                let more = match missing.count() {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                let message = format!("{}{more} is missing", Foreign::new(first));
                findings.push(Finding::new(Code::StatementSeal, statement.place(), message));
            }
        }
        findings
    }

    /// What the check found, less the remarks on what is set apart: errors in its bytes stay.
    pub fn remarks(&self, findings: Vec<Finding>, standing: &Standing) -> Vec<Finding> {
        if standing.apart == Apart::default() {
            return findings;
        }
        let statements = self.statements().iter().filter(|one| standing.apart.statements.contains(&one.id()));
        let statements = statements.map(|one| EntryName::Statement(one.file_digest()).to_string()).collect();
        let is_apart = |finding: &Finding| {
            let entry = finding.place.entry.as_deref().unwrap_or_default();
            let record = entry.strip_prefix("records/").and_then(|rest| rest.split('/').next());
            let record = record.and_then(|record| record.parse().ok());
            is_of(&statements, finding) || record.is_some_and(|id| standing.apart.records.contains(&id))
        };
        let kept = findings.into_iter().filter(|finding| finding.is_error() || !is_apart(finding));
        let (mut findings, mut of_statements): (Vec<Finding>, Vec<Finding>) = kept.partition(|finding| {
            let entry = finding.place.entry.as_deref().unwrap_or_default();
            finding.is_error() || !entry.starts_with("statements/")
        });
        // A record that is set apart is not here for what is said of it.
        let counting = self.statements().iter().filter(|one| !standing.apart.statements.contains(&one.id()));
        let orphaned = counting.filter(|one| {
            let record = RecordId(one.record().blake3);
            one.listing().is_none() && standing.apart.records.contains(&record)
        });
        of_statements.extend(orphaned.map(|one| {
            Finding::new(Code::StatementOrphan, one.place(), format!("it is about record {}", one.record().blake3))
        }));
        of_statements.sort_by(|a, b| a.place.entry.cmp(&b.place.entry));
        findings.append(&mut of_statements);
        findings
    }
}

fn is_of(entries: &BTreeSet<String>, finding: &Finding) -> bool {
    finding.place.entry.as_ref().is_some_and(|entry| entries.contains(entry))
}
