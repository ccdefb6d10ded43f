//! Every parser of foreign bytes as a target, for libFuzzer and for a quick look.

mod targets;

/// Does what it does with bytes from anywhere.
pub type Target = fn(&[u8]);

/// Every target with its name, one in each line: `crates/expbundle-fuzz/run` reads them here.
pub const TARGETS: &[(&str, Target)] = &[
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
    ("journal", targets::journal),
];

/// The target that the variable `TARGET` names.
pub fn chosen() -> Target {
    let name = std::env::var("TARGET").unwrap_or_default();
    let target = TARGETS.iter().find(|(target, _)| *target == name);
    target.unwrap_or_else(|| panic!("the variable TARGET names no target: {name:?}")).1
}
