//! YAML whose values have no type, where a plain text may look like a number that there is none of.
//!
//! A commit of the digits `883e1818` reads as a float without end. JSON has none, and a reader that
//! gives up on it, or writes `.inf` in its place, loses what the file says.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_saphyr::{Error, Options, from_str_with_options, with_deserializer_from_str_with_options};

/// Which plain scalars that look like floats stay texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Floats {
    /// Those that are not finite.
    Finite,
    /// Those that `PyYAML` takes for texts too: to it a float has a point, so it writes the text
    /// `12e3` without quotes.
    OfPython,
}

impl Floats {
    fn is_number(self, text: &str, value: &Value) -> bool {
        value.is_number() && (self == Self::Finite || text.contains('.') || !text.contains(['e', 'E']))
    }

    /// Whether a value may stand for a text.
    fn may_be_text(self, value: &Value) -> bool {
        match value {
            Value::String(text) => matches!(text.as_str(), ".inf" | "-.inf" | ".nan"),
            Value::Number(number) => self == Self::OfPython && number.is_f64(),
            Value::Array(items) => items.iter().any(|item| self.may_be_text(item)),
            Value::Object(members) => members.values().any(|member| self.may_be_text(member)),
            _ => false,
        }
    }
}

/// Reads a document as values, with such texts as the document spells them.
pub(crate) fn values(text: &str, mut options: Options, floats: Floats) -> Result<Value, Error> {
    options.non_finite_float_policy = serde_saphyr::NonFiniteFloatPolicy::AsString;
    let mut value = from_str_with_options(text, options.clone())?;
    if floats.may_be_text(&value) {
        let spelt = Spelt { value: &mut value, floats };
        with_deserializer_from_str_with_options(text, options, |document| spelt.deserialize(document))?;
    }
    Ok(value)
}

/// Whether a document is refused for its size or depth, so that reading a part of it would not help.
pub(crate) fn is_over(error: &Error) -> bool {
    if let Error::AliasError { error, .. } | Error::WithSnippet { error, .. } = error {
        return is_over(error);
    }
    matches!(
        error,
        Error::Budget { .. }
            | Error::AliasReplayLimitExceeded { .. }
            | Error::AliasReplayCounterOverflow { .. }
            | Error::AliasExpansionLimitExceeded { .. }
            | Error::AliasReplayStackDepthExceeded { .. }
    )
}

/// How many values there are.
pub(crate) fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// Walks a document again, along the values that were read from it.
struct Spelt<'a> {
    value: &'a mut Value,
    floats: Floats,
}

impl<'de> DeserializeSeed<'de> for Spelt<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, document: D) -> Result<(), D::Error> {
        match self.value {
            value if !self.floats.may_be_text(value) => document.deserialize_ignored_any(IgnoredAny).map(drop),
            Value::Object(members) => document.deserialize_map(Members { members, floats: self.floats }),
            Value::Array(items) => document.deserialize_seq(Items { items, floats: self.floats }),
            value => {
                let text = <String as serde::Deserialize>::deserialize(document)?;
                if !self.floats.is_number(&text, value) {
                    *value = Value::String(text);
                }
                Ok(())
            }
        }
    }
}

struct Members<'a> {
    members: &'a mut Map<String, Value>,
    floats: Floats,
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut document: A) -> Result<(), A::Error> {
        while let Some(key) = document.next_key::<String>()? {
            let value = self.members.get_mut(&key).ok_or_else(|| A::Error::custom("another key than before"))?;
            document.next_value_seed(Spelt { value, floats: self.floats })?;
        }
        Ok(())
    }
}

struct Items<'a> {
    items: &'a mut [Value],
    floats: Floats,
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut document: A) -> Result<(), A::Error> {
        for value in self.items {
            document.next_element_seed(Spelt { value, floats: self.floats })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_that_look_like_numbers_are_kept() {
        let text = "a: 883e1818\nb: [1e999, -1e400, .inf, '.inf', 5]\nc:\n  d: 12e3\n  e: 1.5e3\n  1e999: x\nf: .nan\n";
        let read = |floats| values(text, serde_saphyr::options! {}, floats).expect("YAML");
        let mut want = json!({
            "a": "883e1818",
            "b": ["1e999", "-1e400", ".inf", ".inf", 5],
            "c": {"d": "12e3", "e": 1500.0, "1e999": "x"},
            "f": ".nan",
        });
        assert_eq!(read(Floats::OfPython), want);
        want["c"]["d"] = json!(12000.0);
        assert_eq!(read(Floats::Finite), want);
        let scalar = values("1e999", serde_saphyr::options! {}, Floats::Finite).expect("YAML");
        assert_eq!(scalar, json!("1e999"));
    }
}
