//! What the converters make of real runs and of made ones, by tracker and by subject. One test
//! program, since each takes its time to link.

mod support;

mod aim;
mod carriers;
mod clearml;
mod comet;
mod detection;
mod dvc;
mod dvc_bounds;
mod huggingface;
mod lightning;
mod mlflow;
mod moments;
mod neptune;
#[cfg(target_os = "linux")]
mod odd_names;
mod privacy;
mod secrets;
mod swanlab;
// It writes Parquet of other programs.
#[cfg(feature = "parquet")]
mod table;
mod tables;
mod tensorboard;
mod trackio;
mod transformers;
mod wandb;
mod wandb_export;
mod zenml;
