//! Which files hold weights, by their names (spec/directory.md).

/// Ends of names that weights have, in any case. Any file may hold weights; without one of these,
/// or of a record that calls it a model, a folder is not taken for that of a model.
pub const ENDS: [&str; 36] = [
    ".bin",
    ".caffemodel",
    ".cbm",
    ".ckpt",
    ".engine",
    ".ggml",
    ".gguf",
    ".h5",
    ".hdf5",
    ".joblib",
    ".keras",
    ".llamafile",
    ".mlmodel",
    ".mnn",
    ".msgpack",
    ".nemo",
    ".npz",
    ".onnx",
    ".pb",
    ".pdiparams",
    ".pdparams",
    ".pickle",
    ".pkl",
    ".pt",
    ".pte",
    ".pth",
    ".ptl",
    ".rknn",
    ".safetensors",
    ".skops",
    ".t7",
    ".tflite",
    ".torchscript",
    ".trt",
    ".ubj",
    ".weights",
];

/// Whether a path ends as those of weights do.
pub fn look_like_weights(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    ENDS.iter().any(|end| path.ends_with(end))
}

/// Ends of names that pickles have, in any case, and archives with pickles in them.
const PICKLES: [&str; 8] = [".bin", ".ckpt", ".dill", ".joblib", ".pickle", ".pkl", ".pt", ".pth"];

/// Whether a path ends as those of files do that run code when they are loaded.
pub fn may_run_code(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    PICKLES.iter().any(|end| path.ends_with(end))
}
