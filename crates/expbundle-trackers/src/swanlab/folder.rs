//! What lies beside a log: configuration, metadata, packages, files and media.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Map, Value};

use crate::finding::{SourceCode, SourceFinding};
use crate::mlflow::files::Root;
use crate::text::{Json, read_json, read_yaml, text_at};

/// A file of a run's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFile {
    /// Path in the folder, with `/` between names.
    pub path: String,
    /// Where it is.
    pub on_disk: Utf8PathBuf,
    /// Size in bytes.
    pub size: u64,
}

/// What lies beside a log.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    /// `files/config.yaml`: each value with its description.
    pub config: Map<String, Value>,
    /// `files/swanlab-metadata.json`.
    pub metadata: Map<String, Value>,
    /// `files/requirements.txt`, a line each.
    pub requirements: Vec<String>,
    /// Files below `files/` and `media/`, in the order of their paths.
    pub files: Vec<RunFile>,
    /// Other files, like those of `debug/`: logs of the tool itself.
    pub bookkeeping: u64,
}

impl Folder {
    pub(super) fn read(path: &Utf8Path, findings: &mut Vec<SourceFinding>) -> Self {
        let mut folder = Self::default();
        let Ok(root) = Root::new(path) else { return folder };
        for file in root.walk(root.path(), findings) {
            let start = file.path.split('/').next();
            if matches!(start, Some("files" | "media")) && file.path.contains('/') {
                folder.files.push(RunFile { path: file.path, on_disk: file.file, size: file.size });
            } else if !file.path.ends_with(".swanlab") {
                folder.bookkeeping += 1;
            }
        }
        let mut object = |name: &str, parse: fn(&str) -> Option<Value>| {
            let text = text(root.path(), name, findings)?;
            match parse(&text) {
                Some(Value::Object(members)) => Some(members),
                // An empty configuration.
                Some(Value::Null) => None,
                _ => {
                    let detail = "the file is not what it should be: a mapping of names to values";
                    findings.push(SourceFinding::new(SourceCode::Damaged, name, detail));
                    None
                }
            }
        };
        folder.config = object(CONFIG, read_yaml).unwrap_or_default();
        folder.metadata = object(METADATA, json).unwrap_or_default();
        let lines = text(root.path(), REQUIREMENTS, findings).unwrap_or_default();
        let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
        folder.requirements = lines.map(str::to_owned).collect();
        folder
    }

    /// The file of that path.
    pub fn file(&self, path: &str) -> Option<&RunFile> {
        let found = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        self.files.get(found)
    }
}

const CONFIG: &str = "files/config.yaml";
const METADATA: &str = "files/swanlab-metadata.json";
const REQUIREMENTS: &str = "files/requirements.txt";

fn json(text: &str) -> Option<Value> {
    match read_json(text) {
        Json::Value(value) => Some(value),
        _ => None,
    }
}

fn text(root: &Utf8Path, name: &str, findings: &mut Vec<SourceFinding>) -> Option<String> {
    text_at(&root.join(name), name, findings)
}
