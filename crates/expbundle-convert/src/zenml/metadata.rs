//! Metadata: a key that was written with numbers is a series, without steps, for `ZenML` has none.

use std::collections::BTreeMap;

use expbundle_format::sections::{self, Context, Link, Summary};
use expbundle_series::Point;
use expbundle_trackers::wandb::Value as Written;
use expbundle_trackers::zenml::Metadata;
use serde_json::Value;

use super::nanoseconds;
use crate::ledger::{Foreign as _, Ledger};
use crate::{ConvertError, series};

/// Writes the series, and keeps the latest value of each key, which is what `ZenML` shows.
pub(super) fn map(ledger: &mut Ledger<'_>, all: &[Metadata], context: &mut Context) -> Result<Summary, ConvertError> {
    ledger.found("metadata", all.len() as u64);
    let mut summary = Summary::default();
    let mut points = series::Points::new(sections::METRICS, ledger.options);
    let mut keys: BTreeMap<&str, Vec<&Metadata>> = BTreeMap::new();
    for one in all {
        if one.is_of_stack {
            of_stack(ledger, one, context);
        } else {
            keys.entry(&one.key).or_default().push(one);
        }
    }
    let mut count = 0;
    for (name, rows) in keys {
        count += rows.len() as u64;
        if let Some(latest) = rows.last() {
            summary.declared.insert(name.to_owned(), value(&latest.value));
        }
        // A single text or list is not a series.
        if rows.len() == 1 && rows.iter().all(|row| number(&row.value).is_none()) {
            continue;
        }
        let key = points.key(name);
        for row in rows {
            let number = number(&row.value);
            let text = if number.is_some() { None } else { Some(row.value.as_str()) };
            let time_ns = nanoseconds(&row.created).and_then(|time| time.try_into().ok());
            match key {
                Some(key) => points.push(key, Point { step: None, time_ns, value: number, text })?,
                None => points.leave_out(),
            }
        }
    }
    ledger.items("metadata", count).but(points.left_out(), series::TOO_LONG).mapped();
    let lines = points.write(&mut ledger.draft)?;
    summary.series = lines.iter().map(|(key, one)| (key.clone(), series::summary(one))).collect();
    Ok(summary)
}

/// What a component of the stack wrote: ids and addresses of trackers and orchestrators.
fn of_stack(ledger: &Ledger<'_>, one: &Metadata, context: &mut Context) {
    let tree = value(&one.value);
    let item = ledger.item("metadata", &one.key);
    match &tree {
        Value::String(text) if text.starts_with("http://") || text.starts_with("https://") => {
            context.links.push(Link { url: text.clone(), title: Some(one.key.clone()) });
            item.mapped();
        }
        Value::String(text) if !text.contains("://") => {
            context.labels.insert(one.key.clone(), text.clone());
            item.mapped();
        }
        _ => item.raw_tree(tree),
    }
}

/// The latest value of each key, and those before it where there are.
pub(super) fn of_artifact(all: &[Metadata]) -> BTreeMap<String, Value> {
    let mut metadata: BTreeMap<String, Value> = BTreeMap::new();
    let mut before: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for one in all {
        if let Some(older) = metadata.insert(one.key.clone(), value(&one.value)) {
            before.entry(format!("{} before", one.key)).or_default().push(older);
        }
    }
    metadata.extend(before.into_iter().map(|(key, values)| (key, Value::Array(values))));
    metadata
}

/// JSON as Python writes it; what is none stays text.
pub(super) fn value(text: &str) -> Value {
    Written::parse(text).map_or_else(|| text.into(), |value| value.tree())
}

/// The value as a number, if a float has it exactly.
fn number(text: &str) -> Option<f64> {
    match Written::parse(text)? {
        Written::Float(value) => Some(value),
        Written::Integer(digits) => {
            let value: f64 = digits.parse().ok()?;
            (format!("{value:.0}") == digits).then_some(value)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_that_floats_have() {
        assert_eq!(number("0.5"), Some(0.5));
        assert_eq!(number("-12"), Some(-12.0));
        assert!(number("NaN").is_some_and(f64::is_nan));
        assert_eq!(number("-Infinity"), Some(f64::NEG_INFINITY));
        for text in ["9007199254740993", "true", "\"1\"", "[1]", "", "null"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
