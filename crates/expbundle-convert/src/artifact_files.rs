//! Artifacts of several files, of which a tracker has the list.

use expbundle_format::record::{ArtifactRef, Form};
use expbundle_format::sections::{Artifact, ArtifactFile};
use expbundle_format::tree::{Tree, TreeFile, TreePath};
use expbundle_format::weights::look_like_weights;
use expbundle_format::{Code, DigestSet};

use crate::ledger::Ledger;
use crate::{ConvertError, roles};

/// Lists an artifact in the record if all of its bytes were here: as a file, or as a tree with its
/// weights by themselves.
pub(crate) fn list(ledger: &mut Ledger<'_>, mut artifact: Artifact) -> Result<(), ConvertError> {
    let here: Option<Vec<(&str, DigestSet, u64)>> =
        artifact.files.iter().map(|file| Some((file.path.as_str(), file.digest?, file.size?))).collect();
    let tree = match here.unwrap_or_default().as_slice() {
        [] => None,
        [(_, digest, size)] => {
            (artifact.digest, artifact.size) = (Some((*digest).into()), Some(*size));
            None
        }
        several => tree(ledger, several),
    };
    let is_weights = |file: &&ArtifactFile| tree.is_some() && look_like_weights(&file.path);
    let weights: Vec<ArtifactRef> = artifact.files.iter().filter(is_weights).filter_map(reference).collect();
    if let Some(tree) = tree {
        ledger.tree(&tree, &mut artifact)?;
    }
    let direction = artifact.direction;
    ledger.list(artifact);
    for weights in weights {
        ledger.reference(direction, weights);
    }
    Ok(())
}

fn reference(file: &ArtifactFile) -> Option<ArtifactRef> {
    Some(ArtifactRef::new(roles::of_file(&file.path), file.digest?.into(), file.size?, Form::File))
}

/// The files of an artifact as a tree. `None`, with a finding, if their names make none.
fn tree(ledger: &mut Ledger<'_>, files: &[(&str, DigestSet, u64)]) -> Option<Tree> {
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
