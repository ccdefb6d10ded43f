//! Which runs repeat each other: the same code, data, parameters and environment (spec/family.md,
//! "Duplicates").

use std::collections::{BTreeMap, BTreeSet};

use expbundle_format::record::role;
use expbundle_format::sections::{Artifacts, Direction, JsonSection as _, Recipe};
use expbundle_format::{Blake3, RecordId, json};
use serde::Serialize;
use serde_json::{Value, json};

use crate::verify::Intact;

/// Whether two runs that differ in nothing but their seeds repeat each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seeds {
    /// They do not: a seed is part of the recipe.
    Count,
    /// They do.
    Ignored,
}

/// Names of parameters that are seeds, without what only separates words.
const SEED_NAMES: [&str; 6] = ["seed", "randomseed", "randomstate", "rngseed", "globalseed", "manualseed"];

/// What could not be compared, so that two runs of one fingerprint may differ in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NotCompared {
    /// The hardware: it is not part of a recipe.
    Hardware,
    /// The code: none is recorded.
    Code,
    /// The environment: none is recorded.
    Environment,
    /// The parameters: none are recorded.
    Parameters,
    /// Models and data that went in: none are recorded.
    Inputs,
    /// The bytes of some of what went in: only a name, an address or a digest of another kind is
    /// recorded.
    InputBytes,
}

impl NotCompared {
    /// The words for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hardware => "hardware",
            Self::Code => "code (not recorded)",
            Self::Environment => "environment (not recorded)",
            Self::Parameters => "parameters (not recorded)",
            Self::Inputs => "inputs (not recorded)",
            Self::InputBytes => "bytes of inputs that are known by name only",
        }
    }
}

/// A recipe as far as it is known: what is in its fingerprint.
struct Known {
    code: Value,
    environment: Value,
    inputs: Vec<String>,
    /// Inputs of which no strong digest is known.
    named: Vec<Value>,
    recipe: Recipe,
}

impl Intact {
    /// A digest of what a run did: equal for runs that repeat each other, as far as known. `None`
    /// if the recipe or `artifacts.json` is withheld, for what is not here might tell them apart,
    /// or if the recipe has neither parameters nor code.
    pub fn fingerprint(&self, id: RecordId, seeds: Seeds) -> Option<Blake3> {
        let Known { code, environment, inputs, named, mut recipe } = self.known_recipe(id)?;
        if seeds == Seeds::Ignored {
            recipe.seeds.clear();
            without_seeds(&mut recipe.parameters);
        }
        let whole = json!([code, environment, inputs, named, recipe.parameters, recipe.seeds, recipe.determinism]);
        json::to_bytes(&whole).ok().map(|bytes| Blake3::of(&bytes))
    }

    /// Whether a run has no fingerprint because its recipe or `artifacts.json` is withheld.
    pub fn withholds_recipe(&self, id: RecordId) -> bool {
        self.is_withheld(id, &Recipe::name()) || self.is_withheld(id, &Artifacts::name())
    }

    /// What the fingerprint of a run says nothing of.
    pub fn not_compared(&self, id: RecordId) -> Vec<NotCompared> {
        let Some(known) = self.known_recipe(id) else { return Vec::new() };
        let facts = [
            (NotCompared::Hardware, true),
            (NotCompared::Code, known.code.is_null()),
            (NotCompared::Environment, known.environment.is_null()),
            (NotCompared::Parameters, known.recipe.parameters.is_empty()),
            (NotCompared::Inputs, known.inputs.is_empty() && known.named.is_empty()),
            (NotCompared::InputBytes, !known.named.is_empty()),
        ];
        facts.into_iter().filter_map(|(what, is_missing)| is_missing.then_some(what)).collect()
    }

    fn known_recipe(&self, id: RecordId) -> Option<Known> {
        let mut recipe: Recipe = self.json_section(id)?;
        // Where the same code lay and who called it makes no other experiment.
        let code = recipe.code.take().filter(|code| {
            code.commit.is_some() || code.patch.is_some() || code.entry_point.is_some() || !code.arguments.is_empty()
        });
        if recipe.parameters.is_empty() && code.is_none() {
            return None;
        }
        let code = code.map(|code| json!([code.commit, code.patch, code.entry_point, code.arguments]));
        let environment = recipe.environment.take().map(|environment| {
            let packages: Vec<_> =
                environment.packages.into_iter().map(|package| json!([package.name, package.version])).collect();
            json!([environment.os, environment.python, environment.container_image, environment.versions, packages])
        });
        let body = self.records().get(&id)?.body();
        let is_described = body.sections.contains_key(&Artifacts::name());
        let described: Artifacts = if is_described { self.json_section(id)? } else { Artifacts::default() };
        let inputs = body.inputs.iter().filter(|input| role::carries_lineage(&input.role));
        let mut inputs: Vec<String> = inputs.map(|input| format!("{} {}", input.role.as_str(), input.digest)).collect();
        inputs.sort();
        inputs.dedup();
        let named = described.artifacts.into_iter().filter(|one| {
            one.direction == Direction::Input && one.digest.is_none() && role::carries_lineage(&one.role)
        });
        let mut named: Vec<(Vec<u8>, Value)> = named
            .map(|one| {
                let uris: BTreeSet<String> = one.uris.into_iter().collect();
                let value = json!([one.role, one.name, one.version, one.foreign, uris]);
                json::to_bytes(&value).map(|bytes| (bytes, value))
            })
            .collect::<Result<_, _>>()
            .ok()?;
        named.sort_by(|one, other| one.0.cmp(&other.0));
        named.dedup_by(|one, other| one.0 == other.0);
        Some(Known {
            code: code.unwrap_or_default(),
            environment: environment.unwrap_or_default(),
            inputs,
            named: named.into_iter().map(|(_, value)| value).collect(),
            recipe,
        })
    }
}

/// Takes seeds out of a tree of parameters.
fn without_seeds(parameters: &mut BTreeMap<String, Value>) {
    parameters.retain(|name, _| !is_seed(name));
    let mut waiting: Vec<&mut Value> = parameters.values_mut().collect();
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(members) => {
                members.retain(|name, _| !is_seed(name));
                waiting.extend(members.values_mut());
            }
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
}

fn is_seed(name: &str) -> bool {
    let last = name.rsplit(['.', '/']).next().unwrap_or(name);
    let plain: String = last.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    SEED_NAMES.contains(&plain.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_found_by_name_wherever_they_are() {
        let mut parameters: BTreeMap<String, Value> = serde_json::from_value(
            json!({"train.seed": 1, "lr": 0.1, "model": {"random_state": 7, "depth": 2}, "seeds": 3}),
        )
        .expect("an object");
        without_seeds(&mut parameters);
        assert_eq!(json!(parameters), json!({"lr": 0.1, "model": {"depth": 2}, "seeds": 3}));
    }
}
