//! The model, its checkpoints and the settings beside them; and what the model was made from, as far
//! as they name it.

use std::collections::BTreeSet;

use expbundle_format::Code;
use expbundle_format::record::{Word, role};
use expbundle_format::sections::{Recipe, Summary};
use expbundle_trackers::huggingface::Card;
use expbundle_trackers::transformers::Run;
use expbundle_trackers::wandb::Value;
use expbundle_trackers::{FolderFile, read_text};

use crate::ledger::{Foreign as _, Ledger};
use crate::outputs::{self, OutputFile};
use crate::{ConvertError, huggingface, parameters, roles};

pub(super) fn map(
    ledger: &mut Ledger<'_>,
    run: &Run,
    recipe: &mut Recipe,
    summary: &mut Summary,
) -> Result<(), ConvertError> {
    let last = run.state_path.rsplit_once('/').map_or("", |(folder, _)| folder);
    // The run's own folder says more than the last checkpoint, which has the same files.
    for folder in if last.is_empty() { vec![""] } else { vec!["", last] } {
        for file in &run.files {
            let (of, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
            if of == folder {
                settings(ledger, file, name, recipe, summary);
            }
        }
    }
    inputs(ledger, run, last);
    let pickles = run.files.iter().filter(|file| file.path.ends_with("training_args.bin")).count();
    if pickles > 0 {
        let message = "it is a pickle, which is never loaded: most arguments of the training are only there";
        ledger.finding(Code::SourceUnsupported, "training_args.bin", message);
    }
    let files = run.files.iter().map(|file| OutputFile::of(file, role_of(&file.path))).collect();
    outputs::list(ledger, "file", files)?;
    Ok(())
}

fn role_of(path: &str) -> Word {
    let name = path.rsplit('/').next().unwrap_or(path);
    // States of the training, which begin like weights do.
    let is_state = ["training_args", "rng_state", "scheduler", "scaler"].iter().any(|start| name.starts_with(start));
    if is_state { roles::word(role::FILE) } else { huggingface::role_of(path) }
}

/// A JSON file as Python writes it. `None`, with a finding, if it cannot be read.
fn json(ledger: &mut Ledger<'_>, file: &FolderFile) -> Option<Value> {
    let text = match read_text(&file.on_disk) {
        Ok(text) => text?,
        Err(error) => {
            ledger.finding(Code::SourceUnreadable, &file.path, error.to_string());
            return None;
        }
    };
    let value = Value::parse(&text);
    if value.is_none() {
        ledger.finding(Code::SourceDamaged, &file.path, "the file is not JSON, or nested too deep");
    }
    value
}

/// Settings and results that are read, besides being listed as files.
fn settings(ledger: &mut Ledger<'_>, file: &FolderFile, name: &str, recipe: &mut Recipe, summary: &mut Summary) {
    match name {
        "training_args.json" => {
            let Some(Value::Object(members)) = json(ledger, file) else { return };
            for (name, value) in members.iter() {
                ledger.items("training argument", 1).mapped();
                parameters::add(recipe, name, value.tree());
            }
        }
        "config.json" | "adapter_config.json" | "generation_config.json" => {
            if let Some(value) = json(ledger, file) {
                ledger.item("configuration", &file.path).raw(&value);
            }
        }
        _ if name.ends_with("_results.json") => {
            if let Some(value) = json(ledger, file) {
                ledger.item("results file", &file.path).mapped();
                summary.declared.insert(file.path.clone(), value.tree());
            }
        }
        _ => {}
    }
}

/// Base models and data sets are known by name only: nobody had their bytes.
fn inputs(ledger: &mut Ledger<'_>, run: &Run, last: &str) {
    let mut seen = BTreeSet::new();
    let mut named: Vec<(String, &str, &str, Option<String>)> = Vec::new();
    for file in &run.files {
        let (of, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
        if !of.is_empty() && of != last {
            continue;
        }
        let member = match name {
            "config.json" => "_name_or_path",
            "adapter_config.json" => "base_model_name_or_path",
            "README.md" => {
                named.extend(of_card(file));
                continue;
            }
            _ => continue,
        };
        let value = read_text(&file.on_disk).ok().flatten().and_then(|text| Value::parse(&text));
        let base = value.as_ref().and_then(|value| value.get(member)).and_then(Value::as_str).map(str::to_owned);
        named.extend(base.filter(|base| !base.is_empty()).map(|base| (base, role::MODEL, member, None)));
    }
    for (name, role, field, relation) in named {
        if seen.insert((name.clone(), role)) {
            ledger.artifact(huggingface::named_input(name, role, field, relation.as_deref()));
        }
    }
}

fn of_card(file: &FolderFile) -> Vec<(String, &'static str, &'static str, Option<String>)> {
    let Ok(Some(text)) = read_text(&file.on_disk) else { return Vec::new() };
    let (card, _) = Card::parse(&text);
    let relation = card.texts("base_model_relation").first().map(|text| (*text).to_owned());
    let bases = card.texts("base_model").into_iter().map(str::to_owned);
    let mut named: Vec<_> = bases.map(|base| (base, role::MODEL, "base_model", relation.clone())).collect();
    let datasets = card.texts("datasets").into_iter().map(str::to_owned);
    named.extend(datasets.map(|dataset| (dataset, role::DATASET, "datasets", None)));
    named
}
