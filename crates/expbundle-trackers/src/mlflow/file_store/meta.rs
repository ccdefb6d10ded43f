//! The `meta.yaml` files of a file store.
//!
//! Every member is read as text first, so that one broken time costs that time and not the run.

use std::collections::BTreeMap;

use camino::Utf8Path;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::super::files::Root;
use super::super::yaml;
use crate::finding::{SourceCode, SourceFinding};

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
}

impl<T: DeserializeOwned> Meta<T> {
    /// Reads `meta.yaml` of a folder, or reports why not.
    pub fn read(root: &Root, folder: &Utf8Path, findings: &mut Vec<SourceFinding>) -> Option<Self> {
        Self::read_file(root, &folder.join("meta.yaml"), findings)
    }

    /// Reads a YAML file, or reports why not.
    pub fn read_file(root: &Root, path: &Utf8Path, findings: &mut Vec<SourceFinding>) -> Option<Self> {
        let place = root.relative(path);
        let text = match root.read_text(path, yaml::MAX_BYTES) {
            Ok(text) => text,
            Err(error) => {
                findings.push(error.finding(place));
                return None;
            }
        };
        match yaml::parse(&text) {
            Ok((typed, members)) => Some(Self { typed, members, place }),
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

/// Tags of an edge; a null is not a tag.
pub(super) fn present(tags: &BTreeMap<String, Option<String>>) -> BTreeMap<String, String> {
    tags.iter().filter_map(|(key, value)| Some((key.clone(), value.clone()?))).collect()
}
