//! Values of parameters, and parameters that a re-run depends on, told by their names.

use expbundle_format::sections::Recipe;
use expbundle_trackers::wandb::Value;
use serde_json::Value as Json;

use crate::wandb::typed::typed;

/// The value that a text has, as a typed tree (spec/json.md): JSON with NaN, infinities and
/// integers of any length; else the text itself.
pub fn value(text: &str) -> Json {
    let is_json = text.trim() == text && !has_odd_number(text);
    match Value::parse(text).filter(|_| is_json) {
        Some(value) => typed(&value),
        None => text.into(),
    }
}

/// Whether it is a number that JSON does not have, like `007`, or that no float is near.
fn has_odd_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let mut letters = digits.bytes();
    let leads_with_zero = letters.next() == Some(b'0') && letters.next().is_some_and(|letter| letter.is_ascii_digit());
    leads_with_zero
        || digits.ends_with('.')
        || text.parse().is_ok_and(f64::is_infinite) && digits.starts_with(|letter: char| letter.is_ascii_digit())
}

/// Adds a parameter to a recipe, and to its seeds or flags if it is named like one.
pub(crate) fn add(recipe: &mut Recipe, name: &str, value: Json) {
    match kind_of(name) {
        Kind::Seed => recipe.seeds.insert(name.to_owned(), value.clone()),
        Kind::Determinism => recipe.determinism.insert(name.to_owned(), value.clone()),
        Kind::Other => None,
    };
    recipe.parameters.insert(name.to_owned(), value);
}

/// What a parameter is for, told by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Seed,
    Determinism,
    Other,
}

/// Told by the last part of the name: `data/seed`, `trainer.random_state`.
pub(crate) fn kind_of(name: &str) -> Kind {
    let last = name.rsplit(['/', '.', ':']).next().unwrap_or(name).to_ascii_lowercase();
    match last.as_str() {
        "seed" | "random_seed" | "random_state" | "rng_seed" | "data_seed" | "manual_seed" | "np_seed"
        | "torch_seed" => Kind::Seed,
        "deterministic"
        | "cudnn_deterministic"
        | "cudnn_benchmark"
        | "use_deterministic_algorithms"
        | "full_determinism" => Kind::Determinism,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_by_the_last_part_of_the_name() {
        assert!(matches!(kind_of("trainer.random_state"), Kind::Seed));
        assert!(matches!(kind_of("seeds"), Kind::Other));
    }
}
