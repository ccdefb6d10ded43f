//! A run's folder: what lies beside its log.

use camino::{Utf8Path, Utf8PathBuf};

use super::value::Value;
use crate::finding::{SourceCode, SourceFinding};
use crate::scratch;
use crate::text::text_at;

/// Lines of `requirements.txt` that are kept: no environment has so many packages.
const MOST_REQUIREMENTS: usize = 50_000;

/// A file of a run's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderFile {
    /// Path below `files/`, with `/` between names.
    pub path: String,
    /// Where it is.
    pub on_disk: Utf8PathBuf,
    /// Size in bytes.
    pub size: u64,
}

/// What lies beside a log.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    /// Files below `files/`, in the order of their paths.
    pub files: Vec<FolderFile>,
    /// Files of the tool's own bookkeeping (`logs/`, `tmp/`, `.syncstate`), counted and not kept.
    pub bookkeeping: u64,
    /// `requirements.txt`, a line each.
    pub requirements: Vec<String>,
    /// `wandb-metadata.json`, if it is there.
    pub metadata: Option<Value>,
    /// What could not be read.
    pub findings: Vec<SourceFinding>,
}

impl Folder {
    /// Looks into the folder of a run.
    pub fn read(root: &Utf8Path) -> Self {
        let mut folder = Self::default();
        let files = root.join("files");
        for entry in walkdir::WalkDir::new(root).min_depth(1).follow_links(false).sort_by_file_name() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    folder.find(
                        SourceCode::Unreadable,
                        "",
                        &format!("part of the folder cannot be read: {error}"),
                        root,
                    );
                    continue;
                }
            };
            let Some(path) = Utf8Path::from_path(entry.path()) else {
                let place = entry.path().to_string_lossy().into_owned();
                folder.find(SourceCode::Unreadable, &place, "the name is not UTF-8", root);
                continue;
            };
            let kind = entry.file_type();
            let in_files = path.strip_prefix(&files).ok();
            if kind.is_dir() {
                continue;
            }
            match in_files {
                Some(relative) if relative.components().any(|part| scratch::is_unfinished(part.as_str())) => {
                    folder.bookkeeping += 1;
                }
                Some(relative) if kind.is_file() => match entry.metadata() {
                    Ok(metadata) => folder.files.push(FolderFile {
                        path: slashes(relative),
                        on_disk: path.to_owned(),
                        size: metadata.len(),
                    }),
                    Err(error) => folder.find(SourceCode::Unreadable, path.as_str(), &error.to_string(), root),
                },
                Some(_) => {
                    let detail = "it is a link or no file; links of `run.save` lead to the machine that ran, and are not followed";
                    folder.find(SourceCode::Outside, path.as_str(), detail, root);
                }
                None if path.extension() == Some("wandb") => {}
                None => folder.bookkeeping += 1,
            }
        }
        folder.files.sort_by(|a, b| a.path.cmp(&b.path));
        folder.read_texts(&files);
        folder
    }

    fn read_texts(&mut self, files: &Utf8Path) {
        if let Some(text) = self.text(&files.join("requirements.txt"), "files/requirements.txt") {
            let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            self.requirements = lines.by_ref().take(MOST_REQUIREMENTS).map(str::to_owned).collect();
            let more = lines.count();
            if more > 0 {
                let detail = format!("{more} lines after the first {MOST_REQUIREMENTS} are not kept");
                self.findings.push(SourceFinding::new(SourceCode::Loss, "files/requirements.txt", detail));
            }
        }
        if let Some(text) = self.text(&files.join("wandb-metadata.json"), "files/wandb-metadata.json") {
            self.metadata = Value::parse(&text);
            if self.metadata.is_none() {
                let place = "files/wandb-metadata.json";
                self.findings.push(SourceFinding::new(SourceCode::Damaged, place, "the file is not JSON"));
            }
        }
    }

    fn text(&mut self, path: &Utf8Path, place: &str) -> Option<String> {
        text_at(path, place, &mut self.findings)
    }

    fn find(&mut self, code: SourceCode, place: &str, detail: &str, root: &Utf8Path) {
        let place = place.strip_prefix(root.as_str()).unwrap_or(place).trim_start_matches('/');
        self.findings.push(SourceFinding::new(code, place, detail));
    }
}

fn slashes(path: &Utf8Path) -> String {
    path.components().map(|component| component.as_str()).collect::<Vec<_>>().join("/")
}
