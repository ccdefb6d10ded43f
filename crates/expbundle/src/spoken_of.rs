//! Which artifacts the records and releases of a bundle name: nothing else may be embedded (spec/container.md, "Names").

use std::collections::{BTreeMap, BTreeSet};

use expbundle_format::container::EntryName;
use expbundle_format::limits::Limits;
use expbundle_format::record::{Form, Record};
use expbundle_format::sections::{Artifact, Artifacts, JsonSection as _};
use expbundle_format::tree::Tree;
use expbundle_format::{ArtifactDigests, Blake3, Code, DigestSet, Finding, Place, RecordId, Sha256, json};

use crate::bundle::Bundle;

/// An artifact as something in the bundle speaks of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpokenOf {
    pub sha256: Option<Sha256>,
    pub size: Option<u64>,
}

/// Every artifact that a record, its `artifacts.json` or an embedded listing speaks of; and the listings that are none. What is not sound,
/// because it is not what its name or its record says, speaks of nothing.
///
/// `released` are the listings that releases name. Anybody may sign one that names what is no listing, so nothing is refused for it; such a
/// release covers nothing (spec/directory.md).
pub(crate) fn spoken_of(
    bundle: &Bundle,
    records: &BTreeMap<RecordId, Record>,
    released: &[DigestSet],
    limits: &Limits,
    is_sound: impl Fn(&EntryName) -> bool,
) -> (BTreeMap<Blake3, SpokenOf>, Vec<Finding>) {
    let (mut known, mut trees, mut findings) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
    let mut say = |digest: ArtifactDigests, size: Option<u64>, form: Form| {
        let Some(blake3) = digest.blake3() else { return };
        known.entry(blake3).or_insert(SpokenOf { sha256: digest.sha256(), size });
        if form == Form::Tree {
            trees.insert(EntryName::Artifact(blake3));
        }
    };
    // What `record.json` says comes first: its sizes are never missing.
    for record in records.values() {
        for artifact in record.body().inputs.iter().chain(&record.body().outputs) {
            say(artifact.digest, Some(artifact.size), artifact.form);
        }
    }
    for id in records.keys() {
        let name = EntryName::Section { record: *id, section: Artifacts::name() };
        for artifact in if is_sound(&name) { described(bundle, &name, limits) } else { Vec::new() } {
            if let Some(digest) = artifact.digest {
                say(digest, artifact.size, artifact.form);
            }
        }
    }
    for listing in released {
        known.entry(listing.blake3).or_insert(SpokenOf { sha256: Some(listing.sha256), size: None });
    }
    for name in trees.into_iter().filter(is_sound) {
        let Some(content) = bundle.get(&name) else { continue };
        match content.read(limits.section_bytes).map(|bytes| Tree::parse(&bytes)) {
            Ok(Ok(tree)) => {
                for file in tree.files() {
                    let spoken = SpokenOf { sha256: Some(file.digest.sha256), size: Some(file.size) };
                    known.entry(file.digest.blake3).or_insert(spoken);
                }
            }
            Ok(Err(error)) => {
                findings.push(Finding::new(Code::TreeInvalid, Place::entry(name.to_string()), error.to_string()));
            }
            Err(error) => {
                findings.push(Finding::new(Code::ContainerLimit, Place::entry(name.to_string()), error.to_string()));
            }
        }
    }
    (known, findings)
}

/// What is wrong with the section is reported where sections are checked.
fn described(bundle: &Bundle, name: &EntryName, limits: &Limits) -> Vec<Artifact> {
    let bytes = bundle.get(name).and_then(|content| content.read(limits.section_bytes).ok());
    let section = bytes.and_then(|bytes| json::from_bytes::<Artifacts>(&bytes, limits).ok());
    section.map(|section| section.artifacts).unwrap_or_default()
}
