//! `dvc.yaml`, `dvc.lock` and `*.dvc`: what is meant to run, what ran, and what is tracked.

use camino::Utf8Path;
use serde_json::{Map, Value};

use super::files::Files;
use crate::finding::{SourceCode, SourceFinding};
use crate::text::Yaml;

/// The stages of a folder.
#[derive(Clone, Debug, Default)]
pub struct Pipeline {
    /// The folder; the empty one is the root.
    pub folder: String,
    /// Members of `dvc.yaml`.
    pub written: Map<String, Value>,
    /// Stages of `dvc.lock`, in their order.
    pub locked: Vec<Locked>,
    /// Other members of `dvc.lock` than its stages.
    pub rest: Map<String, Value>,
}

/// A stage as it ran.
#[derive(Clone, Debug, Default)]
pub struct Locked {
    /// Its name within its folder, like `train` or `train@small`.
    pub name: String,
    /// Everything of it as it is.
    pub members: Map<String, Value>,
    /// What it depends on.
    pub deps: Vec<Output>,
    /// What it put out.
    pub outs: Vec<Output>,
}

/// A file or folder, by its digest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// Path from the root of the project; as written, where it leads out of it.
    pub path: String,
    /// Whether the path leads out of the project, or is an address.
    pub is_outside: bool,
    /// MD5 in hex; of a folder, that of its listing.
    pub md5: Option<String>,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Whether MD5 is of the bytes as they are: since 3.0. Before, line ends of texts were changed.
    pub is_exact: bool,
    /// In bytes.
    pub size: Option<u64>,
    /// Everything of it as it is.
    pub members: Map<String, Value>,
}

/// A `.dvc` file.
#[derive(Clone, Debug, Default)]
pub struct Tracked {
    /// Its path.
    pub path: String,
    /// Everything of it as it is.
    pub members: Map<String, Value>,
    /// What it tracks.
    pub outs: Vec<Output>,
}

/// Reads every `dvc.yaml` and `dvc.lock`.
pub(super) fn pipelines(files: &Files, findings: &mut Vec<SourceFinding>) -> Vec<Pipeline> {
    let mut folders: Vec<&str> = files.paths().filter_map(|path| folder_of(path, &["dvc.yaml", "dvc.lock"])).collect();
    folders.sort_unstable();
    folders.dedup();
    folders.into_iter().map(|folder| pipeline(files, folder, findings)).collect()
}

/// The folder of a file of one of these names.
pub(super) fn folder_of<'a>(path: &'a str, names: &[&str]) -> Option<&'a str> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    names.contains(&name).then_some(folder)
}

fn pipeline(files: &Files, folder: &str, findings: &mut Vec<SourceFinding>) -> Pipeline {
    let written = document(files, &within(folder, "dvc.yaml"), findings);
    let mut lock = document(files, &within(folder, "dvc.lock"), findings);
    let mut pipeline = Pipeline { folder: folder.to_owned(), ..Pipeline::default() };
    // Before 2.0 the stages were the members of the file.
    let stages = if lock.contains_key("schema") {
        lock.remove("stages")
    } else {
        Some(Value::Object(std::mem::take(&mut lock)))
    };
    for (name, stage) in stages.and_then(object).unwrap_or_default() {
        match stage {
            Value::Object(members) => {
                let wdir = wdir(&written, &name);
                let base = resolve(folder, wdir).unwrap_or_else(|| folder.to_owned());
                let [deps, outs] = ["deps", "outs"].map(|member| outputs(&base, members.get(member)));
                pipeline.locked.push(Locked { name, members, deps, outs });
            }
            other => {
                let detail = "the stage is not a mapping";
                findings.push(SourceFinding::new(
                    SourceCode::Damaged,
                    format!("{}: {name}", within(folder, "dvc.lock")),
                    detail,
                ));
                pipeline.rest.insert(name, other);
            }
        }
    }
    pipeline.rest.extend(lock);
    pipeline.written = written;
    pipeline
}

/// The working folder of a stage; `train@small` is of the stage `train`.
fn wdir<'a>(written: &'a Map<String, Value>, name: &str) -> &'a str {
    let stages = written.get("stages");
    let stage = stages.and_then(|stages| stages.get(name).or_else(|| stages.get(name.split('@').next()?)));
    stage.and_then(|stage| stage.get("do").unwrap_or(stage).get("wdir")?.as_str()).unwrap_or(".")
}

/// Reads every `.dvc` file.
pub(super) fn tracked(files: &Files, findings: &mut Vec<SourceFinding>) -> Vec<Tracked> {
    let paths =
        files.paths().filter(|path| Utf8Path::new(path).extension() == Some("dvc") && !path.starts_with(".dvc/"));
    let mut all = Vec::new();
    for path in paths {
        let members = document(files, path, findings);
        if members.is_empty() {
            continue;
        }
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let base = members.get("wdir").and_then(Value::as_str).and_then(|wdir| resolve(folder, wdir));
        let outs = outputs(base.as_deref().unwrap_or(folder), members.get("outs"));
        all.push(Tracked { path: path.to_owned(), members, outs });
    }
    all
}

/// A YAML file whose root is a mapping; without one, a finding and no members.
fn document(files: &Files, path: &str, findings: &mut Vec<SourceFinding>) -> Map<String, Value> {
    let (code, detail) = match files.text(path) {
        Ok(None) => return Map::new(),
        Ok(Some(text)) if text.trim().is_empty() => return Map::new(),
        Ok(Some(text)) => match files.yaml(&text) {
            Yaml::Value(Value::Object(members)) => return members,
            Yaml::Value(_) => (SourceCode::Damaged, "the file is not a mapping".to_owned()),
            Yaml::TooMany { .. } => (SourceCode::Damaged, TOO_MANY.to_owned()),
            Yaml::None => return intact_part(files, &text, path, findings),
        },
        Err(error) => (SourceCode::Unreadable, error.to_string()),
    };
    findings.push(SourceFinding::new(code, path, detail));
    Map::new()
}

/// Why a file is not read although it is not damaged.
const TOO_MANY: &str = "the file has too many values or levels, or its aliases repeat far more than it has";

/// What stands before the place where a file was cut or damaged: as many lines as are a document.
fn intact_part(files: &Files, text: &str, path: &str, findings: &mut Vec<SourceFinding>) -> Map<String, Value> {
    // Every attempt reads all lines before it, so there are few, and fewer of a long text.
    const MOST_ATTEMPTS: usize = 64;
    const MOST_BYTES: usize = 4 << 20;
    let attempts = (MOST_BYTES / text.len().max(1)).clamp(1, MOST_ATTEMPTS);
    let lines: Vec<&str> = text.lines().collect();
    let intact =
        (1..lines.len()).rev().take(attempts).find_map(|count| match files.yaml(&lines.get(..count)?.join("\n")) {
            Yaml::Value(value) => object(value),
            Yaml::TooMany { .. } | Yaml::None => None,
        });
    let detail = match &intact {
        Some(_) => "the file is cut or damaged; what stands before is kept",
        None => "the file is not YAML",
    };
    findings.push(SourceFinding::new(SourceCode::Damaged, path, detail));
    intact.unwrap_or_default()
}

fn object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

fn outputs(folder: &str, list: Option<&Value>) -> Vec<Output> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_object).map(|members| output(folder, members)).collect()
}

fn output(folder: &str, members: &Map<String, Value>) -> Output {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let path = text("path").unwrap_or_default();
    let inside = resolve(folder, path);
    let md5 = text("md5").map(str::to_lowercase);
    let digits = md5.as_deref().map(|md5| md5.strip_suffix(".dir").unwrap_or(md5));
    let is_md5 = digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    Output {
        is_outside: inside.is_none(),
        path: inside.unwrap_or_else(|| path.to_owned()),
        is_folder: md5.as_deref().is_some_and(|md5| md5.strip_suffix(".dir").is_some())
            || members.contains_key("nfiles"),
        md5: digits.filter(|_| is_md5).map(str::to_owned),
        is_exact: text("hash") == Some("md5"),
        size: members.get("size").and_then(Value::as_u64),
        members: members.clone(),
    }
}

/// A path from the root of the project, given one from a folder of it; `None` if it leads out of
/// the project, is absolute, or an address.
pub fn resolve(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains("://") || path.contains('\\') || path.as_bytes().get(1) == Some(&b':') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// A name in a folder.
pub(super) fn within(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
