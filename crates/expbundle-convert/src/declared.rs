//! Inputs and outputs that the tracker did not record and the person converting declares.

use camino::Utf8Path;
use expbundle::hash::{ListedFile, Wanted, hash_file, hash_tree, list_files};
use expbundle_directory::is_not_counted_in;
use expbundle_format::DigestSet;
use expbundle_format::record::{ArtifactRef, Form, RecordBody, Word};
use expbundle_format::sections::{Artifact, Direction};
use expbundle_format::tree::Tree;

use crate::gate::Draft;
use crate::scrub::Scrubber;
use crate::{ConvertError, Options, embed, file_name};

/// Adds the declared files to the record, and describes them among the artifacts. A folder becomes
/// a tree.
///
/// A file that the source knows already is described there; it is listed once.
pub fn add(draft: &mut Draft<'_>, artifacts: &mut Vec<Artifact>, options: &Options<'_>) -> Result<(), ConvertError> {
    let listed = list(artifacts, options, |tree| draft.listing(tree))?;
    list_in(draft.body_mut(), listed);
    Ok(())
}

/// Puts files into a record.
pub fn list_in(body: &mut RecordBody, listed: Vec<(Direction, ArtifactRef)>) {
    for (direction, listed) in listed {
        match direction {
            Direction::Input => body.inputs.push(listed),
            Direction::Output => body.outputs.push(listed),
        }
    }
}

/// Describes the declared files among the artifacts, and gives what the record lists of them.
/// `embed` takes the listing of a folder.
pub fn list<E: From<ConvertError>>(
    artifacts: &mut Vec<Artifact>,
    options: &Options<'_>,
    mut embed: impl FnMut(&Tree) -> Result<(DigestSet, u64), E>,
) -> Result<Vec<(Direction, ArtifactRef)>, E> {
    let declared = options.inputs.iter().map(|file| (Direction::Input, file));
    let declared = declared.chain(options.outputs.iter().map(|file| (Direction::Output, file)));
    let mut all = Vec::new();
    for (direction, (role, path)) in declared {
        let listed = listed(role, path, options, &mut embed)?;
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
        all.push((direction, listed));
    }
    Ok(all)
}

fn listed<E: From<ConvertError>>(
    role: &Word,
    path: &Utf8Path,
    options: &Options<'_>,
    embed: &mut impl FnMut(&Tree) -> Result<(DigestSet, u64), E>,
) -> Result<ArtifactRef, E> {
    let scrubber = Scrubber::new(options.allow_secrets);
    if path.is_dir() {
        let tree = hash_tree(path, options.progress).map_err(ConvertError::from)?;
        // A folder is recorded whole or not at all.
        let secret = |inner: String| {
            let of_file = secret_in(&scrubber, &path.join(&inner), &inner).map(|kind| (kind, false));
            let found = of_file.or_else(|| Some((scrubber.kind_in_path(&inner)?, true)));
            found.map(|(kind, is_in_path)| (kind, is_in_path, inner))
        };
        if let Some((kind, is_in_path, inner)) = tree.files().iter().map(|file| file.path.to_plain()).find_map(secret) {
            let path = path.join(told(&inner));
            return Err(if is_in_path {
                ConvertError::SecretInPath { path, kind }.into()
            } else {
                ConvertError::Secret { path, kind }.into()
            });
        }
        let (digest, size) = embed(&tree)?;
        return Ok(ArtifactRef::new(role.clone(), digest.into(), size, Form::Tree));
    }
    // Its digest would be in the record, and a short secret can be guessed from that.
    if let Some(kind) = secret_in(&scrubber, path, path.as_str()) {
        return Err(ConvertError::Secret { path: path.to_owned(), kind }.into());
    }
    let hashed = hash_file(path, Wanted::Both, options.progress).map_err(ConvertError::from)?;
    Ok(ArtifactRef::new(role.clone(), hashed.digests(), hashed.size, Form::File))
}

/// The kind of secret that a file is or holds. Large ones are not looked into: their digests tell
/// nothing.
fn secret_in(scrubber: &Scrubber, on_disk: &Utf8Path, path: &str) -> Option<&'static str> {
    let is_small = std::fs::metadata(on_disk).is_ok_and(|file| file.is_file() && file.len() <= embed::MOST_BYTES);
    let bytes = if is_small { std::fs::read(on_disk).ok() } else { None };
    scrubber.kind_of_file(path, bytes.as_deref())
}

/// A path, or a text with paths, without the secrets in it.
fn told(path: &str) -> String {
    Scrubber::default().text("", path)
}

/// Takes secrets out of notes, which name files, and adds those of [`notes_on_secrets`].
pub fn add_notes_on_secrets(notes: &mut Vec<String>, folder: &Utf8Path) {
    for note in notes.iter_mut() {
        *note = told(note);
    }
    notes.extend(notes_on_secrets(folder));
}

/// The counted files of a folder that are or hold secrets, or have one in their path, as notes for
/// whoever is about to sign its listing.
pub fn notes_on_secrets(folder: &Utf8Path) -> Vec<String> {
    let scrubber = Scrubber::default();
    // A folder that cannot be read is refused by the listing itself.
    let (files, _) = list_files(folder, &|path, found| is_not_counted_in(folder, path, found)).unwrap_or_default();
    let notes = |file: &ListedFile| {
        let path = file.path.to_plain();
        let shown = told(&path);
        let of_file = secret_in(&scrubber, &file.on_disk(folder), &path).map(|kind| {
            format!(
                "`{shown}` is or holds a secret ({kind}), and a short one can be guessed from its digest in the listing"
            )
        });
        let in_path = scrubber.kind_in_path(&path).map(|kind| {
            format!("`{shown}` has a secret in its path ({kind}), which everyone can read in the listing; rename it")
        });
        of_file.into_iter().chain(in_path)
    };
    files.iter().flat_map(notes).collect()
}
