//! Contents: which artifacts are the same bytes (spec/lineage.md, "Same bytes").
//!
//! Artifacts fall into classes of equal digests and size. An artifact may be known by one digest
//! only, so classes *agree* rather than being equal; each agrees with at most two others, which
//! keeps everything linear. Of two sizes of one digest one is a lie, so classes of different sizes
//! never agree. Who produced and who took in a class stands in lists, and never as pairs: a data
//! set that 10 000 runs made and 10 000 others used is 20 000 entries.
//!
//! A file of a tree joins records only where it is a whole artifact somewhere. So all files of a
//! listing are looked at once, and of those only at the other records that name it: a listing of a
//! million files that 10 000 runs used costs a million and 10 000.
//!
//! What took a listing in is joined to all its files alike, so such a record names the listing, and
//! the listing its files: neither is multiplied by the other. What put it out may have been given
//! some of the files, so outputs are looked at one by one.

mod accounted;
mod collect;
mod conflict;
mod content;
mod makers;
mod uses;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use expbundle_format::record::Form;
use expbundle_format::{ArtifactDigests, Blake3, Sha256};

use crate::adjacency::Adjacency;
use crate::evidence::{Maker, can_prove, carries_proof};
use crate::facts::{ArtifactFact, RecordFacts};
use crate::listing::FileFact;
use crate::taken::InputListings;

use accounted::Accounted;
use collect::{Collected, joining};
use makers::Makers;

pub(crate) use collect::TakenListings;
pub(crate) use content::Content;
use content::Sizes;
pub(crate) use uses::{Use, Uses};

/// All classes, and who put them out and took them in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contents {
    /// The first class of each digest set, which stands for those of other sizes where sizes do not
    /// matter.
    classes: HashMap<ArtifactDigests, u32>,
    /// Those of other sizes: few, for one of two sizes is a lie.
    other_sizes: BTreeMap<(ArtifactDigests, Option<u64>), u32>,
    /// By class.
    described: Vec<Content>,
    /// By first class of a digest set, the sizes that are listed.
    sizes: Vec<Sizes>,
    /// By class, whether some `record.json`, or a listing that one names, has it.
    listed: Vec<bool>,
    /// First classes of digest sets that have both digests and are listed, in the order of each:
    /// what only `artifacts.json` has can be left out, so it disputes nothing.
    by_blake3: Vec<(Blake3, u32)>,
    by_sha256: Vec<(Sha256, u32)>,
    /// Whether some class has one digest only, so that it may agree with another.
    has_partial: bool,
    /// By class, who made these bytes: as a whole artifact, as a file of a tree.
    produced: Vec<[Makers; 2]>,
    /// Outputs that can join records as a whole: record and position, in order.
    proving_outputs: Vec<(u32, u32)>,
    /// By class, the classes that agree with it: asked for at every input, so computed once.
    agreeing: Adjacency,
    pub(crate) outputs: Uses,
    /// Of files of listings only those of the first record that took the listing in; of the others
    /// see `taken_listings`.
    pub(crate) inputs: Uses,
    pub(crate) taken_listings: TakenListings,
    /// Of each listing that was taken in, who made its files.
    accounted: HashMap<usize, Accounted>,
    /// Of each listing, the files that share a digest with a whole artifact.
    joining: HashMap<usize, Vec<u32>>,
    /// The first record whose listings were not looked at, for there were too many.
    pub(crate) left_out: Option<u32>,
}

impl Contents {
    pub(crate) fn new(records: &[RecordFacts]) -> Self {
        let joining = joining(records);
        let mut contents = Self::default();
        let taken_listings = InputListings::of(records);
        let (mut outputs, mut inputs) = (Collected::default(), Collected::default());
        for (record, facts) in (0_u32..).zip(records) {
            contents.collect_inputs(record, &facts.inputs, &joining, &mut inputs);
            if !facts.outputs.is_empty() {
                let maker = Maker::new(facts, facts.put_out(), &taken_listings);
                contents.collect_outputs(record, &facts.outputs, &maker, &joining, &mut outputs);
            }
        }
        if outputs.again(taken_listings.again()) {
            contents.left_out = contents.left_out.or(Some(0));
        }
        contents.joining = joining;
        let (outputs, inputs) = (outputs.uses, inputs.uses);
        contents.sizes = vec![Sizes::None; contents.described.len()];
        for (class, content) in (0_u32..).zip(&contents.described) {
            let first = contents.classes.get(&content.digests).copied().unwrap_or(class);
            let both = content.digests.both();
            contents.has_partial |= both.is_none();
            if !contents.listed[class as usize] {
                continue;
            }
            let sizes = &mut contents.sizes[first as usize];
            if let Some(both) = both.filter(|_| *sizes == Sizes::None) {
                contents.by_blake3.push((both.blake3, first));
                contents.by_sha256.push((both.sha256, first));
            }
            *sizes = sizes.and(content.size_bytes);
        }
        crate::parallel::join(|| contents.by_blake3.sort_unstable(), || contents.by_sha256.sort_unstable());
        contents.produced = vec![[Makers::None; 2]; contents.described.len()];
        for output in outputs.iter().filter(|output| output.links) {
            let makers = &mut contents.produced[output.class as usize][usize::from(output.in_tree)];
            *makers = makers.and(Makers::One(output.record));
        }
        // Collected record by record, and of each in the order of its outputs.
        let proving = outputs.iter().filter(|output| output.links && !output.in_tree);
        contents.proving_outputs = proving.map(|output| (output.record, output.artifact)).collect();
        let classes = contents.described.len();
        (contents.outputs, contents.inputs) =
            crate::parallel::join(|| Uses::new(outputs, classes), || Uses::new(inputs, classes));
        let agreeing: Vec<(u32, u32)> = if contents.has_partial {
            let pairs = (0..contents.len()).flat_map(|class| {
                let found = contents.compare(&contents.described[class as usize]);
                found.into_iter().map(move |other| (class, other))
            });
            pairs.collect()
        } else {
            (0..contents.len()).map(|class| (class, class)).collect()
        };
        contents.agreeing = Adjacency::new(classes, &agreeing);
        contents.accounted = contents.accounted_listings(records);
        contents
    }

    /// Who made these bytes, as a whole artifact or, if that counts, as a file of a tree.
    fn makers(&self, content: &Content, in_trees: bool) -> Makers {
        let by = |class: u32| {
            let [whole, in_tree] = self.produced[class as usize];
            if in_trees { whole.and(in_tree) } else { whole }
        };
        self.agreeing(content).iter().copied().map(by).fold(Makers::None, Makers::and)
    }

    /// What of an artifact can join records, with the positions of files: the whole, and those
    /// files of its tree that are a whole artifact somewhere.
    pub(crate) fn proving<'a>(
        &'a self,
        artifact: &'a ArtifactFact,
    ) -> impl Iterator<Item = (Option<usize>, Content)> + 'a {
        let whole = proving_whole(artifact).map(|content| (None, content));
        whole.into_iter().chain(self.proving_files(artifact).map(|(file, content)| (Some(file), content)))
    }

    /// The files of its tree that can join records, with their positions.
    pub(crate) fn proving_files<'a>(
        &'a self,
        artifact: &'a ArtifactFact,
    ) -> impl Iterator<Item = (usize, Content)> + 'a {
        let files = self.joining.get(&artifact.files.key()).map(Vec::as_slice).unwrap_or_default();
        files.iter().filter_map(|&position| {
            let file = artifact.files.get(position as usize)?;
            joins(artifact, Some(file), &file.digests).then_some((position as usize, Content::of_file(file)))
        })
    }

    fn class_or_new(&mut self, content: Content) -> u32 {
        let next = u32::try_from(self.described.len()).expect("fewer than 2^32 artifacts fit into memory");
        let first = *self.classes.entry(content.digests).or_insert(next);
        let class = match self.described.get(first as usize) {
            Some(known) if *known != content => {
                *self.other_sizes.entry((content.digests, content.size_bytes)).or_insert(next)
            }
            _ => first,
        };
        if class == next {
            self.described.push(content);
            self.listed.push(false);
        }
        class
    }

    /// Every use that is looked at.
    pub(crate) fn uses(&self) -> impl Iterator<Item = &Use> {
        self.outputs.all.iter().chain(&self.inputs.all)
    }

    /// Records that made some whole artifact, or may have; a record for each.
    pub(crate) fn possible_makers(&self) -> impl Iterator<Item = u32> + '_ {
        self.outputs.all.iter().filter(|output| output.may_link && !output.in_tree).map(|output| output.record)
    }

    /// Number of classes.
    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.described.len()).expect("classes are numbered by u32")
    }

    /// The digests of a class.
    pub(crate) fn digests(&self, class: u32) -> ArtifactDigests {
        self.described[class as usize].digests
    }

    /// The class of an artifact that is known here.
    pub(crate) fn class(&self, content: &Content) -> Option<u32> {
        let first = self.first(&content.digests)?;
        if self.described[first as usize] == *content {
            return Some(first);
        }
        self.other_sizes.get(&(content.digests, content.size_bytes)).copied()
    }

    /// The class that stands for these digests, whatever the size.
    pub(crate) fn first(&self, digests: &ArtifactDigests) -> Option<u32> {
        self.classes.get(digests).copied()
    }

    /// The classes of the same digests as that first one, with every size.
    pub(crate) fn of_every_size(&self, first: u32) -> impl Iterator<Item = u32> + '_ {
        let digests = self.digests(first);
        let others = self.other_sizes.range((digests, None)..=(digests, Some(u64::MAX)));
        std::iter::once(first).chain(others.map(|(_, class)| *class))
    }

    /// The classes that are these bytes as far as digests tell: at least one equal and none
    /// different; and that are of one size.
    ///
    /// Where a digest stands in two classes that contradict each other, nothing follows from that
    /// digest alone.
    pub(crate) fn agreeing(&self, content: &Content) -> &[u32] {
        self.class(content).map(|class| self.agreeing_with(class)).unwrap_or_default()
    }

    /// The same for a class.
    pub(crate) fn agreeing_with(&self, class: u32) -> &[u32] {
        self.agreeing.of(class)
    }

    fn compare(&self, content: &Content) -> Vec<u32> {
        let firsts = self.same_bytes(&content.digests).into_iter();
        let sized = |first| Content { digests: self.digests(first), size_bytes: content.size_bytes };
        firsts.filter_map(|first| self.class(&sized(first))).collect()
    }

    /// The first classes of the digest sets that are the same bytes as far as digests tell,
    /// whatever the size.
    pub(crate) fn same_bytes(&self, digests: &ArtifactDigests) -> Vec<u32> {
        let mut found: Vec<u32> = self.first(digests).into_iter().collect();
        let single = |blake3, sha256| ArtifactDigests::new(blake3, sha256).and_then(|one| self.first(&one));
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

    /// Whether an output, as a whole, can join records: in the order of positions.
    pub(crate) fn proves(&self, record: u32, artifact: u32) -> bool {
        self.proving_outputs.binary_search(&(record, artifact)).is_ok()
    }

    /// Whether something has one of these digests and another of the other kind, or another size,
    /// so that nobody can tell which description is right.
    pub(crate) fn is_disputed(&self, content: &Content) -> bool {
        let same = self.same_bytes(&content.digests);
        let is_sized = |first: &u32| {
            let sizes = self.sizes[*first as usize];
            sizes == Sizes::None || sizes == Sizes::One(content.size_bytes)
        };
        !same.iter().all(is_sized) || self.sharing(&content.digests).any(|class| !same.contains(&class))
    }

    /// The first class of every digest set that has one of these digests, whatever its other.
    pub(crate) fn sharing(&self, digests: &ArtifactDigests) -> impl Iterator<Item = u32> + '_ {
        let by_blake3 = digests.blake3().map(|digest| of(&self.by_blake3, &digest)).into_iter().flatten();
        let by_sha256 = digests.sha256().map(|digest| of(&self.by_sha256, &digest)).into_iter().flatten();
        by_blake3.chain(by_sha256)
    }
}

/// Whether an artifact, or a file of its tree, can join records. An empty file is the same
/// everywhere, so it says nothing about where it came from.
fn joins(artifact: &ArtifactFact, file: Option<&FileFact>, digests: &ArtifactDigests) -> bool {
    can_prove(artifact, file) && !digests.is_of_nothing()
}

/// Whether it can, or could if the listing of a tree were here.
pub(crate) fn may_join(artifact: &ArtifactFact, file: Option<&FileFact>, digests: &ArtifactDigests) -> bool {
    let is_hidden = file.is_none() && artifact.form == Form::Tree && artifact.files.is_empty();
    joins(artifact, file, digests) || (is_hidden && carries_proof(artifact) && !digests.is_of_nothing())
}

/// The bytes of an artifact, if it can join records as a whole.
pub(crate) fn proving_whole(artifact: &ArtifactFact) -> Option<Content> {
    Content::of(artifact).filter(|content| joins(artifact, None, &content.digests))
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
