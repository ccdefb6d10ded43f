//! The YAML files of a model's folder: `MLmodel`, `python_env.yaml`.

use std::fs::File;
use std::io::Read;

use camino::Utf8Path;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::yaml;
use crate::finding::{SourceCode, SourceFinding};

/// Only the free-form members matter.
#[derive(Deserialize)]
struct Anything {}

/// Reads a YAML mapping among the artifacts; `place` names it in the finding.
pub fn read_yaml(file: &Utf8Path, place: &str) -> Result<Map<String, Value>, SourceFinding> {
    let unreadable = |error: std::io::Error| {
        SourceFinding::new(SourceCode::Unreadable, place, format!("cannot be read: {}", error.kind()))
    };
    let mut text = String::new();
    let read = File::open(file).and_then(|file| file.take(yaml::MAX_BYTES).read_to_string(&mut text));
    read.map_err(unreadable)?;
    let (Anything {}, members) =
        yaml::parse(&text).map_err(|reason| SourceFinding::new(SourceCode::Damaged, place, reason))?;
    Ok(members)
}
