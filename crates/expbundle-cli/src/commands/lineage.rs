//! `expbundle lineage`: the family tree of a model.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use camino::Utf8PathBuf;
use expbundle::costs::Costs;
use expbundle::fingerprint::{NotCompared, Seeds};
use expbundle::judge::State;
use expbundle::standing::Objection;
use expbundle_format::sections::Basis;
use expbundle_format::time::Time;
use expbundle_format::{ArtifactDigests, Finding, RecordId, Severity, StatementId};
use expbundle_lineage::draw::{dot, mermaid, svg};
use expbundle_lineage::{
    ArtifactFact, Direction, Edge, Folded, Grade, Joins, Link, Part, Tone as Look, TreeItem, TreeLimits, ViewNode,
    ViewOptions, tree,
};
use expbundle_statement::SkippedLine;
use schemars::JsonSchema;
use serde::Serialize;

use crate::failure::Failure;
use crate::objections;
use crate::relations::{MOST_ALTERNATIVES, Question, Relations};
use crate::statements::{short, starting};
use crate::terminal::{self, Tone, cell, count, named, one_line, paint, quoted, some_of};
use crate::{Outcome, exit, findings};

/// Show the family tree of a model: what it was made from, by whom, and how well each step is proven
///
/// PATH is a bundle, a folder of bundles, a model directory, or a file like `model.safetensors` whose bundle lies in its folder.
/// Bundles of other teams are added by `--with`; equal bytes join their records by themselves.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Debug, clap::Args)]
#[command(
    group(clap::ArgGroup::new("form").args(["json", "dot", "mermaid", "svg"])),
    after_help = "Examples:\n  expbundle lineage family.expb\n  expbundle lineage model.safetensors --with ./bundles\n  \
    expbundle lineage family.expb --svg > family.svg\n  expbundle lineage family.expb --cost\n\n\
    Grades: proven (equal digests) · declared (by the record itself) · asserted (by a signed link) · suggested (never counted)"
)]
pub struct Lineage {
    /// Bundle, folder of bundles, model directory, or a file that a record made
    path: Utf8PathBuf,
    /// More bundles, or folders of them
    #[arg(long, value_name = "PATH")]
    with: Vec<Utf8PathBuf>,
    /// Begin with this record (an id, or its beginning) [default: each record that no other follows from]
    #[arg(long, value_name = "ID")]
    record: Option<String>,
    /// To what it came from; that is the default
    #[arg(long, conflicts_with = "down")]
    up: bool,
    /// To what came from it
    #[arg(long)]
    down: bool,
    /// Only so many steps away
    #[arg(long, value_name = "STEPS")]
    depth: Option<usize>,
    /// Only the way to this ancestor
    #[arg(long, value_name = "ID", conflicts_with_all = ["down", "depth"])]
    to: Option<String>,
    /// What the whole ancestry cost, each ancestor counted once
    #[arg(long)]
    cost: bool,
    /// Runs that repeat each other
    #[arg(long)]
    duplicates: bool,
    /// Signers to trust, in OpenSSH `allowed_signers` form
    #[arg(long, value_name = "FILE")]
    trust: Option<Utf8PathBuf>,
    /// Write JSON (schemas/lineage.schema.json)
    #[arg(long)]
    json: bool,
    /// Write a Graphviz graph
    #[arg(long)]
    dot: bool,
    /// Write a Mermaid flowchart
    #[arg(long)]
    mermaid: bool,
    /// Write a picture
    #[arg(long)]
    svg: bool,
}

/// Edges that a report or a picture has.
const MOST_EDGES: usize = 100_000;
/// Figures that are in no sum and shown beside it.
const FIGURES: usize = 20;
/// Ways to an ancestor that are shown.
const WAYS: usize = 20;
/// Names of signers of one record that are shown.
const SIGNERS: usize = 5;

/// The family of one or more records.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "expbundle lineage --json")]
pub struct LineageReport {
    /// Lines of the signers file that were skipped: they name nobody who can sign here (spec/trust.md).
    skipped_lines: Vec<SkippedLine>,
    /// Records that the tree begins with.
    start: Vec<RecordId>,
    /// State of the family: that of its weakest part that is here.
    state: Option<State>,
    /// Which parts are the weakest.
    weakest: Vec<RecordId>,
    /// Parents that are named and not here, so that nothing is known of them.
    absent: Vec<RecordId>,
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
    cost: Option<CostReport>,
    /// Runs that repeat each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicates: Option<Vec<Duplicates>>,
    /// What is wrong with the family or worth knowing.
    findings: Vec<Finding>,
}

/// A record of the family.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Relative {
    id: RecordId,
    /// Its title, unless it is withheld. Claimed.
    title: Option<String>,
    /// The tool that tracked it. Claimed.
    tool: Option<String>,
    /// When it started. Claimed.
    started: Option<Time>,
    state: State,
    /// Who vouches for it, by principal where trusted, else by name or key.
    signers: Vec<String>,
    /// The record that took its place.
    superseded_by: Option<RecordId>,
    /// Whether it was revoked.
    revoked: bool,
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

/// What a family cost.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CostReport {
    #[serde(flatten)]
    sums: Costs,
    /// Records whose cost was counted.
    counted: Vec<RecordId>,
    /// Records whose cost is not known.
    unknown: Vec<RecordId>,
    /// Records of a run that was counted already.
    repeated: Vec<RecordId>,
    /// Records that were revoked: what they cost is not added.
    revoked: Vec<RecordId>,
    /// Parents that are not here.
    absent: Vec<RecordId>,
}

/// Runs of one recipe.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Duplicates {
    records: Vec<RecordId>,
    /// Whether the seeds are the same too.
    same_seeds: bool,
    /// What no record has, so that they may differ in it.
    not_compared: Vec<NotCompared>,
}

impl Lineage {
    pub fn run(self) -> Outcome {
        let relations = Relations::of(&Question {
            path: &self.path,
            with: &self.with,
            trust: self.trust.as_deref(),
            record: self.record.as_deref(),
            down: self.down,
            all: self.duplicates,
        })?;
        relations.refused.iter().for_each(Failure::print);
        let start = if self.down && self.record.is_none() && relations.file.is_none() {
            beginnings(&relations)
        } else {
            relations.start.clone()
        };
        if start.is_empty() {
            return Err(Failure::usage("no record here made this file")
                .at(self.path.as_str())
                .help("name more bundles by `--with`; `expbundle why` says what is known of the file"));
        }
        let shown = self.shown(&relations, &start)?;
        if self.json {
            let report = self.report(&relations, &start, &shown);
            terminal::say_json(&report);
        } else if self.dot || self.mermaid || self.svg {
            let options = ViewOptions { gaps: true, suggestions: true, edges: MOST_EDGES, ..ViewOptions::default() };
            let view = relations.graph().view(&shown, options, |part| node(&relations, part));
            if view.edges.len() == MOST_EDGES {
                let most = terminal::grouped(MOST_EDGES as u64);
                terminal::talk(&format!("no more than {most} links are drawn; `--depth` or `--to` choose a part\n"));
            }
            let draw = if self.dot {
                dot
            } else if self.mermaid {
                mermaid
            } else {
                svg
            };
            terminal::say(&draw(&view));
        } else {
            terminal::say(&self.words(&relations, &start, &shown)?);
        }
        let is_broken = !relations.refused.is_empty() || relations.findings.iter().any(Finding::is_error);
        // The program is done, and to free 100,000 records one by one takes long.
        std::mem::forget(relations);
        Ok(if is_broken { exit::FAILED } else { exit::OK })
    }

    fn direction(&self) -> Direction {
        if self.down { Direction::Down } else { Direction::Up }
    }

    /// The records of the family, in the order of their ids.
    fn shown(&self, relations: &Relations, start: &[RecordId]) -> Result<Vec<RecordId>, Failure> {
        let graph = relations.graph();
        let mut shown: BTreeSet<RecordId> = BTreeSet::new();
        if let Some(ancestor) = &self.to {
            let to = starting(relations.intact.records().keys().copied(), ancestor)?;
            shown.extend(graph.ways_to(to).into_iter().flat_map(|ways| ways.of_all(start)));
            if shown.is_empty() {
                return Err(
                    Failure::usage(format!("{} is no ancestor", short(&to))).help("`--down` shows what came from it")
                );
            }
        } else if let Some(depth) = self.depth {
            let walk = graph.walk(start, self.direction(), depth);
            shown.extend(walk.into_iter().map(|reached| reached.record));
        } else {
            shown.extend(start);
            shown.extend(if self.down { graph.descendants(start) } else { graph.ancestors(start) });
        }
        Ok(shown.into_iter().collect())
    }

    fn words(&self, relations: &Relations, start: &[RecordId], shown: &[RecordId]) -> Result<String, Failure> {
        let mut text = String::new();
        if let Some(ancestor) = &self.to {
            let to = starting(relations.intact.records().keys().copied(), ancestor)?;
            let ways = relations.graph().ways_to(to);
            let mut ways = start.iter().filter_map(|id| ways.as_ref()?.of(*id));
            ways.by_ref().take(WAYS).for_each(|way| text += &way_words(relations, &way));
            let more = ways.count() as u64;
            if more > 0 {
                _ = writeln!(text, "… and {}; `--record` chooses one, `--json` has all", count(more, "more way"));
            }
            return Ok(text);
        }
        if self.cost {
            return Ok(objected(relations, shown) + &cost_words(&cost(relations, start)) + &remarks(relations));
        }
        if self.duplicates {
            let duplicates = duplicates(relations);
            return Ok(objected(relations, shown) + &duplicate_words(relations, &duplicates) + &remarks(relations));
        }
        let limits = TreeLimits { depth: self.depth.unwrap_or(usize::MAX), ..TreeLimits::default() };
        let mut records = RecordWords { relations, known: HashMap::new() };
        for line in tree(relations.graph(), start, self.direction(), limits) {
            text += &line.prefix();
            text += &item_words(&mut records, &line.item, line.edge.as_ref());
            text.push('\n');
        }
        text += &family_words(relations, start, shown.len());
        text += &remarks(relations);
        Ok(text)
    }

    fn report(&self, relations: &Relations, start: &[RecordId], shown: &[RecordId]) -> LineageReport {
        let graph = relations.graph();
        let weakest = graph.weakest(start, |id| present_state(relations, id));
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
        let mut absent: Vec<RecordId> = shown.iter().flat_map(|id| graph.absent_parents(*id)).collect();
        absent.sort_unstable();
        absent.dedup();
        LineageReport {
            skipped_lines: relations.policy.as_ref().map(|policy| policy.skipped().to_vec()).unwrap_or_default(),
            start: start.to_vec(),
            state: weakest.as_ref().and_then(|(state, _)| *state),
            weakest: weakest.map(|(_, which)| which).unwrap_or_default(),
            absent,
            records: relatives.collect(),
            edges,
            folded,
            more_edges,
            gaps: gaps.filter_map(|(record, input)| reported_gap(relations, record, input)).collect(),
            cost: self.cost.then(|| cost(relations, start)),
            duplicates: self.duplicates.then(|| duplicates(relations)),
            findings: relations.findings.clone(),
        }
    }
}

/// What was said against the records that are shown.
fn objected(relations: &Relations, shown: &[RecordId]) -> String {
    let against = &relations.verdict.standing.against;
    objections::lines(
        shown.iter().filter_map(|id| {
            Some((*id, objections::title(relations.title(*id).as_deref()), against.get(id)?.as_slice()))
        }),
    )
}

/// Findings that are worth a look, and what was set apart.
fn remarks(relations: &Relations) -> String {
    let mut text = String::new();
    if let Some(apart) = objections::apart(&relations.verdict.standing.apart) {
        _ = writeln!(text, "{}", paint(Tone::Doubt, &apart));
    }
    let worth: Vec<Finding> =
        relations.findings.iter().filter(|finding| finding.severity() >= Severity::Warning).cloned().collect();
    if !worth.is_empty() {
        text.push('\n');
        text += &findings::all(&worth);
    }
    text
}

/// Records of the family that follow from no other: a tree downwards begins with them.
fn beginnings(relations: &Relations) -> Vec<RecordId> {
    let mut family = relations.graph().ancestors(&relations.start);
    family.extend(&relations.start);
    family.sort_unstable();
    family.dedup();
    let first: Vec<RecordId> = family.iter().copied().filter(|id| relations.graph().is_beginning(*id)).collect();
    if first.is_empty() { relations.start.clone() } else { first }
}

/// The state of a record, or nothing if it is not here: that is less than any.
fn present_state(relations: &Relations, id: RecordId) -> Option<State> {
    relations.graph().record(id).map(|_| relations.state(id))
}

fn relative(relations: &Relations, id: RecordId) -> Relative {
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
        objections: relations.verdict.standing.against.get(&id).cloned().unwrap_or_default(),
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
    }
}

fn gap_input(relations: &Relations, record: RecordId, input: usize) -> Option<&ArtifactFact> {
    relations.graph().record(record)?.inputs.get(input)
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

/// How many more outputs join an input to records that are not shown.
fn folded_words(folded: Folded) -> String {
    let outputs = count(folded.count as u64, "more output");
    match folded.grade {
        Grade::Proven => format!("and {outputs} of the same bytes"),
        _ => format!("and {outputs} with something in common"),
    }
}

/// What an input is called: its name, or else the beginning of its digest.
fn gap_name(artifact: &ArtifactFact) -> String {
    let digest = || artifact.digests.map(|digests| digests.to_string().chars().take(19).collect()).unwrap_or_default();
    quoted(&artifact.name.clone().unwrap_or_else(digest))
}

/// Records in words, each put into words once: reading its context is the most of the work.
struct RecordWords<'a> {
    relations: &'a Relations,
    known: HashMap<RecordId, String>,
}

impl RecordWords<'_> {
    fn get(&mut self, id: RecordId) -> &str {
        self.known.entry(id).or_insert_with(|| record_words(self.relations, id))
    }
}

/// A record in one line: id, title, tool, date, who vouches.
fn record_words(relations: &Relations, id: RecordId) -> String {
    let one = relative(relations, id);
    let title = one.title.as_deref().map_or_else(|| "(title withheld)".to_owned(), quoted);
    let mut text = format!("{} {}", short(&id), paint(Tone::Strong, &title));
    if let Some(tool) = &one.tool {
        _ = write!(text, " · {}", named(tool));
    }
    if let Some(started) = one.started {
        _ = write!(text, " · {}", started.to_string().chars().take(10).collect::<String>());
    }
    let signers = one_line(&some_of(&one.signers, SIGNERS, ", "));
    text += &match one.state {
        _ if one.revoked => String::new(),
        State::Trusted => format!(" · {}", paint(Tone::Good, &format!("trusted, by {signers}"))),
        State::Signed => {
            let keys = if one.signers.len() == 1 { "an unknown key" } else { "unknown keys" };
            format!(" · {}", paint(Tone::Doubt, &format!("signed by {keys}: {signers}")))
        }
        State::Intact | State::Malformed | State::Refused => format!(" · {}", paint(Tone::Doubt, "unsigned")),
    };
    if !one.objections.is_empty() {
        _ = write!(text, " · {}", paint(Tone::Bad, &objections::all(&one.objections)));
    }
    text
}

/// The bytes that prove a link: what the child calls them, and how large they are.
fn proof(relations: &Relations, edge: &Edge) -> Option<String> {
    let Link::SameBytes { input, .. } = edge.links.first()? else { return None };
    let artifact = relations.graph().record(edge.child)?.inputs.get(input.artifact)?;
    let file = input.file.and_then(|file| artifact.files.get(file));
    let name = file.map(|file| file.path.as_str()).or(artifact.name.as_deref());
    let size = file.map(|file| file.size_bytes).or(artifact.size_bytes)?;
    let name = name.map(|name| format!("{}, ", quoted(name))).unwrap_or_default();
    Some(format!(" by {name}{} B", terminal::grouped(size)))
}

fn edge_words(relations: &Relations, edge: &Edge) -> String {
    let tone = match edge.grade() {
        Grade::Proven => Tone::Good,
        Grade::Declared | Grade::Asserted => Tone::Doubt,
        Grade::Suggested => Tone::Hint,
    };
    let relation = edge.relation().map(|relation| format!(" {}", cell(relation.as_str()))).unwrap_or_default();
    let proof = proof(relations, edge).unwrap_or_default();
    format!("[{}{relation}{proof}]", paint(tone, edge.grade().as_str()))
}

fn item_words(records: &mut RecordWords<'_>, item: &TreeItem, edge: Option<&Edge>) -> String {
    let edge = edge.map(|edge| edge_words(records.relations, edge) + " ").unwrap_or_default();
    match item {
        TreeItem::Record { record, again } => {
            let again = if *again { " · shown above" } else { "" };
            format!("{edge}{}{again}", records.get(*record))
        }
        TreeItem::Absent { record } => {
            let is_apart = records.relations.verdict.standing.apart.records.contains(record);
            let why = if is_apart { "signed by no trusted key" } else { "not found" };
            format!("{edge}{} {}", short(record), paint(Tone::Bad, &format!("is named as a parent, {why}")))
        }
        TreeItem::Gap { record, input } => {
            let named = gap_input(records.relations, *record, *input)
                .map(|artifact| format!("{} {}", cell(artifact.role.as_str()), gap_name(artifact)))
                .unwrap_or_default();
            format!("{} {named}", paint(Tone::Bad, "unknown origin:"))
        }
        TreeItem::Suggested { record } => format!("{edge}{}", records.get(*record)),
        TreeItem::Folded { folded, .. } => format!("… {}", folded_words(*folded)),
        TreeItem::More { count: left } => format!("… and {} more", count(*left as u64, "line")),
        TreeItem::MoreStarts { count: left } => {
            format!("… and {} to begin with; `--record` chooses one", count(*left as u64, "more record"))
        }
    }
}

fn family_words(relations: &Relations, start: &[RecordId], size: usize) -> String {
    let mut text = format!("\n{}: ", count(size as u64, "record"));
    match relations.graph().weakest(start, |id| present_state(relations, id)) {
        Some((None, which)) => {
            _ = writeln!(text, "{}: {} not here", paint(Tone::Bad, "the family is incomplete"), listed(&which));
        }
        Some((Some(state), which)) => {
            let tone = if state == State::Trusted { Tone::Good } else { Tone::Doubt };
            let state = paint(tone, state.as_str());
            let mut family = relations.graph().ancestors(start);
            family.extend(start);
            family.retain(|id| relations.verdict.standing.against.contains_key(id));
            let but = match family.len() {
                0 => String::new(),
                number => paint(Tone::Bad, &format!("; signers object to {}", count(number as u64, "record"))),
            };
            _ = if which.len() == size {
                writeln!(text, "the family is {state}, all of it{but}")
            } else {
                writeln!(text, "the family is {state}, as its weakest part is: {}{but}", listed(&which))
            };
        }
        None => text.push('\n'),
    }
    text
}

fn listed(ids: &[RecordId]) -> String {
    const SHOWN: usize = 6;
    let first: Vec<String> = ids.iter().take(SHOWN).map(short).collect();
    match ids.len().saturating_sub(SHOWN) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

fn way_words(relations: &Relations, way: &[RecordId]) -> String {
    let mut text = String::new();
    let mut child: Option<RecordId> = None;
    for id in way {
        if let Some(child) = child {
            let edge = relations.graph().edge(child, *id);
            _ = writeln!(text, "  ↑ {}", edge.map(|edge| edge_words(relations, &edge)).unwrap_or_default());
        }
        _ = writeln!(text, "{}", record_words(relations, *id));
        child = Some(*id);
    }
    text
}

fn cost(relations: &Relations, start: &[RecordId]) -> CostReport {
    let (sums, rollup) = relations.intact.costs(&relations.verdict, start);
    let family = rollup.counted.iter().chain(&rollup.unknown).chain(&rollup.repeated);
    let revoked = family.copied().filter(|id| relations.verdict.standing.records.contains(id)).collect();
    CostReport {
        sums,
        revoked,
        counted: rollup.counted,
        unknown: rollup.unknown,
        repeated: rollup.repeated,
        absent: rollup.absent,
    }
}

fn cost_words(cost: &CostReport) -> String {
    let basis = |basis| match basis {
        Basis::Measured => "measured",
        Basis::Estimated => "estimated",
        Basis::Billed => "billed",
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for one in &cost.sums.resources {
        let model = one.model.as_deref().map(|model| format!(" {}", cell(model))).unwrap_or_default();
        let amount = format!("{:.3} {}", one.amount.0, cell(&one.unit));
        rows.push(vec![format!("{}{model}", cell(&one.resource)), amount, basis(one.basis).to_owned()]);
    }
    for one in &cost.sums.charges {
        let amount = format!("{} {}", one.amount, cell(&one.currency));
        rows.push(vec!["charged".to_owned(), amount, basis(one.basis).to_owned()]);
    }
    let mut text = terminal::table(&rows);
    _ = writeln!(text, "counted: {}, each once", count(cost.counted.len() as u64, "record"));
    for (which, why) in [
        (&cost.unknown, "say nothing of their cost"),
        (&cost.repeated, "are of a run that was counted already"),
        (&cost.absent, "are not here"),
        (&cost.revoked, "were revoked"),
    ] {
        if !which.is_empty() {
            let why = paint(Tone::Doubt, why);
            _ = writeln!(text, "not counted: {} that {why}: {}", count(which.len() as u64, "record"), listed(which));
        }
    }
    for one in cost.sums.not_added.iter().take(FIGURES) {
        _ = writeln!(text, "not added: {} {}: {}", cell(&one.amount), cell(&one.unit), one.why);
    }
    let more = cost.sums.not_added.len().saturating_sub(FIGURES) as u64;
    if more > 0 {
        _ = writeln!(text, "not added: {}; `--json` has all", count(more, "more figure"));
    }
    text
}

fn duplicates(relations: &Relations) -> Vec<Duplicates> {
    let groups = |seeds| relations.graph().duplicates(|id| relations.intact.fingerprint(id, seeds));
    let same = groups(Seeds::Count);
    let known: BTreeSet<Vec<RecordId>> = same.iter().cloned().collect();
    let other = groups(Seeds::Ignored).into_iter().filter(|records| !known.contains(records));
    let groups = same.into_iter().map(|records| (records, true)).chain(other.map(|records| (records, false)));
    let duplicates = groups.map(|(records, same_seeds)| {
        // Those of one fingerprint lack the same.
        let not_compared = records.first().map(|id| relations.intact.not_compared(*id)).unwrap_or_default();
        Duplicates { records, same_seeds, not_compared }
    });
    duplicates.collect()
}

fn duplicate_words(relations: &Relations, duplicates: &[Duplicates]) -> String {
    if duplicates.is_empty() {
        return "no two runs here have the same recipe, as far as known\n".to_owned();
    }
    let mut text = String::new();
    for group in duplicates {
        let seeds = if group.same_seeds { "seeds too" } else { "but for the seeds" };
        _ = writeln!(text, "{}", paint(Tone::Strong, &format!("the same recipe, as far as known, {seeds}")));
        for id in &group.records {
            _ = writeln!(text, "  {}", record_words(relations, *id));
        }
        let not: Vec<&str> = group.not_compared.iter().map(|one| one.as_str()).collect();
        _ = writeln!(text, "  {} {}", paint(Tone::Doubt, "not compared:"), not.join(", "));
    }
    text
}

/// A part of the picture.
fn node(relations: &Relations, part: Part) -> ViewNode {
    match part {
        Part::Record(id) => {
            let one = relative(relations, id);
            let title = one.title.as_deref().map_or_else(|| "(title withheld)".to_owned(), quoted);
            let started = one.started.map(|started| started.to_string().chars().take(10).collect::<String>());
            let told: Vec<String> = [one.tool.as_deref().map(named), started].into_iter().flatten().collect();
            // A fingerprint in full is wider than everything else in the picture.
            let brief = |signer: &String| match signer.strip_prefix("SHA256:") {
                Some(_) => signer.chars().take(15).chain(['…']).collect(),
                None => signer.clone(),
            };
            let signers = some_of(&one.signers.iter().map(brief).collect::<Vec<String>>(), SIGNERS, ", ");
            let (tone, standing) = match one.state {
                _ if one.revoked => (Look::Bad, "revoked".to_owned()),
                State::Trusted => (Look::Good, format!("trusted: {}", one_line(&signers))),
                State::Signed => (Look::Plain, format!("unknown key: {signers}")),
                State::Intact | State::Malformed | State::Refused => (Look::Doubtful, "unsigned".to_owned()),
            };
            let tone = if one.objections.is_empty() { tone } else { Look::Bad };
            let lines = [title, objections::all(&one.objections), told.join(" · "), standing, short(&id)];
            ViewNode { lines: lines.into_iter().filter(|line| !line.is_empty()).collect(), tone }
        }
        Part::Absent(id) => ViewNode { lines: vec!["not found".to_owned(), short(&id)], tone: Look::Missing },
        Part::Gap(record, input) => {
            let (role, name) = gap_input(relations, record, input)
                .map(|artifact| (cell(artifact.role.as_str()), gap_name(artifact)))
                .unwrap_or_default();
            ViewNode { lines: vec![name, format!("{role}: unknown origin")], tone: Look::Missing }
        }
        Part::Folded(_, folded) => ViewNode { lines: vec![folded_words(folded)], tone: Look::Plain },
    }
}
