//! `recipe.json`: parameters with their Python types, code, packages.

use expbundle_format::number::typed;
use expbundle_format::record::role;
use expbundle_format::sections::{
    Artifact, Captured, Changes, Code, Context, Direction, Environment, Gap, Package, Recipe,
};
use serde_json::Value;

use super::{fields, text};
use crate::ledger::{Fields, Ledger, json_tree};
use crate::parameters::{Kind, kind_of};
use crate::{ConvertError, roles};

pub(super) fn map(
    ledger: &mut Ledger<'_>,
    task: &mut Fields<'_, Value>,
    context: &mut Context,
) -> Result<Recipe, ConvertError> {
    let mut recipe = Recipe::default();
    parameters(ledger, task, &mut recipe, context);
    if let Some(configuration) = task.take_object("configuration") {
        // HOCON, which has no other home.
        fields(ledger, "configuration", configuration).keep();
    }
    if let Some(script) = task.take_object("script") {
        code(ledger, script, &mut recipe)?;
    }
    gaps(&mut recipe, ledger);
    Ok(recipe)
}

fn parameters(ledger: &Ledger<'_>, task: &mut Fields<'_, Value>, recipe: &mut Recipe, context: &mut Context) {
    let Some(sections) = task.take_object("hyperparams") else { return };
    for (section, members) in sections {
        let Value::Object(members) = members else {
            ledger.item("hyperparameter section", section).raw(members);
            continue;
        };
        for (name, parameter) in members {
            let path = format!("{section}/{name}");
            let item = ledger.item("hyperparameter", &path);
            let Some(value) = parameter.get("value").and_then(Value::as_str) else {
                item.raw(parameter);
                continue;
            };
            // User properties are what people write on a finished run.
            if section == "properties" {
                context.labels.insert(name.clone(), value.to_owned());
            } else {
                let value = typed_by(value, parameter.get("type").and_then(Value::as_str));
                match kind_of(&path) {
                    Kind::Seed => recipe.seeds.insert(path.clone(), value.clone()),
                    Kind::Determinism => recipe.determinism.insert(path.clone(), value.clone()),
                    Kind::Other => None,
                };
                recipe.parameters.insert(path.clone(), value);
            }
            let description = parameter.get("description").and_then(Value::as_str).unwrap_or_default();
            if description.is_empty() { item.mapped() } else { item.mapped_with(parameter) }
        }
    }
}

/// The text of a value by the name of its Python type. What does not fit its type stays text.
fn typed_by(text: &str, kind: Option<&str>) -> Value {
    let value = match kind {
        Some("int") => typed::integer(text),
        Some("float") => text.parse().ok().map(typed::float),
        Some("bool") => {
            [("True", true), ("False", false)].into_iter().find(|one| one.0 == text).map(|one| one.1.into())
        }
        Some(kind) if kind.starts_with("list") || kind.starts_with("dict") => Some(json_tree(text)),
        _ => None,
    };
    value.unwrap_or_else(|| text.into())
}

fn code(
    ledger: &mut Ledger<'_>,
    script: &serde_json::Map<String, Value>,
    recipe: &mut Recipe,
) -> Result<(), ConvertError> {
    let mut left = fields(ledger, "script field", script);
    let mut take = |name: &str| text(script, name).and_then(|_| left.take(name)?.as_str()).map(str::to_owned);
    let mut code = Code {
        repository: take("repository"),
        branch: take("branch"),
        commit: take("version_num"),
        entry_point: take("entry_point"),
        ..Code::default()
    };
    if let Some(diff) = take("diff") {
        let mut artifact = Artifact::new(Direction::Input, roles::word(role::PATCH));
        artifact.name = Some("diff.patch".to_owned());
        code.patch = Some(ledger.text("diff.patch", &diff, &mut artifact)?.blake3);
        ledger.list(artifact);
    }
    if code.commit.is_some() {
        let known = Some(if code.patch.is_some() { Captured::Captured } else { Captured::None });
        let unknown = Some(Captured::NotCaptured);
        code.changes = Some(Changes {
            staged: known,
            unstaged: known,
            untracked: unknown,
            unpushed: unknown,
            submodules: unknown,
        });
    }
    recipe.code = (code != Code::default()).then_some(code);
    if let Some(pip) = script.get("requirements").and_then(|requirements| requirements.get("pip")?.as_str()) {
        left.take("requirements");
        // Lines stand in another order later, and a secret may go over several.
        let lines: Vec<String> = pip.lines().map(|line| line.trim().to_owned()).collect();
        let lines = ledger.draft.clean_lines("recipe.json/environment/packages", &lines);
        recipe.environment = Some(environment(ledger, &lines)).filter(|one| *one != Environment::default());
    }
    left.keep();
    Ok(())
}

/// Lines of `pip freeze`, with a comment before them that has the version of Python.
fn environment(ledger: &Ledger<'_>, pip: &[String]) -> Environment {
    let mut environment = Environment::default();
    for line in pip {
        if let Some(version) = line.strip_prefix("# Python ") {
            environment.python = version.split_whitespace().next().map(str::to_owned);
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        ledger.item("package", line).mapped();
        environment.packages.push(package(line));
    }
    environment.packages.sort();
    environment
}

/// A line of `pip freeze`.
pub(crate) fn package(line: &str) -> Package {
    if let Some((name, version)) = line.split_once("==") {
        return Package { name: name.trim().to_owned(), version: Some(version.trim().to_owned()), requirement: None };
    }
    let name = line.chars().take_while(|c| c.is_alphanumeric() || "-_.".contains(*c)).collect();
    Package { name, version: None, requirement: Some(line.to_owned()) }
}

fn gaps(recipe: &mut Recipe, ledger: &Ledger<'_>) {
    let mut gap = |what: &str, detail: &str| recipe.gaps.push(Gap { what: what.to_owned(), detail: detail.to_owned() });
    match &recipe.code {
        Some(code) if code.commit.is_some() => gap("code", "untracked files and unpushed commits were not captured"),
        _ => gap("code", "the session names no commit"),
    }
    if recipe.environment.is_none() {
        gap("environment", "the session lists no packages");
    }
    if recipe.seeds.is_empty() {
        gap("seed", "no parameter is named like a seed");
    }
    if ledger.options.inputs.is_empty() {
        gap("data", "the session has no digests of input files; add them with `--input`");
    }
    gap("hardware", "an offline session does not record the machine");
    recipe.gaps.sort();
}
