//! A run: what DVC's files say at one revision, and where the bytes are.

use std::io;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use super::files::Files;
use super::index::Revision;
use super::live::{self, Live};
use super::pipeline::{self, Pipeline, Tracked, within};
use super::settings::Settings;
use crate::finding::{SourceCode, SourceFinding};
use crate::git::{Commit, Id};
use crate::text::Yaml;

/// A message of more bytes is not one that a person wrote.
const MOST_MESSAGE_BYTES: usize = 64 << 10;

/// How many items a run has, counted where they are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Stages that ran.
    pub locked: u64,
    /// Dependencies of them.
    pub deps: u64,
    /// What they put out.
    pub outs: u64,
    /// Files and folders that are tracked.
    pub tracked: u64,
    /// Files of series.
    pub series: u64,
}

/// A run.
#[derive(Debug)]
pub struct Run {
    /// Which one.
    pub revision: Revision,
    /// Stages by folder.
    pub pipelines: Vec<Pipeline>,
    /// Tracked files and folders.
    pub tracked: Vec<Tracked>,
    /// Folders of `DVCLive`.
    pub lives: Vec<Live>,
    /// What the project sets.
    pub settings: Settings,
    /// The commit that is checked out.
    pub head: Option<String>,
    /// The branch that is checked out.
    pub branch: Option<String>,
    /// The address of the git repository.
    pub git_remote: Option<String>,
    /// How many items there are.
    pub found: Found,
    /// What could not be read.
    pub findings: Vec<SourceFinding>,
    /// The files of the commit.
    pub(super) files: Option<Files>,
    work_tree: Arc<Files>,
    root: Utf8PathBuf,
}

impl Run {
    pub(super) fn new(revision: Revision, root: &Utf8Path, work_tree: Arc<Files>) -> Self {
        Self {
            revision,
            pipelines: Vec::new(),
            tracked: Vec::new(),
            lives: Vec::new(),
            settings: Settings::default(),
            head: None,
            branch: None,
            git_remote: None,
            found: Found::default(),
            findings: Vec::new(),
            files: None,
            work_tree,
            root: root.to_owned(),
        }
    }

    /// The files of the revision: those of the commit, or of the work tree.
    pub fn files(&self) -> &Files {
        self.files.as_ref().unwrap_or(&self.work_tree)
    }

    /// Where a file of the revision lies. What git does not keep is in the work tree, if that has
    /// the results of this revision.
    pub fn on_disk(&self, path: &str) -> io::Result<Option<Utf8PathBuf>> {
        match self.files().on_disk(path)? {
            None if self.revision.in_work_tree => self.work_tree.on_disk(path),
            found => Ok(found),
        }
    }

    /// A text of the revision; `None` if there is no such file.
    pub fn text(&self, path: &str) -> io::Result<Option<String>> {
        self.files().text(path)
    }

    /// A text of the revision as YAML; `None` if it is not YAML, or has too many values or levels.
    pub fn yaml(&self, text: &str) -> Option<Value> {
        match self.files().yaml(text) {
            Yaml::Value(value) => Some(value),
            Yaml::TooMany { .. } | Yaml::None => None,
        }
    }

    /// Sets the commit, whose texts are cut in an index.
    pub(super) fn commit(&mut self, id: &Id, commit: Commit) {
        if commit.message.len() > MOST_MESSAGE_BYTES {
            let detail =
                format!("the message of the commit has {} bytes; the first 64 KiB are kept", commit.message.len());
            self.findings.push(SourceFinding::new(SourceCode::Unsupported, ".git", detail));
        }
        self.revision.commit = Some((id.clone(), commit.cut(MOST_MESSAGE_BYTES)));
    }

    pub(super) fn unreadable(&mut self, place: &str, error: &io::Error) {
        self.findings.push(SourceFinding::new(SourceCode::Unreadable, place, error.to_string()));
    }

    pub(super) fn gather(&mut self) {
        let mut findings = std::mem::take(&mut self.findings);
        self.pipelines = pipeline::pipelines(self.files(), &mut findings);
        self.tracked = pipeline::tracked(self.files(), &mut findings);
        self.lives = live::find(self.files());
        // Where DVC keeps the folder of `DVCLive`, git does not have it.
        if self.revision.in_work_tree {
            let known: Vec<String> = self.lives.iter().map(|live| live.folder.clone()).collect();
            self.lives.extend(live::find(&self.work_tree).into_iter().filter(|live| !known.contains(&live.folder)));
        }
        findings.extend(self.files().findings.iter().cloned());
        let locked = || self.pipelines.iter().flat_map(|pipeline| &pipeline.locked);
        self.found = Found {
            locked: locked().count() as u64,
            deps: locked().map(|stage| stage.deps.len() as u64).sum(),
            outs: locked().map(|stage| stage.outs.len() as u64).sum(),
            tracked: self.tracked.iter().map(|tracked| tracked.outs.len() as u64).sum(),
            series: self.lives.iter().map(|live| live.series.len() as u64).sum(),
        };
        if let Some(cache) = &self.settings.cache {
            let detail = format!("the cache lies elsewhere and is not read; `--files` says where to look: {cache}");
            findings.push(SourceFinding::new(SourceCode::Outside, ".dvc/config", detail));
        }
        self.findings = findings;
    }

    /// Where the bytes of a file or the listing of a folder may be, the likeliest first. Whoever
    /// asks checks their MD5.
    pub fn places(&self, path: &str, md5: &str, is_listing: bool) -> Vec<Utf8PathBuf> {
        let mut places = Vec::new();
        let listing = if is_listing { ".dir" } else { "" };
        if !is_listing {
            places.extend(self.files().on_disk(path).ok().flatten());
            places.extend(self.work_tree.on_disk(path).ok().flatten());
        }
        if let Some((first, rest)) = md5.split_at_checked(2) {
            // Of version 3, and of versions before.
            for cache in [".dvc/cache/files/md5", ".dvc/cache"] {
                places.extend(self.inside(&format!("{cache}/{first}/{rest}{listing}")));
            }
        }
        places.dedup();
        places
    }

    /// Files of the revision or of the work tree below a folder, by their paths in it.
    pub fn below(&self, folder: &str) -> Vec<String> {
        let prefix = within(folder, "");
        let mut names: Vec<String> = [self.files(), &self.work_tree]
            .into_iter()
            .flat_map(|files| files.below(folder))
            .filter_map(|path| path.strip_prefix(&prefix).map(str::to_owned))
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// A regular file of the project that no link leads to.
    fn inside(&self, path: &str) -> Option<Utf8PathBuf> {
        let mut place = self.root.clone();
        for part in path.split('/') {
            place.push(part);
            if place.symlink_metadata().ok()?.is_symlink() {
                return None;
            }
        }
        place.is_file().then_some(place)
    }
}
