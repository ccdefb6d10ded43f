//! A point of a series in `run.json`. A member of another type than the exporter's costs its point
//! and no other.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::mlflow::run::DatasetName;
use crate::python_json;

/// A point as the exporter writes it; `None` is something that is not one.
pub(super) struct Written {
    pub point: Option<WrittenPoint>,
    pub names_model: bool,
    pub dataset: Option<DatasetName>,
}

/// What every point has.
pub(super) struct WrittenPoint {
    pub value: f64,
    pub timestamp_ms: i64,
    pub step: i64,
}

/// A value of a member.
enum Scalar {
    Integer(i64),
    Float(f64),
    Text(String),
    Null,
    Other,
}

#[derive(Default)]
struct Members {
    value: Option<Scalar>,
    timestamp: Option<Scalar>,
    step: Option<Scalar>,
    model_id: Option<Scalar>,
    dataset_name: Option<Scalar>,
    dataset_digest: Option<Scalar>,
}

impl Members {
    fn written(self) -> Written {
        let point = || {
            Some(WrittenPoint {
                value: self.value.as_ref()?.float()?,
                timestamp_ms: self.timestamp.as_ref()?.integer()?,
                step: self.step.as_ref().map_or(Some(0), Scalar::integer)?,
            })
        };
        let point = point();
        let name = self.dataset_name.and_then(Scalar::text);
        let digest = self.dataset_digest.and_then(Scalar::text).unwrap_or_default();
        let names_model = matches!(self.model_id, Some(Scalar::Text(_)));
        Written { point, names_model, dataset: name.map(|name| DatasetName { name, digest }) }
    }
}

impl Scalar {
    #[expect(clippy::cast_precision_loss, reason = "an integer in place of a float was a float")]
    fn float(&self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            Self::Text(word) => python_json::non_finite(word),
            Self::Null | Self::Other => None,
        }
    }

    fn integer(&self) -> Option<i64> {
        if let Self::Integer(value) = self { Some(*value) } else { None }
    }

    fn text(self) -> Option<String> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PointVisitor)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct PointVisitor;

impl PointVisitor {
    fn none() -> Written {
        Members::default().written()
    }
}

impl<'de> Visitor<'de> for PointVisitor {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a point")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Written, A::Error> {
        let mut members = Members::default();
        while let Some(name) = map.next_key::<Cow<'_, str>>()? {
            let member = match &*name {
                "value" => &mut members.value,
                "timestamp" => &mut members.timestamp,
                "step" => &mut members.step,
                "model_id" => &mut members.model_id,
                "dataset_name" => &mut members.dataset_name,
                "dataset_digest" => &mut members.dataset_digest,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *member = Some(map.next_value()?);
        }
        Ok(members.written())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Written, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::none())
    }

    fn visit_unit<E>(self) -> Result<Written, E> {
        Ok(Self::none())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Written, E> {
        Ok(Self::none())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Written, E> {
        Ok(Self::none())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Written, E> {
        Ok(Self::none())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Written, E> {
        Ok(Self::none())
    }

    fn visit_str<E>(self, _: &str) -> Result<Written, E> {
        Ok(Self::none())
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member of a point")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Scalar, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_i64<E>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar::Integer(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "an integer in place of a float was a float")]
    fn visit_u64<E>(self, value: u64) -> Result<Scalar, E> {
        Ok(i64::try_from(value).map_or(Scalar::Float(value as f64), Scalar::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Scalar, E> {
        Ok(Scalar::Float(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }
}
