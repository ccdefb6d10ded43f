//! What records say that they made, by digest and by name, for lookups: a file is compared with all
//! of it in constant time (spec/directory.md, "What covers").

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use expbundle::folder::Word;
use expbundle::origins::{ArtifactFact, Given, Made, Origin, has_common_name, is_trivial};
use expbundle::verify::Digests;
use expbundle_format::pointer::Pointer;
use expbundle_format::record::{Form, role};
use expbundle_format::sections::{Artifacts, Direction};
use expbundle_format::tree::TreeFile;
use expbundle_format::weights::look_like_weights;
use expbundle_format::{ArtifactDigests, Blake3, RecordId, Sha256};

use crate::covering::{Covering, Maker};
use crate::scan::{Held, Scan};

/// A file that a record made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Output {
    /// Whether it covers. The first order: what covers comes before what does not.
    pub word: Word,
    pub record: RecordId,
    /// Whether its role is that of a model.
    pub is_model: bool,
    pub digest: ArtifactDigests,
    pub size: u64,
}

/// By what a file is looked up. Sizes are part of it: an output of another size is another output.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Both(Blake3, Sha256, u64),
    /// Of outputs that are known by BLAKE3 alone.
    OnlyBlake3(Blake3, u64),
    OnlySha256(Sha256, u64),
    /// Of all outputs with this digest, for files of which only that digest is known.
    AnyBlake3(Blake3, u64),
    AnySha256(Sha256, u64),
}

/// The outputs of all records that may be named.
#[derive(Default)]
pub(crate) struct Outputs {
    by_digest: HashMap<Key, Output>,
    /// Models by full path and by last name.
    by_path: HashMap<String, Output>,
    by_last_name: HashMap<String, Vec<Output>>,
    /// Whether `record.json` of some record lists a model.
    has_model: bool,
    /// Which digests are compared where both are known.
    digests: Digests,
}

/// A listing, whether it is that of a model, and what the word of those who put it out is worth.
type TreeKey = (Blake3, bool, Word);

/// Files of a tree that are still nobody's.
struct Left {
    files: Vec<TreeFile>,
    /// Of those who took in the same trees: what they were given by itself, so that another of them
    /// may have made it. What was in the trees none of them has made.
    by_trees: HashMap<Vec<usize>, Vec<TreeFile>>,
}

impl Left {
    /// The files that a record made and that were left.
    fn take_made(&mut self, made: &Made<'_>, tree: &ArtifactFact) -> Vec<TreeFile> {
        let trees = made.trees(tree);
        let known = self.by_trees.remove(trees);
        let is_first = known.is_none();
        let (mut own, mut given) = (Vec::new(), Vec::new());
        for file in known.unwrap_or_else(|| std::mem::take(&mut self.files)) {
            match made.file(tree, &file.digest.into()) {
                Given::Not => own.push(file),
                Given::Itself => given.push(file),
                Given::InTree => self.files.push(file),
            }
        }
        if is_first {
            self.files.extend(given.iter().cloned());
        }
        self.by_trees.insert(trees.to_vec(), given);
        own
    }
}

impl Outputs {
    /// Of records that may be named: with a signers file those that a trusted key signed.
    pub fn of(covering: &Covering<'_>, makers: &BTreeMap<RecordId, Maker>) -> Self {
        Self::of_those(covering, makers, |maker| !covering.asks_for_trust() || !maker.by.is_empty())
    }

    /// Of the other records, whose word counts for nothing.
    pub fn of_others(covering: &Covering<'_>, makers: &BTreeMap<RecordId, Maker>) -> Self {
        Self::of_those(covering, makers, |maker| covering.asks_for_trust() && maker.by.is_empty())
    }

    fn of_those(covering: &Covering<'_>, makers: &BTreeMap<RecordId, Maker>, is_one: impl Fn(&Maker) -> bool) -> Self {
        let mut outputs = Self { digests: covering.digests(), ..Self::default() };
        let mut order: Vec<(Word, RecordId)> =
            makers.iter().filter(|(_, maker)| is_one(maker)).map(|(id, maker)| (maker.word, *id)).collect();
        // Of several that made one file, the first counts.
        order.sort();
        let mut trees = BTreeMap::new();
        let origins = covering.intact().origins(order.iter().map(|(_, record)| *record));
        for (word, record) in order {
            let Some(made) = origins.of(record) else { continue };
            let (mut models, mut first_model) = (HashMap::new(), None);
            for (artifact, origin) in made.outputs() {
                let (Some(digest), Some(size)) = (artifact.digests, artifact.size_bytes) else { continue };
                let word = match origin {
                    Origin::PassedOn => Word::PassedOn,
                    Origin::Unknown if word == Word::Counts => Word::UnknownOrigin,
                    _ => word,
                };
                let output = Output { word, record, is_model: role::is_model(&artifact.role), digest, size };
                // What was passed on is nothing that a folder of this record has to have.
                let is_expected = output.is_model && origin != Origin::PassedOn;
                outputs.has_model |= is_expected;
                match artifact.form {
                    Form::File => outputs.file(output),
                    Form::Tree => outputs.tree(covering, output, (&made, artifact), &mut trees),
                }
                if is_expected && artifact.form == Form::File {
                    models.insert(digest, size);
                    first_model.get_or_insert(output);
                }
            }
            if let Some(model) = first_model {
                outputs.names(covering, model, &models);
            }
        }
        outputs
    }

    fn file(&mut self, output: Output) {
        let size = output.size;
        let keys = match (output.digest.blake3(), output.digest.sha256()) {
            (Some(blake3), Some(sha256)) => [
                Some(Key::Both(blake3, sha256, size)),
                Some(Key::AnyBlake3(blake3, size)),
                Some(Key::AnySha256(sha256, size)),
            ],
            (Some(blake3), None) => [Some(Key::OnlyBlake3(blake3, size)), Some(Key::AnyBlake3(blake3, size)), None],
            (None, Some(sha256)) => [Some(Key::OnlySha256(sha256, size)), Some(Key::AnySha256(sha256, size)), None],
            (None, None) => [None, None, None],
        };
        for key in keys.into_iter().flatten() {
            // Bytes that one calls a model are one, whatever others call them.
            let known = self.by_digest.entry(key).or_insert(output);
            let is_model = known.is_model || output.is_model;
            *known = Output { is_model, ..output.min(*known) };
        }
    }

    /// Each file of a tree once, however many records name the tree.
    fn tree(
        &mut self,
        covering: &Covering<'_>,
        output: Output,
        (made, tree): (&Made<'_>, &ArtifactFact),
        trees: &mut BTreeMap<TreeKey, Left>,
    ) {
        let Some(listing) = output.digest.blake3() else { return };
        let left = match trees.entry((listing, output.is_model, output.word)) {
            Entry::Occupied(left) => left.into_mut(),
            Entry::Vacant(empty) => {
                let Some(tree) = covering.intact().tree(listing) else { return };
                let files = tree.files().to_vec();
                // Whoever passed a file on, it is an output.
                for file in &files {
                    self.file_of_tree(Output { word: Word::PassedOn, ..output }, file);
                }
                empty.insert(Left { files, by_trees: HashMap::new() })
            }
        };
        if output.word == Word::PassedOn {
            return;
        }
        for file in left.take_made(made, tree) {
            let path = file.path.to_plain();
            let file = self.file_of_tree(output, &file);
            if file.is_model {
                self.name(path, file);
            }
        }
    }

    fn file_of_tree(&mut self, tree: Output, file: &TreeFile) -> Output {
        let is_model = tree.is_model && look_like_weights(&file.path.to_plain());
        let file = Output { digest: file.digest.into(), size: file.size, is_model, ..tree };
        self.file(file);
        file
    }

    /// Paths and names that `artifacts.json` gives to the models of `record.json`. Where it is
    /// withheld they are not known.
    fn names(&mut self, covering: &Covering<'_>, output: Output, models: &HashMap<ArtifactDigests, u64>) {
        let section = covering.intact().json_section::<Artifacts>(output.record).unwrap_or_default();
        for artifact in section.artifacts {
            let Some(digest) = artifact.digest.filter(|_| artifact.direction == Direction::Output) else { continue };
            let Some(size) = models.get(&digest) else { continue };
            let output = Output { digest, size: *size, ..output };
            for name in [artifact.path, artifact.name].into_iter().flatten() {
                self.name(name, output);
            }
        }
    }

    fn name(&mut self, path: String, output: Output) {
        let last = path.rsplit('/').next().unwrap_or_default().to_owned();
        self.by_last_name.entry(last).or_default().push(output);
        self.by_path.entry(path).or_insert(output);
    }

    /// Forgets the last names of models that are in the folder.
    pub fn beside(mut self, here: &Here) -> Self {
        self.by_last_name.values_mut().for_each(|models| models.retain(|model| !here.has(model)));
        self
    }

    /// Whether some record lists a model among its outputs.
    pub fn has_model(&self) -> bool {
        self.has_model
    }

    /// The output that a file is: by its size and BLAKE3, and by SHA-256 if that is all that is
    /// known or if it was asked for. So what another record says does not change what a file is
    /// compared with.
    pub fn find(&self, held: &Held) -> Option<Output> {
        let find = |key| self.by_digest.get(&key).copied();
        match held {
            Held::Bytes { digest, size } => {
                let by_blake3 = match (digest.blake3(), digest.sha256(), self.digests) {
                    (Some(blake3), Some(sha256), Digests::All) => {
                        [Some(Key::Both(blake3, sha256, *size)), Some(Key::OnlyBlake3(blake3, *size))]
                    }
                    (blake3, ..) => [blake3.map(|blake3| Key::AnyBlake3(blake3, *size)), None],
                };
                let by_sha256 = digest.sha256().map(|sha256| Key::OnlySha256(sha256, *size));
                let found = by_blake3.into_iter().chain([by_sha256]).flatten().filter_map(find);
                // Bytes that one calls a model are one, whatever others call them.
                found.reduce(|a, b| Output { is_model: a.is_model || b.is_model, ..a.min(b) })
            }
            Held::Pointer(Pointer { sha256, size, transformed: false }) => find(Key::AnySha256(*sha256, *size)),
            Held::Pointer(_) | Held::BrokenPointer(_) => None,
        }
    }

    /// The model that a file replaces, if that file is not an output: the one with the same path,
    /// or one with the same last name that was not found in the folder.
    pub fn in_place_of(&self, path: &str) -> Option<Output> {
        let last = path.rsplit('/').next().unwrap_or_default();
        self.by_path.get(path).or_else(|| self.by_last_name.get(last)?.first()).copied()
    }
}

/// The bytes that are in a folder.
pub(crate) struct Here {
    blake3: BTreeSet<Blake3>,
    sha256: BTreeSet<Sha256>,
    /// SHA-256 of what pointers stand for.
    pointed_to: BTreeSet<Sha256>,
}

impl Here {
    pub fn of(scan: &Scan) -> Self {
        Self::of_those(scan, |_, _| true)
    }

    /// Without files that others have by chance: what is said of whoever put such a file out is not
    /// said of this folder.
    pub fn of_own(scan: &Scan) -> Self {
        let is_trivial =
            |held: &Held| held.digest().is_some_and(|digest| is_trivial(&digest) || digest.is_of_nothing());
        Self::of_those(scan, |path, held| !has_common_name(path) && !is_trivial(held))
    }

    fn of_those(scan: &Scan, is_one: impl Fn(&str, &Held) -> bool) -> Self {
        // A pointer with an extension is not that of a file that a record knows.
        let is_plain = |held: &&Held| held.pointer().is_none_or(|pointer| !pointer.transformed);
        let those = || scan.files.iter().filter(|(path, held)| is_one(&path.to_plain(), held));
        let held = || those().map(|(_, held)| held).filter(is_plain);
        let digests = || held().filter_map(Held::digest);
        Self {
            blake3: digests().filter_map(|digest| digest.blake3()).collect(),
            sha256: digests().filter_map(|digest| digest.sha256()).collect(),
            pointed_to: held().filter_map(Held::pointer).map(|pointer| pointer.sha256).collect(),
        }
    }

    fn has(&self, output: &Output) -> bool {
        self.has_bytes(&output.digest)
    }

    pub fn has_bytes(&self, digest: &ArtifactDigests) -> bool {
        let known_by_sha256 = if digest.blake3().is_some() { &self.pointed_to } else { &self.sha256 };
        digest.blake3().is_some_and(|blake3| self.blake3.contains(&blake3))
            || digest.sha256().is_some_and(|sha256| known_by_sha256.contains(&sha256))
    }
}
