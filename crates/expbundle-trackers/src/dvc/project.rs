//! Projects at a path.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};
use walkdir::WalkDir;

use super::files::Files;
use super::index::{self, Index};
use super::run::Run;
use super::run_cache;
use super::settings::Settings;
use crate::finding::{SourceCode, SourceFinding};
use crate::folder::entries;
use crate::git::{Reader, Repository};
use crate::text::read_text;

/// Entries that are looked at to find a series.
const MOST_ENTRIES: usize = 1000;
/// Bytes that may be unpacked for a run, however many others there are.
const RUN_BYTES: u64 = 32 << 20;

/// Why a project cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// A file or folder cannot be read.
    #[error("`{path}` cannot be read")]
    Read {
        /// The path.
        path: Utf8PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// Projects at a path: one, or those that lie in a folder.
#[derive(Debug)]
pub struct Projects(BTreeMap<String, Project>);

impl Projects {
    /// Finds projects: the path itself, the folder of a file of DVC's, or what lies directly in a
    /// folder.
    pub fn find(path: &Utf8Path) -> Result<Self, ProjectError> {
        let read = |source| ProjectError::Read { path: path.to_owned(), source };
        if path.is_file() {
            let is_own = matches!(path.file_name(), Some("dvc.yaml" | "dvc.lock" | "metrics.json"));
            let folder =
                path.parent().map(|folder| if folder.as_str().is_empty() { Utf8Path::new(".") } else { folder });
            let folder = folder.filter(|folder| is_own && is_project(folder));
            return Ok(Self(folder.map(|folder| (String::new(), Project::open(folder))).into_iter().collect()));
        }
        if is_project(path) {
            return Ok(Self(BTreeMap::from([(String::new(), Project::open(path))])));
        }
        let mut projects = BTreeMap::new();
        if path.is_dir() {
            for entry in entries(path).map_err(read)? {
                let entry = entry.map_err(read)?;
                if entry.file_type().map_err(read)?.is_dir() && is_project(entry.path()) {
                    projects.insert(entry.file_name().to_owned(), Project::open(entry.path()));
                }
            }
        }
        Ok(Self(projects))
    }

    /// The projects by the names of their folders; one that the path itself names has an empty
    /// name.
    pub fn all(&self) -> &BTreeMap<String, Project> {
        &self.0
    }
}

/// Whether a folder is DVC's: it has settings, a pipeline or a `DVCLive` folder.
fn is_project(folder: &Utf8Path) -> bool {
    [".dvc/config", "dvc.yaml", "dvc.lock"].iter().any(|name| is_file(&folder.join(name)))
        || is_live(folder)
        || is_live(&folder.join("dvclive"))
}

fn is_file(path: &Utf8Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_file())
}

/// Whether a folder is one of `DVCLive`: it has series, or its name and a file of values.
fn is_live(folder: &Utf8Path) -> bool {
    let is_named_so = folder.file_name() == Some("dvclive") && is_file(&folder.join("metrics.json"));
    is_named_so || {
        let series = WalkDir::new(folder.join("plots/metrics")).follow_links(false).into_iter();
        let mut series = series.take(MOST_ENTRIES).filter_map(Result::ok);
        series.any(|entry| entry.file_type().is_file() && entry.path().extension().is_some_and(|name| name == "tsv"))
    }
}

/// A project: a work tree, and the git repository in it.
#[derive(Debug)]
pub struct Project {
    root: Utf8PathBuf,
    repository: Option<Arc<Repository>>,
    work_tree: OnceLock<Arc<Files>>,
    index: OnceLock<Index>,
}

impl Project {
    fn open(root: &Utf8Path) -> Self {
        let repository = Repository::open(root).map(Arc::new);
        Self { root: root.to_owned(), repository, work_tree: OnceLock::new(), index: OnceLock::new() }
    }

    /// Whether it has a git repository of its own.
    pub fn has_repository(&self) -> bool {
        self.repository.is_some()
    }

    fn work_tree(&self) -> &Arc<Files> {
        self.work_tree.get_or_init(|| Arc::new(Files::of_folder(&self.root)))
    }

    /// Its runs.
    pub fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let reader = self.repository.as_ref().map(|repository| Reader::new(repository, repository.most_bytes()));
            let mut index = index::index(reader.as_ref(), self.work_tree());
            let unlisted = run_cache::unlisted(&self.root, |visit| {
                index.for_each_lock(reader.as_ref(), self.work_tree(), visit);
            });
            index.findings.extend(unlisted);
            index.findings.extend(self.elsewhere());
            index
        })
    }

    /// Whether `.git` names a repository in another folder, as of a submodule.
    fn elsewhere(&self) -> Option<SourceFinding> {
        let is_elsewhere = self.repository.is_none() && self.root.join(".git").symlink_metadata().is_ok();
        let detail = "the repository lies in another folder and is not read";
        is_elsewhere.then(|| SourceFinding::new(SourceCode::Outside, ".git", detail))
    }

    /// Reads a run; `None` if there is no such one.
    pub fn read(&self, key: &str) -> Result<Option<Run>, ProjectError> {
        let Some(revision) = self.index().revisions.iter().find(|revision| revision.key == key) else {
            return Ok(None);
        };
        let failed = |source| ProjectError::Read { path: self.root.clone(), source };
        let mut run = Run::new(revision.clone(), &self.root, Arc::clone(self.work_tree()));
        if let Some((repository, (id, commit))) = self.repository.as_ref().zip(revision.commit.as_ref()) {
            let reader = Reader::new(repository, self.share(repository));
            match reader.commit(id) {
                Ok(whole) => run.commit(id, whole),
                Err(error) => run.findings.push(SourceFinding::new(SourceCode::Unreadable, ".git", error.to_string())),
            }
            if let Some(tree) = &commit.tree {
                run.files = Some(Files::of_commit(reader, tree).map_err(failed)?);
            }
        }
        if let Some(repository) = &self.repository {
            run.head = repository.head().map(ToString::to_string);
            run.branch = repository.branch().map(str::to_owned);
            run.git_remote = repository.config().as_deref().and_then(git_remote);
        }
        match run.text(".dvc/config") {
            Ok(settings) => run.settings = settings.as_deref().map(Settings::parse).unwrap_or_default(),
            Err(error) => run.unreadable(".dvc/config", &error),
        }
        run.gather();
        Ok(Some(run))
    }

    /// Bytes that may be unpacked for one run. It does not depend on which others are read.
    fn share(&self, repository: &Repository) -> u64 {
        (repository.most_bytes() / self.index().revisions.len().max(1) as u64).max(RUN_BYTES)
    }

    /// The text of a small file of the work tree.
    pub fn text(&self, path: &str) -> Option<String> {
        read_text(&self.root.join(path)).ok()?
    }
}

/// The address of `origin`, or of the first remote.
fn git_remote(config: &str) -> Option<String> {
    let members = super::settings::members(config);
    let urls = members.into_iter().filter(|(section, _, key, _)| section == "remote" && key == "url");
    let urls: Vec<_> = urls.collect();
    let origin = urls.iter().find(|(_, name, ..)| name.as_deref() == Some("origin")).or(urls.first())?;
    Some(origin.3.clone())
}
