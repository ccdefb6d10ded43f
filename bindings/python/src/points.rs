//! What a call of `log` tells, point by point.

use std::collections::HashMap;

use expbundle_run::Point;
use expbundle_words::Failure;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyBool, PyDict, PyFloat, PyInt, PyMapping, PyString};

use crate::error::{raise, refused, warn};

/// What each metric has been so far: numbers or texts.
pub type Kinds = HashMap<String, ValueKind>;

/// What the points of a metric are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    Number,
    Text,
}

/// Points of one step.
pub struct Points<'a> {
    pub run: &'a mut expbundle_run::Run,
    pub kinds: &'a mut Kinds,
    pub step: Option<i64>,
    pub time_ns: Option<i64>,
    pub is_system: bool,
}

/// How deep metrics may be nested.
const DEEPEST: usize = 16;

impl Points<'_> {
    /// Tells the run every value of a dict.
    pub fn all(&mut self, values: &Bound<'_, PyAny>) -> PyResult<()> {
        if let Ok(dict) = values.cast::<PyDict>() {
            for (key, value) in dict.iter() {
                self.tell("", &key, &value)?;
            }
            return Ok(());
        }
        let mapping = values.cast::<PyMapping>().map_err(|_| PyTypeError::new_err("expected a dict of metrics"))?;
        for item in mapping.items()? {
            let (key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            self.tell("", &key, &value)?;
        }
        Ok(())
    }

    /// A value of a metric: a number, a text, or a dict of more, whose names are joined by `/`.
    fn tell(&mut self, above: &str, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let Ok(name) = key.cast::<PyString>() else {
            return Err(PyTypeError::new_err("the name of a metric is a str"));
        };
        let name = name.to_cow()?;
        let joined;
        let name = if above.is_empty() {
            &*name
        } else {
            joined = format!("{above}/{name}");
            &joined
        };
        if let Ok(number) = value.cast_exact::<PyFloat>() {
            return self.push(key.py(), name, Some(number.value()), None);
        }
        if let Ok(text) = value.cast::<PyString>() {
            return self.push(key.py(), name, None, Some(&text.to_cow()?));
        }
        if let Ok(yes) = value.cast::<PyBool>() {
            return self.push(key.py(), name, Some(f64::from(u8::from(yes.is_true()))), None);
        }
        if let Some(number) = number_of(value) {
            return self.push(key.py(), name, Some(number), None);
        }
        if value.is_instance_of::<PyInt>() {
            let told = format!("{name:?}: the integer has too many digits for a metric, which is a float");
            return Err(PyValueError::new_err(format!(
                "{told}; log its logarithm, or its text as a metric of its own"
            )));
        }
        let Ok(more) = value.cast::<PyMapping>() else {
            let class = value.get_type().name()?.to_string();
            return Err(PyTypeError::new_err(format!("{name:?}: expected a number, a str or a dict, not {class}")));
        };
        if name.matches('/').count() > DEEPEST {
            return Err(PyValueError::new_err(format!("{name:?} is nested too deep")));
        }
        let name = name.to_owned();
        for item in more.items()? {
            let (key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            self.tell(&name, &key, &value)?;
        }
        Ok(())
    }

    fn push(&mut self, py: Python<'_>, key: &str, value: Option<f64>, text: Option<&str>) -> PyResult<()> {
        self.one_kind(py, key, text)?;
        let point = Point { step: self.step, time_ns: self.time_ns, value, text };
        let pushed = if self.is_system { self.run.log_system(key, point) } else { self.run.log(key, point) };
        pushed.map_err(|error| refused(py, error))
    }

    /// A metric is numbers or texts: a number that became a text on its way is missing in every curve.
    fn one_kind(&mut self, py: Python<'_>, key: &str, text: Option<&str>) -> PyResult<()> {
        let kind = if text.is_some() { ValueKind::Text } else { ValueKind::Number };
        let told = match (self.kinds.get(key), text) {
            (Some(earlier), _) if *earlier == kind => return Ok(()),
            (None, text) => {
                self.kinds.insert(key.to_owned(), kind);
                return match text.filter(|text| text.trim().parse::<f64>().is_ok()) {
                    Some(text) => {
                        warn(py, &format!("the metric {key:?} is the text {text:?}; log float(…) for a number"))
                    }
                    None => Ok(()),
                };
            }
            (Some(_), Some(text)) => format!("the metric {key:?} has numbers, and {text:?} is a text"),
            (Some(_), None) => format!("the metric {key:?} has texts, and this value is a number"),
        };
        let failure = Failure::usage(told).help("log float(…), or give texts a metric of their own");
        Err(raise(
            py,
            match self.step {
                Some(step) => failure.at(format!("step {step}")),
                None => failure,
            },
        ))
    }
}

/// What `float` takes, and an array of one value.
fn number_of(value: &Bound<'_, PyAny>) -> Option<f64> {
    let number = value.extract().ok();
    number.or_else(|| value.call_method0("item").ok()?.extract().ok())
}
