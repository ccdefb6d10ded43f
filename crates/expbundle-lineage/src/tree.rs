//! The family tree as lines of text: who stands where. Words and colours are the caller's.
//!
//! A record stands under what it leads to, each once in full; where it comes again, the line says so. A record with a
//! single continuation is not indented further, so that a chain of a thousand reads as a list.

use expbundle_format::RecordId;

use crate::lineage::Lineage;
use crate::link::Edge;
use crate::query::Direction;

/// What a line is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreeItem {
    /// A record; `again` if it stands in full on an earlier line.
    Record {
        /// Which.
        record: RecordId,
        /// Whether its own continuation is left out here.
        again: bool,
    },
    /// A parent that is named and not here.
    Absent {
        /// Its id.
        record: RecordId,
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
        /// Which.
        record: RecordId,
    },
    /// The walk ended here by depth or by number of lines.
    More {
        /// Records that follow next.
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
    /// Lines.
    pub lines: usize,
}

impl Default for TreeLimits {
    fn default() -> Self {
        Self { depth: usize::MAX, indentation: 40, lines: 10_000 }
    }
}

/// A line that is still to be written.
struct Pending {
    item: TreeItem,
    edge: Option<Edge>,
    guides: Vec<bool>,
    depth: usize,
}

/// The tree above or below a record. Gaps, absent parents and suggestions are shown on the way up.
pub fn tree(lineage: &Lineage, start: RecordId, direction: Direction, limits: TreeLimits) -> Vec<TreeLine> {
    let mut lines = Vec::new();
    if lineage.record(start).is_none() {
        return lines;
    }
    let mut seen = std::collections::HashSet::new();
    let item = TreeItem::Record { record: start, again: false };
    let mut stack = vec![Pending { item, edge: None, guides: Vec::new(), depth: 0 }];
    while let Some(mut pending) = stack.pop() {
        if lines.len() >= limits.lines {
            let item = TreeItem::More { count: stack.len() + 1 };
            lines.push(TreeLine { guides: pending.guides, item, edge: None });
            break;
        }
        let mut next = Vec::new();
        if let TreeItem::Record { record, again } = &mut pending.item {
            *again = !seen.insert(*record);
            if !*again {
                next = continuation(lineage, *record, direction);
            }
        }
        let (depth, guides) = (pending.depth + 1, pending.guides.clone());
        lines.push(TreeLine { guides: pending.guides, item: pending.item, edge: pending.edge });
        if next.is_empty() {
            continue;
        }
        if depth > limits.depth || guides.len() >= limits.indentation {
            let mut guides = guides;
            guides.push(false);
            lines.push(TreeLine { guides, item: TreeItem::More { count: next.len() }, edge: None });
            continue;
        }
        let single = next.len() == 1 && !guides.is_empty() && guides.last() == Some(&false);
        let count = next.len();
        for (index, (item, edge)) in next.into_iter().enumerate().rev() {
            let mut guides = guides.clone();
            if !single {
                guides.push(index + 1 < count);
            }
            stack.push(Pending { item, edge, guides, depth });
        }
    }
    lines
}

fn continuation(lineage: &Lineage, record: RecordId, direction: Direction) -> Vec<(TreeItem, Option<Edge>)> {
    let in_full = |record| TreeItem::Record { record, again: false };
    match direction {
        Direction::Up => {
            let parents = lineage.parents(record).into_iter().map(|edge| (in_full(edge.parent), Some(edge)));
            let absent = lineage.absent_parents(record).into_iter().map(|record| (TreeItem::Absent { record }, None));
            let gaps = lineage.gaps_of(record).into_iter().map(|input| (TreeItem::Gap { record, input }, None));
            let suggested = lineage.suggestions(record).into_iter();
            let suggested = suggested.map(|edge| (TreeItem::Suggested { record: edge.parent }, Some(edge)));
            parents.chain(absent).chain(gaps).chain(suggested).collect()
        }
        Direction::Down => {
            let children = lineage.walk(record, Direction::Down, 1).into_iter().skip(1);
            let edge = |child| lineage.parents(child).into_iter().find(|edge| edge.parent == record);
            children.map(|child| (in_full(child.record), edge(child.record))).collect()
        }
    }
}
