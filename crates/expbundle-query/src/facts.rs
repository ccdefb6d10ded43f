//! What a record says, flat, so that it can be compared.

use std::collections::{BTreeMap, BTreeSet};

use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_format::container::SectionName;
use expbundle_format::number::typed;
use expbundle_format::record::{ArtifactRef, Record};
use expbundle_format::sections::{
    Artifact, Artifacts, Context, Direction, Evaluation, Evaluations, JsonSection, Recipe, SeriesSummary, Summary,
};
use serde_json::Value;

use crate::counterparts::Names;
use crate::{ArtifactNames, short, told};

/// The parts of a record, what people compare first before the rest.
const PARTS: [&str; 11] = [
    "parameter",
    "metric",
    "evaluation",
    "context",
    "code",
    "environment",
    PACKAGE,
    "parent",
    "input",
    "output",
    "record",
];

/// The part of packages.
pub const PACKAGE: &str = "package";

/// What a record says, by part and name.
pub type Facts = BTreeMap<(usize, String), Fact>;

/// What a record says of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// As people read it.
    pub words: String,
    /// By which it is compared: `1` and `"1"` have the same words.
    pub exact: String,
    /// Whether the metric of its name says the same.
    pub repeats: bool,
}

/// The name of a part, by its place in the order.
pub fn part(place: usize) -> &'static str {
    PARTS.get(place).copied().unwrap_or_default()
}

/// The place of a part in the order.
fn place(part: &str) -> usize {
    PARTS.iter().position(|known| *known == part).expect("each part is in the list")
}

impl From<String> for Fact {
    fn from(words: String) -> Self {
        Self { exact: words.clone(), words, repeats: false }
    }
}

/// What a record says outside of these sections, its models called so.
pub fn facts((intact, id): (&Intact, RecordId), hidden: &BTreeSet<&SectionName>, models: &Names) -> Facts {
    let mut facts = Facts::new();
    let mut tell = |part: &str, name: &str, fact: Fact| {
        facts.insert((place(part), name.to_owned()), fact);
    };
    let Some(body) = intact.records().get(&id).map(Record::body) else { return facts };
    for parent in &body.parents {
        tell("parent", &parent.record.blake3.to_string(), parent.relation.as_str().to_owned().into());
    }
    let mut say = |part: &str, name: &str, value: Option<String>| {
        if let Some(value) = value {
            tell(part, name, value.into());
        }
    };
    say("record", "status", body.status.map(|status| status.as_str().to_owned()));
    say("record", "started", body.started.map(|time| time.to_string()));
    say("record", "ended", body.ended.map(|time| time.to_string()));
    say("record", "source", body.source.as_ref().map(|source| format!("{} {}", source.tool, source.run)));
    for (name, text) in section::<Context>(intact, id, hidden).into_iter().flat_map(of_context) {
        say("context", &name, Some(text));
    }
    if let Some(recipe) = section::<Recipe>(intact, id, hidden) {
        if let Some(code) = recipe.code {
            say("code", "repository", code.repository);
            say("code", "commit", code.commit);
            say("code", "entry point", code.entry_point);
            say("code", "patch", code.patch.as_ref().map(short));
            say("code", "arguments", Some(code.arguments.join(" ")).filter(|text| !text.is_empty()));
        }
        if let Some(environment) = recipe.environment {
            say("environment", "os", environment.os);
            say("environment", "python", environment.python);
            say("environment", "container", environment.container_image);
            for package in environment.packages {
                say(PACKAGE, &package.name, Some(package.version.or(package.requirement).unwrap_or_default()));
            }
        }
    }
    let series = section::<Summary>(intact, id, hidden).unwrap_or_default().series;
    for (key, one) in &series {
        let last = one.last.map(|last| format!(", last {last}")).unwrap_or_default();
        let points = if one.count == 1 { "point" } else { "points" };
        say("metric", key, Some(format!("{} {points}{last}", one.count)));
    }
    let evaluations = section::<Evaluations>(intact, id, hidden).unwrap_or_default();
    for (name, all) in by_what_was_measured(evaluations, models) {
        let repeats = matches!(all.as_slice(), [one] if is_the_point_of(one, series.get(&one.metric)));
        let values = all.into_iter().filter_map(|one| one.value.map(|value| value.to_string()).or(one.judgement));
        let words = values.collect::<Vec<_>>().join(", ");
        tell("evaluation", &name, Fact { exact: words.clone(), words, repeats });
    }
    let described = section::<Artifacts>(intact, id, hidden).unwrap_or_default().artifacts;
    let names = ArtifactNames::new(&described);
    let name = |artifact: &ArtifactRef| {
        names.get(&artifact.digest).map_or_else(|| artifact.role.as_str().to_owned(), str::to_owned)
    };
    for (part, list) in [("input", &body.inputs), ("output", &body.outputs)] {
        // Several artifacts may go by one name; none of them may hide another.
        let mut by_name: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for artifact in list {
            let digest: String = artifact.digest.to_string().chars().take(19).collect();
            let exact = serde_json::to_string(artifact).unwrap_or_default();
            by_name.entry(name(artifact)).or_default().insert(exact, format!("{} {digest}", artifact.role.as_str()));
        }
        // Those whose bytes are unknown are not in the record itself.
        let direction = if part == "input" { Direction::Input } else { Direction::Output };
        for artifact in described.iter().filter(|one| one.digest.is_none() && one.direction == direction) {
            let name = artifact.path.as_ref().or(artifact.name.as_ref());
            let name = name.cloned().unwrap_or_else(|| artifact.role.as_str().to_owned());
            let (exact, words) = unknown(artifact);
            by_name.entry(name).or_default().insert(exact, words);
        }
        for (name, artifacts) in by_name {
            let exact = artifacts.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let words: BTreeSet<String> = artifacts.into_values().collect();
            tell(part, &name, Fact { words: words.into_iter().collect::<Vec<_>>().join(", "), exact, repeats: false });
        }
    }
    if let Some(recipe) = section::<Recipe>(intact, id, hidden) {
        for (name, fact) in flat(&recipe.parameters) {
            tell("parameter", &name, fact);
        }
    }
    facts
}

/// What a context says, by name.
fn of_context(context: Context) -> Vec<(String, String)> {
    let list = |words: Vec<String>| Some(words.join(", ")).filter(|words| !words.is_empty());
    let groups = context.groups.into_iter().map(|group| format!("{} {}", group.kind, group.name));
    let texts = [
        ("title", Some(context.title)),
        ("purpose", context.purpose),
        ("hypothesis", context.hypothesis),
        ("intended use", context.intended_use),
        ("limitations", context.limitations),
        ("notes", context.notes),
        ("conclusion", context.conclusion),
        ("job type", context.job_type),
        ("tags", list(context.tags)),
        ("observations", list(context.observations.into_iter().map(|one| one.text).collect())),
        ("links", list(context.links.into_iter().map(|link| link.url).collect())),
        ("groups", list(groups.collect())),
    ];
    let texts = texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?)));
    texts.chain(context.labels.into_iter().map(|(name, value)| (format!("label {name}"), value))).collect()
}

/// Results by what was measured, and on what.
fn by_what_was_measured(section: Evaluations, models: &Names) -> BTreeMap<String, Vec<Evaluation>> {
    let mut evaluations: BTreeMap<String, Vec<Evaluation>> = BTreeMap::new();
    for one in section.evaluations {
        let model = one.model.as_ref().and_then(|model| models.get(model).map_or(Some(model), Option::as_ref));
        let on = [one.dataset.as_ref(), one.split.as_ref(), one.slice.as_ref(), model].into_iter().flatten().cloned();
        let step = one.step.map(|step| format!("step {step}"));
        let name = std::iter::once(one.metric.clone()).chain(on).chain(step).collect::<Vec<_>>().join(", ");
        evaluations.entry(name).or_default().push(one);
    }
    evaluations
}

/// Whether a result is the one point of a metric: MLflow 3 has such points in both places.
fn is_the_point_of(one: &Evaluation, metric: Option<&SeriesSummary>) -> bool {
    metric.is_some_and(|metric| metric.count == 1 && metric.last.is_some() && metric.last == one.value)
}

/// What is known of an artifact whose bytes are not, by which it is compared and as people read it.
fn unknown(artifact: &Artifact) -> (String, String) {
    let Artifact { role, foreign, size, version, .. } = artifact;
    let mut words = vec![format!("{}, bytes unknown", role.as_str())];
    words.extend(version.as_ref().map(|version| format!("version {version}")));
    words.extend(size.map(|size| format!("{size} bytes")));
    words.extend(foreign.iter().map(|(kind, digest)| format!("{kind} {digest}")));
    let exact = serde_json::json!({ "role": role, "foreign": foreign, "size": size, "version": version });
    (exact.to_string(), words.join(", "))
}

/// What a section says, unless it is among these.
pub fn section<T: JsonSection>(intact: &Intact, id: RecordId, hidden: &BTreeSet<&SectionName>) -> Option<T> {
    told::<T>(intact, id).filter(|_| !hidden.contains(&T::name()))
}

/// A typed tree as names with dots, and the words for each leaf.
fn flat(tree: &BTreeMap<String, Value>) -> Vec<(String, Fact)> {
    let mut waiting: Vec<(String, &Value)> = tree.iter().map(|(key, value)| (step(key), value)).collect();
    let mut leaves = Vec::new();
    while let Some((path, value)) = waiting.pop() {
        match value {
            Value::Object(members) if !members.is_empty() && typed::wrapped(value).is_none() => {
                waiting.extend(members.iter().map(|(key, value)| (format!("{path}.{}", step(key)), value)));
            }
            _ => {
                let fact = Fact { words: typed::display(value), exact: value.to_string(), repeats: false };
                leaves.push((path, fact));
            }
        }
    }
    leaves
}

/// The parameters of a recipe, those in others by names with dots, in words.
pub fn parameters(recipe: &Recipe) -> Vec<(String, String)> {
    let mut leaves: Vec<_> = flat(&recipe.parameters).into_iter().map(|(name, fact)| (name, fact.words)).collect();
    leaves.sort_unstable();
    leaves
}

/// A key as a part of a name with dots; one that has dots itself is quoted.
fn step(key: &str) -> String {
    if key.contains('.') { Value::from(key).to_string() } else { key.to_owned() }
}
