//! The record: the immutable statement of one experiment, `record.json` (spec/record.md).
//!
//! Small, always visible, and free of anything that a team would want to withhold: names, people
//! and places are in sections. A [`Record`] keeps the exact bytes it was read from, because its id
//! is their BLAKE3: nothing is ever written again in order to be hashed.

mod artifact_ref;
mod body;
mod error;
mod kind;
pub mod relation;
pub mod role;
mod section_list;
mod version;
mod word;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::digest::{DigestSet, RecordId};
use crate::json::{self, JsonError};
use crate::limits::Limits;
use crate::sections;

pub use artifact_ref::{ArtifactRef, Form};
pub use body::{Parent, RecordBody, Source};
pub use error::RecordError;
pub use kind::{Kind, Status};
pub use section_list::{SectionList, SectionRef};
pub use version::{SPEC, SpecVersion, SpecVersionError};
pub use word::{Word, WordError};

/// A record as it was read or written: what it says, its exact bytes, and so its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    body: RecordBody,
    bytes: Vec<u8>,
    digest: DigestSet,
}

impl Record {
    /// Reads `record.json`. Members that are unknown are ignored, and preserved in
    /// [`Record::bytes`].
    pub fn parse(bytes: Vec<u8>, limits: &Limits) -> Result<Self, RecordError> {
        /// The version decides how the rest is read.
        #[derive(Deserialize)]
        struct Version {
            spec: SpecVersion,
        }
        /// And then what must be understood.
        #[derive(Deserialize)]
        struct Extensions {
            #[serde(default)]
            critical: Vec<String>,
        }
        let of_version = |spec: SpecVersion| {
            if spec.major == SPEC.major { Ok(()) } else { Err(RecordError::Version { found: spec }) }
        };
        // Version 1.0 knows no extension.
        let of_extensions = |critical: &[String]| {
            critical.first().map_or(Ok(()), |uri| Err(RecordError::Critical { uri: uri.clone() }))
        };
        let body = match json::from_bytes::<RecordBody>(&bytes, limits) {
            Ok(body) => body,
            Err(error) => {
                of_version(json::from_bytes::<Version>(&bytes, limits)?.spec)?;
                of_extensions(&json::from_bytes::<Extensions>(&bytes, limits)?.critical)?;
                return Err(error.into());
            }
        };
        of_version(body.spec)?;
        of_extensions(&body.critical)?;
        for (name, section) in body.sections.iter() {
            if let Some(known) = sections::media_type(name).filter(|known| *known != section.media_type) {
                let pointer = format!("/sections/{name}/mediaType");
                return Err(
                    JsonError::Schema { pointer, message: format!("`{name}` is of the media type {known}") }.into()
                );
            }
        }
        let mut by_digest = BTreeMap::new();
        for (name, section) in body.sections.iter() {
            if let Some(first) = by_digest.insert(section.digest.blake3, name) {
                return Err(RecordError::DuplicateSection { first: first.clone(), second: name.clone() });
            }
        }
        let digest = DigestSet::of(&bytes);
        Ok(Self { body, bytes, digest })
    }

    /// Writes a record in the fixed form: equal statements get equal ids.
    pub fn write(mut body: RecordBody) -> Result<Self, JsonError> {
        body.normalize();
        let bytes = json::to_bytes(&body)?;
        let digest = DigestSet::of(&bytes);
        Ok(Self { body, bytes, digest })
    }

    /// Its name: the BLAKE3 of its bytes.
    pub fn id(&self) -> RecordId {
        RecordId(self.digest.blake3)
    }

    /// Both digests of its bytes, as parents and statements name it.
    pub fn digest(&self) -> DigestSet {
        self.digest
    }

    /// The exact bytes of `record.json`.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What it says.
    pub fn body(&self) -> &RecordBody {
        &self.body
    }

    /// BLAKE3 digests of every artifact that it takes in or puts out.
    pub fn artifacts(&self) -> BTreeSet<crate::Blake3> {
        let all = self.body.inputs.iter().chain(&self.body.outputs);
        all.filter_map(|artifact| artifact.digest.blake3()).collect()
    }
}
