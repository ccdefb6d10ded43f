//! Files whose bytes are elsewhere, and whose digests a tracker knows.

use expbundle_format::record::{ArtifactRef, Form, RecordBody, Word, role};
use expbundle_format::sections::{Artifact, Artifacts, Direction, JsonSection as _};
use expbundle_format::{Agreement, ArtifactDigests};
use serde_json::json;

use crate::error::RunError;
use crate::keep::Part;
use crate::lists::known_role;
use crate::run::Run;

/// A file that is not here, by what somebody who had it wrote down: its digests and its size.
///
/// The digests are taken on trust: a wrong one links the run to other bytes, or to none.
#[derive(Clone, Debug)]
pub struct KnownFile {
    digest: ArtifactDigests,
    size: u64,
    name: Option<String>,
    uri: Option<String>,
}

impl KnownFile {
    /// A file of so many bytes, by its SHA-256 or BLAKE3, or both.
    pub fn new(digest: impl Into<ArtifactDigests>, size: u64) -> Self {
        Self { digest: digest.into(), size, name: None, uri: None }
    }

    /// What it is called.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Where it is: `s3://models/base.safetensors`. Leave out what signs a request.
    #[must_use]
    pub fn at(mut self, uri: impl Into<String>) -> Self {
        self.uri = Some(uri.into());
        self
    }

    fn described(self, direction: Direction, role: Word) -> Artifact {
        let mut artifact = Artifact::new(direction, role);
        artifact.digest = Some(self.digest);
        artifact.size = Some(self.size);
        artifact.name = self.name;
        artifact.uris.extend(self.uri);
        artifact
    }
}

impl Run {
    /// A file that went in and is elsewhere, by its role, as [`Run::input`] takes files that are here.
    ///
    /// # Errors
    /// [`RunError::Role`]; [`RunError::KnownFile`]; [`RunError::Secrets`], such as those of a signed
    /// address.
    pub fn known_input(&mut self, role: &str, file: KnownFile) -> Result<&mut Self, RunError> {
        self.add_known(Direction::Input, known_role(role)?, file)?;
        Ok(self)
    }

    /// A file that came out and is elsewhere, in the same way.
    ///
    /// # Errors
    /// Those of [`Run::known_input`].
    pub fn known_output(&mut self, role: &str, file: KnownFile) -> Result<&mut Self, RunError> {
        self.add_known(Direction::Output, known_role(role)?, file)?;
        Ok(self)
    }

    fn add_known(&mut self, direction: Direction, role: Word, file: KnownFile) -> Result<(), RunError> {
        /// The largest size that JSON keeps exactly (spec/record.md).
        const MOST_BYTES: u64 = (1 << 53) - 1;
        let listed = ArtifactRef::new(role.clone(), file.digest, file.size, Form::File);
        let artifact = file.described(direction, role);
        let wrong = |why| RunError::KnownFile { name: artifact.name.clone().unwrap_or(listed.digest.to_string()), why };
        if listed.size > MOST_BYTES {
            return Err(wrong("is larger than the format has room for: 9,007,199,254,740,991 bytes"));
        }
        if listed.digest.is_of_nothing() != (listed.size == 0) {
            return Err(wrong("has the digest of an empty file or the size of one, and not both"));
        }
        self.refuse_secrets(Artifacts::NAME, json!({ "artifacts": [artifact] }))?;
        let body = self.draft.body();
        for known in body.inputs.iter().chain(&body.outputs).filter(|known| known.form == Form::File) {
            match known.digest.agreement(&listed.digest) {
                Agreement::Conflict => {
                    return Err(wrong("has one digest of a file of the run, and differs in the other"));
                }
                Agreement::Same if known.size != listed.size => {
                    return Err(wrong("has the digest of a file of the run, and another size"));
                }
                Agreement::Same | Agreement::Different => {}
            }
        }
        self.together(|run| run.list_known(direction, &listed, artifact))?
    }

    fn list_known(&mut self, direction: Direction, listed: &ArtifactRef, artifact: Artifact) -> Result<(), RunError> {
        let is_it = |known: &&ArtifactRef| is_same(known, listed);
        if let Some(known) = list(self.draft.body(), direction).iter().find(is_it).cloned() {
            self.add_names(direction, &known, &artifact);
            return self.keep_unless_held();
        }
        let (member, all) = match direction {
            Direction::Input => ("inputs", &mut self.draft.body_mut().inputs),
            Direction::Output => ("outputs", &mut self.draft.body_mut().outputs),
        };
        all.push(listed.clone());
        self.artifacts.artifacts.push(artifact);
        self.keep_more(Part::Record, |_| json!({ member: [listed] }))?;
        self.keep_more(Part::Artifacts, |run| json!({ "artifacts": run.artifacts.artifacts.last().as_slice() }))
    }
}

/// The inputs that are described by digest and size are inputs of the record, where lineage looks
/// for them (spec/record.md, "Marks").
pub(crate) fn list_described(body: &mut RecordBody, described: &Artifacts) {
    let inputs = described.artifacts.iter().filter(|artifact| artifact.direction == Direction::Input);
    for artifact in inputs.filter(|artifact| role::carries_lineage(&artifact.role)) {
        let (Some(digest), Some(size)) = (artifact.digest, artifact.size) else { continue };
        let input = ArtifactRef::new(artifact.role.clone(), digest, size, artifact.form);
        if !body.inputs.iter().any(|known| is_same(known, &input)) {
            body.inputs.push(input);
        }
    }
}

fn list(body: &RecordBody, direction: Direction) -> &[ArtifactRef] {
    match direction {
        Direction::Input => &body.inputs,
        Direction::Output => &body.outputs,
    }
}

/// Whether two are the same bytes in the same role.
fn is_same(one: &ArtifactRef, other: &ArtifactRef) -> bool {
    one.role == other.role && one.form == other.form && one.digest.agreement(&other.digest) == Agreement::Same
}
