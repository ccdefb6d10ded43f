//! Inputs and outputs that the tracker did not record and the person converting declares.

use camino::Utf8Path;
use expbundle::Content;
use expbundle::draft::Draft;
use expbundle::hash::{Wanted, hash_file, hash_tree};
use expbundle_format::record::{ArtifactRef, Form, Word};
use expbundle_format::sections::{Artifact, Direction};

use crate::{ConvertError, Options, file_name};

/// Adds the declared files to the record, and describes them among the artifacts. A folder becomes a tree.
///
/// A file that the source knows already is described there; it is listed once.
pub fn add(draft: &mut Draft, artifacts: &mut Vec<Artifact>, options: &Options<'_>) -> Result<(), ConvertError> {
    let declared = options.inputs.iter().map(|file| (Direction::Input, file));
    let declared = declared.chain(options.outputs.iter().map(|file| (Direction::Output, file)));
    for (direction, (role, path)) in declared {
        let listed = listed(draft, role, path, options)?;
        let known = artifacts.iter().any(|artifact| {
            artifact.direction == direction && artifact.digest == Some(listed.digest) && artifact.role == *role
        });
        if !known {
            let mut artifact = Artifact::new(direction, role.clone());
            artifact.digest = Some(listed.digest);
            artifact.size = Some(listed.size);
            artifact.form = listed.form;
            artifact.name = Some(file_name(path));
            artifact.metadata.insert("declared".to_owned(), "by the person converting".into());
            artifacts.push(artifact);
        }
        match direction {
            Direction::Input => draft.body_mut().inputs.push(listed),
            Direction::Output => draft.body_mut().outputs.push(listed),
        }
    }
    Ok(())
}

fn listed(draft: &mut Draft, role: &Word, path: &Utf8Path, options: &Options<'_>) -> Result<ArtifactRef, ConvertError> {
    if path.is_dir() {
        let listing = hash_tree(path, options.progress)?.to_string().into_bytes();
        let size = listing.len() as u64;
        let digest = draft.embed(Content::bytes(listing))?.into();
        return Ok(ArtifactRef::new(role.clone(), digest, size, Form::Tree));
    }
    let hashed = hash_file(path, Wanted::Both, options.progress)?;
    Ok(ArtifactRef::new(role.clone(), hashed.digests(), hashed.size, Form::File))
}
