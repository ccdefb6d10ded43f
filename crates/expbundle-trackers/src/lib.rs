//! Reads the files of experiment trackers without the trackers: MLflow, Weights & Biases.
