//! What two records say differently.

use std::collections::{BTreeMap, BTreeSet};

use expbundle::standing::Objection;
use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_format::container::SectionName;
use expbundle_format::number::typed;
use expbundle_format::record::{ArtifactRef, Record};
use expbundle_format::sections::{Artifact, Artifacts, Context, Direction, Evaluations, JsonSection, Recipe, Summary};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{ArtifactNames, against, short, told};

/// What two records say differently.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "expbundle diff --json")]
pub struct Differences {
    /// The first record.
    pub before: RecordId,
    /// The second record.
    pub after: RecordId,
    /// What was said against either record, the weightiest first; a record of which nothing was
    /// said is not in it.
    pub against: BTreeMap<RecordId, Vec<Objection>>,
    /// One by one, in the order of part and name.
    pub differences: Vec<Difference>,
    /// Sections that are withheld, so that what they say is not compared.
    pub not_compared: Vec<Withheld>,
}

/// A section that is withheld of one record, or of both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Withheld {
    /// Its file name.
    pub section: SectionName,
    /// Whether it is withheld of the first record.
    pub before: bool,
    /// Whether it is withheld of the second record.
    pub after: bool,
}

/// One thing that two records say differently.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Difference {
    /// `record`, `parent`, `context`, `parameter`, `code`, `environment`, `package`, `input`,
    /// `output`, `metric`, `evaluation`.
    pub part: String,
    /// What in it.
    pub name: String,
    /// What the first says; absent if it says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What the second says; absent if it says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl Differences {
    /// Compares a record of one bundle with a record of another, or of the same.
    pub fn between(before: (&Intact, RecordId), after: (&Intact, RecordId), at: Timestamp) -> Self {
        let mut said: BTreeMap<RecordId, Vec<Objection>> = BTreeMap::new();
        for (intact, id) in [before, after] {
            said.entry(id).or_default().extend(against(intact, id, at));
        }
        for objections in said.values_mut() {
            objections.sort_unstable();
            objections.dedup();
        }
        said.retain(|_, objections| !objections.is_empty());
        let [hidden_before, hidden_after] = [before, after].map(|(intact, id)| intact.withheld_sections(id));
        let hidden: BTreeSet<&SectionName> = hidden_before.iter().chain(&hidden_after).collect();
        let differences = compare(&facts(before, &hidden), &facts(after, &hidden));
        let not_compared = hidden.into_iter().map(|section| Withheld {
            section: section.clone(),
            before: hidden_before.contains(section),
            after: hidden_after.contains(section),
        });
        Self { before: before.1, after: after.1, against: said, differences, not_compared: not_compared.collect() }
    }
}

/// What a record says, flat: part and name, and the words for it.
type Facts = BTreeMap<(String, String), Fact>;

/// What a record says of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fact {
    /// As people read it.
    words: String,
    /// By which it is compared: `1` and `"1"` have the same words.
    exact: String,
}

impl From<String> for Fact {
    fn from(words: String) -> Self {
        Self { exact: words.clone(), words }
    }
}

/// What a record says outside of these sections.
fn facts((intact, id): (&Intact, RecordId), hidden: &BTreeSet<&SectionName>) -> Facts {
    let mut facts = Facts::new();
    let mut tell = |part: &str, name: &str, fact: Fact| {
        facts.insert((part.to_owned(), name.to_owned()), fact);
    };
    let Some(body) = intact.records().get(&id).map(Record::body) else { return facts };
    for parent in &body.parents {
        tell("parent", &parent.record.blake3.to_string(), parent.relation.to_string().into());
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
                say("package", &package.name, Some(package.version.or(package.requirement).unwrap_or_default()));
            }
        }
    }
    if let Some(summary) = section::<Summary>(intact, id, hidden) {
        for (key, one) in summary.series {
            let last = one.last.map(|last| format!(", last {last}")).unwrap_or_default();
            let points = if one.count == 1 { "point" } else { "points" };
            say("metric", &key, Some(format!("{} {points}{last}", one.count)));
        }
    }
    for (name, values) in of_evaluations(section::<Evaluations>(intact, id, hidden).unwrap_or_default()) {
        say("evaluation", &name, Some(values.join(", ")));
    }
    let described = section::<Artifacts>(intact, id, hidden).unwrap_or_default().artifacts;
    let names = ArtifactNames::new(&described);
    let name =
        |artifact: &ArtifactRef| names.get(&artifact.digest).map_or_else(|| artifact.role.to_string(), str::to_owned);
    for (part, list) in [("input", &body.inputs), ("output", &body.outputs)] {
        // Several artifacts may go by one name; none of them may hide another.
        let mut by_name: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for artifact in list {
            let digest: String = artifact.digest.to_string().chars().take(19).collect();
            let exact = serde_json::to_string(artifact).unwrap_or_default();
            by_name.entry(name(artifact)).or_default().insert(exact, format!("{} {digest}", artifact.role));
        }
        // Those whose bytes are unknown are not in the record itself.
        let direction = if part == "input" { Direction::Input } else { Direction::Output };
        for artifact in described.iter().filter(|one| one.digest.is_none() && one.direction == direction) {
            let name = artifact.path.as_ref().or(artifact.name.as_ref());
            let name = name.cloned().unwrap_or_else(|| artifact.role.to_string());
            let (exact, words) = unknown(artifact);
            by_name.entry(name).or_default().insert(exact, words);
        }
        for (name, artifacts) in by_name {
            let exact = artifacts.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let words: BTreeSet<String> = artifacts.into_values().collect();
            tell(part, &name, Fact { words: words.into_iter().collect::<Vec<_>>().join(", "), exact });
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
fn of_evaluations(section: Evaluations) -> BTreeMap<String, Vec<String>> {
    let mut evaluations: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in section.evaluations {
        let on = [one.dataset, one.split, one.slice, one.model].into_iter().flatten();
        let step = one.step.map(|step| format!("step {step}"));
        let name = std::iter::once(one.metric).chain(on).chain(step).collect::<Vec<_>>().join(", ");
        evaluations.entry(name).or_default().extend(one.value.map(|value| value.to_string()).or(one.judgement));
    }
    evaluations
}

/// What is known of an artifact whose bytes are not, by which it is compared and as people read it.
fn unknown(artifact: &Artifact) -> (String, String) {
    let Artifact { role, foreign, size, version, .. } = artifact;
    let mut words = vec![format!("{role}, bytes unknown")];
    words.extend(version.as_ref().map(|version| format!("version {version}")));
    words.extend(size.map(|size| format!("{size} bytes")));
    words.extend(foreign.iter().map(|(kind, digest)| format!("{kind} {digest}")));
    let exact = serde_json::json!({ "role": role, "foreign": foreign, "size": size, "version": version });
    (exact.to_string(), words.join(", "))
}

/// What a section says, unless it is among these.
fn section<T: JsonSection>(intact: &Intact, id: RecordId, hidden: &BTreeSet<&SectionName>) -> Option<T> {
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
            _ => leaves.push((path, Fact { words: typed::display(value), exact: value.to_string() })),
        }
    }
    leaves
}

/// A key as a part of a name with dots; one that has dots itself is quoted.
fn step(key: &str) -> String {
    if key.contains('.') { Value::from(key).to_string() } else { key.to_owned() }
}

fn compare(before: &Facts, after: &Facts) -> Vec<Difference> {
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let difference = |name: &(String, String)| {
        let (before, after) = (before.get(name), after.get(name));
        let exact = |fact: &Fact| fact.exact.clone();
        let words = |fact: &Fact| fact.words.clone();
        let (part, name) = name.clone();
        // What differs and reads alike is shown as it stands in the record.
        let (before, after) = if before.map(words) == after.map(words) {
            (before.map(exact), after.map(exact))
        } else {
            (before.map(words), after.map(words))
        };
        Difference { part, name, before, after }
    };
    let differs =
        |name: &&(String, String)| before.get(*name).map(|one| &one.exact) != after.get(*name).map(|one| &one.exact);
    names.into_iter().filter(differs).map(difference).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_on_one_side_is_a_difference_too() {
        let facts = |pairs: &[(&str, &str)]| -> Facts {
            pairs
                .iter()
                .map(|(name, value)| (("parameter".to_owned(), (*name).to_owned()), (*value).to_owned().into()))
                .collect()
        };
        let found =
            compare(&facts(&[("a", "1"), ("b", "2"), ("c", "3")]), &facts(&[("a", "1"), ("b", "4"), ("d", "5")]));
        let found: Vec<_> =
            found.iter().map(|one| (one.name.as_str(), one.before.as_deref(), one.after.as_deref())).collect();
        assert_eq!(found, [("b", Some("2"), Some("4")), ("c", Some("3"), None), ("d", None, Some("5"))]);
    }
}
