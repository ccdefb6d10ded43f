//! Reading within a source and nowhere else.
//!
//! Every path is resolved before it is opened and must still lie within the source, so a symlink in
//! a store that came from a stranger cannot make us read, and publish, a file of this machine. Only
//! regular files are opened: a pipe would wait for ever.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use walkdir::WalkDir;

use super::run::{ArtifactFile, Artifacts, Place};
use crate::finding::{SourceCode, SourceFinding};
use crate::scratch::may_be_of_run;
use crate::text::{Text, decode};

/// More files in one folder than any run has; a limit for listings made by an attacker.
const MAX_FILES: usize = 1_000_000;

/// The deepest folder that is looked into. Keys with `/` make folders, 250 characters of them at
/// most.
const MAX_DEPTH: usize = 128;

/// Why something is not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("not here")]
    Missing,
    #[error("leads out of the source")]
    Outside,
    #[error("not a regular file")]
    Special,
    #[error("larger than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("more than {MAX_DEPTH} folders deep; what is below is not read")]
    TooDeep,
    #[error("not UTF-8")]
    NotUtf8,
    #[error("cannot be read: {}", .0.kind())]
    Io(std::io::Error),
}

impl From<std::io::Error> for FileError {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::NotFound { Self::Missing } else { Self::Io(error) }
    }
}

impl FileError {
    /// The finding at that place.
    pub fn finding(&self, place: impl Into<String>) -> SourceFinding {
        let code = match self {
            Self::Missing => SourceCode::Missing,
            Self::Outside => SourceCode::Outside,
            Self::Special => SourceCode::Unsupported,
            Self::TooLarge { .. } | Self::TooDeep | Self::NotUtf8 => SourceCode::Damaged,
            Self::Io(_) => SourceCode::Unreadable,
        };
        SourceFinding::new(code, place, self.to_string())
    }
}

/// A folder that may be read.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    path: Utf8PathBuf,
}

impl Root {
    /// A folder of this machine, as the caller named it.
    pub fn new(path: &Utf8Path) -> Result<Self, FileError> {
        Ok(Self { path: path.canonicalize_utf8()? })
    }

    /// Where it is, without symlinks.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The path relative to this folder, for findings: nothing of the machine stands in it.
    pub fn relative(&self, path: &Utf8Path) -> String {
        let relative = path.strip_prefix(&self.path).unwrap_or(path);
        let names: Vec<&str> = relative.components().map(|component| component.as_str()).collect();
        names.join("/")
    }

    /// The path without symlinks, if it lies in here.
    pub fn resolve(&self, path: &Utf8Path) -> Result<Utf8PathBuf, FileError> {
        if self.has_no_links_to(path)? {
            return Ok(path.to_owned());
        }
        let resolved = path.canonicalize_utf8()?;
        if resolved.starts_with(&self.path) { Ok(resolved) } else { Err(FileError::Outside) }
    }

    /// Whether nothing between this folder and a path in it is a link. To resolve a path asks for
    /// each name from the root of the file system on, which takes longer than to read a small file.
    fn has_no_links_to(&self, path: &Utf8Path) -> Result<bool, FileError> {
        let Ok(relative) = path.strip_prefix(&self.path) else { return Ok(false) };
        let mut place = self.path.clone();
        for name in relative.components() {
            let Utf8Component::Normal(name) = name else { return Ok(false) };
            place.push(name);
            if fs::symlink_metadata(&place)?.is_symlink() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The path of a regular file without symlinks, if it lies in here.
    pub fn regular(&self, path: &Utf8Path) -> Result<Utf8PathBuf, FileError> {
        let resolved = self.resolve(path)?;
        if fs::metadata(&resolved)?.is_file() { Ok(resolved) } else { Err(FileError::Special) }
    }

    /// Opens a regular file.
    pub fn open(&self, path: &Utf8Path) -> Result<File, FileError> {
        Ok(File::open(self.regular(path)?)?)
    }

    /// Reads a regular file of at most so many bytes as text.
    pub fn read_text(&self, path: &Utf8Path, limit: u64) -> Result<String, FileError> {
        String::from_utf8(self.read_bytes(path, limit)?).map_err(|_| FileError::NotUtf8)
    }

    /// The same of a text that may be in another encoding; see [`crate::text::decode`].
    pub fn read_decoded(&self, path: &Utf8Path, limit: u64) -> Result<Text, FileError> {
        Ok(decode(self.read_bytes(path, limit)?))
    }

    fn read_bytes(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, FileError> {
        let mut bytes = Vec::new();
        self.open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit { Err(FileError::TooLarge { limit }) } else { Ok(bytes) }
    }

    /// The names in a folder, sorted. A folder that is not there has none.
    pub fn names(&self, folder: &Utf8Path, findings: &mut Vec<SourceFinding>) -> Vec<String> {
        let read = |findings: &mut Vec<SourceFinding>| -> Result<Vec<String>, FileError> {
            let mut names = Vec::new();
            for entry in fs::read_dir(self.resolve(folder)?)? {
                let entry = entry?;
                // One such name takes no other with it.
                match entry.file_name().into_string() {
                    Ok(name) => names.push(name),
                    Err(_) => findings.push(self.not_utf8(&entry.path())),
                }
                if names.len() > MAX_FILES {
                    return Err(FileError::TooLarge { limit: MAX_FILES as u64 });
                }
            }
            names.sort_unstable();
            Ok(names)
        };
        match read(findings) {
            Ok(names) => names,
            Err(FileError::Missing) => Vec::new(),
            Err(error) => {
                findings.push(error.finding(self.relative(folder)));
                Vec::new()
            }
        }
    }

    /// Whether there is a folder of that name in here.
    pub fn has_folder(&self, path: &Utf8Path) -> bool {
        self.resolve(path).is_ok_and(|resolved| resolved.is_dir())
    }

    /// Whether there is a file of that name in here.
    pub fn has_file(&self, path: &Utf8Path) -> bool {
        self.resolve(path).is_ok_and(|resolved| resolved.is_file())
    }

    /// All files under a folder, at any depth, in the order of their paths:
    /// `(path with "/", size, file)`.
    ///
    /// A symlink to a file within this root counts as that file; one to a folder, or out of here,
    /// is a finding.
    pub fn walk(&self, folder: &Utf8Path, findings: &mut Vec<SourceFinding>) -> Vec<ArtifactFile> {
        let folder = match self.resolve(folder) {
            Ok(resolved) => resolved,
            Err(FileError::Missing) => return Vec::new(),
            Err(error) => {
                findings.push(error.finding(self.relative(folder)));
                return Vec::new();
            }
        };
        let mut files = Vec::new();
        let entries = WalkDir::new(&folder).min_depth(1).max_depth(MAX_DEPTH).sort_by_file_name();
        for entry in entries.into_iter().filter_entry(may_be_of_run) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    findings.push(self.walk_error(&error));
                    continue;
                }
            };
            let Some(path) = Utf8Path::from_path(entry.path()) else {
                findings.push(self.not_utf8(entry.path()));
                continue;
            };
            if entry.file_type().is_dir() {
                if entry.depth() == MAX_DEPTH {
                    findings.push(FileError::TooDeep.finding(self.relative(path)));
                }
                continue;
            }
            match self.file(&folder, path) {
                Ok(file) if files.len() < MAX_FILES => files.push(file),
                Ok(_) => {
                    findings.push(FileError::TooLarge { limit: MAX_FILES as u64 }.finding(self.relative(&folder)));
                    break;
                }
                Err(error) => findings.push(error.finding(self.relative(path))),
            }
        }
        // Folder by folder is not the order of the paths: `a.b` sorts before `a/b`.
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    }

    /// A folder that cannot be looked into.
    pub fn walk_error(&self, error: &walkdir::Error) -> SourceFinding {
        let place = error.path().and_then(Utf8Path::from_path).unwrap_or(&self.path);
        let cause = error.io_error().map_or("unreadable".to_owned(), |cause| cause.kind().to_string());
        SourceFinding::new(SourceCode::Unreadable, self.relative(place), cause)
    }

    /// A name that nothing else can hold.
    pub fn not_utf8(&self, path: &Path) -> SourceFinding {
        let place = path.to_string_lossy();
        FileError::NotUtf8.finding(self.relative(Utf8Path::new(place.as_ref())))
    }

    fn file(&self, folder: &Utf8Path, path: &Utf8Path) -> Result<ArtifactFile, FileError> {
        let resolved = self.resolve(path)?;
        let metadata = fs::metadata(&resolved)?;
        if !metadata.is_file() {
            return Err(FileError::Special);
        }
        let relative = path.strip_prefix(folder).map_err(|_| FileError::Outside)?;
        let names: Vec<&str> = relative.components().map(|component| component.as_str()).collect();
        Ok(ArtifactFile { path: names.join("/"), size: metadata.len(), file: resolved })
    }

    /// The files under a folder as artifacts that are here.
    pub fn artifacts(&self, folder: &Utf8Path, findings: &mut Vec<SourceFinding>) -> Artifacts {
        Artifacts { files: self.walk(folder, findings), place: Place::Local(folder.to_owned()) }
    }
}
