//! Runs at a path, whichever layout they have.

use std::collections::BTreeSet;
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

use super::item::{Layout, Points};
use super::run::Run;
use super::{export, offline, scale};

/// Folders below a path in which runs may lie.
const BELOW: [&str; 6] = [".neptune", "offline", "async", ".neptune/offline", ".neptune/async", "data"];
/// Entries of a folder that are looked at.
const MOST_ENTRIES: usize = 100_000;

/// Runs at a path.
#[derive(Clone, Debug)]
pub struct Source(Vec<Found>);

/// A run that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    key: String,
    layout: Layout,
    /// The folder; of an export, the file of any part.
    path: Utf8PathBuf,
}

/// Why a run cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The database cannot be opened.
    #[error("`{path}` cannot be read: {reason}")]
    Database {
        /// The path.
        path: Utf8PathBuf,
        /// The cause.
        reason: String,
    },
}

impl Source {
    /// Finds runs: at the path itself, directly in it, or where Neptune keeps them below it.
    pub fn find(path: &Utf8Path) -> Self {
        let mut found = BTreeSet::new();
        look(path, &mut found);
        if found.is_empty() && path.is_dir() {
            let mut folders = vec![path.to_owned()];
            folders.extend(BELOW.iter().map(|below| path.join(below)));
            for folder in folders {
                for entry in entries(&folder) {
                    look(&entry, &mut found);
                }
            }
            export::look_below(path, &mut |path| take(&mut found, Layout::Export, path));
        }
        Self(with_keys_of_their_own(found))
    }

    /// The keys.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(|found| found.key.as_str())
    }

    /// Reads the run of a key; `None` if there is none.
    pub fn read(&self, key: &str, points: &mut dyn Points, progress: &dyn Fn(u64)) -> Result<Option<Run>, SourceError> {
        let Some(found) = self.0.iter().find(|found| found.key == key) else { return Ok(None) };
        Ok(Some(match found.layout {
            Layout::Offline => offline::read(&found.path, points, progress),
            Layout::Scale => scale::read(&found.path, points, progress)?,
            Layout::Export => export::read(&found.path, points, progress),
        }))
    }

    /// The key of the run of that id; `None` if the source does not have it.
    pub fn key_of(&self, id: &str) -> Option<&str> {
        let is_meant = |found: &&Found| match found.layout {
            Layout::Offline => false,
            Layout::Scale => scale::id_of(&found.path).as_deref() == Some(id),
            Layout::Export => export::id_of(&found.path).as_deref() == Some(id),
        };
        self.0.iter().find(is_meant).map(|found| found.key.as_str())
    }
}

/// Looks whether a path is a run.
fn look(path: &Utf8Path, found: &mut BTreeSet<Found>) {
    if let Some(folder) = offline::folder_of(path) {
        take(found, Layout::Offline, folder);
    } else if let Some(folder) = scale::folder_of(path) {
        take(found, Layout::Scale, folder);
    } else if export::is_part(path) {
        take(found, Layout::Export, path.to_owned());
    }
    // Versions before 1.8 have a folder for each process of a run: `run__<id>/exec-…`.
    if !path.file_name().is_some_and(|name| name.contains("__")) {
        return;
    }
    for entry in entries(path).filter(|entry| entry.file_name().is_some_and(|name| name.starts_with("exec-"))) {
        if let Some(folder) = offline::folder_of(&entry) {
            take(found, Layout::Offline, folder);
        }
    }
}

fn take(found: &mut BTreeSet<Found>, layout: Layout, path: Utf8PathBuf) {
    let name = path.file_name().unwrap_or("run");
    let key = if layout == Layout::Export { export::run_of(name).unwrap_or(name) } else { name };
    // Of the parts of a run one is enough.
    let is_known = |other: &Found| other.layout == layout && other.key == key && other.path.parent() == path.parent();
    if layout != Layout::Export || !found.iter().any(is_known) {
        found.insert(Found { key: key.to_owned(), layout, path });
    }
}

/// What lies directly in a folder, but for links.
pub(super) fn entries(folder: &Utf8Path) -> impl Iterator<Item = Utf8PathBuf> + use<> {
    // A name that is not UTF-8 is not one that Neptune gave.
    let entries = folder.read_dir_utf8().into_iter().flatten().take(MOST_ENTRIES).filter_map(Result::ok);
    let mut entries: Vec<Utf8PathBuf> = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_symlink()))
        .map(camino::Utf8DirEntry::into_path)
        .collect();
    entries.sort();
    entries.into_iter()
}

/// Whether it is a regular file, and not a link to one.
pub(super) fn is_file(path: &Utf8Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// Names may be equal in two folders: then the folder's name goes before.
fn with_keys_of_their_own(found: BTreeSet<Found>) -> Vec<Found> {
    let all: Vec<Found> = found.into_iter().collect();
    let is_alone = |one: &Found| all.iter().filter(|other| other.key == one.key).count() == 1;
    let of_its_own = |one: &Found| {
        let parent = one.path.parent().and_then(Utf8Path::file_name).unwrap_or_default();
        Found { key: format!("{parent}/{}", one.key), ..one.clone() }
    };
    all.iter().map(|one| if is_alone(one) { one.clone() } else { of_its_own(one) }).collect()
}
