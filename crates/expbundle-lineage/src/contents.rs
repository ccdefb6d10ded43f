//! Contents: which artifacts are the same bytes (spec/lineage.md, "Same bytes").
//!
//! Artifacts fall into classes of equal digests. An artifact may be known by one digest only, so classes *agree* rather
//! than being equal; each agrees with at most two others, which keeps everything linear. Who produced and who took in a
//! class stands in lists, and never as pairs: a data set that 10 000 runs made and 10 000 others used is 20 000 entries.

use std::collections::{BTreeMap, HashMap, HashSet};

use expbundle_format::{ArtifactDigests, Blake3, DigestSet, Sha256};

use crate::adjacency::Adjacency;
use crate::facts::{ArtifactFact, RecordFacts};
use crate::link::Side;
use crate::relation::carries_lineage;

/// One artifact, or one file of a tree, at one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Use {
    class: u32,
    /// Whole artifacts before files of trees.
    pub(crate) in_tree: bool,
    /// Position of the record.
    pub(crate) record: u32,
    artifact: u32,
    file: u32,
    /// Whether it can join records: its role carries lineage, it is not empty, and it was not passed through.
    pub(crate) links: bool,
    /// An output that was an input already.
    pub(crate) passed: bool,
}

impl Use {
    pub(crate) fn side(&self) -> Side {
        Side { artifact: self.artifact as usize, file: self.in_tree.then_some(self.file as usize) }
    }
}

/// Uses, by class.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uses {
    all: Vec<Use>,
    /// Where each class begins; one more than there are classes.
    starts: Vec<u32>,
}

impl Uses {
    fn new(mut all: Vec<Use>, classes: usize) -> Self {
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
}

/// What shares a digest with another and differs in the other.
#[derive(Clone, Debug)]
pub(crate) struct Conflict {
    /// The classes that disagree, at least two.
    pub(crate) classes: Vec<u32>,
}

/// All classes, and who put them out and took them in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contents {
    classes: HashMap<ArtifactDigests, u32>,
    digests: Vec<ArtifactDigests>,
    by_blake3: HashMap<Blake3, Vec<u32>>,
    by_sha256: HashMap<Sha256, Vec<u32>>,
    /// By class, whether a linking output is these bytes: a whole artifact, a file of a tree.
    produced: Vec<[bool; 2]>,
    /// By class, the classes that agree with it: asked for at every input, so computed once.
    agreeing: Adjacency,
    pub(crate) outputs: Uses,
    pub(crate) inputs: Uses,
}

impl Contents {
    pub(crate) fn new(records: &[RecordFacts]) -> Self {
        let mut contents = Self::default();
        let (mut outputs, mut inputs) = (Vec::new(), Vec::new());
        let nothing = ArtifactDigests::from(DigestSet::of(&[]));
        for (record, facts) in (0_u32..).zip(records) {
            let taken = Taken::by(&facts.inputs);
            contents.collect(record, &facts.inputs, &nothing, |_| false, &mut inputs);
            contents.collect(record, &facts.outputs, &nothing, |digests| taken.has(digests), &mut outputs);
        }
        for (class, digests) in (0_u32..).zip(&contents.digests) {
            if let Some(both) = digests.both() {
                contents.by_blake3.entry(both.blake3).or_default().push(class);
                contents.by_sha256.entry(both.sha256).or_default().push(class);
            }
        }
        contents.produced = vec![[false; 2]; contents.digests.len()];
        for output in outputs.iter().filter(|output| output.links) {
            contents.produced[output.class as usize][usize::from(output.in_tree)] = true;
        }
        contents.outputs = Uses::new(outputs, contents.digests.len());
        contents.inputs = Uses::new(inputs, contents.digests.len());
        let agreeing = (0..contents.len()).flat_map(|class| {
            let found = contents.compare(&contents.digests(class));
            found.into_iter().map(move |other| (class, other))
        });
        contents.agreeing = Adjacency::new(contents.digests.len(), &agreeing.collect::<Vec<_>>());
        contents
    }

    fn collect(
        &mut self,
        record: u32,
        artifacts: &[ArtifactFact],
        nothing: &ArtifactDigests,
        was_taken: impl Fn(&ArtifactDigests) -> bool,
        uses: &mut Vec<Use>,
    ) {
        for (artifact, fact) in (0_u32..).zip(artifacts) {
            let carries = carries_lineage(&fact.role);
            let whole = fact.digests.map(|digests| (None, digests));
            let files = (0_u32..).zip(&fact.files).map(|(file, fact)| (Some(file), fact.digests));
            for (file, digests) in whole.into_iter().chain(files) {
                let passed = was_taken(&digests);
                // An empty file is the same everywhere, so it says nothing about where it came from.
                let is_nothing = digests.agreement(nothing) != expbundle_format::Agreement::Different;
                uses.push(Use {
                    class: self.class_or_new(digests),
                    in_tree: file.is_some(),
                    record,
                    artifact,
                    file: file.unwrap_or(0),
                    links: carries && !passed && !is_nothing,
                    passed,
                });
            }
        }
    }

    fn class_or_new(&mut self, digests: ArtifactDigests) -> u32 {
        let next = u32::try_from(self.digests.len()).expect("fewer than 2^32 artifacts fit into memory");
        *self.classes.entry(digests).or_insert_with(|| {
            self.digests.push(digests);
            next
        })
    }

    /// Number of classes.
    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.digests.len()).expect("classes are numbered by u32")
    }

    /// The digests of a class.
    pub(crate) fn digests(&self, class: u32) -> ArtifactDigests {
        self.digests[class as usize]
    }

    /// The class of an artifact that is known here.
    pub(crate) fn class(&self, digests: &ArtifactDigests) -> Option<u32> {
        self.classes.get(digests).copied()
    }

    /// The classes that are these bytes as far as digests tell: at least one equal and none different.
    ///
    /// Where a digest stands in two classes that contradict each other, nothing follows from that digest alone.
    pub(crate) fn agreeing(&self, digests: &ArtifactDigests) -> Vec<u32> {
        match self.class(digests) {
            Some(class) => self.agreeing_with(class).to_vec(),
            None => self.compare(digests),
        }
    }

    /// The same for a class.
    pub(crate) fn agreeing_with(&self, class: u32) -> &[u32] {
        self.agreeing.of(class)
    }

    fn compare(&self, digests: &ArtifactDigests) -> Vec<u32> {
        let mut found: Vec<u32> = self.class(digests).into_iter().collect();
        let single = |blake3, sha256| ArtifactDigests::new(blake3, sha256).and_then(|one| self.class(&one));
        let only = |classes: Option<&Vec<u32>>| match classes.map(Vec::as_slice) {
            Some(&[class]) => Some(class),
            _ => None,
        };
        match (digests.blake3(), digests.sha256()) {
            (Some(blake3), Some(sha256)) => {
                let disputed = |classes: Option<&Vec<u32>>| {
                    classes.is_some_and(|classes| classes.iter().any(|&class| self.digests(class) != *digests))
                };
                if !disputed(self.by_blake3.get(&blake3)) {
                    found.extend(single(Some(blake3), None));
                }
                if !disputed(self.by_sha256.get(&sha256)) {
                    found.extend(single(None, Some(sha256)));
                }
            }
            (Some(blake3), None) => found.extend(only(self.by_blake3.get(&blake3))),
            (None, Some(sha256)) => found.extend(only(self.by_sha256.get(&sha256))),
            (None, None) => {}
        }
        found
    }

    /// Whether some record produced a class, as a whole artifact or, if that counts, as a file of a tree.
    pub(crate) fn is_produced(&self, class: u32, in_trees: bool) -> bool {
        let [whole, in_tree] = self.produced[class as usize];
        whole || (in_trees && in_tree)
    }

    /// Every class that has one of these digests, whatever its other.
    pub(crate) fn sharing(&self, digests: &ArtifactDigests) -> impl Iterator<Item = u32> + '_ {
        let by_blake3 = digests.blake3().and_then(|digest| self.by_blake3.get(&digest)).into_iter().flatten();
        let by_sha256 = digests.sha256().and_then(|digest| self.by_sha256.get(&digest)).into_iter().flatten();
        by_blake3.chain(by_sha256).copied()
    }

    /// Everything that shares one digest and differs in the other, in the order of the shared digest.
    pub(crate) fn conflicts(&self) -> Vec<Conflict> {
        let by_blake3 = self.by_blake3.iter().map(|(digest, classes)| (*digest.as_bytes(), classes));
        let by_sha256 = self.by_sha256.iter().map(|(digest, classes)| (*digest.as_bytes(), classes));
        let disputed: BTreeMap<_, _> = by_blake3.chain(by_sha256).filter(|(_, classes)| classes.len() > 1).collect();
        disputed.into_values().map(|classes| Conflict { classes: classes.clone() }).collect()
    }
}

/// What a record took in, by each digest.
struct Taken {
    blake3: HashSet<Blake3>,
    sha256: HashSet<Sha256>,
}

impl Taken {
    fn by(inputs: &[ArtifactFact]) -> Self {
        let files = inputs.iter().flat_map(|input| &input.files).map(|file| file.digests);
        let all = || inputs.iter().filter_map(|input| input.digests).chain(files.clone());
        Self {
            blake3: all().filter_map(|digests| digests.blake3()).collect(),
            sha256: all().filter_map(|digests| digests.sha256()).collect(),
        }
    }

    /// One digest in common is enough: in doubt a record did not produce what it may have been given.
    fn has(&self, digests: &ArtifactDigests) -> bool {
        digests.blake3().is_some_and(|digest| self.blake3.contains(&digest))
            || digests.sha256().is_some_and(|digest| self.sha256.contains(&digest))
    }
}
