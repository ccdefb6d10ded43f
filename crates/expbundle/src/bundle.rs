//! A bundle: a set of objects whose names are their hashes (spec/container.md).
//!
//! Because every name is a digest, joining two bundles is set union. A [`Bundle`] may hold objects
//! that nobody has checked; [`crate::verify`] is where checking happens.

use std::collections::BTreeMap;
use std::io::{self, Write};

#[cfg(feature = "fs")]
use camino::Utf8Path;
use expbundle_format::container::{self, EntryName, SectionName};
use expbundle_format::{Blake3, RecordId};

use crate::content::Content;
#[cfg(feature = "fs")]
use crate::output::{Output, OutputError, Over};

/// The objects of a bundle by name.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    entries: BTreeMap<EntryName, Content>,
}

impl Bundle {
    /// Gathers objects; those that come in the order of their names, as a container has them, are
    /// gathered fastest.
    pub(crate) fn of(objects: impl IntoIterator<Item = (EntryName, Content)>) -> Self {
        Self { entries: objects.into_iter().collect() }
    }

    /// The bundle of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts an object in that nobody has looked at, under a name that the caller answers for: for
    /// repairs, and for tests of what a reader refuses. Records come from a
    /// [`Draft`](crate::draft::Draft), and an [`Intact`](crate::verify::Intact) takes statements;
    /// [`Bundle::sound`] says whether `verify` would take the whole.
    pub fn insert_unchecked(&mut self, name: EntryName, content: Content) {
        self.entries.insert(name, content);
    }

    /// Puts the file of a statement in by its digest, whatever it is, in the same way.
    pub fn insert_statement_unchecked(&mut self, file: Vec<u8>) {
        self.insert_unchecked(EntryName::Statement(Blake3::of(&file)), Content::bytes(file));
    }

    /// Puts bytes in by their digest, in the same way: a record or release in the bundle has to
    /// name them.
    pub fn insert_artifact_unchecked(&mut self, bytes: Vec<u8>) {
        self.insert_unchecked(EntryName::Artifact(Blake3::of(&bytes)), Content::bytes(bytes));
    }

    /// Takes an object out, as `repack` does.
    pub fn remove(&mut self, name: &EntryName) -> Option<Content> {
        self.entries.remove(name)
    }

    /// Adds all objects of another bundle: set union, for objects of one name are one object.
    pub fn merge(&mut self, other: &Self) {
        for (name, content) in &other.entries {
            self.entries.entry(name.clone()).or_insert_with(|| content.clone());
        }
    }

    /// The union of many. Costs what a sort of all objects does, however many bundles they come
    /// from.
    pub(crate) fn union(bundles: impl IntoIterator<Item = Self>) -> Self {
        Self::of(bundles.into_iter().flat_map(|bundle| bundle.entries))
    }

    /// An object.
    pub fn get(&self, name: &EntryName) -> Option<&Content> {
        self.entries.get(name)
    }

    /// Whether an object is here.
    pub fn contains(&self, name: &EntryName) -> bool {
        self.entries.contains_key(name)
    }

    /// Whether another bundle has all of this one, but perhaps for statements.
    pub fn adds_only_statements_to(&self, other: &Self) -> bool {
        self.entries().all(|(name, _)| matches!(name, EntryName::Statement(_)) || other.contains(name))
    }

    /// Every object, in the order of the container.
    pub fn entries(&self) -> impl Iterator<Item = (&EntryName, &Content)> {
        self.entries.iter()
    }

    /// The records.
    pub fn records(&self) -> impl Iterator<Item = (RecordId, &Content)> {
        self.entries.iter().filter_map(|(name, content)| match name {
            EntryName::Record(id) => Some((*id, content)),
            _ => None,
        })
    }

    /// The sections of all records.
    pub fn sections(&self) -> impl Iterator<Item = (RecordId, &SectionName, &Content)> {
        self.entries.iter().filter_map(|(name, content)| match name {
            EntryName::Section { record, section } => Some((*record, section, content)),
            _ => None,
        })
    }

    /// The statements, by the digest of their file.
    pub fn statements(&self) -> impl Iterator<Item = (Blake3, &Content)> {
        self.entries.iter().filter_map(|(name, content)| match name {
            EntryName::Statement(digest) => Some((*digest, content)),
            _ => None,
        })
    }

    /// The embedded artifacts.
    pub fn artifacts(&self) -> impl Iterator<Item = (Blake3, &Content)> {
        self.entries.iter().filter_map(|(name, content)| match name {
            EntryName::Artifact(digest) => Some((*digest, content)),
            _ => None,
        })
    }

    /// Writes the one byte sequence that this set of objects has.
    pub fn write(&self, output: impl Write) -> io::Result<()> {
        let mut writer = container::Writer::new(output)?;
        for (name, content) in &self.entries {
            writer.entry(name, content.size(), &mut content.reader())?;
        }
        writer.finish()?;
        Ok(())
    }

    /// Saves it, unless something would be lost: at the path is nothing, or a bundle of which
    /// everything is in this one. On any error the old file is as it was.
    #[cfg(feature = "fs")]
    pub fn save(&self, path: &Utf8Path) -> Result<(), OutputError> {
        Output::new(path, Over::NOTHING)?.save(self)
    }

    /// Saves it in the place of whatever is there.
    #[cfg(feature = "fs")]
    pub fn save_over(&self, path: &Utf8Path) -> Result<(), OutputError> {
        Output::back_into(path).save(self)
    }
}
