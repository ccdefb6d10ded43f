//! `expbundle diff`: what two records say differently.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::standing::Objection;
use expbundle::verify::Intact;
use expbundle_format::number::typed;
use expbundle_format::record::ArtifactRef;
use expbundle_format::sections::{Artifacts, Context, Recipe, Summary};
use expbundle_format::{Foreign, RecordId};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::artifact_names::ArtifactNames;
use crate::failure::Failure;
use crate::terminal::{self, Tone, cell, paint};
use crate::{Outcome, choice, exit, objections, statements, tracker};

/// Show what two records say differently: parameters, code, environment, inputs, outputs, results
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  expbundle diff before.expb after.expb\n  \
    expbundle diff family.expb --record 6d0c0bf8 --record f013b889")]
pub struct Diff {
    /// Bundle, model directory, or a tracker's folder or file with one run
    before: Utf8PathBuf,
    /// The other one [default: the same bundle]
    #[arg(required_unless_present = "record")]
    after: Option<Utf8PathBuf>,
    /// Id of the record, or its beginning, where a bundle has several; once for each side, the first for the first
    #[arg(long, value_name = "ID")]
    record: Vec<String>,
    /// Write JSON (schemas/diff.schema.json)
    #[arg(long)]
    json: bool,
}

/// What two records say differently.
#[expect(clippy::struct_field_names, reason = "the member of the JSON is named so")]
#[derive(Debug, Serialize, JsonSchema)]
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
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
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

impl Diff {
    pub fn run(self) -> Outcome {
        let [first, second] = match self.record.as_slice() {
            [] => [None, None],
            [first, second] => [Some(first.as_str()), Some(second.as_str())],
            _ => return Err(Failure::usage("`--record` is given twice, once for each side")),
        };
        let open = |path: &Utf8Path, record| -> Result<(Intact, RecordId), Failure> {
            let intact = tracker::intact(path, None)?;
            let id = statements::one(&intact, record)?;
            Ok((intact, id))
        };
        let ((a, before), (b, after)) =
            (open(&self.before, first)?, open(self.after.as_deref().unwrap_or(&self.before), second)?);
        let mut against = BTreeMap::from([(before, objections::of(&a, before)?)]);
        against.entry(after).or_default().extend(objections::of(&b, after)?);
        for objections in against.values_mut() {
            objections.sort_unstable();
            objections.dedup();
        }
        against.retain(|_, objections| !objections.is_empty());
        let differences =
            Differences { before, after, against, differences: compare(&facts(&a, before), &facts(&b, after)) };
        if self.json {
            terminal::say_json(&differences);
        } else {
            let title = |id| if id == before { choice::title(&a, id) } else { choice::title(&b, id) };
            let against = differences.against.iter();
            let lines = objections::lines(against.map(|(id, objections)| (*id, title(*id), objections.as_slice())));
            terminal::say(&(lines + &words(&differences)));
        }
        Ok(exit::OK)
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
    let body = intact.records().get(&id).expect("the record was chosen among these").body();
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
            say("code", "patch", code.patch.as_ref().map(statements::short));
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

fn words(differences: &Differences) -> String {
    if differences.before == differences.after {
        return "the same record\n".to_owned();
    }
    let mut text = String::new();
    let mut part = "";
    for one in &differences.differences {
        if one.part != part {
            part = &one.part;
            text += &format!("{}\n", paint(Tone::Strong, part));
        }
        text += &format!("  {}\n", cell(&one.name));
        if let Some(before) = &one.before {
            text += &format!("    {}\n", paint(Tone::Bad, &format!("- {}", value(before))));
        }
        if let Some(after) = &one.after {
            text += &format!("    {}\n", paint(Tone::Good, &format!("+ {}", value(after))));
        }
    }
    if text.is_empty() { "the records differ in nothing that is shown here\n".to_owned() } else { text }
}

/// What a record says of one thing, on a line of its own.
fn value(text: &str) -> String {
    Foreign::new(text).at_most(500).bare_if_plain().to_string()
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
