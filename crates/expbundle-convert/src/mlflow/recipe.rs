//! `recipe.json`: code, environment, parameters, seeds, data, and what a re-run would lack.

use std::collections::BTreeSet;

use expbundle_format::record::role;
use expbundle_format::sections::{
    Artifact, Captured, Changes, Code, DataUse, Direction, Environment, Gap, Package, Recipe,
};
use expbundle_trackers::mlflow::{ArtifactFile, read_yaml};
use serde_json::Value;

use super::datasets;
use super::files::Files;
use super::mapping::{Mapping, without_folders};
use crate::parameters::{Kind, kind_of};
use crate::{ConvertError, roles};

/// The largest list of requirements that is read.
const MAX_REQUIREMENTS_BYTES: u64 = 1 << 20;

pub(super) fn map<'a>(mapping: &mut Mapping<'a>, files: &Files<'a>) -> Result<Recipe, ConvertError> {
    let mut recipe = Recipe { code: code(mapping)?, environment: environment(mapping, files), ..Recipe::default() };
    for (name, text) in &mapping.run.params {
        let value = Value::from(text.as_str());
        mapping.ledger.item("parameter", name).mapped();
        match kind_of(name) {
            Kind::Seed => recipe.seeds.insert(name.clone(), value.clone()),
            Kind::Determinism => recipe.determinism.insert(name.clone(), value.clone()),
            Kind::Other => None,
        };
        recipe.parameters.insert(name.clone(), value);
    }
    recipe.data = data(mapping);
    recipe.gaps = gaps(&recipe);
    Ok(recipe)
}

fn code(mapping: &mut Mapping<'_>) -> Result<Option<Code>, ConvertError> {
    let mut code = Code::default();
    if let Some(program) = mapping.tags.take("mlflow.source.name") {
        let name = without_folders(program);
        code.entry_point = Some(name.to_owned());
        if name != program {
            mapping.ledger.address("program", Some(program));
        }
    }
    code.commit = mapping.tags.take("mlflow.source.git.commit").map(str::to_owned);
    code.branch = mapping.tags.take("mlflow.source.git.branch").map(str::to_owned);
    if let Some(address) = mapping.tags.take("mlflow.source.git.repoURL") {
        let (without_login, had_login) = without_login(address);
        code.repository = Some(without_login);
        if had_login {
            // A token may stand there; it goes nowhere.
            let message = "the address of the repository held a login, which was left out";
            mapping.ledger.finding(expbundle_format::Code::SourceLoss, "tags/mlflow.source.git.repoURL", message);
        }
    }
    let known = code != Code::default();
    let changes = changes(mapping, &mut code)?;
    code.changes = known.then_some(changes);
    Ok(known.then_some(code))
}

/// Uncommitted changes: MLflow looks for them only where `enable_git_model_versioning` made a
/// logged model.
fn changes(mapping: &mut Mapping<'_>, code: &mut Code) -> Result<Changes, ConvertError> {
    let run = mapping.run;
    let tag = |name: &str| run.logged_models.iter().find_map(|model| model.tags.get(name)).map(String::as_str);
    let mut in_files = Captured::NotCaptured;
    if tag("mlflow.source.git.dirty").is_some_and(|text| text.eq_ignore_ascii_case("false")) {
        in_files = Captured::None;
    }
    if let Some(patch) = tag("mlflow.source.git.diff").filter(|patch| !patch.is_empty()) {
        let mut artifact = Artifact::new(Direction::Input, roles::word(role::PATCH));
        artifact.name = Some("diff.patch".to_owned());
        code.patch = Some(mapping.ledger.text("diff.patch", patch, &mut artifact)?.blake3);
        mapping.ledger.list(artifact);
        in_files = Captured::Captured;
    }
    Ok(Changes {
        staged: Some(in_files),
        unstaged: Some(in_files),
        untracked: Some(Captured::NotCaptured),
        unpushed: Some(Captured::NotCaptured),
        submodules: Some(Captured::NotCaptured),
    })
}

/// Takes `user:token@` out of an address of the web.
fn without_login(address: &str) -> (String, bool) {
    let Some((scheme, rest)) = address.split_once("://") else { return (address.to_owned(), false) };
    let host_end = rest.find('/').unwrap_or(rest.len());
    match rest.get(..host_end).and_then(|host| host.rfind('@')) {
        Some(at) => (format!("{scheme}://{}", rest.get(at + 1..).unwrap_or_default()), true),
        None => (address.to_owned(), false),
    }
}

/// Packages and versions as the run's models say: MLflow writes them beside a model and nowhere
/// else.
fn environment(mapping: &mut Mapping<'_>, files: &Files<'_>) -> Option<Environment> {
    let mut environment = Environment::default();
    if let Some(image) =
        mapping.tags.take("mlflow.docker.image.id").or_else(|| mapping.tags.take("mlflow.docker.image.name"))
    {
        environment.container_image = Some(image.to_owned());
    }
    let run = mapping.run;
    let made_here = run.logged_models.iter().filter(|model| model.source_run_id.as_deref() == Some(&run.info.run_id));
    let members =
        made_here.flat_map(|model| &model.artifacts.files).chain(files.model_folders.values().flatten().copied());
    let mut packages = BTreeSet::new();
    for file in members.filter(|file| !files.is_left_out(file)) {
        match file.path.rsplit('/').next() {
            Some("requirements.txt") => packages.extend(requirements(file)),
            Some("python_env.yaml") => {
                let python = read_yaml(&file.file, &file.path).ok().and_then(|mut members| members.remove("python"));
                environment.python = environment.python.or_else(|| python.as_ref().map(text));
            }
            Some("MLmodel") => {
                let version =
                    read_yaml(&file.file, &file.path).ok().and_then(|mut facts| facts.remove("mlflow_version"));
                if let Some(version) = version {
                    environment.versions.insert("mlflow".to_owned(), text(&version));
                }
            }
            _ => {}
        }
    }
    environment.packages = packages.into_iter().collect();
    (environment != Environment::default()).then_some(environment)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn requirements(file: &ArtifactFile) -> Vec<Package> {
    if file.size > MAX_REQUIREMENTS_BYTES {
        return Vec::new();
    }
    let Ok(text) = std::fs::read_to_string(&file.file) else { return Vec::new() };
    text.lines().filter_map(package).collect()
}

/// A line of `requirements.txt`: `name==version`, or anything else as it is.
fn package(line: &str) -> Option<Package> {
    let line = line.split(" #").next().unwrap_or(line).trim();
    if line.is_empty() || line.starts_with('#') || line.starts_with('-') {
        return None;
    }
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(line.len());
    let (name, rest) = line.split_at_checked(end)?;
    let version = rest.strip_prefix("==").filter(|version| !version.contains([',', ';', ' ', '*']));
    Some(Package {
        name: name.to_owned(),
        version: version.map(str::to_owned),
        requirement: (version.is_none() && !rest.is_empty()).then(|| line.to_owned()),
    })
}

fn data(mapping: &Mapping<'_>) -> Vec<DataUse> {
    let uses = mapping.run.datasets.iter().map(|dataset| DataUse {
        name: Some(dataset.name.name.clone()).filter(|name| !name.is_empty()),
        context: dataset.context.clone(),
        digest: None,
        foreign: datasets::foreign(dataset),
    });
    uses.collect()
}

/// What a re-run lacks, as far as the source tells.
fn gaps(recipe: &Recipe) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut gap = |what: &str, detail: &str| gaps.push(Gap { what: what.to_owned(), detail: detail.to_owned() });
    let code = recipe.code.as_ref();
    if code.and_then(|code| code.commit.as_ref()).is_none() {
        gap("code", "no commit was recorded");
    } else if code.and_then(|code| code.changes.as_ref()).and_then(|changes| changes.unstaged)
        == Some(Captured::NotCaptured)
    {
        gap("code", "uncommitted changes and new files were not captured");
    }
    if code.is_some_and(|code| code.commit.is_some() && code.repository.is_none()) {
        gap("code", "the address of the repository was not recorded");
    }
    if code.is_none_or(|code| code.arguments.is_empty()) {
        gap("code", "the arguments of the program were not recorded");
    }
    match &recipe.environment {
        Some(environment) if !environment.packages.is_empty() => {
            gap("environment", "packages are those that a model needs, not all that were installed");
        }
        _ => gap("environment", "no packages were recorded"),
    }
    if recipe.data.is_empty() {
        gap("data", "no data set was recorded");
    } else if recipe.data.iter().any(|data| data.digest.is_none()) {
        gap("data", "data sets have MLflow's digest only, of at most ten thousand rows; give the files by `--input`");
    }
    if recipe.seeds.is_empty() {
        gap("seed", "no seed was recorded");
    }
    gap("hardware", "MLflow does not record the machine");
    gaps.sort();
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirement_lines() {
        let case = |line: &str, name: &str, version: Option<&str>, requirement: Option<&str>| {
            let want = Package {
                name: name.to_owned(),
                version: version.map(str::to_owned),
                requirement: requirement.map(str::to_owned),
            };
            assert_eq!(package(line), Some(want), "{line}");
        };
        case("numpy==2.1.0", "numpy", Some("2.1.0"), None);
        case("torch>=2,<3", "torch", None, Some("torch>=2,<3"));
        case("scikit-learn", "scikit-learn", None, None);
        case("x==1.0; python_version<'3.12'", "x", None, Some("x==1.0; python_version<'3.12'"));
        assert_eq!(package("# comment"), None);
        assert_eq!(package("--extra-index-url https://x"), None);
    }

    #[test]
    fn logins_leave_addresses() {
        assert_eq!(without_login("https://u:t@h.org/a/b@c"), ("https://h.org/a/b@c".to_owned(), true));
        assert_eq!(without_login("https://h.org/a@b"), ("https://h.org/a@b".to_owned(), false));
        assert_eq!(without_login("git@h.org:a/b.git"), ("git@h.org:a/b.git".to_owned(), false));
    }
}
