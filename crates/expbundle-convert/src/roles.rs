//! What a file is to its run, told by its name.

use expbundle_format::record::{Word, role};
use expbundle_format::weights::look_like_weights;

/// Extensions of things to look at.
const MEDIA: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "svg", "webp", "bmp", "pdf", "html", "htm", "mp4", "webm", "mov", "wav", "mp3", "ogg",
    "flac", "csv", "tsv",
];
/// Extensions of source code.
const CODE: &[&str] =
    &["py", "ipynb", "rs", "c", "cc", "cpp", "h", "cu", "jl", "r", "sh", "js", "ts", "java", "scala", "go"];
/// Extensions of settings.
const CONFIG: &[&str] = &["yaml", "yml", "toml", "ini", "cfg", "conf"];
/// Extensions of data sets.
const DATA: &[&str] = &["parquet", "arrow", "feather", "npy", "jsonl", "tfrecord"];

/// The role of a file by its path among the run's artifacts.
pub fn of_file(path: &str) -> Word {
    let lower = path.to_lowercase();
    let extension = lower.rsplit_once('.').map_or("", |(_, extension)| extension);
    let name = if look_like_weights(&lower) {
        if lower.contains("checkpoint") || lower.contains("ckpt") { role::CHECKPOINT } else { role::MODEL }
    } else if MEDIA.contains(&extension) || lower.ends_with(".table.json") {
        role::MEDIA
    } else if CODE.contains(&extension) {
        role::CODE
    } else if CONFIG.contains(&extension) {
        role::CONFIG
    } else if DATA.contains(&extension) {
        role::DATASET
    } else if matches!(extension, "patch" | "diff") {
        role::PATCH
    } else {
        role::FILE
    };
    word(name)
}

/// The role for a tracker's own type of an artifact, like `model` or `dataset`.
pub fn of_type(kind: &str) -> Word {
    word(match kind.to_lowercase().as_str() {
        "model" | "models" => role::MODEL,
        "checkpoint" => role::CHECKPOINT,
        "dataset" | "data" | "datasets" => role::DATASET,
        "code" | "source" => role::CODE,
        "config" => role::CONFIG,
        "run_table" | "table" | "image" | "images" | "plot" | "figure" => role::MEDIA,
        "tokenizer" => role::TOKENIZER,
        "adapter" => role::ADAPTER,
        _ => role::FILE,
    })
}

/// A role of the registry as a word.
pub fn word(role: &str) -> Word {
    role.parse().expect("roles of the registry are words")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_roles() {
        let case = |path: &str, role: &str| assert_eq!(of_file(path).as_str(), role, "{path}");
        case("weights/model.safetensors", "model");
        case("checkpoints/step-5.pt", "checkpoint");
        case("plots/ROC.PNG", "media");
        case("media/table/confusion.table.json", "media");
        case("code/run.py", "code");
        case("diff.patch", "patch");
        case("notes", "file");
        assert_eq!(of_type("Dataset").as_str(), "dataset");
    }
}
