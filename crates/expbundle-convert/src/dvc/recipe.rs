//! `recipe.json`: parameters that stages ran with, the code, and what DVC does not record.

use expbundle_format::number::typed;
use expbundle_format::sections::{Code, Gap, Recipe};
use expbundle_trackers::dvc::{Locked, Run};
use serde_json::{Map, Value};

use crate::ledger::Ledger;
use crate::parameters::{Kind, kind_of};

pub(super) fn map(ledger: &mut Ledger<'_>, run: &Run) -> Recipe {
    let mut recipe = Recipe { code: code(run), ..Recipe::default() };
    ledger.found("locked stage", run.found.locked);
    for pipeline in &run.pipelines {
        for stage in &pipeline.locked {
            parameters(ledger, &mut recipe, stage);
            let name = if pipeline.folder.is_empty() {
                stage.name.clone()
            } else {
                format!("{}:{}", pipeline.folder, stage.name)
            };
            ledger.item("locked stage", &name).mapped_with(&without_digests(stage));
        }
        written(ledger, &pipeline.folder, &pipeline.written);
        for (name, value) in &pipeline.rest {
            let name = format!("{}/{name}", pipeline.folder);
            ledger.item("dvc.lock", name.trim_start_matches('/')).raw(value);
        }
    }
    recipe
}

/// A stage without its parameters, and with the paths of its files only: their digests are the
/// artifacts', where no secret has one.
fn without_digests(stage: &Locked) -> Value {
    let mut members = stage.members.clone();
    members.remove("params");
    for (name, files) in [("deps", &stage.deps), ("outs", &stage.outs)] {
        if members.remove(name).is_some() {
            members.insert(name.to_owned(), files.iter().map(|file| Value::from(file.path.clone())).collect());
        }
    }
    Value::Object(members)
}

/// Keeps `dvc.yaml`: what was meant, in the words of the people who wrote it.
fn written(ledger: &mut Ledger<'_>, folder: &str, members: &Map<String, Value>) {
    for (name, value) in members {
        let place = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}:{name}") };
        match (name.as_str(), value) {
            ("stages", Value::Object(stages)) => {
                for (stage, value) in stages {
                    ledger.item("stage", &place(stage)).raw(value);
                }
            }
            // They are artifacts.
            ("artifacts", Value::Object(_)) => {}
            (name, Value::Array(items)) => ledger.item("dvc.yaml", &place(name)).raw(&Value::Array(once_each(items))),
            (name, value) => ledger.item("dvc.yaml", &place(name)).raw(value),
        }
    }
}

/// `DVCLive` may repeat a line for each step.
fn once_each(items: &[Value]) -> Vec<Value> {
    let mut seen = std::collections::HashSet::new();
    items.iter().filter(|item| seen.insert(item.to_string())).cloned().collect()
}

/// Parameters that a stage ran with, by file and dotted name.
fn parameters(ledger: &Ledger<'_>, recipe: &mut Recipe, stage: &Locked) {
    let Some(files) = stage.members.get("params").and_then(Value::as_object) else { return };
    for (file, members) in files {
        for (name, value) in members.as_object().into_iter().flatten() {
            ledger.item("stage parameter", &format!("{}: {file}: {name}", stage.name)).mapped();
            let mut leaves = Vec::new();
            super::live::leaves(name, '.', typed::tree(value), &mut leaves);
            for (name, value) in leaves {
                insert(recipe, file, name, value);
            }
        }
        if !members.is_object() {
            ledger.item("stage parameter", &format!("{}: {file}", stage.name)).raw(members);
        }
    }
}

/// Adds a parameter; where another file has the name with another value, the file stands before it,
/// as DVC writes it.
pub(super) fn insert(recipe: &mut Recipe, file: &str, name: String, value: Value) {
    let is_taken = recipe.parameters.get(&name).is_some_and(|known| *known != value);
    let name = if is_taken { format!("{file}:{name}") } else { name };
    match kind_of(&name) {
        Kind::Seed => recipe.seeds.insert(name.clone(), value.clone()),
        Kind::Determinism => recipe.determinism.insert(name.clone(), value.clone()),
        Kind::Other => None,
    };
    recipe.parameters.insert(name, value);
}

fn code(run: &Run) -> Option<Code> {
    let mut commands = run.pipelines.iter().flat_map(|pipeline| &pipeline.locked);
    let only = commands.next().filter(|_| commands.next().is_none());
    let commit = run.revision.commit.as_ref().map(|(id, _)| id.to_string());
    let code = Code {
        repository: run.git_remote.clone(),
        commit: commit.or_else(|| run.head.clone()),
        branch: run.branch.clone().filter(|_| run.revision.in_work_tree),
        entry_point: only.and_then(|stage| stage.members.get("cmd")?.as_str()).map(str::to_owned),
        ..Code::default()
    };
    (code != Code::default()).then_some(code)
}

pub(super) fn gaps(recipe: &mut Recipe, ledger: &Ledger<'_>) {
    let mut gap = |what: &str, detail: &str| recipe.gaps.push(Gap { what: what.to_owned(), detail: detail.to_owned() });
    match &recipe.code {
        Some(code) if code.commit.is_some() => {
            gap(
                "code",
                "the commit is the one that recorded the results; DVC does not say which was checked out while it ran",
            );
        }
        _ => gap("code", "no commit is known"),
    }
    gap("environment", "DVC records no packages");
    gap("hardware", "DVC does not record the machine");
    gap("time", "DVC does not record when a stage ran");
    if recipe.seeds.is_empty() {
        gap("seed", "no parameter is named like a seed");
    }
    if ledger.options.inputs.is_empty() && recipe.data.is_empty() {
        gap("data", "only the dependencies of stages are known; add others with `--input`");
    }
    recipe.gaps.sort();
}
