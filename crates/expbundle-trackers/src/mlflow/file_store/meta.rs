//! The `meta.yaml` files of a file store.
//!
//! Every member is read as text first, so that one broken time costs that time and not the run.

use std::collections::BTreeMap;

use camino::Utf8Path;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::super::files::Root;
use super::super::run::Status;
use super::super::yaml;
use crate::finding::{SourceCode, SourceFinding};
use crate::text::Text;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ExperimentMeta {
    pub experiment_id: Option<String>,
    pub name: Option<String>,
    pub artifact_location: Option<String>,
    pub lifecycle_stage: Option<String>,
    pub creation_time: Option<String>,
    pub last_update_time: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RunMeta {
    pub run_id: Option<String>,
    pub run_uuid: Option<String>,
    pub experiment_id: Option<String>,
    pub run_name: Option<String>,
    pub status: Option<String>,
    pub start_time: Option<String>,
    pub end_time: Option<String>,
    pub deleted_time: Option<String>,
    pub lifecycle_stage: Option<String>,
    pub user_id: Option<String>,
    pub artifact_uri: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DatasetMeta {
    pub name: Option<String>,
    pub digest: Option<String>,
    pub source_type: Option<String>,
    pub source: Option<String>,
    pub schema: Option<String>,
    pub profile: Option<String>,
}

/// An edge into or out of a run. `destination_id` repeats `source_id`: the folder says which run.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EdgeMeta {
    pub source_type: Option<String>,
    pub source_id: Option<String>,
    pub destination_id: Option<String>,
    pub step: Option<String>,
    pub tags: BTreeMap<String, Option<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LoggedModelMeta {
    pub model_id: Option<String>,
    pub name: Option<String>,
    pub experiment_id: Option<String>,
    pub source_run_id: Option<String>,
    pub artifact_location: Option<String>,
    pub model_type: Option<String>,
    pub status: Option<String>,
    pub creation_timestamp: Option<String>,
    pub last_updated_timestamp: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RegisteredModelMeta {
    pub name: Option<String>,
    pub description: Option<String>,
    pub creation_timestamp: Option<String>,
    pub last_updated_timestamp: Option<String>,
    pub aliases: BTreeMap<String, Option<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct VersionMeta {
    pub version: Option<String>,
    pub source: Option<String>,
    pub storage_location: Option<String>,
    pub run_id: Option<String>,
    pub model_id: Option<String>,
    pub current_stage: Option<String>,
    pub status: Option<String>,
    pub description: Option<String>,
    pub creation_timestamp: Option<String>,
    pub last_updated_timestamp: Option<String>,
    pub user_id: Option<String>,
}

/// A meta file: its typed members, all its members, and where it stands.
pub(super) struct Meta<T> {
    pub typed: T,
    members: Map<String, Value>,
    place: String,
    /// Whether its last line was cut.
    is_cut: bool,
}

impl<T: DeserializeOwned> Meta<T> {
    /// Reads `meta.yaml` of a folder, or reports why not.
    pub fn read(root: &Root, folder: &Utf8Path, findings: &mut Vec<SourceFinding>) -> Option<Self> {
        Self::read_file(root, &folder.join("meta.yaml"), findings)
    }

    /// Reads a YAML file, or reports why not.
    pub fn read_file(root: &Root, path: &Utf8Path, findings: &mut Vec<SourceFinding>) -> Option<Self> {
        let place = root.relative(path);
        let Text { mut text, is_lossy } = match root.read_decoded(path, yaml::MAX_BYTES) {
            Ok(text) => text,
            Err(error) => {
                findings.push(error.finding(place));
                return None;
            }
        };
        if is_lossy {
            let detail = "some of the text is not UTF-8, and was replaced";
            findings.push(SourceFinding::new(SourceCode::Damaged, &place, detail));
        }
        let cut = cut_line(&text);
        if let Some(cut) = cut {
            let detail = "the last line has no end, and is not read";
            findings.push(SourceFinding::new(SourceCode::Truncated, &place, detail));
            text.truncate(cut);
        }
        match yaml::parse(&text) {
            Ok((typed, members)) => Some(Self { typed, members, place, is_cut: cut.is_some() }),
            Err(reason) => {
                findings.push(SourceFinding::new(SourceCode::Damaged, place, reason));
                None
            }
        }
    }

    /// A time or another integer; a text that is none is reported.
    pub fn integer(&self, member: &str, text: Option<&String>, findings: &mut Vec<SourceFinding>) -> Option<i64> {
        let text = text?;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            let detail = format!("`{member}` is not an integer");
            findings.push(SourceFinding::new(SourceCode::Damaged, self.place.clone(), detail));
        }
        parsed
    }

    /// The members that have a value and are not in `known`.
    pub fn extra(&self, known: &[&str]) -> Map<String, Value> {
        let says_something = |value: &Value| match value {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            Value::Object(members) => !members.is_empty(),
            _ => true,
        };
        let members =
            self.members.iter().filter(|(key, value)| !known.contains(&key.as_str()) && says_something(value));
        members.map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

impl Meta<RunMeta> {
    /// The status of a run. Very old stores have none while it runs; a file that was cut before it
    /// has none either, and proves nothing.
    pub fn status(&self, findings: &mut Vec<SourceFinding>) -> Option<Status> {
        if let Some(status) = &self.typed.status {
            return Status::parse(status);
        }
        let is_whole = self.typed.run_id.is_some() || self.typed.run_uuid.is_some();
        let is_null = self.members.contains_key("status");
        if is_whole && self.typed.start_time.is_some() && !is_null && !self.is_cut {
            return Some(Status::Running);
        }
        let detail = "it is empty or cut: there is no status in it";
        findings.push(SourceFinding::new(SourceCode::Truncated, self.place.clone(), detail));
        None
    }
}

/// Where the last line begins, if it was cut: Python ends every line, and a number that was cut
/// reads as another one. A mapping in braces, which people write, is whole or no YAML at all.
fn cut_line(text: &str) -> Option<usize> {
    let is_cut = !text.ends_with('\n') && !text.trim_end().ends_with('}');
    text.rfind('\n').map(|end| end + 1).filter(|_| is_cut)
}

/// Tags of an edge; a null is not a tag.
pub(super) fn present(tags: &BTreeMap<String, Option<String>>) -> BTreeMap<String, String> {
    tags.iter().filter_map(|(key, value)| Some((key.clone(), value.clone()?))).collect()
}
