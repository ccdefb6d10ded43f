//! `recipe.json`: parameters, code, packages, hardware.

use std::collections::BTreeMap;

use expbundle_format::number::typed;
use expbundle_format::sections::{Accelerator, Captured, Changes, Code, Environment, Gap, Hardware, Package, Recipe};
use expbundle_trackers::swanlab::Run;
use serde_json::{Map, Value};

use crate::ledger::Ledger;
use crate::parameters::{Kind, kind_of};

pub(super) fn map(ledger: &mut Ledger<'_>, run: &Run) -> Recipe {
    let mut recipe = Recipe::default();
    let Some(folder) = &run.folder else { return recipe };
    parameters(ledger, &folder.config, &mut recipe);
    let metadata = &folder.metadata;
    let part = |name: &str| metadata.get(name).and_then(Value::as_object);
    recipe.code = code(ledger, part("git"), part("runtime"));
    let mut environment = environment(ledger, part("runtime"));
    let lines = ledger.draft.clean_lines("requirements.txt", &folder.requirements);
    for line in &lines {
        ledger.items("package", 1).mapped();
        environment.packages.push(package(line));
    }
    environment.packages.sort();
    recipe.environment = Some(environment).filter(|environment| *environment != Environment::default());
    recipe.hardware = part("hardware").and_then(hardware);
    machine(ledger, metadata);
    gaps(&mut recipe, ledger);
    recipe
}

/// Members of `config.yaml`, each with its description and its place on the page.
fn parameters(ledger: &Ledger<'_>, config: &Map<String, Value>, recipe: &mut Recipe) {
    for (name, entry) in config {
        let item = ledger.item("config value", name);
        let members = entry.as_object().filter(|members| members.contains_key("value"));
        let value = members.and_then(|members| members.get("value")).unwrap_or(entry);
        let value = typed::tree(value);
        match kind_of(name) {
            Kind::Seed => recipe.seeds.insert(name.clone(), value.clone()),
            Kind::Determinism => recipe.determinism.insert(name.clone(), value.clone()),
            Kind::Other => None,
        };
        recipe.parameters.insert(name.clone(), value);
        let known = |name: &String| ["value", "sort", "desc"].contains(&name.as_str());
        let says_more = members.is_some_and(|members| {
            members.get("desc").is_some_and(|text| text.as_str() != Some("")) || !members.keys().all(known)
        });
        if says_more { item.mapped_with(entry) } else { item.mapped() }
    }
}

fn text<'a>(members: Option<&'a Map<String, Value>>, name: &str) -> Option<&'a str> {
    members?.get(name)?.as_str().filter(|text| !text.is_empty())
}

fn code(
    ledger: &mut Ledger<'_>,
    git: Option<&Map<String, Value>>,
    runtime: Option<&Map<String, Value>>,
) -> Option<Code> {
    let of_git = |name: &str| text(git, name).map(str::to_owned);
    let mut code = Code {
        repository: of_git("remote_url"),
        branch: of_git("branch"),
        commit: of_git("commit"),
        ..Code::default()
    };
    // The whole command line, with the path of the interpreter.
    if let Some(command) = text(runtime, "command") {
        let executable = text(runtime, "python_executable").unwrap_or_default();
        let words = command.strip_prefix(executable).unwrap_or(command).split_whitespace();
        let mut words = words.map(str::to_owned);
        code.entry_point = words.next();
        code.arguments = words.collect();
        ledger.address("command", Some(command));
    }
    if code.commit.is_some() {
        let unknown = Some(Captured::NotCaptured);
        code.changes = Some(Changes {
            staged: unknown,
            unstaged: unknown,
            untracked: unknown,
            unpushed: unknown,
            submodules: unknown,
        });
    }
    (code != Code::default()).then_some(code)
}

fn environment(ledger: &mut Ledger<'_>, runtime: Option<&Map<String, Value>>) -> Environment {
    ledger.identity.host = text(runtime, "hostname").map(str::to_owned);
    ledger.address("workingDirectory", text(runtime, "cwd"));
    ledger.address("executable", text(runtime, "python_executable"));
    Environment {
        os: text(runtime, "os").map(str::to_owned),
        python: text(runtime, "python_version").map(str::to_owned),
        ..Environment::default()
    }
}

fn package(line: &str) -> Package {
    match line.split_once("==") {
        Some((name, version)) if !line.contains([' ', '@', ';', ',']) => {
            Package { name: name.to_owned(), version: Some(version.to_owned()), requirement: None }
        }
        _ => {
            let name = line.chars().take_while(|letter| letter.is_alphanumeric() || "-_.".contains(*letter)).collect();
            Package { name, version: None, requirement: Some(line.to_owned()) }
        }
    }
}

fn bytes(size: Option<&Value>, unit: Option<&Value>) -> Option<u64> {
    let shift = match unit.and_then(Value::as_str)? {
        "GB" => 30,
        "MB" => 20,
        _ => return None,
    };
    size?.as_u64()?.checked_mul(1 << shift)
}

fn hardware(facts: &Map<String, Value>) -> Option<Hardware> {
    let part = |name: &str| facts.get(name).and_then(Value::as_object);
    let (cpu, memory, apple) = (part("cpu"), part("memory"), part("apple_silicon"));
    let number = |name: &str| cpu.and_then(|cpu| cpu.get(name)?.as_u64());
    let mut hardware = Hardware {
        cpu: text(cpu, "brand").or(text(apple, "name")).map(str::to_owned),
        cpu_cores: number("physical_count").or(apple.and_then(|apple| apple.get("cpu_count")?.as_u64())),
        cpu_threads: number("logical_count"),
        memory_bytes: memory
            .and_then(|memory| bytes(memory.get("total"), memory.get("total_unit")))
            .or(apple.and_then(|apple| bytes(apple.get("memory"), apple.get("memory_unit")))),
        accelerators: Vec::new(),
    };
    for vendor in facts.get("accelerators").and_then(Value::as_array).into_iter().flatten() {
        let devices = vendor.get("devices").and_then(Value::as_array);
        for device in devices.into_iter().flatten().filter_map(Value::as_object) {
            let model = text(Some(device), "name").unwrap_or("unknown").to_owned();
            let memory_bytes = bytes(device.get("memory"), device.get("memory_unit"));
            let same = |one: &&mut Accelerator| one.model == model && one.memory_bytes == memory_bytes;
            if let Some(one) = hardware.accelerators.iter_mut().find(same) {
                one.count += 1;
            } else {
                let details = BTreeMap::new();
                hardware.accelerators.push(Accelerator { model, count: 1, memory_bytes, details });
            }
        }
    }
    (hardware != Hardware::default()).then_some(hardware)
}

/// Members of the metadata: told above, or kept as they are.
fn machine(ledger: &mut Ledger<'_>, metadata: &Map<String, Value>) {
    const TOLD: [&str; 12] = [
        "runtime/os",
        "runtime/hostname",
        "runtime/cwd",
        "runtime/python_version",
        "runtime/python_executable",
        "runtime/command",
        "git/remote_url",
        "git/branch",
        "git/commit",
        "hardware/cpu",
        "hardware/memory",
        "swanlab/version",
    ];
    let swanlab = metadata.get("swanlab").and_then(Value::as_object);
    ledger.source.version = text(swanlab, "version").map(str::to_owned);
    ledger.address("runFolder", text(swanlab, "run_dir"));
    for (part, members) in metadata {
        let Some(members) = members.as_object() else {
            ledger.item("metadata field", part).raw(members);
            continue;
        };
        for (name, value) in members {
            let path = format!("{part}/{name}");
            let item = ledger.item("metadata field", &path);
            let is_address = path == "swanlab/run_dir";
            if TOLD.contains(&path.as_str()) || is_address { item.mapped() } else { item.raw(value) }
        }
    }
}

fn gaps(recipe: &mut Recipe, ledger: &Ledger<'_>) {
    let mut gap = |what: &str, detail: &str| recipe.gaps.push(Gap { what: what.to_owned(), detail: detail.to_owned() });
    match &recipe.code {
        Some(code) if code.commit.is_some() => {
            gap("code", "uncommitted changes were not captured; whether there were any is not recorded");
        }
        _ => gap("code", "the source names no commit"),
    }
    if recipe.environment.as_ref().is_none_or(|environment| environment.packages.is_empty()) {
        gap("environment", "the source lists no packages");
    }
    if recipe.seeds.is_empty() {
        gap("seed", "no parameter is named like a seed");
    }
    if ledger.options.inputs.is_empty() {
        gap("data", "SwanLab records no inputs; `--input` declares them");
    }
    recipe.gaps.sort();
}
