//! Contents: which artifacts are the same bytes (spec/lineage.md, "Same bytes").
//!
//! Artifacts fall into classes of equal digests. An artifact may be known by one digest only, so classes *agree* rather
//! than being equal; each agrees with at most two others, which keeps everything linear. Who produced and who took in a
//! class stands in lists, and never as pairs: a data set that 10 000 runs made and 10 000 others used is 20 000 entries.
//!
//! A file of a tree joins records only where it is a whole artifact somewhere. So all files of a listing are looked at once, and of those
//! only at the other records that name it: a listing of a million files that 10 000 runs used costs a million and 10 000.

use std::collections::{HashMap, HashSet};

use expbundle_format::{Agreement, ArtifactDigests, Blake3, DigestSet, Sha256};

use crate::adjacency::Adjacency;
use crate::evidence::{Maker, Origin, can_prove};
use crate::facts::{ArtifactFact, RecordFacts};
use crate::link::Side;
use crate::listing::Listing;
use crate::taken::Digests;

/// How often files of listings are looked at again, because a further record names the listing (spec/lineage.md, "Cost").
const MOST_AGAIN: usize = 1 << 22;

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
    /// Whether it can join records: its bytes prove, and as an output it was made and not passed on.
    pub(crate) links: bool,
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
    /// By class, whether some `record.json`, or a listing that one names, has it.
    listed: Vec<bool>,
    /// Classes that have both digests and are listed, in the order of each: what only `artifacts.json` has can be left out, so it disputes nothing.
    by_blake3: Vec<(Blake3, u32)>,
    by_sha256: Vec<(Sha256, u32)>,
    /// Whether some class has one digest only, so that it may agree with another.
    has_partial: bool,
    /// By class, whether a linking output is these bytes: a whole artifact, a file of a tree.
    produced: Vec<[bool; 2]>,
    /// By class, the classes that agree with it: asked for at every input, so computed once.
    agreeing: Adjacency,
    pub(crate) outputs: Uses,
    pub(crate) inputs: Uses,
    /// Of each listing, the files that share a digest with a whole artifact.
    joining: HashMap<usize, Vec<u32>>,
    /// The first record whose listings were not looked at, for there were too many.
    pub(crate) left_out: Option<u32>,
}

/// Uses in one direction, before they are sorted.
#[derive(Default)]
struct Collected {
    uses: Vec<Use>,
    /// Listings of which every file is in `uses`.
    whole: HashSet<usize>,
    again: usize,
}

impl Contents {
    pub(crate) fn new(records: &[RecordFacts]) -> Self {
        let mut contents = Self { joining: joining(records), ..Self::default() };
        let taken_listings = Digests::of_input_listings(records);
        let nothing = ArtifactDigests::from(DigestSet::of(&[]));
        let (mut outputs, mut inputs) = (Collected::default(), Collected::default());
        for (record, facts) in (0_u32..).zip(records) {
            contents.collect(record, &facts.inputs, &nothing, |_, _| true, &mut inputs);
            if !facts.outputs.is_empty() {
                let maker = Maker::new(facts, &taken_listings);
                let is_made = |output: &_, digests: &_| maker.origin(output, digests) == Origin::Made;
                contents.collect(record, &facts.outputs, &nothing, is_made, &mut outputs);
            }
        }
        let (outputs, inputs) = (outputs.uses, inputs.uses);
        for (class, digests) in (0_u32..).zip(&contents.digests) {
            match digests.both() {
                Some(both) if contents.listed[class as usize] => {
                    contents.by_blake3.push((both.blake3, class));
                    contents.by_sha256.push((both.sha256, class));
                }
                Some(_) => {}
                None => contents.has_partial = true,
            }
        }
        rayon::join(|| contents.by_blake3.sort_unstable(), || contents.by_sha256.sort_unstable());
        contents.produced = vec![[false; 2]; contents.digests.len()];
        for output in outputs.iter().filter(|output| output.links) {
            contents.produced[output.class as usize][usize::from(output.in_tree)] = true;
        }
        let classes = contents.digests.len();
        (contents.outputs, contents.inputs) =
            rayon::join(|| Uses::new(outputs, classes), || Uses::new(inputs, classes));
        let agreeing: Vec<(u32, u32)> = if contents.has_partial {
            let pairs = (0..contents.len()).flat_map(|class| {
                let found = contents.compare(&contents.digests(class));
                found.into_iter().map(move |other| (class, other))
            });
            pairs.collect()
        } else {
            (0..contents.len()).map(|class| (class, class)).collect()
        };
        contents.agreeing = Adjacency::new(classes, &agreeing);
        contents
    }

    fn collect(
        &mut self,
        record: u32,
        artifacts: &[ArtifactFact],
        nothing: &ArtifactDigests,
        is_own: impl Fn(&ArtifactFact, &ArtifactDigests) -> bool,
        collected: &mut Collected,
    ) {
        for (artifact, fact) in (0_u32..).zip(artifacts) {
            let whole = fact.digests.map(|digests| (None, digests));
            let files = self.looked_at(record, &fact.files, collected).into_iter();
            let files = files.filter_map(|file| Some((Some(file), fact.files.get(file as usize)?.digests)));
            for (file, digests) in whole.into_iter().chain(files) {
                let proves = can_prove(fact, file.and_then(|file| fact.files.get(file as usize)));
                // An empty file is the same everywhere, so it says nothing about where it came from.
                let is_nothing = digests.agreement(nothing) != Agreement::Different;
                let class = self.class_or_new(digests);
                self.listed[class as usize] |= fact.listed;
                collected.uses.push(Use {
                    class,
                    in_tree: file.is_some(),
                    record,
                    artifact,
                    file: file.unwrap_or(0),
                    links: proves && !is_nothing && is_own(fact, &digests),
                });
            }
        }
    }

    /// The files of a listing that are looked at: all of them once, and then those that can join records.
    fn looked_at(&mut self, record: u32, listing: &Listing, collected: &mut Collected) -> Vec<u32> {
        if listing.is_empty() {
            return Vec::new();
        }
        if collected.whole.insert(listing.key()) {
            return (0_u32..).take(listing.len()).collect();
        }
        let files = self.joining.get(&listing.key()).map(Vec::as_slice).unwrap_or_default();
        collected.again += files.len();
        if collected.again > MOST_AGAIN {
            self.left_out = self.left_out.or(Some(record));
            return Vec::new();
        }
        files.to_vec()
    }

    /// What of an artifact can join records, with the positions of files: the whole, and those files of its tree that are a whole artifact
    /// somewhere.
    pub(crate) fn proving<'a>(
        &'a self,
        artifact: &'a ArtifactFact,
    ) -> impl Iterator<Item = (Option<usize>, ArtifactDigests)> + 'a {
        let whole = artifact.digests.filter(|_| can_prove(artifact, None)).map(|digests| (None, digests));
        let files = self.joining.get(&artifact.files.key()).map(Vec::as_slice).unwrap_or_default();
        let files = files.iter().filter_map(|&position| {
            let file = artifact.files.get(position as usize)?;
            can_prove(artifact, Some(file)).then_some((Some(position as usize), file.digests))
        });
        whole.into_iter().chain(files).filter(|(_, digests)| !digests.is_of_nothing())
    }

    fn class_or_new(&mut self, digests: ArtifactDigests) -> u32 {
        let next = u32::try_from(self.digests.len()).expect("fewer than 2^32 artifacts fit into memory");
        *self.classes.entry(digests).or_insert_with(|| {
            self.digests.push(digests);
            self.listed.push(false);
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
        match (digests.blake3(), digests.sha256()) {
            (Some(blake3), Some(sha256)) if self.has_partial => {
                let disputed = |mut classes: Classes<'_>| classes.any(|class| self.digests(class) != *digests);
                if !disputed(of(&self.by_blake3, &blake3)) {
                    found.extend(single(Some(blake3), None));
                }
                if !disputed(of(&self.by_sha256, &sha256)) {
                    found.extend(single(None, Some(sha256)));
                }
            }
            (Some(blake3), None) => found.extend(only(of(&self.by_blake3, &blake3))),
            (None, Some(sha256)) => found.extend(only(of(&self.by_sha256, &sha256))),
            (Some(_), Some(_)) | (None, None) => {}
        }
        found
    }

    /// Whether another record produced a class, as a whole artifact or, if that counts, as a file of a tree.
    pub(crate) fn is_produced(&self, class: u32, in_trees: bool, taker: u32) -> bool {
        let [whole, in_tree] = self.produced[class as usize];
        let counts = |output: &Use| output.links && output.record != taker && (in_trees || !output.in_tree);
        (whole || (in_trees && in_tree)) && self.outputs.of(class).iter().any(counts)
    }

    /// Every class that has one of these digests, whatever its other.
    pub(crate) fn sharing(&self, digests: &ArtifactDigests) -> impl Iterator<Item = u32> + '_ {
        let by_blake3 = digests.blake3().map(|digest| of(&self.by_blake3, &digest)).into_iter().flatten();
        let by_sha256 = digests.sha256().map(|digest| of(&self.by_sha256, &digest)).into_iter().flatten();
        by_blake3.chain(by_sha256)
    }

    /// Everything that shares one digest and differs in the other, in the order of the shared digest.
    pub(crate) fn conflicts(&self) -> Vec<Conflict> {
        fn shared<D: PartialEq>(classes: &[(D, u32)], bytes: impl Fn(&D) -> [u8; 32]) -> Vec<([u8; 32], Conflict)> {
            let runs = classes.chunk_by(|(a, _), (b, _)| a == b).filter(|run| run.len() > 1);
            let conflict = |run: &[(D, u32)]| {
                let digest = run.first().map(|(digest, _)| bytes(digest)).unwrap_or_default();
                (digest, Conflict { classes: run.iter().map(|(_, class)| *class).collect() })
            };
            runs.map(conflict).collect()
        }
        let mut disputed = shared(&self.by_blake3, |digest| *digest.as_bytes());
        disputed.extend(shared(&self.by_sha256, |digest| *digest.as_bytes()));
        disputed.sort_by_key(|(digest, _)| *digest);
        disputed.into_iter().map(|(_, conflict)| conflict).collect()
    }
}

type Classes<'a> = Box<dyn Iterator<Item = u32> + 'a>;

/// The classes of a digest.
fn of<'a, D: Ord + 'a>(classes: &'a [(D, u32)], digest: &D) -> Classes<'a> {
    let first = classes.partition_point(|(other, _)| other < digest);
    let rest = classes.get(first..).unwrap_or_default();
    let count = rest.partition_point(|(other, _)| other <= digest);
    Box::new(rest.iter().take(count).map(|(_, class)| *class))
}

/// The one class, if there is one.
fn only(mut classes: Classes<'_>) -> Option<u32> {
    let first = classes.next();
    if classes.next().is_some() { None } else { first }
}

/// Of each listing, the files that share a digest with a whole artifact, in either direction. No other file joins records.
fn joining(records: &[RecordFacts]) -> HashMap<usize, Vec<u32>> {
    let artifacts = || records.iter().flat_map(|facts| facts.inputs.iter().chain(&facts.outputs));
    let mut joining = HashMap::new();
    if artifacts().all(|artifact| artifact.files.is_empty()) {
        return joining;
    }
    let whole: Vec<ArtifactDigests> = artifacts().filter_map(|artifact| artifact.digests).collect();
    let whole = Digests::new(&whole);
    for artifact in artifacts().filter(|artifact| !artifact.files.is_empty()) {
        joining.entry(artifact.files.key()).or_insert_with(|| {
            let files = (0_u32..).zip(&*artifact.files).filter(|(_, file)| whole.has(&file.digests));
            files.map(|(file, _)| file).collect()
        });
    }
    joining
}
