//! Reads the files of experiment trackers without the trackers: MLflow, Weights & Biases.

pub mod finding;
pub mod mlflow;
pub mod wandb;
