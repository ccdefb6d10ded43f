//! A view: the part of a lineage that a picture shows, with the caller's labels.

use std::collections::{BTreeMap, BTreeSet};

use expbundle_format::{Foreign, RecordId};

use crate::lineage::Lineage;
use crate::link::Grade;

/// What a node of a picture stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A record that is here.
    Record(RecordId),
    /// A parent that is named and not here.
    Absent(RecordId),
    /// An input of a record that no record accounts for, by its position.
    Gap(RecordId, usize),
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
    /// Decides how it is drawn.
    pub grade: Grade,
    /// The relation, or nothing.
    pub label: String,
}

/// Something to draw. Positions that no node has are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// A heading.
    pub title: String,
    /// What is shown.
    pub nodes: Vec<ViewNode>,
    /// What joins it.
    pub edges: Vec<ViewEdge>,
}

impl View {
    /// Edges whose both ends are nodes.
    pub(crate) fn sound_edges(&self) -> impl Iterator<Item = &ViewEdge> {
        self.edges.iter().filter(|edge| edge.parent < self.nodes.len() && edge.child < self.nodes.len())
    }
}

/// What besides records and the links between them is shown, and how much of it.
#[derive(Clone, Copy, Debug)]
pub struct ViewOptions {
    /// Links at most: of what thousands made and thousands took in, each pair is one.
    pub edges: usize,
    /// Inputs that no record accounts for, and parents that are not here.
    pub gaps: bool,
    /// Links that prove nothing.
    pub suggestions: bool,
}

impl Default for ViewOptions {
    fn default() -> Self {
        Self { edges: 100_000, gaps: false, suggestions: false }
    }
}

impl Lineage {
    /// The picture of these records and what joins them, labelled by the caller.
    ///
    /// Pictures are for people: give it a few hundred records, not all that there are.
    pub fn view(&self, records: &[RecordId], options: ViewOptions, label: impl Fn(Part) -> ViewNode) -> View {
        let shown: BTreeSet<RecordId> = records.iter().copied().filter(|&id| self.record(id).is_some()).collect();
        let mut parts: BTreeMap<Part, usize> = BTreeMap::new();
        let mut nodes = Vec::new();
        let mut add = |part: Part| {
            *parts.entry(part).or_insert_with(|| {
                nodes.push(label(part));
                nodes.len() - 1
            })
        };
        for &record in &shown {
            add(Part::Record(record));
        }
        let mut edges = Vec::new();
        for &record in &shown {
            if edges.len() >= options.edges {
                break;
            }
            let child = add(Part::Record(record));
            let suggested = if options.suggestions { self.suggestions(record) } else { Vec::new() };
            for edge in self.parents(record).into_iter().chain(suggested).filter(|edge| shown.contains(&edge.parent)) {
                let label = edge.relation().map(|relation| Foreign::new(relation.as_str()).bare_if_plain().to_string());
                let label = label.unwrap_or_default();
                edges.push(ViewEdge { parent: add(Part::Record(edge.parent)), child, grade: edge.grade(), label });
            }
            if options.gaps {
                let absent = self.absent_parents(record).into_iter().map(|id| (Part::Absent(id), Grade::Declared));
                let gaps =
                    self.gaps_of(record).into_iter().map(|input| (self.gap_part(record, input), Grade::Declared));
                for (part, grade) in absent.chain(gaps) {
                    edges.push(ViewEdge { parent: add(part), child, grade, label: String::new() });
                }
            }
        }
        edges.truncate(options.edges);
        View { title: String::new(), nodes, edges }
    }

    /// The same missing bytes are one node, whoever took them in: that of the first taker.
    fn gap_part(&self, record: RecordId, input: usize) -> Part {
        let digests = self.record(record).and_then(|facts| facts.inputs.get(input)).and_then(|input| input.digests);
        let first = digests.and_then(|digests| {
            let class = self.contents.class(&digests)?;
            let first = self.contents.inputs.of(class).iter().find(|used| used.links && used.side().file.is_none())?;
            Some(Part::Gap(self.id(first.record), first.side().artifact))
        });
        first.unwrap_or(Part::Gap(record, input))
    }
}
