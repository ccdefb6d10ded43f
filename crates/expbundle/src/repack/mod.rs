//! `repack`: from an archive that holds the objects of a bundle, in whatever layout, to the one layout that they have.
//!
//! Ids survive because names are digests: an object is kept when its bytes hash to its name, or to what its record says,
//! and that alone decides. So nothing else about the archive needs to be true, and nothing of it is trusted. What is not
//! kept is reported. A statement under a wrong name is known by its signature, and gets the name that its digest is; else signatures are
//! not looked at, and [`crate::verify`] does that with the result.

use std::collections::BTreeMap;
use std::io;

use expbundle_format::container::EntryName;
use expbundle_format::limits::Limits;
use expbundle_format::record::Record;
use expbundle_format::{Blake3, Code, Finding, Place, RecordId};
use expbundle_statement::Envelope;

use self::salvage::{Object, Salvage, inflated_limit, salvage, statement};
use crate::bundle::Bundle;
use crate::content::Content;
use crate::spoken_of::spoken_of;

mod directory;
mod salvage;
#[cfg(test)]
mod tests;

/// What could be kept, and what could not.
#[derive(Debug)]
pub struct Repacked {
    /// Every object that is what its name says.
    pub bundle: Bundle,
    /// What was left out, and why. If there is nothing, every object that the archive lists is in the bundle.
    pub dropped: Vec<Finding>,
    /// Statements that had another name in the archive.
    pub renamed: u64,
    /// Files of an operating system, such as `__MACOSX/…` and `.DS_Store`, that are not in the bundle. They are no loss.
    pub clutter: u64,
}

/// Why nothing came of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepackError {
    /// Not one object of a bundle is in it.
    #[error("the file holds no object of a bundle")]
    Nothing,
    /// More entries than a bundle may have.
    #[error("the archive has more than {limit} entries")]
    Entries {
        /// How many are allowed.
        limit: u64,
    },
    /// It inflates to far more than experiments do.
    #[error("the archive inflates to more than {limit} bytes, which only a zip bomb does")]
    Bomb {
        /// How much is allowed for a file of its size.
        limit: u64,
    },
    /// The source cannot be read, or what is inflated has no room on the disk.
    #[error("the archive cannot be read")]
    Read(#[from] io::Error),
}

impl RepackError {
    /// Its stable code; `None` where the machine failed and not the file.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Nothing => Some(Code::ContainerNotABundle),
            Self::Entries { .. } | Self::Bomb { .. } => Some(Code::ContainerLimit),
            Self::Read(_) => None,
        }
    }
}

/// Gathers the objects of a bundle from an archive of any layout: zipped again, compressed, in a folder, with bytes
/// before, between or after, or cut short.
///
/// Entries that are stored stay where they are, as parts of `source`; others are inflated into one temporary file. Memory is
/// bounded by the number of entries, time by the size of the file and what it may inflate to.
pub fn repack(source: &Content, limits: &Limits) -> Result<Repacked, RepackError> {
    let Salvage { objects, dropped, clutter, renamed } = salvage(source, limits, inflated_limit(source.size()))?;
    let mut sorter = Sorter { limits, bundle: Bundle::new(), records: BTreeMap::new(), dropped, renamed };
    let (mut sections, mut artifacts) = (Vec::new(), Vec::new());
    for object in objects {
        match object.name {
            EntryName::Record(id) => sorter.record(id, object),
            EntryName::Statement(digest) => sorter.statement(digest, object),
            EntryName::Section { .. } => sections.push(object),
            EntryName::Artifact(digest) => artifacts.push((digest, object)),
        }
    }
    for object in sections {
        sorter.section(object);
    }
    for (digest, object) in artifacts {
        sorter.named(digest, Code::DigestArtifact, object);
    }
    sorter.drop_unlisted();
    let Sorter { bundle, mut dropped, renamed, .. } = sorter;
    if bundle.entries().next().is_none() {
        return Err(RepackError::Nothing);
    }
    // One intact copy of an object is enough; broken ones beside it are no loss.
    dropped.retain(|finding| {
        let name: Option<EntryName> = finding.place.entry.as_deref().and_then(|name| name.parse().ok());
        name.is_none_or(|name| !bundle.contains(&name))
    });
    Ok(Repacked { bundle, dropped, renamed, clutter })
}

/// Sorts objects into those that a bundle can hold and those that it cannot.
struct Sorter<'a> {
    limits: &'a Limits,
    bundle: Bundle,
    records: BTreeMap<RecordId, Record>,
    dropped: Vec<Finding>,
    renamed: u64,
}

impl Sorter<'_> {
    fn record(&mut self, id: RecordId, object: Object) {
        let entry = object.name.to_string();
        if !self.hashes_to(id.0, Code::DigestRecord, &object) {
            return;
        }
        let parsed = match object.content.read(self.limits.record_bytes) {
            Ok(bytes) => Record::parse(bytes, self.limits).map_err(|error| error.finding(&entry)),
            Err(error) => Err(Finding::new(Code::ContainerLimit, Place::entry(entry), error.to_string())),
        };
        match parsed {
            Ok(record) => {
                self.records.insert(id, record);
                self.bundle.insert_unchecked(object.name, object.content);
            }
            Err(finding) => self.dropped.push(finding),
        }
    }

    fn section(&mut self, object: Object) {
        let EntryName::Section { record, section } = &object.name else { return };
        let Some(listed) = self.records.get(record).and_then(|record| record.body().sections.get(section)) else {
            self.drop(&object.name, Code::ContainerUnlisted, "no record lists this section");
            return;
        };
        if self.hashes_to(listed.digest.blake3, Code::DigestSection, &object) {
            self.bundle.insert_unchecked(object.name, object.content);
        }
    }

    /// A statement, which says what it is whatever its entry was called.
    fn statement(&mut self, digest: Blake3, object: Object) {
        if object.blake3 != digest && statement(&object.content, self.limits) {
            self.renamed += 1;
            self.bundle.insert_unchecked(EntryName::Statement(object.blake3), object.content);
            return;
        }
        self.named(digest, Code::DigestStatement, object);
    }

    /// A statement or artifact, which must hash to its name.
    fn named(&mut self, digest: Blake3, code: Code, object: Object) {
        if self.hashes_to(digest, code, &object) {
            self.bundle.insert_unchecked(object.name, object.content);
        }
    }

    fn hashes_to(&mut self, expected: Blake3, code: Code, object: &Object) -> bool {
        let same = object.blake3 == expected;
        if !same {
            self.drop(&object.name, code, &format!("it hashes to {}", object.blake3));
        }
        same
    }

    /// Drops embedded artifacts that nothing speaks of: a bundle with one would be refused.
    fn drop_unlisted(&mut self) {
        let claims =
            |content: &Content| Envelope::parse(&content.read(self.limits.statement_bytes).ok()?).ok()?.claims().ok();
        let released = self.bundle.statements().filter_map(|(_, content)| claims(content)?.listing());
        let released: Vec<_> = released.collect();
        let listed = spoken_of(&self.bundle, &self.records, &released, self.limits, |_| true, |_, _| true).artifacts;
        let unlisted: Vec<_> =
            self.bundle.artifacts().map(|(digest, _)| digest).filter(|digest| !listed.contains(digest)).collect();
        for name in unlisted.into_iter().map(EntryName::Artifact) {
            self.bundle.remove(&name);
            self.drop(&name, Code::ContainerUnlisted, "no record or release here names this artifact");
        }
    }

    fn drop(&mut self, name: &EntryName, code: Code, message: &str) {
        self.dropped.push(Finding::new(code, Place::entry(name.to_string()), message));
    }
}
