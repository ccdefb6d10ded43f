//! One line of a journal.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// More points than a writer puts into a line: such a line is not one of ours.
const MOST_POINTS: usize = 1 << 16;

/// What kind of points a line has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PointKind {
    /// Points of metrics.
    Metrics,
    /// Points of system metrics.
    Telemetry,
    /// Final values, of metrics that have no other points.
    Final,
}

impl PointKind {
    /// The word at the beginning of the line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Metrics => "metrics",
            Self::Telemetry => "telemetry",
            Self::Final => "final",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Metrics, Self::Telemetry, Self::Final].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// The value of a point: a number, a text, or both.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PointValue {
    /// The number.
    pub value: Option<f64>,
    /// The text.
    pub text: Option<String>,
}

/// What a line says.
#[derive(Debug)]
pub(super) enum Line {
    Set(String, Value),
    Add(String, Value),
    Bytes(String, String),
    Redacted(String, String, String),
    Points(Points),
    /// Of a kind that a later version writes.
    Unknown,
}

/// Points of one moment.
#[derive(Debug)]
pub(super) struct Points {
    pub kind: PointKind,
    pub step: Option<i64>,
    pub time_ns: Option<i64>,
    pub values: Vec<(String, PointValue)>,
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Items)
    }
}

struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Line;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a line of a journal")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Line, A::Error> {
        let kind: String = next(&mut items)?;
        let line = match (kind.as_str(), PointKind::of(&kind)) {
            (_, Some(kind)) => Line::Points(points(kind, &mut items)?),
            ("set", _) => Line::Set(next(&mut items)?, next(&mut items)?),
            ("add", _) => Line::Add(next(&mut items)?, next(&mut items)?),
            ("bytes", _) => Line::Bytes(next(&mut items)?, next(&mut items)?),
            ("redacted", _) => Line::Redacted(next(&mut items)?, next(&mut items)?, next(&mut items)?),
            _ => {
                while items.next_element::<serde::de::IgnoredAny>()?.is_some() {}
                Line::Unknown
            }
        };
        Ok(line)
    }
}

fn next<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(items: &mut A) -> Result<T, A::Error> {
    items.next_element()?.ok_or_else(|| A::Error::custom("the line is too short"))
}

fn points<'de, A: SeqAccess<'de>>(kind: PointKind, items: &mut A) -> Result<Points, A::Error> {
    let mut points = Points { kind, step: next(items)?, time_ns: next(items)?, values: Vec::new() };
    while let Some(key) = items.next_element()? {
        if points.values.len() == MOST_POINTS {
            return Err(A::Error::custom("more points than a line has"));
        }
        points.values.push((key, next(items)?));
    }
    Ok(points)
}

impl<'de> Deserialize<'de> for PointValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = || D::Error::custom("a number, a text, or a list of both");
        match Value::deserialize(deserializer)? {
            Value::Number(number) => Ok(Self { value: number.as_f64(), text: None }),
            Value::String(text) => Ok(Self { value: None, text: Some(text) }),
            Value::Array(items) => {
                let mut items = items.into_iter();
                let value = items.next().as_ref().and_then(float).ok_or_else(wrong)?;
                let text = match (items.next(), items.next()) {
                    (None, None) => None,
                    (Some(Value::String(text)), None) => Some(text),
                    _ => return Err(wrong()),
                };
                Ok(Self { value: Some(value), text })
            }
            _ => Err(wrong()),
        }
    }
}

/// A number, or the name of one that JSON has no digits for.
fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Number::as_f64(number),
        Value::String(name) => match name.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}
