//! Which artifacts the records and releases of a bundle name: nothing else may be embedded
//! (spec/container.md, "Names").

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use expbundle_format::container::EntryName;
use expbundle_format::limits::Limits;
use expbundle_format::record::{Form, Record};
use expbundle_format::sections::{Artifact, Artifacts, JsonSection as _};
use expbundle_format::tree::Tree;
use expbundle_format::{ArtifactDigests, Blake3, Code, DigestSet, Finding, Place, RecordId, Sha256, json};

use crate::bundle::Bundle;

/// An artifact as something in the bundle speaks of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SpokenOf {
    pub sha256: Option<Sha256>,
    pub size: Option<u64>,
}

impl SpokenOf {
    /// Whether nothing that both know differs.
    pub fn fits(self, actual: Self) -> bool {
        let same_size = self.size.is_none() || actual.size.is_none() || self.size == actual.size;
        same_size && (self.sha256.is_none() || actual.sha256.is_none() || self.sha256 == actual.sha256)
    }
}

/// What something says of an embedded artifact that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Misdescribed {
    pub artifact: Blake3,
    /// The record that says it, or those that name the listing which does: one list for all its
    /// files.
    pub by: Arc<[RecordId]>,
    /// What it says.
    pub said: SpokenOf,
}

/// Something that is wrong by the word of records: it is, if one of them counts.
#[derive(Clone, Debug)]
pub(crate) struct Attributed {
    pub finding: Finding,
    pub by: Vec<RecordId>,
}

/// The artifacts that are named, the descriptions that do not fit, and listings that cannot be
/// read.
#[derive(Debug, Default)]
pub(crate) struct Spoken {
    pub artifacts: BTreeSet<Blake3>,
    pub misdescribed: Vec<Misdescribed>,
    pub listings: Vec<Attributed>,
}

/// Every artifact that a record, its `artifacts.json` or an embedded listing speaks of. An entry
/// whose bytes differ from its name or its record speaks of nothing. `holds` says whether a
/// description fits an artifact, as far as that is known.
///
/// `released` are the listings that releases name. Anyone may sign a release of something that is
/// not a listing, so nothing is refused for it; such a release covers nothing (spec/directory.md).
pub(crate) fn spoken_of(
    bundle: &Bundle,
    records: &BTreeMap<RecordId, Record>,
    released: &[DigestSet],
    limits: &Limits,
    is_sound: impl Fn(&EntryName) -> bool,
    holds: impl Fn(Blake3, SpokenOf) -> bool,
) -> Spoken {
    let mut spoken = Spoken::default();
    let mut trees: BTreeMap<Blake3, Vec<RecordId>> = BTreeMap::new();
    let mut say = |by: RecordId, digest: ArtifactDigests, size: Option<u64>, form: Form| {
        let Some(artifact) = digest.blake3() else { return };
        spoken.artifacts.insert(artifact);
        let said = SpokenOf { sha256: digest.sha256(), size };
        if !holds(artifact, said) {
            spoken.misdescribed.push(Misdescribed { artifact, by: Arc::new([by]), said });
        }
        if form == Form::Tree {
            let named = trees.entry(artifact).or_default();
            if named.last() != Some(&by) {
                named.push(by);
            }
        }
    };
    for (id, record) in records {
        for artifact in record.body().inputs.iter().chain(&record.body().outputs) {
            say(*id, artifact.digest, Some(artifact.size), artifact.form);
        }
    }
    for id in records.keys() {
        let name = EntryName::Section { record: *id, section: Artifacts::name() };
        for artifact in if is_sound(&name) { described(bundle, &name, limits) } else { Vec::new() } {
            if let Some(digest) = artifact.digest {
                say(*id, digest, artifact.size, artifact.form);
            }
        }
    }
    spoken.artifacts.extend(released.iter().map(|listing| listing.blake3));
    for (tree, named_by) in trees {
        let name = EntryName::Artifact(tree);
        let Some(content) = bundle.get(&name).filter(|_| is_sound(&name)) else { continue };
        match content.read(limits.section_bytes).map(|bytes| Tree::parse(&bytes)) {
            Ok(Ok(tree)) => {
                let by: Arc<[RecordId]> = named_by.into();
                for file in tree.files() {
                    let (artifact, said) =
                        (file.digest.blake3, SpokenOf { sha256: Some(file.digest.sha256), size: Some(file.size) });
                    spoken.artifacts.insert(artifact);
                    if !holds(artifact, said) {
                        spoken.misdescribed.push(Misdescribed { artifact, by: Arc::clone(&by), said });
                    }
                }
            }
            Ok(Err(error)) => {
                let finding = Finding::new(Code::TreeInvalid, Place::entry(name.to_string()), error.to_string());
                spoken.listings.push(Attributed { finding, by: named_by });
            }
            Err(error) => {
                let finding = Finding::new(Code::ContainerLimit, Place::entry(name.to_string()), error.to_string());
                spoken.listings.push(Attributed { finding, by: named_by });
            }
        }
    }
    spoken.misdescribed.sort_unstable();
    spoken.misdescribed.dedup();
    spoken
}

/// What is wrong with the section is reported where sections are checked.
fn described(bundle: &Bundle, name: &EntryName, limits: &Limits) -> Vec<Artifact> {
    let bytes = bundle.get(name).and_then(|content| content.read(limits.section_bytes).ok());
    let section = bytes.and_then(|bytes| json::from_bytes::<Artifacts>(&bytes, limits).ok());
    section.map(|section| section.artifacts).unwrap_or_default()
}
