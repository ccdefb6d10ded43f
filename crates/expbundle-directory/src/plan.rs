//! Changes to a folder, worked out in full before the first is made.
//!
//! A [`Plan`] can be shown, and then applied: every new file is complete on the disk before the
//! first is put in its place, and if one cannot be, those before it are put back. A bundle comes
//! before the card that links to it, and goes after it, so whoever is killed between two renames
//! leaves no link to nothing; attaching once more is the same as attaching once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufWriter, Write};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::bundle::Bundle;
use expbundle::folder::FileReport;
use expbundle::lock::{FolderLock, Seen};
use expbundle::standing::{Objection, Standing};
use expbundle::verify::Intact;
use expbundle::write_file::{PreparedFile, remove_file, write_file};
use expbundle_format::RecordId;
use expbundle_format::container::SectionName;
use expbundle_format::sections::Context;

use crate::BUNDLE_NAME;
use crate::diff;

/// What is in a file now.
#[derive(Clone, Debug)]
pub enum Before {
    /// The file is not there.
    Nothing,
    /// This text.
    Text(String),
    /// This bundle.
    Bundle(Bundle),
    /// What begins like a bundle, and is not looked into because it only goes.
    Unread,
}

impl Before {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

impl From<Option<String>> for Before {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Nothing, Self::Text)
    }
}

impl From<Option<&Intact>> for Before {
    fn from(bundle: Option<&Intact>) -> Self {
        bundle.map_or(Self::Nothing, |intact| Self::Bundle(intact.bundle().clone()))
    }
}

/// What will be in a file.
#[derive(Clone, Debug)]
pub enum After {
    /// This text.
    Text(String),
    /// This bundle.
    Bundle(Bundle),
    /// Nothing: the file goes.
    Removed,
}

/// A change to one file.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its name in the folder.
    pub name: String,
    /// What it holds.
    pub before: Before,
    /// What it will hold.
    pub after: After,
}

impl Change {
    /// The folder below the given one that the file is in, if it is in one.
    fn below(&self, folder: &Utf8Path) -> Option<Utf8PathBuf> {
        let (name, _) = self.name.split_once('/')?;
        Some(folder.join(name))
    }

    /// The change as `diff -u` shows it; in words for the bundle.
    pub fn diff(&self) -> String {
        let Self { name, before, after } = self;
        let (old, new) = (format!("a/{name}"), format!("b/{name}"));
        let old = if matches!(before, Before::Nothing) { "/dev/null" } else { &*old };
        let new = if matches!(after, After::Removed) { "/dev/null" } else { &*new };
        match (before.text(), after) {
            (_, After::Bundle(_)) | (None, After::Removed) => format!("--- {old}\n+++ {new}\n(a bundle)\n"),
            (text, After::Text(after)) => diff::unified(old, new, text.unwrap_or_default(), after),
            (Some(text), After::Removed) => diff::unified(old, new, text, ""),
        }
    }
}

/// Why a plan could not be applied. The folder is as it was.
#[derive(thiserror::Error)]
pub enum ApplyError {
    /// Somebody else wrote to the file since the plan was made.
    #[error("`{path}` changed in the meantime")]
    Changed {
        /// Which file.
        path: Utf8PathBuf,
    },
    /// Another writer is at work in the folder, and does not end.
    #[error("`{path}` cannot be locked")]
    Locked {
        /// The folder.
        path: Utf8PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("`{path}` cannot be written")]
    Write {
        /// Which file.
        path: Utf8PathBuf,
        /// The cause.
        source: io::Error,
    },
}

expbundle_format::debug_with_causes!(ApplyError);

/// A record of a bundle, or a parent that is not here, against which something was said.
#[derive(Clone, Debug)]
pub struct ObjectedRecord {
    /// Its id.
    pub id: RecordId,
    /// Whether it is in the bundle.
    pub is_here: bool,
    /// Its title, unless it is withheld or not here. Claimed.
    pub title: Option<String>,
    /// What was said, the weightiest first.
    pub objections: Vec<Objection>,
}

/// What was said against records of a bundle and against their parents, the weightiest first. Of
/// other records anybody can say anything. A record that is set apart is not here: a stranger chose
/// its title and its parents.
pub(super) fn objected(intact: &Intact, standing: &Standing) -> Vec<ObjectedRecord> {
    let records: BTreeMap<RecordId, _> = intact
        .records()
        .iter()
        .filter(|(id, _)| !standing.apart.records.contains(id))
        .map(|(id, record)| (*id, record))
        .collect();
    let parents = records.values().flat_map(|record| &record.body().parents);
    let parents: BTreeSet<RecordId> = parents.map(|parent| RecordId(parent.record.blake3)).collect();
    let against = standing.against.iter().filter(|(id, _)| records.contains_key(id) || parents.contains(id));
    let mut objected: Vec<ObjectedRecord> = against
        .map(|(id, objections)| ObjectedRecord {
            id: *id,
            is_here: records.contains_key(id),
            title: records.get(id).and_then(|_| intact.json_section::<Context>(*id)).map(|context| context.title),
            objections: objections.clone(),
        })
        .collect();
    objected.sort_by_key(|one| (one.objections.iter().map(|objection| objection.kind).min(), one.id));
    objected
}

/// What is to be done to a folder, and what was found out on the way.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The folder.
    pub folder: Utf8PathBuf,
    /// Its files as the records know them.
    pub files: Vec<FileReport>,
    /// Changes, the one of the bundle last.
    pub changes: Vec<Change>,
    /// What was said against the records that the folder carries then, as far as anybody can tell
    /// without a signers file: to be read first.
    pub objected: Vec<ObjectedRecord>,
    /// What a person should know, a sentence each.
    pub notes: Vec<String>,
    /// Sections that one of the joined bundles is without and another has: they are there again, also
    /// if somebody withheld them.
    pub returning: Vec<(RecordId, SectionName)>,
    /// What the bundle's place held when the plan was made.
    pub(super) seen: Seen,
}

impl Plan {
    /// All changes as one text to read before agreeing.
    pub fn diff(&self) -> String {
        self.changes.iter().map(Change::diff).collect()
    }

    /// Makes the changes, all or none as far as a file system can.
    pub fn apply(self) -> Result<(), ApplyError> {
        let bundle = self.folder.join(BUNDLE_NAME);
        let _lock =
            FolderLock::beside(&bundle).map_err(|source| ApplyError::Locked { path: self.folder.clone(), source })?;
        if Seen::at(&bundle) != self.seen {
            return Err(ApplyError::Changed { path: bundle });
        }
        let folders: BTreeSet<Utf8PathBuf> =
            self.changes.iter().filter_map(|change| change.below(&self.folder)).collect();
        let result = self.make(&bundle, &folders);
        for folder in folders {
            // One that has nothing in it any more, or was made for what could not be made.
            let _not_empty = fs::remove_dir(&folder);
        }
        result
    }

    fn make(self, bundle: &Utf8Path, folders: &BTreeSet<Utf8PathBuf>) -> Result<(), ApplyError> {
        for path in folders {
            match fs::create_dir(path) {
                Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(ApplyError::Write { path: path.clone(), source });
                }
                _ => {}
            }
        }
        let mut prepared = Vec::with_capacity(self.changes.len());
        for change in self.changes {
            let path = self.folder.join(&change.name);
            check_unchanged(&path, &change)?;
            let file =
                prepare(&path, &change.after).map_err(|source| ApplyError::Write { path: path.clone(), source })?;
            prepared.push((path, change, file));
        }
        // Where the file system has no locks, somebody may have written while this was prepared.
        if Seen::at(bundle) != self.seen {
            return Err(ApplyError::Changed { path: bundle.to_owned() });
        }
        for (path, change, _) in &prepared {
            check_unchanged(path, change)?;
        }
        prepared.sort_by_key(|(_, change, _)| !matches!(change.after, After::Bundle(_)));
        let mut done: Vec<(Utf8PathBuf, Before)> = Vec::new();
        for (path, change, file) in prepared {
            let result = match file {
                Some(file) => file.put_in_place(),
                None => remove_file(&path),
            };
            if let Err(source) = result {
                undo(&done);
                return Err(ApplyError::Write { path, source });
            }
            done.push((path, change.before));
        }
        Ok(())
    }
}

/// That a text is what it was; who looks after the bundle is [`Seen`].
fn check_unchanged(path: &Utf8Path, change: &Change) -> Result<(), ApplyError> {
    let is_bundle =
        matches!(change.before, Before::Bundle(_) | Before::Unread) || matches!(change.after, After::Bundle(_));
    if is_bundle || read_text(path).is_ok_and(|now| now.as_deref() == change.before.text()) {
        Ok(())
    } else {
        Err(ApplyError::Changed { path: path.to_owned() })
    }
}

fn prepare(path: &Utf8Path, after: &After) -> io::Result<Option<PreparedFile>> {
    match after {
        After::Text(text) => PreparedFile::new(path, |file| file.write_all(text.as_bytes())).map(Some),
        After::Bundle(bundle) => {
            PreparedFile::new(path, |file| bundle.write(BufWriter::with_capacity(1 << 20, file))).map(Some)
        }
        After::Removed => Ok(None),
    }
}

/// Puts back what was there.
fn undo(done: &[(Utf8PathBuf, Before)]) {
    for (path, before) in done.iter().rev() {
        // What fails now failed for the reason that is reported; there is nothing more to be done
        // about it.
        let _best_effort = match before {
            Before::Text(text) => write_file(path, |file| file.write_all(text.as_bytes())),
            // The old file stays open until it is written again.
            Before::Bundle(bundle) => write_file(path, |file| bundle.write(BufWriter::with_capacity(1 << 20, file))),
            Before::Nothing => remove_file(path),
            // It goes last, so it never has to be put back.
            Before::Unread => Ok(()),
        };
    }
}

/// A text file of a folder, or `None` if it is not there. Links are not read through.
pub(super) fn read_text(path: &Utf8Path) -> io::Result<Option<String>> {
    /// As for a card: no text file of a model folder is larger.
    const MAX_TEXT_BYTES: u64 = 16 << 20;
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if metadata.is_symlink() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is a symlink, and symlinks are not written through",
        ));
    }
    if !metadata.is_file() || metadata.len() > MAX_TEXT_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a text file of a usual size"));
    }
    fs::read_to_string(path).map(Some)
}
