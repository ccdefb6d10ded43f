//! What two records say differently.

use std::collections::{BTreeMap, BTreeSet};

use expbundle::standing::Objection;
use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_format::container::SectionName;
use expbundle_format::sections::Context;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::counterparts::names_of_models;
use crate::facts::{Fact, Facts, PACKAGE, facts, part};
use crate::{against, told};

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
    /// One by one, in the order of parts as [`Difference::part`] lists them, and of names. A result
    /// that is the one point of the metric of its name is told there, and not once more here.
    pub differences: Vec<Difference>,
    /// Sections that are withheld, so that what they say is not compared.
    pub not_compared: Vec<Withheld>,
    /// The titles of both, as far as they are here.
    #[serde(skip)]
    pub titles: [Option<String>; 2],
    /// How many packages each record has, where only one of them has any.
    #[serde(skip)]
    pub packages: Option<[usize; 2]>,
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
    /// `parameter`, `metric`, `evaluation`, `context`, `code`, `environment`, `package`, `parent`,
    /// `input`, `output`, `record`.
    pub part: String,
    /// What in it. A model that was evaluated is called by a name that both runs have for it, since
    /// its id is another in each run; where both have one model, it is not named.
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
            said.entry(id).or_default().extend(against(intact, None, id, at));
        }
        for objections in said.values_mut() {
            objections.sort_unstable();
            objections.dedup();
        }
        said.retain(|_, objections| !objections.is_empty());
        let [hidden_before, hidden_after] = [before, after].map(|(intact, id)| intact.withheld_sections(id));
        let hidden: BTreeSet<&SectionName> = hidden_before.iter().chain(&hidden_after).collect();
        let [names_before, names_after] = names_of_models(before, after, &hidden);
        let (facts_before, facts_after) = (facts(before, &hidden, &names_before), facts(after, &hidden, &names_after));
        let differences = compare(&facts_before, &facts_after);
        let packages =
            [&facts_before, &facts_after].map(|facts| facts.keys().filter(|key| part(key.0) == PACKAGE).count());
        let packages = Some(packages).filter(|packages| packages.contains(&0) && *packages != [0, 0]);
        let not_compared = hidden.into_iter().map(|section| Withheld {
            section: section.clone(),
            before: hidden_before.contains(section),
            after: hidden_after.contains(section),
        });
        let not_compared = not_compared.collect();
        let titles = [before, after].map(|(intact, id)| told::<Context>(intact, id).map(|context| context.title));
        Self { before: before.1, after: after.1, against: said, differences, not_compared, titles, packages }
    }
}

fn compare(before: &Facts, after: &Facts) -> Vec<Difference> {
    let names: BTreeSet<&(usize, String)> = before.keys().chain(after.keys()).collect();
    let one = |key: &(usize, String)| difference(key, before.get(key), after.get(key));
    names.into_iter().filter_map(one).collect()
}

/// What two records say differently of one thing, unless that is told elsewhere.
fn difference((place, name): &(usize, String), before: Option<&Fact>, after: Option<&Fact>) -> Option<Difference> {
    let exact = |fact: &Fact| fact.exact.clone();
    let words = |fact: &Fact| fact.words.clone();
    let is_told = before.is_some_and(|fact| fact.repeats) && after.is_some_and(|fact| fact.repeats);
    if is_told || before.map(|fact| &fact.exact) == after.map(|fact| &fact.exact) {
        return None;
    }
    // What differs and reads alike is shown as it stands in the record.
    let (before, after) = if before.map(words) == after.map(words) {
        (before.map(exact), after.map(exact))
    } else {
        (before.map(words), after.map(words))
    };
    Some(Difference { part: part(*place).to_owned(), name: name.clone(), before, after })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_on_one_side_is_a_difference_too() {
        let facts = |pairs: &[(&str, &str)]| -> Facts {
            pairs.iter().map(|(name, value)| ((0, (*name).to_owned()), (*value).to_owned().into())).collect()
        };
        let found =
            compare(&facts(&[("a", "1"), ("b", "2"), ("c", "3")]), &facts(&[("a", "1"), ("b", "4"), ("d", "5")]));
        let found: Vec<_> =
            found.iter().map(|one| (one.name.as_str(), one.before.as_deref(), one.after.as_deref())).collect();
        assert_eq!(found, [("b", Some("2"), Some("4")), ("c", Some("3"), None), ("d", None, Some("5"))]);
    }
}
