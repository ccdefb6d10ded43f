//! Which files hold weights.

use expbundle_format::record::{Word, role};

/// Ends of names that weights have, in any case. Any file may hold weights; without one of these, or of a record that calls it a model,
/// a folder is not taken for that of a model.
const ENDS: [&str; 22] = [
    ".bin",
    ".caffemodel",
    ".ckpt",
    ".engine",
    ".ggml",
    ".gguf",
    ".h5",
    ".joblib",
    ".keras",
    ".mlmodel",
    ".msgpack",
    ".nemo",
    ".npz",
    ".onnx",
    ".pb",
    ".pkl",
    ".pt",
    ".pth",
    ".safetensors",
    ".t7",
    ".tflite",
    ".weights",
];

/// Whether a path ends as those of weights do.
pub fn look_like_weights(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    ENDS.iter().any(|end| path.ends_with(end))
}

/// Whether an artifact of this role is a model.
pub fn is_model(role: &Word) -> bool {
    [role::MODEL, role::ADAPTER, role::CHECKPOINT].contains(&role.as_str())
}
