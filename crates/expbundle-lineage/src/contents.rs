//! Contents: which artifacts are the same bytes (spec/lineage.md, "Same bytes").
//!
//! Artifacts fall into classes of equal digests and size. An artifact may be known by one digest only, so classes *agree* rather
//! than being equal; each agrees with at most two others, which keeps everything linear. Of two sizes of one digest one is a lie, so classes
//! of different sizes never agree. Who produced and who took in a
//! class stands in lists, and never as pairs: a data set that 10 000 runs made and 10 000 others used is 20 000 entries.
//!
//! A file of a tree joins records only where it is a whole artifact somewhere. So all files of a listing are looked at once, and of those
//! only at the other records that name it: a listing of a million files that 10 000 runs used costs a million and 10 000.
//!
//! What took a listing in is joined to all its files alike, so such a record names the listing, and the listing its files: neither is
//! multiplied by the other. What put it out may have been given some of the files, so outputs are looked at one by one.

use std::collections::{BTreeMap, HashMap, HashSet};

use expbundle_format::record::Form;
use expbundle_format::{ArtifactDigests, Blake3, Sha256};

use crate::adjacency::Adjacency;
use crate::evidence::{Maker, Origin, can_prove, carries_proof};
use crate::facts::{ArtifactFact, RecordFacts};
use crate::link::Side;
use crate::listing::{FileFact, Listing};
use crate::taken::Digests;

/// How often files of listings are looked at again, because a further record names the listing (spec/lineage.md, "Cost").
const MOST_AGAIN: usize = 1 << 22;

/// Bytes, as an artifact or a file of a tree is described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) digests: ArtifactDigests,
    /// `None` if only `artifacts.json` has them and gives none.
    pub(crate) size_bytes: Option<u64>,
}

impl Content {
    fn of_file(file: &FileFact) -> Self {
        Self { digests: file.digests, size_bytes: Some(file.size_bytes) }
    }

    pub(crate) fn of(artifact: &ArtifactFact) -> Option<Self> {
        artifact.digests.map(|digests| Self { digests, size_bytes: artifact.size_bytes })
    }
}

/// The sizes that records and listings give for digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sizes {
    #[default]
    None,
    One(Option<u64>),
    Several,
}

impl Sizes {
    fn and(self, size_bytes: Option<u64>) -> Self {
        match self {
            Self::None => Self::One(size_bytes),
            Self::One(known) if known == size_bytes => self,
            _ => Self::Several,
        }
    }
}

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

/// What shares a digest with another and differs in the other, or in its size.
#[derive(Clone, Debug)]
pub(crate) struct Conflict {
    /// The first class of each digest set that disagrees.
    pub(crate) classes: Vec<u32>,
    /// Whether they differ in size only.
    pub(crate) of_sizes: bool,
}

/// All classes, and who put them out and took them in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contents {
    /// The first class of each digest set, which stands for those of other sizes where sizes do not matter.
    classes: HashMap<ArtifactDigests, u32>,
    /// Those of other sizes: few, for one of two sizes is a lie.
    other_sizes: BTreeMap<(ArtifactDigests, Option<u64>), u32>,
    /// By class.
    described: Vec<Content>,
    /// By first class of a digest set, the sizes that are listed.
    sizes: Vec<Sizes>,
    /// By class, whether some `record.json`, or a listing that one names, has it.
    listed: Vec<bool>,
    /// First classes of digest sets that have both digests and are listed, in the order of each: what only `artifacts.json` has can be left out, so it disputes nothing.
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
    /// Of files of listings only those of the first record that took the listing in; of the others see `taken_listings`.
    pub(crate) inputs: Uses,
    pub(crate) taken_listings: TakenListings,
    /// Of listings that were taken in, who made some file that can join records.
    accounted: HashMap<usize, Makers>,
    /// Of each listing, the files that share a digest with a whole artifact.
    joining: HashMap<usize, Vec<u32>>,
    /// The first record whose listings were not looked at, for there were too many.
    pub(crate) left_out: Option<u32>,
}

/// Who made something, as far as it matters whether that is another than somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Makers {
    #[default]
    None,
    One(u32),
    Several,
}

impl Makers {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, makers) | (makers, Self::None) => makers,
            (one, other) if one == other => one,
            _ => Self::Several,
        }
    }

    /// Whether somebody else did.
    fn besides(self, record: u32) -> bool {
        match self {
            Self::None => false,
            Self::One(maker) => maker != record,
            Self::Several => true,
        }
    }
}

/// The files of a listing that join whoever took it in, for the records that name it after the first.
#[derive(Clone, Debug, Default)]
pub(crate) struct TakenListings {
    /// Of each listing the classes of its files that can join records.
    pub(crate) files: Vec<Vec<u32>>,
    /// Records, and the listings that they took in.
    pub(crate) takers: Vec<(u32, u32)>,
    by_key: HashMap<usize, u32>,
}

/// Uses in one direction, before they are sorted.
#[derive(Default)]
struct Collected {
    uses: Vec<Use>,
    /// Listings of which every file is in `uses`.
    whole: HashSet<usize>,
    /// Listings that some `record.json` names.
    listed: HashSet<usize>,
    again: usize,
}

/// How the files of a listing are looked at for one more record.
enum Look<'a> {
    /// The first time, all of them.
    All,
    /// Afterwards those that can join records.
    Joining(&'a [u32]),
    /// Too many were.
    LeftOut,
}

impl Collected {
    /// Counts a look at a listing.
    fn look<'a>(&mut self, listing: &Listing, joining: &'a HashMap<usize, Vec<u32>>) -> Look<'a> {
        if listing.is_empty() {
            return Look::Joining(&[]);
        }
        if self.whole.insert(listing.key()) {
            return Look::All;
        }
        let files = joining.get(&listing.key()).map(Vec::as_slice).unwrap_or_default();
        self.again += files.len();
        if self.again > MOST_AGAIN { Look::LeftOut } else { Look::Joining(files) }
    }
}

impl Contents {
    pub(crate) fn new(records: &[RecordFacts]) -> Self {
        let joining = joining(records);
        let mut contents = Self::default();
        let taken_listings = Digests::of_input_listings(records);
        let (mut outputs, mut inputs) = (Collected::default(), Collected::default());
        for (record, facts) in (0_u32..).zip(records) {
            contents.collect_inputs(record, &facts.inputs, &joining, &mut inputs);
            if !facts.outputs.is_empty() {
                let maker = Maker::new(facts, &taken_listings);
                contents.collect_outputs(record, &facts.outputs, &maker, &joining, &mut outputs);
            }
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
        rayon::join(|| contents.by_blake3.sort_unstable(), || contents.by_sha256.sort_unstable());
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
            rayon::join(|| Uses::new(outputs, classes), || Uses::new(inputs, classes));
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

    fn collect_inputs(
        &mut self,
        record: u32,
        inputs: &[ArtifactFact],
        joining: &HashMap<usize, Vec<u32>>,
        collected: &mut Collected,
    ) {
        for (artifact, fact) in (0_u32..).zip(inputs) {
            let position = (record, artifact);
            if let Some(content) = Content::of(fact) {
                self.collect(position, fact, None, content, || Origin::Made, collected);
            }
            let look = collected.look(&fact.files, joining);
            if !fact.files.is_empty() && fact.listed && collected.listed.insert(fact.files.key()) {
                for held in &*fact.files {
                    let class = self.class_or_new(Content::of_file(held));
                    self.listed[class as usize] = true;
                }
            }
            match look {
                Look::All => {
                    for (file, held) in (0_u32..).zip(&*fact.files) {
                        let content = Content::of_file(held);
                        self.collect(position, fact, Some(file), content, || Origin::Made, collected);
                    }
                }
                Look::Joining([]) => {}
                Look::Joining(files) => self.take_listing(record, fact, files),
                Look::LeftOut => self.left_out = self.left_out.or(Some(record)),
            }
        }
    }

    fn collect_outputs(
        &mut self,
        record: u32,
        outputs: &[ArtifactFact],
        maker: &Maker<'_>,
        joining: &HashMap<usize, Vec<u32>>,
        collected: &mut Collected,
    ) {
        for (artifact, fact) in (0_u32..).zip(outputs) {
            let position = (record, artifact);
            if let Some(content) = Content::of(fact) {
                self.collect(position, fact, None, content, || maker.origin(fact, &content.digests), collected);
            }
            let all: Vec<u32>;
            let files = match collected.look(&fact.files, joining) {
                Look::All => {
                    all = (0_u32..).take(fact.files.len()).collect();
                    &all
                }
                Look::Joining(files) => files,
                Look::LeftOut => {
                    self.left_out = self.left_out.or(Some(record));
                    &[]
                }
            };
            for &file in files {
                let Some(held) = fact.files.get(file as usize) else { continue };
                let content = Content::of_file(held);
                self.collect(position, fact, Some(file), content, || maker.origin(fact, &held.digests), collected);
            }
        }
    }

    /// One use, of a whole artifact or of a file of its tree.
    fn collect(
        &mut self,
        (record, artifact): (u32, u32),
        fact: &ArtifactFact,
        file: Option<u32>,
        content: Content,
        origin: impl FnOnce() -> Origin,
        collected: &mut Collected,
    ) {
        let held = file.and_then(|file| fact.files.get(file as usize));
        let class = self.class_or_new(content);
        self.listed[class as usize] |= fact.listed;
        let (joins, may_join) = (joins(fact, held, &content.digests), may_join(fact, held, &content.digests));
        let origin = if may_join { origin() } else { Origin::PassedOn };
        collected.uses.push(Use {
            class,
            in_tree: file.is_some(),
            record,
            artifact,
            file: file.unwrap_or(0),
            links: joins && origin == Origin::Made,
            may_link: origin != Origin::PassedOn,
        });
    }

    /// One more record took in a listing whose files are known.
    fn take_listing(&mut self, record: u32, fact: &ArtifactFact, joining: &[u32]) {
        if !carries_proof(fact) {
            return;
        }
        let known = self.taken_listings.by_key.get(&fact.files.key()).copied();
        let listing = known.unwrap_or_else(|| {
            let held = joining.iter().filter_map(|file| fact.files.get(*file as usize));
            let held = held.filter(|file| joins(fact, Some(file), &file.digests)).map(Content::of_file);
            let files = held.map(|content| self.class_or_new(content)).collect();
            let TakenListings { files: all, by_key, .. } = &mut self.taken_listings;
            let listing = u32::try_from(all.len()).expect("fewer than 2^32 listings fit into memory");
            all.push(files);
            by_key.insert(fact.files.key(), listing);
            listing
        });
        self.taken_listings.takers.push((record, listing));
    }

    /// Of each listing that records took in, who made some file of it.
    fn accounted_listings(&self, records: &[RecordFacts]) -> HashMap<usize, Makers> {
        let mut known: HashMap<usize, Makers> = HashMap::new();
        let inputs = records.iter().flat_map(|facts| &facts.inputs);
        for input in inputs.filter(|input| !input.files.is_empty() && carries_proof(input)) {
            known.entry(input.files.key()).or_insert_with(|| {
                let files = self.proving_files(input).map(|(_, content)| self.makers(&content, false));
                files.fold(Makers::None, Makers::and)
            });
        }
        known
    }

    /// Who made these bytes, as a whole artifact or, if that counts, as a file of a tree.
    fn makers(&self, content: &Content, in_trees: bool) -> Makers {
        let by = |class: u32| {
            let [whole, in_tree] = self.produced[class as usize];
            if in_trees { whole.and(in_tree) } else { whole }
        };
        self.agreeing(content).iter().copied().map(by).fold(Makers::None, Makers::and)
    }

    /// Whether what an input is, or a file of its tree, was made by another record than the one that took it in.
    pub(crate) fn is_accounted(&self, input: &ArtifactFact, taker: u32) -> bool {
        let whole = proving_whole(input).is_some_and(|content| self.makers(&content, true).besides(taker));
        let of_files = || self.accounted.get(&input.files.key()).copied().unwrap_or_default();
        whole || (carries_proof(input) && of_files().besides(taker))
    }

    /// What of an artifact can join records, with the positions of files: the whole, and those files of its tree that are a whole artifact
    /// somewhere.
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

    /// The classes that are these bytes as far as digests tell: at least one equal and none different; and that are of one size.
    ///
    /// Where a digest stands in two classes that contradict each other, nothing follows from that digest alone.
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

    /// The first classes of the digest sets that are the same bytes as far as digests tell, whatever the size.
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

    /// Whether something has one of these digests and another of the other kind, or another size, so that nobody can tell which description is
    /// right.
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

    /// Everything that shares one digest and differs in the other, in the order of the shared digest; then what differs in size only.
    pub(crate) fn conflicts(&self) -> Vec<Conflict> {
        fn shared<D: PartialEq>(classes: &[(D, u32)], bytes: impl Fn(&D) -> [u8; 32]) -> Vec<([u8; 32], Conflict)> {
            let runs = classes.chunk_by(|(a, _), (b, _)| a == b).filter(|run| run.len() > 1);
            let conflict = |run: &[(D, u32)]| {
                let digest = run.first().map(|(digest, _)| bytes(digest)).unwrap_or_default();
                (digest, Conflict { classes: run.iter().map(|(_, class)| *class).collect(), of_sizes: false })
            };
            runs.map(conflict).collect()
        }
        let mut disputed = shared(&self.by_blake3, |digest| *digest.as_bytes());
        disputed.extend(shared(&self.by_sha256, |digest| *digest.as_bytes()));
        disputed.sort_by_key(|(digest, _)| *digest);
        disputed.into_iter().map(|(_, conflict)| conflict).chain(self.conflicts_of_sizes()).collect()
    }

    fn conflicts_of_sizes(&self) -> impl Iterator<Item = Conflict> + '_ {
        let firsts = (0_u32..).zip(&self.sizes);
        firsts.filter_map(|(first, sizes)| match sizes {
            Sizes::None => None,
            Sizes::Several => Some(Conflict { classes: vec![first], of_sizes: true }),
            // What is known by one digest is held against what is known by both.
            Sizes::One(_) if self.digests(first).both().is_some() => None,
            Sizes::One(_) => {
                let other = self.same_bytes(&self.digests(first)).into_iter().find(|other| {
                    let others = &self.sizes[*other as usize];
                    matches!(others, Sizes::One(_)) && others != sizes
                })?;
                Some(Conflict { classes: vec![first, other], of_sizes: true })
            }
        })
    }
}

/// Whether an artifact, or a file of its tree, can join records. An empty file is the same everywhere, so it says nothing about where it
/// came from.
fn joins(artifact: &ArtifactFact, file: Option<&FileFact>, digests: &ArtifactDigests) -> bool {
    can_prove(artifact, file) && !digests.is_of_nothing()
}

/// Whether it can, or could if the listing of a tree were here.
fn may_join(artifact: &ArtifactFact, file: Option<&FileFact>, digests: &ArtifactDigests) -> bool {
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

#[cfg(test)]
mod tests {
    use expbundle_format::record::{Form, Kind};
    use expbundle_format::{DigestSet, RecordId};

    use super::*;
    use crate::facts::Facts;
    use crate::lineage::Lineage;

    const SIZE: u64 = 1 << 20;

    /// One record puts out each file of a listing by itself, and others take the listing in.
    fn family(files: usize, takers: usize) -> Lineage {
        let digests = |text: String| ArtifactDigests::from(DigestSet::of(text.as_bytes()));
        let data = |digests| ArtifactFact::new("dataset".parse().expect("a role"), digests, SIZE);
        let file = |number: usize| digests(format!("file {number}"));
        let listing: Listing = (0..files)
            .map(|number| FileFact { path: format!("{number}.bin"), digests: file(number), size_bytes: SIZE })
            .collect();
        let tree = || ArtifactFact { form: Form::Tree, files: listing.clone(), ..data(digests("tree".to_owned())) };
        let record = |name: String| RecordFacts::new(DigestSet::of(name.as_bytes()), Kind::Run);
        let maker = RecordFacts {
            outputs: (0..files).map(|number| data(file(number))).collect(),
            ..record("maker".to_owned())
        };
        let takers =
            (0..takers).map(|number| RecordFacts { inputs: vec![tree()], ..record(format!("taker {number}")) });
        Lineage::build(Facts { records: takers.chain([maker]).collect(), ..Facts::default() })
    }

    #[test]
    fn files_of_a_listing_and_records_that_took_it_in_are_added_and_not_multiplied() {
        for (files, takers) in [(1000, 10), (10, 1000), (1000, 1000)] {
            let lineage = family(files, takers);
            let maker = RecordId(DigestSet::of(b"maker").blake3);
            assert_eq!(lineage.descendants(&[maker]).len(), takers);
            let arcs: usize = (0..lineage.up.len()).map(|vertex| lineage.up.of(vertex).len()).sum();
            let contents = &lineage.contents;
            let kept = contents.inputs.all.len() + contents.outputs.all.len();
            let listed = contents.taken_listings.takers.len() + contents.taken_listings.files.concat().len();
            // A file has two uses by itself, an arc to each, and those from what was taken in to what was put out.
            let most = 10 * (files + takers);
            assert!(arcs + kept + listed <= most, "{files} files, {takers} takers: {arcs} + {kept} + {listed}");
        }
    }
}
