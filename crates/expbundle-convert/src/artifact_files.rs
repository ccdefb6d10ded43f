//! Artifacts of several files, of which a tracker has the list.

use expbundle_format::record::{ArtifactRef, Form, role};
use expbundle_format::sections::{Artifact, ArtifactFile, Direction};
use expbundle_format::tree::{Tree, TreeFile, TreePath};
use expbundle_format::weights::look_like_weights;
use expbundle_format::{Code, DigestSet};

use crate::ledger::Ledger;
use crate::{ConvertError, roles};

/// The reason for files that the list has and whose bytes were not found.
pub(crate) const NOT_HERE: &str = "its bytes are not here; its path, size and digest are kept";

/// A file of an artifact whose bytes were here.
pub(crate) type Here = (String, DigestSet, u64);

/// Lists an artifact in the record: as a file, or as a tree with its weights by themselves. Of an
/// incomplete one, the files that are here.
pub(crate) fn list(ledger: &mut Ledger<'_>, mut artifact: Artifact) -> Result<(), ConvertError> {
    let here: Vec<Here> = artifact.files.iter().filter_map(here).collect();
    if here.len() < artifact.files.len() {
        return list_incomplete(ledger, artifact, &here);
    }
    if let [(_, digest, size)] = here.as_slice() {
        (artifact.digest, artifact.size) = (Some((*digest).into()), Some(*size));
        ledger.list(artifact);
        return Ok(());
    }
    let direction = artifact.direction;
    if let Some(tree) = tree(ledger, &here) {
        ledger.tree(&tree, &mut artifact)?;
    }
    ledger.list(artifact);
    list_weights(ledger, direction, &here);
    Ok(())
}

/// Lists an artifact without a digest, and those of its files that are here: a file that is missing
/// or changed takes no other with it.
pub(crate) fn list_incomplete(ledger: &mut Ledger<'_>, artifact: Artifact, here: &[Here]) -> Result<(), ConvertError> {
    let (direction, name) = (artifact.direction, artifact.name.clone().unwrap_or_default());
    // A folder of data may hold files that look like weights too.
    let is_data = artifact.role.as_str() == role::DATASET;
    ledger.list(artifact);
    let (weights, others): (Vec<Here>, Vec<Here>) =
        here.iter().cloned().partition(|(path, ..)| !is_data && look_like_weights(path));
    list_weights(ledger, direction, &weights);
    if let [only] = others.as_slice() {
        ledger.reference(direction, reference(only));
    } else if let Some(tree) = tree(ledger, &others) {
        let mut part = Artifact::new(direction, roles::word(role::FILE));
        part.name = Some(format!("{name}, incomplete"));
        ledger.tree(&tree, &mut part)?;
        ledger.list(part);
    }
    Ok(())
}

fn here(file: &ArtifactFile) -> Option<Here> {
    Some((file.path.clone(), file.digest?, file.size?))
}

fn list_weights(ledger: &mut Ledger<'_>, direction: Direction, files: &[Here]) {
    for file in files.iter().filter(|(path, ..)| look_like_weights(path)) {
        ledger.reference(direction, reference(file));
    }
}

fn reference((path, digest, size): &Here) -> ArtifactRef {
    ArtifactRef::new(roles::of_file(path), (*digest).into(), *size, Form::File)
}

/// Files as a tree. `None` if there are none, or with a finding, if their names make none.
fn tree(ledger: &mut Ledger<'_>, files: &[Here]) -> Option<Tree> {
    if files.is_empty() {
        return None;
    }
    let files = files.iter().map(|(path, digest, size)| {
        TreePath::from_plain(path).map(|path| TreeFile { path, digest: *digest, size: *size })
    });
    let trouble = match files.collect::<Result<_, _>>().map(Tree::new) {
        Ok(Ok(tree)) => return Some(tree),
        Ok(Err(error)) => format!("its files make no tree: {error}"),
        Err(error) => format!("a path of it cannot be listed: {error}"),
    };
    ledger.finding(Code::SourceUnsupported, "artifact", trouble);
    None
}
