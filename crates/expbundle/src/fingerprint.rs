//! Which runs repeat each other: the same code, data, parameters and environment (spec/family.md, "Duplicates").

use std::collections::BTreeMap;

use expbundle_format::record::role;
use expbundle_format::sections::Recipe;
use expbundle_format::{Blake3, RecordId, json};
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

impl Intact {
    /// A digest of what a run did: equal for runs that repeat each other. `None` if the recipe is withheld, or tells neither
    /// parameters nor code.
    pub fn fingerprint(&self, id: RecordId, seeds: Seeds) -> Option<Blake3> {
        let mut recipe: Recipe = self.json_section(id)?;
        if recipe.parameters.is_empty() && recipe.code.is_none() {
            return None;
        }
        if seeds == Seeds::Ignored {
            recipe.seeds.clear();
            without_seeds(&mut recipe.parameters);
        }
        // Where the same code lay and who called it makes no other experiment.
        let code = recipe.code.map(|code| json!([code.commit, code.patch, code.entry_point, code.arguments]));
        let environment = recipe.environment.map(|environment| {
            let packages: Vec<_> =
                environment.packages.into_iter().map(|package| json!([package.name, package.version])).collect();
            json!([environment.os, environment.python, environment.container_image, environment.versions, packages])
        });
        let record = self.records().get(&id)?;
        let mut inputs: Vec<String> = record
            .body()
            .inputs
            .iter()
            .filter(|input| role::LINEAGE.contains(&input.role.as_str()))
            .map(|input| format!("{} {}", input.role, input.digest))
            .collect();
        inputs.sort();
        inputs.dedup();
        let whole = json!([code, environment, inputs, recipe.parameters, recipe.seeds, recipe.determinism]);
        json::to_bytes(&whole).ok().map(|bytes| Blake3::of(&bytes))
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
