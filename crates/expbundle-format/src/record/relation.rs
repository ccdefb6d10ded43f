//! The relations of records that the format knows (spec/relations.toml). Others are allowed.

use super::Word;

/// Every relation of the format.
pub const ALL: &[&str] = &[
    "adapter-of",
    "continued-from",
    "converted-from",
    "distilled-from",
    "evaluates",
    "fine-tuned-from",
    "forked-from",
    "merged-from",
    "part-of",
    "preprocessed-from",
    "pruned-from",
    "quantized-from",
    "resumed-from",
    "trained-on",
];

/// A relation for people: a word of the format, or in quotation marks one that somebody else chose.
pub fn told(relation: &Word) -> String {
    relation.told(ALL)
}
