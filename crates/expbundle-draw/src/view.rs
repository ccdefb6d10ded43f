//! A view: the part of a lineage that a picture shows, with the caller's labels.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use expbundle_format::{ArtifactDigests, RecordId};
use expbundle_lineage::{Edge, Folded, Grade, Joins, Lineage, Parents, relation};

/// What a node of a picture stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A record that is here.
    Record(RecordId),
    /// A parent that is named and not here.
    Absent(RecordId),
    /// An input of a record that no record accounts for, by its position.
    Gap(RecordId, usize),
    /// So many more such inputs of a record than are shown.
    Gaps(RecordId, usize),
    /// So many more outputs that join an input of a record than are shown.
    Folded(RecordId, Folded),
}

/// How a node looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to say.
    #[default]
    Plain,
    /// Trusted, or as asked.
    Good,
    /// Look twice.
    Doubtful,
    /// Sound by itself; something that it derives from is not.
    Below,
    /// Broken, revoked, in a circle.
    Bad,
    /// Not here.
    Missing,
}

/// A node of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewNode {
    /// The first line is the title.
    pub lines: Vec<String>,
    /// How it looks.
    pub tone: Tone,
}

/// An edge of a picture, from the ancestor to the descendant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewEdge {
    /// Position of the ancestor among the nodes.
    pub parent: usize,
    /// Position of the descendant among the nodes.
    pub child: usize,
    /// Decides how it is drawn. `None`: it is not a link, but leads from an input that no record
    /// made.
    pub grade: Option<Grade>,
    /// The relation and who states it, or nothing.
    pub label: String,
    /// The descendant is a part of the other, like a trial of a sweep: the arrow points from the
    /// part to the whole, which stands on the side of the descendants.
    pub is_part: bool,
}

impl ViewEdge {
    /// Where the arrow begins and ends.
    pub(crate) fn ends(&self) -> (usize, usize) {
        if self.is_part { (self.child, self.parent) } else { (self.parent, self.child) }
    }
}

/// Something to draw. Positions that no node has are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// A heading.
    pub title: String,
    /// As of when and by whom it was judged: a line below the heading.
    pub basis: String,
    /// Lines that stand above what is drawn, each of them whole.
    pub warnings: Vec<String>,
    /// What is shown.
    pub nodes: Vec<ViewNode>,
    /// What joins it.
    pub edges: Vec<ViewEdge>,
}

impl View {
    /// The lines above the picture: of title and basis those that there are.
    pub(crate) fn heading(&self) -> impl Iterator<Item = &str> {
        [self.title.as_str(), self.basis.as_str()].into_iter().filter(|line| !line.is_empty())
    }

    /// Edges whose both ends are nodes.
    pub(crate) fn sound_edges(&self) -> impl Iterator<Item = &ViewEdge> {
        self.edges.iter().filter(|edge| edge.parent < self.nodes.len() && edge.child < self.nodes.len())
    }
}

/// What besides records and the links between them is shown, and how much of it.
#[derive(Clone, Copy, Debug)]
pub struct ViewOptions {
    /// Links at most.
    pub edges: usize,
    /// Alternatives of one input that are shown: of what thousands made and thousands took in, each
    /// pair would be a link.
    pub alternatives: usize,
    /// Inputs that no record accounts for, and parents that are not here.
    pub gaps: bool,
    /// Links that prove nothing.
    pub suggestions: bool,
}

/// Inputs of one record without an origin that are shown: a model that was trained on twenty data
/// sets would be lost among them.
const GAPS: usize = 5;

impl Default for ViewOptions {
    fn default() -> Self {
        Self { edges: 100_000, alternatives: 10, gaps: false, suggestions: false }
    }
}

impl View {
    /// The picture of these records and what joins them, labelled by the caller.
    ///
    /// Pictures are for people: give it a few hundred records, not all that there are.
    pub fn of(
        lineage: &Lineage,
        records: &[RecordId],
        options: ViewOptions,
        node: impl Fn(Part) -> ViewNode,
        label: impl Fn(&Edge) -> String,
    ) -> View {
        let shown: BTreeSet<RecordId> = records.iter().copied().filter(|&id| lineage.record(id).is_some()).collect();
        let mut parts: BTreeMap<Part, usize> = BTreeMap::new();
        let mut nodes = Vec::new();
        let mut add = |part: Part| {
            *parts.entry(part).or_insert_with(|| {
                nodes.push(node(part));
                nodes.len() - 1
            })
        };
        for &record in &shown {
            add(Part::Record(record));
        }
        let mut edges = Vec::new();
        let mut joins = Joins::among(lineage, records, options.alternatives);
        let mut same = Same::default();
        for &record in &shown {
            if edges.len() >= options.edges {
                break;
            }
            let child = add(Part::Record(record));
            let parents = joins.parents(record);
            let suggested = if options.suggestions { joins.suggestions(record) } else { Parents::default() };
            for edge in parents.edges.iter().chain(&suggested.edges) {
                let (parent, grade) = (add(Part::Record(edge.parent)), Some(edge.grade()));
                edges.push(ViewEdge { parent, child, grade, label: label(edge), is_part: edge.is_part() });
            }
            for folded in parents.folded.into_iter().chain(suggested.folded) {
                let part = same.folded(lineage, record, folded);
                let grade = Some(folded.grade);
                edges.push(unlabelled(add(part), child, grade));
            }
            if options.gaps {
                let absent = lineage.absent_parents(record).into_iter();
                for id in absent {
                    let known = lineage.relation_to_absent(record, id).filter(|relation| relation::is_known(relation));
                    edges.push(ViewEdge {
                        label: known.map(relation::told).unwrap_or_default(),
                        is_part: known.is_some_and(relation::is_part),
                        ..unlabelled(add(Part::Absent(id)), child, Some(lineage.grade_of_absent(record, id)))
                    });
                }
                let gaps = lineage.gaps_of(record);
                let (first, more) = gaps.split_at(if gaps.len() > GAPS { GAPS - 1 } else { gaps.len() });
                for input in first {
                    edges.push(unlabelled(add(same.gap(lineage, record, *input)), child, None));
                }
                if !more.is_empty() {
                    edges.push(unlabelled(add(Part::Gaps(record, more.len())), child, None));
                }
            }
        }
        edges.truncate(options.edges);
        View { nodes, edges, ..View::default() }
    }
}

fn unlabelled(parent: usize, child: usize, grade: Option<Grade>) -> ViewEdge {
    ViewEdge { parent, child, grade, label: String::new(), is_part: false }
}

/// What an input is known by: its bytes, or else its name with the digests that its tracker gave
/// it.
#[derive(PartialEq, Eq, Hash)]
enum Known<'a> {
    Bytes(ArtifactDigests),
    Named(&'a str, &'a BTreeMap<String, String>),
}

impl<'a> Known<'a> {
    fn of(lineage: &'a Lineage, record: RecordId, input: usize) -> Option<Self> {
        let artifact = lineage.record(record)?.inputs.get(input)?;
        match (artifact.digests, &artifact.name) {
            (Some(digests), _) => Some(Self::Bytes(digests)),
            (None, Some(name)) if !artifact.foreign.is_empty() => Some(Self::Named(name, &artifact.foreign)),
            _ => None,
        }
    }
}

/// The same input is one node, whoever took them in: that of the first taker that is shown.
#[derive(Default)]
struct Same<'a> {
    gaps: HashMap<Known<'a>, Part>,
    folded: HashMap<(ArtifactDigests, Grade, usize), Part>,
}

impl<'a> Same<'a> {
    fn gap(&mut self, lineage: &'a Lineage, record: RecordId, input: usize) -> Part {
        let part = Part::Gap(record, input);
        match Known::of(lineage, record, input) {
            Some(known) => *self.gaps.entry(known).or_insert(part),
            None => part,
        }
    }

    fn folded(&mut self, lineage: &Lineage, record: RecordId, folded: Folded) -> Part {
        let part = Part::Folded(record, folded);
        match digests(lineage, record, folded.input) {
            Some(digests) => *self.folded.entry((digests, folded.grade, folded.count)).or_insert(part),
            None => part,
        }
    }
}

fn digests(lineage: &Lineage, record: RecordId, input: usize) -> Option<ArtifactDigests> {
    lineage.record(record)?.inputs.get(input)?.digests
}
