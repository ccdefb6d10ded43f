//! Artifacts that the run used or logged.

use expbundle::hash::{Wanted, hash_file};
use expbundle_format::number::typed;
use expbundle_format::sections::{Artifact, ArtifactFile, Direction};
use expbundle_format::{ArtifactDigests, Code, Sha256};
use expbundle_trackers::read_time;
use expbundle_trackers::trackio::{Blob, Entry, Link, Place, Run};

use super::time;
use crate::gate::{FileToList, LEFT_OUT};
use crate::ledger::{Ledger, json_tree};
use crate::{ConvertError, artifact_files, roles};

pub(super) fn artifacts(ledger: &mut Ledger<'_>, run: &Run) -> Result<(), ConvertError> {
    for link in &run.links {
        ledger.items("artifact", 1).mapped();
        list(ledger, link)?;
    }
    Ok(())
}

fn list(ledger: &mut Ledger<'_>, link: &Link) -> Result<(), ConvertError> {
    let mut artifact = described(link);
    for entry in &link.version.entries {
        match file(ledger, &artifact, entry)? {
            Some(file) => artifact.files.push(file),
            // The digest of the manifest has that of the file in it.
            None => artifact.foreign.clear(),
        }
    }
    artifact.files.sort_by(|a, b| a.path.cmp(&b.path));
    artifact.size = artifact.files.iter().map(|file| file.size).sum();
    // Of a single file that is not here, the manifest's SHA-256 can still prove what it is.
    if let ([only], [file]) = (link.version.entries.as_slice(), artifact.files.as_slice())
        && file.digest.is_none()
        && let Some(sha256) = sha256(only)
    {
        artifact.digest = Some(ArtifactDigests::from(sha256));
        ledger.list(artifact);
        return Ok(());
    }
    artifact_files::list(ledger, artifact)
}

fn described(link: &Link) -> Artifact {
    let version = &link.version;
    let direction = if link.is_input { Direction::Input } else { Direction::Output };
    let mut artifact = Artifact::new(direction, roles::of_type(&version.kind));
    artifact.name = Some(version.name.clone());
    artifact.version = version.number.map(|number| number.to_string());
    artifact.kind = Some(version.kind.clone()).filter(|kind| !kind.is_empty());
    artifact.description.clone_from(&version.description);
    artifact.aliases.clone_from(&version.aliases);
    artifact.time = link.created.as_deref().and_then(read_time).and_then(time);
    if let Some(digest) = &version.manifest_digest {
        artifact.foreign.insert("trackio-manifest".to_owned(), digest.clone());
    }
    if let Some(metadata) = &version.metadata {
        artifact.metadata.insert("metadata".to_owned(), json_tree(metadata));
    }
    if let Some(producer) = &version.producer {
        artifact.metadata.insert("loggedBy".to_owned(), producer.as_str().into());
    }
    for (name, value) in &version.rest {
        artifact.metadata.insert(name.clone(), typed::tree(value));
    }
    artifact
}

fn sha256(entry: &Entry) -> Option<Sha256> {
    entry.digest.as_deref()?.parse().ok()
}

/// A file of an artifact; `None` if it is or holds a secret.
fn file(ledger: &mut Ledger<'_>, of: &Artifact, entry: &Entry) -> Result<Option<ArtifactFile>, ConvertError> {
    let item = ledger.item("artifact file", &entry.path);
    if ledger.draft.is_secret_by_name(&entry.path) {
        item.dropped(LEFT_OUT);
        return Ok(None);
    }
    let mut file = ArtifactFile { path: entry.path.clone(), size: entry.size, ..ArtifactFile::default() };
    let name = of.name.as_deref().unwrap_or_default();
    let place = format!("{name}/{}", entry.path);
    let mut keep_claim = || {
        let kind = if sha256(entry).is_some() { "sha256" } else { "trackio-entry" };
        file.foreign.extend(entry.digest.clone().map(|digest| (kind.to_owned(), digest)));
    };
    match &entry.blob {
        Blob::Kept(Place::Here(on_disk)) => {
            let hashed = hash_file(on_disk, Wanted::Both, ledger.options.progress)?;
            let (size, digest) = (hashed.size, hashed.digests());
            let to_list = FileToList { path: &entry.path, on_disk, role: &of.role, size, digest };
            if ledger.draft.is_secret(&to_list) {
                item.dropped(LEFT_OUT);
                return Ok(None);
            }
            (file.digest, file.size) = (hashed.both(), Some(hashed.size));
            if digest.sha256() != sha256(entry) || entry.size.is_some_and(|size| size != hashed.size) {
                let message = "the file has a different SHA-256 or size than the manifest says";
                ledger.finding(Code::SourceDamaged, &place, message);
            }
        }
        Blob::Kept(Place::Missing) => {
            keep_claim();
            ledger.finding(Code::SourceMissing, &place, "the bytes of the artifact are not beside the database");
            item.dropped(artifact_files::NOT_HERE);
            return Ok(Some(file));
        }
        Blob::Kept(Place::Refused) => {
            keep_claim();
            let message = "the manifest has no SHA-256 of the file, or what lies there is not a regular file";
            ledger.finding(Code::SourceOutside, &place, message);
        }
        Blob::Referenced(address) => {
            keep_claim();
            file.uri = Some(address.clone());
            let message = format!("the artifact is elsewhere, and was not fetched: {address}");
            ledger.finding(Code::SourceMissing, &place, message);
        }
    }
    item.mapped();
    Ok(Some(file))
}
