//! The family tree as lines of text: who stands where. Words and colours are the caller's.
//!
//! A record stands under what it leads to, each once in full; where it comes again, the line says
//! so. Each step is indented, but a chain that is longer than half of the indentation goes on as a
//! list, so that one of a thousand can be read.

use std::collections::HashSet;

use expbundle_format::RecordId;
use expbundle_lineage::{Direction, Edge, Folded, Joins, Lineage, Parents};

/// What a line is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreeItem {
    /// A record; `again` if it stands in full on an earlier line.
    Record {
        /// The record.
        record: RecordId,
        /// Whether its own continuation is left out here.
        again: bool,
    },
    /// A parent that is named and not here.
    Absent {
        /// Its id.
        record: RecordId,
        /// The record that it is a parent of.
        of: RecordId,
    },
    /// An input that no record accounts for.
    Gap {
        /// Who took it in.
        record: RecordId,
        /// Position among its inputs.
        input: usize,
    },
    /// A record that might be a parent, and nothing proves it.
    Suggested {
        /// The record.
        record: RecordId,
    },
    /// More outputs join an input of a record than stand here.
    Folded {
        /// Who took it in.
        record: RecordId,
        /// Which input, and how many.
        folded: Folded,
    },
    /// The walk ended here by depth, by number of lines, or because too many stand side by side.
    More {
        /// Lines that follow next.
        count: usize,
    },
    /// There was no room for further records to start with.
    MoreStarts {
        /// How many.
        count: usize,
    },
}

/// One line of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeLine {
    /// How far it is indented, and for each step whether a later line continues there.
    pub guides: Vec<bool>,
    /// What it is about.
    pub item: TreeItem,
    /// What joins it to the line that it stands under; `None` for the start.
    pub edge: Option<Edge>,
}

impl TreeLine {
    /// The guides as text, like `│  ├─ `.
    pub fn prefix(&self) -> String {
        let last = self.guides.len().saturating_sub(1);
        let step = |(index, continues): (usize, &bool)| match (index == last, continues) {
            (true, true) => "├─ ",
            (true, false) => "└─ ",
            (false, true) => "│  ",
            (false, false) => "   ",
        };
        self.guides.iter().enumerate().map(step).collect()
    }
}

/// How much of a tree to write.
#[derive(Clone, Copy, Debug)]
pub struct TreeLimits {
    /// Links away from the start.
    pub depth: usize,
    /// Steps of indentation; deeper branches are cut with [`TreeItem::More`].
    pub indentation: usize,
    /// Lines below one record: a content may have a thousand producers.
    pub siblings: usize,
    /// Lines in all.
    pub lines: usize,
}

impl Default for TreeLimits {
    fn default() -> Self {
        Self { depth: usize::MAX, indentation: 40, siblings: 100, lines: 10_000 }
    }
}

/// A line that is still to be written.
struct Pending {
    next: Next,
    guides: Vec<bool>,
    depth: usize,
}

/// What stands below a record. What joins a child to it is asked for when its line is written, for
/// most never are.
enum Next {
    Item(TreeItem, Option<Edge>),
    Child { child: RecordId, parent: RecordId },
}

impl Next {
    /// For how many lines it stands.
    fn lines(&self) -> usize {
        match self {
            Self::Item(TreeItem::Folded { folded, .. }, _) => folded.count,
            Self::Item(..) | Self::Child { .. } => 1,
        }
    }
}

/// The tree above or below these records, each in full once. Gaps, absent parents and suggestions
/// are shown on the way up.
pub fn tree(lineage: &Lineage, starts: &[RecordId], direction: Direction, limits: TreeLimits) -> Vec<TreeLine> {
    let mut lines = Vec::new();
    let mut seen = HashSet::new();
    let mut joins = Joins::of(lineage, limits.siblings);
    let mut starts = starts.iter().filter(|&&start| lineage.record(start).is_some());
    while let Some(&start) = starts.next() {
        if lines.len() >= limits.lines {
            let item = TreeItem::MoreStarts { count: starts.count() + 1 };
            lines.push(TreeLine { guides: Vec::new(), item, edge: None });
            break;
        }
        branch(&mut joins, lineage, start, direction, limits, &mut seen, &mut lines);
    }
    lines
}

/// The lines of one start, without what stands in full already.
fn branch(
    joins: &mut Joins<'_>,
    lineage: &Lineage,
    start: RecordId,
    direction: Direction,
    limits: TreeLimits,
    seen: &mut HashSet<RecordId>,
    lines: &mut Vec<TreeLine>,
) {
    let mut stack = vec![Pending { next: in_full(start, None), guides: Vec::new(), depth: 0 }];
    while let Some(Pending { next, guides, depth }) = stack.pop() {
        if lines.len() >= limits.lines {
            let item = TreeItem::More { count: stack.len() + 1 };
            lines.push(TreeLine { guides, item, edge: None });
            break;
        }
        let (mut item, edge) = match next {
            Next::Item(item, edge) => (item, edge),
            Next::Child { child, parent } => {
                (TreeItem::Record { record: child, again: false }, lineage.edge(child, parent))
            }
        };
        let mut below = Vec::new();
        if let TreeItem::Record { record, again } = &mut item {
            *again = !seen.insert(*record);
            if !*again {
                below = continuation(joins, lineage, *record, direction);
            }
        }
        let (depth, indentation, ends) = (depth + 1, guides.len(), guides.last() == Some(&false));
        lines.push(TreeLine { guides: guides.clone(), item, edge });
        let room = if depth > limits.depth || indentation >= limits.indentation { 0 } else { limits.siblings };
        if below.len() > room {
            let left = below[room..].iter().map(Next::lines).sum();
            below.truncate(room);
            below.push(Next::Item(TreeItem::More { count: left }, None));
        }
        // Far to the right a single continuation stands right below what is last itself, so that a
        // long chain goes on as a list.
        let is_chain = below.len() == 1 && room > 0 && ends && indentation * 2 >= limits.indentation;
        let last = below.len().saturating_sub(1);
        for (index, next) in below.into_iter().enumerate().rev() {
            let mut guides = guides.clone();
            if !is_chain {
                guides.push(index < last);
            }
            stack.push(Pending { next, guides, depth });
        }
    }
}

fn in_full(record: RecordId, edge: Option<Edge>) -> Next {
    Next::Item(TreeItem::Record { record, again: false }, edge)
}

fn continuation(joins: &mut Joins<'_>, lineage: &Lineage, record: RecordId, direction: Direction) -> Vec<Next> {
    match direction {
        Direction::Up => {
            let folds = |folded: Vec<Folded>| {
                folded.into_iter().map(move |folded| Next::Item(TreeItem::Folded { record, folded }, None))
            };
            let Parents { mut edges, folded } = joins.parents(record);
            edges.sort_by_key(|edge| lineage.rank(edge.parent));
            let parents = edges.into_iter().map(|edge| in_full(edge.parent, Some(edge))).chain(folds(folded));
            let absent = lineage.absent_parents(record).into_iter();
            let absent = absent.map(|absent| Next::Item(TreeItem::Absent { record: absent, of: record }, None));
            let gaps = lineage.gaps_of(record).into_iter();
            let gaps = gaps.map(|input| Next::Item(TreeItem::Gap { record, input }, None));
            let Parents { edges, folded } = joins.suggestions(record);
            let suggested = edges
                .into_iter()
                .map(|edge| Next::Item(TreeItem::Suggested { record: edge.parent }, Some(edge)))
                .chain(folds(folded));
            parents.chain(absent).chain(gaps).chain(suggested).collect()
        }
        Direction::Down => {
            let children = lineage.children(record).into_iter();
            children.map(|child| Next::Child { child, parent: record }).collect()
        }
    }
}
