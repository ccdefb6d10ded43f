//! Values of metrics: nearly every line is one, so they are read without taking the line apart.

use std::borrow::Cow;

use serde::Deserialize;

use crate::wandb::Value;

/// Integers below this are floats too.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A value of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point<'a> {
    /// `train`, `validate`, `test`, or what the user chose.
    pub context: Option<&'a str>,
    /// The name.
    pub name: &'a str,
    /// The value, if it is a number.
    pub value: Option<f64>,
    /// The value as text, if it is not a number; beside one, the digits that it cannot hold.
    pub text: Option<&'a str>,
    /// The step; may be a fraction.
    pub step: Option<f64>,
    /// The epoch.
    pub epoch: Option<f64>,
    /// Milliseconds since 1970.
    pub time_ms: Option<i64>,
}

/// Takes the points while the messages are read.
pub trait Points {
    /// Takes a point.
    fn point(&mut self, point: &Point<'_>);
}

/// Points that nobody wants.
impl Points for () {
    fn point(&mut self, _: &Point<'_>) {}
}

/// A line as most are: a value of a metric, or a counter.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Frequent<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Cow<'a, str>,
    #[serde(borrow)]
    pub payload: Payload<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Payload<'a> {
    context: Option<String>,
    pub local_timestamp: Option<i64>,
    #[serde(rename = "message_id")]
    _id: Option<u64>,
    #[serde(borrow)]
    pub metric: Option<Metric<'a>>,
    #[serde(borrow)]
    pub param: Option<Counter<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metric<'a> {
    #[serde(borrow, rename = "metricName")]
    name: Cow<'a, str>,
    #[serde(rename = "metricValue")]
    pub value: f64,
    step: Option<f64>,
    epoch: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Counter<'a> {
    #[serde(borrow)]
    pub param_name: Cow<'a, str>,
    #[serde(rename = "paramValue")]
    _value: Option<f64>,
    #[serde(borrow)]
    pub source: Cow<'a, str>,
    #[serde(rename = "step")]
    _step: Option<f64>,
}

impl<'a> Payload<'a> {
    /// The value of its metric.
    pub fn point(&'a self, metric: &'a Metric<'a>) -> Point<'a> {
        Point {
            context: self.context.as_deref(),
            name: &metric.name,
            value: Some(metric.value),
            text: None,
            step: metric.step,
            epoch: metric.epoch,
            time_ms: self.local_timestamp,
        }
    }
}

/// Whether a float holds every digit of an integer of that size.
pub(super) fn is_small(value: f64) -> bool {
    value.abs() < EXACT
}

/// Members of a metric, and those beside it. A message with others is kept as it is.
const OF_METRIC: [&str; 4] = ["metricName", "metricValue", "step", "epoch"];
const BESIDE: [&str; 4] = ["context", "local_timestamp", "message_id", "metric"];

/// The value of a metric that a message has; `None` if it has another form.
pub(super) fn point<'a>(payload: &'a Value, metric: &'a Value, time_ms: Option<i64>) -> Option<Point<'a>> {
    let has_only = |value: &Value, known: &[&str]| match value {
        Value::Object(members) => members.keys().all(|name| known.contains(&name.as_str())),
        _ => false,
    };
    if !has_only(metric, &OF_METRIC) || !has_only(payload, &BESIDE) {
        return None;
    }
    let number = |name: &str| match metric.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(value) => value.as_f64().filter(|number| number.is_finite()).map(Some),
    };
    let context = match payload.get("context") {
        None | Some(Value::Null) => None,
        Some(Value::Text(text)) => Some(text.as_str()),
        Some(_) => return None,
    };
    let name = metric.get("metricName")?.as_str()?;
    let (step, epoch) = (number("step")?, number("epoch")?);
    let (value, text) = match metric.get("metricValue") {
        // The SDK writes NaN and infinities as texts, and a user may have logged one.
        Some(Value::Text(text)) => match text.trim().parse() {
            Ok(value) => (Some(value), None),
            Err(_) => (None, Some(text.as_str())),
        },
        Some(Value::Integer(digits)) => digits_of(digits),
        Some(Value::Float(value)) => (Some(*value), None),
        _ => return None,
    };
    Some(Point { context, name, value, text, step, epoch, time_ms })
}

/// An integer, with its digits if a float does not hold them all.
fn digits_of(digits: &str) -> (Option<f64>, Option<&str>) {
    let value: Option<f64> = digits.parse().ok();
    #[expect(clippy::cast_possible_truncation, reason = "what does not fit differs from the digits")]
    let is_exact = value.zip(digits.parse::<i128>().ok()).is_some_and(|(value, exact)| value as i128 == exact);
    (value, Some(digits).filter(|_| !is_exact))
}
