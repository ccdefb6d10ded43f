//! Weights in several files: the index beside them names them, and a loader opens what it names.

use std::collections::BTreeSet;

use expbundle_format::json;
use expbundle_format::limits::Limits;
use expbundle_format::tree::TreePath;
use serde_json::Value;

/// Indexes larger than this are not read; those of the largest models have a third of it.
pub const MAX_INDEX_BYTES: u64 = 32 << 20;

/// The shards that an index names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shards {
    /// The path of the index.
    pub index: TreePath,
    /// Paths relative to the folder of the index, or why it cannot be read.
    pub named: Result<BTreeSet<String>, String>,
}

impl Shards {
    /// The paths of the shards within the folder.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        let index = self.index.to_plain();
        let folder = index.rsplit_once('/').map(|(folder, _)| format!("{folder}/")).unwrap_or_default();
        self.named.iter().flatten().map(move |name| format!("{folder}{name}"))
    }
}

/// Whether a file is an index of weights, by its name: `model.safetensors.index.json`,
/// `tf_model.h5.index.json`; with a variant `model.safetensors.index.fp16.json`.
pub fn is_index(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let Some(name) = path.strip_suffix(".json") else { return false };
    let with_variant = || name.rsplit_once(".index.").filter(|(_, variant)| !variant.contains(['.', '/']));
    let of = name.strip_suffix(".index").or_else(|| Some(with_variant()?.0));
    of.is_some_and(|of| [".safetensors", ".bin", ".h5", ".msgpack"].iter().any(|end| of.ends_with(end)))
}

/// The shards that the text of an index names.
pub fn named(text: &[u8]) -> Result<BTreeSet<String>, String> {
    let value = json::parse(text, &Limits::default()).map_err(|error| error.to_string())?;
    let map = value.get("weight_map").and_then(Value::as_object).ok_or("it has no `weight_map`")?;
    let name =
        |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| "a shard is not named by a text".to_owned());
    map.values().map(name).collect()
}
