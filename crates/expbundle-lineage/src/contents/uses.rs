//! Where classes are put out and taken in.

use crate::link::Side;

/// One artifact, or one file of a tree, at one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Use {
    pub(super) class: u32,
    /// Whole artifacts before files of trees.
    pub(crate) in_tree: bool,
    /// Position of the record.
    pub(crate) record: u32,
    pub(super) artifact: u32,
    pub(super) file: u32,
    /// Whether it can join records: its bytes prove, and as an output it was made and not passed
    /// on.
    pub(crate) links: bool,
    /// Whether it would, if something were here that is withheld.
    pub(crate) may_link: bool,
}

impl Use {
    pub(crate) fn side(&self) -> Side {
        Side { artifact: self.artifact as usize, file: self.in_tree.then_some(self.file as usize) }
    }
}

/// Uses, by class.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uses {
    pub(super) all: Vec<Use>,
    /// Where each class begins; one more than there are classes.
    starts: Vec<u32>,
}

impl Uses {
    pub(super) fn new(mut all: Vec<Use>, classes: usize) -> Self {
        all.sort_unstable();
        let mut starts = vec![0_u32; classes + 1];
        for used in &all {
            starts[used.class as usize + 1] += 1;
        }
        for class in 0..classes {
            starts[class + 1] += starts[class];
        }
        Self { all, starts }
    }

    /// Every use of a class, whole artifacts first, then by record.
    pub(crate) fn of(&self, class: u32) -> &[Use] {
        let class = class as usize;
        &self.all[self.starts[class] as usize..self.starts[class + 1] as usize]
    }

    /// The uses of a class at one record, whole artifacts first.
    pub(crate) fn at(&self, class: u32, record: u32) -> impl Iterator<Item = &Use> {
        let uses = self.of(class);
        [false, true].into_iter().flat_map(move |in_tree| {
            let key = (in_tree, record);
            let first = uses.partition_point(|used| (used.in_tree, used.record) < key);
            uses[first..].iter().take_while(move |used| (used.in_tree, used.record) == key)
        })
    }
}
