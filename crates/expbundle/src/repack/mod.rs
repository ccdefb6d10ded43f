//! `repack`: from an archive that holds the objects of a bundle, in whatever layout, to the one
//! layout that they have.
//!
//! Ids survive because names are digests: an object is kept when its bytes hash to its name, or to
//! what its record says, and that alone decides. So nothing else about the archive needs to be
//! true, and nothing of it is trusted. What is not kept is reported. A statement under a wrong name
//! is known by its signature, and gets the name that its digest is; else signatures are not looked
//! at, and [`crate::verify`] does that with the result.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use expbundle_format::container::EntryName;
use expbundle_format::limits::Limits;
use expbundle_format::record::Record;
use expbundle_format::{Blake3, Code, Finding, Place, RecordId};
use expbundle_statement::Envelope;

use self::salvage::{Nameless, Object, Salvage, inflated_limit, salvage, statement};
use crate::bundle::Bundle;
use crate::content::Content;
use crate::spoken_of::spoken_of;

mod directory;
mod outside;
mod salvage;
#[cfg(test)]
mod tests;

/// What could be kept, and what could not.
#[derive(Debug)]
pub struct Repacked {
    /// Every object that is what its name says.
    pub bundle: Bundle,
    /// What was left out, and why. If there is nothing, everything in the archive is in the bundle,
    /// but for `outside`, `clutter`, folders, `mimetype` and the times and fields that ZIP tools add.
    pub dropped: Vec<Finding>,
    /// What the archive holds beside its entries: comments, and bytes that belong to none. They are
    /// not kept, and no object is lost with them.
    pub outside: Vec<Finding>,
    /// Objects that had a different name in the archive.
    pub renamed: u64,
    /// Files of an operating system, such as `__MACOSX/…` and `.DS_Store`, that are not in the
    /// bundle. They are no loss: what is an object of the bundle is kept under whatever name.
    pub clutter: u64,
}

/// Why nothing came of it.
#[derive(thiserror::Error)]
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

expbundle_format::debug_with_causes!(RepackError);

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

/// Gathers the objects of a bundle from an archive of any layout: zipped again, compressed, in a
/// folder, with bytes before, between or after, or cut short.
///
/// Entries that are stored stay where they are, as parts of `source`; others are inflated into one
/// temporary file. Memory is bounded by the number of entries, time by the size of the file and
/// what it may inflate to.
pub fn repack(source: &Content, limits: &Limits) -> Result<Repacked, RepackError> {
    let Salvage { objects, dropped, mut not_met, outside, clutter, renamed } =
        salvage(source, limits, inflated_limit(source.size()))?;
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
    let clutter = sorter.records_among(clutter);
    for object in sections {
        sorter.section(object);
    }
    for (digest, object) in artifacts {
        sorter.named(digest, Code::DigestArtifact, object);
    }
    let clutter = sorter.sections_among(clutter);
    let clutter = sorter.artifacts_among(clutter);
    sorter.drop_unlisted();
    let Sorter { bundle, mut dropped, renamed, .. } = sorter;
    if bundle.entries().next().is_none() {
        return Err(RepackError::Nothing);
    }
    // An object whose entry had a damaged name is there all the same.
    not_met.retain(|finding| {
        let name: Option<EntryName> = finding.place.entry.as_deref().and_then(|name| name.parse().ok());
        name.is_none_or(|name| !bundle.contains(&name))
    });
    // Where entries or the list of them are damaged, their remains are what belongs to nothing, and
    // they are reported.
    let outside = if not_met.is_empty() { outside } else { Vec::new() };
    dropped.extend(not_met);
    Ok(Repacked { bundle, dropped, outside, renamed, clutter: clutter.len() as u64 })
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

    /// Keeps the records among files that are named like those of an operating system, and gives
    /// the rest.
    fn records_among(&mut self, clutter: Vec<Nameless>) -> Vec<Nameless> {
        let limits = self.limits;
        let record = |one: &Nameless| Record::parse(one.content.read(limits.record_bytes).ok()?, limits).ok();
        self.kept_of(clutter, |sorter, one| {
            let id = RecordId(one.blake3);
            sorter.records.insert(id, record(one)?);
            Some(vec![EntryName::Record(id)])
        })
    }

    /// The same for sections that a record lists and that are not there.
    fn sections_among(&mut self, clutter: Vec<Nameless>) -> Vec<Nameless> {
        if clutter.is_empty() {
            return clutter;
        }
        let listed = self.records.iter().flat_map(|(id, record)| {
            record.body().sections.iter().map(|(section, listed)| {
                (listed.digest.blake3, EntryName::Section { record: *id, section: section.clone() })
            })
        });
        let mut missing: BTreeMap<Blake3, Vec<EntryName>> = BTreeMap::new();
        for (digest, name) in listed.filter(|(_, name)| !self.bundle.contains(name)) {
            missing.entry(digest).or_default().push(name);
        }
        self.kept_of(clutter, |_, one| missing.get(&one.blake3).cloned())
    }

    /// The same for artifacts that are named and not there.
    fn artifacts_among(&mut self, mut clutter: Vec<Nameless>) -> Vec<Nameless> {
        clutter.retain(|one| !self.bundle.contains(&EntryName::Artifact(one.blake3)));
        // Listings among them name others.
        for one in &clutter {
            self.bundle.insert_unchecked(EntryName::Artifact(one.blake3), one.content.clone());
        }
        let unlisted = self.unlisted();
        let (unlisted, kept): (Vec<_>, Vec<_>) = clutter.into_iter().partition(|one| unlisted.contains(&one.blake3));
        for one in &unlisted {
            self.bundle.remove(&EntryName::Artifact(one.blake3));
        }
        self.renamed += kept.len() as u64;
        unlisted
    }

    /// Keeps what has names, and gives the rest.
    fn kept_of(
        &mut self,
        clutter: Vec<Nameless>,
        names: impl Fn(&mut Self, &Nameless) -> Option<Vec<EntryName>>,
    ) -> Vec<Nameless> {
        let mut rest = Vec::new();
        for one in clutter {
            let Some(names) = names(self, &one) else {
                rest.push(one);
                continue;
            };
            self.renamed += 1;
            for name in names {
                self.bundle.insert_unchecked(name, one.content.clone());
            }
        }
        rest
    }

    /// Embedded artifacts that nothing names.
    fn unlisted(&self) -> BTreeSet<Blake3> {
        let claims =
            |content: &Content| Envelope::parse(&content.read(self.limits.statement_bytes).ok()?).ok()?.claims().ok();
        let released = self.bundle.statements().filter_map(|(_, content)| claims(content)?.listing());
        let released: Vec<_> = released.collect();
        let listed = spoken_of(&self.bundle, &self.records, &released, self.limits, |_| true, |_, _| true).artifacts;
        self.bundle.artifacts().map(|(digest, _)| digest).filter(|digest| !listed.contains(digest)).collect()
    }

    /// Drops embedded artifacts that nothing names: a bundle with one would be refused.
    fn drop_unlisted(&mut self) {
        for name in self.unlisted().into_iter().map(EntryName::Artifact) {
            self.bundle.remove(&name);
            self.drop(&name, Code::ContainerUnlisted, "no record or release here names this artifact");
        }
    }

    fn drop(&mut self, name: &EntryName, code: Code, message: &str) {
        self.dropped.push(Finding::new(code, Place::entry(name.to_string()), message));
    }
}
