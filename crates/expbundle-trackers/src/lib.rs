//! Reads the files of experiment trackers without the trackers, a folder each; and model folders of
//! the Hugging Face Hub.

pub mod aim;
#[cfg_attr(not(feature = "zip"), path = "no_archive.rs")]
mod archive;
pub mod clearml;
pub mod comet;
pub mod dvc;
pub mod finding;
mod folder;
mod git;
pub mod http;
pub mod huggingface;
#[cfg_attr(not(feature = "zip"), path = "no_inflate.rs")]
mod inflate;
pub mod journal;
mod json_walk;
pub mod lightning;
mod lines;
mod members;
pub mod mlflow;
pub mod neptune;
pub mod parquet_pages;
#[cfg(feature = "parquet")]
mod parquet_rows;
mod protobuf;
mod python_json;
mod scratch;
mod series;
#[cfg_attr(not(feature = "sqlite"), path = "no_sqlite.rs")]
mod sqlite;
pub mod swanlab;
pub mod tensorboard;
mod text;
mod time;
pub mod trackio;
pub mod transformers;
mod walk;
pub mod wandb;
mod work;
mod yaml;
pub mod zenml;

pub use folder::FolderFile;
pub use scratch::Scratch;
pub use series::{At, Series};
pub use text::{Json, Text, read_decoded, read_json, read_text, read_yaml, skip_mark};
pub use time::nanoseconds as read_time;

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
