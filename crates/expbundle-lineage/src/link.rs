//! Links between records and how much each is worth (spec/lineage.md, "Grades").

use std::fmt;

use expbundle_format::record::Word;
use expbundle_format::{RecordId, StatementId};

use crate::relation;

/// How well a link is founded. The order is that of worth; a link never gets a better grade through
/// a weaker one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// Same foreign digest, name and version, or address. Shown, never counted.
    Suggested,
    /// A signed `link` statement says so.
    Asserted,
    /// The child's record names the parent's id.
    Declared,
    /// The same bytes, by a strong digest that nothing contradicts.
    Proven,
}

impl Grade {
    /// The word for people and for JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Suggested => "suggested",
            Self::Asserted => "asserted",
            Self::Declared => "declared",
            Self::Proven => "proven",
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An artifact of a record: the position in its list, and the file within it if the artifact is a
/// tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Side {
    /// Position among the record's inputs or outputs, as [`crate::Lineage::record`] gives them.
    pub artifact: usize,
    /// Position among the artifact's files, if not the whole artifact is meant.
    pub file: Option<usize>,
}

/// One reason to join two records. The order is that of worth, best first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Link {
    /// The parent put out the bytes that the child took in.
    SameBytes {
        /// Of the child.
        input: Side,
        /// Of the parent.
        output: Side,
    },
    /// The child's record says so.
    Declared {
        /// The relation.
        relation: Word,
    },
    /// A statement says so.
    Statement {
        /// How, if it says.
        relation: Option<Word>,
        /// Which statement.
        statement: StatementId,
    },
    /// Both artifacts have this in common, which proves nothing.
    Hint {
        /// Of the child.
        input: Side,
        /// Of the parent.
        output: Side,
        /// What they have in common, like `md5`.
        common: String,
    },
}

impl Link {
    /// Its grade, which follows from its own evidence and from nothing else.
    pub fn grade(&self) -> Grade {
        match self {
            Self::SameBytes { .. } => Grade::Proven,
            Self::Declared { .. } => Grade::Declared,
            Self::Statement { .. } => Grade::Asserted,
            Self::Hint { .. } => Grade::Suggested,
        }
    }

    /// The relation, where somebody stated one.
    pub fn relation(&self) -> Option<&Word> {
        match self {
            Self::Declared { relation } => Some(relation),
            Self::Statement { relation, .. } => relation.as_ref(),
            Self::SameBytes { .. } | Self::Hint { .. } => None,
        }
    }
}

/// Everything that joins one child to one parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The record that came later.
    pub child: RecordId,
    /// The record that came first.
    pub parent: RecordId,
    /// At least one, best first.
    pub links: Vec<Link>,
}

impl Edge {
    /// The grade of its best link.
    pub fn grade(&self) -> Grade {
        self.links.iter().map(Link::grade).max().unwrap_or(Grade::Suggested)
    }

    /// The statement that its relation comes from, or that alone joins the two. None if bytes or
    /// the child's record say as much.
    pub fn stated_in(&self) -> Option<StatementId> {
        let is_asserted = self.grade() == Grade::Asserted;
        let stated = self.links.iter().find(|link| link.relation().is_some());
        let stated = stated.or(if is_asserted { self.links.first() } else { None })?;
        if let Link::Statement { statement, .. } = stated { Some(*statement) } else { None }
    }

    /// The relation that its best link states.
    pub fn relation(&self) -> Option<&Word> {
        self.links.iter().find_map(Link::relation)
    }

    /// Whether the child is a step, trial or nested run of the parent, and takes in nothing that
    /// the parent made.
    pub fn is_part(&self) -> bool {
        self.grade() != Grade::Proven && self.relation().is_some_and(relation::is_part)
    }
}
