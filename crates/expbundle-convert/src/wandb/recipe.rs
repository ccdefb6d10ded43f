//! `recipe.json` and `cost.json`: code, environment, hardware, parameters.

use std::collections::{BTreeMap, HashMap};

use expbundle_format::Blake3;
use expbundle_format::number::Number;
use expbundle_format::sections::{
    Accelerator, Basis, Captured, Changes, Code as SourceCode, Cost, Environment, Gap, Hardware, Package, Recipe,
    ResourceUse,
};
use expbundle_trackers::wandb::Value;

use super::mapping::Mapping;
use super::typed::{members, typed};

/// Last parts of keys that hold seeds.
const SEEDS: &[&str] = &["seed", "random_seed", "random_state", "manual_seed", "np_seed", "torch_seed", "data_seed"];
/// Last parts of keys that hold flags of determinism.
const FLAGS: &[&str] =
    &["deterministic", "use_deterministic_algorithms", "cudnn_deterministic", "cudnn_benchmark", "benchmark"];

pub(super) fn map(mapping: &mut Mapping<'_>, patch: Option<Blake3>) -> Recipe {
    let mut recipe = Recipe::default();
    parameters(mapping, &mut recipe);
    recipe.code = code(mapping, patch);
    recipe.environment = environment(mapping);
    recipe.hardware = hardware(mapping);
    environment_account(mapping);
    gaps(&mut recipe, mapping);
    recipe
}

fn parameters(mapping: &mut Mapping<'_>, recipe: &mut Recipe) {
    let run = mapping.run();
    for (key, value) in members(&run.config) {
        let item = mapping.ledger.item("config value", key);
        if key == "_wandb" {
            item.raw_tree(value);
            continue;
        }
        item.mapped();
        recipe.parameters.insert(key.to_owned(), value);
    }
    let (mut path, mut known) = (Vec::new(), Known::default());
    for (key, value) in &recipe.parameters {
        path.push(key.as_str());
        known.look(&mut path, value);
        path.pop();
    }
    recipe.seeds = known.seeds;
    recipe.determinism = known.flags;
}

/// A parameter that has a longer path is not a seed: every one below a long name would repeat it.
const MOST_PATH_BYTES: usize = 512;

/// Parameters that are seeds or flags, by their paths.
#[derive(Default)]
struct Known {
    seeds: BTreeMap<String, serde_json::Value>,
    flags: BTreeMap<String, serde_json::Value>,
}

impl Known {
    /// Looks into a value, as deep as a typed tree can be.
    fn look<'v>(&mut self, path: &mut Vec<&'v str>, value: &'v serde_json::Value) {
        if let serde_json::Value::Object(inner) = value {
            for (key, value) in inner {
                path.push(key);
                self.look(path, value);
                path.pop();
            }
            return;
        }
        let last = path.last().and_then(|key| key.rsplit(['.', '/']).next()).unwrap_or_default();
        if last.len() > 64 || path.iter().map(|key| key.len()).sum::<usize>() > MOST_PATH_BYTES {
            return;
        }
        let last = last.to_lowercase();
        for (names, found) in [(SEEDS, &mut self.seeds), (FLAGS, &mut self.flags)] {
            if names.contains(&last.as_str()) {
                found.insert(path.join("."), value.clone());
            }
        }
    }
}

fn code(mapping: &mut Mapping<'_>, patch: Option<Blake3>) -> Option<SourceCode> {
    let run = mapping.run();
    let git = run.run.get("git").or(mapping.fact(&["git"]));
    let of_git = |names: [&str; 2]| {
        let mut texts = names.iter().filter_map(|name| git?.get(name)?.as_str());
        texts.find(|text| !text.is_empty()).map(str::to_owned)
    };
    let mut code = SourceCode { commit: of_git(["commit", "commit"]), patch, ..SourceCode::default() };
    code.repository = of_git(["remote_url", "remote"]);
    code.entry_point =
        mapping.text_fact(&["code_path", "codePath", "code_path_local", "codePathLocal"]).map(str::to_owned);
    if let Some(Value::List(arguments)) = mapping.fact(&["args"]) {
        code.arguments = arguments.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    }
    let known = if patch.is_some() { Captured::Captured } else { Captured::NotCaptured };
    if code.commit.is_some() {
        code.changes = Some(Changes {
            staged: Some(known),
            unstaged: Some(known),
            untracked: Some(Captured::NotCaptured),
            unpushed: Some(Captured::NotCaptured),
            submodules: Some(Captured::NotCaptured),
        });
    }
    (code != SourceCode::default()).then_some(code)
}

fn environment(mapping: &mut Mapping<'_>) -> Option<Environment> {
    let run = mapping.run();
    let mut environment = Environment {
        os: mapping.text_fact(&["os"]).map(str::to_owned),
        python: mapping
            .text_fact(&["python"])
            .or(run.telemetry.get("python_version").and_then(Value::as_str))
            .map(str::to_owned),
        container_image: mapping.text_fact(&["docker"]).map(str::to_owned),
        ..Environment::default()
    };
    if let Some(cuda) = mapping.text_fact(&["cuda_version", "cuda", "cudaVersion"]) {
        environment.versions.insert("cuda".to_owned(), cuda.to_owned());
    }
    for line in std::mem::take(&mut mapping.requirements) {
        mapping.ledger.items("package", 1).mapped();
        environment.packages.push(package(&line));
    }
    environment.packages.sort();
    for (name, value) in members(&run.telemetry) {
        mapping.ledger.item("telemetry field", name).raw_tree(value);
    }
    (environment != Environment::default()).then_some(environment)
}

fn package(line: &str) -> Package {
    match line.split_once("==") {
        Some((name, version)) if !name.contains([' ', '@', ';']) && !version.contains([' ', ';', ',']) => {
            Package { name: name.to_owned(), version: Some(version.to_owned()), requirement: None }
        }
        _ => {
            let name: String = line.chars().take_while(|c| c.is_alphanumeric() || "-_.".contains(*c)).collect();
            Package { name, version: None, requirement: Some(line.to_owned()) }
        }
    }
}

fn integer(value: Option<&Value>) -> Option<u64> {
    let value = value?;
    // Bytes are texts in 0.18, and gibibytes as floats in 0.15.
    value.as_i64().and_then(|number| u64::try_from(number).ok()).or_else(|| value.as_str()?.parse().ok())
}

fn hardware(mapping: &mut Mapping<'_>) -> Option<Hardware> {
    let cpu = mapping.fact(&["cpu"]);
    let memory = mapping.fact(&["memory"]).and_then(|memory| memory.get("total"));
    let mut hardware = Hardware {
        cpu: cpu.and_then(|cpu| cpu.get("model")).and_then(Value::as_str).map(str::to_owned),
        cpu_cores: integer(mapping.fact(&["cpu_count"])),
        cpu_threads: integer(mapping.fact(&["cpu_count_logical"])),
        memory_bytes: match memory {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "gibibytes of a machine")]
            Some(Value::Float(gibibytes)) if (0.0..1e7).contains(gibibytes) => {
                Some((gibibytes * f64::from(1 << 30)) as u64)
            }
            other => integer(other),
        },
        accelerators: Vec::new(),
    };
    let mut known = HashMap::new();
    for (list, name, bytes) in
        [("gpu_nvidia", "name", "memory_total"), ("gpu_amd", "model", ""), ("gpu_devices", "name", "memory_total")]
    {
        let Some(Value::List(devices)) = mapping.fact(&[list, &camel(list)]) else { continue };
        for device in devices {
            let model = device.get(name).and_then(Value::as_str).unwrap_or("unknown").to_owned();
            let memory_bytes = integer(device.get(bytes));
            let next = hardware.accelerators.len();
            let at = *known.entry((model.clone(), memory_bytes)).or_insert(next);
            match hardware.accelerators.get_mut(at) {
                Some(same) => same.count += 1,
                None => {
                    hardware.accelerators.push(Accelerator { model, count: 1, memory_bytes, details: BTreeMap::new() });
                }
            }
        }
    }
    if hardware.accelerators.is_empty()
        && let Some(model) = mapping.text_fact(&["gpu_type", "gpu", "gpuType"])
    {
        let count = integer(mapping.fact(&["gpu_count", "gpuCount"])).unwrap_or(1);
        hardware.accelerators.push(Accelerator { model: model.to_owned(), count, ..Accelerator::default() });
    }
    (hardware != Hardware::default()).then_some(hardware)
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| {
        let mut letters = part.chars();
        let head = letters.next().map(|letter| letter.to_ascii_uppercase().to_string()).unwrap_or_default();
        name + &head + letters.as_str()
    })
}

/// Fields of environment and metadata: told above, or kept as they are.
fn environment_account(mapping: &mut Mapping<'_>) {
    const TOLD: &[&str] = &[
        "os",
        "python",
        "docker",
        "args",
        "program",
        "code_path",
        "codePath",
        "code_path_local",
        "codePathLocal",
        "git",
        "email",
        "root",
        "host",
        "username",
        "user_name",
        "executable",
        "cpu_count",
        "cpu_count_logical",
        "gpu_type",
        "gpu",
        "gpu_count",
        "cuda_version",
        "cuda",
    ];
    let run = mapping.run();
    let metadata = mapping.folder().and_then(|folder| folder.metadata.as_ref());
    for (kind, place) in [("environment field", Some(&run.environment)), ("metadata field", metadata)] {
        let Some(place) = place else { continue };
        for (name, value) in members(place) {
            let item = mapping.ledger.item(kind, name);
            if TOLD.contains(&name) { item.mapped() } else { item.raw_tree(value) }
        }
    }
}

fn gaps(recipe: &mut Recipe, mapping: &Mapping<'_>) {
    let mut gap = |what: &str, detail: &str| recipe.gaps.push(Gap { what: what.to_owned(), detail: detail.to_owned() });
    match &recipe.code {
        None => gap("code", "the source names no commit and no program"),
        Some(code) if code.commit.is_none() => gap("code", "the source names no commit"),
        Some(code) if code.patch.is_none() => {
            gap("code", "no patch is here; whether the working tree was clean is not recorded");
        }
        Some(_) => gap("code", "untracked files, unpushed commits and submodules were not captured"),
    }
    if recipe.environment.as_ref().is_none_or(|environment| environment.packages.is_empty()) {
        gap("environment", "the source lists no packages");
    }
    if recipe.seeds.is_empty() {
        gap("seed", "no parameter is named like a seed");
    }
    let has_inputs = !mapping.ledger.options.inputs.is_empty();
    if !has_inputs {
        gap("data", "the source tells no digest of what the run took in; `--input` declares it");
    }
    recipe.gaps.sort();
    recipe.gaps.dedup();
}

/// Hours of accelerators, where model, number and run time are known.
pub(super) fn cost(recipe: &Recipe, runtime_seconds: Option<i64>) -> Option<Cost> {
    let seconds = u32::try_from(runtime_seconds?).ok()?;
    let accelerators = &recipe.hardware.as_ref()?.accelerators;
    let resources: Vec<ResourceUse> = accelerators
        .iter()
        .map(|accelerator| ResourceUse {
            resource: "accelerator".to_owned(),
            model: Some(accelerator.model.clone()),
            amount: Number(f64::from(seconds) / 3600.0 * accelerator.count as f64),
            unit: "h".to_owned(),
            basis: Basis::Estimated,
            method: Some("accelerators of the machine times the run time that the tracker recorded".to_owned()),
        })
        .collect();
    (!resources.is_empty()).then(|| Cost { resources, ..Cost::default() })
}

/// The summary that the source declares.
pub(super) fn declared_summary(mapping: &mut Mapping<'_>) -> BTreeMap<String, serde_json::Value> {
    let run = mapping.run();
    let mut declared = BTreeMap::new();
    let Value::Object(summary) = &run.summary else { return declared };
    for (key, value) in &**summary {
        mapping.ledger.items("summary value", 1).mapped();
        declared.insert(key.clone(), typed(value));
    }
    declared
}
