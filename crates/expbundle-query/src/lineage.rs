//! A family of records as a document.

use std::collections::{BTreeMap, BTreeSet};

use expbundle::costs::FamilyCosts;
use expbundle::judge::State;
use expbundle::standing::{Objection, Standing};
use expbundle_format::container::SectionName;
use expbundle_format::time::Time;
use expbundle_format::{ArtifactDigests, Finding, RecordId, StatementId};
use expbundle_lineage::{Edge, Folded, Joins, Link};
use expbundle_statement::SkippedLine;
use schemars::JsonSchema;
use serde::Serialize;

use crate::duplicates::Duplicates;
use crate::relations::{Absence, MOST_ALTERNATIVES, Relations, Scope};

/// Edges that a report has at most.
pub const MOST_EDGES: usize = 100_000;

/// The family of one or more records.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "expbundle lineage --json")]
pub struct LineageReport {
    /// Whether signers were checked: whether there was a signers file.
    pub signers_checked: bool,
    /// The moment at which keys were judged.
    pub at: Time,
    /// Lines of the signers file that were skipped: they name nobody who can sign here
    /// (spec/trust.md).
    pub skipped_lines: Vec<SkippedLine>,
    /// Records that the tree begins with.
    pub start: Vec<RecordId>,
    /// State of the family: that of its weakest part that is here, and at most `intact` if a bundle
    /// was not read, or a parent that is not here was revoked; null if nothing is here.
    pub state: Option<State>,
    /// Which records that are here are the weakest.
    pub weakest: Vec<RecordId>,
    /// What somebody objects to of the records that are asked about, of their ancestors, and with
    /// `--down` of what came from them, whether or not they are below: revoked ones first.
    pub objected: Vec<Objected>,
    /// What counts for nothing and is not below, because no trusted key signed it.
    pub apart: ApartCount,
    /// Statements that only a later version can verify: what they say is not known.
    pub set_aside: usize,
    /// Parents that are named, and are not here or have no say.
    pub absent: Vec<AbsentParent>,
    /// The records of the family.
    pub records: Vec<Relative>,
    /// What joins them, and what might: the first 100,000. Of one input at most 20 makers have an
    /// edge.
    pub edges: Vec<ReportedEdge>,
    /// Outputs that join an input to more records than have an edge.
    pub folded: Vec<ReportedFold>,
    /// Whether there are more edges than these.
    pub more_edges: bool,
    /// Inputs that no record accounts for.
    pub gaps: Vec<ReportedGap>,
    /// What the family cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<FamilyCosts>,
    /// Runs that repeat each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<Vec<Duplicates>>,
    /// Records that were compared with none, because what they did or took in is withheld.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_compared: Option<Vec<RecordId>>,
    /// Bundles that were not looked at, since they are broken or cannot be read, and links and pipes
    /// that may be bundles or hold some: what they say against these records is not known.
    pub not_read: Vec<String>,
    /// What is wrong with the family or worth knowing.
    pub findings: Vec<Finding>,
}

/// How much was set apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ApartCount {
    /// Records.
    pub records: usize,
    /// Statements.
    pub statements: usize,
}

impl ApartCount {
    /// What was set apart.
    pub fn of(standing: &Standing) -> Self {
        let apart = &standing.apart;
        Self { records: apart.records.len(), statements: apart.statements.len() }
    }
}

/// A record that somebody objects to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Objected {
    /// The record.
    pub id: RecordId,
    /// Its title, unless it is withheld, or the record is not here or does not count. Claimed.
    pub title: Option<String>,
    /// What was said against it by those whose word counts, the weightiest first.
    pub objections: Vec<Objection>,
}

/// A record of the family.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Relative {
    /// The record.
    pub id: RecordId,
    /// Its title, unless it is withheld. Claimed.
    pub title: Option<String>,
    /// The tool that tracked it. Claimed.
    pub tool: Option<String>,
    /// When it started. Claimed.
    pub started: Option<Time>,
    /// How much holds for it.
    pub state: State,
    /// Who vouches for it, by principal where trusted, else by name or key.
    pub signers: Vec<String>,
    /// The record that took its place.
    pub superseded_by: Option<RecordId>,
    /// Whether it was revoked.
    pub revoked: bool,
    /// What was said against it by those whose word counts, the weightiest first.
    pub objections: Vec<Objection>,
    /// Its sections that are withheld. Where `artifacts.json` is among them, what it took in is not
    /// all known.
    pub withheld: Vec<SectionName>,
    /// Trees that it took in whose files are not known here.
    pub hidden_listings: usize,
}

/// A parent that is named and has no place in the graph.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AbsentParent {
    /// The record.
    pub id: RecordId,
    /// Whether it is set apart, because no trusted key signed it.
    pub set_apart: bool,
    /// Whether it is in the bundle, and was taken back.
    pub taken_back: bool,
    /// Who says so, where no record here names it itself: by principal where trusted, else by key.
    pub said_by: Vec<String>,
    /// What was said against it by those whose word counts, the weightiest first.
    pub objections: Vec<Objection>,
}

/// What joins two records.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportedEdge {
    /// The record that followed.
    pub child: RecordId,
    /// What it followed from.
    pub parent: RecordId,
    /// `proven`, `declared`, `asserted` or `suggested`.
    pub grade: String,
    /// How the child follows from the parent (spec/relations.toml).
    pub relation: Option<String>,
    /// The bytes that prove it.
    pub artifacts: Vec<ArtifactDigests>,
    /// Statements that assert it.
    pub statements: Vec<StatementId>,
    /// Whose word the link or its relation is, where a statement makes it what it is: a principal,
    /// or a key that nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said_by: Option<String>,
}

/// Outputs without an edge, that are the same bytes as an input, or a file of it, or have something
/// in common with it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportedFold {
    /// The record that took it in.
    pub record: RecordId,
    /// The role of the input.
    pub role: String,
    /// Its name in the record's source.
    pub name: Option<String>,
    /// Its digests, if they are known.
    pub digest: Option<ArtifactDigests>,
    /// `proven` or `suggested`.
    pub grade: String,
    /// How many more.
    pub count: usize,
}

/// An input that no record accounts for.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportedGap {
    /// The record that took it in.
    pub record: RecordId,
    /// The role of the input.
    pub role: String,
    /// Its name in the record's source.
    pub name: Option<String>,
    /// Its digests, if they are known.
    pub digest: Option<ArtifactDigests>,
}

impl LineageReport {
    /// What is known of the records that are shown. `start` are those that the tree begins with.
    pub fn of(relations: &Relations, start: &[RecordId], shown: &[RecordId], with_costs: bool) -> Self {
        let graph = relations.graph();
        let everything = relations.scope == Scope::Everything;
        let (state, weakest) = match relations.scope {
            Scope::Descendants => relations.weakest_below(start, shown),
            _ => relations.weakest_here(start),
        };
        let state = state.map(|state| state.min(relations.concluded(start, shown)));
        let (mut edges, mut folded) = (Vec::new(), Vec::new());
        let mut joins = Joins::among(graph, shown, MOST_ALTERNATIVES);
        // What might be a relative is shown wherever it is.
        let mut hints = Joins::of(graph, MOST_ALTERNATIVES);
        for id in shown {
            let (parents, suggested) = (joins.parents(*id), hints.suggestions(*id));
            let more = parents.folded.into_iter().chain(suggested.folded);
            folded.extend(more.filter_map(|folded| reported_fold(relations, *id, folded)));
            if edges.len() <= MOST_EDGES {
                edges
                    .extend(parents.edges.iter().chain(&suggested.edges).map(|edge| ReportedEdge::of(relations, edge)));
            }
        }
        let more_edges = edges.len() > MOST_EDGES;
        edges.truncate(MOST_EDGES);
        let gaps = shown.iter().flat_map(|id| ReportedGap::of(relations, *id));
        Self {
            signers_checked: relations.policy.is_some(),
            at: relations.at,
            skipped_lines: relations.skipped_lines(),
            start: start.to_vec(),
            state,
            weakest,
            objected: Objected::of(relations, relations.objected(start)),
            apart: ApartCount::of(&relations.verdict.standing),
            set_aside: relations.intact.set_aside(),
            absent: AbsentParent::of(relations, shown),
            records: shown.iter().map(|id| Relative::of(relations, *id)).collect(),
            edges,
            folded,
            more_edges,
            gaps: gaps.collect(),
            cost: with_costs.then(|| relations.intact.costs(&relations.verdict, start)),
            duplicates: everything.then(|| Duplicates::among(relations)),
            not_compared: everything.then(|| Duplicates::not_compared(relations)),
            not_read: relations.not_read(),
            findings: relations.findings.clone(),
        }
    }
}

impl Objected {
    /// These records, in this order.
    pub fn of(relations: &Relations, records: Vec<RecordId>) -> Vec<Self> {
        // A stranger may have chosen the title of a record that does not count.
        let title = |id| relations.graph().record(id).and_then(|_| relations.title(id));
        let one = |id| Self { id, title: title(id), objections: relations.against(id).to_vec() };
        records.into_iter().map(one).collect()
    }
}

impl AbsentParent {
    /// Parents that these records name and that are not here, or have no say.
    pub fn of(relations: &Relations, records: &[RecordId]) -> Vec<Self> {
        let mut named_by: BTreeMap<RecordId, Vec<Vec<String>>> = BTreeMap::new();
        for child in records {
            for parent in relations.graph().absent_parents(*child) {
                named_by.entry(parent).or_default().push(relations.who_names(*child, parent));
            }
        }
        let one = |(id, said_by): (RecordId, Vec<Vec<String>>)| {
            let is_declared = said_by.iter().any(Vec::is_empty);
            let said_by: BTreeSet<String> = said_by.into_iter().filter(|_| !is_declared).flatten().collect();
            let absence = relations.absence(id);
            Self {
                id,
                set_apart: absence == Absence::SetApart,
                taken_back: absence == Absence::TakenBack,
                said_by: said_by.into_iter().collect(),
                objections: relations.against(id).to_vec(),
            }
        };
        named_by.into_iter().map(one).collect()
    }
}

impl Relative {
    /// What is known of a record.
    pub fn of(relations: &Relations, id: RecordId) -> Self {
        let facts = relations.graph().record(id);
        Self {
            id,
            title: relations.title(id),
            tool: facts.and_then(|facts| facts.source.as_ref()).map(|source| source.tool.clone()),
            started: facts.and_then(|facts| facts.started),
            state: relations.state(id),
            signers: relations.signers(id),
            superseded_by: relations.verdict.standing.successors.get(&id).copied(),
            revoked: relations.verdict.standing.records.contains(&id),
            objections: relations.against(id).to_vec(),
            withheld: relations.intact.withheld_sections(id),
            hidden_listings: facts.map_or(0, expbundle_lineage::RecordFacts::hidden_listings),
        }
    }
}

impl ReportedEdge {
    /// A link, with what makes it one.
    pub fn of(relations: &Relations, edge: &Edge) -> Self {
        let inputs = relations.graph().record(edge.child).map(|facts| facts.inputs.as_slice()).unwrap_or_default();
        let mut artifacts: Vec<ArtifactDigests> = edge
            .links
            .iter()
            .filter_map(|link| match link {
                Link::SameBytes { input, .. } => {
                    let artifact = inputs.get(input.artifact)?;
                    match input.file {
                        Some(file) => artifact.files.get(file).map(|file| file.digests),
                        None => artifact.digests,
                    }
                }
                _ => None,
            })
            .collect();
        artifacts.sort();
        artifacts.dedup();
        let statements = edge.links.iter().filter_map(|link| match link {
            Link::Statement { statement, .. } => Some(*statement),
            _ => None,
        });
        Self {
            child: edge.child,
            parent: edge.parent,
            grade: edge.grade().to_string(),
            relation: edge.relation().map(|relation| relation.as_str().to_owned()),
            artifacts,
            statements: statements.collect(),
            said_by: relations.stated_by(edge),
        }
    }
}

impl ReportedGap {
    /// The inputs of a record that no record accounts for.
    pub fn of(relations: &Relations, record: RecordId) -> Vec<Self> {
        let gaps = relations.graph().gaps_of(record).into_iter();
        let gap = |input| {
            let artifact = relations.input(record, input)?;
            let (role, name) = (artifact.role.as_str().to_owned(), artifact.name.clone());
            Some(Self { record, role, name, digest: artifact.digests })
        };
        gaps.filter_map(gap).collect()
    }
}

fn reported_fold(relations: &Relations, record: RecordId, folded: Folded) -> Option<ReportedFold> {
    let artifact = relations.input(record, folded.input)?;
    Some(ReportedFold {
        record,
        role: artifact.role.as_str().to_owned(),
        name: artifact.name.clone(),
        digest: artifact.digests,
        grade: folded.grade.to_string(),
        count: folded.count,
    })
}
