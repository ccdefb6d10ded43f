//! What of the records of a bundle a model card can say.

use std::collections::{BTreeMap, BTreeSet};

use expbundle::bundle::Bundle;
use expbundle::verify::Intact;
use expbundle_format::container::EntryName;
use expbundle_format::limits::Limits;
use expbundle_format::record::{Record, role};
use expbundle_format::sections::{Artifact, Artifacts, Direction, Evaluation, Evaluations, JsonSection};
use expbundle_format::{Foreign, RecordId, json};
use serde_json::Value;

use crate::card::{Additions, CardResult};

/// The tag by which models with a bundle are found.
pub const TAG: &str = "expbundle";

/// The records of a bundle, with the sections that a card can say something of.
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
    is_head: bool,
    artifacts: Artifacts,
    evaluations: Evaluations,
}

impl<'a> Story<'a> {
    /// Reads the sections. Withheld ones say nothing.
    ///
    /// `heads` are the records that no other follows from, in the order of their ids: the card is
    /// about those.
    pub fn new(bundle: &'a Bundle, records: &'a BTreeMap<RecordId, Record>, heads: &[RecordId]) -> Self {
        let chapter = |(id, record): (&RecordId, &'a Record)| Chapter {
            record,
            is_head: heads.binary_search(id).is_ok(),
            artifacts: section(bundle, *id).unwrap_or_default(),
            evaluations: section(bundle, *id).unwrap_or_default(),
        };
        Self { chapters: records.iter().map(chapter).collect() }
    }

    /// The story of an intact bundle.
    pub fn of(intact: &'a Intact, heads: &[RecordId]) -> Self {
        Self::new(intact.bundle(), intact.records(), heads)
    }

    /// What the records that nothing follows from can say in a card, and sentences about what has
    /// no place there.
    pub fn additions(&self, model_name: &str) -> (Additions, Vec<String>) {
        let tags = vec![TAG.to_owned()];
        let mut all = Additions { model_name: model_name.to_owned(), tags, ..Additions::default() };
        let mut notes = Vec::new();
        for chapter in self.chapters.iter().filter(|chapter| chapter.is_head) {
            let (additions, unsaid) = additions(chapter.record, &chapter.artifacts, &chapter.evaluations);
            notes.extend(unsaid);
            all.base_models.extend(additions.base_models);
            all.datasets.extend(additions.datasets);
            all.results.extend(additions.results);
            if all.relation.is_some() && additions.relation.is_some() && all.relation != additions.relation {
                notes.push(
                    "the bundle's records differ in their relation to their parents, and the card has one word for all"
                        .to_owned(),
                );
            }
            all.relation = all.relation.or(additions.relation);
        }
        (all, notes)
    }
}

fn section<S: JsonSection>(bundle: &Bundle, record: RecordId) -> Option<S> {
    let limits = Limits::default();
    let content = bundle.get(&EntryName::Section { record, section: S::name() })?;
    json::from_bytes(&content.read(limits.section_bytes).ok()?, &limits).ok()
}

/// Turns a record into additions to a card, and sentences about what has no place there. A licence
/// is never set.
fn additions(record: &Record, artifacts: &Artifacts, evaluations: &Evaluations) -> (Additions, Vec<String>) {
    let mut notes = Vec::new();
    let inputs = || artifacts.artifacts.iter().filter(|artifact| artifact.direction == Direction::Input);
    let mut base_models = Vec::new();
    let mut datasets = Vec::new();
    let mut listed = BTreeSet::new();
    for artifact in inputs() {
        let (list, kind) = match artifact.role.as_str() {
            role::MODEL | role::CHECKPOINT | role::ADAPTER => (&mut base_models, "models"),
            role::DATASET => (&mut datasets, "datasets"),
            _ => continue,
        };
        match hub_id(artifact, kind == "datasets") {
            Some(id) if listed.insert((kind, id.clone())) => list.push(id),
            Some(_) => {}
            None => {
                let name = artifact.name.as_deref().or(artifact.path.as_deref());
                let name = name.map_or_else(|| "without a name".to_owned(), |name| Foreign::new(name).to_string());
                notes.push(format!(
                    "the input {name} has no id at the Hub, so the card cannot name it among its {kind}"
                ));
            }
        }
    }
    let mut relations: Vec<&str> =
        record.body().parents.iter().filter_map(|parent| card_relation(parent.relation.as_str())).collect();
    relations.sort_unstable();
    relations.dedup();
    let relation = match relations.as_slice() {
        [] => None,
        [one] => Some((*one).to_owned()),
        _ => {
            notes.push("the record has several relations to its parents, and the card has one word for all".to_owned());
            None
        }
    };
    let mut results = Vec::new();
    for evaluation in &evaluations.evaluations {
        match card_result(evaluation) {
            Ok(result) => results.push(result),
            Err(why) => {
                notes.push(format!("the result {} stays in the bundle: {why}", Foreign::new(&evaluation.metric)));
            }
        }
    }
    (Additions { base_models, relation, datasets, results, ..Additions::default() }, notes)
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

fn is_hub_id(id: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && !matches!(name, "." | ".." | "datasets" | "spaces" | "models")
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
    };
    id.split_once('/').is_some_and(|(owner, name)| is_name(owner) && is_name(name))
}

fn card_result(evaluation: &Evaluation) -> Result<CardResult, &'static str> {
    if evaluation.slice.is_some() {
        return Err("the card has no place for a part of the data");
    }
    let dataset = evaluation.dataset.clone().ok_or("the card wants the name of the data set")?;
    let value = evaluation.value.as_ref().map(|value| value.0).ok_or("the card wants a number")?;
    if !value.is_finite() {
        return Err("the card wants a finite number");
    }
    let Evaluation { task, split, metric, .. } = evaluation.clone();
    Ok(CardResult { task, dataset, split, metric, value })
}
