//! Many bundles at once: files, folders of bundles, model directories, or bytes from elsewhere.

use std::io;
use std::path::PathBuf;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Content;
use expbundle::family::check_all;
use expbundle::hash;
use expbundle::verify::{Checked, Digests, Intact, NotIntact, Unverified};
use expbundle::write_file::is_unfinished;
use expbundle_directory::BUNDLE_NAME;
use expbundle_format::Finding;

use crate::QueryError;

/// A bundle to read.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path; for content without one, what it is called.
    pub path: Utf8PathBuf,
    /// Its bytes, if they are not read from the path.
    pub content: Option<Content>,
}

impl From<Utf8PathBuf> for Source {
    fn from(path: Utf8PathBuf) -> Self {
        Self { path, content: None }
    }
}

impl Source {
    /// The path of the bundle itself, also where its model folder is named.
    pub fn bundle_path(&self) -> Utf8PathBuf {
        let is_folder = self.content.is_none() && self.path.is_dir();
        if is_folder { self.path.join(BUNDLE_NAME) } else { self.path.clone() }
    }

    /// Opens a bundle, or that of a model folder, and checks it.
    ///
    /// # Errors
    /// [`QueryError::NoBundleOf`] for a folder without one; [`QueryError::Refused`] with the first
    /// error of one that is not intact or cannot be read.
    pub fn intact(&self) -> Result<Intact, QueryError> {
        let path = self.bundle_path();
        if path != self.path && path.symlink_metadata().is_err() {
            return Err(QueryError::NoBundleOf(self.path.clone()));
        }
        let opened = Self { path: path.clone(), content: self.content.clone() }.open();
        let checked = match opened {
            Ok(unverified) => {
                unverified.check(Digests::Blake3).map_err(|wrong| Refused::by(wrong.into_findings(), &path))
            }
            Err(error) => Err(Refused { path, why: WhyRefused::Read(error) }),
        };
        checked.map(|checked| checked.intact).map_err(|refused| QueryError::Refused(Box::new(refused)))
    }

    fn open(self) -> io::Result<Unverified> {
        match self.content {
            Some(content) => Ok(Unverified::new(content)),
            None if self.path.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            None => Unverified::open(&self.path),
        }
    }
}

/// Bundles that were found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// In the order of the paths that were asked for, and of paths below each.
    pub sources: Vec<Source>,
    /// What may be a bundle, or hold some, and is not read, with why.
    pub passed_over: Vec<(PathBuf, &'static str)>,
}

/// Finds bundles. A folder is searched with all folders below it; links are not followed.
///
/// # Errors
/// [`QueryError::NoBundle`] for a folder without any, [`QueryError::Folder`] for one that cannot be
/// read.
pub fn find(sources: impl IntoIterator<Item = Source>) -> Result<Found, QueryError> {
    let mut found = Found::default();
    for source in sources {
        if source.content.is_some() || !source.path.is_dir() {
            found.sources.push(source);
            continue;
        }
        let before = found.sources.len();
        search(&source.path, &mut found)?;
        if found.sources.len() == before {
            return Err(QueryError::NoBundle(source.path));
        }
    }
    Ok(found)
}

/// Whether a file of that name is taken for a bundle.
pub(crate) fn is_bundle_name(path: &Utf8Path) -> bool {
    path.file_name().is_some_and(|name| name.to_ascii_lowercase().ends_with(".expb"))
}

/// Whether a link leads to a folder or bundle below a folder that is searched.
fn leads_within(top: &Utf8Path, link: &Utf8Path) -> bool {
    let (Ok(top), Ok(end)) = (top.canonicalize_utf8(), link.canonicalize_utf8()) else { return false };
    end.starts_with(top) && (end.is_dir() || is_bundle_name(&end))
}

/// Every bundle below a folder, in the order of paths.
fn search(top: &Utf8Path, found: &mut Found) -> Result<(), QueryError> {
    let mut bundles = Vec::new();
    let mut folders = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        let describe = |source| QueryError::Folder { path: folder.clone(), source };
        for entry in folder.read_dir().map_err(describe)? {
            let entry = entry.map_err(describe)?;
            let kind = entry.file_type().map_err(describe)?;
            let path = match Utf8PathBuf::from_path_buf(entry.path()) {
                Ok(path) => path,
                Err(path) => {
                    found.passed_over.push((path, "the name is not UTF-8"));
                    continue;
                }
            };
            let is_bundle = is_bundle_name(&path);
            if kind.is_dir() && path.file_name().is_some_and(is_unfinished) {
                found.passed_over.push((path.into_std_path_buf(), "what is in it is not finished"));
            } else if kind.is_dir() {
                folders.push(path);
            } else if is_bundle && hash::is_file_of(&folder, &path) {
                bundles.push(path);
            } else if kind.is_symlink() && leads_within(top, &path) {
                // What it leads to is found by its own name.
            } else if kind.is_symlink() && (is_bundle || path.is_dir()) {
                found.passed_over.push((path.into_std_path_buf(), "links are not followed"));
            } else if is_bundle {
                found.passed_over.push((path.into_std_path_buf(), "it is not a regular file"));
            }
        }
    }
    bundles.sort();
    found.sources.extend(bundles.into_iter().map(Source::from));
    Ok(())
}

/// Why a bundle is not taken.
#[derive(Debug)]
pub struct Refused {
    /// Its path.
    pub path: Utf8PathBuf,
    /// The cause.
    pub why: WhyRefused,
}

/// The cause for which a bundle is not taken.
#[derive(Debug)]
pub enum WhyRefused {
    /// It cannot be read.
    Read(io::Error),
    /// It is not intact, or is beyond the limits of this reader: the error that decides, with the
    /// path in its place.
    Finding(Finding),
}

impl Refused {
    /// A bundle that is refused by the first error among its findings. As for its state, a limit
    /// comes after everything that is wrong.
    pub fn by(findings: impl IntoIterator<Item = Finding>, path: &Utf8Path) -> Self {
        // Of equals the first is taken.
        let first = findings.into_iter().filter(Finding::is_error).min_by_key(Finding::is_no_answer);
        let mut finding = first.expect("a bundle that is not intact has an error finding");
        finding.place = finding.place.in_file(path.as_str());
        Self { path: path.to_owned(), why: WhyRefused::Finding(finding) }
    }
}

/// Bundles that are intact, and what is wrong with the others.
#[derive(Debug)]
pub struct Gathered<T> {
    /// Each with its path.
    pub members: Vec<(Utf8PathBuf, T)>,
    /// In the order in which they were given.
    pub refused: Vec<Refused>,
}

/// Checks bundles on all cores, each as a whole or only what a question needs of it.
pub fn gather<T: Send>(
    sources: Vec<Source>,
    check: impl Fn(Unverified) -> Result<Checked<T>, NotIntact> + Sync + Send,
) -> Gathered<T> {
    let mut gathered = Gathered { members: Vec::new(), refused: Vec::new() };
    for (path, result) in check_all(sources, |source| {
        let path = source.path.clone();
        let result = match source.open() {
            Err(error) => Err(Refused { path: path.clone(), why: WhyRefused::Read(error) }),
            Ok(unverified) => check(unverified).map_err(|wrong| Refused::by(wrong.into_findings(), &path)),
        };
        (path, result)
    }) {
        match result {
            Ok(checked) => gathered.members.push((path, checked.intact)),
            Err(refused) => gathered.refused.push(refused),
        }
    }
    gathered
}
