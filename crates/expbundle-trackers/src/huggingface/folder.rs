//! A model folder as the Hub, a clone or the cache lays it out.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use super::card::{Card, yaml};
use super::revision::Hub;
use crate::finding::{SourceCode, SourceFinding};
use crate::scratch;
use crate::text::{Json, read_json, text_at};

/// A file of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFile {
    /// Path within the folder, with `/` between names.
    pub path: String,
    /// Where it is.
    pub on_disk: Utf8PathBuf,
    /// Size in bytes.
    pub size: u64,
    /// All its bytes, if they begin like those of a Git LFS pointer.
    pub pointer: Option<Vec<u8>>,
}

/// Git LFS reads no pointer that is as long as this.
const MOST_POINTER_BYTES: u64 = 1024;
const POINTER_START: &[u8] = b"version https://git-lfs.github.com/spec/v1";
/// What git writes around the two sides of a conflict.
const CONFLICT_START: &[u8] = b"<<<<<<< ";
/// Ends the names of files that list shards, and which tensors each has.
const INDEX_END: &str = ".index.json";

/// Results in a file of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// Path of the file.
    pub path: String,
    /// What it lists.
    pub entries: Vec<Value>,
}

/// A model folder.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Its files, in the order of their paths.
    pub files: Vec<ModelFile>,
    /// Files of git and of download tools, counted and not kept.
    pub bookkeeping: u64,
    /// The card, if there is one.
    pub card: Option<Card>,
    /// `config.json`, if it can be read.
    pub config: Option<Value>,
    /// `adapter_config.json`, if it can be read.
    pub adapter: Option<Value>,
    /// `.eval_results/*.yaml`, in the order of their names.
    pub results: Vec<Results>,
    /// Where the folder came from.
    pub hub: Hub,
    /// What could not be read.
    pub findings: Vec<SourceFinding>,
}

/// Folders that hold no part of the model.
const BOOKKEEPING: [&str; 3] = [".git", ".cache", ".huggingface"];
/// A bundle that was attached says nothing of where the model came from.
const OURS: &str = "experiment.expb";

impl Model {
    /// Reads a folder. What is wrong with it is in the findings; only a folder that cannot be
    /// opened at all is an error.
    pub fn read(root: &Utf8Path) -> std::io::Result<Self> {
        fs::read_dir(root)?;
        let canonical = root.canonicalize_utf8().unwrap_or_else(|_| root.to_owned());
        let mut model = Self { hub: Hub::of(&canonical), ..Self::default() };
        // In the cache the files are links to blobs beside the snapshot, and those are followed.
        let blobs = canonical.parent().and_then(Utf8Path::parent).map(|repository| repository.join("blobs"));
        for entry in walkdir::WalkDir::new(root).min_depth(1).follow_links(false).sort_by_file_name() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    model.find(SourceCode::Unreadable, "", format!("part of the folder cannot be read: {error}"));
                    continue;
                }
            };
            let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
            let Some(relative) = Utf8Path::from_path(relative) else {
                model.find(SourceCode::Unreadable, &relative.to_string_lossy(), "the name is not UTF-8");
                continue;
            };
            if entry.file_type().is_dir() {
                continue;
            }
            let path = relative.components().map(|part| part.as_str()).collect::<Vec<_>>().join("/");
            let first = relative.components().next().map_or("", |part| part.as_str());
            let is_unfinished = relative.components().any(|part| scratch::is_unfinished(part.as_str()));
            if BOOKKEEPING.contains(&first) || path == OURS || is_unfinished {
                model.bookkeeping += 1;
                continue;
            }
            let on_disk = root.join(relative);
            let target = on_disk.canonicalize_utf8().ok();
            let is_blob =
                target.as_ref().zip(blobs.as_ref()).is_some_and(|(target, blobs)| target.parent() == Some(blobs));
            let is_inside = target.as_ref().is_some_and(|target| target.starts_with(&canonical));
            match target {
                Some(target) if target.is_file() && (is_inside || is_blob) => model.file(path, target),
                Some(_) if is_inside => {
                    model.find(SourceCode::Unsupported, &path, "it is not a regular file, nor a link to one");
                }
                Some(_) => {
                    model.find(
                        SourceCode::Outside,
                        &path,
                        "it is a link that leads out of the folder; it is not followed",
                    );
                }
                None => model.find(SourceCode::Missing, &path, "it is a link to nothing"),
            }
        }
        model.files.sort_by(|a, b| a.path.cmp(&b.path));
        model.read_texts();
        Ok(model)
    }

    fn find(&mut self, code: SourceCode, place: &str, detail: impl Into<String>) {
        self.findings.push(SourceFinding::new(code, place, detail));
    }

    fn file(&mut self, path: String, on_disk: Utf8PathBuf) {
        let Ok(metadata) = fs::metadata(&on_disk) else {
            self.find(SourceCode::Unreadable, &path, "the file cannot be read");
            return;
        };
        let mut file = ModelFile { path, on_disk, size: metadata.len(), pointer: None };
        if file.size < MOST_POINTER_BYTES {
            let mut bytes = Vec::new();
            match fs::File::open(&file.on_disk).and_then(|open| open.take(MOST_POINTER_BYTES).read_to_end(&mut bytes)) {
                Ok(_) => file.pointer = Some(bytes).filter(|bytes| is_pointer(bytes)),
                Err(error) => self.find(SourceCode::Unreadable, &file.path, error.to_string()),
            }
        }
        self.files.push(file);
    }

    fn read_texts(&mut self) {
        if let Some(text) = self.text("README.md") {
            let (card, trouble) = Card::parse(&text);
            self.card = Some(card);
            if let Some(detail) = trouble {
                self.find(SourceCode::Damaged, "README.md", detail);
            }
        }
        self.config = self.json("config.json");
        self.adapter = self.json("adapter_config.json");
        for path in self.paths(|path| path.ends_with(INDEX_END)) {
            self.shards(&path);
        }
        let results = self.paths(|path| {
            let name = path.strip_prefix(".eval_results/").map(Utf8Path::new);
            matches!(name.and_then(Utf8Path::extension), Some("yaml" | "yml"))
        });
        for path in results {
            let Some(text) = self.text(&path) else { continue };
            match yaml(&text) {
                Ok(Value::Array(entries)) => self.results.push(Results { path, entries }),
                Ok(Value::Null) => {}
                Ok(_) => self.find(SourceCode::Damaged, &path, "it is not a list of results"),
                Err(detail) => self.find(SourceCode::Damaged, &path, detail),
            }
        }
    }

    fn paths(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
        self.files.iter().map(|file| file.path.clone()).filter(|path| is_wanted(path)).collect()
    }

    fn position(&self, path: &str) -> Option<usize> {
        self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()
    }

    /// Shards that an index names and that are not here: the model is in part.
    fn shards(&mut self, index: &str) {
        let Some(Value::Object(members)) = self.json(index) else { return };
        let Some(Value::Object(tensors)) = members.get("weight_map") else { return };
        let folder = index.rsplit_once('/').map_or("", |(folder, _)| folder);
        let shards: BTreeSet<&str> = tensors.values().filter_map(Value::as_str).collect();
        for shard in shards {
            let path = crate::folder::join(folder, shard);
            if self.position(&path).is_none() {
                self.find(SourceCode::Missing, &path, format!("named by {index}, and not here"));
            }
        }
    }

    /// A text file of the folder. A pointer has none.
    fn text(&mut self, path: &str) -> Option<String> {
        let file = self.files.get(self.position(path)?).filter(|file| file.pointer.is_none())?;
        let on_disk = file.on_disk.clone();
        text_at(&on_disk, path, &mut self.findings)
    }

    fn json(&mut self, path: &str) -> Option<Value> {
        let text = self.text(path)?;
        match read_json(&text) {
            Json::Value(value) => Some(value),
            Json::TooMany => {
                self.find(SourceCode::Loss, path, "the JSON has more values than are taken apart, and is kept as text");
                Some(Value::String(text))
            }
            Json::None => {
                self.find(SourceCode::Damaged, path, "the file is not JSON, or nested more than 128 levels deep");
                None
            }
        }
    }
}

/// Whether bytes are those of a pointer, whole or broken: a merge leaves two of them in one file.
fn is_pointer(bytes: &[u8]) -> bool {
    let is_conflict = || bytes.windows(POINTER_START.len()).any(|part| part == POINTER_START);
    bytes.starts_with(POINTER_START) || bytes.starts_with(CONFLICT_START) && is_conflict()
}
