//! `recipe.json`: parameters, code, packages.

use expbundle_format::number::typed;
use expbundle_format::record::role;
use expbundle_format::sections::{
    Artifact, Captured, Changes, Code, Context, Direction, Environment, Gap, Link, Package, Recipe,
};
use expbundle_trackers::neptune::Run;

use super::context::{Attributes, take_text};
use super::files::{Known, PATCHES, REQUIREMENTS};
use crate::ledger::{Foreign, Ledger};
use crate::parameters::{Kind, kind_of};
use crate::{ConvertError, roles};

/// Namespaces that are not the user's.
const OF_TOOL: [&str; 4] = ["sys/", "monitoring/", "source_code/", "runtime/"];
/// A list of packages or a patch of more bytes is a file only.
const MOST_BYTES_OF_A_TEXT: u64 = 16 << 20;

pub(super) fn map(
    ledger: &mut Ledger<'_>,
    fields: &mut Attributes<'_>,
    run: &Run,
    known: &Known,
    context: &mut Context,
) -> Result<Recipe, ConvertError> {
    let mut recipe = Recipe::default();
    let mut code = code(ledger, fields, run, context);
    if let Some(patch) = PATCHES.iter().find_map(|path| text_of(known, path)) {
        let mut artifact = Artifact::new(Direction::Input, roles::word(role::PATCH));
        artifact.name = Some("diff.patch".to_owned());
        code.patch = Some(ledger.text("diff.patch", &patch, &mut artifact)?.blake3);
        ledger.list(artifact);
    }
    changes(&mut code);
    recipe.code = (code != Code::default()).then_some(code);
    let environment = environment(ledger, run, known);
    recipe.environment = (environment != Environment::default()).then_some(environment);
    parameters(fields, &mut recipe);
    gaps(ledger, &mut recipe);
    Ok(recipe)
}

fn parameters(fields: &mut Attributes<'_>, recipe: &mut Recipe) {
    for name in fields.names() {
        if OF_TOOL.iter().any(|namespace| name.starts_with(namespace)) {
            continue;
        }
        let Some(value) = fields.take(name).map(Foreign::tree) else { continue };
        match kind_of(name) {
            Kind::Seed => recipe.seeds.insert(name.to_owned(), value.clone()),
            Kind::Determinism => recipe.determinism.insert(name.to_owned(), value.clone()),
            Kind::Other => None,
        };
        recipe.parameters.insert(name.to_owned(), value);
    }
}

/// Where layouts and versions have the commit and the branch. The 1.x client sends them with a call
/// that it does not queue.
const COMMITS: [&str; 3] =
    ["source_code/commit/commit_id", "source_code/git/repository/commit_id", "source_code/git/commit_id"];
const BRANCHES: [&str; 3] =
    ["source_code/branch", "source_code/git/repository/current_branch", "source_code/git/current_branch"];
/// An address of the repository by the name of the remote.
const REMOTES: &str = "source_code/remote/";
/// Who made the commit.
const AUTHORS: [&str; 2] = ["source_code/commit/author_name", "source_code/commit/author_email"];

fn code(ledger: &mut Ledger<'_>, fields: &mut Attributes<'_>, run: &Run, context: &mut Context) -> Code {
    for member in AUTHORS {
        if let Some(author) = take_text(fields, run, member) {
            ledger.person(member, author);
        }
    }
    let remotes: Vec<&str> = fields.names().into_iter().filter(|name| name.starts_with(REMOTES)).collect();
    let is_origin = |name: &&&str| name.strip_prefix(REMOTES) == Some("origin");
    let remote = remotes.iter().find(is_origin).or(remotes.first()).copied();
    let mut text = |path: &str| take_text(fields, run, path).map(str::to_owned);
    let code = Code {
        commit: COMMITS.iter().find_map(|path| text(path)),
        branch: BRANCHES.iter().find_map(|path| text(path)),
        repository: remote.and_then(&mut text),
        entry_point: text("source_code/entrypoint"),
        ..Code::default()
    };
    if let Some(url) = text("sys/url") {
        context.links.push(Link { url, title: None });
    }
    code
}

fn changes(code: &mut Code) {
    if code.commit.is_none() && code.patch.is_none() {
        return;
    }
    let known = Some(if code.patch.is_some() { Captured::Captured } else { Captured::NotCaptured });
    let unknown = Some(Captured::NotCaptured);
    code.changes =
        Some(Changes { staged: known, unstaged: known, untracked: unknown, unpushed: unknown, submodules: unknown });
}

fn text_of(known: &Known, path: &str) -> Option<String> {
    let file = known.texts.get(path)?;
    let size = std::fs::metadata(file).ok()?.len();
    let bytes = if size <= MOST_BYTES_OF_A_TEXT { std::fs::read(file).ok()? } else { return None };
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn environment(ledger: &mut Ledger<'_>, run: &Run, known: &Known) -> Environment {
    let fact = |name: &str| run.facts.iter().find(|(fact, _)| fact == name).and_then(|(_, value)| value.as_str());
    let mut environment = Environment {
        os: fact("os").map(str::to_owned),
        python: fact("pythonVersion").and_then(|version| version.split_whitespace().next()).map(str::to_owned),
        ..Environment::default()
    };
    if let Some(lines) = text_of(known, REQUIREMENTS) {
        let lines: Vec<String> = lines.lines().map(|line| line.trim().to_owned()).collect();
        // Lines stand in another order later, and a secret may go over several.
        let lines = ledger.draft.clean_lines("recipe.json/environment/packages", &lines);
        let is_package = |line: &&String| !line.is_empty() && !line.starts_with(['#', '-']);
        environment.packages = lines.iter().filter(is_package).map(|line| package(line)).collect();
        environment.packages.sort();
    }
    environment
}

fn package(line: &str) -> Package {
    let pinned = line.split_once("==").filter(|(_, version)| !version.contains([' ', ';', ',']));
    if let Some((name, version)) = pinned {
        return Package { name: name.to_owned(), version: Some(version.to_owned()), requirement: None };
    }
    let name = line.chars().take_while(|c| c.is_alphanumeric() || "-_.".contains(*c)).collect();
    Package { name, version: None, requirement: Some(line.to_owned()) }
}

fn gaps(ledger: &Ledger<'_>, recipe: &mut Recipe) {
    let mut gap = |what: &str, detail: &str| recipe.gaps.push(Gap { what: what.to_owned(), detail: detail.to_owned() });
    match &recipe.code {
        Some(code) if code.commit.is_some() => gap("code", "untracked files and unpushed commits were not captured"),
        _ => gap("code", "no commit is recorded: the client sends it to the service only"),
    }
    if recipe.environment.as_ref().is_none_or(|environment| environment.packages.is_empty()) {
        gap("environment", "no packages are recorded");
    }
    if recipe.seeds.is_empty() {
        gap("seed", "no parameter is named like a seed");
    }
    if ledger.options.inputs.is_empty() {
        gap("data", "no digests of input files are recorded; add them with `--input`");
    }
    gap("hardware", "the machine is not described");
    recipe.gaps.sort();
}

/// A list of numbers as a typed tree.
pub(super) fn list(values: &[f64]) -> serde_json::Value {
    values.iter().map(|value| typed::float(*value)).collect()
}
