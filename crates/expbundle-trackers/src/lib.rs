//! Reads the files of experiment trackers without the trackers: `ClearML`, MLflow, Weights &
//! Biases, Hugging Face model folders.

pub mod clearml;
pub mod finding;
pub mod huggingface;
pub mod mlflow;
pub mod parquet_pages;
mod text;
pub mod wandb;
mod yaml;

pub use text::{Json, read_json, read_yaml};

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
