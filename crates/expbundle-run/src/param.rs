//! The value of a parameter.

use expbundle_convert::parameters;
use expbundle_format::number::typed;
use serde_json::Value;

/// The value of a parameter, as the format has it (spec/json.md): floats that JSON lacks and
/// integers of any length are kept, and a text stays a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Param(Value);

impl Param {
    /// The value that a text has: a number, a truth value, null, a list or an object as JSON has
    /// it, NaN and infinities as Python writes them; else the text itself.
    pub fn parse(text: &str) -> Self {
        Self(parameters::value(text))
    }

    /// The value that a typed tree stands for.
    pub fn of_tree(tree: Value) -> Self {
        Self(tree)
    }

    /// The value of a typed tree.
    pub fn into_value(self) -> Value {
        self.0
    }
}

impl From<Value> for Param {
    fn from(value: Value) -> Self {
        Self(typed::tree(&value))
    }
}

impl From<f64> for Param {
    fn from(value: f64) -> Self {
        Self(typed::float(value))
    }
}

impl From<f32> for Param {
    /// The shortest decimal that is this number, so that `0.1_f32` stays 0.1.
    fn from(value: f32) -> Self {
        Self(typed::float(value.to_string().parse().unwrap_or(f64::from(value))))
    }
}

impl From<bool> for Param {
    fn from(value: bool) -> Self {
        Self(value.into())
    }
}

impl From<&str> for Param {
    fn from(value: &str) -> Self {
        Self(value.into())
    }
}

impl From<String> for Param {
    fn from(value: String) -> Self {
        Self(value.into())
    }
}

macro_rules! integers {
    ($($kind:ty)*) => {$(
        impl From<$kind> for Param {
            fn from(value: $kind) -> Self {
                Self(typed::integer(&value.to_string()).unwrap_or_default())
            }
        }
    )*};
}

integers! { i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize }

impl<P: Into<Self>> From<Option<P>> for Param {
    fn from(value: Option<P>) -> Self {
        value.map_or(Self(Value::Null), Into::into)
    }
}

impl<P: Into<Self>> From<Vec<P>> for Param {
    fn from(values: Vec<P>) -> Self {
        Self(values.into_iter().map(|value| value.into().0).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_have_the_type_that_they_look_like() {
        let case = |text: &str, value: Value| assert_eq!(Param::parse(text).into_value(), value, "{text}");
        case("0.1", json!(0.1));
        case("1e-4", json!(0.0001));
        case("3", json!(3));
        case("-0.0", json!(-0.0));
        case("true", json!(true));
        case("null", json!(null));
        case("[64, 9007199254740993]", json!([64, {"$integer": "9007199254740993"}]));
        case("{\"lr\": NaN}", json!({"lr": {"$float": "NaN"}}));
        case("\"3\"", json!("3"));
        for text in ["", "007", "adam", "1.5 GB", "[64", "True", "1 2", " 3", "0x10", "1.", "1e", "1-2", "1e999"] {
            case(text, json!(text));
        }
    }

    #[test]
    fn nothing_of_a_value_is_lost() {
        let value = |param: Param| param.into_value();
        assert_eq!(value(f64::NAN.into()), json!({"$float": "NaN"}));
        assert_eq!(value(u64::MAX.into()), json!({"$integer": "18446744073709551615"}));
        assert_eq!(value("007".into()), json!("007"));
        assert_eq!(value(0.1_f32.into()), json!(0.1));
        assert_eq!(value(vec![1, 2].into()), json!([1, 2]));
        assert_eq!(value(None::<i64>.into()), json!(null));
        assert_eq!(value(json!({"$float": "mine"}).into()), json!({"$$float": "mine"}));
    }
}
