//! Which model of one run is the counterpart of which model of another.
//!
//! MLflow gives each logged model an id of its own, so results of two runs would never be compared
//! if they went by the ids of their models.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_format::container::SectionName;
use expbundle_format::sections::{Artifacts, Evaluations};
use expbundle_format::time::Time;

use crate::facts::section;

/// What the models of a record are called where it is compared with another, by what the record
/// calls them: `None` is not named at all. A model that is not in it keeps its name.
pub type Names = HashMap<String, Option<String>>;

/// A model that was evaluated, in the order in which a run makes models.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Model {
    step: Option<i64>,
    time: Option<Time>,
    /// What its evaluations call it, mostly its id.
    called: String,
}

/// Models by their names in the source.
type ByName = BTreeMap<String, Vec<Model>>;

/// The names of the models of two records. Where each record has one model, these are counterparts;
/// else models of the same name are, in the order in which they were made, if there are as many of
/// that name on both sides.
pub fn names_of_models(
    before: (&Intact, RecordId),
    after: (&Intact, RecordId),
    hidden: &BTreeSet<&SectionName>,
) -> [Names; 2] {
    let [mut before, mut after] = [before, after].map(|(intact, id)| models(intact, id, hidden));
    // What both know by the same name needs no other.
    let called = |models: &ByName| models.values().flatten().map(|model| model.called.clone()).collect::<BTreeSet<_>>();
    let shared: BTreeSet<String> = called(&before).intersection(&called(&after)).cloned().collect();
    for models in before.values_mut().chain(after.values_mut()) {
        models.retain(|model| !shared.contains(&model.called));
        models.sort();
    }
    let number = |models: &ByName| models.values().map(Vec::len).sum::<usize>();
    if shared.is_empty() && number(&before) == 1 && number(&after) == 1 {
        return [before, after].map(|models| models.into_values().flatten().map(|one| (one.called, None)).collect());
    }
    let same_number = |name: &str, models: &[Model]| after.get(name).is_some_and(|those| those.len() == models.len());
    let paired: BTreeSet<String> =
        before.iter().filter(|(name, models)| same_number(name, models)).map(|(name, _)| name.clone()).collect();
    [before, after].map(|models| {
        let models = models.into_iter().filter(|(name, _)| paired.contains(name));
        models.flat_map(|(name, models)| numbered(&name, models)).collect()
    })
}

/// Models of one name, told apart by numbers if there are several.
fn numbered(name: &str, models: Vec<Model>) -> Vec<(String, Option<String>)> {
    let is_one = models.len() == 1;
    let name_of = |place: usize| if is_one { name.to_owned() } else { format!("{name} {}", place + 1) };
    models.into_iter().enumerate().map(|(place, model)| (model.called, Some(name_of(place)))).collect()
}

/// The models that were evaluated, as far as the sections that may be read say it.
fn models(intact: &Intact, id: RecordId, hidden: &BTreeSet<&SectionName>) -> ByName {
    let artifacts = section::<Artifacts>(intact, id, hidden).unwrap_or_default().artifacts;
    let described: HashMap<&str, _> =
        artifacts.iter().filter_map(|one| Some((one.model.as_ref()?.id.as_deref()?, one))).collect();
    let evaluations = section::<Evaluations>(intact, id, hidden).unwrap_or_default().evaluations;
    let evaluated: BTreeSet<String> = evaluations.into_iter().filter_map(|one| one.model).collect();
    let mut models = ByName::new();
    for called in evaluated {
        let artifact = described.get(called.as_str());
        let name = artifact.and_then(|one| one.name.clone()).unwrap_or_else(|| called.clone());
        let (step, time) = artifact.map_or((None, None), |one| (one.step, one.time));
        models.entry(name).or_default().push(Model { step, time, called });
    }
    models
}
