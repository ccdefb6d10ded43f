//! The family as JSON.

use expbundle::costs::FamilyCosts;
use expbundle::judge::State;
use expbundle::standing::Objection;
use expbundle_format::container::SectionName;
use expbundle_format::time::Time;
use expbundle_format::{ArtifactDigests, Finding, RecordId, StatementId};
use expbundle_lineage::{Edge, Folded, Joins, Link};
use expbundle_statement::SkippedLine;
use schemars::JsonSchema;
use serde::Serialize;

use super::duplicates::{Duplicates, duplicates, not_compared};
use super::words::gap_input;
use super::{Lineage, MOST_EDGES, objected};
use crate::relations::{MOST_ALTERNATIVES, Relations};

/// The family of one or more records.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "expbundle lineage --json")]
pub struct LineageReport {
    /// Whether signers were checked: whether there was a signers file.
    signers_checked: bool,
    /// The moment at which keys were judged.
    at: Time,
    /// Lines of the signers file that were skipped: they name nobody who can sign here (spec/trust.md).
    skipped_lines: Vec<SkippedLine>,
    /// Records that the tree begins with.
    start: Vec<RecordId>,
    /// State of the family: that of its weakest part that is here; null if none is.
    state: Option<State>,
    /// Which records that are here are the weakest.
    weakest: Vec<RecordId>,
    /// What somebody objects to of the records that are asked about and of their ancestors, whether or not they are below: revoked ones first.
    objected: Vec<Objected>,
    /// Parents that are named and not here, so that nothing is known of them.
    absent: Vec<AbsentParent>,
    /// The records of the family.
    records: Vec<Relative>,
    /// What joins them, and what might: the first 100,000. Of one input at most 20 makers have an edge.
    edges: Vec<ReportedEdge>,
    /// Outputs that join an input to more records than have an edge.
    folded: Vec<ReportedFold>,
    /// Whether there are more edges than these.
    more_edges: bool,
    /// Inputs that no record accounts for.
    gaps: Vec<ReportedGap>,
    /// What the family cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<FamilyCosts>,
    /// Runs that repeat each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicates: Option<Vec<Duplicates>>,
    /// Records that were compared with none, because what they did or took in is withheld.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_compared: Option<Vec<RecordId>>,
    /// What is wrong with the family or worth knowing.
    findings: Vec<Finding>,
}

/// A record that somebody objects to.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Objected {
    pub id: RecordId,
    /// Its title, unless it is withheld or not here. Claimed.
    pub title: Option<String>,
    /// What was said against it by those whose word counts, the weightiest first.
    pub objections: Vec<Objection>,
}

/// A record of the family.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Relative {
    pub id: RecordId,
    /// Its title, unless it is withheld. Claimed.
    pub title: Option<String>,
    /// The tool that tracked it. Claimed.
    pub tool: Option<String>,
    /// When it started. Claimed.
    pub started: Option<Time>,
    pub state: State,
    /// Who vouches for it, by principal where trusted, else by name or key.
    pub signers: Vec<String>,
    /// The record that took its place.
    pub superseded_by: Option<RecordId>,
    /// Whether it was revoked.
    pub revoked: bool,
    /// What was said against it by those whose word counts, the weightiest first.
    pub objections: Vec<Objection>,
    /// Its sections that are withheld. Where `artifacts.json` is among them, what it took in is not all known.
    withheld: Vec<SectionName>,
    /// Trees that it took in whose files are not known here.
    hidden_listings: usize,
}

/// A parent that is named and not here.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AbsentParent {
    id: RecordId,
    /// Whether it is set apart, because no trusted key signed it.
    set_apart: bool,
    /// What was said against it by those whose word counts, the weightiest first.
    objections: Vec<Objection>,
}

/// What joins two records.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ReportedEdge {
    child: RecordId,
    parent: RecordId,
    /// `proven`, `declared`, `asserted` or `suggested`.
    grade: String,
    relation: Option<String>,
    /// The bytes that prove it.
    artifacts: Vec<ArtifactDigests>,
    /// Statements that assert it.
    statements: Vec<StatementId>,
    /// Whose word the link or its relation is, where a statement makes it what it is: a principal, or a key that nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    said_by: Option<String>,
}

/// Outputs without an edge, that are the same bytes as an input, or a file of it, or have something in common with it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ReportedFold {
    record: RecordId,
    role: String,
    name: Option<String>,
    digest: Option<ArtifactDigests>,
    /// `proven` or `suggested`.
    grade: String,
    /// How many more.
    count: usize,
}

/// An input that no record accounts for.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ReportedGap {
    record: RecordId,
    role: String,
    name: Option<String>,
    digest: Option<ArtifactDigests>,
}

/// What is known of the records that are shown.
pub fn report(asked: &Lineage, relations: &Relations, start: &[RecordId], shown: &[RecordId]) -> LineageReport {
    let graph = relations.graph();
    let (state, weakest) =
        if asked.down { relations.weakest_below(start, shown) } else { relations.weakest_here(start) };
    let relatives = shown.iter().map(|id| relative(relations, *id));
    let (mut edges, mut folded) = (Vec::new(), Vec::new());
    let mut joins = Joins::among(graph, shown, MOST_ALTERNATIVES);
    // What might be a relative is shown wherever it is.
    let mut hints = Joins::of(graph, MOST_ALTERNATIVES);
    for id in shown {
        let (parents, suggested) = (joins.parents(*id), hints.suggestions(*id));
        let more = parents.folded.into_iter().chain(suggested.folded);
        folded.extend(more.filter_map(|folded| reported_fold(relations, *id, folded)));
        if edges.len() <= MOST_EDGES {
            edges.extend(parents.edges.iter().chain(&suggested.edges).map(|edge| reported(relations, edge)));
        }
    }
    let more_edges = edges.len() > MOST_EDGES;
    edges.truncate(MOST_EDGES);
    let gaps = shown.iter().flat_map(|id| graph.gaps_of(*id).into_iter().map(|input| (*id, input)));
    let absent = graph.absent_parents_of(shown).into_iter().map(|id| AbsentParent {
        id,
        set_apart: relations.verdict.standing.apart.records.contains(&id),
        objections: relations.against(id).to_vec(),
    });
    LineageReport {
        signers_checked: relations.policy.is_some(),
        at: relations.at,
        skipped_lines: relations.policy.as_ref().map(|policy| policy.skipped().to_vec()).unwrap_or_default(),
        start: start.to_vec(),
        state,
        weakest,
        objected: objected::report(relations, objected::family(asked, relations, start)),
        absent: absent.collect(),
        records: relatives.collect(),
        edges,
        folded,
        more_edges,
        gaps: gaps.filter_map(|(record, input)| reported_gap(relations, record, input)).collect(),
        cost: asked.cost.then(|| relations.intact.costs(&relations.verdict, start)),
        duplicates: asked.duplicates.then(|| duplicates(relations)),
        not_compared: asked.duplicates.then(|| not_compared(relations)),
        findings: relations.findings.clone(),
    }
}

pub fn relative(relations: &Relations, id: RecordId) -> Relative {
    let facts = relations.graph().record(id);
    Relative {
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

fn reported(relations: &Relations, edge: &Edge) -> ReportedEdge {
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
    ReportedEdge {
        child: edge.child,
        parent: edge.parent,
        grade: edge.grade().to_string(),
        relation: edge.relation().map(ToString::to_string),
        artifacts,
        statements: statements.collect(),
        said_by: relations.stated_by(edge),
    }
}

fn reported_gap(relations: &Relations, record: RecordId, input: usize) -> Option<ReportedGap> {
    let artifact = gap_input(relations, record, input)?;
    let (role, name) = (artifact.role.to_string(), artifact.name.clone());
    Some(ReportedGap { record, role, name, digest: artifact.digests })
}

fn reported_fold(relations: &Relations, record: RecordId, folded: Folded) -> Option<ReportedFold> {
    let artifact = gap_input(relations, record, folded.input)?;
    Some(ReportedFold {
        record,
        role: artifact.role.to_string(),
        name: artifact.name.clone(),
        digest: artifact.digests,
        grade: folded.grade.to_string(),
        count: folded.count,
    })
}
