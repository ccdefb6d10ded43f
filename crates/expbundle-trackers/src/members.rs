//! Members of a row or an object, taken out one by one.

use serde_json::{Map, Value};

/// Takes members out of a row; what is left at the end is what nobody knew.
pub(crate) trait Members {
    /// Takes a text; a number is written as text.
    fn take_text(&mut self, name: &str) -> Option<String>;
    /// Takes an integer.
    fn take_integer(&mut self, name: &str) -> Option<i64>;
    /// Takes a float.
    fn take_float(&mut self, name: &str) -> Option<f64>;
    /// What is left and says something.
    fn rest(self) -> Map<String, Value>;
}

impl Members for Map<String, Value> {
    fn take_text(&mut self, name: &str) -> Option<String> {
        match self.remove(name)? {
            Value::String(text) => Some(text),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    fn take_integer(&mut self, name: &str) -> Option<i64> {
        match self.remove(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    fn take_float(&mut self, name: &str) -> Option<f64> {
        match self.remove(name)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    fn rest(mut self) -> Self {
        self.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
        self
    }
}
