//! The roles of artifacts that the format knows (spec/relations.toml). Others are allowed and carry
//! no lineage.

use super::Word;

/// Trained weights, or a folder that holds them.
pub const MODEL: &str = "model";
/// A snapshot during training.
pub const CHECKPOINT: &str = "checkpoint";
/// Weights that change a base model.
pub const ADAPTER: &str = "adapter";
/// What turns text into numbers.
pub const TOKENIZER: &str = "tokenizer";
/// Data that was trained on or evaluated with.
pub const DATASET: &str = "dataset";
/// Settings in a file.
pub const CONFIG: &str = "config";
/// Source code.
pub const CODE: &str = "code";
/// Uncommitted changes of the code.
pub const PATCH: &str = "patch";
/// A picture, table, or anything else to look at.
pub const MEDIA: &str = "media";
/// Any other file.
pub const FILE: &str = "file";

/// Every role of the format.
pub const ALL: &[&str] = &[MODEL, CHECKPOINT, ADAPTER, TOKENIZER, DATASET, CONFIG, CODE, PATCH, MEDIA, FILE];

/// Roles that join records when digests agree.
pub const LINEAGE: &[&str] = &[MODEL, CHECKPOINT, ADAPTER, DATASET];

/// A role for people: a word of the format, or in quotation marks one that somebody else chose.
pub fn told(role: &Word) -> String {
    role.told(ALL)
}

/// Whether artifacts of that role join records when their bytes agree.
pub fn carries_lineage(role: &Word) -> bool {
    LINEAGE.contains(&role.as_str())
}

/// Whether an artifact of that role is a model.
pub fn is_model(role: &Word) -> bool {
    [MODEL, ADAPTER, CHECKPOINT].contains(&role.as_str())
}
