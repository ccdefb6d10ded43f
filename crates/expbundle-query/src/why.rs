//! Where a file comes from, as a document.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use expbundle::judge::State;
use expbundle::report::{StatementReport, objected, statement_reports};
use expbundle_format::record::Kind as RecordKind;
use expbundle_format::record::role::carries_lineage;
use expbundle_format::time::Time;
use expbundle_format::{Agreement, ArtifactDigests, Finding, RecordId, StatementId};
use expbundle_lineage::{ArtifactFact, RecordFacts};
use expbundle_statement::{Deployment, Kind, Predicate, SkippedLine, VerifiedStatement};
use schemars::JsonSchema;
use serde::Serialize;

use crate::lineage::{AbsentParent, ApartCount, Objected, Relative, ReportedEdge, ReportedGap};
use crate::relations::Relations;
use crate::released::FileRelease;

/// Records that are told of at most.
const MOST_TOLD: usize = 100;

/// Where a file comes from, or the last records of a bundle.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "expbundle why --json")]
pub struct WhyReport {
    /// Whether signers were checked: whether there was a signers file.
    pub signers_checked: bool,
    /// The moment at which keys were judged.
    pub at: Time,
    /// Lines of the signers file that were skipped: they name nobody who can sign here
    /// (spec/trust.md).
    pub skipped_lines: Vec<SkippedLine>,
    /// The digests of the file that was asked about; null if a bundle was.
    pub digest: Option<ArtifactDigests>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// Whether the file is a Git LFS pointer: digest and size are those of the file that it names,
    /// whose bytes are not here.
    pub pointer: bool,
    /// How much holds for all that is told.
    pub state: State,
    /// Whether some record is known to have made the file; true if a bundle was asked about.
    pub made: bool,
    /// The records that put the file out, or the last ones of the bundle: first those that somebody
    /// objects to. At most 100.
    pub told: Vec<Told>,
    /// How many more there are.
    pub more: usize,
    /// Records that may have made the file as well. Of those of which that is only not known, since a
    /// part of them is not here, the ones that lower the answer or that somebody objects to.
    pub other_makers: Vec<RecordId>,
    /// Records that took the file in.
    pub takers: Vec<RecordId>,
    /// What was said against records that took the file in: it says nothing of the file, which they
    /// did not make, and does not change the state.
    pub objected_takers: Vec<Objected>,
    /// Records that give the file another digest or size: then it is not to be trusted.
    pub conflicting: Vec<RecordId>,
    /// What was said against those that made the file, or may have, and against their ancestors, by
    /// those whose word counts: the weightiest first.
    pub objected: Vec<Objected>,
    /// Releases that count, and that list the file, other bytes under its name, or files that are not
    /// known; the latest first. They tell whose it is, and not how it was made.
    pub releases: Vec<FileRelease>,
    /// What counts for nothing, because no trusted key signed it.
    pub apart: ApartCount,
    /// Statements that only a later version can verify: what they say is not known.
    pub set_aside: usize,
    /// Bundles that were not looked at, since they are broken or cannot be read, and links and pipes
    /// that may be bundles or hold some: what they say against these records is not known.
    pub not_read: Vec<String>,
    /// What is wrong with the family or worth knowing.
    pub findings: Vec<Finding>,
}

/// A record that is told of.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// What is known of it.
    pub record: Relative,
    /// Where it got the file; null if a bundle was asked about.
    pub how: Option<HowMade>,
    /// What it was made from, as far as records are here.
    pub parents: Vec<ReportedEdge>,
    /// Parents that it names and that are not here.
    pub absent: Vec<AbsentParent>,
    /// Its inputs that no record accounts for.
    pub gaps: Vec<ReportedGap>,
    /// As what an origin was published, by its own word, like `owner/name@revision`.
    pub published_as: Option<String>,
    /// The licences that it states for the file, or for a tree that the file is in; if a bundle was
    /// asked about, for all models and data sets that it put out.
    pub licences: Vec<String>,
    /// How many records it descends from, as far as they are here.
    pub ancestors: usize,
    /// Reviews, deployments and evaluations of it: those against it first, then by date.
    pub statements: Vec<StatementReport>,
}

/// Where a record that has a file among its outputs got it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HowMade {
    /// The record made it.
    Made,
    /// The record made it, or passed on what others make as well.
    Possible,
    /// The record made it or was given it: what it took in is not all here, or only its description
    /// lists the file.
    Unknown,
    /// It came from outside, and the record describes it.
    Origin,
}

impl WhyReport {
    /// All that is known of the file, or of the last records of the bundle.
    pub fn of(relations: &Relations) -> Self {
        let graph = relations.graph();
        let why = &relations.why;
        let start = relations.objected_first();
        let (told, more) = start.split_at(start.len().min(MOST_TOLD));
        let statements = statement_reports(&relations.intact, &relations.verdict);
        let statements: HashMap<StatementId, &StatementReport> = statements.iter().map(|one| (one.id, one)).collect();
        let report = |statement: &VerifiedStatement| statements.get(&statement.id()).copied().cloned();
        let tell = |id: &RecordId| Told {
            record: Relative::of(relations, *id),
            how: relations.file.as_ref().map(|_| relations.how_made(*id)),
            parents: graph.parents(*id).iter().map(|edge| ReportedEdge::of(relations, edge)).collect(),
            absent: AbsentParent::of(relations, &[*id]),
            gaps: ReportedGap::of(relations, *id),
            published_as: relations.published_as(*id).map(str::to_owned),
            licences: relations.licences(*id).into_iter().map(str::to_owned).collect(),
            ancestors: graph.ancestors(&[*id]).len(),
            statements: relations.said_about(*id).into_iter().filter_map(report).collect(),
        };
        let mut against: Vec<RecordId> = relations.objected(&relations.start);
        against.extend(told.iter().flat_map(|id| objected(&relations.verdict, *id)));
        let takers: BTreeSet<RecordId> = why.takers.iter().map(|(id, _)| *id).collect();
        Self {
            signers_checked: relations.policy.is_some(),
            at: relations.at,
            skipped_lines: relations.skipped_lines(),
            digest: relations.file.as_ref().map(|file| file.digests),
            size: relations.file.as_ref().map(|file| file.size),
            pointer: relations.file.as_ref().is_some_and(|file| file.is_pointer),
            state: relations.state_of_all(relations.family(&relations.start)),
            made: !relations.is_of_unknown_maker(),
            told: told.iter().map(tell).collect(),
            more: more.len(),
            other_makers: relations.other_makers.clone(),
            takers: takers.into_iter().collect(),
            objected_takers: Objected::of(relations, relations.objected_takers()),
            conflicting: why.conflicting.clone(),
            objected: Objected::of(relations, relations.by_weight(against)),
            releases: relations.file_releases(),
            apart: ApartCount::of(&relations.verdict.standing),
            set_aside: relations.intact.set_aside(),
            not_read: relations.not_read(),
            findings: relations.findings.clone(),
        }
    }
}

impl Relations {
    /// Where a record that has the file among its outputs got it.
    pub fn how_made(&self, id: RecordId) -> HowMade {
        if self.is_origin(id) {
            HowMade::Origin
        } else if !self.why.producers.is_empty() {
            HowMade::Made
        } else if !self.why.possible.is_empty() {
            HowMade::Possible
        } else {
            HowMade::Unknown
        }
    }

    /// Records that took in the file that is asked about and that somebody objects to, also those
    /// without a say, the weightiest objections first. They did not make the file, so this says
    /// nothing of it.
    pub fn objected_takers(&self) -> Vec<RecordId> {
        let Some(file) = &self.file else { return Vec::new() };
        let standing = &self.verdict.standing;
        let is_silent = |id: &RecordId| self.intact.records().contains_key(id) && !standing.counts(*id);
        let silent: BTreeSet<RecordId> = standing.against.keys().copied().filter(is_silent).collect();
        let mut takers = self.why.takers.clone();
        if !silent.is_empty() {
            takers
                .extend(self.intact.lineage_without_say(&silent, standing).why(&file.digests, Some(file.size)).takers);
        }
        self.by_weight(takers.into_iter().map(|(id, _)| id))
    }

    /// What by keys that are not trusted speaks of the file that is asked about, or of any record
    /// if none is: authorships of records that list it, and releases.
    pub fn set_apart(&self) -> Vec<&VerifiedStatement> {
        let apart = &self.verdict.standing.apart;
        let is_apart = |one: &&VerifiedStatement| apart.statements.contains(&one.id());
        let records: BTreeSet<RecordId> = match &self.file {
            Some(file) if !apart.records.is_empty() => {
                let graph = self.intact.lineage_without_say(&apart.records, &self.verdict.standing);
                let why = graph.why(&file.digests, Some(file.size));
                [why.producers, why.possible, why.unknown].into_iter().flatten().map(|(id, _)| id).collect()
            }
            Some(_) => BTreeSet::new(),
            None => apart.records.clone(),
        };
        let all = || self.intact.statements().iter().filter(is_apart);
        let mut found: Vec<&VerifiedStatement> = all()
            .filter(|one| one.kind() == Kind::Authorship && records.contains(&RecordId(one.record().blake3)))
            .collect();
        let releases = all().filter(|one| one.listing().is_some()).collect();
        found.extend(self.listing_it(releases));
        found
    }

    /// Whether a record describes what came from outside, and made nothing.
    pub fn is_origin(&self, id: RecordId) -> bool {
        self.graph().record(id).is_some_and(|facts| facts.kind == RecordKind::Origin)
    }

    /// As what an origin was published. Claimed.
    pub fn published_as(&self, id: RecordId) -> Option<&str> {
        let facts = self.graph().record(id).filter(|facts| facts.kind == RecordKind::Origin)?;
        facts.source.as_ref().map(|source| source.run.as_str()).filter(|run| !run.is_empty())
    }

    /// The licences that a record states for the file that is asked about, or for a tree that the
    /// file is in: never that of another output. Without a file, those of all models and data sets
    /// that it put out. Claimed.
    pub fn licences(&self, id: RecordId) -> BTreeSet<&str> {
        let outputs = self.graph().record(id).map(|facts| facts.outputs.as_slice()).unwrap_or_default();
        let is_meant = |output: &&ArtifactFact| match &self.file {
            Some(file) => {
                let files = output.files.iter().map(|listed| listed.digests);
                files.chain(output.digests).any(|digests| digests.agreement(&file.digests) == Agreement::Same)
            }
            None => carries_lineage(&output.role),
        };
        let licences = outputs.iter().filter(is_meant).filter_map(|output| output.licence.as_deref());
        licences.filter(|licence| !licence.trim().is_empty()).collect()
    }

    /// The records to tell of: first those that somebody objects to, the weightiest objections
    /// first, then those with such an ancestor, then by trust and date.
    pub fn objected_first(&self) -> Vec<RecordId> {
        let mut start = self.start.clone();
        let against = &self.verdict.standing.against;
        let graph = self.graph();
        if against.is_empty() {
            start.sort_by_key(|id| graph.rank(*id));
            return start;
        }
        let is_objected = |id| {
            against.contains_key(&id) || graph.absent_parents(id).iter().any(|absent| against.contains_key(absent))
        };
        let above = graph.ancestors_among(|id| is_objected(id).then_some(()), 1);
        let ids = graph.records().iter().map(RecordFacts::id);
        let objected =
            ids.zip(above).filter_map(|(id, above)| (is_objected(id) || !above.first.is_empty()).then_some(id));
        let objected: BTreeSet<RecordId> = objected.collect();
        start.sort_by_key(|id| (self.weight(*id), !objected.contains(id), graph.rank(*id)));
        start
    }

    /// Reviews, deployments and evaluations of a record, each once, those against it first, the
    /// weightiest before others. Left out are those that count for nothing, that a later review of the
    /// same signer replaces, that are dated later than the moment of the question, and that name a
    /// different output.
    pub fn said_about(&self, id: RecordId) -> Vec<&VerifiedStatement> {
        let standing = &self.verdict.standing;
        let mut about = self.intact.statements_about(id);
        about.retain(|statement| {
            matches!(statement.kind(), Kind::Review | Kind::Deployment | Kind::Evaluation)
                && standing.counts_statement(statement.id())
                && !standing.replaced_reviews.contains(&statement.id())
                && statement.created() <= self.at
                && !self.is_of_another_output(statement)
        });
        // Sorted by date and id, so what was wrapped in several envelopes stands side by side.
        about.dedup_by_key(|statement| statement.id());
        about.sort_by_key(|statement| Reverse(self.place_among(id, statement)));
        about
    }

    /// Whether a deployment names an output that is not the file that is asked about.
    fn is_of_another_output(&self, statement: &VerifiedStatement) -> bool {
        match (statement.predicate(), &self.file) {
            (Predicate::Deployment(Deployment { artifact: Some(artifact), .. }), Some(file)) => {
                artifact.agreement(&file.digests) != Agreement::Same
            }
            _ => false,
        }
    }
}
