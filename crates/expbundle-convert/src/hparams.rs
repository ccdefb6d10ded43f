//! `hparams.yaml`, in which Lightning's loggers keep the parameters of a run, and what a recipe of a
//! tool lacks that records nothing else.

use expbundle_format::Code;
use expbundle_format::sections::{Gap, Recipe};
use expbundle_trackers::read_yaml;
use serde_json::Value;

use crate::ledger::{Foreign as _, Ledger};
use crate::parameters;

/// The file.
pub(crate) const HPARAMS: &str = "hparams.yaml";

/// Adds the parameters of a file. What cannot be taken apart is kept as its text: tags of Python in
/// it are never followed.
pub(crate) fn map(ledger: &mut Ledger<'_>, recipe: &mut Recipe, text: &str) {
    match read_yaml(text) {
        Some(Value::Object(members)) => {
            for (name, value) in &members {
                ledger.item("parameter", name).mapped();
                parameters::add(recipe, name, value.tree());
            }
        }
        Some(Value::Null) => {}
        None if is_blank(text) => {}
        _ => {
            let message = "it is not YAML of plain data, and is kept as its text";
            ledger.finding(Code::SourceUnsupported, HPARAMS, message);
            ledger.item("parameters", HPARAMS).raw(text);
        }
    }
}

fn is_blank(text: &str) -> bool {
    text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
}

/// The gaps of a run whose tool records parameters and points.
pub(crate) fn gaps(recipe: &mut Recipe, ledger: &Ledger<'_>) {
    let mut gap = |what: &str, detail: &str| recipe.gaps.push(Gap { what: what.to_owned(), detail: detail.to_owned() });
    gap("code", "the files name no commit");
    gap("environment", "the files list no packages");
    gap("hardware", "the files do not describe the machine");
    if recipe.seeds.is_empty() {
        gap("seed", "no parameter is named like a seed");
    }
    if ledger.options.inputs.is_empty() {
        gap("data", "the files have no digests of input files; add them with `--input`");
    }
    recipe.gaps.sort();
}
