//! What runs of pipelines and of steps have in common: people, code, environment, logs, models.

use expbundle_format::Code as FindingCode;
use expbundle_format::number::typed;
use expbundle_format::record::role;
use expbundle_format::sections::{Artifact, Code, Direction, Environment, Gap, Group, Recipe};
use expbundle_series::ConsoleLine;
use expbundle_trackers::zenml::{Log, ModelVersion, Row, dashed, text};
use serde_json::{Map, Value};

use super::metadata::value;
use super::nanoseconds;
use crate::clearml::package;
use crate::ledger::Ledger;
use crate::parameters::{Kind, kind_of};
use crate::{ConvertError, roles};

/// A column of JSON as an object.
pub(super) fn object(row: &Row, column: &str) -> Map<String, Value> {
    match text(row, column).map(value) {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// Who ran it. `default` is the user of every local store.
pub(super) fn people(ledger: &mut Ledger<'_>, user: &Row) {
    for (column, what) in [("name", "user"), ("full_name", "full name"), ("email", "email")] {
        if let Some(name) = text(user, column).filter(|name| *name != "default") {
            ledger.person(what, name);
        }
    }
}

/// A column as it is kept: JSON is taken apart.
pub(super) fn column(column: &Value) -> Value {
    match column {
        Value::String(text) if text.starts_with(['{', '[']) => value(text),
        other => typed::tree(other),
    }
}

/// Adds parameters; seeds among them are told by their names.
pub(super) fn parameters(ledger: &Ledger<'_>, recipe: &mut Recipe, members: &Map<String, Value>) {
    for (name, value) in members {
        ledger.item("parameter", name).mapped();
        match kind_of(name) {
            Kind::Seed => recipe.seeds.insert(name.clone(), value.clone()),
            Kind::Determinism => recipe.determinism.insert(name.clone(), value.clone()),
            Kind::Other => None,
        };
        recipe.parameters.insert(name.clone(), value.clone());
    }
}

/// The commit, if `ZenML` knew the repository and the work tree was clean.
pub(super) fn code(code: &Row, repository: &Row, source: &Map<String, Value>) -> Option<Code> {
    let part = |name: &str| source.get(name).and_then(Value::as_str);
    let entry_point = part("module").map(|module| match part("attribute") {
        Some(attribute) => format!("{module}.{attribute}"),
        None => module.to_owned(),
    });
    let config = object(repository, "config");
    let address = || {
        let member = |name: &str| config.get(name).and_then(Value::as_str);
        let host = member("host").or(member("url")).unwrap_or("github.com");
        Some(format!("{host}/{}/{}", member("owner").or(member("group"))?, member("repository").or(member("project"))?))
    };
    let code = Code {
        repository: address().or_else(|| config.get("url").and_then(Value::as_str).map(str::to_owned)),
        commit: text(code, "commit").map(str::to_owned),
        entry_point,
        ..Code::default()
    };
    (code != Code::default()).then_some(code)
}

/// The source of a function as a file that went in.
pub(super) fn source_code(ledger: &mut Ledger<'_>, row: &Row, name: &str) -> Result<(), ConvertError> {
    let Some(source) = text(row, "source_code") else { return Ok(()) };
    let mut artifact = Artifact::new(Direction::Input, roles::word(role::CODE));
    let path = format!("{name}.py");
    artifact.name = Some(path.clone());
    artifact.path = Some(path.clone());
    ledger.text(&path, source, &mut artifact)?;
    ledger.list(artifact);
    Ok(())
}

/// What the client ran in: since 0.98 with the packages.
pub(super) fn environment(ledger: &mut Ledger<'_>, snapshot: &Row, run: &Row) -> Option<Environment> {
    let own = object(snapshot, "client_environment");
    let members = if own.is_empty() { object(run, "client_environment") } else { own };
    let part =
        |name: &str| members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let mut environment = Environment { os: part("os"), python: part("python_version"), ..Environment::default() };
    for (name, what) in
        [("linux_distro", "linux"), ("linux_distro_version", "linux version"), ("zenml_version", "zenml")]
    {
        if let Some(version) = part(name) {
            environment.versions.insert(what.to_owned(), version);
        }
    }
    let lines: Vec<String> =
        part("python_packages").unwrap_or_default().lines().map(|line| line.trim().to_owned()).collect();
    let lines = ledger.draft.clean_lines("recipe.json/environment/packages", &lines);
    for line in lines.iter().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        ledger.item("package", line).mapped();
        environment.packages.push(package(line));
    }
    environment.packages.sort();
    (environment != Environment::default()).then_some(environment)
}

/// The version of a model that the run belongs to, with the model's own words.
pub(super) fn model(ledger: &Ledger<'_>, model: &ModelVersion) -> Group {
    let of = |row: &Row, column: &str| text(row, column).map(str::to_owned);
    let name = of(&model.model, "name").unwrap_or_default();
    let version = of(&model.version, "name").unwrap_or_default();
    let mut group = Group {
        kind: "model version".to_owned(),
        name: format!("{name}:{version}"),
        id: of(&model.version, "id").as_deref().map(dashed),
        notes: of(&model.version, "description").or_else(|| of(&model.model, "description")),
        ..Group::default()
    };
    group.labels.extend(of(&model.version, "stage").map(|stage| ("stage".to_owned(), stage)));
    for column in ["license", "audience", "use_cases", "limitations", "trade_offs", "ethics"] {
        group.labels.extend(of(&model.model, column).map(|text| (column.to_owned(), text)));
    }
    if !model.tags.is_empty() {
        group.labels.insert("tags".to_owned(), model.tags.join(", "));
    }
    let item = ledger.item("model version", &group.name);
    let metadata = super::metadata::of_artifact(&model.metadata);
    if metadata.is_empty() {
        item.mapped();
    } else {
        item.raw_tree(typed::object(metadata.into_iter().collect()));
    }
    group
}

/// The lines of all logs.
pub(super) fn console(ledger: &mut Ledger<'_>, logs: &[Log]) -> Result<(), ConvertError> {
    ledger.found("log", logs.len() as u64);
    let mut lines = Vec::new();
    for log in logs {
        let item = ledger.item("log", &log.name);
        if log.file.is_none() {
            item.dropped("it has no file: nothing was printed, or it was lost when the process ended");
            continue;
        }
        let read = log.read(|line| {
            let time_ns = line.time.as_deref().and_then(nanoseconds).and_then(|time| time.try_into().ok());
            lines.push(ConsoleLine { time_ns, stream: "stdout".to_owned(), line: line.text });
        });
        let place = format!("logs/{}", log.name);
        match read {
            Ok(is_cut) => {
                if is_cut {
                    ledger.finding(
                        FindingCode::SourceUnsupported,
                        &place,
                        "the log has more than 256 MiB; the rest is not read",
                    );
                }
                item.mapped_with(&serde_json::json!({ "source": log.source }));
            }
            Err(error) => {
                ledger.finding(FindingCode::SourceUnreadable, &place, error.to_string());
                item.dropped("the file cannot be read");
            }
        }
    }
    ledger.console(lines)
}

pub(super) fn gaps(recipe: &mut Recipe) {
    let mut gap = |what: &str, detail: &str| recipe.gaps.push(Gap { what: what.to_owned(), detail: detail.to_owned() });
    if recipe.code.as_ref().is_none_or(|code| code.commit.is_none()) {
        gap("code", "ZenML recorded no commit: no repository was registered, or the work tree had changes");
    }
    if recipe.environment.as_ref().is_none_or(|environment| environment.packages.is_empty()) {
        gap("environment", "ZenML recorded no packages");
    }
    if recipe.seeds.is_empty() {
        gap("seed", "no parameter is named like a seed");
    }
    gap("hardware", "ZenML does not record the machine");
    recipe.gaps.sort();
}
