//! Results in a card: the items of the only model of its `model-index`.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::CardResult;
use crate::notes::name;
use crate::yaml_lines::{find_key, is_content, number, scalar};

/// Results with a task, grouped by task, data set and split in the order of the first of each.
pub(super) fn by_subject<'a>(results: &[(&'a str, &'a CardResult)]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut places = HashMap::new();
    for (task, result) in results {
        let subject = (*task, result.dataset.as_str(), result.split.as_deref());
        let place = *places.entry(subject).or_insert(groups.len());
        if let Some(group) = groups.get_mut(place) {
            group.results.push(result);
        } else {
            groups.push(Group { task, first: result, results: vec![result] });
        }
    }
    groups
}

/// Results on one split of one data set.
pub(super) struct Group<'a> {
    pub(super) task: &'a str,
    first: &'a CardResult,
    pub(super) results: Vec<&'a CardResult>,
}

pub(super) fn result_lines(indent: &str, Group { task, first, results }: &Group<'_>) -> Vec<String> {
    let dataset = scalar(&first.dataset);
    let mut lines = vec![
        "- task:".to_owned(),
        format!("    type: {}", scalar(task)),
        "  dataset:".to_owned(),
        format!("    name: {dataset}"),
        format!("    type: {dataset}"),
    ];
    lines.extend(first.split.iter().map(|split| format!("    split: {}", scalar(split))));
    lines.push("  metrics:".to_owned());
    for result in results {
        let metric = scalar(&result.metric);
        lines.push(format!("  - type: {metric}"));
        lines.push(format!("    value: {}", number(result.value)));
        lines.push(format!("    name: {metric}"));
    }
    lines.iter().map(|line| format!("{indent}{line}")).collect()
}

/// What `model-index` says of them.
pub(super) fn result_value(Group { task, first, results }: &Group<'_>) -> Value {
    let mut dataset = json!({"name": first.dataset, "type": first.dataset});
    if let (Some(split), Some(dataset)) = (&first.split, dataset.as_object_mut()) {
        dataset.insert("split".to_owned(), split.as_str().into());
    }
    let metric = |result: &&CardResult| json!({"type": result.metric, "value": result.value, "name": result.metric});
    let metrics: Vec<Value> = results.iter().map(metric).collect();
    json!({"task": {"type": task}, "dataset": dataset, "metrics": metrics})
}

/// The results of the only model of a `model-index`.
pub(super) fn results_of(models: &Value) -> Option<&[Value]> {
    let [only] = models.as_array()?.as_slice() else { return None };
    only.get("results")?.as_array().map(Vec::as_slice)
}

pub(super) fn results_of_mut(models: &mut Value) -> Option<&mut Vec<Value>> {
    let [only] = models.as_array_mut()?.as_mut_slice() else { return None };
    only.get_mut("results")?.as_array_mut()
}

/// Values of metrics by task, data set, split and metric: there is one result of these.
pub(super) type Said<'a> = HashMap<(&'a str, &'a str, Option<&'a str>), HashMap<&'a str, u64>>;

/// What results in a card say, by whichever of their names data sets and metrics go.
pub(super) fn said(results: &[Value]) -> Said<'_> {
    let mut said = Said::new();
    for there in results {
        let text = |pointer: &str| there.pointer(pointer).and_then(Value::as_str);
        let Some(task) = text("/task/type") else { continue };
        let metrics = there.get("metrics").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for dataset in [text("/dataset/type"), text("/dataset/name")].into_iter().flatten() {
            let about = said.entry((task, dataset, text("/dataset/split"))).or_default();
            for metric in metrics {
                let Some(value) = metric.get("value").and_then(Value::as_f64) else { continue };
                let names = [metric.get("type"), metric.get("name")].into_iter().flatten().filter_map(Value::as_str);
                about.extend(names.map(|name| (name, bits(value))));
            }
        }
    }
    said
}

/// Results that one `model-index` has and the other one lacks, each with its value.
pub(super) fn missing(before: &Value, after: Option<&Value>) -> Vec<String> {
    let (before, after) = (results_of(before).map(said).unwrap_or_default(), after.and_then(results_of).map(said));
    let is_there = |about, metric| {
        after
            .as_ref()
            .and_then(|after| after.get(about))
            .is_some_and(|metrics: &HashMap<&str, u64>| metrics.contains_key(metric))
    };
    let mut missing = Vec::new();
    for (about, metrics) in &before {
        let (_, dataset, split) = about;
        let on = split.map_or_else(String::new, |split| format!(", {}", name(split)));
        let gone = metrics.iter().filter(|(metric, _)| !is_there(about, **metric));
        missing.extend(gone.map(|(metric, bits)| {
            format!("{} {} ({}{on})", name(metric), number(f64::from_bits(*bits)), name(dataset))
        }));
    }
    missing.sort();
    missing
}

/// Zero is zero, whatever its sign.
pub(super) fn bits(value: f64) -> u64 {
    (value + 0.0).to_bits()
}

/// Where the only `results` list below a key ends, and how its items are indented.
pub(super) fn results_end(lines: &[String], key: &str) -> Option<(usize, String)> {
    let place = find_key(lines, key)?;
    let mut below = place.lines.clone().skip(1).filter(|at| {
        let text = lines.get(*at).map(|line| line.trim()).unwrap_or_default();
        let text = text.split_once(" #").map_or(text, |(text, _)| text.trim_end());
        matches!(text.strip_prefix("- ").unwrap_or(text), "results:")
    });
    let header = below.next().filter(|_| below.next().is_none())?;
    let contents: Vec<usize> =
        (header + 1..place.lines.end).filter(|at| lines.get(*at).is_some_and(|line| is_content(line))).collect();
    let indent_of = |at: usize| lines.get(at).map(|line| line.len() - line.trim_start_matches(' ').len());
    let first = contents.first().copied()?;
    let indent = indent_of(first)?;
    let is_item = |at: usize| lines.get(at).is_some_and(|line| line.trim_start().starts_with("- "));
    if !is_item(first) {
        return None;
    }
    let within = |at: &usize| indent_of(*at) > Some(indent) || (indent_of(*at) == Some(indent) && is_item(*at));
    let last = contents.iter().copied().take_while(within).last()?;
    Some((last + 1, " ".repeat(indent)))
}
