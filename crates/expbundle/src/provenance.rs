//! What a writer marks in `record.json`, so that nobody has to compare and nothing that is withheld
//! is missed: outputs that were passed on, and artifacts that others have too (spec/record.md,
//! "Marks").

use std::collections::{BTreeMap, HashSet};

use expbundle_format::limits::Limits;
use expbundle_format::record::role::carries_lineage;
use expbundle_format::record::{ArtifactRef, Form, RecordBody};
use expbundle_format::sections::{Artifacts, Direction};
use expbundle_format::tree::{Tree, TreeFile};
use expbundle_format::{ArtifactDigests, Blake3, Sha256};
use expbundle_lineage::evidence::{has_common_name, is_own_file, is_trivial};

use crate::content::Content;

/// Marks the outputs of a record, and of the artifacts whose roles carry lineage those that are
/// common. What is marked already stays.
pub(crate) fn mark(body: &mut RecordBody, described: &Artifacts, embedded: &BTreeMap<Blake3, Content>) {
    let listings = Listings { embedded };
    let taken = Taken::by(body, described, &listings);
    let names = names(described);
    for (direction, list) in [(Direction::Input, &mut body.inputs), (Direction::Output, &mut body.outputs)] {
        for artifact in list.iter_mut() {
            let names = names.get(&(direction, artifact.digest)).map(Vec::as_slice).unwrap_or_default();
            artifact.common |= carries_lineage(&artifact.role) && is_common(artifact, names, &listings);
            if direction == Direction::Output && artifact.passed_on.is_none() {
                artifact.passed_on = taken.was_passed_on(artifact, &listings);
            }
        }
    }
}

struct Listings<'a> {
    embedded: &'a BTreeMap<Blake3, Content>,
}

impl Listings<'_> {
    /// The files of a tree, if its listing is embedded.
    fn of(&self, artifact: &ArtifactRef) -> Option<Tree> {
        let content = self.embedded.get(&artifact.digest.blake3()?)?;
        Tree::parse(&content.read(Limits::default().section_bytes).ok()?).ok()
    }
}

/// What a run took in.
#[derive(Default)]
struct Taken {
    blake3: HashSet<Blake3>,
    sha256: HashSet<Sha256>,
    /// Whether a tree was taken in whose files are not known.
    is_more: bool,
    /// Whether something is known by this digest only, which tells nothing of what is known by the
    /// other only.
    only_blake3: bool,
    only_sha256: bool,
}

impl Taken {
    fn by(body: &RecordBody, described: &Artifacts, listings: &Listings<'_>) -> Self {
        let mut taken = Self::default();
        for input in &body.inputs {
            taken.add(&input.digest);
            if input.form == Form::Tree && !input.digest.is_of_nothing() {
                match listings.of(input) {
                    Some(tree) => tree.files().iter().for_each(|file| taken.add(&file.digest.into())),
                    None => taken.is_more = true,
                }
            }
        }
        let inputs = described.artifacts.iter().filter(|artifact| artifact.direction == Direction::Input);
        for artifact in inputs {
            let is_known = artifact.digest.is_some_and(|digest| taken.has(&digest) || digest.is_of_nothing());
            taken.is_more |= artifact.form == Form::Tree && !is_known;
            artifact.digest.iter().for_each(|digest| taken.add(digest));
        }
        taken
    }

    fn add(&mut self, digests: &ArtifactDigests) {
        self.blake3.extend(digests.blake3());
        self.sha256.extend(digests.sha256());
        // What is empty is known by both.
        if digests.both().is_none() && !digests.is_of_nothing() {
            self.only_blake3 |= digests.blake3().is_some();
            self.only_sha256 |= digests.sha256().is_some();
        }
    }

    fn has(&self, digests: &ArtifactDigests) -> bool {
        digests.blake3().is_some_and(|digest| self.blake3.contains(&digest))
            || digests.sha256().is_some_and(|digest| self.sha256.contains(&digest))
    }

    /// Whether everything can be compared with these bytes.
    fn can_tell(&self, digests: &ArtifactDigests) -> bool {
        (digests.blake3().is_some() || !self.only_blake3) && (digests.sha256().is_some() || !self.only_sha256)
    }

    /// `None` where it cannot be said in one word: of a tree of which some files were passed on, or
    /// if not all that was taken in is known or can be compared.
    fn was_passed_on(&self, output: &ArtifactRef, listings: &Listings<'_>) -> Option<bool> {
        if self.has(&output.digest) {
            return Some(true);
        }
        if self.is_more || !self.can_tell(&output.digest) {
            return None;
        }
        if output.form == Form::Tree {
            let tree = listings.of(output)?;
            let mut own = tree.files().iter().filter(|file| is_own(file));
            let was_given = |file: &TreeFile| self.has(&file.digest.into());
            let Some(first) = own.next().map(was_given) else {
                return Some(!tree.files().is_empty() && tree.files().iter().all(was_given));
            };
            return own.all(|file| was_given(file) == first).then_some(first);
        }
        Some(false)
    }
}

/// Whether a file of a tree is not one that others have by chance.
fn is_own(file: &TreeFile) -> bool {
    is_own_file(&file.path.to_plain(), &file.digest.into(), file.size)
}

type Names<'a> = BTreeMap<(Direction, ArtifactDigests), Vec<&'a str>>;

fn names(described: &Artifacts) -> Names<'_> {
    let mut names = Names::new();
    for artifact in &described.artifacts {
        let Some(digest) = artifact.digest else { continue };
        let known = artifact.path.as_deref().into_iter().chain(artifact.name.as_deref());
        names.entry((artifact.direction, digest)).or_default().extend(known);
    }
    names
}

fn is_common(artifact: &ArtifactRef, names: &[&str], listings: &Listings<'_>) -> bool {
    match artifact.form {
        Form::File => is_trivial(&artifact.digest) || names.iter().any(|name| has_common_name(name)),
        Form::Tree => listings.of(artifact).is_some_and(|tree| !tree.files().iter().any(is_own)),
    }
}

#[cfg(test)]
mod tests {
    use expbundle_format::DigestSet;
    use expbundle_format::record::Kind;
    use expbundle_format::tree::TreePath;

    use super::*;

    #[test]
    fn what_proves_nothing_by_its_bytes_is_marked_as_common() {
        let is_marked = |output: ArtifactRef, embedded: &[u8]| {
            let mut body = RecordBody::new(Kind::Run);
            body.outputs = vec![output];
            let embedded = BTreeMap::from([(DigestSet::of(embedded).blake3, Content::bytes(embedded.to_vec()))]);
            mark(&mut body, &Artifacts::default(), &embedded);
            body.outputs.iter().all(|output| output.common)
        };
        let output = |bytes: &[u8], form| {
            let role = "model".parse().expect("a role");
            ArtifactRef::new(role, DigestSet::of(bytes).into(), bytes.len() as u64, form)
        };
        let tree = |files: &[(&str, &[u8])]| {
            let file = |(path, bytes): &(&str, &[u8])| TreeFile {
                path: TreePath::from_plain(path).expect("a path"),
                digest: DigestSet::of(bytes),
                size: bytes.len() as u64,
            };
            let listing = Tree::new(files.iter().map(file).collect()).expect("a tree").to_bytes();
            is_marked(output(&listing, Form::Tree), &listing)
        };
        assert!(tree(&[("a.json", b"{}\n"), ("b.json", b"[]\n")]));
        assert!(tree(&[(".DS_Store", b"system"), ("modules.json", b"defaults"), ("empty", b"")]));
        assert!(!tree(&[("LICENSE", b"text"), ("model.bin", b"weights")]));
        assert!(is_marked(output(b"NaN\n", Form::File), b"NaN\n"));
        assert!(!is_marked(output(b"weights", Form::File), b"weights"));
    }
}
