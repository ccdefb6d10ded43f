//! What two records say differently.

use std::collections::{BTreeMap, BTreeSet};

use expbundle::standing::Objection;
use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_format::number::typed;
use expbundle_format::record::{ArtifactRef, Record};
use expbundle_format::sections::{Artifacts, Context, Recipe, Summary};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{ArtifactNames, against, short};

/// What two records say differently.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "expbundle diff --json")]
pub struct Differences {
    /// The first record.
    pub before: RecordId,
    /// The second record.
    pub after: RecordId,
    /// What was said against either record, the weightiest first; a record of which nothing was said is not in it.
    pub against: BTreeMap<RecordId, Vec<Objection>>,
    /// One by one, in the order of part and name.
    pub differences: Vec<Difference>,
}

/// One thing that two records say differently.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Difference {
    /// `record`, `context`, `parameter`, `code`, `environment`, `package`, `input`, `output`, `metric`.
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
        let differences = compare(&facts(before.0, before.1), &facts(after.0, after.1));
        Self { before: before.1, after: after.1, against: said, differences }
    }
}

/// What a record says, flat: part and name, and the words for it.
type Facts = BTreeMap<(String, String), String>;

fn facts(intact: &Intact, id: RecordId) -> Facts {
    let mut facts = Facts::new();
    let mut say = |part: &str, name: &str, value: Option<String>| {
        if let Some(value) = value {
            facts.insert((part.to_owned(), name.to_owned()), value);
        }
    };
    let Some(body) = intact.records().get(&id).map(Record::body) else { return facts };
    say("record", "status", body.status.map(|status| status.as_str().to_owned()));
    say("record", "started", body.started.map(|time| time.to_string()));
    say("record", "ended", body.ended.map(|time| time.to_string()));
    say("record", "source", body.source.as_ref().map(|source| format!("{} {}", source.tool, source.run)));
    if let Some(context) = intact.json_section::<Context>(id) {
        say("context", "title", Some(context.title));
        say("context", "notes", context.notes);
        say("context", "tags", Some(context.tags.join(", ")).filter(|tags| !tags.is_empty()));
    }
    if let Some(recipe) = intact.json_section::<Recipe>(id) {
        for (name, value) in flat(&recipe.parameters) {
            say("parameter", &name, Some(value));
        }
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
    if let Some(summary) = intact.json_section::<Summary>(id) {
        for (key, one) in summary.series {
            let last = one.last.map(|last| format!(", last {last}")).unwrap_or_default();
            say("metric", &key, Some(format!("{} points{last}", one.count)));
        }
    }
    let described = intact.json_section::<Artifacts>(id).unwrap_or_default().artifacts;
    let names = ArtifactNames::new(&described);
    let name =
        |artifact: &ArtifactRef| names.get(&artifact.digest).map_or_else(|| artifact.role.to_string(), str::to_owned);
    for (part, list) in [("input", &body.inputs), ("output", &body.outputs)] {
        // Several artifacts may go by one name; none of them may hide another.
        let mut by_name: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for artifact in list {
            let digest: String = artifact.digest.to_string().chars().take(19).collect();
            by_name.entry(name(artifact)).or_default().insert(format!("{} {digest}", artifact.role));
        }
        for (name, artifacts) in by_name {
            say(part, &name, Some(artifacts.into_iter().collect::<Vec<_>>().join(", ")));
        }
    }
    facts
}

/// A typed tree as names with dots, and the words for each leaf.
fn flat(tree: &BTreeMap<String, Value>) -> Vec<(String, String)> {
    let mut waiting: Vec<(String, &Value)> = tree.iter().map(|(key, value)| (key.clone(), value)).collect();
    let mut leaves = Vec::new();
    while let Some((path, value)) = waiting.pop() {
        match value {
            Value::Object(members) if !members.is_empty() && typed::wrapped(value).is_none() => {
                waiting.extend(members.iter().map(|(key, value)| (format!("{path}.{key}"), value)));
            }
            _ => leaves.push((path, typed::display(value))),
        }
    }
    leaves
}

fn compare(before: &Facts, after: &Facts) -> Vec<Difference> {
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| Difference {
            part: name.0.clone(),
            name: name.1.clone(),
            before: before.get(name).cloned(),
            after: after.get(name).cloned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_on_one_side_is_a_difference_too() {
        let facts = |pairs: &[(&str, &str)]| -> Facts {
            pairs
                .iter()
                .map(|(name, value)| (("parameter".to_owned(), (*name).to_owned()), (*value).to_owned()))
                .collect()
        };
        let found =
            compare(&facts(&[("a", "1"), ("b", "2"), ("c", "3")]), &facts(&[("a", "1"), ("b", "4"), ("d", "5")]));
        let found: Vec<_> =
            found.iter().map(|one| (one.name.as_str(), one.before.as_deref(), one.after.as_deref())).collect();
        assert_eq!(found, [("b", Some("2"), Some("4")), ("c", Some("3"), None), ("d", None, Some("5"))]);
    }
}
