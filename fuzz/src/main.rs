//! Feeds one of the targets with what libFuzzer thinks of: the one that `TARGET` names.
//!
//! All are one program: linking the crates once for each would take longer than a short run of it.
#![no_main]

use std::sync::LazyLock;

mod targets;

/// Every target with its name, one in each line: `fuzz/run` reads them here.
const TARGETS: &[(&str, fn(&[u8]))] = &[
    ("container", targets::container),
    ("json", targets::json),
    ("record", targets::record),
    ("section", targets::section),
    ("statement", targets::statement),
    ("payload", targets::payload),
    ("signers", targets::signers),
    ("tree", targets::tree),
    ("series", targets::series),
    ("console", targets::console),
    ("bundle", targets::bundle),
    ("wandb_log", targets::wandb_log),
    ("wandb_export", targets::wandb_export),
    ("table", targets::table),
    ("mlflow_files", targets::mlflow_files),
    ("mlflow_database", targets::mlflow_database),
    ("huggingface", targets::huggingface),
    ("mlflow_export", targets::mlflow_export),
    ("tracker", targets::tracker),
];

static CHOSEN: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("TARGET").unwrap_or_default();
    let target = TARGETS.iter().find(|(target, _)| *target == name);
    target.unwrap_or_else(|| panic!("the variable TARGET names no target: {name:?}")).1
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| CHOSEN(bytes));
