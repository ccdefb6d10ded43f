//! `recipe.json`: parameters, code, packages, the machine.

use std::collections::BTreeMap;

use expbundle_format::Blake3;
use expbundle_format::sections::{
    Accelerator, Captured, Changes, Code, DataUse, Environment, Gap, Hardware, Package, Recipe,
};
use expbundle_trackers::comet::Message;
use expbundle_trackers::wandb::Value;

use super::mapping::{Mapping, text};
use crate::parameters::{Kind, kind_of};
use crate::wandb::typed::typed;

pub(super) fn map(mapping: &mut Mapping<'_>, patch: Option<Blake3>) -> Recipe {
    let mut recipe = Recipe::default();
    parameters(mapping, &mut recipe);
    let mut code = Code { patch, ..Code::default() };
    let mut environment = Environment::default();
    let mut hardware = Hardware::default();
    git(mapping, &mut code);
    entry_point(mapping, &mut code);
    system(mapping, &mut code, &mut environment, &mut hardware);
    packages(mapping, &mut environment);
    dependencies(mapping, &mut environment);
    accelerators(mapping, &mut hardware);
    recipe.code = (code != Code::default()).then_some(code);
    recipe.environment = (environment != Environment::default()).then_some(environment);
    recipe.hardware = (hardware != Hardware::default()).then_some(hardware);
    gaps(mapping, &mut recipe);
    recipe
}

/// The member of a parameter: `params` if its value is a list.
fn parameter(message: &Message) -> Option<(&'static str, &Value)> {
    ["param", "params"].into_iter().find_map(|name| {
        let member = message.payload.get(name)?;
        text(member, "paramName")?;
        member.get("paramValue")?;
        Some((name, member))
    })
}

/// The name that Comet shows.
fn name_of(message: &Message) -> Option<String> {
    let name = text(parameter(message)?.1, "paramName")?;
    let context = text(&message.payload, "context");
    Some(context.map_or_else(|| name.to_owned(), |context| format!("{context}_{name}")))
}

fn parameters(mapping: &mut Mapping<'_>, recipe: &mut Recipe) {
    for (name, message) in mapping.take_last("parameter_msg", name_of) {
        let Some((member, parameter)) = parameter(message) else { continue };
        let Some(value) = parameter.get("paramValue").map(typed) else { continue };
        let source = text(parameter, "source");
        if name == "dataset_hash" && source == Some("auto-logged") {
            let hash = parameter.get("paramValue").and_then(Value::as_str).unwrap_or_default();
            let foreign = BTreeMap::from([("comet-dataset-hash".to_owned(), hash.to_owned())]);
            recipe.data.push(DataUse { foreign, ..DataUse::default() });
        }
        // Nested parameters are joined by `|`.
        match kind_of(&name.replace('|', "/")) {
            Kind::Seed => recipe.seeds.insert(name.clone(), value.clone()),
            Kind::Determinism => recipe.determinism.insert(name.clone(), value.clone()),
            Kind::Other => None,
        };
        recipe.parameters.insert(name, value);
        let is_plain = source == Some("manual") && parameter.get("step").is_none_or(|step| *step == Value::Null);
        if is_plain { mapping.mapped(message, &[member, "context"]) } else { mapping.mapped(message, &["context"]) }
    }
}

fn git(mapping: &mut Mapping<'_>, code: &mut Code) {
    for message in mapping.take("git_metadata") {
        let Some(git) = message.payload.get("git_metadata") else {
            mapping.raw(message);
            continue;
        };
        code.commit = text(git, "parent").map(str::to_owned).or(code.commit.take());
        code.repository = text(git, "origin").map(str::to_owned).or(code.repository.take());
        let branch = text(git, "branch").map(|branch| branch.strip_prefix("refs/heads/").unwrap_or(branch));
        code.branch = branch.map(str::to_owned).or(code.branch.take());
        if let Some(user) = text(git, "user") {
            mapping.ledger.person("git/user", user);
        }
        let told = ["parent", "origin", "branch", "user"];
        match super::mapping::rest(git, &told) {
            // The first commit of the repository, its name, its status.
            Some(rest) => mapping.ledger.item("git field", "git_metadata").raw(&rest),
            None => mapping.ledger.item("git field", "git_metadata").mapped(),
        }
        mapping.mapped(message, &["git_metadata"]);
    }
    if code.commit.is_some() {
        let known = Some(if code.patch.is_some() { Captured::Captured } else { Captured::NotCaptured });
        let unknown = Some(Captured::NotCaptured);
        code.changes = Some(Changes {
            staged: known,
            unstaged: known,
            untracked: unknown,
            unpushed: unknown,
            submodules: unknown,
        });
    }
}

fn entry_point(mapping: &mut Mapping<'_>, code: &mut Code) {
    for message in mapping.take("file_name") {
        let Some(path) = text(&message.payload, "file_name") else {
            mapping.raw(message);
            continue;
        };
        mapping.ledger.address("program", Some(path));
        code.entry_point = path.rsplit(['/', '\\']).next().map(str::to_owned);
        mapping.mapped(message, &["file_name"]);
    }
}

fn system(mapping: &mut Mapping<'_>, code: &mut Code, environment: &mut Environment, hardware: &mut Hardware) {
    for message in mapping.take("system_details") {
        let payload = &message.payload;
        let identity = &mut mapping.ledger.identity;
        identity.user = text(payload, "user").map(str::to_owned).or(identity.user.take());
        identity.host = text(payload, "hostname").map(str::to_owned).or(identity.host.take());
        mapping.ledger.address("ip", text(payload, "ip"));
        mapping.ledger.address("executable", text(payload, "python_exe"));
        environment.os = text(payload, "os").map(str::to_owned);
        environment.python = text(payload, "python_version").map(str::to_owned);
        hardware.cpu = text(payload, "processor").map(str::to_owned);
        let mut told = vec!["user", "hostname", "ip", "python_exe", "os", "python_version", "processor"];
        match payload.get("command") {
            Some(Value::List(words)) if words.iter().all(|word| word.as_str().is_some()) => {
                // The first word is the program.
                code.arguments = words.iter().skip(1).filter_map(Value::as_str).map(str::to_owned).collect();
                if code.entry_point.is_none() {
                    code.entry_point = words.first().and_then(Value::as_str).map(str::to_owned);
                }
                told.push("command");
            }
            _ => {}
        }
        mapping.mapped(message, &told);
    }
}

fn packages(mapping: &mut Mapping<'_>, environment: &mut Environment) {
    for message in mapping.take("installed_packages") {
        let Some(Value::List(lines)) = message.payload.get("installed_packages") else {
            mapping.raw(message);
            continue;
        };
        let lines: Vec<String> = lines.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        // Lines stand in another order later, and a secret may go over several.
        let lines = mapping.ledger.draft.clean_lines("recipe.json/environment/packages", &lines);
        environment.packages.extend(lines.iter().map(|line| package(line)));
        mapping.mapped(message, &["installed_packages"]);
    }
    environment.packages.sort();
    environment.packages.dedup();
    for message in mapping.take("os_packages") {
        mapping.of_system(message);
    }
}

fn package(line: &str) -> Package {
    match line.split_once("==") {
        Some((name, version)) => {
            Package { name: name.to_owned(), version: Some(version.to_owned()), requirement: None }
        }
        None => Package { name: line.to_owned(), version: None, requirement: Some(line.to_owned()) },
    }
}

/// Frameworks that the SDK saw being used.
fn dependencies(mapping: &mut Mapping<'_>, environment: &mut Environment) {
    for message in mapping.take("log_dependency") {
        match (text(&message.payload, "name"), text(&message.payload, "version")) {
            (Some(name), Some(version)) => {
                environment.versions.insert(name.to_owned(), version.to_owned());
                mapping.mapped(message, &["name", "version"]);
            }
            _ => mapping.raw(message),
        }
    }
}

fn accelerators(mapping: &mut Mapping<'_>, hardware: &mut Hardware) {
    for message in mapping.take("gpu_static_info") {
        let Some(Value::List(devices)) = message.payload.get("gpu_static_info") else {
            mapping.raw(message);
            continue;
        };
        for device in devices {
            let Some(model) = text(device, "name").map(str::to_owned) else { continue };
            let memory = device.get("totalMemory").and_then(Value::as_i64);
            let memory_bytes = memory.and_then(|bytes| u64::try_from(bytes).ok());
            let is_same = |one: &&mut Accelerator| one.model == model && one.memory_bytes == memory_bytes;
            match hardware.accelerators.iter_mut().find(is_same) {
                Some(same) => same.count += 1,
                None => {
                    hardware.accelerators.push(Accelerator { model, count: 1, memory_bytes, details: BTreeMap::new() });
                }
            }
        }
        // Numbers, limits of power and the like have no home.
        mapping.mapped(message, &[]);
    }
}

fn gaps(mapping: &Mapping<'_>, recipe: &mut Recipe) {
    let mut gap = |what: &str, detail: &str| recipe.gaps.push(Gap { what: what.to_owned(), detail: detail.to_owned() });
    match &recipe.code {
        Some(code) if code.commit.is_some() => gap("code", "untracked files and unpushed commits were not captured"),
        _ => gap("code", "the experiment names no commit"),
    }
    if recipe.environment.as_ref().is_none_or(|environment| environment.packages.is_empty()) {
        gap("environment", "the experiment lists no packages");
    }
    if recipe.seeds.is_empty() {
        gap("seed", "no parameter is named like a seed");
    }
    if mapping.ledger.options.inputs.is_empty() {
        gap("data", "an offline experiment has no strong digests of input files; add them with `--input`");
    }
    if recipe.hardware.is_none() {
        gap("hardware", "the experiment does not describe the machine");
    }
    recipe.gaps.sort();
}
