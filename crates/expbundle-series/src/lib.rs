//! The Parquet sections of an experiment bundle: metrics, telemetry, console.
