//! What of the records of a bundle a model card can say.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use expbundle::bundle::Bundle;
use expbundle::standing::Standing;
use expbundle::verify::Intact;
use expbundle_format::container::EntryName;
use expbundle_format::limits::Limits;
use expbundle_format::record::{Kind, Record, role};
use expbundle_format::sections::{Artifact, Artifacts, Direction, Evaluation, Evaluations, JsonSection};
use expbundle_format::{RecordId, json};
use expbundle_statement::{Predicate, VerifiedStatement};
use serde_json::Value;

use crate::card::{Additions, CardResult};
use crate::notes::LeftOut;

/// The tag by which models with a bundle are found.
pub const TAG: &str = "expbundle";

/// The records of a bundle that a card is about, with the sections that it can say something of.
///
/// It is made of what a check has found intact; nothing is checked here.
#[derive(Clone, Debug)]
pub struct Story<'a> {
    chapters: Vec<Chapter<'a>>,
}

/// One record of a story.
#[derive(Clone, Debug)]
struct Chapter<'a> {
    record: &'a Record,
    artifacts: Artifacts,
    evaluations: Evaluations,
    /// Of signed results, the last first.
    signed: Vec<&'a Evaluation>,
}

impl<'a> Story<'a> {
    /// Reads the sections of the records that a card is about. Withheld ones say nothing.
    ///
    /// `signed` are statements whose results count.
    pub fn of(intact: &'a Intact, told: &[RecordId], signed: &[&'a VerifiedStatement]) -> Self {
        let mut signed = signed.to_vec();
        signed.sort_by_key(|statement| (statement.created(), statement.id()));
        let chapter = |id: &RecordId| {
            let about = signed.iter().rev().filter(|statement| statement.record().blake3 == id.0);
            let results = about.filter_map(|statement| match statement.predicate() {
                Predicate::Evaluation(evaluated) => Some(&evaluated.evaluations),
                _ => None,
            });
            Some(Chapter {
                record: intact.records().get(id)?,
                artifacts: section(intact.bundle(), *id).unwrap_or_default(),
                evaluations: section(intact.bundle(), *id).unwrap_or_default(),
                signed: results.flatten().collect(),
            })
        };
        Self { chapters: told.iter().filter_map(chapter).collect() }
    }

    /// What the records can say in a card, and what has no place there. A licence is never set.
    pub fn additions(&self, model_name: &str) -> (Additions, LeftOut) {
        let tags = vec![TAG.to_owned()];
        let mut all = Additions { model_name: model_name.to_owned(), tags, ..Additions::default() };
        let mut left_out = LeftOut::default();
        for chapter in &self.chapters {
            let relation = chapter.tell(&mut all, &mut left_out);
            if let (Some(one), Some(other)) = (&all.relation, &relation)
                && one != other
            {
                left_out.push("the records have several relations, and the card has one for all", other);
            }
            all.relation = all.relation.or(relation);
        }
        // What signers measured stands before what the records have, and in place of it.
        let mut said = HashSet::new();
        let signed = self.chapters.iter().map(|chapter| (chapter.signed_results(), true));
        let own = self.chapters.iter().map(|chapter| (chapter.own_results(), false));
        for (results, is_signed) in signed.chain(own) {
            for (evaluation, result) in results {
                match result {
                    Err(why) => left_out.push(why, &evaluation.metric),
                    Ok(result) if said.insert(result.subject()) => all.results.push(result),
                    Ok(_) if is_signed => left_out.push("a later signed result is there", &evaluation.metric),
                    Ok(_) => {}
                }
            }
        }
        (all, left_out)
    }
}

type Told<'e> = Vec<(&'e Evaluation, Result<CardResult, &'static str>)>;

impl Chapter<'_> {
    /// Adds base models and data sets, and gives the relation to the parents.
    fn tell(&self, all: &mut Additions, left_out: &mut LeftOut) -> Option<String> {
        // An origin describes a model as it was published, so its inputs are names from a card.
        let is_origin = self.record.body().kind == Kind::Origin;
        for artifact in self.inputs() {
            let (list, unnamed, is_dataset) = match artifact.role.as_str() {
                role::MODEL | role::CHECKPOINT | role::ADAPTER => {
                    (&mut all.base_models, &mut all.unnamed_models, false)
                }
                role::DATASET => (&mut all.datasets, &mut all.unnamed_datasets, true),
                _ => continue,
            };
            match hub_id(artifact, is_dataset) {
                Some(id) => list.push(id),
                None if is_origin => {}
                None => unnamed.push(artifact.name.as_ref().or(artifact.path.as_ref()).cloned().unwrap_or_default()),
            }
        }
        let parents = self.record.body().parents.iter();
        let relations: BTreeSet<&str> = parents.filter_map(|parent| card_relation(parent.relation.as_str())).collect();
        if relations.len() > 1 {
            for relation in &relations {
                left_out.push("the record has several relations, and the card has one for all", relation);
            }
            return None;
        }
        relations.first().map(|relation| (*relation).to_owned())
    }

    fn inputs(&self) -> impl Iterator<Item = &Artifact> {
        self.artifacts.artifacts.iter().filter(|artifact| artifact.direction == Direction::Input)
    }

    fn signed_results(&self) -> Told<'_> {
        self.signed
            .iter()
            .map(|one| (*one, card_result(one, one.dataset.as_deref().filter(|id| is_dataset(id)))))
            .collect()
    }

    /// Those of the record itself, the last step first: a tracker logged them, so they are told
    /// only if it is certain what they are about. Those of an origin come from a card.
    fn own_results(&self) -> Told<'_> {
        let is_origin = self.record.body().kind == Kind::Origin;
        let datasets = self.inputs().filter(|artifact| artifact.role.as_str() == role::DATASET);
        let by_name: BTreeMap<&str, String> =
            datasets.filter_map(|artifact| Some((artifact.name.as_deref()?, hub_id(artifact, true)?))).collect();
        let mut all: Vec<&Evaluation> = self.evaluations.evaluations.iter().collect();
        all.sort_by_key(|one| Reverse((one.step, one.time)));
        let told = all.into_iter().map(|one| {
            let name = one.dataset.as_deref();
            let id =
                name.and_then(|name| by_name.get(name).map(String::as_str).or(Some(name).filter(|id| is_hub_id(id))));
            let result = match card_result(one, id) {
                Ok(result) if result.split.is_none() => Err("no split of the data is named"),
                result => result,
            };
            (one, result)
        });
        told.filter(|(_, result)| !is_origin || result.is_ok()).collect()
    }
}

/// Models at the Hub that records of a bundle were made from, whatever became of these records, but
/// for those that are set apart.
pub fn base_models(intact: &Intact, standing: &Standing) -> BTreeSet<String> {
    let apart = &standing.apart.records;
    let told: Vec<RecordId> = intact.records().keys().copied().filter(|id| !apart.contains(id)).collect();
    Story::of(intact, &told, &[]).additions("").0.base_models.into_iter().collect()
}

fn section<S: JsonSection>(bundle: &Bundle, record: RecordId) -> Option<S> {
    let limits = Limits::default();
    let content = bundle.get(&EntryName::Section { record, section: S::name() })?;
    json::from_bytes(&content.read(limits.section_bytes).ok()?, &limits).ok()
}

/// The card's word for a relation. It has none for distilled or resumed models.
fn card_relation(relation: &str) -> Option<&'static str> {
    match relation {
        "fine-tuned-from" => Some("finetune"),
        "adapter-of" => Some("adapter"),
        "merged-from" => Some("merge"),
        "quantized-from" => Some("quantized"),
        _ => None,
    }
}

/// `owner/name` where the record says that it is at the Hub.
fn hub_id(artifact: &Artifact, is_dataset: bool) -> Option<String> {
    let of_uri = |uri: &str| {
        let path =
            ["https://huggingface.co/", "https://hf.co/", "hf://"].iter().find_map(|start| uri.strip_prefix(start))?;
        let path = path.split_once('@').map_or(path, |(path, _)| path);
        let path =
            if is_dataset { path.strip_prefix("datasets/")? } else { path.strip_prefix("models/").unwrap_or(path) };
        let mut names = path.split('/');
        let id = format!("{}/{}", names.next()?, names.next()?);
        is_hub_id(&id).then_some(id)
    };
    if let Some(id) = artifact.uris.iter().find_map(|uri| of_uri(uri)) {
        return Some(id);
    }
    let dataset = artifact.dataset.as_ref()?;
    if !matches!(dataset.source_type.as_deref(), Some("hugging_face" | "huggingface")) {
        return None;
    }
    let source = dataset.source.as_ref()?;
    let id = source.get("path").or(Some(source)).and_then(Value::as_str)?;
    is_hub_id(id).then(|| id.to_owned())
}

/// Whether a text can be the id of something at the Hub: `OWNER/NAME`.
pub fn is_hub_id(id: &str) -> bool {
    id.split_once('/').is_some_and(|(owner, name)| is_name(owner) && is_name(name))
}

pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !matches!(name, "." | ".." | "datasets" | "spaces" | "models")
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

/// Whether it can be the id of a data set at the Hub, where old ones have no owner.
fn is_dataset(id: &str) -> bool {
    is_hub_id(id) || is_name(id)
}

fn card_result(evaluation: &Evaluation, dataset: Option<&str>) -> Result<CardResult, &'static str> {
    if is_of_training(evaluation) {
        return Err("a score of the training data");
    }
    if evaluation.slice.is_some() {
        return Err("on a part of the data");
    }
    if evaluation.dataset.is_none() {
        return Err("no data set is named");
    }
    let dataset = dataset.ok_or("its data set has no id at the Hub")?.to_owned();
    let value = evaluation.value.as_ref().map(|value| value.0).filter(|value| value.is_finite());
    let value = value.ok_or("not a finite number")?;
    let Evaluation { task, split, metric, .. } = evaluation.clone();
    Ok(CardResult { task, dataset, split, metric, value })
}

/// By its split, or by a part of the metric's name: `train/loss`, `training_f1_score`.
pub(crate) fn is_of_training(evaluation: &Evaluation) -> bool {
    let is_training = |text: &str| {
        let mut parts = text.split(|c: char| !c.is_ascii_alphanumeric());
        parts.any(|part| ["train", "training"].iter().any(|word| part.eq_ignore_ascii_case(word)))
    };
    evaluation.split.as_deref().is_some_and(is_training) || is_training(&evaluation.metric)
}

#[cfg(test)]
#[path = "story_tests.rs"]
mod tests;
