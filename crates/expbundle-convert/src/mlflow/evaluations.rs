//! `evaluations.json`: points that were measured on a named data set, and points that were tied to
//! a logged model.
//!
//! The points themselves are in the series too; here stands what the series cannot say.

use std::collections::{BTreeMap, HashSet};

use expbundle_format::Code;
use expbundle_format::number::Number;
use expbundle_format::sections::{Evaluation, Evaluations};
use expbundle_trackers::mlflow::DatasetName;

use super::mapping::{Mapping, time};

/// More than these are thinned out to the last of each kind: a section is read whole.
const MOST: usize = 10_000;

pub(super) fn map(mapping: &mut Mapping<'_>) -> Evaluations {
    let run = mapping.run;
    let contexts: BTreeMap<&DatasetName, Option<&String>> =
        run.datasets.iter().map(|dataset| (&dataset.name, dataset.context.as_ref())).collect();
    let mut evaluations = Vec::new();
    let mut seen: HashSet<(&str, i64, i64, u64)> = HashSet::new();
    for model in &run.logged_models {
        for point in &model.metrics {
            let item = mapping.ledger.item("logged model point", &point.key);
            if point.key.starts_with("system/") {
                item.dropped("the same point stands in the telemetry of its run");
                continue;
            }
            item.mapped();
            seen.insert((&point.key, point.step, point.timestamp_ms, point.value.to_bits()));
            let mut one = evaluation(&point.key, point.value, point.step, point.timestamp_ms);
            one.model = Some(model.model_id.clone());
            if let Some(dataset) = &point.dataset {
                measured_on(&mut one, dataset, &contexts);
            }
            evaluations.push(one);
        }
    }
    for metric in &run.metrics {
        for point in &metric.points {
            let dataset = point.dataset.and_then(|index| metric.datasets.get(usize::try_from(index).ok()?));
            let Some(dataset) = dataset else { continue };
            if !seen.insert((&metric.key, point.step, point.timestamp_ms, point.value.to_bits())) {
                continue;
            }
            let mut one = evaluation(&metric.key, point.value, point.step, point.timestamp_ms);
            measured_on(&mut one, dataset, &contexts);
            evaluations.push(one);
        }
    }
    evaluations.sort_by(|a, b| {
        (&a.metric, &a.dataset, &a.model, a.step, a.time).cmp(&(&b.metric, &b.dataset, &b.model, b.step, b.time))
    });
    if evaluations.len() > MOST {
        let all = evaluations.len();
        evaluations = last_of_each(evaluations);
        let detail = format!("of {all} results on data sets or of models the last of each kind is kept as such");
        mapping.ledger.finding(Code::SourceLoss, "metrics", detail);
    }
    Evaluations { evaluations, salt: None }
}

fn evaluation(metric: &str, value: f64, step: i64, timestamp_ms: i64) -> Evaluation {
    Evaluation {
        metric: metric.to_owned(),
        value: Some(Number(value)),
        step: Some(step),
        time: time(Some(timestamp_ms)),
        ..Evaluation::default()
    }
}

fn measured_on(one: &mut Evaluation, dataset: &DatasetName, contexts: &BTreeMap<&DatasetName, Option<&String>>) {
    one.dataset = Some(dataset.name.clone());
    one.dataset_foreign_digest = Some(dataset.digest.clone()).filter(|digest| !digest.is_empty());
    one.split = contexts.get(dataset).copied().flatten().cloned();
}

fn last_of_each(evaluations: Vec<Evaluation>) -> Vec<Evaluation> {
    let mut last: BTreeMap<(String, Option<String>, Option<String>), Evaluation> = BTreeMap::new();
    for one in evaluations {
        last.insert((one.metric.clone(), one.dataset.clone(), one.model.clone()), one);
    }
    last.into_values().collect()
}
